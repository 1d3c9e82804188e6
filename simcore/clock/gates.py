"""Gates: the sets of instants at which sends are allowed (T2, T6 to T10).

`snap(t)` is the first allowed instant at or after t. All instants are int64 [microseconds since 1970-01-01
UTC], in arrays of any length; `NAT_US` if a gate never opens, `FAR_US` or more if it opens past 2200.
Weekdays are numbers, 0 is Monday; an empty set closes a gate.

To write your own gate, derive a frozen dataclass from `Gate` (frozen, since gates are keys of caches).
"""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol, Self

import numpy as np

from simcore.clock.apart import Cases, Column, looks, nothing, telling
from simcore.clock.dates import NO_DATES, Dates
from simcore.clock.instants import NAT_US
from simcore.clock.words import Case, Moment, Wait, comes_again, rhythm
from simcore.clock.zones import (
    DAY_US,
    HOUR_US,
    MINUTE_US,
    Ints,
    Ruler,
    Slots,
    next_open,
    next_slots,
    slots,
    windows,
    zone,
)
from simcore.errors import TooManyError
from simcore.text.wording import listed, part_of_week, time_of_day, weekdays

MOST_STEPS = 20_000_000
"""The most instants that are made at once."""
NO_STEPS = np.empty(0, np.int64)
"""The steps of what never changes its answer."""


class Gate(Protocol):
    """The base of all gates. Your own gate must define `snap` and `steps_us`."""

    @property
    def own_zone(self) -> bool:
        """Whether it is another for runs in other zones."""
        return False

    @property
    def closed(self) -> bool:
        """Whether no instant is allowed."""
        return False

    @abstractmethod
    def snap(self, instants_us: Ints) -> Ints:
        """The first allowed instant at or after each [int64, same shape]; `NAT_US` if there is none."""

    @abstractmethod
    def steps_us(self, first_us: int, end_us: int) -> Ints:
        """The instants at which the answer of `snap` changes [int64, in order], from `first_us` to `end_us` [µs].

        From each to before the next, either all instants have the same answer, or each is allowed itself. (The result
        may have other instants too, inside that range or outside.) Raises TooManyError for more than `MOST_STEPS`.
        """

    @telling(nothing)
    def words(self, case: Case, wait: Wait) -> str:
        """The reason of a send: from the end of `wait`, through the gate, to the send."""
        if wait.leads and case.ready.us == case.due.us:
            return f"{wait.leads}: {case.until}"
        return case.so(wait.says)

    def name(self, time_zone: str) -> str:
        """What is allowed, in words, for readers in a zone: Mon to Fri 08:00 to 20:00."""
        return "its allowed times"

    @telling(nothing)
    def left_out(self, case: Case) -> list[str]:
        """Which of the dates that it leaves out lie between ready and due, in words (T23)."""
        return []

    def in_zone(self, time_zone: str) -> Self:
        """The gate for runs in a zone; it differs only if `own_zone` is set.

        Zones whose clocks agree are taken for one another: only what the clocks show may make a difference.
        """
        return self

    def as_own(self) -> Self:
        """The gate with `own_zone` set, if it has a zone at all (T22)."""
        return self


@dataclass(frozen=True)
class Anytime(Gate):
    """Every instant is allowed."""

    def snap(self, instants_us: Ints) -> Ints:
        """The instants themselves."""
        return instants_us

    def steps_us(self, first_us: int, end_us: int) -> Ints:
        """None."""
        return NO_STEPS


@dataclass(frozen=True)
class Poll(Gate):
    """Polls in a fixed rhythm: at 1970-01-01 UTC + `phase_us` + k * `every_us` for whole k [µs]."""

    every_us: int
    phase_us: int = 0

    def tick(self, instants_us: Ints) -> Ints:
        """The number k of the first poll at or after each instant."""
        return (instants_us + (self.every_us - 1 - self.phase_us)) // self.every_us  # rounded up

    def at(self, ticks: Ints) -> Ints:
        """The instants of polls."""
        return self.phase_us + ticks * self.every_us

    def snap(self, instants_us: Ints) -> Ints:
        """The first poll at or after each instant; an instant exactly on a poll is taken by it."""
        return self.at(self.tick(instants_us))

    def steps_us(self, first_us: int, end_us: int) -> Ints:
        """The instants right after each poll."""
        count = (end_us - first_us) // self.every_us
        if count > MOST_STEPS:
            raise TooManyError(count)
        first, end = self.tick(np.array([first_us, end_us])).tolist()
        return self.at(np.arange(first, end + 1)) + 1

    @telling(nothing)
    def words(self, case: Case, wait: Wait) -> str:
        """How often the polls come."""
        if case.ready.us != case.due.us:
            return case.so(wait.says, f"polls come every {rhythm(self.every_us)}")
        told = wait.says if wait.day is None else f"{wait.leads}: {case.until}"
        return f"{told}, exactly on a poll (they come every {rhythm(self.every_us)})"

    def name(self, time_zone: str) -> str:
        """The polls every 15 minutes."""
        return f"the polls every {rhythm(self.every_us)}"


@dataclass(frozen=True)
class SendSlots(Gate):
    """One instant a day: `hour`:`minute` local time on each existing date whose weekday is allowed.

    `own_zone`: use the run's own zone if it has one; `time_zone` is for the others. `without`: dates left out (T23).
    """

    weekdays: frozenset[int]
    hour: int
    time_zone: str
    minute: int = 0
    own_zone: bool = False
    without: Dates = NO_DATES

    @property
    def closed(self) -> bool:
        """Whether there is no weekday."""
        return not self.weekdays

    def slots(self) -> Slots:
        """The table of its instants."""
        return slots(self.time_zone, self.weekdays, self.hour, self.minute, self.without)

    def tick(self, instants_us: Ints) -> Ints:
        """The index of the first slot at or after each instant."""
        return self.slots().below(instants_us)

    def at(self, ticks: Ints) -> Ints:
        """The instants of slots."""
        return self.slots().at(ticks)

    def snap(self, instants_us: Ints) -> Ints:
        """The first slot at or after each instant."""
        if self.closed:
            return Closed().snap(instants_us)
        if self.own_zone:
            return next_slots(
                self.time_zone, self.weekdays, self.hour, self.minute, self.without, instants_us
            )
        return self.at(self.tick(instants_us))

    def steps_us(self, first_us: int, end_us: int) -> Ints:
        """The instants right after each slot."""
        return self.slots().points_us + 1

    def _looks(self, cases: Cases) -> Sequence[Column]:
        there = zone(self.time_zone)
        due = cases.due.wall(there)
        # A wait that is over later does not come to the gate.
        day = np.minimum(cases.ready.wall(there).day, due.day)
        first = int(day.min())
        slots_us = there.instant_us(np.arange(first, int(day.max()) + 1) * DAY_US + self._clock_us)
        past = np.sign(cases.ready.us - slots_us[day - first])
        return [*cases.within(self.time_zone), past, due.clock_us == self._clock_us]

    @telling(_looks)
    def words(self, case: Case, wait: Wait) -> str:
        """What comes between the first possible date and the slot."""
        there = case.within(zone(self.time_zone))
        here, due, time = there.here, there.due, _time(self.hour, self.minute)
        first = there.ready.day if wait.day is None or wait.day_zone != self.time_zone else wait.day
        told = case.not_send_days(self.weekdays, first, due.day)
        left_out = list[int]()
        if self.without:
            left_out = _left_out(self, max(first, self._first_day(there)), due.day)
            told += there.left_out(left_out, self.without)
        for day in range(first, due.day):
            if (day + 3) % 7 in self.weekdays and day not in left_out:
                if here.date(here.date_begin_us(np.array([day])))[0] != day:
                    told.append(f"{there.date(day)} does not exist in {here.name}")
                elif day == first and there.ready.us >= self._wall_us(day):
                    told.append(f"{time} on {there.date(day)} is past")
                else:
                    told.append(f"{time} does not exist on {there.date(day)}, when the clocks change")
        if due.clock_us != self._clock_us:
            told.append(f"{time} does not exist on {there.date(due.day)}, when the clocks go forward")
        elif comes_again(due, here):
            told.append(f"{time} comes twice on {there.date(due.day)}, and the first counts")
        if there is not case:
            told.append(f"the next slot is {there.until}")
            told[0] = f"in {here.name} {told[0]}"
        return case.so(wait.says, *told)

    @telling(_looks)
    def left_out(self, case: Case) -> list[str]:
        """Mon 25 May is left out (Memorial Day)."""
        there = case.within(zone(self.time_zone))
        return there.left_out(_left_out(self, self._first_day(there), there.due.day), self.without)

    def _first_day(self, there: Case) -> int:
        """The first date [d] whose slot is not past when the wait is over."""
        return there.ready.day + (there.ready.us > self._wall_us(there.ready.day))

    def _wall_us(self, day: int) -> int:
        """When the wall clock of a date [d] would show the time of the slot."""
        return int(zone(self.time_zone).instant_us(np.array([day * DAY_US + self._clock_us]))[0])

    @property
    def _clock_us(self) -> int:
        """What the wall clock shows at a slot, as a time of day."""
        return self.hour * HOUR_US + self.minute * MINUTE_US

    def name(self, time_zone: str) -> str:
        """Mon to Fri 09:00; with its zone, if that is not `time_zone`."""
        told = f"{weekdays(self.weekdays)} {time_of_day(60 * self.hour + self.minute)}"
        return _placed(told, self.time_zone, time_zone)

    def in_zone(self, time_zone: str) -> Self:
        """The same in another zone, if `own_zone` is set."""
        return replace(self, time_zone=time_zone) if self.own_zone else self

    def as_own(self) -> Self:
        """The same in the zone of each run."""
        return self if self.own_zone else replace(self, own_zone=True)


@dataclass(frozen=True)
class SendWindow(Gate):
    """Part of each allowed day: wall-clock times from `start_min` to before `end_min` [minutes, 0 to 1440].

    `own_zone`: use the run's own zone if it has one; `time_zone` is for the others. `without`: dates left out (T23).
    """

    weekdays: frozenset[int]
    start_min: int
    end_min: int
    time_zone: str
    own_zone: bool = False
    without: Dates = NO_DATES

    @property
    def closed(self) -> bool:
        """Whether there is no weekday."""
        return not self.weekdays

    def snap(self, instants_us: Ints) -> Ints:
        """Each instant itself if its wall clock is inside, or else the next opening."""
        if self.closed:
            return Closed().snap(instants_us)
        if self.own_zone:
            return next_open(
                self.time_zone, self.weekdays, self.start_min, self.end_min, self.without, instants_us
            )
        opens_us, closes = self._windows()
        return np.maximum(instants_us, opens_us[closes.below(instants_us + 1)])

    def _windows(self) -> tuple[Ints, Ruler]:
        return windows(self.time_zone, self.weekdays, self.start_min, self.end_min, self.without)

    def steps_us(self, first_us: int, end_us: int) -> Ints:
        """The instants at which it opens and closes."""
        opens_us, closes = self._windows()
        return np.union1d(opens_us, closes.points_us)

    def _looks(self, cases: Cases) -> Sequence[Column]:
        wall = cases.ready.wall(zone(self.time_zone))
        begun, over = (wall.clock_us >= minute * MINUTE_US for minute in (self.start_min, self.end_min))
        of_week = np.array([day in self.weekdays for day in range(7)])[(wall.day + 3) % 7]
        return [*cases.within(self.time_zone), of_week, begun, over]

    def _looks_of_words(self, cases: Cases) -> Iterable[Column] | None:
        return looks(self.left_out, cases)

    @telling(_looks_of_words)
    def words(self, case: Case, wait: Wait) -> str:
        """Whether the wait ends inside the window; for whole days and waits in dates, which days are skipped."""
        inside = case.ready.us == case.due.us
        if wait.dated and (self.start_min, self.end_min, self.time_zone) == (0, 24 * 60, case.here.name):
            if inside and wait.leads:
                return f"{wait.leads}: {case.until}"
            first = case.ready.day if wait.day is None else wait.day
            left_out = case.left_out(_left_out(self, first, case.due.day), self.without)
            return case.so(wait.dated, *case.not_send_days(self.weekdays, first, case.due.day), *left_out)
        # By its weekdays and times: dates that are left out are named on their own.
        usual = inside or self._usual(case.within(zone(self.time_zone)).ready)
        window = f"{'in' if usual else 'out'}side the window {self.name(case.here.name)}"
        so = f"; {listed(told)}, so {case.until}" if (told := self.left_out(case)) else f", so {case.until}"
        if not wait.leads:
            return f"{wait.says}, {window}{so}"
        if inside:
            return f"{wait.leads}: {case.until}, {window}"
        over = f"due {case.date(case.ready.day)} {case.ready.time}"
        return f"{wait.leads}: {over}, {window}{so}"

    @telling(_looks)
    def left_out(self, case: Case) -> list[str]:
        """Mon 25 May is left out (Memorial Day)."""
        there = case.within(zone(self.time_zone))
        ready = there.ready
        first = ready.day + (ready.clock_us >= self.end_min * MINUTE_US)
        return there.left_out(_left_out(self, first, there.due.day), self.without)

    def _usual(self, ready: Moment) -> bool:
        """Whether its weekdays and times allow an instant, whatever is left out."""
        of_day = self.start_min * MINUTE_US <= ready.clock_us < self.end_min * MINUTE_US
        return of_day and (ready.day + 3) % 7 in self.weekdays

    def name(self, time_zone: str) -> str:
        """Mon to Fri 08:00 to 20:00; with its zone, if that is not `time_zone`."""
        return _placed(_window(self.weekdays, self.start_min, self.end_min), self.time_zone, time_zone)

    def in_zone(self, time_zone: str) -> Self:
        """The same in another zone, if `own_zone` is set."""
        return replace(self, time_zone=time_zone) if self.own_zone else self

    def as_own(self) -> Self:
        """The same in the zone of each run."""
        return self if self.own_zone else replace(self, own_zone=True)


@dataclass(frozen=True)
class Closed(Gate):
    """No instant is allowed."""

    @property
    def closed(self) -> bool:
        """Always."""
        return True

    def snap(self, instants_us: Ints) -> Ints:
        """`NAT_US` for each."""
        return np.full(instants_us.shape, NAT_US)

    def steps_us(self, first_us: int, end_us: int) -> Ints:
        """None."""
        return NO_STEPS


def _left_out(gate: SendSlots | SendWindow, first: int, end: int) -> list[int]:
    """The dates [d] from one to before another that a gate leaves out, and that would be allowed."""
    if not gate.without:
        return []
    names = gate.without.names
    return [day for day in range(first, end) if day in names and (day + 3) % 7 in gate.weekdays]


_window = lru_cache(part_of_week)


@lru_cache
def _time(hour: int, minute: int) -> str:
    return time_of_day(60 * hour + minute)


def _placed(told: str, zone: str, time_zone: str) -> str:
    return told if zone == time_zone else f"{told} ({zone})"


Ticking = Poll | SendSlots
"""Gates whose allowed instants can be counted as ticks: snap(t) is at(tick(t))."""
