"""Measure `project` for each trigger of Sequenzy: `python benchmarks/triggers.py`.

An event log enrols and stops, and a sending window holds back.
"""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from table import Row, Size, main
from workload import FIRST_ENTRY, YEAR_US, ratio, take_turns

import simcore
from simcore import sequenzy

STEPS = [
    {"subject": f"Email {number}", "html": "<p>Hello</p>", "delay": {"days": days}}
    for number, days in enumerate((0, 1, 0.5, 6), 1)
]
WINDOW = {
    "timezone": "Europe/Kyiv",
    "startTime": "08:00",
    "endTime": "20:00",
    "days": ["monday", "tuesday", "wednesday", "thursday", "friday"],
}
TRIGGERS: dict[str, dict[str, Any]] = {
    "contact_added": {"trigger": "contact_added"},
    "tag_added, one_time": {"trigger": "tag_added", "tagName": "trial", "enrollmentMode": "one_time"},
    "event_received, filter": {
        "trigger": "event_received",
        "eventName": "order",
        "propertyFilters": [{"path": "total", "operator": "greater_than", "value": 500}],
    },
    "event_received, matching_field": {
        "trigger": "event_received",
        "eventName": "order",
        "enrollmentMode": "matching_field",
        "enrollmentFieldPath": "order.id",
    },
    "segment_entered, exit": {"trigger": "segment_entered", "segmentId": "trial", "stopOnSegmentExit": True},
    "inactivity": {"trigger": "inactivity", "eventName": "order", "inactiveDays": 30},
    "frequency": {"trigger": "frequency", "eventName": "order", "minCount": 3, "timeWindowDays": 60},
}
EVENTS = {
    "contact_added": (0.10, None),
    "tag_added": (0.12, "trial"),
    "tag_removed": (0.03, "trial"),
    "segment_entered": (0.12, "trial"),
    "segment_left": (0.10, "trial"),
    "order": (0.30, None),
    "paid": (0.15, None),
    "list_joined": (0.04, "news"),
    "list_left": (0.02, "news"),
    "unsubscribed": (0.02, None),
}


def make_sequence(trigger: str) -> dict[str, Any]:
    """Give the body of a four-step sequence with a window, a stop condition and one of `TRIGGERS`."""
    stop = {"type": "event_received", "value": "paid"}
    return {
        "name": trigger,
        **TRIGGERS[trigger],
        "sendingWindow": WINDOW,
        "stopCondition": stop,
        "steps": STEPS,
    }


def make_log(rows: int, seed: int = 20260306) -> pd.DataFrame:
    """Give an event log of `rows` rows in order of time over a year, three subscribers for twenty rows."""
    rng = np.random.default_rng(seed)
    names = np.array([*EVENTS], object)
    refs = np.array([ref for _, ref in EVENTS.values()], object)
    kind = rng.choice(len(names), rows, p=[share for share, _ in EVENTS.values()])
    orders = [{"order": {"id": number % 50}, "total": number} for number in range(1000)]
    properties = np.full(rows, None, object)
    ordered = np.flatnonzero(names[kind] == "order")
    properties[ordered] = np.array(orders, object)[rng.integers(0, len(orders), ordered.size)]
    at = FIRST_ENTRY + np.sort(rng.integers(0, YEAR_US, rows)).astype("timedelta64[us]")
    return pd.DataFrame({
        "subscriber_id": rng.integers(1, max(rows * 3 // 20, 1) + 1, rows),
        "at": pd.DatetimeIndex(at).tz_localize("UTC"),
        "event": names[kind],
        "ref": refs[kind],
        "properties": properties,
    })


def measure(size: Size) -> list[Row]:
    """Give the time of `project` for each trigger, over that of sorting the log with pandas."""
    log = make_log(2 * size.subscribers)
    contenders: dict[str, Callable[[], Any]] = {"sort": lambda: log.sort_values(["subscriber_id", "at"])}
    sends = {}
    for name in TRIGGERS:
        sequence = sequenzy.from_api(make_sequence(name))
        contenders[name] = lambda sequence=sequence: simcore.project(sequence, events=log)
        sends[name] = len(contenders[name]())
    times = take_turns(contenders, size.repeat)
    return [
        Row(
            "triggers",
            f"{name}: {len(log):,} events",
            sends[name],
            times[name],
            ratio=ratio(times[name], times["sort"]),
            ratio_of="project / log.sort_values",
            at_most=3,
            extra={"sort_seconds": times["sort"].seconds},
        )
        for name in TRIGGERS
    ]


if __name__ == "__main__":
    sys.exit(main(["triggers"], __doc__, measure))
