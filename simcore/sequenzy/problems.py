"""What is wrong with a Sequenzy sequence, all at once, in words that say what is expected (Q1 to Q7).

In the helpers `because` says why a field is needed: " with trigger tag_added", "" where it always is, None
where it may be left out. What is null is left out.
"""

import math
import re
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from itertools import chain, islice
from numbers import Integral, Rational, Real
from typing import Any

import numpy as np

from simcore.clock import instants
from simcore.clock.zones import zone_names
from simcore.errors import EntryError, Problem, shown
from simcore.files.json_file import MOST_TOLD
from simcore.sequenzy import waits
from simcore.text.wording import WEEKDAYS, halved

BUILT_IN = (
    *("contact_added", "tag_added", "tag_removed", "form_joined", "segment_entered", "segment_left"),
    *("sequence_joined", "list_joined", "list_left", "field_changed", "unsubscribed", "resubscribed"),
    *("bounced", "complained", "removed"),
)
"""Events that are no tracked events."""
STEP_TYPES = ("email", "create_discount", "discount", "sms", "update_subscriber")

TRIGGERS: dict[str, tuple[str, ...]] = {
    "contact_added": (),
    "tag_added": ("tagName",),
    "segment_entered": ("segmentId",),
    "event_received": ("eventName",),
    "inactivity": ("eventName", "inactiveDays"),
    "frequency": ("eventName", "minCount", "timeWindowDays"),
}
STOPS = (
    *("has_tag", "does_not_have_tag", "event_received", "added_to_list", "removed_from_list", "none"),
    *("entered_segment", "field_changed"),
)
FILTER_OPERATORS = (
    *("exists", "not_exists", "equals", "not_equals"),
    *("one_of", "contains", "greater_than", "less_than"),
)
FIELD_OPERATORS = ("equals", "not_equals", "greater_than", "less_than", "contains", "not_contains")
MOST_FILTERS = 10
_MOST_STEPS = 32_767  # the timeline's positions are int16
IDS = ("id", "emailId", "nodeId")
BRANCHING = ("branch", "branches", "condition", "conditions")
# Parts of a wait that mean something, but not to us: to pass over them would make another wait of it.
UNREAD = ("weeks", "months", "years", "seconds", "milliseconds")


def sequence_problems(given: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the fields of a sequence (Q2 to Q7)."""
    found = chain(
        _text("name", given.get("name"), ""),
        _trigger(given),
        _enrolment(given),
        _stop("stopCondition", given.get("stopCondition")),
        _sending_window("sendingWindow", given.get("sendingWindow")),
        _content(given),
        _instant("createdAt", given.get("createdAt")),
    )
    return [*islice(found, MOST_TOLD)]


def email_id(step: Mapping[str, Any], at: int) -> str:
    """What a step is called: by its own id, or else by its number, from step-1 on (Q22)."""
    return next((str(step[name]) for name in IDS if step.get(name) is not None), f"step-{at + 1}")


def _trigger(given: Mapping[str, Any]) -> Iterator[Problem]:
    """Q2."""
    trigger = given.get("trigger")
    needed = TRIGGERS.get(trigger, ()) if isinstance(trigger, str) else ()
    because = f" with trigger {trigger}" if needed else None
    yield from _one_of("trigger", trigger, TRIGGERS)
    for name in ("tagName", "segmentId", "eventName", "listId"):
        yield from _text(name, given.get(name), because if name in needed else None)
    event = given.get("eventName")
    if "eventName" in needed and isinstance(event, str) and event in BUILT_IN:
        yield "eventName", f"eventName must be a tracked event, none of: {', '.join(BUILT_IN)}", shown(event)
    for name, expected, fits in (
        ("inactiveDays", "a number of 1 or more", _from(1)),
        ("minCount", "a whole number of 1 or more", _from(1, whole=True)),
        ("timeWindowDays", "a number of 1 or more", _from(1)),
    ):
        yield from _number(name, given.get(name), expected, fits, because if name in needed else None)
    yield from _option("listScope", given.get("listScope"), ("any_contact", "any_list"))
    if trigger == "contact_added" and given.get("listId") is not None and given.get("listScope") is not None:
        yield "listScope", "listScope can't be given beside listId", ""
    baselines = ("sequence_created_at", "subscriber_created_at")
    yield from _option("inactivityBaseline", given.get("inactivityBaseline"), baselines)
    stops, filters = given.get("stopOnSegmentExit"), given.get("propertyFilters")
    yield from _boolean("stopOnSegmentExit", stops)
    if stops is True and trigger != "segment_entered":  # false says nothing, so it may stand anywhere
        yield "stopOnSegmentExit", "stopOnSegmentExit goes only with trigger segment_entered", ""
    if filters is not None:
        yield from _filters("propertyFilters", filters)
        count = len(filters) if isinstance(filters, list | tuple) else 0
        if count > MOST_FILTERS:
            yield "propertyFilters", f"propertyFilters can't be more than {MOST_FILTERS}", str(count)
        if count and trigger != "event_received":
            yield "propertyFilters", "propertyFilters go only with trigger event_received", ""


def _enrolment(given: Mapping[str, Any]) -> Iterator[Problem]:
    """Q3."""
    mode, path = given.get("enrollmentMode"), given.get("enrollmentFieldPath")
    yield from _option("enrollmentMode", mode, ("unlimited", "one_time", "matching_field"))
    if isinstance(mode, str) and mode == "matching_field" and given.get("trigger") != "event_received":
        yield "enrollmentMode", "enrollmentMode can be matching_field only with trigger event_received", ""
    if not (isinstance(path, str) and path == ""):  # Q3: an empty one is none
        yield from _path("enrollmentFieldPath", path, None)


def _stop(path: str, stop: Any) -> Iterator[Problem]:
    """Q4."""
    if stop is None or (yield from _no_object(path, stop, "type and value")):
        return
    kind, match = stop.get("type"), stop.get("matchConfig")
    yield from _one_of(f"{path}.type", kind, STOPS)
    if isinstance(kind, str) and kind in STOPS and kind != "none":
        yield from _text(f"{path}.value", stop.get("value"), f" with {kind}")
    path = f"{path}.matchConfig"
    if match is None or (yield from _no_object(path, match, "mode")):
        return
    mode = match.get("mode")
    if kind == "event_received":
        yield from _one_of(f"{path}.mode", mode, ("event_property_filter", "event_property"))
        if mode == "event_property_filter":
            yield from _filters(f"{path}.propertyFilters", match.get("propertyFilters"))
        if mode == "event_property":
            yield from _each(f"{path}.rules", match.get("rules"), "entryFieldPath and eventFieldPath", _rule)
    elif kind == "field_changed":
        yield from _one_of(f"{path}.mode", mode, ("field_value",))
        yield from _comparison(path, match, FIELD_OPERATORS)
    else:
        yield path, "matchConfig goes only with event_received and field_changed", ""


def _rule(path: str, rule: Mapping[str, Any]) -> Iterator[Problem]:
    for name in ("entryFieldPath", "eventFieldPath"):
        yield from _path(f"{path}.{name}", rule.get(name), "")


def _filters(path: str, filters: Any) -> Iterator[Problem]:
    yield from _each(path, filters, "path, operator and value", _filter)


def _filter(path: str, item: Mapping[str, Any]) -> Iterator[Problem]:
    """Q14."""
    yield from _path(f"{path}.path", item.get("path"), "", into_lists=True)
    yield from _comparison(path, item, FILTER_OPERATORS)


def _comparison(path: str, item: Mapping[str, Any], operators: Collection[str]) -> Iterator[Problem]:
    """The operator and the value of a filter, or of a field that changed."""
    operator, value = item.get("operator"), item.get("value")
    wrong = list(_one_of(f"{path}.operator", operator, operators))
    yield from wrong
    if wrong or operator in {"exists", "not_exists"}:
        return
    path = f"{path}.value"
    if "value" not in item:
        yield path, f"value is required with {operator}", ""
    elif operator == "one_of" and not isinstance(value, list | tuple):
        yield path, "value must be a list with one_of", shown(value)
    elif operator in {"greater_than", "less_than"} and not _is_number(value):
        yield path, f"value must be a number with {operator}", shown(value)
    elif any(map(_is_broken, _leaves(value))):
        expected = "value must hold no NaN, no infinity and no half a character (a lone surrogate)"
        yield path, expected, shown(value)


def _sending_window(path: str, window: Any) -> Iterator[Problem]:
    """Q7; a window that is not enabled is not looked at."""
    if window is None or (yield from _no_object(path, window, "timezone, startTime and endTime")):
        return
    yield from _boolean(f"{path}.enabled", window.get("enabled"))
    if window.get("enabled") is not False:
        yield from _window(path, window, "")


def _content(given: Mapping[str, Any]) -> Iterator[Problem]:
    """Q5, Q6."""
    goal, steps, count = given.get("goal"), given.get("steps"), given.get("emailCount")
    if goal is None and steps is None:
        yield "steps", "steps are required, or a goal from which they are still to be written", ""
    if goal is not None and steps is not None:
        yield "goal", "goal can't be given beside steps: it is for content that is still to be written", ""
    yield from _text("goal", goal, None)
    if steps is None:
        yield from _number("emailCount", count, "a whole number from 1 to 10", _from(1, 10, whole=True), None)
        return
    # Beside steps it is what the platform counted.
    yield from _number("emailCount", count, "a whole number of 0 or more", _from(0, whole=True), None)
    if isinstance(steps, list | tuple) and len(steps) > _MOST_STEPS:
        yield "steps", f"steps can't be more than {_MOST_STEPS}", str(len(steps))
        return
    yield from _each("steps", steps, "subject, and blocks or html", _step)
    if isinstance(steps, list | tuple):
        yield from _taken(steps)


def _taken(steps: list[Any] | tuple[Any, ...]) -> Iterator[Problem]:
    """Steps of one id (Q22)."""
    first: dict[str, int] = {}
    for at, step in enumerate(steps):
        if isinstance(step, Mapping) and not list(_ids("", step)):
            mine = email_id(step, at)
            if first.setdefault(mine, at) != at:
                yield f"steps[{at}]", f"id has already been taken by steps[{first[mine]}]", shown(mine)


def _ids(path: str, step: Mapping[str, Any]) -> Iterator[Problem]:
    for name in IDS:
        value = step.get(name)
        if not (
            isinstance(value, Integral) and not isinstance(value, bool) and -(2**63) <= int(value) < 2**63
        ):
            yield from _text(f"{path}.{name}", value, None)


def _step(path: str, step: Mapping[str, Any]) -> Iterator[Problem]:
    """Q5."""
    kind = step.get("type")
    if kind is None or kind == "email":
        yield from _email(path, step)
    elif kind == "create_discount" or kind == "discount":
        discount: Any = step.get("discount")
        if not (yield from _no_object(f"{path}.discount", discount, "discountType")):
            yield from _discount(f"{path}.discount", discount)
    elif not (isinstance(kind, str) and kind in STEP_TYPES):
        named = kind if isinstance(kind, str) and kind.isprintable() and 0 < len(kind) <= 60 else shown(kind)
        yield f"{path}.type", f"{named} cannot be projected: expected one of: {', '.join(STEP_TYPES)}", ""
    for name in BRANCHING:
        if step.get(name):
            yield f"{path}.{name}", f"{name} cannot be projected: after a step there is one way only", ""
    yield from _ids(path, step)
    yield from _waits(path, step)


def _email(path: str, step: Mapping[str, Any]) -> Iterator[Problem]:
    blocks, html = step.get("blocks"), step.get("html")
    yield from _text(f"{path}.subject", step.get("subject"), "")
    if blocks is not None and not isinstance(blocks, list | tuple):
        yield f"{path}.blocks", "blocks must be a list", shown(blocks)
    elif html is not None and not isinstance(html, str):
        yield f"{path}.html", "html must be a string", shown(html)
    elif not blocks and not html:
        yield path, "an email must have blocks or html", ""


def _discount(path: str, discount: Mapping[str, Any]) -> Iterator[Problem]:
    kind, duration = discount.get("discountType"), discount.get("duration")
    yield from _one_of(f"{path}.discountType", kind, ("percent", "amount"))
    yield from _option(f"{path}.duration", duration, ("once", "forever", "repeating"))
    yield from _option(f"{path}.provider", discount.get("provider"), ("stripe", "shopify"))
    smallest = "a number over 0, in the smallest unit of the currency"
    for name, expected, fits, because in (
        ("percentOff", "a number from 1 to 100", _from(1, 100), _if(kind, "discountType", "percent")),
        ("amountOff", smallest, _over, _if(kind, "discountType", "amount")),
        (
            "durationInMonths",
            "a whole number of 1 or more",
            _from(1, whole=True),
            _if(duration, "duration", "repeating"),
        ),
        ("expiresInHours", "a number over 0", _over, None),
    ):
        yield from _number(f"{path}.{name}", discount.get(name), expected, fits, because)
    yield from _instant(f"{path}.expiresAt", discount.get("expiresAt"))
    yield from _text(f"{path}.currency", discount.get("currency"), None)
    prefix = discount.get("codePrefix")
    if not (isinstance(prefix, str) and prefix == ""):
        yield from _text(f"{path}.codePrefix", prefix, None)


def _waits(path: str, step: Mapping[str, Any]) -> Iterator[Problem]:
    """Q5: at most one wait a step."""
    kinds = [kind for kind in waits.KINDS if step.get(kind) is not None]
    if len(kinds) > 1:
        yield path, "a step can't have more than one wait", ", ".join(kinds)
    for name, value in step.items():
        if str(name).startswith("wait") and name not in waits.KINDS and value is not None:
            yield (
                f"{path}.{name}",
                f"{name} cannot be projected: expected one of: {', '.join(waits.KINDS)}",
                "",
            )
    for kind in kinds:
        of, item = f"{path}.{kind}", step[kind]
        if kind == "delayMs":
            yield from _number(of, item, "a number of 0 or more", _from(0), None)
        elif not (yield from _no_object(of, item, _SHAPES[kind])):
            yield from _wait(of, kind, item)


_SHAPES = {
    "delay": "days, hours and minutes",
    "waitUntil": "field, offset, direction and missingAction",
    "waitUntilWeekday": "days, startTime, endTime and timezone",
}


def _wait(path: str, kind: str, item: Mapping[str, Any]) -> Iterator[Problem]:
    """One wait; in a `delay` the mode says of which kind (Q5)."""
    means, read = waits.kind_of({kind: item})
    if kind == "delay":
        yield from _option(f"{path}.mode", item.get("mode"), waits.MODES)
        yield from _mode(path, item)
    for name in UNREAD:
        if item.get(name) is not None:
            yield f"{path}.{name}", f"{name} is no part of a wait that can be projected", shown(item[name])
    for name in waits.FIELDS.get(means, ()):
        first = waits.spelling(read, name)
        for other in waits.SPELLINGS[name]:
            if read.get(other) is not None and read[other] != read[first]:
                yield f"{path}.{other}", f"{other} can't differ from {first}", shown(read[other])
    if means == "waitUntil":
        yield from _until_field(path, item)
    elif means == "waitUntilWeekday":
        yield from _window(path, read, None)
    else:
        yield from _lengths(path, item)


def _mode(path: str, item: Mapping[str, Any]) -> Iterator[Problem]:
    """What needs another mode, and would be passed over."""
    if item.get("mode") is None:
        for kind, mode in (("waitUntil", "until_date"), ("waitUntilWeekday", "until_weekday")):
            names = [each for name in waits.FIELDS[kind] for each in waits.SPELLINGS[name] if each != "days"]
            for name in names:
                if item.get(name) is not None:
                    yield f"{path}.{name}", f"{name} goes only with mode {mode}", shown(item[name])
    if item.get("mode") == "until_weekday":
        for unit in waits.UNITS:
            if item.get(unit) is not None and not (_is_number(item[unit]) and item[unit] == 0):
                yield f"{path}.{unit}", f"{unit} can't be given with mode until_weekday", shown(item[unit])


def _until_field(path: str, item: Mapping[str, Any]) -> Iterator[Problem]:
    field, offset, direction, missing = (waits.spelling(item, name) for name in waits.FIELDS["waitUntil"][:4])
    yield from _path(f"{path}.{field}", item.get(field), "")
    if item.get(offset) is None:
        yield from _lengths(path, item)
    elif not (yield from _no_object(f"{path}.{offset}", item[offset], _SHAPES["delay"])):
        yield from _lengths(f"{path}.{offset}", item[offset])
    yield from _option(f"{path}.{direction}", item.get(direction), ("before", "after"))
    yield from _option(f"{path}.{missing}", item.get(missing), ("continue", "exit"))


def _window(path: str, item: Mapping[str, Any], end_because: str | None) -> Iterator[Problem]:
    """Q7."""
    names = [waits.spelling(item, name) for name in waits.FIELDS["waitUntilWeekday"][:5]]
    at_day, at_days, at_start, at_end, at_zone = (f"{path}.{name}" for name in names)
    values: list[Any] = [item.get(name) for name in names]
    day, days, start, end, zone = values
    if not (isinstance(zone, str) and zone in zone_names()):
        yield at_zone, f"{names[4]} must be a valid IANA timezone string", shown(zone)
    clocks = [*_clock(at_start, start, "", "23:59"), *_clock(at_end, end, end_because, "24:00")]
    yield from clocks
    if not clocks and end is not None and waits.minute(end) <= waits.minute(start):
        yield at_end, f"{names[3]} must be later than {names[2]}", f"{start} to {end}"
    if day is not None and days is not None:
        yield at_day, f"{names[0]} can't be given beside {names[1]}", shown(day)
    if day is not None:
        yield from _weekday(at_day, names[0], day)
    if days is not None and not isinstance(days, list | tuple):
        yield at_days, f"{names[1]} must be a list of weekdays", shown(days)
    elif days is not None:
        for at, each in enumerate(days):
            yield from _weekday(f"{at_days}[{at}]", names[1], each)


def _weekday(path: str, name: str, day: Any) -> Iterator[Problem]:
    if waits.weekday(day) is None:
        yield (
            path,
            f"{name} must be one of: {', '.join(WEEKDAYS)}, or of their first three letters",
            shown(day),
        )


def _clock(path: str, clock: Any, because: str | None, latest: str) -> Iterator[Problem]:
    if clock is None and because is None:
        return
    told = isinstance(clock, str) and re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00", clock)
    if not told or clock > latest:
        yield path, f"{_name(path)} must be a time HH:mm from 00:00 to {latest}", shown(clock)


def _lengths(path: str, item: Mapping[str, Any]) -> Iterator[Problem]:
    for unit in waits.UNITS:
        yield from _number(f"{path}.{unit}", item.get(unit), "a number of 0 or more", _from(0), None)


# ---------------------------------------------------------------- single values


def _name(path: str) -> str:
    return path.rpartition(".")[2]


def _text(path: str, value: Any, because: str | None) -> Iterator[Problem]:
    if value is None:
        if because is not None:
            yield path, f"{_name(path)} is required{because}", ""
    elif not isinstance(value, str):
        yield path, f"{_name(path)} must be a string", shown(value)
    elif not value.strip():
        yield path, f"{_name(path)} can't be blank", ""
    elif _is_broken(value):
        yield path, f"{_name(path)} must be text: it has half a character (a lone surrogate)", shown(value)


def _path(path: str, value: Any, because: str | None, *, into_lists: bool = False) -> Iterator[Problem]:
    """A dot path, with `[]` after names that stand for lists where that is allowed (Q14)."""
    wrong = list(_text(path, value, because))
    yield from wrong
    part = r"[^.\[\]]+(\[\])?" if into_lists else r"[^.\[\]]+"
    if not wrong and value is not None and not re.fullmatch(rf"{part}(\.{part})*", value):
        example = "items[].sku" if into_lists else "order.id"
        yield path, f"{_name(path)} must be a dot path such as {example}", shown(value)


def _number(
    path: str, value: Any, expected: str, fits: Callable[[Any], bool], because: str | None
) -> Iterator[Problem]:
    if value is None:
        if because is not None:
            yield path, f"{_name(path)} is required{because}", ""
    elif not (_is_number(value) and fits(value)):
        yield path, f"{_name(path)} must be {expected}", shown(value)


def _instant(path: str, value: Any) -> Iterator[Problem]:
    if value is None:
        return
    try:
        instants.read_one(value, path, "UTC")
    except EntryError:
        expected = "an instant from 1970 to 2199, such as 2026-03-06T21:07:30Z"
        yield path, f"{_name(path)} must be {expected}", shown(value)


def _boolean(path: str, value: Any) -> Iterator[Problem]:
    if value is not None and not isinstance(value, bool):
        yield path, f"{_name(path)} must be true or false", shown(value)


def _option(path: str, value: Any, values: Collection[str]) -> Iterator[Problem]:
    if value is not None:
        yield from _one_of(path, value, values)


def _one_of(path: str, value: Any, values: Collection[str]) -> Iterator[Problem]:
    if not (isinstance(value, str) and value in values):
        yield path, f"{_name(path)} must be one of: {', '.join(values)}", shown(value)


def _no_object(path: str, value: Any, shape: str) -> Generator[Problem, None, bool]:
    """Whether a value is no object, which is a problem."""
    if isinstance(value, Mapping):
        return False
    yield path, f"{_name(path)} must be an object with {shape}", shown(value)
    return True


def _each(
    path: str, items: Any, shape: str, check: Callable[[str, Mapping[str, Any]], Iterator[Problem]]
) -> Iterator[Problem]:
    """The problems of a list of objects."""
    if not isinstance(items, list | tuple):
        yield path, f"{_name(path)} must be a list of objects with {shape}", shown(items)
        return
    for at, item in enumerate(items):
        if not (yield from _no_object(f"{path}[{at}]", item, shape)):
            yield from check(f"{path}[{at}]", item)


def _from(least: int, most: float = math.inf, *, whole: bool = False) -> Callable[[Any], bool]:
    return lambda number: least <= number <= most and not (whole and number % 1)


def _over(number: Any) -> bool:
    return bool(number > 0)


def _if(value: Any, name: str, needs: str) -> str | None:
    return f" with {name} {needs}" if value == needs else None


def _is_number(value: Any) -> bool:
    """Whether a value is a number, true being none, that has an end."""
    if isinstance(value, bool | np.timedelta64) or not isinstance(value, Real):
        return False
    return isinstance(value, Rational) or math.isfinite(value)


def _is_broken(value: Any) -> bool:
    """Whether a text cannot be written, or a number is none."""
    if isinstance(value, str):
        return halved(value)
    return isinstance(value, float) and not math.isfinite(value)


def _leaves(value: Any) -> Iterator[Any]:
    """What is in lists and objects, however deep."""
    left = [value]
    while left:
        item = left.pop()
        if isinstance(item, Mapping):
            left += item.values()
        elif isinstance(item, list | tuple):
            left += item
        else:
            yield item
