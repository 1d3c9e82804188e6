"""What happens at a step: it is sent or passed, and the next one is waited for.

In what order the runs come to their steps is somebody else's: `simcore.engine.epoch` goes by place, and
`simcore.engine.waves` by time.
"""

from abc import ABC, abstractmethod

import numpy as np

from simcore.clock.instants import NAT_US
from simcore.clock.zones import LAST_US, Ints
from simcore.engine.record import Itinerary, Record
from simcore.engine.rounds import EXCLUDED, STOPPED, Passed, Waiting, take, where
from simcore.engine.times import Kept, Times, due
from simcore.errors import TooLateError
from simcore.plan.log import NEVER_US
from simcore.plan.plan import ENDS, GOES, OUT, SKIPS, RunDelay, Step


class Steps(ABC):
    """The steps of one plan, and the runs that go through them.

    `number`: which epoch it is. `kept`: what other simulations of these runs have found.
    """

    def __init__(self, record: Record, here: Itinerary, number: int, kept: Kept | None) -> None:
        self.record, self.here, self.number, self.kept = record, here, number, kept

    @abstractmethod
    def line_up(self, at: int, last: int, waits: Waiting, *, ends: str = "") -> None:
        """Runs wait for the step at a place; `last`: the last email passed. `ends`: why they end when the wait is over,
        "" where they go on."""

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
            if plan.excluded_ends:
                record.end(EXCLUDED, "excluded_out", take(cohort.rows, out), without.at)
                cohort = sent
        if plan.withholds and not step.to_all:  # Q33
            gone = record.have_left(sent)
            if gone.any():
                without = sent.of(np.flatnonzero(gone))
                record.note("skipped", without.rows, without.at, step)
                sent = sent.of(np.flatnonzero(~gone))
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
                record.end(STOPPED, "stopped", take(rows, some), anchor.of(some))
            else:
                self.go_on(place, last, take(rows, some), anchor.of(some))

    def go_on(self, start: int, last: int, rows: Ints | None, anchor: Times) -> None:
        """Runs whose last email is `last` (`NONE` for those that enter) wait for the first from place `start` on."""
        here, record = self.here, self.record
        at = here.next[start]
        if at < len(here.steps) and self.number:  # K21: nothing is received twice, as it may be after a change
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
        if record.runs.time_zone is not None and (step.delay.own_zone or step.gate.own_zone):
            for some, delay, gate in record.by_zone(step, rows, anchor):
                mine = anchor.of(some)
                waits = Waiting(take(rows, some), due(delay, gate, mine), mine, under=self.number)
                self.line_up(at, last, waits)
            return
        at_times = (due if self.kept is None else self.kept.due)(step.delay, step.gate, anchor)
        self.line_up(at, last, Waiting(rows, at_times, anchor, under=self.number))
