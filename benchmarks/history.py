"""A history for the workload: people who come back, are tagged and unsubscribe, and edits of the sequence."""

from typing import Any

import numpy as np
import pandas as pd
from workload import FIRST_ENTRY, YEAR_US

from simcore import kit

RETURNS = 5  # one event in so many is a re-entry


def make_history(
    entries: pd.DataFrame, sequence: kit.Sequence, seed: int = 7
) -> tuple[kit.Sequence, pd.DataFrame, pd.DataFrame, list[Any]]:
    """Give a sequence that repeats and excludes two tags, entries with returns, events, and ten changes.

    Events and re-entries together are as many as `entries`, at random instants over the same year, of random
    subscribers of them: one in five a re-entry, of the others most are tags.
    """
    rng = np.random.default_rng(seed)
    returns = len(entries) // RETURNS
    others = len(entries) - returns
    first = pd.Timestamp(FIRST_ENTRY, tz="UTC")

    def instants(count: int) -> Any:
        return (first + pd.to_timedelta(rng.integers(0, YEAR_US, count), unit="us")).as_unit("us")

    ids = entries["subscriber_id"].to_numpy()
    again = pd.DataFrame({"subscriber_id": rng.choice(ids, returns), "entered_at": instants(returns)})
    events = pd.DataFrame({
        "subscriber_id": rng.choice(ids, others),
        "at": instants(others),
        "event": rng.choice(
            ["tag_added", "tag_removed", "form_joined", "unsubscribed", "resubscribed"],
            others,
            p=[0.5, 0.2, 0.1, 0.1, 0.1],
        ),
        "ref": rng.integers(1, 6, others),
    })
    emails = [email.id for email in sequence.emails]
    day = [first + pd.Timedelta(days=days) for days in range(0, 365, 30)]
    new = {"subject": "New", "delay_value": 2, "delay_unit": "days", "published": True, "position": 3}
    changes = [
        kit.update(day[1], send_hour=10),
        kit.create_email(day[2], **new),
        kit.update(day[3], active=False),
        kit.update(day[3] + pd.Timedelta(days=7), active=True),
        kit.update_email(day[4], emails[2], published=False),
        kit.update_email(day[5], emails[4], delay_value=5, delay_unit="days"),
        kit.delete_email(day[6], emails[5]),
        kit.update_email(day[7], emails[2], published=True),
        kit.update_email(day[8], emails[1], position=5),
        kit.update(day[10], send_days=["monday", "tuesday", "saturday"]),
    ]
    repeating = sequence.replace(repeat=True, exclude_subscriber_sources=[{"type": "tag", "ids": [1, 2]}])
    return repeating, pd.concat([entries, again], ignore_index=True), events, changes
