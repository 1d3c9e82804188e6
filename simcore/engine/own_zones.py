"""Delays and gates of runs that are in zones of their own: zone by zone, never run by run (T22, Q31).

Once a delay or a gate has left few instants in each zone, what follows is found once for each of these: see `ByZone`.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import pandas as pd

from simcore.clock.delays import Delay, Elapsed
from simcore.clock.gates import Anytime, Gate
from simcore.clock.zones import DAY_US, FAR_US, Ints, zone
from simcore.engine.record import Record
from simcore.engine.times import ByZone, Kept, Parts, Times, due
from simcore.plan.plan import Step

_Timing = TypeVar("_Timing", Delay, Gate)
_NO_WAIT, _ANYTIME = Elapsed(0), Anytime()
_BACK_US = 3 * DAY_US  # no clock is put back by more than a day


def parts(record: Record, rows: Ints | None, at_us: Ints) -> tuple[Ints, Parts]:
    """Some runs by the zones that they are in at instants: their places, those of one zone together; and the zones."""
    place = record.zones_at(rows, at_us)
    if record.fixed_zones:
        if record.same_clock is None:
            record.same_clock = same_clock(record.zones, record.runs.entered_us)
        place = record.same_clock[place]
    order = np.argsort(place.astype(np.int16), kind="stable")  # numpy counts what is so short
    count = np.bincount(place + 1)
    there = np.flatnonzero(count)
    names = [None, *record.zones]
    starts = np.append(0, np.cumsum(count[there])).tolist()
    return order, Parts(starts, [names[each] for each in there.tolist()])


def same_clock(zones: Sequence[str], entered_us: Ints) -> Ints:
    """For each zone, the first whose clock is the same from shortly before the first entry on; and -1 for none.

    Of hundreds of zones there are some dozens that differ in what is still to come.
    """
    from_us = int(entered_us.min(initial=FAR_US)) - _BACK_US
    first: dict[tuple[bytes, bytes], int] = {}
    found = []
    for at, here in enumerate(map(zone, zones)):
        begin = int(np.searchsorted(here.changes_us, from_us, "right")) - 1
        clock = here.changes_us[begin + 1 :].tobytes(), here.offsets_us[begin:].tobytes()
        found.append(first.setdefault(clock, at))
    return np.array([*found, -1])


def of_zones(record: Record, of: _Timing, rows: Ints, at_us: Ints) -> list[tuple[Ints, _Timing]]:
    """A delay or a gate for some runs, by their own zones at instants: places among the rows, and what it is there."""
    if not of.own_zone or not rows.size:
        return [(np.arange(rows.size), of)]
    order, zones = parts(record, rows, at_us)
    return [(order[where], of if name is None else of.in_zone(name)) for where, name in zones.each()]


def due_by_zone(
    record: Record, step: Step, rows: Ints | None, anchor: Times, kept: Kept | None = None
) -> tuple[Times, Times]:
    """When a step is due, and when its wait is over, for runs each in a zone of its own.

    The delay is in the zone that a run has when it begins to wait, the gate in that when the wait is over (Q31).
    """
    if kept is None or not record.fixed_zones:
        over = _passed(record, step.delay, _ANYTIME, rows, anchor)
        return _passed(record, _NO_WAIT, step.gate, rows, over), over
    over = kept.keep(
        (Delay, step.delay),
        anchor,
        lambda: _passed(record, step.delay, _ANYTIME, rows, anchor),
        len(anchor),
    )
    at = kept.keep(
        (Gate, step.gate),
        over,
        lambda: _passed(record, _NO_WAIT, step.gate, rows, over),
        over.distinct_us.size,
    )
    return at, over


def _passed(record: Record, delay: Delay, gate: Gate, rows: Ints | None, anchor: Times) -> Times:
    """When a wait that begins at `anchor` is over and the gate is passed: one of both is at once, or always open."""
    if not (delay.own_zone or gate.own_zone):
        return due(delay, gate, anchor)
    if isinstance(anchor, ByZone):
        us = [_due_us(delay, gate, name, anchor.distinct_us[where]) for where, name in anchor.parts.each()]
        return anchor.moved(np.concatenate([*us, anchor.distinct_us[:0]]))
    anchor_us = anchor.all_us()
    order, zones = parts(record, rows, anchor_us)
    anchor_us = anchor_us[order]
    distinct, which = [], np.empty(order.size, np.int64)
    size, starts = 0, [0]
    for where, name in zones.each():
        mine, found = pd.factorize(_due_us(delay, gate, name, anchor_us[where]))
        np.add(mine, size, out=which[where])
        size += found.size
        starts.append(size)
        distinct.append(found)
    index = np.empty_like(which)
    index[order] = which
    found_us = np.concatenate([*distinct, anchor_us[:0]])
    return (
        ByZone(found_us, index, Parts(starts, zones.names)) if record.fixed_zones else Times(found_us, index)
    )


def _due_us(delay: Delay, gate: Gate, name: str | None, anchor_us: Ints) -> Ints:
    """The same for runs of one zone, None for the sequence's."""
    if gate is _ANYTIME:
        there = delay if name is None else delay.in_zone(name)
        return np.minimum(np.maximum(there.earliest(anchor_us), anchor_us), FAR_US)
    return (gate if name is None else gate.in_zone(name)).snap(anchor_us)
