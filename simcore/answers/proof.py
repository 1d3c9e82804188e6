"""Checks a certificate again, in a plain way of its own that has nothing of the search: neither cells nor relaxations.

Evaluated schedules are simulated one by one. Of the others, the earliest and the latest instant of every send of every
run is found by trying all that may be at each step: since no gate and no delay overtakes (T17, T19), who goes on from
the earliest anchor by the earliest of some timings is never later than under any of their schedules.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import product
from typing import Any, NamedTuple, NoReturn

import numpy as np
import pandas as pd

from simcore.answers.certificate import Box, Claims, Part
from simcore.answers.options import Entries
from simcore.answers.projection import make, planned
from simcore.answers.reach import (
    Reach,
    Timing,
    busiest,
    crowd,
    ends,
    goes_back,
    is_lawful,
    placed,
    quantiles,
    share,
    sorts,
)
from simcore.clock.delays import CalendarDays
from simcore.clock.zones import DAY_US, Ints, Zone, zone
from simcore.errors import SimcoreError
from simcore.plan.plan import OneAtATime, Plan
from simcore.plan.runs import Runs

_NAMES = ("median_days", "p95_days", "weekend_share", "night_share", "most_in_an_hour")
_KEPT = 512
_BEFORE_US = 3 * DAY_US  # so long before an entry nothing on a clock matters to it


class _Runs(NamedTuple):
    """When runs enter [µs], under plans that are alike but for their steps: those of each clock in order. A clock has
    the name of a zone; None is the sequence's own (T22)."""

    entered_us: dict[str | None, Ints]
    plan: Plan


def check(claims: Claims, entries: Entries | None, report: Callable[[int], None]) -> None:
    """Raises SimcoreError, with the reason, where a certificate does not hold. `report` takes how many schedules are
    done."""
    proof = _Proof(claims, entries)
    proof.covers()
    done = 0
    measured = {}
    for row in claims.evaluated.index.tolist():
        measured[row] = proof.measured(row)
        done += 1
        report(done)
    proof.agrees(measured)
    worst = proof.best(measured)
    for part in claims.parts:
        proof.rules_out(part, worst)
        proof.holds(part)
        done += part.schedules
        report(done)


def _fail(why: str) -> NoReturn:
    raise SimcoreError(f"the certificate does not hold: {why}")


class _Proof:
    """The proof of one certificate."""

    def __init__(self, claims: Claims, entries: Entries | None) -> None:
        self.claims, self.entries = claims, entries
        self.sizes = [len(values) for values in claims.over.values()]
        self.size = math.prod(self.sizes)
        self.audiences: list[_Runs] = []
        self.kept: dict[Any, Reach] = {}

    def chosen(self, places: Iterable[int]) -> dict[str, Any]:
        """The values at some places."""
        return {path: of[at] for (path, of), at in zip(self.claims.over.items(), places, strict=True)}

    def places(self, row: int) -> list[int]:
        """The places of a row's values: those of the last field go round first."""
        found = []
        for size in reversed(self.sizes):
            row, place = divmod(row, size)
            found.append(place)
        return found[::-1]

    def row(self, places: Iterable[int]) -> int:
        """The row of some places."""
        number = 0
        for place, size in zip(places, self.sizes, strict=True):
            number = number * size + place
        return number

    def covers(self) -> None:
        """Each schedule is evaluated or ruled out, and none twice."""
        often = np.zeros(self.size, np.int64)
        for row in self.claims.evaluated.index.tolist():
            if not 0 <= row < self.size:
                _fail(f"there is no schedule {row}")
            often[row] += 1
        for part in self.claims.parts:
            if not _fits(part.box, self.sizes):
                _fail(f"there is no such part: {part.box}")
            for places in product(*part.box):
                often[self.row(places)] += 1
        wrong = np.flatnonzero(often != 1)
        if wrong.size:
            chosen = self.chosen(self.places(int(wrong[0])))
            told = "twice" if often[wrong[0]] > 1 else "neither evaluated nor ruled out"
            _fail(f"{wrong.size} schedules, the first of them {chosen}, are covered {told}")

    def measured(self, row: int) -> tuple[float, ...]:
        """The metrics of a schedule, from its timeline."""
        sequence = self.claims.sequence.with_fields(self.chosen(self.places(row)))
        life = make(sequence, self.entries, self.claims.options, notes=True).simulation()
        some = life.subscribers[life.subscribers["sends"] > 0]
        if not len(some):
            return math.nan, math.nan, math.nan, math.nan, 0
        sent_us = _us(life.timeline["send_at"])
        weekend, night = sorts(here := _zone_of(life.timeline["send_at"]), sent_us)
        return (
            *quantiles(_us(some["last_send_at"]) - _us(some["entered_at"])),
            int(weekend.sum()) / sent_us.size,
            int(night.sum()) / sent_us.size,
            busiest(here, sent_us),
        )

    def agrees(self, measured: dict[int, tuple[float, ...]]) -> None:
        """What was evaluated is what the table of it says."""
        table = self.claims.evaluated
        self._same("evaluated", table, [(row, measured[row]) for row in table.index.tolist()])

    def best(self, measured: dict[int, tuple[float, ...]]) -> tuple[float, int] | None:
        """The last of the best schedules, by what is minimized and its row; None where there are fewer than wanted.

        Raises SimcoreError where those that are said to be the best are not.
        """
        at = _NAMES.index(self.claims.minimize)
        order = sorted(
            (math.isnan(values[at]), 0.0 if math.isnan(values[at]) else values[at], row)
            for row, values in measured.items()
            if all(
                _keeps(values[_NAMES.index(each.metric)], each.sign, each.number)
                for each in self.claims.subject_to
            )
        )[: self.claims.top]
        self._same("best", self.claims.best, [(row, measured[row]) for *_, row in order])
        if len(order) < self.claims.top or order[-1][0]:
            return None
        return order[-1][1:]

    def _same(self, name: str, table: pd.DataFrame, expected: list[tuple[int, tuple[float, ...]]]) -> None:
        if len(table) != len(expected):
            _fail(f"{name} has {len(table)} schedules, and not {len(expected)}")
        for at, (row, values) in enumerate(expected):
            chosen = [_shown(each) for each in self.chosen(self.places(row)).values()]
            for column, wanted in zip(table.columns, [*chosen, *values], strict=True):
                found = table[column].iloc[at]
                if not _alike(_shown(found), wanted):
                    _fail(f"{name} has {found} as {column} of schedule {row}, and not {wanted}")

    def rules_out(self, part: Part, worst: tuple[float, int] | None) -> None:
        """The bound of a part leaves none of its schedules among the best."""
        if not part.against:
            first = self.row(places[0] for places in part.box)
            better = worst is not None and (
                worst[0] < part.bound or (worst[0] == part.bound and worst[1] < first)
            )
            if part.metric != self.claims.minimize or not part.least or not better:
                _fail(f"{part.why}; but they may be better")
            return
        asked = [
            each for each in self.claims.subject_to if (str(each), each.metric) == (part.against, part.metric)
        ]
        signs = {"<=", "<", "=="} if part.least else {">=", ">", "=="}
        for each in asked:
            past = part.bound > each.number if part.least else part.bound < each.number
            if each.sign in signs and (past or (each.sign in {"<", ">"} and part.bound == each.number)):
                return
        _fail(f"{part.why}; but they may be within that limit")

    def holds(self, part: Part) -> None:
        """The bound of a part holds for all of its schedules."""
        runs, steps = self._steps(part.box)
        place = zone(runs.plan.time_zone)
        each = {name: self._reach(runs, name, steps, place) for name in runs.entered_us}
        reach = [one for found in each.values() for one in found]
        if part.metric in _NAMES[:2]:
            lengths_us = [found[-1].low_us - runs.entered_us[name] for name, found in each.items()]
            low, high = quantiles(np.concatenate(lengths_us))[_NAMES.index(part.metric)], math.inf
        elif part.metric == _NAMES[-1]:
            low, high = crowd(reach, place), float(sum(one.low_us.size for one in reach))
        else:
            low, high = share(_NAMES.index(part.metric) - 2, reach, place)
        if (low < part.bound) if part.least else (high > part.bound):
            _fail(
                f"{part.why}; but it is known only to be at {f'least {low}' if part.least else f'most {high}'}"
            )

    def _steps(self, box: Box) -> tuple[_Runs, list[list[Timing]]]:
        """Who goes through the schedules of a part, and all that may be at each of their steps."""
        options = self.claims.options
        if options.events is not None or options.until is not None or [*options.changes]:
            _fail("with events, changes or an end no bound is known")
        found: list[dict[Timing, None]] = []
        pattern, rest, first = None, None, None
        for places in product(*box):
            sequence = self.claims.sequence.with_fields(self.chosen(places))
            plan = planned(sequence, options)
            timings = [Timing(each.delay, each.gate, each.sends) for each in plan.steps if each.queued]
            mine = [timing.sends for timing in timings]
            if rest is None:
                pattern, rest, first = mine, replace(plan, steps=()), sequence
                found = [{} for _ in mine]
            if mine != pattern or replace(plan, steps=()) != rest or not _is_plain(plan) or not any(mine):
                _fail(f"no bound is known for schedules such as {self.chosen(places)}")
            for seen, timing in zip(found, timings, strict=True):
                if not is_lawful(timing):
                    _fail(f"no bound is known for {timing.delay} and {timing.gate}")
                seen[timing] = None
        return self._audience(first, rest, sum(pattern or [])), [[*each] for each in found]

    def _audience(self, sequence: Any, rest: Plan | None, sends: int) -> _Runs:
        """The runs of plans that are alike but for their steps, where all of them get every email."""
        for known in self.audiences:
            if known.plan == rest:
                return known
        projection = make(sequence, self.entries, self.claims.options, notes=True)
        life = projection.simulation()
        runs = life.subscribers
        if rest is None or not len(runs) or not (runs["sends"] == sends).all():
            _fail("runs end before their last email, so that no bound is known")
        alone = not runs["subscriber_id"].duplicated().any() and life.journal["run"].notna().all()
        if not (alone or isinstance(rest.entry, OneAtATime)):
            _fail("who enters depends on how long others take, so that no bound is known")
        self.audiences.append(_Runs(_by_clock(projection.people.runs), rest))
        return self.audiences[-1]

    def _reach(self, runs: _Runs, name: str | None, steps: list[list[Timing]], place: Zone) -> list[Reach]:
        """The earliest and the latest instant of each email, for each run of a clock."""
        entered_us = runs.entered_us[name]
        here = Reach(entered_us, entered_us, [])
        found, dated = [], {place}
        for at, some in enumerate(steps):
            way = (id(entered_us), *(frozenset(each) for each in steps[: at + 1]))
            if way not in self.kept:
                if len(self.kept) >= _KEPT * len(runs.entered_us):
                    self.kept.clear()
                there = [placed(each, name) for each in some]
                low_us, high_us = (
                    ends(here.low_us, there, np.minimum),
                    ends(here.high_us, there, np.maximum),
                )
                self.kept[way] = Reach(low_us, high_us, there)
            here = self.kept[way]
            dated |= {zone(one.delay.time_zone) for one in here.some if isinstance(one.delay, CalendarDays)}
            if some[0].sends:
                found.append(here)
        for each in dated:
            if goes_back(each, int(entered_us[0]), int(here.high_us.max())):
                _fail(f"dates come twice in {each.name}, so that no bound is known")
        return found


def _by_clock(runs: Runs) -> dict[str | None, Ints]:
    """When runs enter [µs], in order, those together whose clocks are the same from then on."""
    entered_us = runs.entered_us
    if runs.time_zone is None:
        return {None: np.sort(entered_us)}
    first_us = int(entered_us.min()) - _BEFORE_US
    clocks: dict[Any, str | None] = {}
    found: dict[str | None, list[Ints]] = {}
    for number, name in enumerate([*runs.zones, None]):
        mine = entered_us[runs.time_zone == (number if name is not None else -1)]
        clock: Any = None
        if name is not None:
            here = zone(name)
            later = here.changes_us > first_us
            clock = (*here.local_us(np.array([first_us])), *here.changes_us[later], *here.offsets_us[later])
        if mine.size:
            found.setdefault(clocks.setdefault(clock, name), []).append(mine)
    return {name: np.sort(np.concatenate(some)) for name, some in found.items()}


def _fits(box: Box, sizes: list[int]) -> bool:
    """Whether a part is one: some values of each field, none twice, in order."""
    if len(box) != len(sizes):
        return False
    return all(
        places and [*places] == sorted({*places}) and places[0] >= 0 and places[-1] < size
        for places, size in zip(box, sizes, strict=True)
    )


def _keeps(value: float, sign: str, number: float) -> bool:
    """Whether a value keeps a limit."""
    if math.isnan(value):
        return False
    return {
        "<": value < number,
        "<=": value <= number,
        "==": value == number,
        ">=": value >= number,
        ">": value > number,
    }[sign]


def _shown(value: Any) -> Any:
    """A value as a table has it."""
    return tuple(value) if isinstance(value, list | set | frozenset) else value


def _alike(one: Any, other: Any) -> bool:
    """Whether two values of a table are the same; what is None or NaN is missing."""
    if isinstance(one, tuple) or isinstance(other, tuple):
        return type(one) is type(other) and one == other
    missing = [value is None or value != value for value in (one, other)]
    return all(missing) or bool(one == other)


def _us(instants: Any) -> Ints:
    """Instants [µs]."""
    found: Ints = pd.DatetimeIndex(instants).as_unit("us").asi8
    return found


def _zone_of(instants: Any) -> Zone:
    """The zone that a column is in."""
    return zone(str(instants.dt.tz))


def _is_plain(plan: Plan) -> bool:
    """Whether runs go straight from step to step, whatever happens to their subscribers."""
    straight = all(
        step.branch is None and step.paths in {(), (at + 1,)} for at, step in enumerate(plan.steps)
    )
    return plan.active and straight and plan.stop is None and not plan.zone_field and not plan.in_order
