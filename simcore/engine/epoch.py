"""What happens while a plan stands still: every run that is due goes on from step to step.

All runs move together, in one sweep through the places of the plan, in cohorts: runs that wait for the same step. A
step is an email, but for some (Q12). Each step comes after all that lead to it, so a place is done once for all runs.
"""

import numpy as np

from simcore.clock.delays import DateOfRun, UntilDate
from simcore.clock.instants import NAT_US
from simcore.clock.zones import LAST_US, Ints
from simcore.engine.record import Itinerary, Record
from simcore.engine.rounds import BEHIND, EXCLUDED, NONE, STOPPED, Passed, Waiting, merged, take, where
from simcore.engine.times import Kept, Times, due
from simcore.errors import TooLateError
from simcore.plan.plan import Step


class Sweep:
    """One epoch: all that happens from `begin_us` to before `end_us` [µs].

    `number`: which epoch it is. `changed`: whether there was a change before it; only then may what comes next have
    been received already. `kept`: what other simulations of these runs have found.
    """

    def __init__(
        self, record: Record, here: Itinerary, number: int, begin_us: int, end_us: int, kept: Kept | None
    ) -> None:
        self.record, self.here, self.number = record, here, number
        self.begin_us, self.end_us, self.kept = begin_us, end_us, kept
        self.changed = number > 0
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
        # Who enters in this epoch waits for its first step, from the entry.
        if entering is None:
            entered = Times(runs.entered_us) if self.kept is None else self.kept.entered(runs)
        else:
            entered = Times(runs.entered_us[entering])
        record.note("started", entering, entered)
        self._go_on(0, NONE, entering, entered)
        for at in range(len(self.here.steps)):
            if self.buckets[at]:
                self._pass(at, merged(self.buckets[at]))
        if entering is not None:
            record.inside = np.sort(np.concatenate([record.inside, entering]))

    def _resume(self, live: Ints) -> None:
        """Who waits since an earlier epoch, and is due in this one, is put in line."""
        record = self.record
        due_us = record.out.due_us[live]
        waiting = live[(due_us != NAT_US) & (due_us < self._limit(live))]
        place = self.here.place[record.out.queued[waiting]]
        for at in np.flatnonzero(np.bincount(place)).tolist():
            rows = waiting[place == at]
            since = record.cause[rows], record.since_us[rows], record.under[rows]
            self.buckets[at].append(
                Waiting(rows, Times(record.out.due_us[rows]), Times(record.anchor_us[rows]), *since)
            )

    def _limit(self, rows: Ints | None) -> Ints:
        """From when on nothing happens to runs in this epoch."""
        return np.minimum(self.record.runs.end_us[where(rows)], self.end_us)

    def _pass(self, at: int, cohort: Waiting) -> None:
        """A cohort's step is due: it is sent, or passed without a send, and the next one waited for."""
        record, step = self.record, self.here.steps[at]
        if cohort.at.last_us > LAST_US and not record.late:
            self._refuse_late(step, cohort)
        cohort = record.unstopped(cohort)
        if not len(cohort.at):
            return
        if step.sends:
            cohort = self._send(at, cohort)
        else:
            record.note(step.passed, cohort.rows, cohort.at, step)
            if record.passes:
                record.out.passed.append(Passed(step, cohort))
        self._leave(at, cohort.rows, cohort.at)

    def _send(self, at: int, cohort: Waiting) -> Waiting:
        """An email goes out to a cohort, but for those who are excluded (K16); gives those that go on."""
        record, step = self.record, self.here.steps[at]
        sent, out = cohort, record.excluded(cohort)
        if out.size:
            without = cohort.of(out)
            record.note("excluded", without.rows, without.at, step)
            sent = cohort.of(np.delete(np.arange(len(cohort.at)), out))
            if self.here.plan.excluded_ends:
                record.end(EXCLUDED, "excluded_out", take(cohort.rows, out), without.at)
                cohort = sent
        record.out.passed.append(Passed(step, sent))
        if record.changing:
            record.received[self.here.number[at]][where(sent.rows)] = True
        return cohort

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
                f"that, or mend {'the delay or the entry' if runs.by_row else 'its delay'}",
                runs.rows(late),
            )

    def _leave(self, at: int, rows: Ints | None, anchor: Times) -> None:
        """Runs that have passed a step go on, each by its path."""
        step, last = self.here.steps[at], int(self.here.number[at])
        if step.branch is None:
            self._go_on(self.here.after(at), last, rows, anchor)
            return
        record = self.record
        path = step.branch.choose(record.log, record.runs, where(rows), anchor.all_us())
        for number, place in enumerate(step.paths):
            some = np.flatnonzero(path == number)
            if some.size:
                self._go_on(place, last, take(rows, some), anchor.of(some))

    def _go_on(self, start: int, last: int, rows: Ints | None, anchor: Times) -> None:
        """Runs whose last email is `last` (`NONE` for those that enter) wait for the first from place `start` on."""
        here, record = self.here, self.record
        at = here.next[start]
        if at < len(here.steps) and self.changed:  # K21: nothing is received twice
            had = record.received[here.number[at]][where(rows)]
            if had.any():
                some, rest = np.flatnonzero(had), np.flatnonzero(~had)
                self._go_on(here.after(at), last, take(rows, some), anchor.of(some))
                rows, anchor = take(rows, rest), anchor.of(rest)
        if at == len(here.steps):
            record.nothing_left(here.plan, last, self.number, rows, anchor)
        else:
            self._wait(at, last, rows, anchor)

    def _wait(self, at: int, last: int, rows: Ints | None, anchor: Times) -> None:
        """Runs wait for the step at a place: in line where it is due in this epoch, or else for a later one."""
        here, record, step = self.here, self.record, self.here.steps[at]
        if step.stops_waits:
            rows, _, anchor, *_ = record.unstopped(Waiting(rows, anchor, anchor))
        delay, over_us = step.delay, None
        if isinstance(delay, DateOfRun):
            rows, anchor, delay = self._dated(delay, rows, anchor)
            over_us = delay.earliest(anchor.distinct_us)
        if not len(anchor):
            return
        if self.kept is None or isinstance(delay, UntilDate):
            at_times = due(delay, step.gate, anchor)
        else:
            at_times = self.kept.due(delay, step.gate, anchor)
        waits = Waiting(rows, at_times, anchor, under=self.number, over_us=over_us)
        if here.plan.active and not step.gate.closed:
            if waits.at.last_us < self.limit_least:
                self.buckets[at].append(waits)
                return
            soon = waits.at.all_us() < self._limit(rows)
            if soon.any():
                self.buckets[at].append(waits.of(np.flatnonzero(soon)))
        if record.keeping:  # where they stand; who passes it in this epoch is written anew then
            mine = where(waits.rows)
            record.out.queued[mine] = here.number[at]
            record.out.due_us[mine] = waits.at.all_us()
            record.stand(last, self.number, mine, waits.anchor, holds=False)

    def _dated(
        self, delay: DateOfRun, rows: Ints | None, anchor: Times
    ) -> tuple[Ints | None, Times, UntilDate]:
        """Runs that go on to wait for a date of their own, and these dates; those without one end, if so (Q11)."""
        own, dates_us = Times(anchor.all_us()), dates(self.record, delay, rows).instants_us
        missing = dates_us == NAT_US
        if delay.ends:
            some, rest = np.flatnonzero(missing), np.flatnonzero(~missing)
            self.record.end(STOPPED, "stopped:undated", take(rows, some), own.of(some))
            rows, own, dates_us = take(rows, rest), own.of(rest), dates_us[rest]
        return rows, own, UntilDate(dates_us)

    def _send_owed(self, live: Ints) -> None:
        """What was published behind live runs is sent to them, in order of position (K22)."""
        here, record = self.here, self.record
        place = here.place[record.last[live]]
        for at, step in enumerate(here.steps):
            number = here.number[at]
            mine = live[record.owed[number][live] & ~record.received[number][live] & (at < place)]
            if not (mine.size and step.sends):
                continue
            now = Times(np.full(mine.size, self.begin_us))
            behind = Waiting(mine, now, now, BEHIND, self.begin_us, self.number)
            out = record.excluded(behind)
            record.note("excluded", mine[out], now.of(out), step)
            behind = behind.of(np.delete(np.arange(mine.size), out))
            record.out.passed.append(Passed(step, behind))
            record.received[number][where(behind.rows)] = True
        record.owed[:] = False


def dates(record: Record, delay: DateOfRun, rows: Ints | None) -> UntilDate:
    """The dates that some runs bring along; `NAT_US` for none."""
    runs = record.runs
    return delay.of(runs.properties, runs.which_or_none[where(rows)])
