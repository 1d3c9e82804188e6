"""Which assumptions about Kit calibration tries, and which of them matter."""

from collections.abc import Hashable, Iterable
from dataclasses import fields
from datetime import timedelta
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

import numpy as np

from simcore.answers.projection import Projection
from simcore.clock.zones import Ints
from simcore.kit.assumptions import Assumptions
from simcore.kit.observed import Log
from simcore.plan.plan import OneAtATime

if TYPE_CHECKING:
    from simcore.plan.plan import Plan

DEFAULTS = {switch.name: switch.default for switch in fields(Assumptions)}
VALUES = {
    switch.name: switch.metadata["values"]
    for switch in fields(Assumptions)
    if not isinstance(switch.default, timedelta)
}
TIMING = ("day_count", "poll_every", "poll_phase", "immediate_days", "email_days", "draft_delay")


def combinations(usual: Projection, log: Log, readings: list[str]) -> list[dict[str, Any]]:
    """All combinations to try, those nearest to the defaults first. `readings`: of positions that are taken."""
    may = {*TIMING, *_that_may(usual)}
    axes = {name: values for name, values in VALUES.items() if name in may} | {"position_taken": readings}
    if not readings:
        del axes["position_taken"]
    # If all plans hold, or none does, "same" equals one of the other values.
    if "hold_without_automation" in axes:
        holds = [bool(epoch.plan.hold_vias) for epoch in usual.epochs]
        same = "complete" if not any(holds) else "stay" if all(holds) else None
        name = "hold_without_automation"
        axes[name] = [value for value in axes[name] if value != same]
    found = []
    for (every, phase), *values in product(log.polls(usual.epochs), *axes.values()):
        given = {**dict(zip(axes, values, strict=True)), "poll_every": every, "poll_phase": phase}
        found.append(DEFAULTS | given)
    return sorted(found, key=lambda chosen: sum(chosen[name] != usual for name, usual in DEFAULTS.items()))


def _that_may(usual: Projection) -> set[str]:
    """The switches about the life of runs that can matter here; the others cannot, in any combination."""
    plans, people, found = [epoch.plan for epoch in usual.epochs], usual.people, set()
    if (
        any(isinstance(plan.entry, OneAtATime) and plan.entry.repeat for plan in plans)
        and (people.runs.number > 1).any()
    ):
        found.add("restart_via")
    if people.log is not None:
        members = [people.log.members(plan.excluded, plan.events) for plan in plans]
        found |= {"excluded_midway"} if any(some is not None for some in members) else set()
    if len(plans) > 1:
        found.add("queued_emails")
    orders = [[(step.email_id, step.sends) for step in plan.steps] for plan in plans]
    if any(
        before != after for before, after in pairwise(orders)
    ):  # or a run that holds never gets anything new
        found.add("hold_without_automation")
    published = [{email_id for email_id, sends in order if sends} for order in orders]
    if any(after - before for before, after in pairwise(published)):
        found |= {"insert_before_next", "earlier_insert"}
    return found


def timing_of(plans: list["Plan"]) -> Any:
    """The timing of plans: if two are equal, so are their timelines."""
    return tuple(
        tuple((step.delay, step.gate) if step.queued else None for step in plan.steps) for plan in plans
    )


def that_matter(combinations: list[dict[str, Any]], which: list[bytes]) -> list[str]:
    """The switches that change the timeline if only they change, for some values of the others."""
    timeline, columns, weight = _numbers(which), {}, 1
    for name in DEFAULTS:
        code = _numbers(chosen[name] for chosen in combinations)
        columns[name] = code * weight
        weight *= int(code.max()) + 1
    whole, found = sum(columns.values()), []
    for name, mine in columns.items():
        others = _numbers((whole - mine).tolist())
        one = np.empty(int(others.max()) + 1, np.int64)
        one[others] = timeline
        if (one[others] != timeline).any():
            found.append(name)
    return found


def _numbers(values: Iterable[Hashable]) -> Ints:
    """Equal numbers for equal values, from 0 on."""
    seen: dict[Hashable, int] = {}
    return np.array([seen.setdefault(value, len(seen)) for value in values], np.int64)
