"""Measure how much memory one `project` takes beyond what was in use before it: `python benchmarks/memory.py`.

It must run in a process that has done nothing else, and as every measurement it does.
"""

import sys
from functools import partial

from table import Row, Size, main
from workload import make_entries, make_payload, peak_memory

import simcore
from simcore import kit


def measure(size: Size) -> list[Row]:
    """Give the peak of memory that `project` adds, over the size of its frame."""
    memory = peak_memory(
        partial(simcore.project, kit.from_api(make_payload())), make_entries(size.subscribers)
    )
    return [
        Row(
            "memory",
            f"peak that project adds, {memory['peak'] / 2**20:,.0f} MiB",
            sends=memory["sends"],
            ratio=memory["peak"] / memory["frame"],
            ratio_of=f"peak / frame of {memory['frame'] / 2**20:,.0f} MiB",
            at_most=2.5,
            extra=memory,
        )
    ]


if __name__ == "__main__":
    sys.exit(main(["memory"], __doc__, measure))
