"""What is worth a second look in a Sequenzy sequence (Q23), under the default assumptions."""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from simcore.clock.gates import SendWindow
from simcore.clock.instants import read_one
from simcore.clock.words import length
from simcore.clock.zones import DAY_US, windows, zone
from simcore.errors import shown
from simcore.plan.findings import Codes, Finding, clock, dates, two_years
from simcore.sequenzy import tags, waits
from simcore.sequenzy.model import Sequence
from simcore.text.wording import part_of_week, time_of_day

CODES: Codes = MappingProxyType({
    "no-steps": (
        "error",
        "The sequence has a goal and no steps yet, so nothing can be said of it: fetch it again once its emails "
        "are written.",
    ),
    "stops-everyone": (
        "error",
        "The stop condition holds for everyone from the start, so nobody receives anything: stop on something "
        "that happens later.",
    ),
    "window-closed": (
        "error",
        "A window has no days, so what waits for it never happens: name at least one day.",
    ),
    "discount-missing": (
        "error",
        "An email has a discount tag, and no discount step before it to fill it: put one there.",
    ),
    "code-expires-first": (
        "error",
        "A code has expired by the time that an email which shows it can go out: let it live longer, or send "
        "the email sooner.",
    ),
    "no-date": (
        "error",
        "A step waits for a date in the run's event, and no event starts the runs: wait for a length of time "
        "instead.",
    ),
    "no-emails": ("warning", "No step is an email, so nobody is sent one: add an email."),
    "no-event": (
        "warning",
        "An email has a tag of the run's event, and no event starts the runs, so it is empty or shows its fallback: "
        "leave it out, or start the runs by an event.",
    ),
    "tag-unbalanced": (
        "warning",
        "A merge tag is opened and not closed, or closed and not opened, so it is shown as it stands: balance its "
        "braces.",
    ),
    "weekday-apart": (
        "warning",
        "A weekday wait stands before a step that is no email, so the email after it need not go out on those "
        "days: put the wait on the email.",
    ),
    "windows-never-meet": (
        "warning",
        "An email waits for part of the week in which the sending window is never open, so it goes out outside "
        "that part: let the two overlap.",
    ),
    "window-skipped": (
        "warning",
        "A clock change skips a whole window on some days, so what waits for it waits for the next: make the "
        "window longer, or move it.",
    ),
    "stops-outsiders": (
        "note",
        "The stop condition also ends the runs of those who never had the tag, or never were on the list: see "
        "that everyone who is meant has it when the run begins.",
    ),
})
"""Every code: its severity, and what it means and asks for."""

_BY_LOOKS = ("segment_entered", "inactivity")  # Q15, Q16: a look starts the run, and brings no event (Q11)
_BEGINS = {  # Q20: what stops whom each trigger takes in
    ("tag_added", "has_tag"): ("tagName", "the tag {} is added", "has that tag"),
    ("contact_added", "added_to_list"): ("listId", "somebody joins the list {}", "is on that list"),
    ("segment_entered", "entered_segment"): ("segmentId", "somebody enters the segment {}", "is in it"),
}
_LACKS = {
    "does_not_have_tag": ("tag_added", "tagName", "had the tag {}", "has it"),
    "removed_from_list": ("contact_added", "listId", "were on the list {}", "is on it"),
}
_HIDDEN = re.compile(r"<(style|script)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)  # their braces are no tags


def look_over(sequence: Sequence, as_of_us: int | None) -> list[Finding]:
    """The findings: those about the sequence, then those about its steps, in order.

    `as_of_us` [µs]: from when on clock changes and expiry dates are looked at; None for not at all.
    """
    return [
        *_stops(sequence),
        *_window(sequence, as_of_us),
        *_content(sequence),
        *_steps(sequence, as_of_us),
    ]


def _stops(sequence: Sequence) -> Iterator[Finding]:
    """Whom the stop condition ends before anything has happened (Q20)."""
    stop = sequence.stopCondition or {}
    kind, value = str(stop.get("type")), stop.get("value")
    if (sequence.trigger, kind) in _BEGINS:
        name, begins, has = _BEGINS[sequence.trigger, kind]
        if value == getattr(sequence, name):
            yield (
                "stops-everyone",
                "stopCondition",
                f"A run begins when {begins.format(shown(value))}, and the stop condition ends it at once for whoever "
                f"{has}: nobody receives anything. Stop on something that happens later.",
            )
    elif kind in _LACKS:
        trigger, name, never, has = _LACKS[kind]
        if sequence.trigger != trigger or value != getattr(sequence, name):
            yield (
                "stops-outsiders",
                "stopCondition",
                f"The stop condition also ends the runs of those who never {never.format(shown(value))}: only who "
                f"{has} when the run begins receives anything. See that everyone who is meant {has} by then.",
            )


def _window(sequence: Sequence, as_of_us: int | None) -> Iterator[Finding]:
    window = waits.window(sequence.sendingWindow)
    if window is not None and not window.weekdays:
        yield (
            "window-closed",
            "sendingWindow.days",
            "The sending window has no days, so no email ever goes out. Name at least one day, or leave out days for "
            "all seven.",
        )
    elif window is not None:
        yield from _skipped(window, "sendingWindow", as_of_us)


def _content(sequence: Sequence) -> Iterator[Finding]:
    if sequence.steps is None:  # Q6
        yield (
            "no-steps",
            "steps",
            "The sequence has a goal and no steps yet, so there is nothing to project. Fetch it again once its "
            "emails are written (GET /api/v1/sequences/{id}).",
        )
    elif not any(map(_is_email, sequence.steps)):
        what = "No step is an email" if sequence.steps else "There are no steps"
        yield "no-emails", "steps", f"{what}, so nobody who is enrolled is sent one. Add an email."


class _Apart(NamedTuple):
    """A weekday wait before a step that is no email, until its email comes; `later`: with another wait between."""

    where: str
    kind: str
    wait: waits.Weekdays
    later: bool


def _steps(sequence: Sequence, as_of_us: int | None) -> Iterator[Finding]:
    window = waits.window(sequence.sendingWindow)
    reached = True  # whether anybody gets so far
    least_us = 0  # from the enrolment, at the least: windows and dates may be open, or past, at once
    made: tuple[int, Mapping[str, Any], int] | None = None  # the discount step before, and least_us there
    apart: _Apart | None = None
    for at, step in enumerate(sequence.steps or ()):
        wait, where = waits.wait(step), f"steps[{at}]"
        name = shown(step["subject"]) if _is_email(step) else f"the {step['type']} step"
        on = f"{where}.{next((kind for kind in waits.KINDS if step.get(kind) is not None), '')}"
        if isinstance(wait, waits.Length):
            least_us += wait.duration_us
        if isinstance(wait, waits.Weekdays):
            yield from _weekday_wait(wait, on, name, as_of_us)
            reached = reached and bool(wait.weekdays)
        if isinstance(wait, waits.UntilField) and sequence.trigger in _BY_LOOKS:
            then = "the run ends there" if wait.exits else "it does not wait at all"
            yield (
                "no-date",
                on,
                f"{_upper(name)} waits for the event's {shown(wait.path)}, but a run that begins by the trigger "
                f"{sequence.trigger} has no event, so {then}. Wait for a length of time instead.",
            )
            reached = reached and not wait.exits
        if isinstance(wait, waits.Weekdays):
            apart = None if _is_email(step) or not wait.weekdays else _Apart(on, step["type"], wait, False)
        elif apart is not None and wait is not None:
            apart = apart._replace(later=True)
        if not _is_email(step):
            if step["type"] in {"create_discount", "discount"}:
                made = at, step["discount"], least_us
            continue
        if apart is not None:
            yield _told_apart(apart, name, where)
            apart = None
        if isinstance(wait, waits.Weekdays) and window is not None and not _meet(wait, window):
            yield (
                "windows-never-meet",
                on,
                f"{name} waits for {_told(wait)}, but then the sending window, {_told(window)}, is never open: it "
                "goes out later, at other times than it waits for. Let the two overlap.",
            )
        reached = reached and (window is None or bool(window.weekdays))
        used = _used(step)
        if "discount" in used:
            field = f"{where}.{used['discount']}"
            if made is None:
                late = _next_discount(sequence.steps or (), at)
                yield (
                    "discount-missing",
                    field,
                    f"{name} has a discount tag, but {late}, so there is no code to show. Put a create_discount step "
                    "before it.",
                )
            elif reached:
                yield from _expired(name, field, made, least_us, as_of_us)
        if "event" in used and sequence.trigger in _BY_LOOKS:
            yield (
                "no-event",
                f"{where}.{used['event']}",
                f"{name} has a tag of the run's event, but a run that begins by the trigger {sequence.trigger} has no "
                "event: the tag is empty, or shows its fallback. Leave it out.",
            )
        for each in dict.fromkeys(each for each, text in _texts(step) if tags.unbalanced(text)):
            yield (
                "tag-unbalanced",
                f"{where}.{each}",
                f"{name}: in its {each} a merge tag is opened and not closed, or closed and not opened, so it is "
                "shown as it stands. Write it as {{name}}, with both pairs of braces.",
            )


def _weekday_wait(wait: waits.Weekdays, on: str, name: str, as_of_us: int | None) -> Iterator[Finding]:
    if wait.weekdays:
        yield from _skipped(wait, on, as_of_us)
    else:
        yield (
            "window-closed",
            on,
            f"The weekday wait before {name} has no days, so it never ends: nobody gets there, nor to anything after "
            "it. Name at least one day.",
        )


def _told_apart(apart: _Apart, name: str, where: str) -> Finding:
    after = "follows at once now, but only until something is put between"
    if apart.later:
        after = "comes after a further wait, so it goes out at other times"
    return (
        "weekday-apart",
        apart.where,
        f"The wait for {_told(apart.wait)} is before the {apart.kind} step; the email, {name} ({where}), "
        f"{after}. Put the wait on the email.",
    )


def _expired(
    name: str, field: str, made: tuple[int, Mapping[str, Any], int], least_us: int, as_of_us: int | None
) -> Iterator[Finding]:
    """Whether the code is dead by the time of the email (Q12)."""
    at, discount, made_us = made
    hours, date = discount.get("expiresInHours"), discount.get("expiresAt")
    shows = f"{name} shows the code of steps[{at}], which expires"
    if hours is not None:
        lives_us = waits.microseconds(0, hours)
        if least_us - made_us >= lives_us:
            yield (
                "code-expires-first",
                field,
                f"{shows} {length(lives_us)} after it is made; the email goes out {length(least_us - made_us)} after "
                "that, or later. Let the code live longer, or send the email sooner.",
            )
    elif date is not None and as_of_us is not None:
        ends_us = read_one(date, "expiresAt", "UTC")
        if as_of_us + least_us >= ends_us:
            yield (
                "code-expires-first",
                field,
                f"{shows} on {_moment(ends_us)}; who is enrolled on {_moment(as_of_us)} or later gets the email after "
                "that. Choose a later expiresAt.",
            )


def _next_discount(steps: tuple[dict[str, Any], ...], at: int) -> str:
    later = [place for place, step in enumerate(steps) if place > at and "discount" in str(step.get("type"))]
    return f"the discount step comes only later (steps[{later[0]}])" if later else "there is no discount step"


def _skipped(window: waits.Weekdays, where: str, as_of_us: int | None) -> Iterator[Finding]:
    """The dates on which a window has no instant."""
    if as_of_us is None:
        return
    place, days = zone(window.time_zone), two_years(window.time_zone, as_of_us)
    days = days[np.isin((days + 3) % 7, list(window.weekdays))]
    # Skipped is an allowed date that passes without an opening.
    none = days[SendWindow(*window[:4]).snap(place.date_begin_us(days)) >= place.date_begin_us(days + 1)]
    if none.size:
        hours = f"{time_of_day(window.start_min)} to {time_of_day(window.end_min)}"
        yield (
            "window-skipped",
            where,
            f"The clocks in {window.time_zone} skip all of {hours} on {dates(none.tolist())}: what waits for that "
            "window waits for the next. Make it longer, or move it.",
        )


def _meet(wait: waits.Weekdays, window: waits.Weekdays) -> bool:
    """Whether two windows, in any zones, are ever open together, from 1970 to 2200."""
    if not (wait.weekdays and window.weekdays):
        return True  # one is closed, which is said elsewhere
    opens_us, closes = windows(wait.time_zone, wait.weekdays, wait.start_min, wait.end_min)
    return bool((SendWindow(*window[:4]).snap(opens_us[:-1]) < closes.points_us[:-1]).any())


def _is_email(step: Mapping[str, Any]) -> bool:
    return (step.get("type") or "email") == "email"


def _texts(step: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What an email shows: the field, and a text in it, without what a browser does not show."""
    left = [(name, step.get(name)) for name in ("blocks", "html", "previewText", "subject")]
    while left:  # no recursion: blocks may be nested deeply
        name, value = left.pop()
        if isinstance(value, str):
            yield name, _HIDDEN.sub("", value)
        elif isinstance(value, Mapping):
            left += [(name, each) for each in reversed(list(value.values()))]
        elif isinstance(value, list | tuple):
            left += [(name, each) for each in reversed(value)]


def _used(step: Mapping[str, Any]) -> dict[str, str]:
    """Which kinds of tags an email has, each with the first field that has one (Q25)."""
    found: dict[str, str] = {}
    for name, text in _texts(step):
        for kind in tags.used(text):
            found.setdefault(kind, name)
    return found


def _told(window: waits.Weekdays) -> str:
    return f"{part_of_week(window.weekdays, window.start_min, window.end_min)} ({window.time_zone})"


def _moment(us: int) -> str:
    return f"{dates([us // DAY_US])} {clock(us)} UTC"


def _upper(name: str) -> str:
    return name[:1].upper() + name[1:]
