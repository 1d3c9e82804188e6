"""The numbered rules that the code follows: reads them from the RULES.md files, finds and shows them.

A rule is a section of Markdown under a heading such as `### K7. Days`. Its text ends with paragraphs of their own:
`**Source:** …`, which every rule has; `**Switches:** …`, with names in backticks; and `**Status:** …`, the parts that
are not implemented yet.
"""

import re
import textwrap
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from functools import cache
from html import escape
from importlib import resources
from pathlib import Path
from typing import overload

import pandas as pd

from simcore.errors import SimcoreError, shown
from simcore.plan.platform import platforms

_FILE = "RULES.md"
_HERE = Path(__file__).parents[1]
_SECTION = re.compile(r"^#{1,3} ", re.MULTILINE)
_RULE = re.compile(r"(?P<name>[A-Z]+\d+)\. (?P<title>.+)")
_END = re.compile(r"\*\*(Source|Switches|Status):\*\* ")
_NAME = re.compile(r"`(\w+)`")
_WIDTH = 80
_MARKS = (  # as they stand in escaped text
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"\*\*([^*]+)\*\*"), r"<b>\1</b>"),
    (re.compile(r"(?<![\w*])\*([^*]+)\*"), r"<i>\1</i>"),
)


@dataclass(frozen=True, kw_only=True, repr=False)
class Rule:
    """One rule: its text (Markdown), its source, its switches, and the file that it is in.

    `status` says which parts are not implemented yet, and is empty if there are none.
    """

    name: str
    title: str
    text: str
    source: str
    switches: tuple[str, ...] = ()
    status: str = ""
    file: str

    def __repr__(self) -> str:
        ends = (_wrapped(f"{name}: {text}") for name, text in self._ends())
        blocks = map(_wrapped, [f"{self.name}. {self.title}", *_blocks(self.text)])
        return "\n\n".join([*blocks, "\n".join(ends)])

    def _repr_html_(self) -> str:
        ends = "<br>".join(f"<b>{name}:</b> {_marked(text)}" for name, text in self._ends())
        blocks = "".join(map(_as_html, _blocks(self.text)))
        return f"<p><b>{self.name}. {_marked(self.title)}</b></p>{blocks}<p>{ends}</p>"

    def _ends(self) -> Iterator[tuple[str, str]]:
        """The lines below the text."""
        yield "Source", self.source
        if self.switches:
            yield "Switches", ", ".join(self.switches)
        if self.status:
            yield "Status", self.status
        yield "File", self.file


@overload
def rules(name: str) -> Rule: ...


@overload
def rules(name: None = None) -> pd.DataFrame: ...


def rules(name: str | None = None) -> Rule | pd.DataFrame:
    """A rule by its number; without a number, a DataFrame of all rules, in the order of their files.

    A rule shows itself in notebooks and terminals. The DataFrame has the columns `name, title, text` (Markdown),
    `source`, `switches` (names, separated by commas), `status` (the parts that are not implemented yet, or "") and
    `file`; all str.

    Raises SimcoreError for a number that does not exist, and names the nearest one.

    >>> rules("K7").switches
    ('day_count',)
    >>> list(rules())
    ['name', 'title', 'text', 'source', 'switches', 'status', 'file']
    """
    found = every()
    if name is None:
        rows = [{**asdict(rule), "switches": ", ".join(rule.switches)} for rule in found.values()]
        return pd.DataFrame(rows, dtype="str")
    if not isinstance(name, str) or name not in found:
        nearest = get_close_matches(str(name).upper(), found, n=1, cutoff=0)
        raise SimcoreError(f"no rule {shown(name)}; the nearest is {nearest[0]}")
    return found[name]


def every() -> dict[str, Rule]:
    """All rules by their names, in the order of their files; those of other packages' platforms last.

    Warns of a file of theirs that cannot be read, and leaves it out.
    """
    found = dict(shipped())
    for each in platforms().values():
        if each.rules is not None and not each.rules.is_relative_to(_HERE):
            for rule in _outside(each.rules, f"{each.package}/{_FILE}"):
                found.setdefault(rule.name, rule)
    return found


@cache
def _outside(path: Path, file: str) -> list[Rule]:
    """The rules of a platform that is no folder of simcore's."""
    try:
        found = read(path.read_text("utf-8"), file)
        if known := [rule.name for rule in found if rule.name in shipped()]:
            raise SimcoreError(f"{file}: rule {known[0]} stands in {shipped()[known[0]].file} already")
    except (OSError, UnicodeDecodeError, SimcoreError) as error:
        warnings.warn(f"rules that cannot be shown: {error}", stacklevel=2)
        return []
    return found


@cache
def shipped() -> dict[str, Rule]:
    """The rules that come with simcore."""
    found: dict[str, Rule] = {}
    for file, text in _files().items():
        for rule in read(text, file):
            if rule.name in found:
                raise SimcoreError(f"{file}: rule {rule.name} stands in {found[rule.name].file} already")
            found[rule.name] = rule
    return found


def read(text: str, file: str) -> list[Rule]:
    """The rules of a RULES.md, in order; sections that are no rules are left out.

    Raises SimcoreError for a rule that has no text, or no source below it.
    """
    found = []
    for section in _SECTION.split(text):
        heading, _, body = section.partition("\n")
        named = _RULE.fullmatch(heading)
        if named is None:
            continue
        blocks, ends = _blocks(body), {}
        while blocks and (end := _END.match(blocks[-1])):
            ends[end[1]] = " ".join(blocks.pop()[end.end() :].split())
        if not blocks or "Source" not in ends:
            raise SimcoreError(f"{file}: rule {named['name']} must have a text, and a **Source:** below it")
        switches = tuple(_NAME.findall(ends.get("Switches", "")))
        found.append(
            Rule(
                **named.groupdict(),
                text="\n\n".join(blocks),
                source=ends["Source"],
                switches=switches,
                status=ends.get("Status", ""),
                file=file,
            )
        )
    return found


def _files() -> dict[str, str]:
    """The text of each RULES.md in a folder of simcore's, by what it is called."""
    folders = sorted(resources.files("simcore").iterdir(), key=lambda folder: folder.name)
    files = {f"{folder.name}/{_FILE}": folder / _FILE for folder in folders if folder.is_dir()}
    return {name: file.read_text("utf-8") for name, file in files.items() if file.is_file()}


def _blocks(text: str) -> list[str]:
    return [block for block in re.split(r"\n\s*\n", text.strip("\n")) if block.strip()]


def _wrapped(block: str) -> str:
    """A paragraph, or each item of a list, in lines of a terminal; tables and what is indented as they are."""
    if block.startswith(("|", "    ")):
        return block
    items = re.split(r"\n(?=- )", block)
    return "\n".join(
        textwrap.fill(
            " ".join(item.split()),
            _WIDTH,
            subsequent_indent="  " if item.startswith("- ") else "",
            break_long_words=False,
            break_on_hyphens=False,
        )
        for item in items
    )


def _as_html(block: str) -> str:
    if block.startswith("    "):
        return f"<pre>{escape(textwrap.dedent(block))}</pre>"
    if block.startswith("- "):
        items = (f"<li>{_marked(item)}</li>" for item in re.split(r"(?:^|\n)- ", block)[1:])
        return f"<ul>{''.join(items)}</ul>"
    if block.startswith("|"):
        head, _, *body = (
            [_marked(cell.strip()) for cell in line.strip("| ").split("|")] for line in block.split("\n")
        )
        rows = ["".join(f"<th>{cell}</th>" for cell in head)]
        rows += ["".join(f"<td>{cell}</td>" for cell in row) for row in body]
        return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"
    return f"<p>{_marked(block)}</p>"


def _marked(text: str) -> str:
    """A text of Markdown as HTML, escaped."""
    text = escape(text)
    for mark, html in _MARKS:
        text = mark.sub(html, text)
    return text
