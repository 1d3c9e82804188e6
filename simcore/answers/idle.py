"""What comes to nothing: entries that start no run, and projections without a send, with the reason."""

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
"""What becomes of entries that start no run, of one and of several."""


class Idle(NamedTuple):
    """What comes to nothing in a projection.

    `without_run`: how many entries start no run, by what becomes of them (K17, Q18), the most first. `why_no_sends`:
    why nothing is sent, "" where something is.
    """

    without_run: dict[str, int]
    why_no_sends: str

    def told(self) -> str:
        """Entries that start no run, in words, "" for none.

        >>> Idle({"ignored": 2, "excluded": 1}, "").told()
        '3 entries started no run: 2 came again, 1 is excluded'
        """
        fates = ", ".join(f"{number} {_FATES[word][number > 1]}" for word, number in self.without_run.items())
        total = count(sum(self.without_run.values()), "entry", "entries")
        return fates and f"{total} started no run: {fates}"


def idle(projection: Projection, entries: int | None) -> Idle:
    """What comes to nothing; `entries`: how many were given, 0 too where each counts none; None where events enrol."""
    counts = np.bincount(projection.people.rejected.fate, minlength=len(ENTRY_WORDS)).tolist()
    found = {word: number for word, number in zip(ENTRY_WORDS, counts, strict=True) if number}
    some = any(len(item.at) for item in projection.outcome.sends)
    by_most = dict(sorted(found.items(), key=lambda each: -each[1]))
    return Idle(by_most, "" if some and entries != 0 else _why(projection, entries))


def _why(projection: Projection, entries: int | None) -> str:
    """Why nothing is sent, where nothing is; of several reasons the first to be looked at."""
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
        return f"no event enrols anybody{' before until=' if ends else ''}"
    if not len(runs):
        return "no entry starts a run"
    first = runs.of(np.zeros(1, np.int64))
    if first.end_us[0] == NEVER_US:  # what nothing ends is explained as a preview explains it
        record = Record(
            projection.epochs, first, projection.people.log, notes=True, keeps=True, passes=True, late=True
        )
        found, plan = run(record, projection.epochs, None, None), plans[-1]
        step = next((each for each in plan.steps if each.sends), None)
        if step is not None and not found.sends:
            return explain.unsent(step, plan, found, projection.words)
    return f"no run comes as far as its first email{' before until=' if ends else ''}"
