"""Gates: the sets of instants at which sends are allowed (T2, T6 to T10).

`snap(t)` is the first allowed instant at or after t. All instants are int64 [microseconds since 1970-01-01
UTC], in arrays of any length; `NAT_US` where a gate never opens, `FAR_US` or more where it opens past 2200.
Weekdays are numbers, 0 is Monday; an empty set closes a gate.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from simcore.clock.instants import NAT_US
from simcore.clock.zones import Ints, slots, windows


class Gate(Protocol):
    """What every gate can do."""

    @property
    def closed(self) -> bool:
        """Whether no instant is allowed."""
        ...

    def snap(self, instants_us: Ints) -> Ints:
        """The first allowed instant at or after each [int64, same shape]; `NAT_US` where there is none."""
        ...


@dataclass(frozen=True)
class Anytime:
    """Every instant is allowed."""

    @property
    def closed(self) -> bool:
        """Never."""
        return False

    def snap(self, instants_us: Ints) -> Ints:
        """The instants themselves."""
        return instants_us


class Poll(NamedTuple):
    """Looks at a fixed rhythm: epoch + `phase_us` + k * `every_us` for whole k [µs]."""

    every_us: int
    phase_us: int = 0

    @property
    def closed(self) -> bool:
        """Never."""
        return False

    def tick(self, instants_us: Ints) -> Ints:
        """The number k of the first look at or after each instant."""
        return (instants_us + (self.every_us - 1 - self.phase_us)) // self.every_us  # rounded up

    def at(self, ticks: Ints) -> Ints:
        """The instants of looks."""
        return self.phase_us + ticks * self.every_us

    def snap(self, instants_us: Ints) -> Ints:
        """The first look at or after each instant; one exactly on a look is taken by it."""
        return self.at(self.tick(instants_us))


class SendSlots(NamedTuple):
    """One instant a day: `hour`:00 local time on each existing date whose weekday is allowed."""

    weekdays: frozenset[int]
    hour: int
    time_zone: str

    @property
    def closed(self) -> bool:
        """Whether there is no weekday."""
        return not self.weekdays

    def tick(self, instants_us: Ints) -> Ints:
        """The place of the first slot at or after each instant."""
        return slots(self.time_zone, self.weekdays, self.hour).below(instants_us)

    def at(self, ticks: Ints) -> Ints:
        """The instants of slots."""
        return slots(self.time_zone, self.weekdays, self.hour).at(ticks)

    def snap(self, instants_us: Ints) -> Ints:
        """The first slot at or after each instant."""
        return Closed().snap(instants_us) if self.closed else self.at(self.tick(instants_us))


class SendWindow(NamedTuple):
    """Part of each allowed day: wall-clock times from `start_min` to before `end_min` [minutes, 0 to 1440]."""

    weekdays: frozenset[int]
    start_min: int
    end_min: int
    time_zone: str

    @property
    def closed(self) -> bool:
        """Whether there is no weekday."""
        return not self.weekdays

    def snap(self, instants_us: Ints) -> Ints:
        """Each instant itself where its wall clock is inside, or else the next opening."""
        if self.closed:
            return Closed().snap(instants_us)
        opens_us, closes = windows(self.time_zone, self.weekdays, self.start_min, self.end_min)
        return np.maximum(instants_us, opens_us[closes.below(instants_us + 1)])


@dataclass(frozen=True)
class Closed:
    """No instant is allowed."""

    @property
    def closed(self) -> bool:
        """Always."""
        return True

    def snap(self, instants_us: Ints) -> Ints:
        """`NAT_US` for each."""
        return np.full(instants_us.shape, NAT_US)


Ticking = Poll | SendSlots
"""Gates whose allowed instants are single ticks that can be counted: snap(t) is at(tick(t))."""
