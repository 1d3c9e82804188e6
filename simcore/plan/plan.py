"""What a platform's sequence is translated into: steps, each a delay and a gate, and the rules around them."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from simcore.clock.delays import Brought, Delay
from simcore.clock.gates import Gate
from simcore.clock.zones import Ints
from simcore.plan.log import Flags, Log, Source, Vocabulary, Watched

_NONE: Mapping[str, Any] = MappingProxyType({})


class Step(NamedTuple):
    """One email (or other step) in its place: due at gate.snap(max(delay.earliest(anchor), not_before)).

    `position` is its place in the sequence as shown to the user. `queued`: whether runs wait for it at all;
    `sends`: whether it is sent then, or passed without a send, which is journalled as `passed` (a draft that
    counts, K12; a step that is no email, Q12). `stops_waits`: whether the plan's stop is looked at also where
    its wait begins (Q20). `render` fills in the subject for a run, by its properties (None for none), its name,
    and when the step whose id is `shows` was passed [µs]; None where there is nothing to fill in (Q25).
    """

    position: int
    email_id: int | str
    subject: str
    delay: Delay | Brought
    gate: Gate
    queued: bool = True
    sends: bool = True
    passed: str = "draft"
    stops_waits: bool = False
    render: Callable[[Any, str, int], str] | None = None
    shows: int | str | None = None


class Enrolments(NamedTuple):
    """Who is enrolled when, as a trigger finds: arrays [enrolments], each subscriber's in order.

    `who` int64, places in the log's ids; `at_us` int64 [µs]; `thing` int64, places in the log's things (-1 for
    none), the properties of the event that enrols; `end_us` int64 [µs], when the trigger ends the run again,
    or None.
    """

    who: Ints
    at_us: Ints
    thing: Ints
    end_us: Ints | None = None


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

    def guard(self, log: Log, who: Ints, entered_us: Ints, things: Sequence[Any], thing: Ints) -> Guard:
        """When it holds, for runs: of whom, from when, and with which properties (places in `things`, or -1)."""
        ...


class Beside(NamedTuple):
    """Runs of one subscriber that go side by side (Q18, Q24).

    `once`: whether any earlier run keeps others out. `key`: reads a run's key from its properties, None where
    it has none; an active run with the same one keeps others out; None where keys play no part.
    `if_idle_vias`: the ways of entry that only an active run keeps out.
    """

    once: bool
    key: Callable[[Any], Hashable | None] | None
    if_idle_vias: frozenset[str]


class Plan(NamedTuple):
    """A sequence as the engine sees it: all its steps in order, and the rules of who goes through them.

    `time_zone`: the zone in which instants are shown. `active`: whether anything is sent at all (K19).

    Entry: `vias`, how a subscriber may be said to have entered, the default first (K13); `trigger`, who enrols
    where no entries are given, and `trigger_via`, how. `beside`, where a subscriber's runs go side by side;
    or else `repeat`, whether another entry starts the run anew, and `repeat_vias`, by which ways (K14);
    `excluded`, the sources whose members neither enter nor receive (K16), and `excluded_ends`, whether an
    email that falls due to one of them ends the run.

    End: `hold_vias`, the ways of entry whose runs stay active when no email is left (K15); `stop`, what ends a
    run before a step (Q20).

    Events: `vocabulary`, which there are; `joins`, the (kind, inside) that an event of a name makes of its
    ref; `leaves`, the (status, whether it blocks entries) that an event ends runs with; `returns`, the events
    that end the block (K17); `words`, what else than a send may happen (the journal's `what`, perhaps with a
    cause behind a colon), and its detail; `reads_things`, whether anything looks at properties; `renders`, whether
    what subjects are filled with is modelled (Q25); `text_ids`, whether the emails' ids are texts.

    Changes: `reschedule`, whether each change computes what is queued anew (K20); `insert_at_once`, whether
    what is published right before a queued email is due at once (K21); `send_behind`, whether what is
    published behind a run is sent to it (K22).
    """

    time_zone: str
    steps: tuple[Step, ...]
    active: bool
    vias: tuple[str, ...]
    vocabulary: Vocabulary = Vocabulary()
    trigger: Trigger | None = None
    trigger_via: str = ""
    beside: Beside | None = None
    repeat: bool = False
    repeat_vias: frozenset[str] = frozenset()
    excluded: frozenset[Source] = frozenset()
    excluded_ends: bool = False
    hold_vias: frozenset[str] = frozenset()
    stop: Stop | None = None
    joins: Mapping[str, tuple[str, bool]] = _NONE
    leaves: Mapping[str, tuple[str, bool]] = _NONE
    returns: frozenset[str] = frozenset()
    words: Mapping[str, str] = _NONE
    reads_things: bool = False
    renders: bool = False
    text_ids: bool = False
    reschedule: bool = False
    insert_at_once: bool = False
    send_behind: bool = True

    def watched(self, triggered: bool) -> Watched:
        """The events that any of its rules looks at; `triggered`: the trigger's too."""
        seen: set[tuple[str, Hashable]] = {(name, None) for name in (*self.leaves, *self.returns)}
        for name, (of, _) in self.joins.items():
            seen |= {(name, ref) for kind, ref in self.excluded if kind == of}
        for each in (self.trigger if triggered else None, self.stop):
            if each is not None:
                if each.watched is None:
                    return None
                seen |= each.watched
        return frozenset(seen)


class Epoch(NamedTuple):
    """A plan and from when it holds [µs], until the next one's instant; the first from the beginning."""

    at_us: int
    plan: Plan
