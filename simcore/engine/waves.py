"""Runs in the order of time, where what one run of a subscriber does may matter to another.

In each wave every subscriber does the next thing that is due: an entry, or a step of a run. So all subscribers move
together, and each sees what happened before. Who does what in a wave is said by `simcore.engine.together`.
"""

import warnings
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from simcore.clock.instants import NAT_US
from simcore.clock.zones import Ints
from simcore.engine.itinerary import Itinerary
from simcore.engine.judging import judged
from simcore.engine.line import Line
from simcore.engine.people import STARTED
from simcore.engine.record import Record
from simcore.engine.rounds import ACTIVE, NONE, Waiting, where
from simcore.engine.steps import Steps
from simcore.engine.times import Times
from simcore.errors import shown
from simcore.plan.log import NEVER_US
from simcore.plan.plan import OneAtATime
from simcore.plan.waits import RunDelay


class WaveSteps(Steps):
    """One epoch of one sequence: its entries and steps, a few at a time."""

    def __init__(self, record: Record, here: Itinerary, number: int, line: Line) -> None:
        super().__init__(record, here, number, None)
        self.wait_line = line
        self.unfollowed: set[Hashable] = set()  # fields that changed while runs waited for the date in them

    def begin(self, begin_us: int) -> None:
        """The epoch begins: a change may have moved what runs wait for."""
        record, line = self.record, self.wait_line
        record.under_plan(self.here.plan)
        if not self.number:
            return
        inside = np.flatnonzero(line.inside)
        # Those that an event has ended while nothing was sent, or right now.
        self._leave_line(inside[record.out.end_us[inside] <= begin_us])
        live = np.flatnonzero(line.inside)
        due_us = record.out.due_us[live]
        line.run_us[live] = np.where(due_us == NAT_US, NEVER_US, due_us)
        self._forget(live)
        if self.here.plan.active:
            self.unpark(live[record.out.state[live] == ACTIVE], begin_us)
        line.look_for_steps(line.people_of(inside))
        self._look_for_owed(line.people_of(inside), begin_us)

    def _look_for_owed(self, people: Ints, now_us: int | Ints) -> None:
        """When the next mail that some subscribers are owed may go out (K22)."""
        record, line = self.record, self.wait_line
        line.owed_us[people] = NEVER_US
        rows, begins = line.of(people)
        owed = record.owed[:, rows] & line.inside[rows]
        if owed.any():
            from_us = record.owed_us[:, rows] if record.owed_us.size else 0
            first_us = np.minimum.reduceat(np.where(owed, from_us, NEVER_US).min(axis=0), begins)
            line.owed_us[people] = np.maximum(first_us, now_us)

    def pay(self, people: Ints) -> None:
        """Some subscribers get the first of what they are owed, where they still are (K22)."""
        record, line, here = self.record, self.wait_line, self.here
        now_us = line.owed_us[people]
        rows, _ = line.of(people)
        own_us = np.repeat(now_us, line.count[people])
        live = line.inside[rows] & (record.out.end_us[rows] > own_us) & (record.out.state[rows] == ACTIVE)
        place, left = here.place[record.last[rows]], live.copy()
        sends = {int(here.number[at]): at for at, step in enumerate(here.steps) if step.sends}
        for number in sorted(range(len(record.owed)), key=lambda each: sends.get(each, -1)):
            due = record.owed[number, rows]
            if record.owed_us.size:
                due = due & (record.owed_us[number, rows] <= own_us)
            at = sends.get(number, -1)
            may = due & live & ~record.received[number, rows] & (at >= 0) & (at < place)
            record.owed[number, rows[due & ~may]] = False
            goes = np.flatnonzero(may & left)
            if goes.size:
                record.owed[number, rows[goes]] = False
                self.send_behind(at, rows[goes], own_us[goes])
                left[goes] = False
        self._look_for_owed(people, now_us)

    def come(self, people: Ints) -> None:
        """Some subscribers come in, each once: they begin a run, or do not."""
        record, line = self.record, self.wait_line
        rows = line.entering(people)
        fate = judged(record, self.here.plan, line, rows)
        line.fate[rows] = fate
        rows = rows[fate == STARTED]
        who, entered_us = line.came.numbered_who[rows], line.came.entered_us[rows]
        one_at_a_time = isinstance(self.here.plan.entry, OneAtATime)
        if one_at_a_time:
            self._restart(who, entered_us)
        line.inside[rows] = True
        line.taken[who] += 1
        record.runs.number[rows] = line.taken[who]
        record.note("started", rows, Times(entered_us))
        if one_at_a_time:
            self.go_on(0, NONE, rows, Times(entered_us))
            self._forget(rows)
        else:  # they begin once everybody of the instant has come in
            first = self.here.next[0]
            record.park(rows, int(self.here.number[first]) if first < len(self.here.steps) else NONE)
            line.run_us[rows] = entered_us
        line.look_for_steps(who)

    def _restart(self, who: Ints, at_us: Ints) -> None:
        """Where some subscribers come again, the run that is active ends (K14)."""
        record, line = self.record, self.wait_line
        if line.single:
            return
        again = np.flatnonzero(line.count[who] > 1)
        rows, _ = line.of(who[again])
        now_us = np.repeat(at_us[again], line.count[who[again]])
        old = line.inside[rows] & (record.out.end_us[rows] > now_us)
        record.out.end_us[rows[old]] = now_us[old]
        record.out.end_status[rows[old]] = record.statuses.index("restarted")
        self._leave_line(rows)

    def go(self, people: Ints) -> None:
        """What some subscribers wait for is due: of each, one step of one run."""
        record, line = self.record, self.wait_line
        rows = line.due(people)
        now_us = line.run_us[rows]
        line.run_us[rows] = NEVER_US
        ended = record.out.end_us[rows] <= now_us  # by an event: what was due is no more
        self._leave_line(rows[ended])
        rows, now_us = rows[~ended], now_us[~ended]
        parked = record.parked[rows]
        record.parked[rows] = False
        if parked.any():
            place = self.here.place[record.out.queued[rows]]
            for at in np.unique(place[parked]).tolist():
                mine = parked & (place == at)
                self.go_on(max(at, 0), NONE, rows[mine], Times(now_us[mine]))
        self._pass(rows[~parked])
        self._forget(rows)
        line.look_for_steps(people)

    def _pass(self, rows: Ints) -> None:
        """What some runs wait for is due."""
        record = self.record
        if len(record.ends) > 1:
            ending = record.ending[rows]
            for number in np.unique(ending[ending > 0]).tolist():
                mine = rows[ending == number]
                self.over(0, record.waiting(mine), record.ends[number])
            rows = rows[ending == 0]
        if not rows.size:
            return
        place = self.here.place[record.out.queued[rows]].astype(np.int16)
        order = np.argsort(place, kind="stable")
        size = np.bincount(place)
        for at, mine in zip(
            np.flatnonzero(size).tolist(), np.split(rows[order], np.cumsum(size[size > 0])[:-1]), strict=True
        ):
            self.pass_step(at, record.waiting(mine))

    def _leave(self, at: int, rows: Ints | None, anchor: Times) -> None:
        """Runs go on; but what they have told others comes to them first, and then the stop of their own next wait."""
        record, steps, to = self.record, self.here.steps, self.here.after(at)
        waits = to < len(steps) and steps[to].stops_waits and steps[at].branch is None
        if record.told is None or not (steps[at].emits and waits):
            super()._leave(at, rows, anchor)
            return
        mine = np.arange(len(record.runs)) if rows is None else rows
        record.park(mine, int(self.here.number[to]))
        self.wait_line.run_us[mine] = anchor.all_us()

    def pass_step(self, at: int, cohort: Waiting) -> None:
        """As everywhere; warns of what the step changes while other runs wait for it."""
        for each in self.here.steps[at].emits:
            if each.read is not None and each.ref not in self.unfollowed:
                self._warn_of_waits((each.name, each.ref), each.read, cohort)
        super().pass_step(at, cohort)

    def _warn_of_waits(self, key: tuple[str, Hashable], read: Callable[[Any], Any], cohort: Waiting) -> None:
        """Warns if a field changes for which another run of a subscriber waits, since that does not follow (Q28)."""
        steps, line = self.here.steps, self.wait_line
        delays = [(number, step.delay) for number, step in zip(self.here.number, steps, strict=True)]
        waited = [number for number, of in delays if isinstance(of, RunDelay) and key in (of.watched or ())]
        record, runs, came = self.record, self.record.runs, line.came.numbered_who
        if line.single or not waited:
            return
        rows, at_us = where(cohort.rows), cohort.at.all_us()
        _, place = record.history.latest(*key, came[rows], at_us)
        said = record.history.read(place, lambda properties: properties.get("value"), None)
        which = runs.which_or_none[rows].tolist()
        told = map(read, (None if each < 0 else runs.properties[each] for each in which))
        changes = np.array([now != before for now, before in zip(told, said, strict=True)], np.bool_)
        since_us = np.full(int(came.max()) + 1, NEVER_US)
        since_us[came[rows][changes]] = at_us[changes]
        waits = line.inside & ~record.parked & (record.over_us >= since_us[came])
        waits &= np.isin(record.out.queued, waited)
        waits[rows] = False
        if waits.any():
            self.unfollowed.add(key[1])
            warnings.warn(
                f"a step changes the field {shown(key[1])} while another run of the same subscriber waits for "
                "the date in it: that run keeps the date that it waits for (Q28)",
                stacklevel=2,
            )

    def _forget(self, rows: Ints) -> None:
        """Runs that have ended are active no more."""
        self._leave_line(rows[self.record.out.state[rows] != ACTIVE])

    def _leave_line(self, rows: Ints) -> None:
        self.wait_line.inside[rows], self.wait_line.run_us[rows] = False, NEVER_US

    def line_up(self, at: int, last: Ints | int, waits: Waiting, *, ends: str = "") -> None:
        """Each at its time."""
        if not len(waits.at):
            return
        record, rows, due_us = self.record, where(waits.rows), waits.at.all_us()
        record.out.queued[rows] = self.here.number[at]
        record.out.due_us[rows] = due_us
        record.stand(last, waits, ends=ends)
        self.wait_line.run_us[rows] = np.where(due_us == NAT_US, NEVER_US, due_us)
