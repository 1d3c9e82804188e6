"""A folder that holds an account: its sequences, who enters them, and what happens to people."""

import warnings
from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from simcore.account.people import (
    BOTH,
    EVERYWHERE,
    INNER,
    everywhere,
    inner,
    meant,
    outside,
    place_of,
    read_by,
)
from simcore.answers.projection import plan_of
from simcore.clock.instants import Reader
from simcore.errors import SimcoreError, shown
from simcore.files.inputs import path_of
from simcore.files.json_file import read_json
from simcore.files.reading import read
from simcore.files.rows import Rows
from simcore.files.stamps import aware
from simcore.plan.columns import ENTRIES, EVENTS, NO_NAMES, Columns, Names, called
from simcore.plan.platform import Platform, platform_named, platform_of, recognised

SNAPSHOT = "snapshot.json"
COLUMNS: dict[str, Columns] = {
    "entries": ((*ENTRIES[0], "sequence_id"), ENTRIES[1]),
    "events": (EVENTS[0], (*EVENTS[1], "sequence_id")),
    "broadcasts": (("at", "subject"), ("audience", "subscriber_id")),
}
"""The columns of an account's tables."""
_WAY_OUT = "fix those rows, or leave them out"


class Folder(NamedTuple):
    """What is in a folder: `sequences`, by their ids, in the order of the files' names; `tables`, the paths of its
    tables, by "entries", "events" and "broadcasts"; and a snapshot's own `entries` and `events`."""

    sequences: dict[int | str, Any]
    tables: dict[str, Path]
    entries: pd.DataFrame | None = None
    events: pd.DataFrame | None = None


def look(folder: str | PathLike[str]) -> Folder:
    """What is in a folder. Raises SimcoreError where it holds no account, or a file in it cannot be read."""
    path = path_of("folder", folder, "a folder")
    if not path.is_dir():
        raise SimcoreError(f"{path}: no folder, expected one with the JSON files of an account's sequences")
    tables = {name: path / f"{name}.csv" for name in COLUMNS}
    tables = {name: file for name, file in tables.items() if file.exists()}
    if (path / SNAPSHOT).exists():
        return _snapshot(path, {name: tables[name] for name in tables if name == "broadcasts"})
    found: dict[int | str, Any] = {}
    files: dict[int | str, Path] = {}
    for file in sorted(path.glob("*.json")):
        for one in _sequences(file):
            key = id_of(one)
            if key in found:
                raise SimcoreError(
                    f"{file}: the sequence {shown(one.name)} has the id {shown(key)}, and so has "
                    f"{shown(found[key].name)} in {files[key]}; expected distinct ones"
                )
            found[key], files[key] = one, file
    if not found:
        raise SimcoreError(
            f"{path}: no sequence in it, expected a JSON file for each, as its platform's API gives it"
        )
    return Folder(found, tables)


def id_of(sequence: Any) -> int | str:
    """What tells a sequence apart in an account: a whole number that its platform gave it, or else its name."""
    key = getattr(sequence, "id", None)
    return key if isinstance(key, int) else str(sequence.name)


def _snapshot(path: Path, tables: dict[str, Path]) -> Folder:
    """What was read of an account over its platform's API."""
    told = read_json(path / SNAPSHOT)
    name = told.get("platform") if isinstance(told, Mapping) else None
    if not isinstance(name, str):
        raise SimcoreError(f"{path / SNAPSHOT}: not a snapshot that simcore wrote: it names no platform")
    taken = platform_named(name).load_snapshot(path)
    return Folder({id_of(one): one for one in taken.sequences}, tables, taken.entries, taken.events)


def _sequences(file: Path) -> list[Any]:
    """The sequences of a file."""
    payload = read_json(file)
    try:
        platform = recognised(payload)
        found = platform.load(payload, {})
    except SimcoreError as error:
        raise SimcoreError(f"{file}: {error}") from None
    return found if isinstance(found, list) else [found]


def table(
    what: str, path: Path, sequences: Mapping[int | str, Any], how: Reader, delimiter: str = ","
) -> pd.DataFrame:
    """The entries, events or broadcasts (`what`) of a file. Raises SimcoreError for rows that cannot be used, and
    names their lines."""

    def names(there: list[str]) -> Names:
        told = meant(there) if what == "broadcasts" else None
        if told:
            warnings.warn(f"{path}: {told}", stacklevel=2)
        theirs = [platform_of(each).columns for each in sequences.values()]
        return NO_NAMES if what == "broadcasts" else called(what, there, NO_NAMES, theirs)

    try:
        rows = read(path, lambda *_: None, COLUMNS[what], delimiter=delimiter, called=names)
    except SimcoreError as error:  # here nothing maps columns
        raise SimcoreError(str(error).partition("; columns=")[0]) from None
    found = usable(what, rows, sequences, how)
    if rows.broken:
        raise rows.told(_WAY_OUT)
    return found


def usable(
    what: str, rows: Rows, sequences: Mapping[int | str, Any], how: Reader, *, zones: bool = False
) -> pd.DataFrame:
    """The entries, events or broadcasts (`what`) of a file, with their instants read.

    Rows that cannot be used are refused, and are still in what is returned: `rows.good` says which are not. `zones`:
    whether entries must have zones in `time_zone`, or nothing (T22).
    """
    if what == "entries":
        return _entries(rows, sequences, how, zones=zones)
    return _events(rows, sequences, how) if what == "events" else _broadcasts(rows, how)


def _entries(rows: Rows, sequences: Mapping[int | str, Any], how: Reader, *, zones: bool) -> pd.DataFrame:
    ids, names = [*sequences], rows.frame["sequence_id"]
    place = place_of(names, ids)
    rows.refuse({
        row: f"sequence_id {shown(names.iloc[row])}: {outside(ids)}"
        for row in np.flatnonzero(place < 0).tolist()
    })
    platforms = _platforms(sequences)
    own = np.array([[*platforms].index(platform_of(each).name) for each in sequences.values()])
    number = np.where(place < 0, 0, own[place])
    found = _parted(rows, number, platforms, sequences, how, "entries", zones=zones)
    return found.assign(sequence_id=names)


def _events(rows: Rows, sequences: Mapping[int | str, Any], how: Reader) -> pd.DataFrame:
    ids, platforms, frame = [*sequences], _platforms(sequences), rows.frame
    first = np.zeros(len(frame), np.int64)
    for number, reads in reversed([*enumerate(read_by(frame, [*platforms.values()]))]):
        first = np.where(True if reads is None else reads, number, first)
    found = _parted(rows, first, platforms, sequences, how, "events")
    if "ref" in frame:
        inside = inner(frame, ids, [*platforms.values()])
        rows.refuse({row: f"ref {shown(frame['ref'].iloc[row])}: {INNER}" for row in inside.tolist()})
    if "sequence_id" in frame:
        said = frame["sequence_id"].mask(frame["sequence_id"] == "")
        found = found.assign(sequence_id=said)
        strange = np.flatnonzero(said.notna().to_numpy() & (place_of(said, ids) < 0)).tolist()
        wrong = {
            **dict.fromkeys(strange, outside(ids)),
            **dict.fromkeys(everywhere(found).tolist(), EVERYWHERE),
        }
        rows.refuse({row: f"sequence_id {shown(said.iloc[row])}: {why}" for row, why in wrong.items()})
    return found


def _broadcasts(rows: Rows, how: Reader) -> pd.DataFrame:
    found = rows.frame.copy(deep=False)
    us, faults = how.read(found["at"])
    rows.refuse({row: f"at {shown(found['at'].iloc[row])}: {fault}" for row, fault in faults.items()})
    optional = {
        name: found[name].mask(found[name] == "") for name in COLUMNS["broadcasts"][1] if name in found
    }
    if len(optional) > 1:
        both = np.logical_and.reduce([each.notna() for each in optional.values()])
        rows.refuse(dict.fromkeys(np.flatnonzero(both).tolist(), BOTH))
    return found.assign(at=aware(us), **optional)


def _platforms(sequences: Mapping[int | str, Any]) -> dict[str, Platform[Any]]:
    """The sequences' platforms by name, those whose events have properties first: what both can read keeps them."""
    found = {platform_of(each).name: each for each in sequences.values()}
    order = sorted(found, key=lambda name: plan_of(found[name]).trigger is None)
    return {name: platform_of(found[name]) for name in order}


def _parted(
    rows: Rows,
    number: Any,
    platforms: Mapping[str, Platform[Any]],
    sequences: Mapping[int | str, Any],
    how: Reader,
    what: str,
    *,
    zones: bool = False,
) -> pd.DataFrame:
    """Rows as the platforms read them, each by the one of its `number`."""
    parts = []
    for at, name in enumerate(platforms):
        mine = np.flatnonzero(number == at)
        frame = rows.frame.iloc[mine].reset_index(drop=True)
        part = replace(rows, frame=frame, places=rows.places[mine], broken={}, ends={})
        plan = plan_of(next(each for each in sequences.values() if platform_of(each).name == name))
        found = part.entries(plan, how, zones=zones) if what == "entries" else part.events(plan, how)
        bad = np.flatnonzero(~part.good).tolist()
        rows.refuse({int(mine[row]): part.broken[int(part.places[row])] for row in bad})
        parts.append(found.set_axis(mine))
    if len(parts) == 1:
        return parts[0]
    return pd.concat([part for part in parts if len(part)] or parts[:1]).sort_index()
