"""Tables in files, as the command line reads and writes them."""

from collections.abc import Mapping
from os import PathLike

import pandas as pd

from simcore.clock.instants import Reader, Unit
from simcore.engine.frames import warn_of_overlooked
from simcore.errors import EntryError, SimcoreError, shown, typed
from simcore.files.inputs import path_of
from simcore.files.reading import read
from simcore.files.writing import replacing, writer
from simcore.plan.columns import COUNTED, ENTRIES, EVENTS, Columns, Names, called, check, check_there, renamed
from simcore.plan.platform import platforms

_WAY_OUT = "fix those rows, or leave them out"


def read_entries(
    path: str | PathLike[str],
    *,
    naive_time_zone: str | None = None,
    unit: Unit | None = None,
    dayfirst: bool = False,
    columns: Mapping[str, str] | None = None,
    delimiter: str = ",",
) -> pd.DataFrame:
    """The entries in a file, for `project` and all others that take entries.

    `path`: CSV (UTF-8, with a header) or Parquet, either also as .gz; "-" is standard input. Columns as for `project`;
    those of a platform's own table keep their names, which `project` understands. `columns` says what others are
    called, and they get their names here. Entries that are counted, for `forecast`, have `count` and no
    `subscriber_id`; an account's have a `sequence_id` too. `naive_time_zone`, `unit` and `dayfirst`: as for
    `split_entries`. `delimiter`: what divides the columns of a CSV file.

    Returns the columns that mean something: `subscriber_id` (str from CSV, so 007 stays 007; from Parquet as it is),
    `entered_at` (datetime64[us, UTC]) and, where the file has them, `via`, `time_zone` (what is blank is missing) and
    `properties` and `attributes` (JSON objects become dicts). The index is a RangeIndex.

    Raises EntryError for rows that cannot be used, and names their lines; SimcoreError for a file that has not the
    columns, or is neither CSV nor Parquet; OSError where it cannot be read. Large CSV files are read faster if pyarrow
    is installed (`pip install "simcore[parquet]"`).

    >>> import simcore
    >>> entries = simcore.read_entries(simcore.example("entries"))
    >>> entries.dtypes.astype(str).to_dict()["entered_at"]
    'datetime64[us, UTC]'
    """
    how = Reader(naive_time_zone, unit, dayfirst)
    return _read("entries", path, (ENTRIES, COUNTED), how, columns, delimiter)


def read_events(
    path: str | PathLike[str],
    *,
    naive_time_zone: str | None = None,
    unit: Unit | None = None,
    dayfirst: bool = False,
    columns: Mapping[str, str] | None = None,
    delimiter: str = ",",
) -> pd.DataFrame:
    """The events in a file, for `project` and all others that take events.

    Takes the same arguments as `read_entries`, and raises the same errors.

    Returns the columns that mean something: `subscriber_id` (str from CSV), `at` (datetime64[us, UTC]), `event`, `ref`
    (str from CSV; what is blank is missing) and, where the file has them, `properties` (JSON objects become dicts),
    `received_at` (datetime64[us, UTC]) and an account's `sequence_id`. The index is a RangeIndex.

    >>> import simcore
    >>> simcore.read_events(simcore.example("events")).columns.tolist()
    ['subscriber_id', 'at', 'event', 'ref']
    """
    return _read("events", path, (EVENTS,), Reader(naive_time_zone, unit, dayfirst), columns, delimiter)


def _read(
    what: str,
    path: str | PathLike[str],
    kinds: tuple[Columns, ...],
    how: Reader,
    columns: Names | None,
    delimiter: str,
) -> pd.DataFrame:
    """The entries or events (`what`) of a file, with their instants read."""
    file = path_of("path", path)
    if not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n':
        raise SimcoreError(
            f"delimiter: found {shown(delimiter)}, expected one character, such as ';' or '\\t'"
        )
    given, known, there = check(columns), platforms().values(), list[str]()

    def names(found: list[str]) -> Names:
        there[:] = found
        return called(what, found, given, [each.columns for each in known])

    more = ("sequence_id", *(each.standing[0] for each in known if each.standing[0] and what == "entries"))
    wanted = tuple((needed, (*others, *more)) for needed, others in kinds)
    rows = read(file, lambda *_: None, *wanted, delimiter=delimiter, called=names)
    check_there(given, {what: there})
    warn_of_overlooked(what, renamed(there, names(there)), kinds[0][1])
    found = rows.entries(None, how) if what == "entries" else rows.events(None, how)
    if rows.broken:
        raise EntryError(str(rows.told(_WAY_OUT)), rows.positions())
    kept = {name: rows.frame[name] for name in more if name in rows.frame}
    theirs = {name: column for name, column in names(there).items() if name not in given}
    return found.assign(**kept).rename(columns=theirs)


def write_csv(frame: pd.DataFrame, path: str | PathLike[str], *, csv_safe: bool = True) -> None:
    """Writes any table of simcore's as CSV, completely or not at all: the bytes that the command line writes.

    UTF-8, a header, a line feed after each row. Instants are ISO 8601 with the offset of their zone, and what is
    missing is empty. Lengths of time are seconds, in columns whose names end in `_seconds`. An index that has a name
    (such as `position` or `period`) becomes the first column. `csv_safe`: a text that a spreadsheet would run as a
    formula (it starts with =, +, - or @ and is not a number) gets an apostrophe in front; False leaves it alone.

    Raises SimcoreError for what is no DataFrame, and if the file cannot be written. Large tables are written faster if
    pyarrow is installed (`pip install "simcore[parquet]"`); the bytes are the same.

    >>> import simcore, tempfile
    >>> from pathlib import Path
    >>> from simcore import kit
    >>> sends = simcore.project(kit.load(simcore.example("welcome")), ["2026-03-06T21:07-05:00"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     simcore.write_csv(sends, Path(folder, "sends.csv"))
    ...     print(Path(folder, "sends.csv").read_text().splitlines()[1])
    0,1,0,301,"Welcome, and your first recipe",2026-03-06T21:07:00-05:00
    """
    if not isinstance(frame, pd.DataFrame):
        raise SimcoreError(f"frame: found {typed(frame)}, expected a DataFrame of simcore's")
    if not isinstance(csv_safe, bool):
        raise SimcoreError(f"csv_safe: found {shown(csv_safe)}, expected True or False")
    file = path_of("path", path)
    if frame.index.names != [None]:
        frame = frame.rename_axis(columns=None).reset_index()
    columns = {}
    for name, column in frame.items():
        length = pd.api.types.is_timedelta64_dtype(column.dtype)
        columns[f"{name}_seconds" if length else str(name)] = column.dt.total_seconds() if length else column
    with replacing(file) as sink:
        writer(None, False, csv_safe=csv_safe)(pd.DataFrame(columns, copy=False), sink, lambda _: None)
