"""The verbs: what goes out and when, for one subscriber or for all of them."""

import warnings
from collections.abc import Iterable, Mapping
from typing import Any, Unpack

import numpy as np
import pandas as pd

from simcore.answers import explain as words
from simcore.answers.options import Entries, PreviewOptions, ProjectOptions, read, takes
from simcore.answers.projection import Simulation, make, plan_of
from simcore.answers.records import records
from simcore.answers.sentences import text_dtype
from simcore.clock import instants
from simcore.clock.instants import NAT_US, Instant, Unit
from simcore.clock.words import clock
from simcore.clock.zones import FIRST_US, LAST_US, zone, zone_names
from simcore.engine import entries as reading
from simcore.engine.simulate import simulate_one
from simcore.errors import EntryError, SimcoreError, shown, typed
from simcore.plan.plan import Epoch
from simcore.plan.platform import Sequence, platform_of, platforms
from simcore.text.tables import ShownFrame, Table


class Preview(ShownFrame):
    """The result of `simcore.preview`: a DataFrame that shows itself in full."""

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
        path = f", {self.attrs['path']}" if "path" in self.attrs else ""
        return Table(
            f"Times in {here.name}{path}", ("pos", "send time", "subject", "reason"), rows, under=True
        )


@takes(PreviewOptions)
def preview(sequence: Sequence, entered_at: Instant, **options: Unpack[PreviewOptions]) -> Preview:
    """When each email goes out to one subscriber who enters at `entered_at`, and why then.

    `entered_at`: an aware datetime or Timestamp, or a string. Without an offset it is wall-clock time in
    `naive_time_zone`, or else in the sequence's zone.

    Returns one row for each email that is not a draft. Index `position` (int16, from 0). Columns `email_id` (int64;
    str if the platform's ids are texts), `subject` (str), `send_at` (datetime64[us, the sequence's zone]), `wait`
    (timedelta64[us], from the previous email or from the entry) and `reason` (str, one sentence). An email that
    cannot go out has NaT, and its reason says why. Notebooks and terminals show the table in full.

    Raises EntryError for an instant that cannot be read, and if an email would go out after 2200. Warns if there is no
    email to preview. Rules: K6 to K12; Q8 to Q11 (only the entry happens, no events).

    >>> import simcore
    >>> from simcore import kit
    >>> shown = simcore.preview(kit.load(simcore.example("welcome")), "2026-03-06 21:07")
    >>> shown["send_at"].dt.strftime("%a %d %b %H:%M %Z").tolist()
    ['Fri 06 Mar 21:07 EST', 'Fri 06 Mar 23:15 EST', 'Mon 09 Mar 09:00 EDT', 'Thu 12 Mar 09:00 EDT']
    """
    given = read(preview, options)
    instants.check_zone(given.naive_time_zone)
    tags = _checked(given.attributes, given.tags)
    plan, names = plan_of(sequence, given.assumptions, given.include_drafts), platform_of(sequence).words
    entered_us = instants.read_one(entered_at, "entered_at", given.naive_time_zone or plan.time_zone)
    own_zone = given.time_zones
    if own_zone is not None:
        plan, own_zone = (
            plan.by_recipient(),
            zone(own_zone if isinstance(own_zone, str) else repr(own_zone)).name,
        )
    plan = plan.seeded(given.seed)
    outcome = simulate_one(plan, entered_us, given.attributes, tags, own_zone)
    epochs = [Epoch(at_us=FIRST_US, plan=plan)]
    passed = {item.step.email_id: item for item in outcome.passed}
    steps_ahead = words.ahead(plan, outcome)
    rows = []
    for step in plan.steps:
        if not step.sends or not (step.email_id in passed or step in steps_ahead):
            continue
        item = passed.get(step.email_id)
        if item is None:
            rows.append((step, NAT_US, NAT_US, words.unsent(step, plan, outcome, names)))
            continue
        at_us = int(item.at.distinct_us[0])
        if at_us > LAST_US:
            raise EntryError(
                f"the email at position {step.position} (id {step.email_id}) would go out after 2200-01-01 UTC: "
                "shorten its delay, or give an earlier entry"
            )
        reason = words.reason(item, epochs, entered_us, names, outcome.zones_at)
        rows.append((step, at_us, at_us - int(item.waited.anchor.distinct_us[0]), reason))
    if not rows:
        warnings.warn(f"nothing to preview: {words.no_email(plan, names)}", stacklevel=2)
    rows.sort(key=lambda row: row[0].position)
    steps, send_us, waits_us, reasons = map(list, zip(*rows, strict=True)) if rows else ([], [], [], [])
    shown = Preview(
        {
            "email_id": pd.array([step.email_id for step in steps], dtype=text_dtype())
            if plan.text_ids
            else np.array([step.email_id for step in steps], np.int64),
            "subject": pd.array([step.subject for step in steps], dtype=text_dtype()),
            "send_at": instants.show(np.array(send_us, np.int64), plan.time_zone),
            "wait": np.array(waits_us, np.int64).view("timedelta64[us]"),
            "reason": pd.array(reasons, dtype=text_dtype()),
        },
        index=pd.Index(np.array([step.position for step in steps], np.int16), name="position"),
        copy=False,
    )
    if any(step.branch is not None for step in plan.steps):
        who = "with these tags and attributes" if given.attributes or tags else "with no tags"
        shown.attrs["path"] = f"the path of someone {who} (tags= and attributes= show others)"
    return shown


def _checked(attributes: Any, tags: Any) -> list[str | int]:
    """The subscriber's tags. Raises SimcoreError where these or the properties are not what they should be."""
    if attributes is not None and not isinstance(attributes, Mapping):
        raise SimcoreError(
            f"attributes: found {typed(attributes)}, expected a dict of the subscriber's properties by name"
        )
    found = None if isinstance(tags, str | bytes) or not isinstance(tags, Iterable) else [*tags]
    if found is None:
        raise SimcoreError(f'tags: found {typed(tags)}, expected a list of tags, such as ["vip"]')
    for at, tag in enumerate(found):
        if not isinstance(tag, str | int) or isinstance(tag, bool):
            raise SimcoreError(f"tags[{at}]: found {shown(tag)}, expected a tag's name or id")
    return found


@takes(ProjectOptions)
def project(
    sequence: Sequence, entries: Entries | None = None, **options: Unpack[ProjectOptions]
) -> pd.DataFrame:
    """The timeline: one row for each email that goes out to each subscriber.

    `entries`: who enters, and when. Either a table (a DataFrame of pandas, polars, pyarrow or any library with the
    Arrow PyCapsule interface, or a list of dicts) with `subscriber_id` (any dtype) and `entered_at` (instants, or
    strings with offsets), optionally `via`; or a Series of instants whose index is the subscriber_id; or a
    DatetimeIndex, array or list of instants (ids 0, 1, 2, …). Tables from the platforms have columns of other names,
    which are understood (K29, Q41); `columns` says what others mean. Times without an offset need `naive_time_zone`. A
    subscriber who enters again starts another run if the sequence repeats, and is ignored if it does not (K14, Q18).
    If the sequence has a trigger, you can leave out `entries`: the trigger then enrols people by the events. Entries
    of such a sequence may also have `properties` (dicts: what the event brought), `attributes` (dicts: what is known
    of the subscriber, Q28) and `time_zone` (the subscriber's own, an IANA name, Q31).

    Returns the columns, in order: `subscriber_id` (as given), `run` (int32, from 1), `position` (int16, from 0),
    `email_id` (int64; str if the ids are texts), `subject` (category), `send_at` (datetime64[us, the sequence's
    zone]), and if you ask for them `rendered_subject` and `reason` (str). The index is a RangeIndex; `order` sets the
    order of the rows.

    Raises EntryError for rows that cannot be read, or whose sends are after 2200, and names them. Warns if the
    sequence has no steps, so that there is nothing to send (Q27).

    >>> import simcore
    >>> from simcore import kit
    >>> sequence = kit.load(simcore.example("welcome"))
    >>> sends = simcore.project(sequence, ["2026-03-06T21:07:30-05:00", "2026-03-07T08:00:00-05:00"])
    >>> len(sends), str(sends["send_at"].dtype)
    (8, 'datetime64[us, America/New_York]')
    """
    return make(sequence, entries, read(project, options)).warned().timeline()


@takes(ProjectOptions)
def simulate(
    sequence: Sequence, entries: Entries | None = None, **options: Unpack[ProjectOptions]
) -> Simulation:
    """The whole life of all subscribers in a sequence: `timeline`, `subscribers` and `journal`.

    Takes the same arguments as `project`, and `timeline` is the result of `project`.

    `subscribers` has one row for each run, in the order of the entries, with its state at `until`, or after everything
    has happened: `subscriber_id, run` (int32), `via` (category), `entered_at`, `status` (category: active, completed,
    restarted, excluded, cancelled, removed, stopped), `sends` (int32), `last_send_at`, `next_email_id` (Int64; str if
    the ids are texts) and `next_send_at` (the email that the run waits for and its time, missing if it cannot go out),
    `ended_at`.

    `journal` has everything that happened except the sends: `subscriber_id, run` (Int32, missing for rejected
    entries), `at`, `what` (category, K28 and Q22), `email_id` (Int64 or str, missing where no email is meant),
    `detail` (category). Rows are ordered by entry, then by time.

    All instants are datetime64[us, the sequence's zone before any change].

    >>> import simcore
    >>> from simcore import kit
    >>> sequence = kit.load(simcore.example("welcome"))
    >>> life = simcore.simulate(sequence, ["2026-03-06T21:07:30-05:00"], until="2026-03-10T00:00-04:00")
    >>> life.subscribers[["status", "sends", "next_email_id"]].astype(str).to_numpy().tolist()
    [['active', '3', '304']]
    """
    return make(sequence, entries, read(simulate, options), notes=True).warned().simulation()


def split_entries(
    entries: Entries | list[int] | list[float],
    *,
    naive_time_zone: str | None = None,
    unit: Unit | None = None,
    dayfirst: bool = False,
    columns: Mapping[str, str] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Splits entries into (good, bad): rows that `project` can read, and rows that it cannot.

    `entries`, `naive_time_zone` and `columns`: as for `project`. `unit="s"` or `"ms"`: numbers are seconds or
    milliseconds since 1970-01-01 UTC. `dayfirst=True`: 03/06/2026 is 3 June (T25).

    Returns two DataFrames with the columns and the index of `entries`, by the names given (a list or a Series becomes
    `subscriber_id` and `entered_at`). `bad` also has a column `reason` (str).

    >>> good, bad = split_entries(["2026-03-06T21:07:30-05:00", "03/06/2026"])
    >>> len(good), bad["reason"].tolist()
    (1, ['leaves day and month to guesswork: write it as 2026-03-06 or 6 March 2026'])
    """
    theirs = [each.columns for each in platforms().values()]
    return reading.split(entries, instants.Reader(naive_time_zone, unit, dayfirst), columns, theirs)
