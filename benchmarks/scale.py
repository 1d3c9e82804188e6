"""Measure how the time of `project` grows with its sends: `python benchmarks/scale.py`."""

import math
import sys

import numpy as np
from table import Row, Size, main
from workload import make_entries, make_payload, take_turns

import simcore
from simcore import kit

EMAILS = (5, 10, 20)


def measure(size: Size) -> list[Row]:
    """Give the time per send over sizes and numbers of emails, and the exponent of time over sends."""
    entries = make_entries(size.subscribers)
    contenders, sends = {}, {}
    for emails in EMAILS:
        sequence = kit.from_api(make_payload(emails))
        for subscribers in (len(entries) // 10, len(entries)):
            name = f"{subscribers:,} x {emails} emails"
            some = entries.head(subscribers)
            contenders[name] = lambda sequence=sequence, some=some: simcore.project(sequence, some)
            sends[name] = len(contenders[name]())
    times = take_turns(contenders, size.repeat)
    rows = [
        Row("growth", name, sends[name], each, each.per_million(sends[name])) for name, each in times.items()
    ]
    smallest = min(rows, key=lambda row: row.sends)
    for row in rows:
        if row is not smallest:
            row.ratio = row.seconds_per_million / smallest.seconds_per_million
            row.ratio_of = f"cost per send / that of {smallest.sends:,} sends"
    # Least squares of log time over log sends: 1 is in proportion, 2 would be quadratic.
    logs = [(math.log(max(row.sends, 1)), math.log(row.times.median)) for row in rows]
    exponent = float(np.polyfit(*zip(*logs, strict=True), 1)[0])
    return [
        *rows,
        Row("growth", "all of these", ratio=exponent, ratio_of="exponent of time over sends", at_most=1.1),
    ]


if __name__ == "__main__":
    sys.exit(main(["scale"], __doc__, measure))
