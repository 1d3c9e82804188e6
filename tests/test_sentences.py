"""Sentences of many sends at once: the same, byte by byte, as each of them made alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sequenzy_strategies import cases
from strategies import instant_in, lifecycle_cases, static_cases, zones
from test_delays_and_gates import NEW_YORK, WEEK, OddDates, Steps, own_ones
from test_delays_and_gates import of_steps as of_steps  # a fixture: their platform is known here too
from test_laws import KINDS, delays, gates, us

import simcore
from simcore import kit
from simcore.answers import explain, sentences
from simcore.clock.apart import alike
from simcore.clock.dates import dates_of
from simcore.clock.delays import CalendarDays, Elapsed, UntilOpen
from simcore.clock.gates import Anytime, SendSlots, SendWindow
from simcore.clock.instants import NAT_US
from simcore.clock.words import MARK, clock_time
from simcore.clock.zones import DAY_US, FAR_US, HOUR_US, MINUTE_US, SECOND_US
from simcore.engine import times
from simcore.engine.rounds import Passed, Waiting
from simcore.engine.times import Times
from simcore.plan.plan import Epoch

SOME = settings(max_examples=settings().max_examples // 4)
SLOW = settings(SOME, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def each_alone(patch):
    """Has each case be put into words by itself, as that of a delay is that says nothing of its words."""
    patch.setattr(explain, "looks", lambda words, cases: None)


def reasons_of(made, **named):
    return made(**named, explain=True)["reason"]


def check(made, **named):
    found = reasons_of(made, **named)
    with pytest.MonkeyPatch.context() as patch:
        each_alone(patch)
        pd.testing.assert_series_equal(reasons_of(made, **named), found)
    with pytest.MonkeyPatch.context() as patch:  # as pandas keeps them without Arrow
        patch.setattr(sentences, "text_dtype", lambda: np.dtype(object))
        pd.testing.assert_series_equal(reasons_of(made, **named), found)
    with pytest.MonkeyPatch.context() as patch:  # as where there are many runs
        patch.setattr(times, "MANY", 2)
        pd.testing.assert_series_equal(reasons_of(made, **named), found)
    return found


@given(case=static_cases(), order=st.sampled_from(["entry", "email"]))
@SOME
def test_of_any_kit_sequence(arguments_of, case, order):
    check(simcore.project, **arguments_of(case), order=order)


@given(case=lifecycle_cases(), order=st.sampled_from(["entry", "email"]))
@SOME
def test_of_any_history(arguments_of, case, order):
    check(simcore.project, **arguments_of(case), order=order)


@given(case=cases())
@SLOW
def test_of_any_sequenzy_sequence(sequenzy_case, case):
    def made(**named):
        return sequenzy_case(case._asdict(), **named).timeline

    check(made)


ZONES = zones()


@st.composite
def waits(draw, zone, about):
    """A delay and a gate, each in the zone of the sequence or in another."""
    there = st.just(zone) | ZONES
    delay = draw(delays(draw(there)))
    if draw(st.integers(0, 3)) == 0:
        delay = UntilOpen(draw(gates(draw(there), KINDS, about)), draw(st.sampled_from([0, HOUR_US, DAY_US])))
    if draw(st.integers(0, 7)) == 0:
        delay = draw(own_ones(zone).filter(lambda each: hasattr(each, "earliest")))
    return delay, draw(gates(draw(there), KINDS, about))


def entries_about(t, seed):
    """Many entries in the days around an instant: on minutes, on seconds and between them, and on the very instant."""
    rng = np.random.default_rng(seed)
    near = rng.integers(-4 * DAY_US, 4 * DAY_US, 60)
    close = rng.integers(-2 * HOUR_US, 2 * HOUR_US, 40)
    unit = np.array([1, 1000, SECOND_US, MINUTE_US, 15 * MINUTE_US])[rng.integers(0, 5, 100)]
    at_us = us(t) + np.append(0, np.concatenate([near, close]) // unit * unit)
    return pd.DatetimeIndex(np.maximum(at_us, 0).view("datetime64[us]")).tz_localize("UTC")


@pytest.mark.slow
@given(data=st.data(), zone=ZONES, seed=st.integers(0, 2**32))
@SLOW
def test_of_any_delays_and_gates(data, zone, seed):
    t = instant_in(data.draw, zone)
    sequence = Steps(*(data.draw(waits(zone, t)) for _ in range(3)), time_zone=zone)
    entries = pd.DataFrame({"entered_at": entries_about(t, seed)}).rename_axis("subscriber_id").reset_index()
    entries["time_zone"] = np.random.default_rng(seed).choice([zone, "Asia/Kathmandu", NEW_YORK, None], 101)
    check(simcore.project, sequence=sequence, entries=entries)
    check(simcore.project, sequence=sequence, entries=entries, time_zones="time_zone")


ENTERED = pd.date_range("2026-03-02T10:00:00.000001Z", "2026-03-09T10:00Z", periods=50).as_unit("us")


@dataclass(frozen=True)
class ToTheSecond(SendSlots):
    """Slots that say what slots do not."""

    def words(self, case, wait):
        return f"{case.ready.us % MINUTE_US} µs past the minute; {super().words(case, wait)}"


@dataclass(frozen=True)
class LeavesOut(SendWindow):
    """A window that looks at more before it says which dates it leaves out."""

    def left_out(self, case):
        return [f"{case.ready.us % MINUTE_US} µs past the minute"]


@pytest.mark.parametrize(
    "gate", [ToTheSecond(WEEK, 9, NEW_YORK), LeavesOut(WEEK, 480, 1200, NEW_YORK), OddDates(NEW_YORK)]
)
@pytest.mark.parametrize("delay", [CalendarDays(1, NEW_YORK), Elapsed(DAY_US)])
def test_words_of_ones_own_are_asked_of_each(delay, gate):
    """They say nothing of what they look at, even where they derive from a gate that does."""
    for waits in ((delay, gate), (UntilOpen(gate), Anytime())):
        found = check(simcore.project, sequence=Steps((Elapsed(1), Anytime()), waits), entries=ENTERED)
        alone = [simcore.preview(Steps((Elapsed(1), Anytime()), waits), at)["reason"] for at in ENTERED]
        assert found.tolist() == [each for reasons in alone for each in reasons]


@pytest.mark.parametrize(
    "name", ["Fête du Travail, 1º de maio, メーデー", f"a {MARK} in it", f"{MARK}ready{MARK}"]
)
def test_names_are_told_as_they_are(name):
    """Beyond ASCII, and with the very sign that marks times of day."""
    gate = SendWindow(WEEK, 480, 1200, NEW_YORK, without=dates_of({"2026-03-05": name}, "dates"))
    found = check(simcore.project, sequence=Steps((Elapsed(HOUR_US), gate)), entries=ENTERED)
    assert found.str.contains(name, regex=False).any()
    assert found.nunique() == len(found)


def test_times_of_day():
    """Whole minutes, seconds, and fractions without the zeros at their end."""
    edges = [
        0,
        1,
        10,
        100_000,
        120_000,
        123_000,
        123_400,
        123_456,
        999_999,
        SECOND_US,
        MINUTE_US,
        59 * SECOND_US,
    ]
    clock_us = np.array([*edges, *(DAY_US - 1 - each for each in edges), *(edge + HOUR_US for edge in edges)])
    clock_us = np.append(clock_us, np.random.default_rng(1).integers(0, DAY_US, 10_000))
    sentence = f"at {MARK}due UTC{MARK}, then at {MARK}ready UTC{MARK}"
    given = {"due": clock_us, "ready": clock_us[::-1]}
    found = sentences.filled([sentence], np.zeros(clock_us.size, int), lambda role, _: given[role])
    told = [clock_time(each) for each in clock_us.tolist()]
    assert told[:8] == [
        *["00:00", "00:00:00.000001", "00:00:00.00001", "00:00:00.1"],
        *["00:00:00.12", "00:00:00.123", "00:00:00.1234", "00:00:00.123456"],
    ]
    expected = [f"at {due}, then at {ready}" for due, ready in zip(told, told[::-1], strict=True)]
    assert list(sentences.column(found)) == expected


def test_a_sentence_is_made_once_for_all_days_alike(monkeypatch):
    """Entries of one evening that differ by microseconds have one sentence, asked for once."""
    asked = []
    one = explain._reason
    monkeypatch.setattr(explain, "_reason", lambda *given: asked.append(given) or one(*given))
    evening = pd.Timestamp("2026-03-03T20:00:00.000001Z")
    entries = [evening + timedelta(microseconds=n) for n in range(1000)]
    hours = kit.Email(id=2, subject="2", delay_value=2, delay_unit="hours", published=True)
    sequence = kit.Sequence(name="S", time_zone="UTC", emails=(hours,))
    found = simcore.project(sequence, entries, explain=True)["reason"]
    assert len(asked) == 1
    assert found.nunique() == 1000
    assert found[7] == (
        "2 hours after entry is Tue 3 Mar 22:00:00.000008 UTC; polls come every 15 minutes, so Tue 3 Mar 22:15 UTC"
    )


def test_entries_over_many_clock_changes():
    """Fifty years of them, hours apart and to the microsecond."""
    entered_us = np.random.default_rng(1).integers(0, 50 * 365 * DAY_US, 300)
    entries = pd.DatetimeIndex(entered_us.view("datetime64[us]")).tz_localize("UTC")
    window = SendWindow(WEEK, 480, 1200, "Europe/London")
    waits = (Elapsed(1), Anytime()), (Elapsed(300 * DAY_US), window), (CalendarDays(1, NEW_YORK), Anytime())
    check(simcore.project, sequence=Steps(*waits), entries=entries)


def test_instants_that_are_nobodys():
    """Of instants that runs share, some may be left that no run has, be they past all tables."""
    plan = Steps((Elapsed(0), Anytime()), (Elapsed(DAY_US), SendSlots(WEEK, 9, NEW_YORK))).plan()
    early_us, late_us = (
        us(datetime.fromisoformat(f"2026-03-0{each}+00:00")) for each in ("2T10:00", "3T20:17:08.25")
    )
    anchor_us = np.array([early_us, late_us, FAR_US])
    index = np.array([1, 1, 1, 0, 1])
    due_us = np.append(plan.steps[1].gate.snap(anchor_us[:2] + DAY_US), NAT_US)
    item = Passed(plan.steps[1], Waiting(None, Times(due_us, index), Times(anchor_us, index)))
    found = explain.reasons(item, [Epoch(at_us=0, plan=plan)], anchor_us[index])
    late, early = (
        f"24 hours after the previous email is {day} Mar {time} EST{past}, so {due} Mar 09:00 EST"
        for day, time, past, due in (
            ("Wed 4", "15:17:08.25", "; 09:00 on Wed 4 Mar is past", "Thu 5"),
            ("Tue 3", "05:00", "", "Tue 3"),
        )
    )
    assert list(sentences.column(found)) == [late, late, late, early, late]


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_rows_alike(size):
    """Numbers of any size, however many columns of them, as numpy finds them."""
    rng = np.random.default_rng(size)
    few = [rng.integers(-(2**62), 2**62, 3)[rng.integers(0, 3, size)] for _ in range(3)]
    many = [rng.integers(0, size, size) for _ in range(8)]
    for columns in (few, many, [*few, rng.random(size) < 0.5], [few[0] * 0]):
        which, rows = alike([*columns, 7], size)
        table = np.stack(columns, axis=1)
        assert len(rows) == len(np.unique(table, axis=0))
        assert (table[rows][which] == table).all()
