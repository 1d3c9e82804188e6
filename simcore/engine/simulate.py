"""Plans and runs in, what happened out.

Changes of the sequence cut time into epochs. In an epoch the plan stands still (`simcore.engine.epoch`); at its edge
what each run waits for is looked up again, for all runs together (`simcore.engine.change`).
"""

from collections.abc import Sequence

import numpy as np

from simcore.clock.delays import DateOfRun, UntilDate
from simcore.clock.instants import NAT_US
from simcore.clock.zones import FIRST_US, Ints
from simcore.engine.change import change
from simcore.engine.epoch import Sweep, dates
from simcore.engine.record import Itinerary, Record
from simcore.engine.rounds import ACTIVE, NONE, Outcome
from simcore.engine.times import Kept, Times, due
from simcore.plan.log import EMPTY, NEVER_US, Log
from simcore.plan.plan import Epoch, Plan
from simcore.plan.runs import Runs


def simulate(
    epochs: Sequence[Epoch],
    runs: Runs,
    log: Log | None,
    until_us: int | None,
    *,
    notes: bool,
    passes: bool,
    kept: Kept | None,
) -> Outcome:
    """What happens to runs under plans that change, until just before `until_us` [µs]; None for the end of time.

    `notes`: whether to keep account of all that is not a send, and of where runs stand. `passes`: whether what is
    passed without a send is part of the outcome too. `kept`: what other simulations of these runs have found.
    """
    record = Record(epochs, runs, log, notes=notes, keeps=notes, passes=passes)
    return run(record, epochs, until_us, kept)


def busy_us(epochs: Sequence[Epoch], runs: Runs, log: Log | None, until_us: int | None) -> Ints:
    """The last instant at which what comes in would find each run active [int64, µs; `NEVER_US` for no last].

    Events and looks end a run before what comes in at their instant, nodes after it (Q19).
    """
    out = run(Record(epochs, runs, log, keeps=True, late=True), epochs, until_us, None)
    busy: Ints = np.where(out.state == ACTIVE, runs.end_us - 1, out.ended_us)
    return busy


def simulate_one(plan: Plan, entered_us: int) -> Outcome:
    """What happens to a single run under one plan; what is passed without a send is part of it."""
    none = np.zeros(1, np.int64)
    runs = Runs.begun(none, none, np.array([entered_us]), none.astype(np.int8), none, which=none - 1)
    log = None if plan.stop is None else EMPTY
    epochs = [Epoch(at_us=FIRST_US, plan=plan)]
    return run(Record(epochs, runs, log, notes=True, keeps=True, passes=True, late=True), epochs, None, None)


def run(record: Record, epochs: Sequence[Epoch], until_us: int | None, kept: Kept | None) -> Outcome:
    """Epoch after epoch, all that happens."""
    entered_us = record.runs.entered_us
    begins = [epoch.at_us for epoch in epochs]
    entering: list[Ints | None] = [None]
    if record.changing:  # who enters in which epoch
        which = np.searchsorted(begins[1:], entered_us, "right")
        order = np.argsort(which.astype(np.min_scalar_type(len(begins))), kind="stable")
        entering = [*np.split(order, np.cumsum(np.bincount(which, minlength=len(begins))))]
    ends = [*begins[1:], NEVER_US if until_us is None else until_us]
    before: Itinerary | None = None
    for number, epoch in enumerate(epochs):
        here = Itinerary(epoch.plan, record.numbers)
        if before is not None:
            change(record, before, here, epoch.at_us, number)
        before = here
        if ends[number] > epoch.at_us:  # K18: all changes of one instant before the rest of it
            Sweep(record, here, number, epoch.at_us, ends[number], kept).run(entering[number])
    _look_ahead(record, here)
    return record.out


def _look_ahead(record: Record, here: Itinerary) -> None:
    """Who waits for a step that is no email is shown with the email after it, and when it would go out."""
    out = record.out
    for at, step in enumerate(here.steps):
        if step.is_email:
            continue
        rows = np.flatnonzero(out.queued == here.number[at])
        due_us, after = out.due_us[rows], here.after(at)
        out.queued[rows], out.due_us[rows] = NONE, NAT_US
        if after == len(here.steps) or step.branch is not None:
            continue
        delay, gate = here.steps[after].delay, here.steps[after].gate
        if isinstance(delay, DateOfRun):
            own_us, ends = dates(record, delay, rows).instants_us, delay.ends
            goes = np.flatnonzero((own_us != NAT_US) | (not ends))
            rows, due_us, delay = rows[goes], due_us[goes], UntilDate(own_us[goes])
        out.queued[rows] = here.number[after]
        after_us = due(delay, gate, Times(np.maximum(due_us, FIRST_US))).all_us()
        out.due_us[rows] = np.where(due_us == NAT_US, NAT_US, after_us)
