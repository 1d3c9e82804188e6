"""Many schedules at once: the metrics of each combination of fields."""

from collections.abc import Callable, Iterable, Mapping, Sized
from contextlib import AbstractContextManager
from functools import partial, reduce
from itertools import islice, product
from math import prod
from typing import Any, NamedTuple, Unpack

import numpy as np
import pandas as pd

from simcore.answers import timeline
from simcore.answers.options import Entries, ForecastOptions, read, takes
from simcore.answers.projection import Cache, Projection, Simulation, make, plan_of, tables
from simcore.clock.periods import Periods, periods
from simcore.clock.zones import DAY_US, FAR_US, FIRST_US, HOUR_US, LAST_US, Ints, Zone, zone
from simcore.engine.rounds import Passed
from simcore.engine.times import Kept, Times
from simcore.errors import SimcoreError, inside, shown
from simcore.plan.paths import parts
from simcore.plan.plan import Plan
from simcore.plan.platform import Sequence

_NIGHT_US = (22 * HOUR_US, 7 * HOUR_US)  # from the one to before the other
_SATURDAY = 5
_FURTHER_US = 92 * DAY_US
_SHARES = (0.5, 0.95)
_SAMPLE, _MARGIN = 1 << 11, 16
_FEW = 1 << 10  # so few instants are measured anew for each schedule
_NAMED = 400  # characters of a combination that an error shows
METRICS = ("median_days", "p95_days", "weekend_share", "night_share", "most_in_an_hour")
"""The default metrics of a schedule."""
LIMIT = 50_000
"""The default limit of combinations: of a few emails, two minutes and half a gigabyte."""


@takes(ForecastOptions)
def sweep(
    sequence: Sequence,
    fields: Mapping[str, Iterable[Any]],
    entries: Entries | None = None,
    *,
    metrics: Mapping[str, Callable[[Simulation], Any]] | None = None,
    limit: int = LIMIT,
    **options: Unpack[ForecastOptions],
) -> pd.DataFrame:
    """Measures every combination of field values: one row for each schedule, in the order of `itertools.product`.

    `fields`: values by path, such as `{"send_hour": range(24), "emails[2].delay_value": [1, 2, 3]}`. The paths are
    those of the sequence's `with_fields`. `metrics`: functions of a `simcore.Simulation` by name, instead of the five
    below; each schedule then takes as long as one `simcore.simulate`. `limit`: the most combinations that may be; they
    are counted before any is looked at. The other arguments are those of `simcore.project` (`order` and `render`
    change nothing).

    Returns one column for each path, named by it, with the values as given (lists as tuples). Then the metrics:
    `median_days` and `p95_days` (float64 [days], from entry to last send, over the runs that have a send; the
    percentile is interpolated linearly), `weekend_share` (float64, 0 to 1: sends on Saturday or Sunday) and
    `night_share` (float64: sends from 22:00 to before 07:00), both by the wall clock of the schedule's zone, and
    `most_in_an_hour` (int64: sends in the busiest hour of that clock, counted as by `simcore.forecast`). Metrics are
    NaN if nothing is sent. The index is a RangeIndex.

    Raises ValidationError for a combination that is not valid, and names it; SimcoreError for too many.

    >>> import simcore
    >>> from simcore import kit
    >>> welcome = kit.load(simcore.example("welcome"))
    >>> entries = simcore.arrivals(50, "2026-03-01", "2026-03-15", time_zone="America/New_York", seed=1)
    >>> found = simcore.sweep(welcome, {"send_hour": [6, 9], "emails[3].delay_value": [1, 2]}, entries)
    >>> found[["send_hour", "emails[3].delay_value", "median_days"]].round(1).to_numpy().tolist()
    [[6.0, 1.0, 3.0], [6.0, 2.0, 5.1], [9.0, 1.0, 3.1], [9.0, 2.0, 5.2]]
    """
    given = read(sweep, options)
    entries, given = tables(sequence, entries, given)
    plan_of(sequence, given.assumptions, given.include_drafts)
    values = _values(fields, metrics, limit)
    combinations = [*product(*values.values())]
    chosen = [dict(zip(values, combination, strict=True)) for combination in combinations]
    schedules = []
    for combination in chosen:
        with _named(combination):
            schedules.append(sequence.with_fields(combination))
    cache = Cache()
    default = _Metrics(cache)
    plans = [plan_of(schedule, given.assumptions, given.include_drafts) for schedule in schedules]
    measured: list[Any] = [None] * len(schedules)
    for number in _neighbours(plans):
        with _named(chosen[number]):
            projection = make(
                schedules[number], entries, given, notes=metrics is not None, plan=plans[number], cache=cache
            )
        if metrics is None:
            measured[number] = default.of(projection)
        else:
            life = projection.simulation()
            measured[number] = [metric(life) for metric in metrics.values()]
    names = METRICS if metrics is None else (*metrics,)
    columns = {
        path: _column(of_path) for path, of_path in zip(values, zip(*combinations, strict=True), strict=True)
    }
    return pd.DataFrame(columns | dict(zip(names, zip(*measured, strict=True), strict=True)))


def _values(fields: Any, metrics: Any, limit: Any) -> dict[str, list[Any]]:
    """The values of each field, as lists, once they are seen to be few enough."""
    if not isinstance(fields, Mapping) or not fields:
        raise SimcoreError(
            f'fields: found {shown(fields)}, expected a dict such as {{"send_hour": range(24)}}'
        )
    if metrics is not None and not _are_functions(metrics):
        raise SimcoreError(
            f"metrics: found {shown(metrics)}, expected a dict of functions of a simcore.Simulation, by name"
        )
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise SimcoreError(f"limit: found {shown(limit)}, expected a whole number of combinations, 1 or more")
    names = METRICS if metrics is None else metrics
    values: dict[str, Any] = {}
    for path, given in fields.items():
        parts(path)
        if path in names:
            raise SimcoreError(f"metrics: {path} is also the name of a field; give the metric another name")
        if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
            raise SimcoreError(f"fields: {path}: found {shown(given)}, expected a list of values")
        values[path] = given if isinstance(given, Sized) else [*islice(given, limit + 1)]
        if not _size(values[path]):
            raise SimcoreError(f"fields: {path}: found an empty list, expected one value or more")
        if values[path] is not given and len(values[path]) > limit:  # it may be endless
            raise SimcoreError(
                f"fields: {path}: more than {limit:,} values, expected at most {limit:,} combinations: give fewer "
                "values, or a higher limit="
            )
    sizes = [*map(_size, values.values())]
    if prod(sizes) > limit:
        told = " * ".join(f"{size:,}" for size in sizes)
        raise SimcoreError(
            f"fields: {f'{told} = ' if len(sizes) > 1 else ''}{prod(sizes):,} combinations, expected at most "
            f"{limit:,}: give fewer values, or limit={prod(sizes)}"
        )
    return {path: [*given] for path, given in values.items()}


def _size(values: Any) -> int:
    """How many values there are; of a range more than Python would say, too."""
    if isinstance(values, range):
        return max(0, -((values.start - values.stop) // values.step))
    return len(values)


def _are_functions(metrics: Any) -> bool:
    return (
        isinstance(metrics, Mapping)
        and len(metrics) > 0
        and all(isinstance(name, str) and callable(metric) for name, metric in metrics.items())
    )


def _named(chosen: dict[str, Any]) -> AbstractContextManager[None]:
    """Errors raised inside, about changes too, name the values of the schedule."""
    return inside("", f"in the combination {shown(chosen, _NAMED)}")


def _neighbours(plans: list[Plan]) -> list[int]:
    """The indices of plans, in an order that keeps those with equal first steps together."""
    numbers: dict[Any, int] = {}
    ways = [
        [numbers.setdefault((step.delay, step.gate), len(numbers)) for step in plan.steps] for plan in plans
    ]
    return sorted(range(len(plans)), key=ways.__getitem__)


def _column(values: tuple[Any, ...]) -> Any:
    """A column of values as given; lists become tuples, so that they can be grouped by."""
    if not any(value is None or isinstance(value, list | tuple | set | frozenset) for value in values):
        return list(values)
    column = np.empty(len(values), object)
    for row, value in enumerate(values):
        column[row] = tuple(value) if isinstance(value, list | set | frozenset) else value
    return pd.Series(column, dtype=object)


class _Load(NamedTuple):
    """Counts of some sends: all, on weekends, at night, and in each hour [int64, hours]."""

    sends: int
    weekend: int
    night: int
    hourly: Ints

    def plus(self, other: "_Load") -> "_Load":
        """The sum of both."""
        return _Load(
            self.sends + other.sends,
            self.weekend + other.weekend,
            self.night + other.night,
            self.hourly + other.hourly,
        )


class _Metrics:
    """The default metrics, from counts and distinct instants; what schedules share is measured once."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._hours: dict[str, tuple[Periods, int, int]] = {}

    def of(self, projection: Projection) -> tuple[float, float, float, float, int]:
        """Those of one schedule, in the order of `METRICS`."""
        rounds = [item for item in projection.outcome.sends if len(item.at)]  # all may be excluded
        if not rounds:
            return np.nan, np.nan, np.nan, np.nan, 0
        median, p95 = self._lengths_us(projection, rounds)
        load = self._load(projection, rounds)
        return (
            median / DAY_US,
            p95 / DAY_US,
            load.weekend / load.sends,
            load.night / load.sends,
            int(load.hourly.max()),
        )

    def _lengths_us(self, projection: Projection, rounds: list[Passed]) -> list[float]:
        """Quantiles of the lengths from entry to last send [µs], over the runs that have a send."""
        runs, times = projection.people.runs, self._cache.times(projection.people)
        last = rounds[-1].at
        index = last.index
        if index is None or any(item.rows is not None for item in rounds):
            sends, ended_us = timeline.tally(runs, rounds)
            lengths: list[float] = np.quantile((ended_us - runs.entered_us)[sends > 0], _SHARES).tolist()
            return lengths
        order = times.keep("order", runs, lambda: np.argsort(runs.entered_us, kind="stable"))
        entered_us = times.keep("sorted", order, lambda: runs.entered_us[order])
        stretches = times.keep("stretches", index, partial(_Stretches.of, index, order), len(runs))
        return stretches.quantiles(last.distinct_us, entered_us)

    def _load(self, projection: Projection, rounds: list[Passed]) -> "_Load":
        """The load of all sends."""
        runs, times = projection.people.runs, self._cache.times(projection.people)
        first_us = times.keep("first", runs, lambda: int(runs.entered_us.min()))
        # What is not sent, since its runs end before, may be due long after the last instant.
        last_us = min(LAST_US, max(item.at.last_us for item in rounds))
        hours, begin_us, end_us = self._within(projection.zone, first_us, last_us)
        key, here = ("load", projection.zone, begin_us, end_us), zone(projection.zone)
        big = [item.at for item in rounds if item.at.distinct_us.size >= _FEW]
        few = [item.at for item in rounds if item.at.distinct_us.size < _FEW]
        loads = [
            times.keep(key, at, partial(_load, [at], hours, here, times), hours.starts_us.size) for at in big
        ]
        if few:
            loads.append(_load(few, hours, here, times))
        return reduce(_Load.plus, loads)

    def _within(self, name: str, first_us: int, last_us: int) -> tuple[Periods, int, int]:
        """The hours of a zone from an instant or earlier to another or later, and from and until when."""
        *_, begin_us, end_us = self._hours.get(name, (FAR_US, FIRST_US))
        if first_us < begin_us or end_us < last_us:
            begin_us, end_us = min(first_us, begin_us), max(last_us + _FURTHER_US, end_us)
            self._hours[name] = periods(zone(name), "h", begin_us, end_us), begin_us, end_us
        return self._hours[name]


def _load(some: list[Times], hours: Periods, here: Zone, times: Kept) -> _Load:
    """The load of the sends at some instants."""
    us = np.concatenate([at.distinct_us for at in some])
    sends = np.concatenate([_sends(at, times) for at in some])
    local_us = here.local_us(us)
    clock_us = local_us % DAY_US
    weekend = (local_us // DAY_US + 3) % 7 >= _SATURDAY
    night = (clock_us >= _NIGHT_US[0]) | (clock_us < _NIGHT_US[1])
    hourly = hours.counts(us, sends)
    return _Load(int(sends.sum()), int(sends @ weekend), int(sends @ night), hourly)


def _sends(at: Times, times: Kept) -> Ints:
    """How many sends each distinct instant has [int64]."""
    size, index = at.distinct_us.size, at.index
    if index is None:
        return np.ones(size, np.int64)
    return times.keep("sends", index, lambda: np.bincount(index, minlength=size).astype(np.int64), size)


class _Stretches(NamedTuple):
    """Runs in the order of their entries, in stretches that have the same last send.

    `starts`, `ends` int64 [stretches], places among the runs; `which` int64 [stretches], the place of that send among
    the distinct ones. `sample` and `sample_which` int64 [some]: a few runs, and the same of each.
    """

    starts: Ints
    ends: Ints
    which: Ints
    sample: Ints
    sample_which: Ints

    @classmethod
    def of(cls, index: Ints, order: Ints) -> "_Stretches":
        """Those of runs that entered in this order, by the place of each one's last send."""
        index = index[order]
        starts = np.flatnonzero(np.append(True, np.diff(index) != 0))
        sample = np.arange(0, index.size, -(-index.size // _SAMPLE))
        return cls(starts, np.append(starts[1:], index.size), index[starts], sample, index[sample])

    def quantiles(self, last_us: Ints, entered_us: Ints) -> list[float]:
        """Quantiles of the lengths from entry to last send [µs], interpolated linearly; `entered_us` sorted.

        Exact, though most runs are only counted: those near a quantile of the sample are looked at.
        """
        sample_us = np.sort(last_us[self.sample_which] - entered_us[self.sample])
        at_us = last_us[self.which]
        most_us, least_us = at_us - entered_us[self.starts], at_us - entered_us[self.ends - 1]
        lengths_us = []
        for share in _SHARES:
            position = share * (entered_us.size - 1)
            rank, margin = int(position), _MARGIN
            ranks = [rank, min(rank + 1, entered_us.size - 1)]
            while True:
                middle = rank * sample_us.size // entered_us.size
                low, high = middle - margin, middle + margin
                low_us = sample_us[low] if low >= 0 else FIRST_US
                high_us = sample_us[high] if high < sample_us.size else FAR_US
                # Who entered later waits less: of the stretches that reach so far, a part waits from low to high.
                near = np.flatnonzero((most_us >= low_us) & (least_us <= high_us))
                due_us, starts, ends = at_us[near], self.starts[near], self.ends[near]
                begin = np.searchsorted(entered_us, due_us - high_us).clip(starts, ends)
                end = np.searchsorted(entered_us, due_us - low_us, "right").clip(begin, ends)
                below = int((self.ends - self.starts)[most_us < low_us].sum() + (ends - end).sum())
                counts = end - begin
                if below <= rank and ranks[-1] < below + counts.sum():
                    break
                margin *= 8
            runs = np.arange(counts.sum()) + np.repeat(begin - np.cumsum(counts) + counts, counts)
            near_us = np.sort(np.repeat(due_us, counts) - entered_us[runs])
            one_us, next_us = (int(near_us[at - below]) for at in ranks)
            lengths_us.append(one_us + (next_us - one_us) * (position - rank))
        return lengths_us
