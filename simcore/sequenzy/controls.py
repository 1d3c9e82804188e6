"""What can be turned on a Sequenzy sequence: its sending window, where it has one, and each step's wait."""

from collections.abc import Mapping
from typing import Any

from simcore.plan.controls import Control
from simcore.sequenzy import waits
from simcore.sequenzy.model import Sequence
from simcore.text.wording import WEEKDAYS

_MOST = 10**12  # longer than simcore's time, in any unit: Sequenzy names no limit


def controls(sequence: Sequence) -> list[Control]:
    """The controls of a sequence: of the window (Q9), then of the wait before each step, of whatever kind (Q5).

    A step without a wait has those of a `delay` of length 0.
    """
    found = []
    if waits.window(sequence.sendingWindow) is not None:
        found += _window("sendingWindow", sequence.sendingWindow or {}, "")
    for at, step in enumerate(sequence.steps or ()):
        part = f"{at} {step.get('subject') or step.get('name') or step.get('type')}"
        under = next((kind for kind in waits.KINDS if step.get(kind) is not None), "delay")
        path = f"steps[{at}].{under}"
        means, item = waits.kind_of(step)
        if under == "delayMs":
            found.append(Control(path, "Milliseconds", "number", item, (0, _MOST), part))
        elif means == "waitUntilWeekday":
            found += _window(path, item, part)
        elif means == "waitUntil":
            offset = waits.spelling(item, "offset")
            beside = item.get(offset) is None
            found += _lengths(path if beside else f"{path}.{offset}", item if beside else item[offset], part)
        else:
            found += _lengths(path, item or {}, part)
    return found


def _window(path: str, item: Mapping[str, Any], part: str) -> list[Control]:
    """The controls of part of a day, on some weekdays."""
    day, days, start, end, zone = (
        waits.spelling(item, name) for name in waits.FIELDS["waitUntilWeekday"][:5]
    )
    if path.endswith(".delay") and days == "days":
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


def _lengths(path: str, item: Mapping[str, Any], part: str) -> list[Control]:
    return [
        Control(f"{path}.{unit}", unit.capitalize(), "number", item.get(unit) or 0, (0, _MOST), part)
        for unit in waits.UNITS
    ]
