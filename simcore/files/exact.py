"""Rows as CSV and as lines of JSON, one by one: what they are to be, however they are written."""

import csv
import io
import re
from typing import Any

import numpy as np
import pandas as pd

from simcore.clock.zones import zone
from simcore.files.stamps import iso, us_of

_FORMULA = frozenset("=+-@\uff1d\uff0b\uff0d\uff20\t\r\n")  # the four full-width too
"""What a spreadsheet takes for the beginning of a formula, or reads over to one."""
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def csv_page(part: pd.DataFrame, *, safe: bool) -> bytes:
    """The rows as CSV. `safe`: a text that a spreadsheet would take for a formula has an apostrophe before it."""
    columns = [cells(part.iloc[:, at], safe=safe) for at in range(part.shape[1])]
    return page_of([*zip(*columns, strict=True)])


def json_page(part: pd.DataFrame) -> bytes:
    """The rows as objects of JSON, one on each line."""
    stamps = part.select_dtypes("datetimetz")
    part = part.assign(**{str(name): cells(part[name], safe=False) for name in stamps})
    return part.to_json(orient="records", lines=True, force_ascii=False).encode()


def cells(column: "pd.Series[Any]", *, safe: bool) -> list[Any]:
    """What stands in a column, as it is written: instants as text, None for what is missing."""
    missing = column.isna().to_numpy()
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        values: list[Any] = iso(np.where(missing, 0, us_of(column)), zone(str(column.dtype.tz)))
    else:
        values = column.tolist()
    if missing.any():
        values = [None if gone else value for value, gone in zip(values, missing, strict=True)]
    return [*map(_harmless, values)] if safe and column.dtype.kind in "OU" else values


def _harmless(cell: Any) -> Any:
    """A text that no spreadsheet runs as a formula."""
    runs = isinstance(cell, str) and cell[:1] in _FORMULA and not _NUMBER.fullmatch(cell)
    return f"'{cell}" if runs else cell


def page_of(rows: list[Any]) -> bytes:
    """Rows as CSV: a line each, ended by a line feed alone."""
    page = io.StringIO(newline="")
    csv.writer(page, lineterminator="\n").writerows(rows)
    if "\r" in page.getvalue():  # which older Pythons leave bare, though readers take it for a line's end
        page = io.StringIO(newline="")
        csv.writer(page, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    return page.getvalue().encode()
