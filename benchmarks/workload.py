"""The workload of every benchmark: one mixed Kit sequence, and subscribers who enter it over a year."""

from typing import Any

import numpy as np
import pandas as pd

import simcore

TIME_ZONE = "America/New_York"
FIRST_ENTRY = np.datetime64("2025-07-01T00:00:00", "us")
MINUTE_US = 60 * 1_000_000
QUARTER_US = 15 * MINUTE_US
YEAR_US = 365 * 24 * 60 * MINUTE_US

# (delay_value, delay_unit, send_days): one immediate email, then hours and days, with and without own days.
EMAILS: tuple[tuple[int, str, list[str] | None], ...] = (
    (0, "days", None),
    (2, "hours", None),
    (1, "days", None),
    (2, "days", ["tuesday", "thursday"]),
    (36, "hours", None),
    (3, "days", None),
    (1, "days", ["saturday", "sunday"]),
    (24, "hours", None),
    (7, "days", None),
    (14, "days", None),
)


def make_payload(emails: int = len(EMAILS)) -> dict[str, Any]:
    """Give the sequence as Kit's API would: its settings, and `emails` emails, all published.

    Up to 10 emails are the first of `EMAILS`; beyond, all but the immediate one are repeated in order.
    """
    waits = [EMAILS[0], *(EMAILS[1 + i % (len(EMAILS) - 1)] for i in range(emails - 1))]
    return {
        "sequence": {
            "id": 1,
            "name": "Mixed",
            "send_days": ["monday", "tuesday", "wednesday", "thursday", "friday"],
            "send_hour": 9,
            "time_zone": TIME_ZONE,
            "active": True,
            "repeat": False,
            "hold": False,
        },
        "emails": [
            {
                "id": 101 + position,
                "sequence_id": 1,
                "subject": f"Email {position + 1}",
                "published": True,
                "position": position,
                "delay_value": value,
                "delay_unit": unit,
                "send_days": days,
            }
            for position, (value, unit, days) in enumerate(waits)
        ],
    }


def make_entries(subscribers: int, seed: int = 20260306) -> pd.DataFrame:
    """Give `subscribers` rows: subscriber_id int64 (unique), entered_at datetime64[us, UTC] (unsorted).

    They come by a Poisson process over the year from `FIRST_ENTRY`, so that they cross both clock changes;
    one in a hundred is moved back to a quarter of an hour, the edge where polls decide.
    """
    rng = np.random.default_rng(seed)
    # How many come is random too: of some more than are wanted, these at random, out of order.
    per_day = (subscribers + 10 * subscribers**0.5 + 100) / 365
    year_end = FIRST_ENTRY + np.timedelta64(YEAR_US, "us")
    come = simcore.arrivals(per_day, FIRST_ENTRY, year_end, seed=seed)["entered_at"]
    entered_us = rng.permutation(come.array.asi8)[:subscribers]
    on_poll = rng.random(subscribers) < 0.01
    entered_us = np.where(on_poll, entered_us // QUARTER_US * QUARTER_US, entered_us)
    return pd.DataFrame({
        "subscriber_id": np.arange(1_000_001, 1_000_001 + subscribers, dtype=np.int64),
        "entered_at": pd.DatetimeIndex(entered_us.view("datetime64[us]")).tz_localize("UTC"),
    })


def make_counts(subscribers: int, seed: int = 20260306) -> pd.DataFrame:
    """Give `subscribers` who come over the year from `FIRST_ENTRY`, counted by the minute.

    A row for each minute in which anybody comes: entered_at datetime64[us, UTC], count int64.
    """
    minutes = YEAR_US // MINUTE_US
    counts = np.random.default_rng(seed).multinomial(subscribers, np.full(minutes, 1 / minutes))
    entered_at = FIRST_ENTRY + (np.arange(minutes) * MINUTE_US).astype("timedelta64[us]")
    counted = pd.DataFrame({"entered_at": pd.DatetimeIndex(entered_at).tz_localize("UTC"), "count": counts})
    return counted[counts > 0].reset_index(drop=True)
