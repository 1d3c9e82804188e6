"""The most and the least permissive of some timings: none of them is due earlier, or later, from the same anchor.

By the laws of gates and delays (T17, T19) that goes for whole sequences: who is at a step no later than another, and
goes on by a timing that is no later, is at the next step no later either.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from simcore.answers.space import Timing
from simcore.clock.delays import CalendarDays, Delay, Elapsed
from simcore.clock.gates import Anytime, Gate, SendSlots, SendWindow
from simcore.clock.zones import DAY_US, MINUTE_US, Ints, zone

_DAY_MIN = 24 * 60
MORE_DAYS = "more send days never delay a send (T17)"
SHORTER = "a shorter wait never delays a send (T19)"
EARLIER = "an earlier hour never delays a send whose wait counts dates (T4, T8)"
OPEN = "a gate that allows more instants never delays a send (T17)"


class Span(NamedTuple):
    """The time in which all happens [µs], where the laws of the clock are to hold."""

    first_us: int
    last_us: int

    def in_order(self, name: str) -> bool:
        """Whether local dates only go forward in a zone, so that waits in dates are monotone (T14, T19)."""
        shown, ruler = zone(name).dates
        first, last = ruler.below(np.array([self.first_us, self.last_us]) + 1).tolist()
        return bool((np.diff(shown[first - 1 : last]) >= 0).all())

    def orderly(self, name: str, minutes: Sequence[int]) -> bool:
        """Whether every date of a zone has a slot at each of some minutes of the day, in that order (T8, T11)."""
        here = zone(name)
        first, last = here.date(np.array([self.first_us, self.last_us])).tolist()
        dates = np.arange(first, last + 2)
        slots = [here.instant_us(dates * DAY_US + minute * MINUTE_US) for minute in sorted(minutes)]
        there = all((here.local_us(each) // DAY_US == dates).all() for each in slots)
        return there and all((one <= two).all() for one, two in pairwise(slots))


def least(some: Sequence[Timing], span: Span) -> tuple[Timing, tuple[str, ...]]:
    """A timing that is never due later than any of some, from the same anchor or an earlier one; and why so."""
    delays, gates = _distinct(some)
    if len(delays) == len(gates) == 1:
        return some[0], ()
    laws = [SHORTER] if len(delays) > 1 else []
    gate: Gate = gates[0]
    if len(gates) > 1:
        gate, law = _widest(gates, dated=_dated(delays), span=span)
        laws += law
    return Timing(_shortest(delays), gate), tuple(laws)


def _distinct(some: Sequence[Timing]) -> tuple[list[Delay], list[Gate]]:
    return [*dict.fromkeys(each.delay for each in some)], [*dict.fromkeys(each.gate for each in some)]


def fewer(some: Sequence[Timing], join: Callable[..., frozenset[int]]) -> list[Timing]:
    """Timings that stand for some: of gates that differ by their weekdays alone one has these joined, by
    `frozenset.union` for `least`, and by `frozenset.intersection` for `most`; and one tells that they differ."""
    delays, gates = _distinct(some)
    kept = list[Gate]()
    for alike in _alike(gates):
        if len(alike) > 1:
            days = join(*(each.weekdays for each in alike))
            kept.append(replace(alike[0], weekdays=days))
            alike = [each for each in alike if each.weekdays != days][:1]
        kept += alike
    return _of(delays, kept)


def strictest(some: Sequence[Timing]) -> list[Timing]:
    """Timings of which one is always due as late as any of some: of gates that differ by their weekdays alone those
    remain that allow all days of no other."""
    delays, gates = _distinct(some)
    kept = list[Gate]()
    for alike in _alike(gates):
        days = {each.weekdays for each in alike} if len(alike) > 1 else set()
        kept += [each for each in alike if not any(other < each.weekdays for other in days)]
    return _of(delays, kept)


def _alike(gates: Sequence[Gate]) -> list[list[Any]]:
    """Gates that differ by their weekdays alone, together; those without weekdays each for itself."""
    found: dict[Any, list[Gate]] = {}
    for gate in gates:
        key: Any = gate
        if isinstance(gate, SendSlots):
            key = gate.hour, gate.minute, gate.time_zone, gate.own_zone, gate.without
        elif isinstance(gate, SendWindow):
            key = gate.start_min, gate.end_min, gate.time_zone, gate.own_zone, gate.without, "window"
        found.setdefault(key, []).append(gate)
    return [*found.values()]


def _of(delays: Sequence[Delay], gates: Sequence[Gate]) -> list[Timing]:
    """As few timings as have all of these."""
    return [*(Timing(each, gates[0]) for each in delays), *(Timing(delays[0], each) for each in gates[1:])]


def _dated(delays: Sequence[Delay]) -> str:
    """The zone in which all of some delays count dates, one or more; "" where they do not."""
    zones = {each.time_zone if isinstance(each, CalendarDays) and each.days else "" for each in delays}
    return zones.pop() if len(zones) == 1 else ""


def _shortest(delays: Sequence[Delay]) -> Delay:
    """A delay that is never over later than any of some."""
    days = [each for each in delays if isinstance(each, CalendarDays)]
    lengths = [each for each in delays if isinstance(each, Elapsed)]
    if not days:
        return min(lengths, key=lambda each: each.duration_us)
    if not lengths and len({each.time_zone for each in days}) == 1:
        return min(days, key=lambda each: each.days)
    return Elapsed(0)


def _widest(gates: Sequence[Gate], *, dated: str, span: Span) -> tuple[Gate, list[str]]:
    """A gate that never opens later than any of some, and why. `dated`: the zone in which waits count dates."""
    slots = [each for each in gates if isinstance(each, SendSlots)]
    windows = [each for each in gates if isinstance(each, SendWindow)]
    daily: list[SendSlots | SendWindow] = [*slots, *windows]
    places = {each.time_zone for each in daily}
    if len(places) != 1 or len(daily) < len(gates):
        return Anytime(), [OPEN]
    (place,) = places
    days = frozenset[int]().union(*(each.weekdays for each in daily))
    laws = [MORE_DAYS] if len({each.weekdays for each in daily}) > 1 else []
    minutes = _minutes(slots)
    alike = not windows and len({*map(_bare, slots)}) == 1
    if alike and (len(minutes) == 1 or (dated == place and span.orderly(place, minutes))):
        laws += [EARLIER] if len(minutes) > 1 else []
        return replace(slots[0], weekdays=days, hour=minutes[0] // 60, minute=minutes[0] % 60), laws
    start = 0 if slots else min(each.start_min for each in windows)
    end = _DAY_MIN if slots else max(each.end_min for each in windows)
    return SendWindow(days, start, end, place, own_zone=daily[0].own_zone), [*laws, OPEN]


def _minutes(slots: Sequence[SendSlots]) -> list[int]:
    """The minutes of the day at which there are slots."""
    return sorted({60 * each.hour + each.minute for each in slots})


def _bare(gate: SendSlots) -> SendSlots:
    """A gate without its days and its time."""
    return replace(gate, weekdays=frozenset(), hour=0, minute=0)


def most(some: Sequence[Timing], span: Span) -> Timing | None:
    """A timing that is never due earlier than any of some, from the same anchor or a later one; None if unknown."""
    delays, gates = _distinct(some)
    delay, gate = delays[0], gates[0]
    if len(delays) > 1:
        days = [each for each in delays if isinstance(each, CalendarDays)]
        lengths = [each for each in delays if isinstance(each, Elapsed)]
        if days and (lengths or len({each.time_zone for each in days}) > 1):
            return None
        delay = (
            max(days, key=lambda each: each.days) if days else max(lengths, key=lambda each: each.duration_us)
        )
    if len(gates) > 1:
        slots = [each for each in gates if isinstance(each, SendSlots)]
        if len(slots) < len(gates) or len({*map(_bare, slots)}) > 1:
            return None
        place, minutes = slots[0].time_zone, _minutes(slots)
        common = frozenset.intersection(*(each.weekdays for each in slots))
        if not common or (
            len(minutes) > 1 and not (_dated(delays) == place and span.orderly(place, minutes))
        ):
            return None
        gate = replace(slots[0], weekdays=common, hour=minutes[-1] // 60, minute=minutes[-1] % 60)
    return Timing(delay, gate)


def latest_us(some: Sequence[Timing], anchor_us: Ints) -> Ints:
    """When what waits from some anchors is due at the latest [µs], by any of the timings."""
    delays, gates = _distinct(some)
    ready_us = np.maximum.reduce([anchor_us, *(each.earliest(anchor_us) for each in delays)])
    latest: Ints = np.maximum.reduce([each.snap(ready_us) for each in gates])
    return latest
