"""What is wrong with what enrols people, and with who may come again (Q2, Q3, Q27, Q33, Q34, Q39)."""

from collections.abc import Iterator, Mapping
from typing import Any

from simcore.errors import Problem, shown
from simcore.sequenzy.problems.filters import MOST_FILTERS, filters
from simcore.sequenzy.problems.values import at_least, boolean, dot_path, number, one_of, option, text, texts

BUILT_IN = (
    *("contact_added", "tag_added", "tag_removed", "form_joined", "segment_entered", "segment_left"),
    *("sequence_joined", "list_joined", "list_left", "field_changed", "unsubscribed", "resubscribed"),
    *("bounced", "complained", "removed"),
)
"""Events that are no tracked events."""
TRIGGERS: dict[str, tuple[str, ...]] = {
    "contact_added": (),
    "tag_added": ("tagName",),
    "segment_entered": ("segmentId",),
    "segment_exited": ("segmentId",),
    "event_received": ("eventName",),
    "inbound_webhook": (),
    "inactivity": ("eventName", "inactiveDays"),
    "frequency": ("eventName", "minCount", "timeWindowDays"),
    "manual": (),
}
"""What enrols people, and the fields that it needs."""
BY_EVENT = ("event_received", "inbound_webhook")
"""The triggers of which an event is one that brings properties of its own."""
STATUSES = ("draft", "active", "paused")
EFFECTIVE_STATUSES = ("draft", "live", "enrollment_paused", "paused")
TRIGGER_FIELDS = (
    *("listId", "listIds", "listScope", "tagName", "tagNames", "segmentId", "stopOnSegmentExit", "eventName"),
    *("webhookId", "propertyFilters", "inactiveDays", "inactivityBaseline", "minCount", "timeWindowDays"),
    *("enrollmentMode", "enrollmentFieldPath", "activeSubscribersOnly"),
)
"""The fields of a body that say who is enrolled."""


def trigger_problems(given: Mapping[str, Any]) -> Iterator[Problem]:
    """Q2, Q27, Q39."""
    trigger = given.get("trigger")
    needed = TRIGGERS.get(trigger, ()) if isinstance(trigger, str) else ()
    because = f" with trigger {trigger}" if needed else None
    yield from one_of("trigger", trigger, TRIGGERS)
    yield from texts("listIds", given.get("listIds"), "ids of lists")
    yield from texts("tagNames", given.get("tagNames"), "names of tags")
    for name in ("tagName", "segmentId", "eventName", "listId", "webhookId"):
        several = name == "tagName" and bool(given.get("tagNames"))
        yield from text(name, given.get(name), because if name in needed and not several else None)
    event = given.get("eventName")
    if "eventName" in needed and isinstance(event, str) and event in BUILT_IN:
        yield "eventName", f"eventName must be a tracked event, none of: {', '.join(BUILT_IN)}", shown(event)
    for name, expected, fits in (
        ("inactiveDays", "a number of 1 or more", at_least(1)),
        ("minCount", "a whole number of 1 or more", at_least(1, whole=True)),
        ("timeWindowDays", "a number of 1 or more", at_least(1)),
    ):
        yield from number(name, given.get(name), expected, fits, because if name in needed else None)
    yield from option("listScope", given.get("listScope"), ("any_contact", "any_list"))
    beside = next((name for name in ("listIds", "listId") if given.get(name)), None)
    if trigger == "contact_added" and beside and given.get("listScope") is not None:
        yield "listScope", f"listScope can't be given beside {beside}", ""
    baselines = ("sequence_created_at", "subscriber_created_at")
    yield from option("inactivityBaseline", given.get("inactivityBaseline"), baselines)
    yield from _filters_of(trigger, given.get("propertyFilters"))
    stops = given.get("stopOnSegmentExit")
    yield from boolean("stopOnSegmentExit", stops)
    if stops is True and trigger != "segment_entered":  # false says nothing, so it may stand anywhere
        yield "stopOnSegmentExit", "stopOnSegmentExit goes only with trigger segment_entered", ""


def _filters_of(trigger: Any, items: Any) -> Iterator[Problem]:
    if items is None:
        return
    yield from filters("propertyFilters", items)
    count = len(items) if isinstance(items, list | tuple) else 0
    if count > MOST_FILTERS:
        yield "propertyFilters", f"propertyFilters can't be more than {MOST_FILTERS}", str(count)
    if count and trigger not in BY_EVENT:
        yield "propertyFilters", f"propertyFilters go only with trigger {' or '.join(BY_EVENT)}", ""


def enrolment_problems(given: Mapping[str, Any]) -> Iterator[Problem]:
    """Q3, Q33, Q34."""
    mode, path = given.get("enrollmentMode"), given.get("enrollmentFieldPath")
    yield from option("enrollmentMode", mode, ("unlimited", "one_time", "matching_field"))
    if isinstance(mode, str) and mode == "matching_field" and given.get("trigger") not in BY_EVENT:
        yield (
            "enrollmentMode",
            f"enrollmentMode can be matching_field only with trigger {' or '.join(BY_EVENT)}",
            "",
        )
    if not (isinstance(path, str) and path == ""):  # Q3: an empty one is none
        yield from dot_path("enrollmentFieldPath", path, None)
    yield from boolean("activeSubscribersOnly", given.get("activeSubscribersOnly"))
    yield from boolean("enrollmentPaused", given.get("enrollmentPaused"))
    for name, known in (("status", STATUSES), ("effectiveStatus", EFFECTIVE_STATUSES)):
        if given.get(name) == "archived":
            told = "archived is not modelled: remove it, or write draft to see what the sequence would do"
            yield name, told, ""
        else:
            yield from option(name, given.get(name), known)
