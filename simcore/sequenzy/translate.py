"""A Sequenzy sequence and the assumptions about Sequenzy become a plan: who enters and what ends runs (Q13 to Q39)."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from simcore.clock.gates import Poll
from simcore.clock.instants import read_one
from simcore.plan.log import Events, Vocabulary, text_id
from simcore.plan.plan import ByNode, Plan, SideBySide, Stop, Trigger
from simcore.plan.waits import RunDelay
from simcore.sequenzy import waits
from simcore.sequenzy.assumptions import Assumptions
from simcore.sequenzy.model import Sequence
from simcore.sequenzy.properties import key
from simcore.sequenzy.steps import steps_of
from simcore.sequenzy.stops import EntryAudience, Happened, Membership
from simcore.sequenzy.triggers import Frequency, Inactivity, Nobody, Received, SegmentLooks

_VIAS = ("trigger", "manual", "audience")  # Q24, Q33
_BY_HAND = frozenset({"manual", "audience"})
_JOINS = {
    "tag_added": ("tag", True),
    "tag_removed": ("tag", False),
    "list_joined": ("list", True),
    "list_left": ("list", False),
    "segment_entered": ("segment", True),
    "segment_left": ("segment", False),
}
_CLEARS = {"unsubscribed": "list"}  # Q21
_LEAVES = {  # Q21
    "unsubscribed": ("cancelled", True),
    "bounced": ("cancelled", True),
    "complained": ("cancelled", True),
    "removed": ("removed", False),
}
_RETURNS = frozenset({"resubscribed"})
EVENTS = Events(
    vocabulary=Vocabulary(
        names=frozenset({*_JOINS, *_LEAVES, *_RETURNS, "field_changed"}),
        other=True,
        about=frozenset({*_JOINS, "field_changed"}),
        ref=text_id,
        expected="the name or id",
        may=frozenset({"link_clicked"}),
    ),
    joins=_JOINS,
    clears=_CLEARS,
    leaves=_LEAVES,
    returns=_RETURNS,
)
_STOPS = {  # Q20: what it is about, whether it stops who is in, and the event that makes it so
    "has_tag": ("tag", True, "tag_added"),
    "does_not_have_tag": ("tag", False, "tag_removed"),
    "added_to_list": ("list", True, "list_joined"),
    "removed_from_list": ("list", False, "list_left"),
    "entered_segment": ("segment", True, "segment_entered"),
}
_WORDS = {  # Q22
    "blocked": "unsubscribed, bounced or complained before, and did not resubscribe",
    "repeated": "has had a run, and nobody goes through this sequence twice",
    "duplicate": "an active run is in the way",
    "no_key": "the event has no value that tells runs apart",
    "started": "the subscriber was enrolled",
    "discount": "a discount code was made",
    "sms": "a text message went out",
    "update_subscriber": "the subscriber was updated",
    "stopped": "the stop condition held",
    "stopped:left": "a look found the subscriber outside the segment",
    "stopped:undated": "the date to wait for was missing",
    "cancelled": "unsubscribed, bounced or complained",
    "removed": "removed from the sequence",
    "completed": "no step was left",
    "skipped": "not sent: its date was past, or the subscriber had left",
    "push": "a push message went out",
    "add_tag": "a tag was added",
    "remove_tag": "a tag was removed",
    "add_to_list": "the subscriber was put on a list",
    "remove_from_list": "the subscriber was taken off a list",
    "webhook": "a webhook was called",
    "ai": "an AI step ran",
    "stopped:no_event": "the event to wait for did not come",
    "stopped:past": "the date to wait for was past",
    "stopped:out": "the condition did not hold",
}


def translate(sequence: Sequence, assume: Assumptions) -> Plan:
    """The plan of a sequence. Raises SimcoreError where its steps are still to be written (Q6)."""
    steps = steps_of(sequence, assume)
    stop = _stop(sequence, assume)
    return Plan(
        time_zone=sequence.time_zone,
        steps=steps,
        active=not sequence.is_paused,
        zone_field="timezone" if any(step.delay.own_zone or step.gate.own_zone for step in steps) else "",
        vias=_VIAS,
        events=EVENTS,
        trigger=_trigger(sequence, assume),
        trigger_via=sequence.trigger,
        entry=SideBySide(
            once=sequence.mode == "one_time",
            key=_key(sequence.enrollmentFieldPath or None) if sequence.mode == "matching_field" else None,
            if_idle_vias=_BY_HAND,
            again_vias=frozenset({"manual"}),
            blocked_vias=frozenset(_VIAS) if sequence.activeSubscribersOnly else _BY_HAND,  # Q33
            closed_to=frozenset({"trigger"}) if sequence.takes_nobody else frozenset(),  # Q34
        ),
        stop=stop,
        on_change=ByNode(),
        withholds=True,  # Q33
        words=_WORDS,
        reads_properties=bool(sequence.propertyFilters)
        or sequence.mode == "matching_field"
        or (isinstance(stop, Happened) and bool(stop.filters or stop.rules))
        or any(step.render or step.branch or isinstance(step.delay, RunDelay) for step in steps)
        or any(step.delay.own_zone or step.gate.own_zone for step in steps),
        renders=True,
        text_ids=True,
    )


def _key(path: str | None) -> Callable[[Any], Any]:
    return lambda properties: key(properties, path)


def _poll(length: timedelta) -> Poll:
    return Poll(waits.microseconds(length.days) + length.seconds * 10**6 + length.microseconds)


def named(many: list[str] | None, one: str | None) -> tuple[str, ...]:
    """The names of a list of them, or the single one (Q27); none at all for neither."""
    return tuple(map(str, many)) if many else () if one is None else (str(one),)


def _trigger(sequence: Sequence, assume: Assumptions) -> Trigger:
    name = sequence.eventName or ""
    match sequence.trigger:
        case "manual":  # Q39
            return Nobody()
        case "event_received":
            return Received(name, filters=tuple(sequence.propertyFilters or ()))
        case "inbound_webhook":  # Q39
            return Received(name or "inbound_webhook", named(None, sequence.webhookId))
        case "tag_added":
            return Received("tag_added", named(sequence.tagNames, sequence.tagName), source="tag")
        case "segment_entered" | "segment_exited":
            entered = sequence.trigger == "segment_entered"
            ends = bool(sequence.stopOnSegmentExit)
            return SegmentLooks(sequence.segmentId or "", _poll(assume.segment_poll), entered, ends)
        case "inactivity":
            created = sequence.createdAt
            return Inactivity(
                name,
                waits.microseconds(sequence.inactiveDays or 0),
                _poll(assume.inactivity_poll),
                None if created is None else read_one(created, "createdAt", "UTC"),
                sequence.inactivityBaseline == "subscriber_created_at",
            )
        case "frequency":
            within_us = waits.microseconds(sequence.timeWindowDays or 0)
            return Frequency(name, int(sequence.minCount or 0), within_us)
    lists = named(sequence.listIds, sequence.listId)
    if lists or sequence.listScope == "any_list":
        return Received("list_joined", lists, source="list")
    return Received("contact_added")


def _only_source(sequence: Sequence) -> tuple[str, str] | None:
    """The one tag, list or segment that the trigger names; None where it names none, or several (Q39)."""
    kind, names = "", tuple[str, ...]()
    if sequence.trigger == "segment_entered":
        kind, names = "segment", named(None, sequence.segmentId)
    elif sequence.trigger == "tag_added":
        kind, names = "tag", named(sequence.tagNames, sequence.tagName)
    elif sequence.trigger == "contact_added":
        kind, names = "list", named(sequence.listIds, sequence.listId)
    return (kind, names[0]) if len(names) == 1 else None


def _stop(sequence: Sequence, assume: Assumptions) -> Stop | None:
    condition: Mapping[str, Any] = sequence.stopCondition or {}
    kind, value = condition.get("type") or "none", condition.get("value")
    match = condition.get("matchConfig") or {}
    transition = assume.stop_reading == "transition"
    if match.get("mode") == "entry_audience":  # Q39
        return EntryAudience(_only_source(sequence), EVENTS, transition)
    if kind == "none":
        return None
    if kind in _STOPS:
        source, inside, event = _STOPS[kind]
        if transition:
            return Happened(event, value)
        return Membership(source, str(value), inside, EVENTS)
    if kind == "field_changed":
        filters = [{"path": "value", **match, "numeric": assume.numeric_strings}] if match else []
        return Happened("field_changed", value, tuple(filters))
    rules = [(each["entryFieldPath"], each["eventFieldPath"]) for each in match.get("rules") or ()]
    return Happened(str(value), None, tuple(match.get("propertyFilters") or ()), tuple(rules))
