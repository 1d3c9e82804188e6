"""Who is taken in, where it depends on what has happened to the subscriber before: entry by entry, as they come."""

import numpy as np

from simcore.clock.zones import Ints
from simcore.engine.line import Line
from simcore.engine.people import (
    BLOCKED,
    DUPLICATE,
    EXCLUDED,
    IGNORED,
    NO_KEY,
    REPEATED,
    STARTED,
    Fates,
)
from simcore.engine.record import Record
from simcore.plan.log import Flags
from simcore.plan.plan import OneAtATime, Plan, SideBySide


def judged(record: Record, plan: Plan, line: Line, rows: Ints) -> Fates:
    """What becomes of some entries, each subscriber's one."""
    who, now_us = line.came.numbered_who[rows], line.came.entered_us[rows]
    left, again = record.history.left(who, now_us), line.taken[who] > 0
    if isinstance(plan.entry, SideBySide):
        return _side_by_side(record, plan, plan.entry, line, rows, left, again)
    return _one_at_a_time(record, plan, plan.entry, line, rows, left, again)


def _one_at_a_time(
    record: Record, plan: Plan, entry: OneAtATime, line: Line, rows: Ints, left: Flags, again: Flags
) -> Fates:
    """The same where a subscriber is never in two runs at once (K14 to K17)."""
    who, now_us = line.came.numbered_who[rows], line.came.entered_us[rows]
    repeats = _by(plan, line, entry.repeat_vias, rows) & entry.repeat
    fate = np.full(len(rows), STARTED, np.int8)
    fate[record.in_excluded(who, now_us)] = EXCLUDED
    fate[again & ~repeats] = IGNORED
    fate[left] = BLOCKED
    return fate


def _side_by_side(
    record: Record, plan: Plan, entry: SideBySide, line: Line, rows: Ints, left: Flags, again: Flags
) -> Fates:
    """The same where the runs of a subscriber go side by side (Q18, Q21, Q33)."""
    end_us = record.out.end_us
    who, now_us, key = line.came.numbered_who[rows], line.came.entered_us[rows], line.key[rows]

    def active(others: Ints, place: Ints) -> Flags:
        found: Flags = line.inside[others] & (end_us[others] > now_us[place])
        return found

    any_active = line.any_of(who, active)
    same = line.any_of(who, lambda others, place: active(others, place) & (line.key[others] == key[place]))
    by_hand = _by(plan, line, entry.if_idle_vias, rows)
    closed = _by(plan, line, entry.closed_to, rows) & (not line.came.by_row)
    fate = np.full(len(rows), STARTED, np.int8)
    for holds, what in (
        (same & (key >= 0), DUPLICATE),
        ((key < 0) & ~by_hand & (entry.key is not None), NO_KEY),
        (again & ~_by(plan, line, entry.again_vias, rows) & entry.once, REPEATED),
        (any_active & by_hand, DUPLICATE),
        ((left & _by(plan, line, entry.blocked_vias, rows)) | closed, BLOCKED),
    ):
        fate[holds] = what
    return fate


def _by(plan: Plan, line: Line, names: frozenset[str], rows: Ints) -> Flags:
    """Which of some entries are by any of some ways."""
    flags: Flags = np.array([name in names for name in plan.vias])[line.came.via[rows]]
    return flags
