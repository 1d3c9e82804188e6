"""The rows of a file that cannot be used, set aside in a file of their own."""

from typing import Any

from simcore.files.exact import page_of
from simcore.files.reading import records
from simcore.files.rows import Rows


def quarantine(rows: Rows) -> bytes:
    """The rows that cannot be used, as CSV: where, why, and their fields as they stand in the file.

    Fields beyond the header's are together in one more column, `surplus`. Texts that a spreadsheet would take
    for formulas stay as they are, since the rows are to be fixed and read again: with another id they would be
    those of another subscriber.
    """
    places = sorted(rows.broken)
    header: list[Any]
    if rows.unit == "line":
        header, *found = records(rows, [(1, None), *((line, rows.ends.get(line)) for line in places)])
    else:
        bad = rows.frame[~rows.good].astype(object)
        header, found = rows.header or [], bad.where(bad.notna(), "").to_numpy().tolist()
    width = len(header)
    wider = any(len(row) > width for row in found)
    page: list[list[Any]] = [[rows.unit, "reason", *header, *["surplus"] * wider]]
    for place, row in zip(places, found, strict=True):
        beyond = [",".join(row[width:])] * wider
        page.append([place, rows.broken[place], *row[:width], *[""] * (width - len(row)), *beyond])
    return page_of(page)
