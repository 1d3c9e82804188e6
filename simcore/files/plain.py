"""CSV that is plain, read by Arrow (the extra `parquet`), block by block.

Plain are bytes in which all readers see the same: UTF-8, a row on each line with as many fields as the header, and
quotation marks only where they open a field, close it, or stand doubled in it. All else is left to the exact way.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from io import BufferedReader
from types import ModuleType
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from simcore.files.inputs import Again
from simcore.files.parquet import check_memory

_BLOCK = 1 << 23
"""So many bytes are read at a time. A row that is in two blocks has fewer characters than a field may have."""
_BOM = b"\xef\xbb\xbf"
_LINE_FEED, _QUOTE = b'\n"'


class Beginning:
    """A CSV file from its beginning on, as far as it is plain.

    `header`: its first line with its end, "" where that or what follows is not plain. `lines`: how many are read.
    """

    def __init__(self, arrow: ModuleType, file: BinaryIO, delimiter: str) -> None:
        self.arrow, self.file, self.delimiter = arrow, file, delimiter
        self.data, self.lines, self.header = file.read(_BLOCK), 0, ""
        data = self.data.removeprefix(_BOM)
        end = data.find(b"\n") + 1
        if end and delimiter.isascii() and _is_plain(data[: _end_of_rows(data)], delimiter):
            self.header, self.data, self.lines = data[:end].decode(), data[end:], 1

    @property
    def rest(self) -> BinaryIO:
        """What is not read yet."""
        return BufferedReader(Again(self.data, self.file))

    def rows(
        self, width: int, wanted: Mapping[str, int], told: Callable[[], None]
    ) -> tuple[pd.DataFrame, bool]:
        """The rows after the header up to the first block that is not plain, and whether there is one.

        `width`: how many columns there are; `wanted`: the names of those that are read, and their places. `told` hears
        of each block.
        """
        names, text = {name: str(at) for name, at in wanted.items()}, self.arrow.large_string()
        nothing = self.arrow.table({name: self.arrow.array([], text) for name in names})
        tables, more = [nothing], True
        while more:
            ahead = self.file.read(_BLOCK)
            more = bool(ahead)
            end = _end_of_rows(self.data) if more else len(self.data)
            block = (
                self.data[:end] if more else self.data.rstrip(b"\r\n")
            )  # empty lines at the end are no rows
            table = self._table(block, width, names) if block else None if more else nothing
            self.data = (self.data[end:] if table is not None else self.data) + ahead
            if table is None:
                break
            tables.append(table)
            self.lines += len(table)
            told()
        return self.arrow.concat_tables(tables).combine_chunks().to_pandas(), table is None

    def _table(self, block: bytes, width: int, names: Mapping[str, str]) -> Any:
        """The rows of a block; None where it is not plain."""
        if not _is_plain(block, self.delimiter):
            return None
        csv, text = import_module("pyarrow.csv"), self.arrow.large_string()
        try:
            table = csv.read_csv(
                self.arrow.BufferReader(block),
                csv.ReadOptions(column_names=[*map(str, range(width))]),
                csv.ParseOptions(delimiter=self.delimiter),
                csv.ConvertOptions(
                    column_types=dict.fromkeys(names.values(), text),
                    include_columns=[*names.values()],
                    null_values=[],
                    strings_can_be_null=False,
                ),
            )
        except (
            self.arrow.ArrowException,
            OSError,
        ) as error:  # the first of rows that are wider, or not so wide
            check_memory(error)
            return None
        lines = np.count_nonzero(np.frombuffer(block, np.uint8) == _LINE_FEED) + (not block.endswith(b"\n"))
        return table.rename_columns([*names]) if len(table) == lines else None  # empty lines are no rows


def _end_of_rows(data: bytes) -> int:
    """Where the last row ends of which all is there."""
    last = len(data)
    if b'"' in data and data.count(b'"') % 2:  # the last one opens a field that goes on
        last = data.rfind(b'"')
    return data.rfind(b"\n", 0, last) + 1


def _is_plain(data: bytes, delimiter: str) -> bool:
    if not data.isascii():
        try:
            data.decode()
        except UnicodeDecodeError:
            return False
    if data.startswith(_BOM) or (b"\r" in data and data.count(b"\r") != data.count(b"\r\n")):
        return False
    if b'"' not in data:
        return True
    signs = np.frombuffer(b"\n" + data + b"\n", np.uint8)
    marks, ends = np.flatnonzero(signs == _QUOTE), np.flatnonzero(signs == _LINE_FEED)
    if marks.size % 2:
        return False
    opens, closes = marks[::2], marks[1::2]
    beside = np.isin(np.arange(256), [*delimiter.encode(), *b"\r\n"])
    doubled = np.append(closes[:-1] + 1 == opens[1:], False)  # which closes a field and opens it again
    well_opened = beside[signs[opens - 1]] | np.append(False, doubled[:-1])
    well_closed = beside[signs[closes + 1]] | doubled
    one_line = np.searchsorted(ends, opens) == np.searchsorted(ends, closes)
    return bool((well_opened & well_closed & one_line).all())
