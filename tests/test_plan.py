"""Plans: what does not fit together is refused; steps in paths; what is remembered of a log."""

from typing import NamedTuple

import numpy as np
import pytest

from simcore.clock.delays import Elapsed
from simcore.clock.gates import Anytime
from simcore.engine import simulate
from simcore.engine.record import Record
from simcore.errors import SimcoreError
from simcore.plan.history import History
from simcore.plan.log import Events, Log, Watched, empty
from simcore.plan.plan import Epoch, Plan, Step
from simcore.plan.runs import Runs
from simcore.plan.waits import DateOfRun


def step(place, wait_us=5, **named):
    given = {"position": place, "email_id": 100 + place, "subject": "A", "gate": Anytime()}
    return Step(**{**given, "delay": Elapsed(wait_us), **named})


def plan(*steps, **named):
    return Plan(time_zone="UTC", steps=steps, **named)


# ---------------------------------------------------------------- what cannot be


@pytest.mark.parametrize(
    ("steps", "named", "fault"),
    [
        ([step(0, email_id="a")], {}, "email_id 'a', expected int (text_ids is False)"),
        ([step(0)], {"text_ids": True}, "email_id 100, expected str (text_ids is True)"),
        ([step(0), step(1, email_id=100)], {}, "two steps have the email_id 100"),
        ([step(-1)], {}, "position -1, expected 0 to 32767"),
        ([step(40000)], {}, "position 40000, expected 0 to 32767"),
        ([step(0, paths=(0,))], {}, "step 0 leads to (0,), expected places after its own"),
        ([step(0, paths=(2,))], {}, "step 0 leads to (2,), expected places after its own"),
        (
            [step(0, paths=(1, 2)), step(1)],
            {},
            "step 0 leads to several places, and has no branch that says who goes where",
        ),
        (
            [step(0, sends=False)],
            {},
            "step 0 is passed without a send, and has no word for it in the journal (passed)",
        ),
        ([step(0)], {"vias": ()}, "there is no way of entry (vias)"),
        ([step(0)], {"hold_vias": frozenset({"form"})}, "hold_vias has 'form', which vias has not"),
        (
            [step(0)],
            {"events": Events(leaves={"left": ("gone", True)})},
            "an event ends runs with the status 'gone', expected one of: active, completed, restarted, excluded, "
            "cancelled, removed, stopped",
        ),
    ],
)
def test_parts_that_do_not_fit_together(text_of, steps, named, fault):
    assert text_of(SimcoreError, plan, *steps, **named) == f"a plan that cannot be: {fault}"


def test_a_step_that_nobody_waits_for_needs_no_word():
    assert plan(step(0, sends=False, queued=False)).steps[0].passed == ""


# ---------------------------------------------------------------- paths


class Odd(NamedTuple):
    """Subscribers of odd numbers take the second path."""

    by_number: bool = False

    @property
    def watched(self) -> Watched:
        return frozenset({("order", None)})

    def choose(self, log, runs, rows, at_us):
        return runs.subscriber_id[rows] % 2


def went(made, entered_us, **named):
    """What each run passes: (id, instant) in order; and the record."""
    size = len(entered_us)
    ids, small = np.arange(size), np.zeros(size, np.int8)
    runs = Runs.begun(ids, ids, np.array(entered_us), small, ids, which=np.full(size, -1), **named)
    epochs = [Epoch(at_us=0, plan=made)]
    record = Record(epochs, runs, None, notes=True, keeps=True, passes=True)
    out = simulate.run(record, epochs, None, None)
    found = [[] for _ in range(size)]
    for each in out.passed:
        rows = range(size) if each.rows is None else each.rows.tolist()
        for row, at_us in zip(rows, each.at.all_us().tolist(), strict=True):
            found[row].append((each.step.email_id - 100, at_us))
    return found, out


FORK = step(0, 0, sends=False, is_email=False, passed="branch", paths=(1, 2), branch=Odd())


def test_each_run_takes_its_path_and_they_join_again():
    made = plan(FORK, step(1, paths=(3,)), step(2, 7), step(3, 10))
    found, out = went(made, [0, 100, 200])
    assert found == [
        [(0, 0), (1, 5), (3, 15)],
        [(0, 100), (2, 107), (3, 117)],
        [(0, 200), (1, 205), (3, 215)],
    ]
    assert out.state.tolist() == [1, 1, 1]
    assert out.ended_us.tolist() == [15, 117, 215]
    assert made.watched(triggered=False) == {("order", None)}


def test_a_path_may_end_at_once():
    made = plan(FORK._replace(paths=(2, 1)), step(1, 7))
    found, out = went(made, [0, 100])
    assert found == [[(0, 0)], [(0, 100), (1, 107)]]
    assert out.ended_us.tolist() == [0, 107]


def test_nobody_on_a_path():
    assert went(plan(FORK, step(1), step(2)), [50])[0] == [[(0, 50), (1, 55), (2, 60)]]


def test_what_is_not_waited_for_is_passed_over_on_its_path():
    made = plan(step(0, 5, paths=(2,)), step(1, 1), step(2, queued=False, paths=(4,)), step(3), step(4, 2))
    assert went(made, [0])[0] == [[(0, 5), (4, 7)]]


def test_paths_with_dates_of_runs_join():
    """Where one path waits for dates that runs bring along, the reasons know when each wait was over."""
    dated = DateOfRun(lambda properties: 40, ends=False, name="the date")
    made = plan(FORK, step(1, paths=(3,)), step(2, delay=dated, paths=(4,)), step(3, delay=dated), step(4, 0))
    found, _ = went(made, [0, 10], properties=[{}])
    assert found == [[(0, 0), (1, 5), (3, 5), (4, 5)], [(0, 10), (2, 10), (4, 10)]]
    joined = plan(FORK, step(1, paths=(3,)), step(2, 7), step(3, delay=dated))
    assert went(joined, [0, 10])[0] == [[(0, 0), (1, 5), (3, 5)], [(0, 10), (2, 17), (3, 17)]]


def test_where_it_parts_nothing_is_foretold():
    """Who waits for a branch is shown with no email: which one comes is not known yet."""
    waits = FORK._replace(delay=Elapsed(1000))
    made = plan(waits, step(1), step(2))
    runs = Runs.begun(*([np.zeros(1, np.int64)] * 3), np.zeros(1, np.int8), np.zeros(1, np.int64))
    epochs = [Epoch(at_us=0, plan=made)]
    out = simulate.run(Record(epochs, runs, None, notes=True, keeps=True), epochs, 500, None)
    assert (out.state.tolist(), out.queued.tolist()) == ([0], [-1])


@pytest.mark.parametrize(("ends", "fate"), [(False, [0, 0, 0, 0, 0]), (True, [0, 1, 0, 1, 0])])
def test_a_date_that_runs_bring(ends, fate):
    """Q11: each has that of its own properties, or none: then it goes on at once, or ends."""
    delay = DateOfRun({"one": 10, "two": 20}.get, ends=ends, name="due")
    which = np.array([1, -1, 0, 2, 1])
    none = np.zeros(5, np.int64)
    runs = Runs.begun(none, none, none, none, none, which=which, properties=["one", "two", "no date"])
    found = delay.ready(
        History(empty(np.arange(1)), Events(), emits=False), runs, np.arange(5), np.array([5, 5, 15, 5, 25])
    )
    assert found.us.tolist() == [20, 5, 15, 5, 25]
    assert found.fate.tolist() == fate
    assert delay.earliest(np.array([5, 30])).tolist() == [5, 30]  # as of runs that bring none


# ---------------------------------------------------------------- what is remembered of a log


def test_memberships_are_remembered_by_all_that_they_depend_on():
    """K16, Q20: the same question has the same answer, whatever was asked before; by other meanings, another."""
    none = np.full(2, -1)
    who, at_us = np.zeros(2, np.int64), np.array([1, 2])
    source = frozenset({("list", "news")})
    joins = {"list_joined": ("list", True)}
    meanings = [Events(joins=joins), Events(joins=joins, clears={"unsubscribed": "list"}), Events()]
    expected = [True, False, None]
    for order in ([0, 1, 2], [1, 0, 2], [2, 1, 0], [0, 0, 1]):
        names, refs = ("list_joined", "unsubscribed"), ("news",)
        log = Log(np.zeros(1), who, at_us, np.array([0, 1]), np.array([0, -1]), none, names, refs, ())
        for number in order:
            members = log.members(source, meanings[number])
            state = None if members is None else bool(members.state(who[:1], at_us[1:])[0])
            assert state is expected[number]
