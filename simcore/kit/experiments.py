"""An experiment: the fewest test sign-ups whose sends tell what Kit really does."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from simcore.answers.options import Options
from simcore.answers.projection import make
from simcore.clock import instants
from simcore.clock.gates import Poll
from simcore.clock.instants import NAT_US, Instant
from simcore.clock.zones import Ints
from simcore.errors import SimcoreError, shown
from simcore.kit.assumptions import Assumptions
from simcore.kit.changes import Change, after
from simcore.kit.combinations import DEFAULTS, TIMING, VALUES, timing_of
from simcore.kit.covers import Cover, cover
from simcore.kit.families import LIFE, Family, Variants, everybody
from simcore.kit.model import Sequence
from simcore.kit.observed import POLLS
from simcore.kit.translate import translate
from simcore.kit.trials import Trials, trials
from simcore.plan.plan import Plan
from simcore.text.wording import count

SWITCHES = tuple(
    name for name in DEFAULTS if name not in {"poll_phase", "position_taken", "excluded_sequence_membership"}
)
"""The switches that an experiment can tell about."""
_START = "2026-01-04T00:00Z"
_PAIRS = 2_000  # so many are looked at for the bound
_MARK = np.uint64(0x9E3779B97F4A7C15)


class Experiment(pd.DataFrame):
    """The result of `kit.experiment`: a DataFrame of what to do, in order, plus what `kit.calibrate` needs afterwards
    and what the experiment tells. Anything you derive from it is a plain DataFrame."""

    _metadata = ["entries", "events", "changes", "classes", "at_least", "note"]  # noqa: RUF012  where pandas looks
    entries: pd.DataFrame
    events: pd.DataFrame | None
    changes: list[Change]
    classes: pd.DataFrame
    at_least: int
    note: str

    @property
    def _constructor(self) -> Any:
        return pd.DataFrame


def experiment(
    sequence: Sequence,
    *,
    among: Iterable[str] | None = None,
    budget: int | None = None,
    start: Instant = _START,
) -> Experiment:
    """The fewest test sign-ups whose sends tell apart all assumptions about Kit that can be told apart here.

    Make a copy of the sequence, sign up test subscribers and edit it as the rows say, and give the log of what it sent
    to `kit.calibrate`, with the `entries`, `events` and `changes` of the result: it finds how Kit works.

    `among`: the switches to find out about (None: all that sends can show). `poll_phase` needs no sign-up of its own,
    since the log shows it; `position_taken` shows in the answer of the API; `excluded_sequence_membership` takes
    several sequences. `budget`: the most subscribers (None: as many as it takes); then those that tell the most.
    `start`: the sign-ups begin on the day after this instant.

    Returns a row for each thing to do, in order: `at` (datetime64[us, the sequence's zone]), `subscriber_id` (Int64,
    missing for edits), `do` (str: sign up, sign up again, tag_added, tag_removed or edit) and `what` (str: the
    details). The index is a RangeIndex. It also has these attributes:

    - `entries`, `events`, `changes`: the same, as arguments of `kit.calibrate`;
    - `classes`: a DataFrame with a row for each combination of the switches, those nearest to the defaults first, and
      a column `class` (int64): combinations of one class send the same emails at the same times, whatever was tried;
    - `at_least` (int): fewer sign-ups cannot tell all classes apart, of all that were looked at;
    - `note` (str): how many there are and what they tell, in words.

    Raises SimcoreError for switches that sends cannot show, and for a budget that is not a whole number over 0.

    >>> from simcore import kit
    >>> daily = kit.Email(subject="A", delay_value=1, delay_unit="days", published=True)
    >>> found = experiment(kit.Sequence(name="S", emails=[daily], time_zone="UTC"), among=["day_count"])
    >>> found["do"].tolist(), found.note
    (['sign up'], '1 sign-up, the fewest possible; it tells 2 classes of 2 combinations apart')
    """
    if not isinstance(sequence, Sequence):
        raise SimcoreError(f"sequence: found {shown(sequence)}, expected a simcore.kit.Sequence")
    names = _among(among)
    if budget is not None and (isinstance(budget, bool) or not isinstance(budget, int) or budget < 1):
        raise SimcoreError(f"budget: found {shown(budget)}, expected a whole number of sign-ups, 1 or more")
    tried = trials(sequence, names, instants.read_one(start, "start", None))
    signs = _Signs(sequence, names, tried)
    of_class, one = signs.classes()
    found = cover(signs.told[:, one], _near(signs.combinations, of_class), budget)
    chosen = found.chosen if budget is not None else _certain(found.chosen, signs, one)
    table = _rows(sequence, tried, sorted(chosen))
    table.classes = pd.DataFrame(signs.combinations)[list(names)].assign(**{"class": of_class})
    table.at_least = found.at_least
    table.note = _note(signs, one, found, chosen)
    return table


def _among(among: Iterable[str] | None) -> tuple[str, ...]:
    if among is None:
        return SWITCHES
    names = [among] if isinstance(among, str) else [*among]
    for name in names:
        if name not in SWITCHES:
            raise SimcoreError(f"among: found {shown(name)}, expected switches out of: {', '.join(SWITCHES)}")
    if not names:
        raise SimcoreError(f"among: found none, expected switches out of: {', '.join(SWITCHES)}")
    return tuple(name for name in SWITCHES if name in names)


class _Signs:
    """What is seen of each subscriber under each combination.

    `told` int64 [subscribers x combinations]: the same for the same sends. `sends`: how many there are. `polled` int64
    [µs; subscribers x emails of hours x combinations]: when those go out, `NAT_US` where they don't.
    """

    def __init__(self, sequence: Sequence, names: tuple[str, ...], tried: Trials) -> None:
        options = Options(events=tried.events, changes=tried.changes)
        usual = make(sequence, tried.entries, options)
        self._states = [sequence, *after(sequence, enumerate(tried.changes))]
        steps = [step for epoch in usual.epochs for step in epoch.plan.steps]
        self._emails = [*dict.fromkeys(step.email_id for step in steps)]
        hours = {step.email_id for step in steps if isinstance(step.gate, Poll)}
        self._hours = [at for at, email in enumerate(self._emails) if email in hours]
        self._size = int(tried.entries["subscriber_id"].max()) + 1
        axes = {
            name: VALUES[name] if name in names else (DEFAULTS[name],)
            for name in (*VALUES,)
            if name in SWITCHES
        }
        axes["poll_every"] = POLLS if "poll_every" in names and hours else POLLS[:1]
        starts: tuple[Any, ...] = axes["restart_via"]
        audiences = [
            make(sequence, tried.entries, options._replace(assumptions=Assumptions(restart_via=start))).people
            for start in starts
        ]
        self._people = everybody(audiences)
        self._who = np.asarray(self._people.runs.subscriber_id, np.int64)
        self._variants = Variants({name: axes[name] for name in LIFE})
        begins_us = [epoch.at_us for epoch in usual.epochs]
        self._family = Family(self._states, begins_us, self._variants, audiences[0], self._people.runs)
        found: dict[Any, list[tuple[Ints, Ints, Ints]]] = {}
        self.combinations: list[dict[str, Any]] = []
        columns = []
        for timing in product(*(axes[name] for name in TIMING if name != "poll_phase")):
            chosen = dict(zip((name for name in TIMING if name != "poll_phase"), timing, strict=True))
            plans = [translate(state, Assumptions(**chosen)) for state in self._states]
            same = timing_of(plans)
            if same not in found:
                found[same] = self._seen(plans)
            for number, (start, life) in enumerate(product(starts, self._variants.all)):
                self.combinations.append({**DEFAULTS, **chosen, **life, "restart_via": start})
                columns.append(found[same][number])
        order = sorted(range(len(columns)), key=self._far)
        self.combinations = [self.combinations[at] for at in order]
        seen, sends, polled = (np.stack([columns[at][part] for at in order], axis=-1) for part in range(3))
        self.told = np.array([np.unique(row, return_inverse=True)[1] for row in seen], np.int64)
        self.sends, self.polled = sends, polled

    def _far(self, at: int) -> int:
        """How far a combination is from the defaults."""
        return sum(self.combinations[at][name] != usual for name, usual in DEFAULTS.items())

    def _seen(self, plans: list[Plan]) -> list[tuple[Ints, Ints, Ints]]:
        """What is seen with one timing, for each reading of who starts a run and each variant."""
        ways = self._family.ways([plan.steps for plan in plans], self._emails)
        marks, counts = np.zeros(len(ways.base), np.uint64), np.zeros(len(ways.base), np.int64)
        for number, row in enumerate(np.ascontiguousarray(ways.at_us)):
            sent = row != NAT_US
            mixed = (row.view(np.uint64) ^ np.uint64(number + 1)) * _MARK
            mixed = (mixed ^ (mixed >> np.uint64(29))) * _MARK
            marks += np.where(sent, mixed ^ (mixed >> np.uint64(32)), 0).astype(np.uint64)
            counts += sent
        hours_us = ways.at_us[self._hours]
        found = []
        for places in self._people.places:
            who = self._who[places]
            for which in ways.which:
                mine = which[places]
                seen, sends = np.zeros(self._size, np.uint64), np.zeros(self._size, np.int64)
                np.add.at(seen, who, marks[mine])
                np.add.at(sends, who, counts[mine])
                polled = np.full((self._size, len(self._hours)), NAT_US)
                polled[who] = hours_us[:, mine].T
                found.append((seen.view(np.int64), sends, polled))
        return found

    def classes(self) -> tuple[Ints, Ints]:
        """Which class each combination is of, and the first combination of each class."""
        block = np.unique(self.told, axis=1, return_inverse=True)[1].reshape(-1)
        _, first, number = np.unique(block, return_index=True, return_inverse=True)
        return np.argsort(np.argsort(first))[number], np.sort(first)


def _near(combinations: list[dict[str, Any]], of_class: Ints) -> list[tuple[int, int]]:
    """Pairs of classes that differ in one switch."""
    found: dict[tuple[int, int], None] = {}
    for name in SWITCHES:
        groups: dict[tuple[Any, ...], int] = {}
        for chosen, number in zip(combinations, of_class.tolist(), strict=True):
            rest = tuple(chosen[other] for other in SWITCHES if other != name)
            one = groups.setdefault(rest, number)
            if one != number:
                found[one, number] = None
    pairs = [*found]
    return pairs[:: len(pairs) // _PAIRS + 1]


def _certain(chosen: list[int], signs: _Signs, one: Ints) -> list[int]:
    """More sign-ups, that calibration may be certain: so that all sends of others are before the last one of the log,
    and those of hours are not all at the same time past a longer rhythm."""
    sends = signs.sends[np.ix_(chosen, one)].sum(axis=0)
    last = len(signs.told) - 1
    if chosen and (sends != sends[0]).any() and last not in chosen:
        chosen = [*chosen, last]
    polled = signs.polled[:, :, one].reshape(len(signs.told), -1)
    emails = max(signs.polled.shape[1], 1)
    lengths_us = [
        int(every / timedelta(microseconds=1)) for every in POLLS if chosen and emails and polled.size
    ]
    past = {every: np.where(polled == NAT_US, -1, polled % every) for every in lengths_us}
    doubts = []
    for every, of_all in past.items():
        some = of_all[chosen].reshape(-1, one.size)
        least = np.where(some < 0, every, some).min(axis=0)
        alike = (some.max(axis=0) == least) & (least > 0)
        helps = (
            (of_all >= 0).reshape(-1, emails, one.size) & (of_all.reshape(-1, emails, one.size) != least)
        ).any(axis=1)
        doubts.append(helps[:, alike])
    if not doubts:
        return chosen
    helps = np.concatenate(doubts, axis=1)
    while helps.shape[1] and helps.any():
        best = int(helps.sum(axis=1).argmax())
        chosen = [*chosen, best]
        helps = helps[:, ~helps[best]]
    return chosen


def _rows(sequence: Sequence, tried: Trials, chosen: list[int]) -> Experiment:
    """What to do, in order."""

    def mine(frame: pd.DataFrame) -> pd.DataFrame:
        some = frame[frame["subscriber_id"].isin(chosen)]
        some = some.sort_values(some.columns[1], kind="stable", ignore_index=True)
        return some.assign(subscriber_id=np.searchsorted(chosen, some["subscriber_id"].to_numpy()) + 1)

    entries, events = mine(tried.entries), None if tried.events is None else mine(tried.events)
    again = entries.duplicated("subscriber_id").to_numpy()
    parts = [
        pd.DataFrame({
            "at": entries["entered_at"],
            "subscriber_id": entries["subscriber_id"],
            "do": np.where(again, "sign up again", "sign up"),
            "what": "via the API",
        })
    ]
    if events is not None:
        what = [f"tag {ref}" for ref in events["ref"].tolist()]
        parts.append(
            pd.DataFrame({
                "at": events["at"],
                "subscriber_id": events["subscriber_id"],
                "do": events["event"],
                "what": what,
            })
        )
    if tried.changes:
        at_us = [instants.read_one(change.at, "at", None) for change in tried.changes]
        parts.append(
            pd.DataFrame({
                "at": instants.show(np.array(at_us), "UTC"),
                "do": "edit",
                "what": [_edit(change) for change in tried.changes],
            })
        )
    table = pd.concat(parts, ignore_index=True).sort_values("at", kind="stable", ignore_index=True)
    table["at"] = instants.show(pd.DatetimeIndex(table["at"]).as_unit("us").asi8.copy(), sequence.time_zone)
    table["subscriber_id"] = table["subscriber_id"].astype("Int64")
    found = Experiment(table.astype({"do": "str", "what": "str"}))
    found.entries, found.events, found.changes = entries, events, tried.changes
    return found


def _edit(change: Change) -> str:
    """An edit in words: email 302: published=False."""
    about = "the sequence" if change.email_id is None else f"email {change.email_id}"
    return f"{about}: {', '.join(f'{name}={value}' for name, value in change.fields.items())}"


def _note(signs: _Signs, one: Ints, found: Cover, chosen: list[int]) -> str:
    told = np.unique(signs.told[np.ix_(found.chosen, one)], axis=1).shape[1] if found.chosen else 1
    few, more = len(found.chosen), len(chosen) - len(found.chosen)
    over = few - found.at_least
    bound = "the fewest possible" if over <= 0 else f"at most {over} more than the fewest possible"
    lines = [
        f"{count(few, 'sign-up')}, {bound if told == one.size else 'as many as the budget has'}",
        f"{'it tells' if few == 1 else 'they tell'} {count(told, 'class', 'classes')} of "
        f"{count(len(signs.combinations), 'combination')} apart",
    ]
    if told < one.size:
        lines.append(f"more would tell {one.size}")
    if more:
        lines.append(f"{more} more, so that calibration can be certain")
    return "; ".join(lines)
