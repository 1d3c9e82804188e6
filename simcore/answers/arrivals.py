"""Synthetic entries, from a Poisson process."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simcore.clock import instants
from simcore.clock.instants import Instant
from simcore.clock.periods import periods
from simcore.clock.zones import DAY_US, HOUR_US, Ints, zone
from simcore.errors import SimcoreError, shown

_MOST = 10**9  # rows of a frame that no machine is likely to hold


def arrivals(
    per_day: float,
    start: Instant,
    end: Instant,
    *,
    time_zone: str = "UTC",
    weekday: Sequence[float] | None = None,
    hour: Sequence[float] | None = None,
    seed: int | None = None,
) -> pd.DataFrame:
    """Entries of subscribers who come one by one, at random and independently: a Poisson process.

    `per_day`: how many come on average in 24 hours (0 or more). `start`, `end`: instants, from `start` to before
    `end`; without an offset they are wall-clock time in `time_zone`. `weekday`: 7 weights, from Monday. `hour`: 24
    weights, from midnight. A weight says how likely an arrival is then, compared with the average, by the wall clock
    of `time_zone`. (Weights are divided by their mean, so that `per_day` stays the average of a week without clock
    changes.) Nobody comes in an hour that the clock skips; an hour that it shows twice counts twice. The same `seed`
    gives the same entries; None gives different ones each time.

    Returns the columns `subscriber_id` (int64, 0, 1, 2, …) and `entered_at` (datetime64[us, time_zone]), in order of
    time.

    Raises SimcoreError for weights or a rate that are not valid, and for more arrivals than memory holds. Raises
    EntryError for instants that cannot be read.

    >>> people = arrivals(1000, "2026-03-07", "2026-03-10", time_zone="America/New_York", seed=1)
    >>> round(len(people) / 71 * 24, -3), people["entered_at"].is_monotonic_increasing  # 71 hours
    (1000.0, True)
    """
    here = zone(time_zone)
    rate = float(_numbers("per_day", [per_day], 1)[0])
    if seed is not None and not (isinstance(seed, Integral) and not isinstance(seed, bool) and seed >= 0):
        raise SimcoreError(f"seed: found {shown(seed)}, expected a whole number of 0 or more, or None")
    start_us, end_us = (
        instants.read_one(value, name, time_zone) for name, value in (("start", start), ("end", end))
    )
    if end_us < start_us:
        raise SimcoreError(f"end: found {shown(end)}, expected an instant at or after start ({shown(start)})")
    by_day, by_hour = (
        np.ones(size) if weights is None else _weights(name, weights, size)
        for name, weights, size in (("weekday", weekday, 7), ("hour", hour, 24))
    )
    # Each hour of the wall clock is a piece of time with a rate of its own.
    begins_us = np.maximum(periods(here, "h", start_us, max(start_us, end_us - 1)).starts_us, start_us)
    lengths_us = np.diff(np.append(begins_us, end_us))
    local_us = here.local_us(begins_us)
    days = (
        by_day[(local_us // DAY_US + 3) % 7] * by_hour[local_us % DAY_US // HOUR_US] * (lengths_us / DAY_US)
    )
    expected = rate * float(days.sum())
    if expected > _MOST:
        raise SimcoreError(f"per_day: found about {expected:.3g} arrivals in all, expected at most {_MOST:,}")
    try:
        return _drawn(np.random.default_rng(seed), rate * days, begins_us, lengths_us, time_zone)
    except MemoryError:
        raise SimcoreError(
            f"per_day: there is not enough memory for about {expected:.3g} arrivals: give a lower rate or a shorter "
            "range. For forecast you can count arrivals instead (the columns entered_at and count)"
        ) from None


def _drawn(
    rng: np.random.Generator, expected: Any, begins_us: Ints, lengths_us: Ints, time_zone: str
) -> pd.DataFrame:
    """Arrivals in pieces of time, of which so many are `expected` in each."""
    count = rng.poisson(expected)
    offset_us = rng.integers(0, np.repeat(np.maximum(lengths_us, 1), count))
    entered_us = np.sort(np.repeat(begins_us, count) + offset_us)
    return pd.DataFrame({
        "subscriber_id": np.arange(entered_us.size),
        "entered_at": instants.show(entered_us, time_zone),
    })


def _weights(name: str, given: Any, size: int) -> npt.NDArray[np.float64]:
    """Weights whose mean is 1."""
    numbers = _numbers(name, given, size)
    numbers = numbers / numbers.max()  # first, so that no sum is too great for a float
    weights: npt.NDArray[np.float64] = numbers / numbers.mean()
    return weights


def _numbers(name: str, given: Any, size: int) -> npt.NDArray[np.float64]:
    """`size` finite numbers of 0 or more; weights are not all 0."""
    try:
        numbers = np.asarray(given)
    except ValueError:  # lists of different lengths
        numbers = np.empty(0)
    if numbers.shape == (size,) and numbers.dtype.kind in "iuf":
        right = np.isfinite(numbers).all() and (numbers >= 0).all()
        if right and (size == 1 or numbers.any()):
            return numbers.astype(np.float64)
    expected = "a number of 0 or more" if size == 1 else f"{size} numbers of 0 or more, not all of them 0"
    raise SimcoreError(f"{name}: found {shown(given[0] if size == 1 else given)}, expected {expected}")
