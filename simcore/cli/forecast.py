"""`simcore forecast`: how many emails go out in each period."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
import typer

import simcore
from simcore.answers import capacity as limits
from simcore.answers.forecast import arrivals, by_period, limited
from simcore.answers.idle import Idle, idle
from simcore.answers.options import Freq, Options
from simcore.answers.projection import make
from simcore.cli import completing
from simcore.cli.answering import answer, because, idle_json, quarantines, sources_of
from simcore.cli.loading import asked_of, load
from simcore.cli.options import (
    ENTRIES_HELP,
    TRIGGER_HELP,
    AccountZone,
    Assume,
    Changes,
    Columns,
    DayFirst,
    Delimiter,
    Drafts,
    Emails,
    EnabledAt,
    Events,
    File,
    NaiveZone,
    OnError,
    Seed,
    Unit,
    Until,
    Zones,
    check,
    names_of,
    zoned,
)
from simcore.cli.pictures import Pictures, PlotCalendar, PlotLoad
from simcore.clock.periods import FREQUENCIES
from simcore.clock.words import length
from simcore.clock.zones import SECOND_US, zone
from simcore.errors import SimcoreError, shown
from simcore.files.stamps import iso, us_of
from simcore.show import terminal
from simcore.text.tables import visible
from simcore.text.wording import count


def forecast(
    file: File,
    entries: Annotated[
        Path | None,
        typer.Argument(
            metavar="ENTRIES",
            help=f"{ENTRIES_HELP} Or arrivals that are already counted, with columns entered_at and count and no "
            f"subscriber_id. {TRIGGER_HELP}",
        ),
    ] = None,
    freq: Annotated[
        str,
        typer.Option(
            metavar="|".join(FREQUENCIES),
            autocompletion=completing.among(*FREQUENCIES),
            help="Quarter hours, hours, days, weeks (from Monday), or months.",
        ),
    ] = "D",
    by: Annotated[
        str,
        typer.Option(
            metavar="email|total",
            autocompletion=completing.among("email", "total"),
            help="One column for each position, or one column, sends.",
        ),
    ] = "email",
    capacity: Annotated[
        str | None,
        typer.Option(
            metavar="MOST/FREQ",
            help="A sending limit, such as 5000/D. What does not fit waits for the next period. 1000,2000,5000/D is a "
            "ramp: the limit of the first day, of the second, and of all days from the third on.",
        ),
    ] = None,
    events: Events = None,
    changes: Changes = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="A .csv or .parquet file: the column period, then one for each position, or sends; default: print a "
            "table.",
        ),
    ] = None,
    emails: Emails = None,
    time_zone: AccountZone = None,
    enabled_at: EnabledAt = None,
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
    plot_load: PlotLoad = None,
    plot_calendar: PlotCalendar = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON; without -o, with the rows, in periods.")
    ] = False,
) -> None:
    """Show how many emails go out in each period.

    \b
      simcore forecast welcome.json entries.csv --freq W
      simcore forecast welcome.json entries.csv --freq h -o load.csv
      simcore forecast welcome.json entries.csv --capacity 5000/D

    Periods follow the clock in the sequence's time zone, from the first to the last period with a send. A day may
    have 23 or 25 hours, and an hour that comes twice is two rows. With --capacity, rows go on
    until nothing waits, and show how many emails come due, go out and wait, and how late those are that go out.
    """
    check("--freq", freq, *FREQUENCIES)
    check("--by", by, "email", "total")
    only = {
        "emails": emails,
        "time_zone": time_zone,
        "include_drafts": include_drafts,
        "changes": changes,
        "enabled_at": enabled_at,
    }
    sequence = load(file, naive_time_zone, only)
    asked = asked_of(
        sequence, until, assume, naive_time_zone, only, seed=seed, unit=unit, day_first=day_first
    )
    epochs = make(sequence, [], Options(**asked)).epochs
    limit = None if capacity is None else _limit(capacity, freq)
    freq = freq if limit is None else limit.freq
    asked |= {"freq": freq, "by": by, "limit": limit, **zoned(time_zones)}
    sources, inputs = (
        sources_of(
            entries, events, delimiter, names_of(column, time_zones), *quarantines(output), counted=True
        ),
        [file, emails, changes],
    )
    pictures = Pictures([entries, events, *inputs], load=plot_load, calendar=plot_calendar)
    outputs = [] if output is None else [output]
    (table, nothing), set_aside = answer(
        partial(_counted, pictures), sequence, asked, sources, inputs, outputs, on_error, as_json
    )
    drawn = pictures.save()
    here, starts_us = zone(sequence.time_zone), us_of(table["period"])
    counted = [*table.columns[1:]] if limit is None else ["due", "late", "waiting", "sent"]
    columns: dict[str, list[int]] = {name: table[name].tolist() for name in counted}
    totals = (table[counted].sum(axis=1) if limit is None else table["sent"]).tolist()
    most = totals.index(max(totals)) if totals else None
    delayed = None if limit is None else (sum(columns["late"]), table["max_late_seconds"].max())
    if as_json:
        periods = iso(starts_us, here)
        summary = {
            "sends": sum(totals),
            "busiest_period": None if most is None else periods[most],
            "busiest_sends": None if most is None else totals[most],
            **({} if delayed is None else dict(zip(("late", "max_late_seconds"), delayed, strict=True))),
            **idle_json(nothing),
        }
        rows = table.assign(period=periods).to_dict("records")
        terminal.write_json(
            _plain(summary)
            | ({"periods": [*map(_plain, rows)]} if output is None else {"file": str(output)})
            | drawn
            | set_aside
        )
        return
    words = "no sends"
    labels = terminal.spans(starts_us, here, freq) if totals else []
    if most is not None:
        words = f"{count(sum(totals), 'send')}; busiest: {' '.join(labels[most].split())} with {totals[most]}"
        words += "" if delayed is None else _late(*delayed)
    more = "".join(f"{line}\n" for line in filter(None, [nothing.told()]))
    if output is not None:
        terminal.tell(f"{words}, in {visible(str(output))}{because(nothing)}\n{more}")
        pictures.tell()
        return
    lines = [terminal.cut(f"{sequence.name}, {sequence.time_zone}"), ""]
    if by == "email" and totals and limit is None:
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
    terminal.tell(f"{words}{because(nothing)}\n{more}")
    pictures.tell()


def _limit(typed: str, freq: str) -> limits.Limit:
    """The sending limit that was typed, such as 1000,2000/D."""
    most, slash, kind = typed.partition("/")
    if not slash:
        raise SimcoreError(
            f"--capacity: found {shown(typed)}, expected MOST/FREQ, such as 5000/D or 1000,2000,5000/D"
        )
    return limits.read({kind: most.split(",")}, freq)


def _late(number: int, most_seconds: float) -> str:
    """How many emails are late, and by how much, for people."""
    return f"; late: {number}" + (f", by {length(int(most_seconds * SECOND_US))} at most" if number else "")


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row as JSON has it, in which there is no NaN."""
    return {name: None if value != value else value for name, value in row.items()}


def _counted(
    pictures: Pictures,
    sequence: Any,
    entries: Any = None,
    *,
    freq: Freq,
    by: Literal["email", "total"],
    limit: limits.Limit | None,
    **asked: Any,
) -> tuple[pd.DataFrame, Idle]:
    """A forecast as a file has it: periods in a column too, all names texts, lengths of time numbers; and what comes
    to nothing."""
    counts, entries = arrivals(entries, asked.get("events"))
    projection = make(sequence, entries, Options(**asked))
    if limit is None:
        whole = by_period(projection, counts, freq, by)
        pictures.draw("load", simcore.plot_load, lambda: whole)
        pictures.draw("calendar", simcore.plot_calendar, lambda: whole)
        found = whole.rename(columns=str).rename_axis(columns=None)
    else:
        found = limited(projection, counts, limit)
        pictures.draw("load", simcore.plot_capacity, lambda: found)
        pictures.draw("calendar", simcore.plot_calendar, lambda: found[["sent"]])
        for name in ("median_late", "max_late"):
            found[f"{name}_seconds"] = found.pop(name).dt.total_seconds()
    came = None if entries is None else len(entries) if counts is None else int(np.count_nonzero(counts))
    return found.reset_index(), idle(projection, came)
