"""Local dates that gates leave out, such as holidays (T23)."""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from simcore.errors import SimcoreError, shown, typed
from simcore.text.wording import listed

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_YEARS = range(1970, 2201)
_EXPECTED = "expected dates, such as date(2026, 5, 25) or '2026-05-25'"


@dataclass(frozen=True, eq=False)
class Dates:
    """Dates, each with a name, "" for none: (date [d], name), in order, each date once."""

    items: tuple[tuple[int, str], ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dates) and self.items == other.items

    def __hash__(self) -> int:  # of whole numbers, so that it may be kept, and pickled
        return self._hash

    def __reduce__(self) -> Any:  # without what is kept
        return Dates, (self.items,)

    def __repr__(self) -> str:
        return f"Dates({', '.join(day.isoformat() for day in self)})"

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[date]:
        return (date.fromordinal(day + _EPOCH_DAY) for day, _ in self.items)

    @cached_property
    def _hash(self) -> int:
        return hash(tuple(day for day, _ in self.items))

    @cached_property
    def names(self) -> Mapping[int, str]:
        """The name of each date [d]."""
        return dict(self.items)

    @cached_property
    def days(self) -> npt.NDArray[np.int64]:
        """The dates [d, int64], in order."""
        return np.array([day for day, _ in self.items], np.int64)

    def and_also(self, others: "Dates") -> "Dates":
        """These and others; a date that both have keeps its name here, if it has one."""
        names = {**others.names}
        for day, name in self.items:
            names[day] = name or names.get(day, "")
        return Dates(tuple(sorted(names.items())))


NO_DATES = Dates()
DatesGiven: TypeAlias = Iterable[date | str] | Mapping[date, str] | Dates
"""Dates as people have them: see `dates_of`."""


def dates_of(given: Any, parameter: str) -> Dates:
    """Dates as people have them: an iterable of dates, datetimes at midnight or texts (2026-05-25), or a mapping of
    dates to names.

    A calendar of the `holidays` library makes its dates when it is asked for a year. It is asked for all years from
    1970 to 2200 (it knows fewer), unless it was made with `expand=False`; it stays as it is. Raises SimcoreError for
    what is no date.
    """
    if isinstance(given, Dates):
        return given
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise SimcoreError(
            f"{parameter}: found {typed(given)}, {_EXPECTED}, in a list, or a holidays calendar"
        )
    named = _expanded(given).items() if isinstance(given, Mapping) else ((each, "") for each in given)
    days = {_day(each, parameter): _called(name) for each, name in named}
    return Dates(tuple(sorted(days.items())))


def _expanded(calendar: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """What a calendar has; one that fills itself is filled, as a copy."""
    if getattr(calendar, "expand", None) is not True:
        return calendar
    filled = deepcopy(calendar)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some tell which years they know
        for year in _YEARS:
            filled.get(date(year, 1, 1))
    return filled


def _day(given: Any, parameter: str) -> int:
    """A date [d]."""
    found: Any = given.astype("datetime64[us]").item() if isinstance(given, np.datetime64) else given
    if isinstance(found, str):
        try:
            found = date.fromisoformat(found)
        except ValueError:
            found = None
        if found is None or found.isoformat() != given:
            raise SimcoreError(f"{parameter}: found {shown(given)}, {_EXPECTED}")
    if isinstance(found, datetime):
        if found != found or found.tzinfo is not None or found.time() != time():  # the first is pandas' NaT
            raise SimcoreError(f"{parameter}: found {found}, which is not a whole date; {_EXPECTED}")
    elif not isinstance(found, date):
        raise SimcoreError(f"{parameter}: found {typed(given)}, {_EXPECTED}")
    number: int = found.toordinal()
    return number - _EPOCH_DAY


def _called(name: Any) -> str:
    """The name of a holiday; several of one date are one text."""
    return listed(name.split("; ")) if isinstance(name, str) else ""
