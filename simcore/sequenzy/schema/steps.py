"""What fits steps, and the nodes, edges and emails that the platform gives (Q5, Q26, Q35 to Q37)."""

from itertools import combinations

from simcore.plan.known import Known
from simcore.plan.schemas import NOTHING_SAID, Schema, closed, needs, or_null, when
from simcore.sequenzy import graph, waits
from simcore.sequenzy.drawing import EDGE, LANE, NODE
from simcore.sequenzy.problems.conditions import CONDITIONS, SCOPES
from simcore.sequenzy.problems.steps import CONTENT, DISCOUNT, NODE_TYPES, PATH, STEPS, VARIANT
from simcore.sequenzy.schema.waits import FLAG, IN_STEP, OF_DELAY_NODE_FITS, WORDS

_ID: Schema = {"type": ["string", "integer", "null"]}
_STEP_LIST: Schema = or_null({"type": "array", "items": {"$ref": "#/$defs/step"}})
_DISCOUNT = closed(
    DISCOUNT,
    {
        "discountType": {"enum": ["percent", "amount"]},
        "percentOff": or_null({"type": "number", "minimum": 1, "maximum": 100}),
        "amountOff": or_null({"type": "number", "exclusiveMinimum": 0}),
        "currency": or_null(WORDS),
        "duration": or_null({"enum": ["once", "forever", "repeating"]}),
        "durationInMonths": or_null({"type": "integer", "minimum": 1}),
        "expiresInHours": or_null({"type": "number", "exclusiveMinimum": 0}),
        "provider": or_null({"enum": ["stripe", "shopify"]}),
        "codePrefix": or_null({"type": "string"}),
    },
) | {
    "required": ["discountType"],
    "allOf": [
        when("discountType", "percent", needs("percentOff")),
        when("discountType", "amount", needs("amountOff")),
        when("duration", "repeating", needs("durationInMonths")),
    ],
}
_CONDITION: dict[str, Schema] = {
    "conditionType": or_null({"enum": [*CONDITIONS]}),
    "activityScope": or_null({"enum": [*SCOPES]}),
    "linkUrl": {"type": ["string", "null"]},
    "fieldValue": {"type": ["string", "number", "boolean", "null"]},
    **{
        name: or_null(WORDS) for name in ("eventName", "fieldName", "listId", "segmentId", "tagId", "tagName")
    },
}
_FITS: dict[str, Schema] = {
    "subject": or_null(WORDS) | {"description": "The subject of an email."},
    "blocks": {"type": ["array", "null"], "description": "What an email shows; or else html."},
    "html": {"type": ["string", "null"], "description": "What an email shows; or else blocks."},
    "isTransactional": or_null(FLAG)
    | {"description": "Whether an email goes to those too who unsubscribed."},
    "variants": or_null({"type": "array", "items": closed(VARIANT, {"subject": or_null(WORDS)})})
    | {"description": "The variants of an email that is tested; one is sent."},
    "discount": or_null({"$ref": "#/$defs/discount"})
    | {"description": "The code that a discount step makes."},
    "ineligibleAction": or_null({"enum": ["skip", "exit"]}),
    "onError": or_null({"enum": ["continue", "exit", "fail"]}),
    "status": or_null({"enum": ["unsubscribed"]}),
    "timeoutDays": or_null({"type": "number", "minimum": 1, "maximum": 365}),
    "timeoutAction": or_null({"enum": ["continue", "exit"]}),
    "splitMode": or_null({"enum": ["condition", "random"]}),
    "branches": or_null({
        "type": "array",
        "items": closed(PATH, {**_CONDITION, "id": or_null(WORDS), "targetNodeId": _ID, "steps": _STEP_LIST}),
    })
    | {"description": "The paths of a branch, in order."},
    "randomPercentages": or_null({"type": "array", "items": {"type": "number", "minimum": 0}}),
    "elseSteps": _STEP_LIST | {"description": "The path of a branch where nothing holds."},
    "elseTargetNodeId": _ID,
    **_CONDITION,
}
_NAMES = {
    kind: [name for name, means in graph.KINDS.items() if means == kind]
    for kind in dict.fromkeys(graph.KINDS.values())
}


def _of_kind(kind: str, then: Schema) -> Schema:
    """What must fit where a step is called by one of the names of a kind."""
    either = [
        {"properties": {name: {"enum": _NAMES[kind]}}, "required": [name]} for name in ("type", "nodeType")
    ]
    return {"if": {"anyOf": either}, "then": then}


def _foreign(kind: str) -> Schema:
    """That a step has no fields that only other kinds have."""
    mine = {*STEPS[kind].read, *CONTENT}
    others = dict.fromkeys(name for known in STEPS.values() for name in known.read if name not in mine)
    return {"properties": dict.fromkeys(others, NOTHING_SAID)}


_ALL = Known(tuple(dict.fromkeys(name for known in STEPS.values() for name in known.read)), CONTENT)
_SHOWN: Schema = {
    "anyOf": [
        needs(blocks={"type": "array", "minItems": 1}),
        needs(html={"type": "string", "minLength": 1}),
        needs(variants={"type": "array", "minItems": 1}),
        needs("emailId"),
        needs("nodeId"),
        needs("config"),
    ]
}
_EMAIL: Schema = {
    "allOf": [_SHOWN, {"anyOf": [needs(subject=WORDS), needs("variants"), needs("config")]}]
}  # Q5
_PLAIN: Schema = {  # an email by what it has not
    "properties": {
        name: {"type": "null"}
        for name in ("type", "nodeType", "branches", "discount", "discountType", "config")
    }
}
_NEEDS: dict[str, list[Schema]] = {  # or its config has it
    "discount": [needs("discount"), needs("discountType")],
    "branch": [needs(branches={"type": "array", "minItems": 1})],
    "condition": [needs("conditionType")],
    "wait_for_event": [needs("eventName")],
    **{kind: [needs("tagName"), needs("tagId")] for kind in ("add_tag", "remove_tag")},
    **{kind: [needs("listId")] for kind in ("add_to_list", "remove_from_list")},
}
_STEP: Schema = closed(
    _ALL,
    {
        "type": {
            "enum": [*graph.KINDS, None],
            "description": "What it does; an email where nothing is said.",
        },
        "nodeType": {
            "enum": [*NODE_TYPES, None],
            "description": "The same, as the platform's graph calls it.",
        },
        "config": {
            "type": ["object", "null"],
            "description": "Its fields, as the platform's graph has them.",
        },
        **{name: _ID | {"description": "What it is called."} for name in graph.IDS},
        **IN_STEP,
        **_FITS,
    },
) | {
    "allOf": [
        {"if": _PLAIN, "then": _EMAIL},
        _of_kind("email", _EMAIL),
        *(_of_kind(kind, {"anyOf": [*each, needs("config")]}) for kind, each in _NEEDS.items()),
        _of_kind("delay", {"properties": {"config": or_null(OF_DELAY_NODE_FITS)}}),
        *(_of_kind(kind, _foreign(kind)) for kind in STEPS),
        *({"not": needs(*pair)} for pair in combinations(waits.KINDS, 2)),
    ],
}
DEFS: dict[str, Schema] = {"step": _STEP, "discount": _DISCOUNT}
"""The schemas of steps and of what they hold, by what they are called."""
_NAME: Schema = {"type": "string", "pattern": r"\S"}
DRAWN: dict[str, Schema] = {
    "nodes": {
        "type": "array",
        "description": "The steps of a graph, its trigger and its ends.",
        "items": closed(NODE, {"id": _NAME, "nodeType": _NAME, "config": {"type": ["object", "null"]}})
        | {"required": ["id", "nodeType"]},
    },
    "edges": or_null({
        "type": "array",
        "items": closed(
            EDGE,
            {
                "sourceNodeId": _NAME,
                "targetNodeId": _NAME,
                "condition": or_null(closed(LANE, {"branchId": or_null(_NAME)})),
            },
        )
        | {"required": ["sourceNodeId", "targetNodeId"]},
    })
    | {"description": "Which node leads to which."},
    "emails": or_null({"type": "array", "items": {"type": "object", **needs(nodeId=_NAME)}})
    | {"description": "What the emails of the nodes show."},
}
"""What a body has in place of steps, as the platform gives it."""
