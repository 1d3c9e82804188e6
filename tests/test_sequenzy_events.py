"""Logs, entries and arguments of Sequenzy that cannot be used: each error on its whole text."""

import numpy as np
import pandas as pd
import pytest
from conftest import NO_ENTRIES, NO_EVENTS, NO_TEXT, TEXT

import simcore
from simcore import kit, sequenzy
from simcore.clock.gates import Poll
from simcore.errors import EntryError, SimcoreError, TooLateError, ValidationError
from simcore.plan.log import NEVER_US, Log
from simcore.sequenzy import triggers
from simcore.sequenzy.triggers import Inactivity, Received, SegmentLooks

FIX = "fix those rows, or leave them out"
WHEN = "2026-03-02T10:00Z"
HELLO = {"subject": "Hello", "html": "<p>Hello</p>"}
ORDER = sequenzy.Sequence(name="S", trigger="event_received", eventName="order", steps=[HELLO])
READS = ORDER.replace(steps=[{**HELLO, "subject": "{{event.n}}"}])
KIT = kit.Sequence(
    name="S", emails=(kit.Email(id=1, subject="A", delay_value=0, delay_unit="days", published=True),)
)
NAIVE = (
    "has no time zone: give it an offset, such as 2026-03-06T21:07:30-05:00, or say how to read it with "
    'naive_time_zone="UTC" (or another zone)'
)


def log(*rows):
    """Rows of (subscriber, at, event, ref, properties), the last ones left out."""
    names = ("subscriber_id", "at", "event", "ref", "properties")
    full = [(*row, None, None)[:5] for row in rows]
    return pd.DataFrame({
        name: pd.Series([row[at] for row in full], dtype=object) for at, name in enumerate(names)
    })


def put(events, row, name, value):
    """Something of any kind in place of what stands there."""
    values = events[name].tolist()
    values[row] = value
    events[name] = pd.Series(values, dtype=object)


def entries(*rows):
    """Rows of (subscriber, entered_at, via, properties), the last ones left out."""
    names = ("subscriber_id", "entered_at", "via", "properties")
    full = [(*row, None, None)[:4] for row in rows]
    found = pd.DataFrame({
        name: pd.Series([row[at] for row in full], dtype=object) for at, name in enumerate(names)
    })
    return found.astype({"subscriber_id": "str"})


@pytest.fixture(params=[simcore.project, simcore.simulate], ids=["project", "simulate"])
def told(request, text_of):
    """The error of a call of either verb."""

    def made(kind, *args, **named):
        return text_of(kind, request.param, *args, **named)

    return made


def unusable(what, *lines):
    count, of = lines[0]
    return "\n".join([f"events: {what}: {count} of {of} rows cannot be used", *lines[1:], FIX])


# ---------------------------------------------------------------- frames


@pytest.mark.parametrize(
    ("wrong", "found"),
    [({"a": 1}, "{'a': 1} (a dict)"), ("events.csv", "'events.csv' (a str)"), (5, "5 (an int)")],
)
def test_not_a_frame(told, wrong, found):
    expected = f"events: found {found}, {NO_EVENTS}"
    assert told(EntryError, ORDER, events=wrong) == expected
    assert told(EntryError, ORDER, entries(("a", WHEN)), events=wrong) == expected


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        (["subscriber_id", "at"], "events: no column event; the columns are: subscriber_id, at"),
        (["event", "ref"], "events: no column subscriber_id and no column at; the columns are: event, ref"),
        ([], "events: no column subscriber_id and no column at and no column event; the columns are: none"),
    ],
)
def test_missing_columns(told, columns, text):
    assert told(EntryError, ORDER, events=pd.DataFrame(columns=columns)) == text


@pytest.mark.parametrize("twice", ["subscriber_id", "at", "event", "ref", "properties"])
def test_columns_that_are_there_twice(told, twice):
    events = log(("a", WHEN, "order"))
    events.insert(0, twice, events[twice], allow_duplicates=True)
    assert told(EntryError, ORDER, events=events) == (
        f"events: column {twice} is there 2 times, expected once"
    )


@pytest.mark.parametrize("twice", ["subscriber_id", "entered_at", "via", "properties"])
def test_columns_of_entries_that_are_there_twice(told, twice):
    given = entries(("a", WHEN))
    given.insert(0, twice, given[twice], allow_duplicates=True)
    assert told(EntryError, ORDER, given) == f"entries: column {twice} is there 2 times, expected once"


def test_neither_entries_nor_events(told):
    assert told(EntryError, ORDER) == (
        "entries: none are given, and no events either: give events, by which the sequence's trigger enrols, or "
        "entries, which are the enrolments themselves"
    )


def test_no_entries_at_all(told):
    assert told(EntryError, ORDER, 5, events=log(("a", WHEN, "order"))) == (
        f"entries: found 5 (an int), {NO_ENTRIES}"
    )


@pytest.mark.parametrize(
    "trigger",
    [
        {"trigger": "event_received", "eventName": "order"},
        {"trigger": "segment_entered", "segmentId": "S", "stopOnSegmentExit": True},
        {"trigger": "inactivity", "eventName": "order", "inactiveDays": 1},
        {"trigger": "frequency", "eventName": "order", "minCount": 1, "timeWindowDays": 1},
        {"trigger": "contact_added"},
        {"trigger": "tag_added", "tagName": "T"},
        {"trigger": "event_received", "eventName": "order", "enrollmentMode": "matching_field"},
        {"trigger": "event_received", "eventName": "order", "enrollmentMode": "one_time"},
    ],
)
def test_an_empty_log_enrols_nobody(trigger):
    stop = {"type": "event_received", "value": "paid"}
    match = {
        "mode": "event_property",
        "rules": [{"entryFieldPath": "cart", "eventFieldPath": "cart"}],
    }
    date = {**HELLO, "subject": "{{event.n}} {{discount.code}}", "waitUntil": {"field": "due"}}
    coded = {"type": "create_discount", "discount": {"discountType": "percent", "percentOff": 5}}
    for condition in (None, stop, {**stop, "matchConfig": match}, {"type": "has_tag", "value": "T"}):
        sequence = sequenzy.Sequence(name="S", steps=[coded, date], stopCondition=condition, **trigger)
        empty = log()
        for events in (
            empty,
            empty.drop(columns=["ref", "properties"]),
            empty.astype({"subscriber_id": "int64"}),
        ):
            found = simcore.simulate(sequence, events=events, enabled_at=WHEN, render=True, explain=True)
            assert [len(each) for each in found] == [0, 0, 0]
            assert list(found.timeline) == [
                *("subscriber_id", "run", "position", "email_id", "subject", "rendered_subject", "send_at"),
                "reason",
            ]
            assert found.timeline["email_id"].dtype == TEXT


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    "name", [None, np.nan, pd.NA, 5, 5.5, True, "", "  ", ("order",), ["order"], {"a": 1}]
)
def test_names_that_are_no_text(told, name):
    events = log(("a", WHEN, "order"), ("a", WHEN, None))
    put(events, 1, "event", name)
    assert told(EntryError, ORDER, events=events) == unusable(
        "event", (1, 2), f"  row 1: {name!r} is not the name of an event"
    )


def test_names_that_are_missing_in_a_column_of_texts(told):
    events = log(("a", WHEN, "order"), ("a", WHEN, None)).astype({"event": "str"})
    events.loc[1, "event"] = None
    assert told(EntryError, ORDER, events=events) == unusable(
        "event", (1, 2), f"  row 1: {NO_TEXT} is not the name of an event"
    )


def test_the_first_ten_and_the_count(told):
    events = log(*[("a", WHEN, None)] * 12, ("a", WHEN, "order"))
    lines = [f"  row {row}: None is not the name of an event" for row in range(10)]
    assert told(EntryError, ORDER, events=events) == unusable("event", (12, 13), *lines, "  and 2 more")


def test_any_other_name_is_a_tracked_event():
    """Also names that mean something to others; they enrol nobody here."""
    names = ("form_joined", "sequence_joined", "contact_added", "Order", "saas.purchase", "заказ")
    found = simcore.simulate(ORDER, events=log(*(("a", WHEN, name) for name in (*names, "order"))))
    assert len(found.subscribers) == 1


# ---------------------------------------------------------------- refs


@pytest.mark.parametrize("ref", [None, np.nan, pd.NA, "", " ", True, 1.5, np.inf, ("T",), ["T"], 2**63])
@pytest.mark.parametrize(
    "name",
    [
        *("tag_added", "tag_removed", "list_joined", "list_left"),
        *("segment_entered", "segment_left", "field_changed"),
    ],
)
def test_refs_that_are_none(told, name, ref):
    events = log(("a", WHEN, "order"), ("a", WHEN, name, None))
    put(events, 1, "ref", ref)
    assert told(EntryError, ORDER, events=events) == unusable(
        "ref", (1, 2), f"  row 1: {ref!r} is not the name or id that the event needs"
    )


def test_no_refs_where_one_is_needed(told):
    events = log(("a", WHEN, "order"), ("a", WHEN, "list_joined", "L")).drop(columns="ref")
    assert told(EntryError, ORDER, events=events) == (
        "events: no column ref, which list_joined needs; the columns are: subscriber_id, at, event, properties"
    )


@pytest.mark.parametrize("name", ["order", "contact_added", "removed", "unsubscribed", "resubscribed"])
def test_refs_that_nothing_needs_are_not_looked_at(name):
    for ref in (None, ["L"], {}):
        events = log(("b", WHEN, "order"), ("a", WHEN, name, None))
        put(events, 1, "ref", ref)
        assert simcore.project(ORDER, events=events)["subscriber_id"].tolist()[0] == "b"


# ---------------------------------------------------------------- properties


def test_properties_that_are_no_objects(told):
    events = log(
        ("a", WHEN, "order", None, {"n": 1}),
        ("a", "2026-03-02T12:00Z", "order", None, "x"),
        ("a", "2026-03-02T11:00Z", "order", None, [{"n": 1}]),
        ("a", WHEN, "order", None, None),
    )
    assert told(EntryError, READS, events=events) == (
        "events: properties: 2 of 4 rows cannot be used\n"
        "  row 1: 'x' is not an object (a dict)\n"
        f"  row 2: [{{'n': 1}}] is not an object (a dict)\n{FIX}"
    )


def test_one_of_ten_thousand(told):
    events = log(*((number, WHEN, "order", None, {"n": number}) for number in range(10_000)))
    put(events, 7_777, "properties", 5)
    text = (
        f"events: properties: 1 of 10000 rows cannot be used\n  row 7777: 5 is not an object (a dict)\n{FIX}"
    )
    assert told(EntryError, READS, events=events) == text
    with pytest.raises(EntryError) as caught:
        simcore.project(READS, events=events)
    assert caught.value.rows == [7_777]
    put(events, 7_777, "properties", {"n": 1})
    assert len(simcore.project(READS, events=events)) == 10_000


def test_more_than_ten_of_them(told):
    rows = [("a", f"2026-03-{30 - number}T10:00Z", "order", None, number) for number in range(12)]
    lines = [f"  row {row}: {row} is not an object (a dict)" for row in range(10)]
    assert told(EntryError, READS, events=log(*rows)) == "\n".join([
        "events: properties: 12 of 12 rows cannot be used",
        *lines,
        "  and 2 more",
        FIX,
    ])


def test_properties_of_entries(told):
    given = entries(("a", WHEN), ("b", WHEN, None, {"n": 1}), ("c", WHEN, None, 5), ("d", WHEN, None, "x"))
    assert told(EntryError, READS, given) == (
        "entries: properties: 2 of 4 rows cannot be used\n"
        "  row 2: 5 is not an object (a dict)\n"
        f"  row 3: 'x' is not an object (a dict)\n{FIX}"
    )


def test_entries_have_their_rows_in_the_error(text_of):
    given = entries(*((f"s{number}", WHEN, None, number) for number in range(12)))
    told = text_of(EntryError, simcore.project, READS, given)
    lines = [f"  row {row}: {row} is not an object (a dict)" for row in range(10)]
    assert told == "\n".join([
        "entries: properties: 12 of 12 rows cannot be used",
        *lines,
        "  and 2 more",
        FIX,
    ])


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_properties_that_are_missing(missing):
    events = log(("a", WHEN, "order"), ("b", WHEN, "order", None, {"n": 1}))
    put(events, 0, "properties", missing)
    found = simcore.project(READS, events=events, render=True)
    assert found["rendered_subject"].tolist() == ["", "1"]


def test_lists_as_numpy_has_them():
    """What a table read from Parquet has where JSON had a list."""
    rule = {"path": "skus[]", "operator": "equals", "value": "x"}
    whole = {"path": "skus", "operator": "contains", "value": "x"}
    for each in (rule, whole):
        sequence = ORDER.replace(propertyFilters=[each])
        events = log(
            ("a", WHEN, "order", None, {"skus": np.array(["x", "y"])}),
            ("b", WHEN, "order", None, {"skus": np.array(["y", "z"])}),
        )
        assert simcore.project(sequence, events=events)["subscriber_id"].tolist() == ["a"]


@pytest.mark.parametrize("path", ["a.b", "a.b.c", "a[].b", "a.b[]"])
@pytest.mark.parametrize("inside", [5, "text", True, None, [], [1], {"b": None}])
def test_a_path_through_what_is_no_object(path, inside):
    """It finds nothing, and is no error."""
    rule = {"path": path, "operator": "exists"}
    sequence = ORDER.replace(propertyFilters=[rule])
    events = log(("a", WHEN, "order", None, {"a": inside}))
    assert len(simcore.project(sequence, events=events)) == 0
    sequence = ORDER.replace(propertyFilters=[{**rule, "operator": "not_exists"}])
    assert len(simcore.project(sequence, events=events)) == 1


# ---------------------------------------------------------------- instants


def test_naive_times(told):
    events = log(("a", WHEN, "order"), ("a", "2026-03-02T10:00", "order"), ("a", None, "order"))
    assert told(EntryError, ORDER, events=events) == unusable(
        "at", (2, 3), f"  row 1: '2026-03-02T10:00' {NAIVE}", "  row 2: None is missing"
    )
    assert told(EntryError, ORDER, entries(("a", "2026-03-02T10:00"))) == (
        f"entered_at: 1 of 1 rows cannot be used\n  row 0: '2026-03-02T10:00' {NAIVE}\n"
        "simcore.split_entries(entries) parts the rows that can be read from those that cannot"
    )
    found = simcore.project(ORDER, events=events.iloc[1:2], naive_time_zone="America/Chicago")
    assert found["send_at"].tolist() == [pd.Timestamp("2026-03-02T16:00Z")]


@pytest.mark.parametrize(
    ("when", "fault"),
    [
        ("03/06/2026", "leaves day and month to guesswork: write it as 2026-03-06 or 6 March 2026"),
        ("2300-01-01T00:00Z", "is out of range: expected 1970-01-01 to 2200-01-01 UTC"),
        ("soon", "is not a date and time: expected something like 2026-03-06T21:07:30-05:00"),
    ],
)
def test_times_that_cannot_be_read(told, when, fault):
    events = log(("a", when, "visit"), ("a", WHEN, "order"))
    lines = [f"  row 0: {when!r} {fault}", *["dayfirst=True reads 03/06/2026 as 3 June"] * ("guess" in fault)]
    assert told(EntryError, ORDER, events=events) == unusable("at", (1, 2), *lines)
    assert told(EntryError, ORDER, events=log(), enabled_at=when) == f"enabled_at: {when!r} {fault}"
    assert told(EntryError, ORDER, events=log(), until=when) == f"until: {when!r} {fault}"


def test_naive_arguments(told):
    for name in ("enabled_at", "until"):
        expected = f"{name}: '2026-03-02T10:00' {NAIVE}"
        assert told(EntryError, ORDER, events=log(), **{name: "2026-03-02T10:00"}) == expected
    events = log(("a", "2026-03-02T12:00Z", "order"), ("a", "2026-03-02T11:59:59Z", "order"))
    named = {"enabled_at": "2026-03-02T07:00", "naive_time_zone": "America/New_York"}
    assert len(simcore.project(ORDER, events=events, **named)) == 1


# ---------------------------------------------------------------- subscribers


def test_events_of_nobody(told):
    events = log(("a", WHEN, "order"), (None, WHEN, "order"))
    assert told(EntryError, ORDER, events=events) == unusable(
        "subscriber_id", (1, 2), "  row 1: None is missing"
    )


@pytest.mark.parametrize(
    ("of_entries", "of_events", "text"),
    [
        ("int64", "str", f"{TEXT} there and int64"),
        ("str", "int64", f"int64 there and {TEXT}"),
        ("int64", "float64", "float64 there and int64"),
        ("str", "category", f"category there and {TEXT}"),
    ],
)
def test_ids_of_another_dtype(told, of_entries, of_events, text):
    """1 and "1" never match."""
    given = entries((1, WHEN)).astype({"subscriber_id": of_entries})
    events = log((1, WHEN, "removed")).astype({"subscriber_id": of_events})
    assert told(EntryError, ORDER, given, events=events) == (
        f'events: subscriber_id is {text} in entries; expected the same, since 1 and "1" never match'
    )


# ---------------------------------------------------------------- via


def test_a_via_that_is_none(told):
    given = entries(("a", WHEN, "trigger"), ("b", WHEN, "api"), ("c", WHEN, "Manual"), ("d", WHEN))
    assert told(EntryError, ORDER, given) == (
        "via: 2 of 4 rows cannot be used\n"
        "  row 1: 'api' is not one of: trigger, manual, audience\n"
        "  row 2: 'Manual' is not one of: trigger, manual, audience\n"
        "fix those rows, or leave via out"
    )
    found = simcore.simulate(ORDER, entries(("a", WHEN, "manual"), ("d", WHEN, None), ("e", WHEN, np.nan)))
    assert found.subscribers["via"].tolist() == ["manual", "trigger", "trigger"]


# ---------------------------------------------------------------- arguments of the other platform


@pytest.mark.parametrize("entered", [None, [WHEN]])
def test_enabled_at_is_not_kit_s(told, entered):
    assert told(SimcoreError, KIT, entered, enabled_at=WHEN) == (
        "enabled_at: this platform's sequences have no trigger to switch on: leave it out"
    )


def test_render_is_not_kit_s(told):
    assert told(SimcoreError, KIT, [WHEN], render=True) == (
        "render: this platform's merge tags are not modelled: leave it out"
    )


def test_no_trigger_enrols_in_kit_s(told):
    assert told(EntryError, KIT, events=log(("a", WHEN, "removed"))) == (f"entries: found None, {NO_ENTRIES}")


CHANGES = (
    "1 problem\n"
    "  changes[0]: a change of a Sequenzy sequence must be made by sequenzy.update, disable or enable (found "
    "Change(at='2026-03-02T12:00Z', op='update', email_id=None, …)"
)


def test_changes_of_kit_s(told, text_of):
    """Changes are modelled (Q40), each platform's by its own."""
    changes = [kit.update("2026-03-02T12:00Z", send_hour=3)]
    assert told(ValidationError, ORDER, [WHEN], changes=changes) == CHANGES
    assert told(ValidationError, ORDER, events=log(("a", WHEN, "order")), changes=changes) == CHANGES
    assert text_of(ValidationError, simcore.impact, ORDER, [WHEN], changes) == CHANGES
    assert len(simcore.project(ORDER, [WHEN], changes=[])) == 1
    assert len(simcore.impact(ORDER, [WHEN], [])) == 0


def test_assumptions_of_the_other_platform(told, text_of):
    for sequence, other, name in (
        (ORDER, kit.Assumptions(), "sequenzy"),
        (KIT, sequenzy.Assumptions(), "kit"),
    ):
        expected = f"assumptions: found {repr(other)[:59]}…, expected simcore.{name}.Assumptions"
        assert told(SimcoreError, sequence, [WHEN], assumptions=other) == expected
        assert text_of(SimcoreError, simcore.preview, sequence, WHEN, assumptions=other) == expected
    assert told(SimcoreError, ORDER, [WHEN], assumptions={"segment_poll": 5}) == (
        "assumptions: found {'segment_poll': 5}, expected simcore.sequenzy.Assumptions"
    )


def test_a_goal_without_steps(told, text_of):
    sequence = sequenzy.Sequence(name="S", trigger="contact_added", goal="Welcome them")
    expected = (
        "the sequence has a goal and no steps: fetch it again once its emails are written (GET "
        "/api/v1/sequences/{id}), and load that"
    )
    assert told(SimcoreError, sequence, [WHEN]) == expected
    assert told(SimcoreError, sequence, events=log()) == expected
    assert text_of(SimcoreError, simcore.preview, sequence, WHEN) == expected


def test_an_order_that_is_none(told):
    assert told(SimcoreError, ORDER, [WHEN], order="run") == "order: found 'run', expected 'entry' or 'email'"


# ---------------------------------------------------------------- after 2200

IDLE = sequenzy.Sequence(
    name="S", trigger="inactivity", eventName="order", inactiveDays=1_000_000, steps=[HELLO]
)


def test_enrolments_after_2200(told):
    way_out = "would be enrolled after 2200-01-01 UTC: pass until= to end before that, or change the trigger"
    one = log(("a", WHEN, "order"))
    assert told(EntryError, IDLE, events=one) == f"subscriber 'a' {way_out}"
    three = log(
        ("b", "2026-03-02T11:00Z", "order"), ("a", WHEN, "order"), ("c", "2026-03-02T12:00Z", "order")
    )
    assert told(EntryError, IDLE, events=three) == f"subscriber 'a', and 2 more, {way_out}"
    numbers = log((7, WHEN, "order")).astype({"subscriber_id": "int64"})
    assert told(EntryError, IDLE, events=numbers) == f"subscriber 7 {way_out}"
    for days in (1_000_000, 1e300, 10**400):
        named = {"events": one, "until": "2199-12-31T00:00Z"}
        assert len(simcore.project(IDLE.replace(inactiveDays=days), **named)) == 0
        assert told(EntryError, IDLE.replace(inactiveDays=days), events=one) == f"subscriber 'a' {way_out}"


LATE = ORDER.replace(steps=[HELLO, {**HELLO, "delay": {"days": 63_700}}])
CHANGE_IT = "pass until= to end before that, or change"
WAY_OUT = f"{CHANGE_IT} its delay"


def test_emails_after_2200(told):
    """63,700 days from 2 March 2026 are in July 2200."""
    late = "the email at position 1 (id step-2) would go out after 2200-01-01 UTC to"
    assert told(TooLateError, LATE, events=log(("a", WHEN, "order"))) == f"{late} subscriber 'a': {WAY_OUT}"
    assert told(TooLateError, LATE, entries(("b", "1990-01-01T00:00Z"), ("a", WHEN))) == (
        f"{late} row 1 (subscriber 'a'): {CHANGE_IT} the delay or the entry"
    )
    three = [("a", WHEN, "order"), ("b", WHEN, "order"), ("a", WHEN, "order")]
    assert told(TooLateError, LATE, events=log(*three)) == f"{late} subscriber 'a' and 2 more: {WAY_OUT}"
    with pytest.raises(TooLateError) as caught:
        simcore.project(LATE, entries(("b", "1990-01-01T00:00Z"), ("a", WHEN), ("c", WHEN)))
    assert caught.value.rows == [1, 2]
    with pytest.raises(TooLateError) as caught:
        simcore.project(LATE, events=log(*three))
    assert caught.value.rows == []
    found = simcore.simulate(LATE, events=log(("a", WHEN, "order")), until="2199-12-31T00:00Z").subscribers
    assert found["status"].tolist() == ["active"]
    assert found["next_email_id"].tolist() == ["step-2"]
    assert found["next_send_at"].isna().all()


def test_a_step_that_is_no_email_after_2200(told):
    coded = {"type": "create_discount", "discount": {"discountType": "percent", "percentOff": 5}}
    sequence = ORDER.replace(steps=[HELLO, {**coded, "id": "code", "delay": {"days": 63_700}}])
    assert told(TooLateError, sequence, events=log(("a", WHEN, "order"))) == (
        f"the step at position 1 (id code) would go out after 2200-01-01 UTC to subscriber 'a': {WAY_OUT}"
    )


def test_a_preview_after_2200(text_of):
    assert text_of(EntryError, simcore.preview, LATE, WHEN) == (
        "the email at position 1 (id step-2) would go out after 2200-01-01 UTC: shorten its delay, or give an "
        "earlier entry"
    )


def test_what_ends_before_is_not_too_late():
    for event in ("removed", "unsubscribed"):
        found = simcore.project(LATE, events=log(("a", WHEN, "order"), ("a", "2026-04-01T00:00Z", event)))
        assert len(found) == 1


def test_a_date_after_2200(told):
    sequence = ORDER.replace(steps=[{**HELLO, "waitUntil": {"field": "due"}}])
    for due in ("2200-01-01T00:00:00.000001Z", "9999-12-31", 1e15, 10**400, float("inf")):
        events = log(("a", WHEN, "order", None, {"due": due}))
        assert told(TooLateError, sequence, events=events) == (
            f"the email at position 0 (id step-1) would go out after 2200-01-01 UTC to subscriber 'a': {WAY_OUT}"
        )
    events = log(("a", WHEN, "order", None, {"due": "2200-01-01T00:00:00Z"}))
    assert simcore.project(sequence, events=events)["send_at"].tolist() == [
        pd.Timestamp("2200-01-01", tz="UTC")
    ]


@pytest.mark.parametrize("by_trigger", [True, False])
def test_a_candidate_that_is_never_taken_in_is_not_too_late(by_trigger):
    """The second finds the first active; its own email would go out in 9999."""
    sequence = ORDER.replace(
        steps=[{**HELLO, "waitUntil": {"field": "due"}}],
        enrollmentMode="matching_field",
        enrollmentFieldPath="id",
    )
    things = [{"id": 1, "due": "2026-04-01"}, {"id": 1, "due": "9999-01-01"}]
    days = [WHEN, "2026-03-03T10:00Z"]
    if by_trigger:
        rows = [("a", day, "order", None, thing) for day, thing in zip(days, things, strict=True)]
        found = simcore.simulate(sequence, events=log(*rows))
    else:
        rows = [("a", day, None, thing) for day, thing in zip(days, things, strict=True)]
        found = simcore.simulate(sequence, entries(*rows))
    assert found.timeline["send_at"].tolist() == [pd.Timestamp("2026-04-01", tz="UTC")]
    assert found.journal["what"].tolist() == ["started", "completed", "duplicate"]


def test_a_run_that_goes_on_after_2200_is_in_the_way():
    """It is taken in, and its email would go out in 9999: with until, later ones find it active."""
    sequence = ORDER.replace(
        steps=[{**HELLO, "waitUntil": {"field": "due"}}],
        enrollmentMode="matching_field",
        enrollmentFieldPath="id",
    )
    rows = [
        ("a", f"{year}-01-01T00:00Z", "order", None, {"id": 1, "due": "9999-01-01"}) for year in (2026, 2199)
    ]
    found = simcore.simulate(sequence, events=log(*rows), until="2200-01-01T00:00Z")
    assert found.subscribers["status"].tolist() == ["active"]
    assert found.journal["what"].tolist() == ["started", "duplicate"]


def test_a_blocked_candidate_is_not_too_late():
    once = LATE.replace(enrollmentMode="one_time", activeSubscribersOnly=True, steps=[HELLO])
    late = once.replace(steps=[{**HELLO, "waitUntil": {"field": "due"}}])
    rows = [
        ("a", WHEN, "order", None, {"due": "2026-04-01"}),
        ("a", "2026-03-03T10:00Z", "order", None, {"due": "9999-01-01"}),
        ("b", WHEN, "unsubscribed"),
        ("b", WHEN, "order", None, {"due": "9999-01-01"}),
    ]
    assert len(simcore.project(late, events=log(*rows))) == 1


# ---------------------------------------------------------------- merge tags


@pytest.mark.parametrize(
    "subject",
    ["{{event.n", "event.n}}", "{{event.n}", "{event.n}}", "{{event.n|{x}}}", "{{ }}", "{{event.}}"],
)
def test_a_tag_with_unbalanced_braces_stays_as_it_is(subject):
    for whole in (subject, f"{subject} {{{{event.n}}}}"):
        sequence = ORDER.replace(steps=[{**HELLO, "subject": whole}])
        events = log(("a", WHEN, "order", None, {"n": 5}))
        [found] = simcore.project(sequence, events=events, render=True)["rendered_subject"]
        assert found.startswith(subject)
        assert found.removeprefix(subject) == ("" if whole == subject else " 5")


def deep():
    found = []
    for _ in range(100_000):
        found = [found]
    return found


def test_a_value_without_a_text_is_shown_as_errors_show_it():
    """Subjects are texts whatever stands in properties: nested without end, thousands of digits, half a character."""
    things = [deep(), 10**5000, "a\ud800b"]
    events = log(*(("a", WHEN, "order", None, {"n": thing}) for thing in things))
    found = simcore.project(READS, events=events, render=True)["rendered_subject"].tolist()
    assert found[2] == "a?b"
    assert [len(text) <= 60 for text in found] == [True] * 3


def test_properties_that_are_nested_too_deeply(told):
    rule = {"path": "a", "operator": "equals", "value": 1}
    sequence = ORDER.replace(propertyFilters=[rule])
    events = log(("a", WHEN, "order", None, {"a": deep()}))
    assert told(EntryError, sequence, events=events) == "properties: nested too deeply to be compared"


def test_nothing_to_preview():
    coded = {"type": "create_discount", "discount": {"discountType": "percent", "percentOff": 5}}
    with pytest.warns(UserWarning, match=r"^nothing to preview: the sequence has no emails$"):
        found = simcore.preview(ORDER.replace(steps=[coded]), WHEN)
    assert len(found) == 0
    assert found["email_id"].dtype == TEXT


# ---------------------------------------------------------------- what triggers give to the audience


def one_event(name, ref=None):
    """A log as triggers see it: an event of one subscriber at the epoch, with properties."""
    zero = np.zeros(1, np.int64)
    return Log([5], zero, zero, zero, zero - (ref is None), zero, (name,), (ref,), ({"a": 1},))


def test_enrolments_by_looks_have_no_properties():
    """Not even where the events have some: it is no event that enrols, and -1 stands for none."""
    poll = Poll(10)
    found = Inactivity("e", 1, poll, None, by_subscriber=False).enrolments(one_event("e"), None)
    assert (found.at_us.tolist(), found.which.tolist()) == ([10], [-1])
    found = SegmentLooks("s", poll, entered=True, ends=True).enrolments(
        one_event("segment_entered", "s"), None
    )
    assert (found.at_us.tolist(), found.which.tolist(), found.end_us.tolist()) == ([0], [-1], [NEVER_US])


def test_without_filters_no_properties_are_looked_at(monkeypatch):
    monkeypatch.setattr(triggers, "passes", None)
    assert Received("e").enrolments(one_event("e"), None).which.tolist() == [0]
    with pytest.raises(TypeError):
        Received("e", filters=({"path": "a"},)).enrolments(one_event("e"), None)
