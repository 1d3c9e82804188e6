"""Test sign-ups to choose from: when somebody could sign up, what could happen to them, and which edits to make."""

from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from simcore.answers.projection import make
from simcore.clock import instants
from simcore.clock.zones import DAY_US, HOUR_US, MINUTE_US, Ints, zone
from simcore.kit.changes import Change, update, update_email
from simcore.kit.model import Sequence

_DAYS = 14
_TIMES = (1, 197, 878, 1372, 1439)  # minutes of the day, no two of which are alike to a poll
_AROUND = (-43, 0, 13)  # minutes before and after the send hour
_Edit = tuple[
    int, int | None, dict[str, Any]
]  # on which day, which email (None: the sequence), and its new fields


class Trials(NamedTuple):
    """Sign-ups to choose from, what happens to them, and the edits: as for `simcore.project`. The ids of subscribers
    are 0, 1, 2, ..., by when they sign up first; the last ones sign up when everything else has gone out."""

    entries: pd.DataFrame
    events: pd.DataFrame | None
    changes: list[Change]


def trials(sequence: Sequence, among: Collection[str], start_us: int) -> Trials:
    """All that may be tried for some switches, from the day after an instant on [µs]."""
    here = zone(sequence.time_zone)
    lasts = _lasts(sequence, start_us)
    edits, days = _edits(sequence, among, lasts)
    first = int(here.date(np.array([start_us]))[0]) + 1
    begins_us = here.date_begin_us(np.arange(first, first + days + 1))
    changes = [_change(int(begins_us[day]) + 12 * HOUR_US, email, fields) for day, email, fields in edits]
    times = {*_TIMES, *((sequence.send_hour * 60 + each) % 1440 for each in _AROUND)}
    local_us = np.arange(first, first + days)[:, None] * DAY_US + np.array([*times]) * MINUTE_US
    entered_us = [here.instant_us(local_us.reshape(-1))]
    noon_us = begins_us[:-1] + 12 * HOUR_US + 7 * MINUTE_US
    again_us = tagged_us = np.empty(0, np.int64)
    if "restart_via" in among and sequence.repeat:
        again_us = noon_us + DAY_US
        entered_us.append(noon_us)
    tags = [tag for each in sequence.exclude_subscriber_sources if each.type == "tag" for tag in each.ids]
    if "excluded_midway" in among and tags:
        tagged_us = noon_us + MINUTE_US
        entered_us.append(tagged_us - MINUTE_US)
    who = np.repeat(np.arange(len(entered_us)), [each.size for each in entered_us])
    all_us = np.concatenate(entered_us)
    order = np.argsort(all_us, kind="stable")
    rank = np.empty(order.size, np.int64)
    rank[order] = np.arange(order.size)
    entries = _frame(np.append(rank, rank[who == 1][: again_us.size]), np.append(all_us, again_us))
    events = None
    if tagged_us.size:
        mine = rank[who == who[-1]]
        gone_us = tagged_us + max(lasts // 2, 1) * DAY_US
        events = pd.concat(
            [
                _frame(mine, us, "at").assign(event=event, ref=tags[0])
                for us, event in ((tagged_us, "tag_added"), (gone_us, "tag_removed"))
            ],
            ignore_index=True,
        )
    return Trials(entries.assign(via="api"), events, changes)


def _frame(who: Ints, us: Ints, name: str = "entered_at") -> pd.DataFrame:
    return pd.DataFrame({"subscriber_id": who, name: instants.show(us.copy(), "UTC")})


def _change(us: int, email: int | None, fields: dict[str, Any]) -> Change:
    at = pd.Timestamp(us, unit="us", tz="UTC").isoformat()
    return update(at, **fields) if email is None else update_email(at, email, **fields)


def _lasts(sequence: Sequence, start_us: int) -> int:
    """In how many days all emails go out, with two to spare."""
    entries = [pd.Timestamp(start_us, unit="us", tz="UTC")]
    lasts_us = [item.at.last_us - start_us for item in make(sequence, entries).outcome.sends]
    return max(lasts_us, default=0) // DAY_US + 3


def _edits(sequence: Sequence, among: Collection[str], lasts: int) -> tuple[list[_Edit], int]:
    """The edits that show what some switches do, and how many days everything takes.

    What is taken back and published again is new to those who wait behind it or before it.
    """
    emails = [email.id or 0 for email in sequence.emails if email.published]
    edits, day = list[_Edit](), _DAYS
    if "queued_emails" in among:
        other = (sequence.send_hour + 4) % 24
        edits += [(day, None, {"send_hour": other}), (day + 1, None, {"send_hour": sequence.send_hour})]
        day += 2 + lasts
    if not {"insert_before_next", "earlier_insert"}.isdisjoint(among) and len(emails) > 1:
        email = emails[-3:][0]
        edits += [(day, email, {"published": False}), (day + lasts, email, {"published": True})]
        day += 2 * lasts
    if "hold_without_automation" in among and emails:
        for hold in (sequence.hold, not sequence.hold):
            edits += [] if hold == sequence.hold else [(day, None, {"hold": hold})]
            edits += [(day, emails[-1], {"published": False}), (day + lasts, emails[-1], {"published": True})]
            day += 2 * lasts
    return edits, day + lasts
