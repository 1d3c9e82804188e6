"""Rounds: one step for many runs. Those that wait for it, those that have passed it, and what else happened."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from simcore.clock.instants import NAT_US
from simcore.clock.zones import Ints
from simcore.engine.times import Times
from simcore.plan.plan import Step

ZonesAt: TypeAlias = Callable[[Ints | None, Ints], npt.NDArray[np.object_]]
"""The names of the own zones of some runs at instants [object], "" for those that have none (Q31)."""

NONE = -1
"""The number of no email, and the place of what is not there."""

ACTIVE, COMPLETED, EXCLUDED, STOPPED = range(4)
"""How a run stands by the engine's own doing; what ends it from outside stands in the runs."""
STATES = ("active", "completed", "excluded", "stopped")
"""The statuses that these are."""

WAITED, CHANGED, AT_ONCE, FREED, BEHIND, DEFERRED = range(6)
"""Why an email goes out when it does: it was waited for, and the wait was perhaps set anew by a change; it was
published right before, or behind, where the run stood; it came due while the sequence was inactive; or there was no
room for it."""


_NO_RUNS: Ints = np.empty(0, np.int64)


class Waiting(NamedTuple):
    """Runs that wait for one step: when it is due for each of them, and why then.

    `rows` int64 [r], which runs; None for all, in order. `at` and `anchor`: when it is due, and what that was
    counted from. `cause` int8 [r], or one for all; `since_us` [r] or one: the change that set the wait, if any;
    `under` int64 [r] or one: the epoch whose plan the wait was set by. `over_us` int64 [r]: where each run has a
    date of its own to wait for, when that wait is over.
    """

    rows: Ints | None
    at: Times
    anchor: Times
    cause: npt.NDArray[np.int8] | int = WAITED
    since_us: Ints | int = NAT_US
    under: Ints | int = 0
    over_us: Ints | None = None

    def of(self, some: Ints) -> "Waiting":
        """Some of the runs, by their places."""
        return self._replace(
            rows=take(self.rows, some),
            at=self.at.of(some),
            anchor=self.anchor.of(some),
            cause=self.cause if isinstance(self.cause, int) else self.cause[some],
            since_us=self.since_us if isinstance(self.since_us, int) else self.since_us[some],
            under=self.under if isinstance(self.under, int) else self.under[some],
            over_us=None if self.over_us is None else self.over_us[some],
        )


class Passed(NamedTuple):
    """A step that was sent, or passed without a send, once for each of the runs that `waited` for it."""

    step: Step
    waited: Waiting

    @property
    def rows(self) -> Ints | None:
        """Which runs [int64]; None for all, in order."""
        return self.waited.rows

    @property
    def at(self) -> Times:
        """When each of them passed it."""
        return self.waited.at


class Note(NamedTuple):
    """Something that happened to runs, other than a send: `rows` int64 [r] or None for all, and when."""

    what: str
    rows: Ints | None
    at: Times
    email_id: int | str | None = None


class Outcome(NamedTuple):
    """What became of all runs: what they passed, what else happened, and where each stands at the end.

    `state` int8 [runs], such as `COMPLETED`; `ended_us` int64 [µs; runs]; `queued` int64 [runs], places in
    `email_ids` (`NONE` for none) of what each waits for, and `due_us` int64 [µs; runs], when that is due. They are
    empty where nobody asked for them. `end_us` and `end_status`: as those of the runs, after what steps did to them.
    `zones_at`: the runs' own zones; None where no step looks at them. `stands`, `over_us` and `leaves_us`:
    where there is more than one epoch, the very step that each run waits for, which may be no email, as `queued`; when
    its wait is over [µs; runs]; and when its gate lets it pass.
    """

    passed: list[Passed]
    notes: list[Note]
    state: npt.NDArray[np.int8]
    ended_us: Ints
    queued: Ints
    due_us: Ints
    end_us: Ints
    end_status: npt.NDArray[np.int8]
    email_ids: list[int | str]
    zones_at: ZonesAt | None = None
    stands: Ints = _NO_RUNS
    over_us: Ints = _NO_RUNS
    leaves_us: Ints = _NO_RUNS

    @property
    def sends(self) -> list[Passed]:
        """What was sent, in the order in which each run received it."""
        return [each for each in self.passed if each.step.sends]


def merged(cohorts: Sequence[Waiting]) -> Waiting:
    """Several cohorts that wait for the same step, as one; each but a single one has its rows."""
    if len(cohorts) == 1:
        return cohorts[0]
    sizes = [len(each.at) for each in cohorts]
    rows = np.concatenate([each.rows for each in cohorts if each.rows is not None])
    order = np.argsort(rows, kind="stable")  # arrays in the order of runs are faster to read and write

    def joined(parts: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        return np.concatenate([*map(np.broadcast_to, parts, sizes)])[order]

    own = [each.over_us for each in cohorts]
    ats = [each.at.all_us() for each in cohorts]
    return Waiting(
        rows[order],
        Times(joined(ats)),
        Times(joined([each.anchor.all_us() for each in cohorts])),
        joined([np.asarray(each.cause, np.int8) for each in cohorts]),
        joined([np.asarray(each.since_us, np.int64) for each in cohorts]),
        joined([np.asarray(each.under, np.int64) for each in cohorts]),
        None
        if all(over_us is None for over_us in own)
        else joined([at if over_us is None else over_us for over_us, at in zip(own, ats, strict=True)]),
    )


def take(rows: Ints | None, some: Ints) -> Ints:
    """Some of the rows, by their places."""
    return some if rows is None else rows[some]


def where(rows: Ints | None) -> Ints | slice:
    """The rows as an index of arrays of runs."""
    return slice(None) if rows is None else rows
