"""The verbs: what goes out when, for one subscriber and for all of them."""

import warnings
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple, Protocol

import numpy as np
import pandas as pd

from simcore import audience, engine, instants, timeline
from simcore import explain as words
from simcore.engine import Round
from simcore.errors import EntryError, SimcoreError, ValidationError, shown
from simcore.instants import NAT_US
from simcore.log import NEVER_US
from simcore.plan import Epoch, Plan, Step
from simcore.tables import ShownFrame, Table, clock
from simcore.wording import count
from simcore.zones import FIRST_US, LAST_US, Ints, zone, zone_names

_ROOM, _ROOM_MORE = 16, 1 << 20  # instants that are kept for other sequences: so many a run, and so many more


class Sequence(Protocol):
    """What a platform's sequence offers to the verbs."""

    def plan(self, assumptions: Any = None, *, include_drafts: bool = False) -> Plan:
        """The delays and gates that the sequence comes down to."""
        ...

    def with_fields(self, changed: Mapping[str, Any], /) -> "Sequence":
        """A copy with other values at paths such as `send_hour`."""
        ...

    def after(self, changes: Iterable[tuple[int, Any]]) -> list[Any]:
        """The sequence after each of some changes, which come with their numbers in the user's list."""
        ...


class Simulation(NamedTuple):
    """What `simcore.simulate` gives: three DataFrames. In a notebook and a terminal it shows what they come to.

    >>> import simcore
    >>> from simcore import kit
    >>> simcore.simulate(kit.load(simcore.example("welcome")), ["2026-03-06T21:07-05:00"])
    A simulation: 4 sends, Fri 6 Mar 2026 21:07 EST to Thu 12 Mar 2026 09:00 EDT
    table        rows  what
    timeline     4     4 emails
    subscribers  1     1 completed
    journal      2     1 started, 1 completed
    """

    timeline: pd.DataFrame
    subscribers: pd.DataFrame
    journal: pd.DataFrame

    def __repr__(self) -> str:
        return self._table().text()

    def _repr_html_(self) -> str:
        return self._table().html()

    def _table(self) -> Table:
        at = pd.DatetimeIndex(self.timeline["send_at"])
        here = zone(str(at.tz))
        span = f", {clock(int(at.asi8.min()), here)} to {clock(int(at.asi8.max()), here)}" if len(at) else ""
        told = {
            "timeline": count(self.timeline["email_id"].nunique(), "email"),
            "subscribers": _counted(self.subscribers["status"]),
            "journal": _counted(self.journal["what"]),
        }
        rows = [(name, len(getattr(self, name)), what) for name, what in told.items()]
        return Table(f"A simulation: {count(len(at), 'send')}{span}", ("table", "rows", "what"), rows)


class Preview(ShownFrame):
    """What `simcore.preview` gives."""

    def _table(self) -> Table:
        dtype = self["send_at"].dtype if {"send_at", "subject", "reason"} <= set(self.columns) else None
        if (
            not isinstance(dtype, pd.DatetimeTZDtype) or str(dtype.tz) not in zone_names()
        ):  # changed in its place
            return Table("A preview", ("pos", *map(str, self.columns)), [*self.itertuples()])
        at, here = pd.DatetimeIndex(self["send_at"]).as_unit("us"), zone(str(dtype.tz))
        times = [clock(us, here) if us != NAT_US else "not sent" for us in at.asi8.tolist()]
        rows = [*zip(self.index, times, self["subject"], self["reason"], strict=True)]
        return Table(f"Times in {here.name}", ("pos", "send time", "subject", "reason"), rows, under=True)


def _counted(values: Any) -> str:
    """How many there are of each category, in words."""
    return ", ".join(f"{count} {name}" for name, count in values.value_counts(sort=False).items() if count)


def preview(
    sequence: Sequence,
    entered_at: Any,
    *,
    include_drafts: bool = False,
    assumptions: Any = None,
    naive_time_zone: str | None = None,
) -> pd.DataFrame:
    """When each email goes out to one subscriber who enters at `entered_at`, and why then.

    `entered_at`: an aware datetime or Timestamp, or a string; without an offset it is wall-clock time in
    `naive_time_zone`, or else in the sequence's zone. `include_drafts` treats every draft as published.
    `assumptions`: the platform's switches, such as `kit.Assumptions(...)`.

    A row for each email that is not a draft. Index `position` (int16, from 0); columns `email_id` (int64; str
    for Sequenzy), `subject` (str), `send_at` (datetime64[us, the sequence's zone]), `wait` (timedelta64[us], from the
    previous email or from the entry) and `reason` (str, one sentence). What cannot go out as things stand has
    NaT and the reason. In a notebook and a terminal it is shown in full.

    Raises EntryError for an instant that cannot be read or sends after 2200. Warns where no email is
    published. Rules: spec K6 to K12; of Sequenzy, where nothing but the entry happens, Q8 to Q11.

    >>> import simcore
    >>> from simcore import kit
    >>> shown = simcore.preview(kit.load(simcore.example("welcome")), "2026-03-06 21:07")
    >>> shown["send_at"].dt.strftime("%a %d %b %H:%M %Z").tolist()
    ['Fri 06 Mar 21:07 EST', 'Fri 06 Mar 23:15 EST', 'Mon 09 Mar 09:00 EDT', 'Thu 12 Mar 09:00 EDT']
    """
    instants.check_zone(naive_time_zone)
    plan = plan_of(sequence, assumptions, include_drafts)
    entered_us = instants.read_one(entered_at, "entered_at", naive_time_zone or plan.time_zone)
    found = engine.simulate_one(plan, entered_us)
    passed = {item.step.position: item for item in found.rounds if item.step is not None}
    waits = next((step for step in plan.steps if step.queued and step.position not in passed), None)
    rows = []
    for step in plan.steps:
        if not step.sends:
            continue
        item = passed.get(step.position)
        if item is None:
            reason = words.CLOSED if step is waits else words.UNREACHED
            if waits is not None and not waits.sends and waits.passed != "draft":
                reason = words.UNREACHED_STEP
            if found.state[0] == engine.STOPPED:
                reason = f"{words.ENDED}: {plan.words[found.notes[-1].what]}"
            rows.append((step, NAT_US, NAT_US, reason if plan.active else words.INACTIVE))
            continue
        at_us = int(item.at.distinct_us[0])
        if at_us > LAST_US:
            raise EntryError(
                f"the email at position {step.position} (id {step.email_id}) would go out after 2200-01-01 UTC: "
                "mend its delay, or the entry"
            )
        reason = words.reasons(item, np.array([entered_us]))[0]
        rows.append((step, at_us, at_us - int(item.anchor.distinct_us[0]), reason))
    if not rows:
        drafts = any(step.passed == "draft" for step in plan.steps)
        why = "is published (include_drafts=True shows drafts)" if drafts else "is there"
        warnings.warn(f"nothing to preview: no email {why}", stacklevel=2)
    steps, send_us, waits_us, reasons = map(list, zip(*rows, strict=True)) if rows else ([], [], [], [])
    return Preview(
        {
            "email_id": pd.array([step.email_id for step in steps], dtype=_text())
            if plan.text_ids
            else np.array([step.email_id for step in steps], np.int64),
            "subject": pd.array([step.subject for step in steps], dtype=_text()),
            "send_at": instants.show(np.array(send_us, np.int64), plan.time_zone),
            "wait": np.array(waits_us, np.int64).view("timedelta64[us]"),
            "reason": pd.array(reasons, dtype=_text()),
        },
        index=pd.Index(np.array([step.position for step in steps], np.int16), name="position"),
    )


def project(
    sequence: Sequence,
    entries: Any = None,
    *,
    events: Any = None,
    changes: Iterable[Any] = (),
    until: Any = None,
    include_drafts: bool = False,
    assumptions: Any = None,
    naive_time_zone: str | None = None,
    order: str = "entry",
    enabled_at: Any = None,
    render: bool = False,
    explain: bool = False,
) -> pd.DataFrame:
    """The timeline: one row for each email that goes out to each subscriber.

    `entries`: a DataFrame with `subscriber_id` (any dtype) and `entered_at` (instants, or strings with
    offsets), optionally `via`; a Series of instants whose index is the subscriber_id; or a DatetimeIndex,
    array or list of instants (ids 0, 1, 2, …). Naive times need `naive_time_zone`, in which they are
    wall-clock time. A subscriber who stands there again starts another run where the sequence repeats, and is
    ignored where it does not (spec K14; of Sequenzy, by its enrolment mode, Q18). `until`: the world ends just
    before it; nothing at or after it happens. `include_drafts`, `assumptions`: as for `preview`.

    `events`: a DataFrame with `subscriber_id` (as in entries), `at` (instants) and `event` (the names in
    api.md; for Sequenzy any other is a tracked event), and where an event needs it `ref` (which tag, form,
    segment, list, sequence or field) and `properties` (a dict); in any order. `changes`: a list of edits of
    the sequence, such as `kit.update(...)`. Sequenzy only: without `entries` the sequence's trigger enrols, by
    the events, from `enabled_at` on (an instant; None: from the beginning); entries may carry `properties`;
    `render=True` gives a column more, `rendered_subject` (str), the subject with its merge tags filled in.
    `explain=True` gives a column `reason` (str), as in `preview`; it is meant for thousands of sends.

    Columns, in order: `subscriber_id` (as given), `run` (int32, from 1), `position` (int16, from 0),
    `email_id` (int64; str for Sequenzy), `subject` (category), `send_at` (datetime64[us, the sequence's
    zone]); a RangeIndex. Rows follow the entries (or the enrolments by time, and of one instant the
    subscribers as they first appear in the events), then the sends; `order="email"` gives them email by email.

    Raises EntryError that names the rows that cannot be read, or whose sends are after 2200.

    >>> import simcore
    >>> from simcore import kit
    >>> sequence = kit.load(simcore.example("welcome"))
    >>> sends = simcore.project(sequence, ["2026-03-06T21:07:30-05:00", "2026-03-07T08:00:00-05:00"])
    >>> len(sends), str(sends["send_at"].dtype)
    (8, 'datetime64[us, America/New_York]')
    """
    return make(
        sequence,
        entries,
        events=events,
        changes=changes,
        until=until,
        include_drafts=include_drafts,
        assumptions=assumptions,
        naive_time_zone=naive_time_zone,
        order=order,
        enabled_at=enabled_at,
        render=render,
        explain=explain,
    ).timeline()


def simulate(
    sequence: Sequence,
    entries: Any = None,
    *,
    events: Any = None,
    changes: Iterable[Any] = (),
    until: Any = None,
    include_drafts: bool = False,
    assumptions: Any = None,
    naive_time_zone: str | None = None,
    order: str = "entry",
    enabled_at: Any = None,
    render: bool = False,
    explain: bool = False,
) -> Simulation:
    """The whole life of all subscribers in a sequence: `timeline`, `subscribers` and `journal`.

    Arguments as for `project`, and `timeline` is what that gives. `subscribers` has a row a run, in the order
    of the entries: `subscriber_id, run` (int32), `via` (category), `entered_at`, `status` (category: active,
    completed, restarted, excluded, cancelled, removed, stopped), `sends` (int32), `last_send_at`,
    `next_email_id` (Int64; str for Sequenzy) and `next_send_at`, the email that the run waits for (missing
    where nothing can go out as things stand), `ended_at`; as they stand at `until`, or after everything has
    happened. `journal` has all that happened but the sends: `subscriber_id, run` (Int32, missing for entries
    that started none), `at`, `what` (category, spec K28 and Q22), `email_id` (Int64 or str, missing where none
    is meant), `detail` (category); rows by entry, then as they happened. All instants are datetime64[us, the
    sequence's zone before any change].

    >>> import simcore
    >>> from simcore import kit
    >>> sequence = kit.load(simcore.example("welcome"))
    >>> life = simcore.simulate(sequence, ["2026-03-06T21:07:30-05:00"], until="2026-03-10T00:00-04:00")
    >>> life.subscribers[["status", "sends", "next_email_id"]].astype(str).to_numpy().tolist()
    [['active', '3', '304']]
    """
    made = make(
        sequence,
        entries,
        events=events,
        changes=changes,
        until=until,
        include_drafts=include_drafts,
        assumptions=assumptions,
        naive_time_zone=naive_time_zone,
        order=order,
        enabled_at=enabled_at,
        render=render,
        explain=explain,
        notes=True,
    )
    return Simulation(made.timeline(), made.subscribers(), made.journal())


class Made(NamedTuple):
    """A simulation before it is put into frames: `epochs` in order of time, the first from the beginning."""

    epochs: list[Epoch]
    people: audience.Audience
    outcome: engine.Outcome
    stop_us: int
    by_email: bool
    explained: bool
    rendered: bool

    @property
    def zone(self) -> str:
        """The zone in which instants are shown."""
        return self.epochs[0].plan.time_zone

    def steps(self) -> list[Step]:
        """The emails as they stand in the end, then those deleted before."""
        steps = {
            step.email_id: step for epoch in reversed(self.epochs) for step in reversed(epoch.plan.steps)
        }
        last = self.epochs[-1].plan.steps
        return [
            *last,
            *(step for email_id, step in steps.items() if email_id not in {each.email_id for each in last}),
        ]

    def timeline(self) -> pd.DataFrame:
        """A row a send."""
        return timeline.timeline(
            self.people.runs,
            self.outcome.rounds,
            self.steps(),
            self.zone,
            by_email=self.by_email,
            text_ids=self.epochs[0].plan.text_ids,
            rendered=self._subjects if self.rendered else None,
            words=self._reasons if self.explained else None,
        )

    def _reasons(self, item: Round, rows: Ints | slice) -> Any:
        return words.reasons(item, self.people.runs.entered_us[rows])

    def _subjects(self, item: Round, rows: Ints | slice) -> Any:
        """The subjects of a round's email, filled in for each of its runs [str]."""
        runs, step = self.people.runs, item.step
        if step is None or step.render is None or runs.thing is None:
            return np.full(len(item.at), "" if step is None else step.subject, object)
        thing = runs.thing[rows]
        if step.shows is None:
            place, distinct = pd.factorize(thing)
            told = [step.render(self._thing(each), "", 0) for each in distinct.tolist()]
            return np.array([*told, ""], object)[place]
        made_us = np.zeros(len(runs), np.int64)
        for each in self.outcome.rounds:
            if each.step is not None and each.step.email_id == step.shows:
                made_us[slice(None) if each.rows is None else each.rows] = each.at.all_us()
        names = [
            f"{subscriber}-{run}"
            for subscriber, run in zip(runs.subscriber_id[rows], runs.number[rows].tolist(), strict=True)
        ]
        filled = map(step.render, map(self._thing, thing.tolist()), names, made_us[rows].tolist())
        return np.array([*filled, ""], object)[:-1]

    def _thing(self, place: int) -> Any:
        return None if place < 0 else self.people.runs.things[place]

    def subscribers(self) -> pd.DataFrame:
        """A row a run."""
        plan = self.epochs[-1].plan
        return timeline.subscribers(self.people, self.outcome, plan, self.zone, self.stop_us)

    def journal(self) -> pd.DataFrame:
        """A row for whatever else happened."""
        return timeline.journal(self.people, self.outcome, self.epochs[0].plan, self.zone, self.stop_us)


class Shared:
    """What simulations of several sequences share that differ in their arguments by the sequence alone."""

    def __init__(self) -> None:
        self._people: list[tuple[list[Epoch], audience.Audience]] = []
        self._times: engine.Shared | None = None

    def people(self, epochs: list[Epoch]) -> audience.Audience | None:
        """Those who were found under plans that differ from these in their steps alone, if there were any."""
        wanted = _entrance(epochs)
        return next((people for entrance, people in self._people if entrance == wanted), None)

    def met(self, epochs: list[Epoch], people: audience.Audience) -> None:
        """Keeps who was found under some plans."""
        self._people.append((_entrance(epochs), people))

    def times(self, people: audience.Audience) -> engine.Shared:
        """The instants that all have in common."""
        if self._times is None:
            self._times = engine.Shared(_ROOM * len(people.runs) + _ROOM_MORE)
        return self._times


def _entrance(epochs: list[Epoch]) -> list[Epoch]:
    """What decides who goes through a sequence when: all but the steps of its plans, and how they are shown."""
    return [epoch._replace(plan=epoch.plan._replace(steps=(), time_zone="", active=True)) for epoch in epochs]


def make(
    sequence: Any,
    entries: Any,
    *,
    events: Any = None,
    changes: Iterable[Any] = (),
    until: Any = None,
    include_drafts: bool = False,
    assumptions: Any = None,
    naive_time_zone: str | None = None,
    order: str = "entry",
    enabled_at: Any = None,
    render: bool = False,
    explain: bool = False,
    notes: bool = False,
    plan: Plan | None = None,
    shared: "Shared | None" = None,
) -> Made:
    """What happens, with the arguments of `simulate`; `notes` for a journal and subscribers too.

    `plan`: the sequence's, where it is made already. `shared`: what was found for the same arguments, but of other
    sequences.
    """
    instants.check_zone(naive_time_zone)
    if order not in ("entry", "email"):
        raise SimcoreError(f"order: found {shown(order)}, expected 'entry' or 'email'")
    plan = plan_of(sequence, assumptions, include_drafts) if plan is None else plan
    first = Epoch(at_us=FIRST_US, plan=plan)
    until_us = audience.read_until(until, naive_time_zone)
    epochs = [first, *_later(sequence, changes, until_us, assumptions, include_drafts, naive_time_zone)]
    if plan.trigger is None and enabled_at is not None:
        raise SimcoreError(
            "enabled_at: this platform's sequences are not enabled at an instant: leave it out"
        )
    if render and not plan.renders:
        raise SimcoreError("render: this platform's merge tags are not modelled: leave it out")
    enabled_us = None if enabled_at is None else instants.read_one(enabled_at, "enabled_at", naive_time_zone)
    people = None if shared is None else shared.people(epochs)
    if people is None:
        people = audience.runs(entries, events, epochs, until_us, naive_time_zone, enabled_us)
        if shared is not None:
            shared.met(epochs, people)
    if people.claims is not None:
        # Who is taken in depends on how long runs last, and that on nothing but the run itself.
        busy_us = engine.busy_us(epochs, people.runs, people.log, until_us)
        people = audience.settled(people, busy_us)
    times = None if shared is None else shared.times(people)
    outcome = engine.simulate(
        epochs, people.runs, people.log, until_us, notes=notes, passes=render, shared=times
    )
    stop_us = NEVER_US if until_us is None else until_us
    return Made(epochs, people, outcome, stop_us, order == "email", explain, render)


def _later(
    sequence: Any,
    changes: Iterable[Any],
    until_us: int | None,
    assumptions: Any,
    include_drafts: bool,
    naive_time_zone: str | None,
) -> list[Epoch]:
    """What changes make of the plan: an epoch each, in order of time, ties as given; none from `until_us` on."""
    if not isinstance(changes, Iterable) or isinstance(changes, str | Mapping):
        raise SimcoreError(
            f"changes: found {shown(changes)}, expected a list of changes, such as kit.update(...)"
        )
    timed = []
    for number, change in enumerate(changes):
        if not hasattr(change, "at"):
            message = "a change must be made by the platform's functions, such as kit.update"
            raise ValidationError([message], [(f"changes[{number}]", message)], [shown(change)])
        at_us = instants.read_one(change.at, f"changes[{number}].at", naive_time_zone)
        if until_us is None or at_us < until_us:
            timed.append((at_us, number, change))
    timed.sort(key=lambda each: each[:2])
    states = sequence.after([(number, change) for _, number, change in timed]) if timed else []
    return [
        Epoch(at_us=at_us, plan=plan_of(state, assumptions, include_drafts))
        for (at_us, *_), state in zip(timed, states, strict=True)
    ]


def split_entries(entries: Any, *, naive_time_zone: str | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Entries parted into (good, bad): rows that `project` can read, and rows that it cannot.

    `entries` and `naive_time_zone` as for `project`. Both are DataFrames with the columns given (a list or a
    Series becomes `subscriber_id` and `entered_at`) and their index; `bad` has a `reason` (str) more.

    >>> good, bad = split_entries(["2026-03-06T21:07:30-05:00", "03/06/2026"])
    >>> len(good), bad["reason"].tolist()
    (1, ['leaves day and month to guesswork: write it as 2026-03-06 or 6 March 2026'])
    """
    return audience.split(entries, naive_time_zone)


@cache
def _text() -> Any:
    """The dtype that pandas gives to texts: str from 3.0 on, object before."""
    return pd.Series([], dtype="str").dtype


def plan_of(sequence: Any, assumptions: Any, include_drafts: bool) -> Plan:
    """The plan of a sequence. Raises SimcoreError for what is none."""
    if not hasattr(sequence, "plan"):
        raise SimcoreError(
            f"sequence: found {shown(sequence)}, expected one as loaded by simcore.kit.load or "
            "simcore.sequenzy.load"
        )
    plan: Plan = sequence.plan(assumptions, include_drafts=include_drafts)
    return plan
