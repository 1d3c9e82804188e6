"""Schedules of one kind, measured and bounded over cells: entries that behave alike under all of them."""

import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from simcore.answers.metrics import METRICS, NIGHT_US, SATURDAY, SHARES, Stretches
from simcore.answers.permissive import Span, fewer, latest_us, least, most, strictest
from simcore.answers.space import Timing
from simcore.clock.delays import CalendarDays
from simcore.clock.gates import Anytime, Gate, SendSlots, SendWindow
from simcore.clock.periods import periods
from simcore.clock.zones import DAY_US, LAST_US, MINUTE_US, Ints, zone
from simcore.engine.own_zones import same_clock
from simcore.engine.times import Parts
from simcore.plan.runs import Runs

_FEW = 32
"""So few timings are tried to tell entries apart; of more, only their delays."""
_KEPT = 20_000


class Bounds(NamedTuple):
    """Between what a metric of all schedules of a part lies, both included."""

    low: float
    high: float


class _Share(NamedTuple):
    """Of some sends, how many are surely of a sort (on a weekend, at night), and how many may be."""

    least: int
    most: int


class _Flag(NamedTuple):
    """Whether all instants that a gate allows are of a sort, and whether any is."""

    all: bool
    any: bool


_UNKNOWN = _Flag(False, True)


class Entered(NamedTuple):
    """When runs enter [int64, µs], by `parts`: those of one zone together (T22), and in order."""

    us: Ints
    parts: Parts

    @classmethod
    def of(cls, runs: Runs) -> "Entered":
        """Those of runs."""
        if runs.time_zone is None:
            return cls(np.sort(runs.entered_us), Parts([0, len(runs)], [None]))
        place = same_clock(runs.zones, runs.entered_us)[runs.time_zone]
        there, count = np.unique(place, return_counts=True)
        names = [None, *runs.zones]
        return cls(
            runs.entered_us[np.lexsort((runs.entered_us, place))],
            Parts(np.append(0, np.cumsum(count)).tolist(), [names[1 + at] for at in there.tolist()]),
        )


class _Reach(NamedTuple):
    """The earliest and, if known, the latest instant of an email for each cell of a zone [µs], how many runs are in
    each, and the gates that the email may have there."""

    low_us: Ints
    high_us: Ints | None
    counts: Ints
    gates: list[Gate]


@dataclass(frozen=True, eq=False)
class _Each:
    """A timing in each of the zones; of equal ones there is one object."""

    timings: tuple[Timing, ...]


class Cells:
    """The entries of one kind's schedules, in stretches of time that all of these schedules treat alike, zone by zone.

    Steps before the first that differs are computed once, for each entry; after them, once for each cell.
    """

    def __init__(
        self,
        entered: Entered,
        steps: Sequence[Sequence[Timing]],
        sends: Sequence[bool],
        span: Span,
        place: str,
    ) -> None:
        self._parts = entered.parts
        self._span, self._sends, self._here = span, sends, zone(place)
        self._hours = periods(self._here, "h", *span)
        self._kept: dict[Hashable, Any] = {}
        self._same: dict[Hashable, Timing] = {}
        self._each: dict[tuple[Timing, ...], _Each] = {}
        self._flagged: dict[Gate, tuple[_Flag, _Flag]] = {}
        self._placed: dict[Timing, _Each] = {}
        self._since = next((at for at, some in enumerate(steps) if len(some) > 1), len(steps))
        self._since = min(self._since, max(at for at, sent in enumerate(sends) if sent))
        anchor_us, fixed = entered.us, []
        for at in range(self._since):
            anchor_us = self._due(self._of(steps[at][0]), anchor_us)
            if sends[at]:  # pragma: no branch # a first step that sends nothing: in some random spaces alone
                fixed.append(anchor_us)
        fixed_us = np.concatenate([*fixed, entered.us[:0]])
        self._hourly = self._hours.counts(fixed_us, None)
        self._weekend, self._night = (int(each.sum()) for each in self._sorts(fixed_us))
        starts = self._starts(anchor_us, steps[self._since])
        self._parts = Parts(np.searchsorted(starts, self._parts.starts).tolist(), self._parts.names)
        self._anchor_us = anchor_us[starts]
        self._counts = np.diff(np.append(starts, anchor_us.size))
        self._stretches = Stretches.of(
            np.repeat(np.arange(starts.size), self._counts), np.arange(anchor_us.size)
        )
        # Each zone in a time of its own, so that all entries are in order; how long they wait stays the same.
        width_us = span.last_us - span.first_us + 1
        self._aside_us = np.repeat(np.arange(len(self._parts.names)) * width_us, np.diff(self._parts.starts))
        self._entered_us = entered.us + np.repeat(self._aside_us, self._counts)
        self._total = anchor_us.size * sum(sends)

    @classmethod
    def of(
        cls, entered: Entered, steps: Sequence[Sequence[Timing]], sends: Sequence[bool], place: str
    ) -> "Cells | None":
        """Those of entries; None where the laws of the clock do not hold all the time."""
        ends_us, zones = [], {place}
        late = [strictest(some) for some in steps]
        for where, name in entered.parts.each():
            last_us = entered.us[where][-1:]
            for some in late:
                there = [each.in_zone(name) for each in some]
                last_us = latest_us(there, last_us)
                zones |= {each.delay.time_zone for each in there if isinstance(each.delay, CalendarDays)}
            ends_us.append(int(last_us[0]))
        span = Span(int(entered.us.min()), max(ends_us))
        if span.last_us > LAST_US or not all(map(span.in_order, zones)):
            return None
        return cls(entered, steps, sends, span, place)

    def _of(self, timing: Timing) -> _Each:
        """A timing in all zones."""
        if timing not in self._placed:
            self._placed[timing] = self._all(timing.in_zone(name) for name in self._parts.names)
        return self._placed[timing]

    def _all(self, timings: Iterable[Timing]) -> _Each:
        """Timings, one in each zone."""
        key = (*map(self._kept_once, timings),)
        return self._each.setdefault(key, _Each(key))

    def _kept_once(self, timing: Timing) -> Timing:
        """The one object for equal timings."""
        return self._same.setdefault((timing.delay, timing.gate), timing)

    def _fewer(self, some: Sequence[Timing], join: Callable[..., frozenset[int]]) -> Iterator[list[Timing]]:
        """Timings that stand for some, zone by zone (see `fewer`)."""
        each = [self._of(self._kept_once(timing)).timings for timing in fewer(some, join)]
        return map(list, zip(*each, strict=True))

    def _due(self, each: _Each, anchor_us: Ints) -> Ints:
        """When what waits from some anchors is due, each in its zone."""
        if len(each.timings) == 1:
            return due(each.timings[0], anchor_us)
        parts = zip(self._parts.each(), each.timings, strict=True)
        return np.concatenate([due(timing, anchor_us[where]) for (where, _), timing in parts])

    def _starts(self, anchor_us: Ints, some: Sequence[Timing]) -> Ints:
        """Where entries begin that some of the timings tell apart from those before."""
        if len(some) > _FEW:
            some = [Timing(each, Anytime()) for each in {each.delay for each in some}]
        new = np.zeros(anchor_us.size, np.bool_)
        new[self._parts.starts[:-1]] = True
        for each in some:
            new[1:] |= np.diff(self._due(self._of(each), anchor_us)) != 0
        return np.flatnonzero(new)

    def measure(self, steps: Sequence[Timing]) -> tuple[float, float, float, float, int]:
        """The metrics of one schedule, in the order of `METRICS`."""
        sent_us = self._sent_us([self._of(each) for each in steps])
        all_us = np.concatenate(sent_us)
        counts = np.tile(self._counts, len(sent_us))
        weekend, night = (int(counts @ each) for each in self._sorts(all_us))
        hourly = self._hours.counts(all_us, counts)
        median, p95 = self._stretches.quantiles(sent_us[-1] + self._aside_us, self._entered_us)
        return (
            median,
            p95,
            (self._weekend + weekend) / self._total,
            (self._night + night) / self._total,
            int((self._hourly + hourly).max()),
        )

    def days(
        self, some: Sequence[Sequence[Timing]], wanted: Iterable[str]
    ) -> tuple[dict[str, Bounds], tuple[str, ...]]:
        """Lower bounds of metrics in days, for all schedules with some of the timings at each step; and why."""
        eased = [self._least(each) for each in some]
        laws = dict.fromkeys(law for _, why in eased for law in why)
        last_us = self._sent_us([each for each, _ in eased])[-1]
        shares = {name: share for name, share in zip(METRICS, SHARES, strict=False) if name in wanted}
        lows = self._stretches.quantiles(last_us + self._aside_us, self._entered_us, shares.values())
        return {name: Bounds(low, math.inf) for name, low in zip(shares, lows, strict=True)}, (*laws,)

    def loads(self, some: Sequence[Sequence[Timing]], wanted: Iterable[str]) -> dict[str, Bounds]:
        """Between what other metrics lie, for all schedules with some of the timings at each step."""
        reach = self._reach(some)
        found = {}
        for place, name in enumerate(METRICS[2:4]):
            if name in wanted:
                fixed = (self._weekend, self._night)[place]
                shares = [_Share(fixed, fixed), *(self._share(place, each) for each in reach)]
                least, most = (sum(each[end] for each in shares) / self._total for end in (0, 1))
                found[name] = Bounds(least, most)
        if METRICS[4] in wanted:
            found[METRICS[4]] = Bounds(self._crowd(reach), self._total)
        return found

    def _reach(self, some: Sequence[Sequence[Timing]]) -> list[_Reach]:
        """When each cell gets each email that is not fixed, at the earliest and at the latest, zone by zone."""
        low_us = self._anchor_us
        high_us: list[Ints | None] = [self._anchor_us[where] for where, _ in self._parts.each()]
        found = []
        for at in range(self._since, len(some)):
            low_us = self._due(self._least(some[at])[0], low_us)
            strict: list[tuple[Timing | None, list[Gate]]] = self._keep(
                (most, *some[at]), self._strict, some[at]
            )
            for number, ((where, _), (latest, gates)) in enumerate(
                zip(self._parts.each(), strict, strict=True)
            ):
                anchor_us = high_us[number]
                high_us[number] = None if latest is None or anchor_us is None else due(latest, anchor_us)
                if self._sends[at]:
                    found.append(_Reach(low_us[where], high_us[number], self._counts[where], gates))
        return found

    def _strict(self, some: Sequence[Timing]) -> list[tuple[Timing | None, list[Gate]]]:
        """In each zone a timing that is never due earlier than any of some, if one is known, and their gates."""
        both = zip(self._fewer(some, frozenset.intersection), self._fewer(some, frozenset.union), strict=True)
        return [
            (most(late, self._span), [*dict.fromkeys(each.gate for each in early)]) for late, early in both
        ]

    def _crowd(self, reach: Sequence[_Reach]) -> int:
        """How many sends are in one hour at least: those that are known, or all of a date at a step with slots."""
        hourly, together = self._hourly, 0
        for low_us, high_us, counts, gates in reach:
            if high_us is None:
                continue
            places = {gate.time_zone if isinstance(gate, SendSlots) else "" for gate in gates}
            if (low_us == high_us).all():
                hourly = hourly + self._hours.counts(low_us, counts)
            elif len(places) == 1 and "" not in places:
                here = zone(places.pop())
                dates = here.date(low_us)
                sure = dates == here.date(high_us)
                if sure.any():
                    together = max(together, int(np.bincount(dates[sure] - dates[0], counts[sure]).max()))
        return max(int(hourly.max()), together)

    def _share(self, place: int, reach: _Reach) -> _Share:
        """How many of a step's sends are on weekends (0), or at night (1)."""
        low_us, high_us, counts, gates = reach
        if high_us is None:
            sure = np.zeros(low_us.size, np.bool_)
        elif place:
            sure = low_us == high_us
        else:
            sure = self._here.date(low_us) == self._here.date(high_us)
        inside = int(counts @ (sure & self._sorts(low_us)[place]))
        others = int(counts @ ~sure)
        flags = [self._flags(gate)[place] for gate in gates]
        return _Share(
            inside + others * all(flag.all for flag in flags),
            inside + others * any(flag.any for flag in flags),
        )

    def _flags(self, gate: Gate) -> tuple[_Flag, _Flag]:
        """What of a gate's allowed instants is on weekends, and what at night."""
        if gate not in self._flagged:
            self._flagged[gate] = self._flags_of(gate)
        return self._flagged[gate]

    def _flags_of(self, gate: Gate) -> tuple[_Flag, _Flag]:
        if isinstance(gate, SendSlots):
            # No two slots are less than half a day apart.
            points_us = np.unique(gate.snap(np.arange(*self._span, DAY_US // 2)))
            weekend, night = (_Flag(bool(each.all()), bool(each.any())) for each in self._sorts(points_us))
            return weekend, night
        if isinstance(gate, SendWindow) and gate.time_zone == self._here.name:
            days = [day >= SATURDAY for day in gate.weekdays]
            evening, morning = (edge_us // MINUTE_US for edge_us in NIGHT_US)
            outside = gate.start_min >= evening or gate.end_min <= morning
            across = gate.end_min > evening or gate.start_min < morning
            return _Flag(all(days), any(days)), _Flag(outside, across)
        return _UNKNOWN, _UNKNOWN

    def _sorts(self, instants_us: Ints) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Which of some instants are on weekends, and which at night."""
        local_us = self._here.local_us(instants_us)
        clock_us = local_us % DAY_US
        return (
            (local_us // DAY_US + 3) % 7 >= SATURDAY,
            (clock_us >= NIGHT_US[0]) | (clock_us < NIGHT_US[1]),
        )

    def _sent_us(self, steps: Sequence[_Each]) -> list[Ints]:
        """When each cell gets each email that is not fixed."""
        anchor_us, found = self._anchor_us, []
        for at in range(self._since, len(steps)):
            before_us, timing = anchor_us, steps[at]
            way = (due, *steps[self._since : at + 1])
            anchor_us = self._keep(way, self._due, timing, before_us)
            if self._sends[at]:
                found.append(anchor_us)
        return found

    def _least(self, some: Sequence[Timing]) -> tuple[_Each, tuple[str, ...]]:
        found: tuple[_Each, tuple[str, ...]] = self._keep((least, *some), self._eased, some)
        return found

    def _eased(self, some: Sequence[Timing]) -> tuple[_Each, tuple[str, ...]]:
        timings, laws = [], dict[str, None]()
        for there in self._fewer(some, frozenset.union):
            timing, why = least(there, self._span)
            timings.append(timing)
            laws |= dict.fromkeys(why)
        return self._all(timings), (*laws,)

    def _keep(self, what: Hashable, make: Callable[..., Any], *given: Any) -> Any:
        """What `make` gives, made once for a while."""
        if what not in self._kept:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            self._kept[what] = make(*given)
        return self._kept[what]


def due(timing: Timing, anchor_us: Ints) -> Ints:
    """When what waits from some anchors is due (T2)."""
    return timing.gate.snap(np.maximum(timing.delay.earliest(anchor_us), anchor_us))
