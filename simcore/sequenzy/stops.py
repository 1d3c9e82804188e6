"""What ends a run before its next node (Q20)."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from simcore.clock.zones import Ints
from simcore.plan.log import NEVER_US, Log, Since, Toggles, Watched, While, found_in
from simcore.plan.plan import Guard
from simcore.sequenzy.properties import several
from simcore.sequenzy.triggers import passing


class Membership(NamedTuple):
    """has_tag, does_not_have_tag, added_to_list, removed_from_list, entered_segment: as it is at the node.

    `joins` and `clears` as in `simcore.plan.log.Log.members`; `inside`: whether it stops who is in, or who is not.
    """

    kind: str
    ref: str
    inside: bool
    joins: Mapping[str, tuple[str, bool]]
    clears: Mapping[str, str]

    @property
    def watched(self) -> Watched:
        """Who goes in and out."""
        names = [name for name, (kind, _) in self.joins.items() if kind == self.kind]
        cleared = [name for name, kind in self.clears.items() if kind == self.kind]
        return frozenset({*((name, self.ref) for name in names), *((name, None) for name in cleared)})

    def guard(self, log: Log, who: Ints, entered_us: Ints, things: Sequence[Any], thing: Ints) -> Guard:
        """Whether the subscriber is in at the node, or is not."""
        members = log.members(frozenset({(self.kind, self.ref)}), self.joins, self.clears)
        if members is None:
            members = log.toggles(np.empty(0, np.int64))
        return While(members, self.inside, who)


class Happened(NamedTuple):
    """event_received and field_changed; and, read as transitions, all others: an event after the enrolment.

    Of `name`, about `ref`, that passes `filters` and has at the second path of each of `rules` what the
    enrolling event has at the first.
    """

    name: str
    ref: str | None
    filters: tuple[Mapping[str, Any], ...] = ()
    rules: tuple[tuple[str, str], ...] = ()

    @property
    def watched(self) -> Watched:
        """Such events."""
        return frozenset({(self.name, self.ref)})

    def guard(self, log: Log, who: Ints, entered_us: Ints, things: Sequence[Any], thing: Ints) -> Guard:
        """From the first such event on that comes later than the enrolment."""
        rows = passing(log, log.rows(self.name, self.ref), self.filters)
        if not self.rules:
            return Since(log.toggles(rows).next_us(who, entered_us))
        entry_paths, event_paths = zip(*self.rules, strict=True)
        of_event = found_in(log.things, log.thing[rows], lambda each: several(each, event_paths))
        of_run = found_in(things, thing, lambda each: several(each, entry_paths))
        # A subscriber's events of each kind are a line of their own; of kind None is nothing.
        kind, _ = pd.factorize(np.append(of_event, of_run))
        line, _ = pd.factorize(np.append(log.who[rows], who) * (kind.max(initial=-1) + 2) + kind)
        some, mine = kind[: rows.size] >= 0, kind[rows.size :] >= 0
        rows, own = rows[some], line[: some.size][some]
        order = np.argsort(own, kind="stable")
        events = Toggles(own[order], log.at_us[rows[order]], rows < 0, int(line.max(initial=-1)) + 1)
        from_us = np.full(len(who), NEVER_US)
        from_us[mine] = events.next_us(line[some.size :][mine], entered_us[mine])
        return Since(from_us)
