"""What happens while a plan stands still: every run that is due goes on from step to step.

All runs move together, in one sweep through the places of the plan, in cohorts: runs that wait for the same step. Each
step comes after all that lead to it, so a place is done once for all runs. (Where what one run of a subscriber does
may matter to another, they go by time instead: `simcore.engine.waves`.)
"""

import numpy as np

from simcore.clock.instants import NAT_US
from simcore.clock.zones import Ints
from simcore.engine.itinerary import Itinerary
from simcore.engine.record import Record
from simcore.engine.rounds import Waiting, merged, where
from simcore.engine.steps import Steps
from simcore.engine.times import Kept, Times


class Sweep(Steps):
    """One epoch: all that happens from `begin_us` to before `end_us` [µs]."""

    def __init__(
        self, record: Record, here: Itinerary, number: int, begin_us: int, end_us: int, kept: Kept | None
    ) -> None:
        super().__init__(record, here, number, kept)
        self.begin_us, self.end_us = begin_us, end_us
        self.limit_least = min(record.runs.first_end_us, end_us)
        self.buckets: list[list[Waiting]] = [[] for _ in here.steps]

    def run(self, entering: Ints | None) -> None:
        """Everything of the epoch; `entering`: the runs that begin in it, None for all there are."""
        record, runs = self.record, self.record.runs
        record.under_plan(self.here.plan)
        if self.here.plan.active:
            live = record.live(self.begin_us)
            self._send_owed(live)
            self._resume(live)
            self.unpark(live, self.begin_us)
        # Who enters in this epoch waits for its first step, from the entry.
        if entering is None:
            entered = Times(runs.entered_us) if self.kept is None else self.kept.entered(runs)
        else:
            entered = Times(runs.entered_us[entering])
        self.enter(entering, entered)
        for at in range(len(self.here.steps)):
            if self.buckets[at]:
                self.pass_step(at, merged(self.buckets[at]))
        if entering is not None:
            record.inside = np.sort(np.concatenate([record.inside, entering]))

    def _resume(self, live: Ints) -> None:
        """Who waits since an earlier epoch, and is due in this one, is put in line."""
        record = self.record
        due_us = record.out.due_us[live]
        waiting = live[(due_us != NAT_US) & (due_us < self._limit(live)) & (record.out.queued[live] >= 0)]
        ending = record.ending[waiting]
        for number in np.unique(ending[ending > 0]).tolist():
            rows = waiting[ending == number]
            self.over(0, record.waiting(rows), record.ends[number])
        waiting = waiting[ending == 0]
        place = self.here.place[record.out.queued[waiting]]
        for at in np.flatnonzero(np.bincount(place)).tolist():
            self.buckets[at].append(record.waiting(waiting[place == at]))

    def _limit(self, rows: Ints | None) -> Ints:
        """From when on nothing happens to runs in this epoch."""
        return np.minimum(self.record.out.end_us[where(rows)], self.end_us)

    def line_up(self, at: int, last: Ints | int, waits: Waiting, *, ends: str = "") -> None:
        """In line where they are due in this epoch, or else for a later one."""
        record, here = self.record, self.here
        if not len(waits.at):
            return
        if here.plan.active and (ends or not here.steps[at].gate.closed):
            if waits.at.last_us < self.limit_least:
                self._in_line(at, waits, ends)
                return
            soon = waits.at.all_us() < self._limit(waits.rows)
            if soon.any():
                self._in_line(at, waits.of(np.flatnonzero(soon)), ends)
        if record.keeping:  # where they stand; who passes it in this epoch is written anew then
            mine = where(waits.rows)
            record.out.queued[mine] = here.number[at]
            record.out.due_us[mine] = waits.at.all_us()
            record.stand(last, waits, ends=ends)

    def _in_line(self, at: int, waits: Waiting, ends: str) -> None:
        if ends:
            self.over(at, waits, ends)
        else:
            self.buckets[at].append(waits)

    def _send_owed(self, live: Ints) -> None:
        """What was published behind live runs is sent to them, in order of position (K22)."""
        here, record = self.here, self.record
        place = here.place[record.last[live]]
        for at, step in enumerate(here.steps):
            number = here.number[at]
            mine = live[record.owed[number][live] & ~record.received[number][live] & (at < place)]
            if mine.size and step.sends:
                self.send_behind(at, mine, self.begin_us)
        record.owed[:] = False
