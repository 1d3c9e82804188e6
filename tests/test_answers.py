"""The answers from outside, all of them, through simcore."""

import json
from collections import Counter
from copy import deepcopy
from pathlib import Path

import pytest
from sequenzy_graph_oracle import simulate_case


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


@pytest.mark.slow
@in_quarters
def test_static_answers(quarter, project_case, rows_of):
    wrong = []
    for case in STATIC[quarter::4]:
        if Counter(rows_of(project_case(case))) != Counter(rows_of(case["timeline"])):
            wrong.append(case["case"])
    assert wrong == []


@pytest.mark.slow
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


# These were worked out when whoever had unsubscribed, bounced or complained was kept out of every sequence. That is
# now what activeSubscribersOnly asks for: without it they enter, and are sent nothing (Q33).
# fmt: off
OF_THOSE_WHO_LEFT = [
    1, 7, 8, 13, 14, 19, 20, 23, 27, 33, 39, 43, 45, 50, 55, 56, 60, 69, 70, 75, 77, 81, 84, 85, 86, 87,
    89, 90, 94, 95, 97, 98, 99, 110, 115, 116, 117, 121, 130, 137, 138, 139, 144, 145, 146, 147, 152,
    158, 160, 163, 167, 174, 175, 176, 181, 182, 185, 186, 188, 191, 195, 196, 197, 198, 203, 207, 210,
    214, 218, 221, 225, 226, 240, 244, 245, 249, 250, 252, 254, 257, 258, 260, 263, 279, 283, 284, 286,
    287, 292, 295, 298, 305, 314, 323, 325, 328, 330, 331, 334, 335, 342, 343, 344, 349, 352, 355, 359,
    366, 376, 384, 388, 389, 393, 399,
]
# fmt: on


def differs(found, expected, rows_of, records_of):
    """Whether a simulation has another timeline, or other `subscribers`, than an answer has."""
    columns = list(expected["subscribers"][0]) if expected["subscribers"] else ["subscriber_id"]
    subscribers = records_of(found.subscribers[columns])
    return (
        Counter(rows_of(found.timeline, "email_id")) != Counter(rows_of(expected["timeline"], "email_id"))
        or Counter(subscribers) != Counter(records_of(expected["subscribers"]))
        or len(subscribers) != len(expected["subscribers"])
    )


@pytest.mark.slow
def test_sequenzy_answers(sequenzy_case, rows_of, records_of):
    """The timeline, and every column of subscribers that the answers have."""
    wrong = []
    for case in deepcopy(SEQUENZY):
        body = case["sequence"]
        (body.get("sequence") or body)["activeSubscribersOnly"] = True
        if differs(sequenzy_case(case), case, rows_of, records_of):
            wrong.append(case["case"])
    assert wrong == []


@pytest.mark.slow
def test_sequenzy_answers_where_who_left_may_enter(sequenzy_case, rows_of, records_of):
    """Q33's default changes these alone, to what the second reading of the rules says."""
    changed, wrong = [], []
    for case in deepcopy(SEQUENZY):
        found = sequenzy_case(case)
        if differs(found, case, rows_of, records_of):
            changed.append(case["case"])
            now = simulate_case(case)
            if differs(
                found, {"timeline": now.timeline, "subscribers": now.subscribers}, rows_of, records_of
            ):
                wrong.append(case["case"])
    assert changed == OF_THOSE_WHO_LEFT
    assert wrong == []
