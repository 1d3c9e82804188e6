"""The pieces of a range of entries on which all that a sequence sends stays at one instant, or moves along.

If nothing but the entry happens to a subscriber, each send is a step function of the entry. Going through the plan
gives the pieces: what moves is cut wherever the answer of a delay or a gate changes.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from simcore.clock.delays import Delay
from simcore.clock.gates import MOST_STEPS
from simcore.clock.periods import periods
from simcore.clock.zones import FAR_US, HOUR_US, LAST_US, Ints, zone
from simcore.errors import TooManyError
from simcore.plan.log import Flags
from simcore.plan.plan import Plan, Step
from simcore.plan.waits import RunDelay


class _Pieces(NamedTuple):
    """Pieces of a range of entries up to `end_us` [µs]: where each begins, and how far its entry has come.

    `begin_us` int64 [pieces], in order; `at_us` int64 [pieces], the instant that the first entry of the piece has led
    to; `moves`: whether that instant moves along with the entry through the piece, or stays.
    """

    begin_us: Ints
    at_us: Ints
    moves: Flags
    end_us: int

    def _lengths_us(self) -> Ints:
        return np.diff(np.append(self.begin_us, self.end_us))

    def cut(self, points: Callable[[int, int], Ints]) -> "_Pieces":
        """Cuts what moves at points; `points` gives them, in order, from one instant to another."""
        if not self.moves.any():
            return self
        until_us = self.at_us + self._lengths_us()
        points_us = points(int(self.at_us[self.moves].min()), int(until_us[self.moves].max()))
        first = np.searchsorted(points_us, self.at_us, "right")
        inside = np.where(self.moves, np.searchsorted(points_us, until_us) - first, 0)
        piece = np.repeat(np.arange(inside.size), inside + 1)
        nth = np.arange(piece.size) - np.repeat(np.cumsum(inside + 1) - (inside + 1), inside + 1)
        later = nth > 0
        by_us = np.zeros(piece.size, np.int64)
        by_us[later] = points_us[(first[piece] + nth - 1)[later]] - self.at_us[piece[later]]
        return _Pieces(
            self.begin_us[piece] + by_us, self.at_us[piece] + by_us, self.moves[piece], self.end_us
        )

    def through(self, passing: Callable[[Ints], Ints]) -> "_Pieces":
        """The pieces after the next delay or gate; it must let each piece stay, or move, as a whole."""
        on_us = np.where(self.moves, self._lengths_us() - 1, 0)
        at_us = passing(self.at_us)
        moves = (on_us > 0) & (passing(self.at_us + on_us) - at_us == on_us)
        return self._replace(at_us=at_us, moves=moves)


def pieces(plan: Plan, first_us: int, end_us: int, every_us: int | None = None) -> Ints:
    """The starts of the pieces of the entries from an instant to before another [int64, µs, in order].

    On each piece, every send stays or moves along; what moves is within one part of its hour (`every_us` long), if
    that is given. Raises TooManyError for more pieces than can be held.
    """
    here = zone(plan.time_zone)

    def parts(first_us: int, end_us: int) -> Ints:
        if every_us is None:
            return np.empty(0, np.int64)
        hours_us = periods(here, "h", first_us, end_us - 1).starts_us
        count = hours_us.size * (HOUR_US // every_us)
        if count > MOST_STEPS:  # which would take hours
            raise TooManyError(count)
        return np.unique(np.add.outer(hours_us, np.arange(0, HOUR_US, every_us)))

    begin = np.array([first_us])
    found = _Pieces(begin, begin, np.ones(1, np.bool_), end_us).cut(parts)
    for step in plan.steps if plan.active else ():
        if not step.queued:
            continue
        found = found.cut(step.delay.steps_us).through(partial(_over, step.delay))
        found = found.cut(step.gate.steps_us)
        if step.gate.closed:
            break
        found = found.through(step.gate.snap)
        if found.at_us.max() > LAST_US:
            break  # which the engine refuses
        if step.sends:
            found = found.cut(parts)
    return found.begin_us


def beyond_entry(plan: Plan) -> Step | None:
    """The first step by which what is sent depends on more than the entry; None for none."""
    for step in plan.steps:
        if step.branch is not None or (isinstance(step.delay, RunDelay) and bool(step.delay.watched)):
            return step
    return None


def _over(delay: Delay, anchor_us: Ints) -> Ints:
    """When a wait is over."""
    return np.minimum(np.maximum(delay.earliest(anchor_us), anchor_us), FAR_US)
