"""What a step waits for, and when emails may go out: every spelling of Q5 read as one of three things.

Nothing here checks anything: `problems` has refused what cannot be read.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from numbers import Rational
from typing import Any, NamedTuple

from simcore.clock.words import length
from simcore.clock.zones import DAY_US, FAR_US, HOUR_US
from simcore.text.wording import WEEKDAYS, part_of_week

KINDS = ("delay", "delayMs", "waitUntil", "waitUntilWeekday")
UNITS = ("days", "hours", "minutes")
MODES = ("duration", "until_date", "until_weekday")
SPELLINGS = {
    "field": ("field", "untilField", "untilDateField"),
    "offset": ("offset", "untilOffset"),
    "direction": ("direction", "untilDirection", "untilOffsetDirection"),
    "missingAction": ("missingAction", "untilMissingAction"),
    "day": ("day", "untilDay"),
    "days": ("days", "untilDays"),
    "startTime": ("startTime", "untilStartTime"),
    "endTime": ("endTime", "untilEndTime"),
    "timezone": ("timezone", "untilTimezone"),
}
"""Each field of a wait, and the names that it goes by (Q5)."""
FIELDS = {
    "waitUntil": ("field", "offset", "direction", "missingAction"),
    "waitUntilWeekday": ("day", "days", "startTime", "endTime", "timezone"),
}
"""The fields of each kind of wait."""

_MINUTE_US = HOUR_US // 60


class Length(NamedTuple):
    """A wait of so many microseconds."""

    duration_us: int


class UntilField(NamedTuple):
    """A wait until a date in the run's event, at the dot path, plus `offset_us` (before it: negative).

    `exits`: whether the run ends where there is no such date.
    """

    path: str
    offset_us: int
    exits: bool


class Weekdays(NamedTuple):
    """A window: from one minute of the local day to before another, on some weekdays (0 is Monday)."""

    weekdays: frozenset[int]
    start_min: int
    end_min: int
    time_zone: str


def wait(step: Mapping[str, Any]) -> Length | UntilField | Weekdays | None:
    """What a step waits for; None where it waits for nothing (Q8)."""
    kind, item = kind_of(step)
    if kind == "waitUntil":
        return _until_field(item)
    if kind == "waitUntilWeekday":
        return _weekdays(item)
    duration_us = _offset_us(item) if kind == "delay" else _rounded(exact(item or 0) * 1000)
    return Length(duration_us) if duration_us else None


def words(found: Length | UntilField | Weekdays | None) -> str:
    """A wait or a window in words."""
    if found is None:
        return "at once"
    if isinstance(found, Length):
        return length(found.duration_us)
    if isinstance(found, Weekdays):
        return f"{part_of_week(found.weekdays, found.start_min, found.end_min)} {found.time_zone}"
    offset = f"{length(abs(found.offset_us))} {'before' if found.offset_us < 0 else 'after'} "
    return f"until {offset if found.offset_us else ''}{found.path}"


def window(sending_window: Mapping[str, Any] | None) -> Weekdays | None:
    """The window in which emails may go out; None where they always may (Q7, Q9)."""
    if sending_window is None or sending_window.get("enabled") is False:
        return None
    return _weekdays(sending_window)


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


def kind_of(step: Mapping[str, Any]) -> tuple[str, Any]:
    """How a step waits, with the waits of `delay.mode` by their own names, and what says so.

    A weekday wait in a `delay` has its days in `untilDays`: `days` are a length there.
    """
    kind = next((kind for kind in KINDS if step.get(kind) is not None), "delayMs")
    item: Any = step.get(kind)
    mode = item.get("mode") if kind == "delay" and isinstance(item, Mapping) else None
    if mode == "until_date":
        return "waitUntil", item
    if mode == "until_weekday":
        return "waitUntilWeekday", {name: value for name, value in item.items() if name not in UNITS}
    return kind, item


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
    offset = _said(item, "offset")
    offset_us = _offset_us(item if offset is None else offset)
    return UntilField(
        path=_said(item, "field"),
        offset_us=-offset_us if _said(item, "direction") == "before" else offset_us,
        exits=_said(item, "missingAction") == "exit",
    )


def _weekdays(item: Mapping[str, Any]) -> Weekdays:
    day, days = _said(item, "day"), _said(item, "days")
    names = [day] if day is not None else WEEKDAYS if days is None else days
    return Weekdays(
        weekdays=frozenset(at for at in map(weekday, names) if at is not None),
        start_min=minute(_said(item, "startTime")),
        end_min=minute(_said(item, "endTime") or "24:00"),
        time_zone=_said(item, "timezone"),
    )


def _offset_us(item: Mapping[str, Any]) -> int:
    return microseconds(*(item.get(unit) or 0 for unit in UNITS))


def _rounded(length_us: Fraction) -> int:
    return min(round(length_us), FAR_US)
