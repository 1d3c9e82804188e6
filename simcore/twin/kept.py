"""What is due by when: `simcore.simulate`'s answers about one sequence, kept as long as they hold.

Nothing here knows when an email goes out. Without an end a simulation tells all that will be sent if nothing else is
written down; up to an instant those are the sends before it, since what comes later changes nothing of what was
before. So the clock can move often, and each move costs a look at what is there.
"""

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd

from simcore.answers.options import Options
from simcore.answers.projection import Simulation, make
from simcore.clock.zones import LAST_US, Ints
from simcore.errors import EntryError
from simcore.twin.stamps import stamp


class Arguments(NamedTuple):
    """The arguments of `simcore.simulate` for one sequence, `until` aside."""

    sequence: Any
    entries: pd.DataFrame | None
    events: pd.DataFrame | None
    changes: Sequence[Any]
    enabled_at: Any = None


class Recorded(Protocol):
    """A sequence, and what is written down of it."""

    def version(self) -> tuple[int, ...]:
        """Counts that grow with all that is written down of it; the last is that of entries, where the others only
        stand still while nobody enters who had entered before."""
        ...

    def arguments(self, since: int = 0) -> Arguments:
        """What is written down of it; of entries those from number `since` on."""
        ...


class Sent(NamedTuple):
    """Sends, and runs: `timeline` as of `simcore.simulate`, `at_us` int64 [µs], the instants of its rows; `who` and
    `entered_us` of all runs."""

    timeline: pd.DataFrame
    at_us: Ints
    who: Any
    entered_us: Ints


class Kept:
    """What is known of one sequence."""

    def __init__(self, recorded: Recorded) -> None:
        self.recorded = recorded
        self._version: tuple[int, ...] = (-1,)
        self._known_us = 0
        self._parts: list[Sent] = []
        self._standing: tuple[Any, Simulation | None] = (None, None)

    def sent(self, now_us: int) -> Sent:
        """All sends up to an instant, itself included, and the runs that have begun by then."""
        self._know(now_us)
        if len(self._parts) > 1:
            self._parts = [_joined(self._parts)]
        whole = self._parts[0]
        done, begun = whole.at_us <= now_us, whole.entered_us <= now_us
        timeline = whole.timeline
        if not done.all():
            timeline = timeline[done].reset_index(drop=True)
        return Sent(timeline, whole.at_us[done], whole.who[begun], whole.entered_us[begun])

    def standing(self, now_us: int) -> Simulation:
        """The simulation up to an instant, itself included: where everybody stands."""
        key = (self.recorded.version(), now_us)
        known, found = self._standing
        if found is None or known != key:
            found = _made(self.recorded.arguments(), now_us).simulation()
            self._standing = key, found
        return found

    def _know(self, now_us: int) -> None:
        """Simulates what is new, to the end of time, or to now where it ends after 2200."""
        version = self.recorded.version()
        if version == self._version and now_us <= self._known_us:
            return
        since = 0
        if self._parts and now_us <= self._known_us and version[:-1] == self._version[:-1]:
            since = self._version[-1]  # whoever is new changes nothing for those who were there
        known_us = self._known_us if since else LAST_US
        try:
            found = _sent(self.recorded.arguments(since), None)
        except EntryError:  # something would be after 2200
            since, known_us = 0, now_us
            found = _sent(self.recorded.arguments(), now_us)
        self._parts = [*self._parts, found] if since else [found]
        self._version, self._known_us = version, known_us


def _made(given: Arguments, now_us: int | None) -> Any:
    options = Options(
        events=given.events,
        changes=given.changes,
        until=None if now_us is None else stamp(now_us + 1),
        enabled_at=given.enabled_at,
        seed=0,
    )
    with warnings.catch_warnings():  # of tracked events that are nearly called as those of the platform
        warnings.simplefilter("ignore")
        return make(given.sequence, given.entries, options, notes=True)


def _sent(given: Arguments, now_us: int | None) -> Sent:
    made = _made(given, now_us)
    timeline = made.timeline()
    at_us = pd.DatetimeIndex(timeline["send_at"]).as_unit("us").asi8
    runs = made.people.runs
    return Sent(timeline, at_us, runs.subscriber_id, runs.entered_us)


def _joined(parts: Sequence[Sent]) -> Sent:
    return Sent(
        pd.concat([part.timeline for part in parts], ignore_index=True),
        np.concatenate([part.at_us for part in parts]),
        np.concatenate([part.who for part in parts]),
        np.concatenate([part.entered_us for part in parts]),
    )
