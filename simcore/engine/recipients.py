"""Recipients' own time zones, as people have them (T22)."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from simcore.clock import instants
from simcore.clock.zones import NO_ZONE, Ints, zone_names
from simcore.engine import events
from simcore.errors import EntryError, shown, typed
from simcore.plan.columns import ZONES, no_zones

_WAY_OUT = "mend those rows; for people whose zone is not known leave it empty, which means the sequence's"


class ByPerson(NamedTuple):
    """Zones by subscriber, read: of each of `ids` the place among `names` [int64; -1 for none]."""

    ids: Any
    place: Ints
    names: tuple[str, ...]

    def of(self, ids: Any) -> tuple[Ints, tuple[str, ...]]:
        """The zones of some subscribers, as `zones_of` gives them; who is not there has none."""
        return np.append(self.place, -1)[events.places(self.ids, ids)], self.names

    def items(self) -> Iterator[tuple[Any, str]]:
        """Each subscriber, and the name of the zone; "" for none."""
        return zip(self.ids, np.array([*self.names, ""], object)[self.place].tolist(), strict=True)


def zones_of(given: Any, entries: pd.DataFrame | None, ids: Any) -> tuple[Ints, tuple[str, ...]]:
    """The zone of each entry, as its place among the names [int64; -1 for the sequence's], and the names.

    `given`: "time_zone", for that column of `entries`, or zones by subscriber. `ids`: the entries' subscribers. Raises
    EntryError for what is no zone, with the rows of the column, or else the subscribers.
    """
    if isinstance(given, ByPerson):
        return given.of(ids)
    if isinstance(given, Mapping | pd.Series):
        return by_person(given, ids).of(ids)
    check(given)
    if entries is None:
        raise EntryError(
            "time_zones: a column of entries, and there are no entries: give a dict or a Series of subscriber to zone"
        )
    if ZONES not in entries.columns:
        if not len(entries):
            return np.full(0, -1), ()
        raise EntryError(no_zones(entries.columns))
    place, names, wrong = _read(entries[ZONES])
    if wrong.size:
        faults = dict.fromkeys(wrong.tolist(), NO_ZONE)
        raise instants.explain_faults("time_zones", entries[ZONES], faults, _WAY_OUT)
    return place, names


def check(given: Any) -> None:
    """Raises EntryError for what is none of the forms in which zones are given."""
    if not (given is None or isinstance(given, str | Mapping | pd.Series | ByPerson)):
        raise EntryError(
            f"time_zones: found {typed(given)}, expected the name of a column of entries, or a dict or a Series of "
            "subscriber to zone"
        )


def by_person(given: Any, *enter: Any) -> ByPerson:
    """The zones of a dict or a Series. `enter`: subscribers, of whom one at least must be there; none where that is
    for somebody else to say."""
    zones = pd.Series(given, dtype=object)
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
    there = [ids for ids in enter if len(ids)]
    if len(zones) and there and all((events.places(zones.index, ids) < 0).all() for ids in there):
        raise EntryError(
            f"time_zones: none of its subscribers enters: {shown(zones.index[0])} there, {shown(there[0][0])} in "
            'entries; expected the same ids, and 1 and "1" never match'
        )
    return ByPerson(zones.index, place, names)


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
