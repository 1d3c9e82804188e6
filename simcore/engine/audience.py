"""Entries, or the events that enrol, become runs: who, from when, until when, and what each brings along."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from simcore.clock import instants
from simcore.clock.zones import FIRST_US, LAST_US, Ints
from simcore.engine import entries as reading
from simcore.engine import events as event_log
from simcore.engine import one_at_a_time, recipients, side_by_side
from simcore.engine.people import STARTED, Audience, parted
from simcore.errors import EntryError, shown
from simcore.plan.log import NEVER_US, Flags, Log, Watched
from simcore.plan.plan import Enrolments, Epoch, Plan, SideBySide
from simcore.plan.runs import Runs

NO_STATUS = ""
LEFT = "stopped:left"


def runs(
    entries: Any,
    events: Any,
    epochs: Sequence[Epoch],
    until_us: int | None,
    how: instants.Reader,
    enabled_us: int | None = None,
    zones: Any = None,
) -> Audience:
    """Who goes through the sequence when, by entries and events under plans that change.

    `how`: how their times are read. `zones`: recipients' own zones, as `recipients.zones_of` takes them. Where no
    entries are given, the plan's trigger enrols by the events, from `enabled_us` on. Raises EntryError that names the
    rows that cannot be read, or whose `via` is not one of the plan's (K13).
    """
    plan = epochs[0].plan
    exit_us, vias = None, plan.vias
    log: Log | None
    if entries is None and plan.trigger is not None:
        came, log, exit_us = _triggered(events, epochs, until_us, how, enabled_us)
        came = _zoned(came, zones)
        vias = (plan.trigger_via,)
    else:
        came, log = _given(entries, events, epochs, until_us, how, zones)
    statuses = _statuses(plan)
    fate, claims = np.full(len(came), STARTED, np.int8), None
    in_order = isinstance(plan.entry, SideBySide) and side_by_side.goes_by_waves(came, epochs)
    if isinstance(plan.entry, SideBySide) and not in_order:
        fate, claims = side_by_side.first_pass(came, epochs, log)
    elif came.who is not None and not in_order:
        fate, number, next_us = one_at_a_time.taken(came.who, came.entered_us, came.via, epochs, log)
        came = replace(came, number=number, end_us=next_us, end_status=(next_us < NEVER_US).astype(np.int8))
    if exit_us is not None:
        came = replace(came, end_us=exit_us, end_status=_left(exit_us, statuses))
    if log is not None and came.who is not None:
        came = _ended(came, came.who, plan, log, statuses)
        claims = None if claims is None else claims._replace(came=came)
    found = Audience(*parted(came, fate), log, statuses, vias, claims, in_order)
    if isinstance(plan.entry, SideBySide) and claims is None and not in_order:
        return side_by_side.numbered(found)
    return found


def beside(
    entries: Any,
    log: Log,
    epochs: Sequence[Epoch],
    until_us: int | None,
    how: instants.Reader,
    enabled_us: int | None,
    number: int,
    zones: Any = None,
) -> Audience:
    """All who come to one of several sequences that share a log, as though each began a run: who is taken in is for
    the waves to say. Where no entries are given, the plan's trigger enrols; the index of entries says which row of
    all each is. `number`: the sequence's in the account. `zones`: as for `runs`.
    """
    plan, exit_us, vias = epochs[0].plan, None, epochs[0].plan.vias
    if entries is None and plan.trigger is not None:
        came, exit_us = _enrolled(log, epochs, until_us, enabled_us)
        came = _zoned(came, zones)
        vias = (plan.trigger_via,)
    else:
        came = _entered([] if entries is None else entries, epochs, until_us, how, zones)
        if entries is not None:
            came = replace(came, row=entries.index.to_numpy()[came.row])
        who = event_log.places(log.ids, came.subscriber_id)
        which = np.full(len(came), -1) if came.which is None else came.which
        came = replace(came, who=who, which=which)
    statuses = _statuses(plan)
    if exit_us is not None:
        came = replace(came, end_us=exit_us, end_status=_left(exit_us, statuses))
    nobody = parted(came, np.zeros(len(came), np.int8))
    people = Audience(*nobody, log, statuses, vias, in_order=True)
    return people._replace(runs=ended(came, people, plan, number))


def ended(came: Runs, people: Audience, plan: Plan, number: int) -> Runs:
    """Runs that events end, of the sequence of a number among those that share the log."""
    return _ended(came, came.numbered_who, plan, people.known_log, people.statuses, number)


def _statuses(plan: Plan) -> tuple[str, ...]:
    return (
        NO_STATUS,
        "restarted",
        *dict.fromkeys(status for status, _ in plan.events.leaves.values()),
        LEFT,
    )


def _left(exit_us: Ints, statuses: tuple[str, ...]) -> np.ndarray:
    return np.where(exit_us < NEVER_US, statuses.index(LEFT), 0).astype(np.int8)


def _given(
    entries: Any,
    events: Any,
    epochs: Sequence[Epoch],
    until_us: int | None,
    how: instants.Reader,
    zones: Any,
) -> tuple[Runs, Log | None]:
    """All entries before `until_us` as though each began a run, and the log."""
    came = _entered(entries, epochs, until_us, how, zones)
    log = who = None
    if events is not None or any(epoch.plan.looks_back for epoch in epochs):
        ids = came.subscriber_id
        people = pd.unique(ids) if len(ids) else ids
        log = _read(events, epochs, until_us, how, ids=people, triggered=False)
    side = isinstance(epochs[0].plan.entry, SideBySide)
    if log is not None or side or _repeats(came.subscriber_id):
        who = pd.factorize(came.subscriber_id)[0].astype(np.int64)
    return replace(came, who=who), log


def _entered(
    entries: Any, epochs: Sequence[Epoch], until_us: int | None, how: instants.Reader, zones: Any = None
) -> Runs:
    """All entries before `until_us` as though each began a run; no numbers tell their subscribers apart."""
    plan = epochs[0].plan
    side = isinstance(plan.entry, SideBySide)
    given = reading.frame(entries)
    entered_us, faults = reading.read(given, how)
    if faults:
        raise instants.explain_faults("entered_at", given["entered_at"], faults, reading.WAY_OUT)
    via = reading.vias_of(given, plan.vias)
    ids = event_log.array(given["subscriber_id"])
    row = np.arange(len(given))
    brought = _brought(given, [epoch.plan for epoch in epochs], side=side)
    if zones is not None:
        time_zone, names = recipients.zones_of(zones, given, ids)
        brought |= {"time_zone": time_zone, "zones": names}
    if until_us is not None and (entered_us >= until_us).any():
        row = np.flatnonzero(entered_us < until_us)
        ids, entered_us, via = ids[row], entered_us[row], via[row]
        for name in ("which", "attributes", "time_zone"):
            if brought.get(name) is not None:
                brought[name] = brought[name][row]
    return Runs.begun(ids, row, entered_us, via, None, **brought)


def _brought(given: pd.DataFrame, plans: Sequence[Plan], *, side: bool) -> dict[str, Any]:
    """What entries bring along, as their runs have it: properties, attributes and time zones."""
    reads = any(plan.reads_properties for plan in plans)
    found: dict[str, Any] = {"which": np.full(len(given), -1) if side else None}
    if reads and "properties" in given.columns:
        which, properties = event_log.read_properties(given["properties"], "entries: properties")
        found |= {"which": which, "properties": properties}
    if reads and "attributes" in given.columns:
        which, values = event_log.read_properties(given["attributes"], "entries: attributes")
        found |= {"attributes": which, "attribute_values": values}
    if any(plan.zone_field for plan in plans) and "time_zone" in given.columns:
        found["time_zone"], found["zones"] = reading.zones_of(given["time_zone"])
    return found


def _read(
    events: Any,
    epochs: Sequence[Epoch],
    until_us: int | None,
    how: instants.Reader,
    *,
    ids: Any,
    triggered: bool,
) -> Log:
    """The log, as far as any plan looks at it."""
    watched: Watched = frozenset()
    for each in (epoch.plan.watched(triggered=triggered) for epoch in epochs):
        watched = None if watched is None or each is None else watched | each
    return event_log.read(
        events,
        epochs[0].plan.events.vocabulary,
        watched,
        until_us,
        how,
        ids=ids,
        properties=any(epoch.plan.reads_properties for epoch in epochs),
    )


def _triggered(
    events: Any,
    epochs: Sequence[Epoch],
    until_us: int | None,
    how: instants.Reader,
    enabled_us: int | None,
) -> tuple[Runs, Log, Ints | None]:
    """All enrolments by the plan's trigger as though each began a run, in order; the log; when each ends again."""
    if events is None:
        raise EntryError(
            "entries: none are given, and no events either: give events, by which the sequence's trigger enrols, "
            "or entries, which are the enrolments themselves"
        )
    log = _read(events, epochs, until_us, how, ids=None, triggered=True)
    came, exit_us = _enrolled(log, epochs, until_us, enabled_us)
    return came, log, exit_us


def _zoned(came: Runs, zones: Any) -> Runs:
    """Enrolments by a trigger, each in the zone of its subscriber, where zones are given."""
    if zones is None:
        return came
    time_zone, names = recipients.zones_of(zones, None, came.subscriber_id)
    return replace(came, time_zone=time_zone, zones=names)


def _enrolled(
    log: Log, epochs: Sequence[Epoch], until_us: int | None, enabled_us: int | None
) -> tuple[Runs, Ints | None]:
    """All enrolments by the plan's trigger as though each began a run, in order; and when each ends again."""
    found = _enrolments(epochs, log, enabled_us)
    end_us = LAST_US + 1 if until_us is None else until_us
    order = np.lexsort((found.who, found.at_us))
    if until_us is None:
        late = order[found.at_us[order] > LAST_US]
        if late.size:
            raise EntryError(
                f"subscriber {shown(log.ids[found.who[late[0]]])}"
                f"{f', and {late.size - 1} more,' if late.size > 1 else ''} would be enrolled after 2200-01-01 "
                "UTC: pass until= to end before that, or change the trigger"
            )
    order = order[found.at_us[order] < end_us]
    who, at_us = found.who[order], found.at_us[order]
    came = Runs.begun(
        log.ids[who],
        np.arange(len(who)),
        at_us,
        np.zeros(len(who), np.int8),
        who,
        which=found.which[order],
        properties=log.properties,
        source=None if found.source is None else found.source[order],
        sources=found.sources,
        by_row=False,
    )
    return came, None if found.end_us is None else found.end_us[order]


def _enrolments(epochs: Sequence[Epoch], log: Log, enabled_us: int | None) -> Enrolments:
    """Who is enrolled when: each trigger enrols while it is in force."""
    parts: list[Enrolments] = []
    begins = [epoch.at_us for epoch in epochs]
    number = 0
    while number < len(epochs):
        trigger, end = epochs[number].plan.trigger, number
        while end < len(epochs) and epochs[end].plan.trigger == trigger:
            end += 1
        if trigger is not None:
            found = trigger.enrolments(log, enabled_us)
            if end - number == len(epochs):
                return found
            mine = found.at_us >= (begins[number] if number else FIRST_US)
            mine &= found.at_us < (begins[end] if end < len(epochs) else NEVER_US)
            parts.append(_some(found, mine))
        number = end
    return _together(parts)


def _some(found: Enrolments, mine: Flags) -> Enrolments:
    """Some of the enrolments, with all that may be said of them."""
    end_us = np.full(len(mine), NEVER_US) if found.end_us is None else found.end_us
    source = np.full(len(mine), -1) if found.source is None else found.source
    return Enrolments(
        found.who[mine], found.at_us[mine], found.which[mine], end_us[mine], source[mine], found.sources
    )


def _together(parts: Sequence[Enrolments]) -> Enrolments:
    """Enrolments by several triggers, each subscriber's in order."""
    sources = tuple(dict.fromkeys(source for part in parts for source in part.sources))
    source = []
    for part in parts:
        place = np.array([*(sources.index(each) for each in part.sources), -1], np.int64)
        source.append(place[part.source if part.source is not None else np.full(len(part.who), -1)])
    ends = [each.end_us for each in parts if each.end_us is not None]
    who, at_us, which = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("who", "at_us", "which")
    )
    return Enrolments(who, at_us, which, np.concatenate(ends), np.concatenate(source), sources)


def _ended(came: Runs, who: Ints, plan: Plan, log: Log, statuses: tuple[str, ...], number: int = -1) -> Runs:
    """Events end runs, where nothing does before; of one instant, events come before all else (K18, Q19).

    `number`: which of several sequences it is that share the log.
    """
    rows = log.of(plan.events.leaves)
    if log.only is not None:
        rows = rows[np.isin(log.only[rows], [-1, number])]
    ends = log.toggles(rows)
    place = ends.until(who, came.entered_us)
    some = np.flatnonzero(place < ends.first[who + 1])
    left_us = ends.at_us[place[some]]
    some, left_us = some[left_us <= came.end_us[some]], left_us[left_us <= came.end_us[some]]
    codes = np.array(
        [statuses.index(plan.events.leaves.get(name, (NO_STATUS,))[0]) for name in log.names], np.int8
    )
    end_us, end_status = came.end_us.copy(), came.end_status.copy()
    end_us[some] = left_us
    end_status[some] = codes[log.name[rows[place[some]]]]
    return replace(came, end_us=end_us, end_status=end_status)


def _repeats(ids: Any) -> bool:
    """Whether any subscriber stands there twice."""
    rising = isinstance(ids, np.ndarray) and ids.dtype.kind in "iu" and bool((ids[1:] > ids[:-1]).all())
    return not rising and not pd.Index(ids).is_unique
