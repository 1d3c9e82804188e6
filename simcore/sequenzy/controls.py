"""What can be turned on a Sequenzy sequence: its sending window, where it has one, and each step's wait."""

from collections.abc import Iterator, Mapping
from typing import Any

from simcore.plan.controls import Control
from simcore.sequenzy import graph, waits
from simcore.sequenzy.model import Sequence
from simcore.text.wording import WEEKDAYS

_MOST = 10**12  # longer than simcore's time, in any unit: Sequenzy names no limit


def controls(sequence: Sequence) -> list[Control]:
    """The controls of a sequence: of the window (Q9), then of the wait before each step, of whatever kind (Q5).

    Steps in paths of branches have theirs too. What does something and waits for nothing has those of a `delay` of 0.
    """
    found = []
    if waits.window(sequence.sendingWindow) is not None:
        found += _window("sendingWindow", sequence.sendingWindow or {}, "")
    for place in graph.places(sequence.steps or ()):
        step = place.step
        called = step.get("subject") or step.get("name") or step.get("type") or place.kind
        found += _of_step(place, f"{place.position} {called}")
    return found


def _of_step(place: graph.Place, part: str) -> Iterator[Control]:
    step, mine = place.step, place.kind
    if mine == "wait_for_event":
        days = graph.fields(step).get("timeoutDays")
        timeout = waits.TIMEOUT_DAYS if days is None else days
        yield Control(place.path("timeoutDays"), "Timeout days", "number", timeout, (1, 365), part)
    wait = waits.said(step)
    under = next((name for name in waits.KINDS if wait.get(name) is not None), None)
    if under is None and mine in {"branch", "condition", "wait_for_event"}:
        return
    inside = "" if wait is step else ".config"
    # In the configuration of a delay its fields may stand by themselves.
    bare = bool(inside) and under is not None and wait[under] is not step["config"].get(under)
    path = f"{place.where}{inside}" if bare else f"{place.where}{inside}.{under or 'delay'}"
    means, item = waits.kind_of(step)
    if bare:
        item = step["config"]
    if under == "delayMs":
        yield Control(path, "Milliseconds", "number", item, (0, _MOST), part)
    elif means == "waitUntilWeekday":
        yield from _window(path, item, part, within_delay=under == "delay")
        least = waits.spelling(item, "minimumWait")
        if item.get(least) is not None:
            yield from _lengths(f"{path}.{least}", item[least], part, "At least, ")
    elif means in {"waitUntil", "waitUntilKeyDate"}:
        offset = waits.spelling(item, "offset")
        beside = item.get(offset) is None
        yield from _lengths(path if beside else f"{path}.{offset}", item if beside else item[offset], part)
    elif bare:
        names = {unit: name for name, unit in waits.OF_DELAY_NODE.items()}
        for each in _lengths(
            path, {unit: item.get(names[unit], item.get(unit)) for unit in waits.UNITS}, part
        ):
            unit = each.path.rpartition(".")[2]
            yield each._replace(path=f"{path}.{unit if item.get(unit) is not None else names[unit]}")
    else:
        yield from _lengths(path, item or {}, part)


def _window(path: str, item: Mapping[str, Any], part: str, *, within_delay: bool = False) -> list[Control]:
    """The controls of part of a day, on some weekdays."""
    day, days, start, end, zone = (
        waits.spelling(item, name) for name in waits.FIELDS["waitUntilWeekday"][:5]
    )
    if within_delay and days == "days":
        days = "untilDays"  # `days` are a length there (Q5)
    if item.get(day) is not None:
        shown = Control(f"{path}.{day}", "Day", "choice", _names([item[day]])[0], WEEKDAYS, part)
    else:
        named = item.get(days)
        shown = Control(
            f"{path}.{days}", "Days", "weekdays", WEEKDAYS if named is None else _names(named), (), part
        )
    return [
        Control(f"{path}.{start}", "From", "time", item[start], ("00:00", "23:45"), part),
        Control(f"{path}.{end}", "Until", "time", item.get(end) or "24:00", ("00:15", "24:00"), part),
        shown,
        Control(f"{path}.{zone}", "Zone", "zone", item[zone], (), part),
    ]


def _names(days: list[Any]) -> tuple[str, ...]:
    """Weekdays by their full names, in order, each once."""
    places = {waits.weekday(day) for day in days}
    return tuple(name for place, name in enumerate(WEEKDAYS) if place in places)


def _lengths(path: str, item: Mapping[str, Any], part: str, least: str = "") -> list[Control]:
    return [
        Control(
            f"{path}.{unit}", f"{least}{unit}".capitalize(), "number", item.get(unit) or 0, (0, _MOST), part
        )
        for unit in waits.UNITS
    ]
