"""Runs in the order of time, where what one run of a subscriber does may matter to another.

In each wave every subscriber does the next thing that is due: an entry, or a step of a run. So all subscribers move
together, and each sees what happened before. Of one instant entries come before steps, and steps in the order of runs,
each run as far as it goes (Q19).
"""

import numpy as np

from simcore.clock.instants import NAT_US
from simcore.clock.zones import Ints
from simcore.engine.people import BLOCKED, DUPLICATE, NO_KEY, REPEATED, STARTED, Fates
from simcore.engine.record import Itinerary, Record
from simcore.engine.rounds import ACTIVE, NONE, Waiting, where
from simcore.engine.steps import Steps
from simcore.engine.times import Times
from simcore.plan.log import NEVER_US, Flags
from simcore.plan.runs import Runs


class Waves:
    """Who has come so far, and what becomes of each entry; the same throughout all epochs.

    `came`: all who come, each as though it began a run. `key` int64 [came]: what its run must not share with an active
    one, -1 for none.
    """

    def __init__(self, came: Runs, key: Ints) -> None:
        self.came, self.key = came, key
        who = came.numbered_who
        self.fate: Fates = np.full(len(came), STARTED, np.int8)
        self.inside = np.zeros(len(came), np.bool_)  # who has come, and was taken in
        self.due_us = came.entered_us.copy()  # of the entry, then of what its run waits for
        # The rows of each subscriber together, in the order in which they come.
        self.order = np.lexsort((came.entered_us, who))
        sorted_who = who[self.order]
        self.begins = np.flatnonzero(np.append(True, np.diff(sorted_who) != 0))[: len(np.unique(sorted_who))]
        self.person = np.empty(len(came), np.int64)
        self.person[self.order] = np.repeat(
            np.arange(self.begins.size), np.diff(np.append(self.begins, len(came)))
        )
        self.taken = np.zeros(self.begins.size, np.int64)  # how many runs each has had
        place = np.empty(len(came), np.int64)
        place[self.order] = np.arange(len(came))
        self.place = place

    def of_each(self, values: Ints, reduce: np.ufunc) -> Ints:
        """The least, or another reduction, of what each subscriber's rows have."""
        found: Ints = reduce.reduceat(values[self.order], self.begins)
        return found

    def next(self, end_us: int, *, steps: bool) -> Ints:
        """The next thing of each subscriber that is due before an instant [µs]: the rows, one a subscriber.

        `steps`: whether steps are done at all.
        """
        due_us = self.due_us if steps else np.where(self.inside, NEVER_US, self.due_us)
        first_us = self.of_each(due_us, np.minimum)
        # Of one instant entries come first, then runs in their order.
        rank = np.where(due_us == first_us[self.person], self.place + self.inside * self.place.size, NEVER_US)
        chosen = self.of_each(rank, np.minimum)[first_us < end_us]
        rows: Ints = self.order[chosen % self.place.size]
        return rows

    def active(self, out_end_us: Ints, rows: Ints) -> Flags:
        """Which rows are active runs, at the instants at which their subscribers come in by some rows."""
        now_us = np.zeros(self.begins.size, np.int64)
        now_us[self.person[rows]] = self.came.entered_us[rows]
        return self.inside & (out_end_us > now_us[self.person])


class WaveSteps(Steps):
    """One epoch of waves, until before `end_us` [µs]."""

    def __init__(
        self, record: Record, here: Itinerary, number: int, waves: Waves, begin_us: int, end_us: int
    ) -> None:
        super().__init__(record, here, number, None)
        self.waves, self.begin_us, self.end_us = waves, begin_us, end_us

    def run(self) -> None:
        """Wave after wave, all of the epoch."""
        record, waves = self.record, self.waves
        record.under_plan(self.here.plan)
        if self.number:  # a change may have moved what they wait for
            gone = waves.inside & (record.out.end_us <= self.begin_us)  # while nothing was sent, or right now
            waves.due_us[gone], waves.inside[gone] = NEVER_US, False
            live = np.flatnonzero(waves.inside)
            due_us = record.out.due_us[live]
            waves.due_us[live] = np.where(due_us == NAT_US, NEVER_US, due_us)
            self._forget(live)
            if self.here.plan.active:
                self.unpark(live[record.out.state[live] == ACTIVE], self.begin_us)
        while True:
            rows = waves.next(self.end_us, steps=self.here.plan.active)
            if not rows.size:
                return
            due_us = waves.due_us[rows]
            ended = record.out.end_us[rows] <= due_us  # by an event: what was due is no more
            waves.due_us[rows[ended]] = NEVER_US
            waves.inside[rows[ended & waves.inside[rows]]] = False
            rows = rows[~ended]
            entering = ~waves.inside[rows]
            self._enter(rows[entering])
            self._step(rows[~entering])

    def _enter(self, rows: Ints) -> None:
        """Some come in, each subscriber once: they begin a run, or do not."""
        record, waves = self.record, self.waves
        fate = self._judge(rows)
        waves.fate[rows] = fate
        waves.due_us[rows] = NEVER_US
        rows = rows[fate == STARTED]
        waves.inside[rows] = True
        waves.taken[waves.person[rows]] += 1
        record.runs.number[rows] = waves.taken[waves.person[rows]]
        record.note("started", rows, Times(record.runs.entered_us[rows]))
        # They begin once everybody of the instant has come in.
        first = self.here.next[0]
        record.park(rows, int(self.here.number[first]) if first < len(self.here.steps) else NONE)
        waves.due_us[rows] = record.runs.entered_us[rows]

    def _judge(self, rows: Ints) -> Fates:
        """What becomes of some entries, each subscriber's one (Q18, Q21, Q33)."""
        waves, entry, vias = self.waves, self.here.plan.side_by_side, self.here.plan.vias
        came, record = waves.came, self.record
        via = came.via[rows]

        def by(names: frozenset[str]) -> Flags:
            return np.array([name in names for name in vias])[via]

        left = record.history.left(came.numbered_who[rows], came.entered_us[rows])
        active = waves.active(record.out.end_us, rows)
        key = np.full(waves.begins.size, NONE)
        key[waves.person[rows]] = waves.key[rows]
        shares = active & (waves.key >= 0) & (waves.key == key[waves.person])
        any_active = waves.of_each(active.astype(np.int64), np.maximum)[waves.person[rows]] > 0
        same = waves.of_each(shares.astype(np.int64), np.maximum)[waves.person[rows]] > 0
        by_hand = by(entry.if_idle_vias)
        again = waves.taken[waves.person[rows]] > 0
        fate = np.full(len(rows), STARTED, np.int8)
        for holds, what in (
            (same, DUPLICATE),
            ((waves.key[rows] < 0) & ~by_hand & (entry.key is not None), NO_KEY),
            (again & ~by(entry.again_vias) & entry.once, REPEATED),
            (any_active & by_hand, DUPLICATE),
            ((left & by(entry.blocked_vias)) | (by(entry.closed_to) & (not came.by_row)), BLOCKED),
        ):
            fate[holds] = what
        return fate

    def _step(self, rows: Ints) -> None:
        """Some runs come to their steps, each subscriber's one."""
        record, waves = self.record, self.waves
        now_us = waves.due_us[rows]
        waves.due_us[rows] = NEVER_US
        parked = record.parked[rows]
        record.parked[rows] = False
        if parked.any():
            self.go_on(0, NONE, rows[parked], Times(now_us[parked]))
        self._pass(rows[~parked])
        self._forget(rows)

    def _pass(self, rows: Ints) -> None:
        """What some runs wait for is due."""
        record = self.record
        ending = record.ending[rows]
        for number in np.unique(ending[ending > 0]).tolist():
            mine = rows[ending == number]
            self.over(0, record.waiting(mine), record.ends[number])
        place = self.here.place[record.out.queued[rows]]
        for at in np.unique(place[ending == 0]).tolist():
            self.pass_step(at, record.waiting(rows[(place == at) & (ending == 0)]))

    def _forget(self, rows: Ints) -> None:
        """Runs that have ended are active no more."""
        done = rows[self.record.out.state[rows] != ACTIVE]
        self.waves.inside[done], self.waves.due_us[done] = False, NEVER_US

    def line_up(self, at: int, last: int, waits: Waiting, *, ends: str = "") -> None:
        """Each at its time."""
        record = self.record
        if not len(waits.at):
            return
        rows, due_us = where(waits.rows), waits.at.all_us()
        record.out.queued[rows] = self.here.number[at]
        record.out.due_us[rows] = due_us
        record.stand(last, waits, ends=ends)
        self.waves.due_us[rows] = np.where(due_us == NAT_US, NEVER_US, due_us)
