"""Who is enrolled when, by an event log (Q13 to Q17).

There is no loop over events: arrays, and each distinct properties once.
"""

from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

import numpy as np

from simcore.clock.gates import Poll
from simcore.clock.zones import Ints
from simcore.plan.log import NEVER_US, Flags, Log, Watched
from simcore.plan.plan import Enrolments
from simcore.sequenzy.properties import passes


def passing(log: Log, rows: Ints, filters: tuple[Mapping[str, Any], ...]) -> Ints:
    """Those of some events that pass every filter (Q14)."""
    if not filters:
        return rows
    which = log.which[rows]
    good = [at for at in np.unique(which).tolist() if passes(filters, None if at < 0 else log.properties[at])]
    return rows[np.isin(which, good)]


def _from(log: Log, rows: Ints, enabled_us: int | None, source: str = "") -> Enrolments:
    """An enrolment at each of some events, from when the sequence is enabled (Q13); late ones start nothing (Q39).

    `source`: the kind of what their refs are, which the runs come from; "" for none.
    """
    if enabled_us is not None:
        rows = rows[log.at_us[rows] >= enabled_us]
    if log.late is not None:
        rows = rows[~log.late[rows]]
    sources: tuple[tuple[str, Hashable], ...] = ()
    if source:
        sources = tuple((source, ref) for ref in log.refs)
    return Enrolments(
        log.who[rows],
        log.at_us[rows],
        log.which[rows],
        source=log.ref[rows] if source else None,
        sources=sources,
    )


class Nobody(NamedTuple):
    """manual (Q39): no event enrols."""

    @property
    def watched(self) -> Watched:
        """None."""
        return frozenset()

    def enrolments(self, log: Log, enabled_us: int | None) -> Enrolments:
        """None."""
        none = np.empty(0, np.int64)
        return Enrolments(none, none, none)


class Received(NamedTuple):
    """contact_added, tag_added, event_received, inbound_webhook (Q14, Q27, Q39): each event that passes filters.

    Of a name, and about any of `refs`, where there are some. A contact_added by lists is a list_joined. `source`: the
    kind of what it is about, as a set that runs come from.
    """

    name: str
    refs: tuple[str, ...] = ()
    filters: tuple[Mapping[str, Any], ...] = ()
    source: str = ""

    @property
    def watched(self) -> Watched:
        """The events of the name."""
        return frozenset((self.name, ref) for ref in self.refs or (None,))

    def takes(self, name: str, ref: Hashable) -> bool:
        """Whether what a step does as an event of a name, about `ref`, enrols too (A5)."""
        return name == self.name and (not self.refs or ref in self.refs)

    def enrolments(self, log: Log, enabled_us: int | None) -> Enrolments:
        """At each such event."""
        found = [log.rows(self.name, ref) for ref in self.refs or (None,)]
        rows = found[0] if len(found) == 1 else np.sort(np.unique(np.concatenate(found)))
        return _from(log, passing(log, rows, self.filters), enabled_us, self.source)


class SegmentLooks(NamedTuple):
    """segment_entered and segment_exited (Q15, Q39): who is in at a look and was not at the one before, or else.

    `entered`: which of the two. `ends`: whether a look that finds the subscriber out ends the run.
    """

    segment: str
    poll: Poll
    entered: bool
    ends: bool

    @property
    def watched(self) -> Watched:
        """Who enters and leaves the segment."""
        return frozenset({("segment_entered", self.segment), ("segment_left", self.segment)})

    def enrolments(self, log: Log, enabled_us: int | None) -> Enrolments:
        """At the looks; each ends again, where it `ends`, at the first look that finds the subscriber out."""
        entered = log.rows("segment_entered", self.segment)
        rows = np.sort(np.append(entered, log.rows("segment_left", self.segment)))
        who, inside = log.who[rows], np.isin(rows, entered)
        # All until the sequence is enabled is the baseline; the first look comes after.
        look = self.poll.tick(log.at_us[rows])
        if enabled_us is not None:
            before = log.at_us[rows] <= enabled_us
            look[before] = -1
        # What is so at a look is what was so last before it.
        last = np.append((np.diff(who) != 0) | (np.diff(look) != 0), True)[: rows.size]
        who, look, inside = who[last], look[last], inside[last]
        was = np.zeros(who.size, np.bool_)
        was[1:] = inside[:-1] & (np.diff(who) == 0)
        begins = np.flatnonzero((inside & ~was if self.entered else was & ~inside) & (look >= 0))
        end_us = None
        if self.ends:
            after = np.append(np.flatnonzero(was & ~inside), who.size)
            out = after[np.searchsorted(after, begins)]
            mine = np.append(who, -1)[out] == who[begins]
            end_us = np.full(begins.size, NEVER_US)
            end_us[mine] = self.poll.at(look[out[mine]])
        return Enrolments(
            who[begins],
            self.poll.at(look[begins]),
            np.full(begins.size, -1),
            end_us,
            np.zeros(begins.size, np.int64) if self.entered else None,
            (("segment", self.segment),) if self.entered else (),
        )


class Inactivity(NamedTuple):
    """inactivity (Q16): who has gone `after_us` without the event, counted from the last one or a baseline."""

    name: str
    after_us: int
    poll: Poll
    created_us: int | None
    by_subscriber: bool

    @property
    def watched(self) -> Watched:
        """All events: any makes a subscriber known."""
        return None

    def enrolments(self, log: Log, enabled_us: int | None) -> Enrolments:
        """At the first look at which the time is up, before the next event."""
        rows = log.rows(self.name)
        people = len(log.ids)
        known_us = np.full(people, NEVER_US)
        for some in (np.arange(log.who.size), log.rows("contact_added")):
            who = log.who[some]
            first = np.flatnonzero(np.append(True, np.diff(who) != 0)[: some.size])
            known_us[who[first]] = log.at_us[some[first]]
        base_us = known_us
        created_us = enabled_us if self.created_us is None else self.created_us
        if not self.by_subscriber and created_us is not None:
            base_us = np.full(people, created_us)
        # Each subscriber's baseline, then each event, counts until the next.
        who = np.append(np.arange(people), log.who[rows])
        order = np.argsort(who, kind="stable")
        who, from_us = who[order], np.append(base_us, log.at_us[rows])[order]
        next_us = np.append(from_us[1:], NEVER_US)
        next_us[:-1][np.diff(who) != 0] = NEVER_US
        there = known_us[who] < NEVER_US  # others share the log, to whom nothing has happened
        who, from_us, next_us = who[there], from_us[there], next_us[there]
        ready_us = np.maximum(from_us + self.after_us, known_us[who])
        if enabled_us is not None:
            ready_us = np.maximum(ready_us, enabled_us)
        at_us = self.poll.snap(ready_us)
        some = np.flatnonzero(at_us < next_us)
        return Enrolments(who[some], at_us[some], np.full(some.size, -1))


class Frequency(NamedTuple):
    """frequency (Q17): the event with which there are `least` of them within `within_us`, and were fewer."""

    name: str
    least: int
    within_us: int

    @property
    def watched(self) -> Watched:
        """The events of the name."""
        return frozenset({(self.name, None)})

    def enrolments(self, log: Log, enabled_us: int | None) -> Enrolments:
        """At the events that reach the count."""
        rows = log.rows(self.name)
        line = log.toggles(rows)
        begins = line.until(log.who[rows], log.at_us[rows] - self.within_us)
        reached: Flags = np.arange(rows.size) - begins + 1 == self.least
        return _from(log, rows[reached], enabled_us)
