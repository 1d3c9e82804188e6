"""Hold a `sweep` of many schedules against a `project` of one: `python benchmarks/sweep.py`."""

import math
import sys
from itertools import combinations
from typing import Any

import pandas as pd
from table import DifferenceError, Row, Size, main
from workload import Times, make_entries, ratio, take_turns

import simcore
from simcore import kit


def compare_metrics(row: Any, timeline: pd.DataFrame, entries: pd.DataFrame) -> None:
    """Raise DifferenceError where a row of a sweep is not what the timeline of that schedule comes to."""
    at = timeline["send_at"]
    entered_at = entries.set_index("subscriber_id")["entered_at"]
    days = (timeline.groupby("subscriber_id")["send_at"].max() - entered_at).dt.total_seconds() / 86_400
    wanted = {
        "median_days": days.quantile(0.5),
        "p95_days": days.quantile(0.95),
        "weekend_share": (at.dt.day_of_week >= 5).mean(),
        "night_share": ((at.dt.hour >= 22) | (at.dt.hour < 7)).mean(),
        "most_in_an_hour": at.dt.tz_convert("UTC").dt.floor("h").value_counts().max(),
    }
    for name, value in wanted.items():
        if not math.isclose(getattr(row, name), value, rel_tol=1e-9):
            raise DifferenceError(f"sweep: {name} of {row} is {value} in its timeline")


def measure(size: Size) -> list[Row]:
    """Check the metrics of a few of many schedules against their timelines, then time all of them.

    Every send hour with every set of send days, of the shipped example, for a tenth of the subscribers.
    """
    entries = make_entries(size.subscribers)
    sequence, some = kit.load(simcore.example("welcome")), entries.iloc[: len(entries) // 10]
    names = kit.Sequence(name="all days").send_days
    day_sets = [days for count in range(1, 8) for days in combinations(names, count)]
    fields = {"send_hour": range(24), "send_days": day_sets}
    swept = simcore.sweep(sequence, fields, some)
    for row in swept.iloc[:: len(swept) // 7].itertuples():
        timeline = simcore.project(sequence.replace(send_hour=row.send_hour, send_days=row.send_days), some)
        compare_metrics(row, timeline, some)
    project = take_turns({"project": lambda: simcore.project(sequence, some)}, 3 * size.repeat)["project"]
    times = Times()
    times.add(lambda: simcore.sweep(sequence, fields, some))
    return [
        Row(
            "sweep",
            f"{len(swept):,} schedules for {len(some):,} subscribers, {times.median:.1f} s",
            times=times,
            ratio=ratio(times, project),
            ratio_of="simcore.sweep / project of one",
            at_most=500,
            extra={"project_seconds": project.seconds},
        )
    ]


if __name__ == "__main__":
    sys.exit(main(["sweep"], __doc__, measure))
