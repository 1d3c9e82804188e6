"""The edge: what people have for times becomes instants, and instants become what people read.

Inside simcore an instant is an int64 [microseconds since 1970-01-01 UTC]; finer inputs are floored. Allowed
are 1970-01-01 to 2200-01-01 UTC, both ends included (spec/timing.md, "Instants").
"""

import re
import warnings
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
from dateutil import parser

from simcore.errors import EntryError, shown
from simcore.zones import FIRST_US, LAST_US, Ints, zone

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

MISSING = "missing"
NAIVE = (
    "has no time zone: give it an offset, such as 2026-03-06T21:07:30-05:00, "
    'or say how to read it with naive_time_zone="UTC" (or another zone)'
)
OUT_OF_RANGE = "out of range: expected 1970-01-01 to 2200-01-01 UTC"
GUESSWORK = "leaves day and month to guesswork: write it as 2026-03-06 or 6 March 2026"
INCOMPLETE = "names no whole date: expected year, month and day"
UNREADABLE = "not a date and time: expected something like 2026-03-06T21:07:30-05:00"

_ISO_DATE = r"\d{4}-?\d\d-?\d\d"
_ISO_TIME = r"[T ]\d\d(?::?\d\d(?::?\d\d(?:\.\d{1,9})?)?)?"
_ISO_AWARE = rf"{_ISO_DATE}{_ISO_TIME}(?:Z|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)"
_ISO_NAIVE = rf"{_ISO_DATE}(?:{_ISO_TIME})?"


class Read(NamedTuple):
    """Instants read: `us` int64 [µs, UTC], 0 where unreadable; `faults` says why, by position."""

    us: Ints
    faults: dict[int, str]


def read(values: Any, naive_time_zone: str | None) -> Read:
    """The instants of an array-like of any kind that people have, and what is wrong with the others.

    `values`: datetime64 (any unit, naive or with a zone), strings, datetimes, Timestamps, or a mix; one
    dimension. Naive ones are read as wall-clock time in `naive_time_zone` (spec/timing.md), or are a fault
    where it is None.
    """
    array = values.array if isinstance(values, pd.Series | pd.Index) else values
    if isinstance(array, pd.Categorical):
        array = array.astype(array.categories.dtype)
    dtype = getattr(array, "dtype", None)
    if isinstance(dtype, pd.ArrowDtype) and pd.api.types.is_datetime64_any_dtype(dtype):
        stamps = pd.Series(array).dt
        array = (stamps.tz_convert("UTC").dt.tz_localize(None) if stamps.tz else pd.Series(array)).to_numpy(
            "datetime64[ns]" if dtype.pyarrow_dtype.unit == "ns" else "datetime64[us]"
        )
        return _counts(array, None if stamps.tz else naive_time_zone, aware=stamps.tz is not None)
    if isinstance(dtype, pd.DatetimeTZDtype):
        return _counts(
            np.asarray(pd.DatetimeIndex(array).tz_convert("UTC").tz_localize(None)), None, aware=True
        )
    if isinstance(dtype, np.dtype) and dtype.kind == "M":
        return _counts(np.asarray(array), naive_time_zone, aware=False)
    if pd.api.types.is_string_dtype(dtype) and not pd.api.types.is_object_dtype(dtype):
        texts = pd.Series(array)
        return _texts(texts[texts.notna()], len(texts), naive_time_zone)
    return _objects(np.asarray(pd.Series(array, dtype=object)), naive_time_zone)


def read_one(value: Any, name: str, naive_time_zone: str | None) -> int:
    """The instant [µs, UTC] of a single value; EntryError that names the argument where it has none."""
    instants = read(
        value.array if isinstance(value, pd.Series) else pd.Series([value], dtype=object), naive_time_zone
    )
    if instants.faults:
        raise EntryError(f"{name}: {shown(value)} {_sentence(instants.faults[0])}")
    return int(instants.us[0])


def check_zone(name: str | None) -> None:
    """Raises SimcoreError where a `naive_time_zone` is no zone."""
    if name is not None:
        zone(name)


def explain_faults(name: str, values: Any, faults: Mapping[int, str], way_out: str) -> EntryError:
    """The one error for rows that cannot be read: the first ten and the count."""
    rows = sorted(faults)
    items = values.iloc if isinstance(values, pd.Series) else values
    lines = [f"{name}: {len(rows)} of {len(values)} rows cannot be used"]
    lines += [f"  row {row}: {shown(items[row])} {_sentence(faults[row])}" for row in rows[:10]]
    if len(rows) > 10:
        lines.append(f"  and {len(rows) - 10} more")
    return EntryError("\n".join([*lines, way_out]), rows)


def frame_dtype(time_zone: str) -> pd.DatetimeTZDtype:
    """The dtype of instants that are shown: microseconds in the ordinary named zone, which pickles and saves."""
    return pd.DatetimeTZDtype("us", ZoneInfo(time_zone))


def show(instants_us: Ints, time_zone: str) -> Any:
    """Instants [µs, UTC; the smallest int64 is NaT] as a pandas array of aware times, without a copy."""
    return pd.array(instants_us, dtype=frame_dtype(time_zone))


def _sentence(fault: str) -> str:
    return fault if fault.startswith(("has", "leaves", "names")) else f"is {fault}"


def _counts(stamps: npt.NDArray[np.datetime64], naive_time_zone: str | None, *, aware: bool) -> Read:
    """datetime64 of any unit: whole microseconds, floored, by integers (numpy's own casts wrap and truncate)."""
    missing = np.isnat(stamps)
    unit, multiple = np.datetime_data(stamps.dtype)
    counts = stamps.view(np.int64)
    if unit in {"s", "ms", "us", "ns"} and multiple == 1:
        per_us = {"s": 10**6, "ms": 10**3, "us": 1, "ns": 1}[unit]
        if unit == "ns":
            counts = counts // 1000
        safe = np.abs(counts) <= 2 * LAST_US // per_us
        us = np.where(safe & ~missing, counts, -1) * per_us if per_us > 1 else counts
    else:
        days = stamps.astype("datetime64[D]").view(np.int64) if unit in {"Y", "M", "W", "D"} else None
        if days is None:  # hours and minutes, and multiples such as [15m]
            return _counts(stamps.astype("datetime64[s]"), naive_time_zone, aware=aware)
        us = np.where(np.abs(days) <= 2 * LAST_US // (86400 * 10**6), days, -1) * 86400 * 10**6
    faults: dict[int, str] = {}
    if not aware:
        if naive_time_zone is None:
            return Read(np.zeros(us.shape, np.int64), _mark(missing, MISSING) | _mark(~missing, NAIVE))
        us = zone(naive_time_zone).instant_us(us)
    outside = ~missing & ((us < FIRST_US) | (us > LAST_US))
    if missing.any() or outside.any():
        faults = _mark(missing, MISSING) | _mark(outside, OUT_OF_RANGE)
        us = np.where(missing | outside, 0, us)
    return Read(us, faults)


def _mark(rows: npt.NDArray[np.bool_], fault: str) -> dict[int, str]:
    return dict.fromkeys(np.flatnonzero(rows).tolist(), fault)


def _texts(texts: "pd.Series[Any]", size: int, naive_time_zone: str | None) -> Read:
    """Strings: ISO 8601 all together, whatever else people write one by one (each distinct one once).

    The index of `texts` holds the positions; positions that are not in it are missing.
    """
    us = np.zeros(size, np.int64)
    faults = dict.fromkeys(set(range(size)).difference(texts.index), MISSING) if len(texts) < size else {}

    def take(some: "pd.Series[Any]", pattern: str, aware: bool) -> "pd.Series[Any]":
        iso = some[some.str.fullmatch(pattern).astype(bool)]
        stamps = pd.to_datetime(iso, format="ISO8601", utc=aware, errors="coerce")
        good = stamps.notna()
        numbers = read(stamps[good], naive_time_zone)
        where = stamps.index[good].to_numpy()
        us[where] = numbers.us
        faults.update({int(where[at]): fault for at, fault in numbers.faults.items()})
        return some.drop(stamps.index[good])

    texts = take(texts, _ISO_AWARE, aware=True)
    if len(texts):
        texts = take(texts, _ISO_NAIVE, aware=False)
    for text, group in texts.groupby(texts):
        moment = _loose(str(text))
        for at in group.index:
            us[at], fault = (0, moment) if isinstance(moment, str) else _moment(moment, naive_time_zone)
            if fault:
                faults[int(at)] = fault
    return Read(us, faults)


def _objects(values: npt.NDArray[np.object_], naive_time_zone: str | None) -> Read:
    """Python objects of any kind, one by one; the strings among them together."""
    strings = np.fromiter((isinstance(value, str) for value in values), bool, len(values))
    texts = pd.Series(values[strings], index=np.flatnonzero(strings), dtype=object)
    us, faults = (
        _texts(texts, len(values), naive_time_zone)
        if strings.any()
        else (np.zeros(len(values), np.int64), {})
    )
    for at in np.flatnonzero(~strings).tolist():
        value = values[at]
        fault: str | None
        if (
            value is None
            or value is pd.NaT
            or value is pd.NA
            or (isinstance(value, float) and np.isnan(value))
        ):
            fault = MISSING
        elif isinstance(value, np.datetime64):
            one = _counts(np.array([value]), naive_time_zone, aware=False)
            us[at], fault = one.us[0], one.faults.get(0)
        elif isinstance(value, date):
            us[at], fault = _moment(value, naive_time_zone)
        else:
            fault = f"a {type(value).__name__}: expected an instant, such as 2026-03-06T21:07:30-05:00"
        if fault:
            faults[at] = fault
        else:
            faults.pop(at, None)
    return Read(us, faults)


def _moment(value: date, naive_time_zone: str | None) -> tuple[int, str | None]:
    """The instant of a datetime or date, or (0, what is wrong); a Timestamp's nanoseconds are dropped."""
    if isinstance(value, pd.Timestamp):
        value = value.to_pydatetime(warn=False)
    elif not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)  # noqa: DTZ001  a date alone is 00:00, naive
    if value.tzinfo is not None:
        us = (value - _EPOCH) // _MICROSECOND
    elif naive_time_zone is None:
        return 0, NAIVE
    else:
        local = np.array([(value.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND], np.int64)
        us = int(zone(naive_time_zone).instant_us(local)[0])
    return (us, None) if FIRST_US <= us <= LAST_US else (0, OUT_OF_RANGE)


def _loose(text: str) -> datetime | str:
    """What a person typed, such as "6 March 2026 9pm", where there is one way to read it; or the fault."""
    if not text.strip():
        return MISSING
    # Whatever is not said is taken from `default`; two of them show whether the date was said in full, and
    # the orders of day, month and year whether it was said clearly.
    defaults = [datetime(2000, 1, 1), datetime(2001, 2, 2)]  # noqa: DTZ001  what is naive stays naive
    orders = [(False, True), (True, True), (False, False), (True, False)]
    if re.match(_ISO_DATE, text.strip()):
        orders = orders[:1]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            readings = [
                parser.parse(text, default=default, dayfirst=day, yearfirst=year, tzinfos=_only_utc)
                for default in defaults
                for day, year in orders
            ]
    except (ValueError, OverflowError, Warning):
        return UNREADABLE
    if len(set(readings[: len(orders)])) > 1:
        return GUESSWORK
    return readings[0] if readings[0] == readings[-1] else INCOMPLETE


def _only_utc(name: str | None, offset: int | None) -> tzinfo | None:
    """Offsets, and the names that can mean nothing else; "EST" or "IST" mean several places."""
    if name is None:
        return None if offset is None else timezone(timedelta(seconds=offset))
    if name in {"Z", "UTC", "GMT"} and not offset:
        return UTC
    raise ValueError(f"{name} is not an offset")
