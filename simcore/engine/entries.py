"""Entries, as people have them, read: who enters when, and by which way."""

import warnings
from collections.abc import Iterable, Mapping, Set
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simcore.clock import instants
from simcore.clock.zones import Ints, zone_names
from simcore.engine import events, frames
from simcore.errors import EntryError, shown, typed
from simcore.plan.columns import ENTRIES, Names
from simcore.text.wording import count, listed

WAY_OUT = "simcore.split_entries(entries) parts the rows that can be read from those that cannot"
_FEW = 3
"""So many names that are no zones are told."""


def frame(entries: Any) -> pd.DataFrame:
    """Entries of every form (see `simcore.project`) as a DataFrame with `subscriber_id` and `entered_at`."""
    if isinstance(entries, pd.DataFrame):
        events.columns("entries", entries, *ENTRIES)
        return entries
    if isinstance(entries, pd.Series):
        return pd.DataFrame({"subscriber_id": entries.index, "entered_at": entries.array})
    odd = isinstance(entries, str | bytes | Mapping | Set) or hasattr(
        type(entries), "columns"
    )  # a frame, if any
    if odd or not hasattr(entries, "__len__"):
        raise EntryError(
            f"entries: found {typed(entries)}, expected a DataFrame (of pandas, polars, pyarrow or such) or a list of "
            "dicts with subscriber_id and entered_at, a Series of instants indexed by subscriber_id, or a list of "
            "instants"
        )
    if not isinstance(entries, pd.Index | np.ndarray | pd.api.extensions.ExtensionArray):
        entries = pd.Series(list(entries), dtype=object)
    if getattr(entries, "ndim", 1) != 1:
        raise EntryError(f"entries: an array of {entries.ndim} dimensions, expected one of instants")
    if isinstance(entries, np.ndarray) and entries.dtype.kind == "M":
        entries = instants.plain(entries)
    return pd.DataFrame({"subscriber_id": np.arange(len(entries)), "entered_at": entries})


def read(entries: pd.DataFrame, how: instants.Reader) -> instants.Read:
    """The instants of entries, and what is wrong with the rows that cannot be used."""
    us, faults = how.read(entries["entered_at"])
    nobody = events.no_ids(entries["subscriber_id"])
    if nobody.any():
        faults |= dict.fromkeys(
            np.flatnonzero(nobody).tolist(), f"has a subscriber_id that is {events.NO_ID}"
        )
    nameless = entries["subscriber_id"].isna().to_numpy()
    if nameless.any():
        faults |= dict.fromkeys(np.flatnonzero(nameless).tolist(), "has no subscriber_id")
    return instants.Read(us, faults)


def vias_of(given: pd.DataFrame, vias: tuple[str, ...]) -> npt.NDArray[np.int8]:
    """The way of each entry, by its place in `vias`; the first where none is said (K13)."""
    if "via" not in given.columns:
        return np.zeros(len(given), np.int8)
    via = given["via"]
    place, distinct = events.factorized(via)
    code = pd.Index(vias, dtype=object).get_indexer(pd.Index([*distinct], dtype=object))[place]
    code[via.isna().to_numpy()] = 0
    if (code < 0).any():
        faults = dict.fromkeys(np.flatnonzero(code < 0).tolist(), f"not one of: {', '.join(vias)}")
        raise instants.explain_faults("via", via, faults, "fix those rows, or leave via out")
    return code.astype(np.int8)


def zones_of(given: "pd.Series[Any]") -> tuple[Ints, tuple[str, ...]]:
    """The own zone of each entry, by its place among the zones that are named; -1 for none (Q31).

    Warns of names that are no zones.
    """
    place, names = events.factorized(given)
    known = [name for name in names if isinstance(name, str) and name in zone_names()]
    code = np.array([known.index(name) if name in known else -1 for name in names], np.int64)
    rows = np.bincount(place, minlength=len(names)).tolist()
    odd = {
        shown(name): rows[at]
        for at, name in enumerate(names)
        if code[at] < 0 and not (pd.isna(name) is True or (isinstance(name, str) and not name.strip()))
    }
    if odd:
        told = [f"{name} in {count(number, 'row')}" for name, number in [*odd.items()][:_FEW]]
        more = [f"{len(odd) - _FEW} more"] if len(odd) > _FEW else []
        warnings.warn(
            f"entries: time_zone: no IANA time zone, so the sequence's is taken: {listed([*told, *more])}",
            stacklevel=2,
        )
    return code[place], tuple(known)


def split(
    entries: Any, how: instants.Reader, columns: Names | None, theirs: Iterable[Names]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Entries parted into those that can be read and those that cannot, these with a `reason` column.

    `columns` and `theirs` as for `plainly`. Columns keep their names.
    """
    given = frames.table("entries", entries)
    plain = frame(frames.plainly(given, None, columns, theirs)[0])
    _, faults = read(plain, how)
    given = given if isinstance(given, pd.DataFrame) else plain
    bad = np.zeros(len(given), np.bool_)
    bad[list(faults)] = True
    rejected = given[bad].copy()
    rejected["reason"] = pd.Series([faults[row] for row in sorted(faults)], index=rejected.index, dtype="str")
    return given[~bad], rejected


def read_until(until: Any, how: instants.Reader) -> int | None:
    """The instant [µs] of `until`, or None."""
    return None if until is None else how.read_one(until, "until")
