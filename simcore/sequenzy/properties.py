"""What stands in the properties of an event: values at a path, whether they are equal, filters, keys and dates."""

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from simcore.clock.zones import FAR_US
from simcore.errors import EntryError
from simcore.sequenzy.waits import exact

DEFAULT_KEYS = (  # Q18
    "sequenceEnrollmentKey",
    "enrollmentKey",
    "product.providerVariantId",
    "product.providerProductId",
    "productId",
    "variantId",
)
_ISO = r"\d{4}[-\dW]*(?:[T ](?!24).*)?"  # what of it is a date, Python says; 24:00 only some of its versions
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_MS = 100_000_000_000  # Q11: from here on a number is milliseconds


def values(properties: Any, path: str) -> list[Any]:
    """All values at a dot path; `[]` after a name goes into every item of a list (Q14).

    >>> values({"items": [{"sku": "a"}, {"sku": "b"}]}, "items[].sku")
    ['a', 'b']
    """
    found = [properties]
    for part in path.split("."):
        name = part.removesuffix("[]")
        found = [as_json(each[name]) for each in found if isinstance(each, Mapping) and name in each]
        if part.endswith("[]"):
            found = [as_json(item) for each in found if isinstance(each, list | tuple) for item in each]
    return found


def as_json(value: Any) -> Any:
    """A value as JSON has it: what pandas and numpy make of it becomes plain, what is missing None."""
    if isinstance(value, np.ndarray | np.generic) and not isinstance(value, np.datetime64 | np.timedelta64):
        value = value.tolist()  # Parquet's lists come as arrays
    return None if value is pd.NA or value is pd.NaT or value != value else value


def plain(value: Any) -> Hashable:
    """A JSON value as something that is equal, and hashes alike, where JSON's values are equal (Q14).

    1 equals 1.0, and neither "1" nor true. Raises EntryError for what is nested too deeply.
    """
    try:
        return _plain(value)
    except RecursionError:
        raise EntryError("properties: nested too deeply to be compared") from None


def _plain(value: Any) -> Hashable:
    value = as_json(value)
    if isinstance(value, Mapping):
        return ("object", frozenset((name, _plain(each)) for name, each in value.items()))
    if isinstance(value, list | tuple):
        return ("list", tuple(map(_plain, value)))
    return (type(value) is bool, value) if isinstance(value, Hashable) else repr(value)


def _number(value: Any) -> bool:
    return isinstance(value, Real | Decimal) and not isinstance(value, bool | np.timedelta64)


def contains(value: Any, wanted: Any) -> bool:
    """Whether a text has another in it, or a list an equal item (Q14)."""
    if isinstance(value, str):
        return isinstance(wanted, str) and wanted in value
    return isinstance(value, list | tuple) and plain(wanted) in map(plain, value)


def compares(operator: str, value: Any, wanted: Any, reading: str) -> bool:
    """greater_than and less_than, where the API gives what to compare with as a text (Q32).

    `reading`: "compare", by which texts that are decimal numbers compare as numbers; or "strict".

    >>> compares("greater_than", "10", "9.5", "compare"), compares("greater_than", "10", "9.5", "strict")
    (True, False)
    """
    left, right = (_decimal(each) if reading == "compare" else None for each in (value, wanted))
    left, right = (
        exact(each) if _number(each) and each == each else number
        for each, number in ((value, left), (wanted, right))
    )
    if left is None or right is None:
        return False
    return left > right if operator == "greater_than" else left < right


def _decimal(value: Any) -> Fraction | None:
    """The number that a text spells: an optional sign, digits, and a point; None for any other."""
    spelt = isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", value)
    return Fraction(value) if spelt else None


_OPERATORS: dict[str, Callable[[list[Any], Any], bool]] = {  # Q14, Q4
    "exists": lambda found, _: any(each is not None for each in found),
    "not_exists": lambda found, _: all(each is None for each in found),
    "equals": lambda found, wanted: plain(wanted) in map(plain, found),
    "not_equals": lambda found, wanted: plain(wanted) not in map(plain, found),
    "one_of": lambda found, wanted: any(plain(each) in map(plain, wanted) for each in found),
    "contains": lambda found, wanted: any(contains(each, wanted) for each in found),
    "not_contains": lambda found, wanted: not any(contains(each, wanted) for each in found),
    "greater_than": lambda found, wanted: any(_number(each) and each > wanted for each in found),
    "less_than": lambda found, wanted: any(_number(each) and each < wanted for each in found),
}


def passes(filters: Sequence[Mapping[str, Any]], properties: Any) -> bool:
    """Whether properties (None for none) pass every filter."""
    return all(_passes(each, properties) for each in filters)


def _passes(given: Mapping[str, Any], properties: Any) -> bool:
    found, operator = values(properties, given["path"]), given["operator"]
    if given.get("numeric") and operator in {"greater_than", "less_than"}:  # Q32
        return any(compares(operator, each, given.get("value"), given["numeric"]) for each in found)
    return _OPERATORS[operator](found, given.get("value"))


def key(properties: Any, path: str | None) -> Hashable | None:
    """What tells runs apart: the value at `path`, or without one at the first default path that has any (Q18).

    None where it is missing or null, or a list or an object.
    """
    paths = DEFAULT_KEYS if path is None else (path,)
    found = next((each for one in paths for each in values(properties, one) if each is not None), None)
    return None if found is None or isinstance(found, Mapping | list | tuple) else plain(found)


def several(properties: Any, paths: Sequence[str]) -> Hashable | None:
    """The values at some paths; None where any is missing (Q20)."""
    found = [values(properties, path) for path in paths]
    return tuple(plain(each[0]) for each in found) if all(found) else None


def date_us(value: Any) -> int | None:
    """The instant [µs] that a date of an event is; None for what is none (Q11).

    ISO texts, and what Python and pandas have for times, in UTC where they name no zone; numbers, seconds or (from
    100,000,000,000 on) milliseconds since 1970; all floored to the microsecond. What no clock here reaches is
    cut to 2**62.

    >>> date_us("2026-03-06") == date_us(1772755200) == date_us(1772755200000)
    True
    """
    if _number(value):
        if value != value:
            return None
        if abs(value) > FAR_US:
            return FAR_US if value > 0 else -FAR_US
        us = exact(value) * (1000 if value >= _FIRST_MS else 1_000_000)
        return max(-FAR_US, min(FAR_US, us.numerator // us.denominator))
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    if isinstance(value, date):
        value = value.isoformat()
    if not isinstance(value, str) or value.isdigit() or not re.fullmatch(_ISO, value):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1)
