"""What Kit does not document, or documents twice, as switches (spec/kit.md, "A")."""

from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any

import pandas as pd

from simcore.errors import ValidationError, shown


def _switch(default: Any, values: tuple[str, ...], meaning: str, rule: str) -> Any:
    return field(default=default, metadata={"values": values, "meaning": meaning, "rule": rule})


_LENGTH = "a datetime.timedelta"


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """How to read Kit where its own words leave it open; every field has a default.

    `simcore.kit.assumptions()` lists them. Raises ValidationError for a value that is none of those listed.

    >>> Assumptions(day_count="elapsed").day_count
    'elapsed'
    """

    day_count: str = _switch(
        "calendar",
        ("calendar", "elapsed"),
        "what a day of delay is: the next calendar day in the sequence's zone, or 24 hours",
        "K7",
    )
    poll_every: timedelta = _switch(
        timedelta(minutes=15),
        (f"{_LENGTH} over 0",),
        "how often Kit looks for hour delays that are over",
        "K8",
    )
    poll_phase: timedelta = _switch(
        timedelta(0), (_LENGTH,), "how long after each full quarter hour (UTC) those looks come", "K8"
    )
    immediate_days: str = _switch(
        "any",
        ("any", "send_days"),
        "whether an immediate first email goes out on any weekday, or only on the email's allowed days",
        "K9",
    )
    email_days: str = _switch(
        "override",
        ("override", "intersect"),
        "whether an email's own days replace the sequence's, or both must allow the day",
        "K10",
    )
    draft_delay: str = _switch(
        "skip",
        ("skip", "count"),
        "whether a draft is as though it were not there, or is waited for and passed without a send",
        "K12",
    )

    restart_via: str = _switch(
        "all",
        ("all", "listed"),
        "which further entries start a run where the sequence repeats: all, or only those via a visual "
        "automation, a rule, a bulk action or an import",
        "K14",
    )
    hold_without_automation: str = _switch(
        "same",
        ("same", "stay", "complete"),
        "whether runs that were not added via a visual automation obey hold too, always stay, or always complete",
        "K15",
    )
    excluded_midway: str = _switch(
        "skip_email",
        ("skip_email", "end_run"),
        "whether an email that comes due to an excluded subscriber is passed over, or ends the run",
        "K16",
    )
    queued_emails: str = _switch(
        "keep",
        ("keep", "reschedule"),
        "whether the email that a run waits for keeps its instant when the schedule changes, or gets a new one",
        "K20",
    )
    insert_before_next: str = _switch(
        "wait",
        ("wait", "at_once"),
        "whether an email published right before the one a run waits for is waited for, or goes out at once",
        "K21",
    )
    earlier_insert: str = _switch(
        "send",
        ("send", "skip"),
        "whether an email published behind where a run stands is sent to it right away, or never",
        "K22",
    )

    def __post_init__(self) -> None:
        problems = []
        for each in fields(self):
            value, values = getattr(self, each.name), each.metadata["values"]
            if isinstance(each.default, timedelta):
                if not isinstance(value, timedelta) or ("over" in values[0] and value <= timedelta(0)):
                    problems.append((each.name, f"{each.name} must be {values[0]}", shown(value)))
            elif value not in values:
                problems.append((each.name, f"{each.name} must be one of: {', '.join(values)}", shown(value)))
        if problems:
            raise ValidationError(
                [message for _, message, _ in problems],
                [(path, message) for path, message, _ in problems],
                [found for *_, found in problems],
            )


def assumptions() -> pd.DataFrame:
    """All switches of `kit.Assumptions`: columns name, default, values, meaning, rule (all str), in K order.

    >>> assumptions()["name"].tolist()[:2]
    ['day_count', 'poll_every']
    """
    rows = [
        {
            "name": each.name,
            "default": str(each.default),
            "values": " | ".join(each.metadata["values"]),
            "meaning": each.metadata["meaning"],
            "rule": each.metadata["rule"],
        }
        for each in fields(Assumptions)
    ]
    return pd.DataFrame(rows, dtype="str")
