"""The answers from outside, all of them, through simcore."""

import json
from collections import Counter
from pathlib import Path

import pytest

ANSWERS = Path(__file__).with_name("answers")
STATIC, LIFECYCLE, SEQUENZY = (
    ANSWERS.joinpath(name).read_text("utf-8").splitlines()
    for name in ("kit_static.jsonl", "kit_lifecycle.jsonl", "sequenzy.jsonl")
)


@pytest.mark.parametrize("lines", [STATIC, LIFECYCLE, SEQUENZY], ids=["static", "lifecycle", "sequenzy"])
def test_there_are_400(lines):
    assert len(lines) == 400


def test_static_answers(project_case, rows_of):
    wrong = []
    for case in map(json.loads, STATIC):
        if Counter(rows_of(project_case(case))) != Counter(rows_of(case["timeline"])):
            wrong.append(case["case"])
    assert wrong == []


def test_lifecycle_answers(simulate_case, rows_of, records_of):
    """The timeline, and every column of subscribers that the answers have."""
    wrong = []
    for case in map(json.loads, LIFECYCLE):
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


def test_sequenzy_answers(sequenzy_case, rows_of, records_of):
    """The timeline, and every column of subscribers that the answers have."""
    wrong = []
    for case in map(json.loads, SEQUENZY):
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
