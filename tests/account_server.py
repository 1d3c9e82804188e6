"""A server on loopback that answers as Kit's and Sequenzy's APIs do, with faults on demand."""

import json
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote, urlsplit

import simcore

BEGIN = datetime(2026, 3, 9, 12, tzinfo=UTC)
KEY = "kit_0123456789abcdef0123456789abcdef"


class Reply(NamedTuple):
    """An answer: `cut`, after so many bytes of it the connection ends; `slow`, seconds before it."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = MappingProxyType({})
    cut: int | None = None
    slow: float = 0.0
    whole_length: bool = True


def as_json(value: Any, status: int = 200, **named: Any) -> Reply:
    return Reply(status, json.dumps(value).encode(), **named)


class Server:
    """What the server has, what it was asked, and which faults come next.

    `faults`: by path, replies in place of the true one; None is the true one. `told`: every call, as it came.
    """

    def __init__(self) -> None:
        self.faults: dict[str, list[Reply | Callable[[], Reply | None] | None]] = defaultdict(list)
        self.calls: list[tuple[str, str, dict[str, str], dict[str, str]]] = []
        self.lists: dict[str, tuple[str, list[Any]]] = {}
        self.objects: dict[str, Any] = {}
        self.per_page = 2
        self.port = 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v4"

    @property
    def paths(self) -> Counter[tuple[str, str]]:
        """How often what was asked for."""
        return Counter(
            (path, query.get("after") or query.get("offset", "")) for _, path, query, _ in self.calls
        )

    def reply(self, method: str, path: str, query: dict[str, str], headers: dict[str, str]) -> Reply:
        with self.lock:
            self.calls.append((method, path, query, headers))
            fault = self.faults[path].pop(0) if self.faults[path] else None
        fault = fault() if callable(fault) else fault
        if fault is not None:
            return fault
        if KEY not in {
            headers.get("x-kit-api-key"),
            headers.get("authorization", "").removeprefix("Bearer "),
        }:
            return as_json({"errors": ["The API Key is invalid"]}, 401)
        if path in self.objects:
            return as_json(self.objects[path])
        if path in self.lists:
            return self.page(path, query)
        return as_json({"errors": ["Not Found"]}, 404)

    def page(self, path: str, query: dict[str, str]) -> Reply:
        """A page of Kit's: its cursor is the last id that was given."""
        name, items = self.lists[path]
        ids = [item["id"] for item in items]
        after = query.get("after")
        start = 0 if after is None else ids.index(int(after)) + 1
        here = items[start : start + min(self.per_page, int(query["per_page"]))]
        cursors = [str(item["id"]) for item in here] or [None]
        told = {
            "has_previous_page": start > 0,
            "has_next_page": start + len(here) < len(items),
            "start_cursor": cursors[0],
            "end_cursor": cursors[-1],
            "per_page": self.per_page,
        }
        return as_json({name: here, "pagination": told})


class Sequenzys(Server):
    """The same, as Sequenzy pages it."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v1"

    def page(self, path: str, query: dict[str, str]) -> Reply:
        name, items = self.lists[path]
        start = int(query["offset"])
        here = items[start : start + self.per_page]
        told = {
            "limit": self.per_page,
            "offset": start,
            "total": len(items),
            "hasMore": start + len(here) < len(items),
        }
        return as_json({"success": True, name: here, "pagination": told})


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """The server, as long as the context lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            at = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(at.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            path = at.path.removeprefix("/api/v1").removeprefix("/v4")
            reply = server.reply(self.command, path, query, headers)
            time.sleep(reply.slow)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.whole_length:
                self.send_header("Content-Length", str(len(reply.body)))
            else:
                self.close_connection = True
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(reply.body[: reply.cut])
            if reply.cut is not None:
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = answer  # noqa: N815  the names that it looks for

        def log_message(self, *_: Any) -> None:
            """Nothing is told."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.port = http.server_port
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


class FakeClock:
    """A clock on which no time passes but that which is slept."""

    def __init__(self) -> None:
        self.passed_s, self.slept_s = 0.0, list[float]()

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.passed_s)

    def seconds(self) -> float:
        return self.passed_s

    def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.passed_s += seconds


def example(name: str) -> Any:
    return json.loads(simcore.example(name).read_text("utf-8"))


def people() -> list[Any]:
    """The subscribers of the welcome series."""
    return [dict(one, state="active") for page in example("kit_subscribers") for one in page["subscribers"]]


def of_kit() -> Server:
    """A server with the examples of Kit, and two tags."""
    found = Server()
    sequences = example("kit_sequences")["sequences"]
    tagged = [{"id": 1001 + at, "tagged_at": f"2026-03-0{at + 1}T10:00:00Z"} for at in range(3)]
    found.objects = {
        "/account": {"user": {}, "account": {"name": "Ada", "timezone": {"name": "Europe/Berlin"}}},
        **{f"/sequences/{each['id']}": {"sequence": dict(each)} for each in sequences},
    }
    found.lists = {
        "/sequences": ("sequences", sequences),
        "/sequences/30/emails": ("emails", example("kit_emails")["emails"]),
        "/sequences/30/subscribers": ("subscribers", people()),
        "/sequences/31/emails": ("emails", []),
        "/sequences/31/subscribers": ("subscribers", []),
        "/tags": ("tags", [{"id": 5, "name": "VIP"}, {"id": 4, "name": "Old"}]),
        "/tags/5/subscribers": ("subscribers", tagged),
        "/tags/4/subscribers": ("subscribers", []),
    }
    return found


def of_sequenzy() -> Sequenzys:
    """A server with two of the examples of Sequenzy, and who is in the first."""
    found = Sequenzys()
    bodies = {"seq_a": example("onboarding"), "seq/..": example("winback")}
    rows = [
        dict(one, enrollmentId=f"enr_{one['subscriberId']}")
        for page in example("sequenzy_enrollments")
        for one in page["enrollments"]
    ]
    listed = [{"id": own, "name": body["name"], "status": "active"} for own, body in bodies.items()]
    found.objects = {
        f"/sequences/{quote(own, safe='')}": {"success": True, "sequence": {"id": own, **body}}
        for own, body in bodies.items()
    }
    found.lists = {
        "/sequences": ("sequences", listed),
        "/sequences/seq_a/enrollments": ("enrollments", rows),
        "/sequences/seq%2F../enrollments": ("enrollments", []),
    }
    return found
