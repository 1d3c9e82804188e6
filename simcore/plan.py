"""What a platform's sequence is translated into: steps, each a delay and a gate."""

from dataclasses import dataclass

from simcore.delays import Delay
from simcore.gates import Gate


@dataclass(frozen=True, kw_only=True)
class Step:
    """One email in its place: due at gate.snap(max(delay.earliest(anchor), anchor)) (spec/timing.md).

    `position` is its place in the sequence as shown to the user; `sends` is false for a step that is waited
    for and passed without a send (a draft that counts, spec K12).
    """

    position: int
    email_id: int
    subject: str
    delay: Delay
    gate: Gate
    sends: bool = True


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A sequence as the engine sees it: its steps in order, and the rules of entry.

    `active`: whether anything is sent at all. `repeat`: whether another entry of a subscriber starts another
    run, which ends the one before, or is ignored (spec K14). `vias`: how a subscriber may be said to have
    entered, the default first. `time_zone`: the zone in which instants are shown.
    """

    time_zone: str
    steps: tuple[Step, ...]
    active: bool
    repeat: bool
    vias: tuple[str, ...]
