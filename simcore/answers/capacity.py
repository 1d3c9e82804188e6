"""A sending limit: which emails of each period go out in it, and which wait for a later one."""

from collections.abc import Iterable, Mapping
from itertools import chain, repeat
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from simcore.clock import instants
from simcore.clock.instants import NAT_US
from simcore.clock.periods import FREQUENCIES, periods
from simcore.clock.zones import FAR_US, LAST_US, Ints, zone
from simcore.errors import SimcoreError, shown
from simcore.plan.log import whole_id
from simcore.text.wording import count

_EXPECTED = (
    'expected the most emails in each period, such as {"D": 5000}, or {"D": [1000, 2000, 5000]} for a ramp'
)


class Limit(NamedTuple):
    """How many emails may go out in each period: in the first, the second and so on; the last number goes on."""

    freq: str
    most: list[int]


def read(capacity: Any, freq: str) -> Limit:
    """The limit that `forecast` was given. Raises SimcoreError for what is none."""
    if not isinstance(capacity, Mapping) or len(capacity) != 1:
        raise SimcoreError(f"capacity: found {shown(capacity)}, {_EXPECTED}")
    ((kind, given),) = capacity.items()
    if not isinstance(kind, str) or kind not in FREQUENCIES:
        known = ", ".join(map(repr, FREQUENCIES))
        raise SimcoreError(f"capacity: found {shown(kind)}, expected one of: {known}")
    if freq not in ("D", kind):
        raise SimcoreError(
            f"freq: found {freq!r} with a capacity by {kind!r}, whose periods are the rows: leave freq out"
        )
    several = isinstance(given, Iterable) and not isinstance(given, str | Mapping)
    numbers = [whole_id(each) for each in (given if several else [given])]
    most = [each for each in numbers if each is not None and each >= 0]
    if not most or len(most) < len(numbers):
        raise SimcoreError(
            f"capacity: found {shown(given)} by {kind!r}, {_EXPECTED}: whole numbers of 0 or more"
        )
    if not most[-1]:
        raise SimcoreError(
            f"capacity: found {shown(given)} by {kind!r}, expected a last number over 0, which goes on"
        )
    return Limit(kind, most)


def queue(rounds: list[tuple[Ints, Ints | None]], time_zone: str, limit: Limit) -> pd.DataFrame:
    """What `forecast` gives under a limit. `rounds`: instants [µs], and how many emails come due at each (None: one).

    Emails are numbered as they come due and go out in that order, so which are the first, the middle and the last of
    a period follows from how many go out. Only those are looked up, however many there are.
    """
    due_us, so_far = _arrivals(rounds)
    starts_us, due, waiting = _periods(due_us, so_far, time_zone, limit) if so_far.size else [so_far] * 3
    waited = np.append(0, waiting)[:-1]  # as each begins
    sent = waited + due - waiting
    first, some = np.cumsum(sent) - sent, np.flatnonzero(sent)

    def late(number: Ints) -> Any:
        """How late the emails of these numbers go out, one of each period, if any do in it."""
        us = np.full(sent.size, NAT_US)
        then_us = due_us[np.searchsorted(so_far, number[some], side="right")]
        us[some] = np.maximum(starts_us[some] - then_us, 0)
        return us.view("timedelta64[us]")

    return pd.DataFrame(
        {
            "due": due,
            "sent": sent,
            "waiting": waiting,
            "late": np.minimum(waited, sent),
            "median_late": late(first + sent // 2),  # who came later is less late
            "max_late": late(first),
        },
        index=pd.DatetimeIndex(instants.show(starts_us, time_zone), name="period"),
    )


def _arrivals(rounds: list[tuple[Ints, Ints | None]]) -> tuple[Ints, Ints]:
    """The distinct instants at which emails come due, in order [µs], and how many have by then."""
    none = np.zeros(0, np.int64)
    due_us = np.concatenate([none, *(us for us, _ in rounds)])
    counts = np.concatenate([none, *(np.ones_like(us) if sends is None else sends for us, sends in rounds)])
    order = np.argsort(due_us, kind="stable")
    due_us, so_far = due_us[order], np.cumsum(counts[order])
    last = np.append(np.diff(due_us) > 0, True)[: due_us.size]
    return due_us[last], so_far[last]


def _periods(due_us: Ints, so_far: Ints, time_zone: str, limit: Limit) -> list[Ints]:
    """The periods from the first email until none waits: their starts [µs], how many come due, and how many wait at
    the end.

    A period goes on until the next one begins. (Where the clock goes back over midnight, and so shows the end of a
    date again, that hour is part of the new date.)
    """
    here, usual_us = zone(time_zone), FREQUENCIES[limit.freq]
    first_us, last_us = int(due_us[0]), int(due_us[-1])
    starts_us = periods(here, limit.freq, first_us, last_us).starts_us
    before = np.searchsorted(due_us, np.append(starts_us[1:], FAR_US))
    due = np.diff(np.append(0, so_far)[before], prepend=0)
    most = chain(limit.most, repeat(limit.most[-1]))
    waiting, now, left = list[int](), 0, (LAST_US - last_us) // usual_us - 1
    if limit.freq == "M":  # which are not equally long
        left = periods(here, "M", last_us, LAST_US).starts_us.size - 2
    for coming in chain(due.tolist(), repeat(0, left)):
        if not now and len(waiting) >= due.size:
            break
        now = max(now + coming - next(most), 0)
        waiting.append(now)
    if now:
        raise SimcoreError(
            f"capacity: {count(now, 'email')} of {so_far[-1]} would still wait on 2200-01-01: give a higher limit by "
            f"{limit.freq!r}"
        )
    end_us = min(last_us + (len(waiting) - due.size + 2) * usual_us, LAST_US)
    starts_us = periods(here, limit.freq, first_us, end_us).starts_us[: len(waiting)]
    return [starts_us, np.append(due, np.zeros(len(waiting) - due.size, np.int64)), np.array(waiting)]
