"""Hypothesis strategies: sequences of both platforms, and entries, often near clock changes.

The first choice of each strategy is the simplest, since hypothesis shrinks to it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import numpy as np

from simcore import kit, sequenzy
from simcore.clock import instants
from simcore.clock.instants import Instant
from simcore.clock.zones import DAY_US, MINUTE_US, SECOND_US, zone
from simcore.errors import SimcoreError, shown

try:
    from hypothesis import strategies as st
except ModuleNotFoundError:
    raise ModuleNotFoundError(
        'strategies need hypothesis: pip install "simcore[testing]"', name="hypothesis"
    ) from None

_ZONES = (
    "UTC",
    "America/New_York",
    "Europe/Kyiv",
    "America/Santiago",  # midnight that does not exist
    "America/Havana",  # the same, and midnight that comes twice
    "Australia/Lord_Howe",  # shifts by half an hour
    "America/St_Johns",  # until 2011 at 00:01
    "Pacific/Apia",  # no 2011-12-30
    "America/Nuuk",  # from one date into the next
    "Africa/Casablanca",  # twice more a year, around Ramadan
    "Antarctica/Troll",  # by two hours
    "Asia/Kathmandu",  # a quarter of an hour from every whole one
)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOURS = (9, 0, 2, 23, *range(24))
_NEAR_US = (0, 1, -1, SECOND_US, -SECOND_US, 15 * MINUTE_US, -15 * MINUTE_US)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TEXT = st.just("") | st.text(st.characters(codec="utf-8"), min_size=1, max_size=30).filter(str.strip)
_SOME_DAYS = st.sets(st.sampled_from(_DAYS), min_size=1).map(
    lambda days: tuple(day for day in _DAYS if day in days)
)
_SEND_DAYS = st.just(_DAYS) | _SOME_DAYS
_OWN_DAYS = st.none() | _SOME_DAYS
_Delays = st.SearchStrategy[tuple[int, Literal["days", "hours"]]]
_IN_DAYS: _Delays = st.tuples(st.sampled_from([1, 2, 3, 7, 30, 365]), st.just("days"))
_IN_HOURS: _Delays = st.tuples(st.integers(1, 100), st.just("hours"))
_AT_ONCE: _Delays = st.just((0, "days"))
_DELAYS = _IN_DAYS | _IN_HOURS
_FIRST_DELAYS = _AT_ONCE | _DELAYS


def kit_sequences(
    *, time_zones: Sequence[str] = _ZONES, min_emails: int = 1, max_emails: int = 6, live: bool = False
) -> st.SearchStrategy[kit.Sequence]:
    """Valid Kit sequences with `min_emails` to `max_emails` emails, in one of `time_zones`.

    They include drafts, emails with days of their own, and now and then a sequence without send days or one that is
    not active. `live=True`: only sequences in which every email goes out, under the default assumptions.

    >>> from hypothesis import given, settings
    >>> @settings(max_examples=5, database=None)
    ... @given(kit_sequences(max_emails=3))
    ... def test(sequence):
    ...     assert 1 <= len(sequence.emails) <= 3
    >>> test()
    """
    _check(time_zones, min_emails, max_emails)
    return _kit_sequences(st.sampled_from(tuple(time_zones)), st.integers(min_emails, max_emails), live)


@st.composite
def _kit_sequences(
    draw: st.DrawFn, time_zones: st.SearchStrategy[str], sizes: st.SearchStrategy[int], live: bool
) -> kit.Sequence:
    emails = [_email(draw, number, live) for number in range(draw(sizes))]
    return kit.Sequence(
        name="Sequence",
        emails=tuple(emails),
        time_zone=draw(time_zones),
        send_days=draw(_SEND_DAYS if live else _SEND_DAYS | st.just(())),
        send_hour=draw(st.sampled_from(_HOURS)),
        active=live or draw(st.sampled_from([True] * 7 + [False])),
        repeat=draw(st.booleans()),
        hold=draw(st.booleans()),
    )


def _email(draw: st.DrawFn, number: int, live: bool) -> kit.Email:
    """An email; all but the first have a wait."""
    value, unit = draw(_DELAYS if number else _FIRST_DELAYS)
    return kit.Email(
        id=101 + number,
        subject=_subject(draw, number),
        delay_value=value,
        delay_unit=unit,
        published=live or draw(st.sampled_from([True] * 4 + [False])),
        send_days=draw(_OWN_DAYS) if unit == "days" else None,
    )


def sequenzy_sequences(
    *, time_zones: Sequence[str] = _ZONES, min_emails: int = 1, max_emails: int = 6, live: bool = False
) -> st.SearchStrategy[sequenzy.Sequence]:
    """Valid Sequenzy sequences with `min_emails` to `max_emails` emails, and windows and waits in `time_zones`.

    They include all kinds of waits, steps that are not emails, triggers, enrolment modes and stop conditions, and now
    and then a window without a day. `live=True`: only sequences in which every email goes out to a subscriber who
    enters and does nothing else.

    >>> from hypothesis import given, settings
    >>> @settings(max_examples=5, database=None)
    ... @given(sequenzy_sequences(time_zones=["Europe/Kyiv"]))
    ... def test(sequence):
    ...     assert sequence.time_zone in {"Europe/Kyiv", "UTC"}  # UTC without a sending window
    >>> test()
    """
    _check(time_zones, min_emails, max_emails)
    windows = _windows(tuple(time_zones), live)
    return _sequenzy_sequences(windows, _waits(windows, live), st.integers(min_emails, max_emails), live)


_TRIGGERS: tuple[dict[str, Any], ...] = (
    {"trigger": "contact_added"},
    {"trigger": "contact_added", "listId": "news"},
    {"trigger": "tag_added", "tagName": "lead"},
    {"trigger": "segment_entered", "segmentId": "regulars"},
    {"trigger": "segment_entered", "segmentId": "regulars", "stopOnSegmentExit": True},
    {"trigger": "event_received", "eventName": "order"},
    {"trigger": "inactivity", "eventName": "order", "inactiveDays": 30},
    {"trigger": "frequency", "eventName": "order", "minCount": 2, "timeWindowDays": 7},
    {  # which rejects events without such a field
        "trigger": "event_received",
        "eventName": "order",
        "enrollmentMode": "matching_field",
    },
)
_STOPS: tuple[dict[str, Any] | None, ...] = (
    None,
    {"type": "has_tag", "value": "customer"},
    {"type": "event_received", "value": "paid"},
    {"type": "field_changed", "value": "plan"},
    {"type": "does_not_have_tag", "value": "lead"},  # which is true of everyone who never had it
)
_OTHERS: st.SearchStrategy[dict[str, Any] | None] = st.sampled_from([
    *[None] * 12,
    {"type": "sms", "text": "Hello"},
    {"type": "update_subscriber", "customAttributeUpdates": [{"name": "level", "value": "pro"}]},
    {"type": "create_discount", "discount": {"discountType": "percent", "percentOff": 20}},
])
_TIMES = (
    ("09:00", "17:00"),
    ("00:00", "24:00"),
    ("02:00", "03:00"),
    ("02:15", "02:45"),
    ("00:00", "00:30"),
    ("23:30", "24:00"),
    ("12:00", "12:01"),
)


@st.composite
def _sequenzy_sequences(
    draw: st.DrawFn,
    windows: st.SearchStrategy[dict[str, Any]],
    waits: st.SearchStrategy[dict[str, Any]],
    sizes: st.SearchStrategy[int],
    live: bool,
) -> sequenzy.Sequence:
    steps: list[dict[str, Any]] = []
    for number in range(draw(sizes)):
        other = draw(_OTHERS)
        if other is not None:
            steps.append(other | draw(waits))
        steps.append({"subject": _subject(draw, number), "html": "<p>Hello</p>"} | draw(waits))
    trigger = draw(st.sampled_from(_TRIGGERS[:-1] if live else _TRIGGERS))
    mode = draw(st.sampled_from([None, "unlimited", "one_time"]))
    return sequenzy.Sequence(
        name="Sequence",
        steps=tuple(steps),
        sendingWindow=draw(st.none() | windows),
        stopCondition=draw(st.sampled_from(_STOPS[:-1] if live else _STOPS)),
        **({"enrollmentMode": mode} | trigger),
    )


def _windows(time_zones: Sequence[str], live: bool) -> st.SearchStrategy[dict[str, Any]]:
    """Windows: part of some days, or of every day."""

    def window(zone: str, times: tuple[str, str], days: tuple[str, ...] | None) -> dict[str, Any]:
        chosen = {} if days is None else {"days": [*days]}
        return {"timezone": zone, "startTime": times[0], "endTime": times[1], **chosen}

    return st.builds(
        window,
        st.sampled_from(time_zones),
        st.sampled_from(_TIMES),
        _OWN_DAYS if live else _OWN_DAYS | st.just(()),
    )


def _waits(windows: st.SearchStrategy[dict[str, Any]], live: bool) -> st.SearchStrategy[dict[str, Any]]:
    """A step's wait, as a dict of its fields; an empty dict for none."""
    lengths = st.sampled_from([
        {"days": 1},
        {"hours": 12},
        {"minutes": 45},
        {"days": 2, "hours": 3},
        {"days": 0.1},
    ])
    actions = ["continue"] if live else ["continue", "exit"]
    return (
        st.just({})
        | lengths.map(lambda length: {"delay": length})
        | st.integers(0, 10**9).map(lambda length_ms: {"delayMs": length_ms})
        | windows.map(lambda window: {"waitUntilWeekday": window})
        | st.sampled_from(actions).map(
            lambda action: {"waitUntil": {"field": "due", "missingAction": action}}
        )
    )


def entry_instants(time_zone: str, start: Instant, end: Instant) -> st.SearchStrategy[datetime]:
    """Entries from `start` to before `end`, as aware datetimes in UTC.

    Half of them are at or near a clock change of the zone, or a full or quarter hour of its wall clock (most often
    midnight): exactly there, or off by a microsecond, a second or a quarter of an hour. `start`, `end`: aware
    datetimes, or strings; without an offset they are wall-clock time in the zone. Raises SimcoreError for an empty
    range or an unknown zone.

    >>> from hypothesis import given, settings
    >>> @settings(max_examples=5, database=None)
    ... @given(entry_instants("America/New_York", "2026-03-08T00:00-05:00", "2026-03-09T00:00-04:00"))
    ... def test(entered_at):
    ...     assert entered_at.day in {8, 9}
    >>> test()
    """
    here = zone(time_zone)
    first_us, end_us = (
        instants.read_one(value, name, time_zone) for value, name in ((start, "start"), (end, "end"))
    )
    if first_us >= end_us:
        raise SimcoreError(f"end: found {shown(end)}, expected an instant after start ({shown(start)})")
    first, last = (int(date) for date in here.date(np.array([first_us, end_us - 1])))

    def near(at_us: int, by_us: int) -> int:
        return min(max(at_us + by_us, first_us), end_us - 1)

    def on_clock(day: int, quarter: int) -> int:
        local_us = day * DAY_US + quarter * 15 * MINUTE_US
        return int(here.instant_us(np.array([local_us]))[0])

    changes = here.changes_us[(here.changes_us >= first_us) & (here.changes_us < end_us)].tolist()
    quarters = st.sampled_from([0, 96]) | st.integers(0, 24).map(lambda hour: 4 * hour) | st.integers(0, 95)
    days = st.integers(min(first, last), max(first, last))
    edges = st.builds(on_clock, days, quarters)
    if changes:
        edges = st.sampled_from(changes) | edges
    beside = st.builds(near, edges, st.sampled_from(_NEAR_US))
    anywhere = st.integers(first_us, end_us - 1)
    return (anywhere | beside).map(lambda us: _EPOCH + timedelta(microseconds=us))


def _subject(draw: st.DrawFn, number: int) -> str:
    return draw(_TEXT) or f"Email {number}"


def _check(time_zones: Sequence[str], least: int, most: int) -> None:
    """Raises SimcoreError for an unknown zone, or if no number of emails fits."""
    for name in time_zones:
        zone(name)
    if not 0 <= least <= most:
        raise SimcoreError(
            f"min_emails: found {shown(least)}, expected a number from 0 to max_emails ({shown(most)})"
        )
