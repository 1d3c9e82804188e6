"""Hold `project` with reasons against `project` without: `python benchmarks/reasons.py`."""

import sys
from typing import Any

import numpy as np
import pandas as pd
from table import DifferenceError, Row, Size, main, say
from workload import EMAILS, FIRST_ENTRY, YEAR_US, make_entries, make_payload, ratio, take_turns

import simcore
from simcore import kit, sequenzy

WINDOW = {
    "timezone": "America/New_York",
    "startTime": "08:00",
    "endTime": "20:00",
    "days": ["monday", "tuesday", "wednesday", "thursday", "friday"],
}
SAMPLED = 20
"""So many subscribers are asked about one by one: their reasons must be those of `preview`."""


def make_sequences() -> dict[str, Any]:
    """Give a sequence of each platform, ten emails each: hours and days, which Sequenzy puts into a sending window."""
    steps = [
        {"subject": f"Email {at}", "html": "<p>Hello</p>", "delay": {unit: number}}
        for at, (number, unit, _) in enumerate(EMAILS, 1)
    ]
    payload = {
        "name": "Mixed",
        "trigger": "contact_added",
        "enrollmentMode": "one_time",
        "stopCondition": {"type": "none"},
        "sendingWindow": WINDOW,
        "steps": steps,
    }
    return {
        "Kit, hours and days": kit.from_api(make_payload()),
        "Sequenzy, a window": sequenzy.from_api(payload),
    }


def compare(name: str, sequence: Any, entries: pd.DataFrame, explained: pd.DataFrame) -> None:
    """Raise where a reason is not that of a preview of the same subscriber."""
    people = explained.groupby("subscriber_id", sort=False)["reason"]
    for row in entries.sample(SAMPLED, random_state=1).itertuples():
        expected = simcore.preview(sequence, row.entered_at)["reason"].tolist()
        found = people.get_group(row.subscriber_id).tolist()
        if found != expected:
            raise DifferenceError(f"{name}: project gives {found}, preview {expected}")


def make_people(subscribers: int) -> pd.DataFrame:
    """Give entries to the microsecond at any time of a year, in no order: hardly two are alike."""
    entries = make_entries(subscribers)
    entered_us = np.random.default_rng(20260306).integers(0, YEAR_US, subscribers)
    entered_at = pd.DatetimeIndex(FIRST_ENTRY + entered_us.astype("timedelta64[us]")).tz_localize("UTC")
    return entries.assign(entered_at=entered_at)


def measure(size: Size) -> list[Row]:
    """Give the time of `project` with reasons over that without, for ten emails and a tenth of the subscribers."""
    entries = make_people(max(size.subscribers // 10, 1))
    rows = []
    for platform, sequence in make_sequences().items():
        for order in ("entry", "email"):
            name = f"{platform}, order={order}"
            say(f"reasons, {name}")
            explained = simcore.project(sequence, entries, order=order, explain=True)
            compare(name, sequence, entries, explained)
            sends, distinct = len(explained), explained["reason"].nunique()
            del explained
            times = take_turns(
                {
                    "with": lambda sequence=sequence, order=order: simcore.project(
                        sequence, entries, order=order, explain=True
                    ),
                    "without": lambda sequence=sequence, order=order: simcore.project(
                        sequence, entries, order=order
                    ),
                },
                size.repeat,
            )
            rows.append(
                Row(
                    "reasons",
                    f"{name}, {distinct:,} sentences",
                    sends=sends,
                    times=times["with"],
                    seconds_per_million=times["with"].per_million(sends),
                    ratio=ratio(times["with"], times["without"]),
                    ratio_of="project, explain=True / project",
                    at_most=10,
                    extra={
                        "project_seconds": times["without"].seconds,
                        "processor": ratio_of_processor(times),
                    },
                )
            )
    return rows


def ratio_of_processor(times: dict[str, Any]) -> float:
    """Give the ratio in processor time, which others on the machine hardly touch."""
    with_, without = (sorted(times[name].processor) for name in ("with", "without"))
    return with_[len(with_) // 2] / without[len(without) // 2]


if __name__ == "__main__":
    sys.exit(main(["reasons"], __doc__, measure))
