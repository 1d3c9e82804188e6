"""Recipients' own time zones, as people have them (T22)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from simcore.clock import instants
from simcore.clock.zones import NO_ZONE, Ints, zone_names
from simcore.engine import events
from simcore.errors import EntryError, shown, typed

_COLUMN = "time_zone"
_WAY_OUT = "mend those rows; for people whose zone is not known leave it empty, which means the sequence's"


def zones_of(given: Any, entries: pd.DataFrame | None, ids: Any) -> tuple[Ints, tuple[str, ...]]:
    """The zone of each entry, as its place among the names [int64; -1 for the sequence's], and the names.

    `given`: "time_zone", for that column of `entries`, or zones by subscriber. `ids`: the entries' subscribers. Raises
    EntryError for what is no zone, with the rows of the column, or else the subscribers.
    """
    if isinstance(given, Mapping | pd.Series):
        return _by_subscriber(pd.Series(given, dtype=object), ids)
    if not isinstance(given, str):
        raise EntryError(
            f"time_zones: found {typed(given)}, expected the name of a column of entries, or a dict or a Series of "
            "subscriber to zone"
        )
    if entries is None:
        raise EntryError(
            "time_zones: a column of entries, and there are no entries: give a dict or a Series of subscriber to zone"
        )
    if _COLUMN not in entries.columns:
        if not len(entries):
            return np.full(0, -1), ()
        columns = ", ".join(map(str, entries.columns))
        raise EntryError(f"time_zones: no column {_COLUMN} in entries; the columns are: {columns}")
    place, names, wrong = _read(entries[_COLUMN])
    if wrong.size:
        faults = dict.fromkeys(wrong.tolist(), NO_ZONE)
        raise instants.explain_faults("time_zones", entries[_COLUMN], faults, _WAY_OUT)
    return place, names


def _by_subscriber(zones: "pd.Series[Any]", ids: Any) -> tuple[Ints, tuple[str, ...]]:
    """Those of a dict or a Series; who is not in it has none."""
    if zones.index.has_duplicates:
        twice = shown(zones.index[zones.index.duplicated()][0])
        raise EntryError(f"time_zones: subscriber {twice} is there more than once")
    place, names, wrong = _read(zones)
    if wrong.size:
        lines = [f"time_zones: {wrong.size} of {len(zones)} subscribers have what is {NO_ZONE}"]
        lines += [
            f"  subscriber {shown(zones.index[row])}: {shown(zones.iloc[row])}" for row in wrong[:10].tolist()
        ]
        if wrong.size > 10:
            lines.append(f"  and {wrong.size - 10} more")
        raise EntryError("\n".join(lines))
    found = events.places(zones.index, ids)
    if len(zones) and len(ids) and (found < 0).all():
        raise EntryError(
            f"time_zones: none of its subscribers enters: {shown(zones.index[0])} there, {shown(ids[0])} in entries; "
            'expected the same ids, and 1 and "1" never match'
        )
    return np.append(place, -1)[found], names


def _read(values: "pd.Series[Any]") -> tuple[Ints, tuple[str, ...], Ints]:
    """The place of each value among the zones [-1 for none], these, and the rows whose value is no zone."""
    code, distinct = events.factorized(values)
    known = zone_names()
    names = [name for name in distinct if isinstance(name, str) and name in known]
    place = {name: at for at, name in enumerate(names)}
    missing = pd.isna(pd.Series([*distinct], dtype=object)).to_numpy()
    of_each = [
        place[name] if isinstance(name, str) and name in place else -1 if nothing or name == "" else -2
        for name, nothing in zip(distinct, missing.tolist(), strict=True)
    ]
    found = np.array([*of_each, -1], np.int64)[code]
    return found, tuple(names), np.flatnonzero(found == -2)
