"""Answers from outside: what other platforms document of delays and windows, as facts, each with its source.

None of these platforms is modelled here. Their documents give worked examples of the same rule (a wait from the
entry or from the previous send, then the next allowed instant), and each is written in delays and gates. Where a
document names no zone it plays no part: such a case is looked at in three. Where it names a weekday without a date,
the week is the one from Monday 2 February 2026, in which no clock changes and no day is a holiday. What a
document leaves open is marked "ours", and nothing that is expected depends on it.

Not here, since it is no delay and gate (or the documents disagree with one another):
- HubSpot (same address as below): outside its days an action moves to the same time of the next business day, so
  Saturday 15:00 becomes Monday 15:00 although the window opens at 09:00. A gate would open at 09:00.
- Mautic (same address as below): a restriction to weekdays moves by whole days and keeps the time, Sunday 08:00 to
  Wednesday 08:00, where a gate of Wednesdays would open at 00:00.
- Drip, https://www.drip.com/learn/docs/manual/email-series/schedule-email-series-campaign: a 7-day delay with only
  Mondays allowed is said to send every seventh Monday, so its days are counted in allowed days.
- Unify, https://support.unifygtm.com/articles/9334063377-understanding-email-send-schedules-and-timing: there a delay
  of 2 days after a Thursday ends on Tuesday (business days); its own later page, below, counts calendar days.
- Reteno, https://docs.reteno.com/docs/time-blocks: sends at 08:45; a slot here is at a full hour.
"""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from oracle import zone_info

import simcore
from simcore import kit, sequenzy
from simcore.clock.delays import CalendarDays, Elapsed
from simcore.clock.gates import Anytime, SendSlots, SendWindow

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
ANYWHERE = ("UTC", "America/New_York", "Asia/Kathmandu")
NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WORKDAYS = frozenset(range(5))
ALL = frozenset(range(7))


def elapsed(**length):
    """Absolute time, whatever the zone."""
    return lambda zone: Elapsed(timedelta(**length) // MICROSECOND)


def days(count):
    return partial(CalendarDays, count)


def slot(hour, weekdays=ALL):
    return partial(SendSlots, weekdays, hour)


def window(start, end, weekdays=ALL):
    minutes = [int(clock[:2]) * 60 + int(clock[3:]) for clock in (start, end)]
    return partial(SendWindow, weekdays, *minutes)


def anytime(zone):
    return Anytime()


class Case(NamedTuple):
    """A worked example: a start, then for each step a delay, a gate and what is documented of its send.

    Times are wall clocks; a send is given as far as its document goes: "Mon 9 Feb 09:00", or the day alone.
    """

    name: str
    source: str
    start: str
    steps: list
    zones: tuple = ANYWHERE


CUSTOMER_IO = "https://customer.io/docs/journeys/delivery-window/"
KLAVIYO = "https://help.klaviyo.com/hc/en-us/articles/115003885212"
UNIFY = "https://support.unifygtm.com/articles/8519334155-how-do-sequence-delays-work-with-weekends"
HUBSPOT = (
    "https://knowledge.hubspot.com/articles/kcs_article/workflows/"
    "how-does-the-execute-actions-on-business-days-only-workflows-setting-work"
)
HUBSPOT_WEEKEND = (
    "https://knowledge.hubspot.com/articles/kcs_article/workflows/when-will-actions-execute-if-contacts-enrolled-"
    "on-a-weekend-and-the-workflow-is-set-to-execute-actions-on-business-days-only"
)
ACTIVE_CAMPAIGN = (
    "https://help.activecampaign.com/hc/en-us/articles/18125306552220-Configure-the-Wait-automation-action"
)
TEXT_IN_CHURCH = (
    "https://help.textinchurch.com/en/articles/"
    "341487-how-does-the-wait-number-of-days-and-then-specific-day-work"
)
# Mautic documents the window in its own tests, with dates: from the start, which is inside, to the end, which is not.
MAUTIC = (
    "https://github.com/mautic/mautic/blob/002d4b6816185c5eec341522d4663fc09721427c/"
    "app/bundles/CampaignBundle/Tests/Executioner/Scheduler/Mode/IntervalTest.php"
)
HOURS_24 = elapsed(hours=24)
OFFICE = window("09:00", "17:00", WORKDAYS)
WEEKDAYS = window("00:00", "24:00", WORKDAYS)


def mautic(name, start, sent, begin="08:00", end="10:00", weekdays=ALL, zone="UTC"):
    steps = [(elapsed(), window(begin, end, weekdays), sent)]
    return Case(f"Mautic: {name}", MAUTIC, start, steps, (zone,))


CASES = [
    Case(
        "Customer.io: two days, Monday to Friday 9 to 17, then two days without a window",
        CUSTOMER_IO,
        "2026-02-02 18:00",
        [
            (elapsed(days=2), anytime, "Wed 4 Feb 18:00"),
            (elapsed(), OFFICE, "Thu 5 Feb 09:00"),
            (elapsed(days=2), anytime, "Sat 7 Feb 09:00"),
        ],
    ),
    Case(
        "Customer.io: entered on a weekend (when is ours), the next message 35 minutes after the first",
        "https://learn.customer.io/documentation/delivery-window.html",
        "2026-02-07 13:30",
        [(elapsed(), OFFICE, "Mon 9 Feb 09:00"), (elapsed(minutes=35), OFFICE, "Mon 9 Feb 09:35")],
    ),
    Case(
        "Klaviyo: one day until 15:00, entered at 14:00",
        KLAVIYO,
        "2026-02-02 14:00",
        [(days(1), slot(15), "Tue 3 Feb 15:00")],
    ),
    Case(
        "Klaviyo: one day until 15:00, entered at 16:00",
        KLAVIYO,
        "2026-02-02 16:00",
        [(days(1), slot(15), "Tue 3 Feb 15:00")],
    ),
    Case(
        "Klaviyo: what it would be by 24 hours, entered at 16:00: 23 hours more",
        KLAVIYO,
        "2026-02-02 16:00",
        [(HOURS_24, anytime, "Tue 3 Feb 16:00"), (elapsed(), slot(15), "Wed 4 Feb 15:00")],
    ),
    Case(
        "BuzzStream: Thursday (10:00 is ours), 3 days, 1 week, Monday to Friday 9 to 18",
        "http://help.buzzstream.com/en/articles/4456804-how-send-schedules-work",
        "2026-02-05 10:00",
        [
            (elapsed(), window("09:00", "18:00", WORKDAYS), "Thu 5 Feb"),
            (elapsed(days=3), window("09:00", "18:00", WORKDAYS), "Mon 9 Feb 09:00"),
            (elapsed(weeks=1), window("09:00", "18:00", WORKDAYS), "Mon 16 Feb 09:00"),
        ],
    ),
    Case(
        "Unify: a step done on Thursday 18:30 counts 24 hours from then; Friday 18:30 is after 8 to 18",
        UNIFY,
        "2026-02-05 18:30",
        [
            (HOURS_24, anytime, "Fri 6 Feb 18:30"),
            (elapsed(), window("08:00", "18:00", WORKDAYS), "Mon 9 Feb 08:00"),
        ],
    ),
    Case(
        "Unify: added at 18:00 (Monday is ours), no delay, 8 to 16",
        UNIFY,
        "2026-02-02 18:00",
        [(elapsed(), window("08:00", "16:00", WORKDAYS), "Tue 3 Feb 08:00")],
    ),
    Case(
        "Unify: sent on Friday (11:00 is ours), 1 day, 9 to 16 Pacific time",
        "https://support.unifygtm.com/articles/2727461824-managing-email-sequence-timing-and-delays",
        "2026-02-06 11:00",
        [
            (HOURS_24, anytime, "Sat 7 Feb"),
            (elapsed(), window("09:00", "16:00", WORKDAYS), "Mon 9 Feb 09:00"),
        ],
        ("America/Los_Angeles",),
    ),
    Case(
        "Outreach: 3 days on from Thursday (08:00 is ours) is a Sunday; Monday opens at 7; 3 days on from that",
        "https://support.outreach.io/hc/en-us/articles/205689787-Sequence-Schedule-Overview",
        "2026-02-05 08:00",
        [
            (elapsed(days=3), anytime, "Sun 8 Feb"),
            (elapsed(), window("07:00", "16:00", WORKDAYS), "Mon 9 Feb 07:00"),
            (elapsed(days=3), window("07:00", "16:00", WORKDAYS), "Thu 12 Feb"),
        ],
    ),
    Case(
        "Replyify: Wednesday (10:00 is ours), 3 days, 1 day, Monday to Friday",
        "https://help.replyify.com/en/articles/1081687-what-happens-if-my-email-is-scheduled-to-send-over-the-"
        "weekend-but-my-delivery-days-are-set-to-monday-friday",
        "2026-02-04 10:00",
        [(elapsed(days=3), WEEKDAYS, "Mon 9 Feb"), (elapsed(days=1), WEEKDAYS, "Tue 10 Feb")],
    ),
    Case(
        "Reply: 3 days are 72 hours, weekends among them (Friday 15:00 is ours)",
        "https://support.reply.io/en/articles/1303146-how-does-reply-count-step-delays",
        "2026-02-06 15:00",
        [(elapsed(days=3), OFFICE, "Mon 9 Feb 15:00")],
    ),
    Case(
        "VipeCloud: Monday (10:00 is ours) and 4 days",
        "https://help.vipecloud.com/en/articles/11157218-understanding-step-timing-in-series-templates",
        "2026-02-02 10:00",
        [(days(4), WEEKDAYS, "Fri 6 Feb")],
    ),
    Case(
        "VipeCloud: Monday (10:00 is ours) and 5 days, on weekdays only",
        "https://help.vipecloud.com/en/articles/11157218-understanding-step-timing-in-series-templates",
        "2026-02-02 10:00",
        [(days(5), anytime, "Sat 7 Feb"), (elapsed(), WEEKDAYS, "Mon 9 Feb")],
    ),
    Case(
        "FunnelFlare: 48 hours from Monday 13:00, then 9:00 of a weekday",
        "https://engage.funnelflare.io/hc/en-us/articles/6586364110743-Do-Sequence-Emails-Go-Out-On-Weekends",
        "2026-02-02 13:00",
        [
            (elapsed(hours=48), anytime, "Wed 4 Feb 13:00"),
            (elapsed(), slot(9, WORKDAYS), "Thu 5 Feb 09:00"),
        ],
    ),
    Case(
        "FunnelFlare: after Friday 9:00 (by a minute, which is ours)",
        "https://engage.funnelflare.io/hc/en-us/articles/6586364110743-Do-Sequence-Emails-Go-Out-On-Weekends",
        "2026-02-06 09:01",
        [(elapsed(), slot(9, WORKDAYS), "Mon 9 Feb 09:00")],
    ),
    Case(
        "HubSpot: Friday (10:00 is ours) and 3 days, on business days",
        HUBSPOT,
        "2026-02-06 10:00",
        [(elapsed(days=3), WEEKDAYS, "Mon 9 Feb 10:00")],
    ),
    Case(
        "HubSpot: Thursday (10:00 is ours) and 2 days, on business days",
        HUBSPOT,
        "2026-02-05 10:00",
        [(elapsed(days=2), WEEKDAYS, "Mon 9 Feb")],
    ),
    Case(
        "HubSpot: Saturday 8:00, at once, business days 9 to 17",
        HUBSPOT_WEEKEND,
        "2026-02-07 08:00",
        [(elapsed(), OFFICE, "Mon 9 Feb 09:00")],
    ),
    Case(
        "ActiveCampaign: an hour set to 13 lets pass who comes at 13:30",
        ACTIVE_CAMPAIGN,
        "2026-02-02 13:30",
        [(elapsed(), window("13:00", "14:00"), "Mon 2 Feb 13:30")],
        ("America/Chicago",),
    ),
    Case(
        "ActiveCampaign: the hour of 11 lasts to 11:59",
        "https://help.activecampaign.com/hc/en-us/articles/"
        "115001444070-How-do-I-use-the-date-based-trigger-and-actions-in-an-automation",
        "2026-02-02 11:59",
        [(elapsed(), window("11:00", "12:00"), "Mon 2 Feb 11:59")],
    ),
    Case(
        "Text In Church: 0 days, any day, 13:00, joined before (12:59 is ours)",
        TEXT_IN_CHURCH,
        "2026-02-02 12:59",
        [(elapsed(), slot(13), "Mon 2 Feb 13:00")],
    ),
    Case(
        "Text In Church: 0 days, any day, 13:00, joined after (13:01 is ours)",
        TEXT_IN_CHURCH,
        "2026-02-02 13:01",
        [(elapsed(), slot(13), "Tue 3 Feb 13:00")],
    ),
    Case(
        "Text In Church: the second Monday after a Saturday, by 2 days and then a Monday (the hours are ours)",
        TEXT_IN_CHURCH,
        "2026-02-07 18:00",
        [(elapsed(days=2), slot(10, frozenset({0})), "Mon 16 Feb")],
    ),
    Case(
        "Marketo: a day is 24 hours, 9:30 to 9:30",
        "https://experienceleague.adobe.com/en/docs/experience-cloud-kcs/kbarticles/ka-29468",
        "2026-02-02 09:30",
        [(HOURS_24, anytime, "Tue 3 Feb 09:30")],
    ),
    mautic("at the start", "2018-10-19 10:00", "Fri 19 Oct 10:00", "10:00", "11:00"),
    mautic("at the end", "2018-10-19 10:00", "Sat 20 Oct 08:00"),
    mautic("after the end", "2018-10-18 12:00", "Fri 19 Oct 08:00"),
    mautic(
        "after the end, Fridays and Saturdays",
        "2018-10-20 12:00",
        "Fri 26 Oct 08:00",
        weekdays=frozenset({4, 5}),
    ),
    # Given as 09:00 UTC, which is 05:00 in New York.
    mautic("before the start, elsewhere", "2018-10-19 05:00", "Fri 19 Oct 08:00", zone="America/New_York"),
]
EVERYWHERE = [pytest.param(case, zone, id=f"{case.name} [{zone}]") for case in CASES for zone in case.zones]


def instant_us(wall, zone):
    at = datetime.fromisoformat(wall).replace(tzinfo=zone_info(zone))
    return (at - EPOCH) // MICROSECOND


def shown(us, zone):
    at = (EPOCH + us * MICROSECOND).astimezone(zone_info(zone))
    return f"{at:%a} {at.day} {at:%b %H:%M}"


@pytest.mark.parametrize(("case", "zone"), EVERYWHERE)
def test_delay_and_gate(case, zone):
    anchor_us = np.array([instant_us(case.start, zone)])
    for delay, gate, expected in case.steps:
        anchor_us = gate(zone).snap(np.maximum(delay(zone).earliest(anchor_us), anchor_us))
        found = shown(int(anchor_us[0]), zone)
        assert found[: len(expected)] == expected


def test_every_case_has_its_source():
    assert all(case.source.startswith(("http://", "https://")) for case in CASES)
    assert len({case.name for case in CASES}) == len(CASES) == 30


# ---------------------------------------------------------------- the same by whole sequences


def sends(sequence, start):
    found = simcore.project(sequence, [start], naive_time_zone=sequence.time_zone)["send_at"]
    return [f"{at:%a} {at.day} {at:%b %H:%M}" for at in found]


def windowed(zone, begin, end, *waits):
    """A sequence of Sequenzy's whose emails all go out in one window, from Monday to Friday."""
    steps = [{"subject": "S", "html": "<p></p>", "delay": wait} for wait in waits]
    window = {"timezone": zone, "startTime": begin, "endTime": end, "days": list(NAMES[:5])}
    return sequenzy.from_api({
        "name": "W",
        "trigger": "contact_added",
        "sendingWindow": window,
        "steps": steps,
    })


@pytest.mark.parametrize("zone", ANYWHERE)
@pytest.mark.parametrize(
    ("start", "hours", "waits", "expected"),
    [
        pytest.param(
            "2026-02-07 13:30",
            ("09:00", "17:00"),
            ({}, {"minutes": 35}),
            ["Mon 9 Feb 09:00", "Mon 9 Feb 09:35"],
            id="Customer.io",
        ),
        pytest.param(
            "2026-02-05 10:00",
            ("09:00", "18:00"),
            ({}, {"days": 3}, {"days": 7}),
            ["Thu 5 Feb 10:00", "Mon 9 Feb 09:00", "Mon 16 Feb 09:00"],
            id="BuzzStream",
        ),
        pytest.param("2026-02-05 18:30", ("08:00", "18:00"), ({"days": 1},), ["Mon 9 Feb 08:00"], id="Unify"),
        pytest.param(
            "2026-02-05 08:00",
            ("07:00", "16:00"),
            ({}, {"days": 3}, {"days": 3}),
            ["Thu 5 Feb 08:00", "Mon 9 Feb 07:00", "Thu 12 Feb 07:00"],
            id="Outreach",
        ),
        pytest.param("2026-02-07 08:00", ("09:00", "17:00"), ({},), ["Mon 9 Feb 09:00"], id="HubSpot"),
    ],
)
def test_windows_of_a_sequence(start, hours, waits, expected, zone):
    assert sends(windowed(zone, *hours, *waits), start) == expected


@pytest.mark.parametrize("zone", ANYWHERE)
@pytest.mark.parametrize("start", ["2026-02-02 14:00", "2026-02-02 16:00"])
def test_calendar_days_of_a_sequence(start, zone):
    """Klaviyo's "one day until 15:00" is Kit's one day with send hour 15."""
    email = kit.Email(subject="S", delay_value=1, delay_unit="days", published=True)
    assert sends(kit.Sequence(name="K", send_hour=15, time_zone=zone, emails=[email]), start) == [
        "Tue 3 Feb 15:00"
    ]


@pytest.mark.parametrize("zone", ANYWHERE)
def test_elapsed_days_of_a_sequence(zone):
    """FunnelFlare's 48 hours and then 9:00 of a weekday are Kit's two days under `day_count="elapsed"`."""
    email = kit.Email(subject="S", delay_value=2, delay_unit="days", published=True)
    sequence = kit.Sequence(name="K", send_hour=9, send_days=NAMES[:5], time_zone=zone, emails=[email])
    found = simcore.project(
        sequence,
        pd.DatetimeIndex(["2026-02-02 13:00"]),
        naive_time_zone=zone,
        assumptions=kit.Assumptions(day_count="elapsed"),
    )["send_at"]
    assert found.dt.strftime("%a %d %b %H:%M").tolist() == ["Thu 05 Feb 09:00"]
