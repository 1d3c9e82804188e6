"""The clock changes of every zone, against a listing of all of them that was made outside.

    python tests/zone_listing.py tzdata2026b.txt [--keep]

The listing is tzvalidate's, https://nodatime.github.io/tzvalidate/: for every release of the IANA data, what zic makes
of it, a line for each change (the format: https://github.com/nodatime/tzvalidate/blob/main/format.md). Its own hash
is checked first. Then every zone's changes from 1970 to the listing's end are compared with simcore's table of the
`tzdata` that is installed: instants, offsets and abbreviations. Exit status 1 where a zone differs that has the
listing's release. `tzdata==2026.2` is 2026b; another release than the installed one can go before it on PYTHONPATH.

`--keep` adds what the listing says to tests/answers/zones.csv, a line for each zone: its name, the hash of its file
in the `tzdata` of that release, how many changes the listing has, and the hash of them. tests/test_zone_listing.py
goes by that, so that it needs no listing.
"""

import argparse
import csv
import hashlib
import importlib.resources
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import tzdata

from simcore.clock.zones import SECOND_US, zone, zone_names

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
END = (datetime(2035, 1, 1, tzinfo=UTC) - EPOCH) // SECOND
"""Where the listing ends [s]."""
ANSWERS = Path(__file__).parent / "answers" / "zones.csv"

State = tuple[int, int, str]
"""From when [s] which offset [s] is in force, under which abbreviation."""


class Answer(NamedTuple):
    """What a listing says of a zone, by hashes."""

    zone: str
    file: str
    changes: int
    table: str


def from_1970(states: list[State]) -> list[State]:
    """The state in which 1970 begins, at 0, and each change from then to the listing's end."""
    found = [(0, *max(state for state in states if state[0] <= 0)[1:])]
    for state in states:
        if 0 < state[0] < END and state[1:] != found[-1][1:]:
            found.append(state)
    return found


def table(states: list[State]) -> str:
    """The hash of a zone's states."""
    return _hash("".join(f"{at} {offset} {name}\n" for at, offset, name in states).encode())


def ours(name: str) -> list[State]:
    """The states of simcore's table of a zone."""
    here = zone(name)
    seconds = (each // SECOND_US for each in (here.changes_us, here.offsets_us))
    return from_1970(list(zip(*(each.tolist() for each in seconds), here.abbreviations, strict=True)))


def file(name: str) -> str:
    """The hash of a zone's file in the `tzdata` that is installed."""
    folder = importlib.resources.files("tzdata").joinpath("zoneinfo")
    return _hash(folder.joinpath(*name.split("/")).read_bytes())


def read(text: str) -> tuple[str, dict[str, list[State]]]:
    """The release of a listing, and the states of its zones."""
    head, body = text.split("\n\n", 1)
    headers = dict(line.split(": ", 1) for line in head.split("\n"))
    if hashlib.sha256(body.encode()).hexdigest() != headers["Body-SHA-256"]:
        raise SystemExit("the listing is not what its header says")
    zones = (part.split("\n") for part in body.strip().split("\n\n"))
    return headers["Version"], {name: from_1970([_state(line) for line in lines]) for name, *lines in zones}


def _state(line: str) -> State:
    """A line such as "1970-04-26 07:00:00Z -04:00:00 daylight EDT"; the first begins with "Initially:"."""
    at, (offset, _, name) = line[:20], line[21:].split()
    since = -sys.maxsize if at.startswith("Initially:") else (datetime.fromisoformat(at) - EPOCH) // SECOND
    sign, hours, minutes, seconds = re.fullmatch(r"([+-])(\d\d):(\d\d):(\d\d)", offset).groups()
    return since, int(f"{sign}1") * (int(hours) * 3600 + int(minutes) * 60 + int(seconds)), name


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def answers() -> list[Answer]:
    """All that is kept of listings."""
    with ANSWERS.open(newline="", encoding="utf-8") as lines:
        rows = csv.reader(lines)
        next(rows)
        return [Answer(zone, file, int(changes), table) for zone, file, changes, table in rows]


def keep(zones: dict[str, list[State]]) -> None:
    """Adds what a listing says of zones to what is kept."""
    known = {Answer(name, file(name), len(states) - 1, table(states)) for name, states in zones.items()}
    kept = set(answers()) if ANSWERS.exists() else set()
    with ANSWERS.open("w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerows([Answer._fields, *sorted(known | kept)])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("listing", type=Path, help="a listing of tzvalidate's, unpacked")
    parser.add_argument("--keep", action="store_true", help="add it to tests/answers/zones.csv")
    asked = parser.parse_args()
    release, zones = read(asked.listing.read_text("utf-8"))
    same = release == tzdata.IANA_VERSION
    names = [name for name in zones if name in zone_names()]
    differ = [name for name in names if ours(name) != zones[name]]
    for name in differ:
        first = min(set(ours(name)) ^ set(zones[name]))
        print(f"{name}: from {EPOCH + first[0] * SECOND:%Y-%m-%d %H:%M:%S} UTC on")
    changes = sum(len(zones[name]) - 1 for name in names)
    print(
        f"{release} by tzdata {tzdata.IANA_VERSION}: {len(names)} zones, {changes} changes, {len(differ)} differ; "
        f"in the listing alone {sorted(zones.keys() - zone_names())}, "
        f"in tzdata alone {sorted(zone_names() - zones.keys())}"
    )
    if asked.keep:
        if not same:
            raise SystemExit("only what tzdata has the release of is kept")
        keep(zones)
    return 1 if same and differ else 0


if __name__ == "__main__":
    raise SystemExit(main())
