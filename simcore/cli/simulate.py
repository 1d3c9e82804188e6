"""`simcore simulate`: the whole life of all subscribers, into a folder."""

from pathlib import Path
from typing import Annotated, Any

import typer

import simcore
from simcore.answers.idle import idle
from simcore.answers.options import Options
from simcore.answers.projection import make
from simcore.cli import completing
from simcore.cli.answering import answer, because, sources_of, summary_of
from simcore.cli.loading import asked_of, load
from simcore.cli.options import (
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
    zoned,
)
from simcore.files.writing import folder
from simcore.show import terminal
from simcore.text.tables import visible
from simcore.text.wording import count


def simulate(
    file: File,
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="FOLDER", help="Where to write; created if it does not exist."
        ),
    ],
    entries: Entries = None,
    events: Events = None,
    changes: Changes = None,
    suffix: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="csv|parquet",
            autocompletion=completing.among("csv", "parquet"),
            help="The format of the tables.",
        ),
    ] = "csv",
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
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Write the whole life of all subscribers: timeline, subscribers and journal.

    \b
      simcore simulate welcome.json entries.csv --events events.csv
        --changes changes.json -o out

    The timeline has a row for each send, subscribers a row for each run with its final state, and the journal a row
    for everything else that happened. Times without an offset are read in the sequence's time zone.
    """
    check("--format", suffix, "csv", "parquet")
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
    tables = {name: output / f"{name}.{suffix}" for name in simcore.Simulation._fields}
    asides = [output / "entries.quarantine.csv", output / "events.quarantine.csv"]
    asked |= {"order": order, "explain": explain, "render": render, **zoned(time_zones)}
    sources, inputs, outputs = (
        sources_of(entries, events, delimiter, names_of(column, time_zones), *asides),
        [file, emails, changes],
        [*tables.values()],
    )
    with folder(output):
        (*tables_, nothing), set_aside = answer(
            _simulated, sequence, asked, sources, inputs, outputs, on_error, as_json, no_csv_safe
        )
    life = simcore.Simulation(*tables_)
    statuses = life.subscribers["status"].value_counts(sort=False).to_dict()
    reached = life.subscribers.loc[life.subscribers["sends"] > 0, "subscriber_id"].nunique()
    summary, words = summary_of(life.timeline, nothing, sequence.time_zone, reached)
    if as_json:
        terminal.write_json({
            "runs": len(life.subscribers),
            "status": statuses,
            **summary,
            "files": {name: str(path) for name, path in tables.items()},
            **set_aside,
        })
        return
    runs = len(life.subscribers)
    names = ", ".join(path.name for path in tables.values())
    lines = [
        f"{count(runs, 'run')}: {terminal.counts(statuses)}" if runs else "no runs",
        *filter(None, [nothing.told()]),
        f"{words}{because(nothing)}",
        f"{names}: in {visible(str(output))}",
    ]
    terminal.tell("".join(f"{line}\n" for line in lines))


def _simulated(sequence: Any, entries: Any = None, **asked: Any) -> tuple[Any, ...]:
    """The timeline, the subscribers and the journal; and what comes to nothing."""
    projection = make(sequence, entries, Options(**asked), notes=True)
    came = None if entries is None else len(entries)
    return projection.timeline(), projection.subscribers(), projection.journal(), idle(projection, came)
