"""All zones, every clock change from 1970 to 2100: the send slots at hours 0 to 23, against zoneinfo.

    python tests/sweep.py [--zones N] [--changes N] [--seed S]

Without limits it takes some minutes, says how far it is, and ends with exit status 1 where something differs.
For the two dates before a change to the two after it, each hour's slots are found by zoneinfo alone (tests/
oracle.py); the library must snap to exactly those, one after the other.
"""

import argparse
import importlib.resources
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from oracle import EPOCH, local_date, slot_of
from strategies import clock_changes, zone_names

from simcore.gates import SendSlots

DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
EVERY_DAY = frozenset(range(7))
# CPython's zoneinfo reads wall times from 22:00 on of this date an hour off (tests/test_laws.py).
MISREAD = {(name, datetime(2023, 10, 28, tzinfo=UTC).date()) for name in ("America/Nuuk", "America/Godthab")}


def distinct_zones() -> list[str]:
    """A name for each different zone: aliases have the same bytes."""
    folder = importlib.resources.files("tzdata").joinpath("zoneinfo")
    return sorted({folder.joinpath(*name.split("/")).read_bytes(): name for name in zone_names()}.values())


def differences(zone: str, changes: list[datetime]) -> list[str]:
    """What differs around some clock changes of a zone, a line each."""
    found = []
    for change in changes:
        days = [local_date(change, zone) + n * DAY for n in range(-2, 3)]
        if any((zone, day) in MISREAD for day in days):
            continue
        for hour in range(24):
            slots = [slot for day in days if (slot := slot_of(day, hour, zone)) is not None]
            wanted = np.array([(slot - EPOCH) // MICROSECOND for slot in slots], np.int64)
            gate = SendSlots(EVERY_DAY, hour, zone)
            if (wanted <= 0).any() or gate.snap(wanted).tolist() != wanted.tolist():
                found.append(f"{zone}: the slots at {hour}:00 around {change:%Y-%m-%d}")
            elif gate.snap(wanted[:-1] + 1).tolist() != wanted[1:].tolist():
                found.append(f"{zone}: between the slots at {hour}:00 around {change:%Y-%m-%d}")
    return found


def sweep(
    zones: int | None = None, changes: int | None = None, seed: int = 0, *, quiet: bool = False
) -> list[str]:
    """The differences in all zones, or in a sample of them and of their changes."""
    choose = random.Random(seed)
    names = distinct_zones()
    if zones is not None:
        names = sorted(choose.sample(names, zones))
    found = []
    for at, name in enumerate(names, 1):
        mine = [change for change in clock_changes(name) if change - EPOCH > 4 * DAY]
        if changes is not None:
            mine = choose.sample(mine, min(changes, len(mine)))
        here = differences(name, mine)
        found += here
        if not quiet:
            print(f"{at:4} of {len(names)}  {name}: {len(mine)} changes, {len(here)} differences", flush=True)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--zones", type=int, help="a sample of so many zones")
    parser.add_argument("--changes", type=int, help="a sample of so many changes a zone")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    found = sweep(asked.zones, asked.changes, asked.seed)
    print("\n".join(found))
    print(f"{len(found)} differences")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
