"""What happens at a step: it is sent or passed, and the next one is waited for.

In what order the runs come to their steps is somebody else's: `simcore.engine.epoch` goes by place, and
`simcore.engine.waves` by time.
"""

from abc import ABC, abstractmethod

import numpy as np

from simcore.clock.delays import Elapsed
from simcore.clock.gates import Closed
from simcore.clock.zones import FAR_US, LAST_US, Ints
from simcore.engine.itinerary import Itinerary
from simcore.engine.limit import Limit
from simcore.engine.own_zones import due_by_zone
from simcore.engine.record import EXCLUDED_MIDWAY, Record
from simcore.engine.rounds import (
    BEHIND,
    DEFERRED,
    EXCLUDED,
    NONE,
    STOPPED,
    Passed,
    Waiting,
    take,
    where,
)
from simcore.engine.times import Kept, Times, due
from simcore.errors import TooLateError
from simcore.plan.log import Flags
from simcore.plan.plan import OUT, Step, of_each
from simcore.plan.waits import ENDS, GOES, LAPSES, SKIPS, RunDelay

NO_WAIT = Elapsed(0)


class Steps(ABC):
    """The steps of one plan, and the runs that go through them.

    `number`: which epoch it is. `kept`: what other simulations of these runs have found.
    """

    def __init__(self, record: Record, here: Itinerary, number: int, kept: Kept | None) -> None:
        self.record, self.here, self.number, self.kept = record, here, number, kept

    @abstractmethod
    def line_up(self, at: int, last: Ints | int, waits: Waiting, *, ends: str = "") -> None:
        """Runs wait for the step at a place. `last`: the last email passed. `ends`: why they end when the wait is
        over; "" where they go on."""

    def enter(self, rows: Ints | None, entered: Times) -> None:
        """Runs begin: they wait for the first step, from the entry."""
        record, here = self.record, self.here
        record.note("started", rows, entered)
        if here.by_node and not here.plan.active and here.next[0] < len(here.steps):  # Q34
            record.park(np.arange(len(record.runs)) if rows is None else rows, int(here.number[here.next[0]]))
        else:
            self.go_on(0, NONE, rows, entered)

    def unpark(self, live: Ints, now_us: int) -> None:
        """Who stands before a step begins to wait for it (Q40)."""
        record, here = self.record, self.here
        rows = live[record.parked[live]] if record.changing else live[:0]
        record.parked[rows] = False
        place = here.place[record.out.queued[rows]]
        for at in np.unique(place).tolist():
            mine = rows[place == at]
            waits = Waiting(mine, now := Times(np.full(mine.size, now_us)), now)
            if here.steps[at].stops_anew:
                waits = record.unstopped(waits)
            self.go_on(at, NONE, waits.rows, waits.anchor)

    def pass_step(self, at: int, cohort: Waiting) -> None:
        """A cohort's step is due: it is sent, or passed without a send, and the next one waited for."""
        record, step = self.record, self.here.steps[at]
        if cohort.at.last_us > LAST_US and not record.late:
            self._refuse_late(step, cohort)
        if step.checked:
            cohort = record.unstopped(cohort)
        if not len(cohort.at):
            return
        if step.sends:
            cohort = self._send(at, cohort)
        else:
            if step.passed:
                record.note(step.passed, cohort.rows, cohort.at, step)
            if record.passes:
                record.out.passed.append(Passed(step, cohort))
        if step.emits:
            cohort = record.emit(step.emits, cohort)
        self._leave(at, cohort.rows, cohort.at)

    def _send(self, at: int, cohort: Waiting) -> Waiting:
        """An email goes out to a cohort, but for those to whom it may not; gives those that go on."""
        record, step, plan = self.record, self.here.steps[at], self.here.plan
        sent, out = cohort, record.excluded(cohort)
        if out.size:
            without = cohort.of(out)
            record.note("excluded", without.rows, without.at, step)
            sent = cohort.of(np.delete(np.arange(len(cohort.at)), out))
            rows = take(cohort.rows, out)
            record.touch(EXCLUDED_MIDWAY, rows)
            ends = out[of_each(plan.excluded_ends, record.runs.via[rows])]
            if ends.size:
                record.end(EXCLUDED, "excluded_out", take(cohort.rows, ends), cohort.at.of(ends))
                cohort = cohort.of(np.delete(np.arange(len(cohort.at)), ends))
        if plan.withholds and not step.to_all:  # Q33
            gone = record.have_left(sent)
            if gone.any():
                without = sent.of(np.flatnonzero(gone))
                record.note("skipped", without.rows, without.at, step)
                sent = sent.of(np.flatnonzero(~gone))
        if record.limit is not None and len(sent.at):
            sent, late = self._in_room(at, sent, record.limit)
            if late is not None:
                rows = record.rows_of(cohort)
                cohort = cohort.of(np.flatnonzero(~late[rows]))
                late[rows] = False
        record.out.passed.append(Passed(step, sent))
        if record.changing and not record.lean:
            record.received[self.here.number[at]][where(sent.rows)] = True
        return cohort

    def _in_room(self, at: int, mails: Waiting, limit: Limit) -> tuple[Waiting, Flags | None]:
        """Of some mails those that find room and go out; and the runs, flagged, whose mails wait for room (A6)."""
        record, step = self.record, self.here.steps[at]
        rows = record.rows_of(mails)
        who, now_us = record.runs.numbered_who[rows], mails.at.all_us()
        free_us = limit.free_us(who)
        over = np.flatnonzero(free_us > now_us)
        late = None
        if over.size:
            without, when = rows[over], mails.at.of(over)
            if limit.defers:
                late = record.flags
                late[without] = True
                record.note("deferred", without, when, step)
                waits = record.waiting(without)
                since_us = np.where(record.cause[without] == DEFERRED, record.since_us[without], now_us[over])
                again, _ = due_by_zone(record, step._replace(delay=NO_WAIT), without, Times(free_us[over]))
                waits = waits._replace(
                    at=again, cause=np.full(over.size, DEFERRED, np.int8), since_us=since_us
                )
                self.line_up(at, record.last[without], waits)
            else:
                record.note("capped", without, when, step)
            mails = mails.of(np.flatnonzero(free_us <= now_us))
        limit.count(who[free_us <= now_us], now_us[free_us <= now_us])
        return mails, late

    def _refuse_late(self, step: Step, cohort: Waiting) -> None:
        late = np.flatnonzero(cohort.at.all_us() > LAST_US)
        if late.size:
            runs = self.record.runs
            late = take(cohort.rows, late)
            others = "other rows" if runs.by_row else "more"
            more = f" and {late.size - 1} {others}" if late.size > 1 else ""
            raise TooLateError(
                f"the {'email' if step.is_email else 'step'} at position {step.position} (id {step.email_id}) "
                f"would go out after 2200-01-01 UTC to {runs.named(int(late[0]))}{more}: pass until= to end before "
                f"that, or change {'the delay or the entry' if runs.by_row else 'its delay'}",
                runs.rows(late),
            )

    def _leave(self, at: int, rows: Ints | None, anchor: Times) -> None:
        """Runs that have passed a step go on, each by its path."""
        step, last = self.here.steps[at], int(self.here.number[at])
        if step.branch is None:
            self.go_on(self.here.after(at), last, rows, anchor)
            return
        record = self.record
        mine = np.arange(len(record.runs)) if rows is None else rows
        path = step.branch.choose(record.history, record.runs, mine, anchor.all_us())
        for number, place in enumerate(step.paths):
            some = np.flatnonzero(path == number)
            if not some.size:
                continue
            if place == OUT:
                record.end(STOPPED, "stopped:out", take(rows, some), anchor.of(some))
            else:
                self.go_on(place, last, take(rows, some), anchor.of(some))

    def go_on(self, start: int, last: int, rows: Ints | None, anchor: Times) -> None:
        """Runs whose last email is `last` (`NONE` for those that enter) wait for the first from place `start` on."""
        here, record = self.here, self.record
        at = here.next[start]
        if at < len(here.steps) and self.number and not here.by_node:  # K21: nothing is received twice
            had = record.received[here.number[at]][where(rows)]
            if had.any():
                some, rest = np.flatnonzero(had), np.flatnonzero(~had)
                self.go_on(here.after(at), last, take(rows, some), anchor.of(some))
                rows, anchor = take(rows, rest), anchor.of(rest)
        if at == len(here.steps):
            record.nothing_left(here.plan, last, self.number, rows, anchor)
        else:
            self._wait(at, last, rows, anchor)

    def _wait(self, at: int, last: int, rows: Ints | None, anchor: Times) -> None:
        """Runs wait for the step at a place."""
        record, step = self.record, self.here.steps[at]
        if step.stops_waits:
            rows, _, anchor, *_ = record.unstopped(Waiting(rows, anchor, anchor))
        if not len(anchor):
            return
        if isinstance(step.delay, RunDelay):
            self._wait_by_run(at, last, step.delay, rows, anchor)
            return
        over_us = None
        # A change leaves alone where a wait ends.
        stays = self.here.by_node and record.changing and not record.lean
        if step.delay.own_zone or step.gate.own_zone:
            at_times, over = due_by_zone(record, step, rows, anchor, self.kept)
            over_us = over.all_us() if stays or not record.fixed_zones else None
        else:
            at_times = (due if self.kept is None else self.kept.due)(step.delay, step.gate, anchor)
            if stays:
                over_us = np.maximum(step.delay.earliest(anchor.all_us()), anchor.all_us())
                if isinstance(step.gate, Closed):  # the wait itself never ends
                    over_us = np.full(len(over_us), FAR_US)
        self.line_up(at, last, Waiting(rows, at_times, anchor, under=self.number, over_us=over_us))

    def _wait_by_run(self, at: int, last: int, delay: RunDelay, rows: Ints | None, anchor: Times) -> None:
        """Runs wait each for something of its own: they go on then, end then, or skip what comes."""
        record, step = self.record, self.here.steps[at]
        mine, anchor_us = np.arange(len(record.runs)) if rows is None else rows, anchor.all_us()
        found = delay.ready(record.history, record.runs, mine, anchor_us)
        fate = np.full(len(mine), GOES, np.int8) if found.fate is None else found.fate
        over_us = np.maximum(found.us, anchor_us)
        goes, skips = (np.flatnonzero(fate == kind) for kind in (GOES, SKIPS))
        if goes.size:
            own = Times(anchor_us[goes])
            over = Times(np.minimum(over_us[goes], FAR_US))
            gated, _ = due_by_zone(record, step._replace(delay=NO_WAIT), mine[goes], over)
            waits = Waiting(mine[goes], gated, own, under=self.number, over_us=over.distinct_us)
            self.line_up(at, last, waits)
        for kind, why in ((ENDS, delay.why), (LAPSES, delay.lapsed)):
            ends = np.flatnonzero(fate == kind)
            when = Times(np.minimum(over_us[ends], FAR_US))
            own = Times(anchor_us[ends])
            waits = Waiting(mine[ends], when, own, under=self.number, over_us=when.distinct_us)
            self.line_up(at, last, waits, ends=why)
        if skips.size:
            self._skip(at, last, mine[skips], Times(anchor_us[skips]))

    def _skip(self, at: int, last: int, rows: Ints, now: Times) -> None:
        """Runs pass over the steps from a place up to the next wait or branch, without doing them (Q29)."""
        steps = self.here.steps
        if steps[at].branch is not None:  # what the wait leads to is a branch
            self.line_up(at, last, Waiting(rows, now, now, under=self.number, over_us=now.all_us()))
            return
        while at < len(steps):
            if steps[at].is_action:
                self.record.note("skipped", rows, now, steps[at])
            at = self.here.after(at)
            if at < len(steps) and (steps[at].has_wait or not steps[at].is_action):
                break
        self.go_on(at, last, rows, now)

    def over(self, at: int, cohort: Waiting, why: str) -> None:
        """The wait of a cohort is over by which its runs end."""
        self.record.end(STOPPED, why, take(cohort.rows, np.arange(len(cohort.at))), cohort.at)

    def send_behind(self, at: int, rows: Ints, now_us: int | Ints) -> None:
        """What was published behind where runs stand goes out to them, unless they are excluded (K22)."""
        here, record, step = self.here, self.record, self.here.steps[at]
        now = Times(np.full(rows.size, now_us))
        behind = Waiting(rows, now, now, BEHIND, now.all_us(), self.number)
        out = record.excluded(behind)
        record.note("excluded", rows[out], now.of(out), step)
        behind = behind.of(np.delete(np.arange(rows.size), out))
        if record.limit is not None and len(behind.at):
            behind = self._in_room_behind(at, behind, record.limit)
        record.out.passed.append(Passed(step, behind))
        record.received[here.number[at]][where(behind.rows)] = True

    def _in_room_behind(self, at: int, mails: Waiting, limit: Limit) -> Waiting:
        """Of such mails those that find room; the others are owed from when on there is some, or not at all (A6)."""
        record = self.record
        rows, now_us = record.rows_of(mails), mails.at.all_us()
        who = record.runs.numbered_who[rows]
        free_us = limit.free_us(who)
        goes = free_us <= now_us
        over = np.flatnonzero(~goes)
        record.note(
            "deferred" if limit.defers else "capped", rows[over], mails.at.of(over), self.here.steps[at]
        )
        if limit.defers:
            number = self.here.number[at]
            record.owed[number, rows[over]], record.owed_us[number, rows[over]] = True, free_us[over]
        limit.count(who[goes], now_us[goes])
        return mails.of(np.flatnonzero(goes))
