"""Timelines compared with what is expected: the rows of a test, or a file next to the tests."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd

from simcore.answers.timeline import KEY, check
from simcore.clock import instants
from simcore.clock.words import clock, length
from simcore.clock.zones import Ints, zone
from simcore.errors import SimcoreError, shown
from simcore.files.inputs import path_of
from simcore.files.stamps import us_of
from simcore.files.writing import replacing, writer
from simcore.text.tables import cut

_LISTED = 10  # differences in an error
_WORDS = {"subscriber_id": "subscriber", "email_id": "email"}
_CUT = 40  # characters of a text that are shown


def assert_timeline(
    actual: pd.DataFrame,
    expected: pd.DataFrame | Sequence[Mapping[str, Any]] | dict[str, Any],
    *,
    naive_time_zone: str | None = None,
) -> None:
    """Asserts that a timeline has exactly the sends that are expected.

    `actual`: a timeline from `simcore.project`. `expected`: another timeline, or a DataFrame (or something that makes
    one, such as a list of dicts) with `send_at` and some of the other columns, with rows in any order. `send_at` can
    be in any zone, or text with offsets; times without an offset are read in `naive_time_zone`.

    Sends are matched by those of the columns `subscriber_id`, `run` and `email_id` (or else `position`) that
    `expected` has. They must be enough to tell the sends of `actual` apart. Times are compared as instants, other
    columns by their values.

    Raises AssertionError, which counts the differences and lists the first ten: sends that are earlier or later and by
    how much, missing, or not expected. Raises SimcoreError for what is not a timeline.

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
    if differences := _differences(actual, expected, "expected", naive_time_zone):
        raise AssertionError(differences)


def check_golden(timeline: pd.DataFrame, path: str | PathLike[str], update: bool = False) -> None:
    """Asserts that a timeline is the same as in a CSV file that you keep next to your tests.

    `update=True` writes the file, completely or not at all, and asserts nothing. Look at what has changed before you
    commit it. The file has all columns, times in ISO 8601 with their offsets, and the same bytes for the same
    timeline. Timelines are compared as by `assert_timeline`; columns that the file lacks are ignored.

    Raises AssertionError if the timeline differs or there is no file yet. Raises SimcoreError for what is not a
    timeline, for a file that does not hold one, and if the file cannot be written.

    >>> import simcore, tempfile
    >>> from pathlib import Path
    >>> from simcore import kit
    >>> sends = simcore.project(kit.load(simcore.example("welcome")), ["2026-03-06T21:07-05:00"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     check_golden(sends, Path(folder, "welcome.csv"), update=True)
    ...     check_golden(sends, Path(folder, "welcome.csv"))
    """
    __tracebackhide__ = True
    golden(timeline, path, update, "check_golden(..., update=True)")


def golden(timeline: pd.DataFrame, path: str | PathLike[str], update: bool, how: str) -> None:
    """The same, for those who write the file with `how`."""
    __tracebackhide__ = True
    check("timeline", timeline)
    file, page = path_of("path", path), io.BytesIO()
    writer(None, False, csv_safe=False)(timeline, page, lambda _: None)
    if update:
        with replacing(file) as sink:
            sink.write(page.getvalue())
        return
    if file.is_dir():
        raise SimcoreError(f"{path}: a folder, expected a CSV file")
    try:
        kept = file.read_bytes()
    except FileNotFoundError:
        raise AssertionError(f"{path}: there is no such file yet: write it with {how}") from None
    if kept == page.getvalue():
        return
    # Both as read from CSV, so that ids and texts of every kind are compared in the form that a file can keep.
    found = _read("timeline", page.getvalue())
    found["send_at"] = timeline["send_at"].array
    if differences := _differences(found, _read(str(path), kept), str(path), None):
        raise AssertionError(f"{differences}\nIf this is right, write the file again with {how}.")


def _read(name: str, data: bytes) -> pd.DataFrame:
    """A file of sends: columns of texts [object], except `send_at`: datetimes, where they can be read."""
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
    """An ISO 8601 text as a datetime, with seconds of its offset too; any other text unchanged."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text


def _differences(actual: pd.DataFrame, expected: pd.DataFrame, name: str, naive_time_zone: str | None) -> str:
    """How a timeline differs from the sends that are expected, which `name` names, in words; "" if it does not."""
    key = _key(actual, expected, name)
    found, wanted = _by(key, actual, "the timeline"), _by(key, expected, name)
    for column in key:
        kinds = [frame[column].dtype for frame in (wanted, found) if len(frame)]
        if len({pd.api.types.is_numeric_dtype(kind) for kind in kinds}) > 1:
            raise SimcoreError(
                f"{name}: {column} is {kinds[0]}, and {kinds[1]} in the timeline: ids of different kinds never match"
            )
    at = instants.read(expected["send_at"], naive_time_zone)
    if at.faults:
        raise instants.explain_faults(f"{name}: send_at", expected["send_at"], at.faults, "fix those rows")
    # For each expected send, its row in the timeline (-1 for none).
    match = pd.MultiIndex.from_frame(found).get_indexer(pd.MultiIndex.from_frame(wanted))
    there, more = np.flatnonzero(match >= 0), np.setdiff1d(np.arange(len(found)), match)
    found_us, by_us = us_of(actual["send_at"]), np.zeros(len(wanted), np.int64)
    by_us[there] = found_us[match[there]] - at.us[there]
    others: dict[str, Ints] = {}  # the rows in which a column differs
    for column in expected.columns.difference([*key, "send_at"], sort=False):
        one, two = actual[column].iloc[match[there]], expected[column].iloc[there]
        left, right = one.astype(object).to_numpy(), two.astype(object).to_numpy()
        others[str(column)] = there[(left != right) & ~(pd.isna(left) & pd.isna(right))]
    here, lines = zone(str(actual["send_at"].dt.tz)), []
    odd = np.unique(np.concatenate([np.flatnonzero((by_us != 0) | (match < 0)), *others.values()]))
    for row in odd[:_LISTED].tolist():
        us, by, faults = int(at.us[row]), int(by_us[row]), []
        if match[row] < 0:
            faults.append(f"missing, expected {clock(us, here)}")
        if by:
            way = "later" if by > 0 else "earlier"
            faults.append(f"{length(abs(by))} {way}: {clock(us + by, here)}, expected {clock(us, here)}")
        for column, rows in others.items():
            if row in rows:
                one, two = actual[column].iloc[match[row]], expected[column].iloc[row]
                faults.append(f"{column} is {shown(one)}, expected {shown(two)}")
        lines.append(f"{_named(key, expected.iloc[row])}: {'; '.join(faults)}")
    for row in more[: _LISTED - len(lines)].tolist():
        lines.append(f"{_named(key, actual.iloc[row])}: not expected, {clock(int(found_us[row]), here)}")
    if not lines:
        return ""
    counts = {"at another time": np.count_nonzero(by_us), "missing": len(wanted) - there.size}
    counts |= {"not expected": more.size} | {
        f"with another {name}": rows.size for name, rows in others.items()
    }
    rest = odd.size + more.size - len(lines)
    heading = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    heading = f"of {len(wanted)} sends expected and {len(found)} in the timeline: {heading}"
    return "\n".join([heading, *(f"  {line}" for line in lines), *([f"  and {rest} more"] if rest else [])])


def _key(actual: pd.DataFrame, expected: pd.DataFrame, name: str) -> list[str]:
    """The columns that sends are matched by. Raises SimcoreError for columns that are missing or unknown."""
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
    """The columns that sends are matched by. Raises SimcoreError if two sends are equal in them."""
    some = frame[key].infer_objects()
    again = np.flatnonzero(some.duplicated().to_numpy())
    if again.size:
        missing = [column for column in KEY[:-1] if column not in key]
        raise SimcoreError(
            f"{name}: row {again[0]} repeats {_named(key, frame.iloc[again[0]])}: "
            + (f"add {' and '.join(missing)} to what you expect" if missing else "expected once")
        )
    return some


def _named(key: Sequence[str], send: "pd.Series[Any]") -> str:
    """A send in words, by the columns that it is matched by."""
    words = ", ".join(f"{_WORDS.get(column, column)} {cut(str(send[column]), _CUT)}" for column in key)
    return f"{words} ({cut(str(send['subject']), _CUT)})" if "subject" in send.index else words
