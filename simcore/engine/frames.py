"""Frames of every kind as pandas has them, with columns by their names here."""

import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

import pandas as pd

from simcore.errors import EntryError, SimcoreError, typed
from simcore.plan.columns import NO_NAMES, Names, called, check, check_there, overlooked, plain, renamed
from simcore.text.wording import listed


def plainly(
    entries: Any,
    events: Any,
    given: Names | None,
    theirs: Iterable[Names],
    vias: tuple[str, ...] = (),
    standing: tuple[str, str] = ("", ""),
    wanted: Mapping[str, Iterable[str]] = NO_NAMES,
) -> tuple[Any, Any]:
    """Entries and events whose columns have their names here, where they are frames; what is none stays as it is.

    `given`: what people say that the columns are called (see `simcore.project`). `theirs`: what platforms call
    those of entries; of what they call `via`, all that is none of `vias` is the first of these (Q41). `standing`: the
    column of such entries that says how subscribers stand, and what it says of active ones; a warning counts the
    others (K29). `wanted`: the columns of each that are looked at where they are there; a warning names others that
    may be meant for them. Frames that are given are not changed. Raises SimcoreError for `given` that names columns
    which are not there.
    """
    names = check(given)
    frames = {"entries": table("entries", entries), "events": table("events", events)}
    there = {
        what: [str(name) for name in frame.columns]
        for what, frame in frames.items()
        if isinstance(frame, pd.DataFrame)
    }
    check_there(names, there)
    for what, columns in there.items():
        found = called(what, columns, names, theirs)
        if found:
            if standing[0] in columns and "entered_at" in found and "entered_at" not in names:
                warn_of_inactive([frames[what][standing[0]]], standing[1])
            frames[what] = frame = frames[what].copy(deep=False)
            frame.columns = pd.Index(renamed(frame.columns, found), dtype=object)
            if None in frame.columns:
                frames[what] = frame = frame.loc[:, frame.columns.notna()]
            if vias and "via" in found and "via" not in names:
                frames[what] = frame.assign(via=ways(frame["via"], vias))
        warn_of_overlooked(what, frames[what].columns, wanted.get(what, ()))
    return frames["entries"], frames["events"]


def warn_of_overlooked(what: str, there: Iterable[Any], wanted: Iterable[str]) -> None:
    """Warns of columns that nobody reads, and that may be meant for some that are `wanted` and not there."""
    told = overlooked(what, there, wanted)
    if told:
        warnings.warn(told, stacklevel=3)


def warn_of_inactive(parts: "Iterable[pd.Series[Any]]", active: str, stacklevel: int = 2) -> None:
    """Warns of subscribers who are not active, by the parts of the column that says how they stand (K29)."""
    gone, total = Counter[Any](), 0
    for part in parts:
        states = part.astype(object)
        states = states.where(states.notna(), "").astype(str)
        gone.update(states[~states.isin([active, ""])].value_counts(sort=False).to_dict())
        total += len(states)
    if gone:
        told = listed(f"{count} {state}" for state, count in gone.items())
        warnings.warn(
            f"{gone.total()} of {total} subscribers are not active ({told}): since when is not said, so they are "
            "entries like the others",
            stacklevel=stacklevel,
        )


def ways(given: "pd.Series[Any]", vias: tuple[str, ...]) -> "pd.Series[Any]":
    """A platform's own words for ways of entry: what is none of `vias` is the first of them (Q41)."""
    via = given.astype(object)
    return via.where(via.isna() | via.isin(vias), vias[0])


def table(what: str, given: Any) -> Any:
    """A frame of any library's, or a list of dicts, as pandas has it; what is none as it is.

    Columns of a frame with the Arrow PyCapsule interface are read without a copy where pandas can hold them so; a
    Series of such a library becomes one of pandas'. Raises EntryError for what cannot be read, SimcoreError where
    pyarrow is missing.
    """
    if isinstance(given, list | tuple) and given and isinstance(given[0], Mapping):
        return _of_rows(what, given)
    if isinstance(given, pd.DataFrame | pd.Series) or not (
        hasattr(given, "__arrow_c_stream__") or hasattr(given, "__arrow_c_array__")
    ):
        return given
    try:
        arrow = import_module("pyarrow")
    except ModuleNotFoundError:
        raise SimcoreError(f'{what}: {typed(given)} needs pyarrow: pip install "simcore[parquet]"') from None
    try:
        found = arrow.chunked_array(given)
        if not arrow.types.is_struct(found.type):
            return _column(arrow, found)
        return _of_table(arrow, arrow.Table.from_struct_array(found))
    except (arrow.ArrowException, OSError) as error:  # the second from who makes the stream
        raise EntryError(f"{what}: {typed(given)} cannot be read: {error}") from None


def _of_rows(what: str, rows: Any) -> pd.DataFrame:
    """A list of dicts; a key that a row lacks is missing there."""
    for row, each in enumerate(rows):
        if not isinstance(each, Mapping):
            raise EntryError(
                f"{what}: row {row}: found {typed(each)}, expected a dict as the rows before", [row]
            )
    return pd.DataFrame([dict(each) for each in rows], dtype=object).apply(_inferred)


def _inferred(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """A column of objects by the dtype that pandas gives to them; but integers stay so where some are missing."""
    if column.hasnans and pd.api.types.infer_dtype(column, skipna=True) == "integer":
        return column
    try:
        return pd.Series(column.tolist())
    except UnicodeEncodeError:  # half a character (a lone surrogate), which pandas' own texts cannot hold
        return column


def _of_table(arrow: Any, given: Any) -> pd.DataFrame:
    columns = {at: _column(arrow, each) for at, each in enumerate(given.columns)}
    found = pd.DataFrame(columns, index=pd.RangeIndex(given.num_rows), copy=False)
    found.columns = pd.Index(given.column_names)  # of which two may be alike
    return found


def _column(arrow: Any, given: Any) -> "pd.Series[Any]":
    """A column as pandas has it: objects are dicts, in which what is null is not there."""
    kind = given.type
    if arrow.types.is_struct(kind) or arrow.types.is_map(kind):
        pairs = arrow.types.is_map(kind)
        rows = [plain(dict(each) if pairs and each is not None else each) for each in given.to_pylist()]
        return pd.Series(rows, dtype=object)
    held = kind
    if arrow.types.is_dictionary(kind):  # pandas counts categories with a sign
        held = arrow.dictionary(arrow.int64(), _held(arrow, kind.value_type))
    elif (
        arrow.types.is_timestamp(kind) and kind.tz is not None
    ):  # whatever zone it is: pandas may not know it
        held = arrow.timestamp(kind.unit, "UTC")
    try:
        given = given.cast(_held(arrow, held))
    except arrow.ArrowNotImplementedError:  # of views of texts, by older versions of pyarrow
        given = arrow.chunked_array([arrow.array(given.to_pylist())])
    found: pd.Series[Any] = given.to_pandas(date_as_object=False, integer_object_nulls=True)
    return found


def _held(arrow: Any, kind: Any) -> Any:
    """The type by which pandas takes what a type holds."""
    return arrow.large_string() if kind == arrow.string_view() else kind
