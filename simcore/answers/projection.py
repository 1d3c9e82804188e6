"""A projection: sequences and entries in, what happens to each run out, before it is put into frames."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, NamedTuple

import numpy as np
import pandas as pd

from simcore.answers import explain, timeline
from simcore.answers.options import DEFAULTS, Assumptions, Entries, Options
from simcore.clock import instants
from simcore.clock.words import clock
from simcore.clock.zones import FIRST_US, Ints, zone
from simcore.engine import audience
from simcore.engine.entries import read_until
from simcore.engine.frames import plainly
from simcore.engine.people import Audience
from simcore.engine.rounds import Outcome, Passed
from simcore.engine.side_by_side import second_pass
from simcore.engine.simulate import simulate
from simcore.engine.times import Kept
from simcore.errors import SimcoreError, ValidationError, shown
from simcore.plan.log import NEVER_US, Watched
from simcore.plan.plan import Epoch, Plan, Step
from simcore.plan.platform import Words, platform_of
from simcore.text.tables import Table
from simcore.text.wording import count

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    _Frame = TypeVar("_Frame", default=pd.DataFrame)
else:  # before Python 3.13 they have no defaults
    from typing import TypeVar

    _Frame = TypeVar("_Frame")

_ROOM, _ROOM_MORE = 16, 1 << 20  # instants that are kept for other sequences: so many a run, and so many more


class Simulation(NamedTuple, Generic[_Frame]):
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

    timeline: _Frame
    subscribers: _Frame
    journal: _Frame

    def __repr__(self) -> str:
        return self._table().text()

    def _repr_html_(self) -> str:
        return self._table().html()

    def _table(self) -> Table:
        frames: dict[str, Any] = self._asdict()
        at = pd.DatetimeIndex(frames["timeline"]["send_at"])
        here = zone(str(at.tz))
        span = f", {clock(int(at.asi8.min()), here)} to {clock(int(at.asi8.max()), here)}" if len(at) else ""
        contents = {
            "timeline": count(frames["timeline"]["email_id"].nunique(), "email"),
            "subscribers": _counted(frames["subscribers"]["status"]),
            "journal": _counted(frames["journal"]["what"]),
        }
        rows = [(name, len(frames[name]), what) for name, what in contents.items()]
        return Table(f"A simulation: {count(len(at), 'send')}{span}", ("table", "rows", "what"), rows)


def _counted(values: Any) -> str:
    """How many there are of each category, in words."""
    return ", ".join(f"{count} {name}" for name, count in values.value_counts(sort=False).items() if count)


class Projection(NamedTuple):
    """What happens to all runs, before it is put into frames.

    `epochs` in order of time, the first from the beginning.
    """

    epochs: list[Epoch]
    people: Audience
    outcome: Outcome
    stop_us: int
    options: Options
    words: Words

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
        present = {step.email_id for step in last}
        return [*last, *(step for email_id, step in steps.items() if email_id not in present)]

    def timeline(self) -> pd.DataFrame:
        """A row a send."""
        return timeline.timeline(
            self.people.runs,
            self.outcome.sends,
            self.steps(),
            self.zone,
            by_email=self.options.order == "email",
            text_ids=self.epochs[0].plan.text_ids,
            rendered=self._subjects if self.options.render else None,
            words=self._reasons if self.options.explain else None,
        )

    def subscribers(self) -> pd.DataFrame:
        """A row a run."""
        plan = self.epochs[-1].plan
        return timeline.subscribers(self.people, self.outcome, plan, self.zone, self.stop_us)

    def journal(self) -> pd.DataFrame:
        """A row for whatever else happened."""
        return timeline.journal(self.people, self.outcome, self.epochs[0].plan, self.zone, self.stop_us)

    def simulation(self) -> Simulation:
        """All three; subscribers and journal are whole only where `make` took notes."""
        return Simulation(self.timeline(), self.subscribers(), self.journal())

    def _reasons(self, item: Passed, rows: Ints | slice) -> Any:
        return explain.reasons(item, self.epochs, self.people.runs.entered_us[rows], self.words)

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
        for passed in self.outcome.passed:
            if passed.step.email_id == step.shows:
                shown_us[slice(None) if passed.rows is None else passed.rows] = passed.at.all_us()
        names = [
            f"{subscriber}-{run}"
            for subscriber, run in zip(runs.subscriber_id[rows], runs.number[rows].tolist(), strict=True)
        ]
        subjects = map(step.render, map(self._properties, which.tolist()), names, shown_us[rows].tolist())
        return np.array([*subjects, ""], object)[:-1]

    def _properties(self, place: int) -> Any:
        """What a run brings along, by its place among all properties (-1 for none)."""
        return None if place < 0 else self.people.runs.properties[place]


class Cache:
    """What projections of several sequences have in common whose arguments differ by the sequence alone."""

    def __init__(self) -> None:
        self._audiences: list[tuple[Any, Audience]] = []
        self._times: Kept | None = None

    def audience(self, epochs: list[Epoch]) -> Audience | None:
        """The audience that was kept under plans that differ from these in their steps alone, if there was one."""
        wanted = _entrance(epochs)
        return next((people for entrance, people in self._audiences if entrance == wanted), None)

    def keep(self, epochs: list[Epoch], people: Audience) -> None:
        """Keeps the audience that was found under some plans."""
        self._audiences.append((_entrance(epochs), people))

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
    entries: Entries | None,
    options: Options = DEFAULTS,
    *,
    notes: bool = False,
    plan: Plan | None = None,
    cache: Cache | None = None,
) -> Projection:
    """What happens to whom; `notes` for a journal and subscribers too.

    `plan`: the sequence's, where it is made already. `cache`: what was found with the same arguments, but for other
    sequences.
    """
    zoned, render = options.naive_time_zone, options.render
    instants.check_zone(zoned)
    if options.order not in ("entry", "email"):
        raise SimcoreError(f"order: found {shown(options.order)}, expected 'entry' or 'email'")
    plan = plan_of(sequence, options.assumptions, options.include_drafts) if plan is None else plan
    until_us = read_until(options.until, zoned)
    epochs = [Epoch(at_us=FIRST_US, plan=plan), *_later(sequence, options, until_us, cache or Cache())]
    if plan.trigger is None and options.enabled_at is not None:
        raise SimcoreError(
            "enabled_at: this platform's sequences are not enabled at an instant: leave it out"
        )
    if render and not plan.renders:
        raise SimcoreError("render: this platform's merge tags are not modelled: leave it out")
    at = options.enabled_at
    enabled_us = None if at is None else instants.read_one(at, "enabled_at", zoned)
    people = None if cache is None else cache.audience(epochs)
    if people is None:
        entries, options = tables(sequence, entries, options)
        people = audience.runs(entries, options.events, epochs, until_us, zoned, enabled_us)
        if cache is not None:
            cache.keep(epochs, people)
    people = second_pass(people, epochs, until_us)
    kept = None if cache is None else cache.times(people)
    outcome = simulate(epochs, people.runs, people.log, until_us, notes=notes, passes=render, kept=kept)
    stop_us = NEVER_US if until_us is None else until_us
    return Projection(epochs, people, outcome, stop_us, options, platform_of(sequence).words)


def _later(sequence: Any, options: Options, until_us: int | None, cache: Cache) -> list[Epoch]:
    """What changes make of the plan: an epoch each, in order of time, ties as given; none from `until_us` on."""
    changes = options.changes
    if not isinstance(changes, Iterable) or isinstance(changes, str | Mapping):
        raise SimcoreError(
            f"changes: found {shown(changes)}, expected a list of changes, such as kit.update(...)"
        )
    timed = []
    for number, change in enumerate(changes):
        if not hasattr(change, "at"):
            message = "a change must be made by the platform's functions, such as kit.update"
            raise ValidationError([message], [(f"changes[{number}]", message)], [shown(change)])
        at_us = instants.read_one(change.at, f"changes[{number}].at", options.naive_time_zone)
        if until_us is None or at_us < until_us:
            timed.append((at_us, number, change))
    timed.sort(key=lambda change: change[:2])
    states = cache.after(sequence, [(number, change) for _, number, change in timed]) if timed else []
    return [
        Epoch(at_us=at_us, plan=plan_of(state, options.assumptions, options.include_drafts))
        for (at_us, *_), state in zip(timed, states, strict=True)
    ]


def tables(sequence: Any, entries: Any, options: Options) -> tuple[Any, Options]:
    """Entries and events of any library's whose columns have their names here, so that none are to be renamed."""
    platform = platform_of(sequence)
    vias = plan_of(sequence).vias if "via" in platform.columns else ()
    entries, events = plainly(entries, options.events, options.columns, [platform.columns], vias)
    return entries, options._replace(events=events, columns=None)


def plan_of(sequence: Any, assumptions: Assumptions | None = None, include_drafts: bool = False) -> Plan:
    """The plan of a sequence. Raises SimcoreError for what is none, or assumptions of another platform."""
    platform = platform_of(sequence)
    assume = platform.assumptions() if assumptions is None else assumptions
    if not isinstance(assume, platform.assumptions):
        raise SimcoreError(f"assumptions: found {shown(assume)}, expected {platform.package}.Assumptions")
    return platform.plan(sequence, assume, include_drafts=include_drafts)
