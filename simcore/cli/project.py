"""`simcore project`: all sends to all subscribers, into a file or, part by part, into a folder."""

import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

import simcore
from simcore.answers.idle import Idle, idle
from simcore.answers.options import Options
from simcore.answers.projection import make
from simcore.cli.answering import answer, because, idle_json, quarantines, sources_of, summary_of
from simcore.cli.loading import asked_of, load
from simcore.cli.options import (
    NAMED,
    AccountZone,
    Assume,
    Changes,
    Columns,
    DayFirst,
    Delimiter,
    Drafts,
    Emails,
    EnabledAt,
    Entries,
    Events,
    Explain,
    File,
    NaiveZone,
    NoCsvSafe,
    OnError,
    Order,
    Render,
    Seed,
    Unit,
    Until,
    Zones,
    check,
    names_of,
    saying,
    zoned,
)
from simcore.cli.pictures import Pictures, PlotTimeline
from simcore.errors import SimcoreError
from simcore.scale import parquet
from simcore.show import terminal
from simcore.text.tables import visible
from simcore.text.wording import count


def project(
    file: File,
    entries: Entries = None,
    events: Events = None,
    changes: Changes = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="A .csv or .parquet file; default: CSV on standard output. If ENTRIES is .parquet, this can be a "
            "folder: "
            "one that exists, or a name without a suffix.",
        ),
    ] = None,
    emails: Emails = None,
    time_zone: AccountZone = None,
    enabled_at: EnabledAt = None,
    until: Until = None,
    order: Order = "entry",
    explain: Explain = False,
    render: Render = False,
    include_drafts: Drafts = False,
    assume: Assume = None,
    naive_time_zone: NaiveZone = None,
    unit: Unit = None,
    day_first: DayFirst = False,
    seed: Seed = None,
    on_error: OnError = "stop",
    delimiter: Delimiter = ",",
    column: Columns = None,
    time_zones: Zones = None,
    no_csv_safe: NoCsvSafe = False,
    plot_timeline: PlotTimeline = None,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print the summary as JSON; without -o, the rows, one object on each line."
        ),
    ] = False,
) -> None:
    """Write all sends to all subscribers, one row each.

    \b
      simcore project welcome.json entries.csv -o sends.parquet
      simcore project onboarding.json --events sequenzy_events.csv

    Messages count lines from 1, the header; a row with line breaks inside quotation marks is named by its first
    line. Output files are written completely or not at all.

    If OUT is a folder, ENTRIES can be bigger than memory: the sends go into Parquet files there, part by part, which
    read as one table. You can stop a run at any time; the same command resumes it. The rows of a subscriber must be
    next to each other, and --order email orders each part.

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
    sequence = load(file, naive_time_zone, only)
    asked = asked_of(
        sequence, until, assume, naive_time_zone, only, seed=seed, unit=unit, day_first=day_first
    )
    asked |= {"order": order, "explain": explain, "render": render, **zoned(time_zones)}
    pictures = Pictures([file, entries, events, emails, changes], timeline=plot_timeline)
    if output is not None and entries is not None and _streams(entries, output):
        _stream(
            sequence,
            asked | {"columns": names_of(column, time_zones)},
            entries,
            events,
            output,
            on_error,
            pictures,
            as_json,
        )
        return
    sources, inputs = (
        sources_of(entries, events, delimiter, names_of(column, time_zones), *quarantines(output)),
        [file, emails, changes],
    )
    (sends, nothing, reached), set_aside = answer(
        partial(_projected, pictures),
        sequence,
        asked,
        sources,
        inputs,
        [output],
        on_error,
        as_json,
        no_csv_safe,
    )
    drawn = pictures.save()
    if output is None:
        why = because(nothing)
        for line in filter(None, [why and f"no sends{why}", nothing.told()]):
            terminal.say(line)
        pictures.tell(terminal.say)
        return
    summary, words = summary_of(sends, nothing, sequence.time_zone, reached)
    if as_json:
        terminal.write_json(summary | {"file": str(output)} | drawn | set_aside)
        return
    lines = filter(None, [f"{words}, in {visible(str(output))}{because(nothing)}", nothing.told()])
    terminal.tell("".join(f"{line}\n" for line in lines))
    pictures.tell()


def _projected(
    pictures: Pictures, sequence: Any, entries: Any = None, **asked: Any
) -> tuple[pd.DataFrame, Idle, int]:
    """The timeline, what comes to nothing, and how many subscribers get a send."""
    projection = make(sequence, entries, Options(**asked))
    sends = projection.timeline()
    pictures.draw("timeline", simcore.plot_timeline, lambda: sends)
    return sends, idle(projection, None if entries is None else len(entries)), projection.reached()


def _streams(entries: Path, output: Path) -> bool:
    """Whether to project a file of entries into a folder, part by part."""
    return entries.suffix.lower() == ".parquet" and (output.is_dir() or not output.suffix)


def _stream(
    sequence: Any,
    asked: dict[str, Any],
    entries: Path,
    events: Path | None,
    output: Path,
    on_error: str,
    pictures: Pictures,
    as_json: bool,
) -> None:
    """Projects a Parquet file into a folder, part by part, and prints a summary."""
    check("--on-error", on_error, "stop", "quarantine")
    check("--order", asked["order"], "entry", "email")
    refused = {
        "--events": events is not None,
        "--enabled-at": "enabled_at" in asked,
        "--on-error quarantine": on_error == "quarantine",
        "--plot-timeline": bool(pictures.paths),
    }
    for option, given in refused.items():
        if given:
            raise SimcoreError(f"{option}: not possible if -o is a folder, as {output} is: {NAMED}")
    with saying():
        done = parquet.project(entries, output, sequence, **asked, progress=sys.stderr.isatty())
    nothing = parquet.nothing_of(output)
    if as_json:
        terminal.write_json(done._asdict() | idle_json(nothing) | {"folder": str(output)})
        return
    words = f"{count(done.sends, 'send')} from {count(done.rows, 'row')}"
    parts = f"parts: {done.parts}, finished before: {done.found}"
    why = "" if done.sends else f"no sends{because(nothing)}"
    lines = filter(None, [f"{words}, in {visible(str(output))}; {parts}", why, nothing.told()])
    terminal.tell("".join(f"{line}\n" for line in lines))
