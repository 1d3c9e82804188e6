"""Who comes to which sequence, and what happens to them: entries, events and broadcasts of an account, read."""

import re
import warnings
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from simcore.clock.instants import Reader, explain_faults
from simcore.clock.zones import Ints
from simcore.engine import entries as reading
from simcore.engine import events as event_log
from simcore.engine import recipients
from simcore.engine.frames import table
from simcore.errors import EntryError, SimcoreError, typed
from simcore.plan.columns import EVENTS, overlooked
from simcore.plan.log import NEVER_US, Flags, Log, Watched, text_id
from simcore.plan.plan import Epoch
from simcore.plan.platform import Platform
from simcore.text.wording import listed

_WAY_OUT = "fix those rows, or leave them out"
EVERYWHERE = "no sequence that the event can be about: only removed is about one"
INNER = "a sequence of the account: who is in it comes from entries"
"""What is wrong with events."""
BOTH = "an audience and a subscriber_id, expected one of them at most"
"""What is wrong with broadcasts."""


class Given(NamedTuple):
    """Entries and events as they were given, sorted out: `entries` by sequence, None for those that have none;
    `events` by platform; `only` by platform, the one sequence that each event is about (-1 for all). The index of each
    part is the rows of all that it has; `sizes`: how many entries and events there are."""

    entries: list[pd.DataFrame | None]
    events: dict[str, pd.DataFrame | None]
    only: dict[str, Ints | None]
    sizes: tuple[int, int]


class People(NamedTuple):
    """All subscribers: `ids`, those of entries first; `known_us` int64 [µs; people], when each is first named; and
    what happens to them, a log for each platform."""

    ids: Any
    known_us: Ints
    logs: dict[str, Log]


def given(
    entries: Any,
    events: Any,
    ids: Sequence[int | str],
    platforms: Sequence[Platform[Any]],
    how: Reader,
    entered: Collection[int | str] = (),
    time_zones: Any = None,
) -> Given:
    """What was given, sorted out by sequence and by platform. `platforms`: that of each sequence. `entered`: the
    sequences that have entries, be it that none is among these. `time_zones`: recipients' own (T22).

    Raises EntryError for rows that cannot be used, and names them.
    """
    distinct = {each.name: each for each in platforms}
    numbers = {number: [at for at, one in enumerate(platforms) if one.name == number] for number in distinct}
    if events is not None and not isinstance(events, pd.DataFrame):
        raise EntryError(
            f"events: found {typed(events)}, expected a DataFrame (of pandas, polars, pyarrow or such) or a list of "
            "dicts with subscriber_id, at and event"
        )
    if events is not None:
        event_log.columns("events", events, *EVENTS)
        events = events.reset_index(drop=True)
    _refuse_inner(events, ids, platforms)
    of = None
    if events is not None and "sequence_id" in events.columns:
        of = _only(events, ids)
    parted: dict[str, pd.DataFrame | None] = {}
    only: dict[str, Ints | None] = {}
    readable = read_by(events, [*distinct.values()])
    for place, name in enumerate(distinct):
        some = readable[place]
        parted[name] = events if events is None or some is None else events[some]
        mine = of if of is None or some is None else of[some]
        # The numbers of a platform's sequences among its own.
        only[name] = mine if mine is None else np.where(np.isin(mine, [-1, *numbers[name]]), mine, -2)
    by_sequence = _by_sequence(entries, ids, how, entered)
    if isinstance(time_zones, str) and isinstance(entries, pd.DataFrame):
        recipients.zones_of(time_zones, entries, None)  # which names the rows of all that are no zones
    if isinstance(entries, pd.DataFrame) and events is not None:
        event_log.alike("events", events["subscriber_id"], entries["subscriber_id"])
    sizes = sum(len(each) for each in by_sequence if each is not None), 0 if events is None else len(events)
    return Given(by_sequence, parted, only, sizes)


def zones(given: Any, entries: Any, events: Any) -> Any:
    """Recipients' own time zones, those by subscriber read (T22): one of these at least must enter any sequence."""
    recipients.check(given)
    if not isinstance(given, Mapping | pd.Series):
        return given
    frames = [each for each in (entries, events) if isinstance(each, pd.DataFrame)]
    ids = [event_log.array(each["subscriber_id"]) for each in frames if "subscriber_id" in each.columns]
    return recipients.by_person(given, *ids)


@contextmanager
def rows_of_all(rows: Given, entries: pd.DataFrame | None, events: pd.DataFrame | None) -> Iterator[None]:
    """In here errors name the rows of all entries or events, where only a part of these is looked at."""
    try:
        yield
    except EntryError as error:
        told = str(error)
        of_events = told.startswith("events: ")
        part, size = (events, rows.sizes[1]) if of_events else (entries, rows.sizes[0])
        if part is None or not error.rows:
            raise
        every = part.index.tolist()
        told = re.sub(
            r"^(  row |the .*? to row )(\d+)",
            lambda found: f"{found[1]}{every[int(found[2])]}",
            told,
            flags=re.M,
        )
        told = re.sub(r"^(.*?: \d+ of )\d+( rows cannot be used)", rf"\g<1>{size}\2", told)
        raise type(error)(told, [every[row] for row in error.rows]) from None


def _by_sequence(
    entries: Any, ids: Sequence[int | str], how: Reader, entered: Collection[int | str]
) -> list[pd.DataFrame | None]:
    """The entries of each sequence; None for those that have none."""
    if entries is None or (isinstance(entries, list | tuple) and not entries):
        return [None] * len(ids)
    if not isinstance(entries, pd.DataFrame) or "sequence_id" not in entries.columns:
        found, near = typed(entries), None
        if isinstance(entries, pd.DataFrame):
            found = f"the columns {', '.join(map(str, entries.columns)) or '(none)'}"
            near = overlooked("entries", entries.columns, ["sequence_id"])
        raise EntryError(
            f"entries: found {found}, expected a table with subscriber_id, entered_at and sequence_id: which of the "
            f"account's sequences each entry is for{'; ' if near else ''}{(near or '').removeprefix('entries: ')}"
        )
    entries = reading.frame(entries)
    number = numbered("entries: sequence_id", entries["sequence_id"], ids)
    us, faults = reading.read(entries, how)
    if faults:
        raise explain_faults("entered_at", entries["entered_at"], faults, _WAY_OUT)
    at = pd.DatetimeIndex(us.view("datetime64[us]"), tz="UTC")
    read = entries.drop(columns="sequence_id").assign(entered_at=at).reset_index(drop=True)
    if (number[1:] >= number[:-1]).all():  # sequence by sequence: slices, not copies
        edges = np.searchsorted(number, range(len(ids) + 1)).tolist()
        parts = [read.iloc[begin:end] for begin, end in pairwise(edges)]
    else:
        parts = [read[number == at] for at in range(len(ids))]
    return [part if len(part) or one in entered else None for one, part in zip(ids, parts, strict=True)]


def numbered(what: str, given: "pd.Series[Any]", ids: Sequence[int | str]) -> Ints:
    """The place of each sequence that is named among the account's, however its id is written."""
    place = place_of(given, ids)
    if (place < 0).any():
        raise explain_faults(
            what, given, dict.fromkeys(np.flatnonzero(place < 0).tolist(), outside(ids)), _WAY_OUT
        )
    return place


def place_of(given: "pd.Series[Any]", ids: Sequence[int | str]) -> Ints:
    """The place of each sequence that is named among the account's, -1 for one that is not there."""
    code, distinct = event_log.factorized(given)
    places: dict[Hashable, int] = {text_id(each): at for at, each in enumerate(ids)}
    place: Ints = np.array([places.get(text_id(each), -1) for each in distinct], np.int64)[code]
    return place


def outside(ids: Sequence[int | str]) -> str:
    """What is wrong with a sequence that is not there."""
    return f"not a sequence of the account: {listed(map(str, ids), 'or')}"


def _only(events: pd.DataFrame, ids: Sequence[int | str]) -> Ints:
    """The one sequence that events are about, where a column says so; only `removed` may be about one."""
    others = everywhere(events)
    if others.size:
        raise explain_faults(
            "events: sequence_id", events["sequence_id"], dict.fromkeys(others.tolist(), EVERYWHERE), _WAY_OUT
        )
    said = events["sequence_id"].notna().to_numpy()
    only = np.full(len(events), -1)
    only[said] = numbered("events: sequence_id", events["sequence_id"][said], ids)
    return only


def everywhere(events: pd.DataFrame) -> Ints:
    """The rows of events that are said to be about one sequence, and cannot be."""
    said = events["sequence_id"].notna().to_numpy()
    return np.flatnonzero(said & (events["event"].to_numpy(object) != "removed"))


def _refuse_inner(events: Any, ids: Sequence[int | str], platforms: Sequence[Platform[Any]]) -> None:
    """Who is in a sequence of the account comes from the simulation, and not from the log (A3)."""
    if events is None or not {"event", "ref"} <= set(events.columns):
        return
    inside = inner(events, ids, platforms)
    if inside.size:
        raise explain_faults("events: ref", events["ref"], dict.fromkeys(inside.tolist(), INNER), _WAY_OUT)


def inner(events: pd.DataFrame, ids: Sequence[int | str], platforms: Sequence[Platform[Any]]) -> Ints:
    """The rows of events that put somebody into a sequence of the account."""
    names = {
        name for each in platforms for name, (kind, _) in each.events.joins.items() if kind == "sequence"
    }
    joins = events["event"].isin(names).to_numpy()
    own = {text_id(each) for each in ids}
    code, distinct = event_log.factorized(events["ref"])
    return np.flatnonzero(joins & np.array([text_id(each) in own for each in distinct], np.bool_)[code])


def read_by(events: Any, platforms: Sequence[Platform[Any]]) -> list[Flags | None]:
    """Which events are each platform's: of several platforms, those that it can read. What none can read is the
    first one's, which says what is wrong. None for all."""
    if len(platforms) < 2 or events is None or "event" not in events.columns:
        return [None] * len(platforms)
    code, names = event_log.factorized(events["event"])
    found = []
    for each in platforms:
        words = each.events.vocabulary
        mine = np.array([not words.unknown(name) for name in names], np.bool_)[code]
        needs = np.array([name in words.about for name in names], np.bool_)[code]
        if "ref" in events.columns:
            ref, refs = event_log.factorized(events["ref"])
            mine &= ~needs | np.array([words.ref(each) is not None for each in refs], np.bool_)[ref]
        found.append(mine)
    found[0] |= ~np.any(found, axis=0)
    return [*found]


def people(
    given: Given,
    epochs: Sequence[Sequence[Epoch]],
    platforms: Sequence[Platform[Any]],
    until_us: int | None,
    how: Reader,
    mails: "Broadcasts | None",
) -> People:
    """All subscribers, and a log of what happens to them for each platform. Where there are broadcasts, all events
    count, also those that no rule looks at, since they name somebody."""
    logs: dict[str, Log] = {}
    parts = [frame["subscriber_id"] for frame in given.entries if frame is not None]
    for platform in dict.fromkeys(each.name for each in platforms):
        mine = [at for at, each in enumerate(platforms) if each.name == platform]
        plans = [epoch.plan for at in mine for epoch in epochs[at]]
        watched: Watched = None if mails is not None else frozenset()
        for at in mine:
            for epoch in epochs[at]:
                own = epoch.plan.watched(triggered=given.entries[at] is None)
                watched = None if watched is None or own is None else watched | own
        events = given.events[platform]
        if events is not None and parts:
            event_log.alike("events", events["subscriber_id"], parts[0])
        with rows_of_all(given, None, events):
            logs[platform] = event_log.read(
                events,
                plans[0].events.vocabulary,
                watched,
                until_us,
                how,
                ids=None,
                properties=any(plan.reads_properties for plan in plans),
                only=given.only[platform],
            )
    for other in parts[1:]:
        event_log.alike("entries", other, parts[0])
    named = [pd.Index(event_log.array(part)) for part in parts]
    named += [pd.Index(log.ids) for log in logs.values() if len(log.ids)]
    if mails is not None and len(alone := mails.subscriber.dropna()):
        alone = alone.infer_objects()
        if named:
            event_log.alike("broadcasts", alone, named[0])
        if mails.strangers:
            named.append(pd.Index(event_log.array(alone)))
    everybody = named[0].append([*named[1:]]).unique() if named else pd.Index([], dtype=np.int64)
    ids = event_log.array(pd.Series(everybody))
    known_us = np.full(len(ids), NEVER_US)
    for frame in given.entries:
        if frame is not None:
            who = event_log.places(ids, event_log.array(frame["subscriber_id"]))
            np.minimum.at(known_us, who, pd.DatetimeIndex(frame["entered_at"]).as_unit("us").asi8)
    logs = {name: _renumbered(log, ids) for name, log in logs.items()}
    for log in logs.values():
        np.minimum.at(known_us, log.who, log.at_us)
    return People(ids, known_us, logs)


def _renumbered(log: Log, ids: Any) -> Log:
    """A log whose subscribers are numbered as all are."""
    who = event_log.places(ids, log.ids)[log.who] if len(log.ids) else log.who
    order = np.argsort(who, kind="stable")
    rows = {name: getattr(log, name) for name in ("at_us", "name", "ref", "which", "late", "only")}
    rows = {name: values if values is None else values[order] for name, values in rows.items()}
    return replace(log, ids=ids, who=who[order], _members={}, **rows)


class Broadcasts(NamedTuple):
    """Mails to everybody, or to some (A1): `at_us` int64 [µs], `subject`, `audience` (None for everybody), and
    `subscriber` (None where it is no single one's); `number` int64, which of the distinct ones each row is.
    `strangers`: whether who is in them alone gets them too."""

    at_us: Ints
    subject: list[str]
    audience: list[Any]
    subscriber: "pd.Series[Any]"
    number: Ints
    strangers: bool = True

    def to(self, subscriber_id: Any) -> "Broadcasts":
        """Those that a subscriber may get."""
        own = self.subscriber.isna().to_numpy() | rows_of(self.subscriber, subscriber_id)
        some = np.flatnonzero(own)
        subject, audience = ([each[at] for at in some.tolist()] for each in (self.subject, self.audience))
        return Broadcasts(self.at_us[some], subject, audience, self.subscriber.iloc[some], self.number[some])


def broadcasts(frame: Any, how: Reader) -> Broadcasts | None:
    """Broadcasts as people have them. Raises EntryError for rows that cannot be used, and names them."""
    frame = table("broadcasts", frame)
    if frame is None or (isinstance(frame, list | tuple) and not frame):
        return None
    expected = "expected a table with at and subject, and perhaps audience or subscriber_id"
    if not isinstance(frame, pd.DataFrame):
        raise EntryError(f"broadcasts: found {typed(frame)}, {expected}")
    if lacks := [name for name in ("at", "subject") if name not in frame.columns]:
        raise EntryError(f"broadcasts: no column {lacks[0]}: {expected}")
    if told := meant(frame.columns):
        warnings.warn(f"broadcasts: {told}", stacklevel=2)
    at_us, faults = how.read(frame["at"])
    if faults:
        raise explain_faults("broadcasts: at", frame["at"], faults, _WAY_OUT)
    none = pd.Series([None] * len(frame), index=frame.index, dtype=object)
    audience = frame.get("audience", none)
    subscriber = frame.get("subscriber_id", none)
    both = (audience.notna() & subscriber.notna()).to_numpy()
    if both.any():
        row = int(both.argmax())
        raise EntryError(f"broadcasts: row {row} has {BOTH}", [row])
    subject = frame["subject"].fillna("").astype(str).tolist()
    refs = audience.astype(object).where(audience.notna(), None).tolist()
    number = pd.factorize(
        pd.Series([*zip(at_us.tolist(), subject, map(str, refs), strict=True)], dtype=object)
    )[0]
    if number.max(initial=0) > np.iinfo(np.int16).max:
        raise SimcoreError(f"broadcasts: found {number.max() + 1} different ones, expected at most 32,768")
    return Broadcasts(at_us, subject, refs, subscriber, number.astype(np.int64))


def meant(there: Iterable[Any]) -> str | None:
    """What is said of columns of broadcasts that may be meant for who gets them, since without these all do."""
    names = [name for name in there if name != "id"]  # which is the broadcast's own
    told = overlooked("", names, ["audience", "subscriber_id"])
    return told and told.removeprefix(": ").partition(": columns=")[0]


def rows_of(ids: "pd.Series[Any]", subscriber_id: Any) -> Flags:
    """Which rows are a subscriber's, by the column that says whose they are."""
    if not pd.api.types.is_hashable(subscriber_id):  # which is nobody's id
        return np.zeros(len(ids), np.bool_)
    if isinstance(subscriber_id, tuple):  # which pandas would take for a column
        return np.array([each == subscriber_id for each in ids], np.bool_)
    return (ids == subscriber_id).to_numpy(np.bool_, na_value=False)
