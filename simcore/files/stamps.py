"""Instants as files and tables have them: aware columns, and texts of ISO 8601."""

from datetime import timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd

from simcore.clock import instants
from simcore.clock.words import EPOCH
from simcore.clock.zones import Ints, Zone


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
    split = instants_us % 1_000_000 != 0
    texts[split] = np.datetime_as_string(local[split], unit="us")
    offsets = [
        EPOCH.replace(tzinfo=timezone(timedelta(microseconds=us))).isoformat()[19:]
        for us in here.offsets_us.tolist()
    ]
    iso: list[str] = (texts + np.array(offsets, object)[here.stretch(instants_us)]).tolist()
    return iso
