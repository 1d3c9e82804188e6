"""A Kit sequence and the assumptions about Kit become a plan of delays and gates (K6 to K12)."""

from datetime import timedelta
from typing import TYPE_CHECKING

from simcore.delays import CalendarDays, Delay, Elapsed
from simcore.errors import SimcoreError, shown
from simcore.gates import Anytime, Gate, Poll, SendSlots, SendWindow
from simcore.kit.assumptions import Assumptions
from simcore.plan import Plan, Step
from simcore.zones import DAY_US, HOUR_US

if TYPE_CHECKING:
    from simcore.kit.model import Email, Sequence

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_VIAS = (
    "api",
    "visual_automation",
    "rule",
    "bulk_action",
    "import",
    "form",
    "manual",
)  # K13, the default first


def translate(sequence: "Sequence", assumptions: Assumptions | None, *, include_drafts: bool) -> Plan:
    """The plan of a sequence. Raises SimcoreError where `assumptions` are not `kit.Assumptions`."""
    assume = Assumptions() if assumptions is None else assumptions
    if not isinstance(assume, Assumptions):
        raise SimcoreError(f"assumptions: found {shown(assume)}, expected simcore.kit.Assumptions")
    steps = []
    for email in sequence.emails:
        sends = email.published or include_drafts
        if sends or assume.draft_delay == "count":  # K12
            delay, gate = _timing(sequence, email, assume)
            steps.append(
                Step(
                    position=email.position or 0,
                    email_id=email.id or 0,
                    subject=email.subject,
                    delay=delay,
                    gate=gate,
                    sends=sends,
                )
            )
    return Plan(
        time_zone=sequence.time_zone,
        steps=tuple(steps),
        active=sequence.active,
        repeat=sequence.repeat,
        vias=_VIAS,
    )


def _timing(sequence: "Sequence", email: "Email", assume: Assumptions) -> tuple[Delay, Gate]:
    if email.delay_unit == "hours":  # K8
        poll = Poll(_microseconds(assume.poll_every), _microseconds(assume.poll_phase))
        return Elapsed(email.delay_value * HOUR_US), poll
    days = _days(sequence, email, assume)
    if email.delay_value == 0:  # K9
        gate = (
            Anytime() if assume.immediate_days == "any" else SendWindow(days, 0, 24 * 60, sequence.time_zone)
        )
        return Elapsed(0), gate
    delay: Delay = CalendarDays(email.delay_value, sequence.time_zone)  # K7
    if assume.day_count == "elapsed":
        delay = Elapsed(email.delay_value * DAY_US)
    return delay, SendSlots(days, sequence.send_hour, sequence.time_zone)


def _days(sequence: "Sequence", email: "Email", assume: Assumptions) -> frozenset[int]:
    """The weekdays on which a day-based email may go out (K10)."""
    of_sequence = frozenset(WEEKDAYS.index(day) for day in sequence.send_days)
    own = frozenset(WEEKDAYS.index(day) for day in email.send_days or WEEKDAYS)
    if len(own) == len(WEEKDAYS):
        return of_sequence
    return own if assume.email_days == "override" else own & of_sequence


def _microseconds(length: timedelta) -> int:
    return length // timedelta(microseconds=1)
