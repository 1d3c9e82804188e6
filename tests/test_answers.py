"""The answers from outside, all of them, through simcore."""

import json
from collections import Counter
from pathlib import Path

import pytest


def answers(name):
    """The cases of a file."""
    lines = Path(__file__).with_name("answers").joinpath(name).read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


STATIC, LIFECYCLE, SEQUENZY = map(answers, ("kit_static.jsonl", "kit_lifecycle.jsonl", "sequenzy.jsonl"))
# Every fourth case is quick enough.
in_quarters = pytest.mark.parametrize(
    "quarter", [0, *(pytest.param(at, marks=pytest.mark.slow) for at in (1, 2, 3))]
)


@pytest.mark.parametrize("cases", [STATIC, LIFECYCLE, SEQUENZY], ids=["static", "lifecycle", "sequenzy"])
def test_there_are_400(cases):
    assert len(cases) == 400


@in_quarters
def test_static_answers(quarter, project_case, rows_of):
    wrong = []
    for case in STATIC[quarter::4]:
        if Counter(rows_of(project_case(case))) != Counter(rows_of(case["timeline"])):
            wrong.append(case["case"])
    assert wrong == []


@in_quarters
def test_lifecycle_answers(quarter, simulate_case, rows_of, records_of):
    """The timeline, and every column of subscribers that the answers have."""
    wrong = []
    for case in LIFECYCLE[quarter::4]:
        found = simulate_case(case)
        columns = list(case["subscribers"][0]) if case["subscribers"] else ["subscriber_id"]
        subscribers = records_of(found.subscribers[columns])
        if (
            Counter(rows_of(found.timeline)) != Counter(rows_of(case["timeline"]))
            or Counter(subscribers) != Counter(records_of(case["subscribers"]))
            or len(subscribers) != len(case["subscribers"])
        ):
            wrong.append(case["case"])
    assert wrong == []


@in_quarters
def test_sequenzy_answers(quarter, sequenzy_case, rows_of, records_of):
    """The timeline, and every column of subscribers that the answers have."""
    wrong = []
    for case in SEQUENZY[quarter::4]:
        found = sequenzy_case(case)
        columns = list(case["subscribers"][0]) if case["subscribers"] else ["subscriber_id"]
        subscribers = records_of(found.subscribers[columns])
        if (
            Counter(rows_of(found.timeline, "email_id")) != Counter(rows_of(case["timeline"], "email_id"))
            or Counter(subscribers) != Counter(records_of(case["subscribers"]))
            or len(subscribers) != len(case["subscribers"])
        ):
            wrong.append(case["case"])
    assert wrong == []
