"""What a platform's sequence is translated into: steps, each a delay and a gate, and the rules around them."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from simcore.clock.delays import Delay
from simcore.clock.gates import Gate
from simcore.clock.zones import Ints
from simcore.errors import SimcoreError, shown
from simcore.plan.columns import OBJECTS
from simcore.plan.history import History
from simcore.plan.log import Events, Flags, Log, Source, Watched
from simcore.plan.runs import Runs
from simcore.plan.waits import RunDelay

STATUSES = ("active", "completed", "restarted", "excluded", "cancelled", "removed", "stopped")
"""How a run may stand."""
_MOST_POSITION = np.iinfo(np.int16).max  # the dtype of positions in a timeline


OUT = -1
"""The path of runs that end there, as though stopped."""


class Branch(Protocol):
    """Where a sequence parts: which of several paths each run takes once it has passed a step."""

    @property
    def watched(self) -> Watched:
        """The events that it looks at."""
        ...

    @property
    def by_number(self) -> bool:
        """Whether it depends on the numbers of runs, and on a seed."""
        ...

    def seeded(self, seed: int) -> "Branch":
        """The same by a seed, where it depends on one."""
        ...

    def choose(self, history: History, runs: Runs, rows: Ints, at_us: Ints) -> Ints:
        """Which path each of some runs takes at an instant [µs]: its number in the step's `paths` [int64, runs]."""
        ...


class Emission(NamedTuple):
    """What a step does besides: as an event of a `name` about `ref`. `read` gives what it sets a field to, by the
    properties of the run (None for none)."""

    name: str
    ref: Hashable = None
    read: Callable[[Any], Any] | None = None


class Step(NamedTuple):
    """One email (or other step) in its place: due at gate.snap(max(delay.earliest(anchor), not_before)).

    `position` is its place in the sequence as shown to the user. `queued`: whether runs wait for it at all;
    `sends`: whether it is sent then, or passed without a send, which is journalled as `passed` (a draft that
    counts, K12; a step that is no email, Q12), "" for not at all. `is_email`: whether it is one, be it sent or not;
    `called`: what a reason calls it when the next step waits from it. `stops_waits`: whether the plan's stop is
    looked at also where its wait begins (Q20); `stops_anew`: the same for who comes to it by a change. `render` fills
    in the subject for a run, by its properties (None for none), its name, and when the step whose id is `shows` was
    passed [µs]; None where nothing is filled in (Q25).

    `paths`: the places, among the plan's steps, at which runs go on from it, later ones than its own, the number of
    all steps for the end, `OUT` where they end as though stopped; by default the next. `branch` says which runs take
    which, where there are several. `has_wait`: whether it is waited for at all, or comes right after another.
    `wait_id`: the id of its wait, where that is a node of its own, and not one with the step (Q40).
    `checked`: whether the plan's stop is looked at when it is passed. `emits`: what it does besides. `to_all`: whether
    it is sent also to those who have left (Q33).
    """

    position: int
    email_id: int | str
    subject: str
    delay: Delay
    gate: Gate
    queued: bool = True
    sends: bool = True
    passed: str = ""
    is_email: bool = True
    called: str = "email"
    stops_waits: bool = False
    render: Callable[[Any, str, int], str] | None = None
    shows: int | str | None = None
    paths: tuple[int, ...] = ()
    branch: Branch | None = None
    has_wait: bool = True
    checked: bool = True
    emits: tuple[Emission, ...] = ()
    to_all: bool = False
    wait_id: int | str | None = None
    stops_anew: bool = False

    @property
    def is_action(self) -> bool:
        """Whether anything is done at it: it is no wait of its own, and no branch."""
        return self.sends or bool(self.passed)


class Enrolments(NamedTuple):
    """Who is enrolled when, as a trigger finds: arrays [enrolments], each subscriber's in order.

    `who` int64, places in the log's ids; `at_us` int64 [µs]; `which` int64, places in the log's properties (-1 for
    none), those of the event that enrols; `end_us` int64 [µs], when the trigger ends the run again, or None. `source`
    int64, places in `sources`, what each was put into when it was enrolled (-1 for none); None where nobody was.
    """

    who: Ints
    at_us: Ints
    which: Ints
    end_us: Ints | None = None
    source: Ints | None = None
    sources: tuple[Source, ...] = ()


class Trigger(Protocol):
    """What enrols subscribers by events alone."""

    @property
    def watched(self) -> Watched:
        """The events that it looks at."""
        ...

    def enrolments(self, log: Log, enabled_us: int | None) -> Enrolments:
        """Who is enrolled when, of those in the log, from `enabled_us` on [µs; None: from the beginning]."""
        ...


class Guard(Protocol):
    """What may hold of runs at an instant (see `simcore.plan.log.Since` and `While`)."""

    def holds(self, rows: Ints | slice, at_us: Ints) -> Flags:
        """Whether it holds of some runs, at an instant for each."""
        ...


class Stop(Protocol):
    """What ends a run that is about to do something."""

    @property
    def watched(self) -> Watched:
        """The events that it looks at."""
        ...

    def guard(self, history: History, runs: Runs) -> Guard:
        """When it holds of each run."""
        ...


class OneAtATime(NamedTuple):
    """Entry where a subscriber is never in two runs at once (K14).

    `repeat`: whether another entry starts the run anew, and `repeat_vias`, by which ways of entry.
    """

    repeat: bool = False
    repeat_vias: frozenset[str] = frozenset()


class SideBySide(NamedTuple):
    """Entry where the runs of a subscriber go side by side (Q18, Q24).

    `once`: whether any earlier run keeps others out, but for those who enter by one of `again_vias`. `key`: reads a
    run's key from its properties, None where it has none; an active run with the same one keeps others out; None where
    keys play no part. `if_idle_vias`: the ways of entry that need no key, and that any active run keeps out.
    `blocked_vias`: the ways by which those who have left do not enter (Q33). `closed_to`: the ways by which nobody
    enters at present (Q34).
    """

    once: bool
    key: Callable[[Any], Hashable | None] | None
    if_idle_vias: frozenset[str]
    again_vias: frozenset[str] = frozenset()
    blocked_vias: frozenset[str] = frozenset()
    closed_to: frozenset[str] = frozenset()


Flag: TypeAlias = bool | tuple[bool, ...]
"""What holds of all runs or of none, or of those of each way of entry, in the order of the plan's vias."""


def of_each(flag: Flag, via: npt.NDArray[np.int8]) -> Flags:
    """Whether it holds of each of some runs, by their ways of entry."""
    return np.full(len(via), flag) if isinstance(flag, bool) else np.array(flag)[via]


class OnChange(NamedTuple):
    """What a change of the sequence does to those inside it.

    `reschedule`: whether each change computes what is queued anew (K20); `insert_at_once`: whether what is published
    right before a queued email is due at once (K21); `send_behind`: whether what is published behind a run is sent
    to it (K22).
    """

    reschedule: Flag = False
    insert_at_once: Flag = False
    send_behind: Flag = True


class ByNode(NamedTuple):
    """What a change does where those inside stand at steps by their ids, and stay there (Q40).

    Who waits keeps the instant that the wait ends; who stands at a step that is gone goes on to the one after it.
    While the sequence is not active nothing begins: waits that are on come to their end, and what follows stands.
    """


_ONCE, _NO_EVENTS, _AS_USUAL = OneAtATime(), Events(), OnChange()


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A sequence as the engine sees it: all its steps, and the rules of who goes through them.

    `time_zone`: the zone in which instants are shown. `steps`: each comes after all that lead to it. `active`:
    whether anything is sent at all (K19). `zone_field`: the field of subscribers that says their own zone, "" where
    none does (Q31). `vias`: how a subscriber may be said to have entered, the default first (K13). `trigger`: who
    enrols where no entries are given, and `trigger_via`, how. `entry`: whether the runs of a subscriber follow one
    another, or go side by side. `excluded`: the sources whose members neither enter nor receive (K16), and
    `excluded_ends`, whether an email that falls due to one of them ends the run; `once_in`: whether who has once
    begun a run of an excluded sequence stays in it, also when that run is over (K30). `hold_vias`: the ways of entry
    whose runs stay active when no email is left (K15). `stop`: what ends a run before a step (Q20). `events`: what
    those of a log mean. `on_change`: what changes do. `withholds`: whether an email that comes due to who has left is
    passed without a send, and journalled as skipped (Q33).

    `words`: what else than a send may happen (the journal's `what`, perhaps with a cause behind a colon), and its
    detail, in the order in which the journal's category has them; what is not among them has no detail.
    `reads_properties`: whether anything looks at properties; `renders`: whether what subjects are filled with is
    modelled (Q25); `text_ids`: whether the emails' ids are texts.

    Raises SimcoreError, to whoever writes a platform, where the parts do not fit together.
    """

    time_zone: str
    steps: tuple[Step, ...]
    active: bool = True
    zone_field: str = ""
    vias: tuple[str, ...] = ("api",)
    trigger: Trigger | None = None
    trigger_via: str = ""
    entry: OneAtATime | SideBySide = _ONCE
    excluded: frozenset[Source] = frozenset()
    excluded_ends: Flag = False
    once_in: bool = False
    hold_vias: frozenset[str] = frozenset()
    stop: Stop | None = None
    events: Events = _NO_EVENTS
    on_change: OnChange | ByNode = _AS_USUAL
    withholds: bool = False
    words: Mapping[str, str] = field(default_factory=dict)
    reads_properties: bool = False
    renders: bool = False
    text_ids: bool = False

    def __post_init__(self) -> None:
        if fault := self._fault():
            raise SimcoreError(f"a plan that cannot be: {fault}")

    def _fault(self) -> str:
        """What does not fit together, "" for nothing."""
        ids = [step.email_id for step in self.steps]
        kind = str if self.text_ids else int
        if wrong := [each for each in ids if type(each) is not kind]:
            return f"email_id {shown(wrong[0])}, expected {kind.__name__} (text_ids is {self.text_ids})"
        if len(set(ids)) < len(ids):
            twice = next(each for at, each in enumerate(ids) if each in ids[:at])
            return f"two steps have the email_id {shown(twice)}"
        for place, step in enumerate(self.steps):
            if not 0 <= step.position <= _MOST_POSITION:
                return f"position {shown(step.position)}, expected 0 to {_MOST_POSITION}"
            if not all(place < to <= len(self.steps) or to == OUT for to in step.paths):
                return f"step {place} leads to {shown(step.paths)}, expected places after its own"
            if len(step.paths) > 1 and step.branch is None:
                return f"step {place} leads to several places, and has no branch that says who goes where"
            if step.is_email and not (step.sends or step.passed) and step.queued:
                return (
                    f"step {place} is passed without a send, and has no word for it in the journal (passed)"
                )
        if not self.vias:
            return "there is no way of entry (vias)"
        if unknown := sorted(self.hold_vias - {*self.vias}):
            return f"hold_vias has {shown(unknown[0])}, which vias has not"
        if unknown := [status for status, _ in self.events.leaves.values() if status not in STATUSES]:
            return f"an event ends runs with the status {shown(unknown[0])}, expected one of: {', '.join(STATUSES)}"
        return ""

    def watched(self, triggered: bool) -> Watched:
        """The events that any of its rules looks at; `triggered`: the trigger's too."""
        seen: set[tuple[str, Hashable]] = {
            (name, None) for name in (*self.events.leaves, *self.events.returns)
        }
        seen |= self.events.about(self.excluded)
        if self.zone_field:
            seen.add(("field_changed", self.zone_field))
        waits = [step.delay for step in self.steps if isinstance(step.delay, RunDelay)]
        branches = [step.branch for step in self.steps]
        for each in (self.trigger if triggered else None, self.stop, *branches, *waits):
            if each is not None:
                if each.watched is None:
                    return None
                seen |= each.watched
        return frozenset(seen)

    def next(self, place: int) -> int:
        """The first step that runs wait for, from a place on; the number of all steps where there is none."""
        while place < len(self.steps) and not self.steps[place].queued:
            paths = self.steps[place].paths
            place = paths[0] if paths else place + 1
        return place

    def before(self, place: int) -> list[Step]:
        """The steps that runs may have passed right before they wait for the one at a place."""
        return self._before.get(place, [])

    @cached_property
    def _before(self) -> dict[int, list[Step]]:
        """The same for all places to which any lead."""
        found: dict[int, list[Step]] = {}
        for at, step in enumerate(self.steps):
            if step.queued:
                for place in dict.fromkeys(self.next(to) for to in step.paths or (at + 1,) if to != OUT):
                    found.setdefault(place, []).append(step)
        return found

    def seeded(self, seed: int | None) -> "Plan":
        """The plan with its random splits by a seed. Raises SimcoreError where there are some, and no seed (Q36)."""
        split = next((step for step in self.steps if step.branch is not None and step.branch.by_number), None)
        if split is None:
            return self
        if seed is None:
            raise SimcoreError(
                f"seed: the step at position {split.position} (id {split.email_id}) is a random split: pass a "
                "whole number, such as seed=1, which decides the path of each run"
            )
        steps = (
            step if step.branch is None else step._replace(branch=step.branch.seeded(seed))
            for step in self.steps
        )
        return replace(self, steps=tuple(steps))

    def by_recipient(self) -> "Plan":
        """The plan with all delays and gates in the zone of each run, which is said with the entries alone (T22)."""
        steps = (step._replace(delay=step.delay.as_own(), gate=step.gate.as_own()) for step in self.steps)
        return replace(self, steps=tuple(steps), zone_field="")

    @property
    def side_by_side(self) -> "SideBySide":
        """Its way of entry, where runs go side by side."""
        if not isinstance(self.entry, SideBySide):
            raise TypeError("plans of one sequence have one way of entry")
        return self.entry

    @property
    def wanted(self) -> dict[str, tuple[str, ...]]:
        """The columns of entries and of events that it looks at where they are there."""
        values = OBJECTS if self.reads_properties else ()
        zone = ("time_zone",) if self.zone_field else ()
        received = () if self.trigger is None else ("received_at",)
        return {"entries": (*values, *zone), "events": (*values[:1], *received)}

    @property
    def looks_back(self) -> bool:
        """Whether anything depends on what has happened to a subscriber."""
        runs = any(
            step.branch is not None or step.emits or isinstance(step.delay, RunDelay) for step in self.steps
        )
        return self.stop is not None or self.withholds or bool(self.zone_field) or runs

    @property
    def in_order(self) -> bool:
        """Whether what one run of a subscriber does may matter to another: all has to happen in the order of time."""
        return any(step.emits or (step.branch is not None and step.branch.by_number) for step in self.steps)


class Epoch(NamedTuple):
    """A plan and from when it holds [µs], until the next one's instant; the first from the beginning.

    `realign`: whether what waits is pulled to the opening of its day, where that is earlier (Q40).
    """

    at_us: int
    plan: Plan
    realign: bool = False
