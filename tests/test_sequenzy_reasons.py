"""The sentence behind each send of Sequenzy, whole: every kind of wait and window, and what sends nothing."""

import re

import pandas as pd
import pytest
from conftest import TEXT

import simcore
from simcore import sequenzy
from simcore.plan.waits import DateOfRun

ENTERED = "2026-03-02T10:00Z"  # a Monday
DAY = {"days": 1}
WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday"]
ENTRY = "at once, on entry: Mon 2 Mar 10:00 UTC"


def email(**named):
    return {"subject": "Hello", "html": "<p>Hello</p>", **named}


def discount(**named):
    return {"type": "create_discount", "discount": {"discountType": "percent", "percentOff": 20}, **named}


def window(start="08:00", end="20:00", zone="UTC", **named):
    return {"startTime": start, "endTime": end, "timezone": zone, **named}


def seq(*steps, **named):
    given = {"name": "S", "trigger": "event_received", "eventName": "order", **named}
    return sequenzy.Sequence(**given, steps=steps)


def previewed(sequence, entered=ENTERED, **named):
    found = simcore.preview(sequence, entered, **named)
    assert found["reason"].dtype == TEXT
    return found["reason"].tolist()


def projected(sequence, entered=ENTERED, **properties):
    events = pd.DataFrame({
        "subscriber_id": ["a"],
        "at": [entered],
        "event": ["order"],
        "properties": [properties],
    })
    found = simcore.project(sequence, events=events, explain=True)
    assert list(found)[-1] == "reason"
    assert found["reason"].dtype == TEXT
    return found["reason"].tolist()


def told(sequence, entered=ENTERED):
    """The same of both verbs."""
    assert previewed(sequence, entered) == projected(sequence, entered)
    return projected(sequence, entered)


# ---------------------------------------------------------------- lengths


def test_at_once():
    assert told(seq(email(), email())) == [ENTRY, "at once, on the previous email: Mon 2 Mar 10:00 UTC"]


@pytest.mark.parametrize(
    ("wait", "expected"),
    [
        ({"delay": DAY}, "1 day after entry: Tue 3 Mar 10:00 UTC"),
        ({"delay": {"days": 2}}, "2 days after entry: Wed 4 Mar 10:00 UTC"),
        ({"delay": {"hours": 36}}, "1 day 12 hours after entry: Tue 3 Mar 22:00 UTC"),
        (
            {"delay": {"days": 1, "hours": 1, "minutes": 1}},
            "1 day 1 hour 1 minute after entry: Tue 3 Mar 11:01 UTC",
        ),
        ({"delay": {"minutes": 90}}, "1 hour 30 minutes after entry: Mon 2 Mar 11:30 UTC"),
        ({"delayMs": 1000}, "1 second after entry: Mon 2 Mar 10:00:01 UTC"),
        ({"delayMs": 61_500}, "1 minute 1.5 seconds after entry: Mon 2 Mar 10:01:01.5 UTC"),
        ({"delayMs": 0.001}, "0.000001 seconds after entry: Mon 2 Mar 10:00:00.000001 UTC"),
        ({"delay": {"days": 400}}, "400 days after entry: Tue 6 Apr 2027 10:00 UTC"),
    ],
)
def test_lengths(wait, expected):
    assert told(seq(email(**wait))) == [expected]


def test_lengths_from_what_is_before():
    sequence = seq(
        email(), email(delay=DAY), discount(delay={"hours": 1}), email(delay={"hours": 2}), email()
    )
    assert told(sequence) == [
        ENTRY,
        "1 day after the previous email: Tue 3 Mar 10:00 UTC",
        "2 hours after the step before it: Tue 3 Mar 13:00 UTC",
        "at once, on the previous email: Tue 3 Mar 13:00 UTC",
    ]


def test_behind_a_step_that_is_no_email():
    assert told(seq(discount(), email(), email(delay=DAY))) == [
        "at once, on the step before it: Mon 2 Mar 10:00 UTC",
        "1 day after the previous email: Tue 3 Mar 10:00 UTC",
    ]


# ---------------------------------------------------------------- windows


@pytest.mark.parametrize(
    ("named", "open_"),
    [
        ({"days": WEEK}, "Mon to Fri 08:00 to 20:00"),
        ({}, "every day 08:00 to 20:00"),
        ({"days": ["monday"]}, "Mon 08:00 to 20:00"),
        ({"days": ["wednesday", "monday"]}, "Mon and Wed 08:00 to 20:00"),
        ({"days": ["monday", "tuesday"]}, "Mon and Tue 08:00 to 20:00"),
        ({"days": ["mon", "tue", "wed"]}, "Mon to Wed 08:00 to 20:00"),
        ({"days": ["mon", "wed", "fri"]}, "Mon, Wed and Fri 08:00 to 20:00"),
        ({"days": ["sun", "mon", "sat"]}, "Mon, Sat and Sun 08:00 to 20:00"),
        ({"endTime": "24:00"}, "every day 08:00 to 24:00"),
        ({"startTime": "00:00", "endTime": "12:30"}, "every day 00:00 to 12:30"),
    ],
)
def test_inside_a_window(named, open_):
    sequence = seq(email(), email(delay={"hours": 1}), sendingWindow=window() | named)
    assert told(sequence) == [
        f"at once, on entry: Mon 2 Mar 10:00 UTC, inside the window {open_}",
        f"1 hour after the previous email: Mon 2 Mar 11:00 UTC, inside the window {open_}",
    ]


def test_outside_a_window():
    sequence = seq(email(), email(delay=DAY), email(delay={"hours": 14}), sendingWindow=window(days=WEEK))
    open_ = "outside the window Mon to Fri 08:00 to 20:00"
    assert told(sequence, "2026-03-06T21:00:30Z") == [
        f"at once, on entry: due Fri 6 Mar 21:00:30, {open_}, so Mon 9 Mar 08:00 UTC",
        "1 day after the previous email: Tue 10 Mar 08:00 UTC, inside the window Mon to Fri 08:00 to 20:00",
        f"14 hours after the previous email: due Tue 10 Mar 22:00, {open_}, so Wed 11 Mar 08:00 UTC",
    ]


def test_whole_days():
    """Without a wait they are days only; with one the window is named."""
    sequence = seq(email(), email(delay=DAY), sendingWindow=window("00:00", "24:00", days=WEEK))
    assert told(sequence) == [
        ENTRY,
        "1 day after the previous email: Tue 3 Mar 10:00 UTC, inside the window Mon to Fri 00:00 to 24:00",
    ]
    assert told(sequence, "2026-03-07T10:00Z")[0] == (
        "entry is on Sat 7 Mar; Sat and Sun are not send days, so Mon 9 Mar 00:00 UTC"
    )
    assert told(sequence, "2026-03-08T10:00Z")[0] == (
        "entry is on Sun 8 Mar; Sun is not a send day, so Mon 9 Mar 00:00 UTC"
    )


def test_clock_changes():
    """New York: clocks go forward on 8 March at 2:00, back on 1 November."""
    sequence = seq(email(delay=DAY), sendingWindow=window("02:30", "05:00", "America/New_York"))
    assert told(sequence, "2026-03-07T06:55Z") == [
        "1 day after entry: due Sun 8 Mar 01:55, outside the window every day 02:30 to 05:00, so Sun 8 Mar 03:00 EDT; "
        "the clocks go forward 1 hour on Sun 8 Mar"
    ]
    assert told(sequence, "2026-10-31T07:00Z") == [
        "1 day after entry: due Sun 1 Nov 02:00, outside the window every day 02:30 to 05:00, so Sun 1 Nov 02:30 EST; "
        "the clocks go back 1 hour on Sun 1 Nov"
    ]


# ---------------------------------------------------------------- weekdays


@pytest.mark.parametrize(
    ("wait", "expected"),
    [
        (window(day="monday"), "at once, on entry, which is inside Mon 08:00 to 20:00: Mon 2 Mar 10:00 UTC"),
        (window(day="tuesday"), "the first of Tue 08:00 to 20:00 after entry: Tue 3 Mar 08:00 UTC"),
        (window("12:00", day="mon"), "the first of Mon 12:00 to 20:00 after entry: Mon 2 Mar 12:00 UTC"),
        (window(end="10:00", day="mon"), "the first of Mon 08:00 to 10:00 after entry: Mon 9 Mar 08:00 UTC"),
        (
            window(end="24:00", days=["tue", "thu"]),
            "the first of Tue and Thu 08:00 to 24:00 after entry: Tue 3 Mar 08:00 UTC",
        ),
        (
            window("09:00", "17:00", "Asia/Tokyo", day="tue"),
            "the first of Tue 09:00 to 17:00 (Asia/Tokyo) after entry: Tue 3 Mar 00:00 UTC",
        ),
        (
            {"startTime": "00:00", "timezone": "UTC", "days": WEEK},
            "at once, on entry, which is inside Mon to Fri 00:00 to 24:00: Mon 2 Mar 10:00 UTC",
        ),
    ],
)
def test_weekdays(wait, expected):
    assert told(seq(email(waitUntilWeekday=wait))) == [expected]


def test_weekdays_then_a_window():
    friday = {"waitUntilWeekday": window("22:00", "24:00", day="friday")}
    sequence = seq(email(), email(**friday), sendingWindow=window(days=WEEK))
    assert told(sequence)[1] == (
        "the first of Fri 22:00 to 24:00 after the previous email: due Fri 6 Mar 22:00, outside the window Mon to Fri "
        "08:00 to 20:00, so Mon 9 Mar 08:00 UTC"
    )
    monday = {"waitUntilWeekday": window("09:00", "11:00", "Asia/Tokyo", day="tuesday")}
    sequence = seq(email(**monday), sendingWindow=window("01:00", "24:00", "Europe/Kyiv"))
    assert told(sequence) == [
        "the first of Tue 09:00 to 11:00 (Asia/Tokyo) after entry: Tue 3 Mar 02:00 EET, inside the window every day "
        "01:00 to 24:00"
    ]
    sequence = seq(email(**monday), sendingWindow=window("01:00", "24:00", "Asia/Tokyo"))
    assert told(sequence, "2026-03-03T00:30Z") == [
        "at once, on entry, which is inside Tue 09:00 to 11:00: Tue 3 Mar 09:30 JST, inside the window every day "
        "01:00 to 24:00"
    ]


# ---------------------------------------------------------------- dates


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ({}, "waits until the event's due: Tue 10 Mar 12:00 UTC"),
        ({"offset": DAY}, "waits until 1 day after the event's due: Wed 11 Mar 12:00 UTC"),
        (
            {"days": 1, "hours": 2, "direction": "before"},
            "waits until 1 day 2 hours before the event's due: Mon 9 Mar 10:00 UTC",
        ),
        (
            {"offset": {"days": 10}, "direction": "before"},
            "10 days before the event's due is past, or there is none, so at once: Mon 2 Mar 10:00 UTC",
        ),
        ({"missingAction": "exit"}, "waits until the event's due: Tue 10 Mar 12:00 UTC"),
    ],
)
def test_dates(named, expected):
    sequence = seq(email(waitUntil={"field": "due", **named}))
    assert projected(sequence, due="2026-03-10T12:00Z") == [expected]


def test_a_date_that_is_missing():
    """A preview knows of no event."""
    missing = "the event's order.due is past, or there is none, so at once: Mon 2 Mar 10:00 UTC"
    sequence = seq(email(), email(waitUntil={"field": "order.due"}))
    assert told(sequence) == [ENTRY, missing]


def test_a_date_and_a_window():
    sequence = seq(email(waitUntil={"field": "due"}), sendingWindow=window(days=WEEK))
    assert projected(sequence, due="2026-03-10T12:00Z") == [
        "waits until the event's due: Tue 10 Mar 12:00 UTC, inside the window Mon to Fri 08:00 to 20:00"
    ]
    assert projected(sequence, due="2026-03-07T12:00Z") == [
        "waits until the event's due: due Sat 7 Mar 12:00, outside the window Mon to Fri 08:00 to 20:00, so Mon 9 Mar "
        "08:00 UTC"
    ]


def test_a_past_date_outside_the_window():
    """At once, which is Saturday: it is not waited for."""
    sequence = seq(email(waitUntil={"field": "due"}), sendingWindow=window(days=WEEK))
    expected = (
        "the event's due is past, or there is none, so at once: due Sat 7 Mar 10:00, outside the window Mon to Fri "
        "08:00 to 20:00, so Mon 9 Mar 08:00 UTC"
    )
    assert projected(sequence, "2026-03-07T10:00Z", due="2026-03-01") == [expected]
    assert told(sequence, "2026-03-07T10:00Z") == [expected]


# ---------------------------------------------------------------- nothing is sent


def test_a_closed_window():
    sequence = seq(email(), discount(), email(), sendingWindow=window(days=[]))
    found = simcore.preview(sequence, ENTERED)
    assert found["reason"].tolist() == [
        "there is no send day on which it may go out, so it waits",
        "waits for the email before it, which cannot go out as things stand",
    ]
    assert found["send_at"].isna().all()
    assert found["wait"].isna().all()
    assert found.index.tolist() == [0, 2]


def test_a_closed_weekday_wait():
    sequence = seq(email(), email(waitUntilWeekday=window(days=[])), email())
    assert previewed(sequence) == [
        ENTRY,
        "there is no send day on which it may go out, so it waits",
        "waits for the email before it, which cannot go out as things stand",
    ]


def test_a_step_before_it_that_never_comes():
    """What it waits for is no email."""
    [reason] = previewed(seq(discount(waitUntilWeekday=window(days=[])), email()))
    assert "email before it" not in reason


@pytest.mark.parametrize(
    ("condition", "ends"),
    [
        ({"type": "has_tag", "value": "T"}, False),
        ({"type": "does_not_have_tag", "value": "T"}, True),
        ({"type": "removed_from_list", "value": "L"}, True),
        ({"type": "added_to_list", "value": "L"}, False),
        ({"type": "entered_segment", "value": "S"}, False),
        ({"type": "event_received", "value": "paid"}, False),
        ({"type": "field_changed", "value": "plan"}, False),
    ],
)
def test_a_stop_in_a_preview(condition, ends):
    """To one subscriber nothing happens, and they have no tag and no list."""
    sequence = seq(email(), email(delay=DAY), stopCondition=condition)
    second = "1 day after the previous email: Tue 3 Mar 10:00 UTC"
    held = "the run ends before it: the stop condition held"
    assert previewed(sequence) == ([held, held] if ends else [ENTRY, second])
    assumptions = sequenzy.Assumptions(stop_reading="transition")
    assert previewed(sequence, assumptions=assumptions) == [ENTRY, second]


def test_an_exit_in_a_preview():
    sequence = seq(email(), email(waitUntil={"field": "due", "missingAction": "exit"}), email())
    ends = "the run ends before it: the date to wait for was missing"
    assert previewed(sequence) == [ENTRY, ends, ends]


# ---------------------------------------------------------------- many runs


def test_each_run_has_its_own():
    """Equal cases are put into words once; the column is there without a send too."""
    sequence = seq(email(waitUntil={"field": "due"}), email(delay=DAY))
    events = pd.DataFrame({
        "subscriber_id": list("abc"),
        "at": [ENTERED] * 3,
        "event": ["order"] * 3,
        "properties": [{"due": "2026-03-10"}, {}, {"due": "2026-03-10"}],
    })
    found = simcore.simulate(sequence, events=events, explain=True).timeline
    waits = "waits until the event's due: Tue 10 Mar 00:00 UTC"
    after = "1 day after the previous email: {} UTC"
    assert found["reason"].tolist() == [
        *(waits, after.format("Wed 11 Mar 00:00")),
        "the event's due is past, or there is none, so at once: Mon 2 Mar 10:00 UTC",
        after.format("Tue 3 Mar 10:00"),
        *(waits, after.format("Wed 11 Mar 00:00")),
    ]
    by_email = simcore.project(sequence, events=events, explain=True, order="email", render=True)
    assert list(by_email)[4:] == ["subject", "rendered_subject", "send_at", "reason"]
    assert by_email["reason"].tolist()[0] == waits
    none = simcore.project(sequence, events=events.iloc[:0], explain=True)
    assert none["reason"].dtype == TEXT


def test_a_date_is_hashed_by_what_reads_it():
    """Two waits for one field are two dates."""
    one, other = (DateOfRun(lambda _: None, ends=False, name="the event's due") for _ in range(2))
    assert one != other


# Zones of subscribers (Q31)


def test_a_reason_names_the_zone_that_decides():
    """That of the subscriber where there is one, when the wait begins and when it is over; or else the sequence's."""
    window = {"days": ["tue"], "startTime": "09:00", "endTime": "17:00", "timezone": "America/New_York"}
    window["timezoneSource"] = "subscriber"
    entries = pd.DataFrame({
        "subscriber_id": ["a", "b", "c"],
        "entered_at": ["2026-03-06T21:07Z"] * 3,
        "time_zone": ["Asia/Tokyo", None, "Europe/Paris"],
    })
    moved = pd.DataFrame({
        "subscriber_id": ["c"],
        "at": ["2026-03-10T12:00Z"],
        "event": ["field_changed"],
        "ref": ["timezone"],
        "properties": [{"value": "Asia/Kolkata"}],
    })

    def reasons(given=entries, **fields):
        sequence = sequenzy.Sequence(name="S", trigger="contact_added", **fields)
        sends = simcore.project(sequence, given, events=moved, explain=True)
        return dict(sends.groupby("subscriber_id", sort=False)["reason"].agg(list))

    tue = "Tue 09:00 to 17:00"
    found = reasons(steps=[{"subject": "A", "html": "x", "waitUntilWeekday": window}])
    assert {who: each[0].partition(" after ")[0] for who, each in found.items()} == {
        "a": f"the first of {tue} (Asia/Tokyo)",
        "b": f"the first of {tue} (America/New_York)",
        "c": f"the first of {tue} (Europe/Paris)",
    }
    expected = {
        "a": [" (Asia/Tokyo)", " (Asia/Tokyo)"],
        "b": ["", ""],  # that in which times are shown, which is not named
        "c": [" (Europe/Paris)", " (Asia/Kolkata)"],
    }
    steps = [{"subject": "A", "html": "x"}, {"subject": "B", "html": "x", "delay": {"days": 1}}]

    def named(found):
        return {
            who: [re.split("[,;]", each.partition(tue)[2])[0] for each in both] for who, both in found.items()
        }

    assert named(reasons(steps=steps, sendingWindow=window)) == expected
    # What happens in the order of time, too: here, rows that start no run come first.
    tags = [{"type": "add_tag", "tagName": "in"}]
    again = pd.concat([entries, entries], ignore_index=True).assign(via="trigger")
    once = reasons(again, steps=[*steps, *tags], sendingWindow=window, enrollmentMode="one_time")
    assert named(once) == expected
    for who in range(3):
        one = reasons(entries[who : who + 1], steps=steps, sendingWindow=window)
        assert named(one).items() <= expected.items()
