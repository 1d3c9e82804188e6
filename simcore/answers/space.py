"""All schedules that some fields make, and how the steps of each are timed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from simcore.answers.certificate import Box
from simcore.answers.metrics import METRICS
from simcore.answers.options import Options
from simcore.answers.projection import planned
from simcore.answers.sweep import column, naming
from simcore.clock.delays import CalendarDays, Delay, Elapsed
from simcore.clock.gates import Anytime, Gate, Poll, SendSlots, SendWindow
from simcore.clock.zones import Ints
from simcore.errors import ValidationError
from simcore.plan.plan import Plan, Step
from simcore.plan.platform import platform_of


@dataclass(frozen=True, eq=False)
class Timing:
    """When a step is due after the one before it, and whether it is sent then.

    Of equal timings there is one object, which is faster to look up than its parts.
    """

    delay: Delay
    gate: Gate
    sends: bool = True

    @property
    def lawful(self) -> bool:
        """Whether the laws of the clock hold for it (T17, T19), in each zone (T22), and it ever is due."""
        kinds = type(self.delay) in {Elapsed, CalendarDays} and type(self.gate) in {
            Anytime,
            Poll,
            SendSlots,
            SendWindow,
        }
        return kinds and not self.gate.closed

    def in_zone(self, time_zone: str | None) -> "Timing":
        """The same for runs in a zone of their own; None for the sequence's."""
        if time_zone is None:
            return self
        return Timing(self.delay.in_zone(time_zone), self.gate.in_zone(time_zone), self.sends)


class Space:
    """All combinations of the values of some fields, in the order of `itertools.product`."""

    def __init__(self, sequence: Any, fields: dict[str, list[Any]]) -> None:
        self.sequence = sequence
        self.fields = fields
        self.sizes = [*map(len, fields.values())]

    def __len__(self) -> int:
        return prod(self.sizes)

    @property
    def whole(self) -> Box:
        """All of it."""
        return tuple(tuple(range(size)) for size in self.sizes)

    def first(self, box: Box) -> int:
        """The number of a part's first schedule."""
        return int(np.ravel_multi_index([places[0] for places in box], self.sizes))

    def box(self, row: int) -> Box:
        """A schedule as a part of its own."""
        return tuple((int(place),) for place in np.unravel_index(row, self.sizes))

    def combination(self, places: Iterable[int]) -> dict[str, Any]:
        """The values at some places, one for each field."""
        return {
            path: values[place] for (path, values), place in zip(self.fields.items(), places, strict=True)
        }

    def schedule(self, row: int) -> Any:
        """The sequence with the values of a row."""
        chosen = self.chosen(row)
        with naming(chosen):
            return self.sequence.with_fields(chosen)

    def chosen(self, row: int) -> dict[str, Any]:
        """The values of a row."""
        return self.combination(place for (place,) in self.box(row))

    def frame(self, rows: Sequence[int], measured: Sequence[Sequence[float]]) -> pd.DataFrame:
        """Some schedules as `simcore.sweep` shows them, each with its metrics."""
        at = np.unravel_index(np.array(rows, np.int64), self.sizes)
        found: dict[str, Any] = {
            path: pd.Series(column(tuple(values))).take(places).reset_index(drop=True)
            for (path, values), places in zip(self.fields.items(), at, strict=True)
        }
        numbers = np.array(measured, float).reshape(len(rows), len(METRICS))
        found |= {name: numbers[:, at] for at, name in enumerate(METRICS)}
        return pd.DataFrame(found).astype({METRICS[-1]: np.int64})


class Kind(NamedTuple):
    """What schedules have in common that can be compared: their first one; how many of their steps are waited for,
    and which of these are sent."""

    row: int
    steps: tuple[int, ...]
    sends: tuple[bool, ...]
    time_zone: str


class Timings:
    """How the steps of all schedules are timed, found without a plan for each where the platform says how.

    `known`: the distinct timings. `choice`: for each step an array with an axis for each field (of length 1 where the
    field does not matter), places in `known`. `kind` int64, the same for each schedule, places in `kinds`; -1 for
    those that cannot be compared by the laws of the clock.
    """

    def __init__(self, space: Space, options: Options) -> None:
        self._space, self._options = space, options
        self.known: list[Timing | None] = []
        self._number: dict[tuple[Delay, Gate, bool] | None, int] = {}
        self._rests: list[Plan] = []
        own = platform_of(space.sequence).own_steps(space.sequence, space.fields)
        try:
            self._read(own)
        except ValidationError:
            if not own:
                raise
            self._read({})  # in order, so that the first one that is not valid is named

    def _read(self, own: dict[str, int | str]) -> None:
        """Builds as many schedules as show the timing of every step under all values that matter to it."""
        space, names = self._space, [*self._space.fields]
        shared = [axis for axis, name in enumerate(names) if name not in own]
        parts: dict[int | str, list[int]] = {}
        for axis, name in enumerate(names):
            if name in own:
                parts.setdefault(own[name], []).append(axis)
        sizes = space.sizes
        lengths = {step: prod(sizes[axis] for axis in axes) for step, axes in parts.items()}
        turns = [self._turn(turn, names, parts) for turn in range(max(lengths.values(), default=1))]
        bases = [space.sequence.with_fields(turn) if turn else space.sequence for turn in turns]
        seen: dict[tuple[int, int | str], dict[tuple[int, int], int]] = {}
        rests = np.empty(prod(sizes[axis] for axis in shared), np.int64)
        for number, chosen in enumerate(product(*(space.fields[names[axis]] for axis in shared))):
            combination = dict(zip((names[axis] for axis in shared), chosen, strict=True))
            for turn, base in enumerate(bases):
                with naming(combination):
                    schedule = base.with_fields(combination) if combination else base
                plan = planned(schedule, self._options)
                for at, step in enumerate(plan.steps):
                    found = seen.setdefault((at, step.email_id), {})
                    found[number, turn % lengths.get(step.email_id, 1)] = self._timing(step)
                rests[number] = self._rest(plan)
        self.choice = []
        for at in range(1 + max((at for at, _ in seen), default=-1)):
            self.choice.append(
                self._choice(
                    [(step, found) for (place, step), found in seen.items() if place == at], shared, parts
                )
            )
        self._kinds(self._spread(rests, shared))

    def _turn(self, turn: int, names: list[str], parts: dict[int | str, list[int]]) -> dict[str, Any]:
        """Values of all fields that touch one step alone: each step's own combinations, one after the other."""
        values: dict[str, Any] = {}
        for axes in parts.values():
            sizes = [self._space.sizes[axis] for axis in axes]
            for axis, place in zip(axes, np.unravel_index(turn % prod(sizes), sizes), strict=True):
                values[names[axis]] = self._space.fields[names[axis]][int(place)]
        return values

    def _choice(
        self,
        found: list[tuple[int | str, dict[tuple[int, int], int]]],
        shared: list[int],
        parts: dict[int | str, list[int]],
    ) -> Ints:
        """The timings of the step at a place; another step may stand there in each schedule that is built anew."""
        sizes = self._space.sizes
        axes = [*shared, *(parts.get(found[0][0], []) if len(found) == 1 else [])]
        size = prod(sizes[axis] for axis in shared)
        raw = np.full((size, prod(sizes[axis] for axis in axes) // size), self._at(None))
        for _, numbers in found:
            for (number, turn), timing in numbers.items():
                raw[number, turn] = timing
        return self._spread(raw, axes)

    def _spread(self, raw: Ints, axes: list[int]) -> Ints:
        """An array over some fields, as one with an axis for each field, of length 1 for the others."""
        sizes = self._space.sizes
        inner = raw.reshape([sizes[axis] for axis in axes]).transpose(np.argsort(axes, kind="stable"))
        return inner.reshape([size if axis in axes else 1 for axis, size in enumerate(sizes)])

    def _timing(self, step: Step) -> int:
        """The number of a step's timing."""
        return self._at((step.delay, step.gate, step.sends) if step.queued else None)

    def _at(self, timing: tuple[Delay, Gate, bool] | None) -> int:
        number = self._number.setdefault(timing, len(self.known))
        if number == len(self.known):
            self.known.append(None if timing is None else Timing(*timing))
        return number

    def _rest(self, plan: Plan) -> int:
        """The number of all of a plan but its steps; -1 where its schedules cannot be compared."""
        simple = plan.active and plan.stop is None and not plan.zone_field and not plan.in_order
        steps = enumerate(plan.steps)
        if not simple or any(step.paths not in {(), (at + 1,)} for at, step in steps):
            return -1
        rest = replace(plan, steps=())
        for number, each in enumerate(self._rests):
            if each == rest:
                return number
        self._rests.append(rest)
        return len(self._rests) - 1

    def _kinds(self, rests: Ints) -> None:
        """Groups the schedules whose steps can be compared one by one."""
        known = [0 if each is None else (3 if not each.lawful else 1 + each.sends) for each in self.known]
        code = np.array(known)
        kind = np.broadcast_to(rests, self._space.sizes).copy()
        odd = kind < 0
        for choice in self.choice:
            codes = code[choice]
            odd |= codes == 3
            kind = np.unique(4 * kind + codes, return_inverse=True)[1].reshape(kind.shape)
        kind[odd] = -1
        self.kinds: list[Kind] = []
        self.kind = np.full(kind.shape, -1)
        for number in np.unique(kind[~odd]).tolist():
            mine = kind == number
            row = int(np.flatnonzero(mine)[0])
            here = self.some(self._space.box(row), range(len(self.choice)))
            steps = tuple(at for at, waited in enumerate(here) if waited)
            sends = tuple(each.sends for waited in here for each in waited)
            if any(sends):
                self.kind[mine] = len(self.kinds)
                zone = self._rests[int(np.broadcast_to(rests, kind.shape).ravel()[row])].time_zone
                self.kinds.append(Kind(row, steps, sends, zone))

    def some(self, box: Box, steps: Sequence[int]) -> list[list[Timing]]:
        """The distinct timings that a part's schedules have at some steps."""
        found = []
        for at in steps:
            choice = self.choice[at]
            where = [
                np.array(places if size > 1 else [0]) for places, size in zip(box, choice.shape, strict=True)
            ]
            found.append(self._known(choice[np.ix_(*where)]))
        return found

    def all_of(self, number: int) -> list[list[Timing]]:
        """The distinct timings of all schedules of a kind, at each of its steps."""
        mine = self.kind == number
        return [
            self._known(np.broadcast_to(self.choice[at], mine.shape)[mine]) for at in self.kinds[number].steps
        ]

    def _known(self, choice: Ints) -> list[Timing]:
        """The distinct timings among some, where there is one."""
        found = (self.known[number] for number in np.unique(choice).tolist())
        return [each for each in found if each is not None]

    def kind_of(self, box: Box) -> int:
        """The kind of all schedules of a part; -1 where they differ, or cannot be compared."""
        kinds = self.kind[np.ix_(*map(np.array, box))]
        first = int(kinds.flat[0])
        return first if (kinds == first).all() else -1
