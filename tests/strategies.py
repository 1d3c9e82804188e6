"""Hypothesis strategies of instants, zones and whole Kit cases, weighted to where clocks change.

A case is a dict in the shape that `oracle.project` and `oracle.simulate` take, instants as ISO 8601 strings.
Several small choices are drawn as one number (`pick`), which keeps a whole case to some milliseconds.
"""

import importlib.resources
from bisect import bisect
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import groupby
from math import prod

from hypothesis import strategies as st
from oracle import (
    EPOCH,
    JOINS,
    LEAVES,
    LISTED,
    WEEKDAYS,
    State,
    first_state,
    instant,
    local_date,
    project,
    utc_offset,
    wall_to_utc,
)

Draw = Callable[[st.SearchStrategy], object]

END = datetime(2100, 1, 1, tzinfo=UTC)
DAYS = (END - EPOCH).days
SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)
QUARTER = timedelta(minutes=15)
ODD_ZONES = (
    "America/New_York",
    "UTC",
    "America/Santiago",  # midnight that does not exist
    "America/Havana",  # the same, and midnight that happens twice
    "Australia/Lord_Howe",  # shifts by half an hour
    "America/St_Johns",  # until 2011 at 00:01
    "Pacific/Apia",  # no 2011-12-30
    "Pacific/Kwajalein",  # no 1993-08-21
    "America/Nuuk",  # shifts at 22:00 to 00:00
    "Africa/Casablanca",  # twice more a year, around Ramadan
    "Asia/Gaza",  # rules of every kind
    "Antarctica/Troll",  # shifts by two hours
    "Asia/Kathmandu",  # a quarter of an hour
    "Africa/Monrovia",  # odd seconds before 1972
    "Europe/Dublin",  # winter is the time that is saved
)
NEAR = (timedelta(0), timedelta(0), MICROSECOND, -MICROSECOND, SECOND, -SECOND, 60 * SECOND, -60 * SECOND)
HOURS = (*range(24), *[0, 1, 2, 3, 22, 23] * 4)
# 7 bits of weekdays and a place to begin from, so that the names come in other orders too
DAY_NAMES = [
    [WEEKDAYS[(day + turn) % 7] for day in range(7) if bits >> day & 1]
    for turn in (0, 3)
    for bits in (127, 31, *range(1, 128))
]
IMMEDIATE = ({"delay_value": 0, "delay_unit": "days"},)
DELAYS = [
    *({"delay_value": n, "delay_unit": "days"} for n in [1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 30, 365] * 4),
    *({"delay_value": n, "delay_unit": "hours"} for n in [*range(1, 27), 48, 72, 100, 168]),
    {"delay_value": 3650, "delay_unit": "days"},
    {"delay_value": 87_600, "delay_unit": "hours"},
]
VIAS = ("api", *LISTED, "form", "manual")
SOURCES = [
    *[[]] * 10,
    *(
        [{"type": kind, "ids": ids}]
        for kind in ("tag", "sequence", "form", "segment")
        for ids in ([1], [3, 2])
    ),
    [{"type": "tag", "ids": [2]}, {"type": "form", "ids": [1, 3]}],
    [{"type": "segment", "ids": [1, 2, 3]}, {"type": "tag", "ids": [1, 2, 3]}],
]
EVENTS = [
    *((name, ref) for name in JOINS for ref in (1, 2, 3)),
    *((name, None) for name in (*LEAVES, *["removed", "resubscribed"] * 3)),
]
STATIC_ASSUMPTIONS = {  # each left out two times of three, or so
    "day_count": (None, None, "calendar", "elapsed"),
    "poll_every": (None, None, None, "15 minutes", "10 minutes", "60 minutes", "7 minutes"),
    "poll_phase": (None, None, "0 minutes", "7 minutes", "3 minutes"),
    "immediate_days": (None, None, "any", "send_days"),
    "email_days": (None, None, "override", "intersect"),
    "draft_delay": (None, None, "skip", "count"),
}
LIFECYCLE_ASSUMPTIONS = {
    "restart_via": (None, "all", "listed"),
    "hold_without_automation": (None, None, "same", "stay", "complete"),
    "excluded_midway": (None, "skip_email", "end_run"),
    "queued_emails": (None, "keep", "reschedule"),
    "insert_before_next": (None, "wait", "at_once", "at_once"),
    "earlier_insert": (None, "send", "skip"),
}


# ---------------------------------------------------------------- zones and instants


@cache
def zone_names() -> tuple[str, ...]:
    """Every name in the tzdata package."""
    return tuple(importlib.resources.files("tzdata").joinpath("zones").read_text("utf-8").split())


@cache
def clock_changes(zone: str) -> list[datetime]:
    """The instants from 1970 to 2100 at which the offset of a zone changes, in order, aware, in UTC."""
    changes = []
    low, before = EPOCH, utc_offset(EPOCH, zone)
    for day in range(4, DAYS + 4, 4):  # two changes are a week apart at the least (Boa Vista, October 2000)
        later = min(EPOCH + timedelta(days=day), END)
        after = utc_offset(later, zone)
        if after != before:
            high = later
            while high - low > SECOND:
                middle = low + (high - low) // (2 * SECOND) * SECOND
                low, high = (middle, high) if utc_offset(middle, zone) == before else (low, middle)
            changes.append(high)
        low, before = later, after
    return changes


@cache
def below(n: int) -> st.SearchStrategy[int]:
    """Whole numbers from 0 to before n."""
    return st.integers(0, n - 1)


def pick(draw: Draw, *tables: Sequence) -> list:
    """An item of each table, by one draw; the first items are the simplest."""
    number, items = draw(below(prod(len(table) for table in tables))), []
    for table in tables:
        number, place = divmod(number, len(table))
        items.append(table[place])
    return items


def within(t: datetime) -> datetime:
    """The instant nearest to t in the years 1970 to 2099."""
    return min(max(t, EPOCH), END - MICROSECOND)


def zones() -> st.SearchStrategy[str]:
    """Any zone of tzdata; every other one is odd."""
    return st.sampled_from(ODD_ZONES) | st.sampled_from(zone_names())


def weekday_sets() -> st.SearchStrategy[frozenset[int]]:
    """Sets of weekdays, Monday is 0; the empty one too."""
    return below(128).map(lambda bits: frozenset(day for day in range(7) if bits >> day & 1))


@st.composite
def instants(draw: Draw, zone: str) -> datetime:
    """Aware UTC instants from 1970 to 2100, most of them near a clock change or on a whole local hour."""
    return instant_in(draw, zone)


def instant_in(draw: Draw, zone: str) -> datetime:
    (kind,) = pick(draw, range(8))
    changes = clock_changes(zone)
    if kind <= 4 and changes:
        change, quarters, near = pick(draw, changes, range(-104, 105), NEAR)
        seconds = draw(below(3 * 3600 * 10**6)) * MICROSECOND if kind == 4 else timedelta(0)
        return within(change + (near if kind <= 1 else quarters * QUARTER + near) + seconds)
    if kind <= 6:
        (day,), (hour, near) = pick(draw, range(DAYS)), pick(draw, HOURS, NEAR)
        wall = datetime.combine(date(1970, 1, 1) + timedelta(days=day), time(hour))
        return within(wall_to_utc(wall, zone) + near)
    return EPOCH + draw(below((END - EPOCH) // MICROSECOND)) * MICROSECOND


def moment(draw: Draw, zone: str, base: datetime, hour: int) -> datetime:
    """An instant within weeks of a base: on it, on a clock change, a slot or a poll, or just beside one."""
    kind, hours_off, near = pick(draw, range(6), range(-480, 481), NEAR)
    t = within(base + timedelta(hours=hours_off))
    if kind == 0:
        t = base
    elif kind == 1:
        changes = clock_changes(zone) or [base]
        t = changes[min(bisect(changes, t), len(changes) - 1)]
    elif kind == 2:
        t = wall_to_utc(datetime.combine(t.date(), time(hour)), zone)
    elif kind == 3:
        t -= (t - EPOCH) % QUARTER
    elif kind == 4:
        t += draw(below(3600 * 10**6)) * MICROSECOND
    return within(t + near)


def iso(t: datetime) -> str:
    """An instant as ISO 8601 in UTC, ending in Z."""
    return t.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


# ---------------------------------------------------------------- pieces of a case


def delay(draw: Draw, *, first: bool) -> dict:
    """delay_value and delay_unit; 0 days only for the first email."""
    return pick(draw, [*IMMEDIATE * 50, *DELAYS] if first else DELAYS)[0]


def an_email(draw: Draw, email_id: int | None, *, first: bool) -> dict:
    """An email without a position."""
    waits = delay(draw, first=first)
    published, days = pick(draw, (True, True, True, True, False), [None] * 300 + DAY_NAMES)
    return {
        "id": email_id,
        "subject": f"Email {email_id}",
        **waits,
        "published": published,
        "send_days": days if waits["delay_unit"] == "days" else None,
    }


def email_list(draw: Draw, least: int, most: int) -> list[dict]:
    """Emails with positions, now and then with gaps, without any, without ids, or from last to first."""
    size, oddity = pick(draw, range(least, most + 1), range(15))
    found = [an_email(draw, None if oddity == 14 else 100 + i, first=i == 0) for i in range(size)]
    for i, email in enumerate(found):
        email["position"] = 3 * i + 1 if oddity == 12 else None if oddity == 13 else i
    return found[::-1] if oddity == 12 else found


def a_sequence(draw: Draw, zone: str) -> dict:
    """The fields of a sequence in that zone."""
    days, hour = pick(draw, [*DAY_NAMES, *[[]] * 10], HOURS)
    active, repeat, hold, sources = pick(draw, [True] * 15 + [False], (False, True), (False, True), SOURCES)
    return {
        "id": 30,
        "name": "Case",
        "send_days": days,
        "send_hour": hour,
        "time_zone": zone,
        "active": active,
        "repeat": repeat,
        "hold": hold,
        "exclude_subscriber_sources": sources,
    }


def assumptions(draw: Draw, known: dict[str, tuple]) -> dict[str, str]:
    """Values for some of the assumptions."""
    values = pick(draw, *known.values())
    return {name: value for name, value in zip(known, values, strict=True) if value}


def bare_case(draw: Draw, least: int, most: int) -> dict:
    """A case without `until`: few instants for many entries, so that some tie."""
    (zone,) = pick(draw, ODD_ZONES * 3 + zone_names()[::150])
    sequence, base = a_sequence(draw, zone), instant_in(draw, zone)
    pool_size, size, drafts = pick(draw, range(1, 6), range(1, 8), (False, False, False, False, True))
    pool = [moment(draw, zone, base, sequence["send_hour"]) for _ in range(pool_size)]
    chosen = [pick(draw, range(4), pool, VIAS) for _ in range(size)]
    return {
        "sequence": sequence,
        "emails": email_list(draw, least, most),
        "assumptions": assumptions(draw, STATIC_ASSUMPTIONS),
        "include_drafts": drafts,
        "until": None,
        "entries": [{"subscriber_id": i, "entered_at": iso(t), "via": via} for i, t, via in chosen],
    }


def happenings(case: dict) -> list[datetime]:
    """The entries and sends of a case, in order, those after 2100 left out."""
    entered = [instant(entry["entered_at"]) for entry in case["entries"]]
    return sorted(t for t in {*entered, *(row["send_at"] for row in project(case))} if t < END)


# ---------------------------------------------------------------- whole cases


def with_dates_left_out(draw: Draw, case: dict) -> None:
    """Leaves out dates (T23): single ones and stretches after entries, and next to clock changes."""
    zone, found = case["sequence"]["time_zone"], set()
    changes = clock_changes(zone)
    for _ in range(pick(draw, (1, 2, 3, 5))[0]):
        entry, kind, off, long = pick(draw, case["entries"], range(3), range(-1, 12), (1, 1, 2, 3, 9))
        t = instant(entry["entered_at"])
        if kind == 0 and changes:
            t, off = changes[min(bisect(changes, t), len(changes) - 1)], off % 3 - 1
        found |= {local_date(t, zone) + timedelta(days=off + n) for n in range(long)}
    case["left_out"] = sorted(day.isoformat() for day in found)


def with_zones(draw: Draw, case: dict) -> None:
    """Gives most entries a zone of their own (T22), few different ones."""
    some = [None, *pick(draw, ODD_ZONES, ODD_ZONES, zone_names()[::150]), case["sequence"]["time_zone"]]
    for entry in case["entries"]:
        entry["time_zone"] = pick(draw, some)[0]


@st.composite
def what_if_cases(draw: Draw) -> dict:
    """Cases with a history, with dates left out, with zones of their own, or with both."""
    case = draw(lifecycle_cases())
    dates, zones_too = pick(draw, ((True, True), (True, False), (False, True)))[0]
    if dates:
        with_dates_left_out(draw, case)
    if zones_too:
        with_zones(draw, case)
    return case


@st.composite
def static_cases(draw: Draw) -> dict:
    """Cases of an unchanging sequence of 1 to 8 emails."""
    case = bare_case(draw, 1, 8)
    (ends,) = pick(draw, (False, False, False, True))
    if ends:
        last, near = pick(draw, happenings(case), NEAR)
        case["until"] = iso(within(last + near))
    return case


def change_of(draw: Draw, state: State, new_id: int | None) -> dict:
    """One change of a sequence, without its instant; it may be one that Kit would refuse."""
    (op,) = pick(draw, ("update", "update_email", "create_email", "update_email", "delete_email"))
    ids = [email["id"] for email in state.emails]
    past = max((email["position"] for email in state.emails), default=-1) + 1
    if op == "update" or (op != "create_email" and not ids):
        return {"op": "update", "fields": some_fields(draw, state.fields)}
    if op == "create_email":
        place, ends = pick(draw, range(past + 2), (False, False, False, True))
        place += place == 0 and bool(ids) and state.emails[0]["delay_value"] == 0
        email = an_email(draw, new_id, first=place == 0)
        if new_id is None:
            del email["id"]
        return {"op": op, "fields": email if ends else {**email, "position": place}}
    email_id, place, kind, also = pick(draw, ids, range(past + 2), range(7), (False, False, False, True))
    if op == "delete_email":
        return {"op": op, "email_id": email_id}
    if kind <= 3:
        fields = {"published": not state.emails[state.place(email_id)]["published"]}
    elif kind == 4:
        fields = dict(delay(draw, first=state.place(email_id) == 0))
    elif kind == 5:
        fields = {"send_days": pick(draw, [None] * 50 + DAY_NAMES)[0]}
    else:
        fields = {"position": place}
    if also:
        fields = {"published": True, "position": place} | fields
    return {"op": op, "email_id": email_id, "fields": fields}


def some_fields(draw: Draw, now: dict) -> dict:
    """Fields of a sequence to change: often what it takes for a paused or closed one to go on."""
    kind, freed, zone, days = pick(draw, range(12), (False, True, True), ODD_ZONES, DAY_NAMES)
    if freed and not (now["active"] and now["send_days"]):
        return {"active": True, "send_days": now["send_days"] or days}
    if kind <= 5:
        return (
            {"active": True},
            {"active": False},
            {"active": False},
            {"send_days": []},
            {"hold": False},
            {"hold": True},
        )[kind]
    whole = a_sequence(draw, zone)
    names = ("send_days", "send_hour", "time_zone", "repeat", "exclude_subscriber_sources", "active")
    return {name: whole[name] for name in (names[kind - 6], names[kind - 7 if kind > 6 else 1])}


def accepted(state: State, change: dict) -> bool:
    """Whether the sequence still validates after a change (K5)."""
    fields = change.get("fields", {})
    if fields.get("delay_unit") == "hours" and fields.get("send_days"):
        return False
    for place, email in enumerate(state.after(change).emails):
        by_hours = email["delay_unit"] == "hours"
        if (email["delay_value"] == 0 and (by_hours or place > 0)) or (by_hours and email["send_days"]):
            return False
    return True


def history(draw: Draw, case: dict, ats: list[datetime], disorder: bool) -> list[dict]:
    """Changes of the sequence of a case that Kit would accept, one after the other."""
    state, found = first_state(case), []
    for number, now in enumerate(sorted(ats)):
        # Whether the negative id of a deleted email is free again is nobody's rule, so none is asked for.
        named = number % 3 or any(change.get("email_id", 0) < 0 for change in found)
        change = change_of(draw, state, 200 + number if named else None)
        if accepted(state, change):
            state = state.after(change)
            found.append({"at": iso(now), **change})
    if disorder:  # those of one instant stay as they are
        groups = [list(group) for _, group in groupby(found, key=lambda change: change["at"])]
        found = [change for group in reversed(groups) for change in group]
    return found


@st.composite
def lifecycle_cases(draw: Draw) -> dict:
    """Cases with events and changes, many of them at the very instant of an entry, a send or each other."""
    case = bare_case(draw, 3, 6)
    case["assumptions"] |= assumptions(draw, LIFECYCLE_ASSUMPTIONS)
    case["sequence"]["hold"] = pick(draw, (True, True, True, False))[0]
    known = happenings(case)
    event_count, change_count, pool_size, disorder, ends = pick(
        draw,
        (1, 0, 2, 3, 4, 6),
        (3, 2, 1, 0, 4, 5, 6, 7),
        range(1, 5),
        (False, False, True),
        (False, False, False, True),
    )
    pool = [
        within(t + quarters * QUARTER + near)
        for t, quarters, near in (
            pick(draw, known, (0, 0, 0, 1, -1, 4, -4, 96, -96, 400, 1000), NEAR) for _ in range(pool_size)
        )
    ]
    excluded = [(s["type"], i) for s in case["sequence"]["exclude_subscriber_sources"] for i in s["ids"]]
    telling = [(name, i) for name, (kind, _) in JOINS.items() for source, i in excluded if source == kind]
    names = EVENTS + telling * (len(EVENTS) // max(len(telling), 1))
    events = [pick(draw, range(4), pool + known, names) for _ in range(event_count)]
    ats = [pick(draw, pool + known)[0] for _ in range(change_count)]
    return {
        **case,
        "until": iso(pick(draw, pool + known)[0]) if ends else None,
        "events": [
            {"subscriber_id": i, "at": iso(t), "event": name, "ref": ref} for i, t, (name, ref) in events
        ],
        "changes": history(draw, case, ats, disorder),
    }
