"""Limits of metrics, as people write them: weekend_share <= 0."""

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from simcore.answers.metrics import METRICS
from simcore.errors import SimcoreError, shown

_ALSO = {"peak_hour": "most_in_an_hour"}
_FORM = re.compile(r"\s*(\w+)\s*([^\w\s.+-]+)\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*", re.ASCII)
_SIGNS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}


class Limit(NamedTuple):
    """A limit: a metric, a sign and a number."""

    metric: str
    sign: str
    number: float

    def __str__(self) -> str:
        return f"{self.metric} {self.sign} {self.number:.15g}"

    def holds(self, value: float) -> bool:
        """Whether a value keeps it; what is NaN keeps none."""
        return _SIGNS[self.sign](value, self.number)

    def beyond(self, low: float, high: float) -> str:
        """Which end of a range shows that nothing in the range keeps it: "low", "high" or neither, ""."""
        if self.sign in {"<=", "<", "=="} and (
            low > self.number or (self.sign == "<" and low == self.number)
        ):
            return "low"
        if self.sign in {">=", ">", "=="} and (
            high < self.number or (self.sign == ">" and high == self.number)
        ):
            return "high"
        return ""


def metric_of(name: Any, called: str) -> str:
    """A metric by its name. `called`: where it was given, for the error."""
    found = _ALSO.get(name, name) if isinstance(name, str) else None
    if found not in METRICS:
        raise SimcoreError(f"{called}: found {shown(name)}, expected one of: {', '.join((*METRICS, *_ALSO))}")
    return found


def limits_of(given: Any) -> tuple[Limit, ...]:
    """Limits from texts such as "weekend_share <= 0"; one text may stand alone."""
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, Iterable) or isinstance(texts, bytes | Mapping):
        raise SimcoreError(
            f'subject_to: found {shown(given)}, expected a list of limits such as "weekend_share <= 0"'
        )
    return tuple(_limit(text) for text in texts)


def _limit(text: Any) -> Limit:
    match = _FORM.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise SimcoreError(
            f'subject_to: found {shown(text)}, expected a metric, a sign and a number, such as "weekend_share <= 0"'
        )
    name, sign, number = match.groups()
    if sign not in _SIGNS:
        raise SimcoreError(
            f"subject_to: found the sign {sign} in {shown(text)}, expected one of: {', '.join(_SIGNS)}"
        )
    return Limit(metric_of(name, "subject_to"), sign, float(number))
