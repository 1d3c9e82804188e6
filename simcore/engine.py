"""The rounds: all runs move together, one email at a time, as arrays.

A gate that ticks (a daily slot, a poll every 15 minutes) leaves few instants, however many runs there are:
from there on each later email is computed once per distinct instant, and an index says which run has which.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simcore.gates import Ticking
from simcore.plan import Plan, Step
from simcore.zones import Ints

_MANY = 1 << 16
"""From this many instants on, looking for equal ones pays."""


@dataclass(frozen=True, eq=False)
class Round:
    """One step of a plan for all runs.

    `at_us` int64 [d]: the instants at which the step happens, `FAR_US` or more where past 2200. `index` int64
    [runs] says which of them each run has; None where each run has its own (d = runs).
    """

    step: Step
    at_us: Ints
    index: Ints | None

    def all_us(self) -> Ints:
        """The instant of every run [int64, runs]."""
        return self.at_us if self.index is None else self.at_us[self.index]


def rounds(plan: Plan, entered_us: Ints) -> Iterator[Round]:
    """The steps of a plan, in order, for runs that begin at `entered_us` int64 [µs, UTC; runs].

    Ends before the first step whose gate is closed, or at once where the plan is not active: nothing after
    it can happen (K11, K19).
    """
    at_us, index = entered_us, None
    for step in plan.steps if plan.active else ():
        gate = step.gate
        if gate.closed:
            return
        earliest_us = step.delay.earliest(at_us)
        np.maximum(earliest_us, at_us, out=earliest_us)
        if isinstance(gate, Ticking) and at_us.size >= _MANY:
            ticks, inverse = _distinct(gate.tick(earliest_us))
            at_us = gate.at(ticks)
            index = inverse if index is None else inverse[index]
        else:
            at_us = gate.snap(earliest_us)
        yield Round(step, at_us, index)


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
