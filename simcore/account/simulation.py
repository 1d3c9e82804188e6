"""What happens in an account, as frames; how many mails each person gets, and which come close together (A8)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from simcore.account.cap import length_us
from simcore.account.people import rows_of
from simcore.answers.idle import Idle
from simcore.clock.zones import Ints
from simcore.errors import EntryError, SimcoreError, shown
from simcore.plan.log import Toggles
from simcore.text.tables import Table
from simcore.text.wording import count

_MOST_PAIRS = 50_000_000


class Pressure(NamedTuple):
    """How many mails people get within a stretch of time.

    `subscribers`: a row for each who gets any, in the order of the timeline: `subscriber_id`, `mails` (int64, in all),
    `most` (int64, the most within any such stretch) and `since` (datetime64[us], the first mail of the first stretch
    with so many). `distribution`: index `most`, columns `subscribers` (int64) and `share`.
    """

    subscribers: pd.DataFrame
    distribution: pd.DataFrame


class AccountSimulation:
    """The result of `Account.simulate`: `timeline`, `subscribers` and `journal` (DataFrames), each with a first column
    `sequence_id`. Notebooks and terminals show a summary of them.

    `idle`: for each sequence, which of its entries start no run, and why nothing is sent where nothing is.
    """

    def __init__(
        self,
        timeline: pd.DataFrame,
        subscribers: pd.DataFrame,
        journal: pd.DataFrame,
        why: Callable[[Any], pd.DataFrame],
        idle: Mapping[int | str, Idle],
    ) -> None:
        self.timeline, self.subscribers, self.journal, self._why = timeline, subscribers, journal, why
        self.idle = idle

    def __repr__(self) -> str:
        return self._table().text()

    def _repr_html_(self) -> str:
        return self._table().html()

    def _table(self) -> Table:
        frames = {"timeline": self.timeline, "subscribers": self.subscribers, "journal": self.journal}
        people = self.timeline["subscriber_id"].nunique()
        heading = f"An account: {count(len(self.timeline), 'mail')} to {count(people, 'subscriber')}"
        rows = []
        for name, frame in frames.items():
            each = frame["sequence_id"].value_counts(sort=False, dropna=False)
            rows.append((name, len(frame), ", ".join(f"{_named(one)}: {size}" for one, size in each.items())))
        return Table(heading, ("table", "rows", "in each sequence"), rows)

    def pressure(self, window: str | timedelta = "7D") -> Pressure:
        """How many mails each subscriber gets within any `window` (a length of time, half open)."""
        return pressure(self.timeline, window)

    def collisions(self, within: str | timedelta = "6h") -> pd.DataFrame:
        """Pairs of mails to one subscriber that are closer together than `within`.

        Returns `subscriber_id`, then of both mails `sequence_id`, `email_id`, `subject` and `send_at` (with `first_`
        and `second_` before these names), and `apart` (timedelta64[us]); by subscriber, then by the first mail.
        """
        return collisions(self.timeline, within)

    def timeline_of(self, subscriber_id: Any) -> pd.DataFrame:
        """All mails to one subscriber, by time, each with its `reason` (str); columns as of `timeline`.

        Raises EntryError for a subscriber who is nowhere.
        """
        known = (self.timeline, self.subscribers, self.journal)
        if not any(rows_of(frame["subscriber_id"], subscriber_id).any() for frame in known):
            raise EntryError(f"subscriber_id: {shown(subscriber_id)} comes to no sequence of the account")
        found = self._why(subscriber_id)
        return found.sort_values("send_at", kind="stable", ignore_index=True)


def _named(one: Any) -> str:
    return "broadcasts" if pd.isna(one) else str(one)


class _Mails(NamedTuple):
    """A timeline by subscriber and time: `order`, its rows; `who` and `at_us` of these; `ids`, by number."""

    order: Ints
    who: Ints
    at_us: Ints
    ids: Any


def by_person(timeline: pd.DataFrame) -> _Mails:
    """A timeline by subscriber, in the order in which they first stand there, and by time."""
    who, ids = pd.factorize(timeline["subscriber_id"])
    at_us = pd.DatetimeIndex(timeline["send_at"]).as_unit("us").asi8
    order = np.lexsort((at_us, who))
    return _Mails(order, who[order].astype(np.int64), at_us[order], ids)


def within(mails: _Mails, window_us: int) -> Ints:
    """How many mails each subscriber gets in the window that begins with each of them [int64, by order]."""
    line = Toggles(mails.who, mails.at_us, mails.who < 0, len(mails.ids))
    found: Ints = line.until(mails.who, mails.at_us + window_us - 1) - np.arange(mails.who.size)
    return found


def up_to(mails: _Mails, window_us: int) -> Ints:
    """How many mails each subscriber gets in the window that ends with each of them [int64, by order]."""
    line = Toggles(mails.who, mails.at_us, mails.who < 0, len(mails.ids))
    found: Ints = line.until(mails.who, mails.at_us) - line.until(mails.who, mails.at_us - window_us)
    return found


def pressure(timeline: pd.DataFrame, window: str | timedelta) -> Pressure:
    """What `AccountSimulation.pressure` gives, of a timeline."""
    mails = by_person(timeline)
    size = within(mails, length_us("window", window))
    people = len(mails.ids)
    first = np.flatnonzero(np.append(True, np.diff(mails.who) != 0)[: mails.who.size])
    most = np.maximum.reduceat(size, first) if people else np.empty(0, np.int64)
    # The first of each that has so many.
    place = np.where(size == most[mails.who] if people else size, np.arange(size.size), size.size)
    since = np.minimum.reduceat(place, first) if people else first
    at = pd.DatetimeIndex(timeline["send_at"])
    subscribers = pd.DataFrame({
        "subscriber_id": mails.ids,
        "mails": np.bincount(mails.who, minlength=people),
        "most": most,
        "since": at[mails.order[since]],
    })
    number, each = np.unique(most, return_counts=True)
    distribution = pd.DataFrame(
        {"subscribers": each, "share": each / max(people, 1)},
        index=pd.Index(number, name="most", dtype=np.int64),
    )
    return Pressure(subscribers, distribution)


def collisions(timeline: pd.DataFrame, apart: str | timedelta) -> pd.DataFrame:
    """What `AccountSimulation.collisions` gives, of a timeline."""
    mails, apart_us = by_person(timeline), length_us("within", apart)
    behind = within(mails, apart_us) - 1  # how many come after each, and are not so far from it
    total = int(behind.sum())
    if total > _MOST_PAIRS:
        raise SimcoreError(
            f"within: {total:,} pairs are closer than {apart}, expected at most {_MOST_PAIRS:,}"
        )
    first = np.repeat(np.arange(behind.size), behind)
    second = first + np.arange(total) - np.repeat(np.cumsum(behind) - behind, behind) + 1
    one, other = (timeline.take(mails.order[some]).reset_index(drop=True) for some in (first, second))
    shown_ = ["sequence_id", "email_id", "subject", "send_at"]
    return pd.concat(
        [
            one[["subscriber_id"]],
            one[shown_].add_prefix("first_"),
            other[shown_].add_prefix("second_"),
            (other["send_at"] - one["send_at"]).rename("apart"),
        ],
        axis=1,
    )


def stacked(frames: Sequence[pd.DataFrame], ids: Sequence[int | str]) -> pd.DataFrame:
    """Frames of several sequences in one, with shared dtypes and a first column `sequence_id` (category)."""
    zones = {str(frame[name].dt.tz) for frame in frames for name in frame if _is_instant(frame[name])}
    shared = zones.pop() if len(zones) == 1 else "UTC"
    parts: dict[str, Any] = {}
    for name in frames[0].columns:
        columns = [frame[name] for frame in frames]
        if _is_instant(columns[0]):
            columns = [column.dt.tz_convert(ZoneInfo(shared)) for column in columns]
        elif name == "subscriber_id":
            columns = _subscribers(columns)
        elif isinstance(columns[0].dtype, pd.CategoricalDtype):
            names = dict.fromkeys(each for column in columns for each in column.cat.categories)
            kind = pd.CategoricalDtype(pd.Index([*names], dtype="str"))
            columns = [column.astype(kind) for column in columns]
        elif name in {"email_id", "next_email_id"} and len({str(column.dtype) for column in columns}) > 1:
            columns = _ids(columns)
        if name == "subscriber_id":  # who comes to no sequence has ids of no kind
            columns = [column for column in columns if len(column)] or columns[:1]
        parts[name] = pd.concat(columns, ignore_index=True)
    number = np.repeat(np.arange(len(frames)), [*map(len, frames)])
    return pd.DataFrame({"sequence_id": in_order(number, ids), **parts}, copy=False)


def in_order(number: npt.NDArray[Any], ids: Sequence[int | str]) -> Any:
    """A column of sequences by their places among all, -1 for none."""
    kind = pd.Index([*ids], dtype=np.int64 if all(isinstance(each, int) for each in ids) else object)
    return pd.Categorical.from_codes(number, dtype=pd.CategoricalDtype(kind))


def _subscribers(columns: Sequence["pd.Series[Any]"]) -> list["pd.Series[Any]"]:
    """Columns of subscribers of one dtype: that of the first which has rows, where they can share it."""
    found = [column for column in columns if len(column)] or [*columns[:1]]
    first = found[0].dtype
    if isinstance(first, pd.CategoricalDtype):
        every = first.categories
        for column in found[1:]:
            here = column.cat.categories if isinstance(column.dtype, pd.CategoricalDtype) else column
            here = pd.Index(here).unique()
            every = every.append(here[~here.isin(every)].astype(every.dtype))
        return [column.astype(pd.CategoricalDtype(every, first.ordered)) for column in found]
    return [
        column.astype(column.cat.categories.dtype)
        if isinstance(column.dtype, pd.CategoricalDtype)
        else column
        for column in found
    ]


def _ids(columns: Sequence["pd.Series[Any]"]) -> list["pd.Series[Any]"]:
    """Columns of emails' ids of one dtype: whole numbers where all are, or else texts."""
    if all(pd.api.types.is_integer_dtype(column.dtype) for column in columns):
        return [column.astype("Int64") for column in columns]
    found = []
    for column in columns:
        code, distinct = pd.factorize(column)
        texts = pd.Series([*map(str, distinct)], dtype="str").array
        found.append(pd.Series(texts.take(code, allow_fill=True)))
    return found


def _is_instant(column: "pd.Series[Any]") -> bool:
    return isinstance(column.dtype, pd.DatetimeTZDtype)
