"""What if: two ways of doing it, side by side."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from simcore.projection import Sequence, make
from simcore.zones import Ints

_RUN = ["subscriber_id", "run"]


def impact(
    sequence: Sequence,
    entries: Any,
    changes: Iterable[Any],
    *,
    events: Any = None,
    until: Any = None,
    include_drafts: bool = False,
    assumptions: Any = None,
    naive_time_zone: str | None = None,
    order: str = "entry",
) -> pd.DataFrame:
    """What changes do to those already inside: who gets mail right away, earlier, later, or not at all.

    Arguments as for `simcore.simulate` (`order` changes nothing here). Counted are the runs that begin before the
    last of the changes; what they receive with the changes is held against what they would have received without.

    A row an email that any of them receives either way, in the order in which the emails stand in the end,
    then those that were deleted: `email_id` (int64), `subject` (str, the latest), `sent_at_once` (int64, how
    many get it at the very instant of a change), `earlier, later, unchanged, gained, lost` (int64, runs),
    `median_shift` (timedelta64[us], of those who get it both ways; positive is later, NaT for none).

    >>> import simcore
    >>> from simcore import kit
    >>> sequence = kit.load(simcore.example("welcome"))
    >>> entries = ["2026-03-02T10:00-05:00", "2026-03-05T21:07-05:00"]
    >>> new = kit.create_email("2026-03-06T12:00-05:00", subject="New", delay_value=1, delay_unit="days",
    ...     published=True, position=1)
    >>> shown = simcore.impact(sequence, entries, [new])
    >>> shown.loc[shown["subject"] == "New", ["sent_at_once", "gained"]].to_numpy().tolist()
    [[1, 1]]
    """
    given: dict[str, Any] = {
        "events": events,
        "until": until,
        "include_drafts": include_drafts,
        "assumptions": assumptions,
        "naive_time_zone": naive_time_zone,
        "order": order,
        "notes": True,
    }
    before, after = make(sequence, entries, **given), make(sequence, entries, changes=changes, **given)
    at_us = np.array([epoch.at_us for epoch in after.epochs[1:]], np.int64)
    inside = pd.concat([_inside(each.subscribers(), at_us) for each in (before, after)]).drop_duplicates()
    sends = [
        each.timeline().merge(inside, on=_RUN)[[*_RUN, "email_id", "send_at"]] for each in (before, after)
    ]
    both = sends[0].merge(sends[1], how="outer", on=[*_RUN, "email_id"], suffixes=("_before", "_after"))
    shift = both["send_at_after"] - both["send_at_before"]
    none = pd.Timedelta(0)
    table = (
        pd
        .DataFrame({
            "sent_at_once": np.isin(pd.DatetimeIndex(both["send_at_after"]).as_unit("us").asi8, at_us),
            "earlier": shift < none,
            "later": shift > none,
            "unchanged": shift == none,
            "gained": both["send_at_before"].isna(),
            "lost": both["send_at_after"].isna(),
        })
        .groupby(both["email_id"])
        .sum()
        .astype(np.int64)
    )
    table["median_shift"] = shift.dropna().groupby(both["email_id"]).median().astype("timedelta64[us]")
    steps = [step for step in after.steps() if step.email_id in table.index]
    table = table.loc[[step.email_id for step in steps]]
    table.insert(0, "subject", pd.Series([step.subject for step in steps], index=table.index, dtype="str"))
    table = table.rename_axis("email_id").reset_index()
    table["email_id"] = table["email_id"].astype(np.int64)
    return table


def _inside(subscribers: pd.DataFrame, at_us: Ints) -> pd.DataFrame:
    """The runs that begin before the last change."""
    entered_us = pd.DatetimeIndex(subscribers["entered_at"]).asi8
    inside: pd.DataFrame = subscribers.loc[entered_us < at_us.max(initial=0), _RUN]
    return inside
