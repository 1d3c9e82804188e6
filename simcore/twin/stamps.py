"""Instants and lengths as people write them become microseconds, and instants become what the platforms write."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from simcore.clock.instants import read_one
from simcore.clock.zones import DAY_US, HOUR_US, LAST_US, MINUTE_US, SECOND_US
from simcore.errors import SimcoreError, shown

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_UNITS = {"second": SECOND_US, "minute": MINUTE_US, "hour": HOUR_US, "day": DAY_US, "week": 7 * DAY_US}
_LENGTH = re.compile(rf"(\d{{1,9}}) ({'|'.join(_UNITS)})s?")


def length_us(length: Any) -> int:
    """A length of time [µs]: a timedelta, or a text such as "3 days" or "1 week, 2 hours". A day is 24 hours.

    >>> length_us("1 day, 12 hours") == length_us(timedelta(hours=36))
    True
    """
    found = _length(length)
    if found is None or found < 0:
        units = ", ".join(f"{unit}s" for unit in _UNITS)
        raise SimcoreError(
            f'a length of time: found {shown(length)}, expected 0 or more, such as "3 days" ({units})'
        )
    return found


def _length(length: Any) -> int | None:
    if isinstance(length, timedelta) and length is not pd.NaT:
        return int(length // _MICROSECOND)
    if not isinstance(length, str):
        return None
    parts = [_LENGTH.fullmatch(part.strip()) for part in length.split(",")]
    if None in parts:
        return None
    return sum(int(part[1]) * _UNITS[part[2]] for part in parts if part is not None)


def instant_us(at: Any, name: str) -> int:
    """An instant [µs], as people write it, with its offset. Raises EntryError that names the argument."""
    return read_one(at, name, None)


def text(at_us: int) -> str:
    """An instant as both platforms write it, to the second where that is all of it.

    >>> text(1_767_225_600_000_000)
    '2026-01-01T00:00:00Z'
    """
    at = (_EPOCH + timedelta(microseconds=at_us)).replace(tzinfo=None)
    return f"{at.isoformat()}Z"


def stamp(at_us: int) -> pd.Timestamp:
    """An instant as people get it, in UTC."""
    return pd.Timestamp(at_us, unit="us", tz="UTC")


def checked(at_us: int) -> int:
    """An instant, where it is not after the last that simcore knows."""
    if at_us > LAST_US:
        raise SimcoreError("the clock goes to 2200-01-01 UTC and no further")
    return at_us
