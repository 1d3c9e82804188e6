"""Changes of a Sequenzy sequence while people are inside it (Q40): how they are written, refused and carried out.

What they do to those inside is worked by hand in `sequenzy_worked`, and compared with the second reading of the
rules in `test_sequenzy_graphs`.
"""

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest

import simcore
from simcore import sequenzy
from simcore.clock.delays import Elapsed
from simcore.clock.gates import Anytime
from simcore.engine.audience import _enrolments
from simcore.engine.people import STARTED, Audience, parted
from simcore.engine.record import Record
from simcore.engine.side_by_side import first_pass, goes_by_waves
from simcore.errors import SimcoreError, ValidationError
from simcore.plan.log import Log
from simcore.plan.plan import Epoch, Plan, SideBySide, Step
from simcore.plan.runs import Runs
from simcore.sequenzy.triggers import Received

HELLO = {"subject": "Hello", "html": "<p>Hello</p>"}


def at(text):
    """An instant of March 2026, UTC: "02 10:00"."""
    return f"2026-03-{text.replace(' ', 'T')}Z"


def email(name, **named):
    return HELLO | {"id": name} | named


def of_tag(*steps, **named):
    return sequenzy.Sequence(name="S", trigger="tag_added", tagName="T", steps=steps or [email("a")], **named)


def log(*rows):
    full = [(*row, None, None)[:4] for row in rows]
    return pd.DataFrame({
        "subscriber_id": ["a"] * len(full),
        "at": [at(row[0]) for row in full],
        "event": [row[1] for row in full],
        "ref": pd.Series([row[2] for row in full], dtype=object),
        "properties": pd.Series([row[3] for row in full], dtype=object),
    })


def entered(sequence, changes, *rows, **named):
    """When each run begins, and its status."""
    found = simcore.simulate(sequence, events=log(*rows), changes=changes, **named).subscribers
    return [
        f"{when:%d %H:%M} {status}" for when, status in zip(found["entered_at"], found["status"], strict=True)
    ]


# ---------------------------------------------------------------- how they are written


def test_words():
    made = [
        sequenzy.update(at("02 10:00"), realign=True, name="N"),
        sequenzy.disable(at("03 10:00")),
        sequenzy.enable(at("04 10:00")),
    ]
    assert list(map(str, made)) == [
        "update at 2026-03-02T10:00Z",
        "disable at 2026-03-03T10:00Z",
        "enable at 2026-03-04T10:00Z",
    ]
    assert (made[0].fields, made[0].realign, made[1].fields, made[1].realign) == (
        {"name": "N"},
        True,
        {},
        False,
    )
    assert (
        sequenzy.platform.changes([
            {"at": at("02 10:00"), "op": "update", "fields": {"name": "N"}, "realign": True},
            {"at": at("03 10:00"), "op": "disable"},
            {"at": at("04 10:00"), "op": "enable"},
        ])
        == made
    )


def test_what_is_no_list_of_changes(text_of):
    for given, found in (({}, "{}"), (None, "None"), ("x", "'x'")):
        assert text_of(ValidationError, sequenzy.platform.changes, given) == (
            f"1 problem\n  changes: changes must be a list of objects (found {found})"
        )


def test_what_is_wrong_with_changes_all_at_once(text_of):
    given = [
        5,
        {"op": "enable"},
        {"at": "x"},
        {"at": "x", "op": "delete"},
        {"at": "x", "op": "enable", "fields": {}, "more": 1},
        {"at": "x", "op": "update", "fields": []},
        {"at": "x", "op": "update", "realign": 1},
    ]
    assert text_of(ValidationError, sequenzy.platform.changes, given) == (
        "7 problems\n"
        "  changes[0]: a change must be an object with at and op (found 5)\n"
        "  changes[1]: a change must be an object with at and op (found {'op': 'enable'})\n"
        "  changes[2]: a change must be an object with at and op (found {'at': 'x'})\n"
        "  changes[3].op: op must be one of: update, disable, enable (found 'delete')\n"
        "  changes[4]: enable can only have: at, op (found 'fields', 'more')\n"
        "  changes[5].fields: fields must be an object (found [])\n"
        "  changes[6].realign: realign must be true or false (found 1)"
    )


# ---------------------------------------------------------------- what they make of a sequence


def after(sequence, *changes):
    return sequenzy.platform.after(sequence, list(enumerate(changes)))


def test_each_upon_the_one_before():
    found = after(
        of_tag(),
        sequenzy.update(at("02 10:00"), name="N"),
        sequenzy.disable(at("02 10:00")),
        sequenzy.enable(at("02 10:00")),
        sequenzy.update(at("02 10:00"), steps=[email("b")], tagName=None, tagNames=["U"]),
    )
    assert [each.name for each in found] == ["N"] * 4
    assert [each.is_paused for each in found] == [False, True, False, False]
    assert (found[-1].email_ids, found[-1].tags) == (("b",), ("U",))


def test_a_graph_as_the_platform_gives_it():
    """Q26: `nodes` and `edges` are the new steps; the rest stays."""
    nodes = [
        {"id": "t", "nodeType": "trigger", "config": {}},
        {"id": "x", "nodeType": "action_email", "config": {}},
    ]
    edges = [{"sourceNodeId": "t", "targetNodeId": "x"}]
    emails = [{"nodeId": "x", "emailId": "m", "subject": "New", "blocks": [{}]}]
    (found,) = after(of_tag(), sequenzy.update(at("02 10:00"), nodes=nodes, edges=edges, emails=emails))
    assert [step["subject"] for step in found.steps] == ["New"]
    assert (found.trigger, found.tags) == ("tag_added", ("T",))


def test_what_cannot_be_says_which_change(text_of):
    made = sequenzy.update(at("02 10:00"), name="")
    assert text_of(ValidationError, after, of_tag(), sequenzy.disable(at("02 10:00")), made) == (
        "1 problem\n  changes[1].name: name can't be blank (found update at 2026-03-02T10:00Z)"
    )


def test_a_step_that_several_follow_cannot_go(text_of):
    """Where to would those go who are parked at it?"""
    paths = {
        "type": "branch",
        "id": "b",
        "branches": [{"conditionType": "has_tag", "tagName": "X", "steps": [email("x")]}],
        "elseSteps": [email("y")],
    }
    sequence = of_tag(paths, email("z"))
    made = sequenzy.update(at("02 10:00"), steps=[email("x"), email("y"), email("z")])
    assert text_of(ValidationError, after, sequence, made) == (
        "1 problem\n  changes[0].fields.steps: b can't be deleted: x and y follow it "
        "(found update at 2026-03-02T10:00Z)"
    )
    # What follows may be gone too: then it is what comes after that.
    (found,) = after(sequence, sequenzy.update(at("02 10:00"), steps=[email("z")]))
    assert found.email_ids == ("z",)
    assert after(sequence, sequenzy.update(at("02 10:00"), steps=[]))[0].email_ids == ()


# ---------------------------------------------------------------- triggers that change


def test_each_trigger_enrols_while_it_is_in_force():
    changes = [
        sequenzy.update(at("03 00:00"), trigger="event_received", tagName=None, eventName="order"),
        sequenzy.update(at("05 00:00"), trigger="tag_added", tagName="U", eventName=None),
    ]
    rows = [
        (f"0{day} {clock}", *event)
        for day in (2, 3, 4, 5)
        for clock, *event in (("00:00", "tag_added", "T"), ("01:00", "order"), ("02:00", "tag_added", "U"))
    ]
    assert entered(of_tag(), changes, *rows) == [
        *("02 00:00 completed", "03 01:00 completed", "04 01:00 completed", "05 02:00 completed"),
    ]


def test_a_trigger_by_hand_enrols_nobody_meanwhile():
    """Q39: manual is entries alone."""
    changes = [
        sequenzy.update(at("03 00:00"), trigger="manual", tagName=None),
        sequenzy.update(at("04 00:00"), trigger="tag_added", tagName="T"),
    ]
    rows = [(f"0{day} 10:00", "tag_added", "T") for day in (2, 3, 4)]
    assert entered(of_tag(), changes, *rows) == ["02 10:00 completed", "04 10:00 completed"]


def test_a_segment_that_one_leaves_and_another_trigger():
    """Q15: those whom the segment enrolled end when they leave it; those of the tag do not."""
    sequence = sequenzy.Sequence(
        name="S",
        trigger="segment_entered",
        segmentId="G",
        stopOnSegmentExit=True,
        steps=[email("a"), email("b", delay={"days": 9})],
    )
    changed = sequenzy.update(
        at("03 00:00"), trigger="tag_added", tagName="T", segmentId=None, stopOnSegmentExit=None
    )
    rows = [
        ("02 10:01", "segment_entered", "G"),
        ("04 10:00", "tag_added", "T"),
        ("05 10:01", "segment_left", "G"),
    ]
    assert entered(sequence, [changed], *rows) == ["02 10:15 stopped", "04 10:00 completed"]
    assert entered(sequence.replace(stopOnSegmentExit=None), [changed], *rows) == [
        *("02 10:15 completed", "04 10:00 completed"),
    ]


def test_the_audience_of_each_trigger(text_of):
    """Q39: entry_audience looks at the tag or the list by which each run came."""
    stop = {"type": "removed_from_list", "matchConfig": {"mode": "entry_audience"}}
    sequence = of_tag(email("a"), email("b", delay={"days": 9}), stopCondition=stop)
    changed = sequenzy.update(at("03 00:00"), trigger="contact_added", tagName=None, listId="L")
    rows = [
        *(("02 10:00", "tag_added", "T"), ("04 10:00", "list_joined", "L")),
        ("05 10:00", "list_left", "L"),
    ]
    assert entered(sequence, [changed], *rows) == ["02 10:00 completed", "04 10:00 stopped"]


def test_an_audience_of_a_segment_and_of_none():
    """Q39: entries by trigger come from the one segment that it names; where it names none, nothing ends them."""
    stop = {"type": "does_not_have_tag", "matchConfig": {"mode": "entry_audience"}}
    steps = [email("a"), email("b", delay={"days": 9})]
    by_segment = sequenzy.Sequence(
        name="S", trigger="segment_entered", segmentId="G", steps=steps, stopCondition=stop
    )
    by_event = sequenzy.Sequence(
        name="S", trigger="event_received", eventName="order", steps=steps, stopCondition=stop
    )
    rows = [("01 10:00", "segment_entered", "G"), ("03 10:00", "segment_left", "G")]
    for sequence, status in ((by_segment, "stopped"), (by_event, "completed")):
        entries = pd.DataFrame({"subscriber_id": ["a"], "entered_at": [at("02 10:00")]})
        found = simcore.simulate(sequence, entries, events=log(*rows)).subscribers
        assert found["status"].tolist() == [status]


# ---------------------------------------------------------------- plans that do not go together


def plan(**named: Any) -> Plan:
    one = Step(position=0, email_id=1, subject="A", delay=Elapsed(5), gate=Anytime())
    return Plan(time_zone="UTC", steps=(one,), **named)


def runs(size=1):
    zeros = np.zeros(size, np.int64)
    return Runs.begun(
        np.arange(size), np.arange(size), zeros, zeros.astype(np.int8), np.zeros(size, np.int64)
    )


def test_one_way_of_entry(text_of):
    assert text_of(TypeError, goes_by_waves, runs(2), [Epoch(at_us=0, plan=plan())]) == (
        "plans of one sequence have one way of entry"
    )


def test_a_plan_without_a_trigger_enrols_nobody():
    """As a platform may have it after a change."""
    event = np.zeros(1, np.int64)
    took = Log(np.array(["a"], object), event, event + 5, event, event - 1, event - 1, ("order",), (), ())
    epochs = [
        Epoch(at_us=at_us, plan=plan(trigger=trigger))
        for at_us, trigger in ((0, Received("order")), (5, None), (6, Received("order")))
    ]
    assert _enrolments(epochs, took, None).at_us.tolist() == []
    assert _enrolments(epochs[:1], took, None).at_us.tolist() == [5]


def test_without_a_log_nobody_has_left():
    fate, claims = first_pass(
        runs(2),
        [Epoch(at_us=0, plan=plan(entry=SideBySide(once=False, key=None, if_idle_vias=frozenset())))],
        None,
    )
    assert (fate.tolist(), claims) == ([STARTED, STARTED], None)


def test_no_log_no_history(text_of):
    record = Record([Epoch(at_us=0, plan=plan())], runs(), None)
    assert text_of(TypeError, lambda: record.history) == "runs without a log"
    nobody = parted(runs(), np.zeros(len(runs()), np.int8))
    people = Audience(*nobody, None, ("",), ("trigger",))
    assert text_of(TypeError, lambda: people.known_log) == "runs without a log"


def test_a_paused_sequence_sends_nothing_whoever_asks():
    """Q34: also where nobody asks for more than the sends."""
    assert len(simcore.project(of_tag(status="paused"), events=log(("02 10:00", "tag_added", "T")))) == 0


def test_seed(text_of):
    """Q36."""
    paths = {
        "type": "branch",
        "id": "b",
        "splitMode": "random",
        "randomPercentages": [50, 50],
        "branches": [{"steps": [email("x")]}, {"steps": [email("y")]}],
    }
    sequence = of_tag(paths)
    assert text_of(SimcoreError, simcore.project, sequence, [at("02 10:00")]) == (
        "seed: the step at position 0 (id b) is a random split: pass a whole number, such as seed=1, which "
        "decides the path of each run"
    )
    assert len(simcore.project(sequence, [at("02 10:00")] * 50, seed=3)["email_id"].unique()) == 2


# ---------------------------------------------------------------- waits that are nodes of their own


def drawn(*chain):
    """A sequence as GET gives it: a chain of nodes by id, `w…` waits (2 days), the others emails."""
    ids = ["start", *chain, "end"]
    kinds = {"start": "trigger", "end": "completion"}
    return {
        "name": "Drawn",
        "trigger": "contact_added",
        "nodes": [
            {"id": name, "nodeType": "logic_delay", "config": {"delayDays": 2}}
            if name[0] == "w"
            else {"id": name, "nodeType": kinds.get(name, "action_email"), "config": {}}
            for name in ids
        ],
        "edges": [{"sourceNodeId": one, "targetNodeId": two} for one, two in pairwise(ids)],
        "emails": [{"nodeId": name, "emailId": name, **HELLO} for name in chain if name[0] != "w"],
    }


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (["w1", "a"], ["w1", "a"], ["a 04 10:00"]),
        (["w1", "a"], ["a"], ["a 03 10:00"]),  # the wait is gone, and its only successor is there
        (["w1", "a"], ["w2", "a"], ["a 03 10:00"]),  # another wait, at which nobody is parked
        (["w1", "a", "b"], ["w1", "b"], ["b 04 10:00"]),  # the wait is there, and another email behind it
        (["w1", "a", "b"], ["w1", "b", "a"], ["b 04 10:00", "a 04 10:00"]),
        (["w1", "a", "w2", "b"], ["w2", "b"], ["b 05 10:00"]),  # both are gone: the next wait begins
        (["w1", "w2", "a"], ["w1", "a"], ["a 04 10:00"]),  # two waits in a row, of which the first is kept
        (["w1", "w2", "a"], ["w2", "a"], ["a 05 10:00"]),
        (["w1", "a"], ["w1", "w2", "a"], ["a 06 10:00"]),
    ],
    ids=lambda given: "-".join(each.split()[0] for each in given),
)
def test_waits_of_graphs_are_nodes_of_their_own(before, after, expected):
    """Q40: who is parked at a delay that is deleted goes on to its successor; who is at one that stays, stays."""
    body = drawn(*after)
    change = sequenzy.update(at("03 10:00"), nodes=body["nodes"], edges=body["edges"], emails=body["emails"])
    sends = simcore.project(
        sequenzy.from_api(drawn(*before)), events=log(("02 10:00", "contact_added")), changes=[change]
    )
    assert [f"{row.email_id} {row.send_at:%d %H:%M}" for row in sends.itertuples()] == expected


def test_a_date_that_is_gone_and_given_again_at_one_instant_is_followed():
    """Q28: a property is what was said last, at one instant too."""
    wait = {"field": "renews", "source": "attribute", "missingAction": "exit"}
    made = of_tag(email("a", waitUntil=wait), email("b", delay={"days": 1}))
    says = [("01 10:00", "2026-03-05T10:00Z"), ("04 10:00", True), ("04 10:00", "2026-03-09T10:00Z")]
    rows = [(when, "field_changed", "renews", {"value": value}) for when, value in says]
    sends = simcore.project(made, events=log(*rows, ("02 10:00", "tag_added", "T")))
    assert sends["send_at"].map(str).tolist() == ["2026-03-09 10:00:00+00:00", "2026-03-10 10:00:00+00:00"]
    assert simcore.project(made, events=log(*rows[:2], ("02 10:00", "tag_added", "T"))).empty


# ---------------------------------------------------------------- while nothing is sent


PAST = {"waitUntil": {"field": "due", "pastAction": "skip"}}


@pytest.mark.parametrize("changes", [[], [sequenzy.disable(at("20 10:00"))]], ids=["alone", "changing"])
@pytest.mark.parametrize(
    "named",
    [
        {"steps": [email("a", **PAST), email("b", delay={"days": 1})]},
        {"steps": [email("a", delay={"days": 1})], "stopCondition": {"type": "has_tag", "value": "T"}},
        {"steps": [email("a", waitUntil={"field": "none", "missingAction": "exit"})]},
    ],
    ids=["skips", "stops", "ends"],
)
def test_nothing_happens_to_who_enters_a_paused_sequence(named, changes):
    """Q34: no step holds for them, is skipped, or ends them."""
    made = sequenzy.Sequence(name="S", trigger="contact_added", status="paused", **named)
    entries = pd.DataFrame({
        "subscriber_id": ["a"],
        "entered_at": [at("02 10:00")],
        "via": ["manual"],
        "properties": [{"due": "2026-03-01"}],
    })
    found = simcore.simulate(made, entries, events=log(("01 10:00", "tag_added", "T")), changes=changes)
    assert found.journal["what"].tolist() == ["started"]
    assert found.subscribers[["status", "next_email_id"]].to_numpy().tolist() == [["active", "a"]]
    assert found.subscribers["next_send_at"].isna().all()


@pytest.mark.parametrize("when", ["05 10:00", "08 10:00"], ids=["before", "at that instant"])
@pytest.mark.parametrize(
    "more", [[], [{"type": "add_tag", "tagName": "U", "id": "u"}]], ids=["steps", "waves"]
)
def test_who_is_gone_when_a_sequence_is_enabled_is_sent_nothing(when, more):
    """Q40: what came due meanwhile goes out when it is enabled, but not to those whom an event ended before."""
    steps = [email("a", delay={"days": 1}), *more]
    made = of_tag(*steps, enrollmentMode="unlimited")
    changes = [sequenzy.disable(at("02 12:00")), sequenzy.enable(at("08 10:00"))]
    rows = [("02 10:00", "tag_added", "T"), (when, "removed")]
    assert simcore.project(made, events=log(*rows), changes=changes).empty
    assert len(simcore.project(made, events=log(*rows[:1]), changes=changes)) == 1


def test_the_stop_is_looked_at_where_a_change_begins_a_wait():
    """Q20, Q40: behind a step that is gone."""
    made = of_tag(
        *(email(name, delay={"days": 2}) for name in "ab"), stopCondition={"type": "has_tag", "value": "U"}
    )
    change = sequenzy.update(at("03 10:00"), steps=[email("b", delay={"days": 2})])
    rows = [("02 10:00", "tag_added", "T"), ("03 09:00", "tag_added", "U"), ("03 11:00", "tag_removed", "U")]
    assert entered(made, [change], *rows) == ["02 10:00 stopped"]
    assert entered(made, [], *rows) == ["02 10:00 completed"]


def test_a_wait_is_pulled_to_the_opening_of_a_window_that_was_closed():
    """Q40: a day's wait before an email whose window never opens; then it opens at 08:00, and realigns."""
    closed = {"timezone": "UTC", "startTime": "08:00", "endTime": "20:00", "days": []}
    change = sequenzy.update(at("03 06:00"), sendingWindow=closed | {"days": ["tue"]}, realign=True)
    sequence = of_tag(email("a", delay={"days": 1}), sendingWindow=closed)
    sends = simcore.project(sequence, events=log(("02 10:00", "tag_added", "T")), changes=[change])
    assert [f"{when:%d %H:%M}" for when in sends["send_at"]] == ["03 08:00"]


@pytest.mark.parametrize(
    ("when", "said", "expected"),
    [
        (None, None, ["10 08:00"]),
        ("05 10:00", "2026-03-12T10:00Z", ["12 10:00"]),  # followed from there, and pulled no more
        ("02 18:00", "2026-03-12T10:00Z", ["12 08:00"]),  # known at the change, which pulls it
        ("05 10:00", "2026-03-10T09:00Z", ["10 09:00"]),  # earlier than it was, later than it was pulled to
        ("05 10:00", "2026-03-10T07:00Z", ["10 08:00"]),
        ("10 09:00", "2026-03-12T10:00Z", ["10 08:00"]),  # too late
        ("05 10:00", None, []),  # gone, so that the run ends
        ("10 09:00", None, ["10 08:00"]),
        ("03 06:00", "2026-03-12T10:00Z", ["12 10:00"]),  # of one instant, the change comes first
    ],
)
@pytest.mark.parametrize("again", [False, True], ids=["once", "twice"])
def test_a_date_that_moves_after_its_wait_was_pulled_to_an_opening(when, said, expected, again):
    """Q28, Q40: a change knows nothing of what comes later, which moves the wait from where the change left it."""
    wait = {"untilDateField": "due", "untilDateSource": "attribute", "untilMissingAction": "exit"}
    sequence = of_tag(email("a", waitUntil=wait), email("b"))
    window = {"timezone": "UTC", "startTime": "08:00", "endTime": "20:00"}
    change = [sequenzy.update(at("03 06:00"), sendingWindow=window, realign=True)]
    if again:  # the wait is still that of the plan in which it began
        other = [email("a", delay={"days": 1}), email("b")]
        change = [sequenzy.update(at("03 05:00"), steps=other), *change]
    rows = [
        ("01 10:00", "field_changed", "due", {"value": "2026-03-10T10:00Z"}),
        ("02 10:00", "tag_added", "T"),
    ]
    if when is not None:
        rows.append((when, "field_changed", "due", {"value": said}))
    sends = simcore.project(sequence, events=log(*rows), changes=change)
    assert [f"{at:%d %H:%M}" for at in sends["send_at"][sends["email_id"] == "a"]] == expected
    assert len(sends) == 2 * len(expected)
