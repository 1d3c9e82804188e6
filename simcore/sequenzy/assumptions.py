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

    def __post_init__(self) -> None:
        check(self)


def assumptions() -> pd.DataFrame:
    """All switches of `sequenzy.Assumptions`: columns name, default, values, meaning, rule (all str), in Q order.

    >>> assumptions()["name"].tolist()
    ['segment_poll', 'inactivity_poll', 'stop_checks', 'stop_reading']
    """
    return table(Assumptions)
