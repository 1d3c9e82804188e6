"""An account's sequences simulated: alone where none matters to another, and together where they do."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from simcore.account.cap import Cap
from simcore.account.mailing import Mailing
from simcore.account.people import Broadcasts, Given, People, given, people
from simcore.answers.options import Options
from simcore.answers.projection import Projection, enabled, epochs_of, make, plan_of
from simcore.engine import audience
from simcore.engine.entries import read_until
from simcore.engine.life import settled
from simcore.engine.limit import Limit
from simcore.engine.side_by_side import keys
from simcore.engine.together import Part, Together
from simcore.plan.history import History
from simcore.plan.log import NEVER_US, Source
from simcore.plan.plan import Epoch, Plan, SideBySide
from simcore.plan.platform import platform_of

CAPPED = {"deferred": "no room under the cap: it waits", "capped": "no room under the cap: it is left out"}
"""What a cap does, in the journal."""


class Made(NamedTuple):
    """What has happened: a projection for each sequence, in order; and the broadcasts that went out."""

    projections: list[Projection]
    mailing: Mailing | None
    people: People | None
    broadcasts: Broadcasts | None


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
) -> Made:
    """What happens to everybody in all sequences. `options`: of each sequence, which differ in `changes`,
    `assumptions` and `enabled_at` alone."""
    ids = [*sequences]
    platforms = [platform_of(each) for each in sequences.values()]
    shared = options[ids[0]]
    how, until_us = shared.tables, read_until(shared.until, shared.typed)
    rows = given(entries, shared.events, ids, platforms, how)
    epochs = [epochs_of(sequences[each], options[each], until_us) for each in ids]
    if cap is not None and cap.most is not None:
        epochs = [[_worded(epoch, CAPPED) for epoch in each] for each in epochs]
    else:
        cap = None
    beside = _beside(ids, epochs, cap, mails=broadcasts is not None)
    projections: dict[int, Projection] = {}
    for at, one in enumerate(ids):
        if at not in beside:
            projections[at] = _alone(sequences[one], at, rows, platforms[at].name, options[one], notes)
    everybody = mailing = None
    if beside or broadcasts is not None:
        everybody = people(rows, epochs, platforms, until_us, how, broadcasts)
        emits = any(step.emits for at in beside for epoch in epochs[at] for step in epoch.plan.steps)
        histories = {
            name: History(log, _plans(platforms, epochs, name)[0].events, emits=emits)
            for name, log in everybody.logs.items()
        }
        size = len(everybody.ids)
        limit = None
        if cap is not None and cap.most is not None:
            limit = Limit(cap.most, cap.window_us, size, defers=cap.on_excess == "defer")
        if broadcasts is not None:
            mailing = Mailing(broadcasts, everybody, [*histories.values()], limit)
        parts = []
        for at in beside:
            one, platform = ids[at], platforms[at].name
            enabled_us = enabled(options[one])
            came = audience.beside(
                rows.entries[at], everybody.logs[platform], epochs[at], until_us, how, enabled_us, at
            )
            entry = epochs[at][0].plan.entry
            parts.append(
                Part(
                    epochs[at],
                    came,
                    histories[platform],
                    key=keys(came.runs, entry)
                    if isinstance(entry, SideBySide)
                    else np.full(len(came.runs), -1),
                    notes=notes,
                    passes=options[one].render,
                    source=source_of(one),
                    ended=None
                    if came.runs.by_row
                    else partial(audience.ended, people=came, plan=epochs[at][0].plan, number=at),
                    enabled_us=enabled_us,
                    limit=limit,
                    explains=options[one].explain,
                )
            )
        Together(parts, size, rank=_rank([ids[at] for at in beside], cap), mails=mailing).run(until_us)
        for at, part in zip(beside, parts, strict=True):
            found, outcome = settled(part)
            stop_us = NEVER_US if until_us is None else until_us
            words = platforms[at].words if cap is None else platforms[at].words._replace(cap=cap.words)
            projections[at] = Projection(epochs[at], found, outcome, stop_us, options[ids[at]], words)
    return Made([projections[at] for at in range(len(ids))], mailing, everybody, broadcasts)


def _alone(sequence: Any, at: int, rows: Given, platform: str, options: Options, notes: bool) -> Projection:
    """What happens in a sequence to which no other matters."""
    entries: Any = rows.entries[at]
    events = rows.events[platform]
    only = rows.only[platform]
    if events is not None and only is not None:
        events = events[np.isin(only, [-1, at])]
    if events is not None and "sequence_id" in events.columns:
        events = events.drop(columns="sequence_id")
    if entries is None and (events is None or plan_of(sequence).trigger is None):
        entries = []  # nobody comes
    return make(sequence, entries, options._replace(events=events, columns=None), notes=notes)


def _worded(epoch: Epoch, words: Mapping[str, str]) -> Epoch:
    """The same, whose plan has words for what else may happen."""
    return epoch._replace(plan=replace(epoch.plan, words={**epoch.plan.words, **words}))


def _plans(platforms: Sequence[Any], epochs: Sequence[Sequence[Epoch]], name: str) -> list[Plan]:
    return [
        epoch.plan
        for platform, each in zip(platforms, epochs, strict=True)
        for epoch in each
        if platform.name == name
    ]


def _beside(
    ids: Sequence[int | str], epochs: Sequence[Sequence[Epoch]], cap: Cap | None, *, mails: bool
) -> list[int]:
    """The places of the sequences of which one matters to another, or to broadcasts (`mails`)."""
    everybody = [*range(len(ids))]
    emits = any(step.emits for each in epochs for epoch in each for step in epoch.plan.steps)
    if cap is not None or (emits and (mails or len(ids) > 1)):
        return everybody
    found: set[int] = set()
    for at, each in enumerate(epochs):
        excluded = {source for epoch in each for source in epoch.plan.excluded}
        others = {number for number, one in enumerate(ids) if source_of(one) in excluded}
        if others:
            found |= {at, *others}
    return sorted(found)


def _rank(ids: Sequence[int | str], cap: Cap | None) -> list[int]:
    """The places of sequences in the order in which their mails go at one instant (A6)."""
    first = [ids.index(each) for each in dict.fromkeys(cap.priority if cap else ()) if each in ids]
    return [*first, *(at for at in range(len(ids)) if at not in first)]
