"""How results are compared before anything is timed."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from table import DifferenceError

COLUMNS = ("subscriber_id", "run", "position", "email_id", "subject", "send_at")


def compare_columns(
    name: str, found: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray], columns: Iterable[str]
) -> None:
    """Raise where a column of `found` is not that of `expected`, with the first row that differs."""
    for column in columns:
        ours, theirs = expected[column], found[column]
        if len(ours) != len(theirs):
            raise DifferenceError(f"project gives {len(ours)} sends, {name} {len(theirs)}")
        if ours.dtype != theirs.dtype:
            raise DifferenceError(f"{column}: project gives {ours.dtype}, {name} {theirs.dtype}")
        different = np.flatnonzero(ours != theirs)
        if len(different):
            row = different[0]
            raise DifferenceError(
                f"{column} differs in {len(different)} of {len(ours)} rows, first in row {row} (subscriber "
                f"{expected['subscriber_id'][row]}, position {expected['position'][row]}): project gives "
                f"{ours[row]}, {name} {theirs[row]}"
            )


def plain_columns(timeline: pd.DataFrame) -> dict[str, np.ndarray]:
    """Give the columns as numpy arrays to compare: `send_at` as int64 microseconds, `subject` as objects."""
    columns = {column: timeline[column].to_numpy() for column in COLUMNS if column != "send_at"}
    columns["subject"] = columns["subject"].astype(object)
    columns["send_at"] = pd.DatetimeIndex(timeline["send_at"]).as_unit("us").asi8
    return columns


def compare_frames(name: str, found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Raise where two timelines are not equal: columns, their dtypes (but for categories) and all rows."""
    if tuple(found.columns) != tuple(expected.columns):
        raise DifferenceError(f"columns of project: {[*expected]}; of {name}: {[*found]}")
    zones = [str(frame["send_at"].dtype) for frame in (expected, found)]
    if zones[0] != zones[1]:
        raise DifferenceError(f"send_at: project gives {zones[0]}, {name} {zones[1]}")
    compare_columns(name, plain_columns(found), plain_columns(expected), COLUMNS)
