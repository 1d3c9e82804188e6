"""Switches for what Kit does not document, or documents in two ways; kit/RULES.md has the rule of each."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import pandas as pd

from simcore.plan.switches import LENGTH, POSITIVE_LENGTH, check, switch, table


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """What to assume about Kit where its documentation leaves something open. Every field has a default.

    `simcore.kit.assumptions()` lists the fields. Raises ValidationError for a value that is not among those listed.

    >>> Assumptions(day_count="elapsed").day_count
    'elapsed'
    """

    day_count: Literal["calendar", "elapsed"] = switch(
        "calendar",
        ("calendar", "elapsed"),
        "what one day of delay means: the next calendar day in the sequence's zone, or 24 hours",
        "K7",
    )
    poll_every: timedelta = switch(
        timedelta(minutes=15),
        (POSITIVE_LENGTH,),
        "how often Kit checks for delays in hours that are over",
        "K8",
    )
    poll_phase: timedelta = switch(
        timedelta(0), (LENGTH,), "how long after each full quarter hour (UTC) those checks come", "K8"
    )
    immediate_days: Literal["any", "send_days"] = switch(
        "any",
        ("any", "send_days"),
        "whether an immediate first email goes out on any weekday, or only on the email's allowed days",
        "K9",
    )
    email_days: Literal["override", "intersect"] = switch(
        "override",
        ("override", "intersect"),
        "whether an email's own days replace the sequence's, or both must allow the day",
        "K10",
    )
    draft_delay: Literal["skip", "count"] = switch(
        "skip",
        ("skip", "count"),
        "whether a draft is ignored with its delay, or is waited for and passed without a send",
        "K12",
    )

    restart_via: Literal["all", "listed"] = switch(
        "all",
        ("all", "listed"),
        "which repeated entries start a run if the sequence repeats: all, or only those via a visual automation, "
        "a rule, a bulk action or an import",
        "K14",
    )
    hold_without_automation: Literal["same", "stay", "complete"] = switch(
        "same",
        ("same", "stay", "complete"),
        "whether runs that did not enter via a visual automation obey hold too, always stay, or always complete",
        "K15",
    )
    excluded_midway: Literal["skip_email", "end_run"] = switch(
        "skip_email",
        ("skip_email", "end_run"),
        "whether an email that is due for an excluded subscriber is skipped, or ends the run",
        "K16",
    )
    excluded_sequence_membership: Literal["active", "joined"] = switch(
        "active",
        ("active", "joined"),
        "how long a subscriber is in an excluded sequence of the account: while a run is active, or from the first "
        "entry on",
        "K30",
    )
    queued_emails: Literal["keep", "reschedule"] = switch(
        "keep",
        ("keep", "reschedule"),
        "whether the email that a run waits for keeps its instant when the schedule changes, or gets a new one",
        "K20",
    )
    insert_before_next: Literal["wait", "at_once"] = switch(
        "wait",
        ("wait", "at_once"),
        "whether an email published right before the one a run waits for is waited for, or goes out at once",
        "K21",
    )
    earlier_insert: Literal["send", "skip"] = switch(
        "send",
        ("send", "skip"),
        "whether an email published behind where a run stands is sent to it right away, or never",
        "K22",
    )
    position_taken: Literal["shift", "refuse"] = switch(
        "shift",
        ("shift", "refuse"),
        "whether the others make room for an email that is put at a position that is taken, as in Kit's editor, or "
        "the change is refused, as the API may do",
        "K25",
    )

    def __post_init__(self) -> None:
        check(self)


def assumptions() -> pd.DataFrame:
    """All switches of `kit.Assumptions`, by rule: columns name, default, values, meaning, rule (all str).

    >>> assumptions()["name"].tolist()[:2]
    ['day_count', 'poll_every']
    """
    return table(Assumptions)
