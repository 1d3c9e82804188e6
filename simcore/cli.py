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
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd

import simcore
from simcore import files, instants, kit
from simcore.errors import SimcoreError, TooLateError, shown
from simcore.json_file import read_json
from simcore.kit.api import all_from_api
from simcore.kit.changes import from_json
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


_File = Annotated[
    Path, typer.Argument(metavar="FILE", help="The sequence: JSON as Kit's API gives it. Of a list, FILE#ID.")
]
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
_Entries = Annotated[
    Path,
    typer.Argument(
        metavar="ENTRIES",
        help="Who enters when: .parquet, or CSV (UTF-8, a header); columns subscriber_id and entered_at, "
        "optionally via. The ids of a CSV file stay the text that stands there.",
    ),
]
_Events = Annotated[
    Path | None,
    typer.Option(
        metavar="EVENTS",
        help="What befalls subscribers, such as tag_added or unsubscribed: a file as for ENTRIES; columns "
        "subscriber_id, at, event, and ref (a tag's id, say) where an event needs it.",
    ),
]
_CHANGES_HELP = (
    "Edits of the sequence: a JSON list of {at, op, email_id, fields}, or of calls of Kit's API: "
    "{at, method, path, body}."
)
_Changes = Annotated[Path | None, typer.Option(metavar="CHANGES", help=_CHANGES_HELP)]
_Until = Annotated[str | None, typer.Option(metavar="TIME", help="The end: nothing at or after it goes out.")]
_Order = Annotated[
    str, typer.Option(metavar="entry|email", help="Rows by entry, or email by email (faster).")
]
_Explain = Annotated[bool, typer.Option("--explain", help="A column more: the reason of each send.")]
_OnError = Annotated[
    str,
    typer.Option(
        metavar="stop|quarantine",
        help="Rows that cannot be used: stop and name them; or go on with the others, and write these, each "
        "with its line and the reason, to files named .quarantine.csv: beside the output, or without one "
        "beside the file that they are from.",
    ),
]


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
    entries: _Entries,
    events: _Events = None,
    changes: _Changes = None,
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
    until: _Until = None,
    order: _Order = "entry",
    explain: _Explain = False,
    include_drafts: _Drafts = False,
    assume: _Assume = None,
    naive_time_zone: _NaiveZone = None,
    on_error: _OnError = "stop",
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
    sequence = _load(file, emails, time_zone, naive_time_zone)
    asked = _asked(sequence, changes, until, include_drafts, assume, naive_time_zone)
    asides = []
    if output is not None:
        asides = [output.with_name(f"{output.stem}{name}.quarantine.csv") for name in ("", ".events")]
    asked |= {"order": order, "explain": explain}
    sources, inputs = _sources(entries, events, *asides), [file, emails, changes]
    sends, set_aside = _answer(simcore.project, sequence, asked, sources, inputs, [output], on_error, as_json)
    if output is None:
        return
    summary, told = _summary(sends, sequence.time_zone)
    if as_json:
        _write_json(summary | {"file": str(output)} | set_aside)
    else:
        _print(f"{told}, in {_visible(str(output))}\n")


@app.command()
def simulate(
    file: _File,
    entries: _Entries,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="FOLDER", help="Where to write; made if it is not there."),
    ],
    events: _Events = None,
    changes: _Changes = None,
    suffix: Annotated[
        str, typer.Option("--format", metavar="csv|parquet", help="The format of the tables.")
    ] = "csv",
    emails: _Emails = None,
    time_zone: _AccountZone = None,
    until: _Until = None,
    order: _Order = "entry",
    explain: _Explain = False,
    include_drafts: _Drafts = False,
    assume: _Assume = None,
    naive_time_zone: _NaiveZone = None,
    on_error: _OnError = "stop",
    as_json: Annotated[bool, typer.Option("--json", help="The summary as JSON.")] = False,
) -> None:
    """Write the whole life of all subscribers: timeline, subscribers and journal.

    \b
      simcore simulate welcome.json entries.csv --events events.csv
        --changes changes.json -o out

    The timeline has a row for each send, subscribers one for each run as it stands at the end, and the journal
    one for all else that happened. Times without an offset are what the clock on the wall shows in the
    sequence's zone.
    """
    _check("--format", suffix, "csv", "parquet")
    sequence = _load(file, emails, time_zone, naive_time_zone)
    asked = _asked(sequence, changes, until, include_drafts, assume, naive_time_zone)
    tables = {name: output / f"{name}.{suffix}" for name in simcore.Simulation._fields}
    asides = [output / "entries.quarantine.csv", output / "events.quarantine.csv"]
    asked |= {"order": order, "explain": explain}
    sources, inputs, outputs = _sources(entries, events, *asides), [file, emails, changes], [*tables.values()]
    with files.folder(output):
        life, set_aside = _answer(
            simcore.simulate, sequence, asked, sources, inputs, outputs, on_error, as_json
        )
    statuses = life.subscribers["status"].value_counts(sort=False).to_dict()
    summary, told = _summary(life.timeline, sequence.time_zone)
    turned = life.journal.loc[life.journal["run"].isna(), "what"].astype(str).value_counts().to_dict()
    if as_json:
        _write_json({
            "runs": len(life.subscribers),
            "status": statuses,
            "entries_without_run": turned,
            **summary,
            "files": {name: str(path) for name, path in tables.items()},
            **set_aside,
        })
        return
    lines = [f"{len(life.subscribers)} runs: {_counts(statuses)}" if len(life.subscribers) else "no runs"]
    if turned:
        lines += [f"{sum(turned.values())} entries that started no run: {_counts(turned)}"]
    names = ", ".join(path.name for path in tables.values())
    lines += [told, f"{names}: in {_visible(str(output))}"]
    _print("".join(f"{line}\n" for line in lines))


@app.command()
def impact(
    file: _File,
    entries: _Entries,
    changes: Annotated[Path, typer.Option(metavar="CHANGES", help=_CHANGES_HELP)],
    events: _Events = None,
    emails: _Emails = None,
    time_zone: _AccountZone = None,
    until: _Until = None,
    include_drafts: _Drafts = False,
    assume: _Assume = None,
    naive_time_zone: _NaiveZone = None,
    on_error: _OnError = "stop",
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """Show what edits do to those already inside: who gets mail right away?

    \b
      simcore impact welcome.json entries.csv --changes changes.json

    For each email: how many get it at the very instant of a change; how many get it earlier, later or at the
    same time as without the changes; how many get it only with them, or only without; and by how much it
    moves (the median).
    """
    sequence = _load(file, emails, time_zone, naive_time_zone)
    asked = _asked(sequence, changes, until, include_drafts, assume, naive_time_zone)
    sources, inputs = _sources(entries, events), [file, emails, changes]
    table, set_aside = _answer(simcore.impact, sequence, asked, sources, inputs, [], on_error, as_json)
    at_once = int(table["sent_at_once"].sum())
    rows: Any = table.to_dict("records")
    if as_json:
        for row in rows:
            shift = row.pop("median_shift")
            row["median_shift_seconds"] = None if shift is pd.NaT else shift.total_seconds()
        _write_json({"sent_at_once": at_once, "emails": rows} | set_aside)
        return
    told = {0: "No email goes", 1: "1 email goes"}.get(at_once, f"{at_once} emails go")
    for row in rows:
        row["median_shift"] = _shift(row["median_shift"])
    names = ["email", "subject", "sent at once", *table.columns[3:-1], "median shift"]
    _show([f"{told} out at the instant of a change."], names, [row.values() for row in rows])


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


def _check(option: str, found: str, one: str, other: str) -> None:
    if found not in {one, other}:
        raise SimcoreError(f"{option}: found {shown(found)}, expected {one!r} or {other!r}")


def _load(
    file: Path, emails: Path | None, time_zone: str | None, naive_time_zone: str | None
) -> kit.Sequence:
    for option, name in (("--time-zone", time_zone), ("--naive-time-zone", naive_time_zone)):
        with _naming(option):
            instants.check_zone(name)
    whole, mark, wanted = str(file).rpartition("#")
    if mark and not file.exists():
        file = Path(whole)
    with _naming(file):
        payload = read_json(file)
        beside = None if emails is None else read_json(emails)
        if not isinstance(payload, Mapping) or "sequences" not in payload or emails is not None:
            return kit.from_api(payload, beside, time_zone=time_zone)
        listed = all_from_api(payload, time_zone=time_zone)
        chosen = [each for each in listed if not mark or str(each.id) == wanted]
        if len(chosen) == 1:
            return chosen[0]
        names = ", ".join(f"{file}#{each.id} ({each.name})" for each in listed) or "none"
        raise SimcoreError(f"a list of {len(listed)} sequences: name one of them: {names}")


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


def _asked(
    sequence: kit.Sequence,
    changes: Path | None,
    until: str | None,
    include_drafts: bool,
    assume: list[str] | None,
    naive_time_zone: str | None,
) -> dict[str, Any]:
    """What is typed for project, simulate and impact alike, as their arguments."""
    clock = naive_time_zone or sequence.time_zone
    until_us = None if until is None else instants.read_one(until, "--until", clock)
    asked: dict[str, Any] = {
        "until": None if until_us is None else files.aware([until_us])[0],
        "include_drafts": include_drafts,
        "assumptions": _assumed(assume),
        "naive_time_zone": clock,
    }
    if changes is not None:
        with _naming(changes):
            asked["changes"] = from_json(read_json(changes))
            simcore.project(sequence, [], **asked)  # to nobody: what is wrong now is wrong with the changes
    return asked


_Source = tuple[Path, files.Columns, Path]


def _sources(entries: Path, events: Path | None, *asides: Path) -> list[_Source]:
    """The files of entries and of events, and where rows of each that cannot be used go: by default beside it."""
    found = [(entries, files.ENTRIES), (events, files.EVENTS)]
    return [
        (path, columns, asides[at] if asides else path.with_name(f"{path.stem}.quarantine.csv"))
        for at, (path, columns) in enumerate(found)
        if path is not None
    ]


def _answer(
    verb: Callable[..., Any],
    sequence: kit.Sequence,
    asked: dict[str, Any],
    sources: list[_Source],
    inputs: Sequence[Path | None],
    outputs: Sequence[Path | None],
    on_error: str,
    as_json: bool,
) -> tuple[Any, dict[str, Any]]:
    """What a verb answers, its frames written to `outputs` (None is standard output), and what was set aside.

    `inputs`: the other files that are read; like the sources, none of them is ever written to.
    """
    write = files.writer(outputs[0] if outputs else None, as_json)
    _check("--on-error", on_error, "stop", "quarantine")
    _check("--order", asked.get("order", "entry"), "entry", "email")
    here, clock = zone(sequence.time_zone), asked["naive_time_zone"]
    kept = [path for path in (*inputs, *(path for path, *_ in sources)) if path is not None]
    if on_error == "quarantine":
        for path, _, aside in sources:
            files.target_of(aside, *kept)
            if path.exists() and not path.is_file():
                raise SimcoreError(f"{path}: not an ordinary file, and --on-error quarantine reads it twice")
    at_terminal = sys.stderr.isatty() and not (None in outputs and sys.stdout.isatty())
    with ExitStack() as stack:
        sinks = [
            sys.stdout.buffer if path is None else stack.enter_context(files.replacing(path, *kept))
            for path in outputs
        ]
        console = Console(stderr=True)
        bar = stack.enter_context(Progress(console=console, transient=True, disable=not at_terminal))
        reading = bar.add_task("Reading", total=None)
        tables = [
            files.read(path, columns, lambda done, size: bar.update(reading, completed=done, total=size))
            for path, columns, _ in sources
        ]
        working = bar.add_task("Projecting", total=None)
        plan, given = sequence.plan(asked["assumptions"]), tables[0]
        entries = given.entries(plan, clock)
        for rows in tables[1:]:
            asked["events"] = rows.events(plan, clock)[rows.good]
        while True:
            for rows in tables:
                if rows.broken and on_error == "stop":
                    raise rows.told()
            try:
                found = verb(sequence, entries[given.good], **asked)
                break
            except TooLateError as error:  # what is right by itself may still end too late
                given.refuse(dict.fromkeys(np.flatnonzero(given.good)[error.rows].tolist(), _LATE))
        bar.update(working, total=1, completed=1)
        frames = (found if isinstance(found, tuple) else (found,))[: len(sinks)]
        writing = bar.add_task("Writing", total=sum(map(len, frames)))
        for frame, sink in zip(frames, sinks, strict=True):
            write(frame, here, sink, lambda rows: bar.advance(writing, rows))
            sink.flush()
        for rows, (*_, aside) in zip(tables, sources, strict=True):
            if rows.broken:
                with files.replacing(aside, *kept) as page:
                    page.write(rows.quarantine())
    set_aside: dict[str, Any] = {}
    for rows, (*_, aside), prefix in zip(tables, sources, ("", "events_"), strict=False):
        set_aside[f"{prefix}quarantined"] = len(rows.broken)
        set_aside[f"{prefix}quarantine_file"] = str(aside) if rows.broken else None
        if rows.broken:
            _say(f"{len(rows.broken)} of {rows.total} rows cannot be used: they are in {aside}")
    return found, set_aside


def _summary(sends: pd.DataFrame, time_zone: str) -> tuple[dict[str, Any], str]:
    """What was written: for machines, and in words."""
    here, people = zone(time_zone), int(sends["subscriber_id"].nunique())
    first = last = None
    told = "no sends"
    if len(sends):
        ends_us = files.us_of(sends["send_at"].agg(["min", "max"]))
        first, last = files.iso(ends_us, here)
        span = " to ".join(_clock(us, here) for us in ends_us.tolist())
        told = f"{len(sends)} sends to {people} subscribers, {span}"
    return {"subscribers": people, "sends": len(sends), "first_send": first, "last_send": last}, told


def _shift(shift: Any) -> str:
    """A length of time as people write it, in its two largest units: 1 d 9 h later."""
    if not shift or shift is pd.NaT:
        return "none" if shift is not pd.NaT else ""
    parts = [
        f"{number} {unit}"
        for number, unit in zip(abs(shift).components, ("d", "h", "min", "s"), strict=False)
        if number
    ]
    return f"{' '.join(parts[:2])} {'later' if shift > pd.Timedelta(0) else 'earlier'}"


def _counts(numbers: dict[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in numbers.items() if number)


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
    table = Table(box=box.SIMPLE_HEAD, leading=1, pad_edge=False, collapse_padding=True)
    for name, cells in zip(names, zip(*rows, strict=True), strict=False):
        table.add_column(
            name,
            overflow="fold",
            no_wrap=name in {"name", "send time"},
            min_width=max(map(len, name.split())),
            justify="right" if all(isinstance(cell, int) for cell in cells) else "left",
        )
    for row in rows:
        table.add_row(*(Text(_visible(str(value))) for value in row))
    if rows:
        console.print(table)
    page.seek(0)
    _print("\n".join(line.rstrip() for line in page.read().split("\n")).strip("\n") + "\n")


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
