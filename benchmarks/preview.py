"""Hold `preview` against building a DataFrame of its size: `python benchmarks/preview.py`."""

import sys

import pandas as pd
from table import Row, Size, main
from workload import make_payload, ratio, take_turns

import simcore
from simcore import kit

ENTRY = "2026-03-06T21:07:30-05:00"
LOOPS = 50


def measure(size: Size) -> list[Row]:
    """Give the time of `preview` over that of building a DataFrame of its size."""
    sequence = kit.from_api(make_payload())
    shown = simcore.preview(sequence, ENTRY)
    index = pd.Index(shown.index.to_numpy().copy(), name=shown.index.name)
    ready = {name: shown[name].array.copy() for name in shown}
    lists = {name: shown[name].tolist() for name in shown}
    contenders = {
        "ready arrays": lambda: pd.DataFrame(ready, index=index),
        "lists": lambda: pd.DataFrame(lists, index=index),
        "preview": lambda: simcore.preview(sequence, ENTRY),
    }
    times = take_turns(contenders, size.repeat, LOOPS)
    ours = times["preview"]
    return [
        Row(
            "preview",
            f"one subscriber, {len(shown)} emails, {ours.median * 1e3:.2f} ms",
            times=ours,
            ratio=ratio(ours, times[name]),
            ratio_of=f"preview / pd.DataFrame from {name}",
            at_most=6 if name == "ready arrays" else None,
            extra={"frame_seconds": times[name].seconds},
        )
        for name in ("ready arrays", "lists")
    ]


if __name__ == "__main__":
    sys.exit(main(["preview"], __doc__, measure))
