"""What the measurements share: the workload, and how time and memory are measured.

The workload is one mixed Kit sequence, and subscribers who enter it over a year.
"""

import cProfile
import gc
import pstats
import resource
import sys
import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np
import pandas as pd

import simcore

TIME_ZONE = "America/New_York"
FIRST_ENTRY = np.datetime64("2025-07-01T00:00:00", "us")
MINUTE_US = 60 * 1_000_000
QUARTER_US = 15 * MINUTE_US
YEAR_US = 365 * 24 * 60 * MINUTE_US
STATUS, CLEAR_REFS = Path("/proc/self/status"), Path("/proc/self/clear_refs")

# (delay_value, delay_unit, send_days): one immediate email, then hours and days, with and without own days.
EMAILS: tuple[tuple[int, str, list[str] | None], ...] = (
    (0, "days", None),
    (2, "hours", None),
    (1, "days", None),
    (2, "days", ["tuesday", "thursday"]),
    (36, "hours", None),
    (3, "days", None),
    (1, "days", ["saturday", "sunday"]),
    (24, "hours", None),
    (7, "days", None),
    (14, "days", None),
)


def make_payload(emails: int = len(EMAILS)) -> dict[str, Any]:
    """Give the sequence as Kit's API would: its settings, and `emails` emails, all published.

    Up to 10 emails are the first of `EMAILS`; beyond, all but the immediate one are repeated in order.
    """
    waits = [EMAILS[0], *(EMAILS[1 + i % (len(EMAILS) - 1)] for i in range(emails - 1))]
    return {
        "sequence": {
            "id": 1,
            "name": "Mixed",
            "send_days": ["monday", "tuesday", "wednesday", "thursday", "friday"],
            "send_hour": 9,
            "time_zone": TIME_ZONE,
            "active": True,
            "repeat": False,
            "hold": False,
        },
        "emails": [
            {
                "id": 101 + position,
                "sequence_id": 1,
                "subject": f"Email {position + 1}",
                "published": True,
                "position": position,
                "delay_value": value,
                "delay_unit": unit,
                "send_days": days,
            }
            for position, (value, unit, days) in enumerate(waits)
        ],
    }


def make_entries(subscribers: int, seed: int = 20260306) -> pd.DataFrame:
    """Give `subscribers` rows: subscriber_id int64 (unique), entered_at datetime64[us, UTC] (unsorted).

    They come by a Poisson process over the year from `FIRST_ENTRY`, so that they cross both clock changes;
    one in a hundred is moved back to a quarter of an hour, the edge where polls decide.
    """
    rng = np.random.default_rng(seed)
    # How many come is random too: of some more than are wanted, these at random, out of order.
    per_day = (subscribers + 10 * subscribers**0.5 + 100) / 365
    year_end = FIRST_ENTRY + np.timedelta64(YEAR_US, "us")
    come = simcore.arrivals(per_day, FIRST_ENTRY, year_end, seed=seed)["entered_at"]
    entered_us = rng.permutation(come.array.asi8)[:subscribers]
    on_poll = rng.random(subscribers) < 0.01
    entered_us = np.where(on_poll, entered_us // QUARTER_US * QUARTER_US, entered_us)
    return pd.DataFrame({
        "subscriber_id": np.arange(1_000_001, 1_000_001 + subscribers, dtype=np.int64),
        "entered_at": pd.DatetimeIndex(entered_us.view("datetime64[us]")).tz_localize("UTC"),
    })


def make_counts(subscribers: int, seed: int = 20260306) -> pd.DataFrame:
    """Give `subscribers` who come over the year from `FIRST_ENTRY`, counted by the minute.

    A row for each minute in which anybody comes: entered_at datetime64[us, UTC], count int64.
    """
    minutes = YEAR_US // MINUTE_US
    counts = np.random.default_rng(seed).multinomial(subscribers, np.full(minutes, 1 / minutes))
    entered_at = FIRST_ENTRY + (np.arange(minutes) * MINUTE_US).astype("timedelta64[us]")
    counted = pd.DataFrame({"entered_at": pd.DatetimeIndex(entered_at).tz_localize("UTC"), "count": counts})
    return counted[counts > 0].reset_index(drop=True)


# --- time --------------------------------------------------------------------------------------------------


@dataclass
class Times:
    """How long one call took, each time that it was measured [s]: by the clock, and in processor time."""

    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The median by the clock."""
        return median(self.seconds)

    def per_million(self, sends: int) -> float:
        """Give what a million sends take [s], where the call gives so many."""
        return self.median / max(sends, 1) * 1e6

    def add(self, call: Callable[[], Any], loops: int = 1) -> None:
        """Measure a call once more; of `loops` calls in a row, one."""
        gc.collect()
        start, start_processor = perf_counter(), process_time()
        for _ in range(loops):
            result = call()
        processor, seconds = process_time() - start_processor, perf_counter() - start
        self.seconds.append(seconds / loops)
        self.processor.append(processor / loops)
        del result  # before the next one starts, and outside of its time


def take_turns(contenders: Mapping[str, Callable[[], Any]], repeat: int, loops: int = 1) -> dict[str, Times]:
    """Time each contender `repeat` times, one after the other in turn.

    Each runs once right before it is timed, so that none pays for the state that another left the memory in.
    """
    times = {name: Times() for name in contenders}
    for _ in range(repeat):
        for name, call in contenders.items():
            call()
            times[name].add(call, loops)
    return times


def ratio(over: Times, under: Times) -> float:
    """Give one median over another."""
    return over.median / under.median


def profile(call: Callable[[], Any]) -> pstats.Stats:
    """Give where the processor time of a call goes."""
    with cProfile.Profile(process_time) as profiler:
        call()
    return pstats.Stats(profiler)


# --- memory ------------------------------------------------------------------------------------------------


def read_status(field: str) -> int | None:
    """Give a field of /proc/self/status in bytes, or None where there is no such file (not Linux)."""
    if not STATUS.exists():
        return None
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(field + ":"))
    return int(line.split()[1]) * 1024


def peak_rss() -> int:
    """Give the highest resident size so far [bytes].

    Linux keeps VmHWM for this process alone; its ru_maxrss begins at that of the process which started it.
    """
    unit = 1 if sys.platform == "darwin" else 1024
    return read_status("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def peak_memory(project: Callable[[pd.DataFrame], pd.DataFrame], entries: pd.DataFrame) -> dict[str, int]:
    """Give the sends of a `project`, the bytes of its frame, and those that it adds at its peak, the frame included.

    `rss` is what the operating system gave: the highest resident size while `project` ran, less the resident
    size just before; so where the highest cannot be forgotten (not Linux), the process must have done nothing
    larger. `traced` is what Python and numpy asked for, by tracemalloc. `peak` is the larger of both.
    """
    project(entries.head(100))  # what is loaded once is not the cost of this call
    gc.collect()

    if CLEAR_REFS.exists():
        CLEAR_REFS.write_text("5")  # forgets the highest
    before = read_status("VmRSS") or peak_rss()
    timeline = project(entries)
    rss = peak_rss() - before
    sends, frame = len(timeline), int(timeline.memory_usage(deep=True).sum())
    del timeline
    gc.collect()

    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    project(entries)
    traced = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    return {"sends": sends, "frame": frame, "rss": rss, "traced": traced, "peak": max(rss, traced)}
