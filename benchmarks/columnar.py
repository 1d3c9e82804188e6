"""Compare `project` with polars and DuckDB, which must give the same sends: `python benchmarks/columnar.py`."""

import sys

import pandas as pd
import peers_duckdb
import peers_polars
from comparing import compare_frames
from table import Row, Size, main, say
from workload import make_entries, make_payload, ratio, take_turns

import simcore
from simcore import kit

BY_EMAIL = "project, order=email"


def measure(size: Size) -> list[Row]:
    """Compare results, then times, of `project`, polars and DuckDB, each from a frame or a table of its own."""
    entries, payload = make_entries(size.subscribers), make_payload()
    sequence = kit.from_api(payload)
    frame, connection = peers_polars.make_entries(entries), peers_duckdb.connect(payload, "given", entries)
    by_rules, by_calendar = peers_duckdb.rules(payload), peers_duckdb.calendar(payload)
    unsorted = peers_duckdb.calendar(payload, "any")
    contenders = {
        "project": lambda: simcore.project(sequence, entries),
        BY_EMAIL: lambda: simcore.project(sequence, entries, order="email"),
        "polars": lambda: peers_polars.rules(frame, payload),
        "polars, calendar": lambda: peers_polars.calendar(frame, payload),
        "polars, calendar, unsorted": lambda: peers_polars.calendar(frame, payload, "email"),
        "DuckDB": lambda: peers_duckdb.run(connection, by_rules),
        "DuckDB, calendar": lambda: peers_duckdb.run(connection, by_calendar),
        "DuckDB, calendar, unsorted": lambda: peers_duckdb.run(connection, unsorted),
    }
    say("comparing results")
    timeline = contenders["project"]()
    for name, call in contenders.items():
        compare_frames(
            name, in_order(name, call()), contenders[BY_EMAIL]() if "unsorted" in name else timeline
        )
    sends = len(timeline)
    del timeline

    say(f"taking turns, {size.repeat} times")
    times = take_turns(contenders, size.repeat)
    rows = make_rows()
    for name, row in rows.items():
        ours = BY_EMAIL if "unsorted" in name or name == BY_EMAIL else "project"
        row.sends, row.times = sends, times[name]
        row.seconds_per_million = row.times.per_million(sends)
        if name != ours:
            row.ratio, row.ratio_of = ratio(times[name], times[ours]), f"{name} / {ours}"
    return list(rows.values())


def in_order(name: str, found: object) -> pd.DataFrame:
    """Give a result as a frame of pandas, in the order of what it is compared with."""
    frame = found if isinstance(found, pd.DataFrame) else found.to_pandas()
    if name == BY_EMAIL:
        return frame.sort_values(["subscriber_id", "position"], ignore_index=True)
    if "unsorted" in name:
        return frame.sort_values(["position", "subscriber_id"], ignore_index=True)
    return frame


def make_rows() -> dict[str, Row]:
    """Give the rows by name, in order, without their numbers."""
    rows = (
        Row("project", "simcore.project, in turn with the six below"),
        Row("polars", "the rules as expressions, all cores, by entry", at_least=5),
        Row("polars, calendar", "the same, later emails from a calendar of days", at_least=5),
        Row(BY_EMAIL, "rows email by email, in turn with the six"),
        Row("polars, calendar, unsorted", "the same, rows email by email"),
        Row("DuckDB", "the rules in SQL, all cores, by entry", at_least=10),
        Row("DuckDB, calendar", "the same, later emails from a calendar of days", at_least=10),
        Row("DuckDB, calendar, unsorted", "the same, rows in any order"),
    )
    return {row.name: row for row in rows}


if __name__ == "__main__":
    sys.exit(main(["columnar"], __doc__, measure))
