"""Version 3 of Kit's API, as published libraries call it (W1)."""

import pytest
from twin_calls import Calls

import simcore
from simcore import kit

pytest.importorskip("starlette", reason="the extra twin has it")
pytest.importorskip("uvicorn", reason="the extra twin has it")

WELCOME = kit.load(simcore.example("welcome"))


@pytest.fixture(scope="module")
def running_twin():
    with simcore.twin(kit=WELCOME, key="secret") as found:
        yield found


@pytest.fixture
def calls(running_twin):
    running_twin.reset()
    with Calls(running_twin, "") as found:
        yield found


def test_the_key_is_in_the_query_or_in_the_body(calls):
    wrong = (401, {"error": "Authorization Failed", "message": "API Key not valid"})
    assert calls("GET", "/v3/forms") == wrong
    assert calls("GET", "/v3/forms?api_key=x") == wrong
    assert calls("PUT", "/v3/unsubscribe", {"api_secret": 3}) == wrong
    assert calls("PUT", "/v3/unsubscribe", {"api_secret": "\ud800"}) == wrong
    assert calls("PUT", "/v3/unsubscribe", []) == wrong
    for path, body in (
        ("/v3/tags?api_key=secret", {"tag": {"name": "a"}}),
        ("/v3/tags?api_secret=secret", {"tag": {"name": "a"}}),
        ("/v3/tags", {"tag": {"name": "a"}, "api_key": "secret"}),
        ("/v3/tags", {"tag": {"name": "a"}, "api_secret": "secret"}),
    ):
        assert calls("POST", path, body)[0] == 200
    assert "secret" not in repr(calls.twin._world.record.operations)
    assert calls("PUT", "/v3/unsubscribe", b'{"api_key": "secret", "api_key": "secret"}') == (
        400,
        {
            "error": "Not allowed",
            "message": "the body is not JSON that can be read: the key 'api_key' is twice in one object",
        },
    )
    assert calls("GET", "/v4/sequences?api_key=secret")[0] == 401
    assert calls("GET", "/v3/nothing?api_key=secret") == (404, {"error": "Not Found", "message": "Not Found"})
    with Calls(calls.twin) as known:  # as in version 4
        assert known("GET", "/v3/forms")[0] == 200


def test_a_form(calls):
    key = "?api_key=secret"
    [form] = calls.ok("GET", f"/v3/forms{key}")["forms"]
    calls.ok("POST", f"/v3/tags{key}", {"tag": {"name": "vip"}})
    body = {"email": "ada@example.com", "first_name": "Ada", "fields": {"city": "Leeds"}, "tags": [1]}
    found = calls.ok("POST", f"/v3/forms/{form['id']}/subscribe{key}", body)["subscription"]
    assert (found["subscribable_type"], found["subscriber"]["first_name"]) == ("form", "Ada")
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    path = f"/v3/forms/1/subscribe{key}"
    calls.connection.request("POST", path, "email=ben%40example.com&name=Ben", headers)
    answer = calls.connection.getresponse()
    answer.read()
    assert answer.status == 200
    log = calls.twin._world.kit.events
    assert [*zip(log.subscribers, log.names, log.refs, strict=True)] == [
        (1, "tag_added", 1),
        (1, "form_joined", 1),
        (2, "form_joined", 1),
    ]
    assert calls.twin._world.kit.subscribers[2].first_name == "Ben"
    assert calls("POST", f"/v3/forms/2/subscribe{key}", body)[0] == 404
    assert calls("POST", path, {"email": "x"}) == (
        422,
        {"error": "Not allowed", "message": "Email address is invalid"},
    )
    assert calls("POST", path, {**body, "tags": 3})[1]["message"] == "tags must be a list of ids (found 3)"
    assert calls("POST", path, {**body, "tags": [9]})[0] == 404
    assert calls("POST", path, [])[1]["message"] == "the body must be a JSON object"
    assert calls("POST", path)[1]["message"] == "Email address is invalid"


def test_a_sequence(calls):
    key = "?api_secret=secret"
    assert calls.ok("GET", f"/v3/sequences{key}")["courses"] == [
        {
            "id": 30,
            "name": "Welcome series",
            "hold": False,
            "repeat": False,
            "created_at": "2026-01-01T00:00:00Z",
        }
    ]
    found = calls.ok("POST", f"/v3/sequences/30/subscribe{key}", {"email": "ada@example.com"})
    assert found["subscription"]["subscribable_type"] == "course"
    calls.twin.clock.advance("30 days")
    assert len(calls.twin.outbox) == 4
    with Calls(calls.twin) as four:
        four.ok("PUT", "/v4/sequences/30", {"active": False})
    body = {"email": "ada@example.com"}
    assert calls("POST", f"/v3/sequences/30/subscribe{key}", body)[1]["message"] == "Sequence is inactive"


def test_tags_and_subscribers(calls):
    key = "?api_secret=secret"
    made = calls.ok("POST", f"/v3/tags{key}", {"tag": [{"name": "a"}, {"name": "b"}]})
    assert [each["name"] for each in made] == ["a", "b"]
    assert calls.ok("POST", f"/v3/tags{key}", {"tag": {"name": "a"}})["id"] == 1
    assert calls("POST", f"/v3/tags{key}", {"tag": []})[1]["message"] == (
        "tag must be an object with a name, or a list of them (found [])"
    )
    assert calls("POST", f"/v3/tags{key}", {"tag": [{"name": "c"}, {"name": " "}]}) == (
        422,
        {"error": "Not allowed", "message": "Name can't be blank"},
    )
    assert [each["name"] for each in calls.ok("GET", f"/v3/tags{key}")["tags"]] == ["a", "b"]  # all, or none
    for number in range(51):
        calls.ok("POST", f"/v3/tags/1/subscribe{key}", {"email": f"p{number}@example.com"})
    page = calls.ok("GET", f"/v3/subscribers{key}&page=2")
    assert (page["total_subscribers"], page["total_pages"], len(page["subscribers"])) == (51, 2, 1)
    one = calls.ok("GET", f"/v3/subscribers{key}&email_address=P3@example.com")["subscribers"]
    assert [each["id"] for each in one] == [4]
    assert calls("GET", f"/v3/subscribers{key}&page=0")[0] == 422
    changed = calls.ok("PUT", f"/v3/subscribers/4{key}", {"first_name": "Dov", "api_key": "secret"})
    assert changed == calls.ok("GET", f"/v3/subscribers/4{key}")
    assert [each["id"] for each in calls.ok("GET", f"/v3/subscribers/4/tags{key}")["tags"]] == [1]
    calls.ok("POST", f"/v3/tags/1/unsubscribe{key}", {"email": "p3@example.com"})
    assert calls.ok("GET", f"/v3/subscribers/4/tags{key}")["tags"] == []
    gone = calls.ok("PUT", f"/v3/unsubscribe{key}", {"email": "p3@example.com"})["subscriber"]
    assert gone["state"] == "cancelled"
    assert calls.ok("GET", f"/v3/subscribers{key}")["total_subscribers"] == 50
    assert "secret" not in repr(calls.twin._world.record.operations)


def test_problems_with_fields_are_told(calls):
    found = calls("PUT", "/v3/subscribers/1?api_key=secret", {"fields": 3})
    assert found == (404, {"error": "Not Found", "message": "Not Found"})
    calls.ok("POST", "/v3/forms/1/subscribe?api_key=secret", {"email": "ada@example.com"})
    assert calls("PUT", "/v3/subscribers/1?api_key=secret", {"fields": 3})[0] == 422
