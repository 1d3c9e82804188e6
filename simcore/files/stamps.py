"""Instants as files and tables have them: aware columns, and texts of ISO 8601."""

from datetime import timedelta, timezone
from functools import cache, lru_cache
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simcore.clock import instants
from simcore.clock.words import EPOCH
from simcore.clock.zones import DAY_US, MINUTE_US, SECOND_US, Ints, Zone
from simcore.text.wording import time_of_day

_MINUTES = DAY_US // MINUTE_US
_MOST_DAYS = 10_000
"""So many days one after the other are written at once, be they there or not."""
_YEARS_US = (-62_135_596_800 * SECOND_US, 253_402_300_800 * SECOND_US)
"""The beginnings of the years 1 and 10000: between them a date has ten characters."""


def us_of(stamps: Any) -> Ints:
    """Aware times as instants [µs]."""
    return pd.DatetimeIndex(stamps).as_unit("us").asi8


def aware(instants_us: Any) -> Any:
    """Instants [µs] as aware times, in UTC."""
    return instants.show(np.asarray(instants_us, np.int64), "UTC")


def iso(instants_us: Ints, here: Zone) -> list[str]:
    """ISO 8601 with the zone's offset, to the second, or to the microsecond where there are any."""
    local = here.local_us(instants_us).view("datetime64[us]")
    texts = np.datetime_as_string(local, unit="s").astype(object)
    split = instants_us % SECOND_US != 0
    texts[split] = np.datetime_as_string(local[split], unit="us")
    iso: list[str] = (texts + np.array(_offsets(here), object)[here.stretch(instants_us)]).tolist()
    return iso


def iso_array(arrow: ModuleType, instants_us: Ints, here: Zone, before: str = "", after: str = "") -> Any:
    """The same as an array of Arrow's, each with a text before it and one after it; of one instant at least.

    Dates, minutes and offsets are made once each, and put side by side by numpy.
    """
    first, last = here.stretch(np.array([instants_us.min(), instants_us.max()])).tolist()
    stretch = np.searchsorted(here.changes_us[first + 1 : last + 1], instants_us, "right")
    local_us = instants_us + here.offsets_us[first : last + 1][stretch]
    if local_us.min() < _YEARS_US[0] or local_us.max() >= _YEARS_US[1]:
        texts = [f"{before}{each}{after}" for each in iso(instants_us, here)]
        return arrow.array(texts, arrow.large_string())
    minute = local_us // MINUTE_US
    rest_us = local_us - minute * MINUTE_US
    day = minute // _MINUTES
    minute -= day * _MINUTES
    second = rest_us // SECOND_US
    fraction = rest_us - second * SECOND_US
    code, days = _places(day)
    dates = np.array([f"{before}{date}".encode() for date in days.view("datetime64[D]").astype(str).tolist()])
    offsets = [f"{offset}{after}".encode() for offset in _offsets(here)[first : last + 1]]

    def together(rows: Any, split: bool, length: int) -> Any:
        pieces = [dates[code[rows]], _minutes()[minute[rows]], _digits(2)[second[rows]]]
        if split:
            thousands = fraction[rows] // 1000
            pieces += [np.full(len(thousands), b"."), _digits(3)[thousands]]
            pieces.append(_digits(3)[fraction[rows] - thousands * 1000])
        return _side_by_side(arrow, [*pieces, np.array(offsets, f"S{length}")[stretch[rows]]])

    # Texts of one kind are of one length: with a fraction or without, and with an offset so long.
    splits, lengths = fraction != 0, np.array([*map(len, offsets)])
    if not splits.any() and (lengths == lengths[0]).all():
        return together(slice(None), False, lengths[0])
    kinds = [(split, length) for split in (False, True) for length in {*lengths.tolist()}]
    rows = [np.flatnonzero((splits == split) & (lengths[stretch] == length)) for split, length in kinds]
    parts = [together(some, *kind) for some, kind in zip(rows, kinds, strict=True)]
    place = np.empty(len(code), np.int64)
    place[np.concatenate(rows)] = np.arange(len(code))
    return arrow.concat_arrays(parts).take(arrow.array(place))


def _places(days: Ints) -> tuple[Ints, Ints]:
    """Of each day its place among some that hold all of them, and these."""
    first, last = int(days.min()), int(days.max())
    if last - first > _MOST_DAYS:
        code, distinct = pd.factorize(days)
        return code, distinct
    return days - first, np.arange(first, last + 1)


def _side_by_side(arrow: ModuleType, pieces: list[Any]) -> Any:
    """Bytes of fixed lengths, row by row one after the other, as texts of Arrow's."""
    rows = np.empty(len(pieces[0]), [(str(at), piece.dtype) for at, piece in enumerate(pieces)])
    for at, piece in enumerate(pieces):
        rows[str(at)] = piece
    ends = np.arange(len(rows) + 1) * rows.itemsize
    return arrow.LargeStringArray.from_buffers(len(rows), arrow.py_buffer(ends), arrow.py_buffer(rows))


@lru_cache
def _offsets(here: Zone) -> tuple[str, ...]:
    """The offsets of a zone as ISO 8601 has them."""
    return tuple(
        EPOCH.replace(tzinfo=timezone(timedelta(microseconds=us))).isoformat()[19:]
        for us in here.offsets_us.tolist()
    )


@cache
def _minutes() -> npt.NDArray[np.bytes_]:
    """The minutes of a day, in the middle of an instant."""
    return np.array([f"T{time_of_day(minute)}:" for minute in range(_MINUTES)], np.bytes_)


@cache
def _digits(size: int) -> npt.NDArray[np.bytes_]:
    """The whole numbers of so many digits."""
    return np.array([f"{number:0{size}}" for number in range(10**size)], np.bytes_)
