"""What is wrong with the condition of a path, or of a step that is one (Q36)."""

from collections.abc import Callable, Iterator
from typing import Any

from simcore.errors import Problem, shown
from simcore.sequenzy.problems.values import is_broken, is_number, one_of, text

CONDITIONS: dict[str, tuple[str, ...]] = {
    "has_tag": ("tagName",),
    "does_not_have_tag": ("tagName",),
    "in_list": ("listId",),
    "in_segment": ("segmentId",),
    "event_received": ("eventName",),
    "link_clicked": (),
    "field_equals": ("fieldName", "fieldValue"),
    "field_contains": ("fieldName", "fieldValue"),
    "field_greater_than": ("fieldName", "fieldValue"),
    "field_less_than": ("fieldName", "fieldValue"),
    "has_phone": (),
    "sms_subscribed": (),
}
"""The conditions, and the fields that each needs; `tagId` will do for `tagName`."""
SCOPES = ("ever", "this_sequence")


def condition_problems(at: Callable[[str], str], get: Callable[[str], Any]) -> Iterator[Problem]:
    """Q36. `at`: the path of a field; `get`: its value."""
    kind, scope = get("conditionType"), get("activityScope")
    yield from one_of(at("conditionType"), kind, CONDITIONS)
    needed = CONDITIONS.get(kind, ()) if isinstance(kind, str) else ()
    because = f" with {kind}"
    yield from text(at("tagId"), get("tagId"), None)
    for name in ("tagName", "listId", "segmentId", "eventName", "fieldName"):
        given = name == "tagName" and get("tagId") is not None
        yield from text(at(name), get(name), because if name in needed and not given else None)
    link = get("linkUrl")
    if link is not None and not isinstance(link, str):
        yield at("linkUrl"), "linkUrl must be a string", shown(link)
    if scope == "previous_email":
        told = f"previous_email is not modelled: remove it, or write {' or '.join(SCOPES)}"
        yield at("activityScope"), told, ""
    elif scope is not None:
        yield from one_of(at("activityScope"), scope, SCOPES)
    value = get("fieldValue")
    if value is None and "fieldValue" in needed:
        yield at("fieldValue"), f"fieldValue is required{because}", ""
    elif value is not None and (not (isinstance(value, str | bool) or is_number(value)) or is_broken(value)):
        yield at("fieldValue"), "fieldValue must be a text, a number, true or false", shown(value)
