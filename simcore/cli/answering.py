"""From files to files: reads entries and events, calls the library, writes the result and a summary."""

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import pandas as pd
from rich import console, filesize, progress

from simcore.answers.idle import Idle
from simcore.answers.projection import plan_of
from simcore.cli.options import as_typed, check, saying
from simcore.clock.instants import Reader
from simcore.clock.words import clock
from simcore.clock.zones import zone
from simcore.engine.frames import warn_of_inactive, warn_of_overlooked, ways
from simcore.errors import SimcoreError, TooLateError
from simcore.files.inputs import is_stdin, once_only, unzipped
from simcore.files.quarantine import quarantine
from simcore.files.reading import read
from simcore.files.rows import Rows
from simcore.files.stamps import iso, us_of
from simcore.files.writing import replacing, target_of, writer
from simcore.plan.columns import (
    COUNTED,
    ENTRIES,
    EVENTS,
    ZONES,
    Columns,
    Names,
    called,
    check_there,
    no_zones,
    renamed,
)
from simcore.plan.plan import Plan
from simcore.plan.platform import platform_of
from simcore.show import terminal
from simcore.text.wording import count

_LATE = "an email would go out after 2200-01-01 UTC"


class Source(NamedTuple):
    """A file of entries or of events: its possible kinds, its delimiter, the names of its columns, and the file for
    rows that cannot be used."""

    path: Path
    kinds: tuple[Columns, ...]
    delimiter: str
    columns: Names
    aside: Path


Usable = Callable[[str, Rows, Reader], pd.DataFrame]
"""Gives the rows of a file of entries or events (its name) with their instants read, and refuses others."""


def sources_of(
    entries: Path | None,
    events: Path | None,
    delimiter: str,
    columns: Names,
    *asides: Path,
    counted: bool = False,
) -> dict[str, Source]:
    """The files of entries and events. Rows that cannot be used go to `asides`, by default next to the file, or for a
    pipe into the current folder.

    `counted`: entries may be arrivals that are already counted.
    """
    either = (ENTRIES, COUNTED) if counted else (ENTRIES,)
    found = {"entries": (entries, either), "events": (events, (EVENTS,))}
    return {
        name: Source(path, kinds, delimiter, columns, asides[at] if asides else _beside(path))
        for at, (name, (path, kinds)) in enumerate(found.items())
        if path is not None
    }


def _beside(path: Path) -> Path:
    if once_only(path):  # whose folder may be /dev
        return Path(f"{'stdin' if is_stdin(path) else path.name}.quarantine.csv")
    return path.with_name(f"{unzipped(path).stem}.quarantine.csv")


def quarantines(output: Path | None) -> list[Path]:
    """The files for rows of entries and of events that cannot be used, if there is an output file."""
    if output is None:
        return []
    return [output.with_name(f"{output.stem}{name}.quarantine.csv") for name in ("", ".events")]


def answer(
    verb: Callable[..., Any],
    sequence: Any,
    asked: dict[str, Any],
    sources: dict[str, Source],
    inputs: Sequence[Path | None],
    outputs: Sequence[Path | None],
    on_error: str,
    as_json: bool,
    no_csv_safe: bool = False,
    usable: Usable | None = None,
) -> tuple[Any, dict[str, Any]]:
    """The result of a verb, with its frames written to `outputs` (None: standard output), and what was set aside.

    `sequence`: one, or a dict of them by name; a row must be usable for all of them, unless `usable` says otherwise.
    `inputs`: the other files that are read; none of them, nor of the sources, is ever written to.
    """
    write = writer(outputs[0] if outputs else None, as_json, csv_safe=not no_csv_safe)
    check("--on-error", on_error, "stop", "quarantine")
    check("--order", asked.get("order", "entry"), "entry", "email")
    plans = _plans(sequence)
    if usable is None:
        _check_entries(plans[0], sources, asked)
    kept = [path for path in (*inputs, *(source.path for source in sources.values())) if path is not None]
    if on_error == "quarantine":
        for source in sources.values():
            target_of(source.aside, *kept)
    at_terminal = sys.stderr.isatty() and not (None in outputs and sys.stdout.isatty())
    with saying(), ExitStack() as stack:
        sinks = [
            sys.stdout.buffer if path is None else stack.enter_context(replacing(path, *kept))
            for path in outputs
        ]
        tty = console.Console(stderr=True)
        bar = stack.enter_context(progress.Progress(console=tty, transient=True, disable=not at_terminal))
        pipes = {
            name: stack.enter_context(TemporaryFile())
            for name, source in sources.items()
            if on_error == "quarantine" and once_only(source.path)
        }
        tables = _read(sources, bar, sequence, plans, pipes, zones="time_zones" in asked)
        working = bar.add_task("Projecting", total=None)
        found = _answered(
            verb, sequence, usable or partial(_for_all, plans, "time_zones" in asked), tables, asked, on_error
        )
        bar.update(working, total=1, completed=1)
        frames = (found if isinstance(found, tuple) else (found,))[: len(sinks)]
        writing = bar.add_task("Writing", total=sum(map(len, frames)))
        for frame, sink in zip(frames, sinks, strict=True):
            write(frame, sink, lambda rows: bar.advance(writing, rows))
            sink.flush()
        for name, source in sources.items():
            if tables[name].broken:
                tables[name].broken = {row: as_typed(why) for row, why in tables[name].broken.items()}
                with replacing(source.aside, *kept) as page:
                    page.write(quarantine(tables[name]))
    return found, _set_aside(sources, tables)


def _plans(sequence: Any) -> list[Plan]:
    """One plan for each platform, to read files by; the rows of the last one have all the columns.

    A file has the same columns for all sequences of a platform.
    """
    plans = [*{platform_of(each).name: plan_of(each) for each in _several(sequence)}.values()]
    return sorted(plans, key=lambda plan: plan.trigger is not None)


def _check_entries(plan: Plan, sources: dict[str, Source], asked: dict[str, Any]) -> None:
    """Raises SimcoreError where nobody can enter."""
    enrols = plan.trigger is not None
    if "entries" not in sources and not (enrols and "events" in sources):
        more = ", or --events that enrol them" if enrols else " (events enrol nobody in this sequence)"
        raise SimcoreError(f"ENTRIES: missing, expected a file of the people who enter{more}")
    if "entries" in sources and "enabled_at" in asked:
        terminal.say(
            "--enabled-at has no effect with ENTRIES, which are the enrolments themselves", "Warning"
        )


def _read(
    sources: dict[str, Source],
    bar: progress.Progress,
    sequence: Any,
    plans: Sequence[Plan],
    pipes: Mapping[str, BinaryIO],
    *,
    zones: bool,
) -> dict[str, Rows]:
    """The rows of all files, whose columns have the names that people give, or those of platforms.

    `plans`: by which they are read. `pipes`: files that keep what comes through pipes. `zones`: whether entries must
    have recipients' zones (T22).
    """
    reading = bar.add_task("Reading", total=None)

    def report(done: int, size: int | None) -> None:
        more = "" if size else f" {filesize.decimal(done)}"  # a pipe does not say how much is to come
        bar.update(reading, description=f"Reading{more}", completed=done, total=size)

    platforms = [platform_of(each) for each in _several(sequence)]
    theirs = [each.columns for each in platforms]
    standing, active = next((each.standing for each in platforms if each.standing[0]), ("", ""))
    there, tables = dict[str, list[str]](), dict[str, Rows]()
    for what, source in sources.items():

        def named_so(names: list[str], what: str = what, given: Names = source.columns) -> Names:
            there[what] = names
            return called(what, names, given, theirs)

        kinds = source.kinds
        if what == "entries" and standing:  # to be counted
            kinds = tuple((needed, (*others, standing)) for needed, others in kinds)
        rows = read(
            source.path,
            report,
            *kinds,
            delimiter=source.delimiter,
            called=named_so,
            kept=pipes.get(what),
        )
        found = {*named_so(there[what])} - {*source.columns}
        if "via" in found:
            rows.frame["via"] = ways(rows.frame["via"], plans[-1].vias)
        names = renamed(there[what], named_so(there[what]))
        for plan in plans:
            warn_of_overlooked(what, names, plan.wanted[what])
        if "entered_at" in found and standing in rows.frame:
            warn_of_inactive([rows.frame[standing]], active)
        tables[what] = rows
    for source in sources.values():
        check_there(source.columns, there)
    if zones and "entries" in tables and ZONES not in tables["entries"].frame:
        raise SimcoreError(no_zones(there["entries"]))
    return tables


def _several(sequence: Any) -> list[Any]:
    """A list of one sequence, or of all in a dict."""
    return [*sequence.values()] if isinstance(sequence, dict) else [sequence]


def _answered(
    verb: Callable[..., Any],
    sequence: Any,
    usable_of: Usable,
    tables: dict[str, Rows],
    asked: dict[str, Any],
    on_error: str,
) -> Any:
    """The answer of the verb to the rows that can be used; others are refused in their tables."""
    how = Reader(asked["naive_time_zone"], asked["unit"], asked["dayfirst"])
    usable = {name: usable_of(name, rows, how) for name, rows in tables.items()}
    while True:
        for rows in tables.values():
            if rows.broken and on_error == "stop":
                raise rows.told()
        given = {name: usable[name][rows.good] for name, rows in tables.items()}
        try:
            return verb(sequence, **given, **asked)
        except TooLateError as error:  # a valid row may still lead to a send that is too late
            if not error.rows:
                raise
            rows = tables["entries"]
            rows.refuse(dict.fromkeys(np.flatnonzero(rows.good)[error.rows].tolist(), _LATE))


def _for_all(plans: list[Plan], zones: bool, name: str, rows: Rows, how: Reader) -> pd.DataFrame:
    """Rows as each of some plans reads them. `zones`: whether entries say recipients' zones (T22)."""
    for plan in plans:
        found = rows.entries(plan, how, zones=zones) if name == "entries" else rows.events(plan, how)
    return found


def _set_aside(sources: dict[str, Source], tables: dict[str, Rows]) -> dict[str, Any]:
    """How many rows cannot be used, and where they are: prints that, and returns it for machines."""
    found: dict[str, Any] = {}
    for name, source in sources.items():
        rows, prefix = tables[name], "" if name == "entries" else f"{name}_"
        found[f"{prefix}quarantined"] = len(rows.broken)
        found[f"{prefix}quarantine_file"] = str(source.aside) if rows.broken else None
        if rows.broken:
            terminal.say(f"{len(rows.broken)} of {rows.total} rows cannot be used: see {source.aside}")
    return found


def idle_json(nothing: Idle) -> dict[str, Any]:
    """What came to nothing, for machines."""
    return {
        "entries_without_run": nothing.without_run,
        "why_no_sends": as_typed(nothing.why_no_sends) or None,
    }


def because(nothing: Idle) -> str:
    """Why nothing is sent, to follow a summary; "" if something is sent."""
    return nothing.why_no_sends and f": {as_typed(nothing.why_no_sends)}"


def summary_of(
    sends: pd.DataFrame, nothing: Idle, time_zone: str, reached: int | None = None
) -> tuple[dict[str, Any], str]:
    """A summary of sends: for machines, and in words (without what came to nothing). `reached`: how many subscribers
    get them, where that is known; to count ids that are texts takes time."""
    here = zone(time_zone)
    people = int(sends["subscriber_id"].nunique()) if reached is None else reached
    first = last = None
    words = "no sends"
    if len(sends):
        ends_us = us_of(sends["send_at"].agg(["min", "max"]))
        first, last = iso(ends_us, here)
        span = " to ".join(clock(us, here) for us in ends_us.tolist())
        words = f"{count(len(sends), 'send')} to {count(people, 'subscriber')}, {span}"
    ends = {"first_send": first, "last_send": last}
    return {"subscribers": people, "sends": len(sends), **ends, **idle_json(nothing)}, words
