"""The twin of Sequenzy's API: every documented example works against it, word for word (W1)."""

import json

import pytest
from pandas.testing import assert_frame_equal
from twin_calls import Calls

import simcore
from simcore import sequenzy

pytest.importorskip("starlette", reason="the extra twin has it")
pytest.importorskip("uvicorn", reason="the extra twin has it")

# The bodies of the reference's page about creating a sequence.
GENERATED = {
    "name": "Onboarding Sequence",
    "trigger": "contact_added",
    "stopCondition": {"type": "has_tag", "value": "customer"},
    "goal": "Welcome new users and help them get started with our product",
    "emailCount": 5,
}
BLOCKS = {
    "name": "Welcome Sequence",
    "trigger": "contact_added",
    "steps": [
        {
            "subject": "Welcome to our product!",
            "blocks": [
                {"id": "heading-1", "type": "heading", "content": "Welcome!", "level": 1},
                {
                    "id": "text-1",
                    "type": "text",
                    "content": "<p>Thanks for signing up. We are excited to have you.</p>",
                    "variant": "paragraph",
                },
            ],
        },
        {
            "subject": "Getting started guide",
            "delay": {"days": 1},
            "blocks": [{"id": "heading-2", "type": "heading", "content": "Getting Started", "level": 1}],
        },
    ],
}
HTML = {
    "name": "Migrated Sequence",
    "trigger": "contact_added",
    "steps": [
        {"subject": "Welcome!", "html": "<h1>Welcome to our platform!</h1>"},
        {
            "subject": "Quick tips to get started",
            "delay": {"days": 2},
            "html": "<h2>Getting Started Guide</h2>",
        },
    ],
}
DISCOUNT = {
    "name": "Win-back Discount",
    "trigger": "tag_added",
    "tagName": "cancelled",
    "steps": [
        {
            "type": "create_discount",
            "discount": {
                "label": "Create win-back discount",
                "discountType": "percent",
                "percentOff": 20,
                "duration": "once",
                "appliesToAllPlans": True,
                "maxRedemptions": 1,
                "lockToSubscriber": True,
                "codePrefix": "WINBACK",
            },
        },
        {
            "subject": "Come back with {{discount.code}}",
            "delay": {"days": 1},
            "html": "<p>Use {{discount.code}} for {{discount.percentOff}}% off your next subscription.</p>",
        },
    ],
}
ALERT = {
    "name": "Wind Alert Follow-up",
    "trigger": "event_received",
    "eventName": "weather.wind_alert",
    "steps": [
        {
            "subject": "Wind alert for {{event.city}}",
            "html": "<p>Winds may reach {{event.alert.maxSpeed}} km/h.</p>",
        },
        {
            "subject": "Stay safe in {{event.city}}",
            "delay": {"hours": 12},
            "html": "<p>The original alert is still active for {{event.city}}.</p>",
        },
    ],
}
EVENT = {
    "email": "user@example.com",
    "event": "weather.wind_alert",
    "properties": {"city": "Tel Aviv", "alert": {"maxSpeed": 75}, "duration": {"hours": 6}},
}
BLANK = {"name": "Blank", "trigger": "contact_added"}


@pytest.fixture(scope="module")
def running_twin():
    with simcore.twin() as found:
        yield found


@pytest.fixture
def calls(running_twin):
    running_twin.reset()
    with Calls(running_twin, bearer=True) as found:
        yield found


def create(calls, body, *, enabled=True):
    made = calls.ok("POST", "/api/v1/sequences", body)["sequence"]["id"]
    if enabled:
        calls.ok("POST", f"/api/v1/sequences/{made}/enable")
    return made


def same(twin, name):
    """Sees to it that what the twin has is what `simcore.simulate` gives for what was recorded (W2)."""
    expected, found = simcore.simulate(**twin.recorded(name)), twin.simulation(name)
    for frame in ("timeline", "subscribers", "journal"):
        assert_frame_equal(getattr(found, frame), getattr(expected, frame))
    return found


# ---------------------------------------------------------------- the examples


def test_a_goal_that_is_written_later(calls):
    """Q6: drafts, and emails that are there after a minute of the twin's clock."""
    t = calls.twin
    status, found = calls("POST", "/api/v1/sequences", GENERATED)
    assert status == 200
    assert found == {
        "success": True,
        "message": "Sequence created. AI is generating email content based on your brand. This typically takes "
        "30-60 seconds.",
        "sequence": {"id": "seq_000001", "name": "Onboarding Sequence", "status": "draft", "emailCount": 5},
    }
    path = "/api/v1/sequences/seq_000001"
    fetched = calls.ok("GET", path)["sequence"]
    assert (fetched["enrichmentStatus"], fetched["status"]) == ("in_progress", "draft")
    assert sequenzy.from_api(fetched).goal == GENERATED["goal"]
    told = "The emails of this sequence are still being generated"
    assert calls("POST", f"{path}/enable") == (400, {"success": False, "error": told})
    assert calls("PUT", path, {"emails": []}) == (400, {"success": False, "error": told})
    t.clock.advance("59 seconds")
    assert calls.ok("GET", path)["sequence"]["enrichmentStatus"] == "in_progress"
    t.clock.advance("1 second")
    fetched = calls.ok("GET", path)["sequence"]
    assert fetched["enrichmentStatus"] == "complete"
    assert len(fetched["emails"]) == fetched["emailCount"] == 5
    calls.ok("POST", f"{path}/enable")
    calls.ok("POST", "/api/v1/subscribers", {"email": "ada@example.com"})
    t.clock.advance("30 days")
    assert len(t.outbox) == 5
    assert (
        calls.ok("POST", "/api/v1/sequences", {k: v for k, v in GENERATED.items() if k != "emailCount"})[
            "sequence"
        ]["emailCount"]
        == 5
    )


@pytest.mark.parametrize("prefix", ["/api/v1", "/v1"])
@pytest.mark.parametrize("body", [BLOCKS, HTML, DISCOUNT, ALERT], ids=lambda body: body["name"])
def test_the_examples_of_create_sequence(calls, prefix, body):
    t = calls.twin
    found = calls.ok("POST", f"{prefix}/sequences", body)
    emails = sum("subject" in step for step in body["steps"])
    assert found["sequence"] == {
        "id": "seq_000001",
        "name": body["name"],
        "status": "draft",
        "emailCount": emails,
    }
    fetched = calls.ok("GET", f"{prefix}/sequences/seq_000001")
    # What is fetched is the same sequence: its plan is that of the body, but for when it was made.
    read, given = sequenzy.from_api(fetched), sequenzy.from_api(body)
    assert [node.wait for node in read.nodes] == [node.wait for node in given.nodes]
    assert [node.kind for node in read.nodes] == [node.kind for node in given.nodes]
    assert read.email_ids == given.email_ids
    calls.ok("POST", "/api/v1/subscribers/events", EVENT)  # a draft takes nobody in
    t.clock.advance("1 day")
    assert t.outbox.empty
    assert calls.ok("GET", f"{prefix}/sequences/seq_000001/enrollments")["enrollments"] == []
    enabled = calls.ok("POST", f"{prefix}/sequences/seq_000001/enable")
    assert (enabled["status"], enabled["effectiveStatus"]) == ("active", "live")
    calls.ok("POST", "/api/v1/subscribers/events", EVENT | {"email": "two@example.com"})
    calls.ok("POST", "/api/v1/subscribers/tags", {"email": "two@example.com", "tag": "cancelled"})
    t.clock.advance("3 days")
    life = same(t, "seq_000001")
    assert life.timeline["subscriber_id"].tolist() == ["sub_000002"] * emails


def test_the_event_payload_is_kept_with_the_run(calls):
    name = create(calls, ALERT)
    found = calls.ok("POST", "/api/v1/subscribers/events", EVENT)
    assert found == {
        "success": True,
        "subscriber": {"id": "sub_000001", "email": "user@example.com", "created": True},
        "event": {"id": "evt_000002", "name": "weather.wind_alert", "definitionCreated": True},
    }
    assert not calls.ok("POST", "/api/v1/subscribers/events", EVENT | {"event": "x"})["subscriber"]["created"]
    calls.twin.clock.advance("12 hours")
    given = calls.twin.recorded(name)
    assert simcore.simulate(**given, render=True).timeline["rendered_subject"].tolist() == [
        "Wind alert for Tel Aviv",
        "Stay safe in Tel Aviv",
    ]


def test_runs_of_one_subscriber_for_several_orders(calls):
    """The example of matching_field: a run for each order, and none twice while it is active."""
    body = {
        "name": "Orders",
        "trigger": "event_received",
        "eventName": "ecommerce.order_placed",
        "enrollmentMode": "matching_field",
        "enrollmentFieldPath": "order.id",
        "steps": HTML["steps"],
    }
    name = create(calls, body)
    for order in (1, 2, 1):
        event = {"email": "a@b.co", "event": "ecommerce.order_placed", "properties": {"order": {"id": order}}}
        calls.ok("POST", "/api/v1/subscribers/events", event)
        calls.twin.clock.advance("1 hour")
    life = same(calls.twin, name)
    assert life.subscribers["run"].tolist() == [1, 2]
    assert life.journal["what"].tolist().count("duplicate") == 1


# ---------------------------------------------------------------- sequences


def test_a_list_of_sequences(calls):
    assert calls.ok("GET", "/api/v1/sequences") == {
        "success": True,
        "sequences": [],
        "pagination": {"limit": None, "offset": 0, "count": 0, "total": 0, "hasMore": False},
    }
    names = [create(calls, HTML | {"name": f"Number {number}"}, enabled=number == 1) for number in range(3)]
    listed = calls.ok("GET", "/api/v1/sequences")["sequences"]
    assert [each["id"] for each in listed] == names[::-1]
    page = calls.ok("GET", "/api/v1/sequences?limit=2&offset=2")
    assert [each["id"] for each in page["sequences"]] == names[:1]
    assert page["pagination"] == {"limit": 2, "offset": 2, "count": 1, "total": 3, "hasMore": False}
    assert calls.ok("GET", "/api/v1/sequences?limit=1")["pagination"]["hasMore"]
    active = calls.ok("GET", "/api/v1/sequences?status=active")["sequences"]
    assert [each["name"] for each in active] == ["Number 1"]
    assert [each["name"] for each in calls.ok("GET", "/api/v1/sequences?search=BER%200")["sequences"]] == [
        "Number 0"
    ]
    assert calls("GET", "/api/v1/sequences?limit=x") == (
        400,
        {"success": False, "error": "limit must be an integer of 1 or more"},
    )


def test_a_sequence_with_everything_is_read_back(calls):
    """What is fetched has the plan of what was created: branches, waits of every kind, windows, stops."""
    body = {
        "name": "Everything",
        "trigger": "event_received",
        "eventName": "bought",
        "propertyFilters": [{"path": "total", "operator": "greater_than", "value": 3}],
        "enrollmentMode": "one_time",
        "activeSubscribersOnly": True,
        "sendingWindow": {"timezone": "Europe/Kyiv", "startTime": "08:00", "endTime": "20:00"},
        "stopCondition": {"type": "has_tag", "value": "customer"},
        "keyDates": {
            "timezone": "UTC",
            "dates": [{"key": "launch", "label": "Launch", "at": "2026-02-01T09:00"}],
        },
        "description": "kept",
        "steps": [
            {"id": "trigger", "subject": "One", "html": "<p>1</p>"},
            {"type": "delay", "delay": {"days": 1, "hours": 2}},
            {"type": "add_tag", "tagName": "seen", "delay": {"minutes": 5}},
            {"type": "wait_for_event", "eventName": "paid", "timeoutDays": 3},
            {"subject": "Two", "html": "<p>2</p>", "waitUntil": {"field": "due", "offset": {"days": 1}}},
            {"subject": "Three", "html": "<p>3</p>", "waitUntilKeyDate": {"key": "launch"}},
            {
                "type": "branch",
                "branches": [
                    {
                        "conditionType": "has_tag",
                        "tagName": "vip",
                        "steps": [{"subject": "Dear", "html": "<p>x</p>", "delay": {"days": 0.5}}],
                    },
                    {"id": "other", "conditionType": "in_list", "listId": "news", "steps": []},
                ],
                "elseSteps": [{"subject": "Hello", "html": "<p>y</p>", "delayMs": 1500}],
            },
            {
                "subject": "Four",
                "html": "<p>4</p>",
                "type": "email",
                "waitUntilWeekday": {"day": "mon", "startTime": "09:00", "timezone": "UTC"},
            },
            {"type": "condition", "conditionType": "has_tag", "tagName": "vip"},
            {"type": "ab_test", "subject": "Five", "html": "<p>5</p>", "variants": [{"subject": "Five!"}]},
        ],
    }
    name = create(calls, body)
    fetched = calls.ok("GET", f"/api/v1/sequences/{name}")["sequence"]
    assert fetched["description"] == "kept"
    read, given = sequenzy.from_api(fetched), sequenzy.from_api(body)

    # Their nodes are in one order where paths are followed; the words of each say all that it does.
    def told(sequence):
        return sorted(
            (
                node.kind,
                str(node.wait),
                len(node.to),
                json.dumps(node.conditions, sort_keys=True, default=str),
            )
            for node in sequence.nodes
        )

    assert told(read) == told(given)
    assert read.mode == given.mode
    for field in ("trigger", "eventName", "propertyFilters", "sendingWindow", "stopCondition", "keyDates"):
        assert getattr(read, field) == getattr(given, field)


def test_what_is_refused_of_a_body(calls):
    for body, told in (
        ({"trigger": "contact_added", "steps": []}, "name: name is required"),
        (HTML | {"trigger": "moon"}, "trigger: trigger must be one of:"),
        ({**HTML, "goal": "x"}, "goal: goal can't be given beside steps"),
        ([], "the body must be a JSON object"),
        (None, "name: name is required"),
    ):
        status, found = calls("POST", "/api/v1/sequences", body)
        assert status == 400
        assert found["error"].startswith(told), found
    assert calls("GET", "/api/v1/sequences/x") == (404, {"success": False, "error": "Sequence not found"})


def test_a_blank_draft_can_not_be_enabled(calls):
    name = create(calls, BLANK, enabled=False)
    fetched = calls.ok("GET", f"/api/v1/sequences/{name}")["sequence"]
    assert [each["nodeType"] for each in fetched["nodes"]] == ["trigger", "completion"]
    assert calls("POST", f"/api/v1/sequences/{name}/enable") == (
        400,
        {"success": False, "error": "A sequence without steps can't be enabled"},
    )
    assert calls("POST", f"/api/v1/sequences/{name}/disable") == (
        400,
        {"success": False, "error": "Only an active sequence can be disabled"},
    )


def test_disabled_it_holds_and_enabled_it_lets_go(calls):
    t = calls.twin
    name = create(calls, HTML)
    calls.ok("POST", "/api/v1/subscribers", {"email": "ada@example.com"})
    assert len(t.outbox) == 1
    t.clock.advance("1 hour")
    disabled = calls.ok("POST", f"/api/v1/sequences/{name}/disable")
    assert (disabled["status"], disabled["effectiveStatus"]) == ("paused", "paused")
    calls.ok("POST", f"/api/v1/sequences/{name}/disable")
    calls.ok("POST", "/api/v1/subscribers", {"email": "late@example.com"})
    t.clock.advance("10 days")
    assert len(t.outbox) == 1
    assert calls.ok("POST", f"/api/v1/sequences/{name}/enable")["status"] == "active"
    assert len(t.outbox) == 2
    same(t, name)


def test_updates(calls):
    t = calls.twin
    name = create(calls, HTML, enabled=False)
    path = f"/api/v1/sequences/{name}"
    assert calls.ok("PUT", path, {"name": "Renamed"})["sequence"] == {
        "id": name,
        "name": "Renamed",
        "status": "draft",
    }
    calls.ok("PUT", path, {"emails": [{"subject": "Hi!", "html": "<p>Hi</p>"}]})
    calls.ok("POST", f"{path}/enable")
    calls.ok("POST", "/api/v1/subscribers", {"email": "ada@example.com"})
    t.clock.advance("1 hour")
    calls.ok("PUT", path, {"steps": [{"nodeId": "step-2", "subject": "Changed", "html": "<p>x</p>"}]})
    calls.ok("PUT", path, {"sendingWindow": {"timezone": "UTC", "startTime": "09:00", "endTime": "10:00"}})
    assert calls.ok("GET", path)["sequence"]["sendingWindow"]["startTime"] == "09:00"
    assert calls.ok("PUT", path, {})["sequence"]["name"] == "Renamed"
    calls.ok("PUT", path, {"enrollmentPaused": True})
    assert calls.ok("GET", path)["sequence"]["effectiveStatus"] == "enrollment_paused"
    calls.ok("POST", "/api/v1/subscribers", {"email": "late@example.com"})
    t.clock.advance("9 days")
    assert t.outbox["subject"].tolist() == ["Hi!", "Changed"]
    assert t.outbox["send_at"].astype(str).tolist()[1] == "2026-01-03 09:00:00+00:00"
    same(t, name)
    before = len(t._world.record.operations)
    for body, told in (
        ({"goal": "x"}, "the twin does not change: goal"),
        ({"emails": 3}, "emails must be a list of objects (found 3)"),
        ({"emails": [{"nodeId": "x"}]}, "emails[0] is no email of this sequence (found 'x')"),
        ({"emails": [{}, {}, {}]}, "emails[2] is no email of this sequence (found None)"),
        ({"emails": [{"delay": 2}]}, "the twin does not change: delay"),
        ({"trigger": "moon"}, "trigger: trigger must be one of: contact_added, "),
        ({"sendingWindow": {"timezone": "Mars"}}, "sendingWindow.timezone: timezone must be a valid IANA "),
    ):
        status, found = calls("PUT", path, body)
        assert status == 400
        assert told in found["error"]
    assert len(t._world.record.operations) == before
    same(t, name)


def test_a_change_that_can_not_be_simulated_is_taken_back(calls, monkeypatch):
    from simcore.errors import SimcoreError
    from simcore.twin import sequenzy_account

    name = create(calls, HTML)
    draft = create(calls, HTML, enabled=False)

    def fail(sequence):
        raise SimcoreError("not that")

    monkeypatch.setattr(sequenzy_account, "plan_of", fail)
    assert calls("PUT", f"/api/v1/sequences/{name}", {"name": "New"}) == (
        400,
        {"success": False, "error": "not that"},
    )
    assert calls.ok("GET", f"/api/v1/sequences/{name}")["sequence"]["name"] == "Migrated Sequence"
    monkeypatch.undo()
    found = calls.twin._world.sequenzy.sequences[draft]
    monkeypatch.setattr(found.kept, "sent", fail)
    assert calls("POST", f"/api/v1/sequences/{draft}/enable")[0] == 400
    assert found.enabled_us is None


# ---------------------------------------------------------------- enrolments (Q41)


def test_enrolments_are_read_as_they_come(calls):
    t = calls.twin
    name = create(calls, HTML | {"stopCondition": {"type": "has_tag", "value": "customer"}})
    for who in ("ada", "ben", "cleo"):
        calls.ok("POST", "/api/v1/subscribers", {"email": f"{who}@example.com"})
        t.clock.advance("12 hours")
    calls.ok("POST", "/api/v1/subscribers/tags", {"email": "ben@example.com", "tag": "customer"})
    t.clock.advance("26 hours")
    path = f"/api/v1/sequences/{name}/enrollments"
    [waiting] = calls.ok("GET", path)["enrollments"][:1]
    assert waiting == {
        "enrollmentId": f"enr_{name}_sub_000003_1",
        "subscriberId": "sub_000003",
        "email": "cleo@example.com",
        "subscriberStatus": "active",
        "status": "waiting",
        "enteredVia": {"kind": "list"},
        "currentNodeId": "step-2",
        "waitUntil": "2026-01-04T00:00:00Z",
        "enrollmentStartedAt": "2026-01-02T00:00:00Z",
        "lastUpdatedAt": "2026-01-02T00:00:00Z",
    }
    every = f"{path}?status=active,waiting,completed,cancelled"
    found = calls.ok("GET", f"{every}&sort=enrolled_at_asc")["enrollments"]
    assert [each["status"] for each in found] == ["completed", "cancelled", "waiting"]
    entries = sequenzy.enrollments(calls.ok("GET", f"{every}&sort=enrolled_at_asc"))
    assert entries["subscriber_id"].tolist() == ["sub_000001", "sub_000002", "sub_000003"]
    assert [
        each["subscriberId"] for each in calls.ok("GET", f"{every}&subscriberId=sub_000001")["enrollments"]
    ] == ["sub_000001"]
    assert len(calls.ok("GET", f"{every}&currentNodeId=step-2")["enrollments"]) == 1
    assert len(calls.ok("GET", f"{every}&email=BEN@example.com")["enrollments"]) == 1
    page = calls.ok("GET", f"{every}&limit=2")
    assert page["pagination"]["hasMore"]


def test_people_who_are_put_in_by_hand(calls):
    t = calls.twin
    name = create(calls, HTML | {"trigger": "manual"})
    for who in ("ada", "ben"):
        calls.ok("POST", "/api/v1/subscribers", {"email": f"{who}@example.com"})
    body = {"emails": ["ada@example.com", "x@example.com"], "subscriberIds": ["sub_000002"]}
    assert calls.ok("POST", f"/api/v1/sequences/{name}/enroll", body) == {
        "success": True,
        "enrolled": 2,
        "skipped": 0,
        "notFound": ["x@example.com"],
    }
    assert t.outbox["subscriber_id"].tolist() == ["sub_000001", "sub_000002"]
    assert calls.ok("GET", "/_twin/people")["people"][0]["email"] == "ada@example.com"
    [first, _] = calls.ok("GET", f"/api/v1/sequences/{name}/enrollments")["enrollments"]
    assert first["enteredVia"] == {"kind": "manual"}
    calls.ok("PATCH", "/api/v1/subscribers/ben@example.com", {"status": "unsubscribed"})
    calls.ok("POST", "/api/v1/subscribers", {"email": "cleo@example.com"})
    t.clock.advance("1 hour")
    emails = [f"{who}@example.com" for who in ("ada", "ben", "cleo", "cleo")]
    assert calls.ok("POST", f"/api/v1/sequences/{name}/enroll", {"emails": emails}) == {
        "success": True,
        "enrolled": 1,  # one is active in it, one has gone, and one is there twice
        "skipped": 3,
        "notFound": [],
    }
    same(t, name)
    other = create(calls, HTML)
    draft = create(calls, HTML | {"trigger": "manual"}, enabled=False)
    for path, given, told in (
        (other, body, "Only an enabled sequence with the trigger manual takes in people by hand here"),
        (draft, body, "Only an enabled sequence with the trigger manual takes in people by hand here"),
        (name, {"emails": "ada"}, "emails must be a list of texts (found 'ada')"),
        (name, {"targetNodeId": "x"}, "the twin takes people in at the first step: leave targetNodeId out"),
    ):
        assert calls("POST", f"/api/v1/sequences/{path}/enroll", given) == (
            400,
            {"success": False, "error": told},
        )


# ---------------------------------------------------------------- subscribers, tags, lists


def test_subscribers(calls):
    person = {
        "email": "Ada@example.com",
        "firstName": "Ada",
        "tags": ["vip"],
        "lists": ["news"],
        "customAttributes": {"plan": "pro"},
    }
    made = calls.ok("POST", "/api/v1/subscribers", person)["subscriber"]
    assert (made["created"], made["updated"], made["tags"]) == (True, False, ["vip"])
    again = calls.ok(
        "POST", "/api/v1/subscribers", {"email": "ada@example.com", "lastName": "L", "lists": ["news"]}
    )
    assert (again["subscriber"]["created"], again["subscriber"]["lastName"]) == (False, "L")
    found = calls.ok("GET", "/api/v1/subscribers/ada@example.com")["subscriber"]
    assert found == calls.ok("GET", "/api/v1/subscribers/sub_000001")["subscriber"]
    assert found["lists"] == [{"id": "news", "name": "news"}]
    changed = {"firstName": None, "status": "unsubscribed", "customAttributes": {"plan": "pro", "n": 1}}
    changed = calls.ok("PATCH", "/api/v1/subscribers/sub_000001", changed)["subscriber"]
    assert (changed["firstName"], changed["status"]) == (None, "unsubscribed")
    assert calls.ok("GET", "/api/v1/subscribers/sub_000001")["subscriber"]["lists"] == []
    calls.ok("PATCH", "/api/v1/subscribers/sub_000001", {"status": "active"})
    log = calls.twin._world.sequenzy.events
    assert [*zip(log.names, log.refs, strict=True)] == [
        ("contact_added", None),
        ("field_changed", "plan"),
        ("tag_added", "vip"),
        ("list_joined", "news"),
        ("field_changed", "n"),
        ("unsubscribed", None),
        ("resubscribed", None),
    ]


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/subscribers", {}, "A valid email address is required"),
        ("/subscribers", [], "the body must be a JSON object"),
        ("/subscribers", {"email": "a@b.co", "firstName": 3}, "firstName must be text (found 3)"),
        ("/subscribers", {"email": "a@b.co", "tags": "x"}, "tags must be a list of names (found 'x')"),
        (
            "/subscribers",
            {"email": "a@b.co", "lists": [3]},
            "lists must be a name of at most 255 characters (found 3)",
        ),
        (
            "/subscribers",
            {"email": "a@b.co", "customAttributes": {" ": 1}},
            "customAttributes must be an object (found {' ': 1})",
        ),
        (
            "/subscribers",
            {"email": "a@b.co", "status": "gone"},
            "status must be one of: active, unsubscribed, bounced",
        ),
        ("/subscribers/events", {"email": "a@b.co"}, "event must be the name of an event (found None)"),
        (
            "/subscribers/events",
            {"email": "a@b.co", "event": "tag_added"},
            "event tag_added is the platform's own: the call for it does it",
        ),
        (
            "/subscribers/events",
            {"email": "a@b.co", "event": "x", "properties": []},
            "properties must be an object (found [])",
        ),
        (
            "/subscribers/events",
            {"email": "a@b.co", "event": "x", "occurredAt": "2020-01-01"},
            "the twin takes events as they happen: leave occurredAt out",
        ),
        (
            "/subscribers/tags",
            {"email": "a@b.co"},
            "tag must be a name of at most 255 characters (found None)",
        ),
        (
            "/subscribers/tags",
            {"email": "a@b.co", "tag": "x\ud800"},
            "tag must be a name of at most 255 characters (found 'x\\ud800')",
        ),
        ("/lists", {"name": ""}, "name must be a name of at most 255 characters (found '')"),
    ],
)
def test_what_is_refused_of_people(calls, path, body, told):
    assert calls("POST", f"/api/v1{path}", body) == (400, {"success": False, "error": told})
    assert calls.twin._world.sequenzy.subscribers == {}
    assert calls.twin._world.record.operations == []


def test_lists_of_subscribers(calls):
    for number in range(5):
        body = {"email": f"p{number}@example.com", "tags": ["odd"] if number % 2 else []}
        calls.ok("POST", "/api/v1/subscribers", body)
    calls.ok("PATCH", "/api/v1/subscribers/p0@example.com", {"status": "bounced"})
    page = calls.ok("GET", "/api/v1/subscribers?limit=2")
    assert [each["email"] for each in page["subscribers"]] == ["p4@example.com", "p3@example.com"]
    assert page["pagination"] == {
        "page": 1,
        "limit": 2,
        "total": 5,
        "totalPages": 3,
        "hasMore": True,
        "nextCursor": "sub_000004",
    }
    rest = calls.ok("GET", "/api/v1/subscribers?limit=9&cursor=sub_000004")
    assert [each["email"][:2] for each in rest["subscribers"]] == ["p2", "p1", "p0"]
    assert rest["pagination"]["total"] is None
    assert rest["pagination"]["nextCursor"] is None
    third = calls.ok("GET", "/api/v1/subscribers?limit=2&page=3")
    assert [each["email"][:2] for each in third["subscribers"]] == ["p0"]
    assert len(calls.ok("GET", "/api/v1/subscribers?status=bounced")["subscribers"]) == 1
    assert len(calls.ok("GET", "/api/v1/subscribers?status=all")["subscribers"]) == 5
    assert len(calls.ok("GET", "/api/v1/subscribers?tags=odd")["subscribers"]) == 2
    assert len(calls.ok("GET", "/api/v1/subscribers?query=P3")["subscribers"]) == 1
    assert calls("GET", "/api/v1/subscribers?cursor=x") == (
        400,
        {"success": False, "error": "cursor must be one that the list gave (found 'x')"},
    )
    assert calls("GET", "/api/v1/subscribers?page=0")[0] == 400
    assert calls("GET", "/api/v1/subscribers/x") == (404, {"success": False, "error": "Subscriber not found"})


def test_tags_and_lists(calls):
    tag = {"email": "ada@example.com", "tag": "vip"}
    found = calls.ok("POST", "/api/v1/subscribers/tags", tag)
    assert found == {
        "success": True,
        "subscriber": {"id": "sub_000001", "email": "ada@example.com", "created": True, "tags": ["vip"]},
        "tag": {"id": "tag_000001", "name": "vip", "created": True},
    }
    again = calls.ok("POST", "/api/v1/subscribers/tags", tag)
    assert (again["subscriber"]["created"], again["tag"]["created"]) == (False, False)
    assert calls.ok("GET", "/api/v1/tags")["tags"] == [{"id": "tag_000001", "name": "vip"}]
    removed = calls.ok("POST", "/api/v1/subscribers/tags/remove", tag)
    assert removed["tag"] == {"name": "vip", "removed": True}
    assert not calls.ok("POST", "/api/v1/subscribers/tags/remove", tag)["tag"]["removed"]
    assert calls("POST", "/api/v1/subscribers/tags/remove", {"tag": "vip"})[0] == 404
    key = calls.ok("POST", "/api/v1/lists", {"name": "News"})["list"]["id"]
    assert key == "list_000001"
    body = {"emails": ["ada@example.com", "ben@example.com", "x"]}
    joined = calls.ok("POST", f"/api/v1/lists/{key}/subscribers", body)
    assert {name: joined[name] for name in ("processed", "created", "addedToList", "failed")} == {
        "processed": 3,
        "created": 1,
        "addedToList": 2,
        "failed": 1,
    }
    assert calls.ok("GET", "/api/v1/lists")["lists"] == [{"id": key, "name": "News", "subscriberCount": 2}]
    assert not calls.ok("POST", f"/api/v1/lists/{key}/subscribers", body)["addedToList"]
    assert calls("POST", "/api/v1/lists/x/subscribers", body)[0] == 404
    assert calls("POST", f"/api/v1/lists/{key}/subscribers", {"emails": []})[0] == 400
    calls.twin.happens("sequenzy", "sub_000001", "list_left", key)
    assert calls.ok("GET", "/api/v1/lists")["lists"][0]["subscriberCount"] == 1
    calls.twin.happens("sequenzy", "sub_000001", "list_left", key)
    assert calls.ok("GET", "/api/v1/subscribers/me")["account"]["companyId"] == "twin"
    assert calls.ok("GET", "/api/v1/account")["currentCompanyId"] == "twin"


def test_what_no_call_does(calls):
    t = calls.twin
    name = create(calls, HTML | {"trigger": "segment_entered", "segmentId": "vips"})
    calls.ok("POST", "/api/v1/subscribers", {"email": "ada@example.com"})
    t.clock.advance("1 hour")
    event = {"platform": "sequenzy", "subscriber_id": "sub_000001", "event": "segment_entered", "ref": "vips"}
    calls.ok("POST", "/_twin/events", event)
    t.clock.advance("15 minutes")
    assert len(t.outbox) == 1
    assert calls("POST", "/_twin/events", {**event, "ref": None})[1]["errors"] == [
        "ref must be the id of what segment_entered is about, if it is about something"
    ]
    assert calls("POST", "/_twin/events", {**event, "event": "tag_added"})[0] == 400
    t.happens("sequenzy", "sub_000001", "complained")
    found = calls.ok("GET", f"/api/v1/sequences/{name}/enrollments?status=cancelled")["enrollments"]
    assert [each["subscriberStatus"] for each in found] == ["unsubscribed"]
    same(t, name)


def test_a_link_that_is_clicked(calls):
    body = {
        "email": "ada@example.com",
        "event": "link_clicked",
        "properties": {"linkUrl": "https://example.com"},
    }
    calls.ok("POST", "/api/v1/subscribers/events", body)
    calls.ok("POST", "/api/v1/subscribers/events", body | {"properties": {}})
    assert calls.twin._world.sequenzy.events.refs == [None, "https://example.com", None]


def test_what_it_starts_with_is_enabled():
    replenish = sequenzy.from_api({
        **sequenzy.load(simcore.example("replenish")).to_api(),
        "id": "seq_abc123",
    })
    goal = sequenzy.from_api(GENERATED)
    with simcore.twin(sequenzy=[replenish, goal]) as t, Calls(t, bearer=True) as calls:
        names = [each["id"] for each in calls.ok("GET", "/api/v1/sequences")["sequences"]]
        assert names == ["seq_000002", "seq_abc123"]
        statuses = [each["status"] for each in calls.ok("GET", "/api/v1/sequences")["sequences"]]
        assert statuses == ["draft", "active"]
        assert t.outbox.empty
        assert calls.ok("GET", "/_twin/sequences")["sequences"][1]["platform"] == "sequenzy"
        read = calls.ok("GET", "/api/v1/sequences/seq_abc123")["sequence"]
        copied = calls.ok("POST", "/api/v1/sequences", {**read, "name": "A copy"})["sequence"]
        assert copied["emailCount"] == read["emailCount"]
