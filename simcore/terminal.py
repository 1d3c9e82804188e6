"""What the command line shows: tables, lengths of time and clocks for people, JSON for machines.

A text that comes from a file cannot make the terminal do anything.
"""

import io
import json
import shutil
import sys
import unicodedata
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from simcore.zones import Zone

COLUMNS = 80
"""Wider than this nothing is shown."""
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


def clock(instant_us: int, here: Zone) -> str:
    """An instant as people write it: Fri 6 Mar 2026 21:07 EST."""
    at = np.array([instant_us])
    local = _EPOCH + timedelta(microseconds=int(here.local_us(at)[0]))
    time = local.time().isoformat() if instant_us % 60_000_000 else f"{local:%H:%M}"
    return f"{local:%a} {local.day} {local:%b %Y} {time} {here.abbreviations[int(here.stretch(at)[0])]}"


def show(heading: list[str], names: list[str], rows: list[Any]) -> None:
    """A table under its heading, plain, as wide as the terminal but never over 80 columns."""
    page = io.TextIOWrapper(io.BytesIO(), encoding=sys.stdout.encoding, errors="backslashreplace", newline="")
    width = min(shutil.get_terminal_size().columns, COLUMNS)
    console = Console(file=page, width=width, color_system=None, legacy_windows=False)
    for line in heading:
        console.print(Text(visible(line), overflow="fold"))
    table = Table(box=box.SIMPLE_HEAD, leading=1, pad_edge=False, collapse_padding=True)
    for name, cells in zip(names, zip(*rows, strict=True), strict=False):
        table.add_column(
            name,
            overflow="fold",
            no_wrap=name in {"name", "send time"},
            min_width=max(map(len, name.split())),
            justify="right" if all(isinstance(cell, int) for cell in cells) else "left",
        )
    for row in rows:
        table.add_row(*(Text(visible(str(value))) for value in row))
    if rows:
        console.print(table)
    page.seek(0)
    tell("\n".join(line.rstrip() for line in page.read().split("\n")).strip("\n") + "\n")


def visible(text: str) -> str:
    """A text in which what a terminal would obey, or not show, is spelt out."""
    return "".join(
        char
        if char.isprintable() or char == "\u200d"  # which joins emoji
        else " "
        if unicodedata.category(char) == "Zs"
        else char.encode("unicode_escape").decode()
        for char in text
    )


def say(text: str) -> None:
    """For people, on standard error."""
    typer.echo("\n".join(map(visible, text.split("\n"))), err=True)


def tell(text: str) -> None:
    """For people, in the terminal's encoding."""
    write(text, sys.stdout.encoding)


def write_json(value: object) -> None:
    """For machines."""
    write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def write(text: str, encoding: str = "utf-8") -> None:
    """A text as it is; what the encoding does not have is spelt out."""
    sys.stdout.buffer.write(text.encode(encoding, "backslashreplace"))
