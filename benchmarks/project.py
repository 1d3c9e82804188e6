"""Compare `project` with its peers, which must give the same sends: `python benchmarks/project.py`."""

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import peers
import peers_cimba
from comparing import COLUMNS, compare_columns, compare_frames, plain_columns
from table import Row, Size, main, say
from workload import TIME_ZONE, make_entries, make_payload, take_turns

import simcore
from simcore import kit

SAMPLED = ("zoneinfo loop", "SimPy", "cimba")


def compare_arrays(name: str, found: Mapping[str, np.ndarray], expected: pd.DataFrame) -> None:
    """Raise where columns of sends, in any order, are not what `expected` has."""
    order = np.lexsort((found["position"], found["subscriber_id"]))
    found = {column: values[order] for column, values in found.items()}
    compare_columns(name, found, plain_columns(expected), found)


def compare_sends(name: str, sends: list[peers.Send], expected: pd.DataFrame) -> None:
    """Raise where a list of sends, in any order, is not what `expected` has."""
    ids, positions, instants = zip(*sends, strict=True) if sends else ((), (), ())
    found = {
        "subscriber_id": np.array(ids, dtype=np.int64),
        "position": np.array(positions, dtype=np.int16),
        "send_at": np.array([(at - peers.EPOCH) // peers.MICROSECOND for at in instants], dtype=np.int64),
    }
    compare_arrays(name, found, expected)


def copied(frame: pd.DataFrame) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give what the floor starts from: arrays that are ready, in memory of their own; of final dtypes, and plain."""
    ready: dict[str, Any] = {name: frame[name].to_numpy().copy() for name in COLUMNS[:4]}
    ready["subject"] = frame["subject"].array.copy()
    ready["send_at"] = frame["send_at"].array.copy()
    raw = dict(ready)
    raw["subject"] = frame["subject"].cat.codes.to_numpy().copy()
    raw["send_at"] = frame["send_at"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().copy()
    return ready, raw


def measure(size: Size) -> list[Row]:
    """Compare results, then times, of `project` and the peers."""
    entries, payload = make_entries(size.subscribers), make_payload()
    sequence = kit.from_api(payload)
    sample = entries.head(size.sample)

    say("comparing results")
    timeline = simcore.project(sequence, entries)
    reference = peers.pandas_columns(entries, payload)
    compare_frames("pandas", reference, timeline)
    by_email = simcore.project(sequence, entries, order="email")
    compare_frames("pandas (email by email)", peers.pandas_columns(entries, payload, "email"), by_email)
    del by_email
    of_sample = timeline[timeline["subscriber_id"].isin(sample["subscriber_id"])]
    compare_sends("zoneinfo loop", peers.zoneinfo_loop(sample, payload), of_sample)
    compare_sends("SimPy", peers.simpy_process(sample, payload), of_sample)
    compare_arrays("cimba", peers_cimba.cimba_process(sample, payload), of_sample)
    subjects = [email["subject"] for email in payload["emails"]]
    ready, raw = copied(reference)
    compare_frames("floor", peers.floor(ready), timeline)
    compare_frames("floor (plain numpy)", peers.floor_from_numpy(raw, subjects, TIME_ZONE), timeline)
    sends, sample_sends = len(timeline), len(of_sample)
    del timeline, reference, of_sample

    say(f"taking turns, {size.repeat} times")
    times = take_turns(
        {
            "project": lambda: simcore.project(sequence, entries),
            "floor": lambda: peers.floor(ready),
            "floor (plain numpy)": lambda: peers.floor_from_numpy(raw, subjects, TIME_ZONE),
            "pandas": lambda: peers.pandas_columns(entries, payload),
            "project, order=email": lambda: simcore.project(sequence, entries, order="email"),
            "pandas, unsorted": lambda: peers.pandas_columns(entries, payload, "email"),
            "zoneinfo loop": lambda: peers.zoneinfo_loop(sample, payload),
            "SimPy": lambda: peers.simpy_process(sample, payload),
            "cimba": lambda: peers_cimba.cimba_process(sample, payload),
        },
        size.repeat,
    )
    rows = make_rows(len(sample))
    for name, row in rows.items():
        row.times = times[name]
        row.sends = sample_sends if name in SAMPLED else sends
        row.seconds_per_million = row.times.per_million(row.sends)
    for name, row in rows.items():
        ours_name = "project, order=email" if name == "pandas, unsorted" else "project"
        over, under = (ours_name, name) if name.startswith("floor") else (name, ours_name)
        if name != "project":
            row.ratio = rows[over].seconds_per_million / rows[under].seconds_per_million
            row.ratio_of = f"{over} / {under}"
    return list(rows.values())


def make_rows(sample_size: int) -> dict[str, Row]:
    """Give the rows by name, in order, without their numbers."""
    sampled = f"on {sample_size:,} of the subscribers, by cost per send"
    rows = (
        Row("project", "simcore.project, rows by entry"),
        Row("floor", "pd.DataFrame from ready arrays of the final dtypes", at_most=2),
        Row("floor (plain numpy)", "the same, Categorical and zone put on by it"),
        Row("pandas", "the rules as pandas column operations", at_least=8),
        Row("zoneinfo loop", f"a plain Python loop, {sampled}", at_least=150),
        Row("SimPy", f"a process for each subscriber, {sampled}", at_least=400),
        Row("cimba", f"the same, in an engine in C, {sampled}"),
        Row("project, order=email", "simcore.project, rows email by email"),
        Row("pandas, unsorted", "the pandas row without its sort"),
    )
    return {row.name: row for row in rows}


if __name__ == "__main__":
    sys.exit(main(["project"], __doc__, measure))
