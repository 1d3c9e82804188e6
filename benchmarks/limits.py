"""Print where the time of project, simulate and forecast goes, and what memory alone would allow.

`python benchmarks/limits.py`. The frame that `project` returns must be written. How long as many bytes take to
fill, or to copy, in memory that the operating system has yet to hand over (as for every new frame) is the limit.
"""

import argparse
import cProfile
import pstats
from collections.abc import Callable
from time import process_time
from typing import Any

import numpy as np
from workload import make_entries, make_payload

import simcore
from simcore import kit

REPEAT = 7
LINES = 8  # of each profile


def seconds_of(call: Callable[[], Any]) -> float:
    """How much processor time a call takes, with what the operating system does for it; its result is dropped later.

    All here runs in one thread: where nothing else runs this is the time by the clock, elsewhere steadier than it.
    """
    start = process_time()
    result = call()
    seconds = process_time() - start
    del result
    return seconds


def fill(size: int) -> np.ndarray:
    """Give `size` bytes of fresh memory, filled."""
    return np.full(size, 1, np.uint8)


def profile(call: Callable[[], Any]) -> list[tuple[float, int, str]]:
    """Give the functions that take longest themselves: seconds, calls, name."""
    with cProfile.Profile(process_time) as profiler:
        call()
    found = pstats.Stats(profiler).get_stats_profile().func_profiles
    times = [(each.tottime, int(str(each.ncalls).split("/")[0]), name) for name, each in found.items()]
    return sorted(times, reverse=True)[:LINES]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Where the time goes, and what memory would allow.")
    parser.add_argument("--subscribers", type=int, default=1_000_000)
    entries = make_entries(parser.parse_args().subscribers)
    sequence = kit.from_api(make_payload())
    timeline = simcore.project(sequence, entries)
    size, sends = int(timeline.memory_usage(deep=True).sum()), len(timeline)
    del timeline
    source = np.ones(size, np.uint8)
    calls: dict[str, Callable[[], Any]] = {
        "project": lambda: simcore.project(sequence, entries),
        "simulate": lambda: simcore.simulate(sequence, entries),
        "forecast": lambda: simcore.forecast(sequence, entries),
    }
    memory: dict[str, Callable[[], Any]] = {"fill": lambda: fill(size), "copy": source.copy}
    every = {**calls, **memory}
    seconds: dict[str, list[float]] = {name: [] for name in every}
    for _ in range(REPEAT):
        for name, call in every.items():
            seconds[name].append(seconds_of(call))
    least = {name: min(each) for name, each in seconds.items()}  # the least disturbed
    print(f"{sends:,} sends, a frame of {size / 2**20:,.0f} MiB")
    for name, time in least.items():
        rate = f"  {size / time / 1e9:.1f} GB/s" if name in memory else ""
        print(f"{name:10} {time * 1e3:8.1f} ms  {time / least['fill']:5.2f} x fill{rate}")
    for name, call in calls.items():
        print(f"\n{name}: what takes longest by itself")
        for time, count, where in profile(call):
            print(f"{time * 1e3:8.1f} ms  {count:4} x  {where}")


if __name__ == "__main__":
    main()
