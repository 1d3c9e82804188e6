"""The second reading of Q26 to Q41 gives what was worked by hand, and of Q1 to Q25 what the first one gives."""

import json
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sequenzy_graph_cases as graph_cases
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


# ---------------------------------------------------------------- random cases


@pytest.fixture(scope="module")
def some_cases():
    return list(graph_cases.cases(300))


@pytest.mark.slow
def test_cases_are_json_and_the_same_again(some_cases):
    assert json.loads(json.dumps(some_cases)) == some_cases
    assert [graph_cases.case_of(row["case"]) for row in some_cases[:20]] == some_cases[:20]


def test_every_rule_occurs_often(some_cases):
    found = Counter(rule for case in some_cases for rule in graph_cases.rules_of(case))
    rules = {f"Q{n}" for n in range(26, 41)}
    assert set(found) == rules
    assert {rule: count for rule, count in found.items() if count < 12} == {}


def test_the_table_of_paths_is_what_the_seed_takes(some_cases):
    for case in (case for case in some_cases if case["paths"]):
        by_seed = graph_oracle.simulate_case({**case, "paths": None})
        assert graph_oracle.simulate_case(case).timeline == by_seed.timeline


def sends_of(result, *columns):
    return rows_of(result.timeline, "subscriber_id", "run", "email_id", "send_at", *columns)


def entries_of_journal(result):
    return rows_of(result.journal, "subscriber_id", "run", "at", "what", "email_id")


def test_steps_and_the_graph_of_them_are_one_sequence(some_cases):
    compared = 0
    for case in some_cases:
        body = case["sequence"].get("sequence", case["sequence"])
        if "steps" not in body or case["changes"]:
            continue
        drawn = {**body, **graph_cases.shape(body["steps"], True)}
        del drawn["steps"]
        # A graph tells neither a step of type delay from the wait of what follows, nor where a path with a target was.
        told = not any(word in json.dumps(body) for word in ('"type": "delay"', "argetNodeId"))
        place = ["position"] if told else []
        found, expected = (graph_oracle.simulate_case({**case, "sequence": one}) for one in (drawn, body))
        assert sends_of(found, *place) == sends_of(expected, *place), case["case"]
        assert entries_of_journal(found) == entries_of_journal(expected), case["case"]
        compared += len(expected.timeline)
    assert compared > 200


@pytest.mark.slow
def test_changes_that_change_nothing_change_nothing(some_cases):
    for case in some_cases[:150]:
        expected = graph_oracle.simulate_case(case)
        instants = sorted(expected.instants)[::3]
        nothing = [{"at": t.isoformat(), "op": "update", "fields": {}} for t in instants]
        found = graph_oracle.simulate_case({**case, "changes": case["changes"] + nothing})
        assert sends_of(found, "position") == sends_of(expected, "position"), case["case"]
        assert entries_of_journal(found) == entries_of_journal(expected), case["case"]


def test_a_pause_before_everything_that_ends_before_everything_does_nothing(some_cases):
    for case in some_cases[:150]:
        body = case["sequence"].get("sequence", case["sequence"])
        if body.get("status") == "paused":
            continue
        before = min(graph_oracle.instant(row["at"]) for row in case["events"]) - timedelta(days=900)
        pause = [
            {"at": (before + timedelta(days=n)).isoformat(), "op": op}
            for n, op in enumerate(("disable", "enable"))
        ]
        found = graph_oracle.simulate_case({**case, "changes": pause + case["changes"]})
        assert sends_of(found, "position") == sends_of(graph_oracle.simulate_case(case), "position"), case[
            "case"
        ]


def test_a_random_split_without_a_seed_is_an_error(some_cases):
    case = next(case for case in some_cases if case["paths"])
    with pytest.raises(ValueError, match="a random split needs a seed"):
        graph_oracle.simulate_case({**case, "paths": None, "seed": None})


def test_the_oracles_own_split_keeps_its_percentages():
    choose = graph_oracle.by_seed(7)
    taken = Counter(choose(f"s{n}", 1, "b", [20, 0, 80]) for n in range(10_000))
    assert set(taken) == {0, 2}
    assert abs(taken[0] - 2000) < 4 * (10_000 * 0.2 * 0.8) ** 0.5
