"""Waits that differ from run to run: until a date of the event, of the subscriber or of the sequence, or an event."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from simcore.clock.apart import nothing, telling
from simcore.clock.delays import until
from simcore.clock.gates import NO_STEPS
from simcore.clock.instants import NAT_US
from simcore.clock.words import Case, Wait, length
from simcore.clock.zones import FAR_US, Ints
from simcore.plan.history import History
from simcore.plan.log import NEVER_US, Watched
from simcore.plan.runs import Runs
from simcore.plan.waits import ENDS, GOES, LAPSES, SKIPS, Followed, Ready, RunDelay
from simcore.sequenzy.knowledge import known
from simcore.sequenzy.properties import date_us, values

PAST = {"continue": GOES, "skip": SKIPS, "exit": LAPSES}
"""What becomes of a run whose date is past when it comes to the wait (Q29)."""


@dataclass(frozen=True)
class UntilDateOf(Followed):
    """A date of each run's own, plus `offset_us` (Q11, Q28, Q29, Q38).

    `source`: "event", its dot path in the properties of the run; "attribute", a property of the subscriber, which is
    followed while the run waits; "key", a date of the sequence, which is at `at_us` (None for none). `exits`: whether
    runs without the date end; `past`: what becomes of those whose date is past: "continue", "skip" or "exit".
    """

    name: str
    offset_us: int
    exits: bool
    past: str = "continue"
    source: str = "event"
    at_us: int | None = None
    why = "stopped:undated"

    @property
    def watched(self) -> Watched:
        """What changes the property."""
        return frozenset({("field_changed", self.name)} if self.source == "attribute" else ())

    def ready(
        self, history: History, runs: Runs, rows: Ints, anchor_us: Ints, before_us: int = NEVER_US
    ) -> Ready:
        """At the date plus the offset; at once where it is past, or missing."""
        due_us = self._dates(history, runs, rows, anchor_us)
        missing, past = due_us == NAT_US, (due_us != NAT_US) & (due_us < anchor_us)
        fate = np.full(rows.size, GOES, np.int8)
        fate[missing] = ENDS if self.exits else GOES
        fate[past] = PAST[self.past]
        us = np.maximum(due_us, anchor_us)
        waits = np.flatnonzero(~missing & ~past)
        found = self.follow(
            history, runs, rows[waits], Ready(us[waits], fate[waits]), anchor_us[waits], before_us
        )
        us[waits], fate[waits] = found.us, GOES if found.fate is None else found.fate
        return Ready(us, fate)

    def _dates(self, history: History, runs: Runs, rows: Ints, anchor_us: Ints) -> Ints:
        """The date of each run, with the offset [µs]; `NAT_US` for none."""
        if self.source == "attribute":
            dates: Ints = known(history, runs, rows, anchor_us, self.name, self._read).astype(np.int64)
            return dates
        table = np.full(len(runs.properties) + 1, NAT_US)
        which = runs.which_or_none[rows]
        if self.source == "key":
            table[:] = NAT_US if self.at_us is None else self._away(self.at_us)
            return table[which]
        for place in np.unique(which[which >= 0]).tolist():
            found = values(runs.properties[place], self.name)
            table[place] = self._read(found[0]) if found else NAT_US
        return table[which]

    def _read(self, value: Any) -> int:
        """A date, with the offset [µs]; `NAT_US` for what is none."""
        found = date_us(value)
        return NAT_US if found is None else self._away(found)

    def _away(self, us: int) -> int:
        return max(-FAR_US, min(FAR_US, us + self.offset_us))

    def follow(
        self,
        history: History,
        runs: Runs,
        rows: Ints,
        ready: Ready,
        since_us: Ints,
        before_us: int = NEVER_US,
    ) -> Ready:
        """A later date of a subscriber's property is followed, a missing one ends the wait.

        All changes of everybody are looked at in the order of time, the first of each together, then the second.
        """
        us, fate = ready.us.copy(), np.full(rows.size, GOES, np.int8)
        if self.source != "attribute":
            return Ready(us, fate)
        log = history.log
        changes = log.rows("field_changed", self.name)
        line = log.toggles(changes)
        dates = history.read(
            log.which[changes], lambda properties: self._read(properties.get("value")), NAT_US
        )
        dates_us = dates.astype(np.int64)
        who = runs.numbered_who[rows]
        place, end = line.until(who, since_us), line.first[who + 1]
        some = np.flatnonzero(place < end)
        while some.size:
            at_us, date = line.at_us[place[some]], dates_us[place[some]]
            comes = (at_us <= us[some]) & (at_us < before_us)  # of one instant, events come before nodes
            some, at_us, date = some[comes], at_us[comes], date[comes]
            gone = date == NAT_US
            us[some[gone]] = at_us[gone]
            fate[some[gone]] = ENDS if self.exits else GOES
            later = date > us[some]  # also where it was gone a moment ago, at the same instant
            us[some[later]], fate[some[later]] = date[later], GOES
            place[some] += 1
            some = some[place[some] < end[some]]
        return Ready(us, fate)

    def earliest(self, anchor_us: Ints) -> Ints:
        """Of runs that bring no date along: the anchor, or the sequence's own date."""
        if self.at_us is None:
            return anchor_us
        return np.maximum(anchor_us, self._away(self.at_us))

    def steps_us(self, first_us: int, end_us: int) -> Ints:
        """Where the sequence's own date is."""
        return NO_STEPS if self.at_us is None else np.array([self._away(self.at_us)])

    @telling(nothing)
    def words(self, case: Case) -> Wait:
        """Waits until 2 days before the event's due; at once, where that is past."""
        way = "before" if self.offset_us < 0 else "after"
        away = f"{length(abs(self.offset_us))} {way} " if self.offset_us else ""
        of = {"event": "the event's ", "attribute": "the subscriber's ", "key": "the key date "}[self.source]
        return until(f"{away}{of}{self.name}", case)


@dataclass(frozen=True)
class UntilEventOf(RunDelay):
    """The next event of a name, or so long at the most (Q37). `exits`: whether runs to which it does not come end.

    `earlier`: whether one that came before, since the enrolment, counts too.
    """

    name: str
    timeout_us: int
    exits: bool
    earlier: bool = False
    why = "stopped:no_event"

    @property
    def watched(self) -> Watched:
        """Events of the name, whatever they are about."""
        return frozenset({(self.name, None)})

    def ready(self, history: History, runs: Runs, rows: Ints, anchor_us: Ints) -> Ready:
        """At the first such event strictly later, or when the time is up; of one instant the event wins."""
        log = history.log
        line = log.toggles(log.rows(self.name))
        who = runs.numbered_who[rows]
        comes_us = line.next_us(who, anchor_us)
        if self.earlier:
            since_us = line.next_us(who, runs.entered_us[rows])
            comes_us = np.where(since_us <= anchor_us, anchor_us, comes_us)
        up_us = anchor_us + self.timeout_us
        fate = np.where(comes_us > up_us, ENDS if self.exits else GOES, GOES).astype(np.int8)
        return Ready(np.minimum(comes_us, up_us), fate)

    def earliest(self, anchor_us: Ints) -> Ints:
        """When the time is up."""
        return anchor_us + self.timeout_us

    def steps_us(self, first_us: int, end_us: int) -> Ints:
        """None."""
        return NO_STEPS

    def words(self, case: Case) -> Wait:
        """14 days after entry without order, or the first order after entry."""
        if case.ready.us - case.anchor.us == self.timeout_us:
            return case.wait(f"{length(self.timeout_us)} after {case.since} without {self.name}")
        return case.wait(f"the first {self.name} after {case.since}")
