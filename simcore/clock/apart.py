"""What the words of delays and gates tell apart, over many cases at once: the rest of a sentence can be shared.

Of 100,000 sends hardly two are alike to the microsecond, but most of their sentences differ in the time of day alone.
So words can say what else they look at (`telling`). Cases that agree in all of it have the same sentence, but for
their times of day, which `Moment.role` marks. Words that say nothing are asked about each case.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from simcore.clock.words import Moment
from simcore.clock.zones import DAY_US, Ints, Zone, zone

Column: TypeAlias = npt.NDArray[Any]
"""What words look at: a whole number or a truth value for each case."""
_Words = TypeVar("_Words", bound=Callable[..., Any])
_FEW = 8  # clock changes
_MOST = 2**62


class Wall(NamedTuple):
    """What wall clocks show at some instants: the place of the offset, the local date [d] and the time of day [µs].

    `date`: the first two as one number.
    """

    stretch: Ints
    day: Ints
    clock_us: Ints
    date: Ints


class Instants:
    """An instant of each of some cases [int64 µs], and what the clocks of zones show then."""

    def __init__(self, us: Ints) -> None:
        self.us = us
        self._walls: dict[str, Wall] = {}

    def wall(self, here: Zone) -> Wall:
        """What the clock of a zone shows."""
        if here.name not in self._walls:
            first, last = here.stretch(np.array([self.us.min(), self.us.max()])).tolist()
            stretch = _stretch(here, self.us, first, last)
            local_us = self.us + here.offsets_us[stretch]
            day = local_us // DAY_US
            date = day if first == last else day * (last - first + 1) + stretch
            self._walls[here.name] = Wall(stretch, day, local_us - day * DAY_US, date)
        return self._walls[here.name]

    def moments(self, here: Zone, rows: Ints, role: str) -> Iterator[Moment]:
        """Those of some of the cases, by the clock of a zone."""
        wall, (_, offsets_us) = self.wall(here), here.plain
        columns = (each[rows].tolist() for each in (self.us, wall.day, wall.stretch))
        for us, day, stretch in zip(*columns, strict=True):
            yield Moment(us, day, offsets_us[stretch], here.abbreviations[stretch], role, here.name)


def _stretch(here: Zone, us: Ints, first: int, last: int) -> Ints:
    """As `Zone.stretch`, from one place to another: by few comparisons where there are few clock changes."""
    if last - first > _FEW:
        return here.stretch(us)
    stretch = np.full(us.shape, first)
    for change_us in here.plain[0][first + 1 : last + 1]:
        stretch += us >= change_us
    return stretch


class Cases(NamedTuple):
    """Some cases, one or more: as `Case`, with an instant for each."""

    here: Zone
    anchor: Instants
    ready: Instants
    due: Instants

    @classmethod
    def of(cls, here: Zone, anchor_us: Ints, ready_us: Ints, due_us: Ints) -> "Cases":
        """Those of some instants; what is equal in all cases is looked at once."""
        anchor = Instants(anchor_us)
        ready = anchor if np.array_equal(ready_us, anchor_us) else Instants(ready_us)
        return cls(here, anchor, ready, ready if np.array_equal(due_us, ready_us) else Instants(due_us))

    @property
    def instants(self) -> tuple[Instants, Instants, Instants]:
        """All of them, as `ROLES` calls them."""
        return self.anchor, self.ready, self.due

    def dates(self, there: Zone) -> list[Column]:
        """The dates and offsets of all instants by the clock of a zone."""
        every = {id(each): each for each in self.instants}
        return [each.wall(there).date for each in every.values()]

    def usual(self) -> list[Column]:
        """What all words may look at: dates and offsets where times are shown, and which instants are equal."""
        pairs = ((self.anchor, self.ready), (self.ready, self.due))
        return [*self.dates(self.here), *(one.us == other.us for one, other in pairs if one is not other)]

    def clock_us(self, role: str, time_zone: str) -> Ints:
        """The time of day of one of the instants, by its role, in a zone [µs]."""
        instants: Instants = getattr(self, role)
        return instants.wall(zone(time_zone)).clock_us

    def within(self, time_zone: str) -> list[Column]:
        """What `Case.within` may look at."""
        return [] if time_zone == self.here.name else self.dates(zone(time_zone))


ROLES = ("anchor", "ready", "due")
"""The instants of a case, as marks of times of day call them."""
_Look: TypeAlias = Callable[[Any, Cases], Iterable[Column] | None]
_LOOKS: dict[Any, _Look] = {}


def nothing(_: Any, cases: Cases) -> Sequence[Column]:
    """What words look at that need no more than all may."""
    return ()


def telling(look: _Look) -> Callable[[_Words], _Words]:
    """Marks a method of a delay or a gate that takes a case and gives words.

    Whatever it says of a case depends on the columns of `look` and of `Cases.usual`, and times of day stand in it as
    `Moment` gives them. `look` gives None where it cannot know. (A method that overrides it is not marked.)
    """

    def marked(words: _Words) -> _Words:
        _LOOKS[words] = look
        return words

    return marked


def looks(words: Callable[..., Any], cases: Cases) -> Iterable[Column] | None:
    """What the words of a delay or a gate (its method) look at in some cases; None if they do not say."""
    look = _LOOKS.get(getattr(words, "__func__", None))
    return None if look is None else look(getattr(words, "__self__", None), cases)


def alike(columns: Iterable[Column | int], size: int) -> tuple[Ints, Ints]:
    """Which rows agree in all columns, each of which is whole numbers or truth values, or one for all rows.

    Gives a number for each row, the same for those that agree, counted from 0; and one of the rows of each number.
    """
    key, span = np.zeros(size, np.int64), 1
    for column in map(np.asarray, columns):
        low, width = int(column.min()), int(column.max()) - int(column.min()) + 1
        if width == 1:
            continue
        if width > size:
            column, distinct = pd.factorize(column)
            low, width = 0, len(distinct)
        if span * width > _MOST:
            key, distinct = pd.factorize(key)
            span = len(distinct)
        key = key * width + (column - low)
        span *= width
    which, distinct = pd.factorize(key)
    rows = np.empty(len(distinct), np.int64)
    rows[which] = np.arange(size)
    return which, rows
