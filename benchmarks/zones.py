"""Hold `project` with recipients in 300 zones against one zone for all: `python benchmarks/zones.py`."""

import sys

import numpy as np
import pandas as pd
from table import DifferenceError, Row, Size, main
from workload import TIME_ZONE, make_entries, make_payload, ratio, take_turns

import simcore
from simcore import kit
from simcore.clock.zones import zone_names

ZONES = 300
CHECKED = 7


def compare_zones(found: pd.DataFrame, sequence: kit.Sequence, entries: pd.DataFrame) -> None:
    """Raise DifferenceError where the people of a zone get anything else than from a sequence of that zone."""
    names = entries["time_zone"].unique()
    for name in names[:: len(names) // CHECKED]:
        some = entries[entries["time_zone"] == name]
        expected = simcore.project(sequence.replace(time_zone=name), some)["send_at"].dt.tz_convert(TIME_ZONE)
        mine = found[found["subscriber_id"].isin(some["subscriber_id"])]["send_at"]
        if mine.tolist() != expected.tolist():
            raise DifferenceError(f"zones: people in {name} do not get what a sequence of that zone sends")


def measure(size: Size) -> list[Row]:
    """Check a few zones by themselves, then time all of them against one."""
    sequence, entries = kit.from_api(make_payload()), make_entries(size.subscribers)
    names = np.array(sorted(zone_names())[:ZONES], object)
    chosen = np.random.default_rng(20260306).integers(0, names.size, len(entries))
    zoned = entries.assign(time_zone=pd.array(names[chosen], dtype="str"))
    found = simcore.project(sequence, zoned, time_zones="time_zone")
    compare_zones(found, sequence, zoned)
    sends = len(found)
    del found
    times = take_turns(
        {
            "one": lambda: simcore.project(sequence, entries),
            "many": lambda: simcore.project(sequence, zoned, time_zones="time_zone"),
        },
        size.repeat,
    )
    return [
        Row(
            "zones",
            f"recipients in {names.size} zones, {times['many'].median * 1e3:.0f} ms",
            sends,
            times["many"],
            times["many"].per_million(sends),
            ratio(times["many"], times["one"]),
            f"{names.size} zones / one",
            at_most=2.5,
            extra={"one_seconds": times["one"].seconds},
        )
    ]


if __name__ == "__main__":
    sys.exit(main(["zones"], __doc__, measure))
