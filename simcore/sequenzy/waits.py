"""What a step waits for, and when emails may go out: every spelling of Q5 and Q28 to Q38 read as one of a few things.

Nothing here checks anything: `problems` has refused what cannot be read.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from numbers import Rational
from typing import Any, NamedTuple

from simcore.clock.instants import read_one
from simcore.clock.words import length
from simcore.clock.zones import DAY_US, FAR_US, HOUR_US
from simcore.text.wording import WEEKDAYS, part_of_week

KINDS = ("delay", "delayMs", "waitUntil", "waitUntilWeekday", "waitUntilKeyDate")
UNITS = ("days", "hours", "minutes")
MODES = {
    "duration": "delay",
    "until_date": "waitUntil",
    "until_weekday": "waitUntilWeekday",
    "until_key_date": "waitUntilKeyDate",
}
"""What the mode of a delay makes of it."""
FIELDS_OF_MODE = {mode: kind for mode, kind in MODES.items() if mode != "duration"}
"""The modes whose fields are those of another kind of wait."""
SPELLINGS = {
    "field": ("field", "untilField", "untilDateField"),
    "source": ("source", "untilDateSource"),
    "offset": ("offset", "untilOffset"),
    "direction": ("direction", "untilDirection", "untilOffsetDirection"),
    "missingAction": ("missingAction", "untilMissingAction"),
    "pastAction": ("pastAction", "untilPastAction"),
    "key": ("key", "untilKeyDate", "keyDate"),
    "day": ("day", "untilDay"),
    "days": ("days", "untilDays"),
    "startTime": ("startTime", "untilStartTime"),
    "endTime": ("endTime", "untilEndTime"),
    "timezone": ("timezone", "untilTimezone"),
    "timezoneSource": ("timezoneSource", "untilTimezoneSource"),
    "minimumWait": ("minimumWait", "untilMinimumWait"),
}
"""Each field of a wait, and the names that it goes by (Q5)."""
FIELDS = {
    "waitUntil": ("field", "offset", "direction", "missingAction", "source", "pastAction"),
    "waitUntilWeekday": ("day", "days", "startTime", "endTime", "timezone", "timezoneSource", "minimumWait"),
    "waitUntilKeyDate": ("key", "offset", "direction", "missingAction", "pastAction"),
}
"""The fields of each kind of wait."""
OF_DELAY_NODE = {"delayDays": "days", "delayHours": "hours", "delayMinutes": "minutes", "delayMode": "mode"}
"""Fields of the configuration of a delay, and what they are called in a `delay` (Q26)."""
DELAYS = ("delay", "logic_delay")
"""What a step that is a wait on its own is called (Q35)."""
DELAY_FIELDS = frozenset({
    *(*OF_DELAY_NODE, *UNITS, "mode"),
    *(name for fields in FIELDS.values() for field in fields for name in SPELLINGS[field]),
})
"""What the configuration of a delay may say of it, besides the waits of a step."""
TIMEOUT_DAYS = 7  # Q37

_MINUTE_US = HOUR_US // 60


class Length(NamedTuple):
    """A wait of so many microseconds."""

    duration_us: int


class UntilField(NamedTuple):
    """A wait until a date at the dot path, plus `offset_us` (before it: negative).

    `exits`: whether the run ends where there is no such date. `source`: the run's "event", or an "attribute" of the
    subscriber (Q28). `past`: what is done where it is past: "continue", "skip" or "exit" (Q29).
    """

    path: str
    offset_us: int
    exits: bool
    source: str = "event"
    past: str = "continue"


class UntilKeyDate(NamedTuple):
    """A wait until one of the sequence's key dates, plus `offset_us`; the rest is as of `UntilField` (Q38).

    `at_us`: the instant of that date; None where there is none of that key.
    """

    key: str
    offset_us: int
    exits: bool
    past: str = "skip"
    at_us: int | None = None


class Weekdays(NamedTuple):
    """A window: from one minute of the local day to before another, on some weekdays (0 is Monday).

    `by_subscriber`: in the zone of each subscriber, and in `time_zone` for those who have none (Q31). `least_us`: the
    wait before the window is looked at (Q30).
    """

    weekdays: frozenset[int]
    start_min: int
    end_min: int
    time_zone: str
    by_subscriber: bool = False
    least_us: int = 0


class UntilEvent(NamedTuple):
    """A wait for an event, for so long; `exits`: whether the run ends where it does not come (Q37)."""

    name: str
    timeout_us: int
    exits: bool


Wait = Length | UntilField | UntilKeyDate | Weekdays | UntilEvent


def wait(
    step: Mapping[str, Any], dates: Mapping[str, int] | None = None
) -> Length | UntilField | UntilKeyDate | Weekdays | None:
    """What a step waits for; None where it waits for nothing (Q8).

    `dates`: the key dates of the sequence, as `key_dates` gives them.
    """
    kind, item = kind_of(step)
    if kind == "waitUntil":
        return _until_field(item)
    if kind == "waitUntilWeekday":
        return _weekdays(item)
    if kind == "waitUntilKeyDate":
        return _until_key_date(item, dates or {})
    duration_us = _offset_us(item) if kind == "delay" else _rounded(exact(item or 0) * 1000)
    return Length(duration_us) if duration_us else None


def until_event(fields: Mapping[str, Any]) -> UntilEvent:
    """What a step that waits for an event waits for (Q37)."""
    days = fields.get("timeoutDays")
    timeout_us = microseconds(TIMEOUT_DAYS if days is None else days)
    return UntilEvent(fields["eventName"], timeout_us, fields.get("timeoutAction") == "exit")


def words(found: Wait | None) -> str:
    """A wait or a window in words."""
    if found is None:
        return "at once"
    if isinstance(found, Length):
        return length(found.duration_us)
    if isinstance(found, UntilEvent):
        return f"until {found.name}, at most {length(found.timeout_us)}"
    if isinstance(found, Weekdays):
        where = "in the subscriber's zone, or else in " if found.by_subscriber else ""
        least = f"{length(found.least_us)}, then " if found.least_us else ""
        return (
            f"{least}{part_of_week(found.weekdays, found.start_min, found.end_min)} {where}{found.time_zone}"
        )
    what = found.path if isinstance(found, UntilField) else found.key
    offset = f"{length(abs(found.offset_us))} {'before' if found.offset_us < 0 else 'after'} "
    return f"until {offset if found.offset_us else ''}{what}"


def window(sending_window: Mapping[str, Any] | None) -> Weekdays | None:
    """The window in which emails may go out; None where they always may (Q7, Q9)."""
    if sending_window is None or sending_window.get("enabled") is False:
        return None
    return _weekdays(sending_window)


def key_dates(given: Mapping[str, Any] | None) -> dict[str, int]:
    """The instants [µs] of a sequence's key dates (Q38); those that name no zone are wall-clock time in theirs."""
    named = given or {}
    return {
        date_key(each): read_one(each["at"], "at", named.get("timezone") or "UTC")
        for each in named.get("dates") or ()
    }


def date_key(date: Mapping[str, Any]) -> str:
    """The key of a key date: its own, or else one made of its label (Q38).

    >>> date_key({"label": "Doors open!"})
    'doors_open'
    """
    key = date.get("key")
    return str(key) if key is not None else re.sub("[^a-z0-9]+", "_", str(date["label"]).lower()).strip("_")


def microseconds(days: float, hours: float = 0, minutes: float = 0) -> int:
    """A length [µs]: the exact sum, rounded half to even (Q8), at most 2**62.

    >>> microseconds(0.5, 1)
    46800000000
    """
    return _rounded(exact(days) * DAY_US + exact(hours) * HOUR_US + exact(minutes) * _MINUTE_US)


def exact(number: Any) -> Fraction:
    """A number of any kind, numpy's included, as its decimal digits say it: 0.1 is a tenth."""
    if isinstance(number, Rational):
        return Fraction(int(number.numerator), int(number.denominator))
    return Fraction(number) if isinstance(number, Decimal) else Fraction(repr(float(number)))


def said(step: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object in which a step says how it waits: itself; a delay's `config` as a step would say it (Q26, Q35).

    Where the `config` has a mode, that says which of its fields count.
    """
    config = step.get("config")
    named = step.get("type") in DELAYS or step.get("nodeType") in DELAYS
    if not (named and isinstance(config, Mapping)) or any(step.get(kind) is not None for kind in KINDS):
        return step
    inner = {
        OF_DELAY_NODE.get(name, name): value
        for name, value in config.items()
        if value is not None and name in DELAY_FIELDS
    }
    mode = inner.get("mode")
    known = isinstance(mode, str) and mode in MODES
    kinds = ("delay", "delayMs") if mode == "duration" else (MODES[str(mode)],) if known else KINDS
    chosen = {kind: config[kind] for kind in kinds if config.get(kind) is not None}
    return chosen or ({"delay": inner} if inner else {})


def kind_of(step: Mapping[str, Any]) -> tuple[str, Any]:
    """How a step waits, with the waits of `delay.mode` by their own names, and what says so.

    A weekday wait in a `delay` has its days in `untilDays`: `days` are a length there.
    """
    step = said(step)
    kind = next((kind for kind in KINDS if step.get(kind) is not None), "delayMs")
    item: Any = step.get(kind)
    mode = item.get("mode") if kind == "delay" and isinstance(item, Mapping) else None
    means = MODES.get(mode, "delay") if isinstance(mode, str) else "delay"
    if means == "waitUntilWeekday":
        return means, {name: value for name, value in item.items() if name not in UNITS}
    return (kind, item) if means == "delay" else (means, item)


def spelling(item: Mapping[str, Any], name: str) -> str:
    """The name by which a field of a wait is given; where it is not, its first."""
    return next((each for each in SPELLINGS[name] if item.get(each) is not None), name)


def weekday(name: Any) -> int | None:
    """The number of a weekday, in full or of three letters, any case; None for anything else."""
    low = name.lower() if isinstance(name, str) else None
    return next((at for at, day in enumerate(WEEKDAYS) if low in {day, day[:3]}), None)


def minute(clock: str) -> int:
    """The minute of the day of HH:mm."""
    return int(clock[:2]) * 60 + int(clock[3:])


def _said(item: Mapping[str, Any], name: str) -> Any:
    return item.get(spelling(item, name))


def _until_field(item: Mapping[str, Any]) -> UntilField:
    return UntilField(
        path=_said(item, "field"),
        offset_us=_from_date(item, "after"),
        exits=_said(item, "missingAction") == "exit",
        source=_said(item, "source") or "event",
        past=_said(item, "pastAction") or "continue",
    )


def _until_key_date(item: Mapping[str, Any], dates: Mapping[str, int]) -> UntilKeyDate:
    key = _said(item, "key")
    return UntilKeyDate(
        key=key,
        offset_us=_from_date(item, "before"),
        exits=_said(item, "missingAction") != "continue",
        past=_said(item, "pastAction") or "skip",
        at_us=dates.get(key),
    )


def _from_date(item: Mapping[str, Any], direction: str) -> int:
    """How far from its date a wait ends [µs]; `direction`: which way, where nothing is said."""
    offset = _said(item, "offset")
    offset_us = _offset_us(item if offset is None else offset)
    return -offset_us if (_said(item, "direction") or direction) == "before" else offset_us


def _weekdays(item: Mapping[str, Any]) -> Weekdays:
    day, days = _said(item, "day"), _said(item, "days")
    names = [day] if day is not None else WEEKDAYS if days is None else days
    return Weekdays(
        weekdays=frozenset(at for at in map(weekday, names) if at is not None),
        start_min=minute(_said(item, "startTime")),
        end_min=minute(_said(item, "endTime") or "24:00"),
        time_zone=_said(item, "timezone"),
        by_subscriber=_said(item, "timezoneSource") == "subscriber",
        least_us=_offset_us(_said(item, "minimumWait") or {}),
    )


def _offset_us(item: Mapping[str, Any]) -> int:
    return microseconds(*(item.get(unit) or 0 for unit in UNITS))


def _rounded(length_us: Fraction) -> int:
    return min(round(length_us), FAR_US)
