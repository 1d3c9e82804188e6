"""Time `kit.calibrate` where every switch matters: `python benchmarks/calibrate.py`."""

import sys
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from table import DifferenceError, Row, Size, main
from workload import Times

import simcore
from simcore import kit

MOST = 9_000
"""So many subscribers get about 90,000 emails."""
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday")
HIDDEN = kit.Assumptions(
    day_count="elapsed",
    poll_every=timedelta(minutes=30),
    poll_phase=timedelta(minutes=7),
    immediate_days="send_days",
    email_days="intersect",
    draft_delay="count",
    queued_emails="reschedule",
)
"""What the log was made with."""


def email(number: int, value: int, unit: str = "days", **named: Any) -> dict[str, Any]:
    """One email, as Kit's API has it."""
    fields = {"id": number, "subject": f"E{number}", "delay_value": value, "delay_unit": unit}
    return {"published": True, **fields, **named}


def make_sequence() -> kit.Sequence:
    """A sequence with a draft, own days, hours, an excluded tag and repeated entries."""
    emails = [
        email(1, 0),
        email(2, 5, "hours"),
        email(3, 1, published=False),
        email(4, 2, send_days=["tuesday", "saturday"]),
        email(5, 1),
        email(6, 7, "hours"),
        email(7, 2),
        email(8, 2),
    ]
    sequence = {
        "name": "All of it",
        "time_zone": "America/New_York",
        "send_hour": 9,
        "send_days": WEEK,
        "repeat": True,
        "exclude_subscriber_sources": [{"type": "tag", "ids": [7]}],
    }
    return kit.from_api({"sequence": sequence, "emails": emails})


def make_people(count: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Entries, a tenth of them repeated; and events that exclude a tenth for three days."""
    random = np.random.default_rng(7)
    day_us = 86_400 * 10**6

    def later(low: int, high: int, size: int) -> Any:
        return random.integers(low, high, size).astype("timedelta64[us]")

    def utc(instants: Any) -> "pd.Series[Any]":
        return pd.Series(instants).dt.tz_localize("UTC")

    at = np.datetime64("2026-03-01", "us") + later(0, 28 * day_us, count)
    again, tagged = (random.choice(count, count // 10, replace=False) for _ in range(2))
    by_hand = random.random(len(again)) < 0.5
    entries = pd.DataFrame({
        "subscriber_id": np.append(np.arange(count), again),
        "entered_at": utc(np.append(at, at[again] + later(day_us, 20 * day_us, len(again)))),
        "via": np.append(
            np.where(random.random(count) < 0.5, "api", "visual_automation"),
            np.where(by_hand, "form", "rule"),
        ),
    })
    since = at[tagged] + later(day_us // 24, 6 * day_us, len(tagged))
    events = [
        pd.DataFrame({"subscriber_id": tagged, "at": utc(when), "event": event, "ref": 7})
        for when, event in ((since, "tag_added"), (since + np.timedelta64(3, "D"), "tag_removed"))
    ]
    return entries, pd.concat(events)


def make_changes() -> list[Any]:
    """Edits to which each of the switches about edits matters."""

    def new(at: str, number: int, position: int) -> Any:
        return kit.create_email(at, position=position, **email(number, 1))

    return [
        kit.update("2026-03-12T12:00Z", send_hour=15),
        new("2026-03-16T15:00Z", 20, 4),
        new("2026-03-18T15:00Z", 21, 11),
        new("2026-03-20T15:00Z", 22, 10),
        kit.update("2026-03-24T12:00Z", hold=True),
    ]


def measure(size: Size) -> list[Row]:
    """Check that the hidden assumptions are found, then time it once."""
    sequence, changes = make_sequence(), make_changes()
    entries, events = make_people(min(size.subscribers, MOST))
    given = {"events": events, "changes": changes}
    log = simcore.project(sequence, entries, **given, assumptions=HIDDEN).rename(
        columns={"send_at": "sent_at"}
    )
    found: list[Any] = []
    times = Times()
    times.add(lambda: found.append(kit.calibrate(sequence, entries, log, **given, progress=False)))
    (table,) = found
    if table.best != HIDDEN or table["misfit"].iloc[0]:
        raise DifferenceError(f"calibrate: found {table.best}, expected {HIDDEN}")
    return [
        Row(
            "calibrate",
            f"{len(log):,} sends, {len(table):,} timelines, {len(table.columns) - 7} switches",
            times=times,
            ratio=times.processor[0],
            ratio_of="seconds of one processor",
            at_most=60,
        )
    ]


if __name__ == "__main__":
    sys.exit(main(["calibrate"], __doc__, measure))
