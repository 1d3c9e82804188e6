"""Instants of many runs: the distinct ones, and which of them each run has; and when what waits is due.

A gate that ticks (a daily slot, a poll every 15 minutes) leaves few instants, however many runs there are: from there
on they are computed once per distinct instant, and an index says which run has which.
"""

from collections.abc import Callable, Hashable, Iterator
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pandas as pd

from simcore.clock.delays import Delay, Elapsed
from simcore.clock.gates import Anytime, Gate, Ticking
from simcore.clock.zones import FAR_US, Ints
from simcore.plan.runs import Runs

_T = TypeVar("_T")
MANY = 65_536
"""From this many instants on, looking for equal ones pays."""
FEW = 1024
"""And from this many on, where others will ask for them again."""


class Times:
    """An instant for each of some runs: `distinct_us` int64 [d], and `index` int64 [runs], which of them each has.

    `index` is None where each run has its own (d = runs). `FAR_US` or more stands for what is past 2200.
    """

    def __init__(self, distinct_us: Ints, index: Ints | None = None) -> None:
        self.distinct_us = distinct_us
        self.index = index

    @cached_property
    def last_us(self) -> int:
        """The last of the distinct instants, of which there is one at least."""
        return int(self.distinct_us.max())

    def __len__(self) -> int:
        return self.distinct_us.size if self.index is None else self.index.size

    def moved(self, distinct_us: Ints) -> "Times":
        """The same runs at other instants: one for each of the distinct ones."""
        return Times(distinct_us, self.index)

    def all_us(self) -> Ints:
        """The instant of every run [int64, runs]."""
        return self.distinct_us if self.index is None else self.distinct_us[self.index]

    def of(self, some: Ints) -> "Times":
        """Those of some of the runs, by their places."""
        return (
            Times(self.distinct_us[some]) if self.index is None else Times(self.distinct_us, self.index[some])
        )


class Parts(NamedTuple):
    """Zones, one after the other: what belongs to each is from one of `starts` [zones + 1] to before the next.

    `names`: None for the sequence's own zone.
    """

    starts: list[int]
    names: list[str | None]

    def each(self) -> Iterator[tuple[slice, str | None]]:
        """Each zone: where what belongs to it is, and its name."""
        return zip(map(slice, self.starts[:-1], self.starts[1:]), self.names, strict=True)


class ByZone(Times):
    """Instants of runs that stay in zones of their own: the distinct ones of each zone together, by `parts`.

    So what comes next in each zone is found for its few instants.
    """

    def __init__(self, distinct_us: Ints, index: Ints | None, parts: Parts) -> None:
        super().__init__(distinct_us, index)
        self.parts = parts

    def moved(self, distinct_us: Ints) -> "ByZone":
        """The same runs at other instants."""
        return ByZone(distinct_us, self.index, self.parts)

    def of(self, some: Ints) -> Times:
        """Those of some of the runs, by their places."""
        return (
            super().of(some) if self.index is None else ByZone(self.distinct_us, self.index[some], self.parts)
        )


class Kept:
    """What simulations of the same entries under many plans have in common, found once and kept for a while.

    `room`: how many instants may be kept; those that nobody asked for the longest go first.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._kept: dict[Hashable, tuple[Any, Any, int]] = {}

    def keep(self, what: Hashable, of: Any, make: Callable[[], _T], size: int = 0) -> _T:
        """What `make` gives, once for `what` of a thing: `of` that very object, which is kept alive with it."""
        key = (what, id(of))
        found = self._kept.pop(key, None)
        if found is None:
            found = (of, make(), size)
            self._room -= size
            while self._room < 0 and self._kept:
                self._room += self._kept.pop(next(iter(self._kept)))[2]
        self._kept[key] = found
        value: _T = found[1]
        return value

    def entered(self, runs: Runs) -> Times:
        """When runs enter: one object for the same runs."""
        return self.keep(Times, runs, lambda: Times(runs.entered_us))

    def due(self, delay: Delay, gate: Gate, anchor: Times) -> Times:
        """As `due`, in two steps: many gates follow one delay, which leaves few instants where it counts dates."""
        ready = self.keep((Delay, delay), anchor, lambda: dense(due(delay, Anytime(), anchor)), len(anchor))
        return self.keep(
            (Gate, gate), ready, lambda: dense(due(Elapsed(0), gate, ready)), ready.distinct_us.size
        )


def due(delay: Delay, gate: Gate, anchor: Times) -> Times:
    """When what waits from `anchor` is due."""
    anchor_us = anchor.distinct_us
    if isinstance(delay, Elapsed) and not delay.duration_us and isinstance(gate, Anytime):
        return anchor
    if gate.closed:
        return Times(gate.snap(anchor_us), anchor.index)
    earliest_us = np.maximum(delay.earliest(anchor_us), anchor_us)
    np.minimum(earliest_us, FAR_US, out=earliest_us)  # so that no delay upon delay ever wraps
    if isinstance(gate, Ticking) and earliest_us.size >= MANY and not isinstance(anchor, ByZone):
        ticks, inverse = _distinct(gate.tick(earliest_us))
        return Times(gate.at(ticks), inverse if anchor.index is None else inverse[anchor.index])
    return anchor.moved(gate.snap(earliest_us))


def dense(times: Times) -> Times:
    """The same instants, each kept once, where that saves at least half of many."""
    if times.distinct_us.size < FEW or isinstance(times, ByZone):
        return times
    which, distinct_us = pd.factorize(times.distinct_us)
    if 2 * distinct_us.size > which.size:
        return times
    return Times(distinct_us, which if times.index is None else which[times.index])


def _distinct(ticks: Ints) -> tuple[Ints, Ints]:
    """The distinct numbers, sorted, and for each of `ticks` which of them it is (as np.unique, by counting)."""
    first = int(ticks.min())
    width = int(ticks.max()) - first + 1
    if width > 8 * ticks.size:  # spread too thinly for a table
        distinct, inverse = np.unique(ticks, return_inverse=True)
        return distinct, inverse
    place = ticks - first
    seen = np.zeros(width, np.bool_)
    seen[place] = True
    rank = np.cumsum(seen)
    return np.flatnonzero(seen) + first, (rank - 1)[place]
