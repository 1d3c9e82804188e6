"""`simcore account`: several sequences of the same subscribers at once."""

import re
from collections import Counter
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import pandas as pd
import typer

import simcore
from simcore.account import Account, AccountSimulation, Cap, Pressure
from simcore.account import load as folders
from simcore.account.cap import length_us
from simcore.answers.idle import Idle
from simcore.answers.projection import plan_of
from simcore.cli import completing
from simcore.cli.answering import answer, because, idle_json, quarantines, sources_of, summary_of
from simcore.cli.loading import asked_of, assumed, zone_of
from simcore.cli.options import (
    Assume,
    Columns,
    DayFirst,
    Delimiter,
    Drafts,
    EnabledAt,
    Explain,
    NoCsvSafe,
    OnError,
    Seed,
    Unit,
    Until,
    Zones,
    names_of,
    zoned,
)
from simcore.cli.pictures import Pictures, PlotPressure
from simcore.clock.instants import Reader
from simcore.clock.periods import periods
from simcore.clock.words import clock, length
from simcore.clock.zones import Ints, Zone, zone
from simcore.errors import SimcoreError, TooLateError, shown
from simcore.files.rows import Rows
from simcore.files.stamps import iso, us_of
from simcore.plan.log import text_id
from simcore.plan.platform import platform_of
from simcore.show import terminal
from simcore.text.tables import visible
from simcore.text.wording import count, listed

_WEEK = "7D"
_ROW = ("name", "sends", "subscribers")
_LESS = "No room for what people get without the cap: use a wider terminal or --json."
_NAMED = 5  # so many subscribers are named who are over the cap


def account(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER",
            help="A folder with a JSON file for each sequence, from <platforms> API, and perhaps entries.csv, "
            "events.csv and broadcasts.csv.",
        ),
    ],
    entries: Annotated[
        Path | None,
        typer.Option(
            metavar="ENTRIES",
            help="Who enters which sequence, and when, in the place of FOLDER/entries.csv: CSV or .parquet. Columns: "
            "sequence_id, subscriber_id and entered_at, optionally via and, if a sequence has a trigger, properties "
            "(a JSON object). Without any, triggers enrol people by EVENTS.",
        ),
    ] = None,
    events: Annotated[
        Path | None,
        typer.Option(
            metavar="EVENTS",
            help="What happens to subscribers, such as tag_added or unsubscribed, in the place of FOLDER/events.csv; "
            "one log for all sequences.",
        ),
    ] = None,
    cap: Annotated[
        str | None,
        typer.Option(
            metavar="MOST/WINDOW",
            help="What if each subscriber got at most so many mails within some time, such as 2/7D?",
        ),
    ] = None,
    on_excess: Annotated[
        str | None,
        typer.Option(
            metavar="defer|skip",
            autocompletion=completing.among("defer", "skip"),
            help="What becomes of a mail for which the cap leaves no room: it waits (defer), or is left out (skip). "
            "Default: defer.",
        ),
    ] = None,
    priority: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SEQUENCE",
            help="The id of a sequence whose mails come first under the cap, when several are due at one instant; "
            "repeatable, the first one first.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="A .csv or .parquet file for all mails, a row each; default: none.",
        ),
    ] = None,
    enabled_at: EnabledAt = None,
    until: Until = None,
    explain: Explain = False,
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
    plot_pressure: PlotPressure = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Show what people get from several sequences at once.

    \b
      simcore account folder
      simcore account folder --cap 2/7D --on-excess skip
      simcore account folder --entries entries.csv -o mails.csv

    Sequences that exclude each other, steps that tag people, broadcasts: all of it is simulated together. The summary
    has the mails of each sequence and each week, how many mails one person gets within a week (or the window of the
    cap), and who would be over the cap.
    """
    found = folders.look(folder)
    sequences = found.sequences
    only = {"include_drafts": include_drafts, "enabled_at": enabled_at}
    asked = asked_of(sequences, until, None, naive_time_zone, only, seed=seed, unit=unit, day_first=day_first)
    del asked["assumptions"]
    broadcasts = found.tables.get("broadcasts")
    how = Reader(asked["naive_time_zone"], asked["unit"], day_first)
    mails = None if broadcasts is None else folders.table("broadcasts", broadcasts, sequences, how, delimiter)
    whole = Account(sequences.values(), broadcasts=mails, assumptions=_assumed(assume, sequences))
    limit = _cap(cap, on_excess, priority, whole)
    whole.entries, whole.events = found.entries, found.events
    given = {"entries": entries, "events": events}
    paths = {name: path or found.tables.get(name) for name, path in given.items()}
    if paths["entries"] is None and found.entries is None:
        _check_enrols(folder, whole, paths["events"])
    sources = {
        name: each._replace(kinds=(folders.COLUMNS[name],))
        for name, each in sources_of(
            paths["entries"], paths["events"], delimiter, names_of(column, time_zones), *quarantines(output)
        ).items()
    }
    inputs = [*folder.glob("*.json"), *found.tables.values()]
    pictures = Pictures([*paths.values(), *inputs], pressure=plot_pressure)
    asked |= {"explain": explain, **zoned(time_zones)}
    (timeline, life, free), set_aside = answer(
        partial(_simulated, whole, limit, pictures),
        sequences,
        asked,
        sources,
        inputs,
        [] if output is None else [output],
        on_error,
        as_json,
        no_csv_safe,
        partial(_usable, sequences, time_zones is not None),
    )
    drawn = pictures.save()
    window_us = length_us("window", _WEEK) if limit is None else limit.window_us
    window = _Window(window_us, *(each.pressure(timedelta(microseconds=window_us)) for each in (life, free)))
    told = _summary(whole, life, window, limit)
    if as_json:
        file = {} if output is None else {"file": str(output)}
        terminal.write_json(told | file | drawn | set_aside)
        return
    _show(whole, life, window, limit, told)
    if output is not None:
        terminal.tell(f"\n{count(len(timeline), 'send')}: in {visible(str(output))}\n")
    terminal.tell("\n" if drawn and output is None else "")
    pictures.tell()


def _cap(typed: str | None, on_excess: str | None, priority: list[str] | None, whole: Account) -> Cap | None:
    """The cap that was typed."""
    if typed is None:
        given = {"--on-excess": on_excess, "--priority": priority}
        for option in (name for name, value in given.items() if value):
            raise SimcoreError(f"{option}: only with --cap, such as --cap 2/7D")
        return None
    most, slash, window = typed.partition("/")
    if not slash:
        raise SimcoreError(
            f"--cap: found {shown(typed)}, expected MOST/WINDOW, such as 2/7D: 2 mails within 7 days"
        )
    ids = {text_id(each): each for each in whole.ids}
    number: Any = int(most) if most.strip().isdecimal() else most
    how: Any = on_excess or "defer"
    return Cap(number, window, on_excess=how, priority=tuple(ids.get(each, each) for each in priority or []))


def _assumed(given: list[str] | None, sequences: dict[int | str, Any]) -> list[Any]:
    """The switches of each platform, with the values given; a switch is that of every platform that has it."""
    each = {platform_of(one).name: one for one in sequences.values()}
    names = {name: platform_of(one).assumptions.__dataclass_fields__ for name, one in each.items()}
    items = {item: item.partition("=")[0] for item in given or []}
    for item, name in items.items():
        if not any(name in known for known in names.values()):
            assumed([item], next(iter(each.values())))  # which says what there is
    return [
        assumed([item for item, own in items.items() if own in names[name]], one)
        for name, one in each.items()
    ]


def _check_enrols(folder: Path, whole: Account, events: Path | None) -> None:
    """Raises SimcoreError where nobody can enter."""
    enrols = any(plan_of(each).trigger is not None for each in whole.sequences.values())
    if not enrols or events is None:
        more = ", or events that enrol them" if enrols else " (events enrol nobody in these sequences)"
        raise SimcoreError(
            f"{folder}: no entries.csv in it, expected one, or --entries with the people who enter{more}"
        )


def _usable(sequences: dict[int | str, Any], zones: bool, name: str, rows: Rows, how: Reader) -> pd.DataFrame:
    return folders.usable(name, rows, sequences, how, zones=zones)


def _simulated(
    whole: Account,
    cap: Cap | None,
    pictures: Pictures,
    _: Any,
    *,
    entries: Any = None,
    events: Any = None,
    **asked: Any,
) -> tuple[pd.DataFrame, AccountSimulation, AccountSimulation]:
    """All mails, what happens, and what would without the cap."""
    try:
        life = whole.simulate(entries, events=events, cap=cap, **asked)
        free = life if cap is None else whole.simulate(entries, events=events, **asked)
    except TooLateError as error:  # its rows are no lines of a file
        raise SimcoreError(re.sub(r"to row \d+ \((subscriber .*?)\)", r"to \1", str(error))) from None
    pictures.draw("pressure", simcore.plot_pressure, lambda: life, cap=cap)
    return life.timeline, life, free


class _Window(NamedTuple):
    """A length of time [µs], and how many mails people get within it, with the cap and without."""

    us: int
    capped: Pressure
    free: Pressure

    def over(self, most: int) -> list[dict[Any, Any]]:
        """Who gets more than the cap, those who get most first."""
        found = self.capped.subscribers
        found = found[found["most"] > most]
        found = found.sort_values("most", ascending=False, kind="stable")
        return found[["subscriber_id", "most"]].to_dict("records")


def _summary(whole: Account, life: AccountSimulation, window: _Window, cap: Cap | None) -> dict[str, Any]:
    """What an account sends, for machines."""
    mails, journal = life.timeline, life.journal
    here = zone(zone_of(whole.sequences) or "UTC")
    rows = []
    for key, one in whole.sequences.items():
        mine = mails[(mails["sequence_id"] == key).to_numpy(np.bool_, na_value=False)]
        what = journal["what"][(journal["sequence_id"] == key).to_numpy()]
        rows.append({
            "sequence_id": key,
            "name": one.name,
            **_counted(mine),
            "deferred": int((what == "deferred").sum()),
            "capped": int((what == "capped").sum()),
            **idle_json(life.idle[key]),
        })
    nothing, _ = _idle(life)
    total, _ = summary_of(mails, nothing, here.name)
    starts_us, sends = _weeks(mails, here)
    weeks = zip(iso(starts_us, here), sends, strict=True)
    spread = window.capped.distribution["subscribers"]
    limit = None
    if cap is not None and cap.most is not None:
        free = window.free.subscribers["most"]
        limit = {
            "most": cap.most,
            "window_seconds": cap.window_us / 1e6,
            "on_excess": cap.on_excess,
            "over_without_cap": int((free > cap.most).sum()),
            "over": window.over(cap.most),
        }
    return {
        **total,
        "sequences": rows,
        "broadcasts": _counted(mails[mails["sequence_id"].isna().to_numpy()]),
        "weeks": [{"week": week, "sends": many} for week, many in weeks],
        "window_seconds": window.us / 1e6,
        "most_in_window": [{"sends": most, "subscribers": many} for most, many in spread.items()],
        "cap": limit,
    }


def _counted(mails: pd.DataFrame) -> dict[str, int]:
    return {"sends": len(mails), "subscribers": int(mails["subscriber_id"].nunique())}


def _idle(life: AccountSimulation) -> tuple[Idle, list[str]]:
    """What comes to nothing in the whole account; and why, of each sequence that sends nothing, in words."""
    fates = Counter[str]()
    for each in life.idle.values():
        fates.update(each.without_run)
    lines = [f"{key}: no sends{because(each)}" for key, each in life.idle.items() if each.why_no_sends]
    why = (
        ""
        if len(life.timeline)
        else "; ".join(f"{key}: {each.why_no_sends}" for key, each in life.idle.items())
    )
    return Idle(dict(fates.most_common()), why), lines


def _weeks(mails: pd.DataFrame, here: Zone) -> tuple[Ints, list[int]]:
    """The weeks from the first to the last mail: their starts [µs], and how many mails go out in each."""
    at_us = us_of(mails["send_at"])
    if not at_us.size:
        return at_us, []
    found = periods(here, "W", int(at_us.min()), int(at_us.max())).starts_us
    week = np.searchsorted(found, at_us, "right") - 1
    return found, np.bincount(week, minlength=found.size).tolist()


def _show(
    whole: Account, life: AccountSimulation, window: _Window, cap: Cap | None, told: dict[str, Any]
) -> None:
    """What an account sends, for people."""
    here, mails = zone(zone_of(whole.sequences) or "UTC"), life.timeline
    (nothing, lines), within = _idle(life), f"within {length(window.us)}"
    _, words = summary_of(mails, nothing, here.name)
    kinds = [name for name in ("deferred", "capped") if any(row[name] for row in told["sequences"])]
    rows = [
        [row["sequence_id"], *(row[name] for name in _ROW), *(row[name] for name in kinds)]
        for row in told["sequences"]
    ]
    if whole.broadcasts is not None:
        rows.append(["", "broadcasts", *told["broadcasts"].values(), *[""] * len(kinds)])
    terminal.show([words], ["sequence", *_ROW, *kinds], rows)
    lines = [*filter(None, [nothing.told()]), *lines]
    terminal.tell("".join(f"{line}\n" for line in ["", *lines]) if lines else "")
    if not len(mails):
        return
    starts_us, sends = _weeks(mails, here)
    labels = terminal.spans(starts_us, here, "W")
    terminal.tell("\nSends in each week, from Monday:\n\n")
    terminal.chart(labels, {"sends": sends})
    spread = {"subscribers": window.capped.distribution["subscribers"]}
    if told["cap"] is not None:
        spread = {
            "without the cap": window.free.distribution["subscribers"],
            "with it": spread["subscribers"],
        }
    table = pd.DataFrame(spread).fillna(0).astype(int)
    terminal.tell(f"\nThe most that a subscriber gets {within}:\n\n")
    terminal.chart(
        [*map(str, table.index)], {str(name): table[name].tolist() for name in table}, "sends", _LESS
    )
    busiest = sends.index(max(sends))
    most = window.capped.subscribers.sort_values("most", ascending=False, kind="stable").iloc[0]
    since = clock(int(us_of([most["since"]])[0]), here)
    last = [
        f"busiest week: {' '.join(labels[busiest].split())} with {sends[busiest]}",
        f"most to one subscriber: {most['most']} {within} to {visible(str(most['subscriber_id']))}, from {since}",
    ]
    if told["cap"] is not None:
        last.append(_of_cap(told["cap"], within))
    terminal.tell("".join(f"{line}\n" for line in ["", *last]))


def _of_cap(told: dict[str, Any], within: str) -> str:
    """Who is over the cap, in words."""
    over = told["over"]
    named = [f"{visible(str(each['subscriber_id']))} ({each['most']})" for each in over[:_NAMED]]
    more = [f"{len(over) - _NAMED} more"] if len(over) > _NAMED else []
    who = f", by broadcasts: {listed([*named, *more])}" if over else ""
    without = count(told["over_without_cap"], "subscriber")
    return f"over {count(told['most'], 'send')} {within}: {without} without the cap, {len(over)} with it{who}"
