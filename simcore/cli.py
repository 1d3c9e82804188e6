"""The command line, the extra `cli` (typer, rich): what is typed becomes calls of simcore, what comes back is shown.

Nothing here knows how a sequence works. What is wrong with the input leaves as one message on standard error
and exit status 2. What machines read is UTF-8, whatever the terminal's encoding.
"""

import io
import json
import os
import re
import shutil
import sys
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd

import simcore
from simcore import files, instants, kit
from simcore.errors import EntryError, SimcoreError, shown
from simcore.kit.model import ACCOUNT_ZONE
from simcore.zones import Zone, zone

try:
    import typer
    from rich import box
    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table
    from rich.text import Text
    from typer.core import TyperGroup
except ModuleNotFoundError as absent:
    if (absent.name or "").partition(".")[0] not in {"click", "rich", "typer"}:
        raise
    print('Error: the command line needs typer and rich: pip install "simcore[cli]"', file=sys.stderr)
    raise SystemExit(2) from None

_COLUMNS = 80
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  what is counted from it are wall clocks
_LATE = "an email would go out after 2200-01-01 UTC"


class _Commands(TyperGroup):
    """The commands, and the one place where what goes wrong becomes a message and an exit status."""

    def invoke(self, ctx: Any) -> Any:
        status = 2
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except KeyboardInterrupt:
            status = 130
        except BrokenPipeError:  # whoever reads has seen enough
            status = 0
        except OSError as error:
            _say(f"Error: {error.filename or 'standard output'}: {error.strerror or error}")
        except UnicodeEncodeError as error:
            _say(f"Error: half a character (a lone surrogate) in {shown(error.object)}")
        except SimcoreError as error:
            _say(f"Error: {error}")
        else:
            return result
        try:
            sys.stdout.flush()
        except OSError:  # Python would try again as it ends, and complain
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(status)


app = typer.Typer(
    cls=_Commands,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": _COLUMNS},
)


def main() -> None:
    """The command `simcore`."""
    app(prog_name="simcore")


def _show_versions(wanted: bool) -> None:
    if wanted:
        _write("".join(f"{name} {number}\n" for name, number in simcore.versions().items()))
        raise typer.Exit


_File = Annotated[Path, typer.Argument(metavar="FILE", help="The sequence: JSON as Kit's API gives it.")]
_Emails = Annotated[
    Path | None, typer.Option(metavar="FILE2", help="A second file with its emails, where they are apart.")
]
_AccountZone = Annotated[
    str | None,
    typer.Option(
        metavar="ZONE",
        help=f"The account's time zone, for a sequence that names none; without it {ACCOUNT_ZONE}.",
    ),
]
_Drafts = Annotated[bool, typer.Option("--include-drafts", help="Treat every draft as published.")]
_Assume = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=VALUE", help="Turn a switch that `simcore assumptions` lists; repeatable."),
]
_NaiveZone = Annotated[
    str | None,
    typer.Option(metavar="ZONE", help="The zone of times without an offset; without it the sequence's."),
]
_JSON = typer.Option("--json", help="JSON, for machines.")


@app.callback()
def _simcore(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_versions, is_eager=True, help="Show versions and exit."),
    ] = False,
) -> None:
    """When does each email of a sequence go out, to whom, and why then?

    \b
      simcore example welcome > welcome.json
      simcore preview welcome.json --entered "2026-03-06 21:07"
    """


@app.command()
def preview(
    file: _File,
    entered: Annotated[
        str, typer.Option(metavar="TIME", help='When the subscriber enters, such as "2026-03-06 21:07".')
    ],
    emails: _Emails = None,
    time_zone: _AccountZone = None,
    include_drafts: _Drafts = False,
    assume: _Assume = None,
    naive_time_zone: _NaiveZone = None,
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """Show when each email goes out to one subscriber, and why.

    \b
      simcore preview welcome.json --entered "2026-03-06 21:07"

    A time without an offset is what the clock on the wall shows in the sequence's zone.
    """
    sequence = _load(file, emails, time_zone, naive_time_zone)
    here = zone(sequence.time_zone)
    entered_us = instants.read_one(entered, "--entered", naive_time_zone or sequence.time_zone)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        sends = simcore.preview(
            sequence,
            files.aware([entered_us])[0],
            include_drafts=include_drafts,
            assumptions=_assumed(assume),
        )
    for warning in caught:
        _say(f"Warning: {warning.message}".replace("include_drafts=True", "--include-drafts"))
    rows: Any = sends.reset_index().rename(columns={"wait": "wait_seconds"}).to_dict("records")
    for row in rows:
        never = row["send_at"] is pd.NaT
        at_us = files.us_of([row["send_at"]])
        row["wait_seconds"] = None if never else row["wait_seconds"].total_seconds()
        row["send_at"] = None if never else files.iso(at_us, here)[0] if as_json else _clock(at_us[0], here)
    if as_json:
        _write_json(rows)
        return
    heading = [f"{sequence.name}, {sequence.time_zone}", f"entered {_clock(entered_us, here)}"]
    cells = [(row["position"], row["send_at"] or "not sent", row["subject"], row["reason"]) for row in rows]
    _show(heading, ["pos", "send time", "subject", "reason"], cells)


@app.command()
def project(
    file: _File,
    entries: Annotated[
        Path,
        typer.Argument(
            metavar="ENTRIES",
            help="Who enters when: .parquet, or CSV (UTF-8, a header); columns subscriber_id and entered_at, "
            "optionally via. The ids of a CSV file stay the text that stands there.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="A .csv or .parquet file; without it CSV on standard output.",
        ),
    ] = None,
    emails: _Emails = None,
    time_zone: _AccountZone = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="The end: nothing at or after it goes out.")
    ] = None,
    order: Annotated[
        str, typer.Option(metavar="entry|email", help="Rows by entry, or email by email (faster).")
    ] = "entry",
    include_drafts: _Drafts = False,
    assume: _Assume = None,
    naive_time_zone: _NaiveZone = None,
    on_error: Annotated[
        str,
        typer.Option(
            metavar="stop|quarantine",
            help="Rows that cannot be used: stop and name them; or project the others, and write these to "
            "OUT.quarantine.csv (without -o ENTRIES.quarantine.csv), each with its line and the reason.",
        ),
    ] = "stop",
    as_json: Annotated[
        bool, typer.Option("--json", help="The summary as JSON; without -o the rows, an object on each line.")
    ] = False,
) -> None:
    """Write all sends to all subscribers, one row each.

    \b
      simcore project welcome.json entries.csv -o sends.parquet

    Lines are those of the file, the header being line 1; a row with line breaks inside quotation marks is
    named by its first line. Outputs are there whole or not at all.
    """
    if on_error not in {"stop", "quarantine"}:
        raise SimcoreError(f"--on-error: found {shown(on_error)}, expected 'stop' or 'quarantine'")
    if order not in {"entry", "email"}:
        raise SimcoreError(f"--order: found {shown(order)}, expected 'entry' or 'email'")
    sequence = _load(file, emails, time_zone, naive_time_zone)
    here = zone(sequence.time_zone)
    assumed = _assumed(assume)
    clock = naive_time_zone or sequence.time_zone
    until_us = None if until is None else instants.read_one(until, "--until", clock)
    options: dict[str, Any] = {
        "until": None if until_us is None else files.aware([until_us])[0],
        "include_drafts": include_drafts,
        "assumptions": assumed,
        "order": order,
    }
    write = files.writer(output, as_json)
    beside = output or entries
    aside = beside.with_name(f"{beside.stem}.quarantine.csv")
    if on_error == "quarantine":
        files.target_of(aside, file, entries)
        if entries.exists() and not entries.is_file():
            raise SimcoreError(f"{entries}: not an ordinary file, and --on-error quarantine reads it twice")
    at_terminal = sys.stderr.isatty() and not (output is None and sys.stdout.isatty())
    with ExitStack() as stack:
        sink = sys.stdout.buffer
        if output is not None:
            sink = stack.enter_context(files.replacing(output, file, entries))
        console = Console(stderr=True)
        bar = stack.enter_context(Progress(console=console, transient=True, disable=not at_terminal))
        reading = bar.add_task("Reading", total=None)
        given = files.read(entries, lambda done, size: bar.update(reading, completed=done, total=size))
        working = bar.add_task("Projecting", total=None)
        usable = given.judge(sequence.plan(assumed).vias, clock)
        while True:
            if given.broken and on_error == "stop":
                raise given.told()
            try:
                sends = simcore.project(sequence, usable[given.good], **options)
                break
            except EntryError as error:  # what is right by itself may still end too late
                given.refuse(dict.fromkeys(np.flatnonzero(given.good)[error.rows].tolist(), _LATE))
        bar.update(working, total=1, completed=1)
        writing = bar.add_task("Writing", total=len(sends))
        write(sends, here, sink, lambda rows: bar.advance(writing, rows))
        sink.flush()
        if given.broken:
            with files.replacing(aside, file, entries) as page:
                page.write(given.quarantine())
    if given.broken:
        _say(f"{len(given.broken)} of {given.total} rows cannot be used: they are in {aside}")
    if output is not None:
        _summarise(sends, here, output, len(given.broken), aside, as_json)


@app.command()
def assumptions(
    platform: Annotated[str, typer.Argument(metavar="[kit]", help="The platform.")] = "kit",
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """List the switches for what a platform does not say of itself.

    \b
      simcore assumptions kit
      simcore preview welcome.json --entered 2026-03-06 --assume day_count=elapsed
    """
    if platform != "kit":
        raise SimcoreError(f"no platform {shown(platform)}; there is: kit")
    switches = kit.assumptions()
    if as_json:
        _write_json(switches.to_dict("records"))
    else:
        _show([], [*switches.columns], switches.to_numpy().tolist())


@app.command()
def example(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Which; without it a list.")] = None,
) -> None:
    """Print a file that comes with simcore, to try things on.

    \b
      simcore example welcome > welcome.json
    """
    found = simcore.example(name)
    if isinstance(found, Path):
        sys.stdout.buffer.write(found.read_bytes())
    else:
        _write("".join(f"{each}\n" for each in found))


@contextmanager
def _naming(what: object) -> Iterator[None]:
    """Says in an error what it is about."""
    try:
        yield
    except SimcoreError as error:
        raise SimcoreError(f"{what}: {error}") from None


def _load(
    file: Path, emails: Path | None, time_zone: str | None, naive_time_zone: str | None
) -> kit.Sequence:
    for option, name in (("--time-zone", time_zone), ("--naive-time-zone", naive_time_zone)):
        with _naming(option):
            instants.check_zone(name)
    with _naming(file):
        return kit.load(file, emails=emails, time_zone=time_zone)


def _assumed(given: list[str] | None) -> kit.Assumptions:
    defaults = {each.name: each.default for each in fields(kit.Assumptions)}
    chosen: dict[str, Any] = {}
    for item in given or []:
        name, equals, value = item.partition("=")
        if not equals or name not in defaults:
            raise SimcoreError(
                f"--assume: found {shown(item)}, expected NAME=VALUE, the name one of: {', '.join(defaults)}"
            )
        chosen[name] = _length(item, value) if isinstance(defaults[name], timedelta) else value
    return kit.Assumptions(**chosen)


def _length(item: str, value: str) -> timedelta:
    with suppress(ValueError):
        length = pd.Timedelta(value) if re.search("[a-z:]", value) else pd.NaT  # a bare number has no unit
        if isinstance(length, pd.Timedelta):
            return length.to_pytimedelta()
    raise SimcoreError(f"--assume: found {shown(item)}, expected a length of time such as 15min or 0:15:00")


def _summarise(
    sends: pd.DataFrame, here: Zone, output: Path, broken: int, aside: Path, as_json: bool
) -> None:
    """The one line, or object, on what was written."""
    count, some = int(sends["subscriber_id"].nunique()), len(sends) > 0
    ends = [sends["send_at"].min(), sends["send_at"].max()] if some else []
    ends_us = files.us_of(pd.Series(ends, dtype=sends["send_at"].dtype))
    first, last = files.iso(ends_us, here) or (None, None)
    if as_json:
        _write_json({
            "subscribers": count,
            "sends": len(sends),
            "first_send": first,
            "last_send": last,
            "file": str(output),
            "quarantined": broken,
            "quarantine_file": str(aside) if broken else None,
        })
    elif some:
        span = " to ".join(_clock(us, here) for us in ends_us.tolist())
        _print(f"{len(sends)} sends to {count} subscribers, {span}, in {_visible(str(output))}\n")
    else:
        _print(f"no sends, in {_visible(str(output))}\n")


def _clock(instant_us: int, here: Zone) -> str:
    """An instant as people write it: Fri 6 Mar 2026 21:07 EST."""
    at = np.array([instant_us])
    local = _EPOCH + timedelta(microseconds=int(here.local_us(at)[0]))
    time = local.time().isoformat() if instant_us % 60_000_000 else f"{local:%H:%M}"
    return f"{local:%a} {local.day} {local:%b %Y} {time} {here.abbreviations[int(here.stretch(at)[0])]}"


def _show(heading: list[str], names: list[str], rows: list[Any]) -> None:
    """A table under its heading, plain, as wide as the terminal but never over 80 columns."""
    page = io.TextIOWrapper(io.BytesIO(), encoding=sys.stdout.encoding, errors="backslashreplace", newline="")
    width = min(shutil.get_terminal_size().columns, _COLUMNS)
    console = Console(file=page, width=width, color_system=None, legacy_windows=False)
    for line in heading:
        console.print(Text(_visible(line), overflow="fold"))
    table = Table(box=box.SIMPLE_HEAD, leading=1, pad_edge=False)
    for name in names:
        table.add_column(name, overflow="fold", no_wrap=name == "send time")
    for row in rows:
        table.add_row(*(Text(_visible(str(value))) for value in row))
    if rows:
        console.print(table)
    page.seek(0)
    _print("".join(f"{line.rstrip()}\n" for line in page.read().strip("\n").split("\n")))


def _visible(text: str) -> str:
    """A text in which what a terminal would obey, or not show, is spelt out."""
    return "".join(
        char
        if char.isprintable() or char == "\u200d"  # which joins emoji
        else " "
        if unicodedata.category(char) == "Zs"
        else char.encode("unicode_escape").decode()
        for char in text
    )


def _say(text: str) -> None:
    typer.echo("\n".join(map(_visible, text.split("\n"))), err=True)


def _print(text: str) -> None:
    """For people: in the terminal's encoding."""
    _write(text, sys.stdout.encoding)


def _write_json(value: object) -> None:
    _write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def _write(text: str, encoding: str = "utf-8") -> None:
    sys.stdout.buffer.write(text.encode(encoding, "backslashreplace"))
