"""`simcore impact` and `simcore compare`: what if?"""

import re
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

import simcore
from simcore.answers.options import Options
from simcore.answers.sides import Side, measures, moved, side_of
from simcore.answers.whatif import WHAT
from simcore.cli import completing
from simcore.cli.answering import answer, because, idle_json, quarantines, sources_of
from simcore.cli.loading import asked_of, load
from simcore.cli.options import (
    CHANGES_HELP,
    ENTRIES_HELP,
    JSON,
    AccountZone,
    Assume,
    Columns,
    DayFirst,
    Delimiter,
    Drafts,
    Emails,
    Events,
    File,
    NaiveZone,
    NoCsvSafe,
    OnError,
    Seed,
    Unit,
    Until,
    Zones,
    names_of,
    zoned,
)
from simcore.cli.pictures import Pictures, PlotShift, PlotTimeline
from simcore.errors import SimcoreError
from simcore.files.inputs import unzipped
from simcore.show import terminal
from simcore.text.tables import visible

SEQUENCE = re.compile(r"\.json(\.gz)?(#.*)?$", re.IGNORECASE)
"""The end of the name of a sequence's file, among files of which the last may be of entries."""
_HEADS = ["scenario", "sends", "people", "first send", "last send", "days", "Sat Sun", "night"]
_LEGEND = (
    "days: from the entry to the last send, the median",
    "Sat Sun, night (22:00 to 07:00): shares of the sends",
)


def impact(
    file: File,
    entries: Annotated[Path, typer.Argument(metavar="ENTRIES", help=ENTRIES_HELP)],
    changes: Annotated[Path, typer.Option(metavar="CHANGES", help=CHANGES_HELP)],
    events: Events = None,
    emails: Emails = None,
    time_zone: AccountZone = None,
    until: Until = None,
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
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Show what edits do to people who are already in the sequence: who gets mail right away?

    \b
      simcore impact welcome.json entries.csv --changes changes.json

    For each email: how many get it at the very instant of a change; how many get it earlier, later or at the same
    time as without the changes; how many get it only with the changes (gained) or only without them (lost); and by
    how much it moves (the median).
    """
    only = {"emails": emails, "time_zone": time_zone, "include_drafts": include_drafts}
    sequence = load(file, naive_time_zone, only)
    only["changes"] = changes
    asked = asked_of(
        sequence, until, assume, naive_time_zone, only, seed=seed, unit=unit, day_first=day_first
    )
    asked |= zoned(time_zones)
    sources, inputs = (
        sources_of(entries, events, delimiter, names_of(column, time_zones)),
        [file, emails, changes],
    )
    table, set_aside = answer(simcore.impact, sequence, asked, sources, inputs, [], on_error, as_json)
    at_once = int(table["sent_at_once"].sum())
    rows: Any = table.to_dict("records")
    if as_json:
        for row in rows:
            shift = row.pop("median_shift")
            row["median_shift_seconds"] = None if shift is pd.NaT else shift.total_seconds()
        terminal.write_json({"sent_at_once": at_once, "emails": rows} | set_aside)
        return
    emails_go = {0: "No email goes", 1: "1 email goes"}.get(at_once, f"{at_once} emails go")
    for row in rows:
        row["median_shift"] = terminal.shift(row["median_shift"])
    names = ["email", "subject", "sent at once", *table.columns[3:-1], "median shift"]
    terminal.show([f"{emails_go} out at the instant of a change."], names, [row.values() for row in rows])


def compare(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            autocompletion=completing.sequences,
            help="The sequences, two or more: JSON from <platforms> API. For one in a list of several: FILE#ID.",
        ),
    ],
    last: Annotated[
        Path,
        typer.Argument(
            metavar="ENTRIES",
            help=f"{ENTRIES_HELP} If the last file is a sequence (.json) too, the sequences' triggers enrol people by "
            "EVENTS.",
        ),
    ],
    events: Events = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="A .csv or .parquet file for all sends: the column scenario, then those of simcore project.",
        ),
    ] = None,
    time_zone: AccountZone = None,
    until: Until = None,
    include_drafts: Drafts = False,
    assume: Assume = None,
    naive_time_zone: Annotated[
        str | None,
        typer.Option(
            metavar="ZONE",
            autocompletion=completing.zones,
            help="The time zone of times without an offset; default: the sequences', if it is the same.",
        ),
    ] = None,
    unit: Unit = None,
    day_first: DayFirst = False,
    seed: Seed = None,
    on_error: OnError = "stop",
    delimiter: Delimiter = ",",
    column: Columns = None,
    time_zones: Zones = None,
    no_csv_safe: NoCsvSafe = False,
    plot_timeline: PlotTimeline = None,
    plot_shift: PlotShift = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Show side by side what sequences send to the same people.

    \b
      simcore compare now.json idea.json entries.csv
      simcore compare now.json idea.json third.json entries.csv -o all.csv

    Each sequence is a row, named after its file, with times by the clock of its own zone. For two sequences there is
    also a row for each email, matched by its id: how many go out earlier, later or at the same time in the second;
    how many only in the second (gained) or only in the first (lost); and by how much the email moves (the median).
    """
    entries = None if SEQUENCE.search(last.name) else last
    named = named_by_file([*paths, last] if entries is None else paths)
    only = {"time_zone": time_zone, "include_drafts": include_drafts}
    sequences = {name: load(path, naive_time_zone, only) for name, path in named.items()}
    asked = asked_of(
        sequences, until, assume, naive_time_zone, only, seed=seed, unit=unit, day_first=day_first
    )
    asked |= zoned(time_zones)
    sources, inputs = (
        sources_of(entries, events, delimiter, names_of(column, time_zones), *quarantines(output)),
        [*named.values()],
    )
    pictures = Pictures([entries, events, *inputs], timeline=plot_timeline, shift=plot_shift)
    if plot_shift is not None and len(sequences) > 2:
        raise SimcoreError(f"--plot-shift: found {len(sequences)} sequences, expected two")
    whole = output is not None or plot_timeline is not None
    outputs, verb = [] if output is None else [output], partial(_compared, whole, pictures)
    (_, sides), set_aside = answer(
        verb, sequences, asked, sources, inputs, outputs, on_error, as_json, no_csv_safe
    )
    drawn = pictures.save()
    rows = [{"scenario": name, **measures(side)} for name, side in sides.items()]
    emails = moved(*sides.values()) if len(sides) == 2 else None
    if as_json:
        more = {} if emails is None else {"emails": emails}
        file = {} if output is None else {"file": str(output)}
        full = [row | idle_json(side.nothing) for row, side in zip(rows, sides.values(), strict=True)]
        terminal.write_json({"scenarios": full, **more, **file, **drawn, **set_aside})
        return
    terminal.show([], _HEADS, [*map(_cells, rows)])
    terminal.tell("\n")
    for line in _LEGEND:
        terminal.prose(line)
    why = {name: because(side.nothing) for name, side in sides.items()}
    lines = [f"{visible(name)}: no sends{each}\n" for name, each in why.items() if each]
    terminal.tell("".join(["\n", *lines]) if lines else "")
    if emails:
        _show_moved([*sides], emails)
    if output is not None:
        terminal.tell(f"\nall sends: in {visible(str(output))}\n")
    terminal.tell("\n" if drawn and output is None else "")
    pictures.tell()


def _cells(row: dict[str, Any]) -> list[Any]:
    """The result of `measures`, for people."""
    name, sends, people, *ends, days, weekend, night = row.values()
    if not sends:
        return [name, sends, people, *[""] * 5]
    dates = [date.fromisoformat(end[:10]) for end in ends]
    return [
        name,
        sends,
        people,
        *(f"{day.day} {day:%b %Y}" for day in dates),
        f"{days:.1f}",
        f"{weekend:.0%}",
        f"{night:.0%}",
    ]


def _show_moved(names: list[str], emails: list[dict[str, Any]]) -> None:
    """How each email's sends move, for people."""
    terminal.tell("\n")
    if not any(row["earlier"] or row["later"] or row["unchanged"] for row in emails):
        terminal.show(["no email is in both: emails are matched by their ids"], [], [])
        return
    for row in emails:
        seconds = row.pop("median_shift_seconds")
        row["median shift"] = terminal.shift(pd.NaT if seconds is None else pd.Timedelta(seconds=seconds))
    heads = ["email", "subject", *WHAT, "median shift"]
    terminal.show([f"from {' to '.join(names)}:"], heads, [row.values() for row in emails])


def named_by_file(paths: list[Path]) -> dict[str, Path]:
    """The files of sequences, by the names of their scenarios."""
    if len(paths) == 1:
        raise SimcoreError(f"FILE: found one sequence, {paths[0]}, expected two or more, and then ENTRIES")
    names = [unzipped(path).stem for path in paths]
    if len({*names}) < len(names):
        names = [*map(str, paths)]
    for at, name in enumerate(names):
        if name in names[:at]:
            raise SimcoreError(
                f"{name}: given twice, expected different files, since scenarios are named after them"
            )
    return dict(zip(names, paths, strict=True))


def _compared(
    whole: bool, pictures: Pictures, sequences: dict[str, Any], **asked: Any
) -> tuple[pd.DataFrame | None, dict[str, Side]]:
    """The timelines in one frame, if `whole`; and the projection of each scenario, with its timeline."""
    sides = {}
    for name, sequence in sequences.items():
        own = {**asked, "assumptions": asked["assumptions"][name]}
        entries = own.pop("entries", None)
        sides[name] = side_of(sequence, entries, Options(**own))
    sends = simcore.compare(sequences, **asked) if whole else None
    pictures.draw("timeline", simcore.plot_timeline, lambda: sends)
    pictures.draw(
        "shift", simcore.plot_shift, lambda: simcore.shift(*(side.sends for side in sides.values()))
    )
    return sends, sides
