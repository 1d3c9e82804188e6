"""Any delay with any gate: in words, in another zone, where their results step; and new ones, a class each."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import first_instant_of, local_date
from strategies import clock_changes, instants, zones
from test_for_all_entries import check_pieces, first_broken, ranges
from test_laws import array, aware, delays, gates, two_instants, us

import simcore
from simcore.answers import explain, sentences
from simcore.clock.dates import dates_of
from simcore.clock.delays import CalendarDays, Delay, Elapsed, UntilDate, UntilOpen
from simcore.clock.gates import MOST_STEPS, Anytime, Closed, Gate, Poll, SendSlots, SendWindow
from simcore.clock.zones import DAY_US, FAR_US, HOUR_US, MINUTE_US, zone
from simcore.engine.rounds import CHANGED, FREED, Passed, Waiting
from simcore.engine.times import Times
from simcore.errors import TooManyError
from simcore.plan import platform
from simcore.plan.log import Events
from simcore.plan.plan import Epoch, Plan, Step
from simcore.plan.platform import Platform
from simcore.plan.waits import DateOfRun
from simcore.testing import assert_for_all_entries

DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
NEW_YORK, TOKYO = "America/New_York", "Asia/Tokyo"
ENTERED = "2026-03-06T21:07-05:00"  # a Friday, Saturday 11:07 in Tokyo; the clocks go forward on Sunday
FORWARD = "; the clocks go forward 1 hour on Sun 8 Mar"
WEEK, MONDAY, EVERY_DAY = frozenset(range(5)), frozenset({0}), frozenset(range(7))


class Steps:
    """A sequence of emails, each a delay and a gate."""

    def __init__(self, *waits, time_zone=NEW_YORK):
        self.waits, self.time_zone = waits, time_zone

    def plan(self):
        steps = (Step(at, 101 + at, f"E{at}", *wait) for at, wait in enumerate(self.waits))
        return Plan(time_zone=self.time_zone, steps=tuple(steps), vias=("api",), reads_properties=True)


class OfSteps(Platform):
    """The platform of these sequences."""

    name = title = package = look = "steps"
    sequence, assumptions, events = Steps, type("Assumptions", (), {}), Events()

    def recognises(self, payload):
        return 0

    def load(self, payload, options):
        raise NotImplementedError("these are made here, not loaded")

    def plan(self, sequence, assumptions, *, include_drafts=False):
        return sequence.plan()


@pytest.fixture(scope="module", autouse=True)
def of_steps():
    """Known in here alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(platform._known.by_class, Steps, OfSteps())
        yield


def told(delay, gate, entered=ENTERED, time_zone=NEW_YORK):
    """The reason of the only email."""
    sequence = Steps((delay, gate), time_zone=time_zone)
    [reason] = simcore.preview(sequence, entered)["reason"]
    assert simcore.project(sequence, [entered, entered], explain=True)["reason"].tolist() == [reason] * 2
    return reason


# ---------------------------------------------------------------- in words

POLL, SLOTS = Poll(15 * MINUTE_US), SendSlots(WEEK, 9, NEW_YORK, 30)
WINDOW, WEEKDAYS = SendWindow(WEEK, 480, 1200, NEW_YORK), SendWindow(WEEK, 0, 1440, NEW_YORK)
OPEN = UntilOpen(SendWindow(frozenset({4}), 480, 1440, NEW_YORK))
DUE = DateOfRun(lambda properties: properties.get("due"), ends=False, name="the event's due")
IN_WINDOW = "the window Mon to Fri 08:00 to 20:00"
POLLED = "exactly on a poll (they come every 15 minutes)"


@pytest.mark.parametrize(
    ("delay", "gate", "expected"),
    [
        (
            Elapsed(0),
            POLL,
            "0 hours after entry is Fri 6 Mar 21:07 EST; polls come every 15 minutes, so Fri 6 Mar 21:15 EST",
        ),
        (
            Elapsed(30 * MINUTE_US),
            POLL,
            "30 minutes after entry is Fri 6 Mar 21:37 EST; polls come every 15 minutes, so Fri 6 Mar 21:45 EST",
        ),
        (
            Elapsed(8 * MINUTE_US),
            POLL,
            f"8 minutes after entry is Fri 6 Mar 21:15 EST, {POLLED}",
        ),
        (
            Elapsed(25 * HOUR_US + 30 * MINUTE_US),
            SLOTS,
            "1 day 1 hour 30 minutes after entry is Sat 7 Mar 22:37 EST; Sat and Sun are not send days, so Mon 9 Mar "
            f"09:30 EDT{FORWARD}",
        ),
        (
            Elapsed(48 * HOUR_US),
            SLOTS,
            f"48 hours after entry is Sun 8 Mar 22:07 EDT; Sun is not a send day, so Mon 9 Mar 09:30 EDT{FORWARD}",
        ),
        (CalendarDays(1, NEW_YORK), Anytime(), "1 day after entry: Sat 7 Mar 00:00 EST"),
        (CalendarDays(1, TOKYO), Anytime(), "1 day after entry in Asia/Tokyo: Sat 7 Mar 10:00 EST"),
        (CalendarDays(1, NEW_YORK), POLL, f"1 day after entry: Sat 7 Mar 00:00 EST, {POLLED}"),
        (
            CalendarDays(1, NEW_YORK),
            Poll(7 * MINUTE_US),
            "1 day after entry is Sat 7 Mar; polls come every 7 minutes, so Sat 7 Mar 00:05 EST",
        ),
        (
            CalendarDays(1, NEW_YORK),
            SLOTS,
            f"1 day after entry is Sat 7 Mar; Sat and Sun are not send days, so Mon 9 Mar 09:30 EDT{FORWARD}",
        ),
        (
            CalendarDays(1, NEW_YORK),
            WINDOW,
            f"1 day after entry: due Sat 7 Mar 00:00, outside {IN_WINDOW}, so Mon 9 Mar 08:00 EDT{FORWARD}",
        ),
        (
            CalendarDays(1, NEW_YORK),
            WEEKDAYS,
            f"1 day after entry is Sat 7 Mar; Sat and Sun are not send days, so Mon 9 Mar 00:00 EDT{FORWARD}",
        ),
        (
            CalendarDays(4, NEW_YORK),
            WEEKDAYS,
            f"4 days after entry: Tue 10 Mar 00:00 EDT{FORWARD}",
        ),
        (
            CalendarDays(1, TOKYO),
            WEEKDAYS,
            "1 day after entry in Asia/Tokyo: due Sat 7 Mar 10:00, outside the window Mon to Fri 00:00 to 24:00, so "
            f"Mon 9 Mar 00:00 EDT{FORWARD}",
        ),
        (
            CalendarDays(1, TOKYO),
            SendSlots(WEEK, 9, TOKYO),
            "1 day after entry is Sun 8 Mar in Asia/Tokyo; in Asia/Tokyo Sun is not a send day; the next slot is Mon "
            f"9 Mar 09:00 JST, so Sun 8 Mar 20:00 EDT{FORWARD}",
        ),
        (
            CalendarDays(1, TOKYO),
            SLOTS,
            "1 day after entry is Sun 8 Mar in Asia/Tokyo; Sat and Sun are not send days, so Mon 9 Mar 09:30 EDT"
            f"{FORWARD}",
        ),
        (
            CalendarDays(1, NEW_YORK),
            SendSlots(EVERY_DAY, 15, TOKYO),
            "1 day after entry is Sat 7 Mar; in Asia/Tokyo the next slot is Sat 7 Mar 15:00 JST, so Sat 7 Mar 01:00 "
            "EST",
        ),
        (
            Elapsed(0),
            SendWindow(WEEK, 0, 1440, TOKYO),
            "at once, on entry: due Fri 6 Mar 21:07, outside the window Mon to Fri 00:00 to 24:00 (Asia/Tokyo), so "
            f"Sun 8 Mar 11:00 EDT{FORWARD}",
        ),
        (OPEN, Anytime(), "at once, on entry, which is inside Fri 08:00 to 24:00: Fri 6 Mar 21:07 EST"),
        (
            OPEN,
            POLL,
            "at once, on entry, which is inside Fri 08:00 to 24:00: Fri 6 Mar 21:07 EST; polls come every 15 minutes, "
            "so Fri 6 Mar 21:15 EST",
        ),
        (
            UntilOpen(WINDOW),
            POLL,
            f"the first of Mon to Fri 08:00 to 20:00 after entry is Mon 9 Mar 08:00 EDT, {POLLED}{FORWARD}",
        ),
        (
            UntilOpen(WINDOW, 30 * HOUR_US),
            Anytime(),
            f"1 day 6 hours after entry, then the first of Mon to Fri 08:00 to 20:00: Mon 9 Mar 08:00 EDT{FORWARD}",
        ),
        (
            UntilOpen(SendWindow(EVERY_DAY, 180, 1200, NEW_YORK), 30 * HOUR_US),
            Anytime(),
            f"1 day 6 hours after entry, then the first of every day 03:00 to 20:00: Sun 8 Mar 04:07 EDT{FORWARD}",
        ),
        (
            UntilOpen(POLL),
            Anytime(),
            "the first of the polls every 15 minutes after entry: Fri 6 Mar 21:15 EST",
        ),
        (
            UntilOpen(SLOTS),
            Anytime(),
            f"the first of Mon to Fri 09:30 after entry: Mon 9 Mar 09:30 EDT{FORWARD}",
        ),
        (
            UntilOpen(SendSlots(MONDAY, 9, TOKYO)),
            SLOTS,
            "the first of Mon 09:00 (Asia/Tokyo) after entry is Sun 8 Mar 20:00 EDT; Sun is not a send day, so Mon 9 "
            f"Mar 09:30 EDT{FORWARD}",
        ),
        (
            UntilOpen(Anytime()),
            Anytime(),
            "at once, on entry, which is inside its allowed times: Fri 6 Mar 21:07 EST",
        ),
        (
            DUE,
            POLL,
            "the event's due is past, or there is none, so at once: Fri 6 Mar 21:07 EST; polls come every 15 minutes, "
            "so Fri 6 Mar 21:15 EST",
        ),
    ],
)
def test_a_pair(delay, gate, expected):
    assert told(delay, gate) == expected


def test_dates_left_out_of_slots_that_are_waited_for():
    """T23."""
    without = replace(SLOTS, without=dates_of({"2026-03-09": "Founders' Day", "2026-03-06": ""}, "dates"))
    assert told(UntilOpen(without), Anytime()) == (
        "Mon 9 Mar is left out (Founders' Day), so the first of Mon to Fri 09:30 after entry: Tue 10 Mar 09:30 EDT"
        f"{FORWARD}"
    )
    assert told(UntilOpen(without), Anytime(), "2026-03-06T09:30-05:00") == (
        "Fri 6 Mar is left out and Mon 9 Mar is left out (Founders' Day), so the first of Mon to Fri 09:30 after "
        f"entry: Tue 10 Mar 09:30 EDT{FORWARD}"
    )


def test_dates_left_out_after_a_least_wait():
    """Those from its end on: Friday is before it."""
    without = replace(WINDOW, without=dates_of({"2026-03-06": "Friday", "2026-03-09": "Monday"}, "dates"))
    assert told(UntilOpen(without, 30 * HOUR_US), Anytime(), "2026-03-06T10:00-05:00") == (
        "Mon 9 Mar is left out (Monday), so 1 day 6 hours after entry, then the first of Mon to Fri 08:00 to 20:00: "
        f"Tue 10 Mar 08:00 EDT{FORWARD}"
    )


def test_a_date_without_a_slot_is_not_left_out():
    """It is named for what it is, where others are left out, too."""
    nuuk = SendSlots(EVERY_DAY, 23, "America/Nuuk", without=dates_of({"2026-04-02": "Thursday"}, "dates"))
    reason = told(CalendarDays(1, "America/Nuuk"), nuuk, "2026-03-27T12:00-02:00", "America/Nuuk")
    assert reason.startswith(
        "1 day after entry is Sat 28 Mar; 23:00 does not exist on Sat 28 Mar, when the clocks change, so Sun 29 Mar"
    )


def test_dates_left_out_after_a_wait_are_not_the_waits():
    """It is over on Monday, so Tuesday is no reason."""
    without = replace(WINDOW, without=dates_of({"2026-03-10": "Tuesday"}, "dates"))
    assert told(UntilOpen(without), SendSlots(frozenset({2}), 9, NEW_YORK)) == (
        "the first of Mon to Fri 08:00 to 20:00 after entry is Mon 9 Mar 08:00 EDT; Mon and Tue are not send days, so "
        f"Wed 11 Mar 09:00 EDT{FORWARD}"
    )


def test_a_date_of_each_run():
    """One that its event brings, before polls and slots too; another has none."""
    entries = pd.DataFrame({
        "subscriber_id": ["a", "b"],
        "entered_at": [ENTERED] * 2,
        "properties": [{"due": us(datetime(2026, 3, 7, 15, 7, tzinfo=UTC))}, {}],
    })

    at_once = "the event's due is past, or there is none, so at once: Fri 6 Mar 21:07 EST"
    found = simcore.project(Steps((DUE, POLL), (DUE, SLOTS)), entries, explain=True)["reason"].tolist()
    assert found[0] == (
        "the event's due is Sat 7 Mar 10:07 EST; polls come every 15 minutes, so Sat 7 Mar 10:15 EST"
    )
    assert found[2] == f"{at_once}; polls come every 15 minutes, so Fri 6 Mar 21:15 EST"


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        (7, "its date is past, or there is none, so at once: Fri 6 Mar 21:07 EST"),
        (8, "waits until its date: Sat 7 Mar 19:00 EST"),
    ],
)
def test_a_given_date(day, reason):
    delay = UntilDate(array(datetime(2026, 3, day, tzinfo=UTC)))
    assert simcore.preview(Steps((delay, Anytime())), ENTERED)["reason"].tolist() == [reason]


@pytest.mark.parametrize(
    ("cause", "begins"),
    [
        (FREED, "was due while the sequence was not active; active again Sat 7 Mar 10:00 EST"),
        (CHANGED, "next since the change of Sat 7 Mar 10:00 EST, when its wait since entry was over"),
    ],
)
@pytest.mark.parametrize(
    ("gate", "goes_on"),
    [
        (Anytime(), ", so Sat 7 Mar 10:00 EST"),
        (POLL, f", {POLLED}"),
        (SLOTS, f"; Sat and Sun are not send days, so Mon 9 Mar 09:30 EDT{FORWARD}"),
        (WEEKDAYS, f"; Sat and Sun are not send days, so Mon 9 Mar 00:00 EDT{FORWARD}"),
        (WINDOW, f", outside {IN_WINDOW}, so Mon 9 Mar 08:00 EDT{FORWARD}"),
        (
            SendWindow(EVERY_DAY, 480, 1200, NEW_YORK),
            ", inside the window every day 08:00 to 20:00, so Sat 7 Mar 10:00 EST",
        ),
    ],
)
def test_from_a_change_through_any_gate(cause, begins, gate, goes_on):
    """What was queued in an active sequence, and came to be due at a change."""
    plan, change = Steps((Elapsed(0), gate)).plan(), array(datetime(2026, 3, 7, 15, tzinfo=UTC))
    entered = array(datetime(2026, 3, 7, 2, 7, tzinfo=UTC))
    waited = Waiting(None, Times(gate.snap(change)), Times(entered), cause, int(change[0]))
    item, epochs = Passed(plan.steps[0], waited), [Epoch(at_us=0, plan=plan)]
    assert explain.reason(item, epochs, int(entered[0])) == begins + goes_on
    assert list(sentences.column(explain.reasons(item, epochs, entered))) == [begins + goes_on]


# ---------------------------------------------------------------- slots at minutes


def sends(gate, *ts):
    """The slots at or after some instants, in UTC."""
    return [
        aware(each).strftime("%m-%d %H:%M") for each in gate.snap(array(*map(datetime.fromisoformat, ts)))
    ]


def test_slots_in_half_an_hours_gap():
    """Lord Howe: on Sunday 2025-10-05 02:00 (+10:30) is 02:30 (+11), 15:30 UTC of Saturday."""
    found = {minute: SendSlots(EVERY_DAY, 2, "Australia/Lord_Howe", minute) for minute in (0, 15, 29, 30, 45)}
    at = {minute: sends(gate, "2025-10-04T12:00Z") for minute, gate in found.items()}
    assert at == {
        0: ["10-04 15:30"],  # 02:30, half an hour late
        15: ["10-04 15:45"],
        29: ["10-04 15:59"],
        30: ["10-04 15:30"],
        45: ["10-04 15:45"],
    }
    reason = told(
        CalendarDays(1, "Australia/Lord_Howe"), found[15], "2025-10-04T12:00+10:30", "Australia/Lord_Howe"
    )
    assert reason == (
        "1 day after entry is Sun 5 Oct; 02:15 does not exist on Sun 5 Oct, when the clocks go forward, so Sun 5 Oct "
        "02:45 +11; the clocks go forward 30 minutes on Sun 5 Oct"
    )
    # On Sunday 2025-04-06 02:00 (+11) is 01:30 (+10:30), 15:00 UTC of Saturday: the first 01:45 counts.
    twice = SendSlots(EVERY_DAY, 1, "Australia/Lord_Howe", 45)
    assert sends(twice, "2025-04-05T12:00Z", "2025-04-05T14:45:00.000001Z") == ["04-05 14:45", "04-06 15:15"]
    reason = told(
        CalendarDays(1, "Australia/Lord_Howe"), twice, "2025-04-05T12:00+11:00", "Australia/Lord_Howe"
    )
    assert reason == (
        "1 day after entry is Sun 6 Apr; 01:45 comes twice on Sun 6 Apr, and the first counts, so Sun 6 Apr 01:45 +11"
    )


def test_slots_where_a_date_lasts_a_minute():
    """St John's: at 00:01 (-2:30) of Sunday 1995-10-29, 02:31 UTC, it is Saturday 23:01 again, and Sunday at 03:30."""
    first, second = (SendSlots(EVERY_DAY, 0, "America/St_Johns", minute) for minute in (0, 1))
    late = SendSlots(EVERY_DAY, 23, "America/St_Johns", 30)
    asked = ("1995-10-29T01:00Z", "1995-10-29T02:30:00.000001Z", "1995-10-29T03:31Z")
    assert sends(first, *asked) == ["10-29 02:30", "10-30 03:30", "10-30 03:30"]
    assert sends(second, *asked) == ["10-29 03:31", "10-29 03:31", "10-29 03:31"]
    assert sends(late, *asked) == ["10-29 02:00", "10-30 03:00", "10-30 03:00"]
    # On Sunday 1995-04-02 at 00:01 (-3:30) it is 01:01 (-2:30), 03:31 UTC.
    skipped = [
        sends(SendSlots(EVERY_DAY, 0, "America/St_Johns", m), "1995-04-02T03:00Z") for m in (0, 1, 30, 59)
    ]
    assert skipped == [["04-02 03:30"], ["04-02 03:31"], ["04-02 04:00"], ["04-02 04:29"]]


def test_a_slot_at_minutes_that_the_clocks_carry_into_the_next_date():
    """Nuuk: at 23:00 of Saturday 2026-03-28 it is Sunday, so 22:30 is there and 23:30 is not."""
    saturdays = (SendSlots(frozenset({5}), hour, "America/Nuuk", 30) for hour in (22, 23))
    assert [sends(gate, "2026-03-28T12:00Z") for gate in saturdays] == [["03-29 00:30"], ["04-05 00:30"]]


def test_slots_without_minutes_are_at_the_hour():
    assert SendSlots(WEEK, 9, NEW_YORK) == SendSlots(WEEK, 9, NEW_YORK, 0, own_zone=False)
    assert sends(SendSlots(WEEK, 9, NEW_YORK, 5), "2026-03-09T12:00Z") == ["03-09 13:05"]


# ---------------------------------------------------------------- zones of runs, equality


@pytest.mark.parametrize(
    "own",
    [
        CalendarDays(2, NEW_YORK, own_zone=True),
        SendSlots(WEEK, 9, NEW_YORK, 30, own_zone=True),
        SendWindow(WEEK, 480, 1200, NEW_YORK, own_zone=True),
    ],
)
def test_of_a_runs_own_zone(own):
    there, back = own.in_zone(TOKYO), own.in_zone(TOKYO).in_zone(NEW_YORK)
    assert there == replace(own, time_zone=TOKYO)
    assert back == own.in_zone(NEW_YORK) == own
    apply = own.earliest if isinstance(own, CalendarDays) else own.snap
    plain = replace(own, own_zone=False)
    assert plain.in_zone(TOKYO) is plain
    asked = array(datetime(2026, 3, 7, 2, 7, tzinfo=UTC), datetime(2026, 11, 1, 5, 30, tzinfo=UTC))
    in_tokyo = replace(plain, time_zone=TOKYO)
    for one, other in ((own, plain), (there, in_tokyo)):
        apply, expected = (
            each.earliest if isinstance(each, CalendarDays) else each.snap for each in (one, other)
        )
        assert apply(asked).tolist() == expected(asked).tolist()
    if not isinstance(own, CalendarDays):
        assert UntilOpen(own).in_zone(TOKYO) == UntilOpen(there)


@pytest.mark.parametrize(
    "without",
    [Elapsed(5), UntilDate(array()), DUE, UntilOpen(WINDOW), UntilOpen(POLL), Anytime(), Closed(), POLL],
)
def test_what_has_no_zone_of_runs_gives_itself(without):
    assert without.in_zone(TOKYO) is without


def test_they_are_keys_of_caches():
    """By their class and their values, so that no class is taken for another."""

    class Weeks(NamedTuple):
        duration_us: int

    made = [
        *(Elapsed(5), CalendarDays(5, NEW_YORK), UntilOpen(POLL), DUE),
        *(Anytime(), Closed(), Poll(5), SLOTS, WINDOW, WEEKDAYS),
    ]
    assert len({*made, *map(replace, made)}) == len(made)
    assert Elapsed(5) not in {Weeks(5): 1}
    assert Elapsed(5) not in {(5,): 1}
    assert Poll(5) != Poll(5, 1)
    dates = UntilDate(array())
    assert {dates: 1}[dates] == 1


# ---------------------------------------------------------------- where the result steps


def check_steps(of, apply, first_us, end_us, some_us):
    """From each step to before the next there is one result, or it moves along."""
    steps_us = of.steps_us(first_us, end_us)
    assert steps_us.dtype == np.int64
    assert (np.diff(steps_us) > 0).all()
    inside = steps_us[(steps_us > first_us) & (steps_us < end_us)]
    begins_us, lasts_us = np.append(first_us, inside), np.append(inside, end_us) - 1
    some_us = np.unique(np.concatenate([begins_us, lasts_us, some_us]))
    piece = np.searchsorted(begins_us, some_us, "right") - 1
    first, last, found = (apply(each) for each in (begins_us, lasts_us, some_us))
    stays, moves = last == first, last - first == lasts_us - begins_us
    assert (stays | moves).all()
    along = np.where(stays[piece], 0, some_us - begins_us[piece])
    assert found.tolist() == (first[piece] + along).tolist()


@given(st.data(), zones())
def test_law_of_steps(data, zone):
    first = data.draw(instants(zone))
    of_zone = gates(zone, about=first)
    least = st.sampled_from([0, 1, HOUR_US, 30 * HOUR_US])
    open_ones = st.builds(UntilOpen, of_zone, least)
    one = data.draw(delays(zone) | of_zone | open_ones | st.just(Closed()) | own_ones(zone))
    first_us = us(first)
    end_us = first_us + data.draw(st.integers(1, 40 * 3600 * 10**6) | st.just(1))
    some_us = data.draw(st.lists(st.integers(first_us, end_us - 1), max_size=30))
    apply = one.snap if hasattr(one, "snap") else one.earliest
    check_steps(one, apply, first_us, end_us, np.array(some_us, np.int64))


@pytest.mark.parametrize(
    "one", [POLL, SLOTS, WINDOW, *(UntilOpen(gate, 30 * HOUR_US) for gate in (POLL, SLOTS, WINDOW))]
)
def test_steps_of_a_week(one):
    """One by one, since the law draws few of each; those of slots are right after them."""
    first_us = us(datetime(2026, 3, 6, 12, tzinfo=UTC))
    end_us = first_us + 7 * DAY_US
    some_us = np.arange(first_us, end_us, HOUR_US)
    check_steps(one, one.earliest if isinstance(one, UntilOpen) else one.snap, first_us, end_us, some_us)
    steps_us = one.steps_us(first_us, end_us)
    assert not isinstance(one, SendSlots) or SLOTS.snap(steps_us - 1).tolist() == (steps_us - 1).tolist()


def test_a_part_of_the_week_after_a_least_wait():
    at_us = array(datetime(2026, 3, 6, 12, tzinfo=UTC), datetime(2026, 3, 8, 9, 30, tzinfo=UTC))
    found = UntilOpen(SLOTS, 30 * HOUR_US).earliest(at_us)
    assert (
        found.tolist()
        == array(datetime(2026, 3, 9, 13, 30, tzinfo=UTC), datetime(2026, 3, 10, 13, 30, tzinfo=UTC)).tolist()
    )


def test_steps_of_dates():
    """Who comes after one does not wait; runs without one never do."""
    dates = UntilDate(np.array([50]))
    check_steps(dates, dates.earliest, 0, 100, np.arange(100))
    assert UntilDate(np.array([50, 7, 50])).steps_us(0, 100).tolist() == [7, 50]
    check_steps(DUE, DUE.earliest, 0, 100, np.arange(100))


def test_steps_that_are_too_many(text_of):
    often = UntilOpen(Poll(1))
    assert often.steps_us(0, 10).tolist() == [*range(1, 12)]
    found = text_of(TooManyError, often.steps_us, 0, MOST_STEPS + 1)
    assert found == "20,000,001 instants are more than can be held at once"
    later = text_of(TooManyError, often.steps_us, 50, MOST_STEPS + 51)
    assert later == found


# ---------------------------------------------------------------- new ones, a class each


@dataclass(frozen=True)
class FirstMonday(Delay):
    """So many weeks after the first Monday of a month that comes after the anchor's date."""

    weeks: int
    time_zone: str

    def earliest(self, anchor_us):
        here = zone(self.time_zone)
        day = here.date(anchor_us)
        months = day.astype("datetime64[D]").astype("datetime64[M]")
        begins = [(months + np.timedelta64(n, "M")).astype("datetime64[D]").astype(np.int64) for n in (0, 1)]
        this, following = (begin + (4 - begin) % 7 for begin in begins)  # day 4, 1970-01-05, is a Monday
        return here.date_begin_us(np.where(this > day, this, following) + 7 * self.weeks)

    def steps_us(self, first_us, end_us):
        return zone(self.time_zone).dates[1].points_us

    def words(self, case):
        return case.wait(f"{self.weeks} weeks after the first Monday of a month after {case.since}")


@dataclass(frozen=True)
class OddDates(Gate):
    """All day, on the 1st, the 3rd, the 5th and so on of each month."""

    time_zone: str

    def _dates(self):
        days, ruler = zone(self.time_zone).dates
        dates = days.astype("datetime64[D]")
        odd = (dates - dates.astype("datetime64[M]")).astype(np.int64) % 2 == 0
        after = np.where(odd, ruler.points_us[:-1], FAR_US)
        return ruler, odd, np.minimum.accumulate(after[::-1])[::-1]

    def snap(self, instants_us):
        ruler, odd, next_us = self._dates()
        place = ruler.below(instants_us + 1) - 1
        return np.where(odd[place], instants_us, next_us[place])

    def steps_us(self, first_us, end_us):
        return zone(self.time_zone).dates[1].points_us

    def words(self, case, wait):
        if case.ready.us == case.due.us:
            return f"{wait.leads}: {case.until}"
        return case.so(wait.says, f"{case.date(case.ready.day)} is no odd date")


@dataclass(frozen=True)
class NextDay(Delay):
    """Of the least that a delay needs: the next midnight of UTC."""

    def earliest(self, anchor_us):
        return anchor_us // DAY_US * DAY_US + DAY_US

    def steps_us(self, first_us, end_us):
        return np.arange(first_us // DAY_US, end_us // DAY_US + 1) * DAY_US


@dataclass(frozen=True)
class Mornings(Gate):
    """Of the least that a gate needs: before noon of UTC."""

    def snap(self, instants_us):
        return np.where(instants_us % DAY_US < DAY_US // 2, instants_us, (instants_us // DAY_US + 1) * DAY_US)

    def steps_us(self, first_us, end_us):
        return np.arange(2 * first_us // DAY_US, 2 * end_us // DAY_US + 1) * (DAY_US // 2)


def own_ones(zone):
    made = [FirstMonday(0, zone), FirstMonday(2, zone), OddDates(zone), NextDay(), Mornings()]
    return st.sampled_from([*made, UntilOpen(made[2])])


def first_monday(t, weeks, zone):
    """The same by Python's dates: the first instant of the date."""
    day = local_date(t, zone)
    months = [(day.year + (day.month + n - 1) // 12, (day.month + n - 1) % 12 + 1) for n in (0, 1)]
    mondays = [next(each for n in range(1, 8) if not (each := date(*month, n)).weekday()) for month in months]
    wanted = mondays[0] if mondays[0] > day else mondays[1]
    return first_instant_of(wanted + weeks * 7 * DAY, zone)


@given(st.data(), zones(), st.integers(0, 5))
def test_law_3_of_a_new_delay(data, zone, weeks):
    delay, (t, u) = FirstMonday(weeks, zone), data.draw(two_instants(zone))
    first, second = delay.earliest(array(t, u)).tolist()
    assert (first, second) == (us(first_monday(t, weeks, zone)), us(first_monday(u, weeks, zone)))
    if local_date(t, zone) <= local_date(u, zone):
        assert first <= second


@given(st.data(), zones())
def test_laws_1_and_2_of_a_new_gate(data, zone):
    gate, (t, u) = OddDates(zone), data.draw(two_instants(zone))
    snapped = gate.snap(array(t, u))
    assert (snapped >= array(t, u)).all()
    assert gate.snap(snapped).tolist() == snapped.tolist()
    assert snapped[0] <= snapped[1]
    found = aware(snapped[0])
    assert local_date(found, zone).day % 2 == 1
    days = [first_instant_of(local_date(t, zone) + n * DAY, zone) for n in range(-1, 4)]
    between = [t, *days, *(c for c in clock_changes(zone) if t <= c < found), found - MICROSECOND]
    assert not any(local_date(x, zone).day % 2 for x in between if t <= x < found)


@given(st.data(), zones())
def test_law_5_of_new_ones(data, zone):
    one, two = (array(*data.draw(st.lists(instants(zone), max_size=5))) for _ in range(2))
    both = np.concatenate([one, two])
    for apply in (FirstMonday(1, zone).earliest, OddDates(zone).snap):
        assert apply(both).tolist() == [*apply(one).tolist(), *apply(two).tolist()]
        assert apply(both[::-1]).tolist() == apply(both)[::-1].tolist()


NEW = Steps((Elapsed(0), OddDates(NEW_YORK)), (FirstMonday(2, NEW_YORK), OddDates(NEW_YORK)))


def test_new_ones_in_a_preview():
    assert simcore.preview(NEW, ENTERED)["reason"].tolist() == [
        "0 hours after entry is Fri 6 Mar 21:07 EST; Fri 6 Mar is no odd date, so Sat 7 Mar 00:00 EST",
        "2 weeks after the first Monday of a month after the previous email is Mon 20 Apr 00:00 EDT; Mon 20 Apr is no "
        f"odd date, so Tue 21 Apr 00:00 EDT{FORWARD}",
    ]
    later = simcore.preview(NEW, "2026-03-07T10:00-05:00")["reason"].tolist()
    assert later[0] == "at once, on entry: Sat 7 Mar 10:00 EST"
    least = Steps((NextDay(), Mornings()), (UntilOpen(Mornings()), Anytime()))
    assert simcore.preview(least, "2026-03-06T21:07Z")["reason"].tolist() == [
        "the end of the wait since entry: Fri 6 Mar 19:00 EST",
        "at once, on the previous email, which is inside its allowed times: Fri 6 Mar 19:00 EST",
    ]
    assert told(Elapsed(0), Mornings(), "2026-03-06T21:07Z") == (
        "0 hours after entry is Fri 6 Mar 16:07 EST, so Fri 6 Mar 19:00 EST"
    )
    assert told(NextDay(), POLL, "2026-03-06T21:07Z") == (
        f"the end of the wait since entry is Fri 6 Mar 19:00 EST, {POLLED}"
    )


@given(st.data(), zones())
def test_new_ones_in_a_projection(data, zone):
    """Who enters when: all of them, by Python's dates."""
    entered = data.draw(st.lists(instants(zone), min_size=1, max_size=5))
    found = simcore.project(Steps((FirstMonday(1, zone), OddDates(zone)), time_zone=zone), entered)
    for t, send_at in zip(entered, found["send_at"], strict=True):
        expected = max(first_monday(t, 1, zone), t)
        while not local_date(expected, zone).day % 2:
            expected = max(first_instant_of(local_date(expected, zone) + DAY, zone), expected + MICROSECOND)
        assert send_at == expected


@given(st.data())
def test_pieces_of_new_ones(data):
    place, start_us, end_us, more_us = data.draw(ranges())
    delays_, gates_ = [FirstMonday(0, place), NextDay(), Elapsed(0)], [OddDates(place), Mornings(), Anytime()]
    waits = data.draw(
        st.lists(st.tuples(st.sampled_from(delays_), st.sampled_from(gates_)), min_size=1, max_size=3)
    )
    check_pieces(Steps(*waits, time_zone=place), start_us, end_us, more_us)


def test_new_ones_in_a_proof():
    """That both go out on odd dates holds of the whole of March; that the first does at once, to Saturday's end."""

    def odd(sends):
        return all(each.send_at.day % 2 for each in sends)

    assert_for_all_entries(NEW, odd, "2026-03-01T00:00-05:00", "2026-04-01T00:00-04:00")
    _, first = first_broken(
        NEW,
        lambda sends: sends[0].send_at == sends[0].entered_at,
        "2026-03-07T10:00-05:00",
        "2026-03-09T00:00-04:00",
    )
    assert first == "2026-03-08T05:00:00.000000Z"
