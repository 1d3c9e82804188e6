"""How many emails go out in each period, counted without making their rows."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, Unpack

import numpy as np
import pandas as pd

from simcore.answers import capacity as limits
from simcore.answers.options import Entries, EventLog, ForecastOptions, Freq, read, takes
from simcore.answers.projection import Projection, make, tables
from simcore.clock import instants
from simcore.clock.periods import check, periods
from simcore.clock.zones import FIRST_US, Ints, zone
from simcore.engine.rounds import Passed
from simcore.errors import EntryError, SimcoreError, shown
from simcore.plan.log import whole_id
from simcore.plan.platform import Sequence

_MOST = 1 << 53
"""Whole numbers below it are exact in floats too, in which numpy adds weights up."""

_MANY_PERIODS = 16
MOST_TABLE = 2 << 30
"""So many bytes a forecast may have: 2 GiB, which is 44 emails in each quarter hour of 170 years."""


@takes(ForecastOptions)
def forecast(
    sequence: Sequence,
    entries: Entries | None = None,
    *,
    freq: Freq = "D",
    by: Literal["email", "total"] | None = "email",
    capacity: Mapping[Freq, int | Iterable[int]] | None = None,
    **options: Unpack[ForecastOptions],
) -> pd.DataFrame:
    """How many emails go out in each period, to all subscribers: the same counts as grouping `simcore.project`.

    `freq`: "15min", "h", "D", "W" (weeks begin on Monday) or "M" (months), by the wall clock of the sequence's zone. A
    day may have 23 or 25 hours, and an hour that comes twice counts as two. `by="email"`: one column for each position
    that sends. `by="total"`, or None: one column, `sends`. The other arguments are those of `simcore.project` (`order`
    and `render` change nothing). `entries` may also be arrivals already counted: a DataFrame with `entered_at` and
    `count` (whole numbers, 0 or more) and no `subscriber_id`. Each arrival is then a subscriber who comes once.

    Returns int64 columns, named by position (`by="email"`, in order) or `sends`. The index `period` (datetime64[us,
    the sequence's zone]) is the start of each period, from the first to the last period with a send, without gaps. By
    email, `attrs["emails"]` has the subject of each position, by which pictures name them. Raises SimcoreError for a
    table of more than 2 GiB (`MOST_TABLE`), before it is made.

    `capacity={"D": 5000}`: a sending limit for each period, by one of the `freq`s; `{"D": [1000, 2000, 4000]}` is a
    ramp, as when a new domain is warmed up: the limit of the first period with an email, of the second, and so on; the
    last one holds from there on. First come, first served: what does not fit waits, and goes out from the beginning of
    the next period on, before what comes due in it. An email that waits does not delay those that follow it. (For a
    limit for each person, see `simcore.Cap`.) The result then has a row for each period of the limit (leave `freq`
    out; `by` changes nothing) until nothing waits, with these columns:

    - `due`, `sent`, `waiting` (int64): the emails that come due in the period, that go out in it, and that wait at its
      end;
    - `late` (int64): how many of those that go out have waited (its sum is how many are ever late);
    - `median_late`, `max_late` (timedelta64[us]): how long after they were due those of the period go out (0 for those
      in time, NaT if none goes out; the median is one that an email has: of two in the middle, the shorter).

    Raises SimcoreError for a limit that is none, and if emails would still wait in 2200.

    >>> import simcore
    >>> from simcore import kit
    >>> sequence = kit.load(simcore.example("welcome"))
    >>> counted = simcore.forecast(sequence, ["2026-03-06T21:07-05:00"] * 3, by=None)
    >>> [(day.strftime("%a %d"), int(sends)) for day, sends in counted["sends"].items() if sends]
    [('Fri 06', 6), ('Mon 09', 3), ('Thu 12', 3)]
    >>> slowly = simcore.forecast(sequence, ["2026-03-06T21:07-05:00"] * 3, capacity={"D": [3, 2]})
    >>> slowly["sent"].tolist(), int(slowly["late"].sum()), str(slowly["max_late"].max())
    ([3, 2, 1, 2, 1, 0, 2, 1], 5, '1 days 00:45:00')
    """
    given = read(forecast, options)
    check(freq)
    if by is not None and not (isinstance(by, str) and by in {"email", "total"}):
        raise SimcoreError(f"by: found {shown(by)}, expected 'email', 'total' or None")
    limit = None if capacity is None else limits.read(capacity, freq)
    entries, given = tables(sequence, entries, given)
    counts, entries = arrivals(entries, given.events)
    projection = make(sequence, entries, given).warned()
    if limit is not None:
        return limited(projection, counts, limit)
    return by_period(projection, counts, freq, by)


def limited(projection: Projection, counts: Ints | None, limit: limits.Limit) -> pd.DataFrame:
    """What `forecast` gives under a limit, of a projection; `counts` as for `by_period`."""
    return limits.queue([each[1:] for each in _rounds(projection, counts)], projection.zone, limit)


def by_period(
    projection: Projection, counts: Ints | None, freq: Freq, by: Literal["email", "total"] | None
) -> pd.DataFrame:
    """What `forecast` gives, of a projection; `counts`: how many arrivals each row of its entries stands for."""
    rounds = _rounds(projection, counts)
    if by != "email":
        rounds = [(0, us, sends) for _, us, sends in rounds]
    found = tabled(rounds, projection.zone, freq)
    if by != "email":
        return pd.DataFrame({"sends": found[0] if 0 in found else np.empty(0, np.int64)}, index=found.index)
    steps = [
        *(item.step for item in projection.outcome.sends),
        *reversed(projection.steps()),
    ]  # the last wins
    subjects = {step.position: step.subject for step in steps}
    found.attrs["emails"] = [{"position": at, "subject": subjects[at]} for at in found.columns.tolist()]
    return found.rename_axis(columns="position")


def sent(projection: Projection, column: int) -> list[tuple[int, Ints, Ints | None]]:
    """All sends of a projection, as `tabled` counts them in one column."""
    cache: dict[int, Ints] = {}
    return [(column, *_sends(item, None, cache)) for item in projection.outcome.sends]


def tabled(rounds: Iterable[tuple[int, Ints, Ints | None]], place: str, freq: Freq) -> pd.DataFrame:
    """How many sends are in each period, by column; from the first to the last period with a send.

    `rounds`: a column's number, instants [µs], and how many sends are at each (None: one). `place`: the zone of the
    periods. Raises SimcoreError for a table that is too large.
    """
    rounds = [each for each in rounds if each[1].size]
    edges_us = [int(edge) for _, us, _ in rounds for edge in (us.min(), us.max())] or [FIRST_US]
    grid = periods(zone(place), freq, min(edges_us), max(edges_us))
    columns = sorted({column for column, *_ in rounds})
    size = grid.starts_us.size * len(columns) * 8
    if size > MOST_TABLE:
        raise SimcoreError(
            f"freq: {len(columns)} positions in {grid.starts_us.size:,} periods of {freq!r} are a table of "
            f"{size / 2**30:.1f} GiB, expected at most {MOST_TABLE / 2**30:g} GiB: give longer periods, an earlier "
            "until=, or by='total'"
        )
    table = np.zeros((grid.starts_us.size, len(columns)), np.int64)
    for number, us, sends in rounds:
        column = table[:, columns.index(number)]
        if (
            us.size < len(column) // _MANY_PERIODS
        ):  # what they are counted in would be larger by far than they are
            np.add.at(column, grid.of(us), 1 if sends is None else sends)
        else:
            column += grid.counts(us, sends)
    busy = np.flatnonzero(table.any(axis=1))
    part = slice(busy[0], busy[-1] + 1) if busy.size else slice(0)
    index = pd.DatetimeIndex(instants.show(grid.starts_us[part], place), name="period")
    return pd.DataFrame(table[part], index=index, columns=pd.Index(columns, dtype=np.int64))


def _rounds(projection: Projection, counts: Ints | None) -> list[tuple[int, Ints, Ints | None]]:
    """Of each round that sends: the position, the instants [µs], and how many sends are at each (None: one)."""
    if counts is not None:
        counts = counts[projection.people.runs.row]
    cache: dict[int, Ints] = {}
    return [(item.step.position, *_sends(item, counts, cache)) for item in projection.outcome.sends]


def _sends(item: Passed, counts: Ints | None, cache: dict[int, Ints]) -> tuple[Ints, Ints | None]:
    """The instants of a round's sends [µs], and how many sends are at each (None: one).

    Rounds of all runs that share an index share the counts of its distinct instants too, in `cache`.
    """
    at = item.at
    weights = counts if counts is None or item.rows is None else counts[item.rows]
    key = id(at.index)
    if at.index is None:
        if weights is None:
            return at.distinct_us, None
        sends = weights
    elif item.rows is None and key in cache:
        sends = cache[key]
    else:
        sends = np.bincount(at.index, weights, minlength=at.distinct_us.size).astype(np.int64)
        if item.rows is None:
            cache[key] = sends
    # Of the distinct instants that rounds share, some may be those of runs that did not come so far.
    used = np.flatnonzero(sends)
    return at.distinct_us[used], sends[used]


def arrivals(entries: Entries | None, events: EventLog | None) -> tuple[Ints | None, Entries | None]:
    """How many arrivals each row of entries stands for (None: one each), and entries that have ids."""
    if not isinstance(entries, pd.DataFrame) or "count" not in entries.columns:
        return None, entries
    if "subscriber_id" in entries.columns or events is not None:
        other = "subscriber_id" if "subscriber_id" in entries.columns else "events"
        raise EntryError(
            f"entries: found count and {other} together, expected one of them: counted arrivals are not single "
            "subscribers; leave one out"
        )
    column: Any = entries["count"]
    if pd.api.types.is_integer_dtype(column.dtype) or pd.api.types.is_float_dtype(column.dtype):
        counts = column.to_numpy(np.float64, na_value=np.nan)
    else:
        numbers = map(whole_id, column)
        counts = np.array([np.nan if number is None else number for number in numbers], np.float64)
    bad = ~((counts >= 0) & (counts < _MOST) & (counts == np.floor(counts)))
    if bad.any():
        faults = dict.fromkeys(np.flatnonzero(bad).tolist(), "not a whole number of 0 or more")
        raise instants.explain_faults("entries: count", column, faults, "fix those rows, or leave them out")
    if counts.sum() >= _MOST:
        raise EntryError(f"entries: count: {counts.sum():.0f} arrivals are too many to count exactly")
    return counts.astype(np.int64), entries.assign(subscriber_id=np.arange(len(entries)))
