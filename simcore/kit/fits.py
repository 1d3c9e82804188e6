"""How well each of many timelines explains a log, where they share most of what becomes of people.

What a subscriber's sends say of one way that their runs go is found once, and added up for each combination.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
import pandas as pd

from simcore.clock.instants import NAT_US
from simcore.clock.zones import SECOND_US, Ints
from simcore.kit.families import Everybody, Ways
from simcore.kit.observed import Fit, Log
from simcore.plan.log import NEVER_US

_MARKS = np.random.default_rng(17).integers(1, 2**63, size=(2, 1), dtype=np.uint64)
_COUNTS = 6  # explained, exact, matched, short, met, extra: see `_Told`


class _Atoms(NamedTuple):
    """Subscribers, each with ways that all of their runs go: `who` int64 [atoms], their place in the log (-1 for
    none), and `ways` int64 [atoms x runs of the subscriber], -1 for no further run."""

    who: Ints
    ways: Ints


class _Told(NamedTuple):
    """What the log says of atoms. `counts` int64 [atoms x 6]: how many sends are within the tolerance, and within a
    second; how many have a counterpart; all errors together, each at most the tolerance [µs]; how many projected sends
    are somebody's counterpart, and how many in the time of the log are nobody's. `error_us` and `of` int64: the errors
    of sends that have a counterpart, in order, and the atom of each. `send` and `send_us`: all sends, and all errors.
    """

    counts: Ints
    error_us: Ints
    of: Ints
    send: Ints
    send_us: Ints


class Scores:
    """Scores timelines against a log. `readings`: the runs of everybody under each reading of who starts one."""

    def __init__(self, log: Log, people: Everybody, tolerance_us: int) -> None:
        self._log, self._tolerance_us, self._most_us = log, tolerance_us, max(tolerance_us, 1)
        self._first_us, self._last_us = int(log.sent_us.min()), int(log.sent_us.max())
        self._by_who = np.argsort(log.who, kind="stable")
        self._start = np.searchsorted(log.who[self._by_who], np.arange(len(log.ids) + 1))
        self._readings = [_Reading(log, people, places) for places in people.places]
        self.least_us = np.full(len(log.sent_us), NEVER_US)
        """The smallest error of each send, of all that was scored."""

    def timelines(self, ways: Ways) -> list[list[bytes]]:
        """A name for the timeline of each variant, by reading: the same for the same."""
        mixed = np.zeros((2, len(ways.base)), np.uint64)
        for row in ways.at_us.view(np.uint64):
            mixed = (mixed ^ row) * (_MARKS | np.uint64(1))
            mixed ^= mixed >> np.uint64(29)
        marks = np.ascontiguousarray(mixed.T)
        return [
            [
                blake2b(reading.name + marks[which[reading.places]].tobytes(), digest_size=16).digest()
                for which in ways.which
            ]
            for reading in self._readings
        ]

    def fits(self, ways: Ways, wanted: Sequence[tuple[int, int]]) -> list[Fit]:
        """The fit of some (reading, variant)s."""
        atoms, uses = self._atoms(ways)
        told = self._told(ways, atoms)
        np.minimum.at(self.least_us, told.send, told.send_us)
        return [
            self._fit(told, uses[reading][variant], self._readings[reading].absent)
            for reading, variant in wanted
        ]

    def _atoms(self, ways: Ways) -> tuple[_Atoms, list[Ints]]:
        """All atoms, and for each reading those of each variant [variants x subscribers]."""
        size = len(ways.base)
        whos, tables, uses, so_far = [], [], [], 0
        widest = max(reading.turns.shape[1] for reading in self._readings)
        for reading in self._readings:
            single = ways.which[:, reading.places[reading.single]]
            many = reading.turns.shape[1]
            # Of who has several runs: the ways of all of them, as one number.
            turns = np.where(reading.turns < 0, size, ways.which[:, reading.turns])
            code = turns[..., 0]
            for turn in range(1, many):
                code = pd.factorize((code * (size + 1) + turns[..., turn]).reshape(-1))[0].reshape(code.shape)
            both = np.concatenate([single, size + code], axis=1)
            whose = np.broadcast_to(np.append(reading.who_single, reading.who_several), both.shape)
            index, distinct = pd.factorize(both.reshape(-1))
            index = index.astype(np.int64)
            first = np.empty(distinct.size, np.int64)
            first[index[::-1]] = np.arange(index.size)[::-1]
            table = np.full((distinct.size, widest), -1)
            alone = distinct < size
            table[alone, 0] = distinct[alone]
            several = np.flatnonzero(~alone)
            number, person = np.divmod(first[several], both.shape[1])
            mine = turns[number, person - single.shape[1]]
            table[several, :many] = np.where(mine == size, -1, mine)
            whos.append(whose.reshape(-1)[first])
            tables.append(table)
            uses.append(so_far + index.reshape(both.shape))
            so_far += distinct.size
        return _Atoms(np.concatenate(whos), np.concatenate(tables)), uses

    def _told(self, ways: Ways, atoms: _Atoms) -> _Told:
        log, emails, turns = self._log, len(ways.at_us), atoms.ways.shape[1]
        known = np.flatnonzero(atoms.who >= 0)
        count = self._start[atoms.who[known] + 1] - self._start[atoms.who[known]]
        of = np.repeat(known, count)
        begin = np.cumsum(count) - count
        place = np.arange(of.size) - np.repeat(begin - self._start[atoms.who[known]], count)
        send = self._by_who[place]
        sent_us, email = log.sent_us[send], log.email[send]
        error_us, nearest = np.full(of.size, NEVER_US), np.full(of.size, -1)
        for turn in range(turns):
            way = atoms.ways[of, turn]
            there_us = np.where(way < 0, NAT_US, ways.at_us[email, way])
            gap_us = np.where(there_us == NAT_US, NEVER_US, np.abs(sent_us - np.maximum(there_us, 0)))
            nearer = gap_us < error_us
            error_us[nearer], nearest[nearer] = gap_us[nearer], turn
        met = np.zeros((len(atoms.who), turns, emails), np.bool_)
        has = nearest >= 0
        met[of[has], nearest[has], email[has]] = True
        inside = ((ways.at_us >= self._first_us) & (ways.at_us <= self._last_us)).T
        extra = (inside[atoms.ways] & (atoms.ways >= 0)[..., None] & ~met).sum(axis=(1, 2))
        short_us = np.minimum(error_us, self._most_us)
        columns = (error_us <= self._tolerance_us, error_us <= SECOND_US, has, short_us)
        counts = np.zeros((len(atoms.who), _COUNTS), np.int64)
        for number, values in enumerate(columns):
            total = np.append(0, np.cumsum(values, dtype=np.int64))
            counts[known, number] = total[begin + count] - total[begin]
        counts[:, 4], counts[:, 5] = met.sum(axis=(1, 2)), extra
        matched = np.flatnonzero(has)
        order = matched[np.argsort(error_us[matched])]
        return _Told(counts, error_us[order], of[order], send, error_us)

    def _fit(self, told: _Told, atoms: Ints, absent: int) -> Fit:
        explained, exact, matched, short, met, extra = told.counts[atoms].sum(axis=0).tolist()
        ends = np.full(2, NAT_US)
        if matched:
            used = np.zeros(len(told.counts), np.bool_)
            used[atoms] = True
            errors_us = told.error_us[used[told.of]]
            ends = np.rint([_quantile(errors_us, share) for share in (0.5, 0.95)]).astype(np.int64)
        median, p95 = ends.view("timedelta64[us]")
        sends = len(self._log.sent_us)
        return Fit(
            explained=explained / sends,
            exact=exact / sends,
            median_error=median,
            p95_error=p95,
            unmatched=sends - matched,
            extra=extra,
            short=(short + absent * self._most_us) / self._most_us,
            logged=met / max(met + extra, 1),
        )


class _Reading:
    """The runs of one reading of who starts one, by subscriber: `places` among everybody's runs."""

    def __init__(self, log: Log, people: Everybody, places: Ints) -> None:
        runs = people.runs
        self.places = places
        self.name = blake2b(runs.row[places].tobytes()).digest()
        who = log.subscribers(runs.subscriber_id)[places]
        order = np.argsort(who, kind="stable")
        count = np.bincount(who[who >= 0], minlength=len(log.ids))
        alone = (who < 0) | (count[who] == 1)
        self.absent = int((count[log.who] == 0).sum())
        """How many sends are to people who have no run."""
        self.single = np.flatnonzero(alone)
        self.who_single = who[self.single]
        self.who_several = np.flatnonzero(count > 1)
        self.turns = np.full((self.who_several.size, max(int(count.max(initial=1)), 1)), -1)
        first = np.searchsorted(who[order], self.who_several)
        for turn in range(self.turns.shape[1]):
            there = np.flatnonzero(count[self.who_several] > turn)
            self.turns[there, turn] = places[order[first[there] + turn]]


def _quantile(ordered: Ints, share: float) -> float:
    """As np.quantile gives it, of numbers that are in order."""
    place = (ordered.size - 1) * share
    before = int(place)
    part = place - before
    low, high = int(ordered[before]), int(ordered[min(before + 1, ordered.size - 1)])
    return low + (high - low) * part if part < 0.5 else high - (high - low) * (1 - part)
