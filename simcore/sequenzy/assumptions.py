"""What Sequenzy's words leave open, or say twice, as switches: which rule each turns is in sequenzy/RULES.md."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import pandas as pd

from simcore.plan.switches import POSITIVE_LENGTH, check, switch, table


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
        "whether texts that spell decimal numbers compare as numbers for greater_than and less_than",
        "Q32",
    )
    update_unsubscribes: bool = switch(
        True,
        ("True", "False"),
        "whether an update_subscriber step with status unsubscribed acts as the event unsubscribed",
        "Q35",
    )
    activity_scope: Literal["ever", "this_sequence"] = switch(
        "ever",
        ("ever", "this_sequence"),
        "whether a condition on events that says no scope looks at all of the log, or from the enrolment on",
        "Q36",
    )
    earlier_events: Literal["ignore", "count"] = switch(
        "ignore",
        ("ignore", "count"),
        "whether an event between the enrolment and the wait for it ends the wait at once",
        "Q37",
    )
    release: Literal["at_once"] = switch(
        "at_once",
        ("at_once",),
        "how what came due while the sequence was disabled goes when it is enabled: how fast the platform releases it "
        "is not documented",
        "Q40",
    )

    def __post_init__(self) -> None:
        check(self)


def assumptions() -> pd.DataFrame:
    """All switches of `sequenzy.Assumptions`: columns name, default, values, meaning, rule (all str), in Q order.

    >>> assumptions()["name"].tolist()[:4]
    ['segment_poll', 'inactivity_poll', 'stop_checks', 'stop_reading']
    """
    return table(Assumptions)
