"""The line of a sequence: who comes to it and when, and what each subscriber's runs are due for next."""

from collections.abc import Callable

import numpy as np

from simcore.clock.zones import Ints
from simcore.engine.people import STARTED, Fates
from simcore.plan.log import NEVER_US, Flags
from simcore.plan.runs import Runs


class Line:
    """Who has come to one sequence so far, and what becomes of each entry; the same throughout all epochs.

    `came`: all who come, each as though it began a run. `key` int64 [came]: what its run must not share with an active
    one, -1 for none. `enters_us`, `owed_us` and `due_us` int64 [µs; people]: the next entry of each subscriber, the
    next mail that was published behind a run of theirs (K22), and the next step of any of their runs (`NEVER_US` for
    none); they are written to.
    """

    def __init__(self, came: Runs, key: Ints, enters_us: Ints, owed_us: Ints, due_us: Ints) -> None:
        self.came, self.key = came, key
        self.enters_us, self.owed_us, self.due_us = enters_us, owed_us, due_us
        self.people = people = len(due_us)
        self.fate: Fates = np.full(len(came), STARTED, np.int8)
        self.inside = np.zeros(len(came), np.bool_)  # who has come, and was taken in
        self.run_us = np.full(len(came), NEVER_US)  # when what a run waits for is due
        self.taken = np.zeros(people, np.int64)  # how many runs each has had
        self.entered = np.zeros(people, np.int64)  # how many entries of each are over
        self._due = np.full(people, -1)
        self._arrange()

    def _arrange(self) -> None:
        """The rows of each subscriber together, in the order in which they come."""
        who = self.came.numbered_who
        self.order = np.lexsort((self.came.entered_us, who))
        self.count = np.bincount(who, minlength=self.people)
        self.first = np.append(0, np.cumsum(self.count))
        self.single = int(self.count.max(initial=0)) <= 1  # nobody comes twice
        self.row = np.full(self.people, -1)  # the row of each, where nobody does
        if self.single:
            self.row[who] = np.arange(len(who))
        self.sorted = self.single and bool((who[1:] > who[:-1]).all())  # rows are in the order of people
        self.look_for_entries(np.arange(self.people))

    def add(self, came: Runs, some: Ints) -> None:
        """More come, at instants that are now or later: `came` has them behind all others. `some`: who they are of."""
        more = len(came) - len(self.came)
        self.came = came
        self.key = np.append(self.key, np.full(more, -1))
        self.fate = np.append(self.fate, np.full(more, STARTED, np.int8))
        self.inside = np.append(self.inside, np.zeros(more, np.bool_))
        self.run_us = np.append(self.run_us, np.full(more, NEVER_US))
        self._arrange()
        self.look_for_steps(some)

    def of(self, people: Ints) -> tuple[Ints, Ints]:
        """The rows of some subscribers, one after the other; and where those of each begin."""
        count = self.count[people]
        begins = np.cumsum(count) - count
        rows = self.order[np.repeat(self.first[people] - begins, count) + np.arange(int(count.sum()))]
        return rows, begins

    def look_for_entries(self, people: Ints) -> None:
        """Some subscribers have come in: who of them comes again, and when."""
        place = self.first[people] + self.entered[people]
        there = place < self.first[people + 1]
        self.enters_us[people] = NEVER_US
        self.enters_us[people[there]] = self.came.entered_us[self.order[place[there]]]

    def look_for_steps(self, people: Ints) -> None:
        """What runs of some subscribers wait for has changed: of each, the first that is due."""
        if self.single:
            rows = self.row[people]
            people, rows = (
                (people, rows) if rows.min(initial=0) >= 0 else (people[rows >= 0], rows[rows >= 0])
            )
            self._due[people], self.due_us[people] = rows, self.run_us[rows]
            return
        single = self.count[people] == 1
        one = people[single]
        self._due[one] = self.order[self.first[one]]
        self.due_us[one] = self.run_us[self._due[one]]
        many = people[self.count[people] > 1]
        if many.size:
            rows, begins = self.of(many)
            us = self.run_us[rows]
            least = np.minimum.reduceat(us, begins)
            place = np.where(us == np.repeat(least, self.count[many]), np.arange(rows.size), rows.size)
            self._due[many] = rows[np.minimum.reduceat(place, begins)]
            self.due_us[many] = least

    def entering(self, people: Ints) -> Ints:
        """The rows by which some subscribers come next, in the order of rows; they are over then."""
        rows = self.order[self.first[people] + self.entered[people]]
        self.entered[people] += 1
        self.look_for_entries(people)
        return rows if self.sorted else np.sort(rows)

    def due(self, people: Ints) -> Ints:
        """The runs of some subscribers that are due next, in the order of rows."""
        if self.sorted:
            found: Ints = self.row[people]
            return found
        return np.sort(self._due[people])

    def people_of(self, rows: Ints) -> Ints:
        """The subscribers of some rows, each once."""
        people: Ints = self.came.numbered_who[rows]
        return people if self.single or (self.count[people] == 1).all() else np.unique(people)

    def any_of(self, people: Ints, flags: Callable[[Ints, Ints], Flags]) -> Flags:
        """Whether any row of each of some subscribers has a flag, as given for rows and the places of their people."""
        if self.single:  # at most one row each
            rows = self.row[people]
            there = np.flatnonzero(rows >= 0)
            found = np.zeros(people.size, np.bool_)
            found[there] = flags(rows[there], there)
            return found
        found = np.zeros(people.size, np.bool_)
        there = np.flatnonzero(self.count[people])
        rows, begins = self.of(people[there])
        if rows.size:
            place = np.repeat(there, self.count[people[there]])
            found[there] = np.logical_or.reduceat(flags(rows, place), begins)
        return found
