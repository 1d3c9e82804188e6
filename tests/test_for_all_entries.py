"""What holds for every entry of a range: the pieces against dense scans, and broken predicates to the microsecond."""

import itertools
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import simcore
from simcore import kit, sequenzy
from simcore.answers.projection import plan_of
from simcore.clock.gates import Poll
from simcore.testing import (
    Send,
    assert_for_all_entries,
    entry_instants,
    kit_sequences,
    proof,
    sequenzy_sequences,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
HOUR_US, MINUTE_US = 3_600_000_000, 60_000_000
WELCOME = kit.load(simcore.example("welcome"))
HTML = {"html": "<p>Hello</p>"}


def us(text):
    return (datetime.fromisoformat(text) - EPOCH) // MICROSECOND


def at(instant_us):
    return EPOCH + instant_us * MICROSECOND


def sends_us(sequence, entered_us, **named):
    """When each email goes out [µs; entries x emails], to whoever enters."""
    if isinstance(sequence, sequenzy.Sequence):
        sequence = sequence.replace(enrollmentMode="unlimited")  # without events there is nothing to match
    entries = pd.DatetimeIndex(np.asarray(entered_us, np.int64).view("datetime64[us]"), tz="UTC")
    sent = simcore.project(sequence, entries, **named)["send_at"]
    return pd.DatetimeIndex(sent).as_unit("us").asi8.reshape(len(entries), -1)


def through(begins_us, end_us, sequence, some_us, **named):
    """The sends of some entries as the pieces have them, which of these move, and the sends as they are."""
    lasts_us = np.append(begins_us[1:], end_us) - 1
    first, last, found = (sends_us(sequence, each, **named) for each in (begins_us, lasts_us, some_us))
    moves = last - first == (lasts_us - begins_us)[:, None]
    assert (moves | (last == first)).all()
    piece = np.searchsorted(begins_us, some_us, "right") - 1
    moved_us = np.where(moves[piece], (some_us - begins_us[piece])[:, None], 0)
    return first[piece] + moved_us, moves[piece] & (lasts_us > begins_us)[piece, None], found


def first_broken(sequence, predicate, start, end, **named):
    """The text of the error, and the instant that it names first."""
    with pytest.raises(AssertionError) as caught:
        assert_for_all_entries(sequence, predicate, start, end, **named)
    text = str(caught.value)
    return text, text.partition("(")[2].partition(")")[0]


def email(number, value, unit="days", **named):
    return kit.Email(
        id=number, subject=f"E{number}", delay_value=value, delay_unit=unit, **{"published": True, **named}
    )


# ---------------------------------------------------------------- the pieces


def check_pieces(sequence, start_us, end_us, more_us, every_us=HOUR_US):
    plan = plan_of(sequence)
    begins_us = proof.pieces(plan, start_us, end_us, every_us)
    assert begins_us[0] == start_us
    assert (np.diff(begins_us) > 0).all()
    assert begins_us[-1] < end_us
    beside = np.concatenate([begins_us - 1, begins_us, begins_us + 1])
    dense = np.arange(start_us // MINUTE_US * MINUTE_US, end_us, MINUTE_US)
    some_us = np.concatenate([beside, dense, dense + 1, np.array(more_us, np.int64)])
    some_us = np.unique(some_us[(some_us >= start_us) & (some_us < end_us)])
    expected, moves, found = through(begins_us, end_us, sequence, some_us)
    assert (found == expected).all()
    # What moves is in one part of an hour of one date, and so is the entry: by zoneinfo, where it is seen again.
    here = ZoneInfo(plan.time_zone)
    piece = np.searchsorted(begins_us, some_us, "right")
    for times, moving in [
        (some_us, np.ones(some_us.size, bool)),
        *zip(found.T, moves.T, strict=True),
    ]:
        shown = [at(each).astimezone(here) for each in times.tolist()]
        parts = [
            (
                each.date(),
                (each - datetime.combine(each.date(), time(0), here)) // timedelta(microseconds=every_us),
            )
            if every_us < HOUR_US
            else (each.date(), each.hour, each.utcoffset())
            for each in shown
        ]
        for (one, two), same, both in zip(
            itertools.pairwise(parts), np.diff(piece) == 0, moving[1:] & moving[:-1], strict=True
        ):
            assert one == two or not (same and both)


@st.composite
def ranges(draw):
    """A zone, and a range of entries near a change of its clocks, if it has any."""
    place = draw(
        st.sampled_from([
            "America/New_York",
            "America/St_Johns",
            "Australia/Lord_Howe",
            "Pacific/Apia",
            "America/Havana",
            "America/Nuuk",
            "Asia/Kathmandu",
            "America/Santiago",
        ])
    )
    begin = draw(entry_instants(place, "2010-01-01T00:00Z", "2013-01-01T00:00Z"))
    before = draw(st.sampled_from([timedelta(0), timedelta(minutes=90), timedelta(hours=30)]))
    length = draw(st.sampled_from([MICROSECOND, timedelta(hours=1), timedelta(hours=7), timedelta(hours=40)]))
    start_us = (begin - before - EPOCH) // MICROSECOND
    end_us = start_us + length // MICROSECOND
    return place, start_us, end_us, draw(st.lists(st.integers(start_us, end_us - 1), max_size=20))


@given(st.data())
def test_pieces_of_kit(data):
    place, start_us, end_us, more_us = data.draw(ranges())
    check_pieces(data.draw(kit_sequences(time_zones=[place])), start_us, end_us, more_us)


@given(st.data())
def test_pieces_of_sequenzy(data):
    place, start_us, end_us, more_us = data.draw(ranges())
    check_pieces(data.draw(sequenzy_sequences(time_zones=[place, "UTC"])), start_us, end_us, more_us)


def test_pieces_where_a_date_begins_twice():
    """In St John's the clocks of 2010-11-07 went back at 00:01 to 23:01 of the 6th: 02:31Z, and midnight is 02:30Z."""
    sequence = kit.Sequence(
        name="S", time_zone="America/St_Johns", send_hour=0, emails=(email(1, 1), email(2, 1, "hours"))
    )
    check_pieces(sequence, us("2010-11-07T01:00Z"), us("2010-11-07T05:00Z"), [])
    begins_us = proof.pieces(plan_of(sequence), us("2010-11-07T02:00Z"), us("2010-11-07T04:30Z"), HOUR_US)
    assert [at(each).strftime("%H:%M:%S.%f") for each in begins_us.tolist()] == [
        "02:00:00.000000",
        "02:30:00.000000",  # the 7th
        "02:31:00.000000",  # the 6th again, from 23:01 on
        "03:30:00.000000",  # the 7th again
    ]


def test_pieces_of_an_hour_worked_by_hand():
    """At once, then an hour later at a quarter of an hour: from 12:00 to 13:00 the entry is in 4 quarters."""
    sequence = kit.Sequence(name="S", time_zone="UTC", emails=(email(1, 0), email(2, 1, "hours")))
    begins_us = proof.pieces(plan_of(sequence), us("2026-03-03T12:00Z"), us("2026-03-03T13:00Z"), HOUR_US)
    assert [str(each) for each in begins_us.view("datetime64[us]")] == [
        "2026-03-03T12:00:00.000000",
        "2026-03-03T12:00:00.000001",
        "2026-03-03T12:15:00.000001",
        "2026-03-03T12:30:00.000001",
        "2026-03-03T12:45:00.000001",
    ]


def test_pieces_pass_over_drafts():
    """A draft leaves the entry as it is to the email behind it, unless it is waited for."""
    emails = (email(1, 1, published=False), email(2, 1, "hours"))
    sequence = kit.Sequence(name="S", time_zone="UTC", emails=emails)
    hour = us("2026-03-03T12:00Z"), us("2026-03-03T13:00Z"), HOUR_US
    assert proof.pieces(plan_of(sequence), *hour).size == 5
    assert proof.pieces(plan_of(sequence, include_drafts=True), *hour).size == 1
    assert proof.pieces(plan_of(sequence, kit.Assumptions(draft_delay="count")), *hour).size == 1


def test_parts_of_an_hour():
    sequence = sequenzy.Sequence(name="S", trigger="contact_added", steps=[{"subject": "A", **HTML}])
    quarter = timedelta(minutes=15) // MICROSECOND
    begins_us = proof.pieces(plan_of(sequence), us("2026-03-03T12:10Z"), us("2026-03-03T12:40Z"), quarter)
    assert [at(each).strftime("%H:%M") for each in begins_us.tolist()] == ["12:10", "12:15", "12:30"]


# ---------------------------------------------------------------- the year of the welcome series


def on_weekdays(sends):
    return all(each.send_at.weekday() < 5 for each in sends)


def coupon_in_time(sends):
    return sends[3].send_at - sends[0].send_at >= timedelta(hours=24)


def no_weekend_nor_rush(sends):
    return on_weekdays(sends) and coupon_in_time(sends)


def days_only(sends):
    """Of the emails that wait for days: the first two go out on any day (K8, K9)."""
    return on_weekdays(sends[2:]) and coupon_in_time(sends)


@pytest.fixture(scope="module")
def year():
    """2028, a leap year, in New York: its 35,136 quarter hours and 200,000 instants, and their sends."""
    start_us, end_us = us("2028-01-01T00:00-05:00"), us("2029-01-01T00:00-05:00")
    quarters = np.arange(start_us, end_us, 15 * MINUTE_US)
    assert quarters.size == 35_136
    random = np.random.default_rng(1).integers(start_us, end_us, 200_000)
    some_us = np.concatenate([quarters, random])
    return start_us, end_us, some_us, sends_us(WELCOME, some_us)


def weekday(instants_us):
    """0 is Monday: by what Python's zoneinfo says of 2028, whose clocks change on 12 March and 5 November."""
    summer = (instants_us >= us("2028-03-12T07:00Z")) & (instants_us < us("2028-11-05T06:00Z"))
    return ((instants_us - np.where(summer, 4, 5) * HOUR_US) // (24 * HOUR_US) + 3) % 7


@pytest.mark.slow
def test_welcome_over_a_year(year):
    """As checking each quarter hour and 200,000 other instants has it."""
    start_us, end_us, _, sent = year
    in_time = sent[:, 3] - sent[:, 0] >= 24 * HOUR_US
    assert ((weekday(sent[:, 2:]) < 5).all(axis=1) & in_time).all()
    assert_for_all_entries(WELCOME, days_only, at(start_us), at(end_us))


def test_welcome_sends_on_weekends_too(year):
    """The first two emails go out on any day. From a Monday on, the first to reach Saturday is polled for at midnight.

    2028-01-07 is a Friday: who enters after 21:45 waits two hours, until after 23:45, and for the poll at 00:00.
    """
    _, end_us, some_us, sent = year
    _, first = first_broken(WELCOME, no_weekend_nor_rush, "2028-01-03T00:00-05:00", at(end_us))
    assert first == "2028-01-08T02:45:00.000001Z"
    first_us = us(first)
    assert first_us == us("2028-01-07T21:45:00.000001-05:00")
    broken = (weekday(sent) >= 5).any(axis=1) & (some_us >= us("2028-01-03T00:00-05:00"))
    assert 60_000 < broken.sum() < 80_000  # two days of seven
    assert (some_us[broken] >= first_us).all()
    assert (weekday(sends_us(WELCOME, [first_us - 1, first_us])) >= 5).any(axis=1).tolist() == [False, True]


def test_every_instant_of_the_year_is_what_its_piece_says(year):
    start_us, end_us, some_us, sent = year
    begins_us = proof.pieces(plan_of(WELCOME), start_us, end_us, HOUR_US)
    # A poll and the quarter after it, and a whole hour, each hour (the quarters of entries are those of polls).
    assert begins_us.size == 35_136 + 8_784
    expected, *_ = through(begins_us, end_us, WELCOME, some_us)
    assert (expected == sent).all()


# ---------------------------------------------------------------- broken, to the microsecond

AT_ONCE = sequenzy.Sequence(name="S", trigger="contact_added", steps=[{"subject": "A", **HTML}])
NEXT_DAY = kit.Sequence(name="S", send_hour=9, emails=(email(1, 0), email(2, 1)))  # in New York
DAY = ("2026-03-03T00:00Z", "2026-03-04T00:00Z")


def test_the_text_says_who_is_first_and_why():
    """Who enters after 21:00 has the second email at 09:00, in less than twelve hours."""

    def rested(sends):
        if sends[1].send_at - sends[0].send_at < timedelta(hours=12):
            raise AssertionError("too soon")

    text, _ = first_broken(NEXT_DAY, rested, "2026-03-02T20:00-05:00", "2026-03-04T00:00-05:00")
    assert text == (
        "Mon 2 Mar 2026 21:00:00.000001 EST (2026-03-03T02:00:00.000001Z) is the first entry that breaks the "
        "predicate, which failed: too soon\n"
        "Times in America/New_York\n"
        "pos  send time                           subject\n"
        "0    Mon 2 Mar 2026 21:00:00.000001 EST  E1\n"
        "    at once, on entry: Mon 2 Mar 21:00:00.000001 EST\n"
        "1    Tue 3 Mar 2026 09:00 EST            E2\n"
        "    1 day after the previous email is Tue 3 Mar, so Tue 3 Mar 09:00 EST\n"
        "It breaks from there to the entry at 2026-03-03T02:59:59.999999Z, included; later entries were not checked.\n"
        "No earlier entry breaks it: it holds at both ends of every piece before (1 of 28 pieces from "
        "2026-03-03T01:00:00.000000Z to before 2026-03-04T05:00:00.000000Z)."
    )


def test_lengths_are_real_where_the_clocks_change():
    """To Sunday 8 March 09:00 EDT it is twelve hours from 20:00 EST; wall clocks say thirteen."""
    wall = []

    def rested(sends):
        one, two = (each.send_at.to_pydatetime() for each in sends)
        wall.append(two - one)
        return sends[1].send_at - sends[0].send_at >= timedelta(hours=12)

    _, first = first_broken(NEXT_DAY, rested, "2026-03-07T12:00-05:00", "2026-03-08T00:00-05:00")
    assert us(first) == us("2026-03-07T20:00:00.000001-05:00")
    assert wall[-1] == timedelta(hours=13) - MICROSECOND


BROKEN = {
    "a limit within an hour": (
        AT_ONCE,
        lambda sends: sends[0].send_at.time() <= time(22, 30),
        *DAY,
        "2026-03-03T22:30:00.000001Z",
        "2026-03-03T22:59:59.999999Z, included; later entries were not checked",
    ),
    "from the beginning of an hour on": (
        AT_ONCE,
        lambda sends: not (sends[0].send_at.hour == 10 and sends[0].send_at.minute < 20),
        *DAY,
        "2026-03-03T10:00:00.000000Z",
        "2026-03-03T10:19:59.999999Z, included; the next one keeps it",
    ),
    "a weekday whose midnight does not exist": (
        AT_ONCE.replace(
            sendingWindow={"timezone": "America/Santiago", "startTime": "00:00", "endTime": "24:00"}
        ),
        lambda sends: sends[0].send_at.weekday() != 6,
        "2026-09-05T00:00-04:00",
        "2026-09-10T00:00-03:00",
        "2026-09-06T04:00:00.000000Z",  # 24:00 of Saturday, four hours behind; the clock shows 01:00 of Sunday
        "2026-09-06T04:59:59.999999Z, included; later entries were not checked",
    ),
    "where a window closes": (
        AT_ONCE.replace(sendingWindow={"timezone": "Europe/Kyiv", "startTime": "09:00", "endTime": "17:00"}),
        lambda sends: sends[0].send_at == sends[0].entered_at,
        "2026-03-03T10:00+02:00",
        "2026-03-05T00:00+02:00",
        "2026-03-03T15:00:00.000000Z",
        "2026-03-03T15:59:59.999999Z, included; later entries were not checked",
    ),
    "right after a poll": (
        kit.Sequence(name="S", time_zone="UTC", emails=(email(1, 1, "hours"),)),
        lambda sends: sends[0].send_at.time() != time(15, 15),
        *DAY,
        "2026-03-03T14:00:00.000001Z",
        "2026-03-03T14:15:00.000000Z, included; later entries were not checked",
    ),
    "by dates": (
        kit.Sequence(name="S", time_zone="UTC", send_hour=9, emails=(email(1, 1), email(2, 2))),
        lambda sends: sends[1].send_at.day < 7,
        "2026-03-03T00:00Z",
        "2026-03-08T00:00Z",
        "2026-03-04T00:00:00.000000Z",  # the 5th, then the 7th
        "2026-03-04T00:59:59.999999Z, included; later entries were not checked",
    ),
    "right after a slot": (
        kit.Sequence(name="S", time_zone="UTC", send_hour=9, emails=(email(1, 1),)),
        lambda sends: sends[0].send_at.day == 4,
        "2026-03-03T00:00Z",
        "2026-03-08T00:00Z",
        "2026-03-03T09:00:00.000001Z",  # 24 hours later 09:00 is past
        "2026-03-03T09:59:59.999999Z, included; later entries were not checked",
        kit.Assumptions(day_count="elapsed"),
    ),
    "the last microsecond of a range": (
        AT_ONCE,
        lambda sends: sends[0].entered_at < datetime(2026, 3, 3, 23, 59, 59, 999999, tzinfo=UTC),
        *DAY,
        "2026-03-03T23:59:59.999999Z",
        "2026-03-03T23:59:59.999999Z, included; later entries were not checked",
    ),
    "a range of one": (
        AT_ONCE,
        lambda sends: np.bool_(False),
        "2026-03-03T12:00Z",
        "2026-03-03T12:00:00.000001Z",
        "2026-03-03T12:00:00.000000Z",
        "2026-03-03T12:00:00.000000Z, included; later entries were not checked",
    ),
}


@pytest.mark.parametrize("case", BROKEN.values(), ids=BROKEN)
def test_the_first_microsecond(case):
    sequence, predicate, start, end, first, until, *assume = case
    named = {"assumptions": assume[0]} if assume else {}
    text, found = first_broken(sequence, predicate, start, end, **named)
    assert found == first
    assert f"It breaks from there to the entry at {until}." in text
    assert "which returned False\n" in text
    if us(first) > us(start):
        assert_for_all_entries(sequence, predicate, start, first, **named)


@given(st.data())
def test_a_limit_is_found_to_the_microsecond(data):
    """A limit between the entry and a send, chosen so that it is just met at a random entry."""
    place, start_us, end_us, _ = data.draw(ranges())
    sequence = data.draw(kit_sequences(time_zones=[place], live=True))
    end_us = max(end_us, start_us + 2 * HOUR_US)
    number = data.draw(st.integers(0, len(sequence.emails) - 1))
    one = data.draw(st.integers(start_us, end_us - 1))
    least_us = int(sends_us(sequence, [one])[0, number]) - one
    begins_us = proof.pieces(plan_of(sequence), start_us, end_us, HOUR_US)
    dense = np.arange(start_us, end_us, MINUTE_US)
    all_us = np.unique(np.concatenate([dense, begins_us, np.append(begins_us[1:], end_us) - 1, [one]]))
    broken = sends_us(sequence, all_us)[:, number] - all_us < least_us

    def waits(sends):
        return sends[number].send_at - sends[number].entered_at >= timedelta(microseconds=least_us)

    if not broken.any():
        assert_for_all_entries(sequence, waits, at(start_us), at(end_us))
        return
    _, first = first_broken(sequence, waits, at(start_us), at(end_us))
    assert us(first) <= all_us[broken].min()
    beside = np.array([us(first) - 1, us(first)])
    gap_us = sends_us(sequence, beside)[:, number] - beside
    assert gap_us[1] < least_us
    assert gap_us[0] >= least_us or us(first) == start_us


def test_a_hole_in_the_midst_needs_smaller_pieces():
    """The limit of the proof, as documented."""

    def not_at_half(sends):
        return sends[0].send_at.minute != 30

    assert_for_all_entries(AT_ONCE, not_at_half, *DAY)
    _, first = first_broken(AT_ONCE, not_at_half, *DAY, every=timedelta(minutes=15))
    assert first == "2026-03-03T00:30:00.000000Z"


# ---------------------------------------------------------------- what predicates are given, and say


def test_what_a_predicate_is_given():
    seen = []
    start, end = "2026-03-06T21:07:00-05:00", "2026-03-06T21:07:00.000001-05:00"
    assert_for_all_entries(WELCOME, seen.append, start, end)  # append says nothing
    entered = pd.Timestamp("2026-03-06T21:07", tz="America/New_York")
    assert seen[0] == (
        Send(0, 301, "Welcome, and your first recipe", entered, entered),
        Send(1, 302, "What to buy on Saturday", entered, pd.Timestamp("2026-03-06T23:15-05:00")),
        Send(2, 303, "Three knives are enough", entered, pd.Timestamp("2026-03-09T09:00-04:00")),
        Send(3, 304, "A coupon for the cooking class", entered, pd.Timestamp("2026-03-12T09:00-04:00")),
    )
    assert {str(each.tz) for send in seen[0] for each in send[3:]} == {"America/New_York"}
    assert seen == [seen[0]] * 2
    of_sequenzy = []
    assert_for_all_entries(AT_ONCE, of_sequenzy.append, start, end)
    assert of_sequenzy[0] == (Send(0, "step-1", "A", entered, entered),)


def test_predicates_that_assert_or_give_something_of_numpy():
    assert_for_all_entries(AT_ONCE, lambda sends: None, *DAY)
    assert_for_all_entries(AT_ONCE, lambda sends: np.bool_(True), *DAY)

    def fails(sends):
        raise AssertionError

    text, _ = first_broken(AT_ONCE, fails, *DAY)
    assert "which failed an assertion\n" in text


@pytest.mark.parametrize(
    ("changed", "named", "count"),
    [
        ({}, {}, 2),
        ({}, {"include_drafts": True}, 3),
        ({"active": False}, {}, 0),
        ({"send_days": ()}, {}, 1),
        ({"emails": ()}, {}, 0),
    ],
)
def test_drafts_and_what_cannot_go_out_are_not_there(changed, named, count):
    emails = (email(1, 0), email(2, 1, published=False), email(3, 2))
    sequence = kit.Sequence(name="S", emails=emails).replace(**changed)
    assert_for_all_entries(sequence, lambda sends: len(sends) == count, *DAY, **named)


def test_the_text_where_nothing_goes_out():
    def some(sends):
        return bool(sends)

    text, _ = first_broken(NEXT_DAY.replace(active=False), some, *DAY)
    assert (
        "pos  send time  subject\n0    not sent   E1\n    the sequence is not active, so nothing is sent\n"
    ) in text
    text, _ = first_broken(kit.Sequence(name="S"), some, *DAY)
    assert "returned False\nThere is no email.\nIt breaks" in text


def test_the_text_shows_drafts_where_they_are_asked_for():
    drafts = kit.Sequence(name="S", emails=(email(1, 1, published=False),))
    text, _ = first_broken(drafts, lambda sends: len(sends) == 0, *DAY, include_drafts=True)
    assert "0    Tue 3 Mar 2026 11:00 EST  E1\n" in text


def test_assumptions_count_and_are_told():
    hours = kit.Sequence(name="S", time_zone="UTC", emails=(email(1, 1, "hours"),))
    sevens = kit.Assumptions(poll_every=timedelta(minutes=7))

    def on_quarters(sends):
        return sends[0].send_at.minute % 15 == 0

    def on_sevens(sends):
        return (sends[0].send_at - EPOCH) % timedelta(minutes=7) == timedelta(0)

    assert_for_all_entries(hours, on_quarters, *DAY)
    assert_for_all_entries(hours, on_sevens, *DAY, assumptions=sevens)
    text, _ = first_broken(hours, on_quarters, *DAY, assumptions=sevens)
    assert "polls come every 7 minutes" in text


@given(st.data())
def test_sends_are_those_of_preview(data):
    place, start_us, *_ = data.draw(ranges())
    sequence = data.draw(kit_sequences(time_zones=[place]) | sequenzy_sequences(time_zones=[place]))
    seen = []
    assert_for_all_entries(sequence, seen.append, at(start_us), at(start_us + 1))
    if any(step.sends for step in plan_of(sequence).steps):
        shown = simcore.preview(sequence, at(start_us)).dropna(subset="send_at")
        assert [send.send_at for send in seen[0]] == shown["send_at"].tolist()
        assert [send.position for send in seen[0]] == shown.index.tolist()


def test_who_is_stopped_at_once_receives_nothing():
    """As in a preview: who just enters has no tag (Q20)."""
    stop = {"type": "does_not_have_tag", "value": "lead"}
    hello = {"subject": "Hello", "html": "<p>Hello</p>"}
    sequence = sequenzy.Sequence(name="S", trigger="contact_added", steps=[hello], stopCondition=stop)
    seen = []
    assert_for_all_entries(sequence, seen.append, *DAY)
    assert set(seen) == {()}
    seen.clear()
    has = sequence.replace(stopCondition={**stop, "type": "has_tag"})
    assert_for_all_entries(has, seen.append, *DAY)
    assert {len(sends) for sends in seen} == {1}


# ---------------------------------------------------------------- what cannot be


def never(sends):
    raise TypeError("not to be asked")


MANY = (
    "start to end: found 864,000,000 pieces or more, expected at most 20,000,000: give a shorter range, or a longer "
    "every"
)


@pytest.mark.parametrize(
    ("named", "text"),
    [
        (
            {"start": "2026-03-04T00:00Z"},
            "end: found '2026-03-04T00:00Z', expected an instant after start ('2026-03-04T00:00Z')",
        ),
        (
            {"start": "2026-03-03"},
            "start: '2026-03-03' has no time zone: give it an offset, such as 2026-03-06T21:07:30-05:00, or say how "
            'to read it with naive_time_zone="UTC" (or another zone)',
        ),
        (
            {"end": "soon"},
            "end: 'soon' is not a date and time: expected something like 2026-03-06T21:07:30-05:00",
        ),
        (
            {"naive_time_zone": "Mars"},
            "'Mars' is not a time zone: expected an IANA name such as 'America/New_York'",
        ),
        ({"every": timedelta(microseconds=100)}, MANY),
        ({"assumptions": kit.Assumptions(poll_every=timedelta(microseconds=100))}, MANY),
        (
            {"sequence": "welcome"},
            "sequence: found 'welcome', expected one as loaded by simcore.kit.load or simcore.sequenzy.load",
        ),
        (
            {"sequence": sequenzy.Sequence(name="S", trigger="contact_added", goal="Welcome them")},
            "the sequence has a goal and no steps: fetch it again once its emails are written (GET "
            "/api/v1/sequences/{id}), and load that",
        ),
        ({"assumptions": 1}, "assumptions: found 1, expected simcore.kit.Assumptions"),
        *(
            (
                {"every": every},
                f"every: found {every!r}, expected a whole part of an hour, such as timedelta(minutes=15)",
            )
            for every in (timedelta(minutes=7), timedelta(hours=2), timedelta(0), -timedelta(minutes=1), 900)
        ),
    ],
)
def test_what_cannot_be(named, text):
    given = {"sequence": WELCOME, "start": DAY[0], "end": DAY[1], "predicate": never} | named
    with pytest.raises(simcore.SimcoreError) as caught:
        assert_for_all_entries(**given)
    assert str(caught.value) == text


def test_naive_times_are_read_where_it_is_said():
    _, first = first_broken(
        AT_ONCE, lambda sends: False, "2026-03-03", "2026-03-04", naive_time_zone="America/New_York"
    )
    assert first == "2026-03-03T05:00:00.000000Z"


def test_sends_after_the_last_instant(text_of):
    """Two days after the 30th, at 09:00, is too late; and three after the 29th."""
    two = kit.Sequence(name="S", time_zone="UTC", send_hour=9, emails=(email(1, 1), email(2, 1)))
    three = two.replace(emails=(*two.emails, email(3, 1)))
    start, end = "2199-12-29T00:00Z", "2199-12-30T00:00Z"
    assert_for_all_entries(two, lambda sends: len(sends) == 2, start, end)
    for sequence, day, until in ((two, 30, "2199-12-31T00:00Z"), (three, 29, end)):
        text = text_of(simcore.EntryError, assert_for_all_entries, sequence, lambda sends: True, start, until)
        assert text == (
            f"end: an entry at 2199-12-{day}T00:00:00.000000Z would get emails after 2200-01-01 UTC: give an "
            "earlier end, or shorten the delays"
        )


@pytest.mark.parametrize("held", [1, "yes", pd.NA, ()])
def test_a_predicate_says_true_or_false(held, text_of):
    text = text_of(simcore.SimcoreError, assert_for_all_entries, AT_ONCE, lambda sends: held, *DAY)
    assert text == f"predicate: returned {held!r}, expected True, False or None"


def test_a_fault_of_simcore_is_no_proof(monkeypatch, text_of):
    monkeypatch.setattr(Poll, "steps_us", lambda gate, first_us, end_us: np.empty(0, np.int64))
    assert text_of(RuntimeError, assert_for_all_entries, WELCOME, lambda sends: True, *DAY) == (
        "the sends of the email at position 1 neither stay nor move along: this is a fault of simcore, please report "
        "it with the sequence"
    )
