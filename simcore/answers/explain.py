"""The sentence behind each send: what it waited for, what moved it, and to when.

You can check each sentence against a calendar: it names the weekday, the rule, the zone's abbreviation, and any clock
change between the anchor and the send.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from simcore.answers.sentences import Texts, filled, gathered, strings
from simcore.clock.apart import ROLES, Cases, Column, alike, looks
from simcore.clock.words import Case, Moment, Wait, moment, rhythm
from simcore.clock.zones import DAY_US, Ints, Zone, zone
from simcore.engine.rounds import (
    AT_ONCE,
    BEHIND,
    CHANGED,
    DEFERRED,
    FREED,
    STOPPED,
    WAITED,
    Outcome,
    Passed,
    Waiting,
    ZonesAt,
    take,
    where,
)
from simcore.engine.times import Times
from simcore.plan.log import NEVER_US
from simcore.plan.plan import Epoch, Plan, Step
from simcore.plan.platform import Words

INACTIVE = "the sequence is not active, so nothing is sent"
UNREACHED = "waits for the email before it, which cannot go out as things stand"
UNREACHED_STEP = "waits for a step before it, which does not happen as things stand"
ENDED = "the run ends before it"
CLOSED = "there is no {} on which it may go out, so it waits"
"""Takes the platform's word for a send day."""

_USUAL = Words()
_SAMPLE = 1000


def unsent(step: Step, plan: Plan, found: Outcome, words: Words) -> str:
    """Why an email does not go out to a subscriber, of whom it is found what happens under one plan."""
    waits = next(iter(ahead(plan, found)), None)
    if not plan.active:
        return INACTIVE
    if found.state[0] == STOPPED:
        why = found.notes[-1].what
        return f"{ENDED}: {plan.words.get(why, why)}"
    if found.end_us[0] < NEVER_US:
        return f"{ENDED}: a step unsubscribes the subscriber"
    if waits is not None and not waits.is_email:
        return UNREACHED_STEP
    return CLOSED.format(words.send_day) if step is waits else UNREACHED


def ahead(plan: Plan, outcome: Outcome) -> list[Step]:
    """What a single run has still before it, as far as that is known: up to the next branch."""
    passed = [item.step for item in outcome.passed]
    ids = [step.email_id for step in plan.steps]
    place = plan.next(0)
    if passed:
        last = ids.index(passed[-1].email_id)
        paths = plan.steps[last].paths or (last + 1,)
        place = plan.next(paths[0])
        if len(paths) > 1:  # which path it took, what it waits for says
            number = int(outcome.queued[0])
            place = len(ids) if number < 0 else ids.index(outcome.email_ids[number])
    ahead = []
    while 0 <= place < len(ids):
        step = plan.steps[place]
        ahead.append(step)
        if step.branch is not None:
            break
        place = plan.next(step.paths[0] if step.paths else place + 1)
    return ahead


def no_email(plan: Plan, words: Words) -> str:
    """Why a plan has nothing to send."""
    drafts = next((step.called for step in plan.steps if step.is_email), None)
    if drafts is None:
        return "the sequence has no emails"
    return f"no email is {words.published} (include_drafts=True shows {drafts}s)"


class _Then(NamedTuple):
    """A step as it was when a wait was set, which explains the wait (K20). `before`: the queued step before it."""

    step: Step
    before: Step | None
    here: Zone

    def waiting_in(self, name: str) -> "_Then":
        """The same with its wait in a run's own zone; "" for none (Q31)."""
        delay = self.step.delay
        return self._replace(step=self.step._replace(delay=delay.in_zone(name))) if name else self

    def passing_in(self, name: str) -> "_Then":
        """The same with its gate in a run's own zone."""
        gate = self.step.gate
        return self._replace(step=self.step._replace(gate=gate.in_zone(name))) if name else self

    def ready_us(self, waited: Waiting) -> Ints:
        """When the wait of each run was over."""
        if waited.over_us is not None:
            return waited.over_us
        anchor_us = waited.anchor.all_us()
        return np.maximum(self.step.delay.earliest(anchor_us), anchor_us)


class _Some(NamedTuple):
    """Some runs of a round: their `places` [int64] in it, None for all of them; and how they waited."""

    places: Ints | None
    waited: Waiting

    def parted(self, values: Any) -> Iterator[tuple[Any, "_Some"]]:
        """Each of some values, one for each of the runs or one for all, and the runs that have it."""
        if np.ndim(values) == 0:
            yield values, self
            return
        which, distinct = pd.factorize(values)
        if len(distinct) == 1:
            yield distinct[0], self
            return
        order = np.argsort(which, kind="stable")
        for value, some in zip(distinct, np.split(order, np.cumsum(np.bincount(which))[:-1]), strict=True):
            yield value, _Some(take(self.places, some), self.waited.of(some))


def reasons(
    item: Passed,
    epochs: Sequence[Epoch],
    entered_us: Ints,
    words: Words = _USUAL,
    zones_at: ZonesAt | None = None,
) -> Texts:
    """Why each run's email of a round goes out when it does, one sentence for each of its runs.

    `epochs`: the plans, and from when each is in force. `entered_us` int64 [µs]: when each of these runs began.
    `words`: the platform's own words. `zones_at`: as in `Outcome`. Equal cases are put into words once.
    """
    parts = []
    for then, (places, waited) in _parts(item, epochs, zones_at):
        parts.append((places, _sentences(then, waited, entered_us[where(places)], words)))
    return gathered(parts, len(item.at))


def reason(
    item: Passed,
    epochs: Sequence[Epoch],
    entered_us: int,
    words: Words = _USUAL,
    zones_at: ZonesAt | None = None,
) -> str:
    """The same for a round of a single run, which has no equals to look for."""
    [(then, (_, waited))] = _parts(item, epochs, zones_at)
    anchor_us, ready_us, due_us = (
        int(us[0]) for us in (waited.anchor.all_us(), then.ready_us(waited), waited.at.all_us())
    )
    cause, since_us = (
        each if isinstance(each, int) else int(each[0]) for each in (waited.cause, waited.since_us)
    )
    moments = [moment(us, then.here) for us in (anchor_us, ready_us, due_us)]
    return _reason(then, words, moments, cause, since_us, anchor_us == entered_us)


def _parts(item: Passed, epochs: Sequence[Epoch], zones_at: ZonesAt | None) -> Iterator[tuple[_Then, _Some]]:
    """The runs of a round, by the plan that their wait was set by and the zones that it and its gate are in (Q31)."""
    if not len(item.at):  # all of them are excluded, say
        return
    waited = item.waited
    for under, some in _Some(None, waited).parted(waited.under):
        then = _as_then(item.step, epochs[under].plan)
        if zones_at is None or not (then.step.delay.own_zone or then.step.gate.own_zone):
            yield then, some
            continue
        for waits, mine in some.parted(zones_at(some.waited.rows, some.waited.anchor.all_us())):
            there = then.waiting_in(waits)
            ready_us = there.ready_us(mine.waited)
            for passes, few in mine.parted(zones_at(mine.waited.rows, ready_us)):
                yield there.passing_in(passes), few


def _as_then(step: Step, plan: Plan) -> _Then:
    """A step as it is in a plan."""
    place = next(at for at, other in enumerate(plan.steps) if other.email_id == step.email_id)
    before = sorted(plan.before(place), key=lambda other: other.sends)
    # Where several lead to it, and any of them sends nothing, what was before is called by that.
    return _Then(plan.steps[place], before[0] if before else None, zone(plan.time_zone))


def _sentences(then: _Then, waited: Waiting, entered_us: Ints, words: Words) -> Texts:
    """The reasons of runs whose waits were set alike."""
    few = _few(waited) if then.before is not None else None
    if few is not None:
        return _sentences(then, few[0], entered_us, words).of(few[1])
    at, anchor = waited.at, waited.anchor
    cases = Cases.of(then.here, anchor.all_us(), then.ready_us(waited), at.all_us())
    entry = then.before is None and cases.anchor.us == entered_us
    told = _told_apart(then, waited, cases)
    seen = (cases.anchor.us, cases.ready.us, cases.due.us) if told is None else told
    which, rows = alike((waited.cause, waited.since_us, entry, *seen), len(at))
    # Marks for times of day serve cases that share a sentence.
    marked = told is not None and len(rows) < len(at)
    roles = ROLES if marked else ("",) * len(ROLES)
    instants = [each.moments(then.here, rows, role) for each, role in zip(cases.instants, roles, strict=True)]
    causes = [
        np.broadcast_to(each, len(at))[rows].tolist() for each in (waited.cause, waited.since_us, entry)
    ]
    sentences = [
        _reason(then, words, moments, *cause)
        for *moments, cause in zip(*instants, zip(*causes, strict=True), strict=True)
    ]
    return filled(sentences, which, cases.clock_us) if marked else Texts([strings(sentences)], which)


def _few(waited: Waiting) -> tuple[Waiting, Ints] | None:
    """One run for all that wait from one instant to another, if that saves half of them at least; and its place for
    each. None if it does not, or if they differ in more than instants."""
    at, anchor = waited.at, waited.anchor
    if waited.over_us is not None or np.ndim(waited.cause) or np.ndim(waited.since_us):
        return None
    if at.index is not None and at.index is anchor.index:
        anchor_us, due_us, index = anchor.distinct_us, at.distinct_us, at.index
        used = np.zeros(due_us.size, np.bool_)
        used[index] = True
        if not used.all():
            anchor_us, due_us, index = anchor_us[used], due_us[used], (np.cumsum(used) - 1)[index]
        # They are in order, so equal ones are side by side.
        first = np.append(True, (np.diff(anchor_us) != 0) | (np.diff(due_us) != 0))
        rows, which = np.flatnonzero(first), (np.cumsum(first) - 1)[index]
    else:
        anchor_us, due_us = anchor.all_us(), at.all_us()
        some_us = anchor_us[:: anchor_us.size // _SAMPLE + 1]
        if 2 * pd.unique(some_us).size > some_us.size:
            return None
        which, rows = alike((anchor_us, due_us), anchor_us.size)
    if 2 * rows.size > len(at):
        return None
    return waited._replace(at=Times(due_us[rows]), anchor=Times(anchor_us[rows])), which


def _told_apart(then: _Then, waited: Waiting, cases: Cases) -> list[Column] | None:
    """What their sentences look at, but for causes and times of day; None where it is not known."""
    delay, gate = (looks(each.words, cases) for each in (then.step.delay, then.step.gate))
    if delay is None or gate is None:
        return None
    seen = [*cases.usual(), *delay, *gate]
    if np.ndim(waited.cause) or waited.cause != WAITED:
        seen += [cases.ready.us > waited.since_us, cases.due.us == waited.since_us]
    return seen


def _reason(
    then: _Then,
    words: Words,
    moments: Sequence[Moment],
    cause: int,
    since_us: int,
    entry: bool,
) -> str:
    """The sentence of one send; `moments`: its anchor, when its wait was over, and when it was due."""
    here, step = then.here, then.step
    anchor, ready, due = moments
    since = "entry" if entry and then.before is None else "the previous email"
    if then.before is not None and not then.before.sends:
        since = f"the {then.before.called} before it"
    case = Case(here, since, anchor, ready, due, words.send_day)
    if cause == BEHIND:
        return f"at once, because it was {words.published} behind the subscriber: {case.until}"
    if cause == AT_ONCE:
        return f"at once, because it was {words.published} right before the email that was waited for: {case.until}"
    if cause == DEFERRED:  # A6
        return f"due {case.at(moment(since_us, here))}; {words.cap}, so {case.until}"
    if cause not in {FREED, CHANGED}:
        return step.gate.words(case, step.delay.words(case)) + _changes(case, case.anchor)
    change = moment(since_us, here)
    if cause == FREED:
        wait = f"was due while the sequence was not active; active again {case.at(change)}"
    else:
        wait = f"next since the change of {case.at(change)}"
        if ready.us > since_us:
            return f"{wait}; {step.gate.words(case, step.delay.words(case))}{_changes(case, case.anchor)}"
        wait = f"{wait}, when its wait since {since} was over"
    return step.gate.words(case._replace(ready=change), Wait(wait, dated=wait)) + _changes(case, change)


def _changes(case: Case, start: Moment) -> str:
    """The clock changes after an instant, up to the send."""
    changes_us, offsets_us = case.here.plain
    changes = []
    for index in range(bisect_right(changes_us, start.us), bisect_right(changes_us, case.due.us)):
        by_us = offsets_us[index] - offsets_us[index - 1]
        if by_us:
            way = "forward" if by_us > 0 else "back"
            # The date on which people change their clocks is the one that the old clock shows.
            day = (changes_us[index] + offsets_us[index - 1]) // DAY_US
            changes.append(f"the clocks go {way} {rhythm(abs(by_us))} on {case.date(day)}")
    if len(changes) > 2:
        return f"; the clocks change {len(changes)} times in between, the last time: {changes[-1]}"
    return "".join(f"; {change}" for change in changes)
