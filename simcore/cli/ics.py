"""`simcore ics`: sends as a calendar file."""

from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from simcore.answers.idle import Idle, idle
from simcore.answers.options import Options
from simcore.answers.projection import make
from simcore.cli.answering import answer, because, quarantines, sources_of, summary_of
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
    File,
    NaiveZone,
    OnError,
    Render,
    Seed,
    Unit,
    Until,
    Zones,
    names_of,
    saying,
    zoned,
)
from simcore.clock import instants
from simcore.errors import SimcoreError
from simcore.files.stamps import aware
from simcore.files.writing import replacing, target_of
from simcore.show import calendar_file, terminal
from simcore.text.tables import visible

_WHO = "you"  # whoever it is whose entry is typed


def ics(
    file: File,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="OUT", help="The calendar file: a name that ends in .ics."),
    ],
    entries: Entries = None,
    entered: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help='When one subscriber enters, such as "2026-03-06 21:07", in the place of ENTRIES.',
        ),
    ] = None,
    events: Events = None,
    changes: Changes = None,
    emails: Emails = None,
    time_zone: AccountZone = None,
    enabled_at: EnabledAt = None,
    until: Until = None,
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
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Write sends as a calendar file, one event each.

    \b
      simcore ics welcome.json --entered "2026-03-06 21:07" -o sends.ics
      simcore ics welcome.json entries.csv --until 2026-04-01 -o sends.ics

    The same send has the same UID in every file, so that a calendar recognises it in a newer one. A few thousand sends
    take a second.
    """
    only = {
        "emails": emails,
        "time_zone": time_zone,
        "include_drafts": include_drafts,
        "changes": changes,
        "enabled_at": enabled_at,
        "render": render,
    }
    if output.suffix.lower() != ".ics":
        raise SimcoreError(f"{output}: expected a name that ends in .ics")
    calendar_file.check()
    others = {"ENTRIES": entries, "--events": events, "--time-zones": time_zones}
    for name in (name for name, given in others.items() if entered is not None and given is not None):
        raise SimcoreError(f"--entered: is of one subscriber, expected it without {name}")
    sequence = load(file, naive_time_zone, only)
    asked = asked_of(
        sequence, until, assume, naive_time_zone, only, seed=seed, unit=unit, day_first=day_first
    )
    asked |= {"render": render, **zoned(time_zones)}
    sources, inputs = (
        sources_of(entries, events, delimiter, names_of(column, time_zones), *quarantines(output)),
        [path for path in (file, emails, changes, entries, events) if path is not None],
    )
    target_of(output, *inputs)
    set_aside: dict[str, Any] = {}
    if entered is None:
        found, set_aside = answer(_calendar, sequence, asked, sources, inputs, [], on_error, as_json)
    else:
        how = instants.Reader(asked["naive_time_zone"], dayfirst=day_first)
        at = aware([how.read_one(entered, "--entered")])
        with saying():
            found = _calendar(sequence, pd.Series(at, index=[_WHO]), **asked)
    data, sends, nothing = found
    with replacing(output, *inputs) as sink:
        sink.write(data)
    summary, words = summary_of(sends, nothing, sequence.time_zone)
    if as_json:
        terminal.write_json(summary | {"file": str(output)} | set_aside)
        return
    lines = filter(None, [f"{words}, in {visible(str(output))}{because(nothing)}", nothing.told()])
    terminal.tell("".join(f"{line}\n" for line in lines))


def _calendar(sequence: Any, entries: Any = None, **asked: Any) -> tuple[bytes, pd.DataFrame, Idle]:
    """The calendar, its sends, and what comes to nothing."""
    projection = make(sequence, entries, Options(**asked))
    sends = projection.timeline()
    return calendar_file.ical(sends), sends, idle(projection, None if entries is None else len(entries))
