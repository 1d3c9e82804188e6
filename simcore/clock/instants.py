"""The edge: what people have for times becomes instants, and instants become what people read.

Inside simcore an instant is an int64 [microseconds since 1970-01-01 UTC]; finer inputs are floored. Allowed
are 1970-01-01 to 2200-01-01 UTC, both ends included (T1). What is read is told by T24 and T25.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
from dateutil import parser

from simcore.clock.zones import FIRST_US, LAST_US, Ints, zone
from simcore.errors import EntryError, shown

Instant: TypeAlias = str | date | np.datetime64
"""What people write an instant as: a string, a datetime or Timestamp, a date (its midnight) or a datetime64."""
NAT_US: int = np.iinfo(np.int64).min
"""No instant: what pandas shows as NaT."""
_LONGEST = 200
"""So many characters a date and time may have that is not ISO 8601: the time to read more grows with their square."""
_FEW = 16  # so many strings are read one by one: setting up what reads them together costs more
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

_ISO_DATE = r"\d{4}(?:-\d\d-\d\d|\d{4})"
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
    dimension. Naive ones are read as wall-clock time in `naive_time_zone` (T24), or are a fault
    where it is None.
    """
    array = values.array if isinstance(values, pd.Series | pd.Index) else values
    if isinstance(array, pd.Categorical):
        array = array.astype(object if array.isna().any() else array.categories.dtype)
    dtype: Any = getattr(array, "dtype", None)
    if isinstance(dtype, pd.ArrowDtype) and hasattr(dtype.pyarrow_dtype, "tz"):
        kind = f"datetime64[{dtype.pyarrow_dtype.unit}"
        zoned = dtype.pyarrow_dtype.tz is not None
        stamps: Any = pd.Series(array)
        array = stamps.astype(f"{kind}, UTC]" if zoned else f"{kind}]").array
        dtype = array.dtype
    if isinstance(dtype, pd.DatetimeTZDtype):
        return _counts(pd.DatetimeIndex(array).asi8, dtype.unit, None, aware=True)
    if isinstance(dtype, np.dtype) and dtype.kind == "M":
        return _stamps(np.asarray(array), naive_time_zone)
    if isinstance(dtype, pd.StringDtype) or (isinstance(dtype, pd.ArrowDtype) and dtype.type is str):
        texts = pd.Series(array)
        return _merge(
            len(texts), [(texts.notna().to_numpy(), lambda: _texts(texts.dropna(), naive_time_zone))]
        )
    values = np.asarray(pd.Series(array, dtype=object))
    strings = np.fromiter((isinstance(value, str) for value in values), np.bool_, len(values))
    return _merge(
        len(values),
        [
            (strings, lambda: _texts(_series(values[strings]), naive_time_zone)),
            (~strings, lambda: _objects(values[~strings], naive_time_zone)),
        ],
    )


def _series(texts: npt.NDArray[np.object_]) -> "pd.Series[Any]":
    try:
        return pd.Series(texts)
    except UnicodeEncodeError:  # half a character (a lone surrogate), which pandas' own texts cannot hold
        return pd.Series(texts, dtype=object)


def read_one(value: Any, name: str, naive_time_zone: str | None) -> int:
    """The instant [µs, UTC] of a single value; EntryError that names the argument where it has none."""
    us, fault = _one(value, naive_time_zone)
    if fault is not None:
        raise EntryError(f"{name}: {shown(value)} {_sentence(fault)}")
    return us


def check_zone(name: str | None) -> None:
    """Raises SimcoreError where a `naive_time_zone` is no zone."""
    if name is not None:
        zone(name if isinstance(name, str) else repr(name))


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


def _merge(size: int, parts: list[tuple[npt.NDArray[np.bool_], Callable[[], Read]]]) -> Read:
    """The readings of some rows each, put together; rows that no part reads are missing."""
    us = np.zeros(size, np.int64)
    faults: dict[int, str] = {}
    unread = np.ones(size, np.bool_)
    for rows, reading in parts:
        where = np.flatnonzero(rows)
        if where.size:
            some = reading()
            us[where] = some.us
            faults |= {int(where[at]): fault for at, fault in some.faults.items()}
            unread[where] = False
    return Read(us, faults | _mark(unread, MISSING))


def plain(stamps: npt.NDArray[np.datetime64]) -> npt.NDArray[np.datetime64]:
    """datetime64 of any unit in one that pandas knows, floored; what is out of all range stays so."""
    unit, multiple = np.datetime_data(stamps.dtype)
    if unit in _PER_US and multiple == 1:
        return stamps
    if unit in {"ps", "fs", "as"}:
        return stamps.astype("datetime64[us]")
    years = stamps.astype("datetime64[Y]").view(np.int64)  # coarser first: finer could wrap
    known = (np.abs(years) < 1000) | np.isnat(stamps)
    return np.where(known, stamps, np.datetime64("2900", "Y")).astype("datetime64[us]")


def _stamps(stamps: npt.NDArray[np.datetime64], naive_time_zone: str | None) -> Read:
    """Naive datetime64 of any unit."""
    stamps = plain(stamps)
    return _counts(stamps.view(np.int64), np.datetime_data(stamps.dtype)[0], naive_time_zone, aware=False)


_PER_US = {"s": 10**6, "ms": 10**3, "us": 1, "ns": 1}


def _counts(counts: Ints, unit: str, naive_time_zone: str | None, *, aware: bool) -> Read:
    """Counts of a unit since 1970, the smallest int64 for NaT: whole microseconds, floored.

    By integers, because the casts of numpy and pandas wrap, truncate or raise.
    """
    per_us, most = _PER_US[unit], 2 * LAST_US // _PER_US[unit]
    us = counts
    if unit == "ns":
        us = counts // 1000
    elif per_us > 1:
        us = np.where((counts >= -most) & (counts <= most), counts, -most) * per_us
    if not aware:
        if naive_time_zone is None:
            missing = counts == NAT_US
            return Read(np.zeros(us.shape, np.int64), _mark(missing, MISSING) | _mark(~missing, NAIVE))
        us = zone(naive_time_zone).instant_us(us)
    if us.size and (us.min() < FIRST_US or us.max() > LAST_US):
        missing = counts == NAT_US
        outside = ~missing & ((us < FIRST_US) | (us > LAST_US))
        return Read(
            np.where(missing | outside, 0, us), _mark(missing, MISSING) | _mark(outside, OUT_OF_RANGE)
        )
    return Read(us, {})


def _mark(rows: npt.NDArray[np.bool_], fault: str) -> dict[int, str]:
    return dict.fromkeys(np.flatnonzero(rows).tolist(), fault)


def _texts(texts: "pd.Series[Any]", naive_time_zone: str | None) -> Read:
    """Strings: ISO 8601 all together, whatever else people write one by one (each distinct one once)."""
    us = np.zeros(len(texts), np.int64)
    faults: dict[int, str] = {}
    texts = texts.reset_index(drop=True)
    for pattern, aware in ((_ISO_AWARE, True), (_ISO_NAIVE, False)):
        if len(texts) > _FEW:
            iso = texts[texts.str.fullmatch(pattern).astype(bool)]
            stamps = pd.to_datetime(iso, format="ISO8601", utc=aware, errors="coerce").dropna()
            where = stamps.index.to_numpy()
            some = read(stamps, naive_time_zone)
            us[where] = some.us
            faults |= {int(where[at]): fault for at, fault in some.faults.items()}
            texts = texts.drop(stamps.index)
    code, distinct = pd.factorize(texts.to_numpy(object))
    for text, (_, rows) in zip(distinct, pd.Series(texts.index).groupby(code), strict=True):
        at_us, fault = _one(text, naive_time_zone)
        us[rows] = at_us
        if fault is not None:
            faults |= dict.fromkeys(rows.tolist(), fault)
    return Read(us, faults)


def _objects(values: npt.NDArray[np.object_], naive_time_zone: str | None) -> Read:
    """Python objects of any kind, one by one."""
    us = np.zeros(len(values), np.int64)
    faults: dict[int, str] = {}
    for at, value in enumerate(values):
        us[at], fault = _one(value, naive_time_zone)
        if fault is not None:
            faults[at] = fault
    return Read(us, faults)


def _one(value: Any, naive_time_zone: str | None) -> tuple[int, str | None]:
    """The instant of a single thing and None, or 0 and what is wrong with it."""
    if isinstance(value, str):
        value = _parsed(str(value))
        if isinstance(value, str):
            return 0, value
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return 0, MISSING
    if isinstance(value, np.datetime64):
        stamp = _stamps(np.array([value]), naive_time_zone)
        return int(stamp.us[0]), stamp.faults.get(0)
    if not isinstance(value, date):
        return 0, f"a {type(value).__name__}: expected an instant, such as 2026-03-06T21:07:30-05:00"
    if isinstance(value, pd.Timestamp):
        value = value.to_pydatetime(warn=False)  # drops the nanoseconds, which floors
    elif not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)  # noqa: DTZ001  a date alone is 00:00, naive
    if value.utcoffset() is not None:
        us = (value - _EPOCH) // _MICROSECOND
    elif naive_time_zone is None:
        return 0, NAIVE
    else:
        local_us = (value.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
        us = int(zone(naive_time_zone).instant_us(np.array([local_us]))[0])
    return (us, None) if FIRST_US <= us <= LAST_US else (0, OUT_OF_RANGE)


def _parsed(text: str) -> datetime | str:
    """What a string says, or the fault in it."""
    if re.fullmatch(f"{_ISO_AWARE}|{_ISO_NAIVE}", text):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            return UNREADABLE
    return _loose(text)


def _loose(text: str) -> datetime | str:
    """What a person typed, such as "6 March 2026 9pm", where there is one way to read it; or the fault."""
    if not text.strip():
        return MISSING
    if len(text) > _LONGEST:
        return UNREADABLE
    # An offset needs a time before it; and people disagree on which way UTC+3 is.
    if re.match(rf"\s*{_ISO_DATE}\s*[+-]", text) or re.search(r"(?i)(UTC|GMT|Z)\s*[+-]", text):
        return UNREADABLE
    # Whatever is not said is taken from `default`; two of them show whether the date was said in full, and
    # the orders of day, month and year whether it was said clearly.
    defaults = [datetime(2000, 1, 1), datetime(2001, 2, 2)]  # noqa: DTZ001  what is naive stays naive
    orders = [(False, True), (True, True), (False, False), (True, False)]
    if re.match(_ISO_DATE, text.strip()):
        orders = orders[:1]
    try:
        readings = [
            parser.parse(text, default=default, dayfirst=day, yearfirst=year, tzinfos=_only_utc)
            for default in defaults
            for day, year in orders
        ]
    except (ValueError, OverflowError):
        return UNREADABLE
    if len(set(readings[: len(orders)])) > 1:
        return GUESSWORK
    if readings[0] != readings[-1]:
        return INCOMPLETE
    named = re.search(r"(?i)\b(mon|tue|wed|thu|fri|sat|sun)(?:day|s|sday|nesday|r|rs|rsday|urday)?\b", text)
    if named and not readings[0].strftime("%A").lower().startswith(named[1].lower()):
        return f"names a weekday that its date is not: that is a {readings[0]:%A}"
    return readings[0]


def _only_utc(name: str | None, offset: int | None) -> tzinfo | None:
    """Offsets, and the names that can mean nothing else; "EST" or "IST" mean several places."""
    if name is None:
        return None if offset is None else timezone(timedelta(seconds=offset))
    if name in {"Z", "UTC", "GMT"} and not offset:
        return UTC
    raise ValueError(f"{name} is not an offset")
