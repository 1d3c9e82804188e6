"""A campaign and the assumptions about Parcel Post become a plan (PP2 to PP6)."""

from parcelpost.assumptions import Assumptions
from parcelpost.delays import Months
from parcelpost.model import Campaign, Letter
from simcore.platform import (
    WEEKDAYS,
    CalendarDays,
    Delay,
    Elapsed,
    Events,
    OneAtATime,
    Plan,
    SendWindow,
    Step,
    Vocabulary,
    text_id,
)

_JOINS = {"label_added": ("label", True), "label_removed": ("label", False)}
EVENTS = Events(
    vocabulary=Vocabulary(
        names=frozenset({*_JOINS, "opted_out", "opted_in"}),
        about=frozenset(_JOINS),
        ref=text_id,
        expected="the label",
    ),
    joins=_JOINS,
    leaves={"opted_out": ("cancelled", True)},
    returns=frozenset({"opted_in"}),
)
_WORDS = {
    "started": "the reader was signed up",
    "ignored": "is signed up already",
    "blocked": "opted out before",
    "excluded": "has a label that is skipped",
    "completed": "the last letter was posted",
    "cancelled": "opted out",
}


def translate(campaign: Campaign, assume: Assumptions, *, include_drafts: bool = False) -> Plan:
    """The plan of a campaign."""
    window = campaign.window
    gate = SendWindow(
        frozenset(map(WEEKDAYS.index, window.days)),
        _minute(window.start),
        _minute(window.end),
        campaign.time_zone,
    )
    steps = []
    for position, letter in enumerate(campaign.letters):
        goes = include_drafts or not letter.held
        steps.append(
            Step(
                position=position,
                email_id=letter.id,
                subject=letter.subject,
                delay=_delay(letter, campaign.time_zone, assume),
                gate=gate,
                queued=goes,
                sends=goes,
                called="letter" if goes else "held letter",
            )
        )
    return Plan(
        time_zone=campaign.time_zone,
        steps=tuple(steps),
        vias=("form", "desk"),
        entry=OneAtATime(repeat=True, repeat_vias=frozenset({"desk"})),
        excluded=frozenset(("label", each) for each in campaign.skip_labels),
        events=EVENTS,
        words=_WORDS,
        text_ids=True,
    )


def _delay(letter: Letter, time_zone: str, assume: Assumptions) -> Delay:
    if letter.number == 0:
        return Elapsed(0)
    if letter.unit == "weeks":
        return CalendarDays(7 * letter.number, time_zone)
    return Months(letter.number, time_zone, assume.month_end == "next_month")


def _minute(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])
