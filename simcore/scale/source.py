"""A Parquet file of entries, of any size: its columns, its rows a chunk at a time, and whether anybody comes back."""

import hashlib
import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from simcore.account import Account
from simcore.engine.frames import warn_of_overlooked
from simcore.errors import EntryError, SimcoreError, shown
from simcore.files.columns import check_columns
from simcore.files.parquet import check_memory
from simcore.plan.columns import (
    ENTRIES,
    OF_TRIGGERS,
    ZONES,
    Columns,
    Names,
    called,
    check_there,
    no_zones,
    renamed,
)
from simcore.plan.platform import platform_of
from simcore.scale.whole import Whole, theirs
from simcore.text.progress import Report

_BATCH = 1 << 16
_BUFFER = 1 << 20
_KEYS = 1 << 26
_FEW = 1000


@contextmanager
def decoding(path: Path, arrow: ModuleType) -> Iterator[None]:
    """Turns errors of reading into a SimcoreError; pyarrow's own OSErrors are about the file's content."""
    try:
        yield
    except (arrow.ArrowException, OSError) as error:
        check_memory(error)
        if getattr(error, "strerror", None):
            raise SimcoreError(f"{path}: cannot be read: {error.strerror}") from None
        message = " ".join(str(error).split()).rstrip(".")
        raise SimcoreError(f"{path}: not a Parquet file, or a damaged one: {message}") from None


class Source:
    """An open Parquet file of entries."""

    def __init__(
        self,
        path: Path,
        file: BinaryIO,
        sequence: Any,
        nobody: Whole,
        given: Names,
        arrow: ModuleType,
        parquet: ModuleType,
        *,
        zones: bool,
    ) -> None:
        self.path, self.raw, self.plan, self.arrow = path, file, nobody.epochs[0].plan, arrow
        several = isinstance(sequence, Account)
        self.wanted: Columns = (*ENTRIES[0], *(["sequence_id"] if several else [])), ENTRIES[1]
        self.compute = importlib.import_module("pyarrow.compute")
        # Buffered, a group of rows is read bit by bit, however big it is.
        self.file = parquet.ParquetFile(
            file, buffer_size=_BUFFER, pre_buffer=False, page_checksum_verification=True
        )
        schema = self.file.schema_arrow
        self.names = called("entries", schema.names, given, theirs(sequence))
        here = renamed(schema.names, self.names)
        check_columns(path, [name for name in here if name is not None], self.wanted)
        check_there(given, {"entries": schema.names})
        if zones and ZONES not in here:
            raise EntryError(no_zones(schema.names))
        plans = [epoch.plan for epoch in nobody.epochs] if several else [self.plan]
        warn_of_overlooked(
            "entries", here, dict.fromkeys(name for plan in plans for name in plan.wanted["entries"])
        )
        others = OF_TRIGGERS - ({ZONES} if zones else set())
        wanted = {*sum(self.wanted, ())} - (set() if any(plan.trigger for plan in plans) else others)
        self.columns = [name for name in here if name in wanted]
        # A platform's own words, and how its subscribers stand, are for a table of one platform.
        self.lenient = not several and "via" in self.names and "via" not in given
        alone = not several and "entered_at" in self.names and "entered_at" not in given
        self.standing, self.active = platform_of(sequence).standing if alone else ("", "")
        kind = schema.field(self.names.get("subscriber_id", "subscriber_id")).type
        self.id_type = kind.value_type if arrow.types.is_dictionary(kind) else kind
        if arrow.types.is_null(kind):
            self.id_type = arrow.string()
        if arrow.types.is_nested(kind):
            raise SimcoreError(f"{path}: subscriber_id is a {kind} column, expected numbers or texts")
        self.rows: int = self.file.metadata.num_rows

    def fingerprint(self) -> dict[str, Any]:
        """What identifies the file, and tells it from another one written in its place."""
        stat = os.fstat(self.raw.fileno())
        self.raw.seek(-8, os.SEEK_END)
        length = int.from_bytes(self.raw.read(4), "little")
        self.raw.seek(-8 - length, os.SEEK_END)
        footer = hashlib.sha256(self.raw.read(length)).hexdigest()
        return {"bytes": stat.st_size, "mtime_ns": stat.st_mtime_ns, "rows": self.rows, "footer": footer}

    def tables(self, start: int, columns: list[str]) -> Iterator[Any]:
        """The rows from `start` on, a few at a time."""
        about = self.file.metadata
        ends = np.cumsum([about.row_group(at).num_rows for at in range(about.num_row_groups)])
        first = int(np.searchsorted(ends, start, "right"))
        skip = start - (int(ends[first - 1]) if first else 0)
        with decoding(self.path, self.arrow):
            theirs = [self.names.get(name, name) for name in columns]
            for batch in self.file.iter_batches(
                _BATCH, row_groups=[*range(first, len(ends))], columns=theirs
            ):
                batch.validate(full=True)  # finds texts that are not UTF-8
                if skip < batch.num_rows:
                    yield self._plain(self.arrow.Table.from_batches([batch.slice(skip)]))
                skip = max(0, skip - batch.num_rows)

    def standings(self) -> "Iterator[pd.Series[Any]]":
        """How subscribers stand, a few at a time; nothing where the file is no table of the platform's (K29)."""
        if self.standing in self.file.schema_arrow.names:
            with decoding(self.path, self.arrow):
                for batch in self.file.iter_batches(_BATCH, columns=[self.standing]):
                    yield batch.column(0).to_pandas()

    def _plain(self, table: Any) -> Any:
        """A table by the names here, whose ids are no dictionary, since that could be as big as the file."""
        table = table.rename_columns(renamed(table.column_names, self.names))
        at = table.column_names.index("subscriber_id")
        return table.set_column(at, "subscriber_id", table.column(at).cast(self.id_type))

    def chunks(self, start: int, size: int) -> Iterator[Any]:
        """The rows from `start` on in chunks of `size`, or more so as not to split a subscriber.

        A file without rows is one chunk without rows.
        """
        # What is cut off leaves at least the row that shows where: there is a last chunk.
        held = self._plain(
            self.file.schema_arrow.empty_table().select([self.names.get(name, name) for name in self.columns])
        )
        for table in self.tables(start, self.columns):
            held = self.arrow.concat_tables([held, table])
            while cut := self._cut(held, size):
                yield held.slice(0, cut)
                held = held.slice(cut)
        yield held

    def _cut(self, table: Any, size: int) -> int | None:
        """The first row from `size` on that is not of the subscriber before it; None where there is none yet."""
        ids = table.column("subscriber_id").slice(size - 1)
        if len(ids) < 2:
            return None
        # A missing id ends a chunk too, or else the rest of the file would be one chunk; it is an error there.
        parts = self.compute.fill_null(self.compute.not_equal(ids.slice(1), ids[0]), True)
        at: int = self.compute.index(parts, True).as_py()
        return None if at < 0 else size + at

    def groups(self) -> Iterator[tuple[Any, Any, bool]]:
        """Where the rows of a subscriber begin [int64, rows of the file], the ids there, and whether all ids rise.

        In batches. A missing id is not counted: it is an error later.
        """
        compute, row, last = self.compute, 0, self.arrow.nulls(1, self.id_type)
        for table in self.tables(0, ["subscriber_id"]):
            ids = self.arrow.concat_arrays(table.column("subscriber_id").chunks)
            before = self.arrow.concat_arrays([last, ids[:-1]])
            new = compute.and_(compute.fill_null(compute.not_equal(ids, before), True), compute.is_valid(ids))
            rise = compute.all(compute.greater_equal(ids, before), min_count=0).as_py()
            yield row + np.flatnonzero(new.to_numpy(zero_copy_only=False)), ids.filter(new), rise
            row, last = row + len(ids), ids[-1:]


def check_grouped(given: Source, report: Report) -> None:
    """Raises EntryError if the rows of a subscriber are not next to each other.

    If ids rise, they are. If not, the first id of each stretch is compared by a hash of 8 bytes, in shares that fit in
    memory; ids with equal hashes are then compared themselves.
    """
    for rows, _, rise in given.groups():
        report("Checking", int(rows.max(initial=0)))
        if not rise:
            break
    else:
        return
    shares = -(-given.rows // _KEYS)
    for share in range(shares):
        held = []
        for rows, ids, _ in given.groups():
            report("Checking", int(rows.max(initial=0)))
            keys = _keys(ids)
            held.append(keys[keys % shares == share])
        keys = np.concatenate(held)
        del held
        keys.sort()
        twice = np.unique(keys[1:][keys[1:] == keys[:-1]])
        for at in range(0, len(twice), _FEW):
            _check_alike(given, twice[at : at + _FEW])


def _check_alike(given: Source, some: Any) -> None:
    """Raises EntryError if a subscriber whose key is among `some` comes back."""
    seen: dict[Any, int] = {}
    for rows, ids, _ in given.groups():
        mine = np.isin(_keys(ids), some)
        for row, each in zip(
            rows[mine].tolist(), ids.filter(given.arrow.array(mine)).to_pylist(), strict=True
        ):
            if each in seen:
                raise EntryError(
                    f"{given.path}: subscriber {shown(each)} is at row {seen[each]} and, after others, again at row "
                    f"{row}: sort the file by subscriber_id, or give chunk_rows={given.rows} to read it as one chunk",
                    [seen[each], row],
                )
            seen[each] = row


def _keys(ids: Any) -> Any:
    """A hash of each id [uint64]."""
    return pd.util.hash_pandas_object(ids.to_pandas(), index=False, categorize=False).to_numpy()
