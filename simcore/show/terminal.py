"""The output of the command line: tables, lengths of time and clocks for people, JSON for machines.

Texts that come from files are made harmless for the terminal.
"""

import io
import json
import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import typer
from rich import box
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from simcore.clock.periods import FREQUENCIES, periods
from simcore.clock.zones import DAY_US, HOUR_US, Ints, Zone
from simcore.files.stamps import iso
from simcore.text.tables import MOST, visible

COLUMNS = 80
"""The most columns that output uses."""
_LEAST_BAR = 8
_LEAST_WORD = 8
_WHOLE = {"name", "send time", "first send", "last send"}  # columns of words that stay together
_RIGHT = {"days", "Sat Sun", "night"}  # and of texts that are numbers
_BLOCKS = " ▏▎▍▌▋▊▉█"
_to_machines: ContextVar[bool] = ContextVar("_to_machines", default=False)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  what is counted from it are wall clocks


def shift(length: Any) -> str:
    """A length of time as people write it, in its two largest units: 1 d 9 h later."""
    if not length or length is pd.NaT:
        return "none" if length is not pd.NaT else ""
    parts = [
        f"{number} {unit}"
        for number, unit in zip(abs(length).components, ("d", "h", "min", "s"), strict=False)
        if number
    ]
    return f"{' '.join(parts[:2])} {'later' if length > pd.Timedelta(0) else 'earlier'}"


def counts(numbers: dict[str, int]) -> str:
    """How many of what, where there are any: 192 completed, 4 cancelled."""
    return ", ".join(f"{number} {name}" for name, number in numbers.items() if number)


def spans(starts_us: Ints, here: Zone, freq: str) -> list[str]:
    """Periods as people write them, by their starts [µs]: Sun  8 Mar 2026 (23 h), Sun  8 Mar 2026 09:00 EDT,
    Mar 2026.

    No two look the same: if a zone has the same abbreviation before and after a change, hours that the clock shows
    twice have their offsets too.
    """
    local = [_EPOCH + timedelta(microseconds=us) for us in here.local_us(starts_us).tolist()]
    if freq == "M":
        return [f"{at:%b %Y}" for at in local]
    dates = [f"{at:%a} {at.day:2} {at:%b %Y}" for at in local]
    usual_us = FREQUENCIES[freq]
    if usual_us >= DAY_US:
        all_us = periods(here, freq, int(starts_us[0]), int(starts_us[-1]) + 2 * usual_us).starts_us
        lengths_us = np.diff(all_us)[np.searchsorted(all_us, starts_us)].tolist()
        return [
            date if length_us == usual_us else f"{date} ({length_us / HOUR_US:g} h)"
            for date, length_us in zip(dates, lengths_us, strict=True)
        ]
    names = [here.abbreviations[at] for at in here.stretch(starts_us).tolist()]
    found = [f"{date} {at:%H:%M} {name}" for date, at, name in zip(dates, local, names, strict=True)]
    times, stamps = Counter(found), iso(starts_us, here)
    return [
        each if times[each] == 1 else f"{each} {stamp[19:]}"
        for each, stamp in zip(found, stamps, strict=True)
    ]


def chart(
    labels: list[str],
    columns: dict[str, list[int]],
    what: str = "period",
    less: str = "No room for one column per position: use -o or --json.",
) -> None:
    """A row for each label: its numbers, and a bar for the last one; as wide as the terminal, 80 columns at most.
    `what`: the name of the column of labels.

    If the columns leave no room for bars, only the last one is shown, after the words `less`.
    """
    start = max(map(len, [what, *labels]))
    sizes = {name: max(len(name), len(str(max(numbers)))) for name, numbers in columns.items()}
    room = _width() - start - sum(size + 2 for size in sizes.values()) - 3
    *others, last = columns
    if room < _LEAST_BAR and others:
        prose(less)
        tell("\n")
        chart(labels, {last: columns[last]}, what)
        return
    blocks, line = (_BLOCKS, "─") if _has(f"{_BLOCKS}─") else (" #", "-")
    steps = len(blocks) - 1
    fine = max(room, 1) * steps / max(columns[last])
    head = " ".join([what.ljust(start), *(f" {name:>{size}}" for name, size in sizes.items())])
    lines = [f" {head}", f" {line * len(head)}"]
    for label, *numbers in zip(labels, *columns.values(), strict=True):
        cells = [f" {number:{size}}" for number, size in zip(numbers, sizes.values(), strict=True)]
        whole, rest = divmod(max(round(numbers[-1] * fine), numbers[-1] > 0), steps)
        row = " ".join([label.ljust(start), *cells, f" {blocks[-1] * whole}{blocks[rest]}"])
        lines.append(f" {row.rstrip()}")
    tell("".join(f"{line}\n" for line in lines))


def cut(text: str, before: str = "") -> str:
    """Two texts, cut to one line of the terminal."""
    text = before + visible(text).encode(sys.stdout.encoding, "backslashreplace").decode(sys.stdout.encoding)
    return _fitted(text, _width())


def show(heading: list[str], names: list[str], rows: list[Any]) -> None:
    """A table under its heading, plain, as wide as the terminal but never over 80 columns.

    Of a text that is very long the beginning is shown. Where cells need several lines, blank lines keep rows apart.
    Where there is no room for all columns, the cells of a row stand below one another.
    """
    console = _page()
    for line in heading:
        console.print(Text(_short(line), overflow="fold"))
    cells = [[_short(str(value)) for value in row] for row in rows]
    columns = [*zip(names, zip(*cells, strict=True), strict=False)]
    if _across(_least(name, column) for name, column in columns) > _width():
        _list(console, names, cells)
        _tell(console)
        return
    in_lines = _across(max(map(cell_len, [name, *column])) for name, column in columns) <= _width()
    table = Table(box=box.SIMPLE_HEAD, leading=0 if in_lines else 1, pad_edge=False, collapse_padding=True)
    for name, values in zip(names, zip(*rows, strict=True), strict=False):
        table.add_column(
            name,
            overflow="fold",
            no_wrap=name in _WHOLE,
            min_width=max(map(len, name.split())),
            justify="right" if name in _RIGHT or all(isinstance(each, int) for each in values) else "left",
        )
    for row in cells:
        table.add_row(*map(Text, row))
    if rows:
        console.print(table)
    _tell(console)


def _across(widths: Iterable[int]) -> int:
    """How wide a table with columns of these widths is."""
    return 1 + sum(width + 2 for width in widths) - 2


def _least(name: str, column: Sequence[str]) -> int:
    """How wide a column must be, that it can be read."""
    if name in _WHOLE:
        return max(map(cell_len, [name, *column]))
    word = max((cell_len(word) for cell in column for word in cell.split()), default=0)
    return max(*map(len, name.split()), min(word, _LEAST_WORD))


def _list(console: Console, names: list[str], rows: list[list[str]]) -> None:
    """Rows whose cells stand below one another, behind their names."""
    for row in rows:
        grid = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        for name, cell in zip(names, row, strict=True):
            if cell:
                grid.add_row(name, Text(cell))
        console.print("", Padding(grid, (0, 0, 0, 1)))


def remark(head: str, text: str) -> None:
    """A line, and a text indented below it, as wide as the terminal, 80 columns at most."""
    console = _page()
    console.print(Text(_short(head), overflow="fold"))
    console.print(Padding(Text(visible(text), overflow="fold"), (0, 0, 0, 4)))
    _tell(console)


def _page() -> Console:
    """A plain page to print on, as wide as the terminal, 80 columns at most."""
    file = io.TextIOWrapper(io.BytesIO(), encoding=sys.stdout.encoding, errors="backslashreplace", newline="")
    return Console(file=file, width=_width(), color_system=None, legacy_windows=False)


def _tell(page: Console) -> None:
    page.file.seek(0)
    tell("\n".join(line.rstrip() for line in page.file.read().split("\n")).strip("\n") + "\n")


def _short(text: str) -> str:
    """A text, cut if it is very long."""
    return _fitted(visible(text[: MOST + 1]), MOST)


def _fitted(text: str, cells: int) -> str:
    """A text, cut to at most `cells` cells."""
    end = "…" if _has("…") else "..."
    return text if cell_len(text) <= cells else set_cell_size(text, cells - len(end)) + end


def _width() -> int:
    return min(shutil.get_terminal_size().columns, COLUMNS)


def _has(text: str) -> bool:
    """Whether the terminal's encoding has all of these characters."""
    return text.encode(sys.stdout.encoding, "ignore").decode(sys.stdout.encoding) == text


@contextmanager
def for_machines(wanted: bool) -> Iterator[None]:
    """In here what is said on standard error is JSON, if that is wanted."""
    before = _to_machines.set(wanted)
    try:
        yield
    finally:
        _to_machines.reset(before)


def say(text: str, kind: str = "") -> None:
    """On standard error: for people, or for machines an object a line, of the kind error, warning or note."""
    if _to_machines.get():
        typer.echo(json.dumps({kind.lower() or "note": text}), err=True)
        return
    text = f"{kind}: {text}" if kind else text
    typer.echo("\n".join(map(visible, text.split("\n"))), err=True)


def tell(text: str) -> None:
    """For people, in the terminal's encoding."""
    write(text, sys.stdout.encoding)


def prose(text: str) -> None:
    """Words for people, in lines as wide as the terminal, 80 columns at most."""
    tell(f"{textwrap.fill(text, _width())}\n")


def write_json(value: object) -> None:
    """For machines."""
    write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def write(text: str, encoding: str = "utf-8") -> None:
    """A text unchanged, except that characters are escaped that the encoding does not have."""
    sys.stdout.buffer.write(text.encode(encoding, "backslashreplace"))
