"""Timelines held against what is expected: the rows of a test, or a file beside the tests."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from simcore.answers.timeline import KEY, check
from simcore.clock import instants
from simcore.clock.words import clock, length
from simcore.clock.zones import Ints, zone
from simcore.errors import SimcoreError, shown
from simcore.files.stamps import us_of
from simcore.files.writing import replacing, writer
from simcore.text.tables import cut

_TOLD = 10  # differences in an error
_WORDS = {"subscriber_id": "subscriber", "email_id": "email"}
_CUT = 40  # so many characters of a text are told


def assert_timeline(
    actual: pd.DataFrame,
    expected: pd.DataFrame | Sequence[Mapping[str, Any]] | dict[str, Any],
    *,
    naive_time_zone: str | None = None,
) -> None:
    """Asserts that a timeline has the sends that are expected, all of them and no other.

    `actual`: as `simcore.project` gives it. `expected`: another such, or a DataFrame (or what makes one, such as a
    list of dicts) with `send_at` and some of its columns, with rows in any order. `send_at` may be in any zone, and
    be text with offsets; naive times are read in `naive_time_zone`.

    Rows are those of one send by the columns `subscriber_id`, `run` and `email_id` (or else `position`) that
    `expected` has; what it leaves out must not be needed to tell the sends of `actual` apart. Times are compared as
    instants, other columns as they are.

    Raises AssertionError that counts the differences and tells the first ten: what came earlier or later and by how
    much, what is missing, and what was not expected; SimcoreError for what is no timeline.

    >>> import simcore
    >>> from simcore import kit
    >>> sends = simcore.project(kit.load(simcore.example("welcome")), ["2026-03-06T21:07-05:00"])
    >>> assert_timeline(sends, [
    ...     {"position": 0, "send_at": "2026-03-06T21:07-05:00"},
    ...     {"position": 1, "send_at": "2026-03-06T23:15-05:00"},
    ...     {"position": 2, "send_at": "2026-03-09T09:00-04:00"},
    ...     {"position": 3, "send_at": "2026-03-12T09:00-04:00"},
    ... ])
    """
    __tracebackhide__ = True
    instants.check_zone(naive_time_zone)
    check("actual", actual)
    if not isinstance(expected, pd.DataFrame):
        if not isinstance(expected, list | tuple | dict):
            raise SimcoreError(f"expected: found {shown(expected)}, expected a DataFrame, or a list of dicts")
        expected = pd.DataFrame(expected)
    if told := _differences(actual, expected, "expected", naive_time_zone):
        raise AssertionError(told)


def check_golden(timeline: pd.DataFrame, path: str | PathLike[str], update: bool = False) -> None:
    """Asserts that a timeline is as it was when it was written to a CSV file, which is kept beside the tests.

    `update=True` writes the file, whole or not at all, and asserts nothing; look at what has changed in it before
    you commit it. It has all columns, times in ISO 8601 with their offsets, and the same bytes for the same
    timeline. Compared is as in `assert_timeline`; columns that the file lacks are passed over.

    Raises AssertionError where the timeline differs, or there is no file yet; SimcoreError for what is no timeline,
    or a file that has none, or cannot be written.

    >>> import simcore, tempfile
    >>> from simcore import kit
    >>> sends = simcore.project(kit.load(simcore.example("welcome")), ["2026-03-06T21:07-05:00"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     check_golden(sends, Path(folder, "welcome.csv"), update=True)
    ...     check_golden(sends, Path(folder, "welcome.csv"))
    """
    __tracebackhide__ = True
    check("timeline", timeline)
    page, here = io.BytesIO(), zone(str(timeline["send_at"].dt.tz))
    writer(None, False, csv_safe=False)(timeline, here, page, lambda _: None)
    if update:
        with replacing(Path(path)) as sink:
            sink.write(page.getvalue())
        return
    try:
        kept = Path(path).read_bytes()
    except FileNotFoundError:
        raise AssertionError(
            f"{path}: there is no such file yet: check_golden(..., update=True) writes it"
        ) from None
    if kept == page.getvalue():
        return
    # Both as they read in CSV, so that ids and texts of every kind are compared as what can be kept of them.
    found = _read("timeline", page.getvalue())
    found["send_at"] = timeline["send_at"].array
    if told := _differences(found, _read(str(path), kept), str(path), None):
        raise AssertionError(
            f"{told}\nIf that is as it should be, check_golden(..., update=True) writes the file anew."
        )


def _read(name: str, data: bytes) -> pd.DataFrame:
    """A file of sends: columns of texts [object], but `send_at`, which are datetimes where they can be read."""
    try:
        rows = [*csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise SimcoreError(f"{name}: not a CSV file: {error}") from None
    columns, *rows = rows or [[]]
    for at, row in enumerate(rows):
        if len(row) != len(columns):
            raise SimcoreError(
                f"{name}: row {at} has {len(row)} fields, expected {len(columns)}: {', '.join(columns)}"
            )
    found = pd.DataFrame(rows, columns=columns, dtype=object)
    if "send_at" in columns:
        found["send_at"] = pd.Series([*map(_datetime, found["send_at"])], dtype=object)
    return found


def _datetime(text: str) -> datetime | str:
    """What ISO 8601 says, the seconds of an offset too; or the text."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text


def _differences(actual: pd.DataFrame, expected: pd.DataFrame, name: str, naive_time_zone: str | None) -> str:
    """What tells a timeline from the sends that are expected, in words; "" for nothing. `name`: what those are."""
    key = _key(actual, expected, name)
    found, wanted = _by(key, actual, "the timeline"), _by(key, expected, name)
    for column in key:
        kinds = [each[column].dtype for each in (wanted, found) if len(each)]
        if len({pd.api.types.is_numeric_dtype(kind) for kind in kinds}) > 1:
            raise SimcoreError(
                f"{name}: {column} is {kinds[0]}, and {kinds[1]} in the timeline: ids of two kinds never match"
            )
    at = instants.read(expected["send_at"], naive_time_zone)
    if at.faults:
        raise instants.explain_faults(f"{name}: send_at", expected["send_at"], at.faults, "mend those rows")
    # For each expected send, its row in the timeline (-1 for none).
    place = pd.MultiIndex.from_frame(found).get_indexer(pd.MultiIndex.from_frame(wanted))
    there, more = np.flatnonzero(place >= 0), np.setdiff1d(np.arange(len(found)), place)
    found_us, by_us = us_of(actual["send_at"]), np.zeros(len(wanted), np.int64)
    by_us[there] = found_us[place[there]] - at.us[there]
    others: dict[str, Ints] = {}  # the rows in which a column differs
    for column in expected.columns.difference([*key, "send_at"], sort=False):
        one, two = actual[column].iloc[place[there]], expected[column].iloc[there]
        left, right = one.astype(object).to_numpy(), two.astype(object).to_numpy()
        others[str(column)] = there[(left != right) & ~(pd.isna(left) & pd.isna(right))]
    here, told = zone(str(actual["send_at"].dt.tz)), []
    odd = np.unique(np.concatenate([np.flatnonzero((by_us != 0) | (place < 0)), *others.values()]))
    for row in odd[:_TOLD].tolist():
        us, by, faults = int(at.us[row]), int(by_us[row]), []
        if place[row] < 0:
            faults.append(f"missing, expected {clock(us, here)}")
        if by:
            way = "later" if by > 0 else "earlier"
            faults.append(f"{length(abs(by))} {way}: {clock(us + by, here)}, expected {clock(us, here)}")
        for column, rows in others.items():
            if row in rows:
                one, two = actual[column].iloc[place[row]], expected[column].iloc[row]
                faults.append(f"{column} is {shown(one)}, expected {shown(two)}")
        told.append(f"{_named(key, expected.iloc[row])}: {'; '.join(faults)}")
    for row in more[: _TOLD - len(told)].tolist():
        told.append(f"{_named(key, actual.iloc[row])}: not expected, {clock(int(found_us[row]), here)}")
    if not told:
        return ""
    counts = {"at another time": np.count_nonzero(by_us), "missing": len(wanted) - there.size}
    counts |= {"not expected": more.size} | {
        f"with another {name}": rows.size for name, rows in others.items()
    }
    rest = odd.size + more.size - len(told)
    heading = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    lines = [f"of {len(wanted)} sends expected and {len(found)} in the timeline: {heading}"]
    return "\n".join([*lines, *(f"  {each}" for each in told), *([f"  and {rest} more"] if rest else [])])


def _key(actual: pd.DataFrame, expected: pd.DataFrame, name: str) -> list[str]:
    """The columns by which sends are told apart. Raises SimcoreError where the columns do not do."""
    emails = [column for column in ("email_id", "position") if column in expected.columns]
    if "send_at" not in expected.columns or not emails:
        needed = "send_at" if emails else "email_id or position"
        there = ", ".join(map(str, expected.columns)) or "none"
        raise SimcoreError(f"{name}: no column {needed}; the columns are: {there}")
    if strange := [column for column in expected.columns if column not in actual.columns]:
        there = ", ".join(map(str, actual.columns))
        raise SimcoreError(f"{name}: the timeline has no column {strange[0]}; its columns are: {there}")
    return [*(column for column in KEY[:-1] if column in expected.columns), emails[0]]


def _by(key: Sequence[str], frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The columns that tell sends apart. Raises SimcoreError where they do not."""
    some = frame[key].infer_objects()
    again = np.flatnonzero(some.duplicated().to_numpy())
    if again.size:
        missing = [column for column in KEY[:-1] if column not in key]
        raise SimcoreError(
            f"{name}: {_named(key, frame.iloc[again[0]])} stands there again in row {again[0]}: "
            + (f"{' and '.join(missing)} must be expected too" if missing else "expected once")
        )
    return some


def _named(key: Sequence[str], send: "pd.Series[Any]") -> str:
    """A send in words, by the columns that tell it apart."""
    told = ", ".join(f"{_WORDS.get(column, column)} {cut(str(send[column]), _CUT)}" for column in key)
    return f"{told} ({cut(str(send['subject']), _CUT)})" if "subject" in send.index else told
