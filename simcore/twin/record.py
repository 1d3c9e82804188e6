"""All that a twin was asked to do, in order: in memory, or in an SQLite file too. From it the twin is made again."""

import json
import sqlite3
from os import PathLike
from typing import Any, NamedTuple

from simcore.errors import SimcoreError
from simcore.files.inputs import path_of

_FORMAT = 1
_APPLICATION = 0x73696D74  # "simt"
_TABLE = "CREATE TABLE operation (number INTEGER PRIMARY KEY, at_us INTEGER, name TEXT, data TEXT) STRICT"


class Operation(NamedTuple):
    """One thing that was done: when by the twin's clock [µs], what, and with what, which JSON can hold."""

    at_us: int
    name: str
    data: dict[str, Any]


class Record:
    """The operations so far. `path`: the SQLite file that keeps them; None for memory alone.

    Raises SimcoreError for a file that is none of these, cannot be opened, or is another twin's.
    """

    def __init__(self, path: str | PathLike[str] | None = None) -> None:
        self.operations: list[Operation] = []
        self._path = None if path is None else str(path_of("state", path))
        self._file: sqlite3.Connection | None = None
        if self._path is not None:
            self._open(self._path)

    def _open(self, path: str) -> None:
        try:
            self._file = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
            self.operations = _read(self._file, path)
        except (sqlite3.DatabaseError, ValueError) as error:
            self.close()
            if isinstance(error, SimcoreError):
                raise
            told = (
                "another twin has it open" if "locked" in str(error) else f"not the state of a twin: {error}"
            )
            raise SimcoreError(f"{path}: {told}") from None

    def add(self, operation: Operation) -> None:
        """One more is done. Raises SimcoreError, and it is not, where it cannot be written."""
        if self._path is not None:
            try:
                data = json.dumps(operation.data)
            except TypeError as error:
                raise SimcoreError(f"{operation.name}: {error}, so it cannot be kept in a file") from None
            number = len(self.operations) + 1
            row = (number, operation.at_us, operation.name, data)
            self._write("INSERT INTO operation VALUES (?, ?, ?, ?)", row)
        self.operations.append(operation)

    def cut(self, count: int) -> None:
        """Only the first so many stay. Raises SimcoreError, and all do, where that cannot be written."""
        if self._path is not None:
            self._write("DELETE FROM operation WHERE number > ?", (count,))
        del self.operations[count:]

    def _write(self, statement: str, values: tuple[Any, ...]) -> None:
        if self._file is None:
            raise SimcoreError(f"{self._path}: the twin is closed")
        try:
            self._file.execute(statement, values)
        except sqlite3.Error as error:
            raise SimcoreError(f"{self._path}: cannot be written: {error}") from None

    def close(self) -> None:
        """The file is let go."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _read(file: sqlite3.Connection, path: str) -> list[Operation]:
    """The operations of a file, which is then this twin's alone; an empty one becomes such a file."""
    file.execute("PRAGMA locking_mode = EXCLUSIVE")
    (application,) = file.execute("PRAGMA application_id").fetchone()
    (kind,) = file.execute("PRAGMA user_version").fetchone()
    empty = not file.execute("SELECT 1 FROM sqlite_schema").fetchone()
    if empty and not application:
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("BEGIN")  # so that it is such a file wholly or not at all
        file.execute(_TABLE)
        file.execute(f"PRAGMA application_id = {_APPLICATION}")
        file.execute(f"PRAGMA user_version = {_FORMAT}")
        file.execute("COMMIT")
    elif (application, kind) != (_APPLICATION, _FORMAT):
        raise SimcoreError(f"{path}: not the state of a twin of this version")
    file.execute("PRAGMA synchronous = NORMAL")
    file.execute(f"PRAGMA user_version = {_FORMAT}")  # a write, so that nobody else opens it from here on
    rows = file.execute("SELECT at_us, name, data FROM operation ORDER BY number")
    return [Operation(at_us, name, json.loads(data)) for at_us, name, data in rows]
