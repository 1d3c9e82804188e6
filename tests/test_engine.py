"""What the engine does once, or not at all: counted, for no law and no answer can tell."""

from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from simcore import sequenzy
from simcore.answers.projection import plan_of
from simcore.clock.delays import CalendarDays, Elapsed, UntilDate
from simcore.clock.gates import Anytime, Closed, Poll, SendSlots
from simcore.clock.instants import NAT_US, Reader
from simcore.clock.zones import DAY_US, FAR_US, HOUR_US, LAST_US
from simcore.engine import audience, simulate, times
from simcore.engine.epoch import Sweep
from simcore.engine.record import Record
from simcore.engine.side_by_side import second_pass
from simcore.engine.times import Kept, Times
from simcore.errors import TooLateError
from simcore.plan.log import NEVER_US
from simcore.plan.plan import Epoch, OnChange, Plan, Step
from simcore.plan.runs import Runs
from simcore.plan.waits import DateOfRun

POLL = Poll(HOUR_US // 4)
SLOTS = SendSlots(frozenset({0, 2}), 9, "America/New_York")
MANY = 65_536  # from this many instants on, equal ones are looked for


def runs(entered_us, end_us=None, **named):
    """Runs that nothing ends, or each at an instant."""
    size = len(entered_us)
    places, small = np.arange(size), np.zeros(size, np.int8)
    fields = {
        "subscriber_id": places,
        "number": np.ones(size, np.int32),
        "row": places,
        "entered_us": np.array(entered_us),
        "end_us": np.full(size, NEVER_US) if end_us is None else np.array(end_us),
        "end_status": small,
        "via": small,
        "who": places,
    }
    return Runs(**{**fields, **named})


def plan(*waits, **named):
    steps = [
        Step(position=place, email_id=100 + place, subject="A", delay=delay, gate=gate)
        for place, (delay, gate) in enumerate(waits)
    ]
    return Plan(time_zone="UTC", steps=tuple(steps), active=True, vias=("api",), **named)


def simulated(made, who, *, until_us=None, notes=False, passes=False, kept=None):
    epochs = [Epoch(at_us=0, plan=made)]
    return simulate.simulate(epochs, who, None, until_us, notes=notes, passes=passes, kept=kept)


# ---------------------------------------------------------------- instants that several have


def test_instants_of_an_index():
    times = Times(np.array([10, 30]), np.array([0, 1, 1]))
    assert (len(times), len(Times(np.array([10, 30])))) == (3, 2)
    assert times.all_us().tolist() == [10, 30, 30]
    assert times.of(np.array([1, 0])).all_us().tolist() == [30, 10]
    assert times.of(np.array([1])).last_us == 30


@pytest.mark.parametrize("gate", [POLL, SLOTS])
@pytest.mark.parametrize("index", [None, np.array([5, 5, 0])])
def test_equal_instants_are_looked_for_among_many(gate, index):
    """A poll and a slot leave few: what follows is done once for each."""
    anchor_us = np.arange(MANY) * 60_000_000
    for some, size in ((anchor_us[1:], MANY - 1), (anchor_us, None)):
        due = times.due(Elapsed(HOUR_US), gate, Times(some, index))
        expected = gate.snap(some + HOUR_US)
        assert due.all_us().tolist() == (expected if index is None else expected[index]).tolist()
        assert due.distinct_us.size == (size or np.unique(expected).size)
    whenever = times.due(Elapsed(HOUR_US), Anytime(), Times(anchor_us))
    assert whenever.distinct_us.size == MANY


@pytest.mark.parametrize("spread", [1, 8, 9], ids=["together", "apart", "far apart"])
def test_distinct_numbers_are_counted_while_they_are_near(monkeypatch, spread):
    """A table of eight places for each number at the most; further apart, they are sorted."""
    ticks = np.array([7, 9, 7, 7 + 4 * spread - 1])
    expected = np.unique(ticks, return_inverse=True)
    sorts, unique = [], np.unique
    monkeypatch.setattr(np, "unique", lambda *given, **named: sorts.append(1) or unique(*given, **named))
    distinct, inverse = times._distinct(ticks)
    assert (distinct.tolist(), inverse.tolist()) == tuple(map(np.ndarray.tolist, expected))
    assert len(sorts) == (spread > 8)


def test_no_wait_is_the_instant_itself():
    anchor = Times(np.array([5, 10]))
    assert times.due(Elapsed(0), Anytime(), anchor) is anchor
    assert times.due(Elapsed(1), Anytime(), anchor).all_us().tolist() == [6, 11]
    assert times.due(UntilDate(np.array([7, 7])), Anytime(), anchor).all_us().tolist() == [7, 10]


@pytest.mark.parametrize("size", [2, MANY])
@pytest.mark.parametrize("gate", [Closed(), SendSlots(frozenset(), 9, "UTC")])
def test_never_is_never(gate, size):
    due = times.due(Elapsed(1), gate, Times(np.zeros(size, np.int64)))
    assert set(due.all_us().tolist()) == {NAT_US}


def test_what_is_past_2200_does_not_wrap():
    """A length has at most 2**62 microseconds, and so has what it is counted from."""
    due = times.due(Elapsed(2**62 - 1), POLL, Times(np.array([FAR_US])))
    assert due.last_us >= FAR_US


def test_dense():
    """Equal instants are put together from 1,024 on, where that leaves half of them at most."""
    twice, index = np.arange(1024) // 2, np.arange(3)
    found = times.dense(Times(twice, index))
    assert (found.distinct_us.size, found.all_us().tolist()) == (512, [0, 0, 1])
    assert times.dense(Times(twice)).all_us().tolist() == twice.tolist()
    for kept in (Times(twice[1:]), Times(np.append(twice[1:], -1))):
        assert times.dense(kept) is kept


# ---------------------------------------------------------------- what simulations share


def test_what_is_kept_is_made_once():
    shared, made, what = Kept(100), count(), object()
    assert [shared.keep(name, what, lambda: next(made)) for name in "aab"] == [0, 0, 1]
    assert shared.keep("a", object(), lambda: next(made)) == 2
    small = Kept(0)  # there is room for what is no array
    assert [small.keep(name, what, lambda: next(made)) for name in "aba"] == [3, 4, 3]


def test_what_nobody_asked_for_the_longest_goes_first():
    shared, made, what = Kept(10), count(), object()

    def keep(name, size):
        return shared.keep(name, what, lambda: next(made), size)

    assert [keep("a", 4), keep("b", 3), keep("c", 3)] == [0, 1, 2]  # which is all the room
    assert [keep("a", 4), keep("c", 3), keep("b", 3)] == [0, 2, 1]
    assert keep("d", 1) == 3  # a was asked for the longest ago, and leaves room for four
    assert [keep("b", 3), keep("c", 3), keep("d", 1), keep("e", 3)] == [1, 2, 3, 4]
    assert keep("a", 4) == 5
    assert [keep("d", 1), keep("e", 3)] == [3, 4]


def test_gates_after_one_delay_share_it(monkeypatch):
    asked, due = [], times.due
    monkeypatch.setattr(
        times, "due", lambda delay, gate, anchor: asked.append((delay, gate)) or due(delay, gate, anchor)
    )
    shared, who, delay = Kept(1000), runs([0, DAY_US]), CalendarDays(1, "UTC")
    for hour in (9, 9, 12):
        found = simulated(plan((delay, SendSlots(frozenset(range(7)), hour, "UTC"))), who, kept=shared)
        expected = [DAY_US + hour * HOUR_US, 2 * DAY_US + hour * HOUR_US]
        assert found.passed[0].at.all_us().tolist() == expected
    assert [delay for delay, _ in asked] == [delay, Elapsed(0), Elapsed(0)]


def test_a_wait_is_set_under_the_plan_in_force():
    epochs = [Epoch(at_us=at_us, plan=plan((Elapsed(5), Anytime()))) for at_us in (0, 10, 20)]
    sends = {}
    for item in simulate.run(Record(epochs, runs([0, 8, 10, 25]), None), epochs, None, None).passed:
        under = np.broadcast_to(item.waited.under, len(item.at))
        sends |= zip(item.at.all_us().tolist(), under.tolist(), strict=True)
    assert sends == {5: 0, 13: 0, 15: 1, 30: 2}


# ---------------------------------------------------------------- what nobody asks for


def test_nobody_asks_where_runs_stand():
    """One plan, no journal: nothing is kept of runs but their sends."""
    made = plan((Elapsed(5), Anytime()))
    epochs = [Epoch(at_us=0, plan=made)]
    for out in (
        simulated(made, runs([0, 10])),
        simulate.run(Record(epochs, runs([0, 10]), None), epochs, None, None),
    ):
        assert [item.at.all_us().tolist() for item in out.passed] == [[5, 15]]
        assert not out.notes
        assert {len(each) for each in (out.state, out.ended_us, out.queued, out.due_us)} == {0}
    kept = Record(epochs, runs([0, 10]), None, keeps=True)
    assert simulate.run(kept, epochs, None, None).ended_us.tolist() == [5, 15]
    assert not kept.out.notes
    assert {kept.received.size, kept.last.size, kept.holding.size} == {0}
    noted = simulated(made, runs([0, 10]), notes=True)
    assert [note.what for note in noted.notes] == ["started", "completed"]


def test_nobody_is_looked_at_for_an_email_after_2200_where_none_is(monkeypatch):
    monkeypatch.setattr(Sweep, "_refuse_late", None)
    found = simulated(plan((Elapsed(5), Anytime())), runs([0, LAST_US - 5]))
    assert found.passed[0].at.last_us == LAST_US
    with pytest.raises(TypeError):
        simulated(plan((Elapsed(5), Anytime())), runs([0, LAST_US - 4]))
    assert simulated(plan((Elapsed(5), Anytime())), runs([LAST_US - 4]), until_us=LAST_US).passed == []


def test_the_last_instant_itself_is_not_too_late():
    with pytest.raises(TooLateError) as caught:
        simulated(plan((Elapsed(5), Anytime())), runs([LAST_US - 5, LAST_US - 4, 0]))
    assert caught.value.rows == [1]


def test_busy_until_just_before_what_ends_a_run():
    """Q19: of one instant, what ends a run comes before what comes in."""
    made = plan((Elapsed(100), Anytime()))
    epochs = [Epoch(at_us=0, plan=made)]
    ends_us = [NEVER_US, 50, 100, 101, 300]
    busy_us = simulate.busy_us(epochs, runs([0] * 5, ends_us), None, None)
    assert busy_us.tolist() == [100, 49, 99, 100, 100]
    busy_us = simulate.busy_us(epochs, runs([0] * 5, ends_us), None, 80)
    assert busy_us.tolist() == [NEVER_US - 1, 49, 99, 100, 299]


def test_what_is_passed_without_a_send_is_kept_where_asked():
    made = plan((Elapsed(5), Anytime()), (Elapsed(5), Anytime()))
    made = replace(made, steps=(made.steps[0]._replace(sends=False, passed="wait"), made.steps[1]))
    for passes, expected in ((False, [[10]]), (True, [[5], [10]])):
        found = simulated(made, runs([0]), passes=passes)
        assert [item.at.all_us().tolist() for item in found.passed] == expected


# ---------------------------------------------------------------- what no platform asks for


DATED = DateOfRun(lambda _: 10**15, ends=False, name="the event's due")


def test_dates_of_runs_do_not_go_with_changes(text_of):
    epochs = [
        Epoch(at_us=at_us, plan=plan((DATED, Anytime()), on_change=OnChange(reschedule=True)))
        for at_us in (0, 5)
    ]
    who = runs([0], which=np.zeros(1, np.int64), properties=[{}])
    asked = Record(epochs, who, None), epochs, None, None
    assert (
        text_of(TypeError, simulate.run, *asked) == "a sequence that waits for dates of runs does not change"
    )


def test_dates_of_runs_are_not_shared():
    shared = Kept(1000)
    for date_us in (7, 9):
        dated = replace(DATED, read=lambda properties, at_us=date_us: at_us)
        who = runs([0, 8], which=np.zeros(2, np.int64), properties=[{}])
        found = simulated(plan((dated, Anytime())), who, kept=shared)
        assert found.passed[0].at.all_us().tolist() == [date_us, max(date_us, 8)]


def test_runs_that_end_without_their_date():
    who = runs([0, 8], which=np.array([0, 1]), properties=[{"due": 7}, {}])
    dated = DateOfRun(lambda properties: properties.get("due"), ends=True, name="the event's due")
    for notes in (False, True):
        found = simulated(plan((dated, Anytime())), who, notes=notes)
        assert [(item.rows.tolist(), item.at.all_us().tolist()) for item in found.passed] == [([0], [7])]
    assert [note.what for note in found.notes] == ["started", "stopped:undated", "completed"]
    assert found.ended_us.tolist() == [7, 8]


def test_runs_that_bring_nothing_have_no_date():
    """As in a preview: they go on at once, or end."""
    assert simulated(plan((DATED, Anytime())), runs([4])).passed[0].at.all_us().tolist() == [4]
    assert simulated(plan((replace(DATED, ends=True), Anytime())), runs([4])).passed == []


def test_runs_of_nobody_in_particular(text_of):
    expected = "runs whose subscribers are not numbered"
    assert text_of(TypeError, lambda: runs([0], who=None).numbered_who) == expected


def test_runs_that_nothing_is_in_the_way_of():
    hello = {"subject": "Hello", "html": "<p>Hello</p>"}
    order = sequenzy.Sequence(name="S", trigger="event_received", eventName="order", steps=[hello])
    people = audience.runs(["2026-03-02T10:00Z"], None, [Epoch(at_us=0, plan=plan_of(order))], None, Reader())
    assert second_pass(people, [], None) is people
