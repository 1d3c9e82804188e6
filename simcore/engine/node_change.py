"""What a change does where those inside stand at steps by their ids, and stay there (Q40)."""

import numpy as np

from simcore.clock.gates import Closed
from simcore.clock.instants import NAT_US
from simcore.clock.zones import FAR_US, Ints, zone
from simcore.engine.itinerary import Itinerary
from simcore.engine.own_zones import of_zones
from simcore.engine.record import Record
from simcore.engine.rounds import ACTIVE, COMPLETED, NONE
from simcore.engine.times import Times
from simcore.plan.log import Flags
from simcore.plan.plan import OUT, Step
from simcore.plan.waits import ENDS, Followed, Ready


def change_nodes(record: Record, before: Itinerary, here: Itinerary, now_us: int, *, realign: bool) -> None:
    """One change at an instant [µs], from one plan to the next."""
    out, inside = record.out, record.inside
    rows = inside[(out.end_us[inside] >= now_us) & (out.state[inside] == ACTIVE) & (out.queued[inside] >= 0)]
    _carry_waits(record, before, here, rows[~record.parked[rows]], now_us)
    queued = out.queued[rows]
    _move_on(record, before, here, rows[here.place[queued] < 0], now_us)
    rows, queued = rows[here.place[queued] >= 0], queued[here.place[queued] >= 0]
    enabled = here.plan.active and not before.plan.active
    place = here.place[queued]
    for at in np.unique(place).tolist():
        step, mine = here.steps[at], rows[(place == at) & ~record.parked[rows]]
        _release(record, step, mine, now_us, enabled=enabled)
        if realign and step.sends:
            followed = _followed(record, step, mine, now_us)
            for delay, some in followed:  # what comes later moves a wait from where it is after the change
                _waits_until(record, delay, some, _known(record, delay, some, now_us))
            _realign(record, step, mine, now_us)
            for delay, some in followed:
                since_us, over_us = np.full(some.size, now_us - 1), record.over_us[some]
                found = delay.follow(record.history, record.runs, some, Ready(over_us), since_us)
                _waits_until(record, delay, some, found)
        _pass_anew(record, step, mine, now_us)


def _name(step: Step) -> int | str:
    """What runs stand at that wait for a step: the wait, where that is a node of its own."""
    return step.email_id if step.wait_id is None else step.wait_id


def _carry_waits(record: Record, before: Itinerary, here: Itinerary, rows: Ints, now_us: int) -> None:
    """Who stands at a wait that is a node of its own stays there, whatever step comes after it now (Q40).

    Where the wait is gone and its step is not, the step is reached at the change.
    """
    out = record.out
    waits = {step.wait_id: at for at, step in enumerate(here.steps) if step.wait_id is not None}
    waits = {step.email_id: at for at, step in enumerate(here.steps) if not step.is_action} | waits
    place = before.place[out.queued[rows]]
    for at in np.unique(place).tolist():
        step = before.steps[at]
        name = _name(step)
        mine = rows[(place == at) & ((record.over_us[rows] >= now_us) | (record.ending[rows] > 0))]
        if name in waits:
            out.queued[mine] = here.number[waits[name]]
        elif step.wait_id is not None and step.email_id in {each.email_id for each in here.steps}:
            record.over_us[mine], record.ending[mine] = now_us, 0


def _move_on(record: Record, before: Itinerary, here: Itinerary, rows: Ints, now_us: int) -> None:
    """Who stands at a step that is gone goes on to the one after it, or is done where there is none ."""
    place = before.place[record.out.queued[rows]]
    for at in np.unique(place).tolist():
        mine = rows[place == at]
        left = survivors(before, here, at)
        if len(left) > 1:
            raise TypeError("a step that is gone leads to several")
        if left:
            record.park(mine, int(here.number[left[0]]))
        else:
            record.out.queued[mine], record.out.due_us[mine] = NONE, NAT_US
            record.end(COMPLETED, "completed", mine, Times(np.full(mine.size, now_us)))


def survivors(before: Itinerary, here: Itinerary, at: int) -> list[int]:
    """The places in the new plan of the steps that follow one, over those that are gone."""
    steps = before.steps
    found = []
    for to in steps[at].paths or (at + 1,):
        if to in {OUT, len(steps)}:
            continue
        place = int(here.place[before.number[to]])
        found += [place] if place >= 0 else survivors(before, here, to)
    return [*dict.fromkeys(found)]


def _waiting(record: Record, rows: Ints, now_us: int) -> Flags:
    """Which of some runs are still on their wait, and go on when it is over."""
    over_us = record.over_us[rows]
    waits: Flags = (over_us >= now_us) & (over_us < FAR_US) & (record.ending[rows] == 0)
    return waits


def _release(record: Record, step: Step, rows: Ints, now_us: int, *, enabled: bool) -> None:
    """Who has waited keeps what the gate gave, unless it was closed, or it came due while nothing was sent."""
    out = record.out
    due_us, ends = out.due_us[rows], record.ending[rows] > 0
    waited = ~_waiting(record, rows, now_us) & ~ends & (record.over_us[rows] < FAR_US)
    anew = rows[waited & ((due_us == NAT_US) | ((due_us < now_us) & enabled))]
    # Changes come before the events of their instant.
    for own, gate in of_zones(record, step.gate, anew, np.full(anew.size, now_us - 1)):
        out.due_us[anew[own]] = gate.snap(np.full(own.size, now_us))
    out.due_us[rows[ends & (due_us < now_us) & enabled]] = now_us


def _pass_anew(record: Record, step: Step, rows: Ints, now_us: int) -> None:
    """Who waits keeps the instant that the wait ends, and passes the gate that is in force then."""
    if isinstance(step.gate, Closed):  # no gate, but a wait that never ends, for those who begin it now
        return
    rows = rows[_waiting(record, rows, now_us)]
    over_us = record.over_us[rows]
    for own, gate in of_zones(record, step.gate, rows, over_us):
        record.out.due_us[rows[own]] = gate.snap(over_us[own])


def _followed(record: Record, step: Step, rows: Ints, now_us: int) -> list[tuple[Followed, Ints]]:
    """The runs among some that are on a wait which what happens meanwhile may move, by what they wait for (Q28)."""
    rows = rows[(record.over_us[rows] >= now_us) & (record.over_us[rows] < FAR_US)]
    under, found = record.under[rows], list[tuple[Followed, Ints]]()
    for number in np.unique(under).tolist():
        for as_then in record.epochs[number].plan.steps:
            if _name(as_then) == _name(step) and isinstance(as_then.delay, Followed):
                found.append((as_then.delay, rows[under == number]))
    return found


def _known(record: Record, delay: Followed, rows: Ints, now_us: int) -> Ready:
    """When such waits are over by what is known at the change, which comes before the events of its instant."""
    return delay.ready(record.history, record.runs, rows, record.anchor_us[rows], now_us)


def _waits_until(record: Record, delay: Followed, rows: Ints, ready: Ready) -> None:
    """Runs go on waiting, until an instant for each, when they go on or end."""
    ends = np.zeros(rows.size, np.bool_) if ready.fate is None else ready.fate == ENDS
    record.over_us[rows] = ready.us
    record.ends_by(rows[~ends], "")
    record.ends_by(rows[ends], delay.why)
    record.out.due_us[rows[ends]] = ready.us[ends]


def _realign(record: Record, step: Step, rows: Ints, now_us: int) -> None:
    """An email that waits is pulled to the opening of its local day, where that is earlier ."""
    out = record.out
    known = (out.due_us[rows] != NAT_US) | _waiting(record, rows, now_us)  # also where the window was closed
    rows = rows[(record.ending[rows] == 0) & known]
    waits = _waiting(record, rows, now_us) & step.has_wait
    at_us = np.where(waits, record.over_us[rows], out.due_us[rows])
    for own, gate in of_zones(record, step.gate, rows, np.full(rows.size, now_us - 1)):
        place = getattr(gate, "time_zone", None)
        if place is None:
            continue
        here, mine, own_us = zone(place), rows[own], at_us[own]
        day = here.date(own_us)
        opening_us = gate.snap(here.date_begin_us(day))
        to_us = np.maximum(opening_us, now_us)
        moves = (opening_us != NAT_US) & (here.date(opening_us) == day) & (to_us < own_us)
        waiting = waits[own]
        record.over_us[mine[moves & waiting]] = to_us[moves & waiting]
        out.due_us[mine[moves & ~waiting]] = to_us[moves & ~waiting]
