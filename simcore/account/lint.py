"""What is worth a second look in an account: in each of its sequences, and across them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from simcore.account.simulation import in_order
from simcore.account.together import source_of
from simcore.answers.lint import Findings, instant
from simcore.answers.lint import lint as look
from simcore.answers.pieces import beyond_entry, pieces
from simcore.answers.projection import make
from simcore.clock.instants import Instant, show
from simcore.clock.zones import DAY_US, HOUR_US, LAST_US, Ints
from simcore.errors import TooLateError, TooManyError, shown
from simcore.plan.findings import SEVERITIES, Codes, two_years
from simcore.plan.log import Flags
from simcore.plan.plan import OneAtATime, Plan, Step
from simcore.plan.platform import platform_of
from simcore.text.wording import count, listed, local_date

CODES: Codes = MappingProxyType({
    "excludes-unknown": (
        "warning",
        "An excluded sequence is not in the account: nobody is excluded by it, unless events say who is in it.",
    ),
    "excludes-nobody": (
        "warning",
        "An excluded sequence of the account never has anybody in it, so the exclusion can never matter: publish an "
        "email there, or take the exclusion out.",
    ),
    "always-collide": (
        "warning",
        "Mails of two sequences go out within an hour of each other to everyone who enters both at one instant: move "
        "one of them, or let one sequence exclude the other.",
    ),
    "excludes-in-circle": (
        "note",
        "Sequences exclude each other in a circle: which of them a subscriber gets depends on which comes first. If "
        "that is not meant, take one exclusion out.",
    ),
})
"""Every code of what is found across sequences: its severity, what it means and what to do."""

_ENTRIES = 256  # so many are tried before anything is proved


class _Finding(NamedTuple):
    sequence_id: int | str
    code: str
    where: str
    message: str


def lint(
    sequences: Mapping[int | str, Any], plan_of: Callable[[Any], Plan], as_of: Instant | None
) -> pd.DataFrame:
    """See `Account.lint`. `plan_of`: gives the plan of a sequence, under the account's switches."""
    rows: list[tuple[Any, ...]] = []
    for key, one in sequences.items():
        others = [
            each for each in sequences.values() if each is not one and platform_of(each) is platform_of(one)
        ]
        rows += [(key, *row) for row in look(one, among=others, as_of=as_of).itertuples(index=False)]
    told = {(row[0], row[1]) for row in rows}
    plans = {key: plan_of(one) for key, one in sequences.items()}
    named = {key: f"{key} ({shown(one.name)})" for key, one in sequences.items()}
    excluded = {
        key: [other for other in plans if other != key and source_of(other) in plan.excluded]
        for key, plan in plans.items()
    }
    findings = [
        *_unknown(plans, {key for key, code in told if code == "excludes-unknown"}),
        *_nobody(plans, excluded, named),
        *_circles(excluded, named),
    ]
    if as_of is not None:
        findings += _collisions(sequences, plans, excluded, named, instant(as_of))
    rows += [(each.sequence_id, each.code, CODES[each.code][0], *each[2:]) for each in findings]
    rows.sort(key=lambda row: -SEVERITIES.index(row[2]))
    places = {key: at for at, key in enumerate(sequences)}
    severity = pd.CategoricalDtype(list(SEVERITIES), ordered=True)
    columns: dict[str, Any] = {
        "sequence_id": in_order(np.array([places[row[0]] for row in rows], np.int64), [*sequences])
    }
    for at, name in enumerate(("code", "severity", "where", "message"), 1):
        columns[name] = pd.Series([row[at] for row in rows], dtype=severity if name == "severity" else "str")
    return Findings(columns)


def _unknown(plans: Mapping[int | str, Plan], told: set[int | str]) -> Iterator[_Finding]:
    """Excluded sequences that are not in the account, where the platform's own findings do not say so (`told`)."""
    for key, plan in plans.items():
        there = {source_of(each) for each in plans}
        gone = sorted(str(ref) for kind, ref in plan.excluded - there if kind == "sequence")
        if gone and key not in told:
            what = (
                f"sequence {gone[0]}, which is" if len(gone) == 1 else f"sequences {listed(gone)}, which are"
            )
            yield _Finding(
                key,
                "excludes-unknown",
                f"exclusion of {listed(gone)}",
                f"The sequence excludes the subscribers of {what} not in the account. Nobody is excluded by that, "
                "unless events say who is in it: check the id.",
            )


def _nobody(
    plans: Mapping[int | str, Plan],
    excluded: Mapping[int | str, list[int | str]],
    named: Mapping[int | str, str],
) -> Iterator[_Finding]:
    """Exclusions of a sequence that never has anybody in it: its runs end as they start, and nobody who was in a run
    counts (K30)."""
    for key, others in excluded.items():
        for other in others:
            plan = plans[other]
            if not plans[key].once_in and not plan.hold_vias and plan.next(0) == len(plan.steps):
                yield _Finding(
                    key,
                    "excludes-nobody",
                    f"exclusion of {other}",
                    f"The sequence excludes who is in sequence {named[other]}, and nobody ever is: it has no email "
                    "that anybody waits for, so each run of it ends at the instant at which it starts, and only who "
                    "is in a run counts as in it, as assumed here. Publish an email there, or take the exclusion out.",
                )


def _circles(
    excluded: Mapping[int | str, list[int | str]], named: Mapping[int | str, str]
) -> Iterator[_Finding]:
    """Exclusions in circles: of each sequence the shortest that it is in, each circle once."""
    found: set[frozenset[int | str]] = set()
    for key in excluded:
        circle = _shortest(excluded, key)
        if not circle or frozenset(circle) in found:
            continue
        found.add(frozenset(circle))
        names = [named[each] for each in circle]
        if len(circle) == 2:
            told = f"Sequences {listed(names)} exclude each other: nobody enters one while in the other"
        else:
            chain = "; ".join(
                f"{one} excludes {other}" for one, other in zip(names, [*names[1:], names[0]], strict=True)
            )
            told = f"Sequences exclude one another in a circle: {chain}"
        yield _Finding(
            key,
            "excludes-in-circle",
            " > ".join(map(str, [*circle, key])),
            f"{told}. Which of them a subscriber gets depends on which comes first; at one instant, that is the one "
            "that comes first in the account. If that is not meant, take one exclusion out.",
        )


def _shortest(excluded: Mapping[int | str, list[int | str]], key: int | str) -> list[int | str]:
    """The shortest way from a sequence along exclusions back to itself, without its end; empty for none."""
    ways = [[key]]
    seen = {key}
    for way in ways:
        for other in excluded[way[-1]]:
            if other == key:
                return way
            if other not in seen:
                seen.add(other)
                ways.append([*way, other])
    return []


def _collisions(
    sequences: Mapping[int | str, Any],
    plans: Mapping[int | str, Plan],
    excluded: Mapping[int | str, list[int | str]],
    named: Mapping[int | str, str],
    as_of_us: int,
) -> Iterator[_Finding]:
    """Pairs of sequences of which mails always go out within an hour of each other, to who enters both at once.

    Proved, not sampled: on pieces of the entries each send stays or moves along, so the time between two is least and
    most at their ends.
    """
    days = two_years("UTC", as_of_us)
    first_us, end_us = int(days[0]) * DAY_US, (int(days[-1]) + 1) * DAY_US
    if end_us > LAST_US:
        return
    some_us = np.linspace(first_us, end_us - 1, _ENTRIES).astype(np.int64)
    tried = {key: _sends(sequences[key], plan, some_us) for key, plan in plans.items()}
    for key, other in combinations(sequences, 2):
        if key in excluded[other] or other in excluded[key]:
            continue  # nobody is in both
        if not _close(tried[key], tried[other]).any():
            continue
        try:
            cuts = [pieces(plans[each], first_us, end_us) for each in (key, other)]
        except TooManyError:
            continue
        begins_us = np.unique(np.concatenate(cuts))
        edges_us = np.unique(np.concatenate([begins_us, begins_us[1:] - 1, [end_us - 1]]))
        one, two = (_sends(sequences[each], plans[each], edges_us) for each in (key, other))
        pairs = np.argwhere(_close(one, two)).tolist()
        if not pairs:
            continue
        mine, theirs = one[pairs[0][0]][0], two[pairs[0][1]][0]
        others = count(len(pairs) - 1, "other pair")
        more = f", and so {'do' if len(pairs) > 2 else 'does'} {others} of mails" if len(pairs) > 1 else ""
        yield _Finding(
            key,
            "always-collide",
            f"position {mine.position}; position {theirs.position} of {other}",
            f"Whoever enters this sequence and {named[other]} at one instant gets {shown(mine.subject)} here and "
            f"{shown(theirs.subject)} there within an hour{more}. Checked for every entry from "
            f"{local_date(int(days[0]))} to {local_date(int(days[-1]))} UTC, if nothing else happens. Move one of "
            "them, or have one excluded.",
        )


def _sends(sequence: Any, plan: Plan, entered_us: Ints) -> list[tuple[Step, Ints]]:
    """The instants of each email's sends [µs, entries]; none where they depend on more than the entry."""
    if beyond_entry(plan) is not None:
        return []
    try:
        made = make(sequence, show(entered_us, "UTC"), plan=replace(plan, entry=OneAtATime()))
    except TooLateError:
        return []
    return [(item.step, item.at.all_us()) for item in made.outcome.sends]


def _close(one: list[tuple[Step, Ints]], two: list[tuple[Step, Ints]]) -> Flags:
    """Which emails of one sequence and of another always go out within an hour of each other [bool, pairs]."""
    found: Flags = np.zeros((len(one), len(two)), np.bool_)
    for at, (_, mine_us) in enumerate(one):
        for to, (_, theirs_us) in enumerate(two):
            found[at, to] = bool((np.abs(mine_us - theirs_us) <= HOUR_US).all())
    return found
