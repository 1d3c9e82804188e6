"""The workload of every benchmark: one mixed Kit sequence, and subscribers who enter it over a year."""

from typing import Any

import numpy as np
import pandas as pd

TIME_ZONE = "America/New_York"
FIRST_ENTRY = np.datetime64("2025-07-01T00:00:00", "us")
YEAR_US = 365 * 24 * 3600 * 1_000_000

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

    The instants are spread evenly at random over the year from `FIRST_ENTRY`, so that they cross both
    clock changes; one in a hundred is moved back to a quarter of an hour, the edge where polls decide.
    """
    rng = np.random.default_rng(seed)
    offset_us = rng.integers(0, YEAR_US, subscribers)
    quarter_us = 15 * 60 * 1_000_000
    on_poll = rng.random(subscribers) < 0.01
    offset_us = np.where(on_poll, offset_us // quarter_us * quarter_us, offset_us)
    entered_at = FIRST_ENTRY + offset_us.astype("timedelta64[us]")
    return pd.DataFrame({
        "subscriber_id": np.arange(1_000_001, 1_000_001 + subscribers, dtype=np.int64),
        "entered_at": pd.DatetimeIndex(entered_at).tz_localize("UTC"),
    })
