"""Weekdays, dates and counts, as sentences say them."""

from collections.abc import Iterable
from datetime import date

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""Their names, as platforms write them; 0 is Monday."""
SHORT = tuple(name[:3].title() for name in WEEKDAYS)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_EPOCH_DAY = date(1970, 1, 1).toordinal()


def weekdays(days: Iterable[int], whole: str = "every day") -> str:
    """Weekdays (0 is Monday): Mon to Fri; Tue and Thu; no day; `whole` for all seven.

    >>> weekdays({0, 1, 2, 3, 4}), weekdays([3, 1])
    ('Mon to Fri', 'Tue and Thu')
    """
    order = sorted(set(days))
    if len(order) == len(SHORT):
        return whole
    if len(order) > 2 and order[-1] - order[0] == len(order) - 1:
        return f"{SHORT[order[0]]} to {SHORT[order[-1]]}"
    return listed(SHORT[day] for day in order) or "no day"


def part_of_week(days: Iterable[int], start_min: int, end_min: int) -> str:
    """A part of some days, from one minute to before another: Mon to Fri 08:00 to 20:00."""
    return f"{weekdays(days)} {time_of_day(start_min)} to {time_of_day(end_min)}"


def time_of_day(minute: int) -> str:
    """A minute of the day, up to 24:00: 09:30."""
    return f"{minute // 60:02}:{minute % 60:02}"


def local_date(number: int, *, year: bool = True) -> str:
    """A local date [d]: Sat 7 Mar 2026, or without its year.

    >>> local_date(0)
    'Thu 1 Jan 1970'
    """
    moment = date.fromordinal(number + _EPOCH_DAY)
    words = f"{SHORT[moment.weekday()]} {moment.day} {_MONTHS[moment.month - 1]}"
    return f"{words} {moment.year}" if year else words


def listed(words: Iterable[str], joint: str = "and") -> str:
    """Words as a list: Tue, Thu and Sat."""
    *before, last = [*words] or [""]
    return f"{', '.join(before)} {joint} {last}" if before else last


def count(number: int, unit: str, several: str = "") -> str:
    """A number with its unit: 1 day, 2 days; `several` is the plural if it is not the unit with an s."""
    return f"{number} {unit if number == 1 else several or f'{unit}s'}"


def halved(text: str) -> bool:
    """Whether a text has half a character (a lone surrogate), which no file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
