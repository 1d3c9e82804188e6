"""The rules as a model for cimba, a discrete-event engine in C that runs models compiled from Python.

Like `peers.py`, without simcore. A process for each subscriber, as for SimPy. The clock counts whole microseconds from
a day before the first entry, so that its floats are exact. Local days are read from tables, since compiled code has
no zones: their midnights and their send hours, which zoneinfo gives.
"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import cimba as cb
import numpy as np
import pandas as pd
from steps import Payload, read_steps

HOUR_US, POLL_US, DAY_US = 3_600_000_000, 900_000_000, 86_400_000_000
MOST_EMAILS = 64
BEYOND = 200  # days after the last entry that emails may go out on


class Campaign(cb.Model):
    """The sequence, and all who enter it; `sent_at` and `sent` get a value for each send."""

    entered: cb.Array[int]
    midnight: cb.Array[int]
    send_hour: cb.Array[int]
    wait: cb.Array[int]
    in_hours: cb.Array[bool]
    allowed: cb.Array[bool]
    first_weekday: cb.Param[int]
    sent_at: cb.Dataset
    sent: cb.Dataset

    @cb.process
    def arrivals(self):
        for number in range(len(self.entered)):
            cb.hold(float(self.entered[number]) - cb.now())
            cb.spawn(Subscriber, campaign=self, number=number)


class Subscriber(cb.Model):
    """One who gets all emails."""

    campaign: cb.Ref[Campaign]
    number: int

    @cb.process
    def receive(self):
        campaign = self.campaign
        for position in range(len(campaign.wait)):
            now = int(cb.now())
            due = now
            if campaign.in_hours[position]:
                due = (now + campaign.wait[position] * HOUR_US + POLL_US - 1) // POLL_US * POLL_US
            elif campaign.wait[position] > 0:
                day = now // DAY_US
                while campaign.midnight[day + 1] <= now:
                    day += 1
                while campaign.midnight[day] > now:
                    day -= 1
                day += campaign.wait[position]
                while not campaign.allowed[position * 7 + (day + campaign.first_weekday) % 7]:
                    day += 1
                due = campaign.send_hour[day]
            cb.hold(float(due - now))
            campaign.sent_at.record(cb.now())
            campaign.sent.record(float(self.number * MOST_EMAILS + position))


def cimba_process(entries: pd.DataFrame, payload: Payload) -> dict[str, np.ndarray]:
    """Give the sends as columns, in order of time: subscriber_id, position, send_at [µs from 1970]."""
    zone = ZoneInfo(payload["sequence"]["time_zone"])
    entered_us = entries["entered_at"].array.as_unit("us").asi8
    order = np.argsort(entered_us, kind="stable")
    first, last = (
        datetime.fromtimestamp(us // 1_000_000, zone).date() for us in entered_us[order[[0, -1]]].tolist()
    )
    first -= timedelta(days=1)
    start_us = int(datetime.combine(first, time(), UTC).timestamp()) * 1_000_000
    days = [first + timedelta(days=number) for number in range((last - first).days + BEYOND)]

    def instants(hour: int) -> cb.Array:
        at = [datetime.combine(day, time(hour), zone).timestamp() for day in days]
        return cb.Array([int(seconds) * 1_000_000 - start_us for seconds in at])

    steps = read_steps(payload)
    campaign = Campaign()
    campaign.entered = cb.Array((entered_us[order] - start_us).tolist())
    campaign.midnight, campaign.send_hour = instants(0), instants(payload["sequence"]["send_hour"])
    campaign.wait = cb.Array([step.value for step in steps])
    campaign.in_hours = cb.Array([step.unit == "hours" for step in steps])
    campaign.allowed = cb.Array([weekday in step.weekdays for step in steps for weekday in range(7)])
    campaign.first_weekday = first.weekday()
    campaign.sent_at, campaign.sent = cb.Dataset(), cb.Dataset()
    campaign.sent_at.capture()
    campaign.sent.capture()
    results = cb.Experiment(campaign, window=cb.Window.until_idle()).run()[campaign]
    (_, sent_at), (_, sent) = results.sent_at.trial(0, 0), results.sent.trial(0, 0)
    number, position = np.divmod(sent.astype(np.int64), MOST_EMAILS)
    return {
        "subscriber_id": entries["subscriber_id"].to_numpy()[order][number],
        "position": position.astype(np.int16),
        "send_at": sent_at.astype(np.int64) + start_us,
    }
