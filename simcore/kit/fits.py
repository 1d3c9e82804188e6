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

_MARKS = np.array([[0x9E3779B97F4A7C15], [0xC2B2AE3D27D4EB4F]], np.uint64)  # odd, with bits all over
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
        self._row = people.runs.row
        self._who = log.subscribers(people.runs.subscriber_id)
        self._readings = [_Reading(log, people.runs.row, self._who, places) for places in people.places]
        self.least_us = np.full(len(log.sent_us), NEVER_US)
        """The smallest error of each send, of all that was scored."""

    def timelines(self, ways: Ways) -> list[list[bytes]]:
        """A name for the timeline of each variant, by reading: the same for the same."""
        mixed = _MARKS * (self._row[ways.base].view(np.uint64) + np.uint64(1))
        for row in np.ascontiguousarray(ways.at_us).view(np.uint64):
            mixed = (mixed ^ row) * _MARKS
            mixed ^= mixed >> np.uint64(29)
        return [
            [
                reading.name + mixed[:, which[reading.places]].sum(axis=1, dtype=np.uint64).tobytes()
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
        """All atoms, and for each reading those of each variant [variants x subscribers].

        Of subscribers with one run, each way is one; of others, all that go together.
        """
        size = so_far = len(ways.base)
        widest = max(reading.turns.shape[1] for reading in self._readings)
        alone = np.full((size, widest), -1)
        alone[:, 0] = np.arange(size)
        whos, tables, uses = [self._who[ways.base]], [alone], []
        for reading in self._readings:
            single = ways.which[:, reading.places[reading.single]]
            turns = np.where(reading.turns < 0, -1, ways.which[:, reading.turns])
            code = turns[..., 0].reshape(-1)
            for turn in range(1, turns.shape[-1]):
                code = pd.factorize(code * (size + 1) + turns[..., turn].reshape(-1))[0].astype(np.int64)
            code, first = _first_of_each(code)
            table = np.full((first.size, widest), -1)
            table[:, : turns.shape[-1]] = turns.reshape(-1, turns.shape[-1])[first]
            whos.append(reading.who_several[first % max(reading.who_several.size, 1)])
            tables.append(table)
            uses.append(np.concatenate([single, so_far + code.reshape(turns.shape[:-1])], axis=1))
            so_far += first.size
        return _Atoms(np.concatenate(whos), np.concatenate(tables)), uses

    def _told(self, ways: Ways, atoms: _Atoms) -> _Told:
        log, emails, turns = self._log, len(ways.at_us), atoms.ways.shape[1]
        known = np.flatnonzero(atoms.who >= 0)
        start = self._start[atoms.who[known]]
        count = self._start[atoms.who[known] + 1] - start
        of = np.repeat(known, count)
        begin = np.cumsum(count) - count
        send = self._by_who[np.arange(of.size) - np.repeat(begin - start, count)]
        sent_us, email = log.sent_us[send], log.email[send]
        error_us, nearest = np.full(of.size, NEVER_US), np.full(of.size, -1)
        some: Ints | slice = slice(None)
        for turn in range(turns):
            if turn:
                some = np.flatnonzero(atoms.ways[of, turn] >= 0)
            there_us = ways.at_us[email[some], atoms.ways[of[some], turn]]
            gap_us = np.abs(sent_us[some] - np.maximum(there_us, 0))
            gap_us[there_us == NAT_US] = NEVER_US
            nearer = gap_us < error_us[some]
            error_us[some] = np.where(nearer, gap_us, error_us[some])
            nearest[some] = np.where(nearer, turn, nearest[some])
        has = nearest >= 0
        met = np.zeros((len(atoms.who), turns, emails), np.bool_)
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
        return _Told(counts, *_in_order(error_us[has], of[has]), send, error_us)

    def _fit(self, told: _Told, atoms: Ints, absent: int) -> Fit:
        explained, exact, matched, short, met, extra = told.counts[atoms].sum(axis=0).tolist()
        ends = np.full(2, NAT_US)
        if matched:
            used = np.zeros(len(told.counts), np.bool_)
            used[atoms] = True
            among = np.flatnonzero(used[told.of])
            ends = np.rint([_quantile(told.error_us, among, share) for share in (0.5, 0.95)]).astype(np.int64)
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

    def __init__(self, log: Log, row: Ints, who: Ints, places: Ints) -> None:
        self.places = places
        self.name = blake2b(row[places].tobytes()).digest()
        who = who[places]
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


def _first_of_each(codes: Ints) -> tuple[Ints, Ints]:
    """Codes from 0 on in place of others, and where each of them is first."""
    index, distinct = pd.factorize(codes)
    first = np.empty(distinct.size, np.int64)
    first[index[::-1]] = np.arange(index.size)[::-1]
    return index.astype(np.int64), first


def _in_order(error_us: Ints, of: Ints) -> tuple[Ints, Ints]:
    """Errors in order, and the atom of each."""
    bits = int(of.max(initial=0)).bit_length()
    if int(error_us.max(initial=0)) < 1 << (62 - bits):  # both as one number, which is sorted faster by far
        both = np.sort(error_us << bits | of)
        return both >> bits, both & ((1 << bits) - 1)
    order = np.argsort(error_us)
    return error_us[order], of[order]


def _quantile(ordered: Ints, among: Ints, share: float) -> float:
    """What np.quantile gives of some of the numbers, by their places; the numbers are in order."""
    place = (among.size - 1) * share
    before = int(place)
    part = place - before
    low, high = ordered[among[[before, min(before + 1, among.size - 1)]]].tolist()
    return float(low + (high - low) * part if part < 0.5 else high - (high - low) * (1 - part))
