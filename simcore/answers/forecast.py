"""How much goes out when: sends counted by period, without making their rows."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from simcore.answers.projection import make
from simcore.clock import instants
from simcore.clock.periods import check, periods
from simcore.clock.zones import FIRST_US, Ints, zone
from simcore.engine.rounds import Passed
from simcore.errors import EntryError, SimcoreError, shown
from simcore.plan.log import whole_id
from simcore.plan.platform import Sequence

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
    if by is not None and not (isinstance(by, str) and by == "email"):
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
    place = zone(made.zone)
    if counts is not None:
        counts = counts[made.people.runs.row]
    shared: dict[int, Ints] = {}
    rounds = [(item.step.position, *_counted(item, counts, shared)) for item in made.outcome.sends]
    ends = [int(end) for _, us, _ in rounds if us.size for end in (us.min(), us.max())] or [FIRST_US]
    found = periods(place, freq, min(ends), max(ends))
    positions = sorted({position for position, *_ in rounds})
    table = np.zeros((len(positions), found.starts_us.size), np.int64)
    for position, us, sends in rounds:
        table[positions.index(position)] += found.counts(us, sends)
    some = np.flatnonzero(table.any(axis=0))
    part = slice(some[0], some[-1] + 1) if some.size else slice(0)
    index = pd.DatetimeIndex(instants.show(found.starts_us[part], made.zone), name="period")
    if by is None:
        return pd.DataFrame({"sends": table[:, part].sum(axis=0)}, index=index)
    used = table.any(axis=1)
    columns = pd.Index(np.array(positions, np.int64)[used], name="position")
    return pd.DataFrame(np.ascontiguousarray(table[used][:, part].T), index=index, columns=columns)


def _counted(item: Passed, counts: Ints | None, shared: dict[int, Ints]) -> tuple[Ints, Ints | None]:
    """The instants of a round's sends [µs], and how many each has (None: one).

    Rounds of all runs that share an index share the counts of its distinct instants too: in `shared`, by it.
    """
    at = item.at
    weights = counts if counts is None or item.rows is None else counts[item.rows]
    key = id(at.index)
    if at.index is None:
        if weights is None:
            return at.distinct_us, None
        sends = weights
    elif item.rows is None and key in shared:
        sends = shared[key]
    else:
        sends = np.bincount(at.index, weights, minlength=at.distinct_us.size).astype(np.int64)
        if item.rows is None:
            shared[key] = sends
    # Of the distinct instants that rounds share, some may be those of runs that did not come so far.
    used = np.flatnonzero(sends)
    return at.distinct_us[used], sends[used]


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
    if pd.api.types.is_integer_dtype(given.dtype) or pd.api.types.is_float_dtype(given.dtype):
        counts = given.to_numpy(np.float64, na_value=np.nan)
    else:
        whole = [whole_id(each) for each in given]
        counts = np.array([np.nan if each is None else each for each in whole], np.float64)
    bad = ~((counts >= 0) & (counts < _MOST) & (counts == np.floor(counts)))
    if bad.any():
        faults = dict.fromkeys(np.flatnonzero(bad).tolist(), "not a whole number of 0 or more")
        raise instants.explain_faults("entries: count", given, faults, "mend those rows, or leave them out")
    if counts.sum() >= _MOST:
        raise EntryError(f"entries: count: {counts.sum():.0f} arrivals are too many to count exactly")
    return counts.astype(np.int64), entries.assign(subscriber_id=np.arange(len(entries)))
