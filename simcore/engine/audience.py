"""Entries, or the events that enrol, become runs: who, from when, until when, and what each brings along."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from simcore.clock import instants
from simcore.clock.zones import FIRST_US, LAST_US, Ints
from simcore.engine import events as event_log
from simcore.errors import EntryError, shown
from simcore.plan.log import NEVER_US, Flags, Log, Toggles, Watched, found_in
from simcore.plan.plan import Beside, Epoch, Plan, Trigger

NO_STATUS = ""
LEFT = "stopped:left"
OUTSIDE = ("started", "blocked", "ignored", "excluded", "repeated", "duplicate", "no_key")
"""What becomes of an entry, by its number: of several that hold, the lowest (K17)."""
STARTED, BLOCKED, IGNORED, EXCLUDED, REPEATED, DUPLICATE, NO_KEY = range(7)

_WAY_OUT = "simcore.split_entries(entries) parts the rows that can be read from those that cannot"


@dataclass(frozen=True, eq=False)
class Runs:
    """Each time that a subscriber goes through a sequence, in the order of the entries.

    `subscriber_id` [runs], any dtype, as given; `number` int32 [runs], 1 for a subscriber's first run; `row`
    int64 [runs], the position of its entry; `entered_us` int64 [µs, UTC; runs]; `end_us` int64 [µs; runs], the
    instant from which on nothing is sent in it (`NEVER_US` where there is none), and `end_status`, places in
    `statuses` [runs], what ends it there. `via` int8 [runs], places in the audience's vias. `who` int64 [runs],
    a number for each subscriber, the one that the log knows; None where nothing tells them apart. `thing` int64
    [runs], places in `things`, the properties that it brings along (-1 for none); None where runs bring none.
    """

    subscriber_id: Any
    number: npt.NDArray[np.int32]
    row: Ints
    entered_us: Ints
    end_us: Ints
    end_status: npt.NDArray[np.int8]
    via: npt.NDArray[np.int8]
    who: Ints | None
    thing: Ints | None = None
    things: Sequence[Any] = ()
    by_row: bool = True

    def __len__(self) -> int:
        return len(self.entered_us)

    @property
    def thing_of(self) -> Ints:
        """`thing`, also where runs bring none: -1 for each."""
        return np.full(len(self), -1) if self.thing is None else self.thing

    @cached_property
    def first_end_us(self) -> int:
        """Before when nothing ends any of the runs [µs]."""
        return int(self.end_us.min(initial=NEVER_US))

    def of(self, some: Ints | Flags) -> "Runs":
        """Some of the runs, by their places."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        whole = {"things", "by_row"} | {name for name, value in values.items() if value is None}
        return Runs(**{name: value if name in whole else value[some] for name, value in values.items()})

    def named(self, run: int) -> str:
        """How an error names a run: its row, where entries are given, and its subscriber."""
        subscriber = f"subscriber {shown(self.subscriber_id[run : run + 1][0])}"
        return f"row {self.row[run]} ({subscriber})" if self.by_row else subscriber

    def rows(self, runs: Ints) -> list[int]:
        """The rows of the entries that an error is about; none where events enrol."""
        return self.row[runs].tolist() if self.by_row else []


class Turned(NamedTuple):
    """Entries that started no run: `row` int64, `subscriber_id`, `at_us` int64 [µs], `what`, places in `OUTSIDE`."""

    row: Ints
    subscriber_id: Any
    at_us: Ints
    what: npt.NDArray[np.int8]


class Audience(NamedTuple):
    """The runs that entries or events start, and those of both that start none; the log of events; and what the runs'
    `end_status` and `via` are places in.

    `claims`: where it depends on how long runs last who is taken in, the runs are all that may be, and these are
    what `settled` needs to know.
    """

    runs: Runs
    turned: Turned
    log: Log | None
    statuses: tuple[str, ...]
    vias: tuple[str, ...]
    claims: "_Claims | None" = None


class _Claims(NamedTuple):
    """All who came, and `what` keeps each out so far; and what their runs must not share with an active one.

    `key` int64, -1 for none, or None where it plays no part; `if_idle`, the very subscriber.
    """

    came: Runs
    what: npt.NDArray[np.int8]
    key: Ints | None
    if_idle: Flags


def frame(entries: Any) -> pd.DataFrame:
    """Entries of every form (see `simcore.project`) as a DataFrame with `subscriber_id` and `entered_at`."""
    if isinstance(entries, pd.DataFrame):
        event_log.columns("entries", entries, ("subscriber_id", "entered_at"), ("via", "properties"))
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


def read(entries: pd.DataFrame, naive_time_zone: str | None) -> instants.Read:
    """The instants of entries, and what is wrong with the rows that cannot be used."""
    us, faults = instants.read(entries["entered_at"], naive_time_zone)
    nobody = event_log.no_ids(entries["subscriber_id"])
    if nobody.any():
        faults |= dict.fromkeys(
            np.flatnonzero(nobody).tolist(), f"has a subscriber_id that is {event_log.NO_ID}"
        )
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
    enabled_us: int | None = None,
) -> Audience:
    """Who goes through the sequence when, by entries and events under plans that change.

    Where no entries are given, the plan's trigger enrols by the events, from `enabled_us` on. Raises EntryError
    that names the rows that cannot be read, or whose `via` is not one of the plan's (K13).
    """
    plan = epochs[0].plan
    exit_us, vias = None, plan.vias
    if entries is None and plan.trigger is not None:
        log: Log | None
        came, log, exit_us = _triggered(events, plan, plan.trigger, until_us, naive_time_zone, enabled_us)
        vias = (plan.trigger_via,)
    else:
        came, log = _given(entries, events, epochs, until_us, naive_time_zone)
    statuses = (NO_STATUS, "restarted", *dict.fromkeys(status for status, _ in plan.leaves.values()), LEFT)
    what = np.full(len(came), STARTED, np.int8)
    claims, who = None, came.who
    if plan.beside is not None and who is not None:
        what, claims = _judged(came, plan, plan.beside, log)
    elif who is not None:
        what, came.number[:], came.end_us[:] = _taken(who, came.entered_us, came.via, epochs, log)
        came.end_status[:] = came.end_us < NEVER_US
    if exit_us is not None:
        came.end_us[:], came.end_status[:] = exit_us, np.where(exit_us < NEVER_US, statuses.index(LEFT), 0)
    if log is not None and who is not None:
        _ended(came, who, plan, log, statuses)
    found = Audience(*_parted(came, what), log, statuses, vias, claims)
    return _numbered(found) if plan.beside is not None and claims is None else found


def _given(
    entries: Any, events: Any, epochs: Sequence[Epoch], until_us: int | None, naive_time_zone: str | None
) -> tuple[Runs, Log | None]:
    """All entries before `until_us` as though each began a run, and the log."""
    plan = epochs[0].plan
    given = frame(entries)
    entered_us, faults = read(given, naive_time_zone)
    if faults:
        raise instants.explain_faults("entered_at", given["entered_at"], faults, _WAY_OUT)
    via = _vias(given, plan.vias)
    ids = event_log.array(given["subscriber_id"])
    row = np.arange(len(given))
    thing, things = None, list[Any]()
    if plan.beside is not None:
        thing = np.full(len(given), -1)
    if plan.reads_things and "properties" in given.columns:
        thing, things = event_log.read_things(given["properties"], "entries: properties")
    if until_us is not None and (entered_us >= until_us).any():
        row = np.flatnonzero(entered_us < until_us)
        ids, entered_us, via = ids[row], entered_us[row], via[row]
        thing = None if thing is None else thing[row]
    log = who = None
    if events is not None or plan.stop is not None:
        watched: Watched = frozenset()
        for each in (epoch.plan.watched(triggered=False) for epoch in epochs):
            watched = None if watched is None or each is None else watched | each
        people = pd.unique(ids) if len(ids) else ids
        log = event_log.read(
            events, plan.vocabulary, watched, until_us, naive_time_zone, ids=people, things=plan.reads_things
        )
    if log is not None or plan.beside is not None or _repeats(ids):
        who = pd.factorize(ids)[0].astype(np.int64)
    return _began(ids, row, entered_us, via, who, thing, things), log


def _triggered(
    events: Any,
    plan: Plan,
    trigger: Trigger,
    until_us: int | None,
    naive_time_zone: str | None,
    enabled_us: int | None,
) -> tuple[Runs, Log, Ints | None]:
    """All enrolments by the plan's trigger as though each began a run, in order; the log; when each ends again."""
    if events is None:
        raise EntryError(
            "entries: none are given, and no events either: give events, by which the sequence's trigger enrols, "
            "or entries, which are the enrolments themselves"
        )
    watched = plan.watched(triggered=True)
    log = event_log.read(
        events, plan.vocabulary, watched, until_us, naive_time_zone, ids=None, things=plan.reads_things
    )
    found = trigger.enrolments(log, enabled_us)
    end_us = LAST_US + 1 if until_us is None else until_us
    order = np.lexsort((found.who, found.at_us))
    if until_us is None:
        late = order[found.at_us[order] > LAST_US]
        if late.size:
            raise EntryError(
                f"subscriber {shown(log.ids[found.who[late[0]]])}"
                f"{f', and {late.size - 1} more,' if late.size > 1 else ''} would be enrolled after 2200-01-01 "
                "UTC: pass until= to end before that, or mend the trigger"
            )
    order = order[found.at_us[order] < end_us]
    who, at_us = found.who[order], found.at_us[order]
    row, via = np.arange(len(who)), np.zeros(len(who), np.int8)
    came = _began(log.ids[who], row, at_us, via, who, found.thing[order], log.things)
    return replace(came, by_row=False), log, None if found.end_us is None else found.end_us[order]


def _began(
    ids: Any,
    row: Ints,
    entered_us: Ints,
    via: npt.NDArray[np.int8],
    who: Ints | None,
    thing: Ints | None,
    things: Sequence[Any],
) -> Runs:
    """Runs that nothing ends, each its subscriber's first."""
    size = len(row)
    number, end_us, end_status = np.ones(size, np.int32), np.full(size, NEVER_US), np.zeros(size, np.int8)
    return Runs(ids, number, row, entered_us, end_us, end_status, via, who, thing, things)


def _ended(came: Runs, who: Ints, plan: Plan, log: Log, statuses: tuple[str, ...]) -> None:
    """Events end runs, where nothing does before; of one instant, events come before all else (K18, Q19)."""
    rows = log.of(plan.leaves)
    ends = log.toggles(rows)
    place = ends.until(who, came.entered_us)
    some = np.flatnonzero(place < ends.first[who + 1])
    left_us = ends.at_us[place[some]]
    some, left_us = some[left_us <= came.end_us[some]], left_us[left_us <= came.end_us[some]]
    codes = np.array([statuses.index(plan.leaves.get(n, (NO_STATUS,))[0]) for n in log.names], np.int8)
    came.end_us[some] = left_us
    came.end_status[some] = codes[log.name[rows[place[some]]]]


def _parted(came: Runs, what: npt.NDArray[np.int8]) -> tuple[Runs, Turned]:
    """Those who start a run, and those whom `what` keeps out."""
    out = what != STARTED
    gone = came.of(out)
    turned = Turned(gone.row, gone.subscriber_id, gone.entered_us, what[out])
    return came.of(~out) if out.any() else came, turned


def _judged(
    came: Runs, plan: Plan, beside: Beside, log: Log | None
) -> tuple[npt.NDArray[np.int8], _Claims | None]:
    """What keeps each candidate out, as far as that does not depend on how long runs last (Q18, Q21)."""
    who = _who(came)
    what = np.full(len(came), STARTED, np.int8)
    if log is not None:
        what[_blocks(plan, log).state(who, came.entered_us)] = BLOCKED
    if_idle = np.array([name in beside.if_idle_vias for name in plan.vias])[came.via]
    key = None
    if beside.key is not None:
        key = pd.factorize(found_in(came.things, came.thing_of, beside.key))[0].astype(np.int64)
        what[(what == STARTED) & (key < 0) & ~if_idle] = NO_KEY
    if beside.once:
        order = np.lexsort((came.entered_us, who))
        order = order[what[order] == STARTED]
        later = order[1:][who[order[1:]] == who[order[:-1]]]
        what[later[~if_idle[later]]] = REPEATED
    return what, _Claims(came, what, key, if_idle) if key is not None or if_idle.any() else None


def settled(people: Audience, busy_us: Ints) -> Audience:
    """Of the runs that may be, those that find no active one in their way (Q18, Q24).

    `busy_us` int64 [µs; runs]: the last instant at which each would find itself active, were it taken in.
    """
    runs, claims = people.runs, people.claims
    if claims is None:
        return people
    who, chosen = _who(runs), np.flatnonzero(claims.what == STARTED)
    if_idle = claims.if_idle[chosen]
    key = np.full(len(runs), -1) if claims.key is None else claims.key[chosen]
    order = np.lexsort((runs.entered_us, who))
    mixed = (np.bincount(who, if_idle) > 0)[who[order]]
    alone = np.ones(len(runs), np.bool_)
    if claims.key is not None:
        some = order[~mixed]
        pair = who[some] * (key.max(initial=0) + 1) + key[some]
        by_pair = np.argsort(pair, kind="stable")
        some, group = some[by_pair], np.cumsum(np.append(0, np.diff(pair[by_pair]) != 0))[: some.size]
        alone[some] = _chained(group, runs.entered_us[some], busy_us[some])
        some = order[mixed]
        alone[some] = _in_turn(who[some], runs.entered_us[some], busy_us[some], key[some], if_idle[some])
    else:
        # All others are taken in: what counts is whether one of them is active, and then those that need it idle.
        covered_us = _latest(who[order], np.where(if_idle, FIRST_US - 1, busy_us)[order])
        some = order[if_idle[order] & (covered_us < runs.entered_us[order])]
        alone[if_idle] = False
        alone[some] = _chained(pd.factorize(who[some])[0], runs.entered_us[some], busy_us[some])
    what = claims.what.copy()
    what[chosen[~alone]] = DUPLICATE
    runs, turned = _parted(claims.came, what)
    return _numbered(people._replace(runs=runs, turned=turned, claims=None))


def _chained(group: Ints, at_us: Ints, busy_us: Ints) -> Flags:
    """Of candidates by group and instant: the first, the first that comes after it is done, and so on."""
    size = len(group)
    line = Toggles(group, at_us, group < 0, int(group.max(initial=-1)) + 1)
    place = line.until(group, busy_us)
    jump = np.append(np.where(place < line.first[group + 1], place, size), size)
    taken = np.zeros(size + 1, np.bool_)
    taken[line.first[:-1]] = True
    # What is 1, 2, 4, … jumps away from what is taken is taken too.
    for _ in range(int(np.diff(line.first).max(initial=0)).bit_length()):
        taken[jump[taken]] = True
        jump = jump[jump]
    return taken[:size]


def _latest(group: Ints, us: Ints) -> Ints:
    """The latest instant up to each row, of the rows of its group, which stand together."""
    instants_us, rank = np.unique(us, return_inverse=True)
    base = np.cumsum(np.append(0, np.diff(group) != 0))[: group.size] * instants_us.size
    latest_us: Ints = instants_us[np.maximum.accumulate(base + rank) - base]
    return latest_us


def _in_turn(who: Ints, at_us: Ints, busy_us: Ints, key: Ints, if_idle: Flags) -> Flags:
    """Of candidates by subscriber and instant, where some need the subscriber idle: the first of each together,
    then the second of each, and so on."""
    pair = np.unique(who * (key.max(initial=0) + 2) + key, return_inverse=True)[1]
    person = np.cumsum(np.append(0, np.diff(who) != 0))
    first = np.append(True, np.diff(who) != 0)
    rank = _before(np.ones(len(who), np.bool_), first)
    taken = np.zeros(len(who), np.bool_)
    busy_person, busy_pair = np.full((2, len(who)), np.iinfo(np.int64).min)
    for turn in np.split(np.argsort(rank, kind="stable"), np.cumsum(np.bincount(rank))[:-1]):
        at, one, own = at_us[turn], person[turn], pair[turn]
        taken[turn] = np.where(if_idle[turn], busy_person[one] < at, (key[turn] < 0) | (busy_pair[own] < at))
        new = turn[taken[turn]]
        busy_person[person[new]] = np.maximum(busy_person[person[new]], busy_us[new])
        busy_pair[pair[new]] = np.maximum(busy_pair[pair[new]], busy_us[new])
    return taken


def _numbered(people: Audience) -> Audience:
    """Runs that go side by side are numbered in the order of enrolment (Q19)."""
    who = _who(people.runs)
    order = np.lexsort((people.runs.entered_us, who))
    first = np.append(True, np.diff(who[order]) != 0)[: order.size]
    people.runs.number[order] = _before(np.ones(order.size, np.bool_), first) + 1
    return people


def _who(runs: Runs) -> Ints:
    if runs.who is None:
        raise TypeError("runs whose subscribers are not numbered")
    return runs.who


def _blocks(plan: Plan, log: Log) -> Toggles:
    """When each subscriber is kept from entering (K17, Q21)."""
    blocking = frozenset(name for name, (_, blocks) in plan.leaves.items() if blocks)
    rows = log.of(blocking | plan.returns)
    on = np.isin(log.name[rows], [code for code, name in enumerate(log.names) if name in blocking])
    return log.toggles(rows, on)


def _vias(given: pd.DataFrame, vias: tuple[str, ...]) -> npt.NDArray[np.int8]:
    if "via" not in given.columns:
        return np.zeros(len(given), np.int8)
    via = given["via"]
    place, distinct = event_log.factorized(via)
    code = pd.Index(vias, dtype=object).get_indexer(pd.Index([*distinct], dtype=object))[place]
    code[via.isna().to_numpy()] = 0
    if (code < 0).any():
        faults = dict.fromkeys(np.flatnonzero(code < 0).tolist(), f"not one of: {', '.join(vias)}")
        raise instants.explain_faults("via", via, faults, "mend those rows, or leave via out")
    return code.astype(np.int8)


def _repeats(ids: Any) -> bool:
    """Whether any subscriber stands there twice."""
    rising = isinstance(ids, np.ndarray) and ids.dtype.kind in "iu" and bool((ids[1:] > ids[:-1]).all())
    return not rising and not pd.Index(ids).is_unique


def _taken(
    who: Ints, entered_us: Ints, via: npt.NDArray[np.int8], epochs: Sequence[Epoch], log: Log | None
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int32], Ints]:
    """Of each entry: its place in `OUTSIDE`, what keeps it out; its run's number; when the next run begins.

    A subscriber's entries count by time, ties in the order given; the first that nothing keeps out starts run
    1, and others after it start one where the sequence repeats (K14, K16, K17).
    """
    size = len(who)
    repeats, blocked, excluded = np.zeros((3, size), np.bool_)
    if log is not None:
        blocked = _blocks(epochs[0].plan, log).state(who, entered_us)
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
        members = None if log is None else log.members(plan.excluded, plan.joins)
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
