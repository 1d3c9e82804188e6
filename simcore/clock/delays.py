"""Delays: the earliest instant at which a step may happen, as far as its wait is concerned (T2 to T5).

All instants are int64 [microseconds since 1970-01-01 UTC], in arrays of any length.

To write your own delay, derive a frozen dataclass from `Delay` (frozen, since delays are keys of caches).
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol, Self

import numpy as np

from simcore.clock.apart import Cases, Column, Instants, looks, nothing, telling
from simcore.clock.gates import NO_STEPS, Gate
from simcore.clock.words import Case, Wait, length, moment
from simcore.clock.zones import DAY_US, HOUR_US, Ints, zone
from simcore.text.wording import count, listed


class Delay(Protocol):
    """The base of all delays. Your own delay must define `earliest` and `steps_us`."""

    @property
    def own_zone(self) -> bool:
        """Whether it differs for runs in other zones."""
        return False

    @abstractmethod
    def earliest(self, anchor_us: Ints) -> Ints:
        """The earliest instant for each anchor [int64, same shape]; `FAR_US` or more if it is past 2200.

        An instant before the anchor counts as the anchor.
        """

    @abstractmethod
    def steps_us(self, first_us: int, end_us: int) -> Ints:
        """The anchors at which the answer of `earliest` changes [int64, in order], from `first_us` to `end_us` [µs].

        From each to before the next, either all anchors have the same answer, or the answer moves along with the
        anchor. (The result may have other instants too, inside that range or outside.)
        """

    @telling(nothing)
    def words(self, case: Case) -> Wait:
        """The wait of a send in words: the start of its reason."""
        return case.wait(f"the end of the wait since {case.since}")

    def in_zone(self, time_zone: str) -> Self:
        """The delay for runs in a zone; it differs only if `own_zone` is set (see `Gate.in_zone`)."""
        return self

    def as_own(self) -> Self:
        """The delay with `own_zone` set, if it has a zone at all (T22)."""
        return self


@dataclass(frozen=True)
class Elapsed(Delay):
    """A length of absolute time: `duration_us` [µs, 0 or more] after the anchor."""

    duration_us: int

    def earliest(self, anchor_us: Ints) -> Ints:
        """The anchor plus the duration: monotone, and never before the anchor."""
        return anchor_us + self.duration_us

    def steps_us(self, first_us: int, end_us: int) -> Ints:
        """None: it moves along with the anchor."""
        return NO_STEPS

    @telling(nothing)
    def words(self, case: Case) -> Wait:
        """2 hours after entry; at once, on entry."""
        in_hours, in_all = _lengths(self.duration_us)
        told = f"{in_hours} after {case.since} is {case.at(case.ready)}"
        if self.duration_us:
            return Wait(told, f"{in_all} after {case.since}")
        dated = f"{case.since} is on {case.date(case.anchor.day)}"
        return Wait(told, f"at once, on {case.since}", dated)


@dataclass(frozen=True)
class CalendarDays(Delay):
    """Calendar days: the beginning of the anchor's local date plus `days` [d, 0 or more].

    `own_zone`: use the run's own zone if it has one; `time_zone` is for the others.
    """

    days: int
    time_zone: str
    own_zone: bool = False

    def earliest(self, anchor_us: Ints) -> Ints:
        """The first instant of the local date, or the first one after it if the date does not exist."""
        here = zone(self.time_zone)
        if self.own_zone:
            return here.first_us(here.local_us(anchor_us) // DAY_US + self.days)
        return here.date_begin_us(here.date(anchor_us) + self.days)

    def steps_us(self, first_us: int, end_us: int) -> Ints:
        """The beginnings of dates."""
        return zone(self.time_zone).dates[1].points_us

    def _looks(self, cases: Cases) -> Sequence[Column]:
        return cases.within(self.time_zone)

    @telling(_looks)
    def words(self, case: Case) -> Wait:
        """2 days after entry is Sat 7 Mar; with its zone, if times are shown in another."""
        there = case.within(zone(self.time_zone))
        what, day = f"{count(self.days, 'day')} after {case.since}", there.anchor.day + self.days
        told = f"{what} is {there.date(day)}"
        if there is case:
            return Wait(told, what, told, day, self.time_zone)
        where = f" in {self.time_zone}"
        return Wait(told + where, what + where, "", day, self.time_zone)

    def in_zone(self, time_zone: str) -> Self:
        """The same in another zone, if `own_zone` is set."""
        return replace(self, time_zone=time_zone) if self.own_zone else self

    def as_own(self) -> Self:
        """The same in the zone of each run."""
        return self if self.own_zone else replace(self, own_zone=True)


@dataclass(frozen=True, eq=False)
class UntilDate(Delay):
    """A given instant for each row [int64, the shape of the anchors]: a date field of the run."""

    instants_us: Ints

    def earliest(self, anchor_us: Ints) -> Ints:
        """The given instant, or the anchor if it is later."""
        return np.maximum(anchor_us, self.instants_us)

    def steps_us(self, first_us: int, end_us: int) -> Ints:
        """The given instants: later anchors do not wait."""
        return np.unique(self.instants_us)

    @telling(nothing)
    def words(self, case: Case) -> Wait:
        """Waits until its date."""
        return until("its date", case)


@dataclass(frozen=True)
class UntilOpen(Delay):
    """The first instant that a gate allows, `least_us` [µs] after the anchor or later: part of the week (Q10, Q30)."""

    gate: Gate
    least_us: int = 0

    def earliest(self, anchor_us: Ints) -> Ints:
        """The anchor plus `least_us` if that is allowed, or else the next allowed instant."""
        return self.gate.snap(anchor_us + self.least_us)

    def steps_us(self, first_us: int, end_us: int) -> Ints:
        """Those of the gate, `least_us` earlier."""
        return self.gate.steps_us(first_us + self.least_us, end_us + self.least_us) - self.least_us

    def _looks(self, cases: Cases) -> Sequence[Column] | None:
        begun = cases._replace(ready=Instants(cases.anchor.us + self.least_us), due=cases.ready)
        gate = looks(self.gate.left_out, begun)
        return None if gate is None else [*begun.usual(), *gate]

    @telling(_looks)
    def words(self, case: Case) -> Wait:
        """The first of Mon 08:00 to 20:00 after entry; at once, if the anchor is inside."""
        allowed = self.gate.name(case.here.name)
        begun = case._replace(ready=moment(case.anchor.us + self.least_us, case.here), due=case.ready)
        but = f"{listed(told)}, so " if (told := self.gate.left_out(begun)) else ""
        if self.least_us:
            return case.wait(f"{but}{length(self.least_us)} after {case.since}, then the first of {allowed}")
        if case.ready.us != case.anchor.us:
            return case.wait(f"{but}the first of {allowed} after {case.since}")
        leads = f"at once, on {case.since}, which is inside {allowed}"
        return Wait(f"{leads}: {case.at(case.ready)}", leads)

    @property
    def own_zone(self) -> bool:
        """Whether the gate is."""
        return self.gate.own_zone

    def in_zone(self, time_zone: str) -> Self:
        """The same, with the gate for runs in a zone."""
        gate = self.gate.in_zone(time_zone)
        return self if gate is self.gate else replace(self, gate=gate)

    def as_own(self) -> Self:
        """The same, with the gate in the zone of each run."""
        gate = self.gate.as_own()
        return self if gate is self.gate else replace(self, gate=gate)


def until(name: str, case: Case) -> Wait:
    """The wait for a date."""
    if case.ready.us != case.anchor.us:
        return Wait(f"{name} is {case.at(case.ready)}", f"waits until {name}")
    leads = f"{name} is past, or there is none, so at once"
    return Wait(f"{leads}: {case.at(case.ready)}", leads)


@lru_cache
def _lengths(us: int) -> tuple[str, str]:
    """A length of time in hours, if it is whole hours, and in all units."""
    told = length(us)
    return (told if us % HOUR_US else count(us // HOUR_US, "hour")), told
