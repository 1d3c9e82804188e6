"""The laws of delays, gates and whole sequences, for every zone; membership is the oracle's."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from oracle import (
    EPOCH,
    allowed_slot,
    first_instant_of,
    first_state,
    in_window,
    instant,
    local_date,
    slot_of,
    wall_clock,
)
from strategies import clock_changes, instant_in, instants, static_cases, weekday_sets, zones

from simcore.clock.dates import NO_DATES, dates_of
from simcore.clock.delays import CalendarDays, Elapsed, UntilDate
from simcore.clock.gates import NAT_US, Anytime, Closed, Poll, SendSlots, SendWindow
from simcore.clock.zones import FAR_US, LAST_US

DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
MINUTE_US = 60 * 10**6
# CPython's zoneinfo reads the wall times from 22:00 on of this date with -01:00, where the zone is at -02:00
# until 23:00 (UTC to local time it reads well), so the oracle is wrong about its slots.
MISREAD = {(name, date(2023, 10, 28)) for name in ("America/Nuuk", "America/Godthab")}


def us(t: datetime) -> int:
    return (t - EPOCH) // MICROSECOND


def aware(instant_us: int) -> datetime:
    return EPOCH + int(instant_us) * MICROSECOND


def array(*ts: datetime) -> np.ndarray:
    return np.array([us(t) for t in ts], np.int64)


# Made once: making strategies takes longer than drawing from them.
STEPS = st.integers(0, 4 * 86_400 * 10**6)
DAYS = weekday_sets().filter(bool)
HOURS, MINUTES, ENDS = st.integers(0, 23), st.integers(0, 1439), st.integers(1, 1440)
OF_HOUR = st.sampled_from([0, 1, 30]) | st.integers(0, 59)
EVERY, PHASES = st.sampled_from([15, 7, 10, 60, 1440]), st.integers(-(10**10), 10**10)
LENGTHS = st.integers(0, 10), st.integers(0, 30 * 86_400 * 10**6)
TICKING = ("slots", "slots", "poll")
BITS = st.integers(0, (1 << 24) - 1)
KINDS = st.sampled_from([*TICKING, "window", "window", "whole", "anytime"])
TICKING_KINDS = st.sampled_from(TICKING)


@st.composite
def two_instants(draw, zone):
    """Two instants in order: far apart, close together or the same."""
    t = instant_in(draw, zone)
    u = instant_in(draw, zone) if draw(st.booleans()) else t + draw(STEPS) * MICROSECOND
    return min(t, u), max(t, u)


@st.composite
def gates(draw, zone, kinds=KINDS, about=None):
    """Gates of a zone; `about`: an instant, some of the dates after which are left out, now and then."""
    left_out = NO_DATES if about is None else draw(left_out_dates(zone, about))
    others = {"own_zone": draw(st.booleans()), "without": left_out}
    match draw(kinds):
        case "slots":
            return SendSlots(draw(DAYS), draw(HOURS), zone, draw(OF_HOUR), **others)
        case "poll":
            return Poll(draw(EVERY) * MINUTE_US, draw(PHASES))
        case "window":
            start, end = draw(MINUTES), draw(ENDS)
            return SendWindow(draw(DAYS), start, end if end > start else 1440, zone, **others)
        case "whole":
            return SendWindow(draw(DAYS), 0, 1440, zone, **others)
    return Anytime()


@st.composite
def left_out_dates(draw, zone, about):
    """None, or some of the dates from two before an instant to three weeks after it: 24 bits."""
    bits, today = draw(st.just(0) | BITS | st.just((1 << 24) - 1)), local_date(about, zone)
    return dates_of([today + (n - 2) * DAY for n in range(24) if bits >> n & 1], "dates")


@st.composite
def delays(draw, zone):
    days, lengths = LENGTHS
    if draw(st.booleans()):
        return CalendarDays(draw(days), zone, own_zone=draw(st.booleans()))
    return Elapsed(draw(lengths))


def allows(gate, t: datetime) -> bool:
    """Whether a gate allows t, by zoneinfo alone."""
    match gate:
        case Poll():
            return (us(t) - gate.phase_us) % gate.every_us == 0
        case SendSlots():
            allowed = allowed_slot(t, gate.weekdays, gate.hour, gate.time_zone, gate.minute)
        case SendWindow():
            allowed = in_window(t, gate.weekdays, gate.start_min, gate.end_min, gate.time_zone)
        case _:
            return True
    return allowed and local_date(t, gate.time_zone) not in {*gate.without}  # T23


def between(gate, t: datetime, end: datetime):
    """Instants in [t, end) among which an allowed one would be."""
    match gate:
        case Poll():
            yield aware(us(end) - gate.every_us)
        case SendSlots():
            for n in range(-2, (end - t).days + 3):
                day = local_date(t, gate.time_zone) + n * DAY
                slot = slot_of(day, gate.hour, gate.time_zone, gate.minute)
                if slot is not None:
                    yield slot
        case SendWindow():
            yield t
            yield end - MICROSECOND
            step = max((end - t) / 400, timedelta(minutes=5))
            yield from (t + n * step for n in range(int((end - t) / step) + 1))
            # Within one offset a window opens with its start, or with the offset.
            cuts = [c for c in clock_changes(gate.time_zone) if t - DAY <= c < end + DAY]
            yield from cuts
            for c in [*cuts, t, end]:
                for side in (c, c - MICROSECOND):
                    offset = wall_clock(side, gate.time_zone).replace(tzinfo=UTC) - side
                    for n in range(-1, (end - t).days + 2):
                        day = (t + offset).date() + n * DAY
                        yield (
                            datetime.combine(day, time(), UTC)
                            + gate.start_min * timedelta(minutes=1)
                            - offset
                        )


# ---------------------------------------------------------------- gates


@given(st.data(), zones())
def test_law_1_a_gate_is_a_closure(data, zone):
    """T17, T23."""
    t, u = data.draw(two_instants(zone))
    gate = data.draw(gates(zone, about=t))
    snapped = gate.snap(array(t, u))
    assert snapped.dtype == np.int64
    assert (snapped >= array(t, u)).all()
    assert gate.snap(snapped).tolist() == snapped.tolist()
    assert snapped[0] <= snapped[1]


@given(st.data(), zones())
def test_law_2_a_gate_snaps_to_the_first_allowed_instant(data, zone):
    """T18, T23."""
    t = data.draw(instants(zone))
    gate = data.draw(gates(zone, about=t))
    snapped = aware(gate.snap(array(t))[0])
    if isinstance(gate, SendSlots):
        assume((zone, local_date(t, zone)) not in MISREAD)
        assume((zone, local_date(snapped, zone)) not in MISREAD)
    assert allows(gate, snapped)
    earlier = [x for x in between(gate, t, snapped) if t <= x < snapped and allows(gate, x)]
    assert earlier == []


def test_nuuk_where_zoneinfo_misreads():
    """Read the other way, from UTC to local time, zoneinfo agrees: the date has its slots."""
    saturday = frozenset({5})
    friday = datetime(2023, 10, 27, 12, tzinfo=UTC)
    for hour in range(24):
        slot = aware(SendSlots(saturday, hour, "America/Nuuk").snap(array(friday + DAY / 2))[0])
        assert wall_clock(slot, "America/Nuuk") == datetime(2023, 10, 28, hour)  # noqa: DTZ001  a wall clock has no zone
        quarters = (slot - n * timedelta(minutes=15) for n in range(1, 13))
        assert not any(wall_clock(t, "America/Nuuk") == wall_clock(slot, "America/Nuuk") for t in quarters)


@given(st.data(), zones())
def test_a_gate_that_ticks_snaps_to_its_ticks(data, zone):
    about = data.draw(instants(zone))
    gate = data.draw(gates(zone, TICKING_KINDS, about))
    t = array(about)
    tick = gate.tick(t)
    assert gate.at(tick).tolist() == gate.snap(t).tolist()
    assert gate.tick(gate.at(tick)).tolist() == tick.tolist()
    assert t[0] <= gate.at(tick)[0]
    if isinstance(gate, Poll):
        assert gate.at(tick - 1)[0] < t[0]


@given(st.data(), zones())
def test_in_a_runs_own_zone_all_is_as_in_the_sequences(data, zone):
    """T22: what is found without tables of two centuries is what is found with them."""
    ts = data.draw(st.lists(instants(zone), max_size=6))
    gate = data.draw(gates(zone, about=ts[0] if ts else None))
    delay = CalendarDays(data.draw(st.integers(0, 400)), zone)
    given = np.append(array(*ts), [us(t) for t in ts[:1]])
    for one in (gate.as_own(), delay.as_own()):
        plain = replace(one, own_zone=False) if hasattr(one, "without") or one.own_zone else one
        apply, same = (each.snap if hasattr(each, "snap") else each.earliest for each in (one, plain))
        assert apply(given).tolist() == same(given).tolist()
        late = np.array([LAST_US, FAR_US])
        assert (apply(late) > LAST_US).tolist() == (same(late) > LAST_US).tolist()


@given(st.data(), zones(), st.sampled_from(["slots", "window"]))
def test_a_date_left_out_has_nothing(data, zone, kind):
    """T23: what is ready on it goes out as what is ready when it is over; other dates are as they were."""
    t = data.draw(instants(zone))
    plain = data.draw(gates(zone, st.just(kind)))
    day = local_date(t, zone)
    gate = replace(plain, without=dates_of([day], "dates"))
    snapped = aware(gate.snap(array(t))[0])
    assert local_date(snapped, zone) != day
    before = aware(plain.snap(array(t))[0])
    assert snapped >= before
    if local_date(before, zone) != day:
        assert snapped == before
    far = t + 10 * DAY
    assert gate.snap(array(far)).tolist() == plain.snap(array(far)).tolist()


def test_all_dates_left_out():
    """Where no date is left, what waits is due after 2200."""
    every = dates_of([date(1969, 1, 1) + n * DAY for n in range(85_000)], "dates")
    t = array(datetime(2026, 5, 25, 9, tzinfo=UTC))
    for gate in (
        SendSlots(frozenset({0}), 9, "UTC", without=every),
        SendWindow(frozenset({0}), 0, 60, "UTC", without=every),
    ):
        assert gate.snap(t)[0] >= FAR_US
        assert not gate.closed


@given(st.data(), zones())
def test_a_gate_without_a_day_is_closed(data, zone):
    """T10."""
    t, u = data.draw(two_instants(zone))
    for gate in (Closed(), SendSlots(frozenset(), 9, zone), SendWindow(frozenset(), 0, 1440, zone)):
        assert gate.closed
        assert gate.snap(array(t, u)).tolist() == [NAT_US, NAT_US]
        assert gate.snap(array()).tolist() == []
    assert not data.draw(gates(zone)).closed


def test_a_poll_takes_what_is_on_a_look_and_no_microsecond_later():
    """T7: looks are at 0, 15, … minutes from the epoch, or as much later as the phase says."""
    quarter = 15 * MINUTE_US
    asked = np.array([0, 1, quarter - 1, quarter, quarter + 1])
    assert Poll(quarter).snap(asked).tolist() == [0, quarter, quarter, quarter, 2 * quarter]
    late = Poll(quarter, 5 * MINUTE_US).snap(asked + 5 * MINUTE_US)
    assert (late - 5 * MINUTE_US).tolist() == [0, quarter, quarter, quarter, 2 * quarter]


# ---------------------------------------------------------------- delays


def comes_back(t: datetime, zone: str) -> bool:
    """Whether the wall clock has shown a later date than at t, and was put back: that date begins twice."""
    changes = (c for c in clock_changes(zone) if t - DAY < c <= t)
    return any(local_date(c - MICROSECOND, zone) > local_date(t, zone) for c in changes)


@given(st.data(), zones())
@example(None, "America/St_Johns")
def test_law_3_a_delay_goes_forward(data, zone):
    """T3, T19."""
    if data is None:  # a minute into Sunday it is 23:01 on Saturday again
        delay, t = CalendarDays(1, zone), datetime(1987, 10, 25, 2, 31, tzinfo=UTC)
        u = t + timedelta(minutes=58)
        assert comes_back(t, zone)
        assert comes_back(u, zone)
        assert not comes_back(t - MICROSECOND, zone)
        assert not comes_back(u + timedelta(minutes=1), zone)
    else:
        delay = data.draw(delays(zone))
        t, u = data.draw(two_instants(zone))
    first, second = delay.earliest(array(t, u))
    if isinstance(delay, Elapsed):
        assert (first, second) == (us(t) + delay.duration_us, us(u) + delay.duration_us)
    elif delay.days >= 1:
        assert first > us(t) or comes_back(t, zone)
        assert second > us(u) or comes_back(u, zone)
    if isinstance(delay, Elapsed) or local_date(t, zone) <= local_date(
        u, zone
    ):  # but where a date begins twice
        assert first <= second


@given(st.data(), zones(), st.integers(0, 400))
@example(None, "Pacific/Apia", 1)
def test_calendar_days_are_the_first_instant_of_a_date(data, zone, days):
    """T4."""
    t = data.draw(instants(zone)) if data else datetime(2011, 12, 29, 12, tzinfo=UTC)
    earliest = aware(CalendarDays(days, zone).earliest(array(t))[0])
    assert CalendarDays(days, zone, own_zone=True).earliest(array(t)).tolist() == [us(earliest)]
    wanted = local_date(t, zone) + days * DAY
    assert earliest == first_instant_of(wanted, zone)
    assert local_date(earliest, zone) >= wanted
    assert local_date(earliest - MICROSECOND, zone) < wanted


@given(st.data(), zones())
def test_until_date_is_the_later_one(data, zone):
    """T5."""
    t, u = data.draw(two_instants(zone))
    dates, anchors = array(t, u), array(u, t)
    assert UntilDate(dates).earliest(anchors).tolist() == [us(u), us(u)]
    assert (UntilDate(dates[::-1]).earliest(anchors) >= anchors).all()
    fixed = UntilDate(array(data.draw(instants(zone))).repeat(2))
    first, second = fixed.earliest(array(t, u))
    assert first <= second


# ---------------------------------------------------------------- arrays


@given(st.data(), zones())
def test_law_5_arrays(data, zone):
    """T21."""
    several = st.lists(instants(zone), max_size=6)
    one, two = (array(*data.draw(several)) for _ in range(2))
    dates = array(
        *data.draw(st.lists(instants(zone), min_size=one.size + two.size, max_size=one.size + two.size))
    )
    both = np.concatenate([one, two])
    before = both.copy()
    order = np.array(data.draw(st.permutations(range(both.size))), np.int64)
    gate = data.draw(gates(zone, about=aware(both[0]) if both.size else None))
    delay = data.draw(delays(zone))
    for apply in (gate.snap, delay.earliest):
        assert apply(both).tolist() == [*apply(one).tolist(), *apply(two).tolist()]
        assert apply(both[order]).tolist() == apply(both)[order].tolist()
        assert apply(both).dtype == np.int64
        assert apply(both).shape == both.shape
    until = UntilDate(dates).earliest(both)
    parts = UntilDate(dates[: one.size]).earliest(one), UntilDate(dates[one.size :]).earliest(two)
    assert until.tolist() == np.concatenate(parts).tolist()
    assert UntilDate(dates[order]).earliest(both[order]).tolist() == until[order].tolist()
    assert both.tolist() == before.tolist()


# ---------------------------------------------------------------- whole sequences


def by_run(timeline) -> dict:
    found = {}
    for row in timeline.itertuples():
        found.setdefault((row.subscriber_id, row.run), []).append(row)
    return found


def entered_at(case) -> dict:
    """When each run began, by (subscriber, run)."""
    entries = sorted(
        (
            (instant(entry["entered_at"]), at, entry["subscriber_id"])
            for at, entry in enumerate(case["entries"])
        ),
        key=lambda entry: entry[:2],
    )
    often: dict = {}
    found = {}
    for t, _, subscriber in entries:
        often[subscriber] = often.get(subscriber, 0) + 1
        found[subscriber, often[subscriber]] = t
    return found


@given(case=static_cases())
def test_law_4_sends_of_a_run(project_case, case):
    """T20, K6."""
    state, began = first_state(case), entered_at(case)
    zone, hour = state.fields["time_zone"], state.fields["send_hour"]
    for run, sends in by_run(project_case(case)).items():
        assert sends[0].send_at >= began[run]
        for one, two in pairwise(sends):
            assert one.position < two.position
            assert one.send_at < two.send_at
        for send in sends:
            email = state.emails[send.position]
            assert email["id"] == send.email_id
            if email["delay_unit"] == "days" and email["delay_value"]:
                t = send.send_at.to_pydatetime().astimezone(UTC)
                day = local_date(t, zone)
                assert day.weekday() in state.days(email)
                assert (
                    send.send_at.date() == t.astimezone(ZoneInfo(zone)).date()
                )  # by the machine's zone data
                assert slot_of(day, hour, zone) == t or (zone, day) in MISREAD


@given(case=static_cases())
def test_law_4_who_enters_first_receives_first(project_case, case):
    """T20."""
    case["sequence"]["repeat"] = False
    case["until"] = None
    zone, began, runs = case["sequence"]["time_zone"], entered_at(case), by_run(project_case(case))
    for one, two in pairwise(sorted(runs, key=lambda run: began[run])):
        anchors = began[one], began[two]
        for first, second in zip(runs[one], runs[two], strict=True):
            if local_date(anchors[0], zone) > local_date(anchors[1], zone):  # a date that begins twice
                break
            assert first.position == second.position
            assert first.send_at <= second.send_at
            anchors = first.send_at.to_pydatetime(), second.send_at.to_pydatetime()


@pytest.mark.parametrize("gate", [Anytime(), Poll(900 * 10**6), SendSlots(frozenset({0}), 9, "UTC")])
@pytest.mark.parametrize("size", [0, 1, 2])
def test_any_length(gate, size):
    """T1, T6."""
    monday = array(*[datetime(2026, 3, 9, 9, tzinfo=UTC)] * size)
    assert gate.snap(monday).tolist() == monday.tolist()
