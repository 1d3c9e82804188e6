"""What can be typed: options and arguments that several commands have, and how messages call them."""

import re
from pathlib import Path
from typing import Annotated

import typer

from simcore.errors import SimcoreError, shown
from simcore.kit.model import ACCOUNT_ZONE

NAMED = "give -o a name that ends in .csv or .parquet"
_AS_TYPED = {
    "include_drafts=True": "--include-drafts",
    "pass until= to": "pass --until to",
    'naive_time_zone="UTC"': "--naive-time-zone UTC",
    r"give chunk_rows=\d+": NAMED,
}


def as_typed(told: object) -> str:
    """What the library says, with options for arguments."""
    text = str(told)
    for argument, option in _AS_TYPED.items():
        text = re.sub(argument, option, text)
    return text


def option_of(parameter: str) -> str:
    """A parameter as the option that it is."""
    return f"--{parameter.replace('_', '-')}"


def check(option: str, found: str, *expected: str) -> None:
    """Raises SimcoreError where what is typed is none of these."""
    if found not in expected:
        *others, last = map(repr, expected)
        raise SimcoreError(f"{option}: found {shown(found)}, expected {', '.join(others)} or {last}")


File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE", help="The sequence: JSON of Kit's or Sequenzy's API. Of a list of Kit's, FILE#ID."
    ),
]
Emails = Annotated[
    Path | None,
    typer.Option(metavar="FILE2", help="Kit: a second file with its emails, where they are apart."),
]
AccountZone = Annotated[
    str | None,
    typer.Option(
        metavar="ZONE",
        help=f"Kit: the account's time zone, for a sequence that names none; without it {ACCOUNT_ZONE}.",
    ),
]
Drafts = Annotated[bool, typer.Option("--include-drafts", help="Kit: treat every draft as published.")]
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
    "Who enters when: .parquet, or CSV (UTF-8, a header, at most 16,777,216 characters a field); columns "
    "subscriber_id and entered_at, optionally via and, for Sequenzy, properties (a JSON object). The ids of a CSV "
    "file stay the text that stands there."
)
TRIGGER_HELP = "Without ENTRIES a sequence of Sequenzy's enrols by its trigger, from EVENTS."
Entries = Annotated[Path | None, typer.Argument(metavar="ENTRIES", help=f"{ENTRIES_HELP} {TRIGGER_HELP}")]
Events = Annotated[
    Path | None,
    typer.Option(
        metavar="EVENTS",
        help="What befalls subscribers, such as tag_added or unsubscribed: a file as for ENTRIES; columns "
        "subscriber_id, at, event, and ref (a tag's id, say) where an event needs it; for Sequenzy also "
        "properties (a JSON object), and any name is an event.",
    ),
]
CHANGES_HELP = (
    "Kit: edits of the sequence, a JSON list of {at, op, email_id, fields}, or of calls of Kit's API: "
    "{at, method, path, body}."
)
Changes = Annotated[Path | None, typer.Option(metavar="CHANGES", help=CHANGES_HELP)]
Until = Annotated[str | None, typer.Option(metavar="TIME", help="The end: nothing at or after it goes out.")]
EnabledAt = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="Sequenzy: when the sequence is enabled; nothing before enrols. Without it, before all EVENTS.",
    ),
]
Render = Annotated[
    bool, typer.Option("--render", help="Sequenzy: a column more, subjects with their merge tags filled in.")
]
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
