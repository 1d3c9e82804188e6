"""Plans and runs in, what happened out.

Changes of the sequence cut time into epochs. In an epoch the plan stands still (`simcore.engine.epoch`); at its edge
what each run waits for is looked up again, for all runs together (`simcore.engine.change`).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from simcore.clock.instants import NAT_US
from simcore.clock.zones import FAR_US, FIRST_US, Ints
from simcore.engine.change import change
from simcore.engine.epoch import Sweep
from simcore.engine.itinerary import Itinerary
from simcore.engine.node_change import change_nodes
from simcore.engine.own_zones import due_by_zone
from simcore.engine.record import Record
from simcore.engine.rounds import ACTIVE, NONE, Outcome
from simcore.engine.steps import NO_WAIT
from simcore.engine.times import Kept, Times
from simcore.plan.log import NEVER_US, Log
from simcore.plan.plan import ByNode, Epoch, Plan
from simcore.plan.runs import Runs
from simcore.plan.waits import GOES, RunDelay


def simulate(
    epochs: Sequence[Epoch],
    runs: Runs,
    log: Log | None,
    until_us: int | None,
    *,
    statuses: Sequence[str] = (),
    notes: bool,
    passes: bool,
    kept: Kept | None,
) -> Outcome:
    """What happens to runs under plans that change, until just before `until_us` [µs]; None for the end of time.

    `statuses`: what the runs' `end_status` are places in. `notes`: whether to keep account of all that is not a send,
    and of where runs stand. `passes`: whether what is passed without a send is part of the outcome too. `kept`: what
    other simulations of these runs have found.
    """
    record = Record(epochs, runs, log, statuses=statuses, notes=notes, keeps=notes, passes=passes)
    return run(record, epochs, until_us, kept)


def busy_us(
    epochs: Sequence[Epoch], runs: Runs, log: Log | None, until_us: int | None, statuses: Sequence[str] = ()
) -> Ints:
    """The last instant at which what comes in would find each run active [int64, µs; `NEVER_US` for no last].

    Events and looks end a run before what comes in at their instant, nodes after it (Q19).
    """
    record = Record(epochs, runs, log, statuses=statuses, keeps=True, late=True)
    out = run(record, epochs, until_us, None)
    busy: Ints = np.where(out.state == ACTIVE, out.end_us - 1, out.ended_us)
    return busy


def simulate_one(
    plan: Plan,
    entered_us: int,
    attributes: Mapping[str, Any] | None = None,
    tags: Iterable[str | int] = (),
    time_zone: str | None = None,
) -> Outcome:
    """What happens to a single run under one plan; what is passed without a send is part of it.

    `attributes`, `tags` and `time_zone`: those of the subscriber.
    """
    none = np.zeros(1, np.int64)
    runs = Runs.begun(
        none,
        none,
        np.array([entered_us]),
        none.astype(np.int8),
        none,
        which=none - 1,
        attributes=None if attributes is None else none,
        attribute_values=(attributes,),
        time_zone=None if time_zone is None else none,
        zones=() if time_zone is None else (time_zone,),
    )
    refs = tuple(dict.fromkeys(tags))
    size = np.zeros(len(refs), np.int64)
    tagged = Log(none, size, size + FIRST_US, size, np.arange(len(refs)), size - 1, ("tag_added",), refs, ())
    epochs = [Epoch(at_us=FIRST_US, plan=plan)]
    statuses = ("", *(status for status, _ in plan.events.leaves.values()))
    record = Record(
        epochs,
        runs,
        tagged if refs else None,
        statuses=statuses,
        notes=True,
        keeps=True,
        passes=True,
        late=True,
    )
    return run(record, epochs, None, None)


def run(record: Record, epochs: Sequence[Epoch], until_us: int | None, kept: Kept | None) -> Outcome:
    """Epoch after epoch, all that happens."""
    entered_us = record.runs.entered_us
    begins = [epoch.at_us for epoch in epochs]
    entering: list[Ints | None] = [None]
    if len(epochs) > 1:  # who enters in which epoch
        which = np.searchsorted(begins[1:], entered_us, "right")
        order = np.argsort(which.astype(np.min_scalar_type(len(begins))), kind="stable")
        entering = [*np.split(order, np.cumsum(np.bincount(which, minlength=len(begins))))]
    ends = [*begins[1:], NEVER_US if until_us is None else until_us]
    before: Itinerary | None = None
    for number, epoch in enumerate(epochs):
        here = changed(record, before, epoch, number)
        before = here
        if ends[number] > epoch.at_us:  # K18: all changes of one instant before the rest of it
            Sweep(record, here, number, epoch.at_us, ends[number], kept).run(entering[number])
    look_ahead(record, here)
    return record.out


def changed(record: Record, before: Itinerary | None, epoch: Epoch, number: int) -> Itinerary:
    """The plan of an epoch, after what the change to it does."""
    here = Itinerary(epoch.plan, record.numbers)
    on_change = epoch.plan.on_change
    if before is None:
        return here
    if isinstance(on_change, ByNode):
        record.under_plan(epoch.plan)
        change_nodes(record, before, here, epoch.at_us, realign=epoch.realign)
    else:
        change(record, before, here, on_change, epoch.at_us, number)
    return here


def look_ahead(record: Record, here: Itinerary) -> None:
    """Who waits for a step that is no email is shown with the email after it, and when it would go out, in the run's
    own zone where the step has one (Q31); who waits for nothing but the end is shown with none."""
    out = record.out
    if record.changing:
        record.out = out._replace(
            stands=out.queued.copy(), over_us=record.over_us, leaves_us=out.due_us.copy()
        )
        ending = np.flatnonzero(record.ending > 0)
        out.queued[ending], out.due_us[ending] = NONE, NAT_US
    for at, step in enumerate(here.steps):
        if step.is_email:
            continue
        rows = np.flatnonzero(out.queued == here.number[at])
        due_us, after = out.due_us[rows], here.after(at)
        out.queued[rows], out.due_us[rows] = NONE, NAT_US
        if after == len(here.steps) or step.branch is not None:
            continue
        then = here.steps[after]
        if isinstance(then.delay, RunDelay):
            rows, due_us = rows[due_us != NAT_US], due_us[due_us != NAT_US]
            found = then.delay.ready(record.history, record.runs, rows, due_us)
            goes = np.ones(rows.size, np.bool_) if found.fate is None else found.fate == GOES
            rows, ready_us = rows[goes], np.maximum(found.us, due_us)[goes]
            over = Times(np.minimum(ready_us, FAR_US))
            gated, _ = due_by_zone(record, then._replace(delay=NO_WAIT), rows, over)
            out.queued[rows], out.due_us[rows] = here.number[after], gated.all_us()
            continue
        out.queued[rows] = here.number[after]
        at_times, _ = due_by_zone(record, then, rows, Times(np.maximum(due_us, FIRST_US)))
        out.due_us[rows] = np.where(due_us == NAT_US, NAT_US, at_times.all_us())
