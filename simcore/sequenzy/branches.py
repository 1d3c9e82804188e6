"""Which path a run takes where a sequence parts: the first condition that holds, or a random share (Q36)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from simcore.clock.zones import Ints
from simcore.plan.history import History
from simcore.plan.log import Flags, Watched
from simcore.plan.runs import Runs
from simcore.sequenzy.knowledge import known
from simcore.sequenzy.properties import compares, contains, plain

_SETS = {
    "has_tag": ("tag", ("tagName", "tagId")),
    "does_not_have_tag": ("tag", ("tagName", "tagId")),
    "in_list": ("list", ("listId",)),
    "in_segment": ("segment", ("segmentId",)),
}
_EVENTS = {"tag": ("tag_added", "tag_removed"), "list": ("list_joined", "list_left", "unsubscribed")}
_EVENTS["segment"] = ("segment_entered", "segment_left")


@dataclass(frozen=True)
class Condition:
    """One condition of a branch (Q36). `scope`: "ever" or "this_sequence", where it looks at events."""

    kind: str
    name: str
    value: Any
    scope: str
    numeric: str

    @property
    def watched(self) -> Watched:
        """The events that it looks at."""
        if self.kind in _SETS:
            names = _EVENTS[_SETS[self.kind][0]]
            return frozenset((name, None if name == "unsubscribed" else self.name) for name in names)
        if self.kind in {"event_received", "link_clicked"}:
            return frozenset({(self.name, None)})
        return frozenset({("field_changed", self.name)})

    def holds(self, history: History, runs: Runs, rows: Ints, at_us: Ints) -> Flags:
        """Whether it holds of some runs at an instant."""
        who = runs.numbered_who[rows]
        if self.kind in _SETS:
            inside = history.members((_SETS[self.kind][0], self.name)).state(who, at_us)
            return ~inside if self.kind == "does_not_have_tag" else inside
        if self.kind in {"event_received", "link_clicked"}:
            return self._happened(history, who, runs.entered_us[rows], at_us)
        held: Flags = known(history, runs, rows, at_us, self.name, self._is).astype(np.bool_)
        return held

    def _happened(self, history: History, who: Ints, entered_us: Ints, at_us: Ints) -> Flags:
        log = history.log
        found = log.rows(self.name)
        if self.kind == "link_clicked" and self.value:
            hits = np.array([self.value in str(ref) for ref in log.refs] + [False], np.bool_)
            found = found[hits[log.ref[found]]]
        line = log.toggles(found)
        if self.scope == "this_sequence":
            happened: Flags = line.next_us(who, entered_us) <= at_us
        else:
            happened = line.last(who, at_us)[1] >= 0
        return happened

    def _is(self, value: Any) -> bool:
        """Whether a property with this value is what is asked for."""
        if self.kind == "has_phone":
            return value not in {None, "", False} if isinstance(value, str | bool | None) else True
        if self.kind == "sms_subscribed":
            return value is True
        if self.kind == "field_equals":
            return plain(value) == plain(self.value)
        if self.kind == "field_contains":
            return contains(value, self.value)
        return compares(self.kind.removeprefix("field_"), value, self.value, self.numeric)


def condition(given: Mapping[str, Any], *, numeric: str, scope: str) -> Condition:
    """A condition of a body; `numeric` and `scope`: the switches numeric_strings and activity_scope."""
    kind = given["conditionType"]
    names = _SETS[kind][1] if kind in _SETS else ("fieldName", "eventName")
    name = next((str(given[each]) for each in names if given.get(each) is not None), "")
    name = {"has_phone": "phone", "sms_subscribed": "sms_subscribed", "link_clicked": "link_clicked"}.get(
        kind, name
    )
    value = given.get("linkUrl") if kind == "link_clicked" else given.get("fieldValue")
    return Condition(kind, name, value, given.get("activityScope") or scope, numeric)


@dataclass(frozen=True)
class FirstThatHolds:
    """The first path whose condition holds; the one behind the last, where none does."""

    conditions: tuple[Condition, ...]
    by_number = False

    def seeded(self, seed: int) -> "FirstThatHolds":
        """Itself: no seed matters to it."""
        return self

    @property
    def watched(self) -> Watched:
        """What any of the conditions looks at."""
        return frozenset().union(*(each.watched or () for each in self.conditions))

    def choose(self, history: History, runs: Runs, rows: Ints, at_us: Ints) -> Ints:
        """Which path each of some runs takes at an instant [µs], by its number [int64, runs]."""
        path = np.full(rows.size, len(self.conditions))
        open_ = np.arange(rows.size)
        for number, each in enumerate(self.conditions):
            holds = each.holds(history, runs, rows[open_], at_us[open_])
            path[open_[holds]] = number
            open_ = open_[~holds]
        return path


@dataclass(frozen=True)
class RandomSplit:
    """Paths by shares that add to 100, by `seed`: the same run takes the same path, whatever else is simulated."""

    node: str
    percentages: tuple[float, ...]
    seed: int = 0
    by_number = True

    def seeded(self, seed: int) -> "RandomSplit":
        """The same by a seed."""
        return replace(self, seed=seed)

    @property
    def watched(self) -> Watched:
        """None."""
        return frozenset()

    def choose(self, history: History, runs: Runs, rows: Ints, at_us: Ints) -> Ints:
        """Which path each of some runs takes, by its number [int64, runs]."""
        return split(self.seed, self.node, self.percentages, runs.subscriber_id[rows], runs.number[rows])


def split(seed: int, node: str, percentages: tuple[float, ...], ids: Any, numbers: Any) -> Ints:
    """The path of each of some runs in a random split [int64, runs], by subscriber and number alone.

    >>> split(7, "n", (50.0, 50.0), np.array(["a", "b", "c", "d"]), np.ones(4, np.int32)).tolist()
    [0, 1, 0, 1]
    """
    texts = pd.Series(ids).astype(str).to_numpy(object)
    mixed = pd.util.hash_array(texts, categorize=False)
    for part in (pd.util.hash_array(np.array([f"{seed}/{node}"], object)), np.asarray(numbers, np.uint64)):
        mixed = _mixed(mixed ^ part)
    edges = [
        int(Fraction(sum(map(Fraction, percentages[: n + 1]))) * 2**63 / 100) for n in range(len(percentages))
    ]
    path = np.searchsorted(np.array(edges[:-1], np.uint64), mixed >> np.uint64(1), "right")
    return path.astype(np.int64)


def _mixed(numbers: Any) -> Any:
    """64 bits well mixed (the finaliser of SplitMix64)."""
    with np.errstate(over="ignore"):
        numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))
