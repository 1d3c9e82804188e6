"""Entries, as people have them, become runs: who, from when, until when."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simcore import instants
from simcore.errors import EntryError, shown
from simcore.zones import Ints

NEVER_US: int = np.iinfo(np.int64).max
"""The end of a run that nothing ends."""

_WAY_OUT = "simcore.split_entries(entries) parts the rows that can be read from those that cannot"


@dataclass(frozen=True, eq=False)
class Runs:
    """Each time that a subscriber goes through a sequence, in the order of the entries.

    `subscriber_id` [runs], any dtype, as given; `number` int32 [runs], 1 for a subscriber's first run; `row`
    int64 [runs], the position of its entry; `entered_us` int64 [µs, UTC; runs]; `end_us` int64 [µs; runs], the
    instant from which on nothing is sent in it (`NEVER_US` where there is none).
    """

    subscriber_id: Any
    number: npt.NDArray[np.int32]
    row: Ints
    entered_us: Ints
    end_us: Ints

    def __len__(self) -> int:
        return len(self.entered_us)

    def named(self, run: int) -> str:
        """How an error names a run: its row and its subscriber."""
        return f"row {self.row[run]} (subscriber {shown(self.subscriber_id[run : run + 1][0])})"


def frame(entries: Any) -> pd.DataFrame:
    """Entries of every form (see `simcore.project`) as a DataFrame with `subscriber_id` and `entered_at`."""
    if isinstance(entries, pd.DataFrame):
        missing = [name for name in ("subscriber_id", "entered_at") if name not in entries.columns]
        if missing:
            names = ", ".join(str(name) for name in entries.columns) or "none"
            raise EntryError(
                f"entries: no column {' and no column '.join(missing)}; the columns are: {names}"
            )
        return entries
    if isinstance(entries, pd.Series):
        return pd.DataFrame({"subscriber_id": entries.index, "entered_at": entries.array})
    if isinstance(entries, str | bytes) or not hasattr(entries, "__len__"):
        raise EntryError(
            f"entries: found {shown(entries)}, expected a DataFrame with subscriber_id and entered_at, a Series of "
            "instants indexed by subscriber_id, or a list of instants"
        )
    if not isinstance(entries, pd.Index | np.ndarray | pd.api.extensions.ExtensionArray):
        entries = pd.Series(list(entries), dtype=object)
    if getattr(entries, "ndim", 1) != 1:
        raise EntryError(f"entries: an array of {entries.ndim} dimensions, expected one of instants")
    return pd.DataFrame({"subscriber_id": np.arange(len(entries)), "entered_at": entries})


def read(entries: pd.DataFrame, naive_time_zone: str | None) -> instants.Read:
    """The instants of entries, and what is wrong with the rows that cannot be used."""
    us, faults = instants.read(entries["entered_at"], naive_time_zone)
    nameless = entries["subscriber_id"].isna().to_numpy()
    if nameless.any():
        faults |= dict.fromkeys(np.flatnonzero(nameless).tolist(), "without a subscriber_id")
    return instants.Read(us, faults)


def runs(
    entries: Any, *, repeat: bool, vias: tuple[str, ...], until_us: int | None, naive_time_zone: str | None
) -> Runs:
    """The runs that entries start.

    Raises EntryError that names the rows that cannot be read, or whose `via` is not one of `vias` (spec K13).
    """
    given = frame(entries)
    entered_us, faults = read(given, naive_time_zone)
    if faults:
        raise instants.explain_faults("entered_at", given["entered_at"], faults, _WAY_OUT)
    if "via" in given.columns:
        via = given["via"]
        wrong = np.flatnonzero((via.notna() & ~via.isin(vias)).to_numpy()).tolist()
        if wrong:
            fault = f"not one of: {', '.join(vias)}"
            raise instants.explain_faults(
                "via", via, dict.fromkeys(wrong, fault), "mend those rows, or leave via out"
            )
    ids = given["subscriber_id"].array
    if isinstance(ids, pd.arrays.NumpyExtensionArray):
        ids = ids.to_numpy()
    row = np.arange(len(given))
    if until_us is not None and (entered_us >= until_us).any():
        row = np.flatnonzero(entered_us < until_us)
        ids, entered_us = ids[row], entered_us[row]
    number = np.ones(len(row), np.int32)
    end_us = np.full(len(row), NEVER_US)
    if _repeats(ids):
        number, end_us, taken = _again(ids, entered_us, repeat)
        if not taken.all():
            ids, number, row = ids[taken], number[taken], row[taken]
            entered_us, end_us = entered_us[taken], end_us[taken]
    return Runs(ids, number, row, entered_us, end_us)


def _repeats(ids: Any) -> bool:
    """Whether any subscriber stands there twice."""
    rising = isinstance(ids, np.ndarray) and ids.dtype.kind in "iu" and bool((ids[1:] > ids[:-1]).all())
    return not rising and not pd.Index(ids).is_unique


def _again(
    ids: Any, entered_us: Ints, repeat: bool
) -> tuple[npt.NDArray[np.int32], Ints, npt.NDArray[np.bool_]]:
    """Number and end of each entry's run, and whether it starts one at all (K14).

    A subscriber's entries count by time, ties in the order given. With `repeat` each starts a run and ends the
    one before it; without, only the first does.
    """
    codes, _ = pd.factorize(ids)
    order = np.lexsort((entered_us, codes))
    first = np.append(True, np.diff(codes[order]) != 0)
    place = np.arange(len(order))
    number = np.empty(len(order), np.int32)
    number[order] = place - np.maximum.accumulate(np.where(first, place, 0)) + 1
    end_us = np.full(len(order), NEVER_US)
    if not repeat:
        return number, end_us, number == 1
    again = np.flatnonzero(~first)
    end_us[order[again - 1]] = entered_us[order[again]]
    return number, end_us, np.ones(len(order), np.bool_)


def split(entries: Any, naive_time_zone: str | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Entries parted into those that can be read and those that cannot, these with a `reason` column."""
    instants.check_zone(naive_time_zone)
    given = frame(entries)
    _, faults = read(given, naive_time_zone)
    bad = np.zeros(len(given), np.bool_)
    bad[list(faults)] = True
    rejected = given[bad].copy()
    rejected["reason"] = pd.Series([faults[row] for row in sorted(faults)], index=rejected.index, dtype="str")
    return given[~bad], rejected


def read_until(until: Any, naive_time_zone: str | None) -> int | None:
    """The instant [µs] of `until`, or None."""
    return None if until is None else instants.read_one(until, "until", naive_time_zone)
