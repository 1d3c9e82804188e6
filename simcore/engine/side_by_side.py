"""Entry where the runs of a subscriber go side by side, and an active one may keep others out (Q18, Q24).

Who is taken in then depends on how long runs last, and that on nothing but the run itself. So it takes two passes: in
the first all who may be taken in go through the sequence; in the second, by when each would be done, those stay who
find no active run in their way.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from simcore.clock.zones import FIRST_US, Ints
from simcore.engine.people import (
    BLOCKED,
    DUPLICATE,
    NO_KEY,
    REPEATED,
    STARTED,
    Audience,
    Claims,
    Fates,
    count_before,
    parted,
)
from simcore.engine.simulate import busy_us
from simcore.plan.history import History
from simcore.plan.log import Flags, Log, Toggles, read_in
from simcore.plan.plan import Epoch, SideBySide
from simcore.plan.runs import Runs


def first_pass(came: Runs, epochs: Sequence[Epoch], log: Log | None) -> tuple[Fates, Claims | None]:
    """What becomes of each candidate, as far as that does not depend on how long runs last (Q18, Q21, Q33, Q34)."""
    who, plan, entry = came.numbered_who, epochs[0].plan, epochs[0].plan.side_by_side
    fate = np.full(len(came), STARTED, np.int8)
    if log is not None:
        left = History(log, plan.events, emits=False).left(who, came.entered_us)
        fate[left & _by(came, epochs, "blocked_vias")] = BLOCKED
    if not came.by_row:  # what is given by hand is taken in (Q34)
        fate[_by(came, epochs, "closed_to")] = BLOCKED
    if_idle = _by(came, epochs, "if_idle_vias")
    key = keys(came, entry)
    if entry.key is not None:
        fate[(fate == STARTED) & (key < 0) & ~if_idle] = NO_KEY
    if entry.once:
        order = np.lexsort((came.entered_us, who))
        order = order[fate[order] == STARTED]
        later = order[1:][who[order[1:]] == who[order[:-1]]]
        fate[later[~_by(came, epochs, "again_vias")[later]]] = REPEATED
    claims = entry.key is not None or bool(if_idle.any())
    return fate, Claims(came, fate, key if entry.key is not None else None, if_idle) if claims else None


def keys(came: Runs, entry: SideBySide) -> Ints:
    """What each run must not share with an active one, by number; -1 for none."""
    if entry.key is None:
        return np.full(len(came), -1)
    key: Ints = pd.factorize(read_in(came.properties, came.which_or_none, entry.key))[0].astype(np.int64)
    return key


def goes_by_waves(came: Runs, epochs: Sequence[Epoch]) -> bool:
    """Whether who comes in, and what becomes of it, depends on what happens to the same subscriber before."""
    entries = [epoch.plan.side_by_side for epoch in epochs]
    by_hand = entries[0].once and bool(
        (_by(came, epochs, "if_idle_vias") & ~_by(came, epochs, "again_vias")).any()
    )
    rules = {(each.once, each.key is None) for each in entries}
    matters = any(epoch.plan.in_order for epoch in epochs) or by_hand or len(rules) > 1
    return matters and len(came) > 0 and int(np.bincount(came.numbered_who).max()) > 1


def _by(came: Runs, epochs: Sequence[Epoch], vias: str) -> Flags:
    """Who comes by any of some ways, as the plan in force then has them."""
    found = np.zeros(len(came), np.bool_)
    which = np.searchsorted([epoch.at_us for epoch in epochs[1:]], came.entered_us, "right")
    names = epochs[0].plan.vias
    for number, epoch in enumerate(epochs):
        chosen = np.array([name in getattr(epoch.plan.side_by_side, vias) for name in names])
        found |= (which == number) & chosen[came.via]
    return found


def second_pass(people: Audience, epochs: Sequence[Epoch], until_us: int | None) -> Audience:
    """Of the runs that may be, those that find no active one in their way."""
    claims = people.claims
    if claims is None:
        return people
    busy = busy_us(epochs, people.runs, people.log, until_us, people.statuses)
    alone = _alone(people.runs, claims, busy)
    fate = claims.fate.copy()
    fate[np.flatnonzero(fate == STARTED)[~alone]] = DUPLICATE
    runs, rejected = parted(claims.came, fate)
    return numbered(people._replace(runs=runs, rejected=rejected, claims=None))


def _alone(runs: Runs, claims: Claims, busy_us: Ints) -> Flags:
    """Which of the candidates find no active run in their way.

    `busy_us` int64 [µs; runs]: the last instant at which each would find itself active, were it taken in.
    """
    who, chosen = runs.numbered_who, np.flatnonzero(claims.fate == STARTED)
    if_idle = claims.if_idle[chosen]
    key = np.full(len(runs), -1) if claims.key is None else claims.key[chosen]
    order = np.lexsort((runs.entered_us, who))
    mixed = (np.bincount(who, if_idle) > 0)[who[order]]
    alone = np.ones(len(runs), np.bool_)
    if claims.key is not None:
        some = order[~mixed]
        pair = who[some] * (key.max(initial=0) + 1) + key[some]
        by_pair = np.argsort(pair, kind="stable")
        some, group = some[by_pair], np.cumsum(np.append(0, np.diff(pair[by_pair]) != 0))[: some.size]
        alone[some] = _chained(group, runs.entered_us[some], busy_us[some])
        some = order[mixed]
        alone[some] = _in_turn(who[some], runs.entered_us[some], busy_us[some], key[some], if_idle[some])
        return alone
    # All others are taken in: what counts is whether one of them is active, and then those that need it idle.
    covered_us = _latest(who[order], np.where(if_idle, FIRST_US - 1, busy_us)[order])
    some = order[if_idle[order] & (covered_us < runs.entered_us[order])]
    alone[if_idle] = False
    alone[some] = _chained(pd.factorize(who[some])[0], runs.entered_us[some], busy_us[some])
    return alone


def _chained(group: Ints, at_us: Ints, busy_us: Ints) -> Flags:
    """Of candidates by group and instant: the first, the first that comes after it is done, and so on."""
    size = len(group)
    line = Toggles(group, at_us, group < 0, int(group.max(initial=-1)) + 1)
    place = line.until(group, busy_us)
    jump = np.append(np.where(place < line.first[group + 1], place, size), size)
    taken = np.zeros(size + 1, np.bool_)
    taken[line.first[:-1]] = True
    # What is 1, 2, 4, … jumps away from what is taken is taken too.
    for _ in range(int(np.diff(line.first).max(initial=0)).bit_length()):
        taken[jump[taken]] = True
        jump = jump[jump]
    return taken[:size]


def _latest(group: Ints, us: Ints) -> Ints:
    """The latest instant up to each row, of the rows of its group, which stand together."""
    instants_us, rank = np.unique(us, return_inverse=True)
    base = np.cumsum(np.append(0, np.diff(group) != 0))[: group.size] * instants_us.size
    latest_us: Ints = instants_us[np.maximum.accumulate(base + rank) - base]
    return latest_us


def _in_turn(who: Ints, at_us: Ints, busy_us: Ints, key: Ints, if_idle: Flags) -> Flags:
    """Of candidates by subscriber and instant, where some need the subscriber idle: the first of each together,
    then the second of each, and so on."""
    pair = np.unique(who * (key.max(initial=0) + 2) + key, return_inverse=True)[1]
    person = np.cumsum(np.append(0, np.diff(who) != 0))
    first = np.append(True, np.diff(who) != 0)
    rank = count_before(np.ones(len(who), np.bool_), first)
    taken = np.zeros(len(who), np.bool_)
    busy_person, busy_pair = np.full((2, len(who)), np.iinfo(np.int64).min)
    for turn in np.split(np.argsort(rank, kind="stable"), np.cumsum(np.bincount(rank))[:-1]):
        at, one, own = at_us[turn], person[turn], pair[turn]
        taken[turn] = np.where(if_idle[turn], busy_person[one] < at, (key[turn] < 0) | (busy_pair[own] < at))
        new = turn[taken[turn]]
        busy_person[person[new]] = np.maximum(busy_person[person[new]], busy_us[new])
        busy_pair[pair[new]] = np.maximum(busy_pair[pair[new]], busy_us[new])
    return taken


def numbered(people: Audience) -> Audience:
    """Runs that go side by side are numbered in the order of enrolment (Q19)."""
    runs = people.runs
    who = runs.numbered_who
    order = np.lexsort((runs.entered_us, who))
    first = np.append(True, np.diff(who[order]) != 0)[: order.size]
    number = np.empty(order.size, np.int32)
    number[order] = count_before(np.ones(order.size, np.bool_), first) + 1
    return people._replace(runs=replace(runs, number=number))
