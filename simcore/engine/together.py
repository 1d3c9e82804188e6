"""Several sequences of the same subscribers in the order of time, where one may matter to another (A3 to A6).

In each wave every subscriber does the next thing that is due to them in any sequence. Of one instant entries come
first, sequence by sequence; then broadcasts; then steps, sequence by sequence, each run as far as it goes.
(K18, Q19, A3)
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

import numpy as np

from simcore.clock.zones import FIRST_US, Ints
from simcore.engine.limit import Limit
from simcore.engine.line import Line
from simcore.engine.people import Audience
from simcore.engine.record import Record
from simcore.engine.simulate import changed, look_ahead
from simcore.engine.waves import WaveSteps
from simcore.errors import SimcoreError, shown
from simcore.plan.history import History
from simcore.plan.log import NEVER_US, Flags, Source
from simcore.plan.plan import Epoch
from simcore.plan.runs import Runs

MOST_AT_ONCE = 1000
"""So often may steps enrol a subscriber at one instant: sequences that enrol into each other would never end."""


class Mails(Protocol):
    """What is sent besides the sequences: broadcasts."""

    due_us: Ints
    """When each subscriber's next one is due [int64, µs; people]; `NEVER_US` for none."""

    def send(self, people: Ints) -> Ints:
        """The next ones of some subscribers go out, to those to whom they may; gives these."""
        ...


class Part:
    """One of the sequences: its plans, its runs, and how far they are.

    `audience`: all who come to it. `source`: what others may exclude (K30), None where nobody can. `ended`: gives when
    an event ends runs that come later (see `Together.enrol`). `explains`: whether anybody asks why. `time_zone`: the
    zones of all subscribers, where they are known by subscriber (see `Runs.more`).
    """

    def __init__(
        self,
        epochs: Sequence[Epoch],
        audience: Audience,
        history: History,
        *,
        key: Ints,
        notes: bool,
        passes: bool,
        source: Source | None = None,
        ended: Callable[[Runs], Runs] | None = None,
        enabled_us: int | None = None,
        limit: Limit | None = None,
        explains: bool = True,
        time_zone: Ints | None = None,
    ) -> None:
        self.epochs, self.audience, self.source = epochs, audience, source
        self.ended, self.enabled_us, self.time_zone = ended, enabled_us, time_zone
        came = replace(audience.runs, number=audience.runs.number.copy())
        self.key = key
        self.record = Record(
            epochs,
            came,
            audience.log,
            statuses=audience.statuses,
            notes=notes,
            keeps=True,
            passes=passes,
            in_order=True,
            history=history,
            limit=limit,
            lean=len(epochs) == 1 and not explains,
        )
        self.number = 0
        self.line: Line
        self.steps: WaveSteps

    def change(self, now_us: int) -> None:
        """The changes of an instant, one by one."""
        for number, epoch in enumerate(self.epochs):
            if epoch.at_us == now_us:
                self.record.inside = np.flatnonzero(self.line.inside)
                here = changed(self.record, self.steps.here if number else None, epoch, number)
                self.number = number
                self.steps = WaveSteps(self.record, here, number, self.line)
        if self.epochs[self.number].at_us == now_us:
            self.steps.begin(now_us)

    @property
    def sends(self) -> bool:
        """Whether its steps are done at present."""
        return self.epochs[self.number].plan.active

    def has(self, who: Ints, at_us: Ints) -> Flags:
        """Whether each (subscriber, instant), the instant being now, is in a run of it that is active."""
        end_us, inside = self.record.out.end_us, self.line.inside

        def active(rows: Ints, place: Ints) -> Flags:
            found: Flags = inside[rows] & (end_us[rows] > at_us[place])
            return found

        return self.line.any_of(who, active)


class Together:
    """Several sequences of the same subscribers, until before `until_us` [µs].

    `people`: how many subscribers there are. `rank`: the parts in the order in which their steps go at one instant.
    """

    def __init__(
        self, parts: Sequence[Part], people: int, *, rank: Sequence[int], mails: Mails | None = None
    ) -> None:
        self.parts, self.rank, self.mails = parts, rank, mails
        self._enrolled_us, self._times = np.full(people, NEVER_US), np.zeros(people, np.int64)
        self.table = np.full((3 * len(parts) + 1, people), NEVER_US)
        """When each subscriber's next thing of each kind is due: entries, broadcasts, and steps part by part."""
        for number, part in enumerate(parts):
            owed = len(parts) + 1 + 2 * rank.index(number)
            part.line = Line(
                part.record.runs, part.key, self.table[number], self.table[owed], self.table[owed + 1]
            )
            part.record.within = Within(part, parts)
            part.record.told = partial(self.tell, part) if len(parts) > 1 else None
        if mails is not None:
            self.table[len(parts)] = mails.due_us
            mails.due_us = self.table[len(parts)]

    def run(self, until_us: int | None) -> None:
        """All that happens."""
        begins = sorted({FIRST_US, *(epoch.at_us for part in self.parts for epoch in part.epochs)})
        for begin_us, end_us in pairwise([*begins, NEVER_US if until_us is None else until_us]):
            for part in self.parts:
                part.change(begin_us)
            self._waves(end_us)
        for part in self.parts:
            look_ahead(part.record, part.steps.here)

    def _waves(self, end_us: int) -> None:
        """Wave after wave, all before an instant [µs]."""
        count = len(self.parts)
        columns: list[tuple[int, Callable[[Ints], Any]]] = [
            (number, part.steps.come) for number, part in enumerate(self.parts)
        ]
        if self.mails is not None:
            columns.append((count, self.mails.send))
        for at, number in enumerate(self.rank):
            part = self.parts[number]
            if part.sends:
                if len(part.epochs) > 1:  # K18: of one sequence, what is owed comes first
                    columns.append((count + 1 + 2 * at, part.steps.pay))
                columns.append((count + 2 + 2 * at, part.steps.go))
        while True:
            first_us = np.full(self.table.shape[1], end_us)
            which = np.full(first_us.size, -1, np.int16)
            for number, (row, _) in enumerate(columns):
                sooner = self.table[row] < first_us
                which[sooner] = number
                np.minimum(first_us, self.table[row], out=first_us)
            some = np.flatnonzero(which >= 0)
            if not some.size:
                return
            which = which[some]
            for number, (_, does) in enumerate(columns):
                people = some[which == number]
                if people.size:
                    does(people)

    def tell(self, by: Part, name: str, ref: Hashable, who: Ints, at_us: Ints, value: Any) -> None:
        """What a step of one sequence has done, as an event of a name would, is known to all others (A5)."""
        told = [by.record.history]
        for part in self.parts:
            if part is by:
                continue
            words = part.record.history.events
            own = ref if ref is None else words.vocabulary.ref(ref)
            known = name in words.vocabulary.names and (ref is None or own is not None)
            if not known:
                continue
            if all(part.record.history is not each for each in told):
                told.append(part.record.history)
                part.record.history.emit(name, own, who, at_us, value)
            if name in words.leaves:
                part.record.end_all(name, who, at_us)
            elif part.ended is not None and own is not None:
                self._enrol(part, name, own, who, at_us)

    def _enrol(self, part: Part, name: str, ref: Hashable, who: Ints, at_us: Ints) -> None:
        """What a step does enrols, where an event would (A5)."""
        trigger = part.epochs[part.number].plan.trigger
        takes = getattr(trigger, "takes", None)
        if takes is None or part.ended is None or not takes(name, ref):
            return
        if part.enabled_us is not None:
            who, at_us = who[at_us >= part.enabled_us], at_us[at_us >= part.enabled_us]
        if not who.size:
            return
        again = self._enrolled_us[who] == at_us
        self._enrolled_us[who], self._times[who] = at_us, np.where(again, self._times[who] + 1, 1)
        if self._times[who].max() > MOST_AT_ONCE:
            one = shown(part.record.history.log.ids[who[self._times[who].argmax()]])
            raise SimcoreError(
                f"the steps of sequences enrol subscriber {one} without end, at one instant: have one of them enrol "
                "each subscriber once (enrollmentMode one_time), or give it a delay"
            )
        history, runs = part.record.history, part.record.runs
        kind = history.events.joins.get(name)
        source = None if kind is None else (kind[0], ref)
        runs = runs.more(who, at_us, history.log.ids, source, part.time_zone)
        part.record.grow(part.ended(runs), part.steps.here.plan)
        part.line.add(part.record.runs, who)


class Within(NamedTuple):
    """Who is in the sequences that one of them excludes, as they stand (A3)."""

    part: Part
    parts: Sequence[Part]

    @property
    def sources(self) -> frozenset[Source]:
        """The sources that are sequences here."""
        return frozenset(part.source for part in self.parts if part.source is not None)

    def excluded(self, who: Ints, at_us: Ints) -> Flags:
        """Whether each (subscriber, instant), the instant being now, is in any that the part's plan excludes."""
        plan = self.part.epochs[self.part.number].plan
        found = np.zeros(len(who), np.bool_)
        for part in self.parts:
            if part.source in plan.excluded:
                found |= part.line.taken[who] > 0 if plan.once_in else part.has(who, at_us)
        return found
