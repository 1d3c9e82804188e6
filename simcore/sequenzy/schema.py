"""The JSON Schema of Sequenzy's files (Q1 to Q7): the body of a create call, wrapped or not."""

from itertools import combinations

from simcore.clock.zones import zone_names
from simcore.plan.schemas import DIALECT, Schema, needs, of_fields, or_null, when
from simcore.sequenzy import waits
from simcore.sequenzy.model import Sequence
from simcore.sequenzy.problems import (
    BRANCHING,
    BUILT_IN,
    FIELD_OPERATORS,
    FILTER_OPERATORS,
    IDS,
    MOST_FILTERS,
    STEP_TYPES,
    STOPS,
    TRIGGERS,
    UNREAD,
)
from simcore.text.wording import WEEKDAYS

_WORDS: Schema = {"type": "string", "pattern": r"\S"}
_FLAG: Schema = {"type": "boolean"}
_LENGTH: Schema = {"type": "number", "minimum": 0}
_PATH: Schema = {"type": "string", "pattern": r"^[^.\[\]]+(\.[^.\[\]]+)*$"}
_INTO_LISTS: Schema = {"type": "string", "pattern": r"^[^.\[\]]+(\[\])?(\.[^.\[\]]+(\[\])?)*$"}
_ZONE: Schema = {"enum": sorted(zone_names())}
_START: Schema = {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}
_END: Schema = {"type": "string", "pattern": "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"}
_NOTHING: Schema = {"enum": [None, False, 0, "", [], {}]}


def _weekday() -> Schema:
    """A weekday in full or of three letters, any case."""

    def any_case(text: str) -> str:
        return "".join(f"[{letter.upper()}{letter}]" for letter in text)

    names = (f"{any_case(name[:3])}({any_case(name[3:])})?" for name in WEEKDAYS)
    return {"type": "string", "pattern": f"^({'|'.join(names)})$"}


def _either(names: tuple[str, ...]) -> Schema:
    """That a field is given by one of its names."""
    return {"anyOf": [needs(name) for name in names]}


def _spelt(fits: dict[str, Schema]) -> dict[str, Schema]:
    """What fits each field of a wait, by all its names."""
    return {name: or_null(each) for field, each in fits.items() for name in waits.SPELLINGS[field]}


_UNITS = {unit: or_null(_LENGTH) for unit in waits.UNITS}
_UNTIL = _spelt({
    "field": _PATH,
    "offset": {"type": "object", "properties": _UNITS},
    "direction": {"enum": ["before", "after"]},
    "missingAction": {"enum": ["continue", "exit"]},
})
_WEEK = _spelt({
    "day": _weekday(),
    "days": {"type": "array", "items": _weekday()},
    "startTime": _START,
    "endTime": _END,
    "timezone": _ZONE,
})
_NOT_OURS = {name: {"type": "null"} for name in UNREAD}
_HAS_FIELD = _either(waits.SPELLINGS["field"])
_HAS_WEEK: Schema = {"allOf": [_either(waits.SPELLINGS["startTime"]), _either(waits.SPELLINGS["timezone"])]}
_WINDOW: Schema = {  # Q7: one that is not enabled is not looked at
    "type": "object",
    "properties": {"enabled": or_null(_FLAG)},
    "if": {"properties": {"enabled": {"const": False}}, "required": ["enabled"]},
    "else": {"properties": _WEEK, "allOf": [_HAS_WEEK, _either(waits.SPELLINGS["endTime"])]},
}
_DELAY: Schema = {
    "type": "object",
    "properties": {
        **{name: each for name, each in _WEEK.items() if name != "days"},
        **_UNTIL,
        **_UNITS,
        **_NOT_OURS,
        "mode": or_null({"enum": [*waits.MODES]}),
    },
    "allOf": [
        when("mode", "until_date", _HAS_FIELD),
        when("mode", "until_weekday", _HAS_WEEK),
    ],
}
_DISCOUNT: Schema = {
    "type": "object",
    "properties": {
        "discountType": {"enum": ["percent", "amount"]},
        "percentOff": or_null({"type": "number", "minimum": 1, "maximum": 100}),
        "amountOff": or_null({"type": "number", "exclusiveMinimum": 0}),
        "currency": or_null(_WORDS),
        "duration": or_null({"enum": ["once", "forever", "repeating"]}),
        "durationInMonths": or_null({"type": "integer", "minimum": 1}),
        "expiresInHours": or_null({"type": "number", "exclusiveMinimum": 0}),
        "provider": or_null({"enum": ["stripe", "shopify"]}),
        "codePrefix": or_null({"type": "string"}),
    },
    "required": ["discountType"],
    "allOf": [
        when("discountType", "percent", needs("percentOff")),
        when("discountType", "amount", needs("amountOff")),
        when("duration", "repeating", needs("durationInMonths")),
    ],
}
_EMAIL: Schema = {  # Q5
    **needs(subject=_WORDS),
    "anyOf": [needs(blocks={"type": "array", "minItems": 1}), needs(html={"type": "string", "minLength": 1})],
}
_HAS_DISCOUNT = needs(discount={"$ref": "#/$defs/discount"})
_STEP: Schema = {
    "type": "object",
    "properties": {
        "type": {"enum": [*STEP_TYPES, None], "description": "What it does; an email where nothing is said."},
        "subject": {"description": "The subject of an email."},
        "blocks": {"type": ["array", "null"], "description": "What an email shows; or else html."},
        "html": {"type": ["string", "null"], "description": "What an email shows; or else blocks."},
        "discount": {"description": "The code that a discount step makes."},
        "delay": or_null({"$ref": "#/$defs/delay"}) | {"description": "How long it waits before."},
        "delayMs": or_null(_LENGTH) | {"description": "The same in milliseconds."},
        "waitUntil": or_null({"$ref": "#/$defs/waitUntil"}) | {"description": "A date of the run's event."},
        "waitUntilWeekday": or_null({"$ref": "#/$defs/waitUntilWeekday"})
        | {"description": "Part of the week."},
        **{name: _NOTHING | {"description": "Cannot be projected."} for name in BRANCHING},
        **{
            name: {"type": ["string", "integer", "null"], "description": "What it is called."} for name in IDS
        },
    },
    "patternProperties": {"^wait(?!Until$|UntilWeekday$)": {"type": "null"}},
    "allOf": [
        {"if": {"properties": {"type": {"enum": ["email", None]}}}, "then": _EMAIL},
        when("type", "create_discount", _HAS_DISCOUNT),
        when("type", "discount", _HAS_DISCOUNT),
        *({"not": needs(*pair)} for pair in combinations(waits.KINDS, 2)),
    ],
}
_FILTER: Schema = {
    "type": "object",
    "properties": {"path": _INTO_LISTS, "operator": {"enum": [*FILTER_OPERATORS]}},
    "required": ["path", "operator"],
    "anyOf": [{"properties": {"operator": {"enum": ["exists", "not_exists"]}}}, {"required": ["value"]}],
}
_STOP: Schema = {
    "type": "object",
    "properties": {
        "type": {"enum": [*STOPS]},
        "matchConfig": or_null({
            "type": "object",
            "properties": {
                "mode": {"enum": ["event_property_filter", "event_property", "field_value"]},
                "propertyFilters": {"type": ["array", "null"], "items": {"$ref": "#/$defs/filter"}},
                "rules": {
                    "type": ["array", "null"],
                    "items": {"type": "object", **needs(entryFieldPath=_PATH, eventFieldPath=_PATH)},
                },
            },
            "required": ["mode"],
            "if": {"properties": {"mode": {"const": "field_value"}}},
            "then": needs(operator={"enum": [*FIELD_OPERATORS]}),
        }),
    },
    "required": ["type"],
    "if": {"properties": {"type": {"const": "none"}}},
    "else": needs(value=_WORDS),
}
_FIELDS: dict[str, tuple[Schema, str]] = {
    "name": (_WORDS, "What it is called."),
    "trigger": ({"enum": [*TRIGGERS]}, "What enrols people."),
    "listId": (_WORDS, "With contact_added: who joins this list."),
    "listScope": (
        {"enum": ["any_contact", "any_list"]},
        "With contact_added: every contact, or who joins any list.",
    ),
    "tagName": (_WORDS, "With tag_added: this tag."),
    "segmentId": (_WORDS, "With segment_entered: this segment."),
    "stopOnSegmentExit": (_FLAG, "With segment_entered: whether leaving the segment ends the run."),
    "eventName": (
        _WORDS | {"not": {"enum": [*BUILT_IN]}},
        "With event_received, inactivity and frequency: this tracked event.",
    ),
    "propertyFilters": (
        {"type": "array", "items": {"$ref": "#/$defs/filter"}, "maxItems": MOST_FILTERS},
        "With event_received: what its properties must be.",
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
        {"anyOf": [_PATH, {"const": ""}]},
        "With matching_field: where the value stands by which runs of one subscriber are told apart.",
    ),
    "stopCondition": ({"$ref": "#/$defs/stop"}, "What ends a run before its next step."),
    "sendingWindow": ({"$ref": "#/$defs/window"}, "When emails may go out."),
    "goal": (_WORDS, "What is still to be written, in place of steps."),
    "emailCount": ({"type": "integer", "minimum": 0}, "How many emails are to be written, or are there."),
    "steps": ({"type": "array", "items": {"$ref": "#/$defs/step"}}, "What happens, in order."),
    "createdAt": ({"type": "string"}, "When it was made, in ISO 8601."),
}


def schema() -> Schema:
    """The schema of a file: the body of a create call, alone or in a response under `sequence`."""
    body = of_fields(Sequence, _FIELDS, ("name", "trigger"))
    body["oneOf"] = [needs("steps"), needs("goal")]
    body["allOf"] = [
        *(when("trigger", trigger, needs(*needed)) for trigger, needed in TRIGGERS.items() if needed),
        when("trigger", "contact_added", {"not": needs("listId", "listScope")}),
        _unless("segment_entered", stopOnSegmentExit={"enum": [None, False]}),
        _unless(
            "event_received",
            propertyFilters={"maxItems": 0},
            enrollmentMode={"not": {"const": "matching_field"}},
        ),
        {"if": needs("goal"), "then": {"properties": {"emailCount": {"minimum": 1, "maximum": 10}}}},
    ]
    return {
        "$schema": DIALECT,
        "title": "A sequence of Sequenzy",
        "type": "object",
        "if": {"required": ["sequence"], "not": {"required": ["trigger"]}},
        "then": {"properties": {"sequence": {"$ref": "#/$defs/body"}}},
        "else": {"$ref": "#/$defs/body"},
        "$defs": {
            "body": body,
            "step": _STEP,
            "delay": _DELAY,
            "waitUntil": {"type": "object", "properties": {**_UNTIL, **_UNITS, **_NOT_OURS}, **_HAS_FIELD},
            "waitUntilWeekday": {"type": "object", "properties": {**_WEEK, **_NOT_OURS}, **_HAS_WEEK},
            "window": _WINDOW,
            "discount": _DISCOUNT,
            "filter": _FILTER,
            "stop": _STOP,
        },
    }


def _unless(trigger: str, **fits: Schema) -> Schema:
    """What must fit with every other trigger."""
    return {"if": {"properties": {"trigger": {"const": trigger}}}, "else": {"properties": fits}}
