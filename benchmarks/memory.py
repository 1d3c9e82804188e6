"""Print, as JSON, how much memory one `project` takes beyond what was in use before it. Run by run.py.

It runs in a process of its own, which has done nothing else. `rss` is what the operating system gave: the
highest resident size while `project` ran, less the resident size just before. `traced` is what Python and
numpy asked for, by tracemalloc. Both include the frame that is returned.
"""

import gc
import json
import resource
import sys
import tracemalloc
from pathlib import Path

import pandas as pd
from workload import make_entries, make_payload

import simcore
from simcore import kit

STATUS = Path("/proc/self/status")


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


def measure(sequence: kit.Sequence, entries: pd.DataFrame) -> dict[str, int]:
    """Give the sends, and the bytes of the returned frame and of both peaks."""
    simcore.project(sequence, entries.head(100))  # what is loaded once is not the cost of this call
    gc.collect()

    before = read_status("VmRSS") or peak_rss()
    timeline = simcore.project(sequence, entries)
    rss = peak_rss() - before
    sends, frame = len(timeline), int(timeline.memory_usage(deep=True).sum())
    del timeline
    gc.collect()

    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    simcore.project(sequence, entries)
    traced = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    return {"sends": sends, "frame": frame, "rss": rss, "traced": traced}


if __name__ == "__main__":
    json.dump(measure(kit.from_api(make_payload()), make_entries(int(sys.argv[1]))), sys.stdout)
