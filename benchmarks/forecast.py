"""Compare `forecast` with grouping the rows of `project`: `python benchmarks/forecast.py`."""

import sys

import pandas as pd
import peers
from table import DifferenceError, Row, Size, main
from workload import make_counts, make_entries, make_payload, ratio, take_turns

import simcore
from simcore import kit

CROWD = 100  # times as many subscribers, counted by the minute


def compare_counts(name: str, found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Raise where two tables of counts are not equal: index, columns, dtypes and all counts."""
    if not found.equals(expected):
        sums = [f"{table.to_numpy().sum()} sends in {table.shape} cells" for table in (expected, found)]
        raise DifferenceError(f"forecast counts {sums[0]}, {name} {sums[1]}, or others in some of them")


def measure(size: Size) -> list[Row]:
    """Compare the counts of `forecast`, then its times, with grouping, and of many with few subscribers."""
    entries, sequence = make_entries(size.subscribers), kit.from_api(make_payload())
    grouped = peers.grouped(simcore.project(sequence, entries))
    compare_counts("grouping", grouped, simcore.forecast(sequence, entries))
    counted = {each: make_counts(each) for each in (len(entries), CROWD * len(entries))}
    for subscribers, counts in counted.items():
        one_each = counts.rename_axis("subscriber_id").reset_index()
        timeline = simcore.project(sequence, one_each[["subscriber_id", "entered_at"]])
        timeline["count"] = counts["count"].to_numpy()[timeline["subscriber_id"]]
        found = simcore.forecast(sequence, counts)
        compare_counts(f"grouping of {subscribers:,}", peers.grouped(timeline), found)
    few, many = counted.values()
    times = take_turns(
        {
            "forecast": lambda: simcore.forecast(sequence, entries),
            "project and groupby": lambda: peers.grouped(simcore.project(sequence, entries)),
            "few": lambda: simcore.forecast(sequence, few),
            "many": lambda: simcore.forecast(sequence, many),
        },
        size.repeat,
    )
    sends = int(grouped.to_numpy().sum())
    return [
        Row(
            "forecast",
            f"simcore.forecast by day and email, {times['forecast'].median * 1e3:.0f} ms",
            sends,
            times["forecast"],
            times["forecast"].per_million(sends),
            ratio(times["project and groupby"], times["forecast"]),
            "project and groupby / forecast",
            at_least=20,
            extra={"groupby_seconds": times["project and groupby"].seconds},
        ),
        Row(
            "forecast",
            f"{CROWD * len(entries):,} subscribers counted by the minute, {times['many'].median * 1e3:.0f} ms",
            sends * CROWD,
            times["many"],
            times["many"].per_million(sends * CROWD),
            ratio(times["many"], times["few"]),
            f"these / {len(entries):,} counted by the minute",
            at_most=3,
            extra={"few_seconds": times["few"].seconds},
        ),
    ]


if __name__ == "__main__":
    sys.exit(main(["forecast"], __doc__, measure))
