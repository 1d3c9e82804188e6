"""The rules in SQL, for DuckDB on all cores; like `peers.py`, without simcore.

Two ways of writing it are measured. `rules` has a column for each email, over all subscribers. `calendar` does that
for the few local days only, and joins each subscriber to them: from the first email that waits for days on, all
depends on the local day of the email before it.

What was tried for these and is slower: `time_bucket` for the polls (by far), an `ASOF JOIN` on the polls, a calendar
with a row for each poll and email, `UNPIVOT`, lists in the calendar, a sort after the rows are multiplied instead of
before, a table as the result instead of Arrow's.

As a script it goes the whole way: `peers_duckdb.py SEQUENCE ENTRIES SENDS`, from CSV or Parquet to CSV or Parquet.
"""

import json
import sys
from pathlib import Path
from typing import Any

import duckdb
from steps import Payload, Step, first_in_days, read_steps


def connect(payload: Payload, source: str, given: Any = None) -> duckdb.DuckDBPyConnection:
    """Give a database in memory with a table of the entries that `source` names: a file, or `given` for a frame."""
    connection = duckdb.connect()
    connection.execute(f"SET TimeZone = '{payload['sequence']['time_zone']}'")
    if given is not None:
        connection.register("given", given)
    connection.execute(f"CREATE TABLE entries AS SELECT subscriber_id, entered_at FROM {source}")
    subjects = ", ".join(quoted(email["subject"]) for email in payload["emails"])
    connection.execute(f"CREATE TYPE subject AS ENUM ({subjects})")
    return connection


def quoted(text: str) -> str:
    """Give a text as SQL has it."""
    return "'" + text.replace("'", "''") + "'"


def next_send(anchor: str, step: Step, payload: Payload) -> str:
    """Give the instant at which an email goes out that waits from `anchor`."""
    zone, hour = payload["sequence"]["time_zone"], payload["sequence"]["send_hour"]
    if step.unit == "hours":
        # Rounded up to the next poll, in microseconds.
        wait_us = step.value * 3_600_000_000 + 899_999_999
        return f"make_timestamptz((epoch_us({anchor}) + {wait_us}) // 900000000 * 900000000)"
    if step.value == 0:
        return anchor
    day = f"(({anchor} AT TIME ZONE '{zone}')::DATE + {step.value})"
    later = [min((allowed - today) % 7 for allowed in step.weekdays) for today in range(7)]
    if any(later):
        day = f"({day} + {later}[isodow({day})])"
    return f"({day} + INTERVAL {hour} HOUR) AT TIME ZONE '{zone}'"


def with_sends(source: str, anchor: str, steps: range, payload: Payload) -> str:
    """Give a query with a column for each of these emails, `at` and its position; the first waits from `anchor`."""
    every = read_steps(payload)
    for position in steps:
        send_at = next_send(anchor, every[position], payload)
        anchor = f"at{position}"
        source = f"(SELECT *, {send_at} AS {anchor} FROM {source})"
    return source


def by_entry(source: str, payload: Payload) -> str:
    """Give the timeline in the order of `source`, which has a column for each email."""
    emails = payload["emails"]
    lists = {
        "position": [f"{position}::SMALLINT" for position in range(len(emails))],
        "email_id": [f"{email['id']}::BIGINT" for email in emails],
        "subject": [f"{quoted(email['subject'])}::subject" for email in emails],
        "send_at": [f"at{position}" for position in range(len(emails))],
    }
    columns = ", ".join(f"unnest([{', '.join(values)}]) AS {name}" for name, values in lists.items())
    return f"SELECT subscriber_id, 1::INTEGER AS run, {columns} FROM {source}"


def in_any_order(source: str, payload: Payload) -> str:
    """Give the timeline in no order."""
    emails = ", ".join(
        f"({position}::SMALLINT, {email['id']}::BIGINT, {quoted(email['subject'])}::subject)"
        for position, email in enumerate(payload["emails"])
    )
    cases = " ".join(f"WHEN {position} THEN at{position}" for position in range(len(payload["emails"])))
    return (
        f"SELECT subscriber_id, 1::INTEGER AS run, position, email_id, subject, CASE position {cases} END AS send_at "
        f"FROM {source} CROSS JOIN (VALUES {emails}) AS emails(position, email_id, subject)"
    )


def rules(payload: Payload) -> str:
    """Give the query of the timeline by entry, each email of each subscriber computed."""
    wide = with_sends("entries", "entered_at", range(len(payload["emails"])), payload)
    return by_entry(wide, payload)


def calendar(payload: Payload, order: str = "entry") -> str:
    """Give the query of the timeline with all later emails looked up in a calendar of days."""
    zone, steps = payload["sequence"]["time_zone"], read_steps(payload)
    first = first_in_days(steps)
    known = f"at{first - 1}"
    waited = sum(step.value for step in steps[:first]) + first
    later = ", ".join(f"at{position}" for position in range(first, len(steps)))
    noon = f"(SELECT DISTINCT day, (day + INTERVAL 12 HOUR) AT TIME ZONE '{zone}' AS noon FROM polls)"
    query = f"""
        WITH bounds AS MATERIALIZED (
            SELECT make_timestamptz(epoch_us(min(entered_at)) // 900000000 * 900000000) AS least,
                   max(entered_at) + INTERVAL {waited} HOUR AS last
            FROM entries
        ), polls AS MATERIALIZED (
            SELECT {known}, ({known} AT TIME ZONE '{zone}')::DATE AS day
            FROM (SELECT unnest(generate_series(least, last, INTERVAL 15 MINUTE)) AS {known} FROM bounds)
        ), days AS MATERIALIZED (
            SELECT day, {later} FROM {with_sends(noon, "noon", range(first, len(steps)), payload)}
        ), calendar AS MATERIALIZED (
            SELECT * FROM polls JOIN days USING (day)
        )"""
    numbered = "(SELECT rowid AS row, * FROM entries)"
    wide = f"{with_sends(numbered, 'entered_at', range(first), payload)} JOIN calendar USING ({known})"
    if order == "entry":
        return f"{query} {by_entry(f'(SELECT * FROM {wide} ORDER BY row)', payload)}"
    return f"{query} {in_any_order(f'(SELECT * FROM {wide})', payload)}"


def run(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    """Give the result of a query as Arrow's table, which DuckDB makes faster than one of its own."""
    return connection.sql(query).to_arrow_table()


def main(sequence: Path, given: Path, wanted: Path) -> None:
    """Read entries, apply the rules, and write the sends."""
    payload = json.loads(sequence.read_text(encoding="utf-8"))
    connection = connect(payload, quoted(str(given)))
    connection.execute(f"COPY ({calendar(payload)}) TO {quoted(str(wanted))}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
