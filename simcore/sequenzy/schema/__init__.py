"""The JSON Schema of Sequenzy's files (Q1 to Q7): the body of a create call, wrapped or not."""

from simcore.plan.schemas import DIALECT, NOTHING_SAID, Schema, closed, kept, needs, of_fields, or_null, when
from simcore.sequenzy.model import Sequence
from simcore.sequenzy.problems import SEQUENCE
from simcore.sequenzy.problems.filters import FIELD_OPERATORS, FILTER, FILTER_OPERATORS, MOST_FILTERS
from simcore.sequenzy.problems.stops import AUDIENCES, LACKING, MODES, RULE, STOP, STOPS
from simcore.sequenzy.problems.trigger import BUILT_IN, BY_EVENT, EFFECTIVE_STATUSES, STATUSES, TRIGGERS
from simcore.sequenzy.schema import steps, waits
from simcore.sequenzy.schema.waits import FLAG, PATH, WORDS

_INTO_LISTS: Schema = {"type": "string", "pattern": r"^[^.\[\]]+(\[\])?(\.[^.\[\]]+(\[\])?)*$"}
_NAMES: Schema = {"type": "array", "items": WORDS}
_FILTER = closed(FILTER, {"path": _INTO_LISTS, "operator": {"enum": [*FILTER_OPERATORS]}, "value": {}}) | {
    "required": ["path", "operator"],
    "anyOf": [{"properties": {"operator": {"enum": ["exists", "not_exists"]}}}, {"required": ["value"]}],
}
_MATCH: dict[str, dict[str, Schema]] = {
    "event_property_filter": {
        "propertyFilters": {"type": ["array", "null"], "items": {"$ref": "#/$defs/filter"}}
    },
    "event_property": {
        "rules": {
            "type": ["array", "null"],
            "items": closed(RULE, {"entryFieldPath": PATH, "eventFieldPath": PATH})
            | {"required": ["entryFieldPath", "eventFieldPath"]},
        }
    },
    "field_value": {"operator": {"enum": [*FIELD_OPERATORS]}, "value": {}},
    "entry_audience": {"audience": or_null({"enum": [*AUDIENCES]})},
}
_BY_ENTRY: Schema = {
    "properties": {
        "type": {"enum": [*LACKING]},
        "matchConfig": {
            "properties": {"mode": {"const": "entry_audience"}},
            "required": ["mode"],
            "type": "object",
        },
    },
    "required": ["type", "matchConfig"],
}
_STOP: Schema = closed(
    STOP,
    {
        "type": {"enum": [*STOPS]},
        "value": {},
        "matchConfig": or_null({
            "type": "object",
            "properties": {"mode": {"enum": [*MODES]}},
            "required": ["mode"],
            "allOf": [when("mode", mode, closed(MODES[mode], fits)) for mode, fits in _MATCH.items()],
        }),
    },
) | {
    "required": ["type"],
    "if": {"anyOf": [{"properties": {"type": {"const": "none"}}}, _BY_ENTRY]},
    "else": needs(value=WORDS),
}
_FIELDS: dict[str, tuple[Schema, str]] = {
    "name": (WORDS, "What it is called."),
    "trigger": ({"enum": [*TRIGGERS]}, "What enrols people."),
    "listId": (WORDS, "With contact_added: who joins this list."),
    "listIds": (_NAMES, "With contact_added: who joins any of these lists."),
    "listScope": (
        {"enum": ["any_contact", "any_list"]},
        "With contact_added: every contact, or who joins any list.",
    ),
    "tagName": (WORDS, "With tag_added: this tag."),
    "tagNames": (_NAMES, "With tag_added: any of these tags."),
    "segmentId": (WORDS, "With segment_entered and segment_exited: this segment."),
    "stopOnSegmentExit": (FLAG, "With segment_entered: whether leaving the segment ends the run."),
    "eventName": (
        WORDS,
        "With event_received, inactivity, frequency and inbound_webhook: this tracked event.",
    ),
    "webhookId": (WORDS, "With inbound_webhook: what came by this webhook."),
    "propertyFilters": (
        {"type": "array", "items": {"$ref": "#/$defs/filter"}, "maxItems": MOST_FILTERS},
        "With event_received and inbound_webhook: what its properties must be.",
    ),
    "inactiveDays": ({"type": "number", "minimum": 1}, "With inactivity: so many days without the event."),
    "inactivityBaseline": (
        {"enum": ["sequence_created_at", "subscriber_created_at"]},
        "With inactivity: what is counted from, where there was no event yet.",
    ),
    "minCount": ({"type": "integer", "minimum": 1}, "With frequency: so many events."),
    "timeWindowDays": ({"type": "number", "minimum": 1}, "With frequency: within so many days."),
    "enrollmentMode": (
        {"enum": ["unlimited", "one_time", "matching_field"]},
        "Whether somebody may go through it again, or twice at once.",
    ),
    "enrollmentFieldPath": (
        {"anyOf": [PATH, {"const": ""}]},
        "With matching_field: where the value stands by which runs of one subscriber are told apart.",
    ),
    "activeSubscribersOnly": (FLAG, "Whether those who unsubscribed, bounced or complained are kept out."),
    "enrollmentPaused": (FLAG, "Whether nobody is enrolled for the time being."),
    "status": ({"enum": [*STATUSES]}, "How it stands; paused, nothing happens in it."),
    "effectiveStatus": ({"enum": [*EFFECTIVE_STATUSES]}, "How it stands, as the platform sums it up."),
    "stopCondition": ({"$ref": "#/$defs/stop"}, "What ends a run before its next step."),
    "sendingWindow": ({"$ref": "#/$defs/window"}, "When emails may go out."),
    "keyDates": ({"$ref": "#/$defs/keyDates"}, "Dates that it counts down to."),
    "goal": (WORDS, "What is still to be written, in place of steps."),
    "emailCount": ({"type": "integer", "minimum": 0}, "How many emails are to be written, or are there."),
    "steps": ({"type": "array", "items": {"$ref": "#/$defs/step"}}, "What happens, in order."),
    "createdAt": ({"type": "string"}, "When it was made, in ISO 8601."),
}


def schema() -> Schema:
    """The schema of a file: a body as the create call takes it or the platform gives it, alone or under `sequence`."""
    body = of_fields(Sequence, _FIELDS, ("name",), ("extra", "envelope", "left_out"))
    tracked = {"properties": {"eventName": {"not": {"enum": [*BUILT_IN]}}}}
    body["allOf"] = [
        *(
            when("trigger", trigger, needs(*(name for name in needed if name != "tagName")))
            for trigger, needed in TRIGGERS.items()
            if needed
        ),
        *(when("trigger", trigger, tracked) for trigger, needed in TRIGGERS.items() if "eventName" in needed),
        when("trigger", "tag_added", {"anyOf": [needs("tagName"), needs(tagNames={"minItems": 1})]}),
        when(
            "trigger",
            "contact_added",
            {"not": {"anyOf": [needs("listId", "listScope"), needs("listScope", listIds={"minItems": 1})]}},
        ),
        _unless(("segment_entered",), stopOnSegmentExit={"enum": [None, False]}),
        _unless(
            BY_EVENT,
            propertyFilters={"maxItems": 0},
            enrollmentMode={"not": {"const": "matching_field"}},
        ),
        {"if": needs("goal"), "then": {"properties": {"emailCount": {"minimum": 1, "maximum": 10}}}},
        {"not": needs("goal", "steps")},
        {"not": needs("nodes", "steps")},
        {"properties": {name: fits for name, fits in _REFUSED.items() if name != "triggerConfig"}},
        {
            "if": needs("nodes"),
            "then": {"properties": steps.DRAWN},
            "else": {"properties": {"triggerConfig": NOTHING_SAID}},
        },
    ]
    return {
        "$schema": DIALECT,
        "title": "A sequence of Sequenzy",
        "type": "object",
        "if": {
            "required": ["sequence"],
            "not": {"anyOf": [{"required": [name]} for name in ("trigger", "steps", "nodes")]},
        },
        "then": {"properties": {"sequence": {"$ref": "#/$defs/body"}}},
        "else": {"$ref": "#/$defs/body"},
        "$defs": {
            "body": body,
            "stop": _STOP,
            "filter": _FILTER,
            **steps.DEFS,
            **waits.DEFS,
        },
    }


_REFUSED: dict[str, Schema] = {
    **kept(SEQUENCE)["properties"],
    # These are off where they say so.
    "frequencyCapEnabled": {"enum": [*NOTHING_SAID["enum"], False]},
    "audienceAutoEnroll": {"anyOf": [NOTHING_SAID, needs(enabled={"const": False})]},
}


def _unless(triggers: tuple[str, ...], **fits: Schema) -> Schema:
    """What must fit with every other trigger."""
    one_of = {"properties": {"trigger": {"enum": [*triggers]}}, "required": ["trigger"]}
    return {"if": one_of, "else": {"properties": fits}}
