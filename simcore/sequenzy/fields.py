"""The fields of a Sequenzy sequence as people write them, for type checkers: those that can be changed, and those that
a new one must have (Q1 to Q7, Q27 to Q39)."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Required, TypeAlias, TypedDict

from simcore.clock.dates import DatesGiven

Trigger: TypeAlias = Literal[
    "contact_added",
    "tag_added",
    "segment_entered",
    "segment_exited",
    "event_received",
    "inbound_webhook",
    "inactivity",
    "frequency",
    "manual",
]


class _Body(TypedDict, total=False):
    """What a sequence may have."""

    trigger: Trigger
    listId: str | None
    listIds: Sequence[str] | None
    listScope: Literal["any_contact", "any_list"] | None
    tagName: str | None
    tagNames: Sequence[str] | None
    segmentId: str | None
    stopOnSegmentExit: bool | None
    eventName: str | None
    webhookId: str | None
    propertyFilters: Sequence[Mapping[str, Any]] | None
    inactiveDays: float | None
    inactivityBaseline: Literal["sequence_created_at", "subscriber_created_at"] | None
    minCount: int | None
    timeWindowDays: float | None
    enrollmentMode: Literal["unlimited", "one_time", "matching_field"] | None
    enrollmentFieldPath: str | None
    activeSubscribersOnly: bool | None
    enrollmentPaused: bool | None
    status: Literal["draft", "active", "paused"] | None
    effectiveStatus: Literal["draft", "live", "enrollment_paused", "paused"] | None
    stopCondition: Mapping[str, Any] | None
    sendingWindow: Mapping[str, Any] | None
    keyDates: Mapping[str, Any] | None
    goal: str | None
    emailCount: int | None
    steps: Sequence[Mapping[str, Any]] | None
    createdAt: str | None
    extra: Mapping[str, Any]
    envelope: Mapping[str, Any] | None
    left_out: DatesGiven


class SequenceFields(_Body, total=False):
    """What `sequenzy.Sequence.replace` changes."""

    name: str


class WholeSequence(_Body, total=False):
    """What `sequenzy.Sequence` is made of."""

    name: Required[str]
