"""Compare the whole way, from a file of entries to a file of sends: `python benchmarks/whole_way.py`.

`simcore project` on the command line, and scripts of polars and DuckDB that read, apply the rules and write, on all
cores; each in a fresh process, whose start counts. All sends are compared first.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import duckdb
import pandas as pd
import peers_polars
import polars as pl
from comparing import compare_frames
from table import HERE, MeasurementError, Row, Size, main, say
from workload import TIME_ZONE, Times, make_entries, make_payload, ratio

import simcore
from simcore import kit

KINDS = {"csv": "CSV", "parquet": "Parquet"}
# -P: not from the folder that this is started in, but what this process imports itself.
TOOLS = {
    "simcore": ("-P", "-m", "simcore", "project"),
    "polars": (str(HERE / "peers_polars.py"),),
    "DuckDB": (str(HERE / "peers_duckdb.py"),),
}


def write_inputs(folder: Path, entries: pd.DataFrame) -> None:
    """Write the sequence as JSON, and the entries as CSV (instants in ISO 8601) and as Parquet."""
    (folder / "sequence.json").write_text(json.dumps(make_payload()), encoding="utf-8")
    frame = peers_polars.make_entries(entries)
    frame.write_parquet(folder / "entries.parquet")
    frame.with_columns(pl.col("entered_at").dt.to_string("iso:strict")).write_csv(folder / "entries.csv")


def go(tool: str, kind: str, folder: Path, times: Times | None = None) -> None:
    """Go the whole way once, in a process of its own, and add how long it took to `times`.

    Raises MeasurementError where it fails.
    """
    files = [str(folder / name) for name in ("sequence.json", f"entries.{kind}", f"{tool}.{kind}")]
    if tool == "simcore":
        files.insert(2, "-o")
    # As installed: pip compiles what it installs, whatever this process was told about compiling.
    told = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start, before = perf_counter(), os.times()
    done = subprocess.run([sys.executable, *TOOLS[tool], *files], capture_output=True, text=True, env=told)
    seconds, after = perf_counter() - start, os.times()
    if done.returncode:
        raise MeasurementError(f"{tool}, {kind}: {done.stderr}")
    if times is not None:
        times.seconds.append(seconds)
        user, system = (
            after.children_user - before.children_user,
            after.children_system - before.children_system,
        )
        times.processor.append(user + system)


def read_sends(path: Path, subjects: list[str]) -> pd.DataFrame:
    """Give the sends of a file as a timeline, whoever wrote it."""
    connection = duckdb.connect()
    connection.execute(f"SET TimeZone = '{TIME_ZONE}'")
    frame = connection.sql(
        f"SELECT subscriber_id::BIGINT AS subscriber_id, run::INTEGER AS run, position::SMALLINT AS position, "
        f"email_id::BIGINT AS email_id, subject::VARCHAR AS subject, send_at::TIMESTAMPTZ AS send_at FROM '{path}'"
    ).to_arrow_table()
    found = frame.to_pandas()
    found["subject"] = pd.Categorical(found["subject"], categories=subjects)
    return found


def measure(size: Size) -> list[Row]:
    """Compare results, then times, of a tenth of the subscribers."""
    payload = make_payload()
    entries = make_entries(size.subscribers // 10)
    timeline = simcore.project(kit.from_api(payload), entries)
    subjects = [email["subject"] for email in payload["emails"]]
    times = {(tool, kind): Times() for kind in KINDS for tool in TOOLS}
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_inputs(folder, entries)
        say("comparing results")
        for tool, kind in times:
            go(tool, kind, folder)
            compare_frames(f"{tool}, {kind}", read_sends(folder / f"{tool}.{kind}", subjects), timeline)
        say(f"taking turns, {size.repeat} times")
        for _ in range(size.repeat):
            for (tool, kind), each in times.items():
                go(tool, kind, folder, each)
    return [make_row(tool, kind, times, len(timeline)) for tool, kind in times]


def make_row(tool: str, kind: str, times: dict[tuple[str, str], Times], sends: int) -> Row:
    """Give the row of one tool and kind of file."""
    mine = times[tool, kind]
    row = Row("whole way", f"{KINDS[kind]} to {KINDS[kind]}: {tool}", sends, mine, mine.per_million(sends))
    if tool != "simcore":
        row.ratio, row.ratio_of = ratio(mine, times["simcore", kind]), f"{tool} / simcore project"
    return row


if __name__ == "__main__":
    sys.exit(main(["whole_way"], __doc__, measure))
