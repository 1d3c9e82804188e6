"""All that happens: who is taken in, and what becomes of the runs."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from simcore.engine.people import STARTED, Audience, parted
from simcore.engine.rounds import Note, Outcome, Passed
from simcore.engine.side_by_side import keys, numbered, second_pass
from simcore.engine.simulate import simulate
from simcore.engine.times import Kept
from simcore.engine.together import Part, Together
from simcore.plan.history import History
from simcore.plan.plan import Epoch, SideBySide


def happen(
    epochs: Sequence[Epoch],
    people: Audience,
    until_us: int | None,
    *,
    notes: bool,
    passes: bool,
    kept: Kept | None,
) -> tuple[Audience, Outcome]:
    """The runs that were taken in, and what became of them, until just before `until_us` [µs].

    `notes`, `passes`, `kept`: as for `simcore.engine.simulate.simulate`.
    """
    if people.in_order:
        return _in_order(epochs, people, until_us, notes=notes, passes=passes)
    people = second_pass(people, epochs, until_us)
    out = simulate(
        epochs,
        people.runs,
        people.log,
        until_us,
        statuses=people.statuses,
        notes=notes,
        passes=passes,
        kept=kept,
    )
    if out.end_us is not people.runs.end_us:
        people = people._replace(runs=replace(people.runs, end_us=out.end_us, end_status=out.end_status))
    return people, out


def _in_order(
    epochs: Sequence[Epoch], people: Audience, until_us: int | None, *, notes: bool, passes: bool
) -> tuple[Audience, Outcome]:
    """Where what one run of a subscriber does matters to another: in the order of time."""
    key = keys(people.runs, epochs[0].plan.side_by_side)
    emits = any(step.emits for epoch in epochs for step in epoch.plan.steps)
    history = History(people.known_log, epochs[0].plan.events, emits=emits)
    part = Part(epochs, people, history, key=key, notes=notes, passes=passes)
    Together([part], int(people.runs.numbered_who.max(initial=-1)) + 1, rank=[0]).run(until_us)
    return settled(part)


def settled(part: Part) -> tuple[Audience, Outcome]:
    """The runs that were taken in, and what became of them, when all has happened."""
    out, people = part.record.out, part.audience
    taken = part.line.fate == STARTED
    came = replace(part.record.runs, end_us=out.end_us, end_status=out.end_status)
    runs, rejected = parted(came, part.line.fate)
    found = people._replace(runs=runs, rejected=rejected, in_order=False)
    if isinstance(part.epochs[0].plan.entry, SideBySide):
        found = numbered(found)
    return found, _of_taken(out, taken)


def _of_taken(out: Outcome, taken: np.ndarray) -> Outcome:
    """An outcome in terms of the runs that were taken in."""
    place, zones_at = np.cumsum(taken) - 1, out.zones_at

    def rows_of(item: Passed | Note) -> np.ndarray:
        return place[np.arange(len(place)) if item.rows is None else item.rows]

    return Outcome(
        passed=[each._replace(waited=each.waited._replace(rows=rows_of(each))) for each in out.passed],
        notes=[each._replace(rows=rows_of(each)) for each in out.notes],
        state=out.state[taken],
        ended_us=out.ended_us[taken],
        queued=out.queued[taken],
        due_us=out.due_us[taken],
        end_us=out.end_us[taken],
        end_status=out.end_status[taken],
        email_ids=out.email_ids,
        zones_at=None
        if zones_at is None
        else lambda rows, at_us: zones_at(np.flatnonzero(taken)[rows], at_us),
        stands=out.stands[taken],
        over_us=out.over_us[taken],
        leaves_us=out.leaves_us[taken],
    )
