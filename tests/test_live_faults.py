"""What can go wrong while an account is read: the true snapshot, or one clear error (L1 to L3)."""

import gzip
import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx2
import pytest
from account_server import KEY, FakeClock, Reply, as_json, of_kit, of_sequenzy, people, serving
from hypothesis import given
from hypothesis import strategies as st

from simcore import kit
from simcore.errors import SimcoreError
from simcore.kit.reading import KitApi
from simcore.live import calls as room
from simcore.live.account import Live
from simcore.live.key import Key
from simcore.live.pace import MachineClock, Pace
from simcore.sequenzy.reading import SequenzyApi

SUBSCRIBERS = "/sequences/30/subscribers"
PAUSES = [0.5, 1.0, 2.0, 4.0, 8.0]
PAUSES_LIMITED = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0]
LIMITED = Reply(429, b"Retry later")


@pytest.fixture
def server():
    with serving(of_kit()) as found:
        yield found


@pytest.fixture
def theirs():
    with serving(of_sequenzy()) as found:
        yield found


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def read(tmp_path, clock):
    """Reads an account of a server's, always into one folder."""

    def done(server, api=KitApi):
        return Live(api(), Key(KEY, api.variable), server.url, clock).snapshot(
            tmp_path / "account", progress=False
        )

    return done


def ids(found):
    return found.entries["subscriber_id"].tolist()


TRUE = [one["id"] for one in people()]


# ---------------------------------------------------------------- what passes by


@pytest.mark.parametrize(
    ("faults", "pauses"),
    [
        pytest.param([LIMITED], [1.0], id="429 as Kit says it"),
        pytest.param([LIMITED] * 7, PAUSES_LIMITED, id="429 for long"),
        pytest.param([LIMITED._replace(headers={"Retry-After": "37"})], [37.0], id="with the seconds"),
        pytest.param(
            [LIMITED._replace(headers={"Retry-After": "Mon, 09 Mar 2026 12:02:00 GMT"})], [120.0], id="a date"
        ),
        pytest.param(
            [LIMITED._replace(headers={"Retry-After": "Mon, 09 Mar 2026 12:02:00 -0000"})],
            [120.0],
            id="no zone",
        ),
        pytest.param(
            [LIMITED._replace(headers={"Retry-After": "Mon, 09 Mar 2026 11:00:00 GMT"})],
            [1.0],
            id="a past date",
        ),
        pytest.param([LIMITED._replace(headers={"Retry-After": "0"})] * 2, [1.0, 2.0], id="at once"),
        pytest.param([LIMITED._replace(headers={"Retry-After": "soon"})], [1.0], id="in words"),
        pytest.param([Reply(503, b"", {"Retry-After": "20"})], [20.0], id="503 with Retry-After"),
        pytest.param([as_json({"errors": ["Oops"]}, 500)] * 5, PAUSES, id="500"),
        pytest.param([Reply(502, b"<html>"), LIMITED, Reply(504)], [0.5, 2.0, 2.0], id="this and that"),
        pytest.param([as_json({"subscribers": []})._replace(cut=5)] * 2, PAUSES[:2], id="cut"),
        pytest.param([Reply(200, b'{"subscribers": [', whole_length=False)], [0.5], id="cut, and no length"),
        pytest.param([Reply(200, b"")], [0.5], id="empty"),
        pytest.param([Reply(200, b'{"a": 1, "a": 2}')], [0.5], id="a key twice"),
        pytest.param([Reply(200, b"[" * 200 + b"]" * 200)], [0.5], id="nested too deeply"),
        pytest.param([Reply(200, b"[" * 100_000)], [0.5], id="nested much too deeply"),
        pytest.param([Reply(200, b'{"a": "\xff"}')], [0.5], id="not UTF-8"),
        pytest.param([Reply(200, b"no", {"Content-Encoding": "gzip"})], [0.5], id="not as it was packed"),
    ],
)
def test_what_passes_by(server, clock, read, faults, pauses):
    """The snapshot is the true one, after pauses that grow."""
    server.faults[SUBSCRIBERS] = [None, *faults]
    assert ids(read(server)) == TRUE
    assert clock.slept_s == pauses
    assert server.paths[SUBSCRIBERS, "1002"] == 1 + len(faults)


@pytest.fixture
def held(server, monkeypatch):
    """What answers wait for that take longer than the client does: it is set when the test ends, if not before.

    On a busy machine others may take longer too: then they are tried again as well.
    """
    monkeypatch.setattr(room, "_TIMEOUT_S", httpx2.Timeout(30, read=0.1))
    ends = threading.Event()
    yield ends
    ends.set()


def until(event):
    """A fault: the true answer, once something is set."""

    def waits():
        event.wait(60)

    return waits


def test_a_slow_answer(server, clock, read, held):
    """It is tried again, and the next is taken."""
    server.faults[SUBSCRIBERS] = [until(held), held.set]
    assert ids(read(server)) == TRUE
    assert server.paths[SUBSCRIBERS, ""] > 1
    assert clock.slept_s[0] == 0.5


def test_answers_that_are_too_slow(server, read, held, text_of):
    server.faults["/tags"] = [until(held)] * 6
    assert text_of(SimcoreError, read, server) == (
        "Kit, GET /tags: timed out (ReadTimeout), 6 times: try again later"
    )


def test_an_answer_that_trickles(server, read, monkeypatch, text_of):
    """As long as something comes no timeout ends it, so the whole has an end too."""
    monkeypatch.setattr(room, "_LONGEST_ANSWER_S", -1)
    assert text_of(SimcoreError, read, server) == (
        "Kit, GET /account: no whole answer within -1 seconds, 6 times: try again later"
    )


def test_what_is_packed(server, read):
    body = server.page(SUBSCRIBERS, {"per_page": "1000"}).body
    server.faults[SUBSCRIBERS] = [Reply(200, gzip.compress(body), {"Content-Encoding": "gzip"})]
    assert ids(read(server)) == TRUE


def test_a_mark_at_the_beginning(server, read):
    """Of UTF-8, which some servers write: JSON has none."""
    body = server.page(SUBSCRIBERS, {"per_page": "1000"}).body
    server.faults[SUBSCRIBERS] = [Reply(200, b"\xef\xbb\xbf" + body + b"\r\n")]
    assert ids(read(server)) == TRUE


def test_a_redirection_at_home(server, read):
    server.faults["/tags"] = [Reply(307, headers={"Location": f"{server.url}/tags?per_page=1000"})]
    assert len(read(server).events) == 3


# ---------------------------------------------------------------- what ends it


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        pytest.param(
            as_json({"errors": ["The API Key is invalid"]}, 401),
            '401: the key is not accepted: check KIT_API_KEY (it says "The API Key is invalid")',
            id="the key",
        ),
        pytest.param(
            as_json({"errors": ["Your plan does not include the API", "Upgrade"]}, 401),
            "401: the account's plan gives no access to the API; the key may be right (it says "
            '"Your plan does not include the API; Upgrade")',
            id="the plan",
        ),
        pytest.param(
            as_json({"errors": []}, 401),
            "401: either the key is not accepted (check KIT_API_KEY), or the account's plan gives no access (it gives "
            "no reason)",
            id="no reason",
        ),
        pytest.param(
            as_json({"errors": ["This token needs another plan"]}, 401),
            "401: either the key is not accepted (check KIT_API_KEY), or the account's plan gives no access (it says "
            '"This token needs another plan")',
            id="both",
        ),
        pytest.param(
            as_json({"errors": ["Forbidden"]}, 403),
            '403: the key may not read this (it says "Forbidden")',
            id="403",
        ),
        pytest.param(
            as_json({"errors": ["Not Found"]}, 404),
            "404: there is no such thing, or no longer; to read the account as it is now, choose another folder (it "
            'says "Not Found")',
            id="404",
        ),
        pytest.param(
            as_json({"errors": ["per_page is too large"]}, 422),
            '422: the call is refused (it says "per_page is too large")',
            id="422",
        ),
        pytest.param(
            Reply(418, b"I am\na\x1b teapot"),
            '418: not the answer that was expected (it says "I am a\\x1b teapot")',
            id="text",
        ),
        pytest.param(
            as_json(["odd", 5], 400), '400: not the answer that was expected (it says "odd; 5")', id="list"
        ),
        pytest.param(
            as_json({"success": False, "error": "Sorry"}),
            '200: not the answer that was expected (it says "Sorry")',
            id="success false",
        ),
        pytest.param(Reply(204), "204: not the answer that was expected (it gives no reason)", id="204"),
        pytest.param(
            LIMITED._replace(headers={"Retry-After": "3600"}),
            "429: it asks to wait 3,600 seconds: start again after that",
            id="wait too long",
        ),
        pytest.param(Reply(200, b"[1]"), "page 2: expected an object, found [1]", id="a list"),
        pytest.param(
            Reply(200, b"{}"), 'page 2: expected a list under "subscribers", found None', id="no list"
        ),
        pytest.param(
            as_json({"subscribers": []}),
            "page 2: expected pagination beside the list, found None: whether it is whole cannot be told",
            id="no pagination",
        ),
        pytest.param(
            as_json({"subscribers": [], "pagination": {"has_next_page": "no"}}),
            "page 2: pagination.has_next_page must be true or false: found 'no'",
            id="more or not",
        ),
        pytest.param(
            as_json({"subscribers": [], "pagination": {"has_next_page": True, "end_cursor": None}}),
            "page 2: the list goes on, but end_cursor does not say from where: found None",
            id="no cursor",
        ),
        pytest.param(
            as_json({"subscribers": [], "pagination": {"has_next_page": True, "end_cursor": "1002"}}),
            "page 2: the cursor '1002' comes again, so the list would have no end",
            id="a cursor again",
        ),
    ],
)
def test_what_ends_it(server, clock, read, text_of, reply, message):
    """At once, with one message; what was read stays, and the next run goes on from there."""
    server.faults[SUBSCRIBERS] = [None, reply]
    joint = ", " if message.startswith("page") else ": "
    assert text_of(SimcoreError, read, server) == f"Kit, GET {SUBSCRIBERS}{joint}{message}"
    assert clock.slept_s == []
    assert server.calls[-1][1] == SUBSCRIBERS
    before = set(server.paths)
    server.calls.clear()
    assert ids(read(server)) == TRUE
    assert (SUBSCRIBERS, "") not in server.paths
    assert before & server.paths.keys() == {(SUBSCRIBERS, "1002"), ("/sequences", "")}


@pytest.mark.parametrize(
    ("reply", "pauses", "message"),
    [
        pytest.param(
            as_json({"errors": ["Oops"]}, 500),
            PAUSES,
            '500: it fails, 6 times (it says "Oops"): try again later',
            id="500",
        ),
        pytest.param(
            LIMITED,
            PAUSES_LIMITED,
            '429: too many calls, 8 times (it says "Retry later"): does something else use this key?',
            id="429",
        ),
        pytest.param(
            Reply(200, b"<html>"),
            PAUSES,
            "the answer is no JSON that can be read, 6 times: try again later",
            id="HTML",
        ),
        pytest.param(
            Reply(200, b'{"a": 1}', cut=3),
            PAUSES,
            "peer closed connection without sending complete message body (received 3 bytes, expected 8) "
            "(RemoteProtocolError), 6 times: try again later",
            id="cut",
        ),
    ],
)
def test_what_does_not_pass(server, clock, read, text_of, reply, pauses, message):
    server.faults[SUBSCRIBERS] = [None, *[reply] * 8]
    assert text_of(SimcoreError, read, server) == f"Kit, GET {SUBSCRIBERS}: {message}"
    assert clock.slept_s == pauses
    server.faults.clear()
    assert ids(read(server)) == TRUE


def test_nobody_is_there(server, clock, read):
    """A port at which nothing listens."""
    server.port = 1
    with pytest.raises(
        SimcoreError, match=r"^Kit, GET /account: .* \(ConnectError\), 6 times: try again later$"
    ):
        read(server)
    assert clock.slept_s == PAUSES


def test_an_answer_without_end(server, read, monkeypatch, text_of):
    monkeypatch.setattr(room, "_MOST_BYTES", 1000)
    server.faults["/tags"] = [Reply(200, gzip.compress(b" " * 100_000), {"Content-Encoding": "gzip"})]
    assert text_of(SimcoreError, read, server) == "Kit, GET /tags: an answer of more than 1,000 bytes"
    assert server.paths["/tags", ""] == 1


@pytest.mark.parametrize("one", [{"name": "no id"}, {"id": "30"}, {"id": True}, 5])
def test_what_has_no_id(server, read, text_of, one):
    told = {"sequences": [one], "pagination": {"has_next_page": False}}
    server.faults["/sequences"] = [as_json(told)]
    assert text_of(SimcoreError, read, server) == (
        f"Kit, GET /sequences: expected objects with an integer as id, found {one!r}"
    )


# ---------------------------------------------------------------- what Sequenzy says


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"success": False, "error": "Invalid API key"}, "Invalid API key"),
        ({"error": {"code": "unauthorized", "message": "Invalid API key"}}, "Invalid API key"),
        ({"error": {"code": "bad_key"}}, "bad_key"),
        ({"message": "Invalid API key"}, "Invalid API key"),
        ({"error": {}, "message": "A wrong token"}, "A wrong token"),
    ],
)
def test_reasons(theirs, read, text_of, body, reason):
    theirs.faults["/sequences"] = [as_json(body, 401)]
    assert text_of(SimcoreError, read, theirs, SequenzyApi) == (
        f'Sequenzy, GET /sequences: 401: the key is not accepted: check SEQUENZY_API_KEY (it says "{reason}")'
    )


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"hasMore": None}, "pagination.hasMore must be true or false: found None"),
        ({"hasMore": False, "offset": 7}, "offset must be 0, as was asked for: found 7"),
        ({"hasMore": True}, "the list goes on, but this page of it is empty"),
    ],
)
def test_pages_that_cannot_be_followed(theirs, read, text_of, told, message):
    theirs.faults["/sequences"] = [as_json({"sequences": [], "pagination": told})]
    assert text_of(SimcoreError, read, theirs, SequenzyApi) == f"Sequenzy, GET /sequences, page 1: {message}"


@pytest.mark.parametrize("one", [{"name": "no id"}, {"id": 30}, {"id": ""}, 5])
def test_what_has_no_id_there(theirs, read, text_of, one):
    theirs.faults["/sequences"] = [as_json({"sequences": [one], "pagination": {"hasMore": False}})]
    assert text_of(SimcoreError, read, theirs, SequenzyApi) == (
        f"Sequenzy, GET /sequences: expected objects with a text as id, found {one!r}"
    )


ENROLLED = "/sequences/seq_a/enrollments"


@pytest.mark.parametrize("change", ["gone", "new in front"])
def test_a_list_that_changes_between_its_pages(theirs, read, change):
    """L3: one that went leaves the next unread, one in front is read twice: the list is read anew."""
    rows = theirs.lists[ENROLLED][1]
    first = [one["subscriberId"] for one in rows]

    def changed():
        if change == "gone":
            del rows[0]
        else:
            rows.insert(0, dict(rows[0], subscriberId="sub_0", enrollmentId="enr_0"))

    theirs.faults[ENROLLED] = [None, changed]
    found = ids(read(theirs, SequenzyApi))
    assert found == (first[1:] if change == "gone" else ["sub_0", *first])
    assert theirs.paths[ENROLLED, "0"] == 2


def test_one_that_comes_last_moves_nobody(theirs, read):
    rows = theirs.lists[ENROLLED][1]
    theirs.faults[ENROLLED] = [
        None,
        lambda: rows.append(dict(rows[0], subscriberId="sub_9", enrollmentId="enr_9")),
    ]
    assert ids(read(theirs, SequenzyApi))[-1] == "sub_9"
    assert theirs.paths[ENROLLED, "0"] == 1


def test_a_list_that_never_rests(theirs, read, text_of):
    rows = theirs.lists[ENROLLED][1]
    rows += [dict(rows[0], enrollmentId=f"enr_{at}") for at in range(9)]
    theirs.faults[ENROLLED] = [None, lambda: rows.pop() and None] * 3
    assert text_of(SimcoreError, read, theirs, SequenzyApi) == (
        f"Sequenzy, GET {ENROLLED}: the list changes while it is read, 3 times: try again when less happens"
    )
    assert len(ids(read(theirs, SequenzyApi))) == len(rows)


def test_pages_without_a_total_and_without_ids(theirs, read):
    """What is not said cannot be looked at."""
    rows = [{name: one[name] for name in one if name != "enrollmentId"} for one in theirs.lists[ENROLLED][1]]
    theirs.faults[ENROLLED] = [
        as_json({"enrollments": rows[:1], "pagination": {"hasMore": True}}),
        as_json({"enrollments": rows[:1], "pagination": {"hasMore": False}}),
    ]
    assert ids(read(theirs, SequenzyApi)) == ["sub_501"] * 2


# ---------------------------------------------------------------- only GET, only there (L1, L4)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "get"])
def test_nothing_but_get_is_sent(server, clock, text_of, method):
    """Tried with what carries the calls itself."""
    live = Live(KitApi(), Key(KEY, "KIT_API_KEY"), server.url, clock)
    with live._calls.client(live._pace) as client:
        if method == "get":  # which the client makes GET of; so the transport is given it as it is
            call = httpx2.Request("GET", f"{server.url}/account")
            call.method = "get"
            text = text_of(SimcoreError, client._transport.handle_request, call)
        else:
            text = text_of(SimcoreError, client.request, method, "/account", json={"name": "VIP"})
        assert text == f"{method} /v4/account: an account is only read, so only GET is sent"
        assert client.get("/account").status_code == 200
    assert [call[0] for call in server.calls] == ["GET"]


@pytest.mark.parametrize(
    ("target", "origin"),
    [
        ("http://localhost:{}/v4/tags", "http://localhost:{}"),
        ("https://127.0.0.1:{}/v4/tags", "https://127.0.0.1:{}"),
        ("http://127.0.0.1/v4/tags", "http://127.0.0.1:80"),
        ("https://127.0.0.1/v4/tags", "https://127.0.0.1:443"),
    ],
)
def test_a_redirection_elsewhere(server, read, text_of, target, origin):
    """Another host, scheme or port: the key does not go there, and nothing does."""
    server.faults["/tags"] = [Reply(302, headers={"Location": target.format(server.port)})]
    origin = origin.format(server.port)
    assert text_of(SimcoreError, read, server) == (
        f"127.0.0.1 redirects to '{origin}': refused, the key goes to no other host"
    )
    assert server.calls[-1][1] == "/tags"


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("{}/tags", "it redirects again and again"),
        (
            "http://x:port",
            "Invalid URL in location header: Invalid port: 'port'. (RemoteProtocolError), 6 times: try again later",
        ),
    ],
)
def test_a_redirection_that_leads_nowhere(server, read, text_of, where, message):
    server.faults["/tags"] = [Reply(302, headers={"Location": where.format(server.url)})] * 24
    assert text_of(SimcoreError, read, server) == f"Kit, GET /tags: {message}"


@pytest.mark.parametrize(
    ("base_url", "message"),
    [
        ("api.kit.com", "found 'api.kit.com', expected an address such as https://api.kit.com/v4"),
        (
            "ftp://api.kit.com",
            "found 'ftp://api.kit.com', expected an address such as https://api.kit.com/v4",
        ),
        ("https://", "found 'https://', expected an address such as https://api.kit.com/v4"),
        (5, "found 5, expected an address such as https://api.kit.com/v4"),
        ("https://x:port", "found 'https://x:port', expected an address such as https://api.kit.com/v4"),
        (
            "https://me:secret@api.kit.com",
            "expected no user, query or fragment in it, as in https://api.kit.com/v4",
        ),
        (
            "https://api.kit.com?key=secret",
            "expected no user, query or fragment in it, as in https://api.kit.com/v4",
        ),
        (
            "https://api.kit.com#secret",
            "expected no user, query or fragment in it, as in https://api.kit.com/v4",
        ),
        (
            "http://api.kit.com/v4",
            "found 'http://api.kit.com/v4': without https the key would be readable on the way: plain http is for "
            "loopback only, such as http://127.0.0.1:8000",
        ),
    ],
)
def test_addresses(text_of, base_url, message):
    assert text_of(SimcoreError, kit.live, KEY, base_url=base_url) == f"base_url: {message}"


@pytest.mark.parametrize(
    ("base_url", "meant"),
    [
        ("http://127.1.2.3:8000", "http://127.1.2.3:8000/v4"),
        ("http://[::1]:8000/v4", "http://[::1]:8000/v4"),
        ("http://localhost/", "http://localhost/v4"),
        ("https://x.org/kit", "https://x.org/kit"),
        ("https://x.org/kit//", "https://x.org/kit"),
    ],
)
def test_addresses_that_may_be(base_url, meant):
    """One without a path has the platform's own."""
    assert repr(kit.live(KEY, base_url=base_url)) == f"<Kit at {meant}, to be read only>"


# Of a server on loopback: signed by itself, until 2126.
CERTIFICATE = """
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgFoChxcA05MVTftuK
URmWxozD8BcMbqHbHZGcXRUaBfqhRANCAAR+OEgCqVBG0noyQ3nlf/oC2ZQtpgWa
z7RLND2ocrIXMqXIiz7yWEp5v0gxTQbQGey4CoUohnxVkp4TLlIKX4uV
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUNzz+gqL3N/zPE0n2KM7HKjoqKnowCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyOTA1NTMxMloYDzIxMjYxMTA1
MDU1MzEyWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAR+OEgCqVBG0noyQ3nlf/oC2ZQtpgWaz7RLND2ocrIXMqXIiz7yWEp5
v0gxTQbQGey4CoUohnxVkp4TLlIKX4uVo28wbTAdBgNVHQ4EFgQUnpe2hq00SUnf
iJKb6EF1bCkPIh4wHwYDVR0jBBgwFoAUnpe2hq00SUnfiJKb6EF1bCkPIh4wDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDRwAwRAIgW5HijviqQdwX2AvzhntHBozShBIRyDDpEChZTtXSy+UCIAPF
mt7Qm/Ao6DBw9k5UZeQHdeqIKKPffnwNYJQXE3m+
-----END CERTIFICATE-----
"""


def test_a_certificate_that_nobody_vouches_for(server, clock, read, tmp_path):
    """Nothing is sent, and nothing tried again."""
    path = tmp_path / "both.pem"
    path.write_text(CERTIFICATE.strip())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)

    class Quiet(HTTPServer):
        def handle_error(self, *_):
            """The client is gone."""

    http = Quiet(("127.0.0.1", 0), Handler)
    http.socket = context.wrap_socket(http.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    try:
        live = Live(KitApi(), Key(KEY, "KIT_API_KEY"), f"https://127.0.0.1:{http.server_port}/v4", clock)
        with pytest.raises(SimcoreError, match=r"^Kit, GET /account: \[SSL: CERTIFICATE_VERIFY_FAILED\]"):
            live.snapshot(tmp_path / "other", progress=False)
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
    assert asked == clock.slept_s == []


# ---------------------------------------------------------------- the pace


def most_in_a_minute(times_s):
    return max(sum(at <= other < at + 60 for other in times_s) for at in times_s)


@given(
    most=st.integers(1, 5),
    gaps_s=st.lists(st.floats(0, 90) | st.sampled_from([0.0, 60.0, 61.0, 1e-9]), max_size=40),
    ages_s=st.lists(st.floats(-5, 200), max_size=6),
)
def test_never_more_in_any_minute(most, gaps_s, ages_s):
    """However the calls come, and whatever an earlier run has made; and none waits without need."""
    clock = FakeClock()
    clock.passed_s = 1000.0
    pace = Pace(most, clock)
    pace.seen(ages_s, clock.seconds())
    earlier = [1000.0 - age for age in ages_s if 0 < age < 61]
    times_s = []
    for gap in gaps_s:
        clock.passed_s += gap
        wanted = clock.passed_s
        pace.wait()
        times_s.append(clock.passed_s)
        if clock.passed_s > wanted:
            recent = [at for at in [*earlier, *times_s[:-1]] if at > clock.passed_s - 61.01]
            assert len(recent) >= min(most, len(earlier) + len(times_s) - 1)
    for at in times_s:
        assert sum(at - 60 < other <= at for other in [*earlier, *times_s]) <= most
    assert len(clock.slept_s) <= 2 * (
        len(earlier) + len(times_s)
    )  # it sleeps, and does not look again and again


@pytest.mark.slow
@pytest.mark.parametrize(("api", "most"), [(KitApi, 120), (SequenzyApi, 100)])
def test_never_more_than_the_platform_allows(clock, tmp_path, api, most):
    """A whole account, with faults, as the server sees it; and again, as soon as it was stopped."""
    with serving(of_kit() if api is KitApi else of_sequenzy()) as server:
        server.lists |= {
            "/sequences": (
                "sequences",
                [{"id": at if api is KitApi else f"s{at}", "name": f"N{at}"} for at in range(1, 140)],
            ),
        }
        for one in server.lists["/sequences"][1]:
            path = f"/sequences/{one['id']}"
            server.objects[path] = {
                "sequence": {**one, "trigger": "contact_added", "goal": "Go"} if api is not KitApi else one
            }
            for name in ("emails", "subscribers", "enrollments"):
                server.lists[f"{path}/{name}"] = (name, [])
            server.faults[f"{path}/emails"] = [LIMITED, Reply(500)]
        server.per_page = 100
        times_s = []
        answer = server.reply

        def reply(*asked):
            times_s.append(clock.passed_s)
            return answer(*asked)

        server.reply = reply
        found = Live(api(), Key(KEY, "KIT_API_KEY"), server.url, clock).snapshot(
            tmp_path / "account", progress=False
        )
    assert len(found.sequences) == 139
    assert len(times_s) > 270
    assert most_in_a_minute(times_s) == most


def test_the_clock_of_the_machine():
    clock = MachineClock()
    before_s, at = clock.seconds(), clock.now()
    clock.sleep(0.01)
    assert clock.seconds() - before_s >= 0.01
    assert (clock.now() - at).total_seconds() > 0
    assert at.utcoffset().total_seconds() == 0


def test_calls_of_an_earlier_run_count(server, tmp_path, monkeypatch):
    """By when its pages were written: who starts again at once gets no second allowance."""
    folder = tmp_path / "account"
    server.faults["/tags/5/subscribers"] = [Reply(403)]
    with pytest.raises(SimcoreError, match="403"):
        kit.live(KEY, base_url=server.url).snapshot(folder, progress=False)
    monkeypatch.setattr("simcore.live.account._PACES", {})  # as in another process
    live = kit.live(KEY, base_url=server.url)
    live.snapshot(folder, progress=False)
    assert len(live._pace._calls) == len([*folder.rglob("0*.json")])


def test_calls_just_before_count_however_long_it_takes_to_look(clock):
    """How old they were is told as of when that was looked at."""
    clock.passed_s = 1000.0
    pace = Pace(5, clock)
    clock.passed_s += 1
    pace.seen([1.002, 0.5], 1001.0)
    clock.passed_s += 1
    pace.seen([1.002, 0.5], 1001.0)
    assert len(pace._calls) == 2  # the other is its own


def test_all_calls_of_a_key_count(server, tmp_path):
    """Of one process, whatever they are for; those that it wrote pages of once."""
    key = "another-key-of-the-test"
    first, second = (kit.live(key, base_url=server.url) for _ in range(2))
    for live in (first, second):
        with pytest.raises(SimcoreError, match="401"):
            live.snapshot(tmp_path / "account", progress=False)
    assert first._pace is second._pace
    assert len(first._pace._calls) == 2
    assert kit.live(KEY)._pace is not first._pace
