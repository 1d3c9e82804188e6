"""What ends a run before its next node (Q20)."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from simcore.plan.log import NEVER_US, Events, Log, Since, Toggles, Watched, While, read_in
from simcore.plan.plan import Guard
from simcore.plan.runs import Runs
from simcore.sequenzy.properties import several
from simcore.sequenzy.triggers import passing


class Membership(NamedTuple):
    """has_tag, does_not_have_tag, added_to_list, removed_from_list, entered_segment: as it is at the node.

    `inside`: whether it stops who is in, or who is not; `events`: what puts anybody in or out.
    """

    kind: str
    ref: str
    inside: bool
    events: Events

    @property
    def watched(self) -> Watched:
        """Who goes in and out."""
        return self.events.about(frozenset({(self.kind, self.ref)}))

    def guard(self, log: Log, runs: Runs) -> Guard:
        """Whether the subscriber is in at the node, or is not."""
        members = log.members(frozenset({(self.kind, self.ref)}), self.events)
        if members is None:
            members = log.toggles(np.empty(0, np.int64))
        return While(members, self.inside, runs.numbered_who)


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

    def guard(self, log: Log, runs: Runs) -> Guard:
        """From the first such event on that comes later than the enrolment."""
        who, entered_us = runs.numbered_who, runs.entered_us
        rows = passing(log, log.rows(self.name, self.ref), self.filters)
        if not self.rules:
            return Since(log.toggles(rows).next_us(who, entered_us))
        entry_paths, event_paths = zip(*self.rules, strict=True)
        of_event = read_in(log.properties, log.which[rows], lambda each: several(each, event_paths))
        of_run = read_in(runs.properties, runs.which_or_none, lambda each: several(each, entry_paths))
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
