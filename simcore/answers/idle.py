"""Entries that start no run, and projections that send nothing: how many, and why."""

from typing import NamedTuple

import numpy as np

from simcore.answers import explain
from simcore.answers.projection import Projection
from simcore.engine.people import ENTRY_WORDS
from simcore.engine.record import Record
from simcore.engine.simulate import run
from simcore.plan.log import NEVER_US
from simcore.text.wording import count

_FATES = {
    "blocked": ("is blocked", "are blocked"),
    "ignored": ("came again", "came again"),
    "excluded": ("is excluded", "are excluded"),
    "repeated": ("came again", "came again"),
    "duplicate": ("came while a run was active", "came while a run was active"),
    "no_key": ("has no key", "have no key"),
}
"""Why entries start no run, in words: for one entry, and for several."""


class Idle(NamedTuple):
    """What has no effect in a projection.

    `without_run`: how many entries start no run, by the reason (K17, Q18), the most frequent first. `why_no_sends`:
    why nothing is sent; "" if something is.
    """

    without_run: dict[str, int]
    why_no_sends: str

    def told(self) -> str:
        """The entries that start no run, in words; "" if there are none.

        >>> Idle({"ignored": 2, "excluded": 1}, "").told()
        '3 entries started no run: 2 came again, 1 is excluded'
        """
        fates = ", ".join(f"{number} {_FATES[word][number > 1]}" for word, number in self.without_run.items())
        total = count(sum(self.without_run.values()), "entry", "entries")
        return fates and f"{total} started no run: {fates}"


def idle(projection: Projection, entries: int | None) -> Idle:
    """What has no effect in a projection.

    `entries`: how many were given (0 also if each stands for no arrivals); None if events enrol.
    """
    counts = np.bincount(projection.people.rejected.fate, minlength=len(ENTRY_WORDS)).tolist()
    found = {word: number for word, number in zip(ENTRY_WORDS, counts, strict=True) if number}
    some = any(len(item.at) for item in projection.outcome.sends)
    by_most = dict(sorted(found.items(), key=lambda each: -each[1]))
    return Idle(by_most, "" if some and entries != 0 else _why(projection, entries))


def _why(projection: Projection, entries: int | None) -> str:
    """Why nothing is sent. If there are several reasons, the first in the order of the checks below."""
    runs, ends = projection.people.runs, projection.stop_us < NEVER_US
    came = len(runs) + len(projection.people.rejected.row)
    plans = [epoch.plan for epoch in projection.epochs]
    if entries == 0:
        return "there are no entries"
    if not came and entries is not None:
        return "all entries are at or after until="
    if not any(step.sends for plan in plans for step in plan.steps):
        return explain.no_email(plans[-1], projection.words)
    if not any(plan.active for plan in plans):
        return explain.INACTIVE
    if not came:
        return f"no event enrols anyone{' before until=' if ends else ''}"
    if not len(runs):
        return "no entry starts a run"
    first = runs.of(np.zeros(1, np.int64))
    if first.end_us[0] == NEVER_US:  # a run that nothing ends is explained as in a preview
        people = projection.people
        record = Record(
            projection.epochs,
            first,
            people.log,
            statuses=people.statuses,
            notes=True,
            keeps=True,
            passes=True,
            late=True,
        )
        found, plan = run(record, projection.epochs, None, None), plans[-1]
        step = next((each for each in plan.steps if each.sends), None)
        if step is not None and not found.sends:
            return explain.unsent(step, plan, found, projection.words)
    return f"no run reaches its first email{' before until=' if ends else ''}"
