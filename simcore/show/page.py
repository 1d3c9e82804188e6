"""HTML pages that need nothing else: no network, no scripts. Every text is escaped."""

from collections.abc import Collection, Iterable, Sequence
from html import escape
from importlib import resources
from typing import Any

from simcore.show.figures import NARROW, PAPER
from simcore.text.tables import visible

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def text(value: Any) -> str:
    """A text as HTML."""
    return escape(visible(str(value)))


def table(
    heads: Sequence[str],
    rows: Iterable[Sequence[Any]],
    about: str,
    *,
    right: Collection[str] = (),
    short: Collection[str] = (),
    seen: bool = True,
) -> str:
    """A table. Cells are texts, or HTML (`Markup`).

    On narrow screens the cells of a row are below one another, each after its head. `right`: the heads of numbers;
    `short`: those of names and values, which are not to be squeezed. `about`: its caption; not `seen` where a heading
    says the same to those who see it.
    """
    kinds = [
        ' class="number"' if head in right else ' class="short"' if head in short else "" for head in heads
    ]
    top = "".join(
        f'<th role="columnheader" scope="col"{kind}>{text(head)}</th>'
        for head, kind in zip(heads, kinds, strict=True)
    )
    lines = []
    for row in rows:
        cells = "".join(
            f'<td role="cell" data-head="{text(head)}"{kind}>{_cell(cell)}</td>'
            for head, kind, cell in zip(heads, kinds, row, strict=True)
        )
        lines.append(f'<tr role="row">{cells}</tr>\n')
    hidden = "" if seen else ' class="unseen"'
    return (
        f'<table role="table"><caption{hidden}>{text(about)}</caption>'
        f'<thead role="rowgroup"><tr role="row">{top}</tr></thead>\n'
        f'<tbody role="rowgroup">\n{"".join(lines)}</tbody></table>\n'
    )


class Markup(str):
    """A text that is HTML already."""

    __slots__ = ()


def _cell(cell: Any) -> str:
    return cell if isinstance(cell, Markup) else text(cell)


def facts(told: Iterable[tuple[str, Any]]) -> str:
    """Names, and what there is to say of each."""
    pairs = "".join(f"<div><dt>{text(name)}</dt><dd>{text(value)}</dd></div>\n" for name, value in told)
    return f'<dl class="facts">\n{pairs}</dl>\n'


def section(name: str, *parts: str, level: int = 2) -> str:
    """A part of a page, under its heading; "" if there is nothing in it."""
    inner = "".join(parts)
    return inner and f"<section>\n<h{level}>{text(name)}</h{level}>\n{inner}</section>\n"


def paragraph(words: str, kind: str = "") -> str:
    """A paragraph of text; "" for no words."""
    name = kind and f' class="{kind}"'
    return words and f"<p{name}>{text(words)}</p>\n"


def page(title: str, body: str) -> bytes:
    """A whole page, in UTF-8."""
    style = resources.files("simcore.show").joinpath("page.css").read_text("utf-8")
    for name, value in {"light": PAPER["light"], "dark": PAPER["dark"], "narrow": f"{NARROW}px"}.items():
        style = style.replace(f"<{name}>", value)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n"
        f"{body}</main>\n</body>\n</html>\n"
    ).encode()
