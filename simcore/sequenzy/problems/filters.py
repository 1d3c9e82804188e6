"""What is wrong with filters of properties, and with comparisons of a field (Q4, Q14)."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from simcore.errors import Problem, shown
from simcore.plan.known import Known
from simcore.sequenzy.problems.values import dot_path, each, is_broken, is_number, leaves, one_of

FILTER_OPERATORS = (
    *("exists", "not_exists", "equals", "not_equals"),
    *("one_of", "contains", "greater_than", "less_than"),
)
FIELD_OPERATORS = ("equals", "not_equals", "greater_than", "less_than", "contains", "not_contains")
MOST_FILTERS = 10
FILTER = Known(("path", "operator", "value"))


def filters(path: str, items: Any) -> Iterator[Problem]:
    """What is wrong with a list of filters."""
    yield from each(path, items, "path, operator and value", _filter)


def comparison(
    path: str, item: Mapping[str, Any], operators: Collection[str], *, texts: bool = False
) -> Iterator[Problem]:
    """The operator and the value of a filter, or of a field that changed; `texts`: numbers may be texts (Q32)."""
    operator, value = item.get("operator"), item.get("value")
    wrong = list(one_of(f"{path}.operator", operator, operators))
    yield from wrong
    if wrong or operator in {"exists", "not_exists"}:
        return
    path = f"{path}.value"
    numeric = operator in {"greater_than", "less_than"} and not (texts and isinstance(value, str))
    if "value" not in item:
        yield path, f"value is required with {operator}", ""
    elif operator == "one_of" and not isinstance(value, list | tuple):
        yield path, "value must be a list with one_of", shown(value)
    elif numeric and not is_number(value):
        yield path, f"value must be a number with {operator}", shown(value)
    elif any(map(is_broken, leaves(value))):
        expected = "value must hold no NaN, no infinity and no half a character (a lone surrogate)"
        yield path, expected, shown(value)


def _filter(path: str, item: Mapping[str, Any]) -> Iterator[Problem]:
    """Q14."""
    yield from FILTER.unknown(path, item)
    yield from dot_path(f"{path}.path", item.get("path"), "", into_lists=True)
    yield from comparison(path, item, FILTER_OPERATORS)
