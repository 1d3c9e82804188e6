"""The default metrics of a schedule, from counts and distinct instants: exact, and rounded once."""

from collections.abc import Iterable
from functools import partial, reduce
from typing import NamedTuple

import numpy as np

from simcore.answers import timeline
from simcore.answers.projection import Cache, Projection
from simcore.clock.periods import Periods, periods
from simcore.clock.zones import DAY_US, FAR_US, FIRST_US, HOUR_US, LAST_US, Ints, Zone, zone
from simcore.engine.rounds import Passed
from simcore.engine.times import Kept, Times

METRICS = ("median_days", "p95_days", "weekend_share", "night_share", "most_in_an_hour")
"""The default metrics of a schedule."""
NIGHT_US = (22 * HOUR_US, 7 * HOUR_US)
"""From the one to before the other [µs of the day]."""
SATURDAY = 5
SHARES = ((1, 2), (19, 20))
"""The quantiles among the metrics, as fractions."""
_FURTHER_US = 92 * DAY_US
_SAMPLE, _MARGIN = 1 << 11, 16
_FEW = 1 << 10  # so few instants are measured anew for each schedule


class Load(NamedTuple):
    """Counts of some sends: all, on weekends, at night, and in each hour [int64, hours]."""

    sends: int
    weekend: int
    night: int
    hourly: Ints

    def plus(self, other: "Load") -> "Load":
        """The sum of both."""
        return Load(
            self.sends + other.sends,
            self.weekend + other.weekend,
            self.night + other.night,
            self.hourly + other.hourly,
        )


class Metrics:
    """The default metrics, from counts and distinct instants; what schedules share is measured once."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._hours: dict[str, tuple[Periods, int, int]] = {}

    def of(self, projection: Projection) -> tuple[float, float, float, float, int]:
        """Those of one schedule, in the order of `METRICS`."""
        rounds = [item for item in projection.outcome.sends if len(item.at)]  # all may be excluded
        if not rounds:
            return np.nan, np.nan, np.nan, np.nan, 0
        median, p95 = self._days(projection, rounds)
        load = self._load(projection, rounds)
        return (
            median,
            p95,
            load.weekend / load.sends,
            load.night / load.sends,
            int(load.hourly.max()),
        )

    def _days(self, projection: Projection, rounds: list[Passed]) -> list[float]:
        """Quantiles of the lengths from entry to last send [days], over the runs that have a send."""
        runs, times = projection.people.runs, self._cache.times(projection.people)
        last = rounds[-1].at
        index = last.index
        if index is None or any(item.rows is not None for item in rounds):
            sends, ended_us = timeline.tally(runs, rounds)
            return days_of((ended_us - runs.entered_us)[sends > 0])
        order = times.keep("order", runs, lambda: np.argsort(runs.entered_us, kind="stable"))
        entered_us = times.keep("sorted", order, lambda: runs.entered_us[order])
        stretches = times.keep("stretches", index, partial(Stretches.of, index, order), len(runs))
        return stretches.quantiles(last.distinct_us, entered_us)

    def _load(self, projection: Projection, rounds: list[Passed]) -> Load:
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
            times.keep(key, at, partial(load, [at], hours, here, times), hours.starts_us.size) for at in big
        ]
        if few:
            loads.append(load(few, hours, here, times))
        return reduce(Load.plus, loads)

    def _within(self, name: str, first_us: int, last_us: int) -> tuple[Periods, int, int]:
        """The hours of a zone from an instant or earlier to another or later, and from and until when."""
        *_, begin_us, end_us = self._hours.get(name, (FAR_US, FIRST_US))
        if first_us < begin_us or end_us < last_us:
            begin_us, end_us = min(first_us, begin_us), max(last_us + _FURTHER_US, end_us)
            self._hours[name] = periods(zone(name), "h", begin_us, end_us), begin_us, end_us
        return self._hours[name]


def load(some: list[Times], hours: Periods, here: Zone, times: Kept) -> Load:
    """The load of the sends at some instants."""
    us = np.concatenate([at.distinct_us for at in some])
    sends = np.concatenate([_sends(at, times) for at in some])
    local_us = here.local_us(us)
    clock_us = local_us % DAY_US
    weekend = (local_us // DAY_US + 3) % 7 >= SATURDAY
    night = (clock_us >= NIGHT_US[0]) | (clock_us < NIGHT_US[1])
    hourly = hours.counts(us, sends)
    return Load(int(sends.sum()), int(sends @ weekend), int(sends @ night), hourly)


def _sends(at: Times, times: Kept) -> Ints:
    """How many sends each distinct instant has [int64]."""
    size, index = at.distinct_us.size, at.index
    if index is None:
        return np.ones(size, np.int64)
    return times.keep("sends", index, lambda: np.bincount(index, minlength=size).astype(np.int64), size)


class Stretches(NamedTuple):
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
    def of(cls, index: Ints, order: Ints) -> "Stretches":
        """Those of runs that entered in this order, by the place of each one's last send."""
        index = index[order]
        starts = np.flatnonzero(np.append(True, np.diff(index) != 0))
        sample = np.arange(0, index.size, -(-index.size // _SAMPLE))
        return cls(starts, np.append(starts[1:], index.size), index[starts], sample, index[sample])

    def quantiles(
        self, last_us: Ints, entered_us: Ints, shares: Iterable[tuple[int, int]] = SHARES
    ) -> list[float]:
        """Quantiles of the lengths from entry to last send [days], interpolated linearly; `entered_us` sorted.

        Exact, though most runs are only counted: those near a quantile of the sample are looked at.
        """
        sample_us = np.sort(last_us[self.sample_which] - entered_us[self.sample])
        at_us = last_us[self.which]
        most_us, least_us = at_us - entered_us[self.starts], at_us - entered_us[self.ends - 1]
        found = []
        for share in shares:
            rank, margin = _rank(share, entered_us.size)[0], _MARGIN
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
            found.append(_between(one_us, next_us, share, entered_us.size))
        return found


def days_of(lengths_us: Ints) -> list[float]:
    """Quantiles of lengths [µs] in days, interpolated linearly."""
    found = []
    for share in SHARES:
        rank, _ = _rank(share, lengths_us.size)
        ranks = [rank, min(rank + 1, lengths_us.size - 1)]
        one_us, next_us = np.partition(lengths_us, ranks)[ranks].tolist()
        found.append(_between(one_us, next_us, share, lengths_us.size))
    return found


def _rank(share: tuple[int, int], size: int) -> tuple[int, int]:
    """The place of a quantile among so many in order, and how many parts of it lie beyond (of its denominator)."""
    return divmod(share[0] * (size - 1), share[1])


def _between(one_us: int, next_us: int, share: tuple[int, int], size: int) -> float:
    """The quantile between two neighbours [days]: an exact fraction, rounded once.

    So who waits longer never has the smaller number, not even by the last digit, and `simcore.optimize` may rely on
    that.
    """
    _, beyond = _rank(share, size)
    return (one_us * (share[1] - beyond) + next_us * beyond) / (share[1] * DAY_US)
