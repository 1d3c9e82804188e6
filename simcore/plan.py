"""What a platform's sequence is translated into: steps, each a delay and a gate, and the rules around them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from simcore.delays import Delay
from simcore.gates import Gate

_NONE: Mapping[str, Any] = MappingProxyType({})


class Step(NamedTuple):
    """One email in its place: due at gate.snap(max(delay.earliest(anchor), not_before)) (spec/timing.md).

    `position` is its place in the sequence as shown to the user. `queued`: whether runs wait for it at all;
    `sends`: whether it is sent then, or passed without a send (a draft that counts, K12).
    """

    position: int
    email_id: int
    subject: str
    delay: Delay
    gate: Gate
    queued: bool = True
    sends: bool = True


class Plan(NamedTuple):
    """A sequence as the engine sees it: all its emails in order, and the rules of who receives them.

    `time_zone`: the zone in which instants are shown. `active`: whether anything is sent at all (K19).

    Entry: `vias`, how a subscriber may be said to have entered, the default first (K13); `repeat`, whether
    another entry starts another run, and `repeat_vias`, by which ways (K14); `excluded`, the (kind, id) sources
    whose members neither enter nor receive (K16), and `excluded_ends`, whether an email that falls due to one
    of them ends the run.

    End: `hold_vias`, the ways of entry whose runs stay active when no email is left (K15).

    Events: `joins`, the (kind, inside) that an event of a name makes of its `ref`; `leaves`, the (status,
    whether it blocks entries) that an event ends runs with; `returns`, the events that end the block (K17).

    Changes: `reschedule`, whether each change computes what is queued anew (K20); `insert_at_once`, whether
    what is published right before a queued email is due at once (K21); `send_behind`, whether what is
    published behind a run is sent to it (K22).
    """

    time_zone: str
    steps: tuple[Step, ...]
    active: bool
    vias: tuple[str, ...]
    repeat: bool
    repeat_vias: frozenset[str]
    excluded: frozenset[tuple[str, int]] = frozenset()
    excluded_ends: bool = False
    hold_vias: frozenset[str] = frozenset()
    joins: Mapping[str, tuple[str, bool]] = _NONE
    leaves: Mapping[str, tuple[str, bool]] = _NONE
    returns: frozenset[str] = frozenset()
    reschedule: bool = False
    insert_at_once: bool = False
    send_behind: bool = True


class Epoch(NamedTuple):
    """A plan and from when it holds [µs], until the next one's instant; the first from the beginning."""

    at_us: int
    plan: Plan
