"""The sentence behind each send: what it waited for, what moved it, and to when.

You can check each sentence against a calendar: it names the weekday, the rule, the zone's abbreviation, and any clock
change between the anchor and the send.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from simcore.clock.words import Case, Moment, Wait, moment, rhythm
from simcore.clock.zones import DAY_US, Ints, zone
from simcore.engine.rounds import (
    AT_ONCE,
    BEHIND,
    CHANGED,
    DEFERRED,
    FREED,
    STOPPED,
    Outcome,
    Passed,
    Waiting,
    ZonesAt,
)
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
Texts: TypeAlias = npt.NDArray[np.object_]


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
    time_zone: str


def reasons(
    item: Passed,
    epochs: Sequence[Epoch],
    entered_us: Ints,
    words: Words = _USUAL,
    zones_at: ZonesAt | None = None,
) -> npt.NDArray[np.object_]:
    """Why each run's email of a round goes out when it does, one sentence each [str, runs of the round].

    `epochs`: the plans, and from when each is in force. `entered_us` int64 [µs]: when each of these runs began.
    `words`: the platform's own words. `zones_at`: as in `Outcome`. Equal cases are put into words once.
    """
    size, waited = len(item.at), item.waited
    if not size:  # all of them are excluded, say
        return np.empty(0, object)
    unders = {waited.under} if isinstance(waited.under, int) else np.unique(waited.under).tolist()
    then = {under: _as_then(item.step, epochs[under].plan) for under in unders}
    anchor_us = waited.anchor.all_us()
    own = any(each.step.delay.own_zone or each.step.gate.own_zone for each in then.values())
    waits_in = zones_at(item.rows, anchor_us) if zones_at is not None and own else None
    ready_us = _ready_us(waited, then, anchor_us, waits_in) if waited.over_us is None else waited.over_us
    cases = [
        waited.under,
        anchor_us,
        ready_us,
        item.at.all_us(),
        waited.cause,
        waited.since_us,
        anchor_us == entered_us,
    ]
    if zones_at is not None and waits_in is not None:
        cases += [waits_in, zones_at(item.rows, ready_us)]
    if size == 1:  # a preview, where looking for equal cases would cost more than all the rest
        under, *case = (np.asarray(column).item() for column in cases)
        return np.array([_reason(then[under], words, case[6:], *case[:6])], object)
    kind, distinct = pd.factorize(
        pd.MultiIndex.from_arrays([np.broadcast_to(column, size) for column in cases])
    )
    sentences = [_reason(then[under], words, case[6:], *map(int, case[:6])) for under, *case in distinct]
    texts: npt.NDArray[np.object_] = np.array([*sentences, ""], object)[kind]
    return texts


def _as_then(step: Step, plan: Plan) -> _Then:
    """A step as it is in a plan."""
    place = next(at for at, other in enumerate(plan.steps) if other.email_id == step.email_id)
    before = sorted(plan.before(place), key=lambda other: other.sends)
    # Where several lead to it, and any of them sends nothing, what was before is called by that.
    return _Then(plan.steps[place], before[0] if before else None, plan.time_zone)


def _ready_us(waited: Waiting, then: dict[int, _Then], anchor_us: Ints, waits_in: Texts | None) -> Ints:
    """When the wait of each run was over; `waits_in`: the zones in which they wait, where they have their own."""
    ready_us = anchor_us
    for under, as_then in then.items():
        delay = as_then.step.delay
        over_us = delay.earliest(anchor_us)
        for name in set() if waits_in is None or not delay.own_zone else {*waits_in.tolist()} - {""}:
            over_us = np.where(waits_in == name, delay.in_zone(name).earliest(anchor_us), over_us)
        ready_us = np.where(waited.under == under, np.maximum(over_us, anchor_us), ready_us)
    return ready_us


def _reason(
    then: _Then,
    words: Words,
    own_zones: Sequence[str],
    anchor_us: int,
    ready_us: int,
    due_us: int,
    cause: int,
    since_us: int,
    entry: int,
) -> str:
    here, step = zone(then.time_zone), then.step
    if own_zones:  # that of the wait, and that of the gate (Q31)
        waits, passes = own_zones
        delay = step.delay.in_zone(waits) if waits else step.delay
        step = step._replace(delay=delay, gate=step.gate.in_zone(passes) if passes else step.gate)
    since = "entry" if entry and then.before is None else "the previous email"
    if then.before is not None and not then.before.sends:
        since = f"the {then.before.called} before it"
    anchor, ready, due = (moment(us, here) for us in (anchor_us, ready_us, due_us))
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
        if ready_us > since_us:
            return f"{wait}; {step.gate.words(case, step.delay.words(case))}{_changes(case, case.anchor)}"
        wait = f"{wait}, when its wait since {since} was over"
    return step.gate.words(case._replace(ready=change), Wait(wait, dated=wait)) + _changes(case, change)


def _changes(case: Case, start: Moment) -> str:
    """The clock changes after an instant, up to the send."""
    here, changes = case.here, []
    first, end = (bisect_right(here.changes_us, moment.us) for moment in (start, case.due))
    for index in range(first, end):
        by_us = int(here.offsets_us[index] - here.offsets_us[index - 1])
        if by_us:
            way = "forward" if by_us > 0 else "back"
            # The date on which people change their clocks is the one that the old clock shows.
            day = int(here.changes_us[index] + here.offsets_us[index - 1]) // DAY_US
            changes.append(f"the clocks go {way} {rhythm(abs(by_us))} on {case.date(day)}")
    if len(changes) > 2:
        return f"; the clocks change {len(changes)} times in between, the last time: {changes[-1]}"
    return "".join(f"; {change}" for change in changes)
