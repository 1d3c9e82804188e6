"""What an optimum claims: the best schedules of a space, and what rules out those that were not evaluated."""

from dataclasses import dataclass
from math import prod
from typing import Any, TypeAlias

import pandas as pd

from simcore.answers.limits import Limit
from simcore.answers.options import Options

Box: TypeAlias = tuple[tuple[int, ...], ...]
"""A part of a space: for each field, the places of some of its values."""


@dataclass(frozen=True)
class Part:
    """A part of a space that was not evaluated, since a bound rules it out.

    `box`: for each field, the places of some of its values. All of these schedules have a `metric` of at least or, if
    not `least`, at most `bound`, by the `laws`. `against`: the limit that it breaks, or "": there are as many
    schedules as wanted that are better.
    """

    box: Box
    metric: str
    least: bool
    bound: float
    against: str
    laws: tuple[str, ...]

    @property
    def schedules(self) -> int:
        """How many there are."""
        return prod(map(len, self.box))

    @property
    def why(self) -> str:
        """Why it is ruled out, in words."""
        what = f"{self.metric} is at {'least' if self.least else 'most'} {self.bound:.6g}"
        told = f"{what}: {', and '.join(self.laws)}" if self.laws else what
        return (
            f"{told}; so {self.against} is out of reach" if self.against else f"{told}; others are no worse"
        )


@dataclass(frozen=True, eq=False, repr=False)
class Claims:
    """What is claimed of the schedules of a space.

    `best`: the best of them, best first. `evaluated`: all that were evaluated, by their rows in a sweep. `parts`: the
    others. `over`, `minimize`, `subject_to` and `top`: what was asked for; `sequence` and `options`, of what.
    """

    best: pd.DataFrame
    evaluated: pd.DataFrame
    parts: tuple[Part, ...]
    over: dict[str, tuple[Any, ...]]
    minimize: str
    subject_to: tuple[Limit, ...]
    top: int
    sequence: Any
    options: Options
