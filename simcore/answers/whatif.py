"""What if: two schedules, side by side."""

from collections.abc import Iterable, Mapping
from typing import Unpack

import numpy as np
import pandas as pd

from simcore.answers import timeline
from simcore.answers.options import Change, CompareOptions, Entries, ImpactOptions, read, takes
from simcore.answers.projection import Projection, make, tables
from simcore.clock.zones import Ints
from simcore.engine.frames import table
from simcore.errors import SimcoreError, shown
from simcore.plan.platform import Sequence
from simcore.text.wording import halved

_RUN = ["subscriber_id", "run"]
_SEND = timeline.KEY
_NAMES = ["email_id", "position", "subject"]
WHAT = ("earlier", "later", "unchanged", "gained", "lost")
"""What becomes of a send, from one schedule to another."""


@takes(CompareOptions)
def compare(
    sequences: Mapping[str, Sequence], entries: Entries | None = None, **options: Unpack[CompareOptions]
) -> pd.DataFrame:
    """The timelines of several sequences for the same subscribers, one below the other.

    `sequences`: a dict of scenarios by name; the result keeps their order. The other arguments are those of
    `simcore.project` and are the same for every scenario, except that `assumptions` may differ.

    Returns the columns `scenario` (category, in the order given), then those of `simcore.project`. `send_at` is in the
    sequences' zone, or in UTC if their zones differ. `email_id` is text if it is text in any of them. The index is a
    RangeIndex.

    >>> import simcore
    >>> from simcore import kit
    >>> welcome = kit.load(simcore.example("welcome"))
    >>> evening = welcome.replace(send_hour=18)
    >>> both = simcore.compare({"morning": welcome, "evening": evening}, ["2026-03-06T21:07-05:00"])
    >>> both[both["position"] == 3].groupby("scenario", observed=True)["send_at"].max().dt.hour.to_dict()
    {'morning': 9, 'evening': 18}
    """
    if not isinstance(sequences, Mapping) or not sequences:
        raise SimcoreError(
            f'sequences: found {shown(sequences)}, expected a dict of them by name, such as {{"as it is": sequence}}'
        )
    if odd := [name for name in sequences if not isinstance(name, str) or halved(name)]:
        raise SimcoreError(f"sequences: found the name {shown(odd[0])}, expected text")
    given = read(compare, options)
    entries, given = table("entries", entries), given._replace(events=table("events", given.events))
    assumed = given.assumptions
    by_name = assumed if isinstance(assumed, Mapping) else dict.fromkeys(sequences, assumed)
    if strange := [name for name in by_name if name not in sequences]:
        raise SimcoreError(f"assumptions: no scenario {shown(strange[0])}; there are: {', '.join(sequences)}")
    timelines = {
        name: make(sequence, entries, given._replace(assumptions=by_name.get(name))).timeline()
        for name, sequence in sequences.items()
    }
    return _together(timelines)


def _together(timelines: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The timelines of scenarios in one frame, with shared dtypes; the timelines are changed."""
    zones = {str(sends["send_at"].dt.tz): sends["send_at"].dt.tz for sends in timelines.values()}
    shared = next(iter(zones.values())) if len(zones) == 1 else "UTC"
    subjects = [subject for sends in timelines.values() for subject in sends["subject"].cat.categories]
    category = pd.CategoricalDtype(pd.Index([*dict.fromkeys(subjects)], dtype="str"))
    text_ids = any(sends["email_id"].dtype != np.int64 for sends in timelines.values())
    for sends in timelines.values():
        sends["subject"] = sends["subject"].astype(category)
        sends["send_at"] = sends["send_at"].dt.tz_convert(shared)
        if text_ids:
            sends["email_id"] = sends["email_id"].astype("str")
    both = pd.concat([*timelines.values()], ignore_index=True)
    scenario = np.repeat(np.arange(len(timelines)), [*map(len, timelines.values())])
    both.insert(0, "scenario", timeline.category(scenario, [*timelines]))
    return both


def shift(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """How much earlier or later each send is in one timeline than in another.

    `before`, `after`: timelines from `simcore.project`.

    Returns one row for every (subscriber_id, run, email_id) in either timeline: first in the order of `before`, then
    those that only `after` has, in its order. Columns: these three, as given; `before` and `after` (datetime64[us],
    each in its own zone; NaT if it has no such send), `shift` (timedelta64[us]; positive is later, NaT if there is
    none) and `what` (category: earlier, later, unchanged, gained, lost). The index is a RangeIndex.
    `attrs["emails"]` has the position and subject of each email, by which pictures name them.

    Raises SimcoreError if an argument is not a timeline or has the same email of a run twice, or if the two have ids
    of different kinds.

    >>> import simcore
    >>> from simcore import kit
    >>> welcome, entry = kit.load(simcore.example("welcome")), ["2026-03-06T21:07-05:00"]
    >>> moved = simcore.shift(
    ...     simcore.project(welcome, entry), simcore.project(welcome.replace(send_hour=18), entry)
    ... )
    >>> moved["what"].tolist(), str(moved["shift"].max())
    (['unchanged', 'unchanged', 'later', 'later'], '0 days 09:00:00')
    """
    frames = {"before": before, "after": after}
    for name, sends in frames.items():
        _check_once(name, sends)
    for column in _SEND:
        kinds = [sends[column].dtype for sends in frames.values() if len(sends)]
        if len({str(kind) for kind in kinds}) > 1:
            raise SimcoreError(
                f"{column}: before has {kinds[0]}, after has {kinds[1]}: ids of different kinds never match"
            )
    sent = [
        sends[_SEND].assign(**{name: sends["send_at"].dt.as_unit("us")}).reset_index(drop=True)
        for name, sends in frames.items()
    ]
    for some, others in ((0, 1), (1, 0)):
        if not len(sent[some]):  # what is empty has ids of any kind
            sent[some] = sent[some].astype(sent[others][_SEND].dtypes)
    moved = _matched(*sent)
    moved["shift"] = moved["after"] - moved["before"]
    by_us = moved["shift"].to_numpy()
    none = np.timedelta64(0, "us")
    what = np.select(
        [by_us < none, by_us > none, by_us == none, moved["before"].isna().to_numpy()], [0, 1, 2, 3], 4
    )
    moved["what"] = timeline.category(what, WHAT)
    named = [sends[_NAMES] for sends in frames.values() if len(sends) and {*_NAMES} <= {*sends.columns}]
    if named:  # for pictures; after wins
        moved.attrs["emails"] = pd.concat(named).drop_duplicates("email_id", keep="last").to_dict("records")
    return moved


def _check_once(name: str, sends: pd.DataFrame) -> None:
    """Raises SimcoreError for what is not a timeline, or has an email of a run twice."""
    timeline.check(name, sends)
    again = sends.duplicated(_SEND).to_numpy()
    if again.any():
        row = int(np.flatnonzero(again)[0])
        subscriber, run, email = (shown(sends[column].iloc[row]) for column in _SEND)
        raise SimcoreError(
            f"{name}: row {row} repeats email {email} of run {run} of subscriber {subscriber}: give one timeline at a "
            "time, such as one scenario of simcore.compare"
        )


def _matched(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """The sends of two timelines side by side: in the order of the first, then those that only the other has."""
    if before[_SEND].equals(after[_SEND]):
        return before.assign(after=after["after"])
    rows = [sends.assign(**{f"row_{at}": np.arange(len(sends))}) for at, sends in enumerate((before, after))]
    both = rows[0].merge(rows[1], how="outer", on=_SEND)
    return both.sort_values(["row_0", "row_1"], ignore_index=True).drop(columns=["row_0", "row_1"])


@takes(ImpactOptions)
def impact(
    sequence: Sequence, entries: Entries, changes: Iterable[Change], **options: Unpack[ImpactOptions]
) -> pd.DataFrame:
    """What changes do to people who are already in the sequence: who gets mail right away, earlier, later, or never.

    Takes the same arguments as `simcore.simulate` (`order` changes nothing here). It looks at the runs that begin
    before the last change, and compares what they receive with the changes and without them.

    Returns one row for each email that any of these runs receives either way, in the final order of the emails, then
    deleted ones. Columns: `email_id` (int64; str if the platform's ids are texts), `subject` (str, the latest),
    `sent_at_once` (int64, how many get it at the very instant of a change), `earlier, later, unchanged, gained, lost`
    (int64, runs), `median_shift` (timedelta64[us], over those who get it both ways; positive is later, NaT if nobody
    does; of two in the middle the lower one, so that somebody has it).

    >>> import simcore
    >>> from simcore import kit
    >>> sequence = kit.load(simcore.example("welcome"))
    >>> entries = ["2026-03-02T10:00-05:00", "2026-03-05T21:07-05:00"]
    >>> new = kit.create_email("2026-03-06T12:00-05:00", subject="New", delay_value=1, delay_unit="days",
    ...     published=True, position=1)
    >>> shown = simcore.impact(sequence, entries, [new])
    >>> shown.loc[shown["subject"] == "New", ["sent_at_once", "gained"]].to_numpy().tolist()
    [[1, 1]]
    """
    entries, given = tables(sequence, entries, read(impact, options))
    before = make(sequence, entries, given, notes=True)
    after = make(sequence, entries, given._replace(changes=changes), notes=True)
    at_us = np.array([epoch.at_us for epoch in after.epochs[1:]], np.int64)
    return moved(before, after, at_us)


def moved(before: Projection, after: Projection, at_us: Ints) -> pd.DataFrame:
    """What `impact` gives, of the sends without changes and with them; `at_us`: when the changes are [µs]."""
    inside = pd.concat([_inside(side.subscribers(), at_us) for side in (before, after)]).drop_duplicates()
    shifts = shift(*(side.timeline().merge(inside, on=_RUN) for side in (before, after)))
    table = pd.get_dummies(shifts["what"])[[*WHAT]]
    table.insert(0, "sent_at_once", np.isin(pd.DatetimeIndex(shifts["after"]).asi8, at_us))
    table = table.astype(np.int64).groupby(shifts["email_id"]).sum()
    table["median_shift"] = medians(shifts).reindex(table.index)
    steps = [step for step in after.steps() if step.email_id in table.index]
    table = table.loc[[step.email_id for step in steps]]
    table.insert(0, "subject", pd.Series([step.subject for step in steps], index=table.index, dtype="str"))
    table = table.rename_axis("email_id").reset_index()
    table["email_id"] = table["email_id"].astype("str" if after.epochs[-1].plan.text_ids else np.int64)
    return table


def medians(shifts: pd.DataFrame) -> "pd.Series[pd.Timedelta]":
    """The median shift by email [timedelta64, µs], without emails that nobody gets both ways.

    Of two in the middle it is the lower, so that it is a shift that somebody has.
    """
    found = shifts["shift"].dropna().groupby(shifts["email_id"]).quantile(0.5, interpolation="lower")
    return found.astype("timedelta64[us]")


def _inside(subscribers: pd.DataFrame, at_us: Ints) -> pd.DataFrame:
    """The runs that begin before the last change."""
    entered_us = pd.DatetimeIndex(subscribers["entered_at"]).asi8
    inside: pd.DataFrame = subscribers.loc[entered_us < at_us.max(initial=0), _RUN]
    return inside
