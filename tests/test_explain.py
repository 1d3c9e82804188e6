"""The sentence behind each send, on its whole text: the examples of the Kit rules, and every branch."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

import simcore
from simcore import kit
from simcore.answers.options import Options
from simcore.answers.projection import make

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday")
FORWARD = "the clocks go forward 1 hour on"
BACK = "the clocks go back 1 hour on"
POLLS = "exactly on a poll (they come every 15 minutes)"


def shown(sequence, entered_at, **assumptions):
    """(send, reason) of each email; the send as the wall clock shows it."""
    found = simcore.preview(sequence, entered_at, assumptions=kit.Assumptions(**assumptions))
    times = [None if at is pd.NaT else at.strftime("%a %Y-%m-%d %H:%M:%S %Z") for at in found["send_at"]]
    return list(zip(times, found["reason"], strict=True))


def one(chain, delay, entered_at, *, own=None, assume=None, **named):
    """The reason of the only email of a sequence."""
    sequence = chain(delay, **named)
    if own:
        sequence = sequence.replace_email(0, send_days=own)
    [(_, reason)] = shown(sequence, entered_at, **(assume or {}))
    return reason


# ---------------------------------------------------------------- the examples of the Kit rules


@pytest.fixture
def example(chain):
    made = chain((0, "days"), (2, "hours"), (1, "days"), (2, "days"), send_days=WEEK, send_hour=9)
    return made.replace_email(3, send_days=("tuesday", "thursday"))


@pytest.mark.parametrize(
    ("entered_at", "expected"),
    [
        pytest.param(
            "2026-03-06 21:07:30",
            [
                ("Fri 2026-03-06 21:07:30 EST", "at once, on entry: Fri 6 Mar 21:07:30 EST"),
                (
                    "Fri 2026-03-06 23:15:00 EST",
                    "2 hours after the previous email is Fri 6 Mar 23:07:30 EST; polls come every 15 minutes, so Fri "
                    "6 Mar 23:15 EST",
                ),
                (
                    "Mon 2026-03-09 09:00:00 EDT",
                    "1 day after the previous email is Sat 7 Mar; Sat and Sun are not send days, so Mon 9 Mar 09:00 "
                    "EDT; the clocks go forward 1 hour on Sun 8 Mar",
                ),
                (
                    "Thu 2026-03-12 09:00:00 EDT",
                    "2 days after the previous email is Wed 11 Mar; Wed is not a send day, so Thu 12 Mar 09:00 EDT",
                ),
            ],
            id="Saturday is no send day",
        ),
        pytest.param(
            "2026-03-04 09:00:00",
            [
                ("Wed 2026-03-04 09:00:00 EST", "at once, on entry: Wed 4 Mar 09:00 EST"),
                (
                    "Wed 2026-03-04 11:00:00 EST",
                    f"2 hours after the previous email is Wed 4 Mar 11:00 EST, {POLLS}",
                ),
                (
                    "Thu 2026-03-05 09:00:00 EST",
                    "1 day after the previous email is Thu 5 Mar, so Thu 5 Mar 09:00 EST",
                ),
                (
                    "Tue 2026-03-10 09:00:00 EDT",
                    "2 days after the previous email is Sat 7 Mar; Sat, Sun and Mon are not send days, so Tue 10 Mar "
                    "09:00 EDT; the clocks go forward 1 hour on Sun 8 Mar",
                ),
            ],
            id="exactly on a poll",
        ),
        pytest.param(
            "2026-03-04 22:50:00",
            [
                ("Wed 2026-03-04 22:50:00 EST", "at once, on entry: Wed 4 Mar 22:50 EST"),
                (
                    "Thu 2026-03-05 01:00:00 EST",
                    "2 hours after the previous email is Thu 5 Mar 00:50 EST; polls come every 15 minutes, so Thu 5 "
                    "Mar 01:00 EST",
                ),
                (
                    "Fri 2026-03-06 09:00:00 EST",
                    "1 day after the previous email is Fri 6 Mar, so Fri 6 Mar 09:00 EST",
                ),
                (
                    "Tue 2026-03-10 09:00:00 EDT",
                    "2 days after the previous email is Sun 8 Mar; Sun and Mon are not send days, so Tue 10 Mar 09:00 "
                    "EDT; the clocks go forward 1 hour on Sun 8 Mar",
                ),
            ],
            id="the anchor is Thursday",
        ),
        pytest.param(
            "2026-11-01 00:30:00",
            [
                ("Sun 2026-11-01 00:30:00 EDT", "at once, on entry: Sun 1 Nov 00:30 EDT"),
                (
                    "Sun 2026-11-01 01:30:00 EST",
                    f"2 hours after the previous email is Sun 1 Nov 01:30 EST, {POLLS}; {BACK} Sun 1 Nov",
                ),
                (
                    "Mon 2026-11-02 09:00:00 EST",
                    "1 day after the previous email is Mon 2 Nov, so Mon 2 Nov 09:00 EST",
                ),
                (
                    "Thu 2026-11-05 09:00:00 EST",
                    "2 days after the previous email is Wed 4 Nov; Wed is not a send day, so Thu 5 Nov 09:00 EST",
                ),
            ],
            id="clocks fall back",
        ),
    ],
)
def test_example_table(example, entered_at, expected):
    assert shown(example, entered_at) == expected


# ---------------------------------------------------------------- days


@pytest.mark.parametrize(
    ("zone", "hour", "entered_at", "expected"),
    [
        pytest.param(
            "America/New_York",
            2,
            "2026-03-07 10:00",
            "Sun 8 Mar; 02:00 does not exist on Sun 8 Mar, when the clocks go forward, so Sun 8 Mar 03:00 EDT; "
            f"{FORWARD} Sun 8 Mar",
            id="a gap",
        ),
        pytest.param(
            "America/Santiago",
            0,
            "2026-09-05 12:00",
            "Sun 6 Sep; 00:00 does not exist on Sun 6 Sep, when the clocks go forward, so Sun 6 Sep 01:00 -03; "
            f"{FORWARD} Sun 6 Sep",
            id="no midnight",
        ),
        pytest.param(
            "America/New_York",
            1,
            "2026-10-31 10:00",
            "Sun 1 Nov; 01:00 comes twice on Sun 1 Nov, and the first counts, so Sun 1 Nov 01:00 EDT",
            id="an overlap",
        ),
        pytest.param(
            "America/St_Johns",
            0,
            "2010-11-06T12:00:10Z",
            "Sun 7 Nov; 00:00 comes twice on Sun 7 Nov, and the first counts, so Sun 7 Nov 00:00 NDT",
            id="a date that begins twice",
        ),
        pytest.param(
            "America/St_Johns",
            0,
            "2010-11-07T02:31:10Z",
            "Sun 7 Nov; 00:00 on Sun 7 Nov is past, so Mon 8 Nov 00:00 NST",
            id="after its first beginning",
        ),
        pytest.param(
            "Pacific/Apia",
            9,
            "2011-12-29 10:00",
            "Fri 30 Dec; Fri 30 Dec does not exist in Pacific/Apia, so Sat 31 Dec 09:00 +14; the clocks go forward 24 "
            "hours on Fri 30 Dec",
            id="a date that does not exist",
        ),
        pytest.param(
            "Pacific/Kwajalein",
            9,
            "1993-08-20 20:00",
            "Sat 21 Aug; Sat 21 Aug does not exist in Pacific/Kwajalein, so Sun 22 Aug 09:00 +12; the clocks go "
            "forward 24 hours on Sat 21 Aug",
            id="another",
        ),
        pytest.param(
            "America/Nuuk",
            23,
            "2026-03-27 10:00",
            "Sat 28 Mar; 23:00 does not exist on Sat 28 Mar, when the clocks change, so Sun 29 Mar 23:00 -01; "
            f"{FORWARD} Sat 28 Mar",
            id="a slot that is missing",
        ),
        pytest.param(
            "Africa/Monrovia",
            0,
            "1972-01-06 12:00",
            "Fri 7 Jan; 00:00 does not exist on Fri 7 Jan, when the clocks go forward, so Fri 7 Jan 00:44:30 GMT; the "
            "clocks go forward 2670 seconds on Fri 7 Jan",
            id="odd seconds",
        ),
        pytest.param(
            "UTC", 0, "2026-09-05 12:00", "Sun 6 Sep, so Sun 6 Sep 00:00 UTC", id="nothing of that kind"
        ),
        pytest.param(
            "UTC", 8, "2026-12-31 12:00", "Fri 1 Jan 2027, so Fri 1 Jan 2027 08:00 UTC", id="another year"
        ),
    ],
)
def test_a_day(chain, zone, hour, entered_at, expected):
    reason = one(chain, (1, "days"), entered_at, time_zone=zone, send_hour=hour)
    assert reason == f"1 day after entry is {expected}"


def test_days_that_are_not_send_days(chain):
    reason = one(
        chain, (1, "days"), "2026-03-27 10:00", time_zone="America/Nuuk", send_hour=23, send_days=["saturday"]
    )
    assert reason == (
        "1 day after entry is Sat 28 Mar; Sun, Mon, Tue, Wed, Thu and Fri are not send days; 23:00 does not exist on "
        f"Sat 28 Mar, when the clocks change, so Sat 4 Apr 23:00 -01; {FORWARD} Sat 28 Mar"
    )
    reason = one(
        chain, (1, "days"), "2011-12-29 10:00", time_zone="Pacific/Apia", send_hour=9, send_days=["saturday"]
    )
    assert reason == (
        "1 day after entry is Fri 30 Dec; Fri is not a send day, so Sat 31 Dec 09:00 +14; the clocks go forward 24 "
        "hours on Fri 30 Dec"
    )
    reason = one(chain, (1, "days"), "2026-03-06 12:00", own=["sunday"], send_days=WEEK, send_hour=2)
    assert reason == (
        "1 day after entry is Sat 7 Mar; Sat is not a send day; 02:00 does not exist on Sun 8 Mar, when the clocks go "
        f"forward, so Sun 8 Mar 03:00 EDT; {FORWARD} Sun 8 Mar"
    )


@pytest.mark.parametrize(
    ("hour", "days", "expected"),
    [
        (10, WEEK, "Fri 27 Mar 10:00 EDT, so Fri 27 Mar 10:00 EDT"),
        (11, WEEK, "Fri 27 Mar 10:00 EDT, so Fri 27 Mar 11:00 EDT"),
        (
            9,
            (*WEEK, "saturday"),
            "Fri 27 Mar 10:00 EDT; 09:00 on Fri 27 Mar is past, so Sat 28 Mar 09:00 EDT",
        ),
        (9, ["monday"], "Fri 27 Mar 10:00 EDT; Fri, Sat and Sun are not send days, so Mon 30 Mar 09:00 EDT"),
    ],
)
def test_elapsed_days(chain, hour, days, expected):
    assume = {"day_count": "elapsed"}
    reason = one(chain, (1, "days"), "2026-03-26 10:00", assume=assume, send_hour=hour, send_days=days)
    assert reason == f"24 hours after entry is {expected}"


def test_elapsed_days_around_clock_changes(chain):
    assume = {"day_count": "elapsed"}
    reason = one(chain, (1, "days"), "2026-10-31T06:10Z", assume=assume, send_hour=1)
    assert reason == (
        "24 hours after entry is Sun 1 Nov 01:10 EST; 01:00 on Sun 1 Nov is past, so Mon 2 Nov 01:00 EST; "
        f"{BACK} Sun 1 Nov"
    )
    reason = one(
        chain, (1, "days"), "2026-03-28T00:30Z", assume=assume, send_hour=23, time_zone="America/Nuuk"
    )
    assert reason == (
        "24 hours after entry is Sat 28 Mar 22:30 -02; 23:00 does not exist on Sat 28 Mar, when the clocks change, so "
        f"Sun 29 Mar 23:00 -01; {FORWARD} Sat 28 Mar"
    )


# ---------------------------------------------------------------- hours


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        (timedelta(minutes=15), "polls come every 15 minutes, so Fri 6 Mar 11:15 EST"),
        (timedelta(hours=1), "polls come every 1 hour, so Fri 6 Mar 12:00 EST"),
        (timedelta(hours=2), "polls come every 2 hours, so Fri 6 Mar 13:00 EST"),
        (timedelta(seconds=90), "polls come every 90 seconds, so Fri 6 Mar 11:01:30 EST"),
        (timedelta(seconds=62.5), "polls come every 62.5 seconds, so Fri 6 Mar 11:01:15 EST"),
    ],
)
def test_polls(chain, every, expected):
    reason = one(chain, (1, "hours"), "2026-03-06 10:01:01", assume={"poll_every": every})
    assert reason == f"1 hour after entry is Fri 6 Mar 11:01:01 EST; {expected}"


@pytest.mark.parametrize(
    ("zone", "hours", "entered_at", "expected"),
    [
        pytest.param(
            "Australia/Lord_Howe",
            1,
            "2026-10-04 01:30",
            f"Sun 4 Oct 03:00 +11, {POLLS}; the clocks go forward 30 minutes on Sun 4 Oct",
            id="half an hour",
        ),
        pytest.param(
            "America/New_York",
            8760,
            "2026-01-01 10:00",
            f"Fri 1 Jan 2027 10:00 EST, {POLLS}; {FORWARD} Sun 8 Mar; {BACK} Sun 1 Nov",
            id="there and back",
        ),
        pytest.param(
            "America/New_York",
            87_600,
            "2026-03-28 10:00",
            f"Tue 25 Mar 2036 10:00 EDT, {POLLS}; the clocks change 20 times in between, the last time: {FORWARD} "
            "Sun 9 Mar 2036",
            id="ten years",
        ),
        pytest.param(
            "Asia/Tokyo", 1, "2026-12-31 23:30", f"Fri 1 Jan 2027 00:30 JST, {POLLS}", id="another year"
        ),
    ],
)
def test_hours(chain, zone, hours, entered_at, expected):
    reason = one(chain, (hours, "hours"), entered_at, time_zone=zone)
    assert reason == f"{hours} hour{'s' * (hours > 1)} after entry is {expected}"


def test_a_change_of_name_alone_is_no_clock_change(chain):
    """Africa/Sao_Tome and others changed names or rules without moving the clock; Tallinn in 1999 did so."""
    names = simcore.clock.zones.zone("America/Anchorage")
    same = [at for at in range(1, names.offsets_us.size) if names.offsets_us[at] == names.offsets_us[at - 1]]
    assert same
    change = pd.Timestamp(int(names.changes_us[same[0]]), unit="us", tz="UTC")
    reason = one(chain, (1, "hours"), change - pd.Timedelta(30, "min"), time_zone="America/Anchorage")
    assert "clocks" not in reason


# ---------------------------------------------------------------- at once, and not at all


def test_immediate_on_send_days(chain):
    assume = {"immediate_days": "send_days"}
    reason = one(chain, (0, "days"), "2026-03-28 10:00", assume=assume, send_days=WEEK)
    assert reason == "entry is on Sat 28 Mar; Sat and Sun are not send days, so Mon 30 Mar 00:00 EDT"
    reason = one(chain, (0, "days"), "2026-03-27 10:00", assume=assume, send_days=WEEK)
    assert reason == "at once, on entry: Fri 27 Mar 10:00 EDT"
    assert (
        one(chain, (0, "days"), "2026-03-28 10:00", send_days=WEEK)
        == "at once, on entry: Sat 28 Mar 10:00 EDT"
    )


def test_inactive(chain):
    sequence = chain((0, "days"), (1, "hours"), active=False)
    assert (
        shown(sequence, "2026-03-27 10:00") == [(None, "the sequence is not active, so nothing is sent")] * 2
    )


def test_closed_gates(chain):
    sequence = chain((0, "days"), (1, "days"), (1, "hours"), (1, "days"), send_days=())
    waits = (None, "waits for the email before it, which cannot go out as things stand")
    assert shown(sequence, "2026-03-27 10:00") == [
        ("Fri 2026-03-27 10:00:00 EDT", "at once, on entry: Fri 27 Mar 10:00 EDT"),
        (None, "there is no send day on which it may go out, so it waits"),
        waits,
        waits,
    ]


def test_drafts(chain):
    sequence = chain((1, "days"), (1, "days"), (1, "hours")).replace_email(0, published=False)
    assert [reason for _, reason in shown(sequence, "2026-03-27 10:00", draft_delay="count")] == [
        "1 day after the draft before it is Sun 29 Mar, so Sun 29 Mar 11:00 EDT",
        f"1 hour after the previous email is Sun 29 Mar 12:00 EDT, {POLLS}",
    ]
    assert [reason for _, reason in shown(sequence, "2026-03-27 10:00")] == [
        "1 day after entry is Sat 28 Mar, so Sat 28 Mar 11:00 EDT",
        f"1 hour after the previous email is Sat 28 Mar 12:00 EDT, {POLLS}",
    ]


def test_some_runs_are_told_as_all_are():
    """Of people who come again, leave, and see the sequence change."""
    sequence = kit.load(simcore.example("welcome")).replace(repeat=True)
    entries, events = (pd.read_csv(simcore.example(name)) for name in ("entries", "events"))
    entries = pd.concat([entries, entries.iloc[:30].assign(entered_at="2026-03-20T12:00-04:00")])
    changes = [kit.update("2026-03-12T12:00-04:00", send_hour=17)]
    asked = {"events": events, "changes": changes}
    every = simcore.project(sequence, entries, explain=True, **asked)
    found = make(sequence, entries, Options(**asked))
    runs = found.people.runs
    some = np.arange(3, len(runs), 7)
    keys = pd.MultiIndex.from_arrays([np.asarray(runs.subscriber_id)[some], runs.number[some]])
    mine = every[pd.MultiIndex.from_frame(every[["subscriber_id", "run"]]).isin(keys)]
    assert len(mine) > 50
    pd.testing.assert_frame_equal(found.told(some), mine.reset_index(drop=True), check_categorical=False)
    assert found.told(some[:0]).empty
