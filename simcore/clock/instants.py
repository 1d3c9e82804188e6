"""The edge: what people have for times becomes instants, and instants become what people read.

Inside simcore an instant is an int64 [microseconds since 1970-01-01 UTC]; finer inputs are floored. Allowed
are 1970-01-01 to 2200-01-01 UTC, both ends included (T1). What is read is told by T24 and T25.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from numbers import Real
from typing import Any, Literal, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from simcore.clock import texts
from simcore.clock.grammar import FAULTS, MILLISECONDS, MISSING, SECONDS
from simcore.clock.grammar import GUESSWORK as GUESSWORK
from simcore.clock.grammar import INCOMPLETE as INCOMPLETE
from simcore.clock.grammar import UNREADABLE as UNREADABLE
from simcore.clock.zones import FIRST_US, LAST_US, Ints, zone
from simcore.errors import EntryError, SimcoreError, shown

Instant: TypeAlias = str | date | np.datetime64
"""What people write an instant as: a string, a datetime or Timestamp, a date (its midnight) or a datetime64."""
NAT_US: int = np.iinfo(np.int64).min
"""No instant: what pandas shows as NaT."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

NAIVE = (
    "has no time zone: give it an offset, such as 2026-03-06T21:07:30-05:00, "
    'or say how to read it with naive_time_zone="UTC" (or another zone)'
)
DAY_FIRST = "dayfirst=True reads 03/06/2026 as 3 June"
"""The way out of `GUESSWORK`, wherever a table is read."""
OUT_OF_RANGE = "out of range: expected 1970-01-01 to 2200-01-01 UTC"

Unit: TypeAlias = Literal["s", "ms"]
"""What numbers may count since 1970."""
_EXPECTED = "expected an instant, such as 2026-03-06T21:07:30-05:00"
_VERBS = ("begins", "gives", "has", "leaves", "names")
"""What a fault begins with that needs no "is" before it."""


class Read(NamedTuple):
    """Instants read: `us` int64 [µs, UTC], 0 where unreadable; `faults` says why, by position."""

    us: Ints
    faults: dict[int, str]


@dataclass(frozen=True)
class Reader:
    """How people's times are read: what the arguments of these names say, wherever they are taken.

    `naive_time_zone`: the zone in which times without one are wall-clock time; None refuses them. `unit`: "s" or
    "ms", what numbers count since 1970-01-01 UTC (text in digits alone too); None refuses them. `dayfirst`: in
    06/03/2026 the 6 is the day; where it is False only what can be read in one way is read. Raises SimcoreError
    for any other value. Rules: T24 and T25.

    >>> Reader(dayfirst=True, naive_time_zone="UTC").read(["06/03/2026"]).faults
    {}
    """

    naive_time_zone: str | None = None
    unit: Unit | None = None
    dayfirst: bool = False

    def __post_init__(self) -> None:
        check_zone(self.naive_time_zone)
        if self.unit not in (None, *texts.PER_US):
            raise SimcoreError(f"unit: found {shown(self.unit)}, expected 's' or 'ms'")
        if not isinstance(self.dayfirst, bool):
            raise SimcoreError(f"dayfirst: found {shown(self.dayfirst)}, expected True or False")

    def read(self, values: Any) -> Read:
        """The instants of an array-like of any kind that people have, and what is wrong with the others.

        `values`: datetime64 (any unit, naive or with a zone), strings, datetimes, Timestamps, or a mix, and where
        there is a `unit` numbers; one dimension.
        """
        array: Any = values.array if isinstance(values, pd.Series | pd.Index) else values
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
            return _stamps(np.asarray(array), self.naive_time_zone)
        if self.unit is not None and getattr(dtype, "kind", "") in tuple("iuf"):
            return self._numbers(pd.Series(array), dtype.kind)
        if isinstance(dtype, pd.StringDtype) or (isinstance(dtype, pd.ArrowDtype) and dtype.type is str):
            arrow = isinstance(dtype, pd.ArrowDtype) or dtype.storage == "pyarrow"
            return self._texts(array if arrow else array.to_numpy(object, na_value=""))
        ready = isinstance(array, np.ndarray) and array.dtype.kind == "O"
        values = array if ready else np.asarray(pd.Series(array, dtype=object))
        if pd.api.types.infer_dtype(values, skipna=False) == "string":
            return self._texts(values)
        strings = np.fromiter((isinstance(value, str) for value in values), np.bool_, len(values))
        return _merge(
            len(values),
            [
                (strings, lambda: self._texts(values[strings])),
                (~strings, lambda: self._objects(values[~strings])),
            ],
        )

    def read_one(self, value: Any, name: str) -> int:
        """The instant [µs, UTC] of a single value; EntryError that names the argument where it has none."""
        held = np.empty(1, object)
        held[0] = value
        us, faults = self.read(held)
        if faults.get(0) in {SECONDS, MILLISECONDS}:  # nothing says here what it counts
            raise EntryError(f"{name} must not be a number: found {shown(value)}, {_EXPECTED}")
        if faults:
            raise EntryError(f"{name}: {shown(value)} {_sentence(faults[0])}")
        return int(us[0])

    def _texts(self, given: Any) -> Read:
        us, zoned, fault = texts.read(given, self.unit, dayfirst=self.dayfirst)
        fine = fault == 0
        if (fine & zoned).all():
            return _counts(us, "us", None, aware=True)
        return _merge(
            len(us),
            [
                (fine & zoned, lambda: _counts(us[fine & zoned], "us", None, aware=True)),
                (fine & ~zoned, lambda: _counts(us[fine & ~zoned], "us", self.naive_time_zone, aware=False)),
                (
                    ~fine,
                    lambda: Read(us[~fine] * 0, dict(enumerate(FAULTS[place] for place in fault[~fine]))),
                ),
            ],
        )

    def _numbers(self, given: "pd.Series[Any]", kind: str) -> Read:
        """Numbers of a column that count the unit; of floats the nearest microsecond, since they are no finer."""
        missing = given.isna().to_numpy()
        dtype = {"i": np.int64, "u": np.uint64, "f": np.float64}[kind]
        counts: Any = given.mask(missing, 0).to_numpy(dtype)
        unit = str(self.unit)
        if kind == "f":
            inside = (counts >= 0) & (counts <= LAST_US / _PER_US[unit])
            counts, unit = np.rint(np.where(inside, counts, -1) * _PER_US[unit]).astype(np.int64), "us"
        elif kind == "u":
            counts = np.minimum(counts, np.uint64(2 * LAST_US)).astype(np.int64)
        us, faults = _counts(np.maximum(counts, -2 * LAST_US), unit, None, aware=True)
        return Read(np.where(missing, 0, us), faults | _mark(missing, MISSING))

    def _objects(self, values: npt.NDArray[np.object_]) -> Read:
        """Python objects of any kind but texts, one by one."""
        us = np.zeros(len(values), np.int64)
        faults: dict[int, str] = {}
        for at, value in enumerate(values):
            us[at], fault = self._one(value)
            if fault is not None:
                faults[at] = fault
        return Read(us, faults)

    def _one(self, value: Any) -> tuple[int, str | None]:
        """The instant of a single thing and None, or 0 and what is wrong with it."""
        if (
            value is None
            or value is pd.NaT
            or value is pd.NA
            or (isinstance(value, float) and np.isnan(value))
        ):
            return 0, MISSING
        if isinstance(value, np.datetime64):
            stamp = _stamps(np.array([value]), self.naive_time_zone)
            return int(stamp.us[0]), stamp.faults.get(0)
        if isinstance(value, Real | Decimal) and not isinstance(value, bool):
            return self._number(value.item() if isinstance(value, np.generic) else value)
        if not isinstance(value, date):
            return 0, f"a {type(value).__name__}: {_EXPECTED}"
        if isinstance(value, pd.Timestamp):
            value = value.to_pydatetime(warn=False)  # drops the nanoseconds, which floors
        elif not isinstance(value, datetime):
            value = datetime(value.year, value.month, value.day)  # noqa: DTZ001  a date alone is 00:00, naive
        if value.utcoffset() is not None:
            us = (value - _EPOCH) // _MICROSECOND
        elif self.naive_time_zone is None:
            return 0, NAIVE
        else:
            local_us = (value.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
            us = int(zone(self.naive_time_zone).instant_us(np.array([local_us]))[0])
        return (us, None) if FIRST_US <= us <= LAST_US else (0, OUT_OF_RANGE)

    def _number(self, value: Any) -> tuple[int, str | None]:
        """The instant that a single number counts up to; where none is asked for, by its size it may be meant."""
        if (isinstance(value, Decimal) and value.is_nan()) or value != value:
            return 0, MISSING
        if self.unit is None:
            meant = SECONDS if 10**8 <= value < 10**10 else MILLISECONDS if 10**10 <= value < 10**13 else None
            return 0, meant or f"a {type(value).__name__}: {_EXPECTED}"
        per_us = _PER_US[self.unit]
        if not 0 <= value <= LAST_US / per_us:
            return 0, OUT_OF_RANGE
        return int(round(value * per_us) if isinstance(value, float) else value * per_us // 1), None


def read(
    values: Any, naive_time_zone: str | None, *, unit: Unit | None = None, dayfirst: bool = False
) -> Read:
    """What `Reader` reads of `values`."""
    return Reader(naive_time_zone, unit, dayfirst).read(values)


def read_one(
    value: Any, name: str, naive_time_zone: str | None, *, unit: Unit | None = None, dayfirst: bool = False
) -> int:
    """What `Reader` reads of a single value, the argument `name`."""
    return Reader(naive_time_zone, unit, dayfirst).read_one(value, name)


def length_us(value: Any, name: str) -> int:
    """A length of time [µs], the argument `name`. Raises SimcoreError for anything else."""
    number = isinstance(value, int | float) or re.fullmatch(r"[-+\s\d.]*", str(value))
    try:
        length = pd.NaT if number else pd.Timedelta(value)
    except (TypeError, ValueError):
        length = pd.NaT
    if not length >= pd.Timedelta(0):
        raise SimcoreError(
            f'{name}: found {shown(value)}, expected a length of time of 0 or more, such as "15min"'
        )
    return int(length // pd.Timedelta(1, "us"))


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
    if GUESSWORK in faults.values():
        lines.append(DAY_FIRST)
    return EntryError("\n".join([*lines, way_out]), rows)


def frame_dtype(time_zone: str) -> pd.DatetimeTZDtype:
    """The dtype of instants that are shown: microseconds in the ordinary named zone, which pickles and saves."""
    return pd.DatetimeTZDtype("us", ZoneInfo(time_zone))


def show(instants_us: Ints, time_zone: str) -> Any:
    """Instants [µs, UTC; the smallest int64 is NaT] as a pandas array of aware times, without a copy.

    So they must be nobody else's: who changes the array changes them.
    """
    return pd.array(instants_us, dtype=frame_dtype(time_zone), copy=False)


def _sentence(fault: str) -> str:
    return fault if fault.startswith(_VERBS) else f"is {fault}"


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
