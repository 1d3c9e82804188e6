"""History: what is so for whom at an instant, by the log of events and by what the steps of runs have done since.

A step may do what an event does: add a tag, take off a list, change a field. Whoever looks at tags, lists and fields
afterwards sees it, in the same run or in another of the subscriber's. The log is all there from the start; what steps
do is written as it happens, for each subscriber in the order of time. At one instant events come first.
"""

from collections.abc import Callable, Hashable, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from simcore.clock.zones import FIRST_US, Ints
from simcore.plan.log import BEFORE_US, Events, Flags, Log, Members, Source, Toggles


class Done(NamedTuple):
    """What steps did last of one kind, for each subscriber: `at_us` int64 [µs; people], `BEFORE_US` for never; `order`
    int64 [people], which of all that steps did was later; `value` int64 [people], the place of what it set."""

    at_us: Ints
    order: Ints
    value: Ints


class Membership:
    """When each subscriber is in one source, by the log and by what steps have done so far."""

    def __init__(self, history: "History", source: Source, toggles: Toggles) -> None:
        self._history, self._toggles = history, toggles
        events, (kind, ref) = history.events, source
        self._meanings = [(name, ref, inside) for name, (of, inside) in events.joins.items() if of == kind]
        self._meanings += [(name, None, False) for name, of in events.clears.items() if of == kind]

    def state(self, who: Ints, at_us: Ints) -> Flags:
        """Whether each (subscriber, instant) is in it; what steps did at that very instant so far is included."""
        on, log_us = self._toggles.last(who, at_us)
        order = np.full(len(who), -1)
        for name, ref, inside in self._meanings:
            done = self._history.done.get((name, ref))
            if done is not None:
                later = (done.at_us[who] >= np.maximum(log_us, FIRST_US)) & (done.order[who] > order)
                on, order = np.where(later, inside, on), np.where(later, done.order[who], order)
        return on


class History:
    """The log, and what steps do as it happens.

    `done`: by what it is, such as ("tag_added", "vip"), what steps did last for each subscriber; `values`: what they
    set fields to; `batches`: all that they did, in order. `emits`: whether any step of the plan does anything that an
    event does.
    """

    def __init__(self, log: Log, events: Events, *, emits: bool) -> None:
        self.log, self.events, self.emits = log, events, emits
        self.batches: dict[tuple[str, Hashable], list[tuple[Ints, Ints, Any]]] = {}
        self.done: dict[tuple[str, Hashable], Done] = {}
        self.values: list[Any] = []
        self._count = 0

    def emit(self, name: str, ref: Hashable, who: Ints, at_us: Ints, value: Any = None) -> None:
        """A step does for some subscribers, each once, what an event of a name does, at instants [µs]."""
        people = len(self.log.ids)
        key = name, ref
        if key not in self.done:
            self.done[key] = Done(np.full(people, BEFORE_US), np.full(people, -1), np.full(people, -1))
        done = self.done[key]
        done.at_us[who], done.order[who], done.value[who] = at_us, self._count, len(self.values)
        self.batches.setdefault(key, []).append((who, at_us, value))
        self._count += 1
        self.values.append(value)

    def members(self, source: Source) -> Members:
        """When each subscriber is in a source."""
        toggles = self.log.members(frozenset({source}), self.events)
        if toggles is None:
            toggles = self.log.toggles(np.empty(0, np.int64))
        return Membership(self, source, toggles) if self.emits else toggles

    def left(self, who: Ints, at_us: Ints) -> Flags:
        """Whether each (subscriber, instant) has left by an event that blocks, and did not return (K17, Q33)."""
        gone, log_us = self._leaving.last(who, at_us)
        for name, (_, blocks) in self.events.leaves.items():
            done = self.done.get((name, None))
            if blocks and done is not None:
                gone = gone | (done.at_us[who] >= np.maximum(log_us, FIRST_US))
        return gone

    @cached_property
    def _leaving(self) -> Toggles:
        leaves = {name for name, (_, blocks) in self.events.leaves.items() if blocks}
        rows = self.log.of(self.events.returns | leaves)
        codes = [code for code, name in enumerate(self.log.names) if name in leaves]
        return self.log.toggles(rows, np.isin(self.log.name[rows], codes))

    def latest(self, name: str, ref: Hashable, who: Ints, at_us: Ints) -> tuple[Ints, Ints]:
        """The latest event of a name about `ref` for each (subscriber, instant): when [µs; `BEFORE_US` for none], and
        the place of its properties, those of the log and then what steps set (-1 for none)."""
        rows = self.log.rows(name, ref)
        line = self.log.toggles(rows)
        place = line.until(who, at_us) - 1
        there = place >= line.first[who]
        found_us, which = np.full(len(who), BEFORE_US), np.full(len(who), -1)
        found_us[there], which[there] = line.at_us[place[there]], self.log.which[rows[place[there]]]
        done = self.done.get((name, ref))
        if done is not None:
            done_us = done.at_us[who]
            later = (done_us >= found_us) & (done_us > BEFORE_US) & (done_us <= at_us)
            found_us = np.where(later, done.at_us[who], found_us)
            which = np.where(later, done.value[who] + len(self.log.properties), which)
        return found_us, which

    def read(self, which: Ints, read: Callable[[Any], Any], missing: Any) -> Any:
        """What is read in properties by their places, as `latest` gives them [object]; each distinct one once."""
        table = np.empty(len(self.log.properties) + len(self.values) + 1, object)
        table[-1] = missing
        for place in np.unique(which[which >= 0]).tolist():
            inside = place < len(self.log.properties)
            properties = (
                self.log.properties[place] if inside else self.values[place - len(self.log.properties)]
            )
            table[place] = read(properties if isinstance(properties, Mapping) else {})
        return table[which]
