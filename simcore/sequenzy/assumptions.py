"""What Sequenzy's words leave open, or say twice, as switches: which rule each turns is in sequenzy/RULES.md."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import pandas as pd

from simcore.plan.switches import POSITIVE_LENGTH, YES_NO, check, switch, table


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """How to read Sequenzy where its own words leave it open; every field has a default.

    `simcore.sequenzy.assumptions()` lists them. Raises ValidationError for a value that is none of those
    listed.

    >>> Assumptions(stop_checks="steps").stop_checks
    'steps'
    """

    segment_poll: timedelta = switch(
        timedelta(minutes=15),
        (POSITIVE_LENGTH,),
        "how often it is looked who is in a segment, from the epoch on (UTC)",
        "Q15",
    )
    inactivity_poll: timedelta = switch(
        timedelta(minutes=15),
        (POSITIVE_LENGTH,),
        "how often it is looked who has been inactive for long enough, from the epoch on (UTC)",
        "Q16",
    )
    stop_checks: Literal["every_node", "steps"] = switch(
        "every_node",
        ("every_node", "steps"),
        "whether the stop condition is looked at before waits too, or only before emails and actions",
        "Q20",
    )
    stop_reading: Literal["state", "transition"] = switch(
        "state",
        ("state", "transition"),
        "whether a tag, list or segment stops a run if it holds at that instant, or if it was added or left "
        "after the enrolment, also where that changed nothing or was undone",
        "Q20",
    )
    numeric_strings: Literal["compare", "strict"] = switch(
        "compare",
        ("compare", "strict"),
        "whether greater_than and less_than take strings that are decimal numbers as numbers",
        "Q32",
    )
    update_unsubscribes: bool = switch(
        True,
        YES_NO,
        "whether a step that sets the status of a subscriber to unsubscribed does what the event does",
        "Q35",
    )
    activity_scope: Literal["ever", "this_sequence"] = switch(
        "ever",
        ("ever", "this_sequence"),
        "which events a condition looks at that names no scope: all, or those since the enrolment",
        "Q36",
    )
    earlier_events: Literal["ignore", "count"] = switch(
        "ignore",
        ("ignore", "count"),
        "whether a wait for an event is over at once where the event came between the enrolment and the wait",
        "Q37",
    )
    release: Literal["at_once"] = switch(
        "at_once",
        ("at_once",),
        "how fast a sequence that is enabled again lets go what came due meanwhile",
        "Q40",
    )

    def __post_init__(self) -> None:
        check(self)


def assumptions() -> pd.DataFrame:
    """All switches of `sequenzy.Assumptions`: columns name, default, values, meaning, rule (all str), in Q order.

    >>> assumptions()["name"].tolist()[2:4]
    ['stop_checks', 'stop_reading']
    """
    return table(Assumptions)
