"""The rules in polars, lazily and on all cores; like `peers.py`, without simcore.

Two ways of writing it are measured. `rules` has an expression for each email, over all subscribers. `calendar`
does that for the few local days only, and joins each subscriber to them: from the first email that waits for days
on, all depends on the local day of the email before it.

What was tried for these and is slower: `concat_list` instead of `concat_arr`; `unpivot`, or `concat` and a sort, to
get rows by entry; a calendar with a row for each poll and email, which the join itself multiplies; `join_asof` on the
polls; `gather` by the number of the poll; the send days by `replace_strict` of the weekday. Which engine runs a part
is said where it is the faster one.

As a script it goes the whole way: `peers_polars.py SEQUENCE ENTRIES SENDS`, from CSV or Parquet to CSV or Parquet.
"""

import json
import sys
from pathlib import Path
from typing import Any

import polars as pl
from steps import Payload, Step, first_in_days, read_steps

QUARTER = "15m"


def make_entries(entries: Any) -> pl.DataFrame:
    """Give entries of pandas as a frame of polars: subscriber_id, entered_at [us, UTC]."""
    entered_at = pl.Series("entered_at", entries["entered_at"].dt.tz_localize(None).to_numpy())
    return pl.DataFrame({
        "subscriber_id": entries["subscriber_id"].to_numpy(),
        "entered_at": entered_at.dt.replace_time_zone("UTC"),
    })


def make_emails(payload: Payload) -> pl.DataFrame:
    """Give a row for each email, with what all of its sends have in common."""
    subjects = [email["subject"] for email in payload["emails"]]
    return pl.DataFrame({
        "run": pl.Series([1] * len(subjects), dtype=pl.Int32),
        "position": pl.Series(range(len(subjects)), dtype=pl.Int16),
        "email_id": pl.Series([email["id"] for email in payload["emails"]], dtype=pl.Int64),
        "subject": pl.Series(subjects, dtype=pl.Enum(subjects)),
    })


def next_send(anchor: pl.Expr, step: Step, payload: Payload) -> pl.Expr:
    """Give the instant [UTC] at which an email goes out that waits from `anchor` [UTC]."""
    zone, hour = payload["sequence"]["time_zone"], payload["sequence"]["send_hour"]
    if step.unit == "hours":
        # Rounded up: a poll is there for who is due on it.
        return (anchor + pl.duration(hours=step.value, minutes=15, microseconds=-1)).dt.truncate(QUARTER)
    if step.value == 0:
        return anchor
    day = anchor.dt.convert_time_zone(zone).dt.date() + pl.duration(days=step.value)
    week_mask = [weekday in step.weekdays for weekday in range(7)]
    day = day.dt.add_business_days(0, week_mask=week_mask, roll="forward")
    return day.dt.combine(pl.time(hour)).dt.replace_time_zone(zone).dt.convert_time_zone("UTC")


def with_sends(frame: pl.LazyFrame, anchor: str, steps: range, payload: Payload) -> pl.LazyFrame:
    """Give a frame with a column for each of these emails, named by its position; the first waits from `anchor`."""
    every = read_steps(payload)
    for position in steps:
        send_at = next_send(pl.col(anchor), every[position], payload)
        anchor = str(position)
        frame = frame.with_columns(send_at.alias(anchor))
    return frame


def with_calendar(frame: pl.LazyFrame, payload: Payload) -> pl.LazyFrame:
    """Give the same columns as `with_sends`, all of them, for entries: by their polls, and the local days of these."""
    zone, steps = payload["sequence"]["time_zone"], read_steps(payload)
    first = first_in_days(steps)
    known = str(first - 1)
    frame = with_sends(frame, "entered_at", range(first), payload)
    least, last = pl.col("entered_at").min(), pl.col("entered_at").max()
    waited = pl.duration(hours=sum(step.value for step in steps[:first]) + first)
    polls = frame.select(pl.datetime_range(least.dt.truncate(QUARTER), last + waited, QUARTER).alias(known))
    polls = polls.with_columns(day=pl.col(known).dt.convert_time_zone(zone).dt.date())
    noon = pl.col("day").dt.combine(pl.time(12)).dt.replace_time_zone(zone).dt.convert_time_zone("UTC")
    days = polls.select(pl.col("day").unique()).with_columns(noon=noon)
    calendar = polls.join(with_sends(days, "noon", range(first, len(steps)), payload), on="day")
    return frame.join(calendar, on=known, how="left", maintain_order="left")


def by_entry(entries: pl.DataFrame, wide: pl.LazyFrame, payload: Payload) -> pl.DataFrame:
    """Give the timeline, from a frame with a column for each email."""
    emails = make_emails(payload)
    zone = payload["sequence"]["time_zone"]
    # Each half runs on the engine that is faster for it: streaming for the join, in memory for the other.
    rows = (
        entries.lazy().select("subscriber_id").join(emails.lazy(), how="cross", maintain_order="left_right")
    )
    positions = [str(position) for position in range(len(emails))]
    send_at = wide.select(send_at=pl.concat_arr(positions).explode().dt.convert_time_zone(zone))
    return rows.collect(engine="streaming").hstack(send_at.collect(engine="in-memory"))


def by_email(wide: pl.LazyFrame, payload: Payload) -> pl.DataFrame:
    """Give the timeline email by email: no row has to move, and polars shares the subscribers among the emails."""
    zone = payload["sequence"]["time_zone"]
    emails = make_emails(payload)
    parts = [
        wide.select(
            "subscriber_id",
            *(pl.lit(emails[name][position], emails.schema[name]).alias(name) for name in emails.columns),
            pl.col(str(position)).dt.convert_time_zone(zone).alias("send_at"),
        )
        for position in range(len(emails))
    ]
    return pl.concat(parts).collect(engine="in-memory")


def rules(entries: pl.DataFrame, payload: Payload) -> pl.DataFrame:
    """Give the timeline by entry, each email of each subscriber computed."""
    steps = range(len(payload["emails"]))
    return by_entry(entries, with_sends(entries.lazy(), "entered_at", steps, payload), payload)


def calendar(entries: pl.DataFrame, payload: Payload, order: str = "entry") -> pl.DataFrame:
    """Give the timeline with all later emails looked up in a calendar of days."""
    wide = with_calendar(entries.lazy(), payload)
    return by_entry(entries, wide, payload) if order == "entry" else by_email(wide, payload)


def main(sequence: Path, given: Path, wanted: Path) -> None:
    """Read entries, apply the rules, and write the sends."""
    if given.suffix == ".csv":
        # With the format, polars reads instants faster than by a schema or by guessing.
        entered_at = pl.col("entered_at").str.to_datetime("%FT%T%.f%:z", time_unit="us")
        entries = pl.read_csv(given).with_columns(entered_at)
    else:
        entries = pl.read_parquet(given)
    sends = calendar(entries, json.loads(sequence.read_text(encoding="utf-8")))
    if wanted.suffix == ".csv":
        sends.write_csv(wanted, datetime_format="%+")  # faster than other formats, and faster than sink_csv
    else:
        sends.write_parquet(wanted, compression="snappy")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
