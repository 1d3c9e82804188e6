"""Files of entries and events in: CSV and Parquet."""

import csv
import io
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import chain, compress, islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import pandas as pd

from simcore.clock.zones import Ints
from simcore.errors import SimcoreError
from simcore.files.columns import check_columns
from simcore.files.inputs import Again, Input, WrongKindError, named, once_only, opened, unzipped
from simcore.files.parquet import MAGIC, arrow_or_none, check_memory, flat, pyarrow
from simcore.files.plain import Beginning
from simcore.files.rows import Rows
from simcore.plan.columns import NO_NAMES, Columns, Names, renamed

_READ_ROWS = 1 << 13
_LONGEST = 1 << 24
"""So many characters a field of a CSV file may have: Python's own limit, 128 Ki, is less than some JSON needs."""
_MISQUOTED = "a quotation mark opens a field that does not end"
_AFTER = "text after a closing quotation mark"
_TOO_LONG = f"a field has more than {_LONGEST:,} characters: does a quotation mark open it that never closes?"
_SIGNS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
"""What divides the columns of files that are called CSV."""

Told = Callable[[int, int | None], None]
Called = Callable[[list[str]], Names]
"""Gives what columns are called in a file, by their names here, where that differs, from all that it has."""


def _as_here(names: list[str]) -> Names:
    return NO_NAMES


def read(
    path: Path,
    told: Told,
    *kinds: Columns,
    delimiter: str = ",",
    called: Called = _as_here,
    kept: BinaryIO | None = None,
) -> Rows:
    """The rows of a CSV or Parquet file of one of these kinds, or of a pipe, or of standard input (`-`).

    `told` hears how many bytes are read, of how many (None where nobody knows). `delimiter`: what divides the columns
    of a CSV file. `called`: what columns are called there, by their names here. `kept`: an empty file that takes what
    comes through a pipe, so that rows can be read again. Raises SimcoreError for a file that is neither, and for one
    without its columns.
    """
    try:
        with opened(path) as given, _long_fields():
            if kept is not None:
                shutil.copyfileobj(given.file, kept)
                kept.seek(0)
                given = given._replace(file=kept)
            if unzipped(path).suffix.lower() == ".parquet" or given.head.startswith(MAGIC):
                return _read_parquet(path, given, kinds, called)
            rows = _read_csv(
                path, given.file, kinds, delimiter, called, lambda: told(given.done(), given.size)
            )
            rows.kept = kept
            return rows
    except WrongKindError as error:
        raise SimcoreError(f"{named(path)}: {error}") from None
    except UnicodeDecodeError as error:
        where = "it"
        if not once_only(path):
            with opened(path) as lines:
                pairs = enumerate(lines.file, 1)
                wrong = (at for at, each in pairs if each.decode(errors="ignore").encode() != each)
                where = f"line {next(wrong)}"
        byte = error.object[error.start]
        raise SimcoreError(
            f"{named(path)}: {where} is not UTF-8 (byte 0x{byte:02x}): save it as UTF-8"
        ) from None


def _read_parquet(path: Path, given: Input, kinds: tuple[Columns, ...], called: Called) -> Rows:
    """The rows of a Parquet file; one that can only be read from end to end is held in memory."""
    arrow, parquet = pyarrow(path)
    file = given.file if given.anywhere else io.BytesIO(given.file.read())
    try:
        table = parquet.read_table(file)
        header = table.column_names
        names = renamed(header, called(header))
        columns = check_columns(path, [name for name in names if name is not None], *kinds)
        # What gave its name to another keeps none that is looked for.
        table = table.rename_columns([
            f"{at} {header[at]}" if name is None else name for at, name in enumerate(names)
        ])
        frame = flat(arrow, table, columns).to_pandas()
    except (arrow.ArrowException, UnicodeDecodeError, OSError) as error:  # of headers, names, pages
        check_memory(error)
        if isinstance(error, OSError) and error.errno is not None:
            raise
        why = " ".join(str(error).split()).rstrip(".")
        raise SimcoreError(f"{named(path)}: not a Parquet file: {why}") from None
    return Rows(path, "row", frame, np.arange(len(frame)), {}, {}, header=header)


@contextmanager
def _long_fields() -> Iterator[None]:
    """Python has one limit for all readers, so it is put back."""
    before = csv.field_size_limit(_LONGEST)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _fault(error: csv.Error) -> str:
    """What is wrong with a CSV file, by what Python's reader says of it."""
    told = str(error)
    return _AFTER if "expected after" in told else _TOO_LONG if "limit" in told else _MISQUOTED


def _read_csv(
    path: Path,
    file: BinaryIO,
    kinds: tuple[Columns, ...],
    delimiter: str,
    called: Called,
    told: Callable[[], None],
) -> Rows:
    """The rows of a CSV file: by Arrow where it is installed, as far as the file is plain, and else one by one."""
    arrow = arrow_or_none()
    begun = Beginning(arrow, file, delimiter) if arrow is not None else None
    rest = io.BufferedReader(Again(b"", file)) if begun is None else begun.rest
    text = io.TextIOWrapper(rest, encoding="utf-8-sig", newline="")
    header = begun.header if begun is not None and begun.header else text.readline()
    if not header:
        *others, last = kinds[0][0]
        raise SimcoreError(f"{named(path)}: empty: expected a header with {', '.join(others)} and {last}")
    sign = max(_SIGNS, key=header.count)
    divided = ""
    if header.count(sign) > header.count(delimiter):
        divided = f"the columns are divided by {_SIGNS[sign]}: delimiter={sign!r}"
    reader = csv.reader(chain([header], text), strict=True, delimiter=delimiter)
    try:
        names = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise SimcoreError(f"{named(path)}: {divided or f'line 1: {_fault(error)}'}") from None
    names = renamed(names, called(names))
    columns = check_columns(path, [name for name in names if name is not None], *kinds, divided=divided)
    wanted = {name: names.index(name) for name in sum(columns, ()) if name in names}
    found, more = _Found([], [], {}, {}), True
    if begun is not None and begun.header:
        frame, places, more = begun.rows(len(names), wanted, told)
        found.parts.append(frame)
        found.places.append(places)
        text = io.TextIOWrapper(begun.rest, encoding="utf-8", newline="")
        reader = csv.reader(text, strict=True, delimiter=delimiter)
    if more:
        before = begun.lines if begun is not None else 0
        _read_one_by_one(path, reader, before, len(names), wanted, told, found)
    frame = pd.concat(found.parts, ignore_index=True) if len(found.parts) > 1 else found.parts[0]
    return Rows(path, "line", frame, np.concatenate(found.places), found.broken, found.ends, delimiter)


class _Found(NamedTuple):
    """What is found in a CSV file: part by part whole rows and their lines, and what is broken, as in `Rows`."""

    parts: list[pd.DataFrame]
    places: list[Ints]
    broken: dict[int, str]
    ends: dict[int, int]


def _read_one_by_one(
    path: Path,
    reader: Any,
    before: int,
    width: int,
    wanted: Mapping[str, int],
    told: Callable[[], None],
    found: _Found,
) -> None:
    """Adds the rows that a reader of the csv module gives, `before` lines after the beginning of the file.

    No Python runs for each row that is good.
    """
    more = True
    while more:
        rows: list[list[str]] = []
        first, fault = before + reader.line_num + 1, ""
        try:
            rows.extend(islice(reader, _READ_ROWS))  # rows before an error stay
            more = len(rows) == _READ_ROWS
        except csv.Error as error:
            fault = _fault(error)
        spans = np.ones(len(rows), np.int64)
        if before + reader.line_num - first + 1 != len(rows):
            breaks = [len(re.findall("\r\n|\r|\n", ",".join(row))) for row in rows]
            spans += np.array(breaks, np.int64)
        lines = first + np.cumsum(spans) - spans
        if fault:
            line = first + int(spans.sum())
            if fault != _AFTER:  # the rest of the file, whatever it holds, is one field
                raise SimcoreError(f"{named(path)}: line {line}: {fault}")
            found.broken[line], found.ends[line] = fault, before + reader.line_num
        counts = np.fromiter(map(len, rows), np.int64, len(rows))
        whole = counts == width
        for at in np.flatnonzero(~whole & (counts > 0)).tolist():  # an empty line is no row
            found.broken[int(lines[at])] = f"{counts[at]} fields, expected {width}"
        fields = [*zip(*(rows if whole.all() else compress(rows, whole)), strict=True)] or [()] * width
        found.parts.append(
            pd.DataFrame({name: np.array(fields[at], object) for name, at in wanted.items()}, dtype=str)
        )
        found.places.append(lines[whole])
        told()


def records(rows: Rows, places: Iterable[tuple[int, int | None]]) -> Iterator[list[str]]:
    """The fields of the rows on these lines of a CSV file (first and, where it is no CSV, last; in order)."""
    with ExitStack() as stack:
        stack.enter_context(_long_fields())
        if rows.kept is None:
            raw = stack.enter_context(opened(rows.path)).file
        else:
            raw = rows.kept
            raw.seek(0)
        file, before = io.TextIOWrapper(raw, encoding="utf-8-sig", newline=""), 0
        stack.callback(file.detach)  # it would close what it reads from
        for first, last in places:
            lines = islice(file, first - 1 - before, None if last is None else last - before)
            reader = csv.reader(lines, delimiter=rows.delimiter)
            yield next(reader)
            before = first - 1 + reader.line_num
