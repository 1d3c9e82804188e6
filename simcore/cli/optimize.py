"""`simcore sweep` and `simcore optimize`: many schedules, and the best of them."""

import json
import math
import re
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

import simcore
from simcore.answers.limits import metric_of
from simcore.answers.metrics import METRICS
from simcore.answers.optimize import Optimum, cell
from simcore.cli import completing
from simcore.cli.answering import answer, quarantines, sources_of
from simcore.cli.loading import asked_of, load
from simcore.cli.options import (
    JSON,
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
from simcore.errors import SimcoreError, shown
from simcore.show import terminal
from simcore.text.tables import visible
from simcore.text.wording import count

_HEADS = dict(zip(METRICS, ("days", "95 %", "Sat Sun", "night", "peak"), strict=True))
_LEGEND = {
    "days, 95 %: from the entry to the last send, the median and the 95th percentile": METRICS[:2],
    "Sat Sun, night (22:00 to 07:00): shares of the sends": METRICS[2:4],
    "peak: the most sends in an hour": METRICS[4:],
}
_RANGE = re.compile(r"(\d{1,9})\.\.(\d{1,9})|(0|[1-9]\d{0,8}):(0|[1-9]\d{0,8})")  # 09:30 is a time of day
_ITEM = re.compile(r"[\w+./:-]+")
_SHOWN = 100  # schedules in a table
Over = Annotated[
    list[str],
    typer.Option(
        metavar="PATH=VALUES",
        help="A field and the values to try: whole numbers from one to another, both included (send_hour=0..23 "
        "or send_hour=0:23), values with commas between them (emails[2].delay_value=1,2,5), or a JSON list "
        '(send_days=[["monday"],["friday"]]); repeatable.',
    ),
]


def sweep(
    file: File,
    entries: Entries = None,
    *,
    over: Over,
    metrics: Annotated[
        str | None,
        typer.Option(
            metavar="METRIC,METRIC",
            autocompletion=completing.several(*METRICS),
            help=f"Some of {', '.join(METRICS)}; default: all of them.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="A .csv or .parquet file, a row for each schedule, lists as JSON; default: print a table.",
        ),
    ] = None,
    events: Events = None,
    changes: Changes = None,
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
    no_csv_safe: NoCsvSafe = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON; without -o, with the rows.")
    ] = False,
) -> None:
    """Measure every combination of the values of some fields.

    \b
      simcore sweep welcome.json entries.csv --over send_hour=8:12
      simcore sweep welcome.json entries.csv --over send_hour=0..23
        --over "emails[2].delay_value=1,2,3" -o all.csv

    Metrics: median_days and p95_days (from the entry to the last send), weekend_share and night_share (22:00 to 07:00)
    of the sends, and most_in_an_hour. For the best schedule alone, simcore optimize looks at fewer of them.
    """
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
    asked |= zoned(time_zones)
    asked |= {"over": _values(over), "metrics": _metrics(metrics), "flat": output is not None}
    sources, inputs = (
        sources_of(entries, events, delimiter, names_of(column, time_zones), *quarantines(output)),
        [file, emails, changes],
    )
    outputs = [] if output is None else [output]
    found, set_aside = answer(
        _swept, sequence, asked, sources, inputs, outputs, on_error, as_json, no_csv_safe
    )
    if output is not None:
        if as_json:
            terminal.write_json({"schedules": len(found), "file": str(output)} | set_aside)
        else:
            terminal.tell(f"{count(len(found), 'schedule')}, in {visible(str(output))}\n")
        return
    if as_json:
        rows = [{name: _plain(value) for name, value in row.items()} for row in found.to_dict("records")]
        terminal.write_json({"schedules": len(found), "rows": rows} | set_aside)
        return
    _show([count(len(found), "schedule")], found.iloc[:_SHOWN])
    if len(found) > _SHOWN:
        terminal.tell(f"\n{len(found) - _SHOWN:,} more: use -o or --json\n")


def optimize(
    file: File,
    entries: Entries = None,
    *,
    over: Over,
    minimize: Annotated[
        str,
        typer.Option(
            metavar="METRIC",
            autocompletion=completing.among(*METRICS),
            help=f"What is to be least: {', '.join(METRICS)} (or peak_hour).",
        ),
    ],
    subject_to: Annotated[
        list[str] | None,
        typer.Option(metavar="LIMIT", help='A limit of a metric, such as "weekend_share <= 0"; repeatable.'),
    ] = None,
    top: Annotated[int, typer.Option(metavar="NUMBER", help="How many schedules to show, best first.")] = 5,
    check: Annotated[
        bool, typer.Option("--check", help="Prove the certificate again, which takes longer than the search.")
    ] = False,
    events: Events = None,
    changes: Changes = None,
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
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Find the best of many schedules, with a proof that none is better.

    \b
      simcore optimize welcome.json entries.csv --over send_hour=0..23
        --minimize p95_days
      simcore optimize welcome.json entries.csv --over send_hour=0..23
        --over "emails[2].delay_value=1,2,3" --minimize median_days
        --subject-to "night_share <= 0.1"

    Metrics: median_days and p95_days (from the entry to the last send), weekend_share and night_share (22:00 to 07:00)
    of the sends, and most_in_an_hour. With --json, the parts of the space that were not evaluated are listed too, each
    with the bound that rules it out.
    """
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
    asked |= zoned(time_zones)
    asked |= {
        "over": _values(over),
        "minimize": minimize,
        "subject_to": subject_to or (),
        "top": top,
        "check": check,
    }
    sources, inputs = (
        sources_of(entries, events, delimiter, names_of(column, time_zones)),
        [file, emails, changes],
    )
    found, set_aside = answer(_found, sequence, asked, sources, inputs, [], on_error, as_json)
    if as_json:
        terminal.write_json(_as_json(found) | ({"checked": True} if check else {}) | set_aside)
        return
    heading, below = found.words()
    _show([heading], found.best)
    terminal.tell(f"\n{below}{'; checked again, and it holds' if check else ''}\n")


def _show(heading: list[str], schedules: pd.DataFrame) -> None:
    """Schedules and their metrics, for people."""
    rows = [[*map(cell, row)] for row in schedules.itertuples(index=False)]
    terminal.show(heading, [_HEADS.get(name, name) for name in schedules.columns], rows)
    legend = [f"{line}\n" for line, names in _LEGEND.items() if {*names} & {*schedules.columns}]
    terminal.tell("".join(["\n", *legend]))


def _as_json(found: Optimum) -> dict[str, Any]:
    """An optimum, for machines."""
    parts = found.certificate.to_dict("records")
    return {
        "schedules": len(found.evaluated) + sum(part.schedules for part in found.parts),
        "evaluated": len(found.evaluated),
        "best": [
            {name: _plain(value) for name, value in row.items()} for row in found.best.to_dict("records")
        ],
        "ruled_out": parts,
    }


def _plain(value: Any) -> Any:
    """A value as JSON has it: what is missing is null."""
    return None if isinstance(value, float) and math.isnan(value) else value


def _found(sequence: Any, entries: Any = None, *, check: bool, **asked: Any) -> Optimum:
    """The optimum, once its certificate is checked where that is wanted."""
    found = simcore.optimize(sequence, entries, progress=False, **asked)
    if check:
        found.check(entries, progress=False)
    return found


def _metrics(typed: str | None) -> list[str]:
    """The metrics that were typed, or all of them."""
    if typed is None:
        return [*METRICS]
    return [*dict.fromkeys(metric_of(name.strip(), "--metrics") for name in typed.split(","))]


def _swept(
    sequence: Any, entries: Any = None, *, over: Any, metrics: list[str], flat: bool, **asked: Any
) -> pd.DataFrame:
    """The schedules with these metrics; for files (`flat`) with lists as JSON."""
    found = simcore.sweep(sequence, over, entries, **asked)[[*over, *metrics]]
    texts: dict[str, Any] = {
        path: [json.dumps(each) if isinstance(each, tuple | dict) else each for each in found[path]]
        for path in (over if flat else ())
    }
    return found.assign(**texts)


def _values(typed: list[str]) -> dict[str, Any]:
    """What was typed of fields: values, by path."""
    found: dict[str, Any] = {}
    for item in typed:
        path, _, values = item.partition("=")
        if path in found:
            raise SimcoreError(f"--over: found {path} a second time")
        span = _RANGE.fullmatch(values.strip())
        if span:
            first, last = (int(each) for each in span.groups() if each is not None)
            found[path] = range(first, last + 1)
            continue
        try:
            found[path] = _listed(values)
        except (ValueError, RecursionError):
            raise SimcoreError(
                f"--over: found {shown(item)}, expected PATH=VALUES, such as send_hour=0..23 or send_hour=9,18"
            ) from None
    return found


def _listed(typed: str) -> Any:
    """A JSON value, or a list of numbers and words with commas between them; ValueError for anything else."""
    try:
        return json.loads(typed)
    except ValueError:
        items = [item.strip() for item in typed.split(",")]
        if len(items) < 2 or not all(map(_ITEM.fullmatch, items)):
            raise
    return [_word(item) for item in items]


def _word(typed: str) -> Any:
    """A number, true, false or null; any other word is a text."""
    try:
        return json.loads(typed)
    except ValueError:
        return typed
