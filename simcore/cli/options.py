"""Options and arguments that several commands share, and their names in messages."""

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

from simcore.cli import completing
from simcore.errors import SimcoreError, shown
from simcore.plan.columns import ZONES, Names, Zoned
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
    'make the forecast with freq="D"': "use --freq D",
    'naive_time_zone="UTC"': "--naive-time-zone UTC",
    'unit="(s|ms)"': r"--unit \1",
    "dayfirst=True": "--day-first",
    "^unit: ": "--unit: ",
    "^seed: ": "--seed: ",
    "seed=1": "--seed 1",
    r"^cap: (most|window): found (.*), expected (.*?)(, or None for no limit)?$": r"--cap: found \2, expected \3",
    "^cap: on_excess: ": "--on-excess: ",
    "^cap: priority: ": "--priority: ",
    r"give chunk_rows=\d+": NAMED,
    "^columns: ": "--column: ",
    "^time_zones: ": "--time-zones: ",
    r"time_zones=(\".*\") takes": lambda found: f"--time-zones {shlex.quote(json.loads(found[1]))} takes",
    "^(over|minimize|top): ": r"--\1: ",
    "^fields: ": "--over: ",
    "^subject_to: ": "--subject-to: ",
    r", or limit=\d+$": "",
    "^capacity: ": "--capacity: ",
    r"delimiter='(\\t|.)'": r"--delimiter '\1'",
    r"columns=(\{.*\}) maps": lambda found: f"{_typed(found[1])} maps",
}


def _typed(columns: str) -> str:
    """Columns, as options."""
    return " ".join(f"--column {name}={shlex.quote(theirs)}" for name, theirs in json.loads(columns).items())


def as_typed(message: object) -> str:
    """A message of the library, with the names of options instead of arguments."""
    text = str(message)
    for argument, option in _AS_TYPED.items():
        text = re.sub(argument, option, text)
    return text


@contextmanager
def saying() -> Iterator[None]:
    """Prints the library's warnings on standard error."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    # What is deprecated is for developers, such as a name that an older matplotlib still uses.
    told = [each.message for each in caught if not issubclass(each.category, DeprecationWarning)]
    for message in dict.fromkeys(map(as_typed, told)):
        terminal.say(message, "Warning")


def there() -> dict[str, Platform[Any]]:
    """All platforms by name; warns, once, of those that cannot be used."""
    with saying():
        return platforms()


class Command(TyperCommand):
    """A command whose help names the installed platforms; they are looked up only when help is shown.

    In help texts, `<names>` and `<platforms>` stand for them, and `<emails>` and so on for the use of an option.
    """

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Fills in the words in angle brackets."""
        known = there()
        words = {
            "names": listed(known, "or"),
            "platforms": listed((f"{platform.title}'s" for platform in known.values()), "or"),
        }
        for name in dict.fromkeys(name for platform in known.values() for name in platform.options):
            uses = {
                platform.title: platform.options[name]
                for platform in known.values()
                if name in platform.options
            }
            words[name] = " ".join(f"{title}: {use}" for title, use in uses.items())
        params: list[Any] = self.params
        blanks = [each.help for each in params]
        try:
            for each in params:
                each.help = re.sub(r"<(\w+)>", lambda word: words[word[1]], each.help)
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
    """A parameter as an option."""
    return f"--{parameter.replace('_', '-')}"


def check(option: str, found: str, *expected: str) -> None:
    """Raises SimcoreError if the value of an option is not one of those expected."""
    if found not in expected:
        *others, last = map(repr, expected)
        raise SimcoreError(f"{option}: found {shown(found)}, expected {', '.join(others)} or {last}")


def names_of(columns: list[str] | None, zones: str | None = None) -> Names:
    """What is typed of columns: what they are called in files, by their names here. `zones`: that of time zones."""
    found = dict[str, str]() if zones in {None, ZONES} else Zoned({ZONES: str(zones)})
    for item in columns or []:
        name, equals, theirs = item.partition("=")
        if not equals or name in found:
            told = f"{name} a second time" if equals else shown(item)
            raise SimcoreError(
                f'--column: found {told}, expected NAME=COLUMN, such as entered_at="Subscribed at"'
            )
        found[name] = theirs
    return check_names(found)


def zoned(zones: str | None) -> dict[str, str]:
    """Recipients' zones as an argument, if a column has them."""
    return {} if zones is None else {"time_zones": ZONES}


def sign(typed: str) -> str:
    """The delimiter that was typed."""
    found = "\t" if typed == r"\t" else typed
    if len(found) != 1 or found in '"\r\n':
        raise SimcoreError(f"--delimiter: found {shown(typed)}, expected one character, such as ';' or '\\t'")
    return found


File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        autocompletion=completing.sequences,
        help="The sequence: JSON from <platforms> API, or that as .gz; - is standard input. For one in a list of "
        "several: FILE#ID.",
    ),
]
Emails = Annotated[
    Path | None,
    typer.Option(metavar="FILE2", help="<emails>"),
]
AccountZone = Annotated[
    str | None,
    typer.Option(metavar="ZONE", autocompletion=completing.zones, help="<time_zone>"),
]
Drafts = Annotated[bool, typer.Option("--include-drafts", help="<include_drafts>")]
Assume = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE",
        autocompletion=completing.switches,
        help="Set a switch that `simcore assumptions` lists; repeatable.",
    ),
]
NaiveZone = Annotated[
    str | None,
    typer.Option(
        metavar="ZONE",
        autocompletion=completing.zones,
        help="The time zone of times without an offset; default: the sequence's.",
    ),
]
Unit = Annotated[
    str | None,
    typer.Option(
        metavar="s|ms",
        autocompletion=completing.among("s", "ms"),
        help="What numbers in the time columns of ENTRIES and EVENTS count since 1970: seconds (s) or milliseconds "
        "(ms). By default such numbers are refused.",
    ),
]
DayFirst = Annotated[
    bool,
    typer.Option(
        "--day-first", help="Read times such as 03/06/2026 as 3 June. By default such times are refused."
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(
        metavar="NUMBER",
        help="A whole number that decides which path of a random split each run takes. The same number gives the same "
        "paths.",
    ),
]
JSON = typer.Option("--json", help="Print JSON, for machines.")
NoCsvSafe = Annotated[
    bool,
    typer.Option(
        "--no-csv-safe",
        help="Leave texts in CSV unchanged. By default, a text that a spreadsheet would run as a formula (it starts "
        "with =, +, - or @ and is not a number) gets an apostrophe in front.",
    ),
]
ENTRIES_HELP = (
    "Who enters, and when: a .parquet file, or CSV (UTF-8, with a header, at most 16,777,216 characters in a field), "
    "either also as .gz; - is standard input. Columns: subscriber_id and entered_at, optionally via and, if the "
    "sequence has a trigger, properties and attributes (JSON objects) and time_zone. Ids from CSV stay text."
)
TRIGGER_HELP = "Without ENTRIES, the sequence's trigger (if it has one) enrols people by EVENTS."
Entries = Annotated[Path | None, typer.Argument(metavar="ENTRIES", help=f"{ENTRIES_HELP} {TRIGGER_HELP}")]
Events = Annotated[
    Path | None,
    typer.Option(
        metavar="EVENTS",
        help="What happens to subscribers, such as tag_added or unsubscribed: a file like ENTRIES. Columns: "
        "subscriber_id, at, event, ref (such as a tag's id) if an event needs it, and if the sequence has a trigger "
        "properties (a JSON object) and received_at. Events that the platform does not know are refused.",
    ),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="NAME=COLUMN",
        help='The name of a column in ENTRIES or EVENTS, such as entered_at="Subscribed at"; repeatable. Not needed '
        "for entries whose columns have the names of <platforms> own tables.",
    ),
]
Zones = Annotated[
    str | None,
    typer.Option(
        "--time-zones",
        metavar="COLUMN",
        help="The column of ENTRIES with the recipients' own time zones, such as Europe/Kyiv: all waits in days, send "
        "days and windows are then in the recipient's zone. Where it is empty, in the sequence's.",
    ),
]
Delimiter = Annotated[
    str,
    typer.Option(
        metavar="CHAR",
        callback=sign,
        help="The delimiter of the CSV files that are read, such as ';' or '\\t'.",
    ),
]
CHANGES_HELP = "<changes>"
Changes = Annotated[Path | None, typer.Option(metavar="CHANGES", help=CHANGES_HELP)]
Until = Annotated[
    str | None, typer.Option(metavar="TIME", help="The end: nothing goes out at this time or later.")
]
EnabledAt = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="<enabled_at>",
    ),
]
Render = Annotated[bool, typer.Option("--render", help="<render>")]
Order = Annotated[
    str,
    typer.Option(
        metavar="entry|email",
        autocompletion=completing.among("entry", "email"),
        help="Order rows by entry, or email by email (faster).",
    ),
]
Explain = Annotated[bool, typer.Option("--explain", help="Add a column with the reason of each send.")]
OnError = Annotated[
    str,
    typer.Option(
        metavar="stop|quarantine",
        autocompletion=completing.among("stop", "quarantine"),
        help="What to do with rows that cannot be used. stop: name them and stop. quarantine: go on without them, and "
        "write them, each with its line and the reason, to files named .quarantine.csv: next to the output or, if "
        "there is no output file, next to the input (for a pipe: in the current folder). Their texts stay unchanged, "
        "so that you can fix them and read them again.",
    ),
]
