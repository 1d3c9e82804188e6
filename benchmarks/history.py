"""Measure `simulate`, and what a history of the subscribers costs: `python benchmarks/history.py`.

The history: people come back, are tagged and unsubscribe, and the sequence is edited.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from table import Row, Size, main
from workload import FIRST_ENTRY, YEAR_US, Times, make_entries, make_payload, profile, ratio, take_turns

import simcore
from simcore import kit

PACKAGE = Path(simcore.__file__).parent
RETURNS = 5  # one event in so many is a re-entry


def make_history(
    entries: pd.DataFrame, sequence: kit.Sequence, seed: int = 7
) -> tuple[kit.Sequence, pd.DataFrame, pd.DataFrame, list[Any]]:
    """Give a sequence that repeats and excludes two tags, entries with returns, events, and ten changes.

    Events and re-entries together are as many as `entries`, at random instants over the same year, of random
    subscribers of them: one in five a re-entry, of the others most are tags.
    """
    rng = np.random.default_rng(seed)
    returns = len(entries) // RETURNS
    others = len(entries) - returns
    first = pd.Timestamp(FIRST_ENTRY, tz="UTC")

    def instants(count: int) -> Any:
        return (first + pd.to_timedelta(rng.integers(0, YEAR_US, count), unit="us")).as_unit("us")

    ids = entries["subscriber_id"].to_numpy()
    again = pd.DataFrame({"subscriber_id": rng.choice(ids, returns), "entered_at": instants(returns)})
    events = pd.DataFrame({
        "subscriber_id": rng.choice(ids, others),
        "at": instants(others),
        "event": rng.choice(
            ["tag_added", "tag_removed", "form_joined", "unsubscribed", "resubscribed"],
            others,
            p=[0.5, 0.2, 0.1, 0.1, 0.1],
        ),
        "ref": rng.integers(1, 6, others),
    })
    emails = [email.id for email in sequence.emails]
    day = [first + pd.Timedelta(days=days) for days in range(0, 365, 30)]
    new = {"subject": "New", "delay_value": 2, "delay_unit": "days", "published": True, "position": 3}
    changes = [
        kit.update(day[1], send_hour=10),
        kit.create_email(day[2], **new),
        kit.update(day[3], active=False),
        kit.update(day[3] + pd.Timedelta(days=7), active=True),
        kit.update_email(day[4], emails[2], published=False),
        kit.update_email(day[5], emails[4], delay_value=5, delay_unit="days"),
        kit.delete_email(day[6], emails[5]),
        kit.update_email(day[7], emails[2], published=True),
        kit.update_email(day[8], emails[1], position=5),
        kit.update(day[10], send_days=["monday", "tuesday", "saturday"]),
    ]
    repeating = sequence.replace(repeat=True, exclude_subscriber_sources=[{"type": "tag", "ids": [1, 2]}])
    return repeating, pd.concat([entries, again], ignore_index=True), events, changes


def measure(size: Size) -> list[Row]:
    """Give the time of `simulate` with and without a history, over `project` of the same without one."""
    entries, sequence = make_entries(size.subscribers), kit.from_api(make_payload())
    repeating, returning, events, changes = make_history(entries, sequence)
    given: dict[str, Any] = {"events": events, "changes": changes}
    contenders = {
        "project": lambda: simcore.project(sequence, entries),
        "simulate": lambda: simcore.simulate(sequence, entries),
        "project with returns": lambda: simcore.project(repeating, returning),
        "project, history": lambda: simcore.project(repeating, returning, **given),
        "simulate, history": lambda: simcore.simulate(repeating, returning, **given),
    }
    times = take_turns(contenders, size.repeat)
    history = f"{len(returning):,} entries, {len(events):,} events, {len(changes)} changes"
    wanted = [
        ("simulate", "no events, no changes", "project", 2.0),
        ("project, history", history, "project with returns", 10.0),
        ("simulate, history", history, "project with returns", 10.0),
        ("project, history", history, "project", None),
        ("simulate, history", history, "project", None),
    ]
    rows = [
        Row(
            "life",
            f"{name}: {what}",
            times=times[name],
            ratio=ratio(times[name], times[under]),
            ratio_of=f"{name} / {under}",
            at_most=goal,
        )
        for name, what, under, goal in wanted
    ]
    return rows + share_out("simulate, history", contenders["simulate, history"])


def share_out(name: str, call: Callable[[], simcore.Simulation]) -> list[Row]:
    """Give where the time of a `simulate` goes, by its profile: the frames that it gives, and all before them.

    A frame's time is that of the function of its name, the outermost of them. One that has no such function
    stays without a number, and its time is among the rest.
    """
    stats = profile(call)
    found = {
        frame: max(
            (
                spent
                for (file, _, function), (_, _, _, spent, _) in stats.stats.items()
                if function == frame and PACKAGE in Path(file).parents
            ),
            default=None,
        )
        for frame in simcore.Simulation._fields
    }
    rest = stats.total_tt - sum(spent for spent in found.values() if spent is not None)
    return [
        Row(
            "life",
            f"of {name}: {part}",
            times=Times() if spent is None else Times([spent], [spent]),
            ratio=None if spent is None else spent / stats.total_tt,
            ratio_of="share",
        )
        for part, spent in {"runs and rounds": rest, **found}.items()
    ]


if __name__ == "__main__":
    sys.exit(main(["history"], __doc__, measure))
