"""The fewest observations that tell things apart: greedily, with a bound of how few there could be."""

from collections.abc import Iterator, Sequence
from math import prod
from typing import NamedTuple

import numpy as np

from simcore.clock.zones import Ints

_NODES = 2_000  # so many branches are looked at for the exact answer


class Cover(NamedTuple):
    """The observations `chosen`, by number, and how many it takes `at_least`."""

    chosen: list[int]
    at_least: int


def cover(signs: Ints, near: Sequence[tuple[int, int]], budget: int | None = None) -> Cover:
    """Few observations by which all things are told apart that can be. `signs` int64 [observations x things].

    `near`: pairs of things that are hard to tell apart. Their observations give the bound. `budget`: at most so many
    are chosen, those that tell the most apart.
    """
    distinct: dict[bytes, int] = {}
    for number, row in enumerate(signs):
        distinct.setdefault(_renamed(row).tobytes(), number)
    some = np.array([*distinct.values()], np.int64)
    table = signs[some]
    goal = _blocks(table)
    chosen = _greedy(table, goal, len(table) if budget is None else budget)
    whole = _blocks(table[chosen]) == goal
    if whole:
        chosen = _without_needless(table, chosen, goal)
    at_least, found = _bound(table, near, goal, len(chosen) if whole else None)
    if found is not None:
        chosen = found
    return Cover([int(some[at]) for at in chosen], at_least)


def _renamed(row: Ints) -> Ints:
    """Numbers in the order in which they come: equal for observations that tell the same things apart."""
    _, first, index = np.unique(row, return_index=True, return_inverse=True)
    rank = np.empty(first.size, np.int64)
    rank[np.argsort(first)] = np.arange(first.size)
    return rank[index]


def _blocks(table: Ints) -> int:
    """Into how many sets some observations part all things."""
    return len(np.unique(table, axis=1).T) if len(table) else min(1, table.shape[1])


def _greedy(table: Ints, goal: int, most: int) -> list[int]:
    """One after another the observation that leaves the fewest pairs together."""
    block, chosen = np.zeros(table.shape[1], np.int64), list[int]()
    while block.max(initial=0) + 1 < goal and len(chosen) < most:
        joint = block * (int(table.max()) + 1) + table
        left = [int((np.unique(row, return_counts=True)[1] ** 2).sum()) for row in joint]
        chosen.append(int(np.argmin(left)))
        block = np.unique(joint[chosen[-1]], return_inverse=True)[1]
    return chosen


def _without_needless(table: Ints, chosen: list[int], goal: int) -> list[int]:
    for at in [*chosen]:
        rest = [each for each in chosen if each != at]
        if _blocks(table[rest]) == goal:
            chosen = rest
    return chosen


def _bound(
    table: Ints, near: Sequence[tuple[int, int]], goal: int, size: int | None
) -> tuple[int, list[int] | None]:
    """How many it takes at least, and fewer than `size` that do, if there are (None: nobody knows of any).

    No few observations have more results than there are sets; and of pairs that share no observation, each takes its
    own. Where the search comes to its end, the answer is exact.
    """
    most = sorted((len(np.unique(row)) for row in table), reverse=True)
    at_least = next(count for count in range(len(most) + 1) if prod(most[:count]) >= goal)
    rows = {_bits(np.flatnonzero(table[:, one] != table[:, other])) for one, other in near}
    rows.discard(0)
    found = None
    nodes = iter(range(_NODES))
    while size is None or at_least < size:
        try:
            hit = _hitting([*rows], at_least, nodes)
        except StopIteration:
            break
        if hit is None:
            at_least += 1
            continue
        if size is None:
            break
        apart = _together(table[hit], table)
        if apart is None:
            found, size = hit, len(hit)
            break
        rows.add(_bits(np.flatnonzero(table[:, apart[0]] != table[:, apart[1]])))
    return at_least, found


def _together(some: Ints, table: Ints) -> tuple[int, int] | None:
    """Two things that some observations leave together, and others tell apart."""
    _, block = np.unique(some, axis=1, return_inverse=True)
    _, whole = np.unique(table, axis=1, return_inverse=True)
    block, whole = block.reshape(-1), whole.reshape(-1)
    first = np.empty(int(block.max()) + 1, np.int64)
    first[block[::-1]] = np.arange(block.size)[::-1]
    other = np.flatnonzero(whole != whole[first[block]])
    return None if not other.size else (int(first[block[other[0]]]), int(other[0]))


def _hitting(rows: list[int], most: int, nodes: Iterator[int]) -> list[int] | None:
    """At most so many numbers of which each row has one, if there are; StopIteration where that takes too long."""
    next(nodes)
    if not rows:
        return []
    rows = sorted(rows, key=int.bit_count)
    used, apart = 0, 0
    for row in rows:
        if not row & used:
            used, apart = used | row, apart + 1
    if apart > most:
        return None
    for number in _numbers(rows[0]):
        found = _hitting([row for row in rows if not row >> number & 1], most - 1, nodes)
        if found is not None:
            return [number, *found]
    return None


def _bits(numbers: Ints) -> int:
    return sum(1 << number for number in numbers.tolist())


def _numbers(bits: int) -> Iterator[int]:
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low
