"""What is worth a second look in a Kit sequence, under the default assumptions.

Drafts are skipped (K12): "the email before" is the published one before.
"""

from collections.abc import Iterator
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from simcore.clock.delays import CalendarDays, Elapsed
from simcore.clock.gates import Poll, SendSlots
from simcore.clock.zones import DAY_US, FIRST_US, HOUR_US, LAST_US, Ints, Zone, zone
from simcore.errors import shown
from simcore.kit.assumptions import Assumptions
from simcore.kit.model import Sequence
from simcore.kit.translate import translate
from simcore.plan.findings import (
    LEFT_OUT_ALL,
    LEFT_OUT_PAST,
    Codes,
    Finding,
    all_left_out,
    all_past,
    clock,
    dates,
    two_years,
)
from simcore.plan.log import Flags
from simcore.plan.plan import Plan, Step
from simcore.text.wording import WEEKDAYS, count, weekdays

CODES: Codes = MappingProxyType({
    "inactive": ("error", "The sequence is not active, so nothing is sent: activate it."),
    "nothing-published": ("error", "No email is published, so nobody receives anything: publish some."),
    "no-send-days": (
        "error",
        "The sequence has no send days, and a published email needs one: it and all after it never go out. "
        "Name at least one day.",
    ),
    "excludes-itself": (
        "error",
        "The sequence excludes its own subscribers: take it out of its exclusions.",
    ),
    "left-out-all": LEFT_OUT_ALL,
    "draft-between": (
        "warning",
        "A draft between published emails is skipped, and its wait too. Once published, it goes out at once to "
        "everyone who is past it: publish it soon, or move it behind the others.",
    ),
    "days-never-meet": (
        "warning",
        "An email's own days and the sequence's days have none in common. If both must allow a day, as one of "
        "Kit's help pages says, the email never goes out: give them a day in common.",
    ),
    "excludes-unknown": (
        "warning",
        "An excluded sequence is not among the account's other sequences that were given: check its id.",
    ),
    "hour-skipped": (
        "warning",
        "A clock change skips the send hour on some days, and emails then go out later: choose another hour.",
    ),
    "hour-twice": (
        "note",
        "A clock change makes the send hour come twice on some days, and emails go out the first time: if that "
        "matters, choose another hour.",
    ),
    "no-send-days-yet": (
        "note",
        "The sequence has no send days, and no published email needs one yet: name some before you publish an "
        "email with a wait in days.",
    ),
    "always-stretched": (
        "note",
        "The send days make a wait longer for everyone: set the wait to what you mean, or allow more days.",
    ),
    "lands-at-night": (
        "note",
        "An email with a wait in hours can go out between 22:00 and 07:00: choose other hours, or a wait in days.",
    ),
    "left-out-past": LEFT_OUT_PAST,
})
"""Every code: its severity, what it means and what to do."""

_EVENING, _MORNING = 22 * HOUR_US, 7 * HOUR_US


class _Sends(NamedTuple):
    """When an email may go out: all instants [µs, int64] from 1970 to 2200, and whether the clock is as usual then."""

    at_us: Ints
    usual: Flags


def look_over(sequence: Sequence, among: tuple[Sequence, ...], as_of_us: int | None) -> list[Finding]:
    """The findings: those about the sequence, then those about its emails, in order.

    `among`: the account's other sequences; empty if they are not known. `as_of_us` [µs]: the start of the two years
    whose clock changes are checked; None for none.
    """
    plan = translate(sequence, Assumptions())
    sends = [step for step in plan.steps if step.sends]
    return [
        *_whether(sequence, sends),
        *_left_out(sequence, sends, as_of_us),
        *([] if as_of_us is None else _clock_changes(sends, as_of_us)),
        *_exclusions(sequence, among),
        *_emails(sequence, plan, sends),
    ]


def _whether(sequence: Sequence, sends: list[Step]) -> Iterator[Finding]:
    """Whether anything goes out at all."""
    if not sequence.active:
        yield (
            "inactive",
            "active",
            "The sequence is not active, so nothing is sent and everyone in it waits. Set active to true.",
        )
    if not sends:
        drafts = len(sequence.emails)
        what = {0: "There are no emails", 1: "The only email is a draft"}.get(
            drafts, f"All {drafts} emails are drafts"
        )
        # K15
        misses = "receive nothing until one is published"
        if not sequence.hold:
            misses = "complete at once and receive nothing, not even what you publish later"
        yield (
            "nothing-published",
            "emails",
            f"{what}: subscribers who enter {misses}. Publish what should go out.",
        )
    if not sequence.send_days:
        stuck = next((step for step in sends if step.gate.closed), None)  # K11
        if stuck is None:
            yield (
                "no-send-days-yet",
                "send_days",
                "The sequence has no send days. No published email needs one yet, but an email with a wait in days "
                "and "
                "no days of its own would never go out. Name at least one day.",
            )
        else:
            rest = "" if stuck is sends[-1] else ", and nor does anything after it"
            yield (
                "no-send-days",
                "send_days",
                f"The sequence has no send days, and {shown(stuck.subject)} (emails[{stuck.position}]) needs one: "
                f"it never goes out{rest}. Name at least one day.",
            )


def _left_out(sequence: Sequence, sends: list[Step], as_of_us: int | None) -> Iterator[Finding]:
    """What is odd about the dates that are left out (T23)."""
    yield from all_past(sequence.left_out, sequence.time_zone, as_of_us)
    for step in sends:
        gate = step.gate
        if isinstance(gate, SendSlots) and (
            told := all_left_out(gate.weekdays, gate.time_zone, gate.without, as_of_us)
        ):
            yield (
                "left-out-all",
                "left_out",
                f"{shown(step.subject)} (emails[{step.position}]) may go out on {told}: it does not go out then, nor "
                "does anything after it. Leave out fewer dates.",
            )
            return


def _clock_changes(sends: list[Step], as_of_us: int) -> Iterator[Finding]:
    """The dates on which the clock skips the send hour, or shows it twice."""
    gates = [step.gate for step in sends if isinstance(step.gate, SendSlots)]
    if not gates:
        return
    here, hour_us = zone(gates[0].time_zone), gates[0].hour * HOUR_US
    days = two_years(here.name, as_of_us)
    days = days[np.isin((days + 3) % 7, list(frozenset().union(*(gate.weekdays for gate in gates))))]
    days = days[~np.isin(days, gates[0].without.days)]
    local_us = days * DAY_US + hour_us
    at_us = here.instant_us(local_us)
    coming, shows_us = at_us >= as_of_us, here.local_us(at_us)
    hour = f"{clock(hour_us)} in {here.name}"
    skipped: dict[str, list[int]] = {}
    for at in np.flatnonzero(coming & (shows_us != local_us)).tolist():
        moved = shows_us[at] // DAY_US == days[at]
        then = f"go out at {clock(int(shows_us[at]))}" if moved else "do not go out before the next send day"
        skipped.setdefault(then, []).append(int(days[at]))
    if skipped:
        when = "; ".join(f"on {dates(on)}, so emails due then {then}" for then, on in skipped.items())
        yield (
            "hour-skipped",
            "send_hour",
            f"The clocks skip {hour} {when}. Choose another send_hour to avoid that.",
        )
    after = np.minimum(here.stretch(at_us) + 1, here.offsets_us.size - 1)
    again_us = local_us - here.offsets_us[after]
    twice = days[coming & (again_us > at_us) & (here.local_us(again_us) == local_us)]
    if twice.size:
        yield (
            "hour-twice",
            "send_hour",
            f"The clocks show {hour} twice on {dates(twice.tolist())}; emails due then go out the first time. If that "
            "matters, choose another send_hour.",
        )


def _exclusions(sequence: Sequence, among: tuple[Sequence, ...]) -> Iterator[Finding]:
    known = {other.id for other in among}
    for at, source in enumerate(sequence.exclude_subscriber_sources):
        for index, one in enumerate(source.ids if source.type == "sequence" else ()):
            where = f"exclude_subscriber_sources[{at}].ids[{index}]"
            if one == sequence.id:
                yield (
                    "excludes-itself",
                    where,
                    f"The sequence excludes the subscribers of sequence {one}, which is the sequence itself: taken "
                    "literally, nobody receives anything. Take it out.",
                )
            elif among and one not in known:
                yield (
                    "excludes-unknown",
                    where,
                    f"The sequence excludes the subscribers of sequence {one}, which is not among the account's other "
                    f"sequences ({count(len(among), 'sequence')} given). If it is gone, nobody is excluded: check the "
                    "id.",
                )


def _emails(sequence: Sequence, plan: Plan, sends: list[Step]) -> Iterator[Finding]:
    both = translate(sequence, Assumptions(email_days="intersect"))  # K10
    waits = dict(_waits(sends, zone(plan.time_zone)))
    for step, strict in zip(plan.steps, both.steps, strict=True):
        where, name = f"emails[{step.position}]", shown(step.subject)
        if not step.sends and sends and sends[0].position < step.position < sends[-1].position:
            yield (
                "draft-between",
                f"{where}.published",
                f"{name} is a draft between published emails: it is skipped, and its wait too. Once published, it "
                "goes out at once to everyone in the sequence who is past it.",  # K22
            )
        if step.sends and strict.gate.closed and isinstance(step.gate, SendSlots) and not step.gate.closed:
            theirs = [WEEKDAYS.index(day) for day in sequence.send_days]
            yield (
                "days-never-meet",
                f"{where}.send_days",
                f"{name} may go out on {weekdays(step.gate.weekdays, 'any day')}, the sequence on "
                f"{weekdays(theirs, 'any day')}. If both must allow a day, as one of Kit's help pages "
                "says, it never goes out: give them a day in common.",
            )
        if step.position in waits:
            yield waits[step.position]


def _waits(sends: list[Step], here: Zone) -> Iterator[tuple[int, Finding]]:
    """What is odd about the waits of published emails: at most one finding for each, with its position.

    Nothing is guessed: after the first email on send days, each email can go out at so few instants (one or a few a
    day) that all of them from 1970 to 2200 are checked.
    """
    before = "the entry"
    passed: _Sends | None = None  # when the email before may go out; None: at any instant
    entry_us = 0  # and how long after the entry that is
    for step in sends:
        name, where = shown(step.subject), f"emails[{step.position}].delay_value"
        if step.gate.closed:  # K11: nothing comes after it
            return
        if isinstance(step.gate, Poll) and isinstance(step.delay, Elapsed):
            wait = f"{count(step.delay.duration_us // HOUR_US, 'hour')} after {before}"
            if passed is None:
                entry_us += step.delay.duration_us
                message = (
                    f"{name} goes out {wait}, at any time of day: a subscriber who enters at "
                    f"{clock(2 * HOUR_US - entry_us)} in {here.name} gets it at 02:00. A wait in days keeps to the "
                    "send hour."
                )
                yield step.position, ("lands-at-night", where, message)
            else:
                passed, night = _after_hours(step.gate, step.delay, passed, here)
                if night:
                    message = (
                        f"{name} goes out {wait}, which goes out at {night[0]} in {here.name}: that is {night[1]}. "
                        "Choose another number of hours, or a wait in days, to avoid the night."
                    )
                    yield step.position, ("lands-at-night", where, message)
        elif isinstance(step.gate, SendSlots) and isinstance(step.delay, CalendarDays):
            if passed is None:
                at_us = step.gate.slots().points_us
                at_us = at_us[(at_us >= FIRST_US) & (at_us <= LAST_US)]
            else:
                at_us, longer = _after_days(step.gate, step.delay, passed.at_us, here, before)
                if longer:
                    yield step.position, ("always-stretched", where, f"{name} waits {longer}")
            usual = here.local_us(at_us) % DAY_US == step.gate.hour * HOUR_US
            passed = _Sends(at_us, usual)
        before = name


def _after_hours(gate: Poll, delay: Elapsed, passed: _Sends, here: Zone) -> tuple[_Sends, list[str]]:
    """When an email with a wait in hours may go out; and if that can be at night, an example: the times of the email
    before and of this one. What only a clock change causes is not an example.
    """
    at_us = gate.snap(delay.earliest(passed.at_us))
    known = at_us <= LAST_US
    at_us, anchor_us = at_us[known], passed.at_us[known]
    local_us, anchor_local_us = here.local_us(at_us), here.local_us(anchor_us)
    usual = passed.usual[known] & (local_us - at_us == anchor_local_us - anchor_us)
    time_us = local_us % DAY_US
    night = np.flatnonzero(usual & ((time_us >= _EVENING) | (time_us < _MORNING)))
    # The latest, by the zone's rules of today.
    example = [clock(int(times_us[night[-1]])) for times_us in (anchor_local_us, local_us) if night.size]
    return _Sends(at_us, usual), example


def _after_days(
    gate: SendSlots, delay: CalendarDays, anchor_us: Ints, here: Zone, before: str
) -> tuple[Ints, str]:
    """When an email with a wait in days may go out; and if everybody waits longer than that, how long, in words.

    `before`: what it waits from, in words.
    """
    at_us = gate.snap(delay.earliest(anchor_us))
    known = at_us <= LAST_US
    at_us, anchor = at_us[known], here.date(anchor_us[known])
    waited = here.date(at_us) - anchor
    if not waited.size or waited.min() <= delay.days:
        return np.unique(at_us), ""
    least, most = int(waited.min()), int(waited.max())
    long = count(least, "day") if least == most else f"{least} to {most} days"
    on = np.unique((anchor + 3) % 7)
    begun, days, allowed = (
        weekdays(days_of_week, "any day")
        for days_of_week in (on.tolist(), ((on + delay.days) % 7).tolist(), gate.weekdays)
    )
    return np.unique(at_us), (
        f"{count(delay.days, 'day')} after {before}, which goes out on {begun}; that is {days}, and it "
        f"may go out on {allowed} only. So it always waits longer, {long}: set delay_value to what you mean, or "
        f"allow {days}."
    )
