"""All zones, every clock change from 1970 to 2100: send slots and sending windows, against zoneinfo.

    python tests/sweep.py [--zones N] [--changes N] [--seed S]

Without limits it takes some twenty minutes, says how far it is, and ends with exit status 1 where
something differs. Slots: for the two dates before a change to the two after it, each hour's slots are found by
zoneinfo alone (tests/oracle.py); the library must snap to exactly those, one after the other. Windows: the wall
clock is read by zoneinfo alone at each minute from two days before a change to three days after it, and a
microsecond to either side of each edge; from all of them the library must snap to the first that is inside.
"""

import argparse
import importlib.resources
import random
import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from oracle import EPOCH, local_date, next_in_window, slot_of, zone_info
from strategies import clock_changes, zone_names

from simcore.clock.gates import SendSlots, SendWindow

DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
DAY_US, MINUTE_US = DAY // MICROSECOND, 60 * 10**6
EVERY_DAY = frozenset(range(7))
# CPython's zoneinfo reads wall times from 22:00 on of this date an hour off (tests/test_laws.py). What the wall
# clock shows at an instant it reads well, and windows need no more.
MISREAD = {(name, datetime(2023, 10, 28, tzinfo=UTC).date()) for name in ("America/Nuuk", "America/Godthab")}

compared: Counter[str] = Counter()
"""How many instants were compared so far, of slots and of windows."""


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
            compared["slots"] += max(2 * wanted.size - 1, 0)
            if (wanted <= 0).any() or gate.snap(wanted).tolist() != wanted.tolist():
                found.append(f"{zone}: the slots at {hour}:00 around {change:%Y-%m-%d}")
            elif gate.snap(wanted[:-1] + 1).tolist() != wanted[1:].tolist():
                found.append(f"{zone}: between the slots at {hour}:00 around {change:%Y-%m-%d}")
    return found


# ---------------------------------------------------------------- windows


class Window(NamedTuple):
    """Weekdays, and wall-clock times from `start` to before `end` [minutes]."""

    weekdays: frozenset[int]
    start: int
    end: int

    def __str__(self) -> str:
        start, end = (f"{minute // 60:02}:{minute % 60:02}" for minute in self[1:])
        return f"{start} to {end} on {sorted(self.weekdays)}"


class Span(NamedTuple):
    """The instants that are asked about, in order, and what the wall clock shows at each."""

    at_us: np.ndarray
    weekday: np.ndarray
    clock_us: np.ndarray  # since midnight


def us(t: datetime) -> int:
    return (t - EPOCH) // MICROSECOND


def walls_us(at_us: np.ndarray, zone: str) -> np.ndarray:
    """What the wall clock shows at each instant [µs, as if it were UTC], read one by one by zoneinfo."""
    info = zone_info(zone)
    shown = (datetime.fromtimestamp(second, info) for second in (at_us / 1e6).tolist())  # exact until 2255
    walls = [
        (t.toordinal() * 86_400 + t.hour * 3600 + t.minute * 60 + t.second) * 10**6 + t.microsecond
        for t in shown
    ]
    return np.array(walls, np.int64) - EPOCH.toordinal() * DAY_US


def span_around(middle: datetime, windows: set[Window], zone: str) -> Span:
    """Each minute from 2 days before to 3 days after, by UTC and by the wall, and around the edges of windows."""
    first_us = us(middle) // MINUTE_US * MINUTE_US - 2 * DAY_US
    minutes_us = np.arange(first_us, first_us + 5 * DAY_US + 1, MINUTE_US)
    at_us, wall_us = minutes_us, walls_us(minutes_us, zone)
    # Where the offset has odd seconds (before 1972) the wall's minutes begin between those of UTC.
    odd_us = set(((wall_us - at_us) % MINUTE_US).tolist()) - {0}
    if odd_us or us(middle) % MINUTE_US:
        at_us = np.unique(np.concatenate([at_us, [us(middle)], *(minutes_us - odd for odd in odd_us)]))
        wall_us = walls_us(at_us, zone)
    # Within one offset a window has its edges at its start, its end and midnight; else where the offset changes.
    marks_us = [minute % 1440 * MINUTE_US for window in windows for minute in (*window[1:], 0)]
    offset_us = wall_us - at_us
    edge = np.isin(wall_us % DAY_US, marks_us) | (np.diff(offset_us, prepend=offset_us[0]) != 0)
    beside_us = np.concatenate([at_us[edge] - 1, at_us[edge] + 1])
    at_us, place = np.unique(np.concatenate([at_us, beside_us]), return_index=True)
    wall_us = np.concatenate([wall_us, walls_us(beside_us, zone)])[place]
    return Span(at_us, (wall_us // DAY_US + 3) % 7, wall_us % DAY_US)


def jump_us(change: datetime, zone: str) -> tuple[int, int]:
    """What the wall clock would show at a change without it, and what it shows [µs, as if it were UTC]."""
    old_us, new_us = walls_us(np.array([us(change) - 1, us(change)]), zone).tolist()
    return old_us + 1, new_us


def windows_at(change: datetime, zone: str) -> set[Window]:
    """Windows to try at a change: some common ones, and all kinds of overlap with what it jumps over or repeats."""
    low_us, high_us = sorted(jump_us(change, zone))
    weekday = (low_us // DAY_US + 3) % 7
    only, others = frozenset({weekday}), EVERY_DAY - {weekday}
    found = {
        Window(days, *times)
        for days in (EVERY_DAY, only, others, frozenset({(weekday + 1) % 7}))
        for times in ((0, 1440), (1320, 1440), (0, 30))
    }
    for midnight_us in range(low_us // DAY_US * DAY_US, high_us, DAY_US):
        x = max(low_us - midnight_us, 0) // MINUTE_US
        y = min(-((midnight_us - high_us) // MINUTE_US), 1440)
        middle, quarter = (x + y) // 2, (y - x) // 4
        touching = {
            (x, y),  # it itself
            (x + quarter, y - quarter),  # wholly inside
            (middle, y + 90),  # begins inside
            (x - 90, middle),  # ends inside
            (x - 60, y + 60),  # straddles it
            (x - 30, x),  # before it
            (y, y + 30),  # after it
            *((minute, minute + 1) for minute in (x - 1, x, middle, y - 1, y)),  # at its edges
        }
        for start, end in touching:
            if max(start, 0) < min(end, 1440):
                found |= {Window(days, max(start, 0), min(end, 1440)) for days in (EVERY_DAY, only)}
        found |= {Window(others, max(x - 60, 0), min(y + 60, 1440)), Window(others, x, y)}
    return found


def difference(span: Span, window: Window, zone: str) -> str | None:
    """The first instant of a span from which the library's window does not open when zoneinfo says; None if all do."""
    inside = np.isin(span.weekday, list(window.weekdays)) & (span.clock_us >= window.start * MINUTE_US)
    inside &= span.clock_us < window.end * MINUTE_US
    end_us = int(span.at_us[-1])
    after_us = end_us
    if not inside[-1]:
        after = next_in_window(EPOCH + end_us * MICROSECOND, *window, zone)
        assert after is not None
        after_us = us(after)
    wanted_us = np.minimum.accumulate(np.where(inside, span.at_us, after_us)[::-1])[::-1]
    found_us = SendWindow(*window, zone).snap(span.at_us)
    compared["windows"] += found_us.size
    if np.array_equal(found_us, wanted_us):
        return None
    at = np.flatnonzero(found_us != wanted_us)[0]
    t, found, wanted = (np.datetime64(int(x[at]), "us") for x in (span.at_us, found_us, wanted_us))
    return f"{zone}: the window {window} from {t}: {found}, not {wanted}"


def window_differences(zone: str, changes: list[datetime]) -> list[str]:
    """What differs in windows around some clock changes of a zone, a line for each window and change."""
    spans = defaultdict(list)
    for change in changes:
        windows = windows_at(change, zone)
        span = span_around(change, windows, zone)
        for window in windows:
            spans[window].append(span)
    # Window by window, since the library keeps no more than some of them.
    found = (difference(span, window, zone) for window, its in spans.items() for span in its)
    return [line for line in found if line is not None]


# ---------------------------------------------------------------- both


def sweep(
    zones: int | None = None,
    changes: int | None = None,
    seed: int = 0,
    *,
    what: str = "slots",
    quiet: bool = False,
) -> list[str]:
    """The differences of slots or windows in all zones, or in a sample of them and of their changes."""
    check = {"slots": differences, "windows": window_differences}[what]
    choose = random.Random(seed)
    names = distinct_zones()
    if zones is not None:
        names = sorted(choose.sample(names, zones))
    found, count, before = [], 0, compared[what]
    for at, name in enumerate(names, 1):
        mine = [change for change in clock_changes(name) if change - EPOCH > 4 * DAY]
        if changes is not None:
            mine = choose.sample(mine, min(changes, len(mine)))
        here = check(name, mine)
        found += here
        count += len(mine)
        if not quiet:
            print(
                f"{at:4} of {len(names)}  {name}: {len(mine)} changes, {what}, {len(here)} differences",
                flush=True,
            )
    if not quiet:
        print(
            f"{what}: {len(names)} zones, {count} changes, {compared[what] - before} comparisons, "
            f"{len(found)} differences",
            flush=True,
        )
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--zones", type=int, help="a sample of so many zones")
    parser.add_argument("--changes", type=int, help="a sample of so many changes a zone")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    found = [
        line
        for what in ("slots", "windows")
        for line in sweep(asked.zones, asked.changes, asked.seed, what=what)
    ]
    print("\n".join(found))
    print(f"{len(found)} differences")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
