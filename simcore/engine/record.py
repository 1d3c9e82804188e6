"""The record: how all runs stand, and what has happened to them. Epochs write it, changes read and mend it."""

from collections.abc import Sequence

import numpy as np

from simcore.clock.instants import NAT_US
from simcore.clock.zones import Ints
from simcore.engine.rounds import (
    ACTIVE,
    COMPLETED,
    NONE,
    STOPPED,
    WAITED,
    Note,
    Outcome,
    Waiting,
    take,
    where,
)
from simcore.engine.times import Times
from simcore.plan.log import Flags, Log, Toggles
from simcore.plan.plan import Epoch, Plan, Step
from simcore.plan.runs import Runs


class Itinerary:
    """A plan by place, in terms of the numbers that emails have throughout (`number` int64 [steps])."""

    def __init__(self, plan: Plan, numbers: dict[int | str, int]) -> None:
        self.plan = plan
        self.steps = plan.steps
        self.number = np.array([numbers[step.email_id] for step in plan.steps], np.int64)
        # Where each email stands; none at all stands nowhere, and is the last by its number.
        place = np.full(len(numbers), NONE)
        place[self.number] = np.arange(len(plan.steps))
        self.place = np.append(place, NONE)
        # From each place on, the first step that runs wait for; one behind the last where there is none.
        self.next = [len(plan.steps)] * (len(plan.steps) + 1)
        for at, step in reversed([*enumerate(plan.steps)]):
            self.next[at] = at if step.queued else self.after(at)
        self.published = {step.email_id for step in plan.steps if step.sends}

    def after(self, place: int) -> int:
        """The step that runs wait for once they have passed the one at a place, where no branch says otherwise."""
        paths = self.steps[place].paths
        return self.next[paths[0] if paths else place + 1]


class Record:
    """All runs, each at its place: what the rounds write, epoch by epoch.

    `keeps`: whether anybody asks where runs stand; `notes`: whether to keep account of what is not a send; `passes`:
    whether what is passed without a send is part of the outcome too; `late`: whether instants after 2200 are let be,
    and not refused.
    """

    def __init__(
        self,
        epochs: Sequence[Epoch],
        runs: Runs,
        log: Log | None,
        *,
        notes: bool = False,
        keeps: bool = False,
        passes: bool = False,
        late: bool = False,
    ) -> None:
        self.runs, self.log = runs, log
        self.noting, self.passes, self.late = notes, passes, late
        ids = dict.fromkeys(step.email_id for epoch in epochs for step in epoch.plan.steps)
        self.numbers = {email_id: number for number, email_id in enumerate(ids)}
        self.changing = len(epochs) > 1
        self.keeping = keeps or self.changing
        kept = len(runs) * self.keeping
        self.out = Outcome(
            passed=[],
            notes=[],
            state=np.zeros(kept, np.int8),  # all ACTIVE
            ended_us=np.full(kept, NAT_US),
            queued=np.full(kept, NONE),
            due_us=np.full(kept, NAT_US),
            email_ids=[*ids],
        )
        # The last email passed, and since when; written when a run waits for a later epoch, or holds.
        size = len(runs) * self.changing
        self.last, self.anchor_us, self.since_us, self.under = np.zeros((4, size), np.int64)
        self.cause = np.zeros(size, np.int8)
        self.holding = np.zeros(size, np.bool_)
        # Which runs have received each email, and are owed it; by email, as they are written and asked for.
        self.received = np.zeros((len(ids), size), np.bool_)
        self.owed = np.zeros_like(self.received)
        self.inside = np.empty(0, np.int64)  # who entered in an earlier epoch, and may not be through
        stop = epochs[0].plan.stop
        self.guard = None
        if stop is not None and log is not None and runs.who is not None:
            self.guard = stop.guard(log, runs)
        self._members: Toggles | None = None
        self._concerned: Flags | None = None  # which runs are of people who are ever in an excluded source

    def under_plan(self, plan: Plan) -> None:
        """From here on the plan's excluded sources hold."""
        members = None if self.log is None else self.log.members(plan.excluded, plan.events)
        if members is not self._members and members is not None and self.runs.who is not None:
            self._concerned = members.known(self.runs.who)
        self._members = members

    def note(self, what: str, rows: Ints | None, at: Times, step: Step | None = None) -> None:
        """Something other than a send happens to runs."""
        if self.noting and len(at):
            self.out.notes.append(Note(what, rows, at, None if step is None else step.email_id))

    def end(self, state: int, why: str, rows: Ints, at: Times) -> None:
        """Runs end at instants."""
        if self.keeping:
            self.out.state[rows], self.out.ended_us[rows] = state, at.all_us()
        self.note(why, rows, at)

    def stand(self, last: int, under: int, rows: Ints | slice, anchor: Times, *, holds: bool) -> None:
        """Where runs stand when they wait for a later epoch, or hold: the number of the last email passed."""
        if self.changing:
            self.holding[rows] = holds
            self.last[rows] = last
            self.anchor_us[rows] = anchor.all_us()
            self.cause[rows], self.since_us[rows], self.under[rows] = WAITED, NAT_US, under

    def nothing_left(self, plan: Plan, last: int, under: int, rows: Ints | None, at: Times) -> None:
        """No email is left for these runs: they are completed, or hold (K15)."""
        if not self.keeping:
            return
        self.out.queued[where(rows)], self.out.due_us[where(rows)] = NONE, NAT_US
        holds = self.holds(plan, where(rows))
        done, held = np.flatnonzero(~holds), np.flatnonzero(holds)
        self.end(COMPLETED, "completed", take(rows, done), at.of(done))
        mine, when = take(rows, held), at.of(held)
        self.stand(last, under, mine, when, holds=True)
        self.note("holding", mine, when)

    def holds(self, plan: Plan, rows: Ints | slice) -> Flags:
        """Which of some runs stay active when no email is left."""
        return np.array([via in plan.hold_vias for via in plan.vias])[self.runs.via[rows]]

    def unstopped(self, cohort: Waiting) -> Waiting:
        """Those of a cohort that nothing stops at their instants; the others' runs end there (Q20)."""
        if self.guard is None:
            return cohort
        stopped = self.guard.holds(where(cohort.rows), cohort.at.all_us())
        if not stopped.any():
            return cohort
        some = np.flatnonzero(stopped)
        self.end(STOPPED, "stopped", take(cohort.rows, some), cohort.at.of(some))
        return cohort.of(np.flatnonzero(~stopped))

    def excluded(self, cohort: Waiting) -> Ints:
        """Which of a cohort, by their places, are in an excluded source when their email is due (K16)."""
        if self._members is None or self.runs.who is None or self._concerned is None:
            return np.empty(0, np.int64)
        some = np.flatnonzero(self._concerned[where(cohort.rows)])
        who = self.runs.who[take(cohort.rows, some)]
        return some[self._members.state(who, cohort.at.of(some).all_us())]

    def live(self, at_us: int) -> Ints:
        """Which of those inside are active, and not ended before or at an instant [µs]."""
        inside = self.inside
        live: Ints = inside[(self.out.state[inside] == ACTIVE) & (self.runs.end_us[inside] > at_us)]
        return live
