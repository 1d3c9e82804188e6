"""What can be typed: options and arguments that several commands have, and how messages call them."""

import json
import re
import shlex
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from simcore.errors import SimcoreError, shown
from simcore.plan.columns import Names
from simcore.plan.columns import check as check_names
from simcore.plan.platform import Platform, platforms
from simcore.show import terminal
from simcore.text.wording import listed

_STDIN = {"-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"}
NAMED = "give -o a name that ends in .csv or .parquet"
_AS_TYPED: dict[str, Any] = {
    "include_drafts=True": "--include-drafts",
    "pass until= to": "pass --until to",
    "(before|after|earlier) until=": r"\1 --until",
    "by='total'": "--by total",
    'naive_time_zone="UTC"': "--naive-time-zone UTC",
    r"give chunk_rows=\d+": NAMED,
    "^columns: ": "--column: ",
    r"columns=(\{.*\}) maps": lambda found: f"{_typed(found[1])} maps",
}


def _typed(columns: str) -> str:
    """Columns as they are typed."""
    return " ".join(f"--column {name}={shlex.quote(theirs)}" for name, theirs in json.loads(columns).items())


def as_typed(told: object) -> str:
    """What the library says, with options for arguments."""
    text = str(told)
    for argument, option in _AS_TYPED.items():
        text = re.sub(argument, option, text)
    return text


@contextmanager
def saying() -> Iterator[None]:
    """What the library warns of in here is said on standard error, as everything is."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for told in dict.fromkeys(as_typed(each.message) for each in caught):
        terminal.say(told, "Warning")


def there() -> dict[str, Platform[Any]]:
    """All platforms by name; what is wrong with one that cannot be used is said, once."""
    with saying():
        return platforms()


class Command(TyperCommand):
    """A command whose help names the platforms that there are; they are looked for only where it is asked for.

    `<names>` and `<platforms>` in a help text stand for them, `<emails>` and so on for what an option is good for.
    """

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Fills in what stands in angle brackets."""
        known = there()
        told = {
            "names": listed(known, "or"),
            "platforms": listed((f"{each.title}'s" for each in known.values()), "or"),
        }
        for name in dict.fromkeys(name for each in known.values() for name in each.options):
            uses = {each.title: each.options[name] for each in known.values() if name in each.options}
            told[name] = " ".join(f"{title}: {use}" for title, use in uses.items())
        params: list[Any] = self.params
        blanks = [each.help for each in params]
        try:
            for each in params:
                each.help = re.sub(r"<(\w+)>", lambda word: told[word[1]], each.help)
            super().format_help(ctx, formatter)
        finally:  # what is known may be more the next time
            for each, blank in zip(params, blanks, strict=True):
                each.help = blank

    def invoke(self, ctx: Any) -> Any:
        """Standard input gives its bytes once, so it is given for one thing."""
        params: list[Any] = self.params
        given = []
        for each in params:
            value = ctx.params[each.name]
            values = value if isinstance(value, list | tuple) else [value]
            # Older typers have texts here, and make paths of them later.
            paths = [item for item in values if isinstance(item, Path) or _is_path(each)]
            stands = sum(str(path).partition("#")[0] in _STDIN for path in paths)
            name = each.opts[0] if each.param_type_name == "option" else each.metavar
            given += [name] * stands
        if len(given) > 1:
            raise SimcoreError(
                f"-: standard input is given for {listed(given)}: it can be read once, so give files for the others"
            )
        return super().invoke(ctx)


def _is_path(parameter: Any) -> bool:
    """Whether a parameter of the command line is a path, as older typers say it."""
    return getattr(getattr(parameter, "type", None), "name", "") in {"file", "path"}


def option_of(parameter: str) -> str:
    """A parameter as the option that it is."""
    return f"--{parameter.replace('_', '-')}"


def check(option: str, found: str, *expected: str) -> None:
    """Raises SimcoreError where what is typed is none of these."""
    if found not in expected:
        *others, last = map(repr, expected)
        raise SimcoreError(f"{option}: found {shown(found)}, expected {', '.join(others)} or {last}")


def names_of(columns: list[str] | None) -> Names:
    """What is typed of columns: what they are called in files, by their names here."""
    found: dict[str, str] = {}
    for item in columns or []:
        name, equals, theirs = item.partition("=")
        if not equals or name in found:
            told = f"{name} a second time" if equals else shown(item)
            raise SimcoreError(
                f'--column: found {told}, expected NAME=COLUMN, such as entered_at="Subscribed at"'
            )
        found[name] = theirs
    return check_names(found)


def sign(typed: str) -> str:
    """A character that divides columns, as it is typed."""
    found = "\t" if typed == r"\t" else typed
    if len(found) != 1 or found in '"\r\n':
        raise SimcoreError(f"--delimiter: found {shown(typed)}, expected one character, such as ';' or '\\t'")
    return found


File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="The sequence: JSON as <platforms> API gives it, or that as .gz; - is standard input. Of a list of "
        "several, FILE#ID.",
    ),
]
Emails = Annotated[
    Path | None,
    typer.Option(metavar="FILE2", help="<emails>"),
]
AccountZone = Annotated[
    str | None,
    typer.Option(metavar="ZONE", help="<time_zone>"),
]
Drafts = Annotated[bool, typer.Option("--include-drafts", help="<include_drafts>")]
Assume = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=VALUE", help="Turn a switch that `simcore assumptions` lists; repeatable."),
]
NaiveZone = Annotated[
    str | None,
    typer.Option(metavar="ZONE", help="The zone of times without an offset; without it the sequence's."),
]
JSON = typer.Option("--json", help="JSON, for machines.")
NoCsvSafe = Annotated[
    bool,
    typer.Option(
        "--no-csv-safe",
        help="Texts in CSV as they are. Without it one that a spreadsheet would run as a formula (= + - @ at its "
        "start, and no number) has an apostrophe before it.",
    ),
]
ENTRIES_HELP = (
    "Who enters when: .parquet, or CSV (UTF-8, a header, at most 16,777,216 characters a field), or either as .gz; - "
    "is standard input. Columns subscriber_id and entered_at, optionally via and, where the sequence has a trigger, "
    "properties (a JSON object). The ids of a CSV file stay the text that stands there."
)
TRIGGER_HELP = "Without ENTRIES a sequence that has a trigger enrols by it, from EVENTS."
Entries = Annotated[Path | None, typer.Argument(metavar="ENTRIES", help=f"{ENTRIES_HELP} {TRIGGER_HELP}")]
Events = Annotated[
    Path | None,
    typer.Option(
        metavar="EVENTS",
        help="What befalls subscribers, such as tag_added or unsubscribed: a file as for ENTRIES; columns "
        "subscriber_id, at, event, and ref (a tag's id, say) where an event needs it; also properties (a JSON object) "
        "where the sequence has a trigger. What is no event of the platform's is refused.",
    ),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="NAME=COLUMN",
        help='What a column of ENTRIES or EVENTS is called there, such as entered_at="Subscribed at"; repeatable. As '
        "<platforms> own tables call the columns of entries is understood without it.",
    ),
]
Delimiter = Annotated[
    str,
    typer.Option(
        metavar="CHAR",
        callback=sign,
        help="What divides the columns of CSV files that are read, such as ';' or '\\t'.",
    ),
]
CHANGES_HELP = "<changes>"
Changes = Annotated[Path | None, typer.Option(metavar="CHANGES", help=CHANGES_HELP)]
Until = Annotated[str | None, typer.Option(metavar="TIME", help="The end: nothing at or after it goes out.")]
EnabledAt = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="<enabled_at>",
    ),
]
Render = Annotated[bool, typer.Option("--render", help="<render>")]
Order = Annotated[str, typer.Option(metavar="entry|email", help="Rows by entry, or email by email (faster).")]
Explain = Annotated[bool, typer.Option("--explain", help="A column more: the reason of each send.")]
OnError = Annotated[
    str,
    typer.Option(
        metavar="stop|quarantine",
        help="Rows that cannot be used: stop and name them; or go on with the others, and write these, each "
        "with its line and the reason, to files named .quarantine.csv: beside the output, or without one "
        "beside the file that they are from. In these, texts stay as they are: they are there to be mended "
        "and read again.",
    ),
]
