"""The twin: its clock, its outbox, its state and its faults (W2 to W5)."""

import asyncio
import inspect
import json
import re
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import timedelta
from functools import partial
from importlib import metadata

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from twin_calls import Calls

import simcore
from simcore import kit, sequenzy
from simcore.errors import EntryError, SimcoreError
from simcore.twin import running, stamps
from simcore.twin.key import Key

pytest.importorskip("starlette", reason="the extra twin has it")
pytest.importorskip("uvicorn", reason="the extra twin has it")
server = pytest.importorskip("simcore.twin.server")

WELCOME = kit.load(simcore.example("welcome"))
ONBOARDING = sequenzy.load(simcore.example("onboarding"))
FIRST = "2026-03-06T21:07:30-05:00"


@pytest.fixture(scope="module")
def running_twin():
    with simcore.twin(kit=WELCOME) as found:
        yield found


@pytest.fixture
def t(running_twin):
    running_twin.reset()
    return running_twin


def add(calls, *addresses, sequence=30):
    for address in addresses:
        calls.ok("POST", "/v4/subscribers", {"email_address": address})
        calls.ok("POST", f"/v4/sequences/{sequence}/subscribers", {"email_address": address})


def same(twin):
    """Sees to it that the outbox is what `simcore.simulate` gives for what was recorded (W2)."""
    world = twin._world
    known = [
        *world.kit.sequences,
        *(each.id for each in world.sequenzy.sequences.values() if each.enabled_us),
    ]
    outbox = twin.outbox
    for number in known:
        expected = simcore.simulate(**twin.recorded(number))
        found = twin.simulation(number)
        for name in ("timeline", "subscribers", "journal"):
            assert_frame_equal(getattr(found, name), getattr(expected, name))
        mine = outbox[outbox["sequence_id"] == number].drop(columns="sequence_id").reset_index(drop=True)
        timeline = expected.timeline
        assert mine["send_at"].tolist() == timeline["send_at"].tolist()
        for name in ("subscriber_id", "run", "position", "email_id", "subject"):
            assert mine[name].astype(object).tolist() == timeline[name].astype(object).tolist()
        if len(known) == 1:
            assert_frame_equal(mine, timeline)
    assert len(outbox) == sum(len(twin.simulation(number).timeline) for number in known)


# ---------------------------------------------------------------- the clock (W2)


def test_the_clock_moves_when_told(t):
    assert str(t.clock.now) == "2026-01-01 00:00:00+00:00"
    time.sleep(0.01)
    assert str(t.clock.now) == "2026-01-01 00:00:00+00:00"
    assert (
        str(t.clock.advance("1 week, 2 days, 3 hours, 4 minutes, 5 seconds")) == "2026-01-10 03:04:05+00:00"
    )
    assert t.clock.advance(timedelta(microseconds=1)).microsecond == 1
    assert t.clock.to(FIRST) == t.clock.now == pd.Timestamp(FIRST)
    assert t.clock.to(t.clock.now) == t.clock.now
    assert repr(t.clock) == "<a clock at 2026-03-07T02:07:30+00:00>"


@pytest.mark.parametrize(
    ("length", "found"),
    [
        ("3 moons", "'3 moons'"),
        ("-1 day", "'-1 day'"),
        (3, "3"),
        (timedelta(-1), "datetime.timedelta(days=-1)"),
        (pd.NaT, "NaT"),
        ("", "''"),
    ],
)
def test_what_is_no_length(t, length, found, text_of):
    assert text_of(SimcoreError, t.clock.advance, length) == (
        f'a length of time: found {found}, expected 0 or more, such as "3 days" '
        "(seconds, minutes, hours, days, weeks)"
    )


def test_the_clock_does_not_go_back_or_past_the_end(t, text_of):
    t.clock.to(FIRST)
    assert text_of(SimcoreError, t.clock.to, "2026-03-06T00:00Z") == (
        "the clock only goes forward: it is 2026-03-07T02:07:30Z, and 2026-03-06T00:00:00Z is before that"
    )
    assert text_of(EntryError, t.clock.to, "2026-03-06").startswith("to: '2026-03-06' has no time zone")
    assert text_of(SimcoreError, t.clock.advance, "999999999 days") == (
        "the clock goes to 2200-01-01 UTC and no further"
    )
    assert t.clock.now == pd.Timestamp(FIRST)


def test_times_are_written_as_the_platforms_write_them():
    assert stamps.text(1) == "1970-01-01T00:00:00.000001Z"


# ---------------------------------------------------------------- the outbox (W2)


def test_from_the_first_call_to_the_last_mail(t):
    """Kit's worked example, from outside (K7, K8, K10)."""
    t.clock.to(FIRST)
    with Calls(t) as calls:
        add(calls, "ada@example.com")
    assert t.outbox["send_at"].astype(str).tolist() == ["2026-03-06 21:07:30-05:00"]
    t.clock.to("2026-03-09T08:59:59-04:00")
    assert len(t.outbox) == 2
    t.clock.to("2026-03-09T09:00-04:00")  # at that very instant it has happened
    assert len(t.outbox) == 3
    t.clock.advance("1 week")
    assert t.outbox["send_at"].astype(str).tolist() == [
        "2026-03-06 21:07:30-05:00",
        "2026-03-06 23:15:00-05:00",
        "2026-03-09 09:00:00-04:00",
        "2026-03-12 09:00:00-04:00",
    ]
    same(t)


def test_an_empty_outbox_has_the_columns_of_a_timeline():
    with simcore.twin() as t:
        assert list(t.outbox) == ["sequence_id", *simcore.simulate(WELCOME, []).timeline]
        assert t.outbox.empty


def test_several_sequences_stand_one_after_the_other(t):
    with Calls(t) as calls:
        made = calls.ok("POST", "/v4/sequences", {"name": "Berlin", "time_zone": "Europe/Berlin"})["sequence"]
        email = {"subject": "Hallo", "delay_value": 1, "delay_unit": "hours", "published": True}
        calls.ok("POST", f"/v4/sequences/{made['id']}/emails", email)
        add(calls, "ada@example.com", sequence=made["id"])
        add(calls, "ada@example.com")
    t.clock.advance("2 hours")
    outbox = t.outbox
    assert outbox["sequence_id"].tolist() == [30, 30, 31]
    assert str(outbox["send_at"].dt.tz) == "UTC"
    assert outbox["subject"].tolist()[-1] == "Hallo"
    same(t)


def test_several_sequences_of_one_zone_keep_it(t):
    with Calls(t) as calls:
        calls.ok("POST", "/v4/sequences", {"name": "Another"})
    assert str(t.outbox["send_at"].dt.tz) == "America/New_York"


def test_edits_reach_people_who_are_inside(t):
    t.clock.to(FIRST)
    with Calls(t) as calls:
        add(calls, "ada@example.com", "ben@example.com")
        t.clock.advance("3 days")
        before = len(t.outbox)
        late = {"subject": "P.S.", "delay_value": 1, "delay_unit": "hours", "published": True, "position": 1}
        calls.ok("POST", "/v4/sequences/30/emails", late)
        assert len(t.outbox) == before + 2  # published behind them, it is sent at once (K22)
        same(t)
        t.clock.advance("1 second")
        calls.ok("PUT", "/v4/sequences/30", {"active": False})
        t.clock.advance("30 days")
        assert len(t.outbox) == before + 2
        calls.ok("PUT", "/v4/sequences/30", {"active": True})
        t.clock.advance("30 days")
        assert len(t.outbox) == before + 4
    same(t)


def test_what_is_known_is_kept(t, monkeypatch):
    """Only what is new is simulated: nothing when the clock moves, the new ones when some come."""
    from simcore.twin import kept

    seen = []
    make = kept.make
    monkeypatch.setattr(
        kept, "make", lambda *given, **more: seen.append(len(given[1])) or make(*given, **more)
    )
    with Calls(t) as calls:
        add(calls, "ada@example.com", "ben@example.com")
        assert len(t.outbox) == 2
        for _ in range(5):
            t.clock.advance("1 day")
            assert not t.outbox.empty
        assert seen == [2]
        add(calls, "cleo@example.com")
        assert len(t.outbox) == 7
        assert len(t.outbox) == 7
        assert seen == [2, 1]
        calls.ok("POST", "/v4/subscribers/1/unsubscribe")
        assert len(t.outbox) == 7
        assert seen == [2, 1, 3]
        add(calls, "ada@example.com")  # once more
        assert len(t.outbox) == 7
        assert seen == [2, 1, 3, 4]
        t.simulation(30)
        t.simulation(30)
        assert seen == [2, 1, 3, 4, 4]
    same(t)


def test_what_would_be_after_the_last_instant_is_not_looked_at_before():
    slow = kit.Email(subject="Late", delay_value=3650, delay_unit="days", published=True)
    with simcore.twin(kit=kit.Sequence(name="Slow", emails=[slow, slow])) as t, Calls(t) as calls:
        t.clock.to("2185-01-01T00:00Z")
        add(calls, "ada@example.com", sequence=1)
        assert t.outbox.empty
        add(calls, "ben@example.com", sequence=1)
        t.clock.to("2195-01-01T00:00Z")
        assert len(t.outbox) == 2
        assert len(calls.ok("GET", "/_twin/people")["people"]) == 2
        same(t)


def test_who_was_in_an_excluded_sequence(t):
    with Calls(t) as calls:
        body = {"name": "Not both", "exclude_subscriber_sources": [{"type": "sequence", "ids": [30]}]}
        number = calls.ok("POST", "/v4/sequences", body)["sequence"]["id"]
        email = {"subject": "Hello", "delay_value": 0, "delay_unit": "days", "published": True}
        calls.ok("POST", f"/v4/sequences/{number}/emails", email)
        add(calls, "ada@example.com")
        calls.ok("POST", "/v4/tags", {"name": "vip"})
        calls.ok("POST", "/v4/tags/1/subscribers/1", {})
        t.clock.advance("1 hour")
        add(calls, "ada@example.com", "ben@example.com", sequence=number)
        sent = t.outbox
        assert sent[sent["sequence_id"] == number]["subscriber_id"].tolist() == [2]
        listed = calls.ok("GET", f"/v4/sequences/{number}/subscribers")["subscribers"]
        assert [each["id"] for each in listed] == [2]  # who started no run is not listed
    same(t)


def test_what_no_call_does(t, text_of):
    with Calls(t) as calls:
        add(calls, "ada@example.com")
        t.clock.advance("1 hour")
        t.happens("kit", 1, "bounced")
        assert calls.ok("GET", "/v4/subscribers/1")["subscriber"]["state"] == "bounced"
        t.happens("kit", 1, "resubscribed")
        t.happens("kit", 1, "form_joined", 7)
        assert calls.ok("GET", "/v4/subscribers/1")["subscriber"]["state"] == "active"
        event = {"platform": "kit", "subscriber_id": 1, "event": "segment_entered", "ref": 3}
        assert calls.ok("POST", "/_twin/events", event) == {"now": "2026-01-01T01:00:00Z"}
        assert calls("POST", "/_twin/events", {**event, "platform": "post"})[1]["errors"] == [
            "platform must be one of: kit, sequenzy (found 'post')"
        ]
        assert calls("POST", "/_twin/events", {**event, "properties": {}})[1]["errors"] == [
            "properties are not known of Kit's events"
        ]
        for wrong in ([], {}, "opened"):
            assert calls("POST", "/_twin/events", {**event, "event": wrong})[0] == 422
            assert calls("POST", "/_twin/events", {**event, "platform": wrong})[0] == 422
        assert calls("POST", "/_twin/events", {**event, "ref": None})[0] == 422
        assert calls("POST", "/_twin/events", {**event, "subscriber_id": 9})[0] == 404
        for wrong in ([], True, 1.5):
            assert calls("POST", "/_twin/events", {**event, "subscriber_id": wrong})[0] == 404
    assert t.simulation(30).subscribers["status"].tolist() == ["cancelled"]
    assert text_of(SimcoreError, t.happens, "kit", 9, "bounced") == "Not Found"
    assert text_of(SimcoreError, t.happens, "post", 9, "bounced") == (
        "platform must be one of: kit, sequenzy (found 'post')"
    )
    same(t)


def test_what_happens_to_somebody_of_the_outbox(t):
    """Whose id is one of numpy's there; and it is kept as it was when it was told."""
    with Calls(t) as calls:
        add(calls, "ada@example.com")
        t.clock.advance("1 hour")
        t.happens("kit", t.outbox["subscriber_id"].to_numpy()[0], "form_joined", np.int64(7))
        assert t._world.record.operations[-1].data["subscriber"] == 1
        assert calls.ok("GET", "/v4/subscribers")["subscribers"][0]["id"] == 1
        calls.ok("POST", "/api/v1/subscribers", {"email": "ben@example.com"})
        told = {"where": ["here"]}
        t.happens("sequenzy", "sub_000001", "segment_entered", "vips", told)
        told["where"].append("there")
        assert t._world.sequenzy.events.properties[-1] == {"where": ["here"]}
        event = {
            "platform": "sequenzy",
            "subscriber_id": "sub_000001",
            "event": "segment_left",
            "ref": "vips",
        }
        assert calls("POST", "/_twin/events", {**event, "properties": 3}) == (
            400,
            {"errors": ["properties must be an object (found 3)"]},
        )
    same(t)


def test_what_is_given_out_is_a_copy(t):
    """Who changes it changes nothing of the twin's, and it does not change when the twin goes on."""
    with Calls(t) as calls:
        add(calls, "ada@example.com")
        t.happens("kit", 1, "form_joined", 7)
        for frame in (*t.simulation(30), t.recorded(30)["events"], t.outbox):
            frame.pop("subscriber_id")
        for frame in (*t.simulation(30), t.recorded(30)["events"], t.outbox):
            assert "subscriber_id" in frame
        before = t.recorded(30)
        calls.ok("PUT", "/v4/sequences/30", {"active": False})
        assert before["changes"] == []
    same(t)


def test_a_draft_has_no_life(t, text_of):
    """It would look as though it were enabled from the beginning."""
    with Calls(t) as calls:
        steps = [{"subject": "Hi", "html": "<p>x</p>"}]
        body = {"name": "Draft", "trigger": "contact_added", "steps": steps}
        draft = calls.ok("POST", "/api/v1/sequences", body)["sequence"]["id"]
        calls.ok("POST", "/api/v1/subscribers", {"email": "ada@example.com"})
        told = f"sequence '{draft}' is a draft: it takes nobody in until it is enabled"
        for ask in (t.simulation, t.recorded):
            assert text_of(SimcoreError, ask, draft) == told
        t.clock.advance("1 day")
        calls.ok("POST", f"/api/v1/sequences/{draft}/enable")
        assert t.simulation(draft).subscribers.empty
    same(t)


def test_a_sequence_that_is_not_there(t, text_of):
    assert text_of(SimcoreError, t.simulation, 7) == "no sequence 7; there are: 30"
    with simcore.twin() as empty:
        assert text_of(SimcoreError, empty.recorded, "x") == "no sequence 'x'; there are: none"


# ---------------------------------------------------------------- pages of the outbox, and of the people


def test_the_outbox_pages_in_the_order_of_time(t):
    with Calls(t) as calls:
        add(calls, "ada@example.com", "ben@example.com")
        t.clock.advance("30 days")
        first = calls.ok("GET", "/_twin/outbox?limit=3")
        rest = calls.ok("GET", "/_twin/outbox?limit=30&offset=3")
        assert first["pagination"] == {"limit": 3, "offset": 0, "count": 3, "total": 8, "hasMore": True}
        assert rest["pagination"] == {"limit": 30, "offset": 3, "count": 5, "total": 8, "hasMore": False}
        sent = first["outbox"] + rest["outbox"]
        assert [each["send_at"] for each in sent] == sorted(each["send_at"] for each in sent)
        assert sent[0] == {
            "sequence_id": 30,
            "subscriber_id": 1,
            "run": 1,
            "position": 0,
            "email_id": 301,
            "subject": "Welcome, and your first recipe",
            "send_at": "2026-01-01T00:00:00Z",
        }
        assert calls.ok("GET", "/_twin/outbox?offset=99")["outbox"] == []
        assert calls.ok("GET", "/_twin/outbox?sequence_id=30")["pagination"]["total"] == 8
        assert calls.ok("GET", "/_twin/outbox?sequence_id=31")["outbox"] == []
        assert calls("GET", "/_twin/outbox?limit=0") == (
            400,
            {"errors": ["limit must be an integer of 1 or more"]},
        )


def test_the_people_page(t):
    with Calls(t) as calls:
        assert calls.ok("GET", "/_twin/people")["people"] == []
        calls.ok("POST", "/v4/sequences", {"name": "Another"})
        add(calls, "ada@example.com", "ben@example.com")
        add(calls, "ada@example.com", sequence=31)
        found = calls.ok("GET", "/_twin/people?limit=2&offset=1")
        assert [(each["sequence_id"], each["subscriber_id"]) for each in found["people"]] == [
            (30, 2),
            (31, 1),
        ]
        assert found["people"][0]["email"] == "ben@example.com"
        assert found["people"][0]["next_send_at"] == "2026-01-01T02:00:00Z"
        assert found["people"][0]["ended_at"] is None
        assert found["people"][1]["status"] == "completed"


# ---------------------------------------------------------------- state, forks, reset (W3)


def test_a_fork_goes_its_own_way(t):
    with Calls(t) as calls:
        add(calls, "ada@example.com")
    t.clock.advance("1 day")
    fork = t.fork()
    assert fork.url != t.url
    assert fork.key == t.key
    assert_frame_equal(fork.outbox, t.outbox)
    with Calls(fork) as calls:
        add(calls, "ben@example.com")
    fork.clock.advance("30 days")
    assert len(fork.outbox) == 8
    assert len(t.outbox) == 3
    assert str(t.clock.now) == "2026-01-02 00:00:00+00:00"
    t.clock.advance("30 days")
    assert len(t.outbox) == 4
    same(fork)


def test_a_fork_of_one_that_does_not_run():
    twin = simcore.twin(kit=[WELCOME])
    fork = twin.fork()
    assert repr(fork) == "<a twin, not running, 2026-01-01T00:00:00+00:00>"
    with fork, fork:
        assert fork.url.startswith("http://127.0.0.1:")
    twin.close()


def test_reset_goes_back_to_the_start(t):
    with Calls(t) as calls:
        calls.ok("POST", "/v4/sequences", {"name": "Another"})
        add(calls, "ada@example.com")
        t.clock.advance("3 days")
        t.faults.unavailable(3)
        t.reset()
        assert t.outbox.empty
        assert str(t.clock.now) == "2026-01-01 00:00:00+00:00"
        assert [each["id"] for each in calls.ok("GET", "/v4/sequences")["sequences"]] == [30]
        assert calls.ok("GET", "/v4/subscribers")["subscribers"] == []
        add(calls, "ada@example.com")
        assert calls.ok("POST", "/_twin/reset") == {"now": "2026-01-01T00:00:00Z"}
        assert calls("POST", "/_twin/reset", {"x": 1})[0] == 422
        assert t.outbox.empty


def test_the_state_is_kept_in_a_file(tmp_path):
    path = tmp_path / "twin.db"
    with simcore.twin(kit=WELCOME, sequenzy=ONBOARDING, state=path) as t:
        with Calls(t) as calls:
            add(calls, "ada@example.com")
            calls.ok("POST", "/api/v1/subscribers", {"email": "ben@example.com"})
        t.clock.advance("3 days")
        before, key, now = t.outbox, t.key, t.clock.now
        assert t.fork()._world.record.operations == t._world.record.operations
    files = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    assert "twin.db" in files
    assert not any(key.encode() in each for each in files.values())
    with simcore.twin(state=path) as t:
        with pytest.raises(SimcoreError, match=re.escape(f"{path}: another twin has it open")):
            simcore.twin(state=path)
        assert_frame_equal(t.outbox, before)
        assert t.clock.now == now
        assert t.key != key
        with Calls(t) as calls:
            add(calls, "cleo@example.com")
        t.clock.advance("30 days")
        same(t)
        after = t.outbox
    with simcore.twin(state=path, kit=WELCOME) as t:
        assert_frame_equal(t.outbox, after)
        t.reset()
        assert t.outbox.empty
    with simcore.twin(state=path) as t:
        assert t._world.kit.sequences.keys() == {30}
        assert str(t.clock.now) == "2026-01-01 00:00:00+00:00"


def test_a_state_has_its_start_and_what_was_given_then(tmp_path):
    """Whatever else the next one is given."""
    path = tmp_path / "twin.db"
    with simcore.twin(kit=WELCOME, sequenzy=ONBOARDING, state=path, start="2026-03-06T00:00Z") as t:
        with Calls(t) as calls:
            add(calls, "ada@example.com")
        before = t.outbox
    with simcore.twin(kit=[WELCOME] * 5, state=path, start="2027-01-01T00:00Z") as t:
        assert str(t.clock.now) == "2026-03-06 00:00:00+00:00"
        assert_frame_equal(t.outbox, before)
    with simcore.twin(state=path) as t:
        t.reset()
        assert str(t.clock.now) == "2026-03-06 00:00:00+00:00"
        assert [*t._world.kit.sequences, *t._world.sequenzy.sequences] == [30, "seq_000001"]
        assert t.outbox.empty


def test_what_it_cannot_start_with_is_in_no_state(tmp_path, text_of):
    """Or the next one would go on from half of it."""
    path = tmp_path / "twin.db"
    blank = sequenzy.from_api({"name": "Blank", "trigger": "contact_added", "steps": []})
    told = "A sequence without steps can't be enabled"
    assert text_of(SimcoreError, simcore.twin, kit=WELCOME, sequenzy=blank, state=path) == told
    with simcore.twin(sequenzy=ONBOARDING, state=path) as t:
        assert not t._world.kit.sequences
        assert t._world.sequenzy.sequences


def test_what_cannot_be_written_is_not_done(tmp_path, text_of, monkeypatch):
    """Nor is it in memory, where calls would go on with it until the twin ends."""
    path = tmp_path / "twin.db"
    with simcore.twin(kit=WELCOME, state=path) as t, Calls(t) as calls:
        add(calls, "ada@example.com")
        before = t.outbox
        with monkeypatch.context() as full:

            class Full:
                def execute(self, *_):
                    raise sqlite3.OperationalError("database or disk is full")

            full.setattr(t._world.record, "_file", Full())
            told = f"{path}: cannot be written: database or disk is full"
            ben = {"email_address": "ben@example.com"}
            assert calls("POST", "/v4/subscribers", ben) == (422, {"errors": [told]})
            assert text_of(SimcoreError, t.clock.advance, "1 day") == told
            assert text_of(SimcoreError, t.reset) == told
        calls.ok("POST", "/api/v1/subscribers", {"email": "cleo@example.com"})
        happens = ("sequenzy", "sub_000001", "segment_entered", "vips", {"x": object()})
        assert text_of(SimcoreError, t.happens, *happens) == (
            "sequenzy.happen: Object of type object is not JSON serializable, so it cannot be kept in a file"
        )
        assert_frame_equal(t.outbox, before)
        assert str(t.clock.now) == "2026-01-01 00:00:00+00:00"
        assert calls.ok("POST", "/v4/subscribers", ben)["subscriber"]["id"] == 2
        t.clock.advance("1 day")
        after = t.outbox
    assert text_of(SimcoreError, t.clock.advance, "1 day") == f"{path}: the twin is closed"
    with simcore.twin(state=path) as t:
        assert_frame_equal(t.outbox, after)
        assert t._world.kit.subscribers.keys() == {1, 2}


def test_a_file_that_is_half_made_is_none(tmp_path, monkeypatch):
    """One that was stopped while it was made is empty, and can be made."""
    path = tmp_path / "twin.db"

    class Dies(sqlite3.Connection):
        def execute(self, statement, *values):
            if statement.startswith("PRAGMA application_id ="):
                raise sqlite3.OperationalError("disk I/O error")
            return super().execute(statement, *values)

    with monkeypatch.context() as dying:
        dying.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Dies))
        with pytest.raises(SimcoreError, match=r"disk I/O error$"):
            simcore.twin(state=path)
    with simcore.twin(state=path) as t:
        assert t.outbox.empty


def test_what_is_no_state(tmp_path, text_of):
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE t (x)")
    other.close()
    assert (
        text_of(SimcoreError, simcore.twin, state=path) == f"{path}: not the state of a twin of this version"
    )
    path.write_bytes(b"no database at all, but long enough to be taken for one" * 20)
    assert text_of(SimcoreError, simcore.twin, state=path) == (
        f"{path}: not the state of a twin: file is not a database"
    )
    path.unlink()
    with simcore.twin(state=path):
        pass
    with sqlite3.connect(path) as other:
        other.execute("INSERT INTO operation VALUES (1, 0, 'kit.drop', '{}')")
    other.close()
    assert text_of(SimcoreError, simcore.twin, state=path) == (
        "kit.drop: not an operation of a twin of this version"
    )


def test_what_it_can_not_start_with(text_of):
    assert text_of(SimcoreError, simcore.twin, kit=ONBOARDING).startswith("kit: found ")
    assert text_of(SimcoreError, simcore.twin, key=" x") == (
        "key: expected a text of ASCII characters, without spaces around it"
    )
    assert text_of(EntryError, simcore.twin, start="soon").startswith("start: 'soon'")


# ---------------------------------------------------------------- the server, the key (W3, W5)


def test_it_is_a_function_that_is_called_as_its_package():
    assert inspect.signature(simcore.twin) == inspect.signature(running.twin)
    assert [*inspect.signature(simcore.twin).parameters][:5] == ["kit", "sequenzy", "port", "key", "state"]
    assert "clock" in simcore.twin.__doc__


def test_the_port_and_the_key_are_those_given(text_of, tmp_path):
    with simcore.twin(key="secret") as t:
        port = int(t.url.rpartition(":")[2])
        assert t.key == "secret"
        assert t._server.config.timeout_keep_alive > 60  # uvicorn's own 5 are few for a slow test
        with simcore.twin() as other:
            assert other.key != t.key
        state = tmp_path / "twin.db"
        taken = simcore.twin(port=port, state=state)
        assert text_of(SimcoreError, taken.__enter__) == f"127.0.0.1 port {port}: Address already in use"
        simcore.twin(state=state).close()  # which the other has let go
    with simcore.twin(port=port) as again:
        assert again.url == f"http://127.0.0.1:{port}"


def test_another_address():
    with simcore.twin(host="::1") as t, Calls(t) as calls:
        assert t.url.startswith("http://[::1]:")
        assert calls("GET", "/v4/account")[0] == 200
    wrong = simcore.twin(port=70_000)
    with pytest.raises(SimcoreError, match=r"^127\.0\.0\.1 port 70000: "):
        wrong.__enter__()


@pytest.mark.parametrize(
    "path", ["/v4/sequences", "/api/v1/sequences", "/_twin/clock", "/v4/nowhere", "/nowhere"]
)
def test_without_the_key_nothing_is_answered(t, path):
    told = {
        "/v4/": {"errors": ["The access token is invalid"]},
        "/api": {"success": False, "error": "Invalid API key"},
        "/now": {"success": False, "error": "Invalid API key"},
        "/_tw": {"errors": ["The key is wrong: give the one that the twin has"]},
    }[path[:4]]
    for key, bearer in (
        ("", False),
        ("wrong", False),
        ("wrong", True),
        (f"{t.key}x", True),
        (t.key[:-1], True),
    ):
        with Calls(t, key, bearer=bearer) as calls:
            assert calls("GET", path) == (401, told)
    with Calls(t, bearer=True) as calls:
        assert calls("GET", path)[0] in {200, 404}


def test_the_key_shows_itself_nowhere(t, capfd):
    key = t.key
    with Calls(t) as calls:
        calls.ok("POST", "/v4/subscribers", {"email_address": "ada@example.com"})
        for path in ("/v4/sequences", "/_twin/outbox", "/_twin/people", "/_twin/openapi.json", "/v4/nothing"):
            assert key not in json.dumps(calls("GET", path)[1])
    assert key not in repr([t, t.clock, t.faults, vars(t), t._key, vars(t._world), t.fork()])
    try:
        t.clock.advance("never")
    except SimcoreError as error:
        frames = []
        trace = error.__traceback__
        while trace is not None:
            frames.append(repr(trace.tb_frame.f_locals))
            trace = trace.tb_next
        assert key not in "".join(frames[1:])
    with pytest.raises(SimcoreError) as caught:
        simcore.twin(key="a-key-of-mine", state="/nowhere/twin.db")
    assert str(caught.value) == "/nowhere/twin.db: not the state of a twin: unable to open database file"
    trace = caught.value.__traceback__.tb_next
    while trace is not None:
        assert "a-key-of-mine" not in repr(trace.tb_frame.f_locals)
        trace = trace.tb_next
    assert key not in "".join(capfd.readouterr())
    with pytest.raises(TypeError, match=r"^a key is not copied$"):
        Key("x").__reduce__()


def test_bodies_that_are_too_large(t):
    with Calls(t) as calls:
        status, found = calls("POST", "/v4/sequences", b"x" * (2**20 + 1))
        assert (status, found) == (413, {"errors": ["the body must be at most 1,048,576 bytes"]})
    with Calls(t) as calls:
        body = json.dumps({"name": "x" * 1000}).encode()
        assert calls("POST", "/v4/sequences", body + b" " * (2**20 - len(body)))[0] == 201
    with Calls(t) as calls:  # in pieces, without a length
        headers = {"X-Kit-Api-Key": t.key, "Transfer-Encoding": "chunked"}
        pieces = (b"x" * 2**16 for _ in range(17))
        calls.connection.request("POST", "/v4/sequences", pieces, headers, encode_chunked=True)
        assert calls.connection.getresponse().status == 413


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{", "the body is not JSON: Expecting property name enclosed in double quotes"),
        (b"\xff", "the body is not JSON: not UTF-8"),
        (b'{"a": NaN}', "the body is not JSON that can be read: NaN is no JSON"),
        (
            b'{"a": 1, "a": 2}',
            "the body is not JSON that can be read: the key 'a' is twice in one object",
        ),
        (b"[" * 200_000, "the body is nested too deeply"),
        (b"[" * 200 + b"]" * 200, "the body is nested too deeply"),
    ],
)
def test_bodies_that_are_no_json(t, body, told):
    with Calls(t) as calls:
        status, found = calls("POST", "/v4/sequences", body)
        assert status == 400
        assert found["errors"][0].startswith(told[:70])
        status, found = calls("POST", "/api/v1/sequences", body)
        assert status == 400
        assert found["error"].startswith(told[:70])


def test_a_body_that_breaks_off_is_not_read(t):
    """As where a connection ends in the middle of it: what has come may mean something else than the whole."""
    messages = [
        {"type": "http.request", "body": b"email=ben%40example.co", "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent = []

    async def receive():
        return messages.pop(0)

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v3/forms/1/subscribe",
        "query_string": f"api_secret={t.key}".encode(),
        "headers": [(b"content-type", b"application/x-www-form-urlencoded")],
    }
    asyncio.run(server.application(t._world, t.faults, t._key)(scope, receive, send))
    assert sent[0]["status"] == 400
    assert json.loads(sent[1]["body"])["message"] == "the body is not whole"
    assert t._world.kit.subscribers == {}


def test_what_is_not_there(t):
    with Calls(t) as calls:
        assert calls("GET", "/v4/nothing") == (404, {"errors": ["Not Found"]})
        assert calls("GET", "/api/v1/nothing") == (404, {"success": False, "error": "Not Found"})
        assert calls("PATCH", "/v4/sequences") == (405, {"errors": ["Method Not Allowed"]})
        assert calls.headers["allow"] == "GET, POST"
        assert calls("POST", "/") == (405, {"errors": ["Method Not Allowed"]})
        assert calls("GET", f"/v4/sequences?after={'x' * 20_000}") == (
            422,
            {"errors": ["the query must be at most 16,384 bytes"]},
        )
        assert calls("GET", f"/v4/sequences?{'a=1&' * 101}") == (
            422,
            {"errors": ["the query must have at most 100 fields"]},
        )


def test_without_its_libraries_it_says_what_to_do(monkeypatch, text_of):
    for name in ("uvicorn", "simcore.twin.server", "starlette"):
        monkeypatch.setitem(sys.modules, name, None)
    twin = simcore.twin()
    assert text_of(SimcoreError, twin.__enter__) == (
        'the twin needs starlette and uvicorn: pip install "simcore[twin]"'
    )
    monkeypatch.delitem(sys.modules, "uvicorn")
    with pytest.raises(ModuleNotFoundError):
        twin.__enter__()


def test_it_serves_until_it_is_ended():
    twin = simcore.twin()

    def end():
        while not getattr(twin._server, "started", False):
            time.sleep(0.001)
        twin._server.should_exit = True

    ends = threading.Thread(target=end)
    ends.start()
    twin.serve()
    ends.join()
    assert twin._server is None


@pytest.mark.parametrize(
    ("path", "kind"), [("/", "text/html; charset=utf-8"), ("/page.js", "text/javascript")]
)
def test_the_page_needs_no_key(t, path, kind):
    calls = Calls(t, "")
    calls.connection.request("GET", path)
    answer = calls.connection.getresponse()
    assert answer.status == 200
    assert answer.getheader("content-type") == kind
    assert answer.getheader("content-security-policy").startswith("default-src 'none'; script-src 'self';")
    assert t.key.encode() not in answer.read()
    calls.connection.close()


def test_a_server_that_does_not_start(monkeypatch, text_of):
    import uvicorn

    monkeypatch.setattr(uvicorn.Server, "run", lambda *given, **more: None)
    monkeypatch.setattr(running, "_WAIT", 0.01)
    twin = simcore.twin()
    assert text_of(SimcoreError, twin.__enter__) == "the twin's server did not start"
    assert twin._listener.fileno() == -1


@pytest.mark.slow
def test_nothing_of_it_is_loaded_before_it_is_used():
    code = (
        "import sys, pytest_simcore; "
        "assert not {'simcore', 'pandas', 'starlette', 'uvicorn'} & set(sys.modules); "
        "import simcore; assert not {'simcore.twin', 'starlette', 'uvicorn'} & set(sys.modules); "
        "simcore.twin(); assert not {'starlette', 'uvicorn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def pytested(folder, code, *options):
    """What pytest prints of a test in a folder, with simcore's plugin."""
    (folder / "test_it.py").write_text(code)
    installed = any(each.name == "simcore" for each in metadata.entry_points(group="pytest11"))
    plugin = [] if installed else ["-p", "pytest_simcore"]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        *plugin,
        "test_it.py",
        *options,
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


@pytest.mark.slow
def test_the_fixture_of_a_twin(tmp_path):
    code = (
        "def test_it(kit_twin, sequenzy_twin):\n"
        "    assert kit_twin.outbox.empty and kit_twin.url.startswith('http://127.0.0.1:')\n"
        "    assert sequenzy_twin is kit_twin\n"
    )
    assert "1 passed" in pytested(tmp_path, code)


@pytest.mark.slow
def test_the_fixture_of_golden_files(tmp_path):
    code = (
        "import simcore\nfrom simcore import kit\n"
        "def test_it(golden):\n"
        "    welcome = kit.load(simcore.example('welcome'))\n"
        "    golden(simcore.project(welcome, ['2026-03-06T21:07-05:00']), 'welcome.csv')\n"
    )
    told = pytested(tmp_path, code)
    assert "welcome.csv: there is no such file yet: write it with pytest --simcore-update" in told
    assert "1 failed" in told
    assert "1 passed" in pytested(tmp_path, code, "--simcore-update")
    assert (tmp_path / "welcome.csv").read_text("utf-8").count("\n") == 5
    assert "1 passed" in pytested(tmp_path, code)
    told = pytested(tmp_path, code.replace("21:07", "21:08"))
    assert "If this is right, write the file again with pytest --simcore-update." in told


# ---------------------------------------------------------------- faults (W4)


def test_a_rate_limit(t):
    t.faults.rate_limit(after=2)
    with Calls(t) as calls:
        statuses = [calls("GET", "/v4/sequences")[0] for _ in range(6)]
        assert statuses == [200, 200, 429, 200, 200, 429]
        assert calls.headers["retry-after"] == "1"
        assert calls("GET", "/_twin/clock")[0] == 200
        t.faults.rate_limit(after=0, times=2, retry_after=None)
        assert calls("GET", "/api/v1/sequences") == (429, {"success": False, "error": "Too many requests"})
        assert "retry-after" not in calls.headers
        assert repr(t.faults) == "<faults: rate_limit>"
        t.faults.off()
        assert [calls("GET", "/v4/sequences")[0] for _ in range(3)] == [200] * 3
    assert repr(t.faults) == "<faults: none>"


def test_not_available(t):
    t.faults.unavailable(times=2)
    with Calls(t) as calls:
        assert [calls("GET", "/v4/sequences")[0] for _ in range(3)] == [503, 503, 200]
        t.faults.unavailable(status=403)
        assert calls("GET", "/v4/sequences") == (403, {"errors": ["Forbidden"]})
        assert calls("GET", "/v4/sequences")[0] == 200


def test_slow(t):
    t.faults.slow(0.2, times=1)
    with Calls(t) as calls:
        began = time.perf_counter()
        calls.ok("GET", "/v4/sequences")
        slow = time.perf_counter() - began
        calls.ok("GET", "/v4/sequences")
        t.faults.slow(0.001, times=2)
        calls.ok("GET", "/v4/sequences")
        t.faults.slow(0.001)
        calls.ok("GET", "/v4/sequences")
        assert repr(t.faults) == "<faults: slow>"
    assert slow >= 0.2


def test_cut(t):
    import http.client

    t.faults.cut()
    with Calls(t) as calls, pytest.raises(http.client.IncompleteRead):
        calls("GET", "/v4/sequences")
    with Calls(t) as calls:
        assert calls("GET", "/v4/sequences")[0] == 200


def test_faults_by_call(t):
    with Calls(t) as calls:
        found = calls.ok("POST", "/_twin/faults", {"unavailable": {"times": 1}, "cut": {"times": 1}})
        assert found == {"faults": "<faults: unavailable, cut>"}
        assert calls.ok("POST", "/_twin/faults", {"off": True}) == {"faults": "<faults: none>"}
        for body, told in (
            ({"unavailable": 3}, "unavailable must be an object of its arguments (found 3)"),
            ({"unavailable": {"x": 1}}, "unavailable: found {'x': 1}, expected its arguments"),
            (
                {"fire": {}},
                "the body must be a JSON object with: rate_limit, unavailable, slow, cut, off",
            ),
            ([], "the body must be a JSON object with: rate_limit, unavailable, slow, cut, off"),
            ({"cut": {"times": 0}}, "times: found 0, expected a whole number of 1 or more"),
            ({"slow": {"seconds": -1}}, "seconds: found -1, expected seconds, from 0 to less than 86,400"),
            ({"unavailable": {"status": 200}}, "status: found 200, expected one from 400 to 599"),
            ({"unavailable": {"status": 404.0}}, "status: found 404.0, expected one from 400 to 599"),
            (
                {"off": True, "slow": {"seconds": 5}, "cut": {"times": -1}},
                "times: found -1, expected a whole number of 1 or more",
            ),
        ):
            calls.ok("POST", "/_twin/faults", {"off": True, "rate_limit": {"after": 5}})
            assert calls("POST", "/_twin/faults", body) == (422, {"errors": [told]})
            assert repr(t.faults) == "<faults: rate_limit>"  # all of them are made, or none
        calls.ok("POST", "/_twin/reset")
        assert repr(t.faults) == "<faults: none>"


def test_the_clock_by_call(t):
    with Calls(t) as calls:
        assert calls.ok("GET", "/_twin/clock") == {"now": "2026-01-01T00:00:00Z"}
        assert calls.ok("POST", "/_twin/clock", {"advance": "1 day"}) == {"now": "2026-01-02T00:00:00Z"}
        assert calls.ok("POST", "/_twin/clock", {"to": FIRST}) == {"now": "2026-03-07T02:07:30Z"}
        told = 'give one of: {"advance": "3 days"}, {"to": "2026-03-06T21:00Z"}'
        assert calls("POST", "/_twin/clock", {}) == (422, {"errors": [told]})
        assert calls("POST", "/_twin/clock", {"to": "soon"})[0] == 422
        assert calls.ok("GET", "/_twin/sequences") == {
            "sequences": [{"id": 30, "name": "Welcome series", "platform": "kit"}]
        }


# ---------------------------------------------------------------- what it holds


@pytest.mark.slow
def test_a_hundred_thousand_people_and_a_year():
    """Seconds, by the shell of the twin: the calls themselves are measured elsewhere."""
    with simcore.twin(kit=WELCOME) as t:
        began = time.process_time()  # whatever else the machine does
        for number in range(100_000):
            t._world.do("kit.subscribe", email_address=f"p{number}@example.com")
            t._world.do("kit.enter", sequence=30, subscriber=number + 1)
        for _ in range(52):
            t.clock.advance("7 days")
            sent = len(t.outbox)
        t.clock.advance("1 day")
        assert sent == len(t.outbox) == 400_000
        with Calls(t) as calls:
            page = calls.ok("GET", "/_twin/outbox?limit=1000&offset=399000")
            assert len(page["outbox"]) == 1000
        assert time.process_time() - began < 60
