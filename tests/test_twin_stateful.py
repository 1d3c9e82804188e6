"""Any order of calls and clock moves: the outbox is simulate's of what was recorded (W2), in forks and files too (W3).

And what was sent stays sent: a call never changes what went out before its own instant.
"""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from pandas.testing import assert_frame_equal

import simcore
from simcore.errors import SimcoreError
from simcore.twin import kit_api, sequenzy_api
from simcore.twin.answers import Call, Refused

KEY = ["sequence_id", "subscriber_id", "run", "email_id", "send_at"]
DAYS = st.lists(st.sampled_from(["monday", "tuesday", "friday", "sunday"]), max_size=3, unique=True)
ZONES = st.sampled_from(["America/New_York", "Australia/Lord_Howe", "UTC"])
SEQUENCE = st.fixed_dictionaries(
    {},
    optional={
        "time_zone": ZONES,
        "send_days": DAYS,
        "send_hour": st.integers(0, 23),
        "active": st.booleans(),
        "repeat": st.booleans(),
        "hold": st.booleans(),
        "exclude_subscriber_sources": st.sampled_from([
            [],
            [{"type": "tag", "ids": [1]}],
            [{"type": "sequence", "ids": [1]}],
            [{"type": "sequence", "ids": [2]}, {"type": "tag", "ids": [1]}],
        ]),
    },
)
EMAIL = st.fixed_dictionaries(
    {"delay_value": st.integers(0, 3), "delay_unit": st.sampled_from(["days", "hours"])},
    optional={"published": st.booleans(), "position": st.integers(0, 4)},
)
LENGTHS = ("0 seconds", "1 second", "15 minutes", "7 hours", "1 day", "5 days", "40 days")
STEPS = [
    {"subject": "One", "html": "<p>1</p>"},
    {"subject": "Two", "html": "<p>2</p>", "delay": {"hours": 30}},
    {"type": "add_tag", "tagName": "seen"},
    {"subject": "Three", "html": "<p>3</p>", "delay": {"days": 2}},
]
TRIGGERS = [
    {"trigger": "contact_added"},
    {"trigger": "tag_added", "tagName": "vip"},
    {"trigger": "event_received", "eventName": "bought", "enrollmentMode": "one_time"},
    {"trigger": "inactivity", "eventName": "bought", "inactiveDays": 2},
    {"trigger": "segment_entered", "segmentId": "s", "stopOnSegmentExit": True},
    {"trigger": "contact_added", "stopCondition": {"type": "has_tag", "value": "vip"}},
]
WINDOWS = [
    None,
    {"timezone": "Europe/Kyiv", "startTime": "08:00", "endTime": "09:00"},
    {"timezone": "UTC", "startTime": "22:00", "endTime": "24:00", "days": ["mon"]},
]
FEW = st.integers(1, 4)


class Twins(RuleBasedStateMachine):
    """A twin, and what was seen of it."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.files = 0
        self.twin = None
        self.seen = []

    @initialize(filed=st.booleans())
    def start(self, filed):
        """In memory, or in a file."""
        self.filed = filed
        self.twin = simcore.twin(state=self._file() if filed else None)
        for number in range(3):
            self.ask(kit_api, "POST", "/v4/subscribers", body={"email_address": f"p{number}@x.co"})
        self.ask(kit_api, "POST", "/v4/tags", body={"name": "vip"})
        self.ask(kit_api, "POST", "/v4/sequences", body={"name": "First"})
        for value in (0, 1):
            email = {"subject": str(value), "delay_value": value, "delay_unit": "days", "published": True}
            self.ask(kit_api, "POST", "/v4/sequences/{sequence_id}/emails", body=email, sequence_id="1")

    def _file(self):
        self.files += 1
        self.path = self.folder / f"{self.files}.db"
        return self.path

    def ask(self, api, method, path, body=None, **parts):
        """A call, as the server makes it; what is refused is refused."""
        call = Call({name: str(value) for name, value in parts.items()}, {}, body)
        try:
            return api.CALLS[method, path](self.twin._world, call)
        except (Refused, SimcoreError):
            return None

    # ---------------------------------------------------------------- Kit

    @rule(fields=SEQUENCE)
    def make_sequence(self, fields):
        """A new sequence of Kit's, with an email."""
        answer = self.ask(kit_api, "POST", "/v4/sequences", body={"name": "Another", **fields})
        number = answer.body["sequence"]["id"]
        email = {"subject": "A", "delay_value": 0, "delay_unit": "days", "published": True}
        self.ask(kit_api, "POST", "/v4/sequences/{sequence_id}/emails", body=email, sequence_id=number)

    @rule(number=FEW, fields=SEQUENCE)
    def change_sequence(self, number, fields):
        """Other fields of one."""
        self.ask(kit_api, "PUT", "/v4/sequences/{sequence_id}", body=fields, sequence_id=number)

    @rule(number=FEW, fields=EMAIL)
    def make_email(self, number, fields):
        """A new email."""
        body = {"subject": "New", **fields}
        self.ask(kit_api, "POST", "/v4/sequences/{sequence_id}/emails", body=body, sequence_id=number)

    @rule(number=FEW, email=st.integers(1, 8), fields=EMAIL, gone=st.booleans())
    def change_email(self, number, email, fields, gone):
        """Another form of an email, or none any more."""
        path = "/v4/sequences/{sequence_id}/emails/{email_id}"
        parts = {"sequence_id": number, "email_id": email}
        self.ask(kit_api, "DELETE" if gone else "PUT", path, body=None if gone else fields, **parts)

    @rule(number=FEW, who=FEW)
    def enter(self, number, who):
        """Somebody is added."""
        path = "/v4/sequences/{sequence_id}/subscribers/{subscriber_id}"
        self.ask(kit_api, "POST", path, sequence_id=number, subscriber_id=who)

    @rule(who=FEW, add=st.booleans())
    def tag(self, who, add):
        """Somebody is tagged, or no longer."""
        path = "/v4/tags/{tag_id}/subscribers/{subscriber_id}"
        self.ask(kit_api, "POST" if add else "DELETE", path, tag_id=1, subscriber_id=who)

    @rule(who=st.integers(1, 3), event=st.sampled_from(["bounced", "resubscribed", "removed"]))
    def happens(self, who, event):
        """What no call does."""
        self.twin.happens("kit", who, event)

    @rule(who=FEW)
    def unsubscribe(self, who):
        """Somebody unsubscribes."""
        self.ask(kit_api, "POST", "/v4/subscribers/{subscriber_id}/unsubscribe", subscriber_id=who)

    # ---------------------------------------------------------------- Sequenzy

    @rule(trigger=st.sampled_from(TRIGGERS), window=st.sampled_from(WINDOWS), goal=st.booleans())
    def make_draft(self, trigger, window, goal):
        """A draft, and it may be enabled."""
        content = {"goal": "Sell", "emailCount": 2} if goal else {"steps": STEPS}
        body = {"name": "Draft", **trigger, **content, "sendingWindow": window}
        self.ask(sequenzy_api, "POST", "/api/v1/sequences", body=body)

    @rule(number=FEW, on=st.booleans())
    def switch(self, number, on):
        """A sequence is enabled, or disabled."""
        path = f"/api/v1/sequences/{{id}}/{'enable' if on else 'disable'}"
        self.ask(sequenzy_api, "POST", path, id=f"seq_{number:06}")

    @rule(number=FEW, window=st.sampled_from(WINDOWS), paused=st.booleans())
    def change_draft(self, number, window, paused):
        """Another window, and whether it takes people in."""
        body = {"sendingWindow": window, "enrollmentPaused": paused}
        self.ask(sequenzy_api, "PUT", "/api/v1/sequences/{id}", body=body, id=f"seq_{number:06}")

    @rule(who=FEW, what=st.sampled_from(["bought", "tag", "left", "segment_entered", "segment_left"]))
    def act(self, who, what):
        """Something that a subscriber does, or that happens to them."""
        email = f"q{who}@x.co"
        if what == "bought":
            self.ask(
                sequenzy_api, "POST", "/api/v1/subscribers/events", body={"email": email, "event": "bought"}
            )
        elif what == "tag":
            self.ask(sequenzy_api, "POST", "/api/v1/subscribers/tags", body={"email": email, "tag": "vip"})
        elif what == "left":
            body = {"status": "unsubscribed"}
            self.ask(sequenzy_api, "PATCH", "/api/v1/subscribers/{email}", body=body, email=email)
        elif who <= len(self.twin._world.sequenzy.subscribers):
            self.twin.happens("sequenzy", f"sub_{who:06}", what, "s")

    # ---------------------------------------------------------------- time, and the twin itself

    @rule(length=st.sampled_from(LENGTHS))
    def advance(self, length):
        """The clock moves."""
        self.twin.clock.advance(length)

    @rule()
    def fork(self):
        """It goes on as its own fork."""
        fork = self.twin.fork()
        assert_frame_equal(fork.outbox, self.twin.outbox)
        self.twin.close()
        self.twin, self.filed = fork, False

    @rule()
    def open_again(self):
        """It is closed, and goes on from its file."""
        if self.filed:
            before, now = self.twin.outbox, self.twin.clock.now
            self.twin.close()
            self.twin = simcore.twin(state=self.path)
            assert self.twin.clock.now == now
            assert_frame_equal(self.twin.outbox, before)

    @rule()
    def look(self):
        """The outbox is what simulate gives, and what was in it is in it still."""
        outbox, world = self.twin.outbox, self.twin._world
        found = []
        for number in world.kept():
            expected = simcore.simulate(**self.twin.recorded(number))
            standing = self.twin.simulation(number)
            assert_frame_equal(standing.timeline, expected.timeline)
            assert_frame_equal(standing.subscribers, expected.subscribers)
            timeline = expected.timeline
            found += [
                (number, *row)
                for row in zip(
                    *(timeline[name].tolist() for name in ("subscriber_id", "run", "email_id", "send_at")),
                    strict=True,
                )
            ]
        rows = [*zip(*(outbox[name].tolist() for name in KEY), strict=True)]
        assert rows == found
        assert {*self.seen} <= {*rows}
        now = self.twin.clock.now
        assert all(row[-1] <= now for row in rows)
        self.seen = [row for row in rows if row[-1] < now]

    def teardown(self):
        """One more look."""
        if self.twin is not None:
            self.look()
            self.twin.close()
        shutil.rmtree(self.folder)


Twins.TestCase.settings = settings(
    deadline=None,
    max_examples=settings.default.max_examples // 2,
    stateful_step_count=30,
    suppress_health_check=[*HealthCheck],
)
TestTwins = pytest.mark.slow(Twins.TestCase)
