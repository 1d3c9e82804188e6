"""Tables for notebooks and terminals: texts are made harmless, and long ones are cut."""

import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import pandas as pd

MOST = 320
"""The most characters of a text that a table shows."""
_CELL = 60  # the most in a cell, in a terminal
_JOINER = "\u200d"
_STYLE = "text-align: left; vertical-align: top; white-space: normal"


class Table(NamedTuple):
    """A heading, the names of columns, and rows of values; `more` is a line below.

    `under`: whether the last column goes below its row when the table is text.
    """

    heading: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    more: str = ""
    under: bool = False

    def html(self) -> str:
        """As HTML, every text escaped."""
        rows = [self.columns, *self.rows]
        lines = [
            "".join(f'<{tag} style="{_STYLE}">{_escaped(cell)}</{tag}>' for cell in row)
            for tag, row in zip(["th", *["td"] * len(self.rows)], rows, strict=True)
        ]
        body = "".join(f"<tr>{row}</tr>" for row in lines[1:])
        below = f"<p>{_escaped(self.more)}</p>" if self.more else ""
        return (
            f"<p><b>{_escaped(self.heading)}</b></p>"
            f"<table><thead><tr>{lines[0]}</tr></thead><tbody>{body}</tbody></table>{below}"
        )

    def text(self) -> str:
        """As lines of text, with the columns in line."""
        rows = [[str(cell) for cell in row] for row in (self.columns, *self.rows)]
        below = [""] * len(rows)
        if self.under:
            below[1:] = [f"\n    {cut(row[-1])}" for row in rows[1:]]
            rows = [row[:-1] for row in rows]
        rows = [[cut(cell, _CELL) for cell in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(map(str.ljust, row, widths)).rstrip() + under
            for row, under in zip(rows, below, strict=True)
        ]
        return "\n".join([cut(self.heading), *lines, *filter(None, [self.more])])


class Shown(ABC):
    """Something that shows itself as a table, in notebooks and terminals."""

    @abstractmethod
    def _table(self) -> Table: ...

    def __repr__(self) -> str:
        return self._table().text()

    def _repr_html_(self) -> str:
        return self._table().html()


class ShownFrame(Shown, pd.DataFrame):
    """A DataFrame that shows itself in full. Anything derived from it is a plain DataFrame."""

    @property
    def _constructor(self) -> Any:
        return pd.DataFrame


def cut(text: str, most: int = MOST) -> str:
    """A text that can be shown, in at most `most` characters."""
    shown = visible(text[: most + 1])
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def visible(text: str) -> str:
    """A text with everything escaped that a terminal would obey, or not show."""
    return "".join(
        char
        if char.isprintable() or (char == _JOINER and _is_sign(before))
        else " "
        if unicodedata.category(char) == "Zs"
        else char.encode("unicode_escape").decode()
        for before, char in pairwise(f" {text}")
    )


def _escaped(cell: Any) -> str:
    from html import escape  # with its thousands of names, which nothing else needs

    return escape(cut(str(cell)))


def _is_sign(char: str) -> bool:
    """Whether a joiner can follow this: an emoji, a variation selector, or the sign that ends a syllable."""
    return not char.isascii() and not char.isalnum() and char.isprintable()
