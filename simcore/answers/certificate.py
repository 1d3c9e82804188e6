"""The certificate of an optimum: what of a space was not evaluated, and why it need not be."""

from dataclasses import dataclass
from math import prod

from simcore.answers.space import Box


@dataclass(frozen=True)
class Part:
    """A part of a space that was not evaluated, since a bound rules it out.

    `box`: for each field, the places of some of its values. All of these schedules have a `metric` of at `least` or at
    most `bound`, by the `laws`. `against`: what that rules it out by: a limit, or "" for the best schedules found.
    """

    box: Box
    metric: str
    least: bool
    bound: float
    against: str
    laws: tuple[str, ...]

    @property
    def schedules(self) -> int:
        """How many they are."""
        return prod(map(len, self.box))
