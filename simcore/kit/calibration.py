"""Calibration: which assumptions about Kit explain a log of what it really sent."""

import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from simcore.answers.options import Change, Entries, EventLog, Options
from simcore.answers.projection import Cache, Projection, make
from simcore.clock.instants import Unit, length_us
from simcore.errors import SimcoreError, ValidationError, shown
from simcore.kit.assumptions import Assumptions
from simcore.kit.combinations import DEFAULTS, TIMING, VALUES, combinations, that_matter, timing_of
from simcore.kit.families import LIFE, Family, Variants, everybody
from simcore.kit.fits import Scores
from simcore.kit.model import Sequence
from simcore.kit.observed import Fit, Log
from simcore.kit.translate import translate
from simcore.kit.unexplained import lives, unexplained
from simcore.plan.plan import OnChange
from simcore.text.progress import reporting

if TYPE_CHECKING:
    from simcore.engine.people import Audience
    from simcore.plan.plan import Epoch

_PATIENCE = 5  # seconds without a progress bar


class Calibration(pd.DataFrame):
    """The result of `kit.calibrate`: a DataFrame with one row for each timeline, best first, plus `best` and
    `unexplained`. Anything you derive from it is a plain DataFrame.
    """

    _metadata = ["best", "unexplained"]  # noqa: RUF012  where pandas looks for attributes
    best: Assumptions
    unexplained: pd.DataFrame

    @property
    def _constructor(self) -> Any:
        return pd.DataFrame


def calibrate(
    sequence: Sequence,
    entries: Entries,
    observed: pd.DataFrame,
    *,
    events: EventLog | None = None,
    changes: Iterable[Change] = (),
    tolerance: str | timedelta = "15min",
    naive_time_zone: str | None = None,
    unit: Unit | None = None,
    dayfirst: bool = False,
    progress: bool = True,
) -> Calibration:
    """How well each combination of assumptions explains a log of what was really sent, best first.

    `observed`: the log, a DataFrame with `subscriber_id` (as in entries), `sent_at` (instants) and `email_id` or
    `position` (of the email in the order in force then, from 0); rows in any order. Each observed send is compared
    with the nearest projected send of that email to that subscriber, in any of their runs, so a send that is missing
    from the log does not affect the others. `entries` (of the people in the log), `events`, `changes`,
    `naive_time_zone`, `unit`, `dayfirst`: as for `simcore.project`. `tolerance`: how far a send may be from its
    projected instant and still count as explained (0 or more; anything that pandas.Timedelta reads, with a unit).
    `progress` shows a bar on standard error once the work has taken five seconds.

    It tries all values of the switches that can move a send here, in all combinations. For `poll_every` it tries 1, 5,
    15, 30 and 60 minutes. For `poll_phase` it tries 0 and, for each of these, the minute and the second past the poll
    in which most of the observed sends of hour-based emails are.

    Returns one row for each timeline that differs. If several combinations give the same timeline, the row shows the
    one nearest to the defaults. Columns:

    - the switches that matter (str; `poll_every` and `poll_phase` timedelta64[us]);
    - `explained` and `exact` (float64, 0 to 1): the share of observed sends within the tolerance, and within a second;
    - `median_error` and `p95_error` (timedelta64[us], without sign, interpolated linearly; NaT if there are none): the
      errors of the observed sends that have a counterpart;
    - `unmatched` (int64): observed sends without a counterpart;
    - `extra` (int64): projected sends, from the first observed instant to the last, that are nobody's counterpart;
    - `misfit` (float64, 0 is perfect): orders the rows; ties are ordered by nearness to the defaults. It is the mean
      error as a share of the tolerance (1 at most, and 1 if unmatched), plus the extra sends per observed send, scaled
      down by the share of projected sends that the log has under the combination with the smallest errors.

    The index is a RangeIndex. The result also has two attributes. `best` is the first row as `kit.Assumptions`.
    `unexplained` has the observed sends that no combination explains, with the index and the order of `observed`:
    `subscriber_id`, `email_id` (int64), `sent_at`, `nearest` (both datetime64[us, the sequence's zone]; the nearest
    send that `best` projects, NaT if there is none), `error` (timedelta64[us], positive is later) and `reason` (str,
    one sentence: why it should go out at `nearest`, or not at all).

    Raises EntryError for an `observed` that cannot be read, and names the rows.

    >>> import simcore
    >>> from simcore import kit
    >>> welcome = kit.load(simcore.example("welcome"))
    >>> entries = simcore.arrivals(20, "2026-03-01", "2026-03-15", time_zone="America/New_York", seed=1)
    >>> sent = simcore.project(welcome, entries, assumptions=kit.Assumptions(day_count="elapsed"))
    >>> found = kit.calibrate(welcome, entries, sent.rename(columns={"send_at": "sent_at"}))
    >>> found[["day_count", "explained"]].head(1).to_numpy().tolist(), found.best.day_count
    ([['elapsed', 1.0]], 'elapsed')
    """
    if not isinstance(sequence, Sequence):
        raise SimcoreError(f"sequence: found {shown(sequence)}, expected a simcore.kit.Sequence")
    tolerance_us = length_us(tolerance, "tolerance")
    if isinstance(changes, Iterable) and not isinstance(changes, str | Mapping):
        changes = [*changes]  # an iterator is read once
    cache = _Cache()
    options = Options(
        events=events, changes=changes, naive_time_zone=naive_time_zone, unit=unit, dayfirst=dayfirst
    )
    usual = make(sequence, entries, options, cache=cache)
    log = Log(observed, usual, options.tables)
    tried = combinations(usual, log, cache.readings)
    families = _Families(sequence, entries, options, cache, usual, log, tried, tolerance_us)
    found: dict[bytes, tuple[Assumptions, Fit]] = {}
    which = []
    with closing(_slowly(tried, progress)) as slowly:
        for chosen in slowly:
            name, fit = families.of(chosen)
            if name not in found:
                found[name] = Assumptions(**chosen), fit
            which.append(name)
    logged = min((fit for _, fit in found.values()), key=lambda fit: fit.short).logged
    rows = [
        (assume, fit, (fit.short + fit.extra * logged) / len(log.sent_us)) for assume, fit in found.values()
    ]
    rows.sort(key=lambda row: row[-1])  # ties stay as near to the defaults as they are
    assumed, fits, misfits = zip(*rows, strict=True)
    matter = that_matter(tried, which)
    table = Calibration({
        **{
            name: pd.Series([getattr(assume, name) for assume in assumed], dtype=_dtype(name))
            for name in matter
        },
        **{name: np.array([getattr(fit, name) for fit in fits]) for name in Fit._fields[:6]},
        "misfit": np.array(misfits),
    })
    table.best = assumed[0]
    some = np.flatnonzero(families.scores.least_us > tolerance_us)
    life = lives(log, some, usual, sequence, entries, options._replace(assumptions=table.best))
    table.unexplained = unexplained(log, some, usual, life).set_axis(observed.index[some])
    return table


class _Families:
    """The timeline of each combination, and how well it explains the log; found for all of one timing together."""

    def __init__(
        self,
        sequence: Sequence,
        entries: Entries,
        options: Options,
        cache: "_Cache",
        usual: Projection,
        log: Log,
        tried: list[dict[str, Any]],
        tolerance_us: int,
    ) -> None:
        self._email_ids = log.email_ids
        self._starts = [*dict.fromkeys(chosen["restart_via"] for chosen in tried)]
        audiences = [
            make(
                sequence, entries, options._replace(assumptions=Assumptions(restart_via=start)), cache=cache
            ).people
            for start in self._starts
        ]
        people = everybody(audiences)
        self._variants = Variants({name: [*dict.fromkeys(chosen[name] for chosen in tried)] for name in LIFE})
        self.scores = Scores(log, people, tolerance_us)
        begins_us = [epoch.at_us for epoch in usual.epochs]
        self._states, self._families = {}, {}
        for reading in dict.fromkeys(chosen["position_taken"] for chosen in tried):
            states = [sequence, *cache.states.get(reading, [])]
            self._states[reading] = states
            self._families[reading] = Family(states, begins_us, self._variants, audiences[0], people.runs)
        self._names: dict[tuple[Any, ...], list[list[bytes]]] = {}
        self._families_of: dict[Any, list[list[bytes]]] = {}
        self._fits: dict[bytes, Fit] = {}

    def of(self, chosen: dict[str, Any]) -> tuple[bytes, Fit]:
        """The name of a combination's timeline, the same for the same one, and its fit."""
        timing = tuple(chosen[name] for name in (*TIMING, "position_taken"))
        if timing not in self._names:
            self._names[timing] = self._timed(chosen)
        names = self._names[timing][self._starts.index(chosen["restart_via"])]
        name = names[self._variants.number[tuple(chosen[each] for each in LIFE)]]
        return name, self._fits[name]

    def _timed(self, chosen: dict[str, Any]) -> list[list[bytes]]:
        """The names of all timelines with a combination's timing. Different assumptions may give the same timing."""
        reading = chosen["position_taken"]
        assume = Assumptions(**{name: chosen[name] for name in TIMING})
        plans = [translate(state, assume) for state in self._states[reading]]
        same = timing_of(plans), reading
        if same not in self._families_of:
            self._families_of[same] = self._simulated(reading, [plan.steps for plan in plans])
        return self._families_of[same]

    def _simulated(self, reading: str, steps: list[Any]) -> list[list[bytes]]:
        ways = self._families[reading].ways(steps, self._email_ids)
        names = self.scores.timelines(ways)
        new = {
            name: (start, variant)
            for start, each in enumerate(names)
            for variant, name in enumerate(each)
            if name not in self._fits
        }
        self._fits |= zip(new, self.scores.fits(ways, [*new.values()]), strict=True)
        return names


def _slowly(combinations: list[dict[str, Any]], progress: bool) -> Generator[dict[str, Any]]:
    """Each combination; once that takes long, with a progress bar."""
    began, report = time.monotonic(), None
    with ExitStack() as stack:
        for done, chosen in enumerate(combinations):
            if report is None and progress and time.monotonic() - began >= _PATIENCE:
                report = stack.enter_context(reporting(True, len(combinations), "combinations"))
            if report is not None:
                report("Calibrating", done)
            yield chosen
        if report is not None:
            report("Calibrating", len(combinations))


class _Cache(Cache):
    """A `Cache` for plans that also differ by switches that do not affect who goes through the sequence and when.

    `states`: the sequence after each of the changes, made once for every reading of positions that are taken (K25). A
    reading under which these changes are not possible has none.
    """

    def __init__(self) -> None:
        super().__init__()
        self.states: dict[str, list[Sequence]] = {}

    def after(
        self, sequence: Sequence, changes: list[tuple[int, Any]], assumptions: Any | None
    ) -> list[Sequence]:
        reading = (assumptions or Assumptions()).position_taken
        if not self.states:
            self.states[reading] = super().after(sequence, changes, assumptions)
            for other in VALUES["position_taken"]:
                if other not in self.states:
                    with suppress(ValidationError):
                        assume = Assumptions(position_taken=other)
                        self.states[other] = super().after(sequence, changes, assume)
        return self.states[reading]

    @property
    def readings(self) -> list[str]:
        """The readings of positions that are taken by which the emails come in different orders."""
        found: dict[Any, str] = {}
        for reading, states in self.states.items():
            found.setdefault(tuple(tuple(email.id for email in state.emails) for state in states), reading)
        return [*found.values()]

    def audience(self, epochs: list["Epoch"]) -> "Audience | None":
        return super().audience(_entering(epochs))

    def keep(self, epochs: list["Epoch"], people: "Audience") -> None:
        super().keep(_entering(epochs), people)


def _entering(epochs: list["Epoch"]) -> list["Epoch"]:
    return [
        epoch._replace(
            plan=replace(epoch.plan, hold_vias=frozenset(), excluded_ends=False, on_change=OnChange())
        )
        for epoch in epochs
    ]


def _dtype(name: str) -> str:
    return "timedelta64[us]" if isinstance(DEFAULTS[name], timedelta) else "str"
