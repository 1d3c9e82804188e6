"""The reference of public names, from the code: what `help()` says of each, and how it is called."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import is_dataclass
from functools import cache
from importlib import import_module
from itertools import pairwise
from types import ModuleType
from typing import Any

from sources import outside_code, relative, session, with_rules

import pytest_simcore
import simcore

_OPTIONS = "Options, by name:\n"
_NAMED = re.compile(r"(?<!\[)`(simcore\.[\w.]+|(?:kit|sequenzy)\.\w+)`(?!\])")
_WIDTH = 76

MODULES = {
    "simcore": "simcore",
    "simcore.kit": "kit",
    "simcore.sequenzy": "sequenzy",
    "simcore.testing": "testing",
    "simcore.twin.running": "twin",
    "simcore.scale.parquet": "scale",
    "simcore.scale.dask": "scale",
    "simcore.scale.spark": "scale",
    "simcore.platform": "platforms",
}
"""The modules that people import, and the pages of their names."""
SOUGHT = "---\nsearch:\n  boost: 3\n---\n\n"
"""Has search name a page before those that only mention what is sought."""
_TWIN = ("Twin", "Clock", "Faults")
_HEADS = {
    "simcore": "simcore",
    "kit": "simcore.kit",
    "sequenzy": "simcore.sequenzy",
    "testing": "simcore.testing, and the plugin of pytest",
    "twin": "The twin",
    "scale": "simcore.scale",
    "platforms": "simcore.platform",
}


@cache
def public() -> dict[str, tuple[str, Any]]:
    """Every public name, with its page and what it is."""
    found: dict[str, tuple[str, Any]] = {}
    for module, page in MODULES.items():
        those = names_of(import_module(module))
        if module == "simcore":  # in the order in which its overview has them
            those = iter(sorted(those, key=lambda each: _place(each[0])))
        for name, thing in those:
            found[f"{_shown(module)}.{name}"] = (f"reference/names/{page}.md", thing)
        if page == "twin":
            found["simcore.twin"] = (f"reference/names/{page}.md", import_module("simcore.twin"))
    return found


def names_of(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """The public names of a module; of one that does not list them, what it defines."""
    if module.__name__ == "simcore.twin.running":
        yield from ((name, getattr(module, name, None) or _faults()) for name in _TWIN)
        return
    listed = getattr(module, "__all__", None)
    if listed is None:
        listed = [
            name
            for name, thing in vars(module).items()
            if not name.startswith("_")
            and getattr(thing, "__module__", "") == module.__name__
            and not name.endswith("Options")
            and inspect.getdoc(thing)
            and name not in {"nothing_of"}
        ]
    for name in listed:
        thing = getattr(module, name)
        if not isinstance(thing, ModuleType):
            yield name, thing


def _place(name: str) -> int:
    """Where the overview of simcore has a name."""
    found = re.search(rf"(?<![\w.]){name}\b", (simcore.__doc__ or "").partition("\n\n")[2])
    return found.start() if found else len(simcore.__doc__ or "")


def pages() -> dict[str, str]:
    """The pages, by their paths."""
    made = {}
    for name, title in _HEADS.items():
        page = f"reference/names/{name}.md"
        blocks = [SOUGHT + f"# {title}", *_head(name, page)]
        constants = []
        for full, (where, thing) in public().items():
            if where != page:
                continue
            if _is_constant(thing):
                constants.append((full, thing))
            else:
                blocks += _entry(full, thing, page)
        if constants:
            blocks += _constants(constants)
        if name == "testing":
            blocks += _plugin(page)
        made[page] = "\n\n".join(blocks) + "\n"
    made["reference/names/options.md"] = _options("reference/names/options.md")
    return made


def _head(name: str, page: str) -> list[str]:
    """What stands before the names."""
    if name == "simcore":
        there = relative("reference/glossary.md", page)
        return [f"What a program imports. [All names at a glance, and the words]({there})."]
    modules = [module for module, where in MODULES.items() if where == name and name != "twin"]
    heads = {}
    for module in modules:
        thing = import_module(module)
        # Kit and Sequenzy are modules that simcore itself has.
        heads[module] = markdown(inspect.getdoc(thing) or "", page)
    if name == "twin":
        there = relative("how-to/twin.md", page)
        return [f"What `simcore.twin` gives. [How to use it]({there})."]
    if len(heads) == 1:
        return list(heads.values())
    return [f"`{module}`: {text}" for module, text in heads.items()]


def _entry(full: str, thing: Any, page: str, level: str = "##") -> list[str]:
    """One name: a heading, how it is called, and what `help()` says."""
    called = full if level == "##" else full.split(".", full.count(".") - 1)[-1]
    blocks = [f"{level} {called} {{ #{full} }}"]
    if callable(thing) and not (inspect.isclass(thing) and issubclass(thing, BaseException)):
        blocks += _signature(called, thing)
    blocks.append(_documented(inspect.getdoc(thing) or "", page))
    if inspect.isclass(thing):
        for name, member in _members(thing):
            blocks += _entry(f"{full}.{name}", member, page, "###")
    return blocks


def _signature(called: str, thing: Any) -> list[str]:
    """How it is called; types are in the text, and in the editor."""
    try:
        signature = inspect.signature(thing)
    except (TypeError, ValueError):
        return []
    given = [
        each.replace(annotation=each.empty) for each in signature.parameters.values() if each.name != "self"
    ]
    if inspect.isclass(thing) and getattr(thing, "_is_protocol", False):
        return []
    plain = signature.replace(parameters=given, return_annotation=signature.empty)
    text = f"{called}{plain}".replace("<factory>", "...").replace("mappingproxy({})", "{}")
    return [
        f"```python\n{textwrap.fill(text, _WIDTH, subsequent_indent='    ', break_on_hyphens=False)}\n```"
    ]


def _members(kind: type) -> Iterator[tuple[str, Any]]:
    """The public methods and properties of a class that are simcore's own, and say what they do."""
    for of in kind.__mro__:
        if not of.__module__.startswith("simcore") or of.__module__ == "simcore.errors":
            continue
        for name, member in vars(of).items():
            plain = member.__func__ if isinstance(member, classmethod | staticmethod) else member
            if name.startswith("_") or not (inspect.isfunction(plain) or isinstance(plain, property)):
                continue
            if of is kind and inspect.getdoc(getattr(kind, name)):
                yield name, getattr(kind, name) if inspect.isfunction(plain) else plain


def _documented(text: str, page: str) -> str:
    """A docstring; the options that it shares with others are links."""
    text, some, options = text.partition(_OPTIONS)
    found = markdown(text.strip(), page)
    if some:
        there = relative("reference/names/options.md", page)
        names = re.findall(r"^- `(\w+)`:", options, re.MULTILINE)
        found += "\n\n**Options, by name:** " + ", ".join(f"[`{name}`]({there}#{name})" for name in names)
    return found


def _options(page: str) -> str:
    """The options that verbs share, each once; where it means another thing to some, that too."""
    meanings: dict[str, dict[str, list[str]]] = {}
    for full, thing in _verbs():
        _, _, options = (inspect.getdoc(thing) or "").partition(_OPTIONS)
        for item in re.split(r"^- (?=`)", options, flags=re.MULTILINE)[1:]:
            name, meaning = re.fullmatch(r"`(\w+)`: (.*)", " ".join(item.split())).groups()
            meanings.setdefault(name, {}).setdefault(meaning, []).append(full)
    blocks = [
        SOUGHT + "# Options that verbs share",
        "Each verb names those that it takes. All are given by name.",
    ]
    for name, found in sorted(meanings.items()):
        blocks.append(f"## {name} {{ #{name} }}")
        by_use = sorted(found.items(), key=lambda each: -len(each[1]))
        for at, (meaning, verbs) in enumerate(by_use):
            of = "" if len(found) == 1 else f"{' and '.join(f'`{v}`' for v in verbs)}: " if at else ""
            blocks.append(markdown(of + meaning, page))
    return "\n\n".join(blocks) + "\n"


def _verbs() -> Iterator[tuple[str, Any]]:
    for full, (_, thing) in public().items():
        if inspect.isclass(thing):
            yield from ((f"{full}.{name}", member) for name, member in _members(thing))
        elif callable(thing):
            yield full, thing


def _plugin(page: str) -> list[str]:
    """The fixtures, and the option."""
    blocks = ["## The plugin of pytest { #pytest }", markdown(inspect.getdoc(pytest_simcore) or "", page)]
    for name, fixture in vars(pytest_simcore).items():
        if not hasattr(fixture, "_fixture_function") and not hasattr(fixture, "_pytestfixturefunction"):
            continue  # newer and older versions of pytest
        plain = getattr(fixture, "_fixture_function", None) or fixture.__wrapped__
        blocks += [f"### {name} {{ #pytest.{name} }}", markdown(inspect.getdoc(plain) or "", page)]

    class Group:
        def addoption(self, name: str, *, help: str, **_: Any) -> None:
            blocks.extend([f"### {name} {{ #pytest.{name.strip('-')} }}", help[0].upper() + help[1:] + "."])

    class Parser:
        def getgroup(self, _: str) -> Group:
            return Group()

    pytest_simcore.pytest_addoption(Parser())  # type: ignore[arg-type]  # of a parser, only what it asks for
    return blocks


def _constants(found: list[tuple[str, Any]]) -> list[str]:
    rows = ["| name | value | |", "| --- | --- | --- |"]
    for full, value in found:
        *_, name = full.split(".")
        said = _comments().get(name, "").replace("|", "\\|")
        shown = repr(value) if isinstance(value, int | str | float) else ""
        short = shown if len(shown) < 60 else shown[:57] + "..."
        rows.append(f'| <span id="{full}"></span>`{name}` | {f"`{short}`" if short else ""} | {said} |')
    return ["## Constants and types", "\n".join(rows)]


@cache
def _comments() -> dict[str, str]:
    """What stands below the assignments of the rooms from which simcore.platform has its names."""
    found = {}
    tree = ast.parse(inspect.getsource(import_module("simcore.platform")))
    rooms = [each.module for each in tree.body if isinstance(each, ast.ImportFrom) and each.module]
    for room in rooms:
        body = ast.parse(inspect.getsource(import_module(room))).body
        for first, second in pairwise(body):
            target = first.targets[0] if isinstance(first, ast.Assign) else getattr(first, "target", None)
            if (
                isinstance(target, ast.Name)
                and isinstance(second, ast.Expr)
                and isinstance(second.value, ast.Constant)
            ):
                found[target.id] = " ".join(str(second.value.value).split())
    return found


def _is_constant(thing: Any) -> bool:
    own = inspect.isclass(thing) or inspect.isfunction(thing) or hasattr(thing, "__wrapped__")
    return not own and not (is_dataclass(thing) or type(thing).__module__.startswith("simcore."))


def markdown(text: str, page: str) -> str:
    """A docstring, with links to the names and rules in it."""
    return linked(with_rules(session(text), page), page)


def linked(text: str, page: str) -> str:
    """Markdown in which public names lead to what the reference says of them."""

    def to(found: re.Match[str]) -> str:
        name = found[1] if found[1].startswith("simcore.") else f"simcore.{found[1]}"
        where = public().get(name)
        return f"[{found[0]}]({relative(where[0], page)}#{name})" if where else found[0]

    return outside_code(text, lambda piece: _NAMED.sub(to, piece), inline=False)


def _faults() -> type:
    from simcore.twin.faults import Faults

    return Faults


def _shown(module: str) -> str:
    return "simcore.twin" if module == "simcore.twin.running" else module
