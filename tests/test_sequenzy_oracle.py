"""The Sequenzy oracle by itself: the answers from outside, the example of the rules, cases worked by hand."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from sequenzy_oracle import Result, Row, Window, instant, plan_of, simulate
from sequenzy_strategies import FIRST, Case, cases

ANSWERS = Path(__file__).with_name("answers").joinpath("sequenzy.jsonl").read_text("utf-8").splitlines()
ORDER = {"trigger": "event_received", "eventName": "order"}
SEGMENT = {"trigger": "segment_entered", "segmentId": "S1"}
TAG = {"trigger": "tag_added", "tagName": "T1"}


def at(text: str) -> str:
    """A day and time such as "02 09:30" as an instant of March 2026, in UTC; the 2nd is a Monday."""
    day, clock = text.split()
    return f"2026-03-{day}T{clock}:00Z" if clock.count(":") == 1 else f"2026-03-{day}T{clock}Z"


def event(when: str, name: str, ref: str | None = None, properties: Any = None, who: int = 0) -> Row:
    return {"subscriber_id": who, "at": at(when), "event": name, "ref": ref, "properties": properties}


def entry(when: str, via: str | None = None, properties: Any = None) -> Row:
    return {"subscriber_id": 0, "entered_at": at(when), "via": via, "properties": properties}


def email(**wait: Any) -> Row:
    return {"subject": "Hello", "html": "<p>Hello</p>", **wait}


def run(fields: Row, *steps: Row, **others: Any) -> Result:
    """What becomes of a sequence of one email at once, or of those steps."""
    return simulate({"name": "Case", "steps": list(steps) or [email()], **fields}, **others)


def sends(result: Result) -> list[tuple[int, int, Any]]:
    return [(row["run"], row["position"], row["send_at"]) for row in result.timeline]


def sent(*rows: tuple[int, int, str]) -> list[tuple[int, int, Any]]:
    return [(number, position, instant(at(when))) for number, position, when in rows]


def ends(result: Result) -> list[tuple[str, Any]]:
    return [(row["status"], row["ended_at"]) for row in result.subscribers]


def ended(*rows: tuple[str, str]) -> list[tuple[str, Any]]:
    return [(status, instant(at(when))) for status, when in rows]


def words(result: Result) -> list[str]:
    return [row["what"] for row in result.journal]


def as_rows(rows: list[Row], *columns: str) -> set[tuple[Any, ...]]:
    return {tuple(instant(row[name]) if name == "send_at" else row[name] for name in columns) for row in rows}


# ---------------------------------------------------------------- from outside


def test_there_are_400_answers() -> None:
    assert len(ANSWERS) == 400


def test_the_answers() -> None:
    wrong = []
    for case in map(json.loads, ANSWERS):
        arguments = [case[name] for name in ("assumptions", "enabled_at", "until", "events", "entries")]
        found = simulate(case["sequence"], *arguments)
        for rows, columns in (
            ("timeline", ("subscriber_id", "run", "position", "send_at")),
            ("subscribers", ("subscriber_id", "run", "status", "sends")),
        ):
            actual = getattr(found, rows)
            same_rows = as_rows(actual, *columns) == as_rows(case[rows], *columns)
            if not same_rows or len(actual) != len(case[rows]):
                wrong.append((case["case"], rows))
    assert wrong == []


def test_the_example() -> None:
    window = {
        "timezone": "Europe/Kyiv",
        "startTime": "08:00",
        "endTime": "20:00",
        "days": ["monday", "tuesday", "wednesday", "thursday", "friday"],
    }
    steps = [email(), email(delay={"days": 1}), email(delay={"hours": 12})]
    found = run({**TAG, "sendingWindow": window}, *steps, entries=[entry("27 17:30")])
    # 19:30 EET; Mon 08:00 EEST; Tue 08:00 EEST
    assert sends(found) == sent((1, 0, "27 17:30"), (1, 1, "30 05:00"), (1, 2, "31 05:00"))


# ---------------------------------------------------------------- triggers


@pytest.mark.parametrize(
    ("scope", "days"),
    [
        ({}, ["02", "05"]),
        ({"listScope": "any_contact"}, ["02", "05"]),
        ({"listScope": "any_list"}, ["03", "04"]),
        ({"listId": "L1"}, ["03"]),
    ],
)
def test_q14_contact_added(scope: Row, days: list[str]) -> None:
    log = [
        event("02 10:00", "contact_added"),
        event("03 10:00", "list_joined", "L1"),
        event("04 10:00", "list_joined", "L2"),
        event("05 10:00", "contact_added"),
    ]
    found = run({"trigger": "contact_added", **scope}, events=log)
    assert sends(found) == sent(*((n, 0, f"{day} 10:00") for n, day in enumerate(days, 1)))


def test_q14_a_tag_applied_again_enrols_again() -> None:
    log = [event("02 10:00", "tag_added", "T1"), event("02 11:00", "tag_added", "T1")]
    found = run(TAG, email(delay={"days": 1}), events=[*log, event("02 12:00", "tag_added", "T2")])
    assert sends(found) == sent((1, 0, "03 10:00"), (2, 0, "03 11:00"))


@pytest.mark.parametrize(
    ("path", "operator", "value", "passing"),
    [
        ("order.id", "exists", None, "124"),
        ("order.id", "not_exists", None, "35"),
        ("order.id", "equals", 1, "1"),
        ("order.id", "not_equals", 1, "2345"),
        ("order.id", "one_of", ["1", 3], "24"),
        ("order.id", "greater_than", 1, "4"),
        ("items[].n", "less_than", 2, "4"),
        ("items.n", "exists", None, ""),  # without [] a path goes into no list
        ("items[].n", "equals", 2, "4"),
        ("items[].sku", "contains", "b", "4"),
        ("items", "contains", "b", "5"),
    ],
)
def test_q14_filters(path: str, operator: str, value: Any, passing: str) -> None:
    properties: list[Row] = [
        {"order": {"id": 1.0}},
        {"order": {"id": "1"}},
        {"order": {"id": None}},
        {"order": {"id": 3}, "items": [{"n": 1, "sku": "abc"}, {"n": 2.0}]},
        {"items": ["b", 1]},
    ]
    log = [event(f"0{n} 10:00", "order", properties=given) for n, given in enumerate(properties, 1)]
    filters = [{"path": path, "operator": operator, "value": value}]
    found = run({**ORDER, "propertyFilters": filters}, events=log)
    assert "".join(str(send_at.day) for *_, send_at in sends(found)) == passing


def test_q15_looks_from_the_epoch_on_and_what_is_undone_between_two_is_not_seen() -> None:
    log = [
        event("02 10:01", "segment_entered", "S1"),
        event("02 10:14", "segment_left", "S1"),  # between two looks
        event("02 10:30", "segment_entered", "S1"),  # at a look
        event("02 10:44", "segment_left", "S1"),
        event("02 10:45", "segment_left", "S1"),
        event("02 10:50", "segment_entered", "S1"),
    ]
    assert sends(run(SEGMENT, events=log)) == sent((1, 0, "02 10:30"), (2, 0, "02 11:00"))
    hourly = {"segment_poll": "60 minutes"}
    assert sends(run(SEGMENT, events=log, assumptions=hourly)) == sent((1, 0, "02 11:00"))


def test_q15_members_at_enabled_at_are_the_baseline() -> None:
    log = [
        event("02 10:15", "segment_entered", "S1", who=0),
        event("02 10:15:01", "segment_entered", "S1", who=1),
    ]
    found = run(SEGMENT, events=log, enabled_at=at("02 10:15"))
    assert [(row["subscriber_id"], row["send_at"]) for row in found.timeline] == [
        (1, instant(at("02 10:30")))
    ]


def test_q15_stop_on_segment_exit_at_the_first_look_that_sees_it() -> None:
    log = [
        event("02 10:00", "segment_entered", "S1"),
        event("02 10:46", "segment_left", "S1"),
        event("02 11:01", "segment_entered", "S1"),
    ]
    steps = [email(), email(delay={"hours": 1}), email(delay={"hours": 1})]
    found = run({**SEGMENT, "stopOnSegmentExit": True}, *steps, events=log)
    assert sends(found)[:2] == sent((1, 0, "02 10:00"), (2, 0, "02 11:15"))  # looks before nodes: not 11:00
    assert ends(found) == ended(("stopped", "02 11:00"), ("completed", "02 13:15"))


def test_q16_inactivity_counts_from_the_last_event_to_a_look() -> None:
    fields = {"trigger": "inactivity", "eventName": "order", "inactiveDays": 1.5}
    log = [event("02 10:00", "paid"), event("03 20:07", "order"), event("05 08:15", "order")]
    found = run(fields, events=log)
    # known from 02 10:00, so the first look is 03 22:00: after the order. 05 08:07 is seen at 05 08:15: too late.
    assert sends(found) == sent((1, 0, "06 20:15"))
    assert sends(run(fields, events=log[:1])) == sent((1, 0, "03 22:00"))


@pytest.mark.parametrize(
    ("fields", "enabled_at", "when"),
    [
        ({}, None, "05 10:15"),
        ({}, "02 09:00", "04 10:15"),  # due 03 09:00, not known before
        ({}, "04 12:01", "05 12:15"),
        ({"createdAt": "2026-03-01T00:00:00+02:00"}, "04 12:01", "04 12:15"),
        ({"inactivityBaseline": "subscriber_created_at"}, "02 09:00", "05 10:15"),
    ],
)
def test_q16_baselines_of_who_has_had_no_event(fields: Row, enabled_at: str | None, when: str) -> None:
    inactivity = {"trigger": "inactivity", "eventName": "order", "inactiveDays": 1, **fields}
    log = [event("03 00:00", "tag_added", "T1"), event("04 10:01", "contact_added")]
    found = run(inactivity, events=log, enabled_at=enabled_at and at(enabled_at))
    assert sends(found) == sent((1, 0, when))


def test_q17_frequency_again_only_after_the_count_has_fallen() -> None:
    fields = {"trigger": "frequency", "eventName": "order", "minCount": 2, "timeWindowDays": 1}
    days = ["02 10:00", "02 11:00", "02 12:00", "03 11:00", "03 11:00", "04 11:00"]
    found = run(fields, events=[event(when, "order") for when in days])
    # 03 11:00: that of 02 11:00 is a day old and out, so with 02 12:00 the first is second, the next third.
    assert sends(found) == sent((1, 0, "02 11:00"), (2, 0, "03 11:00"))
    enabled = run(fields, events=[event(when, "order") for when in days], enabled_at=at("02 11:30"))
    assert sends(enabled) == sent((1, 0, "03 11:00"))


# ---------------------------------------------------------------- enrolment


def test_q13_an_event_at_enabled_at_enrols() -> None:
    log = [event("02 10:00", "order"), event("02 11:00", "order")]
    assert sends(run(ORDER, events=log, enabled_at=at("02 11:00"))) == sent((1, 0, "02 11:00"))


def test_q18_unlimited_runs_stand_side_by_side() -> None:
    log = [event("02 10:00", "order"), event("02 10:00", "order"), event("02 11:00", "order")]
    found = run(ORDER, email(delay={"hours": 2}), events=log)
    assert sends(found) == sent((1, 0, "02 12:00"), (2, 0, "02 12:00"), (3, 0, "02 13:00"))


def test_q18_one_time_is_blocked_by_a_run_that_was_removed() -> None:
    log = [event("02 10:00", "order"), event("02 11:00", "removed"), event("02 12:00", "order")]
    found = run({**ORDER, "enrollmentMode": "one_time"}, email(delay={"hours": 2}), events=log)
    assert ends(found) == ended(("removed", "02 11:00"))
    assert words(found) == ["started", "removed", "repeated"]


def test_q18_matching_field_and_q19_active_until_the_last_node_has_run() -> None:
    keys: list[tuple[str, Any]] = [
        ("02 10:00", 1),
        ("02 10:30", "1"),
        ("02 11:00", True),
        ("02 11:30", None),
        ("02 11:45", [1]),
        ("02 12:00", 1.0),  # the first run sends at this instant
        ("02 12:00:01", 1.0),
    ]
    log = [event(when, "order", properties={"order": {"id": key}}) for when, key in keys]
    fields = {**ORDER, "enrollmentMode": "matching_field", "enrollmentFieldPath": "order.id"}
    found = run(fields, email(delay={"hours": 2}), events=log)
    assert sends(found) == sent(
        (1, 0, "02 12:00"), (2, 0, "02 12:30"), (3, 0, "02 13:00"), (4, 0, "02 14:00:01")
    )
    blocked = [row["what"] for row in found.journal if row["run"] is None]
    assert blocked == ["no_key", "no_key", "duplicate"]


def test_q18_without_a_path_the_first_key_that_is_not_null() -> None:
    log = [
        event("02 10:00", "ecommerce.back_in_stock", properties={"productId": None, "variantId": 7}),
        event("02 10:01", "ecommerce.back_in_stock", properties={"enrollmentKey": 7}),  # the same key
        event("02 10:02", "ecommerce.back_in_stock", properties={"productId": ["p"], "variantId": 8}),
    ]
    found = run({**ORDER, "eventName": "ecommerce.back_in_stock"}, email(delay={"hours": 2}), events=log)
    assert words(found) == ["started", "duplicate", "no_key", "completed"]


def test_q19_an_unsubscribe_later_in_the_same_instant_blocks() -> None:
    log = [event("02 10:00", "order"), event("02 10:00", "unsubscribed"), event("02 11:00", "resubscribed")]
    assert words(run(ORDER, events=log)) == ["blocked"]
    log.append(event("02 11:00", "order"))
    assert sends(run(ORDER, events=log)) == sent((1, 0, "02 11:00"))


def test_q24_manual_entries() -> None:
    fields = {**ORDER, "enrollmentMode": "one_time"}
    entries = [entry("02 10:00"), entry("02 10:30", "manual"), entry("02 11:00", "manual"), entry("02 12:00")]
    entries.append(entry("02 12:01", "manual"))
    found = run(fields, email(delay={"hours": 1}), entries=entries, enabled_at=at("09 00:00"))
    # at 11:00 the first run is still active; at 12:00 it is not, but it was there
    assert sends(found) == sent((1, 0, "02 11:00"), (2, 0, "02 13:01"))
    assert [row["via"] for row in found.subscribers] == ["trigger", "manual"]
    at_1100 = ["duplicate", "completed"]  # enrolments before nodes
    assert words(found) == ["started", "duplicate", *at_1100, "repeated", "started", "completed"]


# ---------------------------------------------------------------- waits and windows


@pytest.mark.parametrize(
    ("wait", "when"),
    [
        ({"delay": {"days": 0.5, "minutes": 1.5}}, "02 22:01:30"),
        ({"delayMs": 0.0005}, "02 10:00"),  # half to even: nothing
        ({"delayMs": 0.0025}, "02 10:00:00.000002"),
        ({"delayMs": 1.5}, "02 10:00:00.001500"),
    ],
)
def test_q8_lengths(wait: Row, when: str) -> None:
    assert sends(run(ORDER, email(**wait), entries=[entry("02 10:00")])) == sent((1, 0, when))


@pytest.mark.parametrize(
    "wait",
    [
        {"waitUntilWeekday": {"days": ["Wed", "THURSDAY"], "startTime": "09:00", "timezone": "UTC"}},
        {"waitUntilWeekday": {"day": "wed", "untilStartTime": "09:00", "untilTimezone": "UTC"}},
        {
            "delay": {
                "mode": "until_weekday",
                "untilDays": ["wednesday"],
                "untilStartTime": "09:00",
                "untilTimezone": "UTC",
            }
        },
    ],
)
def test_q10_weekday_first_then_the_window(wait: Row) -> None:
    window = {"timezone": "UTC", "startTime": "06:00", "endTime": "08:00"}
    at_once = run(ORDER, email(**wait), entries=[entry("02 10:00")])
    assert sends(at_once) == sent((1, 0, "04 09:00"))
    carried = run({**ORDER, "sendingWindow": window}, email(**wait), entries=[entry("02 10:00")])
    assert sends(carried) == sent((1, 0, "05 06:00"))
    inside = run(ORDER, email(**wait), entries=[entry("04 23:59")])
    assert sends(inside) == sent((1, 0, "04 23:59"))


@pytest.mark.parametrize(
    "wait",
    [
        {"waitUntil": {"field": "due", "offset": {"days": 1, "hours": 2}, "direction": "before"}},
        {"waitUntil": {"untilDateField": "due", "days": 1, "hours": 2, "untilOffsetDirection": "before"}},
        {
            "delay": {
                "mode": "until_date",
                "untilDateField": "due",
                "hours": 26,
                "untilOffsetDirection": "before",
            }
        },
    ],
)
@pytest.mark.parametrize(
    ("due", "when"),
    [
        ("2026-03-10", "08 22:00"),
        ("2026-03-10T12:00:00+02:00", "09 08:00"),
        ("2026-03-10T12:00:00", "09 10:00"),
        (1773144000, "09 10:00"),  # 2026-03-10 12:00 UTC
        (1773144000.25, "09 10:00:00.250000"),
        (1773144000000.5, "09 10:00:00.000500"),
        ("2026-03-03", "02 10:00"),  # past
        ("1773144000", "02 10:00"),
        (True, "02 10:00"),
        (None, "02 10:00"),
        ({"date": "2026-03-10"}, "02 10:00"),
    ],
)
def test_q11_dates(wait: Row, due: Any, when: str) -> None:
    found = run(ORDER, email(**wait), events=[event("02 10:00", "order", properties={"due": due})])
    assert sends(found) == sent((1, 0, when))


@pytest.mark.parametrize(
    "order",
    [1, {}, {"due": None}, {"due": True}, {"due": "soon"}, {"due": "20260310"}, {"due": ["2026-03-10"]}],
)
def test_q11_a_missing_date_may_end_the_run(order: Any) -> None:
    steps = [email(), email(waitUntil={"field": "order.due", "missingAction": "exit"})]
    found = run(ORDER, *steps, events=[event("02 10:00", "order", properties={"order": order})])
    assert sends(found) == sent((1, 0, "02 10:00"))
    assert ends(found) == ended(("stopped", "02 10:00"))


def test_q9_the_window_moves_emails_only_and_q22_the_journal() -> None:
    window = {"timezone": "UTC", "startTime": "12:00", "endTime": "24:00"}
    steps: list[Row] = [
        {"type": "sms", "text": "Hello"},
        {"type": "discount", "discount": {"discountType": "percent", "percentOff": 5}, "delay": {"hours": 1}},
        email(id="abc"),
        {"type": "update_subscriber", "delay": {"hours": 12}},
        email(),
    ]
    found = run({**ORDER, "sendingWindow": window}, *steps, entries=[entry("02 10:00")])
    assert sends(found) == sent((1, 2, "02 12:00"), (1, 4, "03 12:00"))
    assert [row["email_id"] for row in found.timeline] == ["abc", "step-5"]
    assert [(row["at"], row["what"], row["email_id"]) for row in found.journal] == [
        (instant(at("02 10:00")), "started", None),
        (instant(at("02 10:00")), "sms", "step-1"),
        (instant(at("02 11:00")), "discount", "step-2"),
        (instant(at("03 00:00")), "update_subscriber", "step-4"),
        (instant(at("03 12:00")), "completed", None),
    ]


def test_q7_an_empty_list_of_days_closes_the_gate() -> None:
    window: Row = {"timezone": "UTC", "startTime": "12:00", "endTime": "24:00", "days": []}
    found = run({**ORDER, "sendingWindow": window}, entries=[entry("02 10:00")])
    assert (sends(found), ends(found)) == ([], [("active", None)])
    window["enabled"] = False
    found = run({**ORDER, "sendingWindow": window}, entries=[entry("02 10:00")])
    assert sends(found) == sent((1, 0, "02 10:00"))


# ---------------------------------------------------------------- stopping


@pytest.mark.parametrize(
    ("checks", "reading", "end"),
    [
        ("every_node", "state", ("stopped", "02 11:00")),  # at the wait: the tag is there
        ("steps", "state", ("completed", "02 12:00")),  # gone again by the email
        ("every_node", "transition", ("completed", "02 12:00")),  # nothing later than the enrolment
        ("steps", "transition", ("completed", "02 12:00")),
    ],
)
def test_q20_readings(checks: str, reading: str, end: tuple[str, str]) -> None:
    log = [
        event("02 10:30", "tag_added", "T2"),
        event("02 11:00", "order"),
        event("02 11:30", "tag_removed", "T2"),
    ]
    found = run(
        {**ORDER, "stopCondition": {"type": "has_tag", "value": "T2"}},
        email(delay={"hours": 1}),
        events=log,
        assumptions={"stop_checks": checks, "stop_reading": reading},
    )
    assert ends(found) == ended(end)


@pytest.mark.parametrize(
    ("kind", "state", "transition"),
    [
        ("has_tag", "stopped", "completed"),  # tagged at the enrolment, not later
        ("does_not_have_tag", "completed", "completed"),
        ("added_to_list", "completed", "completed"),
        ("removed_from_list", "stopped", "completed"),  # never on it
        ("entered_segment", "completed", "stopped"),  # left again
    ],
)
def test_q20_states_and_transitions(kind: str, state: str, transition: str) -> None:
    log = [
        event("02 10:00", "tag_added", "X"),
        event("02 10:00", "order"),
        event("02 10:30", "segment_entered", "X"),
        event("02 10:45", "segment_left", "X"),
    ]
    fields = {**ORDER, "stopCondition": {"type": kind, "value": "X"}}
    for reading, status in (("state", state), ("transition", transition)):
        assumptions = {"stop_reading": reading, "stop_checks": "steps"}
        found = run(fields, email(delay={"hours": 1}), events=log, assumptions=assumptions)
        assert ends(found) == ended((status, "02 11:00"))


@pytest.mark.parametrize(
    ("match", "when"),
    [
        (None, "02 12:00"),
        ({"mode": "event_property", "rules": [{"entryFieldPath": "a.b", "eventFieldPath": "b"}]}, "02 14:00"),
        (
            {
                "mode": "event_property_filter",
                "propertyFilters": [{"path": "b", "operator": "equals", "value": "1"}],
            },
            "02 13:00",
        ),
    ],
)
def test_q20_event_received(match: Row | None, when: str) -> None:
    log = [
        event("02 10:00", "paid", properties={"b": 1}),  # not later than the enrolment
        event("02 10:00", "order", properties={"a": {"b": 1}}),
        event("02 11:30", "paid"),
        event("02 12:30", "paid", properties={"b": "1"}),
        event("02 14:00", "paid", properties={"b": 1.0}),  # at the very instant of a send
    ]
    condition = {"type": "event_received", "value": "paid", **({"matchConfig": match} if match else {})}
    steps = [email(delay={"hours": 1}) for _ in range(5)]
    found = run({**ORDER, "stopCondition": condition}, *steps, events=log)
    assert ends(found) == ended(("stopped", when))


@pytest.mark.parametrize(
    ("operator", "value", "when"),
    [
        (None, None, "02 11:00"),
        ("equals", 3, "02 12:00"),
        ("greater_than", 3, "02 13:00"),
        ("contains", "ro", "02 14:00"),
        ("not_equals", 2, "02 12:00"),
    ],
)
def test_q20_field_changed(operator: str | None, value: Any, when: str) -> None:
    log = [
        event("02 10:30", "field_changed", "plan", {"value": 2}),
        event("02 11:30", "field_changed", "plan", {"value": 3.0}),
        event("02 12:30", "field_changed", "plan", {"value": 4}),
        event("02 12:30", "field_changed", "name", {"value": "pro"}),
        event("02 13:30", "field_changed", "plan", {"value": "pro"}),
    ]
    condition: Row = {"type": "field_changed", "value": "plan"}
    if operator:
        condition["matchConfig"] = {"mode": "field_value", "operator": operator, "value": value}
    steps = [email(delay={"hours": 1}) for _ in range(5)]
    found = run({**ORDER, "stopCondition": condition}, *steps, entries=[entry("02 10:00")], events=log)
    assert ends(found) == ended(("stopped", when))


def test_q20_a_waiting_run_is_not_ended_before_its_send() -> None:
    window = {"timezone": "UTC", "startTime": "08:00", "endTime": "20:00"}
    log = [event("02 21:00", "order"), event("02 22:00", "tag_added", "T2")]
    condition = {"type": "has_tag", "value": "T2"}
    found = run({**ORDER, "stopCondition": condition, "sendingWindow": window}, events=log)
    assert ends(found) == ended(("stopped", "03 08:00"))


@pytest.mark.parametrize(
    ("name", "status", "left"),
    [
        ("unsubscribed", "cancelled", True),
        ("bounced", "cancelled", False),
        ("complained", "cancelled", False),
        ("removed", "removed", False),
    ],
)
def test_q21_ends(name: str, status: str, left: bool) -> None:
    log = [
        event("02 10:00", "list_joined", "L1"),
        event("02 10:00", "order"),
        event("02 10:30", "order"),
        event("02 11:00", name),
        event("02 12:00", "order"),
        event("02 13:00", "resubscribed"),
        event("02 14:00", "order"),
    ]
    condition = {"type": "removed_from_list", "value": "L1"}
    found = run({**ORDER, "stopCondition": condition}, email(delay={"hours": 1.5}), events=log)
    last = [("stopped", "02 14:00") if left else ("completed", "02 15:30")]
    middle = [("completed", "02 13:30")] if name == "removed" else []
    assert ends(found) == ended((status, "02 11:00"), (status, "02 11:00"), *middle, *last)
    assert words(found).count("blocked") == (name != "removed")


def test_the_world_ends_just_before_until() -> None:
    steps = [email(), email(delay={"hours": 1})]
    log = [event("02 10:00", "order"), event("02 11:00", "order")]
    found = run(ORDER, *steps, events=log, until=at("02 11:00"))
    assert sends(found) == sent((1, 0, "02 10:00"))
    assert ends(found) == [("active", None)]


# ---------------------------------------------------------------- random cases


@given(case=cases())
@settings(deadline=None)
def test_rows_of_random_cases_agree_among_themselves(case: Case) -> None:
    found = simulate(*case)
    window: Window | None = plan_of(case.sequence, case.assumptions, case.enabled_at).window
    assert all(window is None or window.is_open(row["send_at"]) for row in found.timeline)
    for row in found.subscribers:
        mine = [
            r for r in found.timeline if (r["subscriber_id"], r["run"]) == (row["subscriber_id"], row["run"])
        ]
        instants = [row["entered_at"], *(r["send_at"] for r in mine)]
        assert instants == sorted(instants)
        assert instants[0] >= FIRST
        assert case.until is None or instants[-1] < case.until
        assert [r["position"] for r in mine] == sorted({r["position"] for r in mine})
        assert (row["sends"], row["last_send_at"]) == (len(mine), mine[-1]["send_at"] if mine else None)
        noted = [
            r for r in found.journal if (r["subscriber_id"], r["run"]) == (row["subscriber_id"], row["run"])
        ]
        assert (noted[0]["what"], noted[0]["at"]) == ("started", row["entered_at"])
        assert (row["status"] == "active") == (row["ended_at"] is None)
        assert row["status"] == "active" or (noted[-1]["what"], noted[-1]["at"]) == (
            row["status"],
            row["ended_at"],
        )
