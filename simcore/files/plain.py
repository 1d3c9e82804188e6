"""CSV that is plain, read by Arrow (the extra `parquet`), block by block.

Plain are bytes in which all readers see the same: UTF-8, rows of as many fields as the header, no line that ends in a
carriage return alone, and quotation marks only where they open a field, close it, or stand doubled in it. All else is
left to the exact way.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from io import BufferedReader
from types import ModuleType
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from simcore.clock.zones import Ints
from simcore.files.inputs import Again
from simcore.files.parquet import check_memory

_BLOCK = 1 << 23
"""So many bytes are read at a time. A row that is in two blocks has fewer characters than a field may have."""
_BOM = b"\xef\xbb\xbf"
_LINE_FEED, _RETURN, _QUOTE = b'\n\r"'


class Beginning:
    """A CSV file from its beginning on, as far as it is plain.

    `header`: its first line with its end, "" where that or what follows is not plain. `lines`: how many are read.
    """

    def __init__(self, arrow: ModuleType, file: BinaryIO, delimiter: str) -> None:
        self.arrow, self.file, self.delimiter = arrow, file, delimiter
        self.data, self.lines, self.header = file.read(_BLOCK), 0, ""
        data = self.data.removeprefix(_BOM)
        end = data.find(b"\n") + 1
        one_line = end and data.count(b'"', 0, end) % 2 == 0
        if one_line and delimiter.isascii() and _is_plain(data[: _end_of_rows(data)], delimiter):
            self.header, self.data, self.lines = data[:end].decode(), data[end:], 1

    @property
    def rest(self) -> BinaryIO:
        """What is not read yet."""
        return BufferedReader(Again(self.data, self.file))

    def rows(
        self, width: int, wanted: Mapping[str, int], told: Callable[[], None]
    ) -> tuple[pd.DataFrame, Ints, bool]:
        """The rows after the header up to the first block that is not plain, the line of each (from 1), and whether
        there is such a block.

        `width`: how many columns there are; `wanted`: the names of those that are read, and their places. `told` hears
        of each block.
        """
        names, text = {name: str(at) for name, at in wanted.items()}, self.arrow.large_string()
        nothing = self.arrow.table({name: self.arrow.array([], text) for name in names})
        tables, places, more = [nothing], [np.zeros(0, np.int64)], True
        while more:
            ahead = self.file.read(_BLOCK)
            more = bool(ahead)
            block = self.data[: _end_of_rows(self.data)] if more else self.data
            table = self._table(block, width, names) if block else None if more else nothing
            if table is None:
                self.data += ahead
                break
            tables.append(table)
            places.append(self.lines + 1 + _lines_of(block, len(table)))
            self.lines += _count(block)
            self.data = self.data[len(block) :] + ahead
            told()
        frame = self.arrow.concat_tables(tables).combine_chunks().to_pandas()
        return frame, np.concatenate(places), table is None

    def _table(self, block: bytes, width: int, names: Mapping[str, str]) -> Any:
        """The rows of a block; None where it is not plain."""
        if not _is_plain(block, self.delimiter):
            return None
        csv, text = import_module("pyarrow.csv"), self.arrow.large_string()
        breaks = b'"' in block and len(_row_ends(block)) < _count(block)
        try:
            table = csv.read_csv(
                self.arrow.BufferReader(block),
                csv.ReadOptions(column_names=[*map(str, range(width))]),
                csv.ParseOptions(delimiter=self.delimiter, newlines_in_values=breaks),
                csv.ConvertOptions(
                    column_types=dict.fromkeys(names.values(), text),
                    include_columns=[*names.values()],
                    null_values=[],
                    strings_can_be_null=False,
                ),
            )
        except (self.arrow.ArrowException, OSError) as error:
            check_memory(error)
            return None  # there are rows of more fields, or fewer
        return table.rename_columns([*names])


def _end_of_rows(data: bytes) -> int:
    """Where the last row ends of which all is there."""
    if b'"' not in data:
        return data.rfind(b"\n") + 1
    return int(_row_ends(data).max(initial=-1)) + 1


def _row_ends(data: bytes) -> Ints:
    """The line feeds that are not in a field, and end rows."""
    signs = np.frombuffer(data, np.uint8)
    feeds = np.flatnonzero(signs == _LINE_FEED)
    ends: Ints = feeds[np.searchsorted(np.flatnonzero(signs == _QUOTE), feeds) % 2 == 0]
    return ends


def _count(data: bytes) -> int:
    """How many line feeds there are."""
    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == _LINE_FEED))


def _lines_of(block: bytes, rows: int) -> Ints:
    """On which line of a block each of its rows begins, from 0. An empty line is no row."""
    if rows == _count(block) + (not block.endswith(b"\n")):
        return np.arange(rows)
    signs, ends = np.frombuffer(block + b"\n", np.uint8), _row_ends(block)
    begins = np.append(0, ends + 1)
    lengths = np.append(ends, len(block)) - begins
    empty = (lengths == 0) | ((lengths == 1) & (signs[begins] == _RETURN))
    lines: Ints = np.searchsorted(np.flatnonzero(signs[:-1] == _LINE_FEED), begins[~empty])
    return lines


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
    marks = np.flatnonzero(signs == _QUOTE)
    if marks.size % 2:
        return False
    opens, closes = marks[::2], marks[1::2]
    beside = np.isin(np.arange(256), [*delimiter.encode(), _LINE_FEED, _RETURN])
    doubled = np.append(closes[:-1] + 1 == opens[1:], False)  # which closes a field and opens it again
    well_opened = beside[signs[opens - 1]] | np.append(False, doubled[:-1])
    return bool((well_opened & (beside[signs[closes + 1]] | doubled)).all())
