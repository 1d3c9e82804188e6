"""The same input gives the same bytes: whatever pandas and numpy, process, hash seed, order of rows and chunks.

The digests below were computed once. A change of them is a change of answers, or of the zones' data (tzdata) where
it changes the past or the rules of the zones that are used here.

What order is part of the contract: rows of one subscriber of the same instant (the first entry is run 1, of two
events the later row has the last word), the order of changes, and, where a trigger enrols, the order in which
subscribers first appear in the events. All other orders are shuffled here. Subscribers stand in no order of
their own: rows follow the entries, so both sides are sorted by subscriber, run and position before they are compared.
"""

import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import read_back

import simcore
from simcore import kit, sequenzy
from simcore.scale import parquet

ZONES = ("America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Santiago")
EXPECTED = {
    "kit America/New_York": "365a0ff85af857fb3e6c223c31725625ef9130f086b8c78269534ad861514be0",
    "kit Australia/Lord_Howe": "a0548a74603feb4c1ec9bf97a9ee478da9738e9a3de98c9f4af68164775e7357",
    "kit Asia/Kathmandu": "cf6ab78e7bf58adef2a3fc62bb8fb4fb0c5ed8ffca49c1ffcfe74b2387d18b42",
    "kit America/Santiago": "b7f7be5caf736b1d36a37fbba7afa59b87f317c79980c7794e3dad4cc372d15f",
    "sequenzy unlimited": "5ad37f3312261a179df08f3881b5fa0a0047623b1217e6d435c5e4c8c15007be",
    "sequenzy one_time": "176bd83fd0f84941eb5d525bb7f71c82a7c0b8f8bd4bdc3c06cc16f319030f7e",
    "sequenzy unlimited, anybody": "2852564033bb4571c6df01276d16dad2541d61d6a75599b31a6ba2e1edf0d022",
    "sequenzy one_time, anybody": "dedee99f6e3b77eff5919e30c1553babe2d50e179b91063fedd03804fad6093a",
    "sequenzy by its trigger": "e67fb80c6b3cc39033b9f1ce46f0c274a3fee090ff1aac354f615ddceca44e16",
}
STREAMED = "73b6b4f4dd03b9a59ce80c2418ac861c1dad024267d561ab6ce9cb6d15634531"


def entries_of(people=200):
    """Some subscribers, a third of whom come twice, through a year with all its clock changes; nothing is random."""
    numbers = np.arange(people + people // 3)
    seconds = numbers * 7_919 * 7_919 % (365 * 86_400)
    at = np.datetime64("2026-01-01", "us") + (seconds * 1_000_003).astype("timedelta64[us]") % np.timedelta64(
        365, "D"
    )
    return pd.DataFrame({
        "subscriber_id": numbers % people,
        "entered_at": pd.DatetimeIndex(at).tz_localize("UTC"),
        "via": np.where(numbers % 5 == 0, "import", "api"),
    })


def events_of(entries, names):
    """An event for each entry, some hours before or after it; no two of a subscriber at one instant."""
    numbers = np.arange(len(entries))
    kinds = [names[number % len(names)] for number in numbers]
    return pd.DataFrame({
        "subscriber_id": entries["subscriber_id"],
        "at": entries["entered_at"] + pd.to_timedelta(numbers % 101 - 20, unit="h"),
        "event": [name for name, _ in kinds],
        "ref": [ref for _, ref in kinds],
    })


KIT_EVENTS = [
    ("tag_added", 4411),
    ("unsubscribed", None),
    ("tag_removed", 4411),
    ("form_joined", 7),
    ("resubscribed", None),
]
SEQUENZY_EVENTS = [
    *(("contact_added", None), ("tag_added", "customer"), ("tag_removed", "customer")),
    *(("unsubscribed", None), ("resubscribed", None)),
]


def kit_case(zone, shuffle):
    sequence = kit.load(simcore.example("welcome")).replace(time_zone=zone, repeat=True, hold=True)
    changes = kit.changes.from_json(json.loads(Path(simcore.example("changes")).read_text(encoding="utf-8")))
    entries = entries_of()
    return sequence, shuffle(entries), {"events": shuffle(events_of(entries, KIT_EVENTS)), "changes": changes}


def sequenzy_case(mode, shuffle, *, active_only=True):
    """`active_only`: whether those who left are kept out, as before Q33, or enter and are sent nothing."""
    sequence = sequenzy.load(simcore.example("onboarding")).replace(
        enrollmentMode=mode, activeSubscribersOnly=active_only
    )
    entries = entries_of()
    return (
        sequence,
        shuffle(entries.drop(columns="via")),
        {"events": shuffle(events_of(entries, SEQUENZY_EVENTS))},
    )


def anybody_case(mode, shuffle):
    return sequenzy_case(mode, shuffle, active_only=False)


def triggered_case(name, shuffle):
    """Enrolled by the events. Each subscriber's first appearance is left in its place: it is a tie's order."""
    log = events_of(entries_of(), SEQUENZY_EVENTS)
    first = ~log["subscriber_id"].duplicated()
    log = pd.concat([log[first], shuffle(log[~first])], ignore_index=True)
    return (
        sequenzy.load(simcore.example("onboarding")).replace(enrollmentMode="unlimited"),
        None,
        {"events": log},
    )


CASES = {
    **{f"kit {zone}": (kit_case, zone) for zone in ZONES},
    **{f"sequenzy {mode}": (sequenzy_case, mode) for mode in ("unlimited", "one_time")},
    **{f"sequenzy {mode}, anybody": (anybody_case, mode) for mode in ("unlimited", "one_time")},
    "sequenzy by its trigger": (triggered_case, ""),
}


def as_given(frame):
    return frame


def shuffled(seed):
    """Rows in another order; those of one subscriber and instant (of which there are none) would stay so."""

    def mixed(frame):
        return frame.sample(frac=1, random_state=seed).reset_index(drop=True)

    return mixed


def number(values):
    """Ids and instants to sort by; what is missing comes first."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return pd.DatetimeIndex(values).as_unit("us").asi8
    return values.astype("Int64").fillna(-1).to_numpy(np.int64)


def canonical(frame, *by):
    """A frame as CSV: times in ISO 8601 with their offsets, what is missing is empty, rows in order."""
    frame = frame.reset_index(drop="subscriber_id" in frame)
    columns = {}
    for name in frame.columns:
        values = frame[name]
        gone = values.isna().to_numpy()
        if isinstance(values.dtype, pd.DatetimeTZDtype):
            texts = [at.isoformat() for at in values.array]
        else:
            texts = [str(value) for value in values.tolist()]
        columns[str(name)] = ["" if none else text for none, text in zip(gone, texts, strict=True)]
    keys = [number(frame[name]) for name in by]
    order = np.lexsort(keys[::-1]) if keys else range(len(frame))
    rows = zip(*columns.values(), strict=True)
    lines = [",".join(columns), *map(",".join, rows)]
    return "\n".join([lines[0], *(lines[1 + row] for row in order), ""]).encode()


def bytes_of(name, shuffle=as_given):
    """All that simcore says of a case: timeline, subscribers, journal and forecast."""
    build, what = CASES[name]
    sequence, entries, others = build(what, shuffle)
    life = simcore.simulate(sequence, entries, **others)
    return b"\n".join([
        canonical(life.timeline, "subscriber_id", "run", "send_at"),
        canonical(life.subscribers, "subscriber_id", "run"),
        canonical(life.journal, "subscriber_id", "run", "at"),
        canonical(simcore.forecast(sequence, entries, freq="D", **others)),
    ])


def digest(name, shuffle=as_given):
    return hashlib.sha256(bytes_of(name, shuffle)).hexdigest()


def digest_of_shuffled(name, seed):
    return digest(name, shuffled(seed))


def streamed(folder, chunk_rows):
    """The digest of a timeline that came in chunks: of a file sorted by subscriber, without events."""
    sequence, entries, others = kit_case(ZONES[0], as_given)
    entries = entries.sort_values("subscriber_id", kind="stable")
    del others["events"]
    if chunk_rows is None:
        sends = simcore.project(sequence, entries, **others)
    else:
        entries.to_parquet(folder / "entries.parquet", index=False)
        parquet.project(
            folder / "entries.parquet",
            folder / "out",
            sequence,
            chunk_rows=chunk_rows,
            progress=False,
            **others,
        )
        sends = read_back(folder / "out")
    return hashlib.sha256(canonical(sends)).hexdigest()


@pytest.mark.parametrize("name", CASES)
def test_the_bytes_are_those_of_every_version(name):
    assert digest(name) == EXPECTED[name]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("name", CASES)
def test_any_order_of_rows(name, seed):
    assert digest_of_shuffled(name, seed) == EXPECTED[name]


def test_the_bytes_tell_cases_apart():
    """And the cases hold what makes them hard: repeated runs, ends of every kind, and entries that start none."""
    assert len({*EXPECTED.values()}) == len(CASES)
    told = b"".join(map(bytes_of, CASES)).decode()
    for word in (
        "restarted",
        "cancelled",
        "completed",
        "stopped",
        "excluded",
        "repeated",
        "blocked",
        "active",
    ):
        assert f",{word}," in told


@pytest.mark.slow
def test_many_processes():
    """Four at once, each started afresh, in any order."""
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        found = dict(zip(reversed(CASES), pool.map(digest, reversed(CASES)), strict=True))
    assert found == EXPECTED


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["0", "1", "random"])
def test_any_hash_seed(seed):
    done = subprocess.run(
        [sys.executable, "-W", "error", __file__],
        env=os.environ | {"PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo", "LC_ALL": "C"},
        check=True,
        timeout=120,
        capture_output=True,
    )
    assert json.loads(done.stdout) == EXPECTED


@pytest.mark.slow
@pytest.mark.parametrize("chunk_rows", [None, 1, 7, 100, 10**6])
def test_any_chunks(chunk_rows, tmp_path):
    assert streamed(tmp_path, chunk_rows) == STREAMED


if __name__ == "__main__":
    print(json.dumps({name: digest(name) for name in CASES}))
