"""Files of entries and events in, files of sends and runs out: CSV and Parquet, whole or not at all.

Rows that cannot be used are named by their lines, and can be set aside.
"""

import csv
import importlib
import io
import json
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from functools import partial
from itertools import compress, islice
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO, TextIO

import numpy as np
import pandas as pd

from simcore.clock import instants
from simcore.clock.zones import Ints, Zone
from simcore.errors import SimcoreError, shown
from simcore.files.json_file import once
from simcore.plan.log import whole_id
from simcore.plan.plan import Plan

_READ_ROWS = 1 << 13
_WRITE_ROWS = 1 << 16
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  what is counted from it are wall clocks
_NO_OBJECT = "not a JSON object"
_FORMULA = frozenset("=+-@\uff1d\uff0b\uff0d\uff20\t\r\n")  # the four full-width too
"""What a spreadsheet takes for the beginning of a formula, or reads over to one."""
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_LONGEST = 1 << 24
"""So many characters a field of a CSV file may have: Python's own limit, 128 Ki, is less than some JSON needs."""
_MISQUOTED = "a quotation mark opens a field that does not end"
_AFTER = "text after a closing quotation mark"
_TOO_LONG = f"a field has more than {_LONGEST:,} characters: does a quotation mark open it that never closes?"
_WAY_OUT = "--on-error quarantine sets them aside in a file of their own and goes on with the others"

Told = Callable[[int, int | None], None]
Columns = tuple[tuple[str, ...], tuple[str, ...]]
"""The columns that a file must have, and those that it may have."""
ENTRIES: Columns = ("subscriber_id", "entered_at"), ("via", "properties")
EVENTS: Columns = ("subscriber_id", "at", "event"), ("ref", "properties")
COUNTED: Columns = ("count", "entered_at"), ("via", "properties")
"""Entries that are counted, with `count` in the place of `subscriber_id`."""


@dataclass
class Rows:
    """What stands in a file of entries or events.

    `frame`: the rows that have all their fields. `places` int64 [rows]: the line of each (from 1), or in
    Parquet its row (from 0). `broken`: what is wrong, by place, be it in `frame` or not. `ends`: the last
    lines of rows that are no CSV, by place.
    """

    path: Path
    unit: str
    frame: pd.DataFrame
    places: Ints
    broken: dict[int, str]
    ends: dict[int, int]

    def __post_init__(self) -> None:
        self.total = len(self.frame) + len(self.broken)
        self.good = np.ones(len(self.frame), np.bool_)

    def refuse(self, faults: Mapping[int, str]) -> None:
        """Adds what is wrong with rows of `frame`."""
        for row, fault in faults.items():
            place = int(self.places[row])
            told = self.broken.get(place)
            if told is None:
                self.broken[place] = fault
            elif fault not in told:  # what holds for two platforms is said once
                self.broken[place] = f"{told}; {fault}"
            self.good[row] = False

    def entries(self, plan: Plan, naive_time_zone: str | None) -> pd.DataFrame:
        """The entries with their instants read; rows that cannot be used are refused."""
        usable = self._timed("entered_at", naive_time_zone, plan)
        if "subscriber_id" not in usable:
            usable["count"] = pd.to_numeric(self._read(self.frame["count"], _count), errors="coerce")
        if "via" in self.frame:
            usable["via"] = self._filled("via")
            wrong = f"not one of: {', '.join(plan.vias)}"
            self._read(usable["via"].dropna(), lambda via: None if via in plan.vias else wrong)
        return usable

    def events(self, plan: Plan, naive_time_zone: str | None) -> pd.DataFrame:
        """The events with their instants read; rows that cannot be used are refused."""
        usable, words = self._timed("at", naive_time_zone, plan), plan.events.vocabulary
        usable["event"] = self.frame["event"]
        self._read(usable["event"], lambda name: words.wrong() if words.unknown(name) else None)
        usable["ref"] = self._filled("ref") if "ref" in self.frame else None
        refs = usable["ref"][usable["event"].isin(words.about)]
        code, found = _each(refs, words.ref)
        for row in refs.index[np.array([each is None for each in found], np.bool_)[code]].tolist():
            there = "no ref" if refs.isna()[row] else f"ref {shown(refs[row])}"
            self.refuse({row: f"{there}: expected {words.expected} that {usable['event'][row]} needs"})
        return usable

    def _timed(self, when: str, naive_time_zone: str | None, plan: Plan) -> pd.DataFrame:
        stamps = self.frame[when]
        who = {"subscriber_id": self._ids()} if "subscriber_id" in self.frame else {}
        us, faults = instants.read(stamps, naive_time_zone)
        self.refuse({row: f"{when} {shown(stamps.iloc[row])}: {faults[row]}" for row in faults})
        usable = pd.DataFrame(who | {when: aware(us)}, copy=False)
        if plan.trigger is not None and "properties" in self.frame:  # elsewhere it is a column as any other
            usable["properties"] = self._read(self.frame["properties"], _properties)
        return usable

    def _ids(self) -> "pd.Series[Any]":
        ids = self.frame["subscriber_id"]
        values = ids.cat.categories if isinstance(ids.dtype, pd.CategoricalDtype) else ids
        if pd.api.types.infer_dtype(values, skipna=True) == "string":
            ids = ids.mask(ids.str.strip() == "")
        self.refuse(dict.fromkeys(np.flatnonzero(ids.isna()).tolist(), "no subscriber_id"))
        return ids

    def _filled(self, name: str) -> "pd.Series[Any]":
        """A column in which what is blank is missing."""
        return self.frame[name].mask(self.frame[name] == "")

    def _read(self, given: "pd.Series[Any]", read: Callable[[Any], Any]) -> Any:
        """What is read of the values of a column; where that is a text it says what is wrong with the row."""
        code, found = _each(given, read)
        wrong = np.array([isinstance(each, str) for each in found], np.bool_)[code]
        for at in np.flatnonzero(wrong).tolist():
            self.refuse({given.index[at]: f"{given.name} {shown(given.iloc[at])}: {found[code[at]]}"})
        return found[code]

    def told(self) -> SimcoreError:
        """The one error for rows that cannot be used."""
        lines = [f"{self.path}: {len(self.broken)} of {self.total} rows cannot be used"]
        lines += [f"  {self.unit} {place}: {self.broken[place]}" for place in sorted(self.broken)[:10]]
        if len(self.broken) > 10:
            lines.append(f"  and {len(self.broken) - 10} more")
        return SimcoreError("\n".join([*lines, _WAY_OUT]))

    def quarantine(self) -> bytes:
        """The rows that cannot be used, as CSV: where, why, and their fields as they stand in the file.

        Fields beyond the header's are together in one more column, `surplus`. Texts that a spreadsheet would take
        for formulas stay as they are, since the rows are to be mended and read again: with another id they would be
        those of another subscriber.
        """
        places = sorted(self.broken)
        header: list[Any]
        if self.unit == "line":
            header, *rows = _records(
                self.path, [(1, None), *((line, self.ends.get(line)) for line in places)]
            )
        else:
            bad = self.frame[~self.good].astype(object)
            header, rows = [*bad.columns], bad.where(bad.notna(), "").to_numpy().tolist()
        width = len(header)
        wider = any(len(row) > width for row in rows)
        page: list[list[Any]] = [[self.unit, "reason", *header, *["surplus"] * wider]]
        for place, row in zip(places, rows, strict=True):
            beyond = [",".join(row[width:])] * wider
            page.append([place, self.broken[place], *row[:width], *[""] * (width - len(row)), *beyond])
        return _csv(page)


def _each(values: "pd.Series[Any]", read: Callable[[Any], Any]) -> tuple[Ints, Any]:
    """Of each value its place among the distinct ones, and what is read of these."""
    code, distinct = pd.factorize(values.astype(object), use_na_sentinel=False)
    return code, np.fromiter(map(read, distinct), object, len(distinct))


def _count(given: Any) -> Any:
    """How many arrivals a value says there are, or what is wrong with it."""
    number = whole_id(given)
    return number if number is not None and 0 <= number < 1 << 53 else "not a whole number of 0 or more"


def _properties(text: Any) -> Any:
    """The object that a JSON text is, None for a blank one, or what is wrong with it."""
    if not isinstance(text, str):
        return None if pd.isna(text) else _NO_OBJECT
    if not text.strip():
        return None
    try:
        found = json.loads(text, parse_constant=_no_number, object_pairs_hook=once)
        if "\\u" in text:
            json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return f"{_NO_OBJECT}: it has half a character (a lone surrogate)"
    except (ValueError, RecursionError) as error:
        return f"{_NO_OBJECT}: {error}"
    return found if isinstance(found, dict) else _NO_OBJECT


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def flat(arrow: ModuleType, table: Any, columns: Columns) -> Any:
    """A table of Parquet in whose columns objects and lists are JSON texts, as in a CSV file.

    Without what pandas noted about it, which is of no use here, and may be broken.
    """
    table = table.replace_schema_metadata(None)
    for at, (name, kind) in enumerate(zip(table.column_names, table.schema.types, strict=True)):
        if name in sum(columns, ()) and arrow.types.is_nested(kind):
            pairs = arrow.types.is_map(kind)
            plain = [
                _plain(dict(each) if pairs and each is not None else each)
                for each in table.column(at).to_pylist()
            ]
            texts = [None if each is None else json.dumps(each, ensure_ascii=False) for each in plain]
            table = table.set_column(at, name, arrow.array(texts, arrow.string()))
    return table


def _plain(value: Any) -> Any:
    """A value of Parquet as JSON has it. A field that is null is none, since all rows of a column have its fields."""
    if isinstance(value, dict):
        fields = {str(name): _plain(each) for name, each in value.items()}
        return {name: each for name, each in fields.items() if each is not None}
    if isinstance(value, list):
        pairs = bool(value) and all(isinstance(each, tuple) for each in value)  # a map
        return _plain(dict(value)) if pairs else [*map(_plain, value)]
    if value is None or value != value:
        return None
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return value if isinstance(value, bool | int | float) else str(value)


def read(path: Path, told: Told, *kinds: Columns) -> Rows:
    """The rows of a CSV or Parquet file of one of these kinds; `told` hears how many bytes are read, of how many."""
    if path.suffix.lower() == ".parquet":
        arrow, parquet = pyarrow(path)
        with open(path, "rb") as file:
            try:
                table = parquet.read_table(file)
                columns = check_columns(path, table.column_names, *kinds)
                frame = flat(arrow, table, columns).to_pandas()
            except (arrow.ArrowException, UnicodeDecodeError, OSError) as error:  # of headers, names, pages
                if isinstance(error, OSError) and error.errno is not None:
                    raise
                why = " ".join(str(error).split()).rstrip(".")
                raise SimcoreError(f"{path}: not a Parquet file: {why}") from None
        return Rows(path, "row", frame, np.arange(len(frame)), {}, {})
    try:
        with open(path, encoding="utf-8-sig", newline="") as file, _long_fields():
            return _read_csv(path, file, kinds, told)
    except UnicodeDecodeError as error:
        where = "it"
        if path.is_file():  # a pipe gives its bytes once
            with open(path, "rb") as lines:
                wrong = (
                    at for at, each in enumerate(lines, 1) if each.decode(errors="ignore").encode() != each
                )
                where = f"line {next(wrong)}"
        byte = error.object[error.start]
        raise SimcoreError(f"{path}: {where} is not UTF-8 (byte 0x{byte:02x}): save it as UTF-8") from None


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


def _read_csv(path: Path, file: TextIO, kinds: tuple[Columns, ...], told: Told) -> Rows:
    """The rows of a CSV file. No Python runs for each row that is good."""
    size = os.fstat(file.fileno()).st_size or None
    reader = csv.reader(file, strict=True)
    try:
        names = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise SimcoreError(f"{path}: line 1: {_fault(error)}") from None
    if not reader.line_num:
        *others, last = kinds[0][0]
        raise SimcoreError(f"{path}: empty: expected a header with {', '.join(others)} and {last}")
    columns = check_columns(path, names, *kinds)
    wanted = {name: names.index(name) for name in sum(columns, ()) if name in names}
    parts: list[pd.DataFrame] = []
    places: list[Ints] = []
    broken: dict[int, str] = {}
    ends: dict[int, int] = {}
    more = True
    while more:
        rows: list[list[str]] = []
        first, fault = reader.line_num + 1, ""
        try:
            rows.extend(islice(reader, _READ_ROWS))  # rows before an error stay
            more = len(rows) == _READ_ROWS
        except csv.Error as error:
            fault = _fault(error)
        spans = np.ones(len(rows), np.int64)
        if reader.line_num - first + 1 != len(rows):
            breaks = [len(re.findall("\r\n|\r|\n", ",".join(row))) for row in rows]
            spans += np.array(breaks, np.int64)
        lines = first + np.cumsum(spans) - spans
        if fault:
            line = first + int(spans.sum())
            if fault != _AFTER:  # the rest of the file, whatever it holds, is one field
                raise SimcoreError(f"{path}: line {line}: {fault}")
            broken[line], ends[line] = fault, reader.line_num
        counts = np.fromiter(map(len, rows), np.int64, len(rows))
        whole = counts == len(names)
        for at in np.flatnonzero(~whole & (counts > 0)).tolist():  # an empty line is no row
            broken[int(lines[at])] = f"{counts[at]} fields, expected {len(names)}"
        fields = [*zip(*(rows if whole.all() else compress(rows, whole)), strict=True)] or [()] * len(names)
        parts.append(
            pd.DataFrame({name: np.array(fields[at], object) for name, at in wanted.items()}, dtype=str)
        )
        places.append(lines[whole])
        told(file.buffer.tell(), size)
    return Rows(path, "line", pd.concat(parts, ignore_index=True), np.concatenate(places), broken, ends)


def _records(path: Path, places: Iterable[tuple[int, int | None]]) -> Iterator[list[str]]:
    """The fields of the rows on these lines of a CSV file (first and, where it is no CSV, last; in order)."""
    with open(path, encoding="utf-8-sig", newline="") as file, _long_fields():
        read = 0
        for first, last in places:
            lines = islice(file, first - 1 - read, None if last is None else last - read)
            reader = csv.reader(lines)
            yield next(reader)
            read = first - 1 + reader.line_num


def check_columns(path: Path, names: list[str], *kinds: Columns) -> Columns:
    """The kind of the file, of which the columns it must have are there; kinds differ in one of these at most."""
    found = [kind for kind in kinds if {*names}.issuperset(kind[0])]
    if not found:
        either = [[*dict.fromkeys(each)] for each in zip(*(needed for needed, _ in kinds), strict=True)]
        missing = [f"no column {' or '.join(each)}" for each in either if not {*names}.intersection(each)]
        there = ", ".join(str(name) for name in names) or "none"
        raise SimcoreError(f"{path}: {' and '.join(missing)}; the columns are: {there}")
    if len(found) > 1:
        raise SimcoreError(
            f"{path}: columns {' and '.join(needed[0] for needed, _ in found)} together: arrivals that are counted "
            "are no single subscribers; leave one of them out"
        )
    for name in sum(found[0], ()):
        if names.count(name) > 1:
            raise SimcoreError(f"{path}: {names.count(name)} columns are named {name}")
    return found[0]


def pyarrow(path: Path) -> tuple[ModuleType, ModuleType]:
    """The modules pyarrow and pyarrow.parquet, for this file; SimcoreError where they are not installed."""
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ModuleNotFoundError:
        raise SimcoreError(f'{path}: Parquet needs pyarrow: pip install "simcore[parquet]"') from None


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
    sink.write(_csv([[*frame.columns]]))
    for part in _parts(frame):
        columns = [_written(part[name], here) for name in part.columns]
        if csv_safe:
            texts = [part[name].dtype.kind in "OU" for name in part.columns]
            columns = [
                [*map(_harmless, each)] if text else each for each, text in zip(columns, texts, strict=True)
            ]
        sink.write(_csv([*zip(*columns, strict=True)]))
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


def _csv(rows: list[Any]) -> bytes:
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
        if any(each.exists() and target.samefile(each) for each in inputs):
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
        if error.filename not in {None, str(part)}:
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


def us_of(stamps: Any) -> Ints:
    """Aware times as instants [µs]."""
    return pd.DatetimeIndex(stamps).as_unit("us").asi8


def aware(instants_us: Any) -> Any:
    """Instants [µs] as aware times, in UTC."""
    return instants.show(np.asarray(instants_us, np.int64), "UTC")


def iso(instants_us: Ints, here: Zone) -> list[str]:
    """ISO 8601 with the zone's offset, to the second, or to the microsecond where there are any."""
    local = here.local_us(instants_us).view("datetime64[us]")
    texts = np.datetime_as_string(local, unit="s").astype(object)
    split = instants_us % 1_000_000 != 0
    texts[split] = np.datetime_as_string(local[split], unit="us")
    offsets = [
        _EPOCH.replace(tzinfo=timezone(timedelta(microseconds=us))).isoformat()[19:]
        for us in here.offsets_us.tolist()
    ]
    iso: list[str] = (texts + np.array(offsets, object)[here.stretch(instants_us)]).tolist()
    return iso
