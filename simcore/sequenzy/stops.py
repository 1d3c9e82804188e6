"""What ends a run before its next node (Q20)."""

from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from simcore.clock.zones import Ints
from simcore.plan.history import History
from simcore.plan.log import (
    BEFORE_US,
    NEVER_US,
    Events,
    Flags,
    Log,
    Since,
    Source,
    Toggles,
    Watched,
    While,
    read_in,
)
from simcore.plan.plan import Guard
from simcore.plan.runs import Runs
from simcore.sequenzy.properties import passes, several
from simcore.sequenzy.triggers import passing


class Membership(NamedTuple):
    """has_tag, does_not_have_tag, added_to_list, removed_from_list, entered_segment: as it is at the node.

    `inside`: whether it stops who is in, or who is not; `events`: what puts anybody in or out.
    """

    kind: str
    ref: str
    inside: bool
    events: Events

    @property
    def watched(self) -> Watched:
        """Who goes in and out."""
        return self.events.about(frozenset({(self.kind, self.ref)}))

    def guard(self, history: History, runs: Runs) -> Guard:
        """Whether the subscriber is in at the node, or is not."""
        return While(history.members((self.kind, self.ref)), self.inside, runs.numbered_who)


class Happened(NamedTuple):
    """event_received and field_changed; and, read as transitions, all others: an event after the enrolment.

    Of `name`, about `ref`, that passes `filters` and has at the second path of each of `rules` what the
    enrolling event has at the first.
    """

    name: str
    ref: str | None
    filters: tuple[Mapping[str, Any], ...] = ()
    rules: tuple[tuple[str, str], ...] = ()

    @property
    def watched(self) -> Watched:
        """Such events."""
        return frozenset({(self.name, self.ref)})

    def guard(self, history: History, runs: Runs) -> Guard:
        """From the first such event on that comes later than the enrolment, and from what steps do then."""
        since = self._since(history.log, runs)
        if not history.emits or self.rules:
            return since
        return _Either(since, Done(history, (self.name, self.ref), self.filters), runs)

    def _since(self, log: Log, runs: Runs) -> Since:
        who, entered_us = runs.numbered_who, runs.entered_us
        rows = passing(log, log.rows(self.name, self.ref), self.filters)
        if not self.rules:
            return Since(log.toggles(rows).next_us(who, entered_us))
        entry_paths, event_paths = zip(*self.rules, strict=True)
        of_event = read_in(log.properties, log.which[rows], lambda each: several(each, event_paths))
        of_run = read_in(runs.properties, runs.which_or_none, lambda each: several(each, entry_paths))
        # A subscriber's events of each kind are a line of their own; of kind None is nothing.
        kind, _ = pd.factorize(np.append(of_event, of_run))
        line, _ = pd.factorize(np.append(log.who[rows], who) * (kind.max(initial=-1) + 2) + kind)
        some, mine = kind[: rows.size] >= 0, kind[rows.size :] >= 0
        rows, own = rows[some], line[: some.size][some]
        order = np.argsort(own, kind="stable")
        events = Toggles(own[order], log.at_us[rows[order]], rows < 0, int(line.max(initial=-1)) + 1)
        from_us = np.full(len(who), NEVER_US)
        from_us[mine] = events.next_us(line[some.size :][mine], entered_us[mine])
        return Since(from_us)


class EntryAudience(NamedTuple):
    """matchConfig entry_audience (Q39): who has left the tag, list or segment that the run came from.

    `only`: the one that the trigger names, for entries that are given; None for none.
    """

    only: Source | None
    events: Events
    transition: bool

    @property
    def watched(self) -> Watched:
        """Who goes in and out of anything that a trigger may take subscribers from."""
        if self.only is not None:
            return self.events.about(frozenset({self.only}))
        return frozenset((name, None) for name in (*self.events.joins, *self.events.clears))

    def guard(self, history: History, runs: Runs) -> Guard:
        """Whether the subscriber is out of it at the node; or, by transition, left it since the enrolment."""
        source, sources = runs.source, runs.sources
        if source is None and self.only is not None and runs.by_row:
            # Who was put in by hand comes from nowhere: the ways of entry are trigger, manual and audience.
            source, sources = np.where(runs.via == 0, 0, -1), (self.only,)
        if source is None:
            source, sources = np.full(len(runs), -1), ()
        guards: list[Guard] = []
        for kind, ref in sources:
            if self.transition:
                leaving = next(
                    n for n, (of, inside) in self.events.joins.items() if of == kind and not inside
                )
                guards.append(Happened(leaving, str(ref)).guard(history, runs))
            else:
                guards.append(While(history.members((kind, ref)), False, runs.numbered_who))
        return _BySource(source, tuple(guards))


class _BySource(NamedTuple):
    """For each run what holds of the source that it comes from; nothing where it comes from none."""

    source: Ints
    guards: tuple[Guard, ...]

    def holds(self, rows: Ints | slice, at_us: Ints) -> Flags:
        """Whether it holds of some runs, at an instant for each."""
        mine = np.arange(len(self.source))[rows]
        held = np.zeros(mine.size, np.bool_)
        for number in np.unique(self.source[mine]).tolist():
            if number >= 0:
                some = np.flatnonzero(self.source[mine] == number)
                held[some] = self.guards[number].holds(mine[some], at_us[some])
        return held


class Done:
    """What steps did of one kind that passes filters: when last, for each subscriber (Q35)."""

    def __init__(
        self, history: History, what: tuple[str, Hashable], filters: tuple[Mapping[str, Any], ...]
    ) -> None:
        self._history, self._what, self._filters, self._seen = history, what, filters, 0
        self._last_us = np.full(len(history.log.ids), BEFORE_US)

    def last_us(self, who: Ints) -> Ints:
        """When a step last did so for each of some subscribers [µs]; `BEFORE_US` for never."""
        batches = self._history.batches.get(self._what, [])
        for people, at_us, value in batches[self._seen :]:
            if passes(self._filters, value):
                self._last_us[people] = at_us
        self._seen = len(batches)
        found: Ints = self._last_us[who]
        return found


class _Either(NamedTuple):
    """What an event or a step has done since a run began."""

    since: Since
    done: Done
    runs: Runs

    def holds(self, rows: Ints | slice, at_us: Ints) -> Flags:
        """Whether it holds of some runs, at an instant for each."""
        last_us = self.done.last_us(self.runs.numbered_who[rows])
        held: Flags = self.since.holds(rows, at_us) | (last_us > self.runs.entered_us[rows])
        return held
