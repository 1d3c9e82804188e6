"""Schedules of one kind, measured and bounded over cells: entries that behave alike under all of them."""

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from simcore.answers.metrics import METRICS, NIGHT_US, SATURDAY, SHARES, Stretches
from simcore.answers.permissive import Span, latest_us, least, most
from simcore.answers.space import Timing
from simcore.clock.delays import CalendarDays
from simcore.clock.gates import Gate, SendSlots, SendWindow
from simcore.clock.periods import periods
from simcore.clock.zones import DAY_US, LAST_US, MINUTE_US, Ints, zone

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


class _Reach(NamedTuple):
    """The earliest and, if known, the latest instant of an email for each cell [µs], and the gates it may have."""

    low_us: Ints
    high_us: Ints | None
    gates: list[Gate]


class Cells:
    """The entries of one kind's schedules, in stretches of time that all of these schedules treat alike.

    Steps before the first that differs are computed once, for each entry; after them, once for each cell.
    """

    def __init__(
        self,
        entered_us: Ints,
        steps: Sequence[Sequence[Timing]],
        sends: Sequence[bool],
        span: Span,
        place: str,
    ) -> None:
        self._entered_us = entered_us
        self._span, self._sends, self._here = span, sends, zone(place)
        self._hours = periods(self._here, "h", *span)
        self._kept: dict[Hashable, Any] = {}
        self._same: dict[Hashable, Timing] = {}
        self._since = next((at for at, some in enumerate(steps) if len(some) > 1), len(steps))
        self._since = min(self._since, max(at for at, sent in enumerate(sends) if sent))
        anchor_us, fixed = self._entered_us, []
        for at in range(self._since):
            anchor_us = due(steps[at][0], anchor_us)
            if sends[at]:  # pragma: no branch # a first step that sends nothing: in some random spaces alone
                fixed.append(anchor_us)
        fixed_us = np.concatenate([*fixed, self._entered_us[:0]])
        self._hourly = self._hours.counts(fixed_us, None)
        self._weekend, self._night = (int(each.sum()) for each in self._sorts(fixed_us))
        starts = self._starts(anchor_us, steps[self._since])
        self._anchor_us = anchor_us[starts]
        self._counts = np.diff(np.append(starts, anchor_us.size))
        self._stretches = Stretches.of(
            np.repeat(np.arange(starts.size), self._counts), np.arange(anchor_us.size)
        )
        self._total = anchor_us.size * sum(sends)

    @classmethod
    def of(
        cls, entered_us: Ints, steps: Sequence[Sequence[Timing]], sends: Sequence[bool], place: str
    ) -> "Cells | None":
        """Those of entries in order [µs]; None where the laws of the clock do not hold all the time."""
        last_us = entered_us[-1:]
        for some in steps:
            last_us = latest_us(some, last_us)
        span = Span(int(entered_us[0]), int(last_us[0]))
        delays = {each.delay for some in steps for each in some}
        zones = {place} | {each.time_zone for each in delays if isinstance(each, CalendarDays)}
        if span.last_us > LAST_US or not all(map(span.in_order, zones)):
            return None
        return cls(entered_us, steps, sends, span, place)

    def _starts(self, anchor_us: Ints, some: Sequence[Timing]) -> Ints:
        """Where entries begin that some of the timings tell apart from those before."""
        tried = (
            [due(each, anchor_us) for each in some]
            if len(some) <= _FEW
            else [np.maximum(each.earliest(anchor_us), anchor_us) for each in {each.delay for each in some}]
        )
        new = np.zeros(anchor_us.size, np.bool_)
        new[0] = True
        for each_us in tried:
            new[1:] |= np.diff(each_us) != 0
        return np.flatnonzero(new)

    def measure(self, steps: Sequence[Timing]) -> tuple[float, float, float, float, int]:
        """The metrics of one schedule, in the order of `METRICS`."""
        sent_us = self._sent_us(steps)
        all_us = np.concatenate(sent_us)
        counts = np.tile(self._counts, len(sent_us))
        weekend, night = (int(counts @ each) for each in self._sorts(all_us))
        hourly = self._hours.counts(all_us, counts)
        median, p95 = self._stretches.quantiles(sent_us[-1], self._entered_us)
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
        lows = self._stretches.quantiles(last_us, self._entered_us, shares.values())
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
        """When each cell gets each email that is not fixed, at the earliest and at the latest."""
        low_us = self._anchor_us
        high_us: Ints | None = self._anchor_us
        found = []
        for at in range(self._since, len(some)):
            low_us = due(self._least(some[at])[0], low_us)
            strict: Timing | None = self._keep((most, *some[at]), most, some[at], self._span)
            high_us = None if strict is None or high_us is None else due(strict, high_us)
            if self._sends[at]:
                found.append(_Reach(low_us, high_us, [*{each.gate: None for each in some[at]}]))
        return found

    def _crowd(self, reach: Sequence[_Reach]) -> int:
        """How many sends are in one hour at least: those that are known, or all of a date at a step with slots."""
        hourly, together = self._hourly, 0
        for low_us, high_us, gates in reach:
            if high_us is None:
                continue
            if (low_us == high_us).all():
                hourly = hourly + self._hours.counts(low_us, self._counts)
            elif all(isinstance(gate, SendSlots) and gate.time_zone == self._here.name for gate in gates):
                dates = self._here.date(low_us)
                sure = dates == self._here.date(high_us)
                if sure.any():
                    counts = np.bincount(dates[sure] - dates[0], self._counts[sure])
                    together = max(together, int(counts.max()))
        return max(int(hourly.max()), together)

    def _share(self, place: int, reach: _Reach) -> _Share:
        """How many of a step's sends are on weekends (0), or at night (1)."""
        low_us, high_us, gates = reach
        if high_us is None:
            sure = np.zeros(low_us.size, np.bool_)
        elif place:
            sure = low_us == high_us
        else:
            sure = self._here.date(low_us) == self._here.date(high_us)
        inside = int(self._counts @ (sure & self._sorts(low_us)[place]))
        others = int(self._counts @ ~sure)
        flags = [self._flags(gate)[place] for gate in gates]
        return _Share(
            inside + others * all(flag.all for flag in flags),
            inside + others * any(flag.any for flag in flags),
        )

    def _flags(self, gate: Gate) -> tuple[_Flag, _Flag]:
        """What of a gate's allowed instants is on weekends, and what at night."""
        found: tuple[_Flag, _Flag] = self._keep(("flags", gate), self._flags_of, gate)
        return found

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

    def _sent_us(self, steps: Sequence[Timing]) -> list[Ints]:
        """When each cell gets each email that is not fixed."""
        anchor_us, found = self._anchor_us, []
        for at in range(self._since, len(steps)):
            before_us, timing = anchor_us, steps[at]
            way = (due, *steps[self._since : at + 1])
            anchor_us = self._keep(way, due, timing, before_us)
            if self._sends[at]:
                found.append(anchor_us)
        return found

    def _least(self, some: Sequence[Timing]) -> tuple[Timing, tuple[str, ...]]:
        found: tuple[Timing, tuple[str, ...]] = self._keep((least, *some), self._eased, some)
        return found

    def _eased(self, some: Sequence[Timing]) -> tuple[Timing, tuple[str, ...]]:
        timing, laws = least(some, self._span)
        return self._same.setdefault((timing.delay, timing.gate), timing), laws

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
