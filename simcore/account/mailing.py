"""Broadcasts as they go out, beside the sequences (A1, A6)."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from simcore.account.people import Broadcasts, People
from simcore.clock.zones import Ints
from simcore.engine.events import array, places
from simcore.engine.limit import Limit
from simcore.plan.history import History
from simcore.plan.log import NEVER_US, Flags


class Mailing:
    """All broadcasts, and how far each subscriber is with them.

    `due_us` int64 [µs; people]: when each subscriber's next one is due. `sent`: those that went out, as (number of the
    broadcast, people, instants [µs]).
    """

    def __init__(
        self, given: Broadcasts, people: People, histories: Sequence[History], limit: Limit | None
    ) -> None:
        self.given, self._histories, self._limit = given, histories, limit
        self.ids = people.ids
        self.sent: list[tuple[int, Ints, Ints]] = []
        alone = given.subscriber.notna().to_numpy()
        rows = np.flatnonzero(~alone)
        self._rows = rows[np.argsort(given.at_us[rows], kind="stable")]
        self._at_us = np.append(given.at_us[self._rows], NEVER_US)
        # Who is not known yet gets nothing that goes to everybody.
        self._next = np.searchsorted(self._at_us, people.known_us)
        rows = np.flatnonzero(alone)
        who = places(people.ids, array(given.subscriber.iloc[rows])) if rows.size else rows
        rows, who = rows[who >= 0], who[who >= 0]
        order = np.lexsort((given.at_us[rows], who))
        self._own, who = rows[order], who[order]
        self._own_us = np.append(given.at_us[self._own], NEVER_US)
        self._first = np.append(0, np.cumsum(np.bincount(who, minlength=len(people.ids))))
        self._mine = self._first[:-1].copy()
        self.due_us = np.full(len(people.ids), NEVER_US)
        self._look(np.arange(len(people.ids)))

    def _own_next_us(self, people: Ints) -> Ints:
        there = self._mine[people] < self._first[people + 1]
        us: Ints = np.where(there, self._own_us[np.where(there, self._mine[people], 0)], NEVER_US)
        return us

    def _look(self, people: Ints) -> None:
        self.due_us[people] = np.minimum(self._at_us[self._next[people]], self._own_next_us(people))

    def send(self, people: Ints) -> Ints:
        """The next one of each of some subscribers goes out, where it may; gives those to whom it did."""
        general = self._at_us[self._next[people]] <= self._own_next_us(people)
        row = np.empty(people.size, np.int64)
        row[general] = self._rows[self._next[people[general]]]
        row[~general] = self._own[self._mine[people[~general]]]
        self._next[people[general]] += 1
        self._mine[people[~general]] += 1
        self._look(people)
        got = []
        for one in np.unique(row).tolist():
            mine = people[row == one]
            at_us = np.full(mine.size, self.given.at_us[one])
            goes = ~np.any([each.left(mine, at_us) for each in self._histories], axis=0)
            audience = self.given.audience[one]
            if audience is not None:
                goes &= self._in(audience, mine, at_us)
            mine, at_us = mine[goes], at_us[goes]
            if mine.size:
                self.sent.append((int(self.given.number[one]), mine, at_us))
                if self._limit is not None:
                    self._limit.count(mine, at_us)
            got.append(mine)
        return np.concatenate(got)

    def _in(self, audience: Any, who: Ints, at_us: Ints) -> Flags:
        """Who is in any tag, list, segment or form of that name at an instant, as a platform reads it."""
        found = np.zeros(who.size, np.bool_)
        for history in self._histories:
            ref = history.events.vocabulary.ref(audience)
            kinds = {kind for kind, _ in history.events.joins.values()} - {"sequence"}
            if ref is not None:
                for kind in sorted(kinds):
                    found |= history.members((kind, ref)).state(who, at_us)
        return found
