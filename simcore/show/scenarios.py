"""The scenarios of a report: sequences, what happens in each, and the people whose sends it explains."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from simcore import verbs
from simcore.answers.options import Options
from simcore.answers.projection import Projection, make, plan_of, tables
from simcore.answers.sides import Side, side_of
from simcore.clock.instants import check_zone
from simcore.clock.words import clock
from simcore.clock.zones import Zone, zone
from simcore.engine.entries import read_until
from simcore.errors import SimcoreError, shown
from simcore.files.stamps import aware, us_of
from simcore.plan.platform import platform_of
from simcore.text.wording import halved

_PICKED = ("the fastest", "in the middle", "the slowest")


class Scenario(NamedTuple):
    """A sequence, its name among others ("" if it is alone), its options, and what happens in it; None where nobody
    enters."""

    name: str
    sequence: Any
    options: Options
    side: Side | None

    @property
    def here(self) -> Zone:
        """The zone in which its times are shown."""
        return zone(self.sequence.time_zone if self.side is None else self.side.projection.zone)

    @property
    def title(self) -> str:
        """What it is called in a heading."""
        return self.name or str(self.sequence.name or "A sequence without a name")


class Case(NamedTuple):
    """Somebody whose sends are explained: who and when they enter, and their sends in each scenario: frames with
    `position, subject, send_at, reason`."""

    title: str
    sends: Sequence[pd.DataFrame]


def scenarios(
    sequences: Any, entries: Any, given: Options, *, alone: bool = False, or_else: str = ""
) -> list[Scenario]:
    """The scenarios, with what happens in each where somebody enters. `alone`: whether nobody has to.

    Raises SimcoreError where nobody enters and somebody has to (`or_else`: the way out), for sequences that are none,
    and for options that cannot be used.
    """
    several = isinstance(sequences, Mapping)
    named = sequences if several else {"": sequences}
    if not named:
        raise SimcoreError("sequences: found {}, expected a sequence, or a dict of them by name")
    if odd := [name for name in named if not isinstance(name, str) or halved(name) or (several and not name)]:
        raise SimcoreError(f"sequences: found the name {shown(odd[0])}, expected text")
    check_zone(given.naive_time_zone)
    assumed = given.assumptions
    by_name = assumed if isinstance(assumed, Mapping) else dict.fromkeys(named, assumed)
    if strange := [name for name in by_name if name not in named]:
        raise SimcoreError(f"assumptions: no scenario {shown(strange[0])}; there are: {', '.join(named)}")
    found = []
    for name, sequence in named.items():
        assumptions = by_name.get(name)
        if assumptions is None:
            assumptions = platform_of(sequence).assumptions()
        own = given._replace(assumptions=assumptions)
        enrols = plan_of(sequence, assumptions, own.include_drafts).trigger is not None
        side = None
        if entries is not None or (enrols and own.events is not None):
            side = side_of(sequence, *tables(sequence, entries, own))
        elif not alone:
            more = ", or events that enrol them" if enrols else ""
            raise SimcoreError(f"entries: missing, expected who enters{more}{or_else}")
        else:  # options that cannot be used are refused all the same; the events may be another platform's
            make(sequence, *tables(sequence, [], own._replace(events=None)))
        found.append(Scenario(name, sequence, own, side))
    if given.time_zones is not None and all(one.side is None for one in found):
        raise SimcoreError("time_zones: only with entries, or events that enrol them: leave it out")
    return found


def entered(some: list[Scenario], instants_us: list[int]) -> list[Case]:
    """Those who enter at some instants [µs], to whom nothing else happens, until the end that the options say."""
    ends_us = [read_until(one.options.until, one.options.typed) for one in some]
    found = []
    for at_us in instants_us:
        frames = [
            verbs.preview(
                one.sequence,
                aware([at_us])[0],
                include_drafts=one.options.include_drafts,
                assumptions=one.options.assumptions,
                seed=one.options.seed,
            ).reset_index()
            for one in some
        ]
        sends = [
            frame if end_us is None else frame[~(frame["send_at"] >= aware([end_us])[0])]
            for frame, end_us in zip(frames, ends_us, strict=True)
        ]
        found.append(Case(f"Somebody enters {clock(at_us, some[0].here)}", sends))
    return found


def picked(some: list[Scenario]) -> list[Case]:
    """Three of those who go through the first scenario that sends: the fastest, one in the middle, and the slowest.

    Who is still on the way counts only if nobody is through. Where they take equally long, one of them says it all.
    """
    sides = [one.side for one in some if one.side is not None]
    sending = next((side for side in sides if len(side.sends)), None)
    if sending is None:
        return []
    runs = sending.projection.subscribers()
    runs = runs[runs["sends"] > 0]
    through = runs[runs["status"] == "completed"]
    runs = runs if through.empty else through
    took_us = us_of(runs["last_send_at"]) - us_of(runs["entered_at"])
    order = np.argsort(took_us, kind="stable")
    found: dict[int, tuple[str, Any]] = {}
    for word, place in zip(_PICKED, order[[0, (len(order) - 1) // 2, -1]].tolist(), strict=True):
        found.setdefault(int(took_us[place]), (word, runs.iloc[place]))
    cases = []
    for word, run in found.values():
        about = f", {word}" if len(found) > 1 else ""
        at = clock(int(us_of([run["entered_at"]])[0]), some[0].here)
        title = f"Subscriber {run['subscriber_id']}{about}: enters {at}"
        cases.append(Case(title, [_told(side.projection, run) for side in sides]))
    return cases


def _told(projection: Projection, run: Any) -> pd.DataFrame:
    """The sends of a run with their reasons, by its row in a table of runs."""
    runs = projection.people.runs
    same = np.asarray(runs.subscriber_id == run["subscriber_id"]) & (runs.number == run["run"])
    return projection.told(np.flatnonzero(same))
