"""What a change of the sequence does: what each run waits for is looked up again, for all together (K20 to K26)."""

import numpy as np

from simcore.clock.gates import Anytime
from simcore.clock.instants import NAT_US
from simcore.clock.zones import Ints
from simcore.engine.itinerary import Itinerary
from simcore.engine.own_zones import of_zones
from simcore.engine.record import BEHIND_SENT, INSERTED, RESCHEDULED, Record
from simcore.engine.rounds import ACTIVE, AT_ONCE, CHANGED, COMPLETED, FREED, NONE
from simcore.engine.times import Times, due
from simcore.plan.log import Flags
from simcore.plan.plan import OnChange, Step, of_each
from simcore.plan.waits import RunDelay


def change(
    record: Record, before: Itinerary, here: Itinerary, on_change: OnChange, now_us: int, number: int
) -> None:
    """One change at an instant [µs], from one plan to the next; `number`: the epoch that it begins."""
    out, inside = record.out, record.inside
    rows = inside[(out.end_us[inside] >= now_us) & (out.state[inside] == ACTIVE)]
    record.inside = rows
    _forget_deleted(record, before, here, rows)
    new = np.array(
        [
            record.numbers[step.email_id]
            for step in here.steps
            if step.sends and step.email_id not in before.published
        ],
        np.int64,
    )
    place = here.place[record.last[rows]]
    for email in new.tolist():  # K22
        behind = (here.place[email] < place) & ~record.received[email][rows]
        record.touch(BEHIND_SENT, rows[behind])
        record.owed[email][rows[behind & of_each(on_change.send_behind, record.runs.via[rows])]] = True
    target = _next(record, here, rows, place)
    there = target < len(here.steps)
    _nothing_left(record, here, rows[~there], now_us, number)
    rows, target = rows[there], target[there]
    email = here.number[target]
    record.holding[rows] = False
    other = email != out.queued[rows]
    for at in np.flatnonzero(np.bincount(target)).tolist():
        mine = target == at
        _requeue(record, here, at, on_change, rows[mine], other[mine], now_us, new, number)


def _forget_deleted(record: Record, before: Itinerary, here: Itinerary, rows: Ints) -> None:
    """Where the last email passed is gone, the one before it takes its place (K24)."""
    last = record.last[rows]
    for email in before.number.tolist():
        if here.place[email] < 0:
            place = before.place[email]
            last[last == email] = before.number[place - 1] if place > 0 else NONE
    record.last[rows] = last


def _next(record: Record, here: Itinerary, rows: Ints, place: Ints) -> Ints:
    """The place of the first email after the last one passed that is waited for and not yet received (K21)."""
    following = np.array([*here.next, len(here.steps)])
    target: Ints = following[place + 1]
    while True:
        had = np.flatnonzero(target < len(here.steps))
        had = had[record.received[here.number[target[had]], rows[had]]]
        if not had.size:
            return target
        target[had] = following[target[had] + 1]


def _nothing_left(record: Record, here: Itinerary, rows: Ints, now_us: int, number: int) -> None:
    record.touch_at_end(rows, number)
    record.out.queued[rows], record.out.due_us[rows] = NONE, NAT_US
    holds = record.holds(here.plan, rows)
    done, held = rows[~holds], rows[holds & ~record.holding[rows]]
    record.end(COMPLETED, "completed", done, Times(np.full(done.size, now_us)))
    record.holding[held] = True
    record.note("holding", held, Times(np.full(held.size, now_us)))


def _requeue(
    record: Record,
    here: Itinerary,
    at: int,
    on_change: OnChange,
    rows: Ints,
    other: Flags,
    now_us: int,
    new: Ints,
    number: int,
) -> None:
    """Runs whose next email is the one at a place; `other`: which waited for another before."""
    out, plan, step, email = record.out, here.plan, here.steps[at], int(here.number[at])
    if isinstance(step.delay, RunDelay):
        raise TypeError("a sequence that waits for dates of runs does not change")
    due_us = out.due_us[rows]
    via = record.runs.via[rows]
    before = other & (out.queued[rows] >= 0) & (email in new)
    at_once = before & of_each(on_change.insert_at_once, via)
    again = other | (due_us == NAT_US) | step.gate.closed  # K11
    anew = ~at_once & (again | of_each(on_change.reschedule, via))  # K20
    overdue = (due_us < now_us) & plan.active
    late = ~anew & ~at_once & overdue  # K19: it came due while nothing was sent
    if record.touched is not None:
        record.touch(INSERTED, rows[before])
        kept = np.flatnonzero(~again)
        mine = rows[kept]
        moved_us = _gated(record, step, mine, _ready_us(record, step, mine, now_us))
        late_us = _gated(record, step, mine, np.full(kept.size, now_us))
        record.touch(RESCHEDULED, mine[moved_us != np.where(overdue[kept], late_us, due_us[kept])])
    out.due_us[rows[at_once]] = now_us
    out.due_us[rows[anew]] = _gated(record, step, rows[anew], _ready_us(record, step, rows[anew], now_us))
    out.due_us[rows[late]] = _gated(record, step, rows[late], np.full(np.count_nonzero(late), now_us))
    for some, cause in ((at_once, AT_ONCE), (anew, CHANGED), (late, FREED)):
        mine = rows[some]
        record.cause[mine], record.since_us[mine], record.under[mine] = cause, now_us, number
    out.queued[rows] = email


def _ready_us(record: Record, step: Step, rows: Ints, now_us: int) -> Ints:
    """When the waits of some runs from their anchors are over, but not before now."""
    anchor_us = record.anchor_us[rows]
    ready_us = np.empty(rows.size, np.int64)
    for some, delay in of_zones(record, step.delay, rows, anchor_us):
        ready_us[some] = due(delay, Anytime(), Times(anchor_us[some])).all_us()
    return np.maximum(ready_us, now_us)


def _gated(record: Record, step: Step, rows: Ints, from_us: Ints) -> Ints:
    """When some runs' step is due: as soon as its gate allows, from instants on."""
    due_us = np.empty(rows.size, np.int64)
    for some, gate in of_zones(record, step.gate, rows, from_us):
        due_us[some] = gate.snap(from_us[some])
    return due_us
