"""The verbs: what goes out when, for one subscriber and for all of them."""

import warnings
from collections.abc import Mapping
from functools import cache
from typing import Any, Unpack

import numpy as np
import pandas as pd

from simcore.answers import explain as words
from simcore.answers.options import Entries, PreviewOptions, ProjectOptions, read, takes
from simcore.answers.projection import Simulation, make, plan_of
from simcore.answers.records import records
from simcore.clock import instants
from simcore.clock.instants import NAT_US, Instant, Unit
from simcore.clock.words import clock
from simcore.clock.zones import FIRST_US, LAST_US, zone, zone_names
from simcore.engine import entries as reading
from simcore.engine.simulate import simulate_one
from simcore.errors import EntryError
from simcore.plan.plan import Epoch
from simcore.plan.platform import Sequence, platform_of, platforms
from simcore.text.tables import ShownFrame, Table


class Preview(ShownFrame):
    """What `simcore.preview` gives."""

    def records(self) -> list[dict[str, Any]]:
        """The rows as a plain list of dicts (see `simcore.records`)."""
        return records(self)

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


@takes(PreviewOptions)
def preview(sequence: Sequence, entered_at: Instant, **options: Unpack[PreviewOptions]) -> Preview:
    """When each email goes out to one subscriber who enters at `entered_at`, and why then.

    `entered_at`: an aware datetime or Timestamp, or a string; without an offset it is wall-clock time in
    `naive_time_zone`, or else in the sequence's zone.

    A row for each email that is not a draft. Index `position` (int16, from 0); columns `email_id` (int64, or str
    where the platform's are texts), `subject` (str), `send_at` (datetime64[us, the sequence's zone]), `wait`
    (timedelta64[us], from the previous email or from the entry) and `reason` (str, one sentence). What cannot go out
    as things stand has NaT and the reason. In a notebook and a terminal it is shown in full.

    Raises EntryError for an instant that cannot be read or sends after 2200. Warns where no email goes out at all.
    Rules: K6 to K12; Q8 to Q11, where nothing but the entry happens.

    >>> import simcore
    >>> from simcore import kit
    >>> shown = simcore.preview(kit.load(simcore.example("welcome")), "2026-03-06 21:07")
    >>> shown["send_at"].dt.strftime("%a %d %b %H:%M %Z").tolist()
    ['Fri 06 Mar 21:07 EST', 'Fri 06 Mar 23:15 EST', 'Mon 09 Mar 09:00 EDT', 'Thu 12 Mar 09:00 EDT']
    """
    given = read(preview, options)
    instants.check_zone(given.naive_time_zone)
    plan, names = plan_of(sequence, given.assumptions, given.include_drafts), platform_of(sequence).words
    entered_us = instants.read_one(entered_at, "entered_at", given.naive_time_zone or plan.time_zone)
    outcome = simulate_one(plan, entered_us)
    epochs = [Epoch(at_us=FIRST_US, plan=plan)]
    passed = {item.step.position: item for item in outcome.passed}
    rows = []
    for step in plan.steps:
        if not step.sends:
            continue
        item = passed.get(step.position)
        if item is None:
            rows.append((step, NAT_US, NAT_US, words.unsent(step, plan, outcome, names)))
            continue
        at_us = int(item.at.distinct_us[0])
        if at_us > LAST_US:
            raise EntryError(
                f"the email at position {step.position} (id {step.email_id}) would go out after 2200-01-01 UTC: "
                "mend its delay, or the entry"
            )
        reason = words.reasons(item, epochs, np.array([entered_us]), names)[0]
        rows.append((step, at_us, at_us - int(item.waited.anchor.distinct_us[0]), reason))
    if not rows:
        warnings.warn(f"nothing to preview: {words.no_email(plan, names)}", stacklevel=2)
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


@takes(ProjectOptions)
def project(
    sequence: Sequence, entries: Entries | None = None, **options: Unpack[ProjectOptions]
) -> pd.DataFrame:
    """The timeline: one row for each email that goes out to each subscriber.

    `entries`: a DataFrame (of pandas, polars, pyarrow or any library with the Arrow PyCapsule interface) or a list of
    dicts, with `subscriber_id` (any dtype) and `entered_at` (instants, or strings with offsets), optionally `via`; a
    Series of instants whose index is the subscriber_id; or a DatetimeIndex, array or list of instants (ids 0, 1, 2,
    …). Tables as the platforms give them have columns of other names, which are understood (K29, Q41); `columns` says
    what others mean. Naive times need `naive_time_zone`, in which they are
    wall-clock time. A subscriber who stands there again starts another run where the sequence repeats, and is
    ignored where it does not (K14, Q18). Where the sequence has a trigger, this enrols by the events when there are
    no `entries`, and entries may carry `properties` (dicts).

    Columns, in order: `subscriber_id` (as given), `run` (int32, from 1), `position` (int16, from 0),
    `email_id` (int64; str where they are texts), `subject` (category), `send_at` (datetime64[us, the sequence's
    zone]), and where asked for `rendered_subject` and `reason` (str); a RangeIndex. Rows are in the order that
    `order` says.

    Raises EntryError that names the rows that cannot be read, or whose sends are after 2200.

    >>> import simcore
    >>> from simcore import kit
    >>> sequence = kit.load(simcore.example("welcome"))
    >>> sends = simcore.project(sequence, ["2026-03-06T21:07:30-05:00", "2026-03-07T08:00:00-05:00"])
    >>> len(sends), str(sends["send_at"].dtype)
    (8, 'datetime64[us, America/New_York]')
    """
    return make(sequence, entries, read(project, options)).timeline()


@takes(ProjectOptions)
def simulate(
    sequence: Sequence, entries: Entries | None = None, **options: Unpack[ProjectOptions]
) -> Simulation:
    """The whole life of all subscribers in a sequence: `timeline`, `subscribers` and `journal`.

    Arguments as for `project`, and `timeline` is what that gives. `subscribers` has a row a run, in the order
    of the entries: `subscriber_id, run` (int32), `via` (category), `entered_at`, `status` (category: active,
    completed, restarted, excluded, cancelled, removed, stopped), `sends` (int32), `last_send_at`,
    `next_email_id` (Int64; str where they are texts) and `next_send_at`, the email that the run waits for
    (missing where nothing can go out as things stand), `ended_at`; as they stand at `until`, or after everything
    has happened. `journal` has all that happened but the sends: `subscriber_id, run` (Int32, missing for entries
    that started none), `at`, `what` (category, K28 and Q22), `email_id` (Int64 or str, missing where none
    is meant), `detail` (category); rows by entry, then as they happened. All instants are datetime64[us, the
    sequence's zone before any change].

    >>> import simcore
    >>> from simcore import kit
    >>> sequence = kit.load(simcore.example("welcome"))
    >>> life = simcore.simulate(sequence, ["2026-03-06T21:07:30-05:00"], until="2026-03-10T00:00-04:00")
    >>> life.subscribers[["status", "sends", "next_email_id"]].astype(str).to_numpy().tolist()
    [['active', '3', '304']]
    """
    return make(sequence, entries, read(simulate, options), notes=True).simulation()


def split_entries(
    entries: Entries,
    *,
    naive_time_zone: str | None = None,
    unit: Unit | None = None,
    dayfirst: bool = False,
    columns: Mapping[str, str] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Entries parted into (good, bad): rows that `project` can read, and rows that it cannot.

    `entries`, `naive_time_zone` and `columns` as for `project`. Both are DataFrames with the columns given, by the
    names given (a list or a Series becomes `subscriber_id` and `entered_at`), and their index; `bad` has a `reason`
    (str) more. `unit="s"` or `"ms"`: numbers count that since 1970-01-01 UTC. `dayfirst=True`: 03/06/2026 is 3 June
    (T25).

    >>> good, bad = split_entries(["2026-03-06T21:07:30-05:00", "03/06/2026"])
    >>> len(good), bad["reason"].tolist()
    (1, ['leaves day and month to guesswork: write it as 2026-03-06 or 6 March 2026'])
    """
    theirs = [each.columns for each in platforms().values()]
    return reading.split(entries, instants.Reader(naive_time_zone, unit, dayfirst), columns, theirs)


@cache
def _text() -> Any:
    """The dtype that pandas gives to texts: str from 3.0 on, object before."""
    return pd.Series([], dtype="str").dtype
