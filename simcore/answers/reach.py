"""What a certificate's proof knows of many schedules at once: when each send is at the earliest and the latest.

In a plain way of its own, which has nothing of the search.
"""

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from simcore.clock.delays import CalendarDays, Delay, Elapsed
from simcore.clock.gates import Anytime, Gate, Poll, SendSlots, SendWindow
from simcore.clock.zones import DAY_US, HOUR_US, MINUTE_US, Ints, Zone, zone

_QUANTILES = (Fraction(1, 2), Fraction(19, 20))
_EVENING, _MORNING = 22, 7  # hours
_Flags = npt.NDArray[np.bool_]


class Timing(NamedTuple):
    """How a step is timed, and whether it is sent."""

    delay: Delay
    gate: Gate
    sends: bool


class Reach(NamedTuple):
    """The earliest and the latest instant [µs] of a step, for each run, and all that may be at it."""

    low_us: Ints
    high_us: Ints
    some: list[Timing]


def placed(timing: Timing, name: str | None) -> Timing:
    """A timing as it is for runs of a zone."""
    if name is None:
        return timing
    return timing._replace(delay=timing.delay.in_zone(name), gate=timing.gate.in_zone(name))


def quantiles(lengths_us: Ints) -> list[float]:
    """The median and the 95th percentile [days]."""
    in_order, found = np.sort(lengths_us), []
    for share in _QUANTILES:
        position = share * (in_order.size - 1)
        below = math.floor(position)
        one, two = int(in_order[below]), int(in_order[min(below + 1, in_order.size - 1)])
        found.append(float((one + (two - one) * (position - below)) / DAY_US))
    return found


def sorts(here: Zone, instants_us: Ints) -> tuple[_Flags, _Flags]:
    """Which instants are on weekends, and which at night, by a wall clock."""
    wall = here.local_us(instants_us).astype("datetime64[us]")
    hours = (wall - wall.astype("datetime64[D]")) // np.timedelta64(1, "h")
    return ~np.is_busday(wall.astype("datetime64[D]")), (hours >= _EVENING) | (hours < _MORNING)


def busiest(here: Zone, instants_us: Ints) -> int:
    """The most instants in an hour of a wall clock; where clocks are changed, another hour begins."""
    if not instants_us.size:
        return 0
    local_us = here.local_us(instants_us)
    hours = np.stack([local_us // HOUR_US, local_us - instants_us])
    return int(np.unique(hours, axis=1, return_counts=True)[1].max())


def is_lawful(timing: Timing) -> bool:
    """Whether the laws hold for it, in whatever zone: only for the clock's own kinds, which are open."""
    known = type(timing.delay) in {Elapsed, CalendarDays} and type(timing.gate) in {
        Anytime,
        Poll,
        SendSlots,
        SendWindow,
    }
    return known and not timing.gate.closed


def ends(anchor_us: Ints, some: list[Timing], end: Any) -> Ints:
    """The earliest or the latest instant at which what waits from each anchor is due, by any of some timings."""
    distinct_us, index = np.unique(anchor_us, return_inverse=True)
    gates: dict[Delay, list[Gate]] = {}
    for timing in some:
        gates.setdefault(timing.delay, []).append(timing.gate)
    found = []
    for delay, after in gates.items():
        ready_us, which = np.unique(np.maximum(delay.earliest(distinct_us), distinct_us), return_inverse=True)
        found.append(end.reduce([gate.snap(ready_us) for gate in after])[which])
    reached: Ints = end.reduce(found)[index]
    return reached


def goes_back(here: Zone, first_us: int, last_us: int) -> bool:
    """Whether a wall clock goes back to the date before, at a change between two instants."""
    for at in range(1, here.changes_us.size):
        change_us = int(here.changes_us[at])
        before, after = (int(here.offsets_us[place]) for place in (at - 1, at))
        if (
            first_us <= change_us <= last_us
            and (change_us + after) // DAY_US < (change_us - 1 + before) // DAY_US
        ):
            return True
    return False


def share(sort: int, reach: list[Reach], here: Zone) -> tuple[float, float]:
    """Between what the share of sends on weekends (0) or at night (1) lies."""
    surely = perhaps = total = 0
    for one in reach:
        always, ever = _possible(sort, one, here)
        surely, perhaps, total = surely + int(always.sum()), perhaps + int(ever.sum()), total + always.size
    return surely / total, perhaps / total


def _possible(sort: int, one: Reach, here: Zone) -> tuple[_Flags, _Flags]:
    """For each run, whether a send is of a sort whenever it is between its earliest and latest, and whether it may."""
    inside = sorts(here, one.low_us)[sort]
    sure = one.low_us == one.high_us
    if sort == 0:
        sure |= here.date(one.low_us) == here.date(one.high_us)
    always, ever = np.ones(inside.size, np.bool_), np.zeros(inside.size, np.bool_)
    days: dict[SendSlots, frozenset[int]] = {}
    for gate in {timing.gate for timing in one.some}:
        if isinstance(gate, SendSlots):
            at = replace(gate, weekdays=frozenset())
            days[at] = days.get(at, frozenset()) | gate.weekdays
        else:
            all_of, any_of = _of_window(sort, gate, here)
            always &= all_of
            ever |= any_of
    for at, weekdays in days.items():
        slots_us = _slots_us(replace(at, weekdays=weekdays), int(one.low_us.min()), int(one.high_us.max()))
        before = np.append(0, np.cumsum(sorts(here, slots_us)[sort]))
        first, end = np.searchsorted(slots_us, one.low_us), np.searchsorted(slots_us, one.high_us, "right")
        inside_of = before[end] - before[first]
        always &= inside_of == end - first
        ever |= inside_of > 0
    return np.where(sure, inside, always), np.where(sure, inside, ever)


def _of_window(sort: int, gate: Gate, here: Zone) -> tuple[bool, bool]:
    """Whether all that a gate other than slots allows is of a sort, and whether any may be."""
    if not isinstance(gate, SendWindow) or gate.time_zone != here.name:
        return False, True
    if sort == 0:
        weekend = gate.weekdays & {5, 6}
        return weekend == gate.weekdays, bool(weekend)
    minutes = [
        minute // 60 >= _EVENING or minute // 60 < _MORNING for minute in range(gate.start_min, gate.end_min)
    ]
    return all(minutes), any(minutes)


def _slots_us(gate: SendSlots, first_us: int, last_us: int) -> Ints:
    """The slots of a gate, from a day before one instant to a day after another (T8)."""
    here = zone(gate.time_zone)
    first, last = here.date(np.array([first_us, last_us])).tolist()
    dates = np.arange(first - 1, last + 2)
    dates = dates[np.isin((dates + 3) % 7, [*gate.weekdays])]
    slots_us = np.sort(here.instant_us(dates * DAY_US + gate.hour * HOUR_US + gate.minute * MINUTE_US))
    allowed: Ints = slots_us[gate.snap(slots_us) == slots_us]
    return allowed


def crowd(reach: list[Reach], here: Zone) -> int:
    """How many sends are in one hour at least: those that are known, or one day's at a step with a slot a day."""
    known_us = np.concatenate([one.low_us[one.low_us == one.high_us] for one in reach])
    most = busiest(here, known_us)
    for one in reach:
        slots = {timing.gate.time_zone for timing in one.some if isinstance(timing.gate, SendSlots)}
        if len(slots) == 1 and all(isinstance(timing.gate, SendSlots) for timing in one.some):
            there = zone(slots.pop())
            dates = there.date(one.low_us)
            dates = dates[dates == there.date(one.high_us)]
            most = max(most, int(np.unique(dates, return_counts=True)[1].max(initial=0)))
    return most
