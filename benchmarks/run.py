"""Measure simcore against its peers and print one table: `python benchmarks/run.py`.

All times that are compared come from this one run: the contenders take turns, and the median counts. The
results are compared first, and a difference ends the run with status 1; being slow never does.
"""

import argparse
import gc
import importlib.metadata
import json
import math
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import combinations
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
import peers
from history import make_history
from triggers import TRIGGERS, make_log, make_sequence
from workload import TIME_ZONE, make_counts, make_entries, make_payload

import simcore
from simcore import kit, sequenzy
from simcore.answers.projection import make

HERE = Path(__file__).resolve().parent
PREVIEW_ENTRY = "2026-03-06T21:07:30-05:00"
PREVIEW_LOOPS = 50
GROWTH_EMAILS = (5, 10, 20)
CROWD = 100  # times as many subscribers, counted by the minute
COLUMNS = ("subscriber_id", "run", "position", "email_id", "subject", "send_at")


class DifferenceError(Exception):
    """Two contenders gave different sends."""


@dataclass
class Row:
    """One line of the table: what was measured, and a number beside its goal."""

    name: str
    what: str
    sends: int | None = None
    seconds: list[float] = field(default_factory=list)
    seconds_per_million: float | None = None
    ratio: float | None = None
    ratio_of: str = ""
    at_least: float | None = None
    at_most: float | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def goal(self) -> str:
        """The goal in words, empty where there is none."""
        if self.at_least is not None:
            return f"at least {self.at_least:g}"
        return "" if self.at_most is None else f"at most {self.at_most:g}"

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none."""
        if self.ratio is None or not self.goal:
            return None
        return self.ratio >= self.at_least if self.at_least is not None else self.ratio <= self.at_most

    def cells(self) -> tuple[str, ...]:
        """The row as it is printed."""
        return (
            self.name,
            self.what,
            "" if self.sends is None else f"{self.sends:,}",
            "" if self.seconds_per_million is None else f"{self.seconds_per_million:.4f}",
            "" if self.ratio is None else f"{self.ratio:.2f}",
            self.ratio_of,
            self.goal,
            {True: "met", False: "NOT MET", None: ""}[self.met],
        )


HEADINGS = ("name", "what it is", "sends", "s / 1M sends", "ratio", "ratio of", "goal", "")


# --- measuring ---------------------------------------------------------------------------------------------


def take_turns(
    contenders: Mapping[str, Callable[[], Any]], repeat: int, loops: int = 1
) -> dict[str, list[float]]:
    """Time each contender `repeat` times, one after the other in turn; give the seconds of one call.

    Each runs once right before it is timed, so that none pays for the state that another left the memory in.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(repeat):
        for name, call in contenders.items():
            call()
            gc.collect()
            start = perf_counter()
            for _ in range(loops):
                result = call()
            seconds[name].append((perf_counter() - start) / loops)
            del result  # before the next one starts, and outside of its time
    return seconds


def say(text: str) -> None:
    """Tell on stderr how far the run is."""
    print(text, file=sys.stderr, flush=True)


# --- comparing results -------------------------------------------------------------------------------------


def compare_columns(
    name: str, found: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray], columns: Iterable[str]
) -> None:
    """Raise where a column of `found` is not that of `expected`, with the first row that differs."""
    for column in columns:
        ours, theirs = expected[column], found[column]
        if len(ours) != len(theirs):
            raise DifferenceError(f"project gives {len(ours)} sends, {name} {len(theirs)}")
        if ours.dtype != theirs.dtype:
            raise DifferenceError(f"{column}: project gives {ours.dtype}, {name} {theirs.dtype}")
        different = np.flatnonzero(ours != theirs)
        if len(different):
            row = different[0]
            raise DifferenceError(
                f"{column} differs in {len(different)} of {len(ours)} rows, first in row {row} (subscriber "
                f"{expected['subscriber_id'][row]}, position {expected['position'][row]}): project gives "
                f"{ours[row]}, {name} {theirs[row]}"
            )


def plain_columns(timeline: pd.DataFrame) -> dict[str, np.ndarray]:
    """Give the columns as numpy arrays to compare: `send_at` as int64 microseconds, `subject` as objects."""
    columns = {column: timeline[column].to_numpy() for column in COLUMNS if column != "send_at"}
    columns["subject"] = columns["subject"].astype(object)
    columns["send_at"] = pd.DatetimeIndex(timeline["send_at"]).as_unit("us").asi8
    return columns


def compare_frames(name: str, found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Raise where two timelines are not equal: columns, their dtypes (but for categories) and all rows."""
    if tuple(found.columns) != tuple(expected.columns):
        raise DifferenceError(f"columns of project: {[*expected]}; of {name}: {[*found]}")
    zones = [str(frame["send_at"].dtype) for frame in (expected, found)]
    if zones[0] != zones[1]:
        raise DifferenceError(f"send_at: project gives {zones[0]}, {name} {zones[1]}")
    compare_columns(name, plain_columns(found), plain_columns(expected), COLUMNS)


def compare_sends(name: str, sends: list[peers.Send], expected: pd.DataFrame) -> None:
    """Raise where a list of sends, in any order, is not what `expected` has."""
    ids, positions, instants = zip(*sorted(sends), strict=True) if sends else ((), (), ())
    found = {
        "subscriber_id": np.array(ids, dtype=np.int64),
        "position": np.array(positions, dtype=np.int16),
        "send_at": np.array([(at - peers.EPOCH) // peers.MICROSECOND for at in instants], dtype=np.int64),
    }
    compare_columns(name, found, plain_columns(expected), found)


def compare_counts(name: str, found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Raise where two tables of counts are not equal: index, columns, dtypes and all counts."""
    if not found.equals(expected):
        sums = [f"{table.to_numpy().sum()} sends in {table.shape} cells" for table in (expected, found)]
        raise DifferenceError(f"forecast counts {sums[0]}, {name} {sums[1]}, or others in some of them")


# --- the parts of the table --------------------------------------------------------------------------------


def measure_peers(entries: pd.DataFrame, sample_size: int, repeat: int) -> list[Row]:
    """Compare results, then times, of `project` and the peers."""
    payload = make_payload()
    sequence = kit.from_api(payload)
    sample = entries.head(sample_size)

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

    # What the floor starts from: arrays that are ready, in memory of their own.
    subjects = [email["subject"] for email in payload["emails"]]
    ready: dict[str, Any] = {name: reference[name].to_numpy().copy() for name in COLUMNS[:4]}
    ready["subject"] = reference["subject"].array.copy()
    ready["send_at"] = reference["send_at"].array.copy()
    raw = dict(ready)
    raw["subject"] = reference["subject"].cat.codes.to_numpy().copy()
    raw["send_at"] = reference["send_at"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().copy()
    compare_frames("floor", peers.floor(ready), timeline)
    compare_frames("floor (plain numpy)", peers.floor_from_numpy(raw, subjects, TIME_ZONE), timeline)
    sends, sample_sends = len(timeline), len(of_sample)
    del timeline, reference, of_sample

    say(f"taking turns, {repeat} times")
    seconds = take_turns(
        {
            "project": lambda: simcore.project(sequence, entries),
            "floor": lambda: peers.floor(ready),
            "floor (plain numpy)": lambda: peers.floor_from_numpy(raw, subjects, TIME_ZONE),
            "pandas": lambda: peers.pandas_columns(entries, payload),
            "project, order=email": lambda: simcore.project(sequence, entries, order="email"),
            "pandas, unsorted": lambda: peers.pandas_columns(entries, payload, "email"),
            "zoneinfo loop": lambda: peers.zoneinfo_loop(sample, payload),
            "SimPy": lambda: peers.simpy_process(sample, payload),
        },
        repeat,
    )
    sampled = f"on {len(sample):,} of the subscribers, by cost per send"
    rows = {
        row.name: row
        for row in (
            Row("project", "simcore.project, rows by entry"),
            Row("floor", "pd.DataFrame from ready arrays of the final dtypes", at_most=2),
            Row("floor (plain numpy)", "the same, Categorical and zone put on by it"),
            Row("pandas", "the rules as pandas column operations", at_least=8),
            Row("zoneinfo loop", f"a plain Python loop, {sampled}", at_least=150),
            Row("SimPy", f"a process for each subscriber, {sampled}", at_least=400),
            Row("project, order=email", "simcore.project, rows email by email"),
            Row("pandas, unsorted", "the pandas row without its sort"),
        )
    }
    for name, row in rows.items():
        row.seconds = seconds[name]
        row.sends = sample_sends if name in {"zoneinfo loop", "SimPy"} else sends
        row.seconds_per_million = median(row.seconds) / max(row.sends, 1) * 1e6
    for name, row in rows.items():
        ours_name = "project, order=email" if name == "pandas, unsorted" else "project"
        over, under = (ours_name, name) if name.startswith("floor") else (name, ours_name)
        if name != "project":
            row.ratio = rows[over].seconds_per_million / rows[under].seconds_per_million
            row.ratio_of = f"{over} / {under}"
    return list(rows.values())


def measure_memory(subscribers: int) -> Row:
    """Give the peak of memory that `project` adds, in a fresh process, over the size of its frame."""
    say("memory")
    output = subprocess.run(
        [sys.executable, str(HERE / "memory.py"), str(subscribers)],
        check=True,
        capture_output=True,
        text=True,
    )
    memory = json.loads(output.stdout)
    return Row(
        "memory",
        f"peak that project adds, {max(memory['rss'], memory['traced']) / 2**20:,.0f} MiB",
        sends=memory["sends"],
        ratio=max(memory["rss"], memory["traced"]) / memory["frame"],
        ratio_of=f"peak / frame of {memory['frame'] / 2**20:,.0f} MiB",
        at_most=2.5,
        extra=memory,
    )


def measure_growth(entries: pd.DataFrame, repeat: int) -> list[Row]:
    """Give the time per send over sizes and numbers of emails, and the exponent of time over sends."""
    say("growth")
    sizes = (len(entries) // 10, len(entries))
    contenders, sends = {}, {}
    for emails in GROWTH_EMAILS:
        sequence = kit.from_api(make_payload(emails))
        for size in sizes:
            name = f"{size:,} x {emails} emails"
            some = entries.head(size)
            contenders[name] = lambda sequence=sequence, some=some: simcore.project(sequence, some)
            sends[name] = len(contenders[name]())
    seconds = take_turns(contenders, repeat)
    rows = []
    for name in contenders:
        per_million = median(seconds[name]) / max(sends[name], 1) * 1e6
        rows.append(Row("growth", name, sends[name], seconds[name], per_million))
    smallest = min(rows, key=lambda row: row.sends)
    for row in rows:
        if row is not smallest:
            row.ratio = row.seconds_per_million / smallest.seconds_per_million
            row.ratio_of = f"cost per send / that of {smallest.sends:,} sends"
    # Least squares of log time over log sends: 1 is in proportion, 2 would be quadratic.
    logs = [(math.log(max(row.sends, 1)), math.log(median(row.seconds))) for row in rows]
    exponent = float(np.polyfit(*zip(*logs, strict=True), 1)[0])
    rows.append(
        Row("growth", "all of these", ratio=exponent, ratio_of="exponent of time over sends", at_most=1.1)
    )
    return rows


def measure_life(entries: pd.DataFrame, repeat: int) -> list[Row]:
    """Give the time of `simulate` with and without a history, over `project` of the same without one."""
    say("life")
    sequence = kit.from_api(make_payload())
    repeating, returning, events, changes = make_history(entries, sequence)
    given: dict[str, Any] = {"events": events, "changes": changes}
    seconds = take_turns(
        {
            "project": lambda: simcore.project(sequence, entries),
            "simulate": lambda: simcore.simulate(sequence, entries),
            "project with returns": lambda: simcore.project(repeating, returning),
            "project, history": lambda: simcore.project(repeating, returning, **given),
            "simulate, history": lambda: simcore.simulate(repeating, returning, **given),
        },
        repeat,
    )
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
            seconds=seconds[name],
            ratio=median(seconds[name]) / median(seconds[under]),
            ratio_of=f"{name} / {under}",
            at_most=goal,
        )
        for name, what, under, goal in wanted
    ]
    # Where the time goes: the rooms one after the other, as `simulate` calls them.
    start = perf_counter()
    made = make(repeating, returning, **given, notes=True)
    times = {"runs and rounds": perf_counter() - start}
    for name, frame in (
        ("timeline", made.timeline),
        ("subscribers", made.subscribers),
        ("journal", made.journal),
    ):
        start = perf_counter()
        frame()
        times[name] = perf_counter() - start
    whole = sum(times.values())
    rows += [
        Row("life", f"of simulate, history: {name}", ratio=times[name] / whole, ratio_of="share")
        for name in times
    ]
    return rows


def measure_forecast(entries: pd.DataFrame, repeat: int) -> list[Row]:
    """Compare the counts of `forecast`, then its times, with grouping, and of many with few subscribers."""
    say("forecast")
    sequence = kit.from_api(make_payload())
    grouped = peers.grouped(simcore.project(sequence, entries))
    compare_counts("grouping", grouped, simcore.forecast(sequence, entries))
    counted = {size: make_counts(size) for size in (len(entries), CROWD * len(entries))}
    for size, counts in counted.items():
        one_each = counts.rename_axis("subscriber_id").reset_index()
        timeline = simcore.project(sequence, one_each[["subscriber_id", "entered_at"]])
        timeline["count"] = counts["count"].to_numpy()[timeline["subscriber_id"]]
        compare_counts(f"grouping of {size:,}", peers.grouped(timeline), simcore.forecast(sequence, counts))
    few, many = counted.values()
    seconds = take_turns(
        {
            "forecast": lambda: simcore.forecast(sequence, entries),
            "project and groupby": lambda: peers.grouped(simcore.project(sequence, entries)),
            "few": lambda: simcore.forecast(sequence, few),
            "many": lambda: simcore.forecast(sequence, many),
        },
        repeat,
    )
    sends = int(grouped.to_numpy().sum())
    times = {name: median(each) for name, each in seconds.items()}
    return [
        Row(
            "forecast",
            f"simcore.forecast by day and email, {times['forecast'] * 1e3:.0f} ms",
            sends,
            seconds["forecast"],
            times["forecast"] / sends * 1e6,
            times["project and groupby"] / times["forecast"],
            "project and groupby / forecast",
            at_least=20,
            extra={"groupby_seconds": seconds["project and groupby"]},
        ),
        Row(
            "forecast",
            f"{CROWD * len(entries):,} subscribers counted by the minute, {times['many'] * 1e3:.0f} ms",
            sends * CROWD,
            seconds["many"],
            times["many"] / sends / CROWD * 1e6,
            times["many"] / times["few"],
            f"these / {len(entries):,} counted by the minute",
            at_most=3,
            extra={"few_seconds": seconds["few"]},
        ),
    ]


def measure_triggers(rows: int, repeat: int) -> list[Row]:
    """Give the time of `project` for each trigger of Sequenzy, over that of sorting the log with pandas."""
    say("triggers")
    log = make_log(rows)
    contenders: dict[str, Callable[[], Any]] = {"sort": lambda: log.sort_values(["subscriber_id", "at"])}
    sends = {}
    for name in TRIGGERS:
        sequence = sequenzy.from_api(make_sequence(name))
        contenders[name] = lambda sequence=sequence: simcore.project(sequence, events=log)
        sends[name] = len(contenders[name]())
    seconds = take_turns(contenders, repeat)
    return [
        Row(
            "triggers",
            f"{name}: {rows:,} events",
            sends[name],
            seconds[name],
            ratio=median(seconds[name]) / median(seconds["sort"]),
            ratio_of="project / log.sort_values",
            at_most=3,
            extra={"sort_seconds": seconds["sort"]},
        )
        for name in TRIGGERS
    ]


def measure_sweep(entries: pd.DataFrame, repeat: int) -> Row:
    """Check the metrics of a few of many schedules against their timelines, then time all of them.

    Every send hour with every set of send days, of the shipped example, for a tenth of the subscribers.
    """
    say("sweep")
    sequence, some = kit.load(simcore.example("welcome")), entries.iloc[: len(entries) // 10]
    names = kit.Sequence(name="all days").send_days
    day_sets = [days for count in range(1, 8) for days in combinations(names, count)]
    fields = {"send_hour": range(24), "send_days": day_sets}
    swept = simcore.sweep(sequence, fields, some)
    for row in swept.iloc[:: len(swept) // 7].itertuples():
        timeline = simcore.project(sequence.replace(send_hour=row.send_hour, send_days=row.send_days), some)
        compare_metrics(row, timeline, some)
    seconds = take_turns({"project": lambda: simcore.project(sequence, some)}, 3 * repeat)["project"]
    start = perf_counter()
    simcore.sweep(sequence, fields, some)
    seconds_swept = perf_counter() - start
    return Row(
        "sweep",
        f"{len(swept):,} schedules for {len(some):,} subscribers, {seconds_swept:.1f} s",
        seconds=[seconds_swept],
        ratio=seconds_swept / median(seconds),
        ratio_of="simcore.sweep / project of one",
        at_most=500,
        extra={"project_seconds": seconds},
    )


def compare_metrics(row: Any, timeline: pd.DataFrame, entries: pd.DataFrame) -> None:
    """Raise DifferenceError where a row of a sweep is not what the timeline of that schedule comes to."""
    at = timeline["send_at"]
    entered_at = entries.set_index("subscriber_id")["entered_at"]
    days = (timeline.groupby("subscriber_id")["send_at"].max() - entered_at).dt.total_seconds() / 86_400
    wanted = {
        "median_days": days.quantile(0.5),
        "p95_days": days.quantile(0.95),
        "weekend_share": (at.dt.day_of_week >= 5).mean(),
        "night_share": ((at.dt.hour >= 22) | (at.dt.hour < 7)).mean(),
        "most_in_an_hour": at.dt.tz_convert("UTC").dt.floor("h").value_counts().max(),
    }
    for name, value in wanted.items():
        if not math.isclose(getattr(row, name), value, rel_tol=1e-9):
            raise DifferenceError(f"sweep: {name} of {row} is {value} in its timeline")


def measure_import(repeat: int) -> Row:
    """Give the time of `import simcore` over that of `import pandas`, each in fresh processes."""
    say("import")
    # As installed: pip compiles what it installs, whatever this process was told about compiling.
    told = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    seconds: dict[str, list[float]] = {"pandas": [], "simcore": []}
    for turn in range(repeat + 1):
        for module, times in seconds.items():
            # -P: not from the folder that this is started in, but what run.py imports itself
            code = f"import time; s = time.perf_counter(); import {module}; print(time.perf_counter() - s)"
            output = subprocess.run(
                [sys.executable, "-P", "-c", code], check=True, capture_output=True, text=True, env=told
            )
            if turn:  # the first turn compiles, and fills the disk cache
                times.append(float(output.stdout))
    return Row(
        "import",
        f"{median(seconds['simcore']) * 1e3:.0f} ms, start of Python not counted",
        seconds=seconds["simcore"],
        ratio=median(seconds["simcore"]) / median(seconds["pandas"]),
        ratio_of="import simcore / import pandas",
        at_most=1.1,
        extra={"pandas_seconds": seconds["pandas"]},
    )


def measure_preview(repeat: int) -> list[Row]:
    """Give the time of `preview` over that of building a DataFrame of its size."""
    say("preview")
    sequence = kit.from_api(make_payload())
    shown = simcore.preview(sequence, PREVIEW_ENTRY)
    index = pd.Index(shown.index.to_numpy().copy(), name=shown.index.name)
    ready = {name: shown[name].array.copy() for name in shown}
    lists = {name: shown[name].tolist() for name in shown}
    contenders = {
        "ready arrays": lambda: pd.DataFrame(ready, index=index),
        "lists": lambda: pd.DataFrame(lists, index=index),
        "preview": lambda: simcore.preview(sequence, PREVIEW_ENTRY),
    }
    seconds = take_turns(contenders, repeat, PREVIEW_LOOPS)
    ours = median(seconds["preview"])
    return [
        Row(
            "preview",
            f"one subscriber, {len(shown)} emails, {ours * 1e3:.2f} ms",
            seconds=seconds["preview"],
            ratio=ours / median(seconds[name]),
            ratio_of=f"preview / pd.DataFrame from {name}",
            at_most=6 if name == "ready arrays" else None,
            extra={"frame_seconds": seconds[name]},
        )
        for name in ("ready arrays", "lists")
    ]


# --- showing -----------------------------------------------------------------------------------------------


def describe_machine() -> dict[str, Any]:
    """Give what the numbers depend on."""
    versions = {}
    for package in ("simcore", "pandas", "numpy", "tzdata", "simpy"):
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:  # simcore, run from its sources
            versions[package] = "not installed"
    return {
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cpu_count": os.cpu_count(),
        "python": platform.python_version(),
        **versions,
    }


def format_table(rows: list[Row]) -> str:
    """Give the rows as text in columns, numbers to the right."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEADINGS))]
    numbers = {HEADINGS.index(heading) for heading in ("sends", "s / 1M sends", "ratio")}
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join(
        "  ".join(
            cell.rjust(width) if i in numbers else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Measure simcore against its peers.")
    parser.add_argument("--subscribers", type=int, default=1_000_000, help="for project and pandas")
    parser.add_argument("--sample", type=int, default=20_000, help="for the loop and SimPy")
    parser.add_argument("--repeat", type=int, default=5, help="times that each is measured")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers to this file too")
    arguments = parser.parse_args()
    if arguments.subscribers < 10 or arguments.sample < 1 or arguments.repeat < 1:
        parser.error("--subscribers must be at least 10, --sample and --repeat at least 1")
    return arguments


def main() -> int:
    """Run everything, print the table, and give the exit status."""
    arguments = parse_arguments()
    machine = describe_machine()
    entries = make_entries(arguments.subscribers)
    try:
        rows = measure_peers(entries, arguments.sample, arguments.repeat)
        rows += measure_forecast(entries, arguments.repeat)
        rows.append(measure_sweep(entries, arguments.repeat))
    except DifferenceError as difference:
        print(f"results differ: {difference}", file=sys.stderr)
        return 1
    rows.append(measure_memory(arguments.subscribers))
    rows += measure_growth(entries, arguments.repeat)
    rows += measure_life(entries, arguments.repeat)
    rows += measure_triggers(2 * arguments.subscribers, arguments.repeat)
    rows.append(measure_import(arguments.repeat * 3))
    rows += measure_preview(arguments.repeat)
    print(", ".join(f"{name} {value}" for name, value in machine.items()))
    print(format_table(rows))
    if arguments.json:
        result = {
            "machine": machine,
            "arguments": {
                "subscribers": arguments.subscribers,
                "sample": arguments.sample,
                "repeat": arguments.repeat,
            },
            "rows": [{**asdict(row), "goal": row.goal, "met": row.met} for row in rows],
        }
        arguments.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
