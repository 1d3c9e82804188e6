"""Calibration: which assumptions about Kit explain a log of what it really sent."""

import re
import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import ExitStack, closing, suppress
from dataclasses import fields, replace
from datetime import timedelta
from hashlib import blake2b
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from simcore.answers.options import Change, Entries, EventLog, Options
from simcore.answers.projection import Cache, Projection, Simulation, make
from simcore.clock import instants
from simcore.clock.gates import Poll
from simcore.clock.instants import NAT_US
from simcore.clock.words import clock, length
from simcore.clock.zones import MINUTE_US, SECOND_US, Ints, zone
from simcore.engine import events as event_log
from simcore.errors import EntryError, SimcoreError, ValidationError, shown
from simcore.kit.assumptions import Assumptions
from simcore.kit.model import Sequence
from simcore.kit.translate import translate
from simcore.plan.log import whole_id
from simcore.plan.plan import OnChange, OneAtATime
from simcore.text.progress import reporting

if TYPE_CHECKING:
    from simcore.engine.people import Audience
    from simcore.plan.plan import Epoch, Plan

_DEFAULTS = {switch.name: switch.default for switch in fields(Assumptions)}
_VALUES = {
    switch.name: switch.metadata["values"]
    for switch in fields(Assumptions)
    if not isinstance(switch.default, timedelta)
}
_POLLS = tuple(timedelta(minutes=minutes) for minutes in (15, 1, 5, 30, 60))  # the default first
_TIMING = ("day_count", "poll_every", "poll_phase", "immediate_days", "email_days", "draft_delay")
_NEVER_US: int = np.iinfo(np.int64).max
_MEND = "mend those rows, or leave them out"
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
    progress: bool = True,
) -> Calibration:
    """How well each combination of assumptions explains a log of what was really sent, best first.

    `observed`: the log, a DataFrame with `subscriber_id` (as in entries), `sent_at` (instants) and `email_id` or
    `position` (of the email in the order in force then, from 0); rows in any order. Each observed send is compared
    with the nearest projected send of that email to that subscriber, in any of their runs, so a send that is missing
    from the log does not affect the others. `entries` (of the people in the log), `events`, `changes`,
    `naive_time_zone`: as for `simcore.project`. `tolerance`: how far a send may be from its projected instant and
    still count as explained (0 or more; anything that pandas.Timedelta reads, with a unit). `progress` shows a bar on
    standard error once the work has taken five seconds.

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
    tolerance_us = _length_us(tolerance)
    if isinstance(changes, Iterable) and not isinstance(changes, str | Mapping):
        changes = [*changes]  # an iterator is read once
    cache = _Cache()
    options = Options(events=events, changes=changes, naive_time_zone=naive_time_zone)
    usual = make(sequence, entries, options, cache=cache)
    log = _Log(observed, usual, naive_time_zone)
    combinations = _combinations(usual, log, cache.readings)
    steps: dict[tuple[Any, ...], Any] = {}
    timelines: dict[Any, bytes] = {}
    found: dict[bytes, tuple[Assumptions, _Fit]] = {}
    least_us = np.full(len(log.sent_us), _NEVER_US)
    which = []
    with closing(_slowly(combinations, progress)) as slowly:
        for chosen in slowly:
            timing = tuple(chosen[name] for name in (*_TIMING, "position_taken"))
            if timing not in steps:
                assume = Assumptions(**{name: chosen[name] for name in _TIMING})
                states = cache.states.get(chosen["position_taken"], [])
                steps[timing] = _timing([translate(state, assume) for state in (sequence, *states)])
            plans = (steps[timing], *(value for name, value in chosen.items() if name not in _TIMING))
            if plans not in timelines:
                assume = Assumptions(**chosen)
                projection = make(sequence, entries, options._replace(assumptions=assume), cache=cache)
                at_us = log.sends(projection)
                timelines[plans] = blake2b(projection.people.runs.row.tobytes() + at_us.tobytes()).digest()
                if timelines[plans] not in found:
                    error_us, fit = log.against(projection.people, at_us, tolerance_us)
                    found[timelines[plans]] = assume, fit
                    np.minimum(least_us, error_us, out=least_us)
            which.append(timelines[plans])
    logged = min((fit for _, fit in found.values()), key=lambda fit: fit.short).logged
    rows = [
        (assume, fit, (fit.short + fit.extra * logged) / len(log.sent_us)) for assume, fit in found.values()
    ]
    rows.sort(key=lambda row: row[-1])  # ties stay as near to the defaults as they are
    assumed, fits, misfits = zip(*rows, strict=True)
    matter = _that_matter(combinations, which)
    table = Calibration({
        **{
            name: pd.Series([getattr(assume, name) for assume in assumed], dtype=_dtype(name))
            for name in matter
        },
        **{name: np.array([getattr(fit, name) for fit in fits]) for name in _SHOWN},
        "misfit": np.array(misfits),
    })
    table.best = assumed[0]
    some = np.flatnonzero(least_us > tolerance_us)
    life = _lives(log, some, usual, sequence, entries, options._replace(assumptions=table.best))
    table.unexplained = _unexplained(log, some, usual, life).set_axis(observed.index[some])
    return table


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


def _length_us(tolerance: Any) -> int:
    """A length of time [µs]. Raises SimcoreError for anything else."""
    number = isinstance(tolerance, int | float) or re.fullmatch(r"[-+\s\d.]*", str(tolerance))
    try:
        length = pd.NaT if number else pd.Timedelta(tolerance)
    except (TypeError, ValueError):
        length = pd.NaT
    if not length >= pd.Timedelta(0):
        raise SimcoreError(
            f'tolerance: found {shown(tolerance)}, expected a length of time of 0 or more, such as "15min"'
        )
    return int(length // pd.Timedelta(1, "us"))


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
            for other in _VALUES["position_taken"]:
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


class _Fit(NamedTuple):
    """How well a timeline explains a log (see `calibrate`). `short`: the sum of errors as shares of the tolerance.
    `logged`: the share of the projected sends within the log's time that are in the log."""

    explained: float
    exact: float
    median_error: np.timedelta64
    p95_error: np.timedelta64
    unmatched: int
    extra: int
    short: float
    logged: float


_SHOWN = _Fit._fields[:6]


class _Log:
    """A log of sends, as arrays [sends]: to whom (`who` int64, indices in `ids`), which email (`email` int64, indices
    in `email_ids`), and when (`sent_us` int64 [µs])."""

    def __init__(self, observed: Any, usual: Projection, naive_time_zone: str | None) -> None:
        if not isinstance(observed, pd.DataFrame):
            raise EntryError(
                f"observed: found {shown(observed)}, expected a DataFrame with subscriber_id, sent_at, and email_id "
                "or position"
            )
        event_log.columns("observed", observed, ("subscriber_id", "sent_at"), ("email_id", "position"))
        named = next((name for name in ("email_id", "position") if name in observed.columns), None)
        if named is None:
            raise EntryError(
                "observed: no column email_id, and no column position instead; the columns are: "
                f"{', '.join(map(str, observed.columns))}"
            )
        if not len(observed):
            raise EntryError("observed: found no rows, expected at least one send for assumptions to explain")
        self.sent_us, faults = instants.read(observed["sent_at"], naive_time_zone)
        _refuse(observed["sent_at"], faults)
        subscriber = observed["subscriber_id"]
        _refuse(
            subscriber, dict.fromkeys(np.flatnonzero(event_log.no_ids(subscriber)).tolist(), event_log.NO_ID)
        )
        _refuse(subscriber, dict.fromkeys(np.flatnonzero(subscriber.isna()).tolist(), "missing"))
        known = usual.people.runs.subscriber_id
        kinds = [pd.api.types.infer_dtype(ids, skipna=True) for ids in (subscriber, known)]
        if len(known) and kinds[0] != kinds[1]:
            raise EntryError(
                f"observed: subscriber_id is {subscriber.dtype} here and {known.dtype} in entries, expected the same "
                'type, since 1 and "1" never match'
            )
        self.who, self.ids = event_log.factorized(subscriber)
        steps = [epoch.plan.steps for epoch in usual.epochs]
        self.email_ids = [*dict.fromkeys(step.email_id for in_force in steps for step in in_force)]
        code, distinct = event_log.factorized(observed[named])
        number = [whole_id(value) for value in distinct]
        if named == "email_id":
            self.email = self.emails(number)[code]
            fault = f"not the id of an email of the sequence, expected one of: {', '.join(map(str, self.email_ids))}"
        else:
            most = max(map(len, steps))
            order = np.full((len(steps), most + 1), -1)
            for row, in_force in enumerate(steps):
                order[row, : len(in_force)] = [self.email_ids.index(step.email_id) for step in in_force]
            position = np.array([most if at is None or not 0 <= at < most else at for at in number])
            epoch = np.searchsorted([epoch.at_us for epoch in usual.epochs[1:]], self.sent_us, "right")
            self.email = order[epoch, position[code]]
            fault = "not the position of an email, from 0, in the order in force then"
        _refuse(observed[named], dict.fromkeys(np.flatnonzero(self.email < 0).tolist(), fault))
        self._cells: dict[int, list[tuple[Ints, Ints]]] = {}

    def polls(self, epochs: list["Epoch"]) -> list[tuple[timedelta, timedelta]]:
        """The values of (poll_every, poll_phase) to try; the default first."""
        steps = [step for epoch in epochs for step in epoch.plan.steps if isinstance(step.gate, Poll)]
        if not steps:
            return [(_POLLS[0], timedelta(0))]
        polled = [self.email_ids.index(step.email_id) for step in steps]
        sent_us = self.sent_us[np.isin(self.email, polled)]
        found = []
        for every in _POLLS:
            past_us = sent_us % (every // timedelta(microseconds=1))
            phases = [0, *(_commonest(past_us // unit_us) * unit_us for unit_us in (MINUTE_US, SECOND_US))]
            found += [(every, timedelta(microseconds=phase)) for phase in dict.fromkeys(phases)]
        return found

    def subscribers(self, subscriber_ids: Any) -> Ints:
        """The index of each subscriber in `ids`; -1 for those not in the log."""
        found: Ints = pd.Index(self.ids).get_indexer(pd.Index(subscriber_ids)).astype(np.int64)
        return found

    def emails(self, email_ids: Any) -> Ints:
        """The index of each email in `email_ids`; -1 for none."""
        here, there = (pd.Index([*ids], dtype=object) for ids in (self.email_ids, email_ids))
        found: Ints = here.get_indexer(there).astype(np.int64)
        return found

    def sends(self, projection: Projection) -> Ints:
        """When each run is sent each email [int64, µs; emails x runs; `NAT_US` where it is not]."""
        at_us = np.full((len(self.email_ids), len(projection.people.runs)), NAT_US)
        row_of = {email_id: row for row, email_id in enumerate(self.email_ids)}
        sent = [(item, item.step) for item in projection.outcome.passed]
        for item, step in sent:
            at_us[row_of[step.email_id], slice(None) if item.rows is None else item.rows] = item.at.all_us()
        return at_us

    def against(self, people: "Audience", at_us: Ints, tolerance_us: int) -> tuple[Ints, _Fit]:
        """How far each send is from the nearest projected one [µs, `_NEVER_US` for none], and the fit."""
        error_us, nearest = np.full(len(self.sent_us), _NEVER_US), np.full(len(self.sent_us), -1)
        projected_us = at_us.reshape(-1)
        for some, cell in self._counterparts(people):
            there_us = projected_us[cell]
            gap_us = np.where(
                there_us == NAT_US, _NEVER_US, np.abs(self.sent_us[some] - np.maximum(there_us, 0))
            )
            nearer = gap_us < error_us[some]
            error_us[some[nearer]], nearest[some[nearer]] = gap_us[nearer], cell[nearer]
        met = np.zeros(projected_us.size, np.bool_)
        met[nearest[nearest >= 0]] = True
        alone = ~met & (projected_us >= self.sent_us.min()) & (projected_us <= self.sent_us.max())
        matched_us, counterparts = error_us[nearest >= 0], int(met.sum())
        quantiles = np.full(2, NAT_US)
        if matched_us.size:
            quantiles = np.rint(np.quantile(matched_us, (0.5, 0.95))).astype(np.int64)
        median, p95 = quantiles.view("timedelta64[us]")
        extra, most_us = int(alone.sum()), max(tolerance_us, 1)
        return error_us, _Fit(
            explained=float((error_us <= tolerance_us).mean()),
            exact=float((error_us <= SECOND_US).mean()),
            median_error=median,
            p95_error=p95,
            unmatched=len(error_us) - matched_us.size,
            extra=extra,
            short=int(np.minimum(error_us, most_us).sum()) / most_us,
            logged=counterparts / max(counterparts + extra, 1),
        )

    def _counterparts(self, people: "Audience") -> list[tuple[Ints, Ints]]:
        """For the first, second, … run of everybody: the sends that may be of it, and their cells in emails x runs."""
        if id(people) not in self._cells:  # `_Cache` keeps them all
            runs = people.runs
            who = self.subscribers(runs.subscriber_id)
            order = np.argsort(who, kind="stable")
            first = np.searchsorted(who[order], np.arange(len(self.ids) + 1))
            count = np.diff(first)[self.who]
            cells = []
            for turn in range(int(count.max())):
                some = np.flatnonzero(count > turn)
                run = order[first[self.who[some]] + turn]
                cells.append((some, self.email[some] * len(runs) + run))
            self._cells[id(people)] = cells
        return self._cells[id(people)]


def _refuse(values: "pd.Series[Any]", faults: dict[int, str]) -> None:
    if faults:
        raise instants.explain_faults(f"observed: {values.name}", values, faults, _MEND)


def _commonest(values: Ints) -> int:
    """The most frequent value, the lowest if there are several; 0 if there is none."""
    distinct, counts = np.unique(values, return_counts=True)
    return int(distinct[counts.argmax()]) if distinct.size else 0


def _combinations(usual: Projection, log: _Log, readings: list[str]) -> list[dict[str, Any]]:
    """All combinations to try, those nearest to the defaults first. `readings`: of positions that are taken."""
    may = {*_TIMING, *_that_may(usual)}
    axes = {name: values for name, values in _VALUES.items() if name in may} | {"position_taken": readings}
    if not readings:
        del axes["position_taken"]
    # If all plans hold, or none does, "same" equals one of the other values.
    if "hold_without_automation" in axes:
        holds = [bool(epoch.plan.hold_vias) for epoch in usual.epochs]
        same = "complete" if not any(holds) else "stay" if all(holds) else None
        name = "hold_without_automation"
        axes[name] = [value for value in axes[name] if value != same]
    found = []
    for (every, phase), *values in product(log.polls(usual.epochs), *axes.values()):
        given = {**dict(zip(axes, values, strict=True)), "poll_every": every, "poll_phase": phase}
        found.append(_DEFAULTS | given)
    return sorted(found, key=lambda chosen: sum(chosen[name] != usual for name, usual in _DEFAULTS.items()))


def _that_may(usual: Projection) -> set[str]:
    """The switches about the life of runs that can matter here; the others cannot, in any combination."""
    plans, people, found = [epoch.plan for epoch in usual.epochs], usual.people, set()
    if (
        any(isinstance(plan.entry, OneAtATime) and plan.entry.repeat for plan in plans)
        and (people.runs.number > 1).any()
    ):
        found.add("restart_via")
    if people.log is not None:
        members = [people.log.members(plan.excluded, plan.events) for plan in plans]
        found |= {"excluded_midway"} if any(some is not None for some in members) else set()
    if len(plans) > 1:
        found.add("queued_emails")
    orders = [[(step.email_id, step.sends) for step in plan.steps] for plan in plans]
    if any(
        before != after for before, after in pairwise(orders)
    ):  # or a run that holds never gets anything new
        found.add("hold_without_automation")
    published = [{email_id for email_id, sends in order if sends} for order in orders]
    if any(after - before for before, after in pairwise(published)):
        found |= {"insert_before_next", "earlier_insert"}
    return found


def _timing(plans: list["Plan"]) -> Any:
    """The timing of plans: if two are equal, so are their timelines."""
    return tuple(
        tuple((step.delay, step.gate) if step.queued else None for step in plan.steps) for plan in plans
    )


def _that_matter(combinations: list[dict[str, Any]], which: list[bytes]) -> list[str]:
    """The switches that change the timeline if only they change, for some values of the others."""
    found = []
    for name in _DEFAULTS:
        others: dict[Any, bytes] = {}
        rest = [tuple(chosen[other] for other in _DEFAULTS if other != name) for chosen in combinations]
        if any(
            others.setdefault(values, timeline) != timeline
            for values, timeline in zip(rest, which, strict=True)
        ):
            found.append(name)
    return found


def _lives(
    log: _Log,
    some: Ints,
    usual: Projection,
    sequence: Sequence,
    entries: Any,
    options: Options,
) -> Simulation:
    """What happens to the people to whom some sends of the log went."""
    runs, rejected = usual.people.runs, usual.people.rejected
    concerned = np.append(np.bincount(log.who[some], minlength=len(log.ids)) > 0, False)
    rows = np.sort(
        np.concatenate([
            row[concerned[log.subscribers(subscriber)]]
            for row, subscriber in ((runs.row, runs.subscriber_id), (rejected.row, rejected.subscriber_id))
        ])
    )
    if isinstance(entries, pd.DataFrame | pd.Series):
        entries = entries.iloc[rows]
    else:
        entries = pd.Series([entries[row] for row in rows.tolist()], index=rows, dtype=object)
    return make(sequence, entries, options._replace(explain=True), notes=True).simulation()


def _unexplained(log: _Log, some: Ints, usual: Projection, life: Simulation) -> pd.DataFrame:
    """Some sends of the log, and what is projected instead (see `calibrate`). `life`: of at least those people."""
    who, email, sent_us = log.who[some], log.email[some], log.sent_us[some]
    sends = pd.DataFrame({
        "who": log.subscribers(life.timeline["subscriber_id"]),
        "email": log.emails(life.timeline["email_id"]),
        "at_us": pd.DatetimeIndex(life.timeline["send_at"]).asi8,
        "why": life.timeline["reason"],
    })
    near = pd.DataFrame({"row": np.arange(len(some)), "who": who, "email": email, "sent_us": sent_us})
    near = near.merge(sends, on=["who", "email"])
    near["error_us"] = near["sent_us"] - near["at_us"]
    near = near.sort_values("error_us", key=abs, kind="stable").drop_duplicates("row").set_index("row")
    code, distinct_us = pd.factorize(near["error_us"])
    apart = [f"{_roughly(abs(us))} {'later' if us > 0 else 'earlier'}" for us in distinct_us.tolist()]
    near["why"] = np.array([*apart, ""], object)[code] + " than projected: " + near["why"]
    reasons = pd.Series("not sent to them: ", range(len(some)), dtype="str")
    reasons += _why_not(log, who, email, usual, life)
    reasons[near.index] = near["why"]
    found_us = np.full((2, len(some)), NAT_US)
    found_us[:, near.index] = near[["at_us", "error_us"]].to_numpy().T
    time_zone = usual.zone
    return pd.DataFrame({
        "subscriber_id": log.ids[who],
        "email_id": np.array(log.email_ids)[email],
        "sent_at": instants.show(sent_us, time_zone),
        "nearest": instants.show(found_us[0], time_zone),
        "error": found_us[1].view("timedelta64[us]"),
        "reason": reasons,
    })


def _why_not(log: _Log, who: Ints, email: Ints, usual: Projection, life: Simulation) -> Any:
    """Why each of these people does not get that email [str], if they do not."""
    notes = pd.DataFrame({
        "who": log.subscribers(life.journal["subscriber_id"]),
        "email": log.emails(life.journal["email_id"]),
        "at_us": pd.DatetimeIndex(life.journal["at"]).asi8,
        "detail": life.journal["detail"].astype("str"),
    })[~life.journal["what"].isin(["started", "holding"])].sort_values("at_us", kind="stable")
    code, distinct_us = pd.factorize(notes["at_us"])
    here = zone(usual.zone)
    at = np.array([*(f" ({clock(us, here)})" for us in distinct_us.tolist()), ""], object)[code]
    notes["detail"] += at
    asked = pd.DataFrame({"who": who, "email": email})
    keys = ["who", "email"]
    of_email = asked.merge(notes.drop_duplicates(keys, keep="last"), "left", on=keys)["detail"]
    last = notes[notes["email"] < 0].drop_duplicates("who", keep="last")
    of_run = asked.merge(last[["who", "detail"]], "left", on="who")["detail"]
    sending = {step.email_id for epoch in usual.epochs for step in epoch.plan.steps if step.sends}
    draft = np.array([email_id not in sending for email_id in log.email_ids])[email]
    known = np.isin(
        who, log.subscribers([*life.subscribers["subscriber_id"], *life.journal["subscriber_id"]])
    )
    return np.select(
        [~known, of_email.notna(), draft, of_run.notna()],
        ["they are not in entries", of_email, "it is a draft", of_run],
        "no run of theirs comes to it",
    )


def _dtype(name: str) -> str:
    return "timedelta64[us]" if isinstance(_DEFAULTS[name], timedelta) else "str"


def _roughly(us: int) -> str:
    """A length of time [µs] in words, in full minutes if it is a minute or more."""
    return length(us - us % MINUTE_US or us)
