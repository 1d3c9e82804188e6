"""The command line, the extra `cli` (typer, rich): what is typed becomes calls of simcore, what comes back is shown.

Nothing here knows how a sequence works. What is wrong with the input leaves as one message on standard error
and exit status 2. What machines read is UTF-8, whatever the terminal's encoding.
"""

import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import numpy as np
import pandas as pd

import simcore
from simcore import files, instants, kit, projection, sequenzy
from simcore.errors import SimcoreError, TooLateError, shown
from simcore.json_file import read_json
from simcore.kit.api import all_from_api
from simcore.kit.changes import from_json
from simcore.kit.model import ACCOUNT_ZONE
from simcore.periods import FREQUENCIES
from simcore.scale import parquet
from simcore.zones import zone

try:
    import typer
    from rich import console, progress
    from typer.core import TyperGroup

    from simcore import terminal
except ModuleNotFoundError as absent:
    if (absent.name or "").partition(".")[0] not in {"click", "rich", "typer"}:
        raise
    print('Error: the command line needs typer and rich: pip install "simcore[cli]"', file=sys.stderr)
    raise SystemExit(2) from None

# Asked from the last to the first, since Kit's frame fits others' files too.
_PLATFORMS: dict[str, ModuleType] = {"kit": kit, "sequenzy": sequenzy}
_ONLY = {"kit": ("emails", "time_zone", "include_drafts", "changes"), "sequenzy": ("enabled_at", "render")}
_LATE = "an email would go out after 2200-01-01 UTC"
_NAMED = "give -o a name that ends in .csv or .parquet"
_AS_TYPED = {
    "include_drafts=True": "--include-drafts",
    "pass until= to": "pass --until to",
    r"give chunk_rows=\d+": _NAMED,
}


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
            terminal.say(f"Error: {error.filename or 'standard output'}: {error.strerror or error}")
        except SimcoreError as error:
            terminal.say(f"Error: {_as_typed(error)}")
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
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": terminal.COLUMNS},
)


def main() -> None:
    """The command `simcore`."""
    app(prog_name="simcore")


def _as_typed(told: object) -> str:
    """What the library says, with options for arguments."""
    text = str(told)
    for argument, option in _AS_TYPED.items():
        text = re.sub(argument, option, text)
    return text


def _show_versions(wanted: bool) -> None:
    if wanted:
        terminal.write("".join(f"{name} {number}\n" for name, number in simcore.versions().items()))
        raise typer.Exit


_File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE", help="The sequence: JSON of Kit's or Sequenzy's API. Of a list of Kit's, FILE#ID."
    ),
]
_Emails = Annotated[
    Path | None,
    typer.Option(metavar="FILE2", help="Kit: a second file with its emails, where they are apart."),
]
_AccountZone = Annotated[
    str | None,
    typer.Option(
        metavar="ZONE",
        help=f"Kit: the account's time zone, for a sequence that names none; without it {ACCOUNT_ZONE}.",
    ),
]
_Drafts = Annotated[bool, typer.Option("--include-drafts", help="Kit: treat every draft as published.")]
_Assume = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=VALUE", help="Turn a switch that `simcore assumptions` lists; repeatable."),
]
_NaiveZone = Annotated[
    str | None,
    typer.Option(metavar="ZONE", help="The zone of times without an offset; without it the sequence's."),
]
_JSON = typer.Option("--json", help="JSON, for machines.")
_ENTRIES_HELP = (
    "Who enters when: .parquet, or CSV (UTF-8, a header, at most 16,777,216 characters a field); columns "
    "subscriber_id and entered_at, optionally via and, for Sequenzy, properties (a JSON object). The ids of a CSV "
    "file stay the text that stands there."
)
_TRIGGER_HELP = "Without ENTRIES a sequence of Sequenzy's enrols by its trigger, from EVENTS."
_Entries = Annotated[Path | None, typer.Argument(metavar="ENTRIES", help=f"{_ENTRIES_HELP} {_TRIGGER_HELP}")]
_Events = Annotated[
    Path | None,
    typer.Option(
        metavar="EVENTS",
        help="What befalls subscribers, such as tag_added or unsubscribed: a file as for ENTRIES; columns "
        "subscriber_id, at, event, and ref (a tag's id, say) where an event needs it; for Sequenzy also "
        "properties (a JSON object), and any name is an event.",
    ),
]
_CHANGES_HELP = (
    "Kit: edits of the sequence, a JSON list of {at, op, email_id, fields}, or of calls of Kit's API: "
    "{at, method, path, body}."
)
_Changes = Annotated[Path | None, typer.Option(metavar="CHANGES", help=_CHANGES_HELP)]
_Until = Annotated[str | None, typer.Option(metavar="TIME", help="The end: nothing at or after it goes out.")]
_EnabledAt = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="Sequenzy: when the sequence is enabled; nothing before enrols. Without it, before all EVENTS.",
    ),
]
_Render = Annotated[
    bool, typer.Option("--render", help="Sequenzy: a column more, subjects with their merge tags filled in.")
]
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
    only = {"emails": emails, "time_zone": time_zone, "include_drafts": include_drafts}
    sequence = _load(file, naive_time_zone, only)
    here = zone(sequence.time_zone)
    entered_us = instants.read_one(entered, "--entered", naive_time_zone or sequence.time_zone)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        sends = simcore.preview(
            sequence,
            files.aware([entered_us])[0],
            include_drafts=include_drafts,
            assumptions=_assumed(assume, sequence),
        )
    for warning in caught:
        terminal.say(f"Warning: {_as_typed(warning.message)}")
    rows: Any = sends.reset_index().rename(columns={"wait": "wait_seconds"}).to_dict("records")
    for row in rows:
        never = row["send_at"] is pd.NaT
        at_us = files.us_of([row["send_at"]])
        row["wait_seconds"] = None if never else row["wait_seconds"].total_seconds()
        row["send_at"] = (
            None if never else files.iso(at_us, here)[0] if as_json else terminal.clock(at_us[0], here)
        )
    if as_json:
        terminal.write_json(rows)
        return
    heading = [f"{sequence.name}, {sequence.time_zone}", f"entered {terminal.clock(entered_us, here)}"]
    cells = [(row["position"], row["send_at"] or "not sent", row["subject"], row["reason"]) for row in rows]
    terminal.show(heading, ["pos", "send time", "subject", "reason"], cells)


@app.command()
def project(
    file: _File,
    entries: _Entries = None,
    events: _Events = None,
    changes: _Changes = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="A .csv or .parquet file; without it CSV on standard output. Or, where ENTRIES is .parquet, a "
            "folder: one that is there, or a name without a suffix.",
        ),
    ] = None,
    emails: _Emails = None,
    time_zone: _AccountZone = None,
    enabled_at: _EnabledAt = None,
    until: _Until = None,
    order: _Order = "entry",
    explain: _Explain = False,
    render: _Render = False,
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
      simcore project onboarding.json --events sequenzy_events.csv

    Lines are those of the file, the header being line 1; a row with line breaks inside quotation marks is
    named by its first line. Outputs are there whole or not at all.

    With a folder for OUT, ENTRIES may be bigger than memory: it becomes Parquet files there, part by part, that
    read as one table. A run can be stopped at any time; the same command goes on where it was. The rows of a
    subscriber must stand together, and --order email orders each part.

    \b
      simcore project welcome.json entries.parquet -o sends
    """
    only = {
        "emails": emails,
        "time_zone": time_zone,
        "include_drafts": include_drafts,
        "changes": changes,
        "enabled_at": enabled_at,
        "render": render,
    }
    sequence = _load(file, naive_time_zone, only)
    asked = _asked(sequence, until, assume, naive_time_zone, only)
    asked |= {"order": order, "explain": explain, "render": render}
    if output is not None and entries is not None and _streams(entries, output):
        _stream(sequence, asked, entries, events, output, on_error, as_json)
        return
    sources, inputs = _sources(entries, events, *_beside(output)), [file, emails, changes]
    sends, set_aside = _answer(simcore.project, sequence, asked, sources, inputs, [output], on_error, as_json)
    if output is None:
        return
    summary, told = _summary(sends, sequence.time_zone)
    if as_json:
        terminal.write_json(summary | {"file": str(output)} | set_aside)
    else:
        terminal.tell(f"{told}, in {terminal.visible(str(output))}\n")


@app.command()
def forecast(
    file: _File,
    entries: Annotated[
        Path | None,
        typer.Argument(
            metavar="ENTRIES",
            help=f"{_ENTRIES_HELP} Or arrivals that are already counted: columns entered_at and count, and no "
            f"subscriber_id. {_TRIGGER_HELP}",
        ),
    ] = None,
    freq: Annotated[
        str,
        typer.Option(
            metavar="|".join(FREQUENCIES), help="Quarter hours, hours, days, or weeks (from Monday)."
        ),
    ] = "D",
    by: Annotated[
        str, typer.Option(metavar="email|total", help="A column for each position, or one, sends.")
    ] = "email",
    events: _Events = None,
    changes: _Changes = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="A .csv or .parquet file: the column period, and one for each position or sends; without it a "
            "table here.",
        ),
    ] = None,
    emails: _Emails = None,
    time_zone: _AccountZone = None,
    enabled_at: _EnabledAt = None,
    until: _Until = None,
    include_drafts: _Drafts = False,
    assume: _Assume = None,
    naive_time_zone: _NaiveZone = None,
    on_error: _OnError = "stop",
    as_json: Annotated[
        bool, typer.Option("--json", help="The summary as JSON; without -o with the rows, in periods.")
    ] = False,
) -> None:
    """Show how much goes out when.

    \b
      simcore forecast welcome.json entries.csv --freq W
      simcore forecast welcome.json entries.csv --freq h -o load.csv

    Periods are those of the clock on the wall in the sequence's zone, from the first to the last with a send: a
    day may have 23 or 25 hours, and an hour that comes twice is two rows.
    """
    _check("--freq", freq, *FREQUENCIES)
    _check("--by", by, "email", "total")
    only = {
        "emails": emails,
        "time_zone": time_zone,
        "include_drafts": include_drafts,
        "changes": changes,
        "enabled_at": enabled_at,
    }
    sequence = _load(file, naive_time_zone, only)
    asked = _asked(sequence, until, assume, naive_time_zone, only)
    epochs = projection.make(sequence, [], **asked).epochs
    asked |= {"freq": freq, "by": "email" if by == "email" else None}
    sources, inputs = _sources(entries, events, *_beside(output), counted=True), [file, emails, changes]
    outputs = [] if output is None else [output]
    table, set_aside = _answer(_counted, sequence, asked, sources, inputs, outputs, on_error, as_json)
    here, starts_us = zone(sequence.time_zone), files.us_of(table["period"])
    columns: dict[str, list[int]] = {name: table[name].tolist() for name in table.columns[1:]}
    totals = table[[*columns]].sum(axis=1).tolist()
    most = totals.index(max(totals)) if totals else None
    if as_json:
        periods = files.iso(starts_us, here)
        summary = {
            "sends": sum(totals),
            "busiest_period": None if most is None else periods[most],
            "busiest_sends": None if most is None else totals[most],
        }
        rows = table.assign(period=periods).to_dict("records")
        terminal.write_json(
            summary | ({"periods": rows} if output is None else {"file": str(output)}) | set_aside
        )
        return
    told = "no sends"
    labels = terminal.spans(starts_us, here, freq) if totals else []
    if most is not None:
        told = f"{sum(totals)} sends; busiest: {' '.join(labels[most].split())} with {totals[most]}"
    if output is not None:
        terminal.tell(f"{told}, in {terminal.visible(str(output))}\n")
        return
    lines = [terminal.cut(f"{sequence.name}, {sequence.time_zone}"), ""]
    if by == "email" and totals:
        steps = [step for epoch in epochs for step in epoch.plan.steps if step.queued and step.sends]
        for name in columns:
            subjects = dict.fromkeys(step.subject for step in steps if str(step.position) == name)
            lines.append(terminal.cut(" / ".join(subjects), f" {name:>3}  "))
        lines.append("")
        columns["total"] = totals
    terminal.tell("".join(f"{line}\n" for line in lines))
    if totals:
        terminal.chart(labels, columns)
        terminal.tell("\n")
    terminal.tell(f"{told}\n")


def _counted(sequence: Any, **asked: Any) -> pd.DataFrame:
    """A forecast as a file has it: periods in a column too, and all names texts."""
    return simcore.forecast(sequence, **asked).rename(columns=str).rename_axis(columns=None).reset_index()


@app.command()
def simulate(
    file: _File,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="FOLDER", help="Where to write; made if it is not there."),
    ],
    entries: _Entries = None,
    events: _Events = None,
    changes: _Changes = None,
    suffix: Annotated[
        str, typer.Option("--format", metavar="csv|parquet", help="The format of the tables.")
    ] = "csv",
    emails: _Emails = None,
    time_zone: _AccountZone = None,
    enabled_at: _EnabledAt = None,
    until: _Until = None,
    order: _Order = "entry",
    explain: _Explain = False,
    render: _Render = False,
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
    only = {
        "emails": emails,
        "time_zone": time_zone,
        "include_drafts": include_drafts,
        "changes": changes,
        "enabled_at": enabled_at,
        "render": render,
    }
    sequence = _load(file, naive_time_zone, only)
    asked = _asked(sequence, until, assume, naive_time_zone, only)
    tables = {name: output / f"{name}.{suffix}" for name in simcore.Simulation._fields}
    asides = [output / "entries.quarantine.csv", output / "events.quarantine.csv"]
    asked |= {"order": order, "explain": explain, "render": render}
    sources, inputs, outputs = _sources(entries, events, *asides), [file, emails, changes], [*tables.values()]
    with files.folder(output):
        life, set_aside = _answer(
            simcore.simulate, sequence, asked, sources, inputs, outputs, on_error, as_json
        )
    statuses = life.subscribers["status"].value_counts(sort=False).to_dict()
    summary, told = _summary(life.timeline, sequence.time_zone)
    turned = life.journal.loc[life.journal["run"].isna(), "what"].astype(str).value_counts().to_dict()
    if as_json:
        terminal.write_json({
            "runs": len(life.subscribers),
            "status": statuses,
            "entries_without_run": turned,
            **summary,
            "files": {name: str(path) for name, path in tables.items()},
            **set_aside,
        })
        return
    lines = [
        f"{len(life.subscribers)} runs: {terminal.counts(statuses)}" if len(life.subscribers) else "no runs"
    ]
    if turned:
        lines += [f"{sum(turned.values())} entries that started no run: {terminal.counts(turned)}"]
    names = ", ".join(path.name for path in tables.values())
    lines += [told, f"{names}: in {terminal.visible(str(output))}"]
    terminal.tell("".join(f"{line}\n" for line in lines))


@app.command()
def impact(
    file: _File,
    entries: Annotated[Path, typer.Argument(metavar="ENTRIES", help=_ENTRIES_HELP)],
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
    only = {"emails": emails, "time_zone": time_zone, "include_drafts": include_drafts}
    sequence = _load(file, naive_time_zone, only)
    asked = _asked(sequence, until, assume, naive_time_zone, only | {"changes": changes})
    sources, inputs = _sources(entries, events), [file, emails, changes]
    table, set_aside = _answer(simcore.impact, sequence, asked, sources, inputs, [], on_error, as_json)
    at_once = int(table["sent_at_once"].sum())
    rows: Any = table.to_dict("records")
    if as_json:
        for row in rows:
            shift = row.pop("median_shift")
            row["median_shift_seconds"] = None if shift is pd.NaT else shift.total_seconds()
        terminal.write_json({"sent_at_once": at_once, "emails": rows} | set_aside)
        return
    told = {0: "No email goes", 1: "1 email goes"}.get(at_once, f"{at_once} emails go")
    for row in rows:
        row["median_shift"] = terminal.shift(row["median_shift"])
    names = ["email", "subject", "sent at once", *table.columns[3:-1], "median shift"]
    terminal.show([f"{told} out at the instant of a change."], names, [row.values() for row in rows])


@app.command()
def assumptions(
    platform: Annotated[
        str | None,
        typer.Argument(metavar="|".join(_PLATFORMS), help="The platform; without it all of them."),
    ] = None,
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """List the switches for what a platform does not say of itself.

    \b
      simcore assumptions kit
      simcore preview welcome.json --entered 2026-03-06 --assume day_count=elapsed
    """
    if platform is not None and platform not in _PLATFORMS:
        raise SimcoreError(f"no platform {shown(platform)}; there are: {', '.join(_PLATFORMS)}")
    switches = {
        name: each.assumptions() for name, each in _PLATFORMS.items() if platform is None or name == platform
    }
    if as_json:
        listed = {name: table.to_dict("records") for name, table in switches.items()}
        terminal.write_json(listed if platform is None else listed[platform])
        return
    for number, (name, table) in enumerate(switches.items()):
        terminal.tell("\n" if number else "")
        heading = [_title(name)] if platform is None else []
        terminal.show(heading, [*table.columns], table.to_numpy().tolist())


@app.command()
def example(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Which; without it a list.")] = None,
) -> None:
    """Print a file that comes with simcore, to try things on.

    \b
      simcore example welcome > welcome.json
    """
    found = simcore.example(name)
    if isinstance(found, Path):
        sys.stdout.buffer.write(found.read_bytes())
    else:
        terminal.write("".join(f"{each}\n" for each in found))


@contextmanager
def _naming(what: object) -> Iterator[None]:
    """Says in an error what it is about."""
    try:
        yield
    except SimcoreError as error:
        raise SimcoreError(f"{what}: {error}") from None


def _check(option: str, found: str, *expected: str) -> None:
    if found not in expected:
        *others, last = map(repr, expected)
        raise SimcoreError(f"{option}: found {shown(found)}, expected {', '.join(others)} or {last}")


def _title(platform: str) -> str:
    return platform.capitalize()


def _typed(parameter: str) -> str:
    return f"--{parameter.replace('_', '-')}"


def _load(file: Path, naive_time_zone: str | None, only: Mapping[str, Any]) -> Any:
    """The sequence of a file; `only`: what is given, by its parameter, and not for every platform."""
    named, mark, wanted = str(file).rpartition("#")
    of_list = bool(mark) and not file.exists()
    file = Path(named) if of_list else file
    with _naming(file):
        payload = read_json(file)
        platform = next((name for name in reversed(_PLATFORMS) if _PLATFORMS[name].api.mine(payload)), None)
        if platform is None:
            looks = [f"  {_title(name)}'s: {each.api.LOOK}" for name, each in _PLATFORMS.items()]
            expected = "expected a sequence as its platform's API gives it"
            raise SimcoreError("\n".join([expected, *looks, f"  found: {shown(payload)}"]))
    for owner, options in _ONLY.items():
        for option in options if owner != platform else ():
            if only.get(option) not in {None, False}:
                raise SimcoreError(
                    f"{_typed(option)}: only for a sequence of {_title(owner)}'s; "
                    f"{file} is one of {_title(platform)}'s"
                )
    emails, time_zone = only["emails"], only["time_zone"]
    for option, given in (("--time-zone", time_zone), ("--naive-time-zone", naive_time_zone)):
        with _naming(option):
            instants.check_zone(given)
    with _naming(file):
        if of_list and "sequences" not in payload:
            raise SimcoreError(f"not a list of sequences: leave out #{wanted}")
        if platform != "kit":
            return _PLATFORMS[platform].from_api(payload)
        if "sequences" not in payload or emails is not None:
            return kit.from_api(payload, None if emails is None else read_json(emails), time_zone=time_zone)
        listed = all_from_api(payload, time_zone=time_zone)
        chosen = [each for each in listed if not of_list or str(each.id) == wanted]
        if len(chosen) == 1:
            return chosen[0]
        names = ", ".join(f"{file}#{each.id} ({each.name})" for each in listed) or "none"
        raise SimcoreError(f"a list of {len(listed)} sequences: name one of them: {names}")


def _assumed(given: list[str] | None, sequence: Any) -> Any:
    """The switches of the sequence's platform, as they are turned."""
    platform = next(each for each in _PLATFORMS.values() if isinstance(sequence, each.Sequence))
    defaults = {each.name: each.default for each in fields(platform.Assumptions)}
    chosen: dict[str, Any] = {}
    for item in given or []:
        name, equals, value = item.partition("=")
        if not equals or name not in defaults:
            raise SimcoreError(
                f"--assume: found {shown(item)}, expected NAME=VALUE, the name one of: {', '.join(defaults)}"
            )
        chosen[name] = _length(item, value) if isinstance(defaults[name], timedelta) else value
    return platform.Assumptions(**chosen)


def _length(item: str, value: str) -> timedelta:
    with suppress(ValueError):
        length = pd.Timedelta(value) if re.search("[a-z:]", value) else pd.NaT  # a bare number has no unit
        if isinstance(length, pd.Timedelta):
            return length.to_pytimedelta()
    raise SimcoreError(f"--assume: found {shown(item)}, expected a length of time such as 15min or 0:15:00")


def _asked(
    sequence: Any,
    until: str | None,
    assume: list[str] | None,
    naive_time_zone: str | None,
    only: Mapping[str, Any],
) -> dict[str, Any]:
    """What is typed for project, forecast, simulate and impact alike, as their arguments."""
    clock = naive_time_zone or sequence.time_zone
    times = {"until": until, "enabled_at": only.get("enabled_at")}
    asked: dict[str, Any] = {
        name: files.aware([instants.read_one(typed, _typed(name), clock)])[0]
        for name, typed in times.items()
        if typed is not None
    }
    asked |= {
        "include_drafts": only["include_drafts"],
        "assumptions": _assumed(assume, sequence),
        "naive_time_zone": clock,
    }
    if only["changes"] is not None:
        with _naming(only["changes"]):
            asked["changes"] = from_json(read_json(only["changes"]))
            simcore.project(sequence, [], **asked)  # to nobody: what is wrong now is wrong with the changes
    return asked


_Source = tuple[Path, tuple[files.Columns, ...], Path]


def _sources(
    entries: Path | None, events: Path | None, *asides: Path, counted: bool = False
) -> dict[str, _Source]:
    """The files of entries and of events, and where rows of each that cannot be used go: by default beside it.

    `counted`: entries may be counted ones.
    """
    either = (files.ENTRIES, files.COUNTED) if counted else (files.ENTRIES,)
    found = {"entries": (entries, either), "events": (events, (files.EVENTS,))}
    return {
        name: (path, kinds, asides[at] if asides else path.with_name(f"{path.stem}.quarantine.csv"))
        for at, (name, (path, kinds)) in enumerate(found.items())
        if path is not None
    }


def _beside(output: Path | None) -> list[Path]:
    """Where rows of entries and of events that cannot be used go, if there is an output file."""
    if output is None:
        return []
    return [output.with_name(f"{output.stem}{name}.quarantine.csv") for name in ("", ".events")]


def _streams(entries: Path, output: Path) -> bool:
    """Whether a file of entries becomes a folder of sends, part by part."""
    return entries.suffix.lower() == ".parquet" and (output.is_dir() or not output.suffix)


def _stream(
    sequence: Any,
    asked: dict[str, Any],
    entries: Path,
    events: Path | None,
    output: Path,
    on_error: str,
    as_json: bool,
) -> None:
    """Projects a Parquet file to a folder, part by part, and says what is there."""
    _check("--on-error", on_error, "stop", "quarantine")
    _check("--order", asked["order"], "entry", "email")
    refused = {
        "--events": events is not None,
        "--enabled-at": "enabled_at" in asked,
        "--on-error quarantine": on_error == "quarantine",
    }
    for option, given in refused.items():
        if given:
            raise SimcoreError(f"{option}: not where -o is a folder, as {output} is: {_NAMED}")
    done = parquet.project(entries, output, sequence, **asked, progress=sys.stderr.isatty())
    if as_json:
        terminal.write_json(done._asdict() | {"folder": str(output)})
        return
    told = f"{done.sends} sends from {done.rows} rows, in {terminal.visible(str(output))}"
    terminal.tell(f"{told}; parts: {done.parts}, finished before: {done.found}\n")


def _answer(
    verb: Callable[..., Any],
    sequence: Any,
    asked: dict[str, Any],
    sources: dict[str, _Source],
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
    plan = sequence.plan(asked["assumptions"])
    if "entries" not in sources and (plan.trigger is None or "events" not in sources):
        more = (
            ": events enrol nobody in this sequence" if plan.trigger is None else ", or --events that enrol"
        )
        raise SimcoreError(f"ENTRIES: none are given, expected a file of who enters when{more}")
    if "entries" in sources and "enabled_at" in asked:
        terminal.say("Warning: --enabled-at plays no part with ENTRIES, which are the enrolments themselves")
    kept = [path for path in (*inputs, *(path for path, *_ in sources.values())) if path is not None]
    if on_error == "quarantine":
        for path, _, aside in sources.values():
            files.target_of(aside, *kept)
            if path.exists() and not path.is_file():
                raise SimcoreError(f"{path}: not an ordinary file, and --on-error quarantine reads it twice")
    at_terminal = sys.stderr.isatty() and not (None in outputs and sys.stdout.isatty())
    with ExitStack() as stack:
        sinks = [
            sys.stdout.buffer if path is None else stack.enter_context(files.replacing(path, *kept))
            for path in outputs
        ]
        tty = console.Console(stderr=True)
        bar = stack.enter_context(progress.Progress(console=tty, transient=True, disable=not at_terminal))
        reading = bar.add_task("Reading", total=None)
        tables = {
            name: files.read(path, lambda done, size: bar.update(reading, completed=done, total=size), *kinds)
            for name, (path, kinds, _) in sources.items()
        }
        working = bar.add_task("Projecting", total=None)
        usable = {
            name: (rows.entries if name == "entries" else rows.events)(plan, clock)
            for name, rows in tables.items()
        }
        while True:
            for rows in tables.values():
                if rows.broken and on_error == "stop":
                    raise rows.told()
            given = {name: usable[name][rows.good] for name, rows in tables.items()}
            try:
                found = verb(sequence, **given, **asked)
                break
            except TooLateError as error:  # what is right by itself may still end too late
                if not error.rows:
                    raise
                rows = tables["entries"]
                rows.refuse(dict.fromkeys(np.flatnonzero(rows.good)[error.rows].tolist(), _LATE))
        bar.update(working, total=1, completed=1)
        frames = (found if isinstance(found, tuple) else (found,))[: len(sinks)]
        writing = bar.add_task("Writing", total=sum(map(len, frames)))
        for frame, sink in zip(frames, sinks, strict=True):
            write(frame, here, sink, lambda rows: bar.advance(writing, rows))
            sink.flush()
        for name, (*_, aside) in sources.items():
            if tables[name].broken:
                with files.replacing(aside, *kept) as page:
                    page.write(tables[name].quarantine())
    set_aside: dict[str, Any] = {}
    for name, (*_, aside) in sources.items():
        rows, prefix = tables[name], "" if name == "entries" else f"{name}_"
        set_aside[f"{prefix}quarantined"] = len(rows.broken)
        set_aside[f"{prefix}quarantine_file"] = str(aside) if rows.broken else None
        if rows.broken:
            terminal.say(f"{len(rows.broken)} of {rows.total} rows cannot be used: they are in {aside}")
    return found, set_aside


def _summary(sends: pd.DataFrame, time_zone: str) -> tuple[dict[str, Any], str]:
    """What was written: for machines, and in words."""
    here, people = zone(time_zone), int(sends["subscriber_id"].nunique())
    first = last = None
    told = "no sends"
    if len(sends):
        ends_us = files.us_of(sends["send_at"].agg(["min", "max"]))
        first, last = files.iso(ends_us, here)
        span = " to ".join(terminal.clock(us, here) for us in ends_us.tolist())
        told = f"{len(sends)} sends to {people} subscribers, {span}"
    return {"subscribers": people, "sends": len(sends), "first_send": first, "last_send": last}, told
