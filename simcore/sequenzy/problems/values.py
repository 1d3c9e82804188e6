"""What is wrong with single values, in words that say what is expected.

`because` says why a field is needed: " with trigger tag_added", "" where it always is, None where it may be left out.
What is null is left out.
"""

import math
import re
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from numbers import Integral, Rational, Real
from typing import Any

import numpy as np

from simcore.clock import instants
from simcore.clock.zones import zone_names
from simcore.errors import EntryError, Problem, shown
from simcore.text.wording import halved


def name_of(path: str) -> str:
    """What a field is called, by its path."""
    return path.rpartition(".")[2]


def text(path: str, value: Any, because: str | None) -> Iterator[Problem]:
    """A text that is not blank."""
    if value is None:
        if because is not None:
            yield path, f"{name_of(path)} is required{because}", ""
    elif not isinstance(value, str):
        yield path, f"{name_of(path)} must be a string", shown(value)
    elif not value.strip():
        yield path, f"{name_of(path)} can't be blank", ""
    elif is_broken(value):
        yield path, f"{name_of(path)} must be text: it has half a character (a lone surrogate)", shown(value)


def texts(path: str, values: Any, shape: str) -> Iterator[Problem]:
    """A list of texts."""
    if values is None:
        return
    if not isinstance(values, list | tuple):
        yield path, f"{name_of(path)} must be a list of {shape}", shown(values)
        return
    for at, value in enumerate(values):
        yield from text(f"{path}[{at}]", value, "")


def dot_path(path: str, value: Any, because: str | None, *, into_lists: bool = False) -> Iterator[Problem]:
    """A dot path, with `[]` after names that stand for lists where that is allowed (Q14)."""
    wrong = list(text(path, value, because))
    yield from wrong
    part = r"[^.\[\]]+(\[\])?" if into_lists else r"[^.\[\]]+"
    if not wrong and value is not None and not re.fullmatch(rf"{part}(\.{part})*", value):
        example = "items[].sku" if into_lists else "order.id"
        yield path, f"{name_of(path)} must be a dot path such as {example}", shown(value)


def number(
    path: str, value: Any, expected: str, fits: Callable[[Any], bool], because: str | None
) -> Iterator[Problem]:
    """A number that fits."""
    if value is None:
        if because is not None:
            yield path, f"{name_of(path)} is required{because}", ""
    elif not (is_number(value) and fits(value)):
        yield path, f"{name_of(path)} must be {expected}", shown(value)


def instant(
    path: str, value: Any, because: str | None = None, naive_time_zone: str = "UTC"
) -> Iterator[Problem]:
    """An instant, in UTC where it names no zone, or in another."""
    if value is None:
        if because is not None:
            yield path, f"{name_of(path)} is required{because}", ""
        return
    try:
        instants.read_one(value, path, naive_time_zone)
    except EntryError:
        expected = "an instant from 1970 to 2199, such as 2026-03-06T21:07:30Z"
        yield path, f"{name_of(path)} must be {expected}", shown(value)


def time_zone(path: str, value: Any) -> Iterator[Problem]:
    """A zone of the IANA database."""
    if not (isinstance(value, str) and value in zone_names()):
        yield path, f"{name_of(path)} must be a valid IANA timezone string", shown(value)


def boolean(path: str, value: Any) -> Iterator[Problem]:
    """True or false."""
    if value is not None and not isinstance(value, bool):
        yield path, f"{name_of(path)} must be true or false", shown(value)


def option(path: str, value: Any, values: Collection[str]) -> Iterator[Problem]:
    """One of some words, where it is given."""
    if value is not None:
        yield from one_of(path, value, values)


def one_of(path: str, value: Any, values: Collection[str]) -> Iterator[Problem]:
    """One of some words."""
    if not (isinstance(value, str) and value in values):
        yield path, f"{name_of(path)} must be one of: {', '.join(values)}", shown(value)


def no_object(path: str, value: Any, shape: str) -> Generator[Problem, None, bool]:
    """Whether a value is no object, which is a problem."""
    if isinstance(value, Mapping):
        return False
    yield path, f"{name_of(path)} must be an object with {shape}", shown(value)
    return True


def each(
    path: str, items: Any, shape: str, check: Callable[[str, Mapping[str, Any]], Iterator[Problem]]
) -> Iterator[Problem]:
    """A list of objects."""
    if not isinstance(items, list | tuple):
        yield path, f"{name_of(path)} must be a list of objects with {shape}", shown(items)
        return
    for at, item in enumerate(items):
        if not (yield from no_object(f"{path}[{at}]", item, shape)):
            yield from check(f"{path}[{at}]", item)


def at_least(least: int, most: float = math.inf, *, whole: bool = False) -> Callable[[Any], bool]:
    """Whether a number is in a range, and perhaps whole."""
    return lambda number: least <= number <= most and not (whole and number % 1)


def over(number: Any) -> bool:
    """Whether a number is over 0."""
    return bool(number > 0)


def with_value(value: Any, name: str, needs: str) -> str | None:
    """Why a field is needed beside another: because that has a value."""
    return f" with {name} {needs}" if value == needs else None


def is_number(value: Any) -> bool:
    """Whether a value is a number, true being none, that has an end."""
    if isinstance(value, bool | np.timedelta64) or not isinstance(value, Real):
        return False
    return isinstance(value, Rational) or math.isfinite(value)


def is_id(value: Any) -> bool:
    """Whether a value is a whole number that can be an id."""
    return isinstance(value, Integral) and not isinstance(value, bool) and -(2**63) <= int(value) < 2**63


def is_broken(value: Any) -> bool:
    """Whether a text cannot be written, or a number is none."""
    if isinstance(value, str):
        return halved(value)
    return isinstance(value, float) and not math.isfinite(value)


def leaves(value: Any) -> Iterator[Any]:
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
