"""The tools of `simcore mcp`: what each takes (a JSON Schema) and gives (records, and the same in words)."""

import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

import simcore
from simcore.answers.options import Options
from simcore.answers.projection import plan_of
from simcore.answers.sides import Side, measures, moved
from simcore.cli.loading import assumed, load, zone_of
from simcore.clock import instants
from simcore.clock.instants import Reader
from simcore.clock.words import clock
from simcore.errors import SimcoreError, shown
from simcore.files.reading import read
from simcore.files.stamps import aware, us_of
from simcore.plan.columns import ENTRIES, EVENTS, NO_NAMES, called
from simcore.plan.platform import platform_of, platforms, recognised
from simcore.show import terminal
from simcore.show.scenarios import picked, scenarios
from simcore.text.tables import Table, visible
from simcore.text.wording import count, listed

Schema = dict[str, Any]
Answer = tuple[dict[str, Any], str]
"""What a tool gives: records, as JSON has them, and words."""

_SENDS = ["position", "email_id", "subject", "send_at", "reason"]
_LISTED = 50
"""So many files are named where one is missing."""
_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "array": (list,),
    "object": (dict,),
}


class Files:
    """The files that tools may read: those in one folder, or none."""

    def __init__(self, folder: Path | None) -> None:
        """Raises SimcoreError for what is not a folder."""
        self.folder = None if folder is None else Path(os.path.realpath(folder))
        if folder is not None and not folder.is_dir():
            raise SimcoreError(f"--folder: found {folder}, expected a folder")

    def path(self, argument: str, name: str) -> Path:
        """The path of a file by its name. Raises SimcoreError for a file that may not be read, or is none.

        Links are followed first, so none leads out of the folder. A name may end in #ID, if no file is called so.
        """
        if self.folder is None:
            raise SimcoreError(
                f"{argument}: found {shown(name)}, but this server reads no files: give the data themselves, or start "
                "it with simcore mcp --folder FOLDER"
            )
        before, mark, key = name.rpartition("#")
        named = before if mark else name
        whole, path = self._inside(name), self._inside(named)
        if whole is None or path is None:
            raise SimcoreError(f"{argument}: {shown(name)} is not in the folder that this server may read")
        if os.path.isfile(whole):
            return whole
        one = Path(f"{path}#{key}")
        # Beside the file that a link leads to, another may be called so.
        if mark and os.path.isfile(path) and not os.path.lexists(one):
            return one
        there = sorted(each.name for each in self.folder.iterdir() if self._may_read(each.name))
        more = f" and {len(there) - _LISTED} more" if len(there) > _LISTED else ""
        names = ", ".join(there[:_LISTED]) or "none"
        raise SimcoreError(f"{argument}: no file {shown(named)} in the folder; there are: {names}{more}")

    def _inside(self, name: str) -> Path | None:
        """The path of a name, links followed; None outside of the folder, and for what no file can be called."""
        folder = self.folder or Path()
        try:
            path = Path(os.path.realpath(folder / name))
        except ValueError:  # a null character, or half of one
            return None
        return path if path.is_relative_to(folder) else None

    def _may_read(self, name: str) -> bool:
        found = self._inside(name)
        return found is not None and os.path.isfile(found)

    def told(self, message: str) -> str:
        """A message without the path of the folder, which is nobody's business."""
        folder = str(self.folder or "")
        return (
            message.replace(f"{folder}/", "").replace(folder, "the folder") if folder.strip("/") else message
        )


class Tool(NamedTuple):
    """A tool: what it is called in a list, what it does, its arguments by name (schemas), those that are needed, and
    what answers."""

    title: str
    about: str
    takes: dict[str, Schema]
    needs: tuple[str, ...]
    answer: Callable[[Files, dict[str, Any]], Answer]

    @property
    def schema(self) -> Schema:
        """The JSON Schema of its arguments."""
        return {
            "type": "object",
            "properties": self.takes,
            "required": [*self.needs],
            "additionalProperties": False,
        }


def call(name: str, arguments: Mapping[str, Any], files: Files) -> Answer:
    """What a tool answers, with the warnings that there were.

    Raises SimcoreError for arguments that it cannot use.
    """
    tool = TOOLS[name]
    if strange := [each for each in arguments if each not in tool.takes]:
        raise SimcoreError(f"{name}: no argument {shown(strange[0])}; there are: {', '.join(tool.takes)}")
    given = {each: value for each, value in arguments.items() if value is not None}
    if missing := [each for each in tool.needs if each not in given]:
        raise SimcoreError(f"{name}: {listed(missing)} missing, expected {listed(tool.needs)}")
    for each, value in given.items():
        _check(each, value, tool.takes[each])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            records, words = tool.answer(files, given)
        except OSError as error:
            raise SimcoreError(files.told(f"{error.filename}: {error.strerror}")) from None
        except MemoryError:
            raise SimcoreError("there is not enough memory for this: give fewer rows at a time") from None
        except SimcoreError as error:
            raise SimcoreError(files.told(str(error))) from None
    told = [*dict.fromkeys(files.told(str(each.message)) for each in caught)]
    return records | {"warnings": told}, "\n".join([*(f"Warning: {each}" for each in told), words])


def _check(name: str, value: Any, schema: Schema) -> None:
    """Raises SimcoreError for a value, or an item of it, that is of another type than its schema says."""
    wanted = schema["type"]
    kinds = [wanted] if isinstance(wanted, str) else wanted
    if not any(type(value) in _KINDS[kind] for kind in kinds):
        raise SimcoreError(f"{name}: found {shown(value)}, expected {listed(kinds, 'or')}")
    if "items" in schema and isinstance(value, list):
        for at, each in enumerate(value):
            _check(f"{name}[{at}]", each, schema["items"])


# what is given


def _sequence(files: Files, given: Any, argument: str = "sequence") -> Any:
    """A sequence, from its platform's JSON or a file's name."""
    if isinstance(given, str):
        return load(files.path(argument, given), None, {"time_zone": None})
    try:
        found = recognised(given).load(given, {})
    except SimcoreError as error:
        raise SimcoreError(f"{argument}: {error}") from None
    if isinstance(found, list):
        if len(found) != 1:
            raise SimcoreError(f"{argument}: found a list of {count(len(found), 'sequence')}, expected one")
        return found[0]
    return found


def _table(files: Files, given: Any, what: str, sequence: Any, how: Reader) -> Any:
    """Entries or events, from a list or a file's name; None for none."""
    if not isinstance(given, str):
        return given
    kind, plan, platform = ENTRIES if what == "entries" else EVENTS, plan_of(sequence), platform_of(sequence)
    rows = read(
        files.path(what, given),
        lambda done, size: None,
        kind,
        called=lambda names: called(what, names, NO_NAMES, [platform.columns]),
    )
    usable = rows.entries(plan, how) if what == "entries" else rows.events(plan, how)
    if rows.broken:
        raise rows.told("correct them, or leave them out")
    return usable


def _people(files: Files, given: dict[str, Any], sequences: Mapping[str, Any]) -> dict[str, Any]:
    """The options that are about all subscribers, read for some sequences."""
    zone = given.get("naive_time_zone") or zone_of(dict(sequences))
    first = next(iter(sequences.values()))
    how = Reader(zone)
    found: dict[str, Any] = {"naive_time_zone": zone, "include_drafts": given.get("include_drafts", False)}
    found |= {name: given[name] for name in ("until", "seed") if name in given}
    return found | {
        name: _table(files, given.get(name), name, first, how)
        for name in ("entries", "events")
        if given.get(name) is not None
    }


def _assumed(given: dict[str, Any], sequence: Any) -> Any:
    """The switches of a sequence's platform, with the values given."""
    items = [
        f"{name}={str(value).lower() if isinstance(value, bool) else value}"
        for name, value in given.get("assumptions", {}).items()
    ]
    return assumed(items, sequence, "assumptions")


# what is answered


def _preview(files: Files, given: dict[str, Any]) -> Answer:
    sequence = _sequence(files, given["sequence"])
    options = {
        name: given[name]
        for name in ("include_drafts", "naive_time_zone", "seed", "tags", "attributes", "time_zones")
        if name in given
    }
    found = simcore.preview(sequence, given["entered_at"], assumptions=_assumed(given, sequence), **options)
    return {**_about(sequence), "emails": simcore.records(found)}, f"{visible(str(sequence.name))}. {found!r}"


def _lint(files: Files, given: dict[str, Any]) -> Answer:
    sequence = _sequence(files, given["sequence"])
    as_of = given.get("as_of")
    if as_of is not None:
        as_of = aware([instants.read_one(as_of, "as_of", sequence.time_zone)])[0]
    among = [_sequence(files, each, f"among[{at}]") for at, each in enumerate(given.get("among", []))]
    found = simcore.lint(sequence, among=among, as_of=as_of)
    return {
        **_about(sequence),
        "findings": simcore.records(found),
    }, f"{visible(str(sequence.name))}: {found!r}"


def _compare(files: Files, given: dict[str, Any]) -> Answer:
    sequences = {
        name: _sequence(files, each, f"sequences.{name}") for name, each in given["sequences"].items()
    }
    if len(sequences) < 2:
        raise SimcoreError(
            f"sequences: found {count(len(sequences), 'sequence')}, expected two or more, by name"
        )
    people = _people(files, given, sequences)
    entries = people.pop("entries", None)
    switches: Any = {name: _assumed(given, each) for name, each in sequences.items()}
    some = scenarios(sequences, entries, Options(**people, assumptions=switches))
    sides = {one.name: one.side for one in some if one.side is not None}
    cases = [
        (f"{case.title}; {one.name}", one, sends)
        for case in picked(some)
        for one, sends in zip(some, case.sends, strict=True)
    ]
    moves = moved(*sides.values()) if len(sides) == 2 else []
    records = {
        "schedules": [
            {
                "schedule": name,
                **measures(side),
                "entries_without_run": side.nothing.without_run,
                "why_no_sends": side.nothing.why_no_sends or None,
            }
            for name, side in sides.items()
        ],
        "emails": moves,
        "explained": [
            {"who": title, "schedule": one.name, "emails": simcore.records(sends[_SENDS])}
            for title, one, sends in cases
        ],
    }
    words = ["\n".join(f"{visible(name)}: {_measured(side)}" for name, side in sides.items())]
    if moves:
        *heads, last = moves[0]
        rows = [[*map(row.get, heads), _shift(row[last])] for row in moves]
        words.append(Table(f"From {' to '.join(sides)}:", [*heads, "median shift"], rows).text())
    for title, one, sends in cases:
        rows = [
            [send.position, clock(int(us_of([send.send_at])[0]), one.here), send.subject, send.reason]
            for send in sends.itertuples()
        ]
        names = ["pos", "send time", "subject", "reason"]
        words.append(Table(f"{title}:", names, rows, under=True).text())
    return records, "\n\n".join(words)


def _measured(side: Side) -> str:
    """The numbers of a schedule, in words."""
    found, nothing = measures(side), side.nothing
    told = [nothing.told()]
    if found["sends"]:
        days, weekend, night = (found[name] for name in ("median_days", "weekend_share", "night_share"))
        sent = f"{count(found['sends'], 'send')} to {count(found['subscribers'], 'subscriber')}"
        shares = f"{weekend:.0%} on weekends, {night:.0%} at night (22:00 to 07:00)"
        span = f"{found['first_send']} to {found['last_send']}"
        told.insert(0, f"{sent}, {span}; {days:.1f} days from the entry to the last send (median); {shares}")
    else:
        told.insert(0, f"no sends: {nothing.why_no_sends}")
    return "; ".join(filter(None, told))


def _shift(seconds: float | None) -> str:
    return terminal.shift(pd.NaT if seconds is None else pd.Timedelta(seconds=seconds))


def _impact(files: Files, given: dict[str, Any]) -> Answer:
    sequence = _sequence(files, given["sequence"])
    people = _people(files, given, {"": sequence})
    changes = platform_of(sequence).changes(given["changes"])
    found = simcore.impact(
        sequence, people.pop("entries"), changes, assumptions=_assumed(given, sequence), **people
    )
    at_once = int(found["sent_at_once"].sum())
    goes = {0: "No email goes", 1: "1 email goes"}.get(at_once, f"{at_once} emails go")
    heading = f"{sequence.name}: {goes} out at the instant of a change."
    rows = [[*row[:-1], terminal.shift(row[-1])] for row in found.itertuples(index=False)]
    words = Table(heading, [*found.columns[:-1], "median shift"], rows).text()
    return {**_about(sequence), "sent_at_once": at_once, "emails": simcore.records(found)}, words


def _about(sequence: Any) -> dict[str, Any]:
    """What an answer is about."""
    return {
        "sequence": sequence.name,
        "platform": platform_of(sequence).name,
        "time_zone": sequence.time_zone,
    }


# what there is to call

_FILE = "or the name of a file in the folder of simcore mcp --folder"
_SEQUENCE: Schema = {
    "type": ["object", "array", "string"],
    "description": "The sequence as its platform's API gives it: "
    + "; ".join(f"{each.title}'s {each.look} (simcore://schema/{each.name})" for each in platforms().values())
    + f'; {_FILE}, such as "welcome.json", or "list.json#30" for one in a list.',
}
_ENTRIES: Schema = {
    "type": ["array", "string"],
    "items": {"type": ["object", "string"]},
    "description": 'Who enters, and when: a list such as [{"subscriber_id": "ana", "entered_at": '
    f'"2026-03-06T21:07-05:00"}}]; {_FILE}: CSV or Parquet with these columns.',
}
_EVENTS: Schema = {
    "type": ["array", "string"],
    "items": {"type": "object"},
    "description": 'What happens to subscribers: a list such as [{"subscriber_id": "ana", "at": '
    f'"2026-03-08T10:00Z", "event": "unsubscribed"}}], some with "ref" (a tag\'s id) or "properties"; {_FILE}. '
    "Sequences with a trigger enrol people by them, if entries are left out.",
}
_COMMON: dict[str, Schema] = {
    "assumptions": {
        "type": "object",
        "description": "Switches for what platforms do not document, by name, such as "
        '{"day_count": "elapsed"}; the resource simcore://assumptions/PLATFORM lists them.',
    },
    "include_drafts": {"type": "boolean", "description": "Treat drafts as published."},
    "naive_time_zone": {
        "type": "string",
        "description": "The time zone of times without an offset, such as Europe/Berlin; default: the sequence's.",
    },
    "seed": {"type": "integer", "description": "Decides which path of a random split each run takes."},
}
_WORLD: dict[str, Schema] = {
    "events": _EVENTS,
    "until": {"type": "string", "description": "The end: nothing goes out at this time or later."},
    **_COMMON,
}
TOOLS = {
    "preview": Tool(
        "When does each email go out to one subscriber?",
        "When each email of a sequence goes out to one subscriber who enters at a given time, and why then: each with "
        "one sentence that can be checked against a calendar. Nothing is sent.",
        {
            "sequence": _SEQUENCE,
            "entered_at": {
                "type": "string",
                "description": 'When the subscriber enters, such as "2026-03-06 21:07" (by the sequence\'s clock) or '
                '"2026-03-06T21:07-05:00".',
            },
            "tags": {
                "type": "array",
                "items": {"type": "string"},
                "description": "The subscriber's tags, where branches look at them.",
            },
            "attributes": {
                "type": "object",
                "description": "The subscriber's properties, by name, where branches and waits look at them.",
            },
            "time_zones": {
                "type": "string",
                "description": "The subscriber's own time zone, if waits go by it.",
            },
            **_COMMON,
        },
        ("sequence", "entered_at"),
        _preview,
    ),
    "lint": Tool(
        "What is odd about a sequence?",
        "What is wrong or odd about a sequence, and what to do about it: errors (emails cannot go out), warnings "
        "(probably not meant) and notes, the worst first.",
        {
            "sequence": _SEQUENCE,
            "as_of": {
                "type": "string",
                "description": "A time such as 2026-03-01; then the clock changes of the two years from it on are "
                "checked too.",
            },
            "among": {
                "type": "array",
                "items": _SEQUENCE,
                "description": "The account's other sequences, of the same platform.",
            },
        },
        ("sequence",),
        _lint,
    ),
    "compare": Tool(
        "What do several schedules send to the same people?",
        "Two or more sequences for the same people, side by side: sends, people, first and last send, the median days "
        "from the entry to the last send, the shares of sends on weekends and at night (22:00 to 07:00); of two, how "
        "each email's sends move; and the reasons of each send to three of the people: the fastest, one in the "
        "middle, and the slowest.",
        {
            "sequences": {
                "type": "object",
                "additionalProperties": _SEQUENCE,
                "minProperties": 2,
                "description": "The sequences by a name for each.",
            },
            "entries": _ENTRIES,
            **_WORLD,
        },
        ("sequences",),
        _compare,
    ),
    "impact": Tool(
        "What does an edit do to people who are in the sequence?",
        "What edits of a sequence do to people who are in it already: for each email how many get it at the very "
        "instant of a change (mail that goes out right away), earlier, later, at the same time, only with the changes "
        "(gained) or only without them (lost), and by how much it moves (the median).",
        {
            "sequence": _SEQUENCE,
            "entries": _ENTRIES,
            "changes": {
                "type": "array",
                "items": {"type": "object"},
                "description": 'The edits in order, such as {"at": "2026-03-09T10:00-04:00", "op": "update", '
                '"fields": {"send_hour": 18}}, {"at", "op": "create_email", "fields"}, {"at", "op": "update_email", '
                '"email_id", "fields"}, {"at", "op": "delete_email", "email_id"}.',
            },
            **_WORLD,
        },
        ("sequence", "entries", "changes"),
        _impact,
    ),
}
"""The tools by their names."""
