"""Event logs, as people have them, read and sorted; and what was so for whom at an instant.

Nothing here knows what an event means to a platform: that is in the `Vocabulary` and in the questions asked.
"""

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from simcore.clock.zones import Ints

NEVER_US: int = np.iinfo(np.int64).max
"""When what never happens does."""
BEFORE_US: int = np.iinfo(np.int64).min
"""When what never happened did."""

_NEAR = 0.84
"""So much alike are the names of events of which one may be meant by the other."""
Flags = npt.NDArray[np.bool_]
_NO_NAMES: Mapping[str, Any] = MappingProxyType({})
Watched = frozenset[tuple[str, Hashable]] | None
"""The events that some rule looks at: their names, and what they are about (None: whatever it is); None for all."""
Source = tuple[str, Hashable]
"""What one can be in: its kind, such as tag, and which one."""


class Vocabulary(NamedTuple):
    """The events that a platform knows: their `names`, and whether any `other` name is an event too.

    `about`: the names of those that need a ref; `ref` reads one, None where it is none, and `expected` says in
    errors what it should be. `may`: the names of those that may have a ref, and need none.
    """

    names: frozenset[str] = frozenset()
    other: bool = False
    about: frozenset[str] = frozenset()
    ref: Callable[[Any], Hashable | None] = str
    expected: str = "a ref"
    may: frozenset[str] = frozenset()

    def unknown(self, name: Any) -> bool:
        """Whether this is the name of no event."""
        return name not in self.names and not (self.other and isinstance(name, str) and bool(name.strip()))

    def near(self, name: Any) -> str | None:
        """The event that is known and may be meant by a name that is not; None for none."""
        if name in self.names or not isinstance(name, str):
            return None
        from difflib import get_close_matches  # it takes time to import, and is needed only here

        plain = {re.sub(r"[\W_]", "", each): each for each in self.names}
        bare = re.sub(r"[\W_]", "", name.lower())
        return next(
            (plain[each] for each in get_close_matches(bare, plain, 3, _NEAR) if each[:2] == bare[:2]), None
        )

    def wrong(self) -> str:
        """What is wrong with the name of no event."""
        return "not the name of an event" if self.other else f"not one of: {', '.join(sorted(self.names))}"


class Events(NamedTuple):
    """What events mean to a platform.

    `vocabulary`: which there are. `joins`: the (kind, inside) that an event of a name makes of its ref; `clears`:
    the kind of which an event of a name leaves none. `leaves`: the (status, whether it blocks entries) that an event
    ends runs with; `returns`: the events that end the block (K17, Q21).
    """

    vocabulary: Vocabulary = Vocabulary()
    joins: Mapping[str, tuple[str, bool]] = _NO_NAMES
    clears: Mapping[str, str] = _NO_NAMES
    leaves: Mapping[str, tuple[str, bool]] = _NO_NAMES
    returns: frozenset[str] = frozenset()

    def about(self, sources: frozenset[Source]) -> frozenset[tuple[str, Hashable]]:
        """The events by which anybody gets into some sources, or out of them."""
        kinds = {kind for kind, _ in sources}
        joins = {(name, ref) for name, (of, _) in self.joins.items() for kind, ref in sources if kind == of}
        return frozenset(joins | {(name, None) for name, of in self.clears.items() if of in kinds})


class Toggles:
    """What switches on and off for each subscriber over time, such as being in an excluded source.

    Rows are sorted by subscriber, then by instant, then as given; `on` is the state after each.
    """

    def __init__(self, who: Ints, at_us: Ints, on: Flags, people: int) -> None:
        self.at_us = at_us
        self.on = on
        self.first = np.append(0, np.cumsum(np.bincount(who, minlength=people)))

    def until(self, who: Ints, at_us: Ints) -> Ints:
        """For each (subscriber, instant), the place just behind the subscriber's last row up to the instant."""
        found: Ints = self.first[who]
        some = np.flatnonzero(found < self.first[who + 1])
        if some.size == found.size:
            return self._search(found, self.first[who + 1], at_us)
        found[some] = self._search(found[some], self.first[who[some] + 1], at_us[some])
        return found

    def _search(self, low: Ints, high: Ints, at_us: Ints) -> Ints:
        span = int((high - low).max()) if low.size else 0
        # All binary searches take their steps together.
        for _ in range(span.bit_length()):
            middle = (low + high) // 2
            right = (low < high) & (self.at_us[np.minimum(middle, self.at_us.size - 1)] <= at_us)
            low, high = np.where(right, middle + 1, low), np.where(right | (low >= high), high, middle)
        return low

    def known(self, who: Ints) -> Flags:
        """Which subscribers have a row at all."""
        return self.first[who + 1] > self.first[who]

    def state(self, who: Ints, at_us: Ints) -> Flags:
        """Whether it is on for each (subscriber, instant), the rows of that instant included."""
        return self.last(who, at_us)[0]

    def last(self, who: Ints, at_us: Ints) -> tuple[Flags, Ints]:
        """The same, and when the subscriber's last row before or at the instant is [µs]; `BEFORE_US` for none."""
        place = self.until(who, at_us) - 1
        there = place >= self.first[who]
        if not self.on.size:
            return there, np.full(len(place), BEFORE_US)
        return there & self.on[np.maximum(place, 0)], np.where(
            there, self.at_us[np.maximum(place, 0)], BEFORE_US
        )

    def next_us(self, who: Ints, at_us: Ints) -> Ints:
        """For each (subscriber, instant), the instant of the first row after it; `NEVER_US` for none."""
        place = self.until(who, at_us)
        return np.append(self.at_us, NEVER_US)[np.where(place < self.first[who + 1], place, self.at_us.size)]


class Members(Protocol):
    """When each subscriber is in something."""

    def state(self, who: Ints, at_us: Ints) -> Flags:
        """Whether each (subscriber, instant) is in it."""
        ...


class Since(NamedTuple):
    """What holds of each run from an instant on: `from_us` int64 [µs; runs], `NEVER_US` for never."""

    from_us: Ints

    def holds(self, rows: Ints | slice, at_us: Ints) -> Flags:
        """Whether it holds of some runs, at an instant for each."""
        return self.from_us[rows] <= at_us


class While(NamedTuple):
    """What holds of each run while its subscriber is in something, or (not `inside`) while not."""

    members: Members
    inside: bool
    who: Ints

    def holds(self, rows: Ints | slice, at_us: Ints) -> Flags:
        """Whether it holds of some runs, at an instant for each."""
        return self.members.state(self.who[rows], at_us) ^ (not self.inside)


@dataclass(frozen=True, eq=False)
class Log:
    """An event log, read; rows by subscriber, then by instant, then as given.

    `who` int64, places in `ids`; `at_us` int64 [µs]; `name` and `ref` int64, places in `names` and `refs` (-1 for
    none); `which` int64, places in `properties`, the distinct objects that the events have for them (-1 for none).
    `late`: which were received too late to start anything; None for none. `only` int64: the number of the one
    sequence that it happens in, of several that share the log, -1 for all; None where it is all. Only what some rule
    looks at is there, and of people who cannot come nothing.
    """

    ids: Any
    who: Ints
    at_us: Ints
    name: Ints
    ref: Ints
    which: Ints
    names: tuple[str, ...]
    refs: tuple[Hashable, ...]
    properties: Sequence[Any]
    late: Flags | None = None
    only: Ints | None = None
    _members: dict[Any, Toggles | None] = field(default_factory=dict)

    def rows(self, name: str, ref: Hashable = None) -> Ints:
        """Where the events of a name are, or those of them that are about `ref`."""
        if name not in self.names or (ref is not None and ref not in self.refs):
            return np.empty(0, np.int64)
        there = self.name == self.names.index(name)
        return np.flatnonzero(there if ref is None else there & (self.ref == self.refs.index(ref)))

    def toggles(self, rows: Ints, on: Flags | None = None) -> Toggles:
        """These rows by subscriber, as what switches something `on` and off (or no such thing)."""
        return Toggles(self.who[rows], self.at_us[rows], rows < 0 if on is None else on, len(self.ids))

    def of(self, names: Mapping[str, Any] | frozenset[str]) -> Ints:
        """Where the events of any of these names are."""
        return np.flatnonzero(np.isin(self.name, [c for c, name in enumerate(self.names) if name in names]))

    def members(self, sources: frozenset[Source], events: Events) -> Toggles | None:
        """When each subscriber is in any of some sources, by what events mean; None where nobody ever is."""
        key = sources, frozenset(events.joins.items()), frozenset(events.clears.items())
        if key not in self._members:
            self._members[key] = self._toggles(sources, events)
        return self._members[key]

    def _toggles(self, sources: frozenset[Source], events: Events) -> Toggles | None:
        parts = []
        for number, (kind, ref) in enumerate(sorted(sources, key=repr)):
            made = [
                (self.rows(name, ref), inside) for name, (of, inside) in events.joins.items() if of == kind
            ]
            made += [(self.rows(name), False) for name, of in events.clears.items() if of == kind]
            parts += [(rows, np.full(rows.size, number), np.full(rows.size, inside)) for rows, inside in made]
        if not any(rows.size for rows, *_ in parts):
            return None
        rows, source, inside = map(np.concatenate, zip(*parts, strict=True))
        order = np.argsort(rows, kind="stable")
        rows, source, inside = rows[order], source[order], inside[order]
        if len(sources) == 1:
            return self.toggles(rows, inside)
        # How many sources each subscriber is in: an add while inside, or a remove while outside, is no change.
        who = self.who[rows]
        order = np.lexsort((np.arange(rows.size), source, who))
        same = np.append(False, (np.diff(who[order]) == 0) & (np.diff(source[order]) == 0))
        before = same & np.append(False, inside[order][:-1])
        delta = np.empty(rows.size, np.int64)
        delta[order] = inside[order].astype(np.int64) - before
        total = np.cumsum(delta)
        begins = np.append(True, np.diff(who) != 0)
        base = (total - delta)[begins][np.cumsum(begins) - 1]
        return self.toggles(rows, total > base)


_NONE = np.empty(0, np.int64)


def empty(ids: Any) -> Log:
    """The log of subscribers to whom nothing happens."""
    return Log(ids, _NONE, _NONE, _NONE, _NONE, _NONE, (), (), ())


def read_in(properties: Sequence[Any], which: Ints, read: Callable[[Any], Hashable | None]) -> Any:
    """What is read in some properties, by their places [object, same shape; None for none], each distinct one once."""
    table = np.empty(len(properties) + 1, object)
    for place in np.unique(which[which >= 0]).tolist():
        table[place] = read(properties[place])
    return table[which]


def whole_id(ref: Any) -> int | None:
    """The integer that an id is, however it is written: 12, 12.0 or "12"."""
    if isinstance(ref, str):
        match = re.fullmatch(r"\s*(-?\d{1,18})(?:\.0*)?\s*", ref)
        return int(match[1]) if match else None
    if isinstance(ref, bool | np.bool_) or not isinstance(ref, Integral | float | np.floating):
        return None
    number = int(ref) if isinstance(ref, Integral) or np.isfinite(ref) else None
    return number if number is not None and number == ref and abs(number) < 2**63 else None


def text_id(ref: Any) -> str | None:
    """The text that an id is, however it is written: "vip", 12 or 12.0 (which is "12")."""
    if isinstance(ref, str):
        return ref if ref.strip() else None
    number = whole_id(ref)
    return None if number is None else str(number)
