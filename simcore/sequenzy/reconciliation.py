"""Reconciling: what is predicted of each enrolment, beside what the platform says of it (Q41)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from os import PathLike
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from simcore.answers.options import Change, EventLog, Options
from simcore.answers.projection import enabled, epochs_of, tables
from simcore.answers.timeline import category
from simcore.clock import instants
from simcore.clock.instants import NAT_US, Instant, Unit
from simcore.clock.words import clock, length
from simcore.clock.zones import LAST_US, Zone, zone
from simcore.engine import audience
from simcore.engine.life import happen
from simcore.engine.people import ENTRY_WORDS, Audience
from simcore.engine.rounds import ACTIVE, STATES, Outcome
from simcore.errors import SimcoreError, shown
from simcore.plan.plan import Epoch
from simcore.sequenzy.assumptions import Assumptions
from simcore.sequenzy.enrollments import COLUMNS, enrollments
from simcore.sequenzy.model import Sequence as Model
from simcore.text.wording import listed

WHAT = (
    *("same", "earlier", "later", "elsewhere", "unknown_node", "no_instant"),
    *("ended", "still_active", "ended_otherwise", "not_predicted", "unknown_status"),
)
"""In what a prediction and a report may differ."""
_OPEN = ("active", "waiting")
_ENDED = {
    "completed": ("completed",),
    "cancelled": ("cancelled",),
    "removed": ("cancelled",),
    "stopped": ("cancelled", "completed"),  # which of them a stop condition gives is not documented
}
"""What the platform calls each of our statuses of runs that are over (Q21)."""
_NEEDED = ("subscriber_id", "entered_at", "status", "current_node_id", "wait_until")


class _Side(NamedTuple):
    """What is said of an enrolment: `status` ("" for none), the node it stands at ("" for none), and until when it
    waits there; when it ended, if it did; and when its gate lets it pass [µs, `NAT_US` for no instant]."""

    status: str
    node: str = ""
    until_us: int = NAT_US
    ended_us: int = NAT_US
    leaves_us: int = NAT_US


def reconcile(
    sequence: Model,
    enrollments: pd.DataFrame | Mapping[str, Any] | Iterable[Any] | str | PathLike[str],
    *,
    as_of: Instant,
    events: EventLog | None = None,
    changes: Iterable[Change] = (),
    tolerance: str | timedelta = "1min",
    assumptions: Assumptions | None = None,
    seed: int | None = None,
    naive_time_zone: str | None = None,
    unit: Unit | None = None,
    dayfirst: bool = False,
) -> pd.DataFrame:
    """What is predicted of each enrolment at an instant, beside what the platform says of it, and why they differ.

    `enrollments`: what `sequenzy.enrollments` gives (perhaps with more columns of entries, such as `properties`), or
    takes: a page, a list of pages, or a file. `as_of`: when it was fetched; nothing at or after that instant is
    predicted. `events` (of everybody enrolled), `changes`, `assumptions`, `seed`, `naive_time_zone`, `unit`,
    `dayfirst`: as for `simcore.simulate`. `tolerance`: how far the two instants may be apart and still be the same.

    Returns one row for each enrolment, in their order (index: a RangeIndex):

    - `enrollment_id` (str, if there is one), `subscriber_id`, `entered_at`;
    - `predicted_status` (str: active, completed, stopped, cancelled, removed, or why the entry starts no run, in the
      journal's words) and `reported_status` (str, as it came);
    - `predicted_node` and `reported_node` (str): the node at which it waits; missing if it does not. A delay that is a
      node of its own is named where the wait is not over, else the step that passes its window;
    - `predicted_until` and `reported_until` (datetime64[us, the sequence's zone]): until when; NaT for no instant;
    - `difference` (timedelta64[us], positive: reported later), where both wait at the same node for an instant;
    - `what` (category): same, earlier, later, elsewhere (at another node), unknown_node (the sequence has none of that
      id), no_instant (only one of them waits for an instant), ended (only in the report), still_active (only in the
      report), ended_otherwise, not_predicted (the entry starts no run, or not yet), unknown_status;
    - `reason` (str): the difference in one sentence, "" where there is none.

    Where an email waits for its window, a report may give the end of the wait before it or the opening of the window:
    either is the same. Of a run that a stop condition ended, completed and cancelled are the same.

    Raises ValidationError or SimcoreError for what is not a list of enrolments, EntryError for times that cannot be
    read. Rules: Q21, Q40, Q41.

    >>> import simcore
    >>> from simcore import sequenzy
    >>> onboarding = sequenzy.load(simcore.example("onboarding"))
    >>> listed = sequenzy.enrollments(simcore.example("sequenzy_enrollments"))
    >>> found = sequenzy.reconcile(onboarding, listed.iloc[1:], as_of="2026-03-27T20:00Z")
    >>> found["what"].tolist(), found["reason"].iloc[1][:37]
    (['unknown_node', 'unknown_node'], 'the sequence has no node n4: waits at')
    """
    if not isinstance(sequence, Model):
        raise SimcoreError(f"sequence: found {shown(sequence)}, expected a simcore.sequenzy.Sequence")
    tolerance_us = instants.length_us(tolerance, "tolerance")
    given = Options(
        events=events,
        changes=changes,
        until=as_of,
        assumptions=assumptions,
        seed=seed,
        naive_time_zone=naive_time_zone,
        unit=unit,
        dayfirst=dayfirst,
    )
    until_us = given.typed.read_one(as_of, "as_of")
    listing = _listing(enrollments)
    predicted = _predicted(sequence, listing, given, until_us)
    reported = _reported(listing, given)
    words = _Words(zone(sequence.time_zone), predicted.places, tolerance_us)
    found = [words.compare(*both) for both in zip(predicted.sides, reported, predicted.why, strict=True)]
    return _table(sequence, listing, predicted.sides, reported, found)


def _listing(given: Any) -> pd.DataFrame:
    """The enrolments as a frame, a row each from 0 on."""
    frame = given if isinstance(given, pd.DataFrame) else enrollments(given)
    if missing := [name for name in _NEEDED if name not in frame.columns]:
        raise SimcoreError(
            f"enrollments: no column {listed(missing, 'or')}, expected those that sequenzy.enrollments gives: "
            f"{', '.join(COLUMNS)}"
        )
    return frame.reset_index(drop=True)


class _Predicted(NamedTuple):
    """What is predicted of each enrolment, and why it starts no run ("" if it does); `places`: the order of all
    nodes."""

    sides: list[_Side]
    why: list[str]
    places: dict[str, int]


def _predicted(sequence: Model, listing: pd.DataFrame, given: Options, until_us: int) -> _Predicted:
    entries, given = tables(sequence, listing, given)
    epochs = epochs_of(sequence, given, until_us)
    # One more, in which nothing changes, so that the engine keeps where the waits end.
    epochs.append(epochs[-1]._replace(at_us=until_us, realign=False))
    people = audience.runs(entries, given.events, epochs, until_us, given.tables, enabled(given))
    people, out = happen(epochs, people, until_us, notes=True, passes=False, kept=None)
    plan, size = epochs[-1].plan, len(listing)
    sides, why = [_Side("not enrolled yet")] * size, ["enrolled at or after as_of"] * size
    for row, fate in zip(people.rejected.row.tolist(), people.rejected.fate.tolist(), strict=True):
        word = ENTRY_WORDS[fate]
        sides[row], why[row] = _Side(word), f"it starts no run: {plan.words[word]}"
    stand = _stand(people, out, epochs, until_us)
    for row, side in zip(people.runs.row.tolist(), stand, strict=True):
        sides[row], why[row] = side, ""
    return _Predicted(sides, why, _places(epochs))


def _stand(people: Audience, out: Outcome, epochs: Sequence[Epoch], until_us: int) -> list[_Side]:
    """Where each run stands at the end."""
    steps = {step.email_id: step for epoch in epochs for step in epoch.plan.steps}
    found = []
    for run, state in enumerate(out.state.tolist()):
        if state != ACTIVE:
            found.append(_Side(STATES[state], ended_us=int(out.ended_us[run])))
        elif out.end_us[run] < until_us:
            found.append(_Side(people.statuses[out.end_status[run]], ended_us=int(out.end_us[run])))
        else:
            step, over_us = steps[out.email_ids[out.stands[run]]], int(out.over_us[run])
            leaves_us = int(out.leaves_us[run])
            waits = step.has_wait and over_us >= until_us
            name = step.wait_id if waits and step.wait_id is not None else step.email_id
            ends = [us if us <= LAST_US else NAT_US for us in (over_us if waits else leaves_us, leaves_us)]
            found.append(_Side("active", _plainly(name), ends[0], leaves_us=ends[1]))
    return found


def _plainly(name: Any) -> str:
    """The id of a node, without what tells two steps of one node apart."""
    return str(name).removesuffix("#wait")


def _places(epochs: Sequence[Epoch]) -> dict[str, int]:
    """The order of all nodes, as the sequence is at the end; nodes that are gone before all others."""
    names = [
        [
            _plainly(each)
            for step in epoch.plan.steps
            for each in (step.wait_id, step.email_id)
            if each is not None
        ]
        for epoch in epochs
    ]
    gone = [name for each in names for name in each if name not in names[-1]]
    return {name: place for place, name in enumerate(dict.fromkeys([*gone, *names[-1]]))}


def _reported(listing: pd.DataFrame, given: Options) -> list[_Side]:
    """What the platform says of each enrolment."""
    us = {}
    for name in ("wait_until", "last_updated_at"):
        there = listing[name].dropna() if name in listing.columns else listing["status"].iloc[:0]
        read_us, faults = given.tables.read(there)
        if faults:
            way_out = "mend those rows, or leave them out"
            raise instants.explain_faults(f"enrollments: {name}", there, faults, way_out)
        us[name] = np.full(len(listing), NAT_US)
        us[name][there.index] = read_us
    texts = [listing[name].astype(object).where(listing[name].notna(), "") for name in _NEEDED[2:4]]
    return [
        _Side(str(status), str(node), *ends)
        for status, node, *ends in zip(*texts, *(each.tolist() for each in us.values()), strict=True)
    ]


class _Words:
    """Says how predictions and reports differ. `here`: the zone of instants; `places`: the order of nodes."""

    def __init__(self, here: Zone, places: Mapping[str, int], tolerance_us: int) -> None:
        self._here, self._places, self._tolerance_us = here, places, tolerance_us

    def compare(self, mine: _Side, theirs: _Side, why: str) -> tuple[str, int, str]:
        """The difference: what it is, by how much [µs], and the reason. `why` it starts no run, if it does not."""
        if why:
            return "not_predicted", NAT_US, f"{self._says(theirs)}; not predicted: {why}"
        both = f"{self._says(theirs)}; predicted: {self._says(mine)}"
        ends = {word for words in _ENDED.values() for word in words}
        if theirs.status not in (*_OPEN, *ends):
            return "unknown_status", NAT_US, f"{both} (known are {', '.join([*_OPEN, *sorted(ends)])})"
        if mine.status in _ENDED:
            if theirs.status in _ENDED[mine.status]:
                return "same", NAT_US, ""
            return "still_active" if theirs.status in _OPEN else "ended_otherwise", NAT_US, both
        if theirs.status in ends:
            return "ended", NAT_US, both
        return self._open(mine, theirs, both)

    def _open(self, mine: _Side, theirs: _Side, both: str) -> tuple[str, int, str]:
        """The same, where both are active."""
        if theirs.node and theirs.node not in self._places:
            return "unknown_node", NAT_US, f"the sequence has no node {theirs.node}: {both}"
        if theirs.node and theirs.node != mine.node:
            order = "before" if self._places[theirs.node] < self._places[mine.node] else "after"
            return "elsewhere", NAT_US, f"{both}; {theirs.node} comes {order} {mine.node}"
        if (theirs.until_us == NAT_US) != (mine.until_us == NAT_US):
            return "no_instant", NAT_US, both
        if theirs.until_us == NAT_US:
            return "same", NAT_US, ""
        by_us = min((theirs.until_us - us for us in (mine.until_us, mine.leaves_us)), key=abs)
        if abs(by_us) <= self._tolerance_us:
            return "same", by_us, ""
        by_us = theirs.until_us - mine.until_us
        what = "later" if by_us > 0 else "earlier"
        return what, by_us, f"{length(abs(by_us))} {what}: {both}"

    def _says(self, side: _Side) -> str:
        """What a side says: waits at first-bed until Fri 27 Mar 2026 08:00 EET."""
        if side.status not in _OPEN:
            since = f", {clock(side.ended_us, self._here)}" if side.ended_us != NAT_US else ""
            return f"{side.status or 'no status'}{since}"
        node = f" at {side.node}" if side.node else ""
        until = "for no instant" if side.until_us == NAT_US else f"until {clock(side.until_us, self._here)}"
        return f"waits{node} {until}"


def _table(
    sequence: Model,
    listing: pd.DataFrame,
    mine: Sequence[_Side],
    theirs: Sequence[_Side],
    found: Sequence[tuple[str, int, str]],
) -> pd.DataFrame:
    def texts(values: Iterable[str]) -> Any:
        return pd.Series([each or None for each in values], dtype="str")

    def times(sides: Sequence[_Side]) -> Any:
        return instants.show(np.array([side.until_us for side in sides], np.int64), sequence.time_zone)

    own = [name for name in ("enrollment_id", "subscriber_id", "entered_at") if name in listing.columns]
    by_us = np.array([us for _, us, _ in found], np.int64)
    return pd.DataFrame({
        **{name: listing[name] for name in own},
        "predicted_status": texts(side.status for side in mine),
        "reported_status": texts(side.status for side in theirs),
        "predicted_node": texts(side.node for side in mine),
        "reported_node": texts(side.node for side in theirs),
        "predicted_until": times(mine),
        "reported_until": times(theirs),
        "difference": by_us.view("timedelta64[us]"),
        "what": category(np.array([WHAT.index(what) for what, *_ in found], np.int64), WHAT),
        "reason": pd.Series([reason for *_, reason in found], dtype="str"),
    })
