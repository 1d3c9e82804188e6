"""A projection: sequences and entries in, what happens to each run out, before it becomes frames."""

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, NamedTuple

import numpy as np
import pandas as pd

from simcore.answers import explain, timeline
from simcore.answers.options import DEFAULTS, Assumptions, Entries, Options
from simcore.answers.sentences import Texts, strings
from simcore.clock.instants import NAT_US
from simcore.clock.words import clock
from simcore.clock.zones import FIRST_US, Ints, zone
from simcore.engine import audience
from simcore.engine.entries import read_until
from simcore.engine.frames import plainly
from simcore.engine.life import happen
from simcore.engine.people import Audience
from simcore.engine.rounds import Outcome, Passed
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
    """The result of `simcore.simulate`: three DataFrames. Notebooks and terminals show a summary of them.

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
    """What happens to all runs, before it becomes frames.

    `epochs`: in order of time, the first from the beginning.
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

    def warned(self) -> "Projection":
        """The same; warns the caller's caller if there never is a step, so that there is nothing to send (Q27)."""
        if not any(epoch.plan.steps for epoch in self.epochs):
            why = explain.no_email(self.epochs[-1].plan, self.words)
            warnings.warn(f"nothing to send: {why}", stacklevel=3)
        return self

    def steps(self) -> list[Step]:
        """The emails in their final order, then deleted ones."""
        steps = {
            step.email_id: step for epoch in reversed(self.epochs) for step in reversed(epoch.plan.steps)
        }
        last = self.epochs[-1].plan.steps
        present = {step.email_id for step in last}
        return [*last, *(step for email_id, step in steps.items() if email_id not in present)]

    def timeline(self) -> pd.DataFrame:
        """One row for each send."""
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

    def told(self, some: Ints) -> pd.DataFrame:
        """The sends of some runs [int64, rising], each with its reason."""
        sends = []
        for item in self.outcome.sends:
            places = some if item.rows is None else np.flatnonzero(np.isin(item.rows, some))
            sends.append(item._replace(waited=item.waited.of(places)))
        options = self.options._replace(explain=True, order="entry")
        return self._replace(outcome=self.outcome._replace(passed=sends), options=options).timeline()

    def subscribers(self) -> pd.DataFrame:
        """One row for each run."""
        plan = self.epochs[-1].plan
        return timeline.subscribers(self.people, self.outcome, plan, self.zone, self.stop_us)

    def journal(self) -> pd.DataFrame:
        """One row for everything else that happened."""
        return timeline.journal(self.people, self.outcome, self.epochs[0].plan, self.zone, self.stop_us)

    def simulation(self) -> Simulation:
        """All three; subscribers and journal are complete only if `make` took notes."""
        return Simulation(self.timeline(), self.subscribers(), self.journal())

    def reached(self) -> int:
        """How many subscribers get a send."""
        runs = self.people.runs
        some = timeline.tally(runs, self.outcome.sends)[0] > 0
        return int(np.count_nonzero(some)) if runs.who is None else len(pd.unique(runs.who[some]))

    def _reasons(self, item: Passed, rows: Ints | slice) -> Texts:
        entered_us = self.people.runs.entered_us[rows]
        return explain.reasons(item, self.epochs, entered_us, self.words, self.outcome.zones_at)

    def _subjects(self, item: Passed, rows: Ints | slice) -> Texts:
        """The subjects of a round's email, filled in for each of its runs [str]."""
        runs, step = self.people.runs, item.step
        if step.render is None or runs.which is None:
            return Texts([strings([step.subject])], np.zeros(len(item.at), np.int64))
        which = runs.which[rows]
        if step.shows is None:
            code, distinct = pd.factorize(which)
            filled = [step.render(self._properties(index), "", 0) for index in distinct.tolist()]
            return Texts([strings(filled)], code)
        shown_us = np.full(len(runs), NAT_US)
        for passed in self.outcome.passed:
            if passed.step.email_id == step.shows:
                shown_us[slice(None) if passed.rows is None else passed.rows] = passed.at.all_us()
        names = [
            f"{subscriber}-{run}"
            for subscriber, run in zip(runs.subscriber_id[rows], runs.number[rows].tolist(), strict=True)
        ]
        subjects = map(step.render, map(self._properties, which.tolist()), names, shown_us[rows].tolist())
        return Texts([strings([*subjects])], np.arange(len(item.at)))

    def _properties(self, index: int) -> Any:
        """The properties of a run, by their index among all properties (-1 for none)."""
        return None if index < 0 else self.people.runs.properties[index]


class Cache:
    """What projections share whose arguments differ only by the sequence."""

    def __init__(self) -> None:
        self._audiences: list[tuple[Any, Audience]] = []
        self._times: Kept | None = None

    def audience(self, epochs: list[Epoch]) -> Audience | None:
        """The audience kept for plans that differ from these only in their steps, if there is one."""
        wanted = _entrance(epochs)
        return next((people for entrance, people in self._audiences if entrance == wanted), None)

    def keep(self, epochs: list[Epoch], people: Audience) -> None:
        """Keeps the audience of some plans."""
        self._audiences.append((_entrance(epochs), people))

    def after(self, sequence: Any, changes: list[tuple[int, Any]], assumptions: Any | None) -> list[Any]:
        """The sequence after each of some changes."""
        return platform_of(sequence).after(sequence, changes, assumptions)

    def times(self, people: Audience) -> Kept:
        """The instants that all projections share."""
        if self._times is None:
            self._times = Kept(_ROOM * len(people.runs) + _ROOM_MORE)
        return self._times


def _entrance(epochs: list[Epoch]) -> list[tuple[Epoch, Watched]]:
    """What decides who goes through a sequence and when, and which events are read: all of its plans except their
    steps and how they are shown."""
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
    """What happens to each run; with `notes` also for the journal and subscribers.

    `plan`: the sequence's plan, if there is one already. `cache`: shared by projections with the same arguments for
    other sequences.
    """
    in_tables, render = options.tables, options.render
    until_us = read_until(options.until, options.typed)
    epochs = epochs_of(sequence, options, until_us, plan, cache)
    enabled_us = enabled(options)
    people = None if cache is None else cache.audience(epochs)
    if people is None:
        entries, options = tables(sequence, entries, options)
        people = audience.runs(
            entries, options.events, epochs, until_us, in_tables, enabled_us, options.time_zones
        )
        if cache is not None:
            cache.keep(epochs, people)
    kept = None if cache is None else cache.times(people)
    people, outcome = happen(epochs, people, until_us, notes=notes, passes=render, kept=kept)
    stop_us = NEVER_US if until_us is None else until_us
    return Projection(epochs, people, outcome, stop_us, options, platform_of(sequence).words)


def epochs_of(
    sequence: Any,
    options: Options,
    until_us: int | None,
    plan: Plan | None = None,
    cache: Cache | None = None,
) -> list[Epoch]:
    """The plans of a sequence, and from when each holds, in order of time. `plan`: the first, if there is one already.

    Raises SimcoreError for options that do not go for it.
    """
    if options.order not in ("entry", "email"):
        raise SimcoreError(f"order: found {shown(options.order)}, expected 'entry' or 'email'")
    plan = planned(sequence, options) if plan is None else _asked(plan, options)
    plan = plan.seeded(options.seed)
    if plan.trigger is None and options.enabled_at is not None:
        raise SimcoreError("enabled_at: this platform's sequences have no trigger to switch on: leave it out")
    if options.render and not plan.renders:
        raise SimcoreError("render: this platform's merge tags are not modelled: leave it out")
    return [Epoch(at_us=FIRST_US, plan=plan), *_later(sequence, options, until_us, cache or Cache())]


def planned(sequence: Any, options: Options) -> Plan:
    """The plan of a sequence, in recipients' zones if they are given (T22)."""
    return _asked(plan_of(sequence, options.assumptions, options.include_drafts), options)


def _asked(plan: Plan, options: Options) -> Plan:
    return plan if options.time_zones is None else plan.by_recipient()


def enabled(options: Options) -> int | None:
    """When the sequence is switched on [µs], or None."""
    at = options.enabled_at
    return None if at is None else options.typed.read_one(at, "enabled_at")


def _later(sequence: Any, options: Options, until_us: int | None, cache: Cache) -> list[Epoch]:
    """The epochs that changes start, one for each change before `until_us`, in order of time, ties as given."""
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
        at_us = options.typed.read_one(change.at, f"changes[{number}].at")
        if until_us is None or at_us < until_us:
            timed.append((at_us, number, change))
    timed.sort(key=lambda change: change[:2])
    numbered = [(number, change) for _, number, change in timed]
    states = cache.after(sequence, numbered, options.assumptions) if timed else []
    return [
        Epoch(
            at_us=at_us,
            plan=planned(state, options).seeded(options.seed),
            realign=bool(getattr(change, "realign", False)),
        )
        for (at_us, _, change), state in zip(timed, states, strict=True)
    ]


def tables(sequence: Any, entries: Any, options: Options) -> tuple[Any, Options]:
    """Entries and events of any library's whose columns have their names here, so that none are to be renamed."""
    platform = platform_of(sequence)
    plan = plan_of(sequence)
    vias = plan.vias if "via" in platform.columns else ()
    entries, events = plainly(
        entries, options.events, options.columns, [platform.columns], vias, platform.standing, plan.wanted
    )
    return entries, options._replace(events=events, columns=None)


def plan_of(sequence: Any, assumptions: Assumptions | None = None, include_drafts: bool = False) -> Plan:
    """The plan of a sequence. Raises SimcoreError for what is not one, and for another platform's assumptions."""
    platform = platform_of(sequence)
    assume = platform.assumptions() if assumptions is None else assumptions
    if not isinstance(assume, platform.assumptions):
        raise SimcoreError(f"assumptions: found {shown(assume)}, expected {platform.package}.Assumptions")
    return platform.plan(sequence, assume, include_drafts=include_drafts)
