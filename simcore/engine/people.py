"""Who goes through a sequence, and whose entries start no run."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from simcore.clock.zones import Ints
from simcore.plan.log import Flags, Log
from simcore.plan.runs import Runs

ENTRY_WORDS = ("started", "blocked", "ignored", "excluded", "repeated", "duplicate", "no_key")
"""What becomes of an entry, by its number: of several that hold, the lowest (K17)."""
STARTED, BLOCKED, IGNORED, EXCLUDED, REPEATED, DUPLICATE, NO_KEY = range(7)
Fates = npt.NDArray[np.int8]
"""What becomes of entries, by these numbers."""


class Rejected(NamedTuple):
    """Entries that start no run: `row` int64, `subscriber_id`, `at_us` int64 [µs], `fate`, places in `ENTRY_WORDS`."""

    row: Ints
    subscriber_id: Any
    at_us: Ints
    fate: Fates


class Claims(NamedTuple):
    """All who came, and the `fate` of each so far; and what their runs must not share with an active one.

    `key` int64, -1 for none, or None where it plays no part; `if_idle`, the very subscriber.
    """

    came: Runs
    fate: Fates
    key: Ints | None
    if_idle: Flags


class Audience(NamedTuple):
    """The runs that entries or events start, and those of both that start none; the log of events; and what the runs'
    `end_status` and `via` are places in.

    `claims`: where it depends on how long runs last who is taken in, the runs are all that may be, and these are
    what the second pass needs to know (`simcore.engine.side_by_side`). `in_order`: whether the runs are all that come,
    and it is for the waves to say who is taken in (`simcore.engine.waves`).
    """

    runs: Runs
    rejected: Rejected
    log: Log | None
    statuses: tuple[str, ...]
    vias: tuple[str, ...]
    claims: Claims | None = None
    in_order: bool = False

    @property
    def known_log(self) -> Log:
        """The log, where what happens depends on it."""
        if self.log is None:
            raise TypeError("runs without a log")
        return self.log


def parted(came: Runs, fate: Fates) -> tuple[Runs, Rejected]:
    """Those who start a run, and those whose fate is another."""
    out = fate != STARTED
    gone = came.of(out)
    rejected = Rejected(gone.row, gone.subscriber_id, gone.entered_us, fate[out])
    return came.of(~out) if out.any() else came, rejected


def count_before(flags: Flags, first: Flags) -> Ints:
    """How many of the flags before each, in the group that `first` begins, are set."""
    total: Ints = np.cumsum(flags) - flags
    count: Ints = total - np.maximum.accumulate(np.where(first, total, 0))
    return count
