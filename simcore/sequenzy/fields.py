"""The fields of a Sequenzy sequence as people write them, for type checkers: those that can be changed, and those that
a new one must have (Q1 to Q7)."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Required, TypeAlias, TypedDict

Trigger: TypeAlias = Literal[
    "contact_added", "tag_added", "segment_entered", "event_received", "inactivity", "frequency"
]


class _Body(TypedDict, total=False):
    """What a sequence may have."""

    listId: str | None
    listScope: Literal["any_contact", "any_list"] | None
    tagName: str | None
    segmentId: str | None
    stopOnSegmentExit: bool | None
    eventName: str | None
    propertyFilters: Sequence[Mapping[str, Any]] | None
    inactiveDays: float | None
    inactivityBaseline: Literal["sequence_created_at", "subscriber_created_at"] | None
    minCount: int | None
    timeWindowDays: float | None
    enrollmentMode: Literal["unlimited", "one_time", "matching_field"] | None
    enrollmentFieldPath: str | None
    stopCondition: Mapping[str, Any] | None
    sendingWindow: Mapping[str, Any] | None
    goal: str | None
    emailCount: int | None
    steps: Sequence[Mapping[str, Any]] | None
    createdAt: str | None
    extra: Mapping[str, Any]
    envelope: Mapping[str, Any] | None


class SequenceFields(_Body, total=False):
    """What `sequenzy.Sequence.replace` changes."""

    name: str
    trigger: Trigger


class WholeSequence(_Body, total=False):
    """What `sequenzy.Sequence` is made of."""

    name: Required[str]
    trigger: Required[Trigger]
