"""The sides of a comparison: what happens in each of several schedules, and the numbers to decide by."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from simcore.answers.idle import Idle, idle
from simcore.answers.options import Options
from simcore.answers.projection import Projection, make
from simcore.answers.whatif import WHAT, medians, shift
from simcore.clock.zones import DAY_US, HOUR_US, zone
from simcore.files.stamps import iso, us_of
from simcore.plan.platform import Sequence


class Side(NamedTuple):
    """What happens in a scenario, its timeline, and what comes to nothing."""

    projection: Projection
    sends: pd.DataFrame
    nothing: Idle


def side_of(sequence: Sequence, entries: Any, options: Options) -> Side:
    """What happens to these people in a sequence."""
    projection = make(sequence, entries, options, notes=True)
    came = None if entries is None else len(entries)
    return Side(projection, projection.timeline(), idle(projection, came))


def measures(side: Side) -> dict[str, Any]:
    """The numbers to decide by, for machines."""
    projection, sends, _ = side
    here, runs = zone(projection.zone), projection.subscribers()
    sent_us = us_of(sends["send_at"])
    local_us = here.local_us(sent_us)
    weekday, hour = (local_us // DAY_US + 3) % 7, local_us % DAY_US // HOUR_US  # 1970-01-01 was a Thursday
    served = runs[runs["sends"] > 0]
    took_us = us_of(served["last_send_at"]) - us_of(served["entered_at"])
    some = len(sends) > 0
    first, last = iso(np.array([sent_us.min(), sent_us.max()]), here) if some else (None, None)
    return {
        "sends": len(sends),
        "subscribers": int(sends["subscriber_id"].nunique()),
        "first_send": first,
        "last_send": last,
        "median_days": float(np.median(took_us)) / DAY_US if some else None,
        "weekend_share": float(np.mean(weekday >= 5)) if some else None,
        "night_share": float(np.mean((hour >= 22) | (hour < 7))) if some else None,
    }


def shifts(before: Side, after: Side) -> pd.DataFrame:
    """What `simcore.shift` gives of two sides, the emails' ids as texts: those of two platforms differ in kind."""
    return shift(
        *(side.sends.assign(email_id=side.sends["email_id"].astype(str)) for side in (before, after))
    )


def moved(before: Side, after: Side) -> list[dict[str, Any]]:
    """How each email's sends move from `before` to `after`, for machines; in the order of emails in `after`."""
    moved = shifts(before, after)
    what = pd.crosstab(moved["email_id"], moved["what"].astype(str)).reindex(columns=WHAT, fill_value=0)
    counts: Any = what.to_dict("index")
    middle = medians(moved)
    steps = {str(step.email_id): step for side in (before, after) for step in side.projection.steps()}
    order = dict.fromkeys(str(step.email_id) for side in (after, before) for step in side.projection.steps())
    return [
        {
            "email_id": steps[key].email_id,
            "subject": steps[key].subject,
            **counts[key],
            "median_shift_seconds": middle[key].total_seconds() if key in middle else None,
        }
        for key in order
        if key in counts
    ]
