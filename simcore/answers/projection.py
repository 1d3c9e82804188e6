"""A projection: sequences and entries in, what happens to each run out, before it is put into frames."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from simcore.answers import explain as words
from simcore.answers import timeline
from simcore.clock import instants
from simcore.clock.words import clock
from simcore.clock.zones import FIRST_US, Ints, zone
from simcore.engine import audience
from simcore.engine.entries import read_until
from simcore.engine.life import happen
from simcore.engine.people import Audience
from simcore.engine.rounds import Outcome, Passed
from simcore.engine.times import Kept
from simcore.errors import SimcoreError, ValidationError, shown
from simcore.plan.log import NEVER_US, Watched
from simcore.plan.plan import Epoch, Plan, Step
from simcore.plan.platform import platform_of
from simcore.text.tables import Table
from simcore.text.wording import count

_ROOM, _ROOM_MORE = 16, 1 << 20  # instants that are kept for other sequences: so many a run, and so many more


class Simulation(NamedTuple):
    """What `simcore.simulate` gives: three DataFrames. In a notebook and a terminal it shows what they come to.

    >>> import simcore
    >>> from simcore import kit
    >>> simcore.simulate(kit.load(simcore.example("welcome")), ["2026-03-06T21:07-05:00"])
    A simulation: 4 sends, Fri 6 Mar 2026 21:07 EST to Thu 12 Mar 2026 09:00 EDT
    table        rows  what
    timeline     4     4 emails
    subscribers  1     1 completed
    journal      2     1 started, 1 completed
    """

    timeline: pd.DataFrame
    subscribers: pd.DataFrame
    journal: pd.DataFrame

    def __repr__(self) -> str:
        return self._table().text()

    def _repr_html_(self) -> str:
        return self._table().html()

    def _table(self) -> Table:
        at = pd.DatetimeIndex(self.timeline["send_at"])
        here = zone(str(at.tz))
        span = f", {clock(int(at.asi8.min()), here)} to {clock(int(at.asi8.max()), here)}" if len(at) else ""
        told = {
            "timeline": count(self.timeline["email_id"].nunique(), "email"),
            "subscribers": _counted(self.subscribers["status"]),
            "journal": _counted(self.journal["what"]),
        }
        rows = [(name, len(getattr(self, name)), what) for name, what in told.items()]
        return Table(f"A simulation: {count(len(at), 'send')}{span}", ("table", "rows", "what"), rows)


def _counted(values: Any) -> str:
    """How many there are of each category, in words."""
    return ", ".join(f"{count} {name}" for name, count in values.value_counts(sort=False).items() if count)


class Made(NamedTuple):
    """A simulation before it is put into frames: `epochs` in order of time, the first from the beginning."""

    epochs: list[Epoch]
    people: Audience
    outcome: Outcome
    stop_us: int
    by_email: bool
    explained: bool
    rendered: bool

    @property
    def zone(self) -> str:
        """The zone in which instants are shown."""
        return self.epochs[0].plan.time_zone

    def steps(self) -> list[Step]:
        """The emails as they stand in the end, then those deleted before."""
        steps = {
            step.email_id: step for epoch in reversed(self.epochs) for step in reversed(epoch.plan.steps)
        }
        last = self.epochs[-1].plan.steps
        return [
            *last,
            *(step for email_id, step in steps.items() if email_id not in {each.email_id for each in last}),
        ]

    def timeline(self) -> pd.DataFrame:
        """A row a send."""
        return timeline.timeline(
            self.people.runs,
            self.outcome.sends,
            self.steps(),
            self.zone,
            by_email=self.by_email,
            text_ids=self.epochs[0].plan.text_ids,
            rendered=self._subjects if self.rendered else None,
            words=self._reasons if self.explained else None,
        )

    def _reasons(self, item: Passed, rows: Ints | slice) -> Any:
        return words.reasons(item, self.epochs, self.people.runs.entered_us[rows])

    def _subjects(self, item: Passed, rows: Ints | slice) -> Any:
        """The subjects of a round's email, filled in for each of its runs [str]."""
        runs, step = self.people.runs, item.step
        if step.render is None or runs.which is None:
            return np.full(len(item.at), step.subject, object)
        which = runs.which[rows]
        if step.shows is None:
            place, distinct = pd.factorize(which)
            filled = [step.render(self._properties(each), "", 0) for each in distinct.tolist()]
            return np.array([*filled, ""], object)[place]
        shown_us = np.zeros(len(runs), np.int64)
        for each in self.outcome.passed:
            if each.step.email_id == step.shows:
                shown_us[slice(None) if each.rows is None else each.rows] = each.at.all_us()
        names = [
            f"{subscriber}-{run}"
            for subscriber, run in zip(runs.subscriber_id[rows], runs.number[rows].tolist(), strict=True)
        ]
        subjects = map(step.render, map(self._properties, which.tolist()), names, shown_us[rows].tolist())
        return np.array([*subjects, ""], object)[:-1]

    def _properties(self, place: int) -> Any:
        return None if place < 0 else self.people.runs.properties[place]

    def subscribers(self) -> pd.DataFrame:
        """A row a run."""
        plan = self.epochs[-1].plan
        return timeline.subscribers(self.people, self.outcome, plan, self.zone, self.stop_us)

    def journal(self) -> pd.DataFrame:
        """A row for whatever else happened."""
        return timeline.journal(self.people, self.outcome, self.epochs[0].plan, self.zone, self.stop_us)


class Shared:
    """What simulations of several sequences share that differ in their arguments by the sequence alone."""

    def __init__(self) -> None:
        self._people: list[tuple[Any, Audience]] = []
        self._times: Kept | None = None

    def people(self, epochs: list[Epoch]) -> Audience | None:
        """Those who were found under plans that differ from these in their steps alone, if there were any."""
        wanted = _entrance(epochs)
        return next((people for entrance, people in self._people if entrance == wanted), None)

    def met(self, epochs: list[Epoch], people: Audience) -> None:
        """Keeps who was found under some plans."""
        self._people.append((_entrance(epochs), people))

    def after(self, sequence: Any, changes: list[tuple[int, Any]]) -> list[Any]:
        """The sequence after each of some changes."""
        return platform_of(sequence).after(sequence, changes)

    def times(self, people: Audience) -> Kept:
        """The instants that all have in common."""
        if self._times is None:
            self._times = Kept(_ROOM * len(people.runs) + _ROOM_MORE)
        return self._times


def _entrance(epochs: list[Epoch]) -> list[tuple[Epoch, Watched]]:
    """What decides who goes through a sequence when, and which events are read: all of its plans but the steps, and
    how they are shown."""
    return [
        (
            epoch._replace(plan=replace(epoch.plan, steps=(), time_zone="", active=True)),
            epoch.plan.watched(triggered=True),
        )
        for epoch in epochs
    ]


def make(
    sequence: Any,
    entries: Any,
    *,
    events: Any = None,
    changes: Iterable[Any] = (),
    until: Any = None,
    include_drafts: bool = False,
    assumptions: Any = None,
    naive_time_zone: str | None = None,
    order: str = "entry",
    enabled_at: Any = None,
    render: bool = False,
    explain: bool = False,
    notes: bool = False,
    plan: Plan | None = None,
    shared: "Shared | None" = None,
) -> Made:
    """What happens, with the arguments of `simulate`; `notes` for a journal and subscribers too.

    `plan`: the sequence's, where it is made already. `shared`: what was found for the same arguments, but of other
    sequences.
    """
    instants.check_zone(naive_time_zone)
    if order not in ("entry", "email"):
        raise SimcoreError(f"order: found {shown(order)}, expected 'entry' or 'email'")
    plan = plan_of(sequence, assumptions, include_drafts) if plan is None else plan
    first = Epoch(at_us=FIRST_US, plan=plan)
    until_us = read_until(until, naive_time_zone)
    how = {"assumptions": assumptions, "include_drafts": include_drafts}
    epochs = [first, *_later(sequence, changes, until_us, naive_time_zone, shared or Shared(), how)]
    if plan.trigger is None and enabled_at is not None:
        raise SimcoreError(
            "enabled_at: this platform's sequences are not enabled at an instant: leave it out"
        )
    if render and not plan.renders:
        raise SimcoreError("render: this platform's merge tags are not modelled: leave it out")
    enabled_us = None if enabled_at is None else instants.read_one(enabled_at, "enabled_at", naive_time_zone)
    people = None if shared is None else shared.people(epochs)
    if people is None:
        people = audience.runs(entries, events, epochs, until_us, naive_time_zone, enabled_us)
        if shared is not None:
            shared.met(epochs, people)
    kept = None if shared is None else shared.times(people)
    people, outcome = happen(epochs, people, until_us, notes=notes, passes=render, kept=kept)
    stop_us = NEVER_US if until_us is None else until_us
    return Made(epochs, people, outcome, stop_us, order == "email", explain, render)


def _later(
    sequence: Any,
    changes: Iterable[Any],
    until_us: int | None,
    naive_time_zone: str | None,
    shared: Shared,
    how: dict[str, Any],
) -> list[Epoch]:
    """What changes make of the plan: an epoch each, in order of time, ties as given; none from `until_us` on."""
    if not isinstance(changes, Iterable) or isinstance(changes, str | Mapping):
        raise SimcoreError(
            f"changes: found {shown(changes)}, expected a list of changes, such as kit.update(...)"
        )
    timed = []
    for number, change in enumerate(changes):
        if not hasattr(change, "at"):
            message = "a change must be made by the platform's functions, such as kit.update"
            raise ValidationError([message], [(f"changes[{number}]", message)], [shown(change)])
        at_us = instants.read_one(change.at, f"changes[{number}].at", naive_time_zone)
        if until_us is None or at_us < until_us:
            timed.append((at_us, number, change))
    timed.sort(key=lambda each: each[:2])
    states = shared.after(sequence, [(number, change) for _, number, change in timed]) if timed else []
    return [
        Epoch(at_us=at_us, plan=plan_of(state, **how))
        for (at_us, *_), state in zip(timed, states, strict=True)
    ]


def plan_of(sequence: Any, assumptions: Any = None, include_drafts: bool = False) -> Plan:
    """The plan of a sequence. Raises SimcoreError for what is none, or assumptions of another platform."""
    platform = platform_of(sequence)
    assume = platform.assumptions() if assumptions is None else assumptions
    if not isinstance(assume, platform.assumptions):
        raise SimcoreError(f"assumptions: found {shown(assume)}, expected {platform.package}.Assumptions")
    return platform.plan(sequence, assume, include_drafts=include_drafts)
