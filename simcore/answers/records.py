"""Frames as web applications want them."""

from datetime import date, datetime
from math import isfinite
from typing import Any

import pandas as pd

from simcore.errors import SimcoreError, typed


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of any frame of simcore's as a plain list of dicts, of which `json.dumps` and web frameworks make JSON.

    Keys are the columns' names as texts, after that of the index where it has one (such as `position`). Instants are
    ISO 8601 texts with the offset of their zone, lengths of time ISO 8601 durations (`P2DT0H0M0S`), numbers and texts
    Python's own, and what is missing is None.

    >>> import simcore
    >>> from simcore import kit
    >>> shown = simcore.preview(kit.load(simcore.example("welcome")), "2026-03-06 21:07")
    >>> [(row["position"], row["send_at"]) for row in simcore.records(shown)][:2]
    [(0, '2026-03-06T21:07:00-05:00'), (1, '2026-03-06T23:15:00-05:00')]
    """
    if not isinstance(frame, pd.DataFrame):
        raise SimcoreError(f"frame: found {typed(frame)}, expected a DataFrame of simcore's")
    columns = {str(name): [*map(_plain, frame[name])] for name in frame.columns}
    if frame.index.name is not None:
        columns = {str(frame.index.name): [*map(_plain, frame.index)]} | columns
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _plain(value: Any) -> Any:
    """A cell as JSON has it; what JSON has nothing for is its text."""
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [*map(_plain, value)]
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, pd.Timedelta | datetime | date):
        return value.isoformat()
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float):
        return value if isfinite(value) else None
    return value if isinstance(value, bool | int | str) else str(value)
