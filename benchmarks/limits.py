"""Print where the time of project, simulate and forecast goes, and what memory alone would allow.

`python benchmarks/limits.py`. The frame that `project` returns must be written. How long as many bytes take to
fill, or to copy, in memory that the operating system has yet to hand over (as for every new frame) is the limit.
"""

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
from workload import make_entries, make_payload, profile, take_turns

import simcore
from simcore import kit

REPEAT = 7
LINES = 8  # of each profile


def fill(size: int) -> np.ndarray:
    """Give `size` bytes of fresh memory, filled."""
    return np.full(size, 1, np.uint8)


def longest(call: Callable[[], Any]) -> list[tuple[float, int, str]]:
    """Give the functions that take longest themselves: seconds, calls, name."""
    found = profile(call).stats.items()
    times = [(own, calls, name) for (_, _, name), (_, calls, own, _, _) in found]
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
    # All here runs in one thread: where nothing else runs, processor time is the time by the clock, elsewhere it is
    # steadier. The fastest is the least disturbed.
    times = take_turns({**calls, **memory}, REPEAT)
    least = {name: min(each.processor) for name, each in times.items()}
    print(f"{sends:,} sends, a frame of {size / 2**20:,.0f} MiB")
    for name, time in least.items():
        rate = f"  {size / time / 1e9:.1f} GB/s" if name in memory else ""
        print(f"{name:10} {time * 1e3:8.1f} ms  {time / least['fill']:5.2f} x fill{rate}")
    for name, call in calls.items():
        print(f"\n{name}: what takes longest by itself")
        for time, count, where in longest(call):
            print(f"{time * 1e3:8.1f} ms  {count:4} x  {where}")


if __name__ == "__main__":
    main()
