"""What the columns of entries and events are called: here, and by whoever made the table."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from simcore.errors import EntryError, SimcoreError, shown
from simcore.text.wording import listed

Columns = tuple[tuple[str, ...], tuple[str, ...]]
"""The columns that a table must have, and those that it may have."""
ENTRIES: Columns = ("subscriber_id", "entered_at"), ("via", "properties", "attributes", "time_zone")
EVENTS: Columns = ("subscriber_id", "at", "event"), ("ref", "properties", "received_at")
COUNTED: Columns = ("count", "entered_at"), ENTRIES[1]
"""Entries that are counted, with `count` in the place of `subscriber_id`."""
OBJECTS = ("properties", "attributes")
"""The columns that hold objects: dicts, or in files JSON."""
OF_TRIGGERS = frozenset({*OBJECTS, "time_zone", "received_at"})
"""The columns that files of sequences without a trigger may have for something else."""

Names = Mapping[str, str]
"""What columns are called in a table, by their names here."""
NO_NAMES: Names = MappingProxyType({})

ZONES = "time_zone"
"""The column of recipients' zones, by its name here."""


class Zoned(dict[str, str]):
    """What columns are called, that of recipients' zones as `time_zones` names it (T22)."""


_OF = {
    "entries": (*ENTRIES[0], *ENTRIES[1], "count", "sequence_id"),
    "events": (*EVENTS[0], *EVENTS[1], "sequence_id"),
}
_KNOWN = tuple(dict.fromkeys((*_OF["entries"], *_OF["events"])))
_WHEN = ("date", "datetime", "time", "timestamp", "at", "when")
_ALIKE = {
    "subscriber_id": ("subscriber", "id", "email", "emailaddress", "contact", "contactid", "user", "userid"),
    "entered_at": (
        "entered",
        "subscribed",
        "subscribedat",
        "addedat",
        "createdat",
        "joined",
        "joinedat",
        *_WHEN,
    ),
    "at": ("occurredat", "happenedat", "createdat", *_WHEN),
    "event": ("eventname", "eventtype", "name", "type", "action"),
    "count": ("number", "arrivals"),
    "properties": ("property", "props"),
    "attributes": ("attrs", "attr", "customattributes"),
    "time_zone": ("tz", "zone"),
    "received_at": ("received",),
    "sequence_id": ("sequence",),
    "audience": ("tag", "segment", "list"),
}
"""What people call columns, in small letters and digits alone."""
_ALMOST = 0.75  # so much alike are names of which one may be meant by the other
_NEARLY = 0.84  # and these where nothing else says that one is missing


def check(given: Any) -> Names:
    """What people say that columns are called, who may say nothing. Raises SimcoreError for what is no such dict."""
    if given is None:
        return NO_NAMES
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given.values()):
        raise SimcoreError(
            f'columns: found {shown(given)}, expected a dict such as {{"subscriber_id": "email"}}: what columns are '
            "called in the table, by their names here"
        )
    for name in given:
        if name not in _KNOWN:
            raise SimcoreError(
                f"columns: found {shown(name)}, expected one of: {', '.join(_KNOWN)}"
                f"{_hint(nearest([str(name)], _KNOWN).values())}"
            )
    for names in _OF.values():
        mine = [name for name in names if name in given]
        for theirs in [given[name] for name in mine]:
            alike = [name for name in mine if given[name] == theirs]
            if len(alike) > 1:
                raise SimcoreError(
                    f"columns: {shown(theirs)} is given for {listed(alike)}, expected another column for each"
                )
    return given


def check_there(given: Names, tables: Mapping[str, Collection[str]]) -> None:
    """Raises SimcoreError where a column that people named is in none of the tables that it can be in (EntryError for
    that of recipients' zones).

    `tables`: what the columns of `entries` and of `events` are called, as far as they are tables.
    """
    for name, theirs in given.items():
        mine = [what for what in tables if name in _OF[what]]
        there = [*dict.fromkeys(each for what in mine for each in tables[what])]
        if mine and theirs not in there:
            if name == ZONES and isinstance(given, Zoned):
                raise EntryError(no_zones(there, theirs))
            raise SimcoreError(
                f"columns: {name} is {shown(theirs)}, and {listed(mine)} have no such column; the columns are: "
                f"{', '.join(there) or 'none'}{_hint(nearest([theirs], there).values())}"
            )


def no_zones(there: Iterable[Any], theirs: str = ZONES) -> str:
    """What is said where entries lack the column that `time_zones` names, and which may be meant by it."""
    names = [str(name) for name in there]
    free = [name for name in names if name == ZONES or name not in _KNOWN]
    near = nearest([theirs], free) or nearest([ZONES], free)
    maps = f"; time_zones={json.dumps(*near.values(), ensure_ascii=False)} takes it" if near else ""
    return (
        f"time_zones: no column {shown(theirs)} in entries{_hint(near.values())}{' ' if near else '; '}the columns "
        f"are: {', '.join(names) or 'none'}{maps}"
    )


def called(what: str, there: Collection[str], given: Names, theirs: Iterable[Names]) -> dict[str, str]:
    """What the columns of `entries` or `events` are called, where that is not as here.

    `given`: as people say. `theirs`: as each platform calls those of entries; that holds where all that entries must
    have is there, as it calls them, and not where a column is there as it is called here.
    """
    found = {name: given[name] for name in _OF[what] if name in given and given[name] in there}
    for names in theirs if what == "entries" else ():
        if names and all(names[name] in there for name in ENTRIES[0]):
            free = [name for name in names if name not in found and name not in there]
            found |= {name: names[name] for name in free if names[name] in {*there} - {*found.values()}}
    return found


def read_from(what: str, there: Collection[str], given: Names, theirs: Iterable[Names]) -> dict[str, str]:
    """The columns of a table of `entries` or `events` that are read, by their names here (see `called`)."""
    found, known = called(what, there, given, theirs), {"entries": ENTRIES, "events": EVENTS}[what]
    every = {name: found.get(name, name) for name in (*known[0], *known[1])}
    return {name: column for name, column in every.items() if column in there}


def renamed(there: Iterable[Any], names: Names) -> list[Any]:
    """The columns by their names here; one whose name another takes has None."""
    ours = {theirs: name for name, theirs in names.items()}
    return [ours.get(str(name), None if str(name) in names else name) for name in there]


def missing(there: Iterable[Any], *needed: Sequence[str], why: str = "") -> str | None:
    """What is said of columns that are missing, and which may be meant by them; None where all are there.

    `needed`: what a column may be called, one after the other. `why` they are, where that is known.
    """
    names = [str(name) for name in there]
    gone = [each for each in needed if not {*names}.intersection(each)]
    if not gone:
        return None
    near = nearest([each[0] for each in gone], [name for name in names if name not in _KNOWN])
    told = " and ".join(f"no column {' or '.join(each)}" for each in gone)
    columns = why or f"the columns are: {', '.join(names) or 'none'}"
    if why or not near:
        return f"{told}; {columns}"
    these = "them" if len(near) > 1 else "it"
    return (
        f"{told}{_hint(near.values())} {columns}; columns={json.dumps(near, ensure_ascii=False)} maps {these}"
    )


def overlooked(what: str, there: Iterable[Any], wanted: Iterable[str]) -> str | None:
    """What is said of columns of `entries` or `events` that nobody reads, and that may be meant for some that are
    wanted and not there; None where there are no such columns. `there`: the columns by their names here."""
    names = [str(name) for name in there]
    gone = [name for name in wanted if name not in names]
    near = nearest(gone, [name for name in names if name not in _KNOWN], _NEARLY)
    if not near:
        return None
    columns, these = ("columns", "them") if len(near) > 1 else ("column", "it")
    return (
        f"{what}: {columns} {listed(map(repr, near.values()))} not read (did you mean "
        f"{listed(near)}?): columns={json.dumps(near, ensure_ascii=False)} maps {these}"
    )


def nearest(wanted: Iterable[str], there: Iterable[str], almost: float = _ALMOST) -> dict[str, str]:
    """Which of some names may be meant by those that are wanted, as far as any may; each once."""
    from difflib import SequenceMatcher  # it takes time to import, and is needed only here

    pairs = [
        (
            max(
                SequenceMatcher(None, alike, _bare(name)).ratio()
                for alike in (_bare(each), *_ALIKE.get(each, ()))
            ),
            each,
            name,
        )
        for each in wanted
        for name in there
    ]
    found: dict[str, str] = {}
    for score, each, name in sorted(pairs, key=lambda pair: -pair[0]):
        if score >= almost and each not in found and name not in found.values():
            found[each] = name
    return {each: found[each] for each in wanted if each in found}


def _bare(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


def _hint(near: Collection[str]) -> str:
    return f"; did you mean {listed(map(repr, near))}?" if near else ""


def plain(value: Any) -> Any:
    """A value of Arrow's as JSON has it. A field that is null is none, since all rows of a column have its fields."""
    if isinstance(value, dict):
        fields = {str(name): plain(each) for name, each in value.items()}
        return {name: each for name, each in fields.items() if each is not None}
    if isinstance(value, list):
        pairs = bool(value) and all(isinstance(each, tuple) for each in value)  # a map
        return plain(dict(value)) if pairs else [*map(plain, value)]
    if value is None or value != value:
        return None
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return value if isinstance(value, bool | int | float) else str(value)
