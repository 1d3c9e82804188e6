"""Branch and bound: the best schedules of a space, and what rules out the others."""

import heapq
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from simcore.answers.cells import Bounds, Cells, Entered
from simcore.answers.certificate import Box, Part
from simcore.answers.limits import Limit
from simcore.answers.metrics import METRICS, Metrics
from simcore.answers.options import Options
from simcore.answers.projection import Cache, Projection, make, planned
from simcore.answers.space import Space, Timings
from simcore.answers.sweep import naming, neighbours
from simcore.engine.times import Parts
from simcore.plan.log import NEVER_US
from simcore.plan.plan import OneAtATime, Plan

_DAYS = METRICS[:2]
COUNTED = "the sends that are surely in it are counted, and those that may be (T8, T9)"
"""Why a bound of what is not monotone holds."""
_ANY = Bounds(-math.inf, math.inf)


class Aim(NamedTuple):
    """What is looked for: the `top` schedules with the least of a metric, within limits."""

    metric: str
    limits: tuple[Limit, ...]
    top: int

    def key(self, row: int, values: tuple[float, ...]) -> tuple[bool, float, int]:
        """By which schedules are in order, those without a value last."""
        value = values[METRICS.index(self.metric)]
        return (True, 0.0, row) if math.isnan(value) else (False, value, row)

    def keeps(self, values: tuple[float, ...]) -> bool:
        """Whether a schedule is within all limits."""
        return all(limit.holds(values[METRICS.index(limit.metric)]) for limit in self.limits)


class Found(NamedTuple):
    """The metrics of schedules that were evaluated, by row, and the parts that were ruled out."""

    measured: dict[int, tuple[float, ...]]
    parts: list[Part]


class Search:
    """One search."""

    def __init__(self, space: Space, entries: Any, options: Options, aim: Aim) -> None:
        self._space, self._entries, self._options, self._aim = space, entries, options, aim
        self._cache = Cache()
        self._metrics = Metrics(self._cache)
        self._timings = Timings(space, options)
        self._measured: dict[int, tuple[float, ...]] = {}
        self._parts: list[Part] = []
        self._best: list[tuple[bool, float, int]] = []
        self._settled = 0
        self._report: Callable[[int], None] = lambda settled: None
        self._cells: dict[int, Cells] = {}
        self._entries_of: tuple[Any, Entered] = (None, Entered(np.empty(0, np.int64), Parts([0], [])))

    def run(self, report: Callable[[int], None]) -> Found:
        """All of the space, evaluated or ruled out. `report` takes how many schedules are settled."""
        self._report = report
        kind = self._timings.kind
        for number in range(len(self._timings.kinds)):
            cells = self._cells_of(number)
            if cells is None:
                kind[kind == number] = -1
            else:
                self._cells[number] = cells
        self._evaluate(np.flatnonzero(kind < 0).tolist())
        if (kind >= 0).any():
            self._branch()
        return Found(self._measured, self._parts)

    def _cells_of(self, number: int) -> Cells | None:
        """The cells of a kind; None where its schedules cannot be compared, since more than waits decides."""
        kind, options = self._timings.kinds[number], self._options
        epochs, people, *_ = self._projected(kind.row, self._space.schedule(kind.row))
        runs, entry = people.runs, epochs[0].plan.entry
        changing = options.events is not None or options.until is not None or len(epochs) > 1
        if changing or not len(runs) or runs.first_end_us < NEVER_US:
            return None
        alone = not len(people.rejected.row) and pd.Index(runs.subscriber_id).is_unique
        if not (alone or isinstance(entry, OneAtATime)):  # an active run may keep another out
            return None
        if self._entries_of[0] is not runs.entered_us:  # most kinds have the same, which is then kept once
            self._entries_of = runs.entered_us, Entered.of(runs)
        return Cells.of(self._entries_of[1], self._timings.all_of(number), kind.sends, kind.time_zone)

    def _evaluate(self, rows: list[int]) -> None:
        """Evaluates schedules as `simcore.sweep` does, those next to each other that have most in common."""
        options = self._options
        schedules = [self._space.schedule(row) for row in rows]
        plans = [planned(each, options) for each in schedules]
        for at in neighbours(plans):
            self._settle(rows[at], self._metrics.of(self._projected(rows[at], schedules[at], plans[at])))

    def _projected(self, row: int, schedule: Any, plan: Plan | None = None) -> Projection:
        """What happens to all under a schedule, that of a row."""
        with naming(self._space.chosen(row)):
            return make(schedule, self._entries, self._options, plan=plan, cache=self._cache)

    def _settle(self, row: int, values: tuple[float, ...]) -> None:
        """Notes the metrics of a schedule, and the best so far."""
        self._count(1)
        self._measured[row] = values
        if self._aim.keeps(values):
            self._best = sorted([*self._best, self._aim.key(row, values)])[: self._aim.top]

    def _count(self, schedules: int) -> None:
        self._settled += schedules
        self._report(self._settled)

    def _beaten(self, bound: float, box: Box) -> bool:
        """Whether a lower bound of what is minimized shows that no schedule of a part is among the best."""
        if len(self._best) < self._aim.top:
            return False
        nothing, value, row = self._best[-1]
        return not nothing and (bound > value or (bound == value and self._space.first(box) > row))

    def _branch(self) -> None:
        """The best-first search. Parts are split by one field after the other, into one for each of its values."""
        box, order = self._probed() if self._judge(self._space.whole) else ((), [])
        heap: list[tuple[float, int, int, Box, tuple[str, ...]]] = []
        if box and all(box):
            heapq.heappush(heap, (-math.inf, self._space.first(box), 0, box, ()))
        while heap:
            bound, first, depth, box, laws = heapq.heappop(heap)
            if self._beaten(bound, box):
                self._rule_out(box, self._aim.metric, True, bound, "", laws)
            elif depth == len(order):
                self._settle(first, self._measure(box))
            else:
                for place in box[order[depth]]:
                    inner = _within(box, order[depth], place)
                    last = depth + 1 == len(order)
                    if last and (self._timings.kind_of(inner) < 0 or self._aim.metric not in _DAYS):
                        self._leaf(inner)
                    elif judged := self._judge(
                        inner, last=last
                    ):  # pragma: no branch # some random spaces alone
                        heapq.heappush(
                            heap, (judged[0], self._space.first(inner), depth + 1, inner, judged[1])
                        )

    def _leaf(self, box: Box) -> None:
        """A single schedule, which is evaluated at once, unless it was before."""
        row = self._space.first(box)
        if row not in self._measured:
            self._settle(row, self._measure(box))

    def _probed(self) -> tuple[Box, list[int]]:
        """The whole without values that are ruled out by themselves, and the fields in the order to split by."""
        box = self._space.whole
        spread = []
        for axis, places in enumerate(box):
            kept, bounds = [], []
            for place in places:
                if judged := self._judge(_within(box, axis, place)):
                    kept.append(place)
                    bounds.append(judged[0])
            box = tuple(tuple(kept) if at == axis else each for at, each in enumerate(box))
            if not kept:
                return box, []
            some = [each for each in bounds if each > -math.inf]
            spread.append(sum(some) / len(some) - min(some) if some else math.inf)
        return box, sorted(range(len(box)), key=lambda axis: -spread[axis])

    def _judge(self, box: Box, *, last: bool = False) -> tuple[float, tuple[str, ...]] | None:
        """A lower bound of what is minimized, and why; None once a limit rules the part out.

        `last`: whether it is a single schedule, whose sends need no bounds of their own.
        """
        kind = self._timings.kind_of(box)
        if kind < 0:
            return -math.inf, ()
        cells, some = self._cells[kind], self._timings.some(box, self._timings.kinds[kind].steps)
        wanted = {self._aim.metric, *(limit.metric for limit in self._aim.limits)}
        bounds, laws = dict[str, Bounds](), tuple[str, ...]()
        if wanted & {*_DAYS}:
            bounds, laws = cells.days(some, wanted)
        if wanted - {*_DAYS} and not last:
            bounds |= cells.loads(some, wanted)
        for limit in self._aim.limits:
            low, high = bounds.get(limit.metric, _ANY)
            if end := limit.beyond(low, high):
                least = end == "low"
                why = laws if limit.metric in _DAYS else (COUNTED,)
                self._rule_out(box, limit.metric, least, low if least else high, str(limit), why)
                return None
        return bounds[self._aim.metric].low, laws if self._aim.metric in _DAYS else (COUNTED,)

    def _measure(self, box: Box) -> tuple[float, ...]:
        """The metrics of a schedule."""
        kind = self._timings.kind_of(box)
        some = self._timings.some(box, self._timings.kinds[kind].steps)
        return self._cells[kind].measure([timing for (timing,) in some])

    def _rule_out(
        self, box: Box, metric: str, least: bool, bound: float, against: str, laws: tuple[str, ...]
    ) -> None:
        self._parts.append(Part(box, metric, least, bound, against, laws))
        self._count(math.prod(map(len, box)))


def _within(box: Box, axis: int, place: int) -> Box:
    """The part of a part with one value of a field."""
    return tuple((place,) if at == axis else places for at, places in enumerate(box))
