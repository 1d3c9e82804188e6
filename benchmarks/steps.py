"""The emails of a sequence as the peers read them. It imports nothing, so that a script starts at once."""

from typing import Any, NamedTuple

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Payload = dict[str, Any]


class Step(NamedTuple):
    """One email as the rules see it; `weekdays` are those it may go out on, Monday is 0."""

    value: int
    unit: str
    weekdays: frozenset[int]


def read_steps(payload: Payload) -> list[Step]:
    """Give the emails in order, each with its own send days or else the sequence's."""
    default = payload["sequence"]["send_days"]
    return [
        Step(
            email["delay_value"],
            email["delay_unit"],
            frozenset(WEEKDAYS.index(day) for day in email["send_days"] or default),
        )
        for email in payload["emails"]
    ]


def first_in_days(steps: list[Step]) -> int:
    """Give the place of the first email that waits for days: from there on, all depends on a local day."""
    return next(place for place, step in enumerate(steps) if step.unit == "days" and step.value > 0)
