"""How much goes out when: sends counted by period, without making their rows."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simcore import instants
from simcore.engine import Round
from simcore.errors import EntryError, SimcoreError, shown
from simcore.periods import Periods, check, periods
from simcore.projection import Sequence, make
from simcore.zones import Ints, zone

_MOST = 1 << 53
"""Whole numbers below it are exact in floats too, in which numpy adds weights up."""


def forecast(
    sequence: Sequence,
    entries: Any = None,
    *,
    freq: str = "D",
    by: str | None = "email",
    events: Any = None,
    changes: Iterable[Any] = (),
    until: Any = None,
    include_drafts: bool = False,
    assumptions: Any = None,
    naive_time_zone: str | None = None,
    order: str = "entry",
    enabled_at: Any = None,
    render: bool = False,
) -> pd.DataFrame:
    """How many emails go out in each period, to all subscribers: what grouping `simcore.project` would give.

    `freq`: "15min", "h", "D" or "W" (weeks begin on Monday), periods as the wall clock of the sequence's zone
    shows them: a day may have 23 or 25 hours, and an hour that comes twice is two. `by="email"` gives a column
    for each position that sends; `by=None` one column `sends`. All else as for `simcore.project` (`order` and
    `render` change nothing). `entries` may be arrivals already counted: a DataFrame with `entered_at` and
    `count` (whole numbers, 0 or more), and no `subscriber_id`; each is a subscriber who comes once.

    Index `period` (datetime64[us, the sequence's zone]), the start of each, from the first to the last period
    with a send, without gaps; int64 columns, named by position (`by="email"`, in order) or `sends`.

    >>> import simcore
    >>> from simcore import kit
    >>> sequence = kit.load(simcore.example("welcome"))
    >>> counted = simcore.forecast(sequence, ["2026-03-06T21:07-05:00"] * 3, by=None)
    >>> [(day.strftime("%a %d"), int(sends)) for day, sends in counted["sends"].items() if sends]
    [('Fri 06', 6), ('Mon 09', 3), ('Thu 12', 3)]
    """
    check(freq)
    if by not in ("email", None):
        raise SimcoreError(f"by: found {shown(by)}, expected 'email' or None")
    counts, entries = _counts(entries, events)
    made = make(
        sequence,
        entries,
        events=events,
        changes=changes,
        until=until,
        include_drafts=include_drafts,
        assumptions=assumptions,
        naive_time_zone=naive_time_zone,
        order=order,
        enabled_at=enabled_at,
        render=render,
    )
    rounds = [item for item in made.outcome.rounds if item.step is not None and item.step.sends]
    rounds = [item for item in rounds if len(item.at)]
    place = zone(made.zone)
    if counts is not None:
        counts = counts[made.people.runs.row]
    positions = sorted({item.step.position for item in rounds if item.step is not None})
    found = periods(place, freq, *_ends(rounds))
    table = np.zeros((len(positions), len(found.starts_us)), np.int64)
    shared: dict[int, Ints] = {}
    for item in rounds:
        if item.step is not None:
            table[positions.index(item.step.position)] += _counted(item, counts, found, shared)
    some = np.flatnonzero(table.any(axis=0))
    part = slice(some[0], some[-1] + 1) if some.size else slice(0)
    index = pd.DatetimeIndex(instants.show(found.starts_us[part], made.zone), name="period")
    if by is None:
        return pd.DataFrame({"sends": table[:, part].sum(axis=0)}, index=index)
    used = table.any(axis=1)
    columns = pd.Index(np.array(positions, np.int64)[used], name="position")
    return pd.DataFrame(np.ascontiguousarray(table[used][:, part].T), index=index, columns=columns)


def _ends(rounds: list[Round]) -> tuple[int, int]:
    """The first and the last instant of all sends [µs]."""
    if not rounds:
        return 0, 0
    return (
        min(int(item.at.distinct_us.min()) for item in rounds),
        max(int(item.at.distinct_us.max()) for item in rounds),
    )


def _counted(
    item: Round, counts: Ints | None, found: Periods, shared: dict[int, Ints]
) -> npt.NDArray[np.int64]:
    """How many sends of a round there are in each period.

    Rounds of all runs that share an index share the counts of its distinct instants too: in `shared`, by it.
    """
    at, size = item.at, len(found.starts_us)
    weights = counts if counts is None or item.rows is None else counts[item.rows]
    if at.index is None:
        return _bins(found.of(at.distinct_us), weights, size)
    key = id(at.index)
    if item.rows is not None or key not in shared:
        of_distinct = _bins(at.index, weights, at.distinct_us.size)
        if item.rows is None:
            shared[key] = of_distinct
    else:
        of_distinct = shared[key]
    return _bins(found.of(at.distinct_us), of_distinct, size)


def _bins(place: Ints, weights: Ints | None, size: int) -> npt.NDArray[np.int64]:
    """How much falls to each of `size` places; exact, since all sums are below 2**53."""
    return np.bincount(place, weights, minlength=size).astype(np.int64, copy=False)


def _counts(entries: Any, events: Any) -> tuple[Ints | None, Any]:
    """How many arrivals each row of entries stands for (None: one each), and entries that have ids."""
    if not isinstance(entries, pd.DataFrame) or "count" not in entries.columns:
        return None, entries
    if "subscriber_id" in entries.columns or events is not None:
        beside = "subscriber_id" if "subscriber_id" in entries.columns else "events"
        raise EntryError(
            f"entries: count and {beside} together: arrivals that are counted are no single subscribers; leave "
            "one of them out"
        )
    given = entries["count"]
    counts = pd.to_numeric(given, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    bad = ~((counts >= 0) & (counts < _MOST) & (counts == np.floor(counts)))
    if bad.any() or isinstance(given.dtype, pd.BooleanDtype) or given.dtype == np.bool_:
        faults = dict.fromkeys(np.flatnonzero(bad | ~bad.any()).tolist(), "not a whole number of 0 or more")
        raise instants.explain_faults("entries: count", given, faults, "mend those rows, or leave them out")
    if counts.sum() >= _MOST:
        raise EntryError(f"entries: count: {counts.sum():.0f} arrivals are too many to count exactly")
    return counts.astype(np.int64), entries.assign(subscriber_id=np.arange(len(entries)))
