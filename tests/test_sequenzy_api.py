"""JSON as Sequenzy's API takes and gives it, and back (Q1, Q6)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simcore
from simcore import sequenzy
from simcore.errors import ValidationError

HELLO = {"subject": "Hello", "html": "<p>Hello</p>"}
BODY = {"name": "S", "trigger": "contact_added", "steps": [HELLO]}
SHAPE = 'expected the body of a sequence, {"name": ..., "trigger": ..., "steps": [...]}'
FETCH = (
    "this is only what the create call answers: fetch the whole sequence (GET /api/v1/sequences/{id}), "
    "and load that"
)
CREATED = {"id": "seq_abc123", "name": "Onboarding Sequence", "status": "draft", "emailCount": 5}
RESPONSE = {
    "success": True,
    "message": "Sequence created. AI is generating email content based on your brand. This typically takes "
    "30-60 seconds.",
    "sequence": CREATED,
}

# The bodies of the platform's own page, and others of its kinds.
BODIES = {
    "AI-generated content": {
        "name": "Onboarding Sequence",
        "trigger": "contact_added",
        "stopCondition": {"type": "has_tag", "value": "customer"},
        "goal": "Welcome new users and help them get started with our product",
        "emailCount": 5,
    },
    "blocks": {
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
                "blocks": [
                    {"id": "heading-2", "type": "heading", "content": "Getting Started", "level": 1},
                    {
                        "id": "text-2",
                        "type": "text",
                        "content": "<p>Here is everything you need to get started...</p>",
                        "variant": "paragraph",
                    },
                ],
            },
        ],
    },
    "HTML": {
        "name": "Migrated Sequence",
        "trigger": "contact_added",
        "steps": [
            {
                "subject": "Welcome!",
                "html": "<h1>Welcome to our platform!</h1><p>We are thrilled to have you on board.</p>"
                '<a href="https://example.com/start">Get Started</a>',
            },
            {
                "subject": "Quick tips to get started",
                "delay": {"days": 2},
                "html": "<h2>Getting Started Guide</h2><p>Here are some tips:</p><ul><li>Complete your profile"
                "</li><li>Explore the dashboard</li><li>Connect your integrations</li></ul>",
            },
        ],
    },
    "discount": {
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
    },
    "event": {
        "name": "Wind Alert Follow-up",
        "trigger": "event_received",
        "eventName": "weather.wind_alert",
        "steps": [
            {
                "subject": "Wind alert for {{event.city}}",
                "html": "<p>Winds may reach {{event.alert.maxSpeed}} km/h for {{event.duration.hours|a few}} "
                "hours.</p>",
            },
            {
                "subject": "Stay safe in {{event.city}}",
                "delay": {"hours": 12},
                "html": "<p>The original alert is still active for {{event.city}}. Check local guidance if "
                "conditions change.</p>",
            },
        ],
    },
    "matching field": {
        "name": "Wind Alert Follow-up",
        "trigger": "event_received",
        "eventName": "weather.wind_alert",
        "enrollmentMode": "matching_field",
        "enrollmentFieldPath": "city",
        "stopCondition": {"type": "event_received", "value": "weather.all_clear"},
        "steps": [{"subject": "Wind alert for {{event.city}}", "html": "<p>Winds</p>"}],
    },
    "discount that expires": {
        "name": "Win-back Discount",
        "trigger": "tag_added",
        "tagName": "cancelled",
        "steps": [
            {
                "type": "create_discount",
                "discount": {"discountType": "percent", "percentOff": 20, "expiresInHours": 48},
            },
            {
                "subject": "Two days left? No: {{discount.expiresAt}}",
                "delay": {"days": 2},
                "html": "<p>!</p>",
            },
        ],
    },
    "sending window": {
        "name": "Onboarding",
        "trigger": "segment_entered",
        "segmentId": "seg_trial",
        "enrollmentMode": "one_time",
        "stopCondition": {"type": "has_tag", "value": "customer"},
        "sendingWindow": {
            "enabled": True,
            "timezone": "Europe/Kyiv",
            "startTime": "08:00",
            "endTime": "20:00",
            "days": ["monday", "tuesday", "wednesday", "thursday", "friday"],
        },
        "steps": [
            {"subject": "Hello", "html": "<p>Hi</p>"},
            {"subject": "Half a day on", "delay": {"hours": 12}, "html": "<p>2</p>"},
            {"subject": "A week on", "delay": {"days": 6, "hours": 12}, "html": "<p>3</p>"},
        ],
    },
    "a match, a text and a date": {
        "name": "Case",
        "trigger": "event_received",
        "eventName": "order",
        "propertyFilters": [{"path": "items[].n", "operator": "less_than", "value": 2}],
        "stopCondition": {
            "type": "event_received",
            "value": "paid",
            "matchConfig": {
                "mode": "event_property",
                "rules": [{"entryFieldPath": "order.id", "eventFieldPath": "order.id"}],
            },
        },
        "createdAt": "2026-03-25T13:51:25+00:00",
        "steps": [
            {"type": "sms", "text": "Hello", "delayMs": 1.5},
            {**HELLO, "waitUntil": {"field": "due", "offset": {"days": 1}, "direction": "before"}},
            {
                "type": "update_subscriber",
                "waitUntilWeekday": {"day": "Fri", "startTime": "02:15", "timezone": "Africa/Casablanca"},
            },
        ],
    },
}


@pytest.fixture
def file(tmp_path):
    def written(value, name="sequence.json"):
        path = tmp_path / name
        path.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
        return path

    return written


# ---------------------------------------------------------------- shapes


@pytest.mark.parametrize("name", BODIES)
def test_bodies(name, file):
    body = BODIES[name]
    before = json.dumps(body)
    made = sequenzy.from_api(body)
    assert json.dumps(body) == before
    assert made.to_api() == body
    assert sequenzy.load(file(body)) == sequenzy.load(str(file(body))) == made
    assert sequenzy.Sequence(**body) == made


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("around", [{}, {"success": True, "message": "Found.", "meta": None}])
def test_wrapped(name, around, file):
    body, bare = {**around, "sequence": BODIES[name]}, sequenzy.from_api(BODIES[name])
    made = sequenzy.load(file(body))
    assert made.to_api() == body
    assert made.replace(envelope=None) == bare
    assert made.envelope == around


def test_unknown_fields_and_nulls_are_kept():
    body = {
        **BODY,
        "id": "seq_1",
        "status": "active",
        "time_zone": "x",
        "emails": [{"id": 1}],
        "goal": None,
        "listId": None,
        "note": None,
        "extra": {"deep": [1, None]},
        "envelope": 5,
        "sequence": {"name": "inner"},
        "steps": [{**HELLO, "delay": None, "stats": {"sent": 5}}],
    }
    made = sequenzy.from_api(body)
    assert made.to_api() == body
    assert (made.goal, made.listId, made.envelope) == (None, None, None)
    assert sequenzy.from_api(made.to_api()) == made
    assert made.replace(listId="news").to_api() == {**body, "listId": "news"}


@pytest.mark.parametrize("status", ["draft", "active"])
@pytest.mark.parametrize("wrapped", [True, False])
def test_what_the_create_call_answers(text_of, status, wrapped, file):
    answer = {**CREATED, "status": status}
    payload = {**RESPONSE, "sequence": answer} if wrapped else answer
    where = "sequence: " if wrapped else ""
    found = "an object with id, name, status, emailCount"
    assert (
        text_of(ValidationError, sequenzy.load, file(payload))
        == f"1 problem\n  {where}{FETCH} (found {found})"
    )


@pytest.mark.parametrize(
    ("payload", "where", "found"),
    [
        (None, "", "None"),
        ([], "", "[]"),
        ("sequence", "", "'sequence'"),
        ([BODY], "", repr([BODY])[:59] + "…"),
        ({"sequence": None}, "sequence: ", "None"),
        ({"sequence": [1], "success": True}, "sequence: ", "[1]"),
    ],
)
def test_other_shapes(text_of, payload, where, found, file):
    expected = f"1 problem\n  {where}{SHAPE} (found {found})"
    assert text_of(ValidationError, sequenzy.from_api, payload) == expected
    assert text_of(ValidationError, sequenzy.load, file(payload)) == expected


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        ({"sequence": {"id": 30, "name": "S"}, "emails": []}, "sequence, emails"),
        ({"sequence": {"name": "S", "send_hour": 9}}, "sequence"),
        ({"name": "S", "send_hour": 9}, "name, send_hour"),
        ({"name": "S", "send_days": ["monday"], "time_zone": "UTC"}, "name, send_days, time_zone"),
    ],
)
def test_what_is_of_kit(text_of, payload, found):
    text = f"{SHAPE}; this is a sequence of Kit's: use simcore.kit.load"
    expected = f"1 problem\n  {text} (found an object with {found})"
    assert text_of(ValidationError, sequenzy.from_api, payload) == expected


def test_the_shipped_file_of_kit():
    with pytest.raises(ValidationError, match=r"this is a sequence of Kit's: use simcore\.kit\.load"):
        sequenzy.load(simcore.example("welcome"))


def test_lists(text_of):
    text = f"{SHAPE}; of a list, give one sequence with its steps"
    expected = f"1 problem\n  {text} (found an object with success, sequences)"
    assert text_of(ValidationError, sequenzy.from_api, {"success": True, "sequences": [BODY]}) == expected


def test_a_shape_keeps_its_parts():
    with pytest.raises(ValidationError) as caught:
        sequenzy.from_api({"sequence": CREATED})
    assert (caught.value.errors, caught.value.problems) == ([FETCH], [("sequence", FETCH)])


@pytest.mark.parametrize("payload", [{}, {"sequence": {}}, {"name": None, "trigger": None}])
def test_nothing_given(text_of, payload):
    assert text_of(ValidationError, sequenzy.from_api, payload) == "1 problem\n  name: name is required"


def test_all_problems_at_once(text_of, file):
    payload = {
        "success": True,
        "sequence": {**BODY, "trigger": "tag_added", "steps": [{"type": "goto"}, 7]},
    }
    assert text_of(ValidationError, sequenzy.load, file(payload)) == (
        "3 problems\n"
        "  tagName: tagName is required with trigger tag_added\n"
        "  steps[0].type: goto is not modelled: remove the step, or give it one of: email, ab_test, create_discount, "
        "discount, sms, push, update_subscriber, add_tag, remove_tag, add_to_list, remove_from_list, webhook, ai, "
        "delay, wait_for_event, condition, branch\n"
        "  steps[1]: steps[1] must be an object with subject, and blocks or html (found 7)"
    )


# ---------------------------------------------------------------- files


@pytest.mark.parametrize(
    ("data", "text"),
    [
        pytest.param(b'{"name"', "not JSON: Expecting ':' delimiter at line 1, column 8", id="cut short"),
        pytest.param(b'{"name": "\xff"}', "not UTF-8: byte 10 cannot be read", id="Latin-1"),
        pytest.param(b"[" * 100_000, "not JSON that can be read: nested too deeply", id="nested"),
    ],
)
def test_files_that_cannot_be_read(text_of, data, text, file):
    path = file(data)
    assert text_of(ValidationError, sequenzy.load, path) == f"1 problem\n  {path}: {text}"


def test_a_byte_order_mark(file):
    assert sequenzy.load(file(json.dumps(BODY).encode("utf-8-sig"))).name == "S"


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        sequenzy.load(tmp_path / "none.json")


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e400"])
def test_numbers_without_end(value, file, text_of):
    path = file(
        json.dumps({**BODY, "steps": [{**HELLO, "delay": {"days": "?"}}]}).replace('"?"', value).encode()
    )
    shown = {"NaN": "nan", "-Infinity": "-inf"}.get(value, "inf")
    expected = f"1 problem\n  steps[0].delay.days: days must be a number of 0 or more (found {shown})"
    assert text_of(ValidationError, sequenzy.load, path) == expected


# ---------------------------------------------------------------- and back

NUMBERS = st.integers(0, 10**9) | st.floats(0, 1e9)
LENGTHS = st.dictionaries(st.sampled_from(["days", "hours", "minutes"]), st.none() | NUMBERS)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
WEEKDAYS = st.fixed_dictionaries(
    {"startTime": st.just("02:15"), "timezone": st.sampled_from(["Europe/Kyiv", "UTC"])},
    optional={"endTime": st.just("24:00"), "days": st.lists(st.sampled_from(["mon", "Friday"]))},
)
WAITS = st.one_of(
    st.just({}),
    st.builds(lambda item: {"delay": item}, st.none() | LENGTHS),
    st.builds(lambda item: {"delayMs": item}, NUMBERS),
    st.builds(lambda offset: {"waitUntil": {"field": "order.due", "offset": offset}}, st.none() | LENGTHS),
    st.builds(lambda item: {"waitUntilWeekday": item}, WEEKDAYS),
)
UNKNOWN = st.dictionaries(st.text().map("x-{}".format), JSON, max_size=3)
STEPS = st.builds(
    lambda unknown, wait, kind: unknown | wait | kind,
    UNKNOWN,
    WAITS,
    st.sampled_from([HELLO, {"type": "sms"}, {**HELLO, "type": None}, {"subject": "B", "blocks": [1]}]),
)


@given(
    UNKNOWN,
    st.lists(STEPS, max_size=4),
    st.none() | WEEKDAYS.map(lambda item: {"endTime": "24:00"} | item),
    st.none() | UNKNOWN,
)
def test_back_and_forth(unknown, steps, window, around):
    body = {**unknown, **BODY, "steps": steps, "sendingWindow": window}
    payload = body if around is None else {**around, "sequence": body}
    made = sequenzy.from_api(payload)
    assert made.to_api() == payload
    assert sequenzy.from_api(made.to_api()) == made
    assert sequenzy.from_api(json.loads(json.dumps(made.to_api()))) == made
