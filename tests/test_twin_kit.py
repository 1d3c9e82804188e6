"""The twin of Kit's API: every documented example works against it, word for word (W1)."""

import pytest
from twin_calls import Calls

import simcore
from simcore import kit

pytest.importorskip("starlette", reason="the extra twin has it")
pytest.importorskip("uvicorn", reason="the extra twin has it")

# The bodies and answers of Kit's reference: create a sequence, update a sequence, list sequences.
CREATE = {
    "name": "Full Series",
    "email_address": "joe924@ck.lol",
    "email_template_id": 11,
    "send_days": ["monday", "wednesday", "friday"],
    "send_hour": 9,
    "time_zone": "America/Los_Angeles",
    "active": True,
    "repeat": True,
    "hold": True,
    "exclude_subscriber_sources": [{"type": "tag", "ids": [2]}, {"type": "sequence", "ids": [29]}],
}
CREATED = {
    "sequence": {
        "id": 30,
        "name": "Full Series",
        "hold": True,
        "repeat": True,
        "created_at": "2026-04-17T13:55:22Z",
        "updated_at": "2026-04-17T13:55:22Z",
        "email_address": "joe924@ck.lol",
        "email_template_id": 11,
        "send_days": ["monday", "wednesday", "friday"],
        "send_hour": 9,
        "time_zone": "America/Los_Angeles",
        "active": True,
        "exclude_subscriber_sources": [{"type": "sequence", "ids": [29]}, {"type": "tag", "ids": [2]}],
    }
}
UPDATE = {
    "name": "New Name",
    "email_address": "joe952@ck.lol",
    "email_template_id": 12,
    "send_days": ["tuesday", "thursday"],
    "send_hour": 14,
    "time_zone": "America/Chicago",
    "active": False,
    "repeat": True,
    "hold": True,
    "exclude_subscriber_sources": [{"type": "tag", "ids": [3]}, {"type": "sequence", "ids": [48]}],
}
UPDATED = {
    "sequence": {
        "id": 49,
        "name": "New Name",
        "hold": True,
        "repeat": True,
        "created_at": "2026-04-17T13:55:25Z",
        "updated_at": "2026-04-17T13:55:25Z",
        "email_address": "joe952@ck.lol",
        "email_template_id": 12,
        "send_days": ["tuesday", "thursday"],
        "send_hour": 14,
        "time_zone": "America/Chicago",
        "active": False,
        "exclude_subscriber_sources": [{"type": "sequence", "ids": [48]}, {"type": "tag", "ids": [3]}],
    }
}
LISTED = {
    "sequences": [
        {
            "id": 3,
            "name": "Evergreen sequence",
            "hold": False,
            "repeat": False,
            "created_at": "2023-02-17T11:43:55Z",
            "updated_at": "2023-02-17T11:43:55Z",
            "email_address": None,
            "email_template_id": None,
            "send_days": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
            "send_hour": 11,
            "time_zone": "America/New_York",
            "active": True,
            "exclude_subscriber_sources": [],
        }
    ],
    "pagination": {
        "has_previous_page": False,
        "has_next_page": False,
        "start_cursor": "WzNd",
        "end_cursor": "WzNd",
        "per_page": 500,
    },
}
DAYS = LISTED["sequences"][0]["send_days"]
EMAIL = {"subject": "Welcome to the sequence", "delay_value": 1, "delay_unit": "days"}


@pytest.fixture(scope="module")
def running_twin():
    with simcore.twin() as found:
        yield found


@pytest.fixture
def calls(running_twin):
    running_twin.reset()
    with Calls(running_twin) as found:
        yield found


def started(number, at):
    """A twin whose next sequence has this number, at an instant."""
    return simcore.twin(kit=kit.Sequence(name="Before", id=number - 1), start=at)


def test_the_example_of_create_a_sequence():
    with started(30, "2026-04-17T13:55:22Z") as t, Calls(t) as calls:
        assert calls("POST", "/v4/sequences", CREATE) == (201, CREATED)
        assert calls("GET", "/v4/sequences/30") == (200, CREATED)
        assert calls.headers["content-type"] == "application/json"


def test_the_example_of_update_a_sequence():
    with started(49, "2026-04-17T13:55:25Z") as t, Calls(t) as calls:
        calls.ok("POST", "/v4/sequences", {"name": "Old Name"})
        assert calls("PUT", "/v4/sequences/49", UPDATE) == (200, UPDATED)
        assert calls("PUT", "/v4/sequences/49", {}) == (200, UPDATED)
        assert calls("PUT", "/v4/sequences/49") == (200, UPDATED)


def test_the_example_of_list_sequences():
    evergreen = kit.Sequence(name="Evergreen sequence", id=3)
    with simcore.twin(kit=evergreen, start="2023-02-17T11:43:55Z") as t:
        with Calls(t) as calls:
            assert calls("GET", "/v4/sequences") == (200, LISTED)
        with Calls(t, "wrong") as calls:
            assert calls("GET", "/v4/sequences") == (401, {"errors": ["The access token is invalid"]})


def test_the_example_of_create_a_sequence_email(calls):
    calls.ok("POST", "/v4/sequences", {"name": "Full Series"})
    expected = {
        "id": 1,
        "sequence_id": 1,
        "subject": "Welcome to the sequence",
        "preview_text": None,
        "email_address": None,
        "email_template_id": None,
        "published": False,
        "position": 0,
        "delay_value": 1,
        "delay_unit": "days",
        "send_days": DAYS,
        "content": None,
    }
    nulls = dict.fromkeys(("preview_text", "content", "email_template_id", "send_days", "position"))
    assert calls("POST", "/v4/sequences/1/emails", EMAIL | nulls | {"published": None}) == (
        201,
        {"email": expected},
    )
    assert calls("GET", "/v4/sequences/1/emails/1") == (200, {"email": expected})


# ---------------------------------------------------------------- what is refused, in Kit's words (K4, K5)


@pytest.mark.parametrize(
    ("method", "path", "body", "errors"),
    [
        ("POST", "/v4/sequences", {}, ["name can't be blank"]),
        ("POST", "/v4/sequences", None, ["name can't be blank"]),
        ("POST", "/v4/sequences", [], ["the body must be a JSON object"]),
        (
            "POST",
            "/v4/sequences",
            {"name": "x", "send_hour": 24},
            ["send_hour must be an integer between 0 and 23"],
        ),
        ("PUT", "/v4/sequences/1", {"send_hour": 9.0}, ["send_hour must be an integer between 0 and 23"]),
        ("POST", "/v4/sequences/1/emails", EMAIL | {"subject": " "}, ["subject can't be blank"]),
        (
            "POST",
            "/v4/sequences/1/emails",
            EMAIL | {"delay_unit": "weeks"},
            ["delay_unit must be one of: days, hours"],
        ),
        ("PUT", "/v4/sequences/1/emails/1", {"subject": ""}, ["subject can't be blank"]),
        (
            "PUT",
            "/v4/sequences/1/emails/1",
            {"delay_value": -1},
            ["delay_value must be an integer between 0 and 3650"],
        ),
        ("POST", "/v4/tags", {"name": " "}, ["Name can't be blank"]),
        ("POST", "/v4/tags", {}, ["Name can't be blank"]),
        ("POST", "/v4/tags", {"name": 3}, ["Name must be text of at most 255 characters (found 3)"]),
        ("POST", "/v4/subscribers", {}, ["Email address is invalid"]),
        ("POST", "/v4/subscribers", {"email_address": "ada"}, ["Email address is invalid"]),
        ("POST", "/v4/subscribers", {"email_address": "ada@\ud800.com"}, ["Email address is invalid"]),
        (
            "POST",
            "/v4/subscribers",
            {"email_address": "ben@example.com", "state": "gone"},
            ["state must be one of: active, cancelled, bounced, complained, inactive"],
        ),
        (
            "POST",
            "/v4/subscribers",
            {"email_address": "ben@example.com", "first_name": 3},
            ["First name must be text of at most 255 characters (found 3)"],
        ),
        (
            "POST",
            "/v4/subscribers",
            {"email_address": "ben@example.com", "fields": {"x": 3}},
            ["fields must be an object of texts (found {'x': 3})"],
        ),
        (
            "PUT",
            "/v4/subscribers/1",
            {"email_address": "cleo@example.com"},
            ["Email address has already been taken"],
        ),
        (
            "DELETE",
            "/v4/tags/1/subscribers",
            {},
            ["Either subscriber id or email address is required to remove tag from subscriber"],
        ),
        ("GET", "/v4/sequences?per_page=1001", None, ["per_page must be an integer between 1 and 1000"]),
        ("GET", "/v4/sequences?per_page=x", None, ["per_page must be an integer between 1 and 1000"]),
        ("GET", "/v4/sequences?after=x", None, ["after must be a cursor of this list (found 'x')"]),
        ("GET", "/v4/tags?before=e30=", None, ["before must be a cursor of this list (found 'e30=')"]),
        (
            "GET",
            "/v4/sequences/1/emails?before=WzNd",
            None,
            ["before must be a cursor of this list (found 'WzNd')"],
        ),
        (
            "GET",
            "/v4/subscribers?status=gone",
            None,
            ["status must be one of: active, cancelled, bounced, complained, inactive, all"],
        ),
    ],
)
def test_what_is_refused(calls, method, path, body, errors):
    calls.ok("POST", "/v4/sequences", {"name": "Full Series"})
    calls.ok("POST", "/v4/sequences/1/emails", EMAIL)
    calls.ok("POST", "/v4/tags", {"name": "vip"})
    calls.ok("POST", "/v4/subscribers", {"email_address": "ada@example.com"})
    calls.ok("POST", "/v4/subscribers", {"email_address": "cleo@example.com"})
    before = len(calls.twin._world.record.operations)
    assert calls(method, path, body) == (422, {"errors": errors})
    assert len(calls.twin._world.record.operations) == before  # and nothing is written down


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v4/sequences/9"),
        ("GET", "/v4/sequences/x"),
        ("GET", "/v4/sequences/9999999999999999999999"),
        ("PUT", "/v4/sequences/9"),
        ("GET", "/v4/sequences/9/emails"),
        ("GET", "/v4/sequences/1/emails/9"),
        ("PUT", "/v4/sequences/1/emails/9"),
        ("DELETE", "/v4/sequences/1/emails/x"),
        ("GET", "/v4/sequences/9/subscribers"),
        ("POST", "/v4/sequences/9/subscribers"),
        ("POST", "/v4/sequences/1/subscribers"),
        ("POST", "/v4/sequences/1/subscribers/9"),
        ("GET", "/v4/subscribers/9"),
        ("PUT", "/v4/subscribers/9"),
        ("POST", "/v4/subscribers/9/unsubscribe"),
        ("GET", "/v4/subscribers/9/tags"),
        ("GET", "/v4/tags/9/subscribers"),
        ("POST", "/v4/tags/9/subscribers"),
        ("POST", "/v4/tags/9/subscribers/9"),
        ("DELETE", "/v4/tags/9/subscribers"),
        ("DELETE", "/v4/tags/9/subscribers/9"),
    ],
)
def test_what_is_not_there(calls, method, path):
    calls.ok("POST", "/v4/sequences", {"name": "Full Series"})
    assert calls(method, path, None if method == "GET" else {"email_address": "x@example.com"}) == (
        404,
        {"errors": ["Not Found"]},
    )


# ---------------------------------------------------------------- emails


def test_emails_of_a_sequence(calls):
    calls.ok("POST", "/v4/sequences", {"name": "Full Series"})
    for number in range(3):
        body = EMAIL | {"content": f"<p>{number}</p>", "id": 77, "sequence_id": 99}
        assert calls.ok("POST", "/v4/sequences/1/emails", body)["email"]["id"] == number + 1
    listed = calls.ok("GET", "/v4/sequences/1/emails")
    assert [(each["id"], each["position"]) for each in listed["emails"]] == [(1, 0), (2, 1), (3, 2)]
    assert "content" not in listed["emails"][0]
    assert listed["pagination"]["start_cursor"] == "WzAsMV0="  # [0,1]: position, id
    with_content = calls.ok("GET", "/v4/sequences/1/emails?include_content=true")["emails"]
    assert with_content[2]["content"] == "<p>2</p>"
    hours = {"delay_unit": "hours", "published": True}
    found = calls.ok("PUT", "/v4/sequences/1/emails/2", hours)["email"]
    assert (found["send_days"], found["delay_unit"], found["published"]) == (None, "hours", True)
    assert calls.ok("PUT", "/v4/sequences/1/emails/2", {})["email"] == found
    assert calls.ok("PUT", "/v4/sequences/1/emails/2", found)["email"] == found  # as it was given
    whole = calls.ok("GET", "/v4/sequences/1")["sequence"]
    assert calls.ok("PUT", "/v4/sequences/1", whole)["sequence"] == whole
    moved = calls.ok("PUT", "/v4/sequences/1/emails/3", {"position": 0})["email"]
    assert moved["position"] == 0
    assert [each["id"] for each in calls.ok("GET", "/v4/sequences/1/emails")["emails"]] == [3, 1, 2]
    assert calls("DELETE", "/v4/sequences/1/emails/1") == (204, None)
    assert [each["id"] for each in calls.ok("GET", "/v4/sequences/1/emails")["emails"]] == [3, 2]
    far = calls.ok("POST", "/v4/sequences/1/emails", EMAIL | {"position": 10})["email"]
    assert (far["id"], far["position"]) == (4, 2)


def test_pages_of_emails_go_forward(calls):
    calls.ok("POST", "/v4/sequences", {"name": "Full Series"})
    for _ in range(5):
        calls.ok("POST", "/v4/sequences/1/emails", EMAIL)
    path, seen, query = "/v4/sequences/1/emails?per_page=2", [], ""
    while True:
        page = calls.ok("GET", path + query)
        seen.append([each["id"] for each in page["emails"]])
        if not page["pagination"]["has_next_page"]:
            break
        query = f"&after={page['pagination']['end_cursor']}"
    assert seen == [[1, 2], [3, 4], [5]]
    back = calls.ok("GET", f"{path}&before={page['pagination']['start_cursor']}")
    assert [each["id"] for each in back["emails"]] == [3, 4]
    assert back["pagination"]["has_previous_page"]


# ---------------------------------------------------------------- people


def test_adding_people_to_a_sequence(calls):
    calls.ok("POST", "/v4/sequences", {"name": "Full Series"})
    person = {"email_address": "alice@convertkit.dev", "first_name": "Alice", "state": "active"}
    assert calls("POST", "/v4/subscribers", person)[0] == 201
    added = {
        "subscriber": {
            "id": 1,
            "first_name": "Alice",
            "email_address": "alice@convertkit.dev",
            "state": "active",
            "created_at": "2026-01-01T00:00:00Z",
            "added_at": "2026-01-01T00:00:00Z",
            "fields": {},
        }
    }
    assert calls("POST", "/v4/sequences/1/subscribers", {"email_address": "ALICE@convertkit.dev "}) == (
        201,
        added,
    )
    calls.twin.clock.advance("1 day")
    assert calls("POST", "/v4/sequences/1/subscribers/1") == (200, added)
    listed = calls.ok("GET", "/v4/sequences/1/subscribers")["subscribers"]
    assert listed == [added["subscriber"]]
    calls.ok("PUT", "/v4/sequences/1", {"repeat": True})
    again = calls.ok("POST", "/v4/sequences/1/subscribers/1")["subscriber"]
    assert again["added_at"] == "2026-01-02T00:00:00Z"
    assert calls.ok("GET", "/v4/sequences/1/subscribers")["subscribers"] == [again]
    calls.ok("PUT", "/v4/sequences/1", {"active": False})
    assert calls("POST", "/v4/sequences/1/subscribers/1") == (422, {"errors": ["Sequence is inactive"]})


def test_when_somebody_was_added_is_when_their_run_began(calls):
    """As the list has it (K29): who may not enter again, or is kept out, begins no other."""
    calls.ok("POST", "/v4/sequences", {"name": "Full Series", "repeat": True})
    calls.ok("POST", "/v4/subscribers", {"email_address": "ada@example.com"})
    path = "/v4/sequences/1/subscribers"
    calls.ok("POST", f"{path}/1")
    calls.twin.clock.advance("1 hour")
    calls.twin.happens("kit", 1, "bounced")
    calls.twin.clock.advance("1 day")
    status, found = calls("POST", f"{path}/1")  # K17: blocked
    assert (status, found["subscriber"]["added_at"]) == (200, "2026-01-01T00:00:00Z")
    assert calls.ok("GET", f"{path}?status=all")["subscribers"] == [found["subscriber"]]


def test_who_is_kept_out_was_added_now(calls):
    """They are in no list, so it says when the call was made."""
    body = {"name": "Full Series", "exclude_subscriber_sources": [{"type": "tag", "ids": [1]}]}
    calls.ok("POST", "/v4/sequences", body)
    calls.ok("POST", "/v4/subscribers", {"email_address": "ada@example.com"})
    calls.ok("POST", "/v4/tags", {"name": "no"})
    calls.ok("POST", "/v4/tags/1/subscribers/1")
    for day in (1, 2):
        found = calls.ok("POST", "/v4/sequences/1/subscribers/1")["subscriber"]
        assert found["added_at"] == f"2026-01-0{day}T00:00:00Z"
        calls.twin.clock.advance("1 day")
    assert calls.ok("GET", "/v4/sequences/1/subscribers")["subscribers"] == []


def test_what_is_read_is_what_simcore_reads(calls):
    """The list of a sequence's subscribers is what kit.subscribers takes for entries (K29)."""
    welcome = kit.load(simcore.example("welcome"))
    with simcore.twin(kit=welcome) as t, Calls(t) as calls:
        for number in range(7):
            calls.ok("POST", "/v4/subscribers", {"email_address": f"p{number}@example.com"})
            calls.ok("POST", f"/v4/sequences/30/subscribers/{number + 1}")
            t.clock.advance("1 hour, 30 minutes")
        pages, query = [], ""
        while True:
            page = calls.ok("GET", f"/v4/sequences/30/subscribers?status=all&per_page=3{query}")
            pages.append(page)
            if not page["pagination"]["has_next_page"]:
                break
            query = f"&after={page['pagination']['end_cursor']}"
        assert [len(each["subscribers"]) for each in pages] == [3, 3, 1]
        entries = kit.subscribers(pages)
        sequence = calls.ok("GET", "/v4/sequences/30")
        read = kit.from_api(sequence, calls.ok("GET", "/v4/sequences/30/emails"))
        sends = simcore.project(read, entries)
        t.clock.advance("60 days")
        key = ["subscriber_id", "send_at"]
        assert (
            sends.sort_values(key)[key].to_numpy().tolist()
            == t.outbox.sort_values(key)[key].to_numpy().tolist()
        )


def test_subscribers(calls):
    first = {"email_address": "ada@example.com", "fields": {"city": "Leeds"}}
    assert calls("POST", "/v4/subscribers", first)[0] == 201
    status, found = calls("POST", "/v4/subscribers", first | {"first_name": "Ada", "fields": {"job": "x"}})
    assert status == 200
    assert found["subscriber"]["first_name"] == "Ada"
    assert found["subscriber"]["fields"] == {"city": "Leeds", "job": "x"}
    assert calls.ok("POST", "/v4/subscribers", first)["subscriber"]["first_name"] == "Ada"
    for state in ("cancelled", "bounced", "complained", "inactive"):
        calls.ok("POST", "/v4/subscribers", {"email_address": f"{state}@example.com", "state": state})
    listed = calls.ok("GET", "/v4/subscribers?status=all&include_total_count=true")
    assert [each["id"] for each in listed["subscribers"]] == [5, 4, 3, 2, 1]  # the newest first
    assert listed["pagination"]["total_count"] == 5
    assert [each["id"] for each in calls.ok("GET", "/v4/subscribers")["subscribers"]] == [1]
    bounced = calls.ok("GET", "/v4/subscribers?status=bounced")["subscribers"]
    assert [each["state"] for each in bounced] == ["bounced"]
    some = calls.ok(
        "GET", "/v4/subscribers?status=all&email_address=ada@example.com,Bounced@example.com,x@y.z"
    )
    assert [each["id"] for each in some["subscribers"]] == [3, 1]
    changed = calls.ok(
        "PUT",
        "/v4/subscribers/1",
        {"email_address": "ada@example.org", "first_name": None, "fields": {"a": None}},
    )["subscriber"]
    assert (changed["email_address"], changed["first_name"]) == ("ada@example.org", None)
    assert calls.ok("PUT", "/v4/subscribers/1", {})["subscriber"] == changed
    assert calls.ok("GET", "/v4/subscribers/1")["subscriber"] == changed
    assert calls("POST", "/v4/subscribers/1/unsubscribe") == (204, None)
    assert calls("POST", "/v4/subscribers/1/unsubscribe") == (204, None)
    assert calls.ok("GET", "/v4/subscribers/1")["subscriber"]["state"] == "cancelled"
    assert calls.twin._world.kit.events.names == ["unsubscribed", "bounced", "complained", "unsubscribed"]


def test_who_unsubscribed_gets_nothing_more(calls):
    welcome = kit.load(simcore.example("welcome"))
    with simcore.twin(kit=welcome) as t, Calls(t) as calls:
        calls.ok("POST", "/v4/subscribers", {"email_address": "ada@example.com"})
        calls.ok("POST", "/v4/sequences/30/subscribers/1")
        t.clock.advance("3 hours")
        calls("POST", "/v4/subscribers/1/unsubscribe")
        t.clock.advance("30 days")
        assert len(t.outbox) == 2
        assert calls.ok("GET", "/v4/sequences/30/subscribers")["subscribers"] == []
        listed = calls.ok("GET", "/v4/sequences/30/subscribers?status=cancelled")["subscribers"]
        assert [each["id"] for each in listed] == [1]


# ---------------------------------------------------------------- tags


def test_tags(calls):
    assert calls("POST", "/v4/tags", {"name": "Completed"}) == (
        201,
        {"tag": {"id": 1, "name": "Completed", "created_at": "2026-01-01T00:00:00Z"}},
    )
    assert calls("POST", "/v4/tags", {"name": "Completed"})[0] == 200
    calls.ok("POST", "/v4/tags", {"name": "vip"})
    assert [each["name"] for each in calls.ok("GET", "/v4/tags")["tags"]] == ["vip", "Completed"]
    for name in ("ada", "ben"):
        calls.ok("POST", "/v4/subscribers", {"email_address": f"{name}@example.com"})
    status, found = calls("POST", "/v4/tags/1/subscribers", {"email_address": "ada@example.com"})
    assert (status, found["subscriber"]["tagged_at"]) == (201, "2026-01-01T00:00:00Z")
    calls.twin.clock.advance("1 day")
    status, found = calls("POST", "/v4/tags/1/subscribers/1", {})
    assert (status, found["subscriber"]["tagged_at"]) == (200, "2026-01-01T00:00:00Z")
    assert calls("POST", "/v4/tags/1/subscribers/2")[0] == 201
    assert calls("POST", "/v4/tags/2/subscribers/1")[0] == 201
    assert [each["id"] for each in calls.ok("GET", "/v4/tags/1/subscribers")["subscribers"]] == [2, 1]
    assert calls.ok("GET", "/v4/subscribers/1/tags")["tags"] == [
        {"id": 2, "name": "vip", "tagged_at": "2026-01-02T00:00:00Z"},
        {"id": 1, "name": "Completed", "tagged_at": "2026-01-01T00:00:00Z"},
    ]
    assert calls("DELETE", "/v4/tags/1/subscribers/1") == (204, None)
    assert calls("DELETE", "/v4/tags/1/subscribers", {"email_address": "ben@example.com"}) == (204, None)
    assert calls("DELETE", "/v4/tags/1/subscribers/1") == (204, None)
    assert calls.ok("GET", "/v4/tags/1/subscribers")["subscribers"] == []
    assert calls.twin._world.kit.events.names == [
        "tag_added",
        "tag_added",
        "tag_added",
        "tag_removed",
        "tag_removed",
    ]


def test_the_account(calls):
    found = calls.ok("GET", "/v4/account")
    assert found["account"]["timezone"]["name"] == kit.Sequence(name="x").time_zone


# ---------------------------------------------------------------- pages, in every way


@pytest.mark.parametrize("count", [0, 1, 2, 5, 6])
def test_pages_of_people_in_both_directions(calls, count):
    for number in range(count):
        calls.ok("POST", "/v4/tags", {"name": f"t{number}"})
    expected = [*range(count, 0, -1)]
    seen, query, last = [], "", None
    while True:
        page = calls.ok("GET", f"/v4/tags?per_page=2{query}")
        seen += [each["id"] for each in page["tags"]]
        assert page["pagination"]["has_previous_page"] == bool(query)
        if not page["pagination"]["has_next_page"]:
            break
        last = page["pagination"]
        query = f"&after={last['end_cursor']}"
    assert seen == expected
    seen, query = [], "&before=Wy0xXQ=="  # [-1], before all
    while True:
        page = calls.ok("GET", f"/v4/tags?per_page=2{query}")
        seen = [each["id"] for each in page["tags"]] + seen
        if not page["pagination"]["has_previous_page"]:
            break
        query = f"&before={page['pagination']['start_cursor']}"
    assert seen == expected


def test_a_page_between_two_cursors(calls):
    for number in range(6):
        calls.ok("POST", "/v4/tags", {"name": f"t{number}"})
    page = calls.ok("GET", "/v4/tags?after=WzZd&before=WzJd")  # after 6, before 2
    assert [each["id"] for each in page["tags"]] == [5, 4, 3]
    assert page["pagination"]["has_previous_page"]
    assert page["pagination"]["has_next_page"]
