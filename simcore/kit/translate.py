"""A Kit sequence and the assumptions about Kit become a plan of delays and gates (K6 to K12)."""

from datetime import timedelta
from functools import lru_cache

from simcore.clock.delays import CalendarDays, Delay, Elapsed
from simcore.clock.gates import Anytime, Gate, Poll, SendSlots, SendWindow
from simcore.clock.zones import DAY_US, HOUR_US, LAST_US
from simcore.kit.assumptions import Assumptions
from simcore.kit.model import Email, Sequence
from simcore.plan.log import Events, Vocabulary, whole_id
from simcore.plan.plan import OnChange, OneAtATime, Plan, Step
from simcore.text.wording import WEEKDAYS

_VIAS = (
    "api",
    "visual_automation",
    "rule",
    "bulk_action",
    "import",
    "form",
    "manual",
)  # K13, the default first
_LISTED = frozenset({"visual_automation", "rule", "bulk_action", "import"})  # K14
_JOINS = {  # K16
    "tag_added": ("tag", True),
    "tag_removed": ("tag", False),
    "segment_entered": ("segment", True),
    "segment_left": ("segment", False),
    "form_joined": ("form", True),
    "sequence_joined": ("sequence", True),
}
_LEAVES = {  # K17: the status of the run, and whether entries are blocked
    "unsubscribed": ("cancelled", True),
    "bounced": ("cancelled", True),
    "complained": ("cancelled", True),
    "removed": ("removed", False),
}
_RETURNS = frozenset({"resubscribed"})
EVENTS = Events(
    vocabulary=Vocabulary(
        frozenset({*_JOINS, *_LEAVES, *_RETURNS}), False, frozenset(_JOINS), whole_id, "the integer id"
    ),
    joins=_JOINS,
    leaves=_LEAVES,
    returns=_RETURNS,
)
_WORDS = {  # K28
    "started": "the subscriber entered",
    "ignored": "has had a run, and another is not started by this entry",
    "blocked": "unsubscribed, bounced or complained before, and did not resubscribe",
    "excluded": "in an excluded source at that instant",
    "draft": "a draft came due, and was passed without a send",
    "completed": "no email was left",
    "holding": "no email was left; stays for those published later",
    "restarted": "the subscriber entered again",
    "excluded_out": "in an excluded source when an email came due",
    "cancelled": "unsubscribed, bounced or complained",
    "removed": "removed from the sequence",
}


def translate(sequence: Sequence, assume: Assumptions, *, include_drafts: bool = False) -> Plan:
    """The plan of a sequence; `include_drafts` treats every draft as published."""
    steps = []
    for email in sequence.emails:
        delay, gate = _timing(sequence, email, assume)
        sends = email.published or include_drafts
        steps.append(
            Step(
                position=email.position or 0,
                email_id=email.id or 0,
                subject=email.subject,
                delay=delay,
                gate=gate,
                queued=sends or assume.draft_delay == "count",  # K12
                sends=sends,
                passed="draft",
                called="email" if sends else "draft",
            )
        )
    return Plan(
        time_zone=sequence.time_zone,
        steps=tuple(steps),
        active=sequence.active,
        vias=_VIAS,
        events=EVENTS,
        entry=OneAtATime(sequence.repeat, frozenset(_VIAS) if assume.restart_via == "all" else _LISTED),
        excluded=frozenset(
            (each.type, one) for each in sequence.exclude_subscriber_sources for one in each.ids
        ),
        excluded_ends=assume.excluded_midway == "end_run",
        once_in=assume.excluded_sequence_membership == "joined",
        hold_vias=_hold_vias(sequence, assume),
        words=_WORDS,
        on_change=OnChange(
            reschedule=assume.queued_emails == "reschedule",
            insert_at_once=assume.insert_before_next == "at_once",
            send_behind=assume.earlier_insert == "send",
        ),
    )


def _hold_vias(sequence: Sequence, assume: Assumptions) -> frozenset[str]:
    """The ways of entry whose runs stay active at the end (K15)."""
    automated = frozenset({"visual_automation"})
    others = frozenset(_VIAS) - automated
    stay = {"same": sequence.hold, "stay": True, "complete": False}[assume.hold_without_automation]
    return (automated if sequence.hold else frozenset()) | (others if stay else frozenset())


def _timing(sequence: Sequence, email: Email, assume: Assumptions) -> tuple[Delay, Gate]:
    if email.delay_unit == "hours":  # K8
        every_us = min(_microseconds(assume.poll_every), 2 * LAST_US)  # as good as never, and does not wrap
        poll = Poll(every_us, _microseconds(assume.poll_phase) % every_us)
        return Elapsed(email.delay_value * HOUR_US), poll
    days = _days(sequence, email, assume)
    if email.delay_value == 0:  # K9
        gate = (
            Anytime()
            if assume.immediate_days == "any"
            else SendWindow(days, 0, 24 * 60, sequence.time_zone, without=sequence.left_out)
        )
        return Elapsed(0), gate
    delay: Delay = CalendarDays(email.delay_value, sequence.time_zone)  # K7
    if assume.day_count == "elapsed":
        delay = Elapsed(email.delay_value * DAY_US)
    return delay, SendSlots(days, sequence.send_hour, sequence.time_zone, without=sequence.left_out)


def _days(sequence: Sequence, email: Email, assume: Assumptions) -> frozenset[int]:
    """The weekdays on which a day-based email may go out (K10)."""
    of_sequence, own = _numbers(sequence.send_days), _numbers(email.send_days or WEEKDAYS)
    if len(own) == len(WEEKDAYS):
        return of_sequence
    return own if assume.email_days == "override" else own & of_sequence


@lru_cache
def _numbers(names: tuple[str, ...]) -> frozenset[int]:
    """Weekdays by their names, as numbers."""
    return frozenset(map(WEEKDAYS.index, names))


def _microseconds(length: timedelta) -> int:
    return length // timedelta(microseconds=1)
