"""Which pages are made of which files of the repository, and how their Markdown becomes that of a page."""

import posixpath
import re
import textwrap
from collections.abc import Callable
from pathlib import Path

from simcore.plan.rules import shipped

ROOT = Path(__file__).parents[2]
NOTEBOOKS = {
    f"notebooks/{path.name}": f"notebooks/{path.stem}.md"
    for path in sorted(
        (ROOT / "notebooks").glob("*.ipynb"),
        key=lambda path: (not path.stem[0].isdigit(), len(path.stem.partition("-")[0]), path.stem),
    )
}
RULES = {
    f"simcore/{file}": f"reference/rules/{posixpath.dirname(file)}.md"
    for file in dict.fromkeys(rule.file for rule in shipped().values())
}
TEXTS = {
    "notebooks/own-data.md": "how-to/own-data.md",
    "simcore/plan/PLATFORMS.md": "how-to/platform.md",
    "benchmarks/README.md": "about/benchmarks.md",
    "tests/RELIABILITY.md": "about/reliability.md",
    "CONTRIBUTING.md": "about/contributing.md",
    "CHANGELOG.md": "about/changelog.md",
}
FILES = {
    "notebooks/compare.png": "notebooks/compare.png",
    "benchmarks/results/growth.png": "about/growth.png",
    "benchmarks/results/growth.json": "about/growth.json",
}
PAGES = {
    path.relative_to(ROOT).as_posix(): path.relative_to(ROOT / "notebooks/site/pages").as_posix()
    for path in sorted((ROOT / "notebooks/site/pages").rglob("*.md"))
}
FOUND = {
    **PAGES,
    **NOTEBOOKS,
    **RULES,
    **TEXTS,
    **FILES,
    "README.md": "index.md",
    "simcore/__init__.py": "reference/glossary.md",
}
"""The page of each file that texts link to, or the file itself."""

_FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(`[^`\n]+`)")
_TARGET = re.compile(r"(?<=\]\()(?!https?:|mailto:|#)([^)#\s]+)")
_RULE = re.compile(r"\[[^\]]*\]\([^)]*\)|^#.*$|<[^>]*>|\b[A-Z][1-9]\d?\b", re.MULTILINE)
_FILE = re.compile(r"(?<!\[)`(?:simcore/)?(\w+/RULES\.md)`(?!\])")
_HEADING = re.compile(r"^(### ([A-Z]\d+)\. .*)$", re.MULTILINE)
_LIST = re.compile(r"^(?!- |  |\s*$|#)(.*)\n(?=- )", re.MULTILINE)


def text_of(path: str) -> str:
    """A file of the repository."""
    return (ROOT / path).read_text("utf-8")


def relative(target: str, page: str) -> str:
    """The way from a page to another."""
    return posixpath.relpath(target, posixpath.dirname(page) or ".")


def outside_code(text: str, change: Callable[[str], str], *, inline: bool = True) -> str:
    """A text changed where it is no block of code, and (`inline`) no code in a line."""
    parts = _FENCE.split(text)
    for at in range(0, len(parts), 2):
        pieces = _CODE.split(parts[at]) if inline else [parts[at]]
        parts[at] = "".join(piece if n % 2 else change(piece) for n, piece in enumerate(pieces))
    return "".join(parts)


def linked(text: str, path: str, page: str) -> str:
    """The text of a file, its links leading to pages. Raises KeyError for a file that has none.

    Files of rules are links where they are named.
    """

    def to(found: re.Match[str]) -> str:
        there = posixpath.normpath(posixpath.join(posixpath.dirname(path), found[1]))
        return relative(FOUND[there], page)

    text = outside_code(text, lambda piece: _TARGET.sub(to, piece))
    return _FILE.sub(lambda found: f"[{found[0]}]({relative(RULES[f'simcore/{found[1]}'], page)})", text)


def with_rules(text: str, page: str) -> str:
    """A text in which the numbers of rules lead to them."""
    rules = shipped()

    def to(found: re.Match[str]) -> str:
        name = found[0]
        if name not in rules:
            return name
        return f"[{name}]({relative(RULES[f'simcore/{rules[name].file}'], page)}#{name})"

    return outside_code(text, lambda piece: _RULE.sub(to, piece))


def as_page(text: str) -> str:
    """Markdown as GitHub reads it, for Python-Markdown: blank lines before lists, sessions as sessions."""
    text = outside_code(text, lambda piece: _LIST.sub(r"\1\n\n", piece), inline=False)
    text = re.sub(r"^```python\n(?=>>> )", "```pycon\n", text, flags=re.MULTILINE)
    return re.sub(r"\n+```$", "\n```", text, flags=re.MULTILINE)


def page_of(path: str) -> str:
    """The page of a file of Markdown."""
    page = FOUND[path]
    text = _HEADING.sub(r"\1 { #\2 }", text_of(path)) if path in RULES else text_of(path)
    return with_rules(linked(as_page(text), path, page), page)


def of_readme(section: str, page: str) -> str:
    """What stands under a heading of the README; "" is its beginning, up to the first command."""
    text = text_of("README.md")
    if section:
        _, found, text = text.partition(f"\n## {section}\n")
        if not found:
            raise ValueError(f"the README has no section {section!r}")
        text = text.partition("\n## ")[0]
    else:
        text = text.partition("\n\n")[2].partition("\nSee it work:")[0]
    return linked(as_page(text.strip()), "README.md", page)


def session(text: str) -> str:
    """A docstring as Markdown: its examples are blocks of code."""
    blocks = re.split(r"\n[ \t]*\n", textwrap.dedent(text))
    shown = [
        f"```pycon\n{block.strip()}\n```" if block.lstrip().startswith(">>> ") else block for block in blocks
    ]
    return as_page("\n\n".join(shown))
