"""What is wrong with windows, waits and key dates (Q5, Q7, Q28 to Q31, Q38)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from simcore.errors import Problem, shown
from simcore.plan.known import Known
from simcore.sequenzy import waits
from simcore.sequenzy.graph import kind
from simcore.sequenzy.problems.values import (
    at_least,
    boolean,
    dot_path,
    each,
    instant,
    is_number,
    name_of,
    no_object,
    number,
    option,
    text,
    time_zone,
)
from simcore.text.wording import WEEKDAYS

_UNITS = {
    **dict.fromkeys(("weeks", "months", "years"), "write days"),
    **dict.fromkeys(("seconds", "milliseconds"), "write minutes"),
}
LENGTHS = Known(waits.UNITS, ("mode",), _UNITS)


def _spellings(kind: str) -> tuple[str, ...]:
    return tuple(name for field in waits.FIELDS[kind] for name in waits.SPELLINGS[field])


WAITS: dict[str, Known] = {
    "delay": Known(
        (*waits.UNITS, "mode", *dict.fromkeys(name for kind in waits.FIELDS for name in _spellings(kind))),
        instead=_UNITS,
    ),
    "waitUntil": Known((*_spellings("waitUntil"), *waits.UNITS), ("mode",), _UNITS),
    "waitUntilWeekday": Known(_spellings("waitUntilWeekday"), ("mode",), _UNITS),
    "waitUntilKeyDate": Known((*_spellings("waitUntilKeyDate"), *waits.UNITS), ("mode",), _UNITS),
}
"""The fields of each kind of wait, by all their names."""
WINDOW = Known(("enabled", *_spellings("waitUntilWeekday")[:-2]))
KEY_DATES = Known(("timezone", "dates"))
KEY_DATE = Known(("key", "label", "at"))
OF_DELAY_NODE = Known(
    (*waits.OF_DELAY_NODE, *WAITS["delay"].read, *waits.KINDS),
    ("delayDisplay", "delayDescription"),
    {**_UNITS, "delayWeeks": "write delayDays", "delaySeconds": "write delayMinutes"},
)
"""The configuration of a delay that stands on its own (Q26, Q35)."""
_SHAPES = {
    "delay": "days, hours and minutes",
    "waitUntil": "field, offset, direction and missingAction",
    "waitUntilWeekday": "days, startTime, endTime and timezone",
    "waitUntilKeyDate": "key, offset, direction and missingAction",
}


def sending_window_problems(path: str, window: Any) -> Iterator[Problem]:
    """Q7; a window that is not enabled is not looked at."""
    if window is None or (yield from no_object(path, window, "timezone, startTime and endTime")):
        return
    yield from boolean(f"{path}.enabled", window.get("enabled"))
    if window.get("enabled") is not False:
        yield from WINDOW.unknown(path, window)
        yield from _window(path, window, "")


def key_date_problems(path: str, given: Any) -> Iterator[Problem]:
    """Q38."""
    if given is None or (yield from no_object(path, given, "timezone and dates")):
        return
    yield from KEY_DATES.unknown(path, given)
    dates, zone = given.get("dates"), given.get("timezone")
    wrong = list(time_zone(f"{path}.timezone", zone)) if dates or zone is not None else []
    yield from wrong
    if dates is None:
        return

    def date(at: str, item: Mapping[str, Any]) -> Iterator[Problem]:
        yield from KEY_DATE.unknown(at, item)
        yield from text(f"{at}.key", item.get("key"), None)
        yield from text(f"{at}.label", item.get("label"), "" if item.get("key") is None else None)
        yield from instant(f"{at}.at", item.get("at"), "", "UTC" if wrong else zone)

    problems = list(each(f"{path}.dates", dates, "key, label and at", date))
    yield from problems
    if not problems:
        first: dict[str, int] = {}
        for at, item in enumerate(dates):
            key = waits.date_key(item)
            if first.setdefault(key, at) != at:
                told = f"key has already been taken by {path}.dates[{first[key]}]"
                yield f"{path}.dates[{at}]", told, shown(key)


def wait_problems(path: str, step: Mapping[str, Any]) -> Iterator[Problem]:
    """Q5: at most one wait a step; a delay on its own may have it in its `config` (Q35)."""
    inner = waits.said(step)
    if inner is not step:
        path = f"{path}.config"
        yield from _config(path, step["config"], inner)
    elif kind(step) == "delay" and isinstance(step.get("config"), Mapping):
        yield from Known((), OF_DELAY_NODE.kept).unknown(f"{path}.config", step["config"])
    kinds = [name for name in waits.KINDS if inner.get(name) is not None]
    if len(kinds) > 1:
        yield path, "a step can't have more than one wait", ", ".join(kinds)
    for name in kinds:
        made = inner is not step and inner[name] is not step["config"].get(name)
        of, item = path if made else f"{path}.{name}", inner[name]
        if name == "delayMs":
            yield from number(of, item, "a number of 0 or more", at_least(0), None)
        elif not (yield from no_object(of, item, _SHAPES[name])):
            yield from WAITS[name].unknown(of, item)
            for at, message, found in _wait(of, name, item):
                yield (*_as_given(at, message, step["config"]), found) if made else (at, message, found)


def _as_given(path: str, message: str, config: Mapping[str, Any]) -> tuple[str, str]:
    """A path and a message with a field called as the `config` of a delay calls it."""
    way, _, name = path.rpartition(".")
    own = next((own for own, means in waits.OF_DELAY_NODE.items() if means == name and own in config), name)
    return f"{way}.{own}", own + message.removeprefix(name)


def _config(path: str, config: Mapping[str, Any], inner: Mapping[str, Any]) -> Iterator[Problem]:
    """What a delay's `config` says besides the wait that is read in it."""
    yield from OF_DELAY_NODE.unknown(path, config)
    chosen = {kind: item for kind, item in inner.items() if item is config.get(kind)}
    lengths = {
        name: value
        for name, value in config.items()
        if waits.OF_DELAY_NODE.get(name, name) in waits.UNITS and is_number(value) and value
    }
    if lengths and chosen and config.get("delayMode", config.get("mode")) in (None, "duration"):
        units = {waits.OF_DELAY_NODE.get(name, name): value for name, value in lengths.items()}
        same = [*chosen] == ["delayMs"] and is_number(inner["delayMs"])
        if not (same and waits.wait({"delay": units}) == waits.wait(chosen)):
            yield path, f"{', '.join(lengths)} can't be given beside {', '.join(chosen)}", ""


def _wait(path: str, kind: str, item: Mapping[str, Any]) -> Iterator[Problem]:
    """One wait; in a `delay` the mode says of which kind (Q5)."""
    means, read = waits.kind_of({kind: item})
    if kind == "delay":
        yield from option(f"{path}.mode", item.get("mode"), waits.MODES)
        yield from _mode(path, item)
    for name in waits.FIELDS.get(means, ()):
        first = waits.spelling(read, name)
        for other in waits.SPELLINGS[name]:
            if read.get(other) is not None and read[other] != read[first]:
                yield f"{path}.{other}", f"{other} can't differ from {first}", shown(read[other])
    if means == "waitUntil":
        yield from _until_date(path, item, "waitUntil")
        source = waits.spelling(item, "source")
        yield from option(f"{path}.{source}", item.get(source), ("event", "attribute"))
    elif means == "waitUntilKeyDate":
        yield from _until_date(path, item, "waitUntilKeyDate")
    elif means == "waitUntilWeekday":
        yield from _window(path, read, None)
        least = waits.spelling(read, "minimumWait")
        yield from _length(f"{path}.{least}", read.get(least))
    else:
        yield from _lengths(path, item)


def _mode(path: str, item: Mapping[str, Any]) -> Iterator[Problem]:
    """What needs another mode, and would be passed over."""
    if item.get("mode") is None:
        for name, value in item.items():
            needs = [mode for mode, kind in waits.FIELDS_OF_MODE.items() if name in _spellings(kind)]
            if value is not None and needs and name not in waits.UNITS:
                yield f"{path}.{name}", f"{name} goes only with mode {' or '.join(needs)}", shown(value)
    if item.get("mode") == "until_weekday":
        for unit in waits.UNITS:
            if item.get(unit) is not None and not (is_number(item[unit]) and item[unit] == 0):
                told = f"{unit} can't be given with mode until_weekday: write minimumWait"
                yield f"{path}.{unit}", told, shown(item[unit])


def _until_date(path: str, item: Mapping[str, Any], kind: str) -> Iterator[Problem]:
    what, offset, direction, missing, past = (
        waits.spelling(item, name)
        for name in (waits.FIELDS[kind][0], "offset", "direction", "missingAction", "pastAction")
    )
    if kind == "waitUntil":
        yield from dot_path(f"{path}.{what}", item.get(what), "")
    else:
        yield from text(f"{path}.{what}", item.get(what), "")
    if item.get(offset) is None:
        yield from _lengths(path, item)
    else:
        yield from _length(f"{path}.{offset}", item[offset])
    yield from option(f"{path}.{direction}", item.get(direction), ("before", "after"))
    yield from option(f"{path}.{missing}", item.get(missing), ("continue", "exit"))
    yield from option(f"{path}.{past}", item.get(past), ("continue", "skip", "exit"))


def _window(path: str, item: Mapping[str, Any], end_because: str | None) -> Iterator[Problem]:
    """Q7, Q31."""
    names = [waits.spelling(item, name) for name in waits.FIELDS["waitUntilWeekday"][:6]]
    at_day, at_days, at_start, at_end, at_zone, at_source = (f"{path}.{name}" for name in names)
    values: list[Any] = [item.get(name) for name in names]
    day, days, start, end, zone, source = values
    yield from time_zone(at_zone, zone)
    clocks = [*_clock(at_start, start, "", "23:59"), *_clock(at_end, end, end_because, "24:00")]
    yield from clocks
    if not clocks and end is not None and waits.minute(end) <= waits.minute(start):
        yield at_end, f"{names[3]} must be later than {names[2]}", f"{start} to {end}"
    if day is not None and days is not None:
        yield at_day, f"{names[0]} can't be given beside {names[1]}", shown(day)
    if day is not None:
        yield from _weekday(at_day, names[0], day)
    if days is not None and not isinstance(days, list | tuple):
        yield at_days, f"{names[1]} must be a list of weekdays", shown(days)
    elif days is not None:
        for at, one in enumerate(days):
            yield from _weekday(f"{at_days}[{at}]", names[1], one)
    yield from option(at_source, source, ("fixed", "subscriber"))


def _weekday(path: str, name: str, day: Any) -> Iterator[Problem]:
    if waits.weekday(day) is None:
        yield (
            path,
            f"{name} must be one of: {', '.join(WEEKDAYS)}, or of their first three letters",
            shown(day),
        )


def _clock(path: str, clock: Any, because: str | None, latest: str) -> Iterator[Problem]:
    if clock is None and because is None:
        return
    told = isinstance(clock, str) and re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00", clock)
    if not told or clock > latest:
        yield path, f"{name_of(path)} must be a time HH:mm from 00:00 to {latest}", shown(clock)


def _length(path: str, item: Any) -> Iterator[Problem]:
    if item is not None and not (yield from no_object(path, item, _SHAPES["delay"])):
        yield from LENGTHS.unknown(path, item)
        yield from _lengths(path, item)


def _lengths(path: str, item: Mapping[str, Any]) -> Iterator[Problem]:
    for unit in waits.UNITS:
        yield from number(f"{path}.{unit}", item.get(unit), "a number of 0 or more", at_least(0), None)
