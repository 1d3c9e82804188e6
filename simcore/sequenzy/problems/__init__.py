"""What is wrong with a Sequenzy sequence, all at once, in words that say what is expected (Q1 to Q7, Q26 to Q39)."""

from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Any

from simcore.errors import Problem
from simcore.files.json_file import MOST_TOLD
from simcore.plan.known import Known
from simcore.sequenzy.problems.steps import content_problems
from simcore.sequenzy.problems.stops import stop_problems
from simcore.sequenzy.problems.trigger import TRIGGER_FIELDS, enrolment_problems, trigger_problems
from simcore.sequenzy.problems.values import instant, text
from simcore.sequenzy.problems.waits import key_date_problems, sending_window_problems

SEQUENCE = Known(
    (
        *(
            "name",
            "trigger",
            *TRIGGER_FIELDS,
            "enrollmentPaused",
            "status",
            "effectiveStatus",
            "stopCondition",
        ),
        *("sendingWindow", "keyDates", "goal", "emailCount", "steps", "createdAt"),
    ),
    instead={
        "frequencyCapEnabled": "write false: caps are what simcore.Account is for",
        "audienceAutoEnroll": "give those people as entries",
        "integrationSlug": "write eventName and webhookId",
        "integrationEventKey": "write eventName and webhookId",
        "triggerConfig": "write its fields beside trigger, as the create call takes them",
    },
    is_open=True,
)
"""The fields of a sequence that decide; others are kept, but for those that would decide too (Q26)."""


def sequence_problems(given: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the fields of a sequence; `extra` has those that are not known."""
    found = chain(
        text("name", given.get("name"), ""),
        trigger_problems(given),
        enrolment_problems(given),
        stop_problems("stopCondition", given.get("stopCondition")),
        sending_window_problems("sendingWindow", given.get("sendingWindow")),
        key_date_problems("keyDates", given.get("keyDates")),
        content_problems(given),
        instant("createdAt", given.get("createdAt")),
        _unknown(given.get("extra")),
    )
    return [*islice(found, MOST_TOLD)]


def _unknown(extra: Any) -> Iterator[Problem]:
    if isinstance(extra, Mapping):
        yield from SEQUENCE.unknown(
            "",
            {
                name: value
                for name, value in extra.items()
                if not (name in {"frequencyCapEnabled", "audienceAutoEnroll"} and _is_off(value))
            },
        )


def _is_off(value: Any) -> bool:
    return value is False or (isinstance(value, Mapping) and value.get("enabled") is False)
