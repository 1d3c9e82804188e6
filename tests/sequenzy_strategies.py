"""Hypothesis strategies of whole Sequenzy cases, weighted to collisions and to where clocks change.

A case holds the arguments of `sequenzy_oracle.simulate`, in their order: `simulate(*case)`. Its instants are
aware UTC datetimes from 1990 to 2100; few of them, much reused, so that events, looks, enrolments, sends and
ends meet at the very same instant. Its sequence is valid by Q1 to Q7.
Several small choices are drawn as one number (`pick`), which keeps a whole case to some milliseconds.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import prod
from typing import Any, NamedTuple

from hypothesis import strategies as st
from sequenzy_oracle import MICROSECOND, Row, simulate, zone_info

FIRST = datetime(1990, 2, 1, tzinfo=UTC)
LAST = datetime(2099, 6, 1, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PLACES = (  # a zone and a local date on which its clocks change, or near one
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("Europe/Kyiv", "2026-03-29"),
    ("Europe/Kyiv", "2027-10-31"),
    ("Australia/Lord_Howe", "2026-04-05"),  # by half an hour
    ("Australia/Lord_Howe", "2026-10-04"),
    ("America/Havana", "2026-03-08"),  # midnight that does not exist
    ("America/Havana", "2026-11-01"),  # midnight that happens twice
    ("Pacific/Apia", "2011-12-30"),  # no such day
    ("America/St_Johns", "2010-11-07"),  # back at 00:01
    ("America/St_Johns", "2011-03-13"),
    ("America/Santiago", "2026-04-05"),
    ("America/Santiago", "2026-09-06"),
    ("Pacific/Kwajalein", "1993-08-21"),  # no such day
    ("America/Nuuk", "2026-03-28"),  # into the next date
    ("Africa/Casablanca", "2026-02-15"),
    ("Antarctica/Troll", "2026-03-29"),  # by two hours
    ("Pacific/Chatham", "2026-04-05"),
    ("Asia/Kathmandu", "2026-06-01"),  # a quarter of an hour, never changed
    ("UTC", "2026-12-31"),
    ("UTC", "1990-02-10"),
    ("Europe/Kyiv", "2099-03-29"),
)
NEAR = (*[timedelta(0)] * 9, MICROSECOND, -MICROSECOND, timedelta(seconds=59))
AFTER = (  # by how much one instant follows another: nothing, quarters, waits, windows
    *[timedelta(0)] * 2,
    *[QUARTER * n for n in (1, 2, 3, 4)],
    *[HOUR * n for n in (2, 3, 12, 23, 25, 36, 51)],
    *[DAY * n for n in (1, 1, 2, 3, 5, 7)],
    timedelta(microseconds=1500),
)

# ---------------------------------------------------------------- names

TAGS, LISTS, SEGMENTS, FIELDS = ("T1", "T2"), ("L1", "L2"), ("S1", "S2"), ("plan", "name")
TRACKED = ("order", "paid", "ecommerce.back_in_stock", "ecommerce.replenishment_due")
EVENTS: tuple[tuple[str, str | None], ...] = (
    ("contact_added", None),
    *((name, ref) for name in ("tag_added", "tag_removed") for ref in TAGS),
    *((name, ref) for name in ("list_joined", "list_left") for ref in LISTS),
    *((name, ref) for name in ("segment_entered", "segment_left") for ref in SEGMENTS),
    *(("field_changed", ref) for ref in FIELDS),
    *((name, None) for name in ("unsubscribed", "bounced", "complained", "removed")),
    *[("resubscribed", None)] * 3,
    ("order", None),
    ("order", None),
    ("paid", None),
)
DAY_NAMES = ("monday", "Tue", "wednesday", "THU", "friday", "Sat", "sunday")
WINDOW_DAYS: tuple[list[str] | None, ...] = (  # None: left out
    *[None] * 4,
    ["saturday", "sunday"],
    list(DAY_NAMES[:5]),
    list(DAY_NAMES[6::-2]),
    ["sun"],
    ["FRIDAY"],
    ["Mon", "tuesday", "mon"],
    [],
)
HOURS_OPEN = (
    ("00:00", "24:00"),
    ("08:00", "20:00"),
    ("09:00", "09:15"),
    ("02:00", "03:00"),
    ("02:15", "02:45"),
    ("00:00", "00:30"),
    ("23:30", "24:00"),
    ("22:40", "24:00"),
    ("12:00", "12:01"),
)

# ---------------------------------------------------------------- waits

DURATIONS: tuple[Row, ...] = (
    {"days": 1},
    {"days": 1},
    {"hours": 12},
    {"minutes": 45},
    {"minutes": 15},
    {"days": 0.5},
    {"days": 2, "hours": 3},
    {"hours": 1.5, "minutes": 0.5},
    {"days": 7},
    {"days": 0},
    {"days": 0, "hours": 0, "minutes": 0},
    {"days": 0.1, "minutes": 0.001},
)
MILLISECONDS = (0, 86_400_000, 900_000, 1.5, 0.0005, 0.0015, 0.0025, 3_600_000.0)
OFFSETS: tuple[Row, ...] = (
    {},
    {"hours": 6},
    {"days": 1},
    {"days": 2, "minutes": 30},
    {"minutes": 15},
    {"days": 0.5},
)
DATE_FIELDS = ("due", "due", "order.due", "order.due", "missing", "order.missing", "due.deeper")
DIRECTIONS = (None, "before", "after")
MISSING_ACTIONS = (None, "continue", "exit")
WAITS = (*["none"] * 3, *["delay"] * 8, "ms", "ms", *["date"] * 4, *["weekday"] * 4)

# ---------------------------------------------------------------- properties

KEYS: tuple[Any, ...] = (*[1] * 5, 1.0, 1.0, "1", True, 2, 0, "v", "", *[None] * 3, ["p1"], {"id": 1})
KEY_NAMES = (
    "sequenceEnrollmentKey",
    "enrollmentKey",
    "productId",
    "variantId",
    "product.providerVariantId",
    "product.providerProductId",
)
SKUS, NUMBERS = ("abc", "xyz", "1", None), (0, 1, 1.5, 2, 4, "2", None, True)
JUNK: tuple[Any, ...] = ("soon", "1700000000", "", "2026-13-45", *[True] * 3, False, None, [], {})
FILTERS: tuple[tuple[str, str, Any], ...] = (
    *(
        (path, operator, None)
        for path in ("order", *["order.id"] * 4, "items", "items[].n", "items.n", "items[].tags[]", "order[]")
        for operator in ("exists", "not_exists")
    ),
    *(
        (path, operator, value)
        for path in ("order.id", "items[].n", "tags[]")
        for operator in ("equals", "not_equals")
        for value in (1, 2, "1", True)
    ),
    ("tags", "equals", ["a", 1]),
    ("order", "not_equals", {"id": 1}),
    *((path, "one_of", value) for path in ("order.id", "items[].n") for value in ([1, 3], ["1", True])),
    *(("items[].sku", "contains", value) for value in ("a", "", "xyz")),
    *(("tags", "contains", value) for value in ("a", 1, True)),
    ("items[].tags", "contains", 1),
    *(
        (path, operator, value)
        for path in ("order.id", "items[].n", "order.id")
        for operator in ("greater_than", "less_than")
        for value in (1, 1.5)
    ),
)
FIELD_MATCHES: tuple[tuple[str, Any], ...] = (
    *((operator, value) for operator in ("equals", "not_equals") for value in (1, "1", True, "pro")),
    *((operator, value) for operator in ("greater_than", "less_than") for value in (1, 0.5)),
    *((operator, value) for operator in ("contains", "not_contains") for value in ("r", "pro")),
)
NEW_VALUES: tuple[Any, ...] = (1, 1.0, "1", True, 2, 0, "pro", "free", None, ["pro", 1], [])


class Case(NamedTuple):
    """The arguments of `simulate`."""

    sequence: Row
    assumptions: Row
    enabled_at: datetime | None
    until: datetime | None
    events: list[Row]
    entries: list[Row] | None


def pick(draw: st.DrawFn, *tables: Sequence[Any]) -> list[Any]:
    """An item of each table, all drawn as one number."""
    number, items = draw(st.integers(0, prod(map(len, tables)) - 1)), []
    for table in tables:
        number, place = divmod(number, len(table))
        items.append(table[place])
    return items


def some(**fields: Any) -> Row:
    """The fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


def within(t: datetime) -> datetime:
    """The instant nearest to t in the range of cases."""
    return min(max(t, FIRST), LAST)


# ---------------------------------------------------------------- instants


def base_of(draw: st.DrawFn) -> tuple[str, datetime]:
    """A zone, and an instant on a quarter of an hour, days or hours from a clock change there."""
    (zone, day), days, quarters = pick(draw, PLACES, (-3, -2, -1, -1, 0), range(-8, 40))
    midnight = datetime.fromisoformat(day).replace(tzinfo=zone_info(zone)).astimezone(UTC)
    return zone, within(midnight + days * DAY + quarters * QUARTER)


def pool_of(draw: st.DrawFn, base: datetime) -> list[datetime]:
    """A few instants from base on, each a wait or a window after one of the others."""
    (size,) = pick(draw, range(2, 9))
    found = [base]
    for _ in range(size):
        before, after, near = pick(draw, found, AFTER, NEAR)
        found.append(within(before + after + near))
    return found


# ---------------------------------------------------------------- steps


def date_wait(draw: st.DrawFn) -> Row:
    """A wait until a date, in any of its spellings."""
    path, offset, direction, action, spelling = pick(
        draw, DATE_FIELDS, OFFSETS, DIRECTIONS, MISSING_ACTIONS, range(5)
    )
    plain = some(field=path, direction=direction, missingAction=action)
    alias = some(untilDateField=path, untilOffsetDirection=direction, untilMissingAction=action)
    return (
        {"waitUntil": {**plain, **some(offset=offset or None)}},
        {"waitUntil": {**plain, **offset}},
        {"waitUntil": {**alias, **some(offset=offset or None)}},
        {"waitUntil": {**alias, **offset}},
        {"delay": {"mode": "until_date", **alias, **offset}},
    )[spelling]


def weekday_wait(draw: st.DrawFn, zone: str) -> Row:
    """A wait until a weekday, in any of its spellings."""
    days, (start, end), day, spelling = pick(draw, WINDOW_DAYS, HOURS_OPEN, DAY_NAMES, range(5))
    end = None if end == "24:00" else end
    plain = some(startTime=start, endTime=end, timezone=zone)
    alias = some(untilStartTime=start, untilEndTime=end, untilTimezone=zone)
    return (
        {"waitUntilWeekday": {**plain, "day": day}},
        {"waitUntilWeekday": {**plain, "endTime": end or "24:00", **some(days=days)}},
        {"waitUntilWeekday": {**plain, **some(days=days)}},
        {"waitUntilWeekday": {**alias, **some(days=days)}},
        {"delay": {"mode": "until_weekday", **alias, **some(untilDays=days)}},
    )[spelling]


def wait(draw: st.DrawFn, zone: str) -> Row:
    """The fields of a step that make it wait."""
    kind, duration, milliseconds = pick(draw, WAITS, DURATIONS, MILLISECONDS)
    if kind == "date":
        return date_wait(draw)
    if kind == "weekday":
        return weekday_wait(draw, zone)
    waits: Row = {"none": {}, "delay": {"delay": duration}, "ms": {"delayMs": milliseconds}}
    found: Row = waits[kind]
    return found


def discount(draw: st.DrawFn) -> Row:
    """A step that makes a code."""
    kind, amount, lasts, expires, provider = pick(
        draw,
        ("create_discount", "discount"),
        (
            {"discountType": "percent", "percentOff": 20},
            {"discountType": "amount", "amountOff": 500, "currency": "eur"},
        ),
        ({}, {"duration": "once"}, {"duration": "repeating", "durationInMonths": 3}, {"duration": "forever"}),
        ({}, {"expiresInHours": 48}, {"expiresAt": "2030-01-01T00:00:00Z"}),
        ({}, {"provider": "shopify"}),
    )
    return {"type": kind, "discount": {**amount, **lasts, **expires, **provider}}


def step(draw: st.DrawFn, zone: str, position: int) -> Row:
    """A step with its wait."""
    kind, name, content = pick(
        draw,
        (*["email"] * 10, "discount", "discount", "sms", "update"),
        ("id", "emailId", "nodeId", *[None] * 5),
        ({"html": "<p>Hello</p>"}, {"blocks": [{"type": "text", "content": "Hello"}]}),
    )
    found: Row
    if kind == "discount":
        found = discount(draw)
    elif kind == "sms":
        found = {"type": "sms", "text": "Hello"}
    elif kind == "update":
        found = {"type": "update_subscriber", "customAttributeUpdates": [{"name": "plan", "value": "pro"}]}
    else:
        found = {"subject": f"Email {position}", **content, **({"type": "email"} if name == "id" else {})}
    if name is not None:
        found[name] = f"node-{position}"
    return {**found, **wait(draw, zone)}


# ---------------------------------------------------------------- the sequence


def property_filters(draw: st.DrawFn, most: int) -> list[Row]:
    """Some filters, those of `exists` without a value."""
    (size,) = pick(draw, range(1, most + 1))
    found = []
    for _ in range(size):
        ((path, operator, value),) = pick(draw, FILTERS)
        with_value = {} if operator in {"exists", "not_exists"} else {"value": value}
        found.append({"path": path, "operator": operator, **with_value})
    return found


def trigger_fields(draw: st.DrawFn) -> Row:
    """A trigger with its own fields and an enrolment mode that goes with it."""
    trigger, mode = pick(
        draw,
        (
            "contact_added",
            "tag_added",
            *["event_received"] * 4,
            *["segment_entered"] * 2,
            *["inactivity"] * 2,
            *["frequency"] * 2,
        ),
        (None, "unlimited", "one_time"),
    )
    found: Row = {"trigger": trigger, **some(enrollmentMode=mode)}
    if trigger == "contact_added":
        (scope,) = pick(draw, ({}, {"listId": "L1"}, {"listScope": "any_contact"}, {"listScope": "any_list"}))
        return {**found, **scope}
    if trigger == "tag_added":
        return {**found, "tagName": "T1"}
    if trigger == "segment_entered":
        (exit_too,) = pick(draw, ({}, {"stopOnSegmentExit": True}, {"stopOnSegmentExit": False}))
        return {**found, "segmentId": "S1", **exit_too}
    if trigger == "inactivity":
        days, baseline, name = pick(
            draw,
            (1, 1.5, 2, 5),
            (None, "sequence_created_at", "subscriber_created_at"),
            ("order", "order", "paid", TRACKED[2]),
        )
        return {**found, "eventName": name, "inactiveDays": days, **some(inactivityBaseline=baseline)}
    if trigger == "frequency":
        least, days, name = pick(
            draw, (1, 1, 2, 2, 3), (1, 1.0, 1.5, 2, 3), ("order", "order", "order", TRACKED[3])
        )
        return {**found, "eventName": name, "minCount": least, "timeWindowDays": days}
    name, keyed, path, filtered = pick(
        draw,
        (*["order"] * 5, *TRACKED[2:]),
        (True, False, False),
        (None, None, "order.id", "order.id", "productId", "missing"),
        (False, False, True),
    )
    found["eventName"] = name
    if keyed:
        found["enrollmentMode"] = "matching_field"
    if path is not None and (keyed or (mode is None and name in TRACKED[2:])):
        found["enrollmentFieldPath"] = path
    if filtered:
        found["propertyFilters"] = property_filters(draw, 2)
    return found


def stop_condition(draw: st.DrawFn) -> Row | None:
    """A stop condition, with or without a `matchConfig`."""
    kind, tag, of_list, segment, name, field = pick(
        draw,
        (
            *[None] * 5,
            "none",
            *["has_tag", "does_not_have_tag", "added_to_list", "removed_from_list", "entered_segment"] * 2,
            *["event_received"] * 6,
            *["field_changed"] * 4,
        ),
        TAGS,
        LISTS,
        SEGMENTS,
        ("order", "paid"),
        ("plan", "plan", "name"),
    )
    if kind is None or kind == "none":
        return kind and {"type": kind}
    found = {"type": kind}
    if kind == "event_received":
        found["value"] = name
        config, entry, event = pick(draw, range(3), ("order.id", "productId"), ("order.id", "productId"))
        if config == 1:
            filters = property_filters(draw, 2)
            found["matchConfig"] = {"mode": "event_property_filter", "propertyFilters": filters}
        elif config == 2:
            rules = [{"entryFieldPath": entry, "eventFieldPath": event}]
            if entry != event:  # both the same way round, so that two rules are to hold
                rules = [{"entryFieldPath": one, "eventFieldPath": one} for one in (entry, event)]
            found["matchConfig"] = {"mode": "event_property", "rules": rules}
    elif kind == "field_changed":
        found["value"] = field
        (operator, value), config = pick(draw, FIELD_MATCHES, (True, True, False))
        if config:
            found["matchConfig"] = {"mode": "field_value", "operator": operator, "value": value}
    elif kind.endswith("list"):
        found["value"] = of_list
    else:
        found["value"] = segment if kind == "entered_segment" else tag
    return found


def sending_window(draw: st.DrawFn, zone: str) -> Row | None:
    """A sending window, now and then one that is not enabled, or none."""
    wanted, days, (start, end), enabled = pick(
        draw, (False, True), WINDOW_DAYS, HOURS_OPEN, (None, None, None, True, True, False)
    )
    if not wanted:
        return None
    return some(timezone=zone, startTime=start, endTime=end, days=days, enabled=enabled)


def sequence_of(draw: st.DrawFn, zone: str, created_at: datetime) -> Row:
    """The body of a create call."""
    size, other_zone, dated, wrapped = pick(
        draw,
        range(1, 7),
        (*[zone] * 4, "America/New_York", "UTC"),
        (True, False, False),
        (True, *[False] * 9),
    )
    trigger = trigger_fields(draw)
    found = {
        "name": "Case",
        "activeSubscribersOnly": True,  # as Q21 has it; who may enter else is Q33's, in sequenzy_graph_cases
        **trigger,
        **some(stopCondition=stop_condition(draw), sendingWindow=sending_window(draw, zone)),
        "steps": [step(draw, other_zone, position) for position in range(size)],
    }
    if dated and trigger["trigger"] == "inactivity":
        found["createdAt"] = created_at.isoformat()
    return {"success": True, "sequence": found} if wrapped else found


# ---------------------------------------------------------------- the log


def written(t: datetime, zone: str, spelling: int) -> Any:
    """An instant as a property may hold it."""
    local = t.astimezone(zone_info(zone))
    return (
        t.isoformat(),
        t.strftime("%Y-%m-%dT%H:%M:%SZ"),
        local.isoformat(timespec="microseconds"),
        t.replace(tzinfo=None).isoformat(timespec="minutes"),
        local.date().isoformat(),
        int(t.timestamp()),
        int(t.timestamp()) + 0.25,
        int(t.timestamp()) * 1000,
        int(t.timestamp()) * 1000 + 0.5,
        t.strftime("%Y%m%d"),  # digits in a string: none
    )[spelling]


def properties_of(draw: st.DrawFn, zone: str, pool: list[datetime]) -> Row | None:
    """The properties of a tracked event, or None."""
    shape, key, t, spelling, after, junk, where = pick(
        draw, range(64), KEYS, pool, range(10), AFTER, JUNK, range(4)
    )
    if shape < 3:
        return None if shape else {}
    found: Row = {}
    if shape % 8:
        found["order"] = {} if shape == 9 else {"id": key}
    if shape % 3 == 0:  # two of those that are looked for where no path is given
        for name, value in (pick(draw, KEY_NAMES, KEYS) for _ in range(2)):
            parent, _, last = name.rpartition(".")
            inner = found.setdefault(parent, {}) if parent else found
            inner[last] = value
    if shape % 5 < 3:
        size, tags = pick(draw, range(4), ([], ["a"], [1], ["a", 1], [True], "a", None))
        found["tags"] = tags
        items = [pick(draw, SKUS, NUMBERS, (["a"], [1, None], [], None)) for _ in range(size)]
        found["items"] = [some(sku=sku, n=n, tags=tagged) for sku, n, tagged in items]
    value = junk if where == 3 else written(within(t + after), zone, spelling)
    if where != 2 and shape % 8:
        found["order"]["due"] = value
    if where != 1:
        found["due"] = value
    return found


def telling_events(sequence: Row) -> list[tuple[str, str | None]]:
    """The events that the trigger and the stop condition turn on."""
    stop: Row = sequence.get("stopCondition") or {"type": "none"}
    kind, value = stop["type"], stop.get("value")
    leaving = [("list_left", value), ("unsubscribed", None), ("bounced", None), ("resubscribed", None)]
    by_trigger: dict[str, list[tuple[str, str | None]]] = {
        "contact_added": [("contact_added", None), ("list_joined", "L1"), ("list_joined", "L2")],
        "tag_added": [("tag_added", "T1")],
        "segment_entered": [("segment_entered", "S1"), ("segment_left", "S1")],
    }
    by_stop: dict[str, list[tuple[str, str | None]]] = {
        "has_tag": [("tag_added", value), ("tag_removed", value)],
        "does_not_have_tag": [("tag_added", value), ("tag_removed", value)],
        "added_to_list": [("list_joined", value), *leaving],
        "removed_from_list": [("list_joined", value), ("list_joined", value), *leaving],
        "entered_segment": [("segment_entered", value), ("segment_left", value)],
        "field_changed": [("field_changed", value)],
        "event_received": [(str(value), None)],
    }
    triggering = by_trigger.get(sequence["trigger"]) or [(sequence["eventName"], None)]
    return triggering * (2 if len(triggering) > 1 else 4) + by_stop.get(kind, [])


def event_at(draw: st.DrawFn, case: Case, at: datetime, people: int, zone: str, pool: list[datetime]) -> Row:
    """One event of the log."""
    sequence: Row = case.sequence.get("sequence", case.sequence)
    telling = telling_events(sequence)
    often = telling * (len(EVENTS) // len(telling))  # every other time
    (name, ref), subscriber_id, new_value, shape = pick(
        draw, [*often, *EVENTS], range(people), NEW_VALUES, range(8)
    )
    properties = None
    if name in TRACKED:
        properties = properties_of(draw, zone, pool)
    elif name == "field_changed" and shape:
        properties = {} if shape == 1 else {"value": new_value}
    return {"subscriber_id": subscriber_id, "at": at, "event": name, "ref": ref, "properties": properties}


def entry_at(draw: st.DrawFn, at: datetime, people: int, zone: str, pool: list[datetime]) -> Row:
    """One entry."""
    subscriber_id, via = pick(draw, range(people), ("trigger", "trigger", "manual"))
    properties = properties_of(draw, zone, pool)
    return {"subscriber_id": subscriber_id, "entered_at": at, "via": via, "properties": properties}


def happenings(case: Case) -> list[datetime]:
    """The instants at which something happens in a case, those out of range left out."""
    result = simulate(*case)
    found = [row["send_at"] for row in result.timeline] + [row["at"] for row in result.journal]
    return sorted({t for t in found if FIRST <= t <= LAST})


# ---------------------------------------------------------------- whole cases


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Cases of 1 to 4 subscribers: a history is drawn, then more events at the instants of what it leads to."""
    zone, base = base_of(draw)
    pool = pool_of(draw, base)
    people, by_entries, size, more, enabled, ends = pick(
        draw,
        (1, 2, 2, 3, 4),
        (False, False, False, True),
        (2, 6, 0, 6, 10, 10, 14, 18),
        (0, 2, 4, 6),
        (None, *[0] * 4, 1, 2),  # its place in the pool
        (False, False, False, True),
    )
    readings = pick(
        draw,
        (None, None, timedelta(minutes=15), timedelta(minutes=7), HOUR, DAY),
        (None, None, timedelta(minutes=15), timedelta(minutes=10), HOUR, DAY),
        (None, None, "every_node", "steps"),
        (None, None, "state", "transition"),
    )
    names = ("segment_poll", "inactivity_poll", "stop_checks", "stop_reading")
    case = Case(
        sequence_of(draw, zone, base),
        some(**dict(zip(names, readings, strict=True))),
        None if enabled is None else pool[enabled],
        None,
        [],
        [] if by_entries else None,
    )
    if case.entries is not None:
        ats = [pick(draw, pool)[0] for _ in range(pick(draw, range(1, 7))[0])]
        case.entries.extend(entry_at(draw, at, people, zone, pool) for at in ats)
    ats = [pick(draw, pool)[0] for _ in range(size)]
    case.events.extend(event_at(draw, case, at, people, zone, pool) for at in ats)
    known = [*pool, *happenings(case)]
    for _ in range(more):  # and each may be a wait or a window after what happens
        t, after, near = pick(draw, known, (*[timedelta(0)] * len(AFTER), *AFTER), NEAR)
        case.events.append(event_at(draw, case, within(t + after + near), people, zone, pool))
    if ends:
        (until,) = pick(draw, [*pool, *happenings(case)])
        case = case._replace(until=until)
    return case
