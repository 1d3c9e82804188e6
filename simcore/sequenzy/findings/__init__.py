"""What is worth a second look in a Sequenzy sequence (Q23), under the default assumptions."""

from types import MappingProxyType

from simcore.plan.findings import LEFT_OUT_ALL, LEFT_OUT_PAST, Codes, Finding
from simcore.sequenzy.findings.of_sequence import of_sequence
from simcore.sequenzy.findings.of_steps import of_steps
from simcore.sequenzy.model import Sequence

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
    "key-date-missing": (
        "error",
        "A step waits for a key date that the sequence does not have: add it to keyDates.",
    ),
    "left-out-all": LEFT_OUT_ALL,
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
    "paused": (
        "warning",
        "The sequence is paused, so nobody is enrolled and nothing goes out: set its status to active to see what it "
        "would do.",
    ),
    "enrolment-paused": (
        "warning",
        "Enrolments are paused, so the trigger enrols nobody: set enrollmentPaused to false to see whom it would "
        "enrol.",
    ),
    "stop-without-audience": (
        "warning",
        "The stop condition is about what enrolled the subscriber, and the trigger names no list, tag or segment, so "
        "it never holds: name what has to be lost.",
    ),
    "unreachable": (
        "warning",
        "Nothing leads to a step, so nobody ever comes to it: lead a path to it, or remove it.",
    ),
    "stops-outsiders": (
        "note",
        "The stop condition also ends the runs of those who never had the tag, or never were on the list: see "
        "that everyone who is meant has it when the run begins.",
    ),
    "random-split": (
        "note",
        "A step sends each run down a path by chance, so a projection needs a seed: compare a few of them.",
    ),
    "link-clicked": (
        "note",
        "A step looks at clicks on links, which are events of the log: where it has none, nobody clicked.",
    ),
    "transactional": (
        "note",
        "An email is transactional, so it goes to those too who unsubscribed before they were enrolled: keep them "
        "out by activeSubscribersOnly.",
    ),
    "left-out-past": LEFT_OUT_PAST,
})
"""Every code: its severity, and what it means and asks for."""


def look_over(sequence: Sequence, as_of_us: int | None) -> list[Finding]:
    """The findings: those about the sequence, then those about its steps, in order.

    `as_of_us` [µs]: from when on clock changes and expiry dates are looked at; None for not at all.
    """
    return [*of_sequence(sequence, as_of_us), *of_steps(sequence, as_of_us)]
