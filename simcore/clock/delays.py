"""Delays: the earliest instant at which a step may happen, as far as its wait is concerned (T2 to T5).

All instants are int64 [microseconds since 1970-01-01 UTC], in arrays of any length.

A delay of one's own is one class, a frozen dataclass (delays are keys of caches) that derives from `Delay`.
"""

from abc import abstractmethod
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol, Self

import numpy as np

from simcore.clock.gates import NO_STEPS, Gate
from simcore.clock.words import Case, Wait, length
from simcore.clock.zones import HOUR_US, Ints, zone
from simcore.text.wording import count


class Delay(Protocol):
    """What every delay can do; those that derive from it need no more than `earliest` and `steps_us`."""

    @property
    def own_zone(self) -> bool:
        """Whether it is another for runs in other zones."""
        return False

    @abstractmethod
    def earliest(self, anchor_us: Ints) -> Ints:
        """The earliest instant for each anchor [int64, same shape]; `FAR_US` or more where it is past 2200.

        What is before the anchor counts as the anchor.
        """

    @abstractmethod
    def steps_us(self, first_us: int, end_us: int) -> Ints:
        """From which anchors on `earliest` answers otherwise [int64, in order]: all from `first_us` to `end_us` [µs].

        From each to before the next, either all anchors have one answer, or it is as much later for each. (Others may
        be among them, and outside.)
        """

    def words(self, case: Case) -> Wait:
        """The wait of a send, with which its reason begins."""
        return case.wait(f"the end of the wait since {case.since}")

    def in_zone(self, time_zone: str) -> Self:
        """The delay of runs in a zone: another where it has `own_zone` set."""
        return self


@dataclass(frozen=True)
class Elapsed(Delay):
    """A length of absolute time: `duration_us` [µs, 0 or more] after the anchor."""

    duration_us: int

    def earliest(self, anchor_us: Ints) -> Ints:
        """The anchor plus the duration; never before the anchor, monotone."""
        return anchor_us + self.duration_us

    def steps_us(self, first_us: int, end_us: int) -> Ints:
        """None."""
        return NO_STEPS

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
    """Whole days of the calendar: the beginning of the anchor's local date plus `days` [d, 0 or more].

    `own_zone`: in the run's own zone, where it has one; `time_zone` is that of the others.
    """

    days: int
    time_zone: str
    own_zone: bool = False

    def earliest(self, anchor_us: Ints) -> Ints:
        """The first instant of the local date, or the first after it where the date does not exist."""
        place = zone(self.time_zone)
        return place.date_begin_us(place.date(anchor_us) + self.days)

    def steps_us(self, first_us: int, end_us: int) -> Ints:
        """Where dates begin."""
        return zone(self.time_zone).dates[1].points_us

    def words(self, case: Case) -> Wait:
        """2 days after entry is Sat 7 Mar; with its zone, where times are told in another."""
        there = case.within(zone(self.time_zone))
        what, day = f"{count(self.days, 'day')} after {case.since}", there.anchor.day + self.days
        told = f"{what} is {there.date(day)}"
        if there is case:
            return Wait(told, what, told, day, self.time_zone)
        where = f" in {self.time_zone}"
        return Wait(told + where, what + where, "", day, self.time_zone)

    def in_zone(self, time_zone: str) -> Self:
        """The same in another zone, where it has `own_zone` set."""
        return replace(self, time_zone=time_zone) if self.own_zone else self


@dataclass(frozen=True, eq=False)
class UntilDate(Delay):
    """A given instant for each row [int64, the shape of the anchors]: a date field of the run."""

    instants_us: Ints

    def earliest(self, anchor_us: Ints) -> Ints:
        """The given instant, or the anchor where that is later."""
        return np.maximum(anchor_us, self.instants_us)

    def steps_us(self, first_us: int, end_us: int) -> Ints:
        """The given instants: who is later does not wait."""
        return np.unique(self.instants_us)

    def words(self, case: Case) -> Wait:
        """Waits until its date."""
        return until("its date", case)


@dataclass(frozen=True)
class UntilOpen(Delay):
    """The first instant that a gate allows, `least_us` [µs] after the anchor or later: part of the week (Q10, Q30)."""

    gate: Gate
    least_us: int = 0

    def earliest(self, anchor_us: Ints) -> Ints:
        """That long after the anchor where it is allowed, or else the next instant that is."""
        return self.gate.snap(anchor_us + self.least_us)

    def steps_us(self, first_us: int, end_us: int) -> Ints:
        """Those of the gate, as much earlier."""
        return self.gate.steps_us(first_us + self.least_us, end_us + self.least_us) - self.least_us

    def words(self, case: Case) -> Wait:
        """The first of Mon 08:00 to 20:00 after entry; at once, where the anchor is inside."""
        allowed = self.gate.name(case.here.name)
        if self.least_us:
            return case.wait(f"{length(self.least_us)} after {case.since}, then the first of {allowed}")
        if case.ready.us != case.anchor.us:
            return case.wait(f"the first of {allowed} after {case.since}")
        leads = f"at once, on {case.since}, which is inside {allowed}"
        return Wait(f"{leads}: {case.at(case.ready)}", leads)

    @property
    def own_zone(self) -> bool:
        """Whether the gate is."""
        return self.gate.own_zone

    def in_zone(self, time_zone: str) -> Self:
        """With the gate of runs in a zone."""
        gate = self.gate.in_zone(time_zone)
        return self if gate is self.gate else replace(self, gate=gate)


def until(name: str, case: Case) -> Wait:
    """The wait for a date."""
    if case.ready.us != case.anchor.us:
        return Wait(f"{name} is {case.at(case.ready)}", f"waits until {name}")
    leads = f"{name} is past, or there is none, so at once"
    return Wait(f"{leads}: {case.at(case.ready)}", leads)


@lru_cache
def _lengths(us: int) -> tuple[str, str]:
    """A length of time in hours, where it is whole hours, and in all units."""
    told = length(us)
    return (told if us % HOUR_US else count(us // HOUR_US, "hour")), told
