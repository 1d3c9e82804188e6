"""The record: how all runs stand, and what has happened to them. Epochs write it, changes read and correct it."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from simcore.clock.instants import NAT_US
from simcore.clock.zones import Ints
from simcore.engine.circumstances import Circumstances
from simcore.engine.limit import Limit
from simcore.engine.rounds import (
    ACTIVE,
    COMPLETED,
    NONE,
    STOPPED,
    Note,
    Outcome,
    Waiting,
    take,
    where,
)
from simcore.engine.times import Times
from simcore.plan.history import History
from simcore.plan.log import NEVER_US, Flags, Log
from simcore.plan.plan import Emission, Epoch, Plan, Step
from simcore.plan.runs import Runs

RESCHEDULED, INSERTED, BEHIND_SENT, HELD, EXCLUDED_MIDWAY = 1, 2, 4, 8, 16
"""What a run may come to of which plans say differently how it goes on: see `Record.touched`."""

_OF_RUNS = (
    *("last", "anchor_us", "over_us", "since_us", "under", "cause", "ending", "holding", "parked", "flags"),
)


class Record(Circumstances):
    """All runs, each at its place: what the rounds write, epoch by epoch.

    `keeps`: whether anybody asks where runs stand; `notes`: whether to keep account of what is not a send; `passes`:
    whether what is passed without a send is part of the outcome too; `late`: whether instants after 2200 are let be,
    and not refused; `in_order`: whether all happens in the order of time, by where runs stand. `history`: the one
    that these runs share with others'; `limit`: how many mails each subscriber gets. `lean`: whether nothing changes
    and nobody asks why, so that since when runs wait is not kept.

    `told`: who is told what steps do, where there are other sequences (A5).
    """

    def __init__(
        self,
        epochs: Sequence[Epoch],
        runs: Runs,
        log: Log | None,
        *,
        statuses: Sequence[str] = (),
        notes: bool = False,
        keeps: bool = False,
        passes: bool = False,
        late: bool = False,
        in_order: bool = False,
        history: History | None = None,
        limit: Limit | None = None,
        lean: bool = False,
    ) -> None:
        super().__init__(epochs, runs, log, history)
        self.epochs, self.statuses, self.limit, self.lean = epochs, statuses, limit, lean
        self.told: Callable[[str, Hashable, Ints, Ints, Any], None] | None = None
        self.noting, self.passes, self.late = notes, passes, late
        ids = dict.fromkeys(step.email_id for epoch in epochs for step in epoch.plan.steps)
        self.numbers = {email_id: number for number, email_id in enumerate(ids)}
        self.changing = len(epochs) > 1 or in_order
        self.keeping = keeps or self.changing
        kept = len(runs) * self.keeping
        self.out = Outcome(
            passed=[],
            notes=[],
            state=np.zeros(kept, np.int8),  # all ACTIVE
            ended_us=np.full(kept, NAT_US),
            queued=np.full(kept, NONE),
            due_us=np.full(kept, NAT_US),
            end_us=runs.end_us,
            end_status=runs.end_status,
            email_ids=[*ids],
            zones_at=self._zone_names
            if runs.time_zone is not None or any(epoch.plan.zone_field for epoch in epochs)
            else None,
        )
        # The last email passed, and since when; written when a run waits for a later epoch, or holds.
        size = len(runs) * self.changing
        self.last, self.anchor_us, self.over_us, self.since_us, self.under = np.zeros((5, size), np.int64)
        self.cause = np.zeros(size, np.int8)
        self.ends: list[str] = [""]
        """Why runs end when their wait is over, by number."""
        self.ending = np.zeros(size, np.int8)  # places among them
        self.holding = np.zeros(size, np.bool_)
        self.flags = np.zeros(
            size, np.bool_
        )  # of runs, none of them set: for whoever needs some for a moment
        self.parked = np.zeros(size, np.bool_)  # who stands before a step whose wait has not begun (Q40)
        # Which runs have received each email, and are owed it; by email, as they are written and asked for.
        self.received = np.zeros((len(ids), size), np.bool_)
        self.owed = np.zeros_like(self.received)
        self.owed_us = np.zeros(self.received.shape if limit is not None else (0, 0), np.int64)
        """From when on each run may have what it is owed, where there is a limit (A6)."""
        self.inside = np.empty(0, np.int64)  # who entered in an earlier epoch, and may not be through
        if self.emits or in_order:
            self.out = self.out._replace(end_us=runs.end_us.copy(), end_status=runs.end_status.copy())
        self.final = len(epochs) - 1
        self.touched: npt.NDArray[np.int8] | None = None
        """Where somebody asks: what each run has come to. Of plans that differ only in what a run has not come to, it
        makes no difference to it which one holds."""

    def touch(self, what: int, rows: Ints | slice) -> None:
        """Some runs come to something (see `touched`)."""
        if self.touched is not None:
            self.touched[rows] |= what

    def touch_at_end(self, rows: Ints | slice, number: int) -> None:
        """No email is left for some runs in an epoch: whether they hold matters where others follow."""
        if number < self.final:
            self.touch(HELD, rows)

    def note(self, what: str, rows: Ints | None, at: Times, step: Step | None = None) -> None:
        """Something other than a send happens to runs."""
        if self.noting and len(at):
            self.out.notes.append(Note(what, rows, at, None if step is None else step.email_id))

    def end(self, state: int, why: str, rows: Ints, at: Times) -> None:
        """Runs end at instants."""
        if self.keeping:
            self.out.state[rows], self.out.ended_us[rows] = state, at.all_us()
        self.note(why, rows, at)

    def stand(self, last: Ints | int, waits: Waiting, *, ends: str = "", holds: bool = False) -> None:
        """Where runs stand when they wait for a later epoch, or hold: the number of the last email passed."""
        if self.lean:
            self.ends_by(where(waits.rows), ends)
        elif self.changing:
            rows = where(waits.rows)
            self.holding[rows] = holds
            self.last[rows] = last
            self.anchor_us[rows] = waits.anchor.all_us()
            self.over_us[rows] = NAT_US if waits.over_us is None else waits.over_us
            self.cause[rows], self.since_us[rows] = waits.cause, waits.since_us
            self.under[rows] = waits.under
            self.ends_by(rows, ends)

    def ends_by(self, rows: Ints | slice, why: str) -> None:
        """Why runs end once their wait is over; "" where they go on."""
        if why not in self.ends:
            self.ends.append(why)
        self.ending[rows] = self.ends.index(why)

    def park(self, rows: Ints, email: int) -> None:
        """Runs stand before a step, by its number, whose wait has not begun."""
        if self.keeping:
            self.out.queued[rows], self.out.due_us[rows] = email, NAT_US
        if self.changing:
            self.parked[rows], self.ending[rows] = True, 0

    def rows_of(self, cohort: Waiting) -> Ints:
        """Which runs a cohort are [int64]."""
        return np.arange(len(self.runs)) if cohort.rows is None else cohort.rows

    def waiting(self, rows: Ints) -> Waiting:
        """What some runs wait for, as they stand."""
        if self.lean:
            at = Times(self.out.due_us[rows])
            return Waiting(rows, at, at)
        over_us = self.over_us[rows]
        return Waiting(
            rows,
            Times(self.out.due_us[rows]),
            Times(self.anchor_us[rows]),
            self.cause[rows],
            self.since_us[rows],
            self.under[rows],
            None
            if (over_us == NAT_US).all()
            else np.where(over_us == NAT_US, self.out.due_us[rows], over_us),
        )

    def nothing_left(self, plan: Plan, last: int, under: int, rows: Ints | None, at: Times) -> None:
        """No email is left for these runs: they are completed, or hold (K15)."""
        if not self.keeping:
            return
        self.touch_at_end(where(rows), under)
        self.out.queued[where(rows)], self.out.due_us[where(rows)] = NONE, NAT_US
        holds = self.holds(plan, where(rows))
        done, held = np.flatnonzero(~holds), np.flatnonzero(holds)
        self.end(COMPLETED, "completed", take(rows, done), at.of(done))
        mine, when = take(rows, held), at.of(held)
        self.stand(last, Waiting(mine, when, when, under=under), holds=True)
        self.note("holding", mine, when)

    def holds(self, plan: Plan, rows: Ints | slice) -> Flags:
        """Which of some runs stay active when no email is left."""
        return np.array([via in plan.hold_vias for via in plan.vias])[self.runs.via[rows]]

    def unstopped(self, cohort: Waiting) -> Waiting:
        """Those of a cohort that nothing stops at their instants; the others' runs end there (Q20)."""
        if self._guard is None or not len(cohort.at):
            return cohort
        stopped = self._guard.holds(where(cohort.rows), cohort.at.all_us())
        if not stopped.any():
            return cohort
        some = np.flatnonzero(stopped)
        self.end(STOPPED, "stopped", take(cohort.rows, some), cohort.at.of(some))
        return cohort.of(np.flatnonzero(~stopped))

    def emit(self, emissions: Sequence[Emission], cohort: Waiting) -> Waiting:
        """A step does for a cohort what events do; gives those whose runs go on."""
        runs, at_us = self.runs, cohort.at.all_us()
        rows = np.arange(len(runs)) if cohort.rows is None else cohort.rows
        who = runs.numbered_who[rows]
        goes = np.ones(len(rows), np.bool_)
        for each in emissions:
            if each.read is None:
                self._tell(each, who, at_us)
            else:
                which = runs.which_or_none[rows]
                for place in np.unique(which).tolist():
                    mine = which == place
                    value = {"value": each.read(None if place < 0 else runs.properties[place])}
                    self._tell(each, who[mine], at_us[mine], value)
            if each.name in self.events.leaves:
                self.end_all(each.name, who, at_us)
                goes[:] = False
        return cohort if goes.all() else cohort.of(np.flatnonzero(goes))

    def _tell(self, done: Emission, who: Ints, at_us: Ints, value: Any = None) -> None:
        self.history.emit(done.name, done.ref, who, at_us, value)
        if self.told is not None:
            self.told(done.name, done.ref, who, at_us, value)

    def end_all(self, name: str, who: Ints, at_us: Ints) -> None:
        """All runs of some subscribers that are active end there, as by an event (Q35)."""
        until_us = np.full(len(self.history.log.ids), NEVER_US)
        until_us[who] = at_us
        mine_us, out = until_us[self.runs.numbered_who], self.out
        active = out.state == ACTIVE if self.keeping else np.ones(len(self.runs), np.bool_)
        ended = active & (self.runs.entered_us <= mine_us) & (mine_us < out.end_us)
        out.end_us[ended] = mine_us[ended]
        out.end_status[ended] = self.statuses.index(self.events.leaves[name][0])

    def grow(self, runs: Runs, plan: Plan) -> None:
        """There are more runs, behind all others, under the plan that is in force."""
        more = len(runs) - len(self.runs)
        self.runs = runs
        for name in (*_OF_RUNS, "received", "owed"):
            values = getattr(self, name)
            setattr(
                self, name, np.concatenate([values, np.zeros((*values.shape[:-1], more), values.dtype)], -1)
            )
        out = self.out
        self.out = out._replace(
            state=np.append(out.state, np.zeros(more, np.int8)),
            ended_us=np.append(out.ended_us, np.full(more, NAT_US)),
            queued=np.append(out.queued, np.full(more, NONE)),
            due_us=np.append(out.due_us, np.full(more, NAT_US)),
            end_us=np.append(out.end_us, runs.end_us[-more:]),
            end_status=np.append(out.end_status, runs.end_status[-more:]),
        )
        self._plan = None  # what ends runs is found for all of them
        self.under_plan(plan)

    def live(self, at_us: int) -> Ints:
        """Which of those inside are active, and not ended before or at an instant [µs]."""
        inside = self.inside
        live: Ints = inside[(self.out.state[inside] == ACTIVE) & (self.out.end_us[inside] > at_us)]
        return live
