"""What simcore is measured against. Nothing here uses simcore.

Each peer is written as a good programmer would write it with that tool, for the fields that the workload
uses: every email published, a send hour that no clock change skips or doubles. None is held back, and where
two ways of writing it were at hand, the faster one is here.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import simpy
from steps import Payload, Step, read_steps

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
POLL = timedelta(minutes=15)
ONE_DAY = timedelta(days=1)

Send = tuple[int, int, datetime]  # subscriber_id, position, send_at


# --- the floor ---------------------------------------------------------------------------------------------


def floor(columns: Mapping[str, Any]) -> pd.DataFrame:
    """Build the timeline from arrays that are ready, each already of its final dtype."""
    return pd.DataFrame({
        "subscriber_id": columns["subscriber_id"],
        "run": columns["run"],
        "position": columns["position"],
        "email_id": columns["email_id"],
        "subject": columns["subject"],
        "send_at": columns["send_at"],
    })


def floor_from_numpy(columns: Mapping[str, Any], subjects: list[str], zone: str) -> pd.DataFrame:
    """Build it from plain numpy arrays: `subject` as int8 codes, `send_at` as datetime64[us] in UTC."""
    return pd.DataFrame({
        "subscriber_id": columns["subscriber_id"],
        "run": columns["run"],
        "position": columns["position"],
        "email_id": columns["email_id"],
        "subject": pd.Categorical.from_codes(columns["subject"], categories=subjects),
        "send_at": pd.DatetimeIndex(columns["send_at"], tz="UTC").tz_convert(zone),
    })


# --- pandas ------------------------------------------------------------------------------------------------


def days_until(weekdays: frozenset[int]) -> dict[int, pd.Timedelta]:
    """Give for each weekday how long it is until the first that is allowed, 0 days where it is itself."""
    return {
        today: pd.Timedelta(days=min((allowed - today) % 7 for allowed in weekdays)) for today in range(7)
    }


def pandas_columns(entries: pd.DataFrame, payload: Payload, order: str = "entry") -> pd.DataFrame:
    """Give the timeline by pandas column operations: a frame for each email, joined and sorted."""
    sequence = payload["sequence"]
    zone, hour = sequence["time_zone"], pd.Timedelta(hours=sequence["send_hour"])
    frames = []
    anchor = entries["entered_at"]
    for position, (email, step) in enumerate(zip(payload["emails"], read_steps(payload), strict=True)):
        if step.unit == "hours":
            anchor = (anchor + pd.Timedelta(hours=step.value)).dt.ceil("15min")
        elif step.value > 0:
            day = anchor.dt.tz_convert(zone).dt.tz_localize(None).dt.normalize()
            day += pd.Timedelta(days=step.value)
            day += day.dt.day_of_week.map(days_until(step.weekdays)).astype("timedelta64[us]")
            anchor = (day + hour).dt.tz_localize(zone).dt.tz_convert("UTC")
        frames.append(
            pd.DataFrame({
                "subscriber_id": entries["subscriber_id"],
                "run": np.int32(1),
                "position": np.int16(position),
                "email_id": email["id"],
                "send_at": anchor,
            })
        )
    timeline = pd.concat(frames)
    if order == "entry":
        timeline = timeline.sort_index(kind="stable")
    timeline = timeline.reset_index(drop=True)
    subjects = [email["subject"] for email in payload["emails"]]
    subject = pd.Categorical.from_codes(timeline["position"], categories=subjects)
    timeline.insert(4, "subject", subject)
    timeline["send_at"] = timeline["send_at"].dt.tz_convert(zone)
    return timeline


def grouped(timeline: pd.DataFrame) -> pd.DataFrame:
    """Count a timeline's sends by local date and position, without gaps; by its `count`, where it has one."""
    # The wall clock alone is floored and hashed faster than instants with a zone, or than a pd.Grouper.
    day = timeline["send_at"].dt.tz_localize(None).dt.floor("D")
    groups = timeline.groupby([day, "position"])
    counts = groups["count"].sum() if "count" in timeline else groups.size()
    table = counts.unstack(fill_value=0)  # noqa: PD010  pivot_table takes longer
    days = pd.date_range(table.index[0], table.index[-1], unit="us", name="period")
    table = table.reindex(days, fill_value=0).tz_localize(timeline["send_at"].dt.tz)
    table.columns = table.columns.astype(np.int64)
    return table


# --- plain Python ------------------------------------------------------------------------------------------


def next_send(anchor: datetime, step: Step, hour: time, zone: ZoneInfo) -> datetime:
    """Give the instant [UTC] at which an email goes out that waits from `anchor` [UTC]."""
    if step.unit == "hours":
        polls = -((EPOCH - anchor - timedelta(hours=step.value)) // POLL)  # rounded up
        return EPOCH + polls * POLL
    if step.value == 0:
        return anchor
    day: date = anchor.astimezone(zone).date() + timedelta(days=step.value)
    while day.weekday() not in step.weekdays:
        day += ONE_DAY
    return datetime.combine(day, hour, zone).astimezone(UTC)


def read_entries(entries: pd.DataFrame) -> Iterator[tuple[int, datetime]]:
    """Give each entry as plain Python: the id, and the instant as a datetime [UTC]."""
    instants = pd.DatetimeIndex(entries["entered_at"]).tz_convert(UTC).to_pydatetime().tolist()
    return zip(entries["subscriber_id"].tolist(), instants, strict=True)


def zoneinfo_loop(entries: pd.DataFrame, payload: Payload) -> list[Send]:
    """Give the sends by a loop over subscribers and emails, in the order of entries and positions."""
    sequence = payload["sequence"]
    zone, hour = ZoneInfo(sequence["time_zone"]), time(sequence["send_hour"])
    steps = read_steps(payload)
    sends = []
    for subscriber_id, anchor in read_entries(entries):
        for position, step in enumerate(steps):
            anchor = next_send(anchor, step, hour, zone)
            sends.append((subscriber_id, position, anchor))
    return sends


# --- SimPy -------------------------------------------------------------------------------------------------


def simpy_process(entries: pd.DataFrame, payload: Payload) -> list[Send]:
    """Give the sends by a discrete-event simulation, a process for each subscriber, in order of time.

    The clock of the simulation counts whole microseconds from 1970, so that no instant is rounded.
    """
    sequence = payload["sequence"]
    zone, hour = ZoneInfo(sequence["time_zone"]), time(sequence["send_hour"])
    steps = read_steps(payload)
    sends: list[Send] = []
    env = simpy.Environment()

    def subscriber(subscriber_id: int, entered_at: datetime) -> Iterator[simpy.Event]:
        yield env.timeout((entered_at - EPOCH) // MICROSECOND)
        now = entered_at
        for position, step in enumerate(steps):
            due = next_send(now, step, hour, zone)
            yield env.timeout((due - now) // MICROSECOND)
            now = due
            sends.append((subscriber_id, position, now))

    for subscriber_id, entered_at in read_entries(entries):
        env.process(subscriber(subscriber_id, entered_at))
    env.run()
    return sends
