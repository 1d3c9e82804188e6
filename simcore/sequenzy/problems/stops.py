"""What is wrong with a stop condition (Q4, Q32, Q39)."""

from collections.abc import Iterator, Mapping
from typing import Any

from simcore.errors import Problem, shown
from simcore.plan.known import Known
from simcore.sequenzy.problems.filters import FIELD_OPERATORS, comparison, filters
from simcore.sequenzy.problems.values import dot_path, each, no_object, one_of, option, text

STOPS = (
    *("has_tag", "does_not_have_tag", "event_received", "added_to_list", "removed_from_list", "none"),
    *("entered_segment", "field_changed"),
)
LACKING = ("does_not_have_tag", "removed_from_list")
"""The conditions that may be about what enrolled the subscriber (Q39)."""
AUDIENCES = ("tag", "list", "segment")
STOP = Known(("type", "value", "matchConfig"))
MODES: dict[str, Known] = {
    "event_property_filter": Known(("mode", "propertyFilters")),
    "event_property": Known(("mode", "rules")),
    "field_value": Known(("mode", "operator", "value")),
    "entry_audience": Known(("mode", "audience")),
}
"""What a condition may be matched by, and the fields of it."""
_OF = {
    "event_received": ("event_property_filter", "event_property"),
    "field_changed": ("field_value",),
    **dict.fromkeys(LACKING, ("entry_audience",)),
}
RULE = Known(("entryFieldPath", "eventFieldPath"))


def stop_problems(path: str, stop: Any) -> Iterator[Problem]:
    """Q4."""
    if stop is None or (yield from no_object(path, stop, "type and value")):
        return
    yield from STOP.unknown(path, stop)
    kind, match = stop.get("type"), stop.get("matchConfig")
    yield from one_of(f"{path}.type", kind, STOPS)
    mode = match.get("mode") if isinstance(match, Mapping) else None
    by_entry = mode == "entry_audience" and kind in LACKING
    if by_entry and stop.get("value") is not None:
        yield (
            f"{path}.value",
            "value can't be given with matchConfig.mode entry_audience",
            shown(stop["value"]),
        )
    elif isinstance(kind, str) and kind in STOPS and kind != "none" and not by_entry:
        yield from text(f"{path}.value", stop.get("value"), f" with {kind}")
    path = f"{path}.matchConfig"
    if match is None or (yield from no_object(path, match, "mode")):
        return
    modes = _OF.get(kind, ()) if isinstance(kind, str) else ()
    if not modes:
        yield path, f"matchConfig goes only with {', '.join(_OF)}", ""
        return
    wrong = list(one_of(f"{path}.mode", mode, modes))
    yield from wrong
    if not wrong:
        yield from MODES[str(mode)].unknown(path, match)
        yield from _match(path, str(mode), match)


def _match(path: str, mode: str, match: Mapping[str, Any]) -> Iterator[Problem]:
    if mode == "event_property_filter":
        yield from filters(f"{path}.propertyFilters", match.get("propertyFilters"))
    elif mode == "event_property":
        yield from each(f"{path}.rules", match.get("rules"), "entryFieldPath and eventFieldPath", _rule)
    elif mode == "field_value":
        yield from comparison(path, match, FIELD_OPERATORS, texts=True)
    else:
        yield from option(f"{path}.audience", match.get("audience"), AUDIENCES)


def _rule(path: str, rule: Mapping[str, Any]) -> Iterator[Problem]:
    yield from RULE.unknown(path, rule)
    for name in ("entryFieldPath", "eventFieldPath"):
        yield from dot_path(f"{path}.{name}", rule.get(name), "")
