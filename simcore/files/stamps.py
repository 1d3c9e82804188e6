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
    """The same as an array of Arrow's, each with a text before it and one after it.

    Dates, minutes and offsets are made once each, and put side by side by numpy.
    """
    stretch = here.stretch(instants_us)
    local_us = instants_us + here.offsets_us[stretch]
    if not len(local_us) or local_us.min() < _YEARS_US[0] or local_us.max() >= _YEARS_US[1]:
        return arrow.array(
            [f"{before}{each}{after}" for each in iso(instants_us, here)], arrow.large_string()
        )
    minute = local_us // MINUTE_US
    rest_us = local_us - minute * MINUTE_US
    day = minute // _MINUTES
    minute -= day * _MINUTES
    second = rest_us // SECOND_US
    fraction = rest_us - second * SECOND_US
    code, distinct = pd.factorize(day)
    dates = np.datetime_as_string(distinct.view("datetime64[D]")).astype("S10")
    if before:
        dates = np.array([before.encode() + date for date in dates.tolist()])
    offsets = [f"{offset}{after}".encode() for offset in _offsets(here)]
    # Texts of one kind are of one length: with an offset so long, and with a fraction or without.
    kind = np.array([len(each) for each in offsets])[stretch] * 2 + (fraction != 0)
    kinds = np.flatnonzero(np.bincount(kind)).tolist()
    texts, rows = [], []
    for each in kinds:
        mine: Any = np.flatnonzero(kind == each) if len(kinds) > 1 else slice(None)
        pieces = [dates[code[mine]], _minutes()[minute[mine]], _digits(2)[second[mine]]]
        if each % 2:
            thousands = fraction[mine] // 1000
            pieces += [np.full(len(thousands), b"."), _digits(3)[thousands]]
            pieces.append(_digits(3)[fraction[mine] - thousands * 1000])
        pieces.append(np.array(offsets, f"S{each // 2}")[stretch[mine]])
        texts.append(_side_by_side(arrow, pieces))
        rows.append(mine)
    if len(kinds) == 1:
        return texts[0]
    place = np.empty(len(kind), np.int64)
    place[np.concatenate(rows)] = np.arange(len(kind))
    return arrow.concat_arrays(texts).take(arrow.array(place))


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
