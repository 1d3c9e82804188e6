"""Event logs, as people have them, read and sorted; and what was so for whom at an instant.

Nothing here knows what an event means to a platform: that is in the `Vocabulary` and in the questions asked.
"""

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from simcore import instants
from simcore.errors import EntryError, shown
from simcore.wording import halved
from simcore.zones import Ints

NEVER_US: int = np.iinfo(np.int64).max
"""When what never happens does."""

Flags = npt.NDArray[np.bool_]
Watched = frozenset[tuple[str, Hashable]] | None
"""The events that some rule looks at: their names, and what they are about (None: whatever it is); None for all."""
Source = tuple[str, Hashable]
"""What one can be in: its kind, such as tag, and which one."""

NO_ID = "not an id: a list, an array, an object or half a character is nobody's"
_MEND = "mend those rows, or leave them out"


class Vocabulary(NamedTuple):
    """The events that a platform knows: their `names`, and whether any `other` name is an event too.

    `about`: the names of those that need a ref; `ref` reads one, None where it is none, and `expected` says in
    errors what it should be.
    """

    names: frozenset[str] = frozenset()
    other: bool = False
    about: frozenset[str] = frozenset()
    ref: Callable[[Any], Hashable | None] = str
    expected: str = "a ref"

    def unknown(self, name: Any) -> bool:
        """Whether this is the name of no event."""
        return name not in self.names and not (self.other and isinstance(name, str) and bool(name.strip()))

    def wrong(self) -> str:
        """What is wrong with the name of no event."""
        return "not the name of an event" if self.other else f"not one of: {', '.join(sorted(self.names))}"


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
        place = self.until(who, at_us)
        on: Flags = (
            (place > self.first[who]) & self.on[np.maximum(place - 1, 0)] if self.on.size else place > place
        )
        return on

    def next_us(self, who: Ints, at_us: Ints) -> Ints:
        """For each (subscriber, instant), the instant of the first row after it; `NEVER_US` for none."""
        place = self.until(who, at_us)
        return np.append(self.at_us, NEVER_US)[np.where(place < self.first[who + 1], place, self.at_us.size)]


class Since(NamedTuple):
    """What holds of each run from an instant on: `from_us` int64 [µs; runs], `NEVER_US` for never."""

    from_us: Ints

    def holds(self, rows: Ints | slice, at_us: Ints) -> Flags:
        """Whether it holds of some runs, at an instant for each."""
        return self.from_us[rows] <= at_us


class While(NamedTuple):
    """What holds of each run while its subscriber is in something, or (not `inside`) while not."""

    members: Toggles
    inside: bool
    who: Ints

    def holds(self, rows: Ints | slice, at_us: Ints) -> Flags:
        """Whether it holds of some runs, at an instant for each."""
        return self.members.state(self.who[rows], at_us) ^ (not self.inside)


@dataclass(frozen=True, eq=False)
class Log:
    """An event log, read; rows by subscriber, then by instant, then as given.

    `who` int64, places in `ids`; `at_us` int64 [µs]; `name` and `ref` int64, places in `names` and `refs` (-1 for
    none); `thing` int64, places in `things`, the distinct objects that the events have for properties (-1 for
    none). Only what some rule looks at is there, and of people who cannot come nothing.
    """

    ids: Any
    who: Ints
    at_us: Ints
    name: Ints
    ref: Ints
    thing: Ints
    names: tuple[str, ...]
    refs: tuple[Hashable, ...]
    things: Sequence[Any]
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

    def members(
        self,
        sources: frozenset[Source],
        joins: Mapping[str, tuple[str, bool]],
        clears: Mapping[str, str] | None = None,
    ) -> Toggles | None:
        """When each subscriber is in any of some sources; None where nobody ever is.

        `joins`: the (kind, inside) that an event of a name makes of its ref; `clears`: the kind of which an
        event of a name leaves none.
        """
        if sources not in self._members:
            self._members[sources] = self._toggles(sources, joins, clears or {})
        return self._members[sources]

    def _toggles(
        self, sources: frozenset[Source], joins: Mapping[str, tuple[str, bool]], clears: Mapping[str, str]
    ) -> Toggles | None:
        parts = []
        for number, (kind, ref) in enumerate(sorted(sources, key=repr)):
            made = [(self.rows(name, ref), inside) for name, (of, inside) in joins.items() if of == kind]
            made += [(self.rows(name), False) for name, of in clears.items() if of == kind]
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
EMPTY = Log(np.zeros(1, np.int64), _NONE, _NONE, _NONE, _NONE, _NONE, (), (), ())
"""The log of a single subscriber to whom nothing happens."""


def read(
    events: Any,
    vocabulary: Vocabulary,
    watched: Watched,
    until_us: int | None,
    naive_time_zone: str | None,
    *,
    ids: Any,
    things: bool,
) -> Log:
    """An event log that people have, read and sorted; None is one without events.

    `ids`: the distinct subscribers who can come; None for all who are named before `until_us`, in the order of
    their first rows. `things`: whether anything looks at properties. Raises EntryError that names the rows that
    cannot be used.
    """
    if events is None:
        events = pd.DataFrame({"subscriber_id": [], "at": pd.DatetimeIndex([], tz="UTC"), "event": []})
    if not isinstance(events, pd.DataFrame):
        raise EntryError(
            f"events: found {shown(events)}, expected a DataFrame with subscriber_id, at and event"
        )
    columns("events", events, ("subscriber_id", "at", "event"), ("ref", "properties"))
    if (
        ids is not None
        and len(events)
        and len(ids)
        and _kind(events["subscriber_id"]) != _kind(pd.Series(ids))
    ):
        raise EntryError(
            f"events: subscriber_id is {events['subscriber_id'].dtype} there and {pd.Series(ids).dtype} in entries; "
            'expected the same, since 1 and "1" never match'
        )
    at_us, faults = instants.read(events["at"], naive_time_zone)
    if faults:
        raise instants.explain_faults("events: at", events["at"], faults, _MEND)
    _refuse(events, "subscriber_id", no_ids(events["subscriber_id"]), NO_ID)
    _refuse(events, "subscriber_id", events["subscriber_id"].isna().to_numpy(), "missing")
    code, distinct = factorized(events["event"])
    unknown = np.array([vocabulary.unknown(each) for each in distinct], np.bool_)
    _refuse(events, "event", unknown[code], vocabulary.wrong())
    names = tuple(distinct)
    needs = np.array([each in vocabulary.about for each in names], np.bool_)[code]
    ref, refs = np.full(len(events), -1), tuple[Hashable, ...]()
    if needs.any():
        ref, refs = _refs(events, needs, vocabulary)
    # What no rule looks at is left out, before the rest is sorted.
    kept = np.ones(len(events), np.bool_) if watched is None else _kept(code, names, ref, refs, watched)
    if until_us is not None:
        kept &= at_us < until_us
    given = array(events["subscriber_id"])
    if ids is None:
        named = given if until_us is None else given[at_us < until_us]
        ids = pd.unique(named) if len(named) else named
    rows = np.flatnonzero(kept)
    who = pd.Index(ids).get_indexer(pd.Index(given[rows])).astype(np.int64)
    rows, who = rows[who >= 0], who[who >= 0]
    order = np.lexsort((at_us[rows], who))
    rows = rows[order]
    thing, objects = np.full(rows.size, -1), list[Any]()
    if things and "properties" in events.columns:
        thing, objects = read_things(events["properties"].iloc[rows], "events: properties", rows, len(events))
    return Log(ids, who[order], at_us[rows], code[rows], ref[rows], thing, names, refs, objects)


def _kept(
    code: Ints, names: tuple[str, ...], ref: Ints, refs: tuple[Hashable, ...], watched: frozenset[Any]
) -> Flags:
    kept = np.zeros(len(code), np.bool_)
    for number, name in enumerate(names):
        about = {each for of, each in watched if of == name}
        if about:
            mine = code == number
            if None not in about:
                mine &= np.array([*(each in about for each in refs), False])[ref]
            kept |= mine
    return kept


def read_things(
    given: "pd.Series[Any]", what: str, rows: Ints | None = None, total: int | None = None
) -> tuple[Ints, list[Any]]:
    """Properties as the distinct objects that they are, and the place of each row's among them; -1 for none.

    `rows`: their positions in what the user gave, of `total` rows, where they are not all of these.
    """
    values = given.to_numpy(object)
    place, ids = pd.factorize(np.fromiter(map(id, values), np.int64, len(values)))
    first = np.empty(len(ids), np.int64)
    first[place[::-1]] = np.arange(len(values))[::-1]
    objects = values[first].tolist()
    missing = np.array([not isinstance(each, Mapping) and _missing(each) for each in objects], np.bool_)
    wrong = np.array([not isinstance(each, Mapping) for each in objects], np.bool_) & ~missing
    if wrong.any():
        bad = np.flatnonzero(wrong[place])
        order = bad if rows is None else bad[np.argsort(rows[bad])]
        lines = [
            f"  row {row if rows is None else rows[row]}: {shown(values[row])} is not an object (a dict)"
            for row in order[:10].tolist()
        ]
        if order.size > 10:
            lines.append(f"  and {order.size - 10} more")
        told = [
            f"{what}: {order.size} of {len(values) if total is None else total} rows cannot be used",
            *lines,
            _MEND,
        ]
        raise EntryError("\n".join(told), (order if rows is None else rows[order]).tolist())
    return np.where(missing[place], -1, place) if len(place) else place.astype(np.int64), objects


def found_in(things: Sequence[Any], thing: Ints, read: Callable[[Any], Hashable | None]) -> Any:
    """What is read in some properties, by their places [object, same shape; None for none], each distinct one once."""
    table = np.empty(len(things) + 1, object)
    for place in np.unique(thing[thing >= 0]).tolist():
        table[place] = read(things[place])
    return table[thing]


def _missing(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and value != value)


def _refuse(events: pd.DataFrame, name: str, bad: Flags, fault: str) -> None:
    if bad.any():
        faults = dict.fromkeys(np.flatnonzero(bad).tolist(), fault)
        raise instants.explain_faults(f"events: {name}", events[name], faults, _MEND)


def _refs(events: pd.DataFrame, needs: Flags, vocabulary: Vocabulary) -> tuple[Ints, tuple[Hashable, ...]]:
    """What events are about, however it is written."""
    if "ref" not in events.columns:
        raise EntryError(
            f"events: no column ref, which {events['event'].iloc[int(needs.argmax())]} needs; the columns are: "
            f"{', '.join(map(str, events.columns))}"
        )
    given = events["ref"].astype(object)
    code, distinct = factorized(given)
    if any(
        isinstance(each, Real) and each in {0, 1} for each in distinct
    ):  # which false and true are equal to
        given = given.map(lambda each: (repr(each),) if isinstance(each, bool | np.bool_) else each)
        code, distinct = factorized(given)
    read = [vocabulary.ref(each) for each in distinct]
    known = np.array([each is not None for each in read], np.bool_)[code]
    _refuse(events, "ref", needs & ~known, f"not {vocabulary.expected} that the event needs")
    refs = tuple(dict.fromkeys(each for each in read if each is not None))
    places = {each: place for place, each in enumerate(refs)}
    ref = np.array([-1 if each is None else places[each] for each in read], np.int64)[code]
    return np.where(needs, ref, -1), refs


def columns(what: str, given: pd.DataFrame, needed: tuple[str, ...], other: tuple[str, ...]) -> None:
    """Raises EntryError where a column is missing, or is there twice."""
    names = [str(name) for name in given.columns]
    missing = [name for name in needed if name not in names]
    if missing:
        raise EntryError(
            f"{what}: no column {' and no column '.join(missing)}; the columns are: {', '.join(names) or 'none'}"
        )
    twice = [name for name in (*needed, *other) if names.count(name) > 1]
    if twice:
        raise EntryError(f"{what}: column {twice[0]} is there {names.count(twice[0])} times, expected once")


def no_ids(ids: "pd.Series[Any]") -> Flags:
    """Which of a column can be nobody's id: they do not hash, as lists do not, or no column of texts holds them."""
    kind = pd.api.types.infer_dtype(ids, skipna=True) if ids.dtype == object else ""
    if kind == "string" and not halved("".join(ids.dropna())):
        kind = ""
    if kind != "string" and not kind.startswith("mixed"):
        return np.zeros(len(ids), np.bool_)
    return np.fromiter(
        (not isinstance(each, Hashable) or (isinstance(each, str) and halved(each)) for each in ids),
        np.bool_,
        len(ids),
    )


def array(ids: "pd.Series[Any]") -> Any:
    """The values of a column, as numpy has them where it can."""
    values = ids.array
    return values.to_numpy() if type(values) is pd.arrays.NumpyExtensionArray else values


def factorized(values: "pd.Series[Any]") -> tuple[Ints, Any]:
    """The place of each value among the distinct ones, and these; what does not hash stands as its text in a tuple."""
    try:
        return pd.factorize(values, use_na_sentinel=False)
    except TypeError:
        return pd.factorize(values.map(lambda each: each if isinstance(each, Hashable) else (repr(each),)))


def _kind(ids: "pd.Series[Any]") -> str:
    """What decides whether ids can be equal: any integers, any strings, or else the very dtype."""
    if pd.api.types.is_integer_dtype(ids.dtype):
        return "integer"
    return "string" if pd.api.types.infer_dtype(ids, skipna=True) == "string" else str(ids.dtype)


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
    """The text that an id is, however it is written: "T1", 12 or 12.0 (which is "12")."""
    if isinstance(ref, str):
        return ref if ref.strip() else None
    number = whole_id(ref)
    return None if number is None else str(number)
