"""Files of sends, runs and notes out: CSV, Parquet and lines of JSON, whole or not at all."""

import csv
import errno
import importlib
import io
import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from simcore.clock.zones import Zone
from simcore.errors import SimcoreError
from simcore.files.inputs import is_stdin
from simcore.files.parquet import pyarrow
from simcore.files.stamps import iso, us_of

_WRITE_ROWS = 1 << 16
_FORMULA = frozenset("=+-@\uff1d\uff0b\uff0d\uff20\t\r\n")  # the four full-width too
"""What a spreadsheet takes for the beginning of a formula, or reads over to one."""
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)

_Write = Callable[[pd.DataFrame, Zone, BinaryIO, Callable[[int], None]], None]


def writer(output: Path | None, as_json: bool, *, csv_safe: bool) -> _Write:
    """What writes a frame of sends, runs or notes to a file, in parts, and tells how many rows each had.

    `csv_safe`: a text in CSV that a spreadsheet would take for a formula has an apostrophe before it.
    """
    to_csv = partial(_write_csv, csv_safe)
    if output is None:
        return _write_lines if as_json else to_csv
    if output.suffix.lower() == ".parquet":
        pyarrow(output)
        return _write_parquet
    if output.suffix.lower() == ".csv":
        return to_csv
    raise SimcoreError(f"{output}: expected a name that ends in .csv or .parquet")


def _write_csv(
    csv_safe: bool, frame: pd.DataFrame, here: Zone, sink: BinaryIO, advance: Callable[[int], None]
) -> None:
    sink.write(page_of([[*frame.columns]]))
    for part in _parts(frame):
        columns = [_written(part[name], here) for name in part.columns]
        if csv_safe:
            texts = [part[name].dtype.kind in "OU" for name in part.columns]
            columns = [
                [*map(_harmless, each)] if text else each for each, text in zip(columns, texts, strict=True)
            ]
        sink.write(page_of([*zip(*columns, strict=True)]))
        advance(len(part))


def _harmless(cell: Any) -> Any:
    """A text that no spreadsheet runs as a formula."""
    runs = isinstance(cell, str) and cell[:1] in _FORMULA and not _NUMBER.fullmatch(cell)
    return f"'{cell}" if runs else cell


def _write_lines(frame: pd.DataFrame, here: Zone, sink: BinaryIO, advance: Callable[[int], None]) -> None:
    for part in _parts(frame):
        stamps = part.select_dtypes("datetimetz")
        part = part.assign(**{str(name): _written(part[name], here) for name in stamps})
        sink.write(part.to_json(orient="records", lines=True, force_ascii=False).encode())
        advance(len(part))


def _written(column: "pd.Series[Any]", here: Zone) -> list[Any]:
    """What stands in a column, as it is written: instants as text, None for what is missing."""
    missing = column.isna().to_numpy()
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        values = iso(np.where(missing, 0, us_of(column)), here)
    else:
        values = column.tolist()
    return (
        [None if gone else value for value, gone in zip(values, missing, strict=True)]
        if missing.any()
        else values
    )


def _write_parquet(frame: pd.DataFrame, here: Zone, sink: BinaryIO, advance: Callable[[int], None]) -> None:
    arrow, parquet = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    schema = arrow.Table.from_pandas(frame.iloc[:1], preserve_index=False).schema
    for at, column in enumerate(schema):
        if column.type == arrow.null():  # an empty column of objects does not say what it would hold
            schema = schema.set(at, column.with_type(arrow.string()))
    with parquet.ParquetWriter(sink, schema) as writer:
        for part in _parts(frame):
            writer.write_table(arrow.Table.from_pandas(part, schema=schema, preserve_index=False))
            advance(len(part))


def _parts(frame: pd.DataFrame) -> Iterator[pd.DataFrame]:
    return (frame.iloc[at : at + _WRITE_ROWS] for at in range(0, len(frame), _WRITE_ROWS))


def page_of(rows: list[Any]) -> bytes:
    """Rows as CSV: a line each, ended by a line feed alone."""
    page = io.StringIO(newline="")
    csv.writer(page, lineterminator="\n").writerows(rows)
    if "\r" in page.getvalue():  # which older Pythons leave bare, though readers take it for a line's end
        page = io.StringIO(newline="")
        csv.writer(page, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    return page.getvalue().encode()


def target_of(path: Path, *inputs: Path) -> Path:
    """Where a file is to be written, links followed; SimcoreError where it must not be."""
    target = Path(os.path.realpath(path))
    if target.exists():
        if not target.is_file():
            raise SimcoreError(f"{path}: cannot be written: not an ordinary file")
        read = [Path("/dev/stdin") if is_stdin(each) else each for each in inputs]
        if any(each.exists() and target.samefile(each) for each in read):
            raise SimcoreError(f"{path}: cannot be written: it is an input")
    return target


@contextmanager
def replacing(path: Path, *inputs: Path) -> Iterator[BinaryIO]:
    """A new file that takes the place of `path` once it is whole, and is removed if anything goes wrong."""
    target = target_of(path, *inputs)
    part = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with open(part, "xb") as sink:
            yield sink
        os.replace(part, target)
    except OSError as error:
        if error.filename not in {None, str(part)} or error.errno == errno.ENOMEM:
            raise
        raise SimcoreError(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            part.unlink()


@contextmanager
def folder(path: Path) -> Iterator[None]:
    """A folder to write to, made if it is not there, and removed again if anything goes wrong."""
    there = path.is_dir()
    path.mkdir(exist_ok=True)
    try:
        yield
    finally:
        if not there:
            with suppress(OSError):  # it is not empty, so nothing went wrong
                path.rmdir()
