"""All combinations of assumptions that have the same timing, simulated together.

They differ in what becomes of a run at certain moments only: a change of the sequence, its end, an email that comes
due to somebody excluded. A run that never comes to such a moment goes the same way under all of them, so it is
simulated once; another one for each way that it may go.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from simcore.clock.instants import NAT_US
from simcore.clock.zones import Ints
from simcore.engine.people import Audience
from simcore.engine.record import (
    BEHIND_SENT,
    EXCLUDED_MIDWAY,
    HELD,
    INSERTED,
    RESCHEDULED,
    Record,
)
from simcore.engine.simulate import run
from simcore.kit.assumptions import Assumptions
from simcore.kit.model import Sequence as Model
from simcore.kit.translate import translate
from simcore.plan.plan import Epoch, OnChange, Plan, Step
from simcore.plan.runs import Runs

LIFE = {
    "hold_without_automation": HELD,
    "excluded_midway": EXCLUDED_MIDWAY,
    "queued_emails": RESCHEDULED,
    "insert_before_next": INSERTED,
    "earlier_insert": BEHIND_SENT,
}
"""The switches about what becomes of runs, and what a run must have come to for each of them to matter to it."""
_ALL = sum(LIFE.values())


class Ways(NamedTuple):
    """All ways that runs may go, as simulated: `at_us` int64 [µs; emails x ways], `NAT_US` where an email is not sent.

    `base` int64 [ways]: which run each is of. `which` int64 [variants x runs]: the way of each run under each variant.
    """

    at_us: Ints
    base: Ints
    which: Ints


class Everybody(NamedTuple):
    """All runs under any reading of who starts one: `places` says for each reading which of them it has."""

    runs: Runs
    places: list[Ints]


def everybody(audiences: Sequence[Audience]) -> Everybody:
    """The runs of several audiences of the same entries; those that two of them share are there once."""
    first = audiences[0].runs
    parts, places, size = [first], [np.arange(len(first))], len(first)
    at = np.full(max(int(each.runs.row.max(initial=-1)) for each in audiences) + 1, -1)
    at[first.row] = places[0]
    for audience in audiences[1:]:
        runs = audience.runs
        place = at[runs.row]
        same = (
            (place >= 0) & (first.end_us[place] == runs.end_us) & (first.end_status[place] == runs.end_status)
        )
        new = np.flatnonzero(~same)
        place[new] = size + np.arange(new.size)
        size += new.size
        parts.append(runs.of(new))
        places.append(place)
    if size == len(first):
        return Everybody(first, places)
    joined: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("number", "row", "entered_us", "end_us", "end_status", "via", "who")
    }
    ids = pd.concat([pd.Series(part.subscriber_id) for part in parts], ignore_index=True)
    return Everybody(replace(first, subscriber_id=ids.array, **joined), places)


class Variants:
    """The combinations of the switches of `LIFE`, and the plans by which runs go under all of them at once.

    `values`: of each of these switches those to try, the default first.
    """

    def __init__(self, values: dict[str, Sequence[Any]]) -> None:
        self.names = [*values]
        self.all: list[dict[str, Any]] = [
            dict(zip(values, each, strict=True)) for each in product(*values.values())
        ]
        self.number = {tuple(each.values()): at for at, each in enumerate(self.all)}
        self.differ = np.array(
            [[self._between(one, other) for other in self.all] for one in self.all], np.int8
        )
        """What a run must have come to for two variants to differ in what becomes of it [variants x variants]."""
        self._assumed = [Assumptions(**each) for each in self.all]
        self._nearest: dict[int, Ints] = {}

    @staticmethod
    def _between(one: dict[str, Any], other: dict[str, Any]) -> int:
        return sum(LIFE[name] for name in one if one[name] != other[name])

    def nearest(self, touched: int) -> Ints:
        """For each variant the first that differs from it only where a run did not come to [int64, variants]."""
        if touched not in self._nearest:
            self._nearest[touched] = ((self.differ & touched) == 0).argmax(axis=1)
        return self._nearest[touched]

    def plan(self, state: Model) -> Plan:
        """The plan of a sequence by which each run goes under a variant of its own, without the timing.

        The way of entry says which variant, and whether an automation put the subscriber in: see `via`.
        """
        plans = [translate(state, assume) for assume in self._assumed]
        vias = [(plan, via) for plan in plans for via in ("api", "visual_automation")]
        names = [f"{at // 2}{via}" for at, (_, via) in enumerate(vias)]

        def each(values: Iterator[bool]) -> tuple[bool, ...]:
            return tuple(value for value in values for _ in range(2))

        changes = [plan.on_change for plan in plans if isinstance(plan.on_change, OnChange)]
        return replace(
            plans[0],
            vias=tuple(names),
            hold_vias=frozenset(
                name for name, (plan, via) in zip(names, vias, strict=True) if via in plan.hold_vias
            ),
            excluded_ends=each(bool(plan.excluded_ends) for plan in plans),
            on_change=OnChange(
                each(bool(change.reschedule) for change in changes),
                each(bool(change.insert_at_once) for change in changes),
                each(bool(change.send_behind) for change in changes),
            ),
        )


class Family:
    """Runs under all variants, whatever the timing. `states`: the sequence, and what it is after each change;
    `audience`: one of the audiences whose runs these are."""

    def __init__(
        self,
        states: Sequence[Model],
        begins_us: Sequence[int],
        variants: Variants,
        audience: Audience,
        runs: Runs,
    ) -> None:
        plans = [variants.plan(state) for state in states]
        self._epochs = [Epoch(at_us=at_us, plan=plan) for at_us, plan in zip(begins_us, plans, strict=True)]
        self._variants, self._audience, self._runs = variants, audience, runs
        self._automated = runs.via == audience.vias.index("visual_automation")

    def ways(self, steps: Sequence[tuple[Step, ...]], email_ids: Sequence[int | str]) -> Ways:
        """All ways that the runs go with the steps of each epoch."""
        epochs = [
            epoch._replace(plan=replace(epoch.plan, steps=mine))
            for epoch, mine in zip(self._epochs, steps, strict=True)
        ]
        row_of = {email_id: row for row, email_id in enumerate(email_ids)}
        count, size = len(self._variants.all), len(self._runs)
        which = np.full((count, size), -1)
        come_to = np.zeros(size, np.int8)
        at_us, bases = [np.empty((len(row_of), 0), np.int64)], [np.empty(0, np.int64)]
        base, variant, so_far = np.arange(size), np.zeros(size, np.int64), 0
        while base.size:
            sent_us, touched = self._simulate(epochs, base, variant, row_of)
            at_us.append(sent_us)
            bases.append(base)
            np.bitwise_or.at(come_to, base, touched)
            place = so_far + np.arange(base.size)
            so_far += base.size
            for number in range(count):
                goes = (touched & self._variants.differ[variant, number]) == 0
                goes &= which[number, base] < 0
                which[number, base[goes]] = place[goes]
            base, variant = self._open(which, come_to)
        return Ways(np.concatenate(at_us, axis=1), np.concatenate(bases), which)

    def _open(self, which: Ints, come_to: npt.NDArray[np.int8]) -> tuple[Ints, Ints]:
        """Runs, and variants under which to simulate them next, until all ways are known.

        Variants that agree on all that a run has come to so far are tried by one of them.
        """
        number, base = np.nonzero(which < 0)
        nearest = np.zeros((_ALL + 1, len(which)), np.int64)
        for touched in np.unique(come_to[base]).tolist():
            nearest[touched] = self._variants.nearest(touched)
        pairs = np.unique(base * len(which) + nearest[come_to[base], number])
        return pairs // len(which), pairs % len(which)

    def _simulate(
        self, epochs: Sequence[Epoch], base: Ints, variant: Ints, row_of: dict[int | str, int]
    ) -> tuple[Ints, npt.NDArray[np.int8]]:
        """When each run is sent each email under a variant [µs; emails x runs], and what it comes to [runs]."""
        runs = self._runs if base.size == len(self._runs) and not variant.any() else self._runs.of(base)
        via = (2 * variant + self._automated[base]).astype(np.int8)
        record = Record(epochs, replace(runs, via=via), self._audience.log, statuses=self._audience.statuses)
        record.touched = np.zeros(base.size, np.int8)
        out = run(record, epochs, None, None)
        at_us = np.full((len(row_of), base.size), NAT_US)
        for item in out.sends:
            at_us[row_of[item.step.email_id], slice(None) if item.rows is None else item.rows] = (
                item.at.all_us()
            )
        return at_us, record.touched
