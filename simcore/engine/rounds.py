"""The rounds: all runs move together, one step at a time, as arrays. A step is an email, but for some (Q12).

Changes of the sequence cut time into epochs. In an epoch the plan stands still, and every run that is due goes
on from email to email in one sweep through the positions, in cohorts: runs that wait for the same email. A
gate that ticks (a daily slot, a poll every 15 minutes) leaves few instants, however many runs there are: from
there on a cohort's next emails are computed once per distinct instant, and an index says which run has which.
At the edge of an epoch what each run waits for is looked up again, for all runs together.
"""

from collections.abc import Callable, Hashable, Sequence
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from simcore.clock.delays import Brought, Delay, Elapsed, UntilDate
from simcore.clock.gates import Anytime, Gate, Ticking
from simcore.clock.instants import NAT_US
from simcore.clock.zones import FAR_US, FIRST_US, LAST_US, Ints
from simcore.engine.audience import Runs
from simcore.errors import TooLateError
from simcore.plan.log import EMPTY, NEVER_US, Flags, Log, Toggles
from simcore.plan.plan import Epoch, Plan, Step

_T = TypeVar("_T")
_MANY = 65_536
"""From this many instants on, looking for equal ones pays."""
_FEW = 1024
"""And from this many on, where others will ask for them again."""

_NONE = -1
"""The number of no email, and the place of what is not there."""

ACTIVE, COMPLETED, EXCLUDED, STOPPED = range(4)
"""How a run stands by the engine's own doing; what ends it from outside stands in the runs."""

WAITED, CHANGED, AT_ONCE, FREED, BEHIND = range(5)
"""Why an email goes out when it does: it was waited for, and the wait was perhaps set anew by a change; it was
published right before, or behind, where the run stood; or it came due while the sequence was inactive."""


class Times:
    """An instant for each of some runs: `distinct_us` int64 [d], and `index` int64 [runs], which of them each has.

    `index` is None where each run has its own (d = runs). `FAR_US` or more stands for what is past 2200.
    """

    def __init__(self, distinct_us: Ints, index: Ints | None = None) -> None:
        self.distinct_us = distinct_us
        self.index = index

    @cached_property
    def last_us(self) -> int:
        """The last of the distinct instants, of which there is one at least."""
        return int(self.distinct_us.max())

    def __len__(self) -> int:
        return self.distinct_us.size if self.index is None else self.index.size

    def all_us(self) -> Ints:
        """The instant of every run [int64, runs]."""
        return self.distinct_us if self.index is None else self.distinct_us[self.index]

    def of(self, some: Ints) -> "Times":
        """Those of some of the runs, by their places."""
        return (
            Times(self.distinct_us[some]) if self.index is None else Times(self.distinct_us, self.index[some])
        )


class Shared:
    """What simulations of the same entries under many plans have in common, found once and kept for a while.

    `room`: how many instants may be kept; those that nobody asked for the longest go first.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._kept: dict[Hashable, tuple[Any, Any, int]] = {}

    def keep(self, what: Hashable, of: Any, make: Callable[[], _T], size: int = 0) -> _T:
        """What `make` gives, once for `what` of a thing: `of` that very object, which is kept alive with it."""
        key = (what, id(of))
        found = self._kept.pop(key, None)
        if found is None:
            found = (of, make(), size)
            self._room -= size
            while self._room < 0 and self._kept:
                self._room += self._kept.pop(next(iter(self._kept)))[2]
        self._kept[key] = found
        value: _T = found[1]
        return value

    def entered(self, runs: Runs) -> Times:
        """When runs enter: one object for the same runs."""
        return self.keep(Times, runs, lambda: Times(runs.entered_us))

    def due(self, delay: Delay, gate: Gate, anchor: Times) -> Times:
        """As `_due`, in two steps: many gates follow one delay, which leaves few instants where it counts dates."""
        ready = self.keep((Delay, delay), anchor, lambda: _dense(_due(delay, Anytime(), anchor)), len(anchor))
        return self.keep(
            (Gate, gate), ready, lambda: _dense(_due(Elapsed(0), gate, ready)), ready.distinct_us.size
        )


class Round(NamedTuple):
    """One step for some runs: it is due, and perhaps sent, once for each of them.

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
    step: Step | None = None
    epochs: Sequence[Epoch] = ()

    def of(self, some: Ints) -> "Round":
        """For some of its runs only, by their places."""
        return self._replace(
            rows=_take(self.rows, some),
            at=self.at.of(some),
            anchor=self.anchor.of(some),
            cause=self.cause if isinstance(self.cause, int) else self.cause[some],
            since_us=self.since_us if isinstance(self.since_us, int) else self.since_us[some],
            under=self.under if isinstance(self.under, int) else self.under[some],
            over_us=None if self.over_us is None else self.over_us[some],
        )


class Note(NamedTuple):
    """Something that happened to runs, other than a send: `rows` int64 [r] or None for all, and when."""

    what: str
    rows: Ints | None
    at: Times
    email_id: int | str | None = None


class Outcome(NamedTuple):
    """What became of all runs: the sends and notes, and where each run stands at the end."""

    rounds: list[Round]
    notes: list[Note]
    state: npt.NDArray[np.int8]
    ended_us: Ints
    queued: Ints
    due_us: Ints
    email_ids: list[int | str]


class _Standing:
    """A plan by place, in terms of the numbers that emails have throughout (`number` [steps])."""

    def __init__(self, plan: Plan, numbers: dict[int | str, int]) -> None:
        self.plan = plan
        self.steps = plan.steps
        self.number = np.array([numbers[step.email_id] for step in plan.steps], np.int64)
        # Where each email stands; none at all stands nowhere, and is the last by its number.
        place = np.full(len(numbers), _NONE)
        place[self.number] = np.arange(len(plan.steps))
        self.place = np.append(place, _NONE)
        # From each place on, the first email that runs wait for; one behind the last where there is none.
        self.next = [len(plan.steps)]
        for at, step in reversed([*enumerate(plan.steps)]):
            self.next.insert(0, at if step.queued else self.next[0])
        self.published = {step.email_id for step in plan.steps if step.sends}


def simulate(
    epochs: Sequence[Epoch],
    runs: Runs,
    log: Log | None,
    until_us: int | None,
    *,
    notes: bool,
    passes: bool,
    shared: Shared | None,
) -> Outcome:
    """What happens to runs under plans that change, until just before `until_us` [µs]; None for the end of time.

    `notes`: whether to keep account of all that is not a send. `passes`: whether what is passed without a send
    is a round too. `shared`: what other simulations of these runs have found.
    """
    return _Engine(epochs, runs, log, until_us, notes=notes, keeps=notes, passes=passes, shared=shared).run()


def busy_us(epochs: Sequence[Epoch], runs: Runs, log: Log | None, until_us: int | None) -> Ints:
    """The last instant at which what comes in would find each run active [int64, µs; `NEVER_US` for no last].

    Events and looks end a run before what comes in at their instant, nodes after it (Q19).
    """
    out = _Engine(epochs, runs, log, until_us, keeps=True, late=True).run()
    busy: Ints = np.where(out.state == ACTIVE, runs.end_us - 1, out.ended_us)
    return busy


def simulate_one(plan: Plan, entered_us: int) -> Outcome:
    """What happens to a single run under one plan; what is passed without a send is a round too."""
    none = np.zeros(1, np.int64)
    runs = Runs(
        subscriber_id=none,
        number=none.astype(np.int32),
        row=none,
        entered_us=np.array([entered_us]),
        end_us=np.array([NEVER_US]),
        end_status=none.astype(np.int8),
        via=none.astype(np.int8),
        who=none,
        thing=none - 1,
    )
    log = None if plan.stop is None else EMPTY
    epoch = Epoch(at_us=FIRST_US, plan=plan)
    return _Engine([epoch], runs, log, None, notes=True, keeps=True, passes=True, late=True).run()


class _Engine:
    """`notes`: whether to keep account of what is not a send; `keeps`, of where runs stand. `passes`: whether what is
    passed without a send is a round too. `late`: whether instants after 2200 are let be, and not refused.
    """

    def __init__(
        self,
        epochs: Sequence[Epoch],
        runs: Runs,
        log: Log | None,
        until_us: int | None,
        *,
        notes: bool = False,
        keeps: bool = False,
        passes: bool = False,
        late: bool = False,
        shared: Shared | None = None,
    ) -> None:
        self.runs, self.log, self.epochs = runs, log, epochs
        self.shared = shared
        self.stop_us = NEVER_US if until_us is None else until_us
        self.noting, self.passes, self.late = notes, passes, late
        ids = dict.fromkeys(step.email_id for epoch in epochs for step in epoch.plan.steps)
        self.numbers = {email_id: number for number, email_id in enumerate(ids)}
        self.changing = len(epochs) > 1
        self.keeping = keeps or self.changing  # whether anybody asks where runs stand
        kept = len(runs) * self.keeping
        self.out = Outcome(
            rounds=[],
            notes=[],
            state=np.zeros(kept, np.int8),  # all ACTIVE
            ended_us=np.full(kept, NAT_US),
            queued=np.full(kept, _NONE),
            due_us=np.full(kept, NAT_US),
            email_ids=[*ids],
        )
        self.changed = False  # only after a change may what comes next have been received already
        # The last email passed, and since when; written when a run waits for a later epoch, or holds.
        size = len(runs) * self.changing
        self.last, self.anchor_us, self.since_us, self.under = np.zeros((4, size), np.int64)
        self.cause = np.zeros(size, np.int8)
        self.holding = np.zeros(size, np.bool_)
        # Which runs have received each email, and are owed it; by email, as they are written and asked for.
        self.received = np.zeros((len(ids), size), np.bool_)
        self.owed = np.zeros_like(self.received)
        self.inside = np.empty(0, np.int64)  # who entered in an earlier epoch, and may not be through
        self.end_least = runs.first_end_us
        self.end_us = self.limit_least = NEVER_US  # of the epoch
        stop = epochs[0].plan.stop
        self.guard = None
        if stop is not None and log is not None and runs.who is not None:
            self.guard = stop.guard(log, runs.who, runs.entered_us, runs.things, runs.thing_of)
        self.members: Toggles | None = None
        self.concerned: Flags | None = None  # which runs are of people who are ever in an excluded source

    def run(self) -> Outcome:
        entered_us = self.runs.entered_us
        begins = [epoch.at_us for epoch in self.epochs]
        entering: list[Ints | None] = [None]
        if self.changing:  # who enters in which epoch
            which = np.searchsorted(begins[1:], entered_us, "right")
            order = np.argsort(which.astype(np.min_scalar_type(len(begins))), kind="stable")
            entering = [*np.split(order, np.cumsum(np.bincount(which, minlength=len(begins))))]
        before: _Standing | None = None
        for number, epoch in enumerate(self.epochs):
            here = _Standing(epoch.plan, self.numbers)
            self.number = number
            if before is not None:
                self.changed = True
                self._change(before, here, epoch.at_us)
            before = here
            end_us = [*begins, self.stop_us][number + 1]
            if end_us > epoch.at_us:  # K18: all changes of one instant before the rest of it
                self._epoch(here, epoch.at_us, end_us, entering[number])
        self._look_ahead(here)
        return self.out

    def _epoch(self, here: _Standing, begin_us: int, end_us: int, entering: Ints | None) -> None:
        """All that happens in an epoch, from its beginning to before its end; `entering` None for all runs."""
        runs, out = self.runs, self.out
        self.end_us = end_us
        self.limit_least = min(self.end_least, end_us)
        members = None if self.log is None else self.log.members(here.plan.excluded, here.plan.joins)
        if members is not self.members and members is not None and runs.who is not None:
            self.concerned = members.known(runs.who)
        self.members = members
        buckets: list[list[Round]] = [[] for _ in here.steps]
        if here.plan.active:
            live = self.inside[(out.state[self.inside] == ACTIVE) & (runs.end_us[self.inside] > begin_us)]
            self._send_owed(here, begin_us, live)
            due_us = out.due_us[live]
            waiting = live[(due_us != NAT_US) & (due_us < self._limit(live))]
            place = here.place[out.queued[waiting]]
            for at in np.flatnonzero(np.bincount(place)).tolist():
                rows = waiting[place == at]
                due, anchor = Times(out.due_us[rows]), Times(self.anchor_us[rows])
                buckets[at].append(
                    Round(rows, due, anchor, self.cause[rows], self.since_us[rows], self.under[rows])
                )
        # Who enters in this epoch waits for its first email, from the entry.
        if entering is None:
            entered = Times(runs.entered_us) if self.shared is None else self.shared.entered(runs)
        else:
            entered = Times(runs.entered_us[entering])
        self._note("started", entering, entered)
        self._go_on(here, buckets, 0, None, entering, entered)
        for at in range(len(here.steps)):
            if buckets[at]:
                self._pass(here, buckets, at, _merged(buckets[at]))
        if entering is not None:
            self.inside = np.sort(np.concatenate([self.inside, entering]))

    def _look_ahead(self, here: _Standing) -> None:
        """Who waits for a step that is no email is shown with the email after it, and when it would go out."""
        out = self.out
        for at, step in enumerate(here.steps):
            if step.sends or step.passed == "draft":
                continue
            rows = np.flatnonzero(out.queued == here.number[at])
            due_us, after = out.due_us[rows], here.next[at + 1]
            out.queued[rows], out.due_us[rows] = _NONE, NAT_US
            if after < len(here.steps):
                delay, gate = here.steps[after].delay, here.steps[after].gate
                if isinstance(delay, Brought):
                    ends, delay = delay.ends, self._dates(delay, rows)
                    goes = np.flatnonzero((delay.instants_us != NAT_US) | (not ends))
                    rows, due_us, delay = rows[goes], due_us[goes], UntilDate(delay.instants_us[goes])
                out.queued[rows] = here.number[after]
                after_us = _due(delay, gate, Times(np.maximum(due_us, FIRST_US))).all_us()
                out.due_us[rows] = np.where(due_us == NAT_US, NAT_US, after_us)

    def _limit(self, rows: Ints | None) -> Ints:
        """From when on nothing happens to runs in this epoch."""
        return np.minimum(self.runs.end_us[_where(rows)], self.end_us)

    def _pass(self, here: _Standing, buckets: list[list[Round]], at: int, cohort: Round) -> None:
        """A cohort's email is due: it is sent, or passed without a send, and the next one waited for."""
        step = here.steps[at]
        if cohort.at.last_us > LAST_US and not self.late:
            self._refuse_late(step, cohort)
        if self.guard is not None:
            cohort = self._unstopped(cohort)
            if not len(cohort.at):
                return
        if not step.sends:
            self._note(step.passed, cohort.rows, cohort.at, step)
            if self.passes:
                self.out.rounds.append(cohort._replace(step=step))
        else:
            sent = cohort
            out = self._excluded(cohort)
            if out.size:
                without = cohort.of(out)
                self._note("excluded", without.rows, without.at, step)
                sent = cohort.of(np.delete(np.arange(len(cohort.at)), out))
                if here.plan.excluded_ends:
                    self._end(EXCLUDED, "excluded_out", _take(cohort.rows, out), without.at)
                    cohort = sent
            self.out.rounds.append(sent._replace(step=step, epochs=self.epochs))
            if self.changing:
                self.received[here.number[at]][_where(sent.rows)] = True
        self._go_on(here, buckets, at + 1, at, cohort.rows, cohort.at)

    def _refuse_late(self, step: Step, cohort: Round) -> None:
        late = np.flatnonzero(cohort.at.all_us() > LAST_US)
        if late.size:
            late = _take(cohort.rows, late)
            others = "other rows" if self.runs.by_row else "more"
            more = f" and {late.size - 1} {others}" if late.size > 1 else ""
            what = "email" if step.sends or step.passed == "draft" else "step"
            raise TooLateError(
                f"the {what} at position {step.position} (id {step.email_id}) would go out after "
                f"2200-01-01 UTC to {self.runs.named(int(late[0]))}{more}: pass until= to end before that, or mend "
                f"{'the delay or the entry' if self.runs.by_row else 'its delay'}",
                self.runs.rows(late),
            )

    def _go_on(
        self,
        here: _Standing,
        buckets: list[list[Round]],
        start: int,
        passed: int | None,
        rows: Ints | None,
        anchor: Times,
    ) -> None:
        """Runs that have passed an email (or entered: None) wait for the first from place `start` on."""
        at = here.next[start]
        if at < len(here.steps) and self.changed:  # K21: nothing is received twice
            had = self.received[here.number[at]][_where(rows)]
            if had.any():
                some, rest = np.flatnonzero(had), np.flatnonzero(~had)
                self._go_on(here, buckets, at + 1, passed, _take(rows, some), anchor.of(some))
                rows, anchor = _take(rows, rest), anchor.of(rest)
        if at == len(here.steps):
            self._nothing_left(here, passed, rows, anchor)
            return
        step = here.steps[at]
        if self.guard is not None and step.stops_waits:
            rows, _, anchor, *_ = self._unstopped(Round(rows, anchor, anchor))
        delay, over_us = step.delay, None
        if isinstance(delay, Brought):
            rows, anchor, delay = self._dated(delay, rows, anchor)
            over_us = delay.earliest(anchor.distinct_us)
        if not len(anchor):
            return
        if self.shared is None or isinstance(delay, UntilDate):
            due = _due(delay, step.gate, anchor)
        else:
            due = self.shared.due(delay, step.gate, anchor)
        waits = Round(rows, due, anchor, under=self.number, over_us=over_us)
        if here.plan.active and not step.gate.closed:
            if waits.at.last_us < self.limit_least:
                buckets[at].append(waits)
                return
            soon = waits.at.all_us() < self._limit(rows)
            if soon.any():
                buckets[at].append(waits.of(np.flatnonzero(soon)))
        if self.keeping:  # where they stand; who passes it in this epoch is written anew then
            mine = _where(waits.rows)
            self.out.queued[mine] = here.number[at]
            self.out.due_us[mine] = waits.at.all_us()
            self._stands(here, passed, mine, waits.anchor, holds=False)

    def _unstopped(self, cohort: Round) -> Round:
        """Those of a cohort that nothing stops at their instants; the others' runs end there (Q20)."""
        if self.guard is None:
            raise TypeError("nothing stops these runs")
        stopped = self.guard.holds(_where(cohort.rows), cohort.at.all_us())
        if not stopped.any():
            return cohort
        some = np.flatnonzero(stopped)
        self._end(STOPPED, "stopped", _take(cohort.rows, some), cohort.at.of(some))
        return cohort.of(np.flatnonzero(~stopped))

    def _end(self, state: int, why: str, rows: Ints, at: Times) -> None:
        """Runs end at instants."""
        if self.keeping:
            self.out.state[rows], self.out.ended_us[rows] = state, at.all_us()
        self._note(why, rows, at)

    def _dated(
        self, delay: Brought, rows: Ints | None, anchor: Times
    ) -> tuple[Ints | None, Times, UntilDate]:
        """Runs that go on to wait for a date of their own, and these dates; those without one end, if so (Q11)."""
        own, dates_us = Times(anchor.all_us()), self._dates(delay, rows).instants_us
        missing = dates_us == NAT_US
        if delay.ends:
            some, rest = np.flatnonzero(missing), np.flatnonzero(~missing)
            self._end(STOPPED, "stopped:undated", _take(rows, some), own.of(some))
            rows, own, dates_us = _take(rows, rest), own.of(rest), dates_us[rest]
        return rows, own, UntilDate(dates_us)

    def _dates(self, delay: Brought, rows: Ints | None) -> UntilDate:
        return delay.of(self.runs.things, self.runs.thing_of[_where(rows)])

    def _stands(
        self, here: _Standing, passed: int | None, rows: Ints | slice, anchor: Times, *, holds: bool
    ) -> None:
        """Where runs stand when they wait for a later epoch, or hold."""
        if self.changing:
            self.holding[rows] = holds
            self.last[rows] = _NONE if passed is None else here.number[passed]
            self.anchor_us[rows] = anchor.all_us()
            self.cause[rows], self.since_us[rows], self.under[rows] = WAITED, NAT_US, self.number

    def _nothing_left(self, here: _Standing, passed: int | None, rows: Ints | None, at: Times) -> None:
        """No email is left for these runs: they are completed, or hold (K15)."""
        if not self.keeping:
            return
        self.out.queued[_where(rows)], self.out.due_us[_where(rows)] = _NONE, NAT_US
        holds = self._holds(here.plan, _where(rows))
        done, held = np.flatnonzero(~holds), np.flatnonzero(holds)
        self._end(COMPLETED, "completed", _take(rows, done), at.of(done))
        mine, when = _take(rows, held), at.of(held)
        self._stands(here, passed, mine, when, holds=True)
        self._note("holding", mine, when)

    def _holds(self, plan: Plan, rows: Ints | slice) -> Flags:
        return np.array([via in plan.hold_vias for via in plan.vias])[self.runs.via[rows]]

    def _excluded(self, cohort: Round) -> Ints:
        """Which of a cohort, by their places, are in an excluded source when their email is due (K16)."""
        if self.members is None or self.runs.who is None or self.concerned is None:
            return np.empty(0, np.int64)
        some = np.flatnonzero(self.concerned[_where(cohort.rows)])
        who = self.runs.who[_take(cohort.rows, some)]
        return some[self.members.state(who, cohort.at.of(some).all_us())]

    # Changes

    def _change(self, before: _Standing, here: _Standing, now_us: int) -> None:
        """One change: what each run waits for is looked up again (K20 to K26)."""
        runs, out, plan = self.runs, self.out, here.plan
        rows = self.inside[(runs.end_us[self.inside] >= now_us) & (out.state[self.inside] == ACTIVE)]
        self.inside, last = rows, self.last[rows]
        gone = [number for number in before.number.tolist() if here.place[number] < 0]
        for number in gone:  # K24
            place = before.place[number]
            last[last == number] = before.number[place - 1] if place > 0 else _NONE
        self.last[rows] = last
        new = np.array(
            [
                self.numbers[step.email_id]
                for step in here.steps
                if step.sends and step.email_id not in before.published
            ],
            np.int64,
        )
        place = here.place[last]
        if plan.send_behind:  # K22
            for number in new.tolist():
                owed = rows[(here.place[number] < place) & ~self.received[number][rows]]
                self.owed[number][owed] = True
        # The first email after the last one passed that is waited for and not yet received (K21).
        following = np.array([*here.next, len(here.steps)])
        target = following[place + 1]
        while True:
            there = target < len(here.steps)
            had = np.flatnonzero(there)
            had = had[self.received[here.number[target[had]], rows[had]]]
            if not had.size:
                break
            target[had] = following[target[had] + 1]
        self._change_nothing_left(here, rows[~there], now_us)
        rows, target = rows[there], target[there]
        number = here.number[target]
        self.holding[rows] = False
        other = number != out.queued[rows]
        for at in np.flatnonzero(np.bincount(target)).tolist():
            mine = target == at
            self._requeue(here, at, rows[mine], other[mine], now_us, new)

    def _change_nothing_left(self, here: _Standing, rows: Ints, now_us: int) -> None:
        self.out.queued[rows], self.out.due_us[rows] = _NONE, NAT_US
        holds = self._holds(here.plan, rows)
        done, held = rows[~holds], rows[holds & ~self.holding[rows]]
        self._end(COMPLETED, "completed", done, Times(np.full(done.size, now_us)))
        self.holding[held] = True
        self._note("holding", held, Times(np.full(held.size, now_us)))

    def _requeue(self, here: _Standing, at: int, rows: Ints, other: Flags, now_us: int, new: Ints) -> None:
        """Runs whose next email is the one at a place, as looked up at a change."""
        out, plan, step, number = self.out, here.plan, here.steps[at], int(here.number[at])
        due_us = out.due_us[rows]
        at_once = other & (out.queued[rows] >= 0) & (number in new) & plan.insert_at_once
        anew = ~at_once & (other | (due_us == NAT_US) | plan.reschedule | step.gate.closed)  # K11, K20
        late = ~anew & ~at_once & (due_us < now_us) & plan.active  # K19: it came due while nothing was sent
        if isinstance(step.delay, Brought):
            raise TypeError("a sequence that waits for dates of runs does not change")
        ready_us = _due(step.delay, Anytime(), Times(self.anchor_us[rows[anew]])).all_us()
        out.due_us[rows[at_once]] = now_us
        out.due_us[rows[anew]] = step.gate.snap(np.maximum(ready_us, now_us))
        out.due_us[rows[late]] = step.gate.snap(np.full(np.count_nonzero(late), now_us))
        for some, cause in ((at_once, AT_ONCE), (anew, CHANGED), (late, FREED)):
            mine = rows[some]
            self.cause[mine], self.since_us[mine], self.under[mine] = cause, now_us, self.number
        out.queued[rows] = number

    def _send_owed(self, here: _Standing, now_us: int, live: Ints) -> None:
        """What was published behind live runs is sent to them, in order of position (K22)."""
        place = here.place[self.last[live]]
        for at, step in enumerate(here.steps):
            number = here.number[at]
            mine = live[self.owed[number][live] & ~self.received[number][live] & (at < place)]
            if not (mine.size and step.sends):
                continue
            now = Times(np.full(mine.size, now_us))
            behind = Round(mine, now, now, BEHIND, now_us, self.number, step=step, epochs=self.epochs)
            out = self._excluded(behind)
            self._note("excluded", mine[out], now.of(out), step)
            behind = behind.of(np.delete(np.arange(mine.size), out))
            self.out.rounds.append(behind)
            self.received[number][behind.rows] = True
        self.owed[:] = False

    def _note(self, what: str, rows: Ints | None, at: Times, step: Step | None = None) -> None:
        if self.noting and len(at):
            self.out.notes.append(Note(what, rows, at, None if step is None else step.email_id))


def _due(delay: Delay, gate: Gate, anchor: Times) -> Times:
    """When what waits from `anchor` is due."""
    anchor_us = anchor.distinct_us
    if isinstance(delay, Elapsed) and not delay.duration_us and isinstance(gate, Anytime):
        return anchor
    if gate.closed:
        return Times(gate.snap(anchor_us), anchor.index)
    earliest_us = delay.earliest(anchor_us)
    np.maximum(earliest_us, anchor_us, out=earliest_us)
    np.minimum(earliest_us, FAR_US, out=earliest_us)  # so that no delay upon delay ever wraps
    if isinstance(gate, Ticking) and earliest_us.size >= _MANY:
        ticks, inverse = _distinct(gate.tick(earliest_us))
        return Times(gate.at(ticks), inverse if anchor.index is None else inverse[anchor.index])
    return Times(gate.snap(earliest_us), anchor.index)


def _dense(times: Times) -> Times:
    """The same instants, each kept once, where that saves at least half of many."""
    if times.distinct_us.size < _FEW:
        return times
    which, distinct_us = pd.factorize(times.distinct_us)
    if 2 * distinct_us.size > which.size:
        return times
    return Times(distinct_us, which if times.index is None else which[times.index])


def _distinct(ticks: Ints) -> tuple[Ints, Ints]:
    """The distinct numbers, sorted, and for each of `ticks` which of them it is (as np.unique, by counting)."""
    first = int(ticks.min())
    width = int(ticks.max()) - first + 1
    if width > 8 * ticks.size:  # spread too thinly for a table
        distinct, inverse = np.unique(ticks, return_inverse=True)
        return distinct, inverse
    place = ticks - first
    seen = np.zeros(width, np.bool_)
    seen[place] = True
    rank = np.cumsum(seen)
    return np.flatnonzero(seen) + first, (rank - 1)[place]


def _merged(cohorts: list[Round]) -> Round:
    """Several cohorts that pass the same email next, as one."""
    if len(cohorts) == 1:
        return cohorts[0]
    sizes = [len(each.at) for each in cohorts]
    rows = np.concatenate([each.rows for each in cohorts if each.rows is not None])
    order = np.argsort(rows, kind="stable")  # arrays in the order of runs are faster to read and write

    def joined(parts: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        return np.concatenate([*map(np.broadcast_to, parts, sizes)])[order]

    return Round(
        rows[order],
        Times(joined([each.at.all_us() for each in cohorts])),
        Times(joined([each.anchor.all_us() for each in cohorts])),
        joined([np.asarray(each.cause, np.int8) for each in cohorts]),
        joined([np.asarray(each.since_us, np.int64) for each in cohorts]),
        joined([np.asarray(each.under, np.int64) for each in cohorts]),
    )


def _take(rows: Ints | None, some: Ints) -> Ints:
    return some if rows is None else rows[some]


def _where(rows: Ints | None) -> Ints | slice:
    return slice(None) if rows is None else rows
