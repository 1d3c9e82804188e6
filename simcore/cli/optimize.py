"""`simcore optimize`: the best of many schedules."""

import json
import math
import re
from pathlib import Path
from typing import Annotated, Any

import typer

import simcore
from simcore.answers.metrics import METRICS
from simcore.answers.optimize import Optimum, cell
from simcore.cli.answering import answer, sources_of
from simcore.cli.loading import asked_of, load
from simcore.cli.options import (
    ENTRIES_HELP,
    JSON,
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
    names_of,
    zoned,
)
from simcore.errors import SimcoreError, shown
from simcore.show import terminal

_HEADS = dict(zip(METRICS, ("days", "95 %", "Sat Sun", "night", "peak"), strict=True))
_LEGEND = """
days, 95 %: from the entry to the last send, the median and the 95th percentile
Sat Sun, night (22:00 to 07:00): shares of the sends
peak: the most sends in an hour
"""
_RANGE = re.compile(r"(\d{1,9})\.\.(\d{1,9})")


def optimize(
    file: File,
    entries: Annotated[
        Path | None, typer.Argument(metavar="ENTRIES", help=f"{ENTRIES_HELP} {TRIGGER_HELP}")
    ] = None,
    *,
    over: Annotated[
        list[str],
        typer.Option(
            metavar="PATH=VALUES",
            help="A field and the values to try: whole numbers from the one to the other (send_hour=0..23), or a JSON "
            "list (emails[2].delay_value=[1,2,5]); repeatable.",
        ),
    ],
    minimize: Annotated[
        str, typer.Option(metavar="METRIC", help=f"What is to be least: {', '.join(METRICS)} (or peak_hour).")
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
      simcore optimize welcome.json entries.csv --over send_hour=0..23 --minimize p95_days
      simcore optimize welcome.json entries.csv --over send_hour=0..23 --over "emails[2].delay_value=[1,2,3]"
        --minimize median_days --subject-to "night_share <= 0.1"

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
    rows = [[*map(cell, row)] for row in found.best.itertuples(index=False)]
    terminal.show([heading], [_HEADS.get(name, name) for name in found.best.columns], rows)
    terminal.tell(f"{_LEGEND}\n{below}{'; checked again, and it holds' if check else ''}\n")


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


def _values(typed: list[str]) -> dict[str, Any]:
    """What was typed of fields: values, by path."""
    found: dict[str, Any] = {}
    for item in typed:
        path, _, values = item.partition("=")
        if path in found:
            raise SimcoreError(f"--over: found {path} a second time")
        span = _RANGE.fullmatch(values.strip())
        if span:
            found[path] = range(int(span[1]), int(span[2]) + 1)
            continue
        try:
            found[path] = json.loads(values)
        except (ValueError, RecursionError):
            raise SimcoreError(
                f"--over: found {shown(item)}, expected PATH=VALUES, such as send_hour=0..23 or send_hour=[9,18]"
            ) from None
    return found
