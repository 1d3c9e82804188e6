"""`simcore report`: a page about a sequence, or about several side by side, for people without Python."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from simcore.answers.options import Options
from simcore.cli import completing
from simcore.cli.answering import answer, sources_of
from simcore.cli.loading import asked_of, load
from simcore.cli.options import (
    ENTRIES_HELP,
    JSON,
    TRIGGER_HELP,
    AccountZone,
    Assume,
    Columns,
    DayFirst,
    Delimiter,
    Drafts,
    Emails,
    EnabledAt,
    Events,
    NaiveZone,
    OnError,
    Seed,
    Unit,
    Until,
    Zones,
    check,
    names_of,
    option_of,
    saying,
    zoned,
)
from simcore.cli.whatif import SEQUENCE, named_by_file
from simcore.clock import instants
from simcore.errors import SimcoreError
from simcore.files.stamps import aware
from simcore.files.writing import replacing, target_of
from simcore.show import terminal
from simcore.show.report import report as page_of
from simcore.text.tables import visible

_PAGES = {".html", ".htm"}


def report(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            autocompletion=completing.sequences,
            help="The sequence, or several, which are compared: JSON from <platforms> API. For one in a list of "
            f"several: FILE#ID. The last may be ENTRIES, if it is no .json file. {ENTRIES_HELP} {TRIGGER_HELP}",
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="OUT", help="The page to write: an .html file.")
    ],
    entered: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TIME",
            help='Explain what somebody gets who enters then, such as "2026-03-06 21:07"; repeatable. Default: three '
            "of ENTRIES: the fastest, the slowest, and one in the middle.",
        ),
    ] = None,
    events: Events = None,
    emails: Emails = None,
    time_zone: AccountZone = None,
    enabled_at: EnabledAt = None,
    until: Until = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="As for `simcore lint`; default: when the first subscriber enters."
        ),
    ] = None,
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
    """Write a page about a sequence, or about several, for people without Python.

    \b
      simcore report welcome.json --entered "2026-03-06 21:07" -o report.html
      simcore report welcome.json entries.csv -o report.html
      simcore report now.json idea.json entries.csv -o report.html

    The page has the emails, when each goes out and why, pictures, what lint finds, and what is assumed, with the
    rules. It is one file that any browser opens, without a network; you can print it, or send it to somebody.
    """
    if output.suffix.lower() not in _PAGES:
        raise SimcoreError(f"{output}: expected a name that ends in .html")
    entries = paths[-1] if len(paths) > 1 and not SEQUENCE.search(paths[-1].name) else None
    files = paths if entries is None else paths[:-1]
    if emails is not None and len(files) > 1:
        raise SimcoreError("--emails: only for one sequence: give each of several in a file with its emails")
    if entries is None and events is None and not entered:
        raise SimcoreError(
            "ENTRIES: missing, expected a file of the people who enter, or --entered TIME to explain an entry"
        )
    inputs = [path for path in (*paths, emails, events) if path is not None]
    target_of(output, *inputs)
    only = {
        "emails": emails,
        "time_zone": time_zone,
        "include_drafts": include_drafts,
        "enabled_at": enabled_at,
    }
    several = named_by_file(files) if len(files) > 1 else {"": files[0]}
    loaded = {name: load(path, naive_time_zone, only) for name, path in several.items()}
    sequences = loaded if len(files) > 1 else loaded[""]
    asked = asked_of(
        sequences, until, assume, naive_time_zone, only, seed=seed, unit=unit, day_first=day_first
    )
    how = instants.Reader(asked["naive_time_zone"], dayfirst=day_first)
    verb = partial(
        _made,
        [aware([how.read_one(each, "--entered")])[0] for each in entered or []] or None,
        None if as_of is None else aware([how.read_one(as_of, "--as-of")])[0],
    )
    set_aside: dict[str, Any] = {}
    if entries is None and events is None:
        reading = {"time_zones": time_zones, "column": column, "unit": unit, "enabled_at": enabled_at}
        if vain := [option_of(name) for name, value in reading.items() if value]:
            raise SimcoreError(f"{vain[0]}: only with ENTRIES or --events")
        check("--on-error", on_error, "stop", "quarantine")
        with saying():
            made = verb(sequences, **asked)
    else:
        sources = sources_of(entries, events, delimiter, names_of(column, time_zones))
        made, set_aside = answer(
            verb, sequences, asked | zoned(time_zones), sources, inputs, [], on_error, as_json
        )
    with replacing(output, *inputs) as sink:
        sink.write(made)
    if as_json:
        terminal.write_json({"file": str(output), "bytes": len(made)} | set_aside)
        return
    terminal.tell(f"{len(made) / 1000:,.0f} kB, in {visible(str(output))}: open it in a browser\n")


def _made(entered_at: Any, as_of: Any, sequences: Any, entries: Any = None, **asked: Any) -> bytes:
    return page_of(sequences, entries, Options(**asked), entered_at, as_of)
