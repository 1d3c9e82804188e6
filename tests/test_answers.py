"""The answers from outside, all of them, through simcore."""

import json
from collections import Counter
from pathlib import Path

LINES = Path(__file__).with_name("answers").joinpath("kit_static.jsonl").read_text("utf-8").splitlines()


def test_there_are_400():
    assert len(LINES) == 400


def test_static_answers(project_case, rows_of):
    wrong = []
    for case in map(json.loads, LINES):
        if Counter(rows_of(project_case(case))) != Counter(rows_of(case["timeline"])):
            wrong.append(case["case"])
    assert wrong == []
