"""What is so for runs at an instant, by their plan and by what has happened: what all rules ask, and none of it is
written by a step."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from simcore.clock.zones import Ints, zone_names
from simcore.engine.rounds import Waiting, take, where
from simcore.plan.history import History
from simcore.plan.log import BEFORE_US, Flags, Log, Members, Source, Toggles, empty
from simcore.plan.plan import Epoch, Guard, Plan
from simcore.plan.runs import Runs


class Others(Protocol):
    """The other sequences of the same subscribers, as they stand."""

    @property
    def sources(self) -> frozenset[Source]:
        """Those of them that may be excluded."""
        ...

    def excluded(self, who: Ints, at_us: Ints) -> Flags:
        """Whether each (subscriber, instant), the instant being now, is in one that is excluded."""
        ...


class Circumstances:
    """The runs, and what rules ask about them: who is excluded, who has left, and in which zone each is.

    `history`: the one that these runs share with others'. `within`: what is excluded and happens beside (A3), where
    there are other sequences.
    """

    def __init__(
        self, epochs: Sequence[Epoch], runs: Runs, log: Log | None, history: History | None = None
    ) -> None:
        self.runs = runs
        self.within: Others | None = None
        self.emits = any(step.emits for epoch in epochs for step in epoch.plan.steps)
        self.events = epochs[0].plan.events
        if log is None and any(epoch.plan.looks_back for epoch in epochs):
            log = empty(np.arange(int(runs.numbered_who.max(initial=-1)) + 1))
        self._history = history
        if history is None and log is not None:
            self._history = History(log, self.events, emits=self.emits)
        self._named: list[str] = []  # zones that the log names, and no entry
        self.same_clock: Ints | None = None
        """Which zones are as one, once somebody has looked: see `simcore.engine.own_zones`."""
        self._zone_field = next((each for epoch in epochs if (each := epoch.plan.zone_field)), "")
        self._plan: Plan | None = None
        self._guard: Guard | None = None
        self._members: Toggles | None = None
        self._concerned: Flags | None = None  # which runs are of people who are ever in an excluded source

    @property
    def history(self) -> History:
        """What has happened to subscribers, where any rule looks at it."""
        if self._history is None:
            raise TypeError("runs without a log")
        return self._history

    def under_plan(self, plan: Plan) -> None:
        """From here on the plan's excluded sources and its stop hold."""
        log = None if self._history is None else self._history.log
        members = None if log is None else log.members(plan.excluded, plan.events)
        if members is not self._members and members is not None and self.runs.who is not None:
            self._concerned = members.known(self.runs.who)
        self._members = members
        self._kept_out: list[Members] = []
        if self.within is not None:
            outside = plan.excluded - self.within.sources
            self._kept_out = [self.history.members(source) for source in sorted(outside, key=repr)]
        if self._plan is None or plan.stop != self._plan.stop:
            self._guard = None
            if plan.stop is not None and log is not None and self.runs.who is not None:
                self._guard = plan.stop.guard(self.history, self.runs)
        self._plan = plan

    def in_excluded(self, who: Ints, at_us: Ints) -> Flags:
        """Whether each (subscriber, instant) is in an excluded source, be it another sequence (K16, A3)."""
        found = np.zeros(len(who), np.bool_) if self.within is None else self.within.excluded(who, at_us)
        for members in self._kept_out:
            found |= members.state(who, at_us)
        return found

    def excluded(self, cohort: Waiting) -> Ints:
        """Which of a cohort, by their places, are in an excluded source when their email is due (K16)."""
        if self.within is not None:
            return np.flatnonzero(
                self.in_excluded(self.runs.numbered_who[where(cohort.rows)], cohort.at.all_us())
            )
        if self._members is None or self.runs.who is None or self._concerned is None:
            return np.empty(0, np.int64)
        some = np.flatnonzero(self._concerned[where(cohort.rows)])
        who = self.runs.who[take(cohort.rows, some)]
        return some[self._members.state(who, cohort.at.of(some).all_us())]

    def have_left(self, cohort: Waiting) -> Flags:
        """Which of a cohort have unsubscribed, say, and did not come back (Q33)."""
        return self.history.left(self.runs.numbered_who[where(cohort.rows)], cohort.at.all_us())

    @property
    def fixed_zones(self) -> bool:
        """Whether each run stays in the zone that it has (T22); where events say zones, it may change (Q31)."""
        return not self._zone_field

    def zones_at(self, rows: Ints | None, at_us: Ints) -> Ints:
        """The own zone of each of some runs at an instant [int64, places in `zones`]; -1 for none (Q31)."""
        runs = self.runs
        mine = where(rows)
        known = np.full(len(at_us), -1) if runs.time_zone is None else runs.time_zone[mine]
        if not self._zone_field or self._history is None or runs.who is None:
            return known
        said_us, which = self._history.latest("field_changed", self._zone_field, runs.who[mine], at_us)
        later = (said_us > runs.entered_us[mine]) | ((said_us > BEFORE_US) & (known < 0))
        said = self._history.read(which, self._zone_of, -1).astype(np.int64)
        return np.where(later, said, known)

    def _zone_names(self, rows: Ints | None, at_us: Ints) -> npt.NDArray[np.object_]:
        """What `zones_at` gives, by name; "" for none."""
        place = self.zones_at(rows, at_us)
        return np.array([*self.zones, ""], object)[place]

    def _zone_of(self, properties: Mapping[str, Any]) -> int:
        """The place of a zone that an event names, in `zones`; -1 for what is no zone."""
        name = properties.get("value")
        if not (isinstance(name, str) and name in zone_names()):
            return -1
        return self.zone_place(name)

    @property
    def zones(self) -> tuple[str, ...]:
        """The zones that any run is in."""
        return (*self.runs.zones, *self._named)

    def zone_place(self, name: str) -> int:
        """The place of a zone in `zones`; it is put there where it is new."""
        if name not in self.zones:
            self._named.append(name)
        return self.zones.index(name)
