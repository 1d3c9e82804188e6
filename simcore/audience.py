"""Entries and events, as people have them, become runs: who, from when, until when; and who is in what."""

import re
from collections.abc import Hashable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from simcore import instants
from simcore.errors import EntryError, shown
from simcore.plan import Epoch, Plan
from simcore.zones import Ints

NEVER_US: int = np.iinfo(np.int64).max
"""The end of a run that nothing ends."""
NO_STATUS = ""
OUTSIDE = ("started", "blocked", "ignored", "excluded")
"""What becomes of an entry, by its number: of several that hold, the lowest (K17)."""
STARTED, BLOCKED, IGNORED, EXCLUDED = range(4)

_WAY_OUT = "simcore.split_entries(entries) parts the rows that can be read from those that cannot"

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Runs:
    """Each time that a subscriber goes through a sequence, in the order of the entries.

    `subscriber_id` [runs], any dtype, as given; `number` int32 [runs], 1 for a subscriber's first run; `row`
    int64 [runs], the position of its entry; `entered_us` int64 [µs, UTC; runs]; `end_us` int64 [µs; runs], the
    instant from which on nothing is sent in it (`NEVER_US` where there is none), and `end_status`, places in
    `statuses` [runs], what ends it there. `via` int8 [runs], places in the plan's vias. `who` int64 [runs], a
    number for each subscriber, the one that `Toggles` know; None where there are no events.
    """

    subscriber_id: Any
    number: npt.NDArray[np.int32]
    row: Ints
    entered_us: Ints
    end_us: Ints
    end_status: npt.NDArray[np.int8]
    via: npt.NDArray[np.int8]
    who: Ints | None

    def __len__(self) -> int:
        return len(self.entered_us)

    def named(self, run: int) -> str:
        """How an error names a run: its row and its subscriber."""
        return f"row {self.row[run]} (subscriber {shown(self.subscriber_id[run : run + 1][0])})"


class Turned(NamedTuple):
    """Entries that started no run: `row` int64, `subscriber_id`, `at_us` int64 [µs], `what`, places in `OUTSIDE`."""

    row: Ints
    subscriber_id: Any
    at_us: Ints
    what: npt.NDArray[np.int8]


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


@dataclass(frozen=True, eq=False)
class Events:
    """An event log, read: `who` int64, `at_us` int64 [µs], `name` (places in `names`), `ref` int64; as sorted.

    Rows by subscriber, then instant, then as given; those of people who never enter are left out.
    """

    who: Ints
    at_us: Ints
    name: npt.NDArray[np.int64]
    ref: Ints
    names: tuple[str, ...]
    people: int
    _members: dict[frozenset[tuple[str, int]], Toggles | None] = field(default_factory=dict)

    def members(self, plan: Plan) -> Toggles | None:
        """When each subscriber is in any of the plan's excluded sources; None where nobody ever is (K16)."""
        if plan.excluded not in self._members:
            self._members[plan.excluded] = self._toggles(plan)
        return self._members[plan.excluded]

    def _toggles(self, plan: Plan) -> Toggles | None:
        source = np.full(len(self.name), -1)
        inside = np.zeros(len(self.name), np.bool_)
        for number, (kind, ref) in enumerate(sorted(plan.excluded)):
            for code, name in enumerate(self.names):
                if plan.joins.get(name, ("", False))[0] == kind:
                    rows = (self.name == code) & (self.ref == ref)
                    source[rows] = number
                    inside[rows] = plan.joins[name][1]
        rows = np.flatnonzero(source >= 0)
        if not rows.size:
            return None
        who, source, inside = self.who[rows], source[rows], inside[rows]
        # How many sources each subscriber is in: an add while inside, or a remove while outside, is no change.
        order = np.lexsort((np.arange(rows.size), source, who))
        same = np.append(False, (np.diff(who[order]) == 0) & (np.diff(source[order]) == 0))
        before = same & np.append(False, inside[order][:-1])
        delta = np.empty(rows.size, np.int64)
        delta[order] = inside[order].astype(np.int64) - before
        total = np.cumsum(delta)
        begins = np.append(True, np.diff(who) != 0)
        base = (total - delta)[begins][np.cumsum(begins) - 1]
        return Toggles(who, self.at_us[rows], total > base, self.people)

    def blocks(self, plan: Plan) -> Toggles:
        """When each subscriber is kept from entering (K17)."""
        blocking = [code for code, name in enumerate(self.names) if plan.leaves.get(name, ("", False))[1]]
        returning = [code for code, name in enumerate(self.names) if name in plan.returns]
        rows = np.flatnonzero(np.isin(self.name, blocking + returning))
        return Toggles(self.who[rows], self.at_us[rows], np.isin(self.name[rows], blocking), self.people)

    def ends(self, plan: Plan) -> tuple[Toggles, npt.NDArray[np.int64]]:
        """When something ends each subscriber's runs, and the name (place in `names`) of what does."""
        rows = np.flatnonzero(
            np.isin(self.name, [c for c, name in enumerate(self.names) if name in plan.leaves])
        )
        none = np.zeros(rows.size, np.bool_)
        return Toggles(self.who[rows], self.at_us[rows], none, self.people), self.name[rows]


class Audience(NamedTuple):
    """The runs that entries start, the entries that start none, the events, the statuses that runs' ends are places
    in, and how many entries there are.
    """

    runs: Runs
    turned: Turned
    log: Events | None
    statuses: tuple[str, ...]
    entries: int


def frame(entries: Any) -> pd.DataFrame:
    """Entries of every form (see `simcore.project`) as a DataFrame with `subscriber_id` and `entered_at`."""
    if isinstance(entries, pd.DataFrame):
        _columns("entries", entries, ("subscriber_id", "entered_at"), ("via",))
        return entries
    if isinstance(entries, pd.Series):
        return pd.DataFrame({"subscriber_id": entries.index, "entered_at": entries.array})
    if isinstance(entries, str | bytes | Mapping | Set) or not hasattr(entries, "__len__"):
        raise EntryError(
            f"entries: found {shown(entries)}, expected a DataFrame with subscriber_id and entered_at, a Series of "
            "instants indexed by subscriber_id, or a list of instants"
        )
    if not isinstance(entries, pd.Index | np.ndarray | pd.api.extensions.ExtensionArray):
        entries = pd.Series(list(entries), dtype=object)
    if getattr(entries, "ndim", 1) != 1:
        raise EntryError(f"entries: an array of {entries.ndim} dimensions, expected one of instants")
    if isinstance(entries, np.ndarray) and entries.dtype.kind == "M":
        entries = instants.plain(entries)
    return pd.DataFrame({"subscriber_id": np.arange(len(entries)), "entered_at": entries})


def _columns(what: str, given: pd.DataFrame, needed: tuple[str, ...], other: tuple[str, ...]) -> None:
    names = [str(name) for name in given.columns]
    missing = [name for name in needed if name not in names]
    if missing:
        raise EntryError(
            f"{what}: no column {' and no column '.join(missing)}; the columns are: {', '.join(names) or 'none'}"
        )
    twice = [name for name in (*needed, *other) if names.count(name) > 1]
    if twice:
        raise EntryError(f"{what}: column {twice[0]} is there {names.count(twice[0])} times, expected once")


def read(entries: pd.DataFrame, naive_time_zone: str | None) -> instants.Read:
    """The instants of entries, and what is wrong with the rows that cannot be used."""
    us, faults = instants.read(entries["entered_at"], naive_time_zone)
    nameless = entries["subscriber_id"].isna().to_numpy()
    if nameless.any():
        faults |= dict.fromkeys(np.flatnonzero(nameless).tolist(), "has no subscriber_id")
    return instants.Read(us, faults)


def runs(
    entries: Any,
    events: Any,
    epochs: Sequence[Epoch],
    until_us: int | None,
    naive_time_zone: str | None,
) -> Audience:
    """Who goes through the sequence when, by entries and events under plans that change.


    Raises EntryError that names the rows that cannot be read, or whose `via` is not one of the plan's (K13).
    """
    plan = epochs[0].plan
    given = frame(entries)
    entered_us, faults = read(given, naive_time_zone)
    if faults:
        raise instants.explain_faults("entered_at", given["entered_at"], faults, _WAY_OUT)
    via = _vias(given, plan.vias)
    ids = _array(given["subscriber_id"])
    row = np.arange(len(given))
    if until_us is not None and (entered_us >= until_us).any():
        row = np.flatnonzero(entered_us < until_us)
        ids, entered_us, via = ids[row], entered_us[row], via[row]
    statuses = (NO_STATUS, "restarted", *dict.fromkeys(status for status, _ in plan.leaves.values()))
    log = (
        None
        if events is None
        else _events(events, given["subscriber_id"], ids, epochs, until_us, naive_time_zone)
    )
    count = len(row)
    number, end_us, end_status = np.ones(count, np.int32), np.full(count, NEVER_US), np.zeros(count, np.int8)
    what = np.full(count, STARTED, np.int8)
    who = None
    if log is not None or _repeats(ids):
        who = pd.factorize(ids)[0].astype(np.int64)
        what, number, next_us = _taken(who, entered_us, via, epochs, log)
        end_us, end_status = next_us, (next_us < NEVER_US).astype(np.int8)
        if log is not None:
            ends, name = log.ends(plan)
            place = ends.until(who, entered_us)
            some = np.flatnonzero(place < ends.first[who + 1])
            left_us = ends.at_us[place[some]]
            # Of one instant, events come before entries (K18).
            some, left_us = some[left_us <= end_us[some]], left_us[left_us <= end_us[some]]
            codes = np.array(
                [statuses.index(plan.leaves.get(n, (NO_STATUS,))[0]) for n in log.names], np.int8
            )
            end_us[some], end_status[some] = left_us, codes[name[place[some]]]
    started = what == STARTED
    turned = Turned(row[:0], ids[:0], entered_us[:0], what[:0])
    if not started.all():
        out = ~started
        turned = Turned(row[out], ids[out], entered_us[out], what[out])
        ids, number, row, entered_us = ids[started], number[started], row[started], entered_us[started]
        end_us, end_status, via = end_us[started], end_status[started], via[started]
        who = None if who is None else who[started]
    found = Runs(ids, number, row, entered_us, end_us, end_status, via, None if log is None else who)
    return Audience(found, turned, log, statuses, len(given))


def _vias(given: pd.DataFrame, vias: tuple[str, ...]) -> npt.NDArray[np.int8]:
    if "via" not in given.columns:
        return np.zeros(len(given), np.int8)
    via = given["via"]
    code = pd.Index(vias, dtype=object).get_indexer(pd.Index(via, dtype=object))
    code[via.isna().to_numpy()] = 0
    if (code < 0).any():
        faults = dict.fromkeys(np.flatnonzero(code < 0).tolist(), f"not one of: {', '.join(vias)}")
        raise instants.explain_faults("via", via, faults, "mend those rows, or leave via out")
    return code.astype(np.int8)


def _array(ids: "pd.Series[Any]") -> Any:
    array = ids.array
    return array.to_numpy() if type(array) is pd.arrays.NumpyExtensionArray else array


def _repeats(ids: Any) -> bool:
    """Whether any subscriber stands there twice."""
    rising = isinstance(ids, np.ndarray) and ids.dtype.kind in "iu" and bool((ids[1:] > ids[:-1]).all())
    return not rising and not pd.Index(ids).is_unique


def _taken(
    who: Ints, entered_us: Ints, via: npt.NDArray[np.int8], epochs: Sequence[Epoch], log: Events | None
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int32], Ints]:
    """Of each entry: its place in `OUTSIDE`, what keeps it out; its run's number; when the next run begins.

    A subscriber's entries count by time, ties in the order given; the first that nothing keeps out starts run
    1, and others after it start one where the sequence repeats (K14, K16, K17).
    """
    size = len(who)
    repeats, blocked, excluded = np.zeros((3, size), np.bool_)
    if log is not None:
        blocked = log.blocks(epochs[0].plan).state(who, entered_us)
    # Few changes touch the rules of entry: epochs that agree on them are looked at together.
    rules: dict[Any, list[int]] = {}
    for number, each in enumerate(epochs):
        rules.setdefault((each.plan.repeat, each.plan.repeat_vias, each.plan.excluded), []).append(number)
    epoch = None
    if len(rules) > 1:
        epoch = np.searchsorted([each.at_us for each in epochs[1:]], entered_us, "right")
    for numbers in rules.values():
        plan = epochs[numbers[0]].plan
        mine = slice(None) if epoch is None else np.flatnonzero(np.isin(epoch, numbers))
        if plan.repeat:
            repeats[mine] = np.array([name in plan.repeat_vias for name in plan.vias])[via[mine]]
        members = None if log is None else log.members(plan)
        if members is not None:
            excluded[mine] = members.state(who[mine], entered_us[mine])
    what = np.full(size, STARTED, np.int8)
    what[excluded] = EXCLUDED
    what[blocked] = BLOCKED
    number_, next_us = np.ones(size, np.int32), np.full(size, NEVER_US)
    # Only those who come more than once have an order to look at.
    some = np.flatnonzero(np.bincount(who)[who] > 1)
    some = some[np.lexsort((entered_us[some], who[some]))]
    person = who[some]
    first = np.append(True, np.diff(person) != 0)[: some.size]
    able = what[some] == STARTED
    again = _before(able, first) > 0
    taken = able & (~again | repeats[some])
    what[some[again & ~repeats[some] & ~blocked[some]]] = IGNORED
    number_[some] = _before(taken, first) + 1
    begun = some[taken]
    same = np.flatnonzero(who[begun[1:]] == who[begun[:-1]])
    next_us[begun[same]] = entered_us[begun[same + 1]]
    return what, number_, next_us


def _before(flags: Flags, first: Flags) -> Ints:
    """How many of the flags before each, in the group that `first` begins, are set."""
    total: Ints = np.cumsum(flags) - flags
    count: Ints = total - np.maximum.accumulate(np.where(first, total, 0))
    return count


def _events(
    events: Any,
    entry_ids: "pd.Series[Any]",
    ids: Any,
    epochs: Sequence[Epoch],
    until_us: int | None,
    naive_time_zone: str | None,
) -> Events:
    """An event log that people have, read and sorted; EntryError that names the rows that cannot be used."""
    plan = epochs[0].plan
    if not isinstance(events, pd.DataFrame):
        raise EntryError(
            f"events: found {shown(events)}, expected a DataFrame with subscriber_id, at and event"
        )
    _columns("events", events, ("subscriber_id", "at", "event"), ("ref",))
    if len(events) and len(entry_ids) and _kind(events["subscriber_id"]) != _kind(entry_ids):
        raise EntryError(
            f"events: subscriber_id is {events['subscriber_id'].dtype} there and {entry_ids.dtype} in entries; "
            'expected the same, since 1 and "1" never match'
        )
    at_us, faults = instants.read(events["at"], naive_time_zone)
    mend = "mend those rows, or leave them out"
    if faults:
        raise instants.explain_faults("events: at", events["at"], faults, mend)
    nameless = events["subscriber_id"].isna().to_numpy()
    if nameless.any():
        faults = dict.fromkeys(np.flatnonzero(nameless).tolist(), "missing")
        raise instants.explain_faults("events: subscriber_id", events["subscriber_id"], faults, mend)
    names = tuple(sorted({*plan.joins, *plan.leaves, *plan.returns}))
    code, distinct = _factorized(events["event"])
    name = pd.Index(names, dtype=object).get_indexer(pd.Index(distinct, dtype=object))[code]
    if (name < 0).any():
        wrong = dict.fromkeys(np.flatnonzero(name < 0).tolist(), f"not one of: {', '.join(names)}")
        raise instants.explain_faults("events: event", events["event"], wrong, mend)
    kinds = np.array([plan.joins.get(each, ("", False))[0] for each in names])
    needs = (kinds != "")[name]
    ref = np.zeros(len(events), np.int64)
    if needs.any():
        ref = _refs(events, needs, mend)
    # What no rule of any epoch looks at is left out, before the rest is sorted.
    kept = ~needs
    for kind, one in {source for epoch in epochs for source in epoch.plan.excluded}:
        kept |= (kinds == kind)[name] & (ref == one)
    people = pd.unique(pd.Series(ids)) if len(ids) else ids
    if until_us is not None:
        kept &= at_us < until_us
    rows = np.flatnonzero(kept)
    who = pd.Index(people).get_indexer(pd.Index(_array(events["subscriber_id"].iloc[rows])))
    rows, who = rows[who >= 0], who[who >= 0].astype(np.int64)
    order = np.lexsort((at_us[rows], who))
    rows = rows[order]
    return Events(who[order], at_us[rows], name[rows].astype(np.int64), ref[rows], names, len(people))


def _refs(events: pd.DataFrame, needs: Flags, mend: str) -> Ints:
    """The ids that events are about, integers however they are written; 0 where there is none."""
    if "ref" not in events.columns:
        raise EntryError(
            f"events: no column ref, which {events['event'].iloc[int(needs.argmax())]} needs; the columns are: "
            f"{', '.join(map(str, events.columns))}"
        )
    given = events["ref"]
    code, distinct = _factorized(given.astype(object))
    numbers = [whole_id(each) for each in distinct]
    known = np.array([number is not None for number in numbers], np.bool_)[code]
    if (needs & ~known).any():
        faults = dict.fromkeys(
            np.flatnonzero(needs & ~known).tolist(), "not the integer id that the event needs"
        )
        raise instants.explain_faults("events: ref", given, faults, mend)
    return np.array([number or 0 for number in numbers], np.int64)[code]


def _factorized(values: "pd.Series[Any]") -> tuple[Ints, Any]:
    """The place of each value among the distinct ones, and these; what has no equality stands as its text."""
    try:
        return pd.factorize(values, use_na_sentinel=False)
    except TypeError:
        return pd.factorize(values.map(lambda each: each if isinstance(each, Hashable) else repr(each)))


def whole_id(ref: Any) -> int | None:
    """The integer that an id is, however it is written: 12, 12.0 or "12"."""
    if isinstance(ref, str):
        match = re.fullmatch(r"\s*(-?\d{1,18})(?:\.0*)?\s*", ref)
        return int(match[1]) if match else None
    if isinstance(ref, bool | np.bool_) or not isinstance(ref, Integral | float | np.floating):
        return None
    number = int(ref) if isinstance(ref, Integral) or np.isfinite(ref) else None
    return number if number is not None and number == ref and abs(number) < 2**63 else None


def _kind(ids: "pd.Series[Any]") -> str:
    """What decides whether ids can be equal: any integers, any strings, or else the very dtype."""
    if pd.api.types.is_integer_dtype(ids.dtype):
        return "integer"
    return "string" if pd.api.types.infer_dtype(ids, skipna=True) == "string" else str(ids.dtype)


def split(entries: Any, naive_time_zone: str | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Entries parted into those that can be read and those that cannot, these with a `reason` column."""
    instants.check_zone(naive_time_zone)
    given = frame(entries)
    _, faults = read(given, naive_time_zone)
    bad = np.zeros(len(given), np.bool_)
    bad[list(faults)] = True
    rejected = given[bad].copy()
    rejected["reason"] = pd.Series([faults[row] for row in sorted(faults)], index=rejected.index, dtype="str")
    return given[~bad], rejected


def read_until(until: Any, naive_time_zone: str | None) -> int | None:
    """The instant [µs] of `until`, or None."""
    return None if until is None else instants.read_one(until, "until", naive_time_zone)
