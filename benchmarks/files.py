"""Hold simcore's way from file to file against polars reading and writing the same: `python benchmarks/files.py`."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import polars as pl
from table import DifferenceError, Row, Size, main
from workload import Times, make_entries, make_payload, ratio, take_turns

import simcore
from simcore import kit

EMAILS = 5
ISO, UTC = "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S UTC"
WRITTEN = "%Y-%m-%dT%H:%M:%S%:z"
UTC_ROWS = 300_000


def write_entries(path: Path, entries: pd.DataFrame, form: str) -> Path:
    """Write entries as a CSV file, their instants as texts of this form."""
    texts = pl.from_pandas(entries).with_columns(pl.col("entered_at").dt.strftime(form))
    texts.write_csv(path)
    return path


def read_by_polars(path: Path) -> pl.DataFrame:
    """Give the entries of a file: ids are texts, as for simcore; polars is told the form of the instants."""
    texts = pl.read_csv(path, infer_schema=False)
    return texts.with_columns(pl.col("entered_at").str.to_datetime(ISO, time_unit="us", time_zone="UTC"))


def compare_entries(found: pd.DataFrame, expected: pl.DataFrame) -> None:
    """Raise where the two ways do not read the same entries."""
    for name in ("subscriber_id", "entered_at"):
        if not pl.Series(found[name]).equals(expected[name]):
            raise DifferenceError(f"{name} is not what polars reads")


def run(*typed: Path | str) -> None:
    """Run a command of simcore's in a process of its own."""
    # As installed: pip compiles what it installs. -P: what this process imports itself, not what is in this folder.
    told = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-P", "-m", "simcore", *map(str, typed)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=told)


def measure(size: Size) -> list[Row]:
    """Give the time of reading, writing and all between, over that of polars."""
    with TemporaryDirectory() as folder:
        return measure_in(Path(folder), size)


def measure_in(folder: Path, size: Size) -> list[Row]:
    """The same, with files in this folder."""
    payload, people = make_payload(EMAILS), make_entries(size.subscribers)
    file, out, theirs = folder / "sequence.json", folder / "out.csv", folder / "polars.csv"
    file.write_text(json.dumps(payload), encoding="utf-8")
    source = write_entries(folder / "entries.csv", people, ISO)
    few = people.head(UTC_ROWS)
    sources = {
        name: write_entries(folder / f"{name}.csv", few, form) for name, form in (("iso", ISO), ("utc", UTC))
    }
    sequence, entries = kit.from_api(payload), simcore.read_entries(source)
    compare_entries(entries, read_by_polars(source))
    sends = simcore.project(sequence, entries)
    frame = pl.from_pandas(sends)
    contenders: dict[str, Callable[[], Any]] = {
        "read": lambda: simcore.read_entries(source),
        "polars reads": lambda: read_by_polars(source),
        "write": lambda: simcore.write_csv(sends, out),
        "polars writes": lambda: frame.write_csv(theirs, datetime_format=WRITTEN),
        "project": lambda: simcore.project(sequence, entries),
        "iso": lambda: simcore.read_entries(sources["iso"]),
        "utc": lambda: simcore.read_entries(sources["utc"]),
        "csv": lambda: run("project", file, source, "-o", out),
        "parquet": lambda: run("project", file, source, "-o", folder / "out.parquet"),
        "lines": lambda: run("project", file, source, "--json"),
    }
    contenders["write"]()
    contenders["polars writes"]()
    if out.read_bytes() != theirs.read_bytes():
        raise DifferenceError("simcore writes other bytes than polars")
    times = take_turns(contenders, size.repeat)
    return rows_of(times, len(people), len(sends), len(few))


def rows_of(times: dict[str, Times], people: int, sends: int, few: int) -> list[Row]:
    """Give the rows of the table."""

    def row(what: str, ours: Times, theirs: Times, ratio_of: str, most: float | None = None) -> Row:
        told = f"{what}, {ours.median:.2f} s"
        made = (sends, ours, ours.per_million(sends), ratio(ours, theirs), ratio_of)
        return Row("files", told, *made, at_most=most)

    both = summed(times["read"], times["write"])
    theirs = summed(times["polars reads"], times["polars writes"])
    parts = summed(times["read"], times["project"], times["write"])
    return [
        row(f"read_entries of {people:,} rows", times["read"], times["polars reads"], "this / polars"),
        row("write_csv", times["write"], times["polars writes"], "this / polars"),
        row("both: CSV in and out", both, theirs, "these / polars", 1.3),
        row(
            f"read_entries of {few:,} texts that end in UTC",
            times["utc"],
            times["iso"],
            "these / ISO 8601",
            1.2,
        ),
        row("project between them", times["project"], both, "project / both"),
        row(
            "simcore project, CSV to CSV, with its start",
            times["csv"],
            parts,
            "the command / its three parts",
        ),
        row("simcore project, CSV to Parquet", times["parquet"], times["csv"], "this / CSV to CSV"),
        row("simcore project --json, CSV to lines", times["lines"], times["csv"], "this / CSV to CSV"),
    ]


def summed(*times: Times) -> Times:
    """Give the times of some calls one after the other, turn by turn."""
    return Times(
        [sum(turn) for turn in zip(*(each.seconds for each in times), strict=True)],
        [sum(turn) for turn in zip(*(each.processor for each in times), strict=True)],
    )


if __name__ == "__main__":
    sys.exit(main(["files"], __doc__, measure))
