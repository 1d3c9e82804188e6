"""An account's sequences simulated: alone where none matters to another, and together where they do."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from simcore.account.cap import Cap
from simcore.account.mailing import Mailing
from simcore.account.people import Broadcasts, Given, People, given, people, rows_of_all
from simcore.answers.options import Options
from simcore.answers.projection import Projection, enabled, epochs_of, make
from simcore.engine import audience
from simcore.engine.entries import read_until
from simcore.engine.life import settled
from simcore.engine.limit import Limit
from simcore.engine.recipients import ByPerson
from simcore.engine.side_by_side import keys
from simcore.engine.together import Part, Together
from simcore.errors import EntryError
from simcore.plan.history import History
from simcore.plan.log import NEVER_US, Source
from simcore.plan.plan import Epoch, SideBySide
from simcore.plan.platform import Platform, platform_of

CAPPED = {"deferred": "no room under the cap: it waits", "capped": "no room under the cap: it is left out"}
"""What a cap does, in the journal."""


class Made(NamedTuple):
    """What has happened: a projection for each sequence, in order; the broadcasts that went out; and which sequences
    have entries."""

    projections: list[Projection]
    mails: Mailing | None
    entered: frozenset[int | str]


def source_of(sequence_id: int | str) -> Source:
    """What others exclude when they exclude a sequence of the account."""
    return "sequence", sequence_id


def simulate(
    sequences: Mapping[int | str, Any],
    entries: Any,
    options: Mapping[int | str, Options],
    broadcasts: Broadcasts | None,
    cap: Cap | None,
    *,
    notes: bool,
    entered: Collection[int | str] = (),
) -> Made:
    """What happens to everybody in all sequences. `options`: of each sequence, which differ in `changes`,
    `assumptions` and `enabled_at` alone. `entered`: those that have entries, be it that none is among these."""
    platforms = [platform_of(each) for each in sequences.values()]
    shared = options[next(iter(sequences))]
    until_us = read_until(shared.until, shared.typed)
    zones = shared.time_zones
    rows = given(entries, shared.events, [*sequences], platforms, shared.tables, entered, zones)
    cap = None if cap is None or cap.most is None else cap
    members = []
    for at, (one, sequence) in enumerate(sequences.items()):
        epochs = epochs_of(sequence, options[one], until_us)
        if cap is not None:
            epochs = [_worded(epoch, CAPPED) for epoch in epochs]
        members.append(_Member(at, one, sequence, platforms[at], options[one], epochs))
        events = rows.events[platforms[at].name]
        if isinstance(zones, str) and rows.entries[at] is None and members[-1].enrols and events is not None:
            raise EntryError(
                f"time_zones: a column of entries, and sequence {one} has none, since events enrol in it: give a dict "
                "or a Series of subscriber to zone"
            )
    beside = _beside(members, cap, mails=broadcasts is not None)
    found = {each.at: _alone(each, rows, notes=notes) for each in members if each not in beside}
    mailing = None
    if beside or broadcasts is not None:
        everybody = people(
            rows, [each.epochs for each in members], platforms, until_us, shared.tables, broadcasts
        )
        mailing, together = _together(
            beside, members, rows, everybody, until_us, broadcasts, cap, notes=notes
        )
        found |= together
    came = frozenset(each.id for each in members if rows.entries[each.at] is not None)
    return Made([found[at] for at in range(len(members))], mailing, came)


class _Member(NamedTuple):
    """A sequence of the account: its place in it, its id, its plans."""

    at: int
    id: int | str
    sequence: Any
    platform: Platform[Any]
    options: Options
    epochs: list[Epoch]

    @property
    def enrols(self) -> bool:
        """Whether events enrol, where there are no entries."""
        return self.epochs[0].plan.trigger is not None

    @property
    def emits(self) -> bool:
        """Whether any step does what an event does."""
        return any(step.emits for epoch in self.epochs for step in epoch.plan.steps)


def _alone(member: _Member, rows: Given, *, notes: bool) -> Projection:
    """What happens in a sequence to which no other matters."""
    entries: Any = rows.entries[member.at]
    events, only = rows.events[member.platform.name], rows.only[member.platform.name]
    if events is not None and only is not None:
        events = events[np.isin(only, [-1, member.at])]
    if events is not None and "sequence_id" in events.columns:
        events = events.drop(columns="sequence_id")
    if entries is None and (events is None or not member.enrols):
        entries = []  # nobody comes
    options = member.options._replace(events=events, columns=None)
    try:
        with rows_of_all(rows, rows.entries[member.at], events):
            return make(member.sequence, entries, options, notes=notes)
    except EntryError as error:
        if str(error).startswith("events: "):  # which are those of all sequences
            raise
        raise type(error)(f"sequence {member.id}: {error}", error.rows) from None


def _together(
    beside: Sequence[_Member],
    members: Sequence[_Member],
    rows: Given,
    everybody: People,
    until_us: int | None,
    broadcasts: Broadcasts | None,
    cap: Cap | None,
    *,
    notes: bool,
) -> tuple[Mailing | None, dict[int, Projection]]:
    """What happens in sequences of which one matters to another, by their places; and the broadcasts that went out."""
    size, emits = len(everybody.ids), any(each.emits for each in beside)
    meanings = {each.platform.name: each.epochs[0].plan.events for each in members}
    histories = {name: History(log, meanings[name], emits=emits) for name, log in everybody.logs.items()}
    limit = None
    if cap is not None and cap.most is not None:
        limit = Limit(cap.most, cap.window_us, size, defers=cap.on_excess == "defer")
    mailing = None if broadcasts is None else Mailing(broadcasts, everybody, [*histories.values()], limit)
    parts = []
    for each in beside:
        history, plan, enabled_us = histories[each.platform.name], each.epochs[0].plan, enabled(each.options)
        entries, zones = rows.entries[each.at], each.options.time_zones
        with rows_of_all(rows, entries, None):
            came = audience.beside(
                entries, history.log, each.epochs, until_us, each.options.tables, enabled_us, each.at, zones
            )
        side = isinstance(plan.entry, SideBySide)
        ended = partial(audience.ended, people=came, plan=plan, number=each.at)
        parts.append(
            Part(
                each.epochs,
                came,
                history,
                key=keys(came.runs, plan.side_by_side) if side else np.full(len(came.runs), -1),
                notes=notes,
                passes=each.options.render,
                source=source_of(each.id),
                ended=None if came.runs.by_row else ended,
                enabled_us=enabled_us,
                limit=limit,
                explains=each.options.explain,
                time_zone=zones.of(everybody.ids)[0] if isinstance(zones, ByPerson) else None,
            )
        )
    Together(parts, size, rank=_rank([each.id for each in beside], cap), mails=mailing).run(until_us)
    stop_us, found = NEVER_US if until_us is None else until_us, {}
    for each, part in zip(beside, parts, strict=True):
        words = each.platform.words if cap is None else each.platform.words._replace(cap=cap.words)
        found[each.at] = Projection(each.epochs, *settled(part), stop_us, each.options, words)
    return mailing, found


def _worded(epoch: Epoch, words: Mapping[str, str]) -> Epoch:
    """The same, whose plan has words for what else may happen."""
    return epoch._replace(plan=replace(epoch.plan, words={**epoch.plan.words, **words}))


def _beside(members: Sequence[_Member], cap: Cap | None, *, mails: bool) -> list[_Member]:
    """The sequences of which one matters to another, or to broadcasts (`mails`)."""
    emits = any(each.emits for each in members)
    if cap is not None or (emits and (mails or len(members) > 1)):
        return [*members]
    found: set[int] = set()
    for each in members:
        excluded = {source for epoch in each.epochs for source in epoch.plan.excluded}
        others = {other.at for other in members if source_of(other.id) in excluded}
        if others:
            found |= {each.at, *others}
    return [each for each in members if each.at in found]


def _rank(ids: Sequence[int | str], cap: Cap | None) -> list[int]:
    """The places of sequences in the order in which their mails go at one instant (A6)."""
    first = [ids.index(each) for each in dict.fromkeys(cap.priority if cap else ()) if each in ids]
    return [*first, *(at for at in range(len(ids)) if at not in first)]
