"""Several sequences at once (A1 to A9): the library against the second reading."""

import os
from typing import Any

import numpy as np
import pytest
from account_cases import case_of
from account_oracle import simulate_case
from conftest import _lengths, _objects
from test_sequenzy_graphs import ENTRIES, EVENTS, rows

import simcore
from simcore import kit, sequenzy
from simcore.sequenzy.branches import split

TIMELINE = ["sequence_id", "subscriber_id", "run", "position", "email_id", "send_at"]
RUNS = [
    "sequence_id",
    "subscriber_id",
    "run",
    "via",
    "entered_at",
    "status",
    "sends",
    "last_send_at",
    "ended_at",
]
JOURNAL = ["sequence_id", "subscriber_id", "run", "at", "what", "email_id"]


def account_of(case: dict[str, Any]) -> simcore.Account:
    switches = case.get("assumptions") or {}
    made = [
        kit.from_api(each["payload"]) if each["platform"] == "kit" else sequenzy.from_api(each["payload"])
        for each in case["sequences"]
    ]
    there = {
        each["platform"]: {"kit": kit, "sequenzy": sequenzy}[each["platform"]] for each in case["sequences"]
    }
    given = case.get("broadcasts") or None
    return simcore.Account(
        made,
        broadcasts=None if given is None else _objects(given, ["at", "subject", "audience", "subscriber_id"]),
        assumptions=[
            package.Assumptions(**_lengths(switches.get(name) or {})) for name, package in there.items()
        ],
    )


def changes_of(case: dict[str, Any]) -> dict[Any, list[Any]]:
    found = {}
    for each in case["sequences"]:
        is_kit = each["platform"] == "kit"
        key = each["payload"]["sequence"]["id"] if is_kit else each["payload"]["name"]
        given = (case.get("changes") or {}).get(str(key)) or (case.get("changes") or {}).get(key) or []
        read = kit.changes.from_json if is_kit else sequenzy.changes.from_json
        found[key] = read([
            {name: value for name, value in change.items() if name not in {"number"}} for change in given
        ])
    return found


def life_of(case: dict[str, Any], **others: Any) -> simcore.AccountSimulation:
    cap = case.get("cap")
    events = case.get("events") or []
    columns = (
        [*EVENTS, "sequence_id"] if any(each.get("sequence_id") is not None for each in events) else EVENTS
    )
    return account_of(case).simulate(
        _objects(case["entries"], ["sequence_id", *ENTRIES]),
        events=_objects(events, columns),
        changes=changes_of(case),
        until=case.get("until"),
        enabled_at=case.get("enabled_at"),
        seed=case.get("seed"),
        cap=None
        if cap is None
        else simcore.Cap(
            cap["most"], cap["window"], on_excess=cap["on_excess"], priority=cap.get("priority") or ()
        ),
        **others,
    )


def choose(case: dict[str, Any]) -> Any:
    """The library's own way of splitting at random, for the oracle."""

    def chosen(_: Any, subscriber_id: Any, run: int, node: str, percentages: list[float]) -> int:
        return int(split(case["seed"], node, tuple(percentages), np.array([subscriber_id], object), [run])[0])

    return chosen


def differs(case: dict[str, Any]) -> str:
    """How the library differs from the oracle, "" for not at all."""
    expected, found = simulate_case(case, choose(case)), life_of(case)
    for name, columns, times in (
        ("timeline", TIMELINE, ("send_at",)),
        ("subscribers", RUNS, ("entered_at", "last_send_at", "ended_at")),
        ("journal", JOURNAL, ("at",)),
    ):
        ours, theirs = (
            plain(rows(getattr(side, name), columns, times), columns) for side in (found, expected)
        )
        if ours != theirs:
            less = [row for row in theirs if row not in ours]
            more = [row for row in ours if row not in theirs]
            return f"{name}: without {less}, with {more}"
    return ""


def plain(found: list[tuple[Any, ...]], columns: list[str]) -> list[tuple[Any, ...]]:
    """Rows in which emails' ids are texts, as in an account of two platforms; the position of broadcasts is open."""
    texts = []
    for row in found:
        named = dict(zip(columns, row, strict=True))
        if named.get("email_id") is not None:
            named["email_id"] = str(named["email_id"])
        if named["run"] == 0:
            named["position"] = None
        texts.append(tuple(named.values()))
    return sorted(texts, key=repr)


EXAMPLES = int(os.environ.get("SIMCORE_EXAMPLES", "200"))


@pytest.mark.slow
@pytest.mark.parametrize("begin", range(0, EXAMPLES, 20))
def test_random_accounts(begin):
    """20 cases at once; SIMCORE_EXAMPLES=5000 for more of them."""
    some = [case_of(seed) for seed in range(begin, min(begin + 20, EXAMPLES))]
    assert {case["case"]: found for case in some if (found := differs(case))} == {}
