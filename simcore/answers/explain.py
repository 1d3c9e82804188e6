"""The sentence behind each send: what it waited for, what moved it, and to when.

Each can be checked against a calendar: it names the weekday, the rule, the zone's abbreviation, and the clock
change where one lies between the anchor and the send.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from simcore.clock.delays import Brought, CalendarDays, Delay, Elapsed, UntilOpen
from simcore.clock.gates import Anytime, Gate, Poll, SendSlots, SendWindow
from simcore.clock.words import length
from simcore.clock.zones import DAY_US, HOUR_US, MINUTE_US, SECOND_US, Ints, Zone, zone
from simcore.engine.rounds import AT_ONCE, BEHIND, CHANGED, FREED, Passed
from simcore.plan.plan import Epoch, Plan, Step
from simcore.text.wording import SHORT, count, listed, local_date, part_of_week

_EPOCH_DAY = date(1970, 1, 1).toordinal()


class _Clock(NamedTuple):
    """An instant as the wall clock of a zone shows it."""

    us: int
    day: int
    text: str
    offset_us: int

    @property
    def time(self) -> str:
        """The time of day: 21:07:30, or 21:07 on the full minute."""
        minute, us = divmod(self.us + self.offset_us - self.day * DAY_US, MINUTE_US)
        clock = f"{minute // 60:02}:{minute % 60:02}"
        if us:
            clock += f":{us // SECOND_US:02}"
        return f"{clock}.{us % SECOND_US:06}".rstrip("0") if us % SECOND_US else clock


INACTIVE = "the sequence is not active, so nothing is sent"
UNREACHED = "waits for the email before it, which cannot go out as things stand"
UNREACHED_STEP = "waits for a step before it, which does not happen as things stand"
ENDED = "the run ends before it"
CLOSED = "there is no send day on which it may go out, so it waits"


def reasons(item: Passed, epochs: Sequence[Epoch], entered_us: Ints) -> npt.NDArray[np.object_]:
    """Why each run's email of a round goes out when it does, a sentence each [str, runs of the round].

    `epochs`: the plans, and from when each holds; `entered_us` int64 [µs], when each of these runs began. Equal cases
    are put into words once.
    """
    size, waited = len(item.at), item.waited
    cause, since_us, under = waited.cause, waited.since_us, waited.under
    if size == 1 and isinstance(cause, int) and isinstance(since_us, int) and isinstance(under, int):
        # A preview, where looking for equal cases would cost more than all the rest.
        anchor, due = waited.anchor.all_us().item(), item.at.all_us().item()
        over = due if waited.over_us is None else waited.over_us.item()
        entry = anchor == entered_us.item()
        plan = epochs[under].plan
        return np.array([_reason(item.step, plan, anchor, due, cause, since_us, over, entry)], object)
    if not size:  # all of them are excluded, say
        return np.empty(0, object)
    anchor_us = waited.anchor.all_us()
    cases = [
        anchor_us,
        item.at.all_us(),
        np.broadcast_to(cause, size),
        np.broadcast_to(since_us, size),
        np.broadcast_to(under, size),
        item.at.all_us() if waited.over_us is None else waited.over_us,
        anchor_us == entered_us,
    ]
    kind, distinct = pd.factorize(pd.MultiIndex.from_arrays(cases))
    told = []
    for case in distinct:
        anchor, due, why, since, number, over, on_entry = map(int, case)
        told.append(_reason(item.step, epochs[number].plan, anchor, due, why, since, over, on_entry))
    texts: npt.NDArray[np.object_] = np.array([*told, ""], object)[kind]
    return texts


def _reason(
    step: Step, plan: Plan, anchor_us: int, due_us: int, cause: int, since_us: int, over_us: int, entry: int
) -> str:
    # The wait was set by the email as it was then, and is explained by that (K20).
    step = next(each for each in plan.steps if each.email_id == step.email_id)
    here = zone(plan.time_zone)
    anchor, due = _clock(here, anchor_us), _clock(here, due_us)
    until = f"{_day(due, anchor)} {due.text}"
    if cause == BEHIND:
        return f"at once, because it was published behind the subscriber: {until}"
    if cause == AT_ONCE:
        return f"at once, because it was published right before the email that was waited for: {until}"
    change = _clock(here, since_us) if cause in {FREED, CHANGED} else anchor
    if cause == FREED:
        told = f"was due while the sequence was not active; active again {_day(change, anchor)} {change.text}"
        return told + _through(step.gate, here, change, due, anchor) + _changes(here, change, due)
    before = [each for each in plan.steps[: step.position] if each.queued]
    since = "entry" if entry and not before else "the previous email"
    if before and not before[-1].sends:
        since = f"the {before[-1].called} before it"
    if cause == CHANGED:
        told = f"next since the change of {_day(change, anchor)} {change.text}"
        if _over_us(step.delay, anchor_us) <= since_us:
            told = f"{told}, when its wait since {since} was over"
            return told + _through(step.gate, here, change, due, anchor) + _changes(here, change, due)
        return f"{told}; {_moved(step, here, anchor, due, since)}{_changes(here, anchor, due)}"
    return _moved(step, here, anchor, due, since, _clock(here, over_us)) + _changes(here, anchor, due)


def _over_us(delay: Delay | Brought, anchor_us: int) -> int:
    """When a wait is over, but for dates of runs, which are not known here."""
    return anchor_us if isinstance(delay, Brought) else int(delay.earliest(np.array([anchor_us]))[0])


def _through(gate: Gate, here: Zone, ready: _Clock, due: _Clock, anchor: _Clock) -> str:
    """From an instant through the gate to the send."""
    until = f"{_day(due, anchor)} {due.text}"
    if isinstance(gate, SendSlots):
        return _to_slot(gate, here, ready.day, ready, due, anchor)
    if isinstance(gate, Poll):
        rhythm = f"every {_rhythm(gate.every_us)}"
        exactly = f", exactly on a poll (they come {rhythm})"
        return exactly if ready.us == due.us else f"; polls come {rhythm}, so {until}"
    skipped = _not_send_days(gate, ready.day, due.day) if isinstance(gate, SendWindow) else ""
    return f"; {skipped}, so {until}" if skipped else f", so {until}"


def _moved(
    step: Step, here: Zone, anchor: _Clock, due: _Clock, since: str, over: _Clock | None = None
) -> str:
    """From the anchor through the delay and the gate to the send; `over`: the end of a wait for a run's own date."""
    delay, gate = step.delay, step.gate
    until = f"{_day(due, anchor)} {due.text}"
    whole_days = isinstance(gate, SendWindow) and gate.end_min - gate.start_min == DAY_US // MINUTE_US
    if isinstance(gate, SendWindow) and not (whole_days and delay == Elapsed(0)):
        ready = over if isinstance(delay, Brought) and over else _clock(here, _over_us(delay, anchor.us))
        return _to_window(delay, gate, here, anchor, ready, due, since)
    if isinstance(delay, UntilOpen | Brought) or isinstance(gate, Anytime):
        return _over(delay, here, anchor, due, since, until)
    if isinstance(gate, SendWindow):
        if due.us == anchor.us:
            return f"at once, on {since}: {until}"
        return (
            f"{since} is on {_day(anchor, anchor)}; {_not_send_days(gate, anchor.day, due.day)}, so {until}"
        )
    if isinstance(delay, Elapsed) and isinstance(gate, Poll):
        ready = _clock(here, anchor.us + delay.duration_us)
        told = f"{count(delay.duration_us // HOUR_US, 'hour')} after {since} is {_day(ready, anchor)} {ready.text}"
        return told + _through(gate, here, ready, due, anchor)
    if isinstance(delay, CalendarDays) and isinstance(gate, SendSlots):
        told = f"{count(delay.days, 'day')} after {since} is {_date(anchor.day + delay.days, anchor)}"
        return f"{told}{_to_slot(gate, here, anchor.day + delay.days, None, due, anchor)}"
    if isinstance(delay, Elapsed) and isinstance(gate, SendSlots):
        ready = _clock(here, anchor.us + delay.duration_us)
        told = f"{count(delay.duration_us // HOUR_US, 'hour')} after {since} is {_day(ready, anchor)} {ready.text}"
        return f"{told}{_to_slot(gate, here, ready.day, ready, due, anchor)}"
    raise TypeError(f"no words for {delay!r} with {gate!r}")


def _to_window(
    delay: Delay | Brought,
    gate: SendWindow,
    here: Zone,
    anchor: _Clock,
    ready: _Clock,
    due: _Clock,
    since: str,
) -> str:
    """From the anchor through the delay, which is over when `ready`, to part of a day."""
    until, open_ = f"{_day(due, anchor)} {due.text}", window(gate, here.name)
    if ready.us == due.us:
        return f"{_over(delay, here, anchor, due, since, until)}, inside the window {open_}"
    over = f"due {_day(ready, anchor)} {ready.time}"
    return f"{_over(delay, here, anchor, ready, since, over)}, outside the window {open_}, so {until}"


def _over(delay: Delay | Brought, here: Zone, anchor: _Clock, ready: _Clock, since: str, told: str) -> str:
    """From the anchor to the end of a wait, which is `told`."""
    if isinstance(delay, Brought):
        return (
            f"{delay.name} is past, or there is none, so at once: {told}"
            if ready.us == anchor.us
            else f"waits until {delay.name}: {told}"
        )
    if isinstance(delay, UntilOpen) and isinstance(delay.gate, SendWindow):
        open_ = window(delay.gate, here.name)
        if ready.us == anchor.us:
            return f"at once, on {since}, which is inside {open_}: {told}"
        return f"the first of {open_} after {since}: {told}"
    if isinstance(delay, Elapsed):
        if not delay.duration_us:
            return f"at once, on {since}: {told}"
        return f"{length(delay.duration_us)} after {since}: {told}"
    raise TypeError(f"no words for {delay!r}")


def window(gate: SendWindow, time_zone: str) -> str:
    """A window in words: Mon to Fri 08:00 to 20:00; with its zone, where that is not `time_zone`."""
    part = part_of_week(gate.weekdays, gate.start_min, gate.end_min)
    return part if gate.time_zone == time_zone else f"{part} ({gate.time_zone})"


def _to_slot(
    gate: SendSlots, here: Zone, first: int, ready: _Clock | None, due: _Clock, anchor: _Clock
) -> str:
    """What stands between the first date in question and the slot."""
    hour = f"{gate.hour:02}:00"
    told = []
    skipped = _not_send_days(gate, first, due.day)
    if skipped:
        told.append(skipped)
    for day in range(first, due.day):
        if (day + 3) % 7 in gate.weekdays:
            if here.date(here.date_begin_us(np.array([day])))[0] != day:
                told.append(f"{_date(day, anchor)} does not exist in {here.name}")
            elif day == first and (ready or anchor).us >= here.instant_us(
                np.array([day * DAY_US + gate.hour * HOUR_US])
            ):
                told.append(f"{hour} on {_date(day, anchor)} is past")
            else:
                told.append(f"{hour} does not exist on {_date(day, anchor)}, when the clocks change")
    if due.time != hour:
        told.append(f"{hour} does not exist on {_date(due.day, anchor)}, when the clocks go forward")
    elif _twice(here, due):
        told.append(f"{hour} comes twice on {_date(due.day, anchor)}, and the first counts")
    until = f"{_day(due, anchor)} {due.text}"
    return f"; {'; '.join(told)}, so {until}" if told else f", so {until}"


def _not_send_days(gate: SendSlots | SendWindow, first: int, end: int) -> str:
    """The weekdays that are not allowed among the dates from `first` to before `end`."""
    days = [(day + 3) % 7 for day in range(first, min(end, first + 7)) if (day + 3) % 7 not in gate.weekdays]
    if not days:
        return ""
    return f"{listed(SHORT[day] for day in days)} {'is not a send day' if len(days) == 1 else 'are not send days'}"


def _changes(here: Zone, anchor: _Clock, due: _Clock) -> str:
    """The clock changes after the anchor, up to the send."""
    told = []
    first, end = (bisect_right(here.changes_us, each.us) for each in (anchor, due))
    for place in range(first, end):
        by_us = int(here.offsets_us[place] - here.offsets_us[place - 1])
        if by_us:
            way = "forward" if by_us > 0 else "back"
            # The date on which people change their clocks is the one that the old clock shows.
            day = int(here.changes_us[place] + here.offsets_us[place - 1]) // DAY_US
            told.append(f"the clocks go {way} {_rhythm(abs(by_us))} on {_date(day, anchor)}")
    if len(told) > 2:
        return f"; the clocks change {len(told)} times in between, the last time: {told[-1]}"
    return "".join(f"; {each}" for each in told)


def _twice(here: Zone, at: _Clock) -> bool:
    """Whether the wall clock shows this time again soon after."""
    place = bisect_right(here.changes_us, at.us)
    if place == here.changes_us.size:
        return False
    again_us = at.us + at.offset_us - int(here.offsets_us[place])
    return again_us >= here.changes_us[place] and again_us != at.us


def _clock(here: Zone, us: int) -> _Clock:
    place = bisect_right(here.changes_us, us) - 1
    offset_us = int(here.offsets_us[place])
    clock = _Clock(us, (us + offset_us) // DAY_US, "", offset_us)
    return clock._replace(text=f"{clock.time} {here.abbreviations[place]}")


def _day(clock: _Clock, anchor: _Clock) -> str:
    return _date(clock.day, anchor)


def _date(number: int, anchor: _Clock) -> str:
    """A local date, with its year where that is not the anchor's."""
    years = {date.fromordinal(each + _EPOCH_DAY).year for each in (number, anchor.day)}
    return local_date(number, year=len(years) > 1)


def _rhythm(us: int) -> str:
    """A length of time in the largest unit that it is whole in."""
    for unit, unit_us in (("hour", HOUR_US), ("minute", MINUTE_US), ("second", SECOND_US)):
        if us % unit_us == 0:
            return count(us // unit_us, unit)
    return f"{us / SECOND_US:g} seconds"
