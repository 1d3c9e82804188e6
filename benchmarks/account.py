"""Compare an `Account` of five sequences with five projections: `python benchmarks/account.py`.

First as the union that it is; then where they exclude each other, in a chain and in a circle, under a cap. A fifth of
the subscribers are in all five sequences, so that there are as many entries as elsewhere there are subscribers.
"""

import sys
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from project import compare_frames
from table import DifferenceError, Row, Size, main, say
from workload import make_entries, make_payload, peak_memory, ratio, take_turns

import simcore
from simcore import kit

SEQUENCES, EMAILS = 5, 8
EXCLUDES = {1: [2], 2: [3], 4: [5], 5: [4]}
CAP = simcore.Cap(2, "7D")
WEEK = np.timedelta64(7, "D")


def make_sequences(excludes: dict[int, list[int]]) -> list[kit.Sequence]:
    """Give five sequences of eight emails, an hour apart; `excludes`: the sequences that some of them exclude."""
    found = []
    for number in range(1, SEQUENCES + 1):
        payload = make_payload(EMAILS)
        sources = [{"type": "sequence", "ids": excludes[number]}] if number in excludes else []
        payload["sequence"] |= {
            "id": number,
            "name": f"Mixed {number}",
            "send_hour": 8 + number,
            "exclude_subscriber_sources": sources,
        }
        for email in payload["emails"]:
            email |= {"id": email["id"] + 100 * number, "sequence_id": number}
        found.append(kit.from_api(payload))
    return found


def make_account_entries(subscribers: int) -> pd.DataFrame:
    """Give the entries of all subscribers into all sequences, each at instants of its own, in order of time."""
    parts = [
        make_entries(subscribers, seed=number).assign(sequence_id=number)
        for number in range(1, SEQUENCES + 1)
    ]
    return pd.concat(parts).sort_values("entered_at", kind="stable", ignore_index=True)


def compare_with_single(timeline: pd.DataFrame, single: dict[int, Any]) -> None:
    """Raise where the rows of an account are not those of the projections, sequence by sequence."""
    for number, project in single.items():
        mine = timeline[timeline["sequence_id"] == number].drop(columns="sequence_id")
        compare_frames(f"the account, sequence {number},", mine, project())


def check_cap(timeline: pd.DataFrame) -> None:
    """Raise where anyone gets more than the cap allows."""
    order = np.lexsort((timeline["send_at"].array.asi8, timeline["subscriber_id"]))
    who = timeline["subscriber_id"].to_numpy()[order]
    at = timeline["send_at"].array.asi8[order].view("datetime64[us]")
    over = (who[CAP.most :] == who[: -CAP.most]) & (at[CAP.most :] - at[: -CAP.most] < WEEK)
    if over.any():
        row = int(over.argmax())
        raise DifferenceError(f"subscriber {who[row]} gets more than {CAP.most} mails from {at[row]} on")


def measure(size: Size) -> list[Row]:
    """Give the memory that the account takes, then its times over those of five projections."""
    subscribers = size.subscribers // SEQUENCES
    entries = make_account_entries(subscribers)
    union, held = (simcore.Account(make_sequences(excludes)) for excludes in ({}, EXCLUDES))
    capped = partial(held.project, cap=CAP)
    many = f"{subscribers:,} subscribers in {SEQUENCES} sequences of {EMAILS} emails"
    calls = {"union": (union.project, many), "exclusions and cap": (capped, f"the same, {CAP.words}")}

    say("memory")
    memory = {name: peak_memory(call, entries) for name, (call, _) in calls.items()}

    say("comparing results")
    single = {
        number: partial(simcore.project, sequence, part.drop(columns="sequence_id"))
        for (number, part), sequence in zip(
            entries.groupby("sequence_id"), union.sequences.values(), strict=True
        )
    }
    compare_with_single(union.project(entries), single)
    check_cap(capped(entries))

    say(f"taking turns, {size.repeat} times")
    times = take_turns(
        {
            "five projections": lambda: [len(project()) for project in single.values()],
            **{name: partial(call, entries) for name, (call, _) in calls.items()},
        },
        size.repeat,
    )
    rows = []
    for (name, (_, what)), goal in zip(calls.items(), (1.3, 12), strict=True):
        found, sends = memory[name], memory[name]["sends"]
        rows.append(
            Row(
                "account",
                f"{name}: {what}",
                sends,
                times[name],
                times[name].per_million(sends),
                ratio(times[name], times["five projections"]),
                f"{name} / five projections",
                at_most=goal,
            )
        )
        rows.append(
            Row(
                "account",
                f"{name}: peak that it adds, {found['peak'] / 2**20:,.0f} MiB",
                ratio=found["peak"] / found["frame"],
                ratio_of=f"peak / frame of {found['frame'] / 2**20:,.0f} MiB",
                at_most=2.5,
                extra=found,
            )
        )
    return rows


if __name__ == "__main__":
    sys.exit(main(["account"], __doc__, measure))
