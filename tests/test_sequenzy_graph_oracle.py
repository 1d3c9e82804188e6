"""The second reading of Q26 to Q41 gives what was worked by hand, and of Q1 to Q25 what the first one gives."""

import json
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
import sequenzy_graph_oracle as graph_oracle
import sequenzy_oracle as oracle
from sequenzy_worked import WORKED

NAMES = [f"{row['rule']}-{n}" for n, row in enumerate(WORKED)]


def rows_of(rows, *columns):
    """Rows as tuples in one order, instants as ISO 8601."""
    found = [tuple(row[name] for name in columns) for row in rows]
    return sorted(
        (tuple(v.isoformat() if isinstance(v, datetime) else v for v in row) for row in found), key=str
    )


@pytest.mark.parametrize("row", WORKED, ids=NAMES)
def test_what_was_worked_by_hand(row):
    case = dict(row["case"])
    if "enrollments" in case:
        case["entries"] = graph_oracle.entries_of(case.pop("enrollments"))
    assert json.loads(json.dumps(case)) == case
    found = graph_oracle.simulate_case(case)
    timeline = rows_of(found.timeline, "subscriber_id", "run", "position", "email_id", "send_at")
    journal = rows_of(found.journal, "subscriber_id", "run", "at", "what", "email_id")
    assert timeline == sorted(row["timeline"], key=str), row["why"]
    assert journal == sorted(row["journal"], key=str), row["why"]
    for subscriber_id, status in row["statuses"].items():
        of = [run["status"] for run in found.subscribers if run["subscriber_id"] == subscriber_id]
        assert of == [status], row["why"]


def test_every_rule_has_examples():
    assert min(Counter(row["rule"] for row in WORKED).values()) >= 3
    assert {row["rule"] for row in WORKED} == {f"Q{n}" for n in range(26, 42)}


def test_the_first_25_rules_are_as_the_other_reading_has_them():
    lines = (
        Path(__file__)
        .with_name("answers")
        .joinpath("sequenzy.jsonl")
        .read_text(encoding="utf-8")
        .splitlines()
    )
    for line in lines:
        case = json.loads(line)
        body = case["sequence"]
        inner = body if "steps" in body else body["sequence"]
        inner["activeSubscribersOnly"] = True  # Q21 as it was before Q33
        arguments = [case[name] for name in ("assumptions", "enabled_at", "until", "events", "entries")]
        found, expected = graph_oracle.simulate(body, *arguments), oracle.simulate(body, *arguments)
        for part in ("timeline", "subscribers", "journal"):
            rows, others = getattr(found, part), getattr(expected, part)
            assert sorted(map(str, rows)) == sorted(map(str, others)), case["case"]
