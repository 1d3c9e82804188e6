"""Files of sends, runs and notes out: CSV, Parquet and lines of JSON, whole or not at all."""

import errno
import importlib
import os
import secrets
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

import pandas as pd

from simcore.errors import SimcoreError
from simcore.files.exact import csv_page, json_page, page_of
from simcore.files.inputs import is_stdin
from simcore.files.lines import Csv, DeclinedError, Form, Json, page
from simcore.files.parquet import arrow_or_none, pyarrow

_WRITE_ROWS = 1 << 16
_WORKERS = os.cpu_count() or 1
_Made = tuple[bytes | memoryview, int]
_Write = Callable[[pd.DataFrame, BinaryIO, Callable[[int], None]], None]


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


def _write_csv(csv_safe: bool, frame: pd.DataFrame, sink: BinaryIO, advance: Callable[[int], None]) -> None:
    sink.write(page_of([[*frame.columns]]))
    _write_pages(frame, Csv(csv_safe), partial(csv_page, safe=csv_safe), sink, advance)


def _write_lines(frame: pd.DataFrame, sink: BinaryIO, advance: Callable[[int], None]) -> None:
    _write_pages(frame, Json(), json_page, sink, advance)


def _write_pages(
    frame: pd.DataFrame,
    form: Form,
    exact: Callable[[pd.DataFrame], bytes],
    sink: BinaryIO,
    advance: Callable[[int], None],
) -> None:
    """Writes the parts of a frame in a form: by Arrow where it is installed and can, else by the exact way."""
    arrow = arrow_or_none()

    def made(part: pd.DataFrame) -> _Made:
        try:
            return exact(part) if arrow is None else page(arrow, part, form), len(part)
        except DeclinedError:
            return exact(part), len(part)

    for data, rows in _in_order(made, _parts(frame)):
        sink.write(data)
        advance(rows)


def _in_order(make: Callable[[pd.DataFrame], _Made], parts: Iterator[pd.DataFrame]) -> Iterator[_Made]:
    """What is made of parts, in their order; by all cores, a few parts ahead."""
    with ThreadPoolExecutor(_WORKERS) as pool:
        ahead = deque[Future[_Made]]()
        for part in parts:
            try:
                ahead.append(pool.submit(make, part))
            except RuntimeError:  # no thread can be begun
                raise MemoryError from None
            if len(ahead) > _WORKERS:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def _write_parquet(frame: pd.DataFrame, sink: BinaryIO, advance: Callable[[int], None]) -> None:
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
