"""Sequenzy's steps, waits and branches (Q28 to Q39): what the examples worked by hand do not come to."""

import numpy as np
import pandas as pd
import pytest

import simcore
from simcore import sequenzy
from simcore.clock.delays import Elapsed
from simcore.clock.gates import Anytime
from simcore.clock.words import Case, moment
from simcore.clock.zones import zone
from simcore.engine import simulate
from simcore.engine.record import Record
from simcore.errors import EntryError
from simcore.plan.plan import ByNode, Epoch, Plan, Step
from simcore.plan.runs import Runs
from simcore.plan.waits import DateOfRun
from simcore.sequenzy.branches import FirstThatHolds
from simcore.sequenzy.dates import UntilDateOf, UntilEventOf

HELLO = {"subject": "Hello", "html": "<p>Hello</p>"}
NO_ZONE = "has no time zone"


def at(text):
    """An instant of March 2026, UTC: "02 10:00"."""
    return f"2026-03-{text.replace(' ', 'T')}Z"


def email(name, **named):
    return HELLO | {"id": name} | named


def of_order(*steps, **named):
    return sequenzy.Sequence(
        name="S", trigger="event_received", eventName="order", steps=list(steps), **named
    )


def log(*rows, **columns):
    full = [(*row, None, None)[:4] for row in rows]
    return pd.DataFrame({
        "subscriber_id": ["a"] * len(full),
        "at": [at(row[0]) for row in full],
        "event": [row[1] for row in full],
        "ref": pd.Series([row[2] for row in full], dtype=object),
        "properties": pd.Series([row[3] for row in full], dtype=object),
        **columns,
    })


def sends(sequence, *rows, **named):
    found = simcore.simulate(sequence, events=log(*rows), **named).timeline
    return [f"{name} {when:%d %H:%M}" for name, when in zip(found["email_id"], found["send_at"], strict=True)]


def branch(condition, **named):
    """Emails "yes" and "no", by a condition."""
    return {"type": "branch", "id": "b", "branches": [condition | {"steps": [email("yes")]}], **named} | {
        "elseSteps": [email("no")]
    }


# ---------------------------------------------------------------- Q35: what steps set


@pytest.mark.parametrize(
    ("value", "properties", "path"),
    [
        ("pro", None, "yes"),
        ("free", None, "no"),
        ("{{event.plan}}", {"plan": "pro"}, "yes"),
        ("{{event.plan}}", {"plan": "free"}, "no"),
        ("{{event.plan}}", None, "no"),
        ("{{event.plan}}", {}, "no"),
        ("A {{event.plan}}", {"plan": "pro"}, "no"),
    ],
)
def test_q35_what_an_update_sets(value, properties, path):
    """For all that looks at it afterwards; a lone merge tag is filled in from the run's event."""
    update = {"type": "update_subscriber", "customAttributeUpdates": [{"name": "plan", "value": value}]}
    condition = {"conditionType": "field_equals", "fieldName": "plan", "fieldValue": "pro"}
    rows = [("02 10:00", "order", None, properties)]
    assert sends(of_order(update, branch(condition)), *rows) == [f"{path} 02 10:00"]
    # What the log says later has the last word, what it said before has not.
    later = [*rows, ("02 10:30", "field_changed", "plan", {"value": "pro"})]
    slow = branch(condition)
    sequence = of_order(update, email("first", delay={"hours": 1}), slow)
    assert sends(sequence, *later) == ["first 02 11:00", "yes 02 11:00"]
    before = [("01 10:00", "field_changed", "plan", {"value": "old"}), *rows]
    assert sends(of_order(update, branch(condition)), *before) == [f"{path} 02 10:00"]


def test_q35_an_update_that_unsubscribes():
    update = {"type": "update_subscriber", "status": "unsubscribed"}
    sequence = of_order(email("a"), update, email("b", delay={"hours": 1}))
    rows = [("02 10:00", "order")]
    assert sends(sequence, *rows) == ["a 02 10:00"]
    kept = sequenzy.Assumptions(update_unsubscribes=False)
    assert sends(sequence, *rows, assumptions=kept) == ["a 02 10:00", "b 02 11:00"]


def test_q35_what_an_update_sets_may_stop():
    """Q20: field_changed looks at the value, which a step may have set, too."""
    updates = [
        {"type": "update_subscriber", "customAttributeUpdates": [{"name": "plan", "value": value}]}
        for value in ("free", "pro")
    ]
    match = {"mode": "field_value", "operator": "equals", "value": "pro"}
    stop = {"type": "field_changed", "value": "plan", "matchConfig": match}
    steps = [
        email("a"),
        updates[0],
        email("b", delay={"hours": 1}),
        updates[1],
        email("c", delay={"hours": 1}),
    ]
    assert sends(of_order(*steps, stopCondition=stop), ("02 10:00", "order")) == ["a 02 10:00", "b 02 11:00"]


# ---------------------------------------------------------------- Q39: when an event was received


def test_q39_received_at_that_is_no_instant():
    events = log(("02 10:00", "order"), ("03 10:00", "order"), received_at=[None, "soon"])
    with pytest.raises(
        EntryError, match=r"^events: received_at: 1 of 2 rows cannot be used\n  row 1: 'soon'"
    ):
        simcore.simulate(of_order(email("a")), events=events)


@pytest.mark.parametrize(("received", "count"), [("02 11:00", 1), ("02 11:00:00.000001", 0), (None, 1)])
def test_q39_more_than_an_hour_late(received, count):
    events = log(("02 10:00", "order"), received_at=[None if received is None else at(received)])
    assert len(simcore.project(of_order(email("a")), events=events)) == count


# ---------------------------------------------------------------- Q29: what is past


def skipped(*steps):
    past = {"waitUntil": {"field": "due", "pastAction": "skip"}}
    sequence = of_order(email("a", **past), *steps)
    found = simcore.simulate(sequence, events=log(("02 10:00", "order", None, {"due": "2026-03-01"})))
    return [
        f"{what} {'' if pd.isna(name) else name}".strip()
        for what, name in zip(found.journal["what"], found.journal["email_id"], strict=True)
    ], found.timeline["email_id"].tolist()


def test_q29_skips_up_to_the_next_wait_branch_or_condition():
    sms = {"type": "sms", "id": "s"}
    assert skipped(sms) == (["started", "skipped a", "skipped s", "completed"], [])
    assert skipped(sms, email("b", delay={"hours": 1})) == (
        ["started", "skipped a", "skipped s", "completed"],
        ["b"],
    )
    condition = {"conditionType": "has_tag", "tagName": "T"}
    assert skipped(sms, branch(condition)) == (["started", "skipped a", "skipped s", "completed"], ["no"])
    gate = {"type": "condition", "id": "c", **condition}
    assert skipped(gate, email("b")) == (["started", "skipped a", "stopped"], [])


def test_q29_a_wait_of_its_own_before_a_branch():
    past = {"type": "delay", "id": "d", "waitUntil": {"field": "due", "pastAction": "skip"}}
    sequence = of_order(past, branch({"conditionType": "has_tag", "tagName": "T"}))
    assert sends(sequence, ("02 10:00", "order", None, {"due": "2026-03-01"})) == ["no 02 10:00"]
    branched = {**branch({"conditionType": "has_tag", "tagName": "T"}), "waitUntil": past["waitUntil"]}
    assert sends(of_order(branched), ("02 10:00", "order", None, {"due": "2026-03-01"})) == ["no 02 10:00"]


# ---------------------------------------------------------------- Q36: the rest


def test_q36_a_link():
    condition = {"conditionType": "link_clicked", "linkUrl": "/shop"}
    click = ("02 09:00", "link_clicked", "https://x.com/shop?a=1")
    other = ("02 09:00", "link_clicked", "https://x.com/blog")
    order = ("02 10:00", "order")
    assert sends(of_order(branch(condition)), click, order) == ["yes 02 10:00"]
    assert sends(of_order(branch(condition)), other, order) == ["no 02 10:00"]
    assert sends(of_order(branch(condition)), order) == ["no 02 10:00"]
    del condition["linkUrl"]
    assert sends(of_order(branch(condition)), other, order) == ["yes 02 10:00"]


def test_no_seed_matters_to_conditions():
    first = FirstThatHolds(())
    assert first.seeded(7) is first


# ---------------------------------------------------------------- what waits are without a run


def test_waits_of_runs_that_are_nobody_s():
    anchor_us = np.array([4, 10])
    dated = DateOfRun(lambda _: 5, ends=False, name="the event's due")
    event = UntilEventOf("e", 7, exits=False)
    fixed = UntilDateOf("k", 2, exits=False, past="skip", source="key", at_us=6)
    open_ = UntilDateOf("due", 2, exits=False, past="skip", source="event")
    assert [each.earliest(anchor_us).tolist() for each in (dated, event, fixed, open_)] == [
        *([4, 10], [11, 17], [8, 10], [4, 10]),
    ]
    assert [each.steps_us(0, 99).tolist() for each in (dated, event, fixed, open_)] == [[], [], [8], []]
    assert [each.watched for each in (dated, event)] == [frozenset(), frozenset({("e", None)})]


def test_waits_of_runs_in_words():
    here = zone("UTC")
    minute_us = 60_000_000

    def said(wait, ready_us):
        case = Case(here, "entry", *(moment(us, here) for us in (0, ready_us, ready_us)))
        return wait.words(case).says

    event = UntilEventOf("order", 120 * minute_us, exits=False)
    assert said(event, 120 * minute_us) == "2 hours after entry without order is Thu 1 Jan 02:00 UTC"
    assert said(event, 60 * minute_us) == "the first order after entry is Thu 1 Jan 01:00 UTC"
    dated = DateOfRun(lambda _: 5, ends=False, name="the event's due")
    assert said(dated, 60 * minute_us) == "the event's due is Thu 1 Jan 01:00 UTC"


# ---------------------------------------------------------------- T22: zones by row


def test_t22_zones_by_row_and_of_all_rows_the_sequence_s():
    """Q31: each in the subscriber's own zone; where that is the sequence's, or none, the result is the same."""
    window = {"startTime": "09:00", "endTime": "17:00", "timezone": "America/New_York"}
    fixed = of_order(email("a"), email("b", delay={"hours": 20}), sendingWindow=window)
    own = fixed.replace(sendingWindow=window | {"timezoneSource": "subscriber"})
    times = [at(f"0{day} {hour:02}:30") for day in range(6, 10) for hour in range(0, 24, 5)]

    def project(sequence, zones):
        entries = pd.DataFrame({"subscriber_id": range(len(times)), "entered_at": times, "time_zone": zones})
        return simcore.project(sequence, entries)

    for zones in ("America/New_York", None):
        pd.testing.assert_frame_equal(project(own, zones), project(fixed, zones))
    kyiv = fixed.replace(sendingWindow=window | {"timezone": "Europe/Kyiv"})
    mixed = [("Europe/Kyiv", "America/New_York")[row % 2] for row in range(len(times))]
    found = project(own, mixed)
    for number, sequence in enumerate((kyiv, fixed)):
        expected = project(sequence, mixed)
        mine, theirs = (
            each[each["subscriber_id"] % 2 == number][["subscriber_id", "position", "send_at"]].assign(
                send_at=each["send_at"].dt.tz_convert("UTC")
            )
            for each in (found, expected)
        )
        pd.testing.assert_frame_equal(mine.reset_index(drop=True), theirs.reset_index(drop=True))


CODE = {"type": "create_discount", "id": "code", "discount": {"discountType": "percent", "percentOff": 5}}
OWN = {
    "startTime": "09:00",
    "endTime": "12:00",
    "timezone": "America/New_York",
    "timezoneSource": "subscriber",
}
AHEAD = {
    "window": of_order(email("a"), CODE | {"delay": {"days": 1}}, email("b"), sendingWindow=OWN),
    "wait and window": of_order(
        email("a"), CODE | {"delay": {"days": 1}}, email("b", delay={"hours": 7}), sendingWindow=OWN
    ),
    "weekday": of_order(email("a"), CODE | {"delay": {"days": 1}}, email("b", waitUntilWeekday=OWN)),
    "date": of_order(
        email("a"),
        CODE | {"delay": {"days": 1}},
        email("b", waitUntil={"field": "due", "source": "attribute"}),
        sendingWindow=OWN,
    ),
    "weekday, then a step": of_order(
        email("a"), CODE | {"delay": {"days": 1}}, CODE | {"id": "d", "waitUntilWeekday": OWN}, email("b")
    ),
}


@pytest.mark.parametrize("named", AHEAD)
def test_q31_the_next_send_is_shown_in_the_subscribers_own_zone(named):
    """Who waits for a step that is no email: `next_send_at` is when the email after it then goes out."""
    zones = ["Europe/Kyiv", "Asia/Tokyo", "America/Los_Angeles", "America/New_York", None, None]
    entries = pd.DataFrame({
        "subscriber_id": [*"bcdefa"],  # the log is about a
        "entered_at": at("05 13:30"),
        "time_zone": zones,
        "attributes": [{"due": at("07 01:00")}] * len(zones),
    })
    moved = log(("01 09:00", "field_changed", "timezone", {"value": "Asia/Kathmandu"}))
    waiting = simcore.simulate(AHEAD[named], entries, events=moved, until=at("06 10:00")).subscribers
    assert set(waiting["next_email_id"]) == {"b"}
    sends = simcore.project(AHEAD[named], entries, events=moved)
    then = sends[sends["email_id"] == "b"].set_index("subscriber_id")["send_at"]
    assert then.nunique() >= 4
    assert dict(zip(waiting["subscriber_id"], waiting["next_send_at"], strict=True)) == then.to_dict()


# ---------------------------------------------------------------- plans by hand


def test_whose_run_has_ended_is_not_too_late():
    """Of a cohort only those who are left are looked at."""
    rows = pd.DataFrame({
        "subscriber_id": ["a", "b", "b"],
        "at": [at("02 10:00"), "2199-12-31T10:00Z", "2199-12-31T11:00Z"],
        "event": ["order", "order", "removed"],
        "ref": None,
        "properties": None,
    })
    found = simcore.simulate(of_order(email("x", delay={"days": 2})), events=rows).subscribers
    assert found["status"].tolist() == ["completed", "removed"]


class Parts:
    """A branch of two paths."""

    by_number = False
    watched = frozenset()

    def seeded(self, seed):
        return self

    def choose(self, history, runs, rows, at_us):
        return np.zeros(rows.size, np.int64)


def test_a_step_that_several_follow_is_not_to_go(text_of):
    """Q40: a platform is to refuse that before."""
    branched = Step(
        position=0,
        email_id=9,
        subject="",
        delay=Elapsed(5),
        gate=Anytime(),
        sends=False,
        passed="sms",
        paths=(1, 2),
        branch=Parts(),
    )
    two = [
        Step(position=place, email_id=place, subject="A", delay=Elapsed(5), gate=Anytime(), paths=(3,))
        for place in (1, 2)
    ]
    begun = Plan(time_zone="UTC", steps=(branched, *two), on_change=ByNode())
    later = Plan(time_zone="UTC", steps=tuple(each._replace(paths=(2,)) for each in two), on_change=ByNode())
    epochs = [Epoch(at_us=0, plan=begun), Epoch(at_us=3, plan=later)]
    zeros = np.zeros(1, np.int64)
    record = Record(epochs, Runs.begun(zeros, zeros, zeros, zeros.astype(np.int8), zeros), None)
    asked = record, epochs, None, None
    assert text_of(TypeError, simulate.run, *asked) == "a step that is gone leads to several"


DUE = {"field": "due", "source": "attribute"}


def changing(value, **fields):
    """Runs that set a field, and wait for the date in it."""
    update = {
        "type": "update_subscriber",
        "id": "u",
        "customAttributeUpdates": [{"name": "due", "value": value}],
    }
    wait = {"subject": "A", "html": "x", "id": "a", "waitUntil": DUE}
    return sequenzy.Sequence(
        name="S", trigger="event_received", eventName="order", steps=[update, wait], **fields
    )


def test_a_field_that_a_step_changes_while_another_run_waits_for_it_is_named():
    """Q28."""
    events = pd.DataFrame({
        "subscriber_id": ["a", "a", "b"],
        "at": ["2026-03-02T10:00Z", "2026-03-05T10:00Z", "2026-03-05T10:00Z"],
        "event": "order",
        "properties": [{"day": "2026-03-10"}, {"day": "2026-03-20"}, {"day": "2026-03-20"}],
    })
    told = (
        "a step changes the field 'due' while another run of the same subscriber waits for the date in it: that run "
        "keeps the date that it waits for (Q28)"
    )
    with pytest.warns(UserWarning, match="a step changes") as caught:
        sends = simcore.project(changing("{{event.day}}"), events=events)
    assert [str(each.message) for each in caught] == [told]
    assert sends["send_at"].dt.day.tolist() == [10, 20, 20]
    # Not where nobody waits, or the field stays as it is.
    assert len(simcore.project(changing("2026-03-10"), events=events)) == 3
    later = events.assign(at=["2026-03-02T10:00Z", "2026-03-12T10:00Z", "2026-03-05T10:00Z"])
    assert len(simcore.project(changing("{{event.day}}"), events=later)) == 3
    other = changing("{{event.day}}").replace(steps=[changing("x").steps[0], {"subject": "A", "html": "x"}])
    assert len(simcore.project(other, events=events)) == 3
