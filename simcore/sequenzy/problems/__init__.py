"""What is wrong with a Sequenzy sequence, all at once, in words that say what is expected (Q1 to Q7, Q26 to Q39)."""

from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Any

from simcore.errors import Problem, shown
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
        "frequencyCapEnabled": "write false",
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
    if not isinstance(extra, Mapping):
        yield "extra", "extra must be an object", shown(extra)
        return
    off = {name for name in ("frequencyCapEnabled", "audienceAutoEnroll") if _is_off(extra.get(name))}
    yield from SEQUENCE.unknown("", {name: value for name, value in extra.items() if name not in off})


def _is_off(value: Any) -> bool:
    return value is False or (isinstance(value, Mapping) and value.get("enabled") is False)
