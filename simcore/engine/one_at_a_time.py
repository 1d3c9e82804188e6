"""Entry where a subscriber is never in two runs at once: who comes again starts anew, or is ignored (K14 to K17)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from simcore.clock.zones import Ints
from simcore.engine.people import BLOCKED, EXCLUDED, IGNORED, STARTED, Fates, count_before
from simcore.plan.history import History
from simcore.plan.log import NEVER_US, Flags, Log
from simcore.plan.plan import Epoch, OneAtATime


def taken(
    who: Ints, entered_us: Ints, via: npt.NDArray[np.int8], epochs: Sequence[Epoch], log: Log | None
) -> tuple[Fates, npt.NDArray[np.int32], Ints]:
    """Of each entry: its fate; its run's number; and when the next run of the subscriber begins [µs].

    A subscriber's entries count by time, ties in the order given; the first that nothing keeps out starts run
    1, and others after it start one where the sequence repeats.
    """
    fate, repeats = _looked_at(who, entered_us, via, epochs, log)
    number_, next_us = np.ones(len(who), np.int32), np.full(len(who), NEVER_US)
    # Only those who come more than once have an order to look at.
    some = np.flatnonzero(np.bincount(who)[who] > 1)
    some = some[np.lexsort((entered_us[some], who[some]))]
    person = who[some]
    first = np.append(True, np.diff(person) != 0)[: some.size]
    able = fate[some] == STARTED
    again = count_before(able, first) > 0
    begins = able & (~again | repeats[some])
    ignored = some[again & ~repeats[some]]
    fate[ignored[fate[ignored] != BLOCKED]] = IGNORED
    number_[some] = count_before(begins, first) + 1
    begun = some[begins]
    same = np.flatnonzero(who[begun[1:]] == who[begun[:-1]])
    next_us[begun[same]] = entered_us[begun[same + 1]]
    return fate, number_, next_us


def _looked_at(
    who: Ints, entered_us: Ints, via: npt.NDArray[np.int8], epochs: Sequence[Epoch], log: Log | None
) -> tuple[Fates, Flags]:
    """Of each entry by itself: its fate, as though it were the subscriber's only one, and whether it repeats."""
    repeats, blocked, excluded = np.zeros((3, len(who)), np.bool_)
    if log is not None:
        blocked = History(log, epochs[0].plan.events, emits=False).left(who, entered_us)
    # Few changes touch the rules of entry: epochs that agree on them are looked at together.
    rules: dict[Any, list[int]] = {}
    for number, each in enumerate(epochs):
        rules.setdefault((each.plan.entry, each.plan.excluded), []).append(number)
    epoch = None
    if len(rules) > 1:
        epoch = np.searchsorted([each.at_us for each in epochs[1:]], entered_us, "right")
    for numbers in rules.values():
        plan = epochs[numbers[0]].plan
        mine = slice(None) if epoch is None else np.flatnonzero(np.isin(epoch, numbers))
        if isinstance(plan.entry, OneAtATime) and plan.entry.repeat:
            repeats[mine] = np.array([name in plan.entry.repeat_vias for name in plan.vias])[via[mine]]
        members = None if log is None else log.members(plan.excluded, plan.events)
        if members is not None:
            excluded[mine] = members.state(who[mine], entered_us[mine])
    fate = np.full(len(who), STARTED, np.int8)
    fate[excluded] = EXCLUDED
    fate[blocked] = BLOCKED
    return fate, repeats
