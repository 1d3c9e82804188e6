"""Enrolments as the platform lists them beside what is predicted of them (Q41)."""

import re
from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import pandas as pd
import pytest
from conftest import TEXT

import simcore
from simcore import sequenzy
from simcore.errors import EntryError, SimcoreError
from simcore.sequenzy.reconciliation import WHAT

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WINDOW = {
    "timezone": "UTC",
    "startTime": "08:00",
    "endTime": "20:00",
    "days": ["mon", "tue", "wed", "thu", "fri"],
}


def email(name, days=0, wait=None, **fields):
    waits = {"delay": {"days": days}} if days else {}
    own = {} if wait is None else {"delayNodeId": wait}
    return {"id": name, "subject": f"Email {name}", "html": "-", **waits, **own, **fields}


def series(*steps, **fields):
    return sequenzy.from_api({"name": "S", "trigger": "contact_added", "steps": list(steps), **fields})


THREE = series(email("a"), email("b", 1, "d1"), email("c", 2), sendingWindow=WINDOW)


def enrolled(*rows):
    """Enrolments of (subscriber, entered, status, node, until)."""
    names = ("subscriberId", "enrollmentStartedAt", "status", "currentNodeId", "waitUntil")
    items = [dict(zip(names, row, strict=False)) for row in rows]
    return sequenzy.enrollments({"enrollments": items})


def one(*row, sequence=THREE, as_of="2026-03-03T12:00Z", **more):
    """The only row: what, by how much, and why. Monday is the 2nd of March."""
    found = sequenzy.reconcile(sequence, enrolled(("x", *row)), as_of=as_of, **more)
    return found.loc[0, ["what", "difference", "reason"]].tolist()


# ---------------------------------------------------------------- the same


def open_at(t):
    """The first instant of the window at or after one."""
    while not (t.weekday() < 5 and 8 <= t.hour < 20):
        t = (t.replace(minute=0, second=0) + HOUR) if t.minute or t.second else t + HOUR
    return t


def stands(entered, delays, as_of):
    """Where one stands just before `as_of`: (status, node, until), by going from node to node."""
    now = entered
    for number, delay in enumerate(delays):
        if delay:
            ready = now + delay
            if ready >= as_of:
                return "active", f"wait{number}", ready
            now = ready
        due = open_at(now)
        if due >= as_of:
            return "waiting", f"mail{number}", due
        now = due
    return "completed", None, None


def test_all_that_a_plain_walk_gives_is_the_same():
    random = Random(5)
    for _ in range(40):
        delays = [random.choice([0, 1, 5, 30, 100]) * HOUR for _ in range(random.randrange(1, 5))]
        steps = [
            email(f"mail{at}", wait=f"wait{at}", delay={"hours": each // HOUR})
            if each
            else email(f"mail{at}")
            for at, each in enumerate(delays)
        ]
        sequence = series(*steps, sendingWindow=WINDOW)
        as_of = datetime(2026, 3, 9, tzinfo=UTC) + random.randrange(14 * 24) * HOUR
        rows = []
        for who in range(30):
            entered = as_of - random.randrange(1, 14 * 24 * 60) * timedelta(minutes=1)
            status, node, until = stands(entered, delays, as_of)
            rows.append((who, entered.isoformat(), status, node, until and until.isoformat()))
        listed = enrolled(*rows)
        found = sequenzy.reconcile(sequence, listed, as_of=as_of, tolerance="0s")
        assert found["what"].tolist() == ["same"] * len(rows), found[found["what"] != "same"][
            "reason"
        ].tolist()
        assert (found["reason"] == "").all()
        pd.testing.assert_series_equal(found["predicted_node"], found["reported_node"], check_names=False)
        pd.testing.assert_series_equal(found["predicted_until"], found["reported_until"], check_names=False)
        # Everything that is moved is told, and by how much.
        by_us = np.array([random.choice([-1, 1]) * random.randrange(61, 10**6) * 10**6 for _ in rows])
        moved = listed.assign(wait_until=listed["wait_until"] + by_us.view("timedelta64[us]"))
        found = sequenzy.reconcile(sequence, moved, as_of=as_of)
        waits = listed["wait_until"].notna()
        assert (found.loc[~waits, "what"] == "same").all()
        assert (found.loc[waits, "difference"] == pd.Series(by_us.view("timedelta64[us]"))[waits]).all()
        assert (
            found["what"].astype(str)[waits].tolist()
            == np.where(by_us > 0, "later", "earlier")[waits].tolist()
        )


def test_columns():
    listed = sequenzy.enrollments(simcore.example("sequenzy_enrollments"))
    onboarding = sequenzy.load(simcore.example("onboarding"))
    found = sequenzy.reconcile(
        onboarding, listed.set_index("subscriber_id", drop=False), as_of="2026-03-27T08:00Z"
    )
    kiev = "datetime64[us, Europe/Kyiv]"
    assert found.dtypes.astype(str).to_dict() == {
        "enrollment_id": TEXT,
        "subscriber_id": TEXT,
        "entered_at": "datetime64[us, UTC]",
        "predicted_status": TEXT,
        "reported_status": TEXT,
        "predicted_node": TEXT,
        "reported_node": TEXT,
        "predicted_until": kiev,
        "reported_until": kiev,
        "difference": "timedelta64[us]",
        "what": "category",
        "reason": TEXT,
    }
    assert tuple(found["what"].cat.categories) == WHAT
    assert found["what"].tolist() == ["same", "unknown_node", "not_predicted"]
    assert found.index.equals(pd.RangeIndex(3))
    plain = enrolled(("x", "2026-03-02T10:00Z", "completed")).drop(
        columns=["enrollment_id", "last_updated_at"]
    )
    assert sequenzy.reconcile(onboarding, plain, as_of="2026-03-27T08:00Z")["what"].tolist() == ["same"]
    for source in (simcore.example("sequenzy_enrollments"), [{"enrollments": []}]):
        again = sequenzy.reconcile(onboarding, source, as_of="2026-03-27T08:00Z")
        assert again.columns.tolist() == found.columns.tolist()


# ---------------------------------------------------------------- each difference, by hand

MONDAY = "2026-03-02T10:00:00Z"
B = "b until Wed 4 Mar 2026 08:00 UTC"
LATE = "2026-03-02T20:30:00Z"  # Tuesday 20:30 is when its wait is over, Wednesday 8:00 when the window opens


@pytest.mark.parametrize(
    ("row", "as_of", "expected"),
    [
        ((MONDAY, "waiting", "d1", "2026-03-03T10:00:59Z"), "2026-03-03T10:00Z", ("same", "59s", "")),
        (
            (MONDAY, "active", "d1", "2026-03-03T11:01:00Z"),
            "2026-03-03T10:00Z",
            (
                "later",
                "61min",
                "1 hour 1 minute later: waits at d1 until Tue 3 Mar 2026 11:01 UTC; predicted: waits at d1 until Tue "
                "3 Mar 2026 10:00 UTC",
            ),
        ),
        (
            (MONDAY, "waiting", None, "2026-03-03T09:00:00Z"),
            "2026-03-03T10:00Z",
            (
                "earlier",
                "-60min",
                "1 hour earlier: waits until Tue 3 Mar 2026 09:00 UTC; predicted: waits at d1 until Tue 3 Mar 2026 "
                "10:00 UTC",
            ),
        ),
        (
            ("2026-03-02T21:00:00Z", "waiting", "a", "2026-03-03T08:00Z"),
            "2026-03-03T01:00Z",
            ("same", "0s", ""),
        ),
        (
            ("2026-03-06T21:00Z", "waiting", "d1", "2026-03-10T08:00Z"),
            "2026-03-10T00:00Z",
            ("same", "0s", ""),
        ),
        (
            ("2026-03-06T15:00Z", "waiting", "d1", "2026-03-07T15:00Z"),
            "2026-03-07T00:00Z",
            ("same", "0s", ""),
        ),
        (
            ("2026-03-06T15:00Z", "waiting", "d1", "2026-03-09T08:00Z"),
            "2026-03-07T00:00Z",
            ("same", "0s", ""),
        ),
        (("2026-03-06T15:00Z", "waiting", "b", "2026-03-09T08:00Z"), "2026-03-08T00:00Z", ("same", "0s", "")),
        (
            (MONDAY, "waiting", "c", "2026-03-05T10:00Z"),
            "2026-03-03T10:00Z",
            (
                "elsewhere",
                None,
                "waits at c until Thu 5 Mar 2026 10:00 UTC; predicted: waits at d1 until Tue 3 Mar 2026 10:00 UTC; "
                "c comes after d1",
            ),
        ),
        (
            (MONDAY, "waiting", "a"),
            "2026-03-04T10:00Z",
            (
                "elsewhere",
                None,
                "waits at a for no instant; predicted: waits at c until Thu 5 Mar 2026 10:00 UTC; a comes before c",
            ),
        ),
        (
            (MONDAY, "waiting", "n4"),
            "2026-03-03T10:00Z",
            (
                "unknown_node",
                None,
                "the sequence has no node n4: waits at n4 for no instant; predicted: waits at d1 until Tue 3 Mar 2026 "
                "10:00 UTC",
            ),
        ),
        (
            (MONDAY, "waiting"),
            "2026-03-03T10:00Z",
            (
                "no_instant",
                None,
                "waits for no instant; predicted: waits at d1 until Tue 3 Mar 2026 10:00 UTC",
            ),
        ),
        (
            (MONDAY, "cancelled"),
            "2026-03-03T10:00Z",
            ("ended", None, "cancelled; predicted: waits at d1 until Tue 3 Mar 2026 10:00 UTC"),
        ),
        (
            (MONDAY, "active", "c", "2026-03-05T12:00Z"),
            "2026-03-05T10:00:01Z",
            (
                "still_active",
                None,
                "waits at c until Thu 5 Mar 2026 12:00 UTC; predicted: completed, Thu 5 Mar 2026 10:00 UTC",
            ),
        ),
        (
            (MONDAY, "cancelled"),
            "2026-03-06T10:00Z",
            ("ended_otherwise", None, "cancelled; predicted: completed, Thu 5 Mar 2026 10:00 UTC"),
        ),
        (
            (MONDAY, "lost"),
            "2026-03-06T10:00Z",
            (
                "unknown_status",
                None,
                "lost; predicted: completed, Thu 5 Mar 2026 10:00 UTC (known are active, waiting, cancelled, "
                "completed)",
            ),
        ),
        (
            (MONDAY, None, "d1", "2026-03-03T10:00Z"),
            "2026-03-02T11:00Z",
            (
                "unknown_status",
                None,
                "no status; predicted: waits at d1 until Tue 3 Mar 2026 10:00 UTC (known are active, waiting, "
                "cancelled, completed)",
            ),
        ),
        (
            (MONDAY, "active", "a"),
            "2026-03-02T10:00Z",
            ("not_predicted", None, "waits at a for no instant; not predicted: enrolled at or after as_of"),
        ),
    ],
)
def test_each_difference(row, as_of, expected):
    what, by, why = one(*row, as_of=as_of)
    assert (what, why) == (expected[0], expected[2])
    assert by is pd.NaT if expected[1] is None else by == pd.Timedelta(expected[1])


def test_who_is_not_taken_in():
    events = pd.DataFrame({"subscriber_id": ["x"], "at": ["2026-03-01T00:00Z"], "event": ["unsubscribed"]})
    said = one(MONDAY, "active", "d1", sequence=THREE.replace(activeSubscribersOnly=True), events=events)
    assert said[0] == "not_predicted"
    assert said[2] == (
        "waits at d1 for no instant; not predicted: it starts no run: unsubscribed, bounced or complained before, and "
        "did not resubscribe"
    )
    found = sequenzy.reconcile(
        THREE.replace(enrollmentMode="one_time"),
        enrolled(("x", MONDAY, "completed"), ("x", "2026-03-02T11:00Z", "completed")),
        as_of="2026-03-09T00:00Z",
    )
    assert found["predicted_status"].tolist() == ["completed", "repeated"]


@pytest.mark.parametrize(
    ("event", "status", "what"),
    [
        ("unsubscribed", "cancelled", "same"),
        ("unsubscribed", "completed", "ended_otherwise"),
        ("removed", "cancelled", "same"),
        ("tag_added", "cancelled", "same"),
        ("tag_added", "completed", "same"),
        ("tag_added", "active", "still_active"),
    ],
)
def test_what_ends_runs(event, status, what):
    sequence = THREE.replace(stopCondition={"type": "has_tag", "value": "bought"})
    events = pd.DataFrame({
        "subscriber_id": ["x"],
        "at": ["2026-03-02T12:00Z"],
        "event": [event],
        "ref": ["bought"],
    })
    assert one(MONDAY, status, events=events, sequence=sequence)[0] == what


def test_a_paused_sequence_and_a_closed_window():
    paused = one(MONDAY, "active", "a", sequence=THREE.replace(status="paused"))
    assert paused[0] == "same"
    said = one(
        MONDAY,
        "active",
        "a",
        "2026-03-09T08:00Z",
        sequence=THREE.replace(sendingWindow={**WINDOW, "days": []}),
    )
    assert said[0] == "no_instant"
    assert said[2].endswith("until Mon 9 Mar 2026 08:00 UTC; predicted: waits at a for no instant")


def test_a_wait_that_ends_the_run():
    last = {
        "type": "wait_for_event",
        "id": "w",
        "eventName": "order",
        "timeoutDays": 1,
        "timeoutAction": "exit",
    }
    sequence = series(email("a"), last, email("b"))
    row = (MONDAY, "waiting", "w", "2026-03-03T10:00Z")
    assert one(*row, sequence=sequence, as_of="2026-03-02T12:00Z")[0] == "same"
    assert one(MONDAY, "cancelled", sequence=sequence, as_of="2026-03-04T12:00Z")[0] == "same"


def test_a_sequence_that_is_off():
    """What came due while it is off stands at its node, with an instant that is past."""
    off = [sequenzy.disable("2026-03-02T12:00Z")]
    row = (MONDAY, "waiting", "b", "2026-03-03T10:00Z")
    assert one(*row, as_of="2026-03-09T12:00Z", changes=off)[0] == "same"


def test_waits_on_their_own_and_for_events():
    steps = [
        email("a"),
        {"type": "delay", "id": "pause", "delay": {"days": 1}},
        {"type": "add_tag", "id": "tag", "tagName": "seen"},
        {"type": "wait_for_event", "id": "w", "eventName": "order", "delay": {"hours": 3}, "timeoutDays": 2},
        email("b"),
    ]
    sequence = series(*steps)
    assert (
        one(MONDAY, "waiting", "pause", "2026-03-03T10:00Z", sequence=sequence, as_of="2026-03-02T12:00Z")[0]
        == "same"
    )
    assert (
        one(MONDAY, "waiting", "w", "2026-03-03T13:00Z", sequence=sequence, as_of="2026-03-03T12:00Z")[0]
        == "same"
    )
    assert (
        one(MONDAY, "waiting", "w", "2026-03-05T13:00Z", sequence=sequence, as_of="2026-03-04T12:00Z")[0]
        == "same"
    )


def test_random_splits_need_a_seed():
    split = {
        "type": "branch",
        "id": "s",
        "splitMode": "random",
        "randomPercentages": [50, 50],
        "branches": [{"steps": [email("a", 1)]}, {"steps": [email("b", 1)]}],
    }
    rows = [(f"x{number}", MONDAY, "active", "a", "2026-03-03T10:00Z") for number in range(20)]
    found = sequenzy.reconcile(series(split), enrolled(*rows), as_of="2026-03-03T00:00Z", seed=3)
    assert set(found["what"]) == {"same", "elsewhere"}


def test_what_changed_meanwhile():
    """Who waits keeps the instant; the deleted node is known still, and comes before all others."""
    changes = [sequenzy.update("2026-03-02T12:00Z", steps=[email("a"), email("b", 3, "d1")])]
    said = one(MONDAY, "waiting", "d1", "2026-03-03T10:00Z", as_of="2026-03-03T00:00Z", changes=changes)
    assert said[0] == "same"
    said = one(MONDAY, "waiting", "c", as_of="2026-03-03T00:00Z", changes=iter(changes))
    assert said[0] == "elsewhere"
    assert said[2].endswith("; c comes before d1")


# ---------------------------------------------------------------- refused


def test_refused(text_of):
    listed = enrolled(("x", MONDAY, "active"))
    expected = "expected a simcore.sequenzy.Sequence"
    assert (
        text_of(SimcoreError, sequenzy.reconcile, 5, listed, as_of=MONDAY) == f"sequence: found 5, {expected}"
    )
    assert text_of(
        SimcoreError, sequenzy.reconcile, THREE, listed.drop(columns=["status"]), as_of=MONDAY
    ) == (
        "enrollments: no column status, expected those that sequenzy.enrollments gives: subscriber_id, entered_at, "
        "via, enrollment_id, status, current_node_id, wait_until, last_updated_at"
    )
    assert text_of(SimcoreError, sequenzy.reconcile, THREE, listed, as_of=MONDAY, tolerance=5) == (
        'tolerance: found 5, expected a length of time of 0 or more, such as "15min"'
    )
    wrong = listed.assign(wait_until=["soon"])
    assert text_of(EntryError, sequenzy.reconcile, THREE, wrong, as_of=MONDAY).startswith(
        "enrollments: wait_until: 1 "
    )
    assert text_of(EntryError, sequenzy.reconcile, THREE, listed, as_of="2026-03-02").startswith(
        "as_of: '2026-03-02'"
    )


def test_a_name_that_is_not_there():
    with pytest.raises(
        AttributeError, match=re.escape("module 'simcore.sequenzy' has no attribute 'reconcil'")
    ):
        sequenzy.reconcil  # noqa: B018  asking for it is what fails
    assert "reconcile" in dir(sequenzy)
