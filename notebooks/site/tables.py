"""The tables of the reference, made from the code: words, events, findings, switches, rules, commands."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import typer
from names import SOUGHT, public
from names import markdown as linked_names
from sources import RULES, relative, with_rules

import simcore
from simcore import cli
from simcore.account.lint import CODES
from simcore.files.json_file import read_json
from simcore.plan.findings import SEVERITIES
from simcore.plan.platform import Platform, platforms
from simcore.plan.rules import shipped
from simcore.plan.switches import table as switches_of

SHIPPED = ("kit", "sequenzy")
_EXAMPLES = {"kit": "welcome", "sequenzy": "onboarding"}
_OTHERS = {
    "field_changed": "A field of the subscriber changed, whose path is `ref`; `properties` may have its new value.",
    "link_clicked": "The subscriber clicked a link, whose address `ref` may be.",
}


def pages() -> dict[str, str]:
    """All pages of this module, by their paths."""
    made = {
        "reference/glossary.md": _glossary,
        "reference/events.md": _events,
        "reference/findings.md": _findings,
        "reference/switches.md": _switches,
        "reference/rules/index.md": _rules,
        "reference/command-line.md": _commands,
    }
    return {page: SOUGHT + make(page) for page, make in made.items()}


def known() -> list[Platform[Any]]:
    """The platforms that come with simcore."""
    return [platforms()[name] for name in SHIPPED]


def rows(head: Iterable[str], body: Iterable[Iterable[str]]) -> str:
    """A table of Markdown."""
    lines = [list(head)]
    lines += [["---"] * len(lines[0])]
    lines += [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def named(name: str, anchor: str = "") -> str:
    """A name in a table: it may break after each underscore, and can be led to."""
    broken = re.sub(r"([_.])(?=\w)", r"\1<wbr>", name)
    return f"<code{f' id={chr(34)}{anchor}{chr(34)}' if anchor else ''}>{broken}</code>"


def _glossary(page: str) -> str:
    """The names at a glance and the words, as `help(simcore)` has them."""
    blocks = ["# Names and words", "What `help(simcore)` shows."]
    for part in (simcore.__doc__ or "").split("\n\n")[1:]:
        title, *lines = part.strip("\n").splitlines()
        pairs = [re.split(r" {2,}", line.strip(), maxsplit=1) for line in lines]
        words = title.startswith("The words")
        cells = []
        for pair in pairs:
            name, meaning = [*pair, ""][:2]
            named = f"**{name}**" if words else _each_name(name, page)
            cells.append([named, linked_names(meaning, page)])
        blocks += [f"## {title.strip(':')}", rows(["word" if words else "name", "what it is"], cells)]
    return "\n\n".join(blocks) + "\n"


def _each_name(text: str, page: str) -> str:
    """Names of the overview, in code, with links to those that the reference has."""

    def to(found: re.Match[str]) -> str:
        name = found[0]
        full = name if name.startswith("simcore.") else f"simcore.{name}"
        where = public().get(full)
        return f"[`{name}`]({relative(where[0], page)}#{full})" if where else f"`{name}`"

    return re.sub(
        r"(?<![\w.])\.?[A-Za-z_][\w.]*\w", lambda found: found[0] if found[0] == "and" else to(found), text
    )


def _events(page: str) -> str:
    blocks = [
        "# Events, and the journal's words",
        "An event log says what happens to subscribers: a table with `subscriber_id`, `at`, `event`, and `ref` where "
        "an event needs it. The [journal](frames.md) says what came of it.",
    ]
    for platform in known():
        about = platform.events.vocabulary
        blocks.append(f"## Events of {platform.title} {{ #{platform.name}-events }}")
        cells = [
            [
                named(name, f"{platform.name}-{name}"),
                f"{about.expected}" if name in about.about else "may be there" if name in about.may else "",
                _meaning(platform, name),
            ]
            for name in sorted(about.names | about.may, key=lambda name: (name not in about.about, name))
        ]
        blocks.append(rows(["event", "`ref`", "what it does"], cells))
        blocks.append(
            "Any other name is a tracked event, which may enrol people by a trigger, or end a wait for it."
            if about.other
            else "Any other name is an error."
        )
    for platform in known():
        sequence = _load(platform)
        words = platform.plan(sequence, platform.assumptions()).words
        blocks.append(f"## The journal of {platform.title} {{ #{platform.name}-journal }}")
        blocks.append(rows(["`what`", "`detail`"], ([named(name), said] for name, said in words.items())))
        blocks.append(
            "Some of these words have more than one detail; the part after the colon only tells them apart."
        )
    return with_rules("\n\n".join(blocks), page) + "\n"


def _load(platform: Platform[Any]) -> Any:
    return platform.load(read_json(simcore.example(_EXAMPLES[platform.name])), {})


def _meaning(platform: Platform[Any], name: str) -> str:
    """What an event does, in words."""
    events, said = platform.events, []
    if name in events.joins:
        kind, inside = events.joins[name]
        has = "has" if kind == "tag" else "is in"
        said.append(f"The subscriber {'now' if inside else 'no longer'} {has} the {kind} `ref`.")
    if name in events.leaves:
        status, blocks = events.leaves[name]
        said.append(f"Ends the run; its status is `{status}`.")
        if blocks:
            said.append(
                f"Entries start no run until {' or '.join(f'`{each}`' for each in sorted(events.returns))}."
            )
    if name in events.clears:
        said.append(f"The subscriber is then in no {events.clears[name]}.")
    if name in events.returns:
        said.append("Entries start runs again.")
    return " ".join(said) or _OTHERS[name]


def _findings(page: str) -> str:
    blocks = [
        "# Findings of lint",
        "What `simcore.lint(sequence)` and `simcore lint FILE` can find. An *error* means that emails cannot go out. "
        "A *warning* is probably not what was meant. A *note* is worth knowing.",
    ]
    groups = [(platform.title, platform.name, platform.codes) for platform in known()]
    groups.append(("Several sequences: Account.lint", "account", CODES))
    for title, name, codes in groups:
        blocks.append(f"## {title} {{ #{name} }}")
        worst = sorted(codes.items(), key=lambda each: -SEVERITIES.index(each[1][0]))
        cells = [[named(code, f"{name}-{code}"), how, said] for code, (how, said) in worst]
        blocks.append(rows(["code", "severity", "what it means, and what to do"], cells))
    return with_rules("\n\n".join(blocks), page) + "\n"


def _switches(page: str) -> str:
    blocks = [
        "# Switches",
        "A switch is an assumption about something that a platform does not document, or documents in two ways. Give "
        'them in Python as `assumptions=kit.Assumptions(day_count="elapsed")`, on the command line as '
        "`--assume day_count=elapsed`. [`kit.calibrate`](names/kit.md#simcore.kit.calibrate) finds out which of them "
        "a log of real sends speaks for.",
    ]
    for platform in known():
        blocks.append(f"## {platform.title} {{ #{platform.name} }}")
        cells = []
        for name, default, values, meaning, rule in switches_of(platform.assumptions).itertuples(index=False):
            others = [each for each in values.split(" | ") if each != default]
            choice = ", ".join(f"`{each}`" if each.isidentifier() else each for each in others)
            cells.append([
                named(name, f"{platform.name}-{name}"),
                f"{meaning} ({rule})",
                f"**`{default}`**; {choice}",
            ])
        blocks.append(rows(["switch", "what it means", "values, the default first"], cells))
    return with_rules("\n\n".join(blocks), page) + "\n"


def _rules(page: str) -> str:
    blocks = [
        "# Rules",
        "What simcore does is written down as numbered rules, each with its source. A reason or an error may name "
        'one. `simcore.rules("K7")` and `simcore rules K7` show it too.',
    ]
    by_file: dict[str, list[Any]] = {}
    for rule in shipped().values():
        by_file.setdefault(rule.file, []).append(rule)
    for file, found in by_file.items():
        there = relative(RULES[f"simcore/{file}"], page)
        text = (simcore.plan.rules._files()[file]).splitlines()[0].strip("# ")
        blocks.append(f"## [{text.partition(':')[0]}]({there})")
        cells = [
            [
                f"[{rule.name}]({there}#{rule.name})",
                rule.title,
                ", ".join(f"`{s}`" for s in rule.switches),
                rule.status,
            ]
            for rule in found
        ]
        head = ["rule", "about", "switches", "missing"]
        kept = [at for at in range(len(head)) if any(cell[at] for cell in cells)]
        blocks.append(rows([head[at] for at in kept], ([cell[at] for at in kept] for cell in cells)))
    return "\n\n".join(blocks) + "\n"


class _Help:
    """Takes down what a command writes into its help."""

    width = 10_000
    current_indent = 0

    def __init__(self) -> None:
        self.usage = ""
        self.texts: list[str] = []
        self.lists: dict[str, list[tuple[str, str]]] = {}
        self._section = ""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        self.usage = f"{prog} {args}"

    def write_paragraph(self) -> None:
        """Blank lines are made later."""

    def write_text(self, text: str) -> None:
        self.texts.append(text)

    def write_dl(self, rows: Iterable[tuple[str, str]], *_: Any, **__: Any) -> None:
        self.lists.setdefault(self._section, []).extend(rows)

    @contextmanager
    def section(self, name: str) -> Iterator[None]:
        self._section = name
        yield

    @contextmanager
    def indentation(self) -> Iterator[None]:
        yield


def _commands(page: str) -> str:
    group: Any = typer.main.get_command(cli.app)
    top = group.context_class(group, info_name="simcore", **group.context_settings)
    blocks = [
        "# The command line",
        "`simcore --help` lists the commands, `simcore COMMAND --help` shows what stands here. The exit status is 0; "
        "1 where `lint` finds an error; 2, with one message, for input that cannot be used.",
        rows(
            ["command", "what it does"],
            (
                [f"[`{name}`](#{name})", (one.help or "").partition("\n")[0]]
                for name, one in group.commands.items()
            ),
        ),
    ]
    for name, command in group.commands.items():
        said = _Help()
        command.format_help(group.context_class(command, info_name=name, parent=top), said)
        blocks += [f"## {name} {{ #{name} }}", f"```console\n$ {said.usage.strip()}\n```"]
        for text in said.texts:
            blocks.append(_help_text(text))
        for title, listed in said.lists.items():
            head = ["argument" if title.startswith("Arg") else "option", "what it is"]
            blocks.append(rows(head, ([f"`{what.strip()}`", _escaped(told)] for what, told in listed)))
    return with_rules("\n\n".join(blocks), page) + "\n"


def _help_text(text: str) -> str:
    """The text of a command: what stands after \\b is an example."""
    found = []
    for block in text.split("\n\n"):
        if block.startswith("\b"):
            lines = [line.strip() for line in block.splitlines()[1:]]
            found.append("```console\n" + "\n".join(f"$ {line}" for line in lines) + "\n```")
        else:
            found.append(_escaped(" ".join(block.split())))
    return "\n\n".join(found)


def _escaped(text: str) -> str:
    """A text that is no Markdown."""
    text = text if "`" in text else re.sub(r"([*_<])", r"\\\1", text)
    text = re.sub(r"\s*\[required\]$", " **Required.**", text)
    return re.sub(r"\s*\[default: (.*)\]$", r" Default: `\1`.", text)
