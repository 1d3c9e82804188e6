"""What pictures are given: frames of simcore's, checked."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from simcore.clock.periods import FREQUENCIES, periods
from simcore.clock.zones import Ints, Zone, zone
from simcore.errors import SimcoreError, shown
from simcore.show import drawing

if TYPE_CHECKING:
    pass


def check(name: str, given: Any, columns: Sequence[str], maker: str) -> None:
    """Raises SimcoreError for what is not a DataFrame, or lacks columns."""
    expected = f"expected a DataFrame from {maker}"
    if not isinstance(given, pd.DataFrame):
        raise SimcoreError(f"{name}: found a {type(given).__name__}, {expected}")
    if missing := [column for column in columns if column not in given.columns]:
        found = ", ".join(map(str, given.columns))
        raise SimcoreError(
            f"{name}: no column {', '.join(missing)}; found {shown(found)}, {expected}, with {', '.join(columns)}"
        )


def zone_of(name: str, dtype: Any) -> Zone:
    """The zone of instants of a dtype. Raises SimcoreError for what has none."""
    if not isinstance(dtype, pd.DatetimeTZDtype):
        raise SimcoreError(f"{name} is {dtype}; expected instants with a zone, such as datetime64[us, UTC]")
    return zone(str(dtype.tz))


def periods_of(forecast: Any) -> tuple[Zone, Ints, str]:
    """The zone of a forecast, the edges of its periods [int64, µs], and their `freq`."""
    check("forecast", forecast, (), "simcore.forecast")
    here = zone_of("forecast: its index", forecast.index.dtype)
    for column, dtype in forecast.dtypes.items():
        if dtype.kind not in "iuf":
            raise SimcoreError(f"forecast: column {shown(column)} is {dtype}; expected numbers of sends")
    starts_us = drawing.us(forecast.index)
    if not starts_us.size:
        return here, starts_us, "D"
    first_us, last_us = int(starts_us[0]), int(starts_us[-1])
    if (np.diff(starts_us) > 0).all():
        for freq in ("D", "W", "M", "h", "15min"):
            edges_us = periods(here, freq, first_us, last_us + 2 * FREQUENCIES[freq]).starts_us
            edges_us = edges_us[: starts_us.size + 1]
            if np.array_equal(edges_us[:-1], starts_us):
                return here, edges_us, freq
    raise SimcoreError(
        f"forecast: {len(starts_us):,} periods from {shown(str(forecast.index[0]))} to "
        f"{shown(str(forecast.index[-1]))}, expected quarters of an hour, hours, days, weeks or months of "
        f"{here.name} without gaps, as in a forecast from simcore.forecast"
    )
