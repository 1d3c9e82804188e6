"""What is wrong with the steps of a sequence, by themselves and as a graph (Q5, Q6, Q35 to Q37)."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from simcore.errors import Problem, shown
from simcore.plan.known import Known
from simcore.sequenzy import graph, waits
from simcore.sequenzy.problems.conditions import condition_problems
from simcore.sequenzy.problems.values import (
    at_least,
    boolean,
    each,
    instant,
    is_id,
    is_number,
    no_object,
    number,
    one_of,
    option,
    over,
    text,
    with_value,
)
from simcore.sequenzy.problems.waits import wait_problems

STEP_TYPES = tuple(name for name in graph.KINDS if not name.startswith(("action_", "logic_")))
NODE_TYPES = tuple(name for name in graph.KINDS if name.startswith(("action_", "logic_")))
MOST_STEPS = 32_767
"""So many steps there may be: the timeline's positions are int16."""
_SHOWN = (
    *("subject", "previewText", "preview", "preheader"),
    *("blocks", "html", "text", "body", "message", "content"),
)
CONTENT = (
    # What an email, a text message or a push shows, and from whom it comes.
    *_SHOWN,
    *("style", "styles", "theme", "emailPreset", "emailTheme", "attachments", "imageUrl", "imageUrls"),
    *("iconUrl", "url", "platforms", "blockCount"),
    *("fromEmail", "fromName", "senderProfileId", "replyTo", "replyToName", "replyProfileId", "templateId"),
    *("ccEmails", "bccEmails", "abTest"),
    # What a webhook or an ai step asks, and what it is told.
    *("method", "headers", "prompt", "outputFields", "includeTags", "includeEventProperties"),
    *("includeRecentEvents", "recentEventLimit", "includeAttributes"),
    # What the platform says of a step: where it is drawn, when it was changed, how it does.
    *("stats", "statistics", "metrics", "createdAt", "updatedAt", "updateHints", "automationId"),
    *("stepNumber", "structuralStepNumber", "delayNodeId", "delayDisplay", "delayDescription"),
    *("listName", "segmentName", "allowEmptyPaths"),
)
"""Fields of steps that decide neither when nor to whom anything is sent, and so are kept (Q26).

In a step that only waits or chooses there is nothing to show: what an email shows is refused there.
"""
_LOGIC = ("delay", "wait_for_event", "condition", "branch")
_ACTION = {
    "email": ("subject", "isTransactional", "variants"),
    "discount": ("discount", *graph.DISCOUNT),
    "sms": ("ineligibleAction",),
    "push": ("ineligibleAction",),
    "update_subscriber": ("status", "customAttributeUpdates", "firstName", "lastName"),
    "add_tag": ("tagId", "tagName"),
    "remove_tag": ("tagId", "tagName"),
    "add_to_list": ("listId",),
    "remove_from_list": ("listId",),
    "webhook": ("onError", "resultKey"),
    "ai": ("onError", "resultKey"),
    "delay": (),
    "wait_for_event": ("eventName", "timeoutDays", "timeoutAction"),
    "condition": graph.CONDITION,
    "branch": ("branches", "splitMode", "randomPercentages", "elseSteps", "elseTargetNodeId"),
}
_ANYWHERE = ("type", "nodeType", "config", *graph.IDS, *waits.KINDS)
_OTHERS = {
    **dict.fromkeys(("branch", "branches", "condition", "conditions"), "make it a step of type branch"),
    **{name: f"write delay: {{{unit}: ...}}" for name, unit in waits.OF_DELAY_NODE.items()},
    "updates": "write customAttributeUpdates",
}
STEPS = {
    kind: Known(
        (*_ANYWHERE, *own),
        tuple(name for name in CONTENT if not (kind in _LOGIC and name in _SHOWN)),
        {name: way for name, way in _OTHERS.items() if name not in own},
    )
    for kind, own in _ACTION.items()
}
"""The fields of each kind of step."""
_CONFIGS = {kind: Known(own, (*STEPS[kind].kept, "emailId"), _OTHERS) for kind, own in _ACTION.items()}
DISCOUNT = Known(graph.DISCOUNT, CONTENT)
PATH = Known(("id", "steps", "targetNodeId", *graph.CONDITION), ("listName", "segmentName"))
VARIANT = Known(("subject",), ("variantId", "variantLabel", "emailId", "isWinner", "weight", *CONTENT))
_UPDATE = Known(("name", "value", "valueType"))
_UNREAL = {"webhook": ("exit",), "ai": ("exit", "fail"), "sms": ("exit",), "push": ("exit",)}
"""What a step may do where it fails, if that ends the run: a step never fails here (Q35)."""


def content_problems(given: Mapping[str, Any]) -> Iterator[Problem]:
    """Q5, Q6, Q27."""
    goal, steps, count = given.get("goal"), given.get("steps"), given.get("emailCount")
    if goal is not None and steps is not None:
        yield "goal", "goal can't be given beside steps: it is for content that is still to be written", ""
    yield from text("goal", goal, None)
    # Beside steps it is what the platform counted.
    least, expected = (1, "from 1 to 10") if goal is not None else (0, "of 0 or more")
    fits = at_least(least, 10 if goal is not None else float("inf"), whole=True)
    yield from number("emailCount", count, f"a whole number {expected}", fits, None)
    if steps is not None:
        yield from step_problems("steps", steps)


def step_problems(path: str, steps: Any) -> Iterator[Problem]:
    """What is wrong with all steps, those in paths of branches too."""
    if isinstance(steps, list | tuple) and len(steps) > MOST_STEPS:
        yield path, f"steps can't be more than {MOST_STEPS}", str(len(steps))
        return
    problems = list(_list(path, steps, 0))
    yield from problems
    if problems:
        return
    places = graph.places(steps, path)
    if len(places) > MOST_STEPS:
        yield path, f"steps can't be more than {MOST_STEPS}", str(len(places))
        return
    yield from _taken(places)
    broken = graph.link(places)
    yield from broken
    if not broken:
        yield from _failing(places)


def one_step_problems(path: str, step: Mapping[str, Any], depth: int = 0) -> Iterator[Problem]:
    """What is wrong with one step, and with those in its paths."""
    named = [name for name in ("type", "nodeType") if step.get(name) is not None]
    for name, known in (("type", graph.KINDS), ("nodeType", NODE_TYPES)):
        if name in named and not (isinstance(step[name], str) and step[name] in known):
            yield _unknown_type(f"{path}.{name}", step[name], STEP_TYPES if name == "type" else NODE_TYPES)
            return
    if len({graph.KINDS[step[name]] for name in named}) > 1:
        yield f"{path}.nodeType", f"nodeType can't differ from type, {step['type']}", shown(step["nodeType"])
        return
    config = step.get("config")
    if config is not None and (yield from no_object(f"{path}.config", config, "the fields of the step")):
        return
    mine = graph.kind(step)
    yield from STEPS[mine].unknown(path, step)
    if config is not None and mine != "delay":
        yield from _CONFIGS[mine].unknown(f"{path}.config", config)
        for name in config:
            if name in _ACTION[mine] and step.get(name) is not None and step[name] != config[name]:
                yield (
                    f"{path}.config.{name}",
                    f"{name} can't differ from that of the step",
                    shown(config[name]),
                )
    yield from _ids(path, step)
    if mine == "branch":
        yield from _branch(path, step, depth)
    elif mine in _CHECKS:
        yield from _CHECKS[mine](_Said(path, step))
    yield from wait_problems(path, step)


class _Said:
    """A step's fields, wherever they stand, and their paths."""

    def __init__(self, path: str, step: Mapping[str, Any]) -> None:
        self.path, self.fields = path, graph.fields(step)
        self.at = graph.Place(path, step, 0).path
        self.get = self.fields.get


def _list(path: str, steps: Any, depth: int) -> Iterator[Problem]:
    def check(at: str, step: Mapping[str, Any]) -> Iterator[Problem]:
        yield from one_step_problems(at, step, depth)

    yield from each(path, steps, "subject, and blocks or html", check)


def _unknown_type(path: str, kind: Any, known: tuple[str, ...]) -> Problem:
    named = kind if isinstance(kind, str) and kind.isprintable() and 0 < len(kind) <= 60 else shown(kind)
    return path, f"{named} is not modelled: remove the step, or give it one of: {', '.join(known)}", ""


def _ids(path: str, step: Mapping[str, Any]) -> Iterator[Problem]:
    for name in graph.IDS:
        if not is_id(step.get(name)):
            yield from text(f"{path}.{name}", step.get(name), None)


def _taken(places: list[graph.Place]) -> Iterator[Problem]:
    """Steps of one id (Q22)."""
    first: dict[str, str] = {}
    for place in places:
        if first.setdefault(place.id, place.where) != place.where:
            yield place.where, f"id has already been taken by {first[place.id]}", shown(place.id)


def _failing(places: list[graph.Place]) -> Iterator[Problem]:
    """What a step does where it fails, where anything comes after it (Q35)."""
    for place in places:
        name = "onError" if place.kind in {"webhook", "ai"} else "ineligibleAction"
        value = graph.fields(place.step).get(name)
        if value in _UNREAL.get(place.kind, ()) and place.to != [None]:
            told = f"{value} is not modelled, since no step fails here: remove it"
            yield _Said(place.where, place.step).at(name), told, ""


# ---------------------------------------------------------------- each kind


def _email(said: _Said) -> Iterator[Problem]:
    blocks, html, variants = said.get("blocks"), said.get("html"), said.get("variants")
    if variants is not None:
        yield from each(said.at("variants"), variants, "subject", _variant)
    first = next(iter(variants), None) if isinstance(variants, list | tuple) else None
    has_own = isinstance(first, Mapping) and first.get("subject") is not None
    yield from text(said.at("subject"), said.get("subject"), None if has_own else "")
    yield from boolean(said.at("isTransactional"), said.get("isTransactional"))
    if blocks is not None and not isinstance(blocks, list | tuple):
        yield said.at("blocks"), "blocks must be a list", shown(blocks)
    elif html is not None and not isinstance(html, str):
        yield said.at("html"), "html must be a string", shown(html)
    # What has an emailId or variants has its content elsewhere, with the platform.
    elif not (blocks or html or variants or said.get("emailId") or said.get("nodeId")):
        yield said.path, "an email must have blocks or html", ""


def _variant(path: str, variant: Mapping[str, Any]) -> Iterator[Problem]:
    yield from VARIANT.unknown(path, variant)
    yield from text(f"{path}.subject", variant.get("subject"), None)


def _discount(said: _Said) -> Iterator[Problem]:
    nested = said.get("discount")
    if nested is not None:
        if not (yield from no_object(said.at("discount"), nested, "discountType")):
            yield from DISCOUNT.unknown(said.at("discount"), nested)
            yield from _discount_fields(lambda name: f"{said.at('discount')}.{name}", nested)
    elif said.get("discountType") is not None:  # Q27
        yield from _discount_fields(said.at, said.fields)
    else:
        yield said.at("discount"), "discount must be an object with discountType", shown(None)


def _discount_fields(at: Callable[[str], str], discount: Mapping[str, Any]) -> Iterator[Problem]:
    kind, duration = discount.get("discountType"), discount.get("duration")
    yield from one_of(at("discountType"), kind, ("percent", "amount"))
    yield from option(at("duration"), duration, ("once", "forever", "repeating"))
    yield from option(at("provider"), discount.get("provider"), ("stripe", "shopify"))
    smallest = "a number over 0, in the smallest unit of the currency"
    months = with_value(duration, "duration", "repeating")
    for name, expected, fits, because in (
        (
            "percentOff",
            "a number from 1 to 100",
            at_least(1, 100),
            with_value(kind, "discountType", "percent"),
        ),
        ("amountOff", smallest, over, with_value(kind, "discountType", "amount")),
        ("durationInMonths", "a whole number of 1 or more", at_least(1, whole=True), months),
        ("expiresInHours", "a number over 0", over, None),
    ):
        yield from number(at(name), discount.get(name), expected, fits, because)
    yield from instant(at("expiresAt"), discount.get("expiresAt"))
    yield from text(at("currency"), discount.get("currency"), None)
    prefix = discount.get("codePrefix")
    if not (isinstance(prefix, str) and prefix == ""):
        yield from text(at("codePrefix"), prefix, None)


def _message(said: _Said) -> Iterator[Problem]:
    yield from option(said.at("ineligibleAction"), said.get("ineligibleAction"), ("skip", "exit"))


def _call(said: _Said) -> Iterator[Problem]:
    yield from option(said.at("onError"), said.get("onError"), ("continue", "exit", "fail"))


def _update(said: _Said) -> Iterator[Problem]:
    status, updates = said.get("status"), said.get("customAttributeUpdates")
    if status in ("active", "bounced"):
        yield said.at("status"), f"{status} is not modelled: remove it, or write unsubscribed", ""
    else:
        yield from option(said.at("status"), status, ("unsubscribed",))
    if updates is not None:
        yield from each(said.at("customAttributeUpdates"), updates, "name and value", _one_update)


def _one_update(path: str, item: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _UPDATE.unknown(path, item)
    yield from text(f"{path}.name", item.get("name"), "")
    value = item.get("value")
    if not (value is None or isinstance(value, str | bool) or is_number(value)):
        yield f"{path}.value", "value must be a text, a number, true, false or null", shown(value)
    yield from option(f"{path}.valueType", item.get("valueType"), ("text", "number", "boolean"))


def _tag(said: _Said) -> Iterator[Problem]:
    yield from text(said.at("tagId"), said.get("tagId"), None)
    yield from text(said.at("tagName"), said.get("tagName"), "" if said.get("tagId") is None else None)


def _list_of(said: _Said) -> Iterator[Problem]:
    yield from text(said.at("listId"), said.get("listId"), "")


def _for_event(said: _Said) -> Iterator[Problem]:
    yield from text(said.at("eventName"), said.get("eventName"), "")
    yield from number(
        said.at("timeoutDays"), said.get("timeoutDays"), "a number from 1 to 365", at_least(1, 365), None
    )
    yield from option(said.at("timeoutAction"), said.get("timeoutAction"), ("continue", "exit"))


def _condition(said: _Said) -> Iterator[Problem]:
    yield from condition_problems(said.at, said.get)


_CHECKS: dict[str, Callable[[_Said], Iterator[Problem]]] = {
    "email": _email,
    "discount": _discount,
    "sms": _message,
    "push": _message,
    "update_subscriber": _update,
    "add_tag": _tag,
    "remove_tag": _tag,
    "add_to_list": _list_of,
    "remove_from_list": _list_of,
    "webhook": _call,
    "ai": _call,
    "wait_for_event": _for_event,
    "condition": _condition,
}


# ---------------------------------------------------------------- branches


def _branch(path: str, step: Mapping[str, Any], depth: int) -> Iterator[Problem]:
    """Q36."""
    said = _Said(path, step)
    at, branches = said.at("branches"), said.get("branches")
    yield from option(said.at("splitMode"), said.get("splitMode"), ("condition", "random"))
    random = said.get("splitMode") == "random"
    if depth >= graph.MOST_NESTED:
        yield path, f"branches can't stand in one another more than {graph.MOST_NESTED} deep", ""
        return

    def check(at: str, one: Mapping[str, Any]) -> Iterator[Problem]:
        yield from PATH.unknown(at, one)
        yield from text(f"{at}.id", one.get("id"), None)
        yield from _target(f"{at}.targetNodeId", one.get("targetNodeId"))
        if random:
            for name in graph.CONDITION:
                if one.get(name) is not None:
                    yield f"{at}.{name}", f"{name} can't be given in a random split", shown(one[name])
        else:
            yield from condition_problems(lambda name: f"{at}.{name}", one.get)
        if one.get("steps") is not None:
            yield from _list(f"{at}.steps", one["steps"], depth + 1)

    if isinstance(branches, list | tuple) and not branches:
        yield at, "branches can't be empty", ""
    yield from each(at, branches, "conditionType and steps", check)
    yield from _target(said.at("elseTargetNodeId"), said.get("elseTargetNodeId"))
    if random:
        yield from _percentages(said.at("randomPercentages"), said.get("randomPercentages"), branches)
        for name in ("elseSteps", "elseTargetNodeId"):
            if said.get(name):
                yield said.at(name), f"{name} can't be given in a random split", ""
    elif said.get("elseSteps") is not None:
        yield from _list(said.at("elseSteps"), said.get("elseSteps"), depth + 1)


def _target(path: str, value: Any) -> Iterator[Problem]:
    if not is_id(value):
        yield from text(path, value, None)


def _percentages(path: str, values: Any, branches: Any) -> Iterator[Problem]:
    least = at_least(0)
    if not isinstance(values, list | tuple) or not all(is_number(each) and least(each) for each in values):
        yield path, "randomPercentages must be a list of numbers of 0 or more", shown(values)
    elif isinstance(branches, list | tuple) and len(values) != len(branches):
        yield path, "randomPercentages must be one for each branch", f"{len(values)} for {len(branches)}"
    elif sum(map(waits.exact, values)) != 100:
        yield path, "randomPercentages must be 100 together", shown(values)
