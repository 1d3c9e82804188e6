"""The twin on the network, by starlette: calls are read, faults are made, the platforms' own words are answered."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from simcore.errors import SimcoreError
from simcore.files.json_file import DEEPEST, once, too_deep
from simcore.twin import kit_api, kit_v3_api, own_api, sequenzy_api
from simcore.twin.answers import Answer, Call, Refused
from simcore.twin.faults import Fault, Faults
from simcore.twin.key import Key
from simcore.twin.world import Handler, World

MOST_BYTES = 1 << 20
"""So many bytes the body of a call may have: 1 MiB."""
_LONGEST_QUERY = 1 << 14
_MOST_FIELDS = 100
_FORM = b"application/x-www-form-urlencoded"


class Api(NamedTuple):
    """One platform's API, or the twin's own.

    `refusal`: what it says of what is refused. `wrong_key`: what it says of a wrong key. `faulty`: whether faults
    are made at its calls. `keys`: what of a query and a body may be the key; None where it is in a header alone.
    """

    refusal: Callable[[SimcoreError | Refused], Answer]
    wrong_key: str
    faulty: bool = True
    keys: Callable[[Mapping[str, str], Any], list[Any]] | None = None


KIT = Api(kit_api.refusal, "The access token is invalid")
KIT_3 = Api(kit_v3_api.refusal, kit_v3_api.WRONG_KEY, keys=kit_v3_api.given_keys)
SEQUENZY = Api(sequenzy_api.refusal, "Invalid API key")
OWN = Api(kit_api.refusal, "The key is wrong: give the one that the twin has", faulty=False)


class Door(NamedTuple):
    """What all calls have in common."""

    world: World
    faults: Faults
    key: Key


class Endpoint:
    """What answers the calls of one path: the handler of each method."""

    def __init__(self, door: Door, api: Api, handlers: Mapping[str, Handler]) -> None:
        self.door, self.api, self.handlers = door, api, handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call."""
        fault = self.door.faults.next() if self.api.faulty else None
        if fault is not None and fault.wait:
            await asyncio.sleep(fault.wait)
        more: list[tuple[bytes, bytes]] = []
        try:
            answer = await self._answer(scope, receive, fault, more)
        except (Refused, SimcoreError) as error:
            answer = self.api.refusal(error)
        await _send(send, answer, more, cut=fault is not None and fault.cut)

    async def _answer(
        self, scope: Scope, receive: Receive, fault: Fault | None, more: list[tuple[bytes, bytes]]
    ) -> Answer:
        """What a call is answered; `more`: where headers that go with it are put."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        known, keys = self.door.key.is_in(headers), self.api.keys
        if not known and keys is None:
            raise Refused(401, self.api.wrong_key)
        if fault is not None and fault.status is not None:
            if fault.retry_after is not None:
                more.append((b"retry-after", f"{fault.retry_after:g}".encode()))
            raise _refused_by(fault)
        handler = self.handlers.get(scope["method"])
        if handler is None:
            more.append((b"allow", ", ".join(sorted(self.handlers)).encode()))
            raise Refused(405, "Method Not Allowed")
        body = await _body(headers, receive)
        form = keys is not None and headers.get(b"content-type", b"").startswith(_FORM)
        value = None if not body else _query(body) if form else _json(body)
        call = Call(scope["path_params"], _query(scope["query_string"]), value)
        if not known and keys is not None and not self.door.key.is_among(keys(call.query, call.body)):
            raise Refused(401, self.api.wrong_key)
        with self.door.world.lock:
            return handler(self.door.world, call)


def _refused_by(fault: Fault) -> Refused:
    texts = {429: "Too many requests", 401: "The access token is invalid", 403: "Forbidden", 404: "Not Found"}
    status = fault.status or 500
    return Refused(status, texts.get(status, "Service unavailable"))


async def _body(headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
    """The body of a call. Raises Refused where it is larger than is read."""
    said = headers.get(b"content-length", b"0")
    too_large = Refused(413, f"the body must be at most {MOST_BYTES:,} bytes")
    if said.isdigit() and int(said) > MOST_BYTES:
        raise too_large
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":  # what came so far may mean something else
            raise Refused(400, "the body is not whole")
        part = message.get("body", b"")
        size += len(part)
        if size > MOST_BYTES:
            raise too_large
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


def _query(text: bytes) -> dict[str, str]:
    if len(text) > _LONGEST_QUERY:
        raise Refused(422, f"the query must be at most {_LONGEST_QUERY:,} bytes")
    try:
        return dict(parse_qsl(text.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise Refused(422, f"the query must have at most {_MOST_FIELDS} fields") from None


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _json(body: bytes) -> Any:
    """The value of a body. Raises Refused where it is not JSON."""
    try:
        found = json.loads(body.decode(), object_pairs_hook=once, parse_constant=_constant)
    except json.JSONDecodeError as error:
        raise Refused(400, f"the body is not JSON: {error.msg}") from None
    except UnicodeDecodeError:
        raise Refused(400, "the body is not JSON: not UTF-8") from None
    except RecursionError:
        raise Refused(400, "the body is nested too deeply") from None
    except ValueError as error:
        # Of a name that is twice without its values, one of which may be the twin's key.
        told, _, _ = str(error).partition(" (found ")
        raise Refused(400, f"the body is not JSON that can be read: {told}") from None
    if body.count(b"[") + body.count(b"{") > DEEPEST and too_deep(found):
        raise Refused(400, "the body is nested too deeply")
    return found


async def _send(send: Send, answer: Answer, more: list[tuple[bytes, bytes]], *, cut: bool = False) -> None:
    if isinstance(answer.body, bytes):  # as it is
        body = answer.body
    else:
        body = b"" if answer.body is None else json.dumps(answer.body, separators=(",", ":")).encode()
        more = [*more, (b"content-type", b"application/json")]
    headers = more if answer.status == 204 else [*more, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if cut:  # the server closes a connection on which an answer stays unfinished
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        return
    await send({"type": "http.response.body", "body": body})


def application(world: World, faults: Faults, key: Key) -> Starlette:
    """The twin as an ASGI application."""
    door = Door(world, faults, key)
    paths: dict[str, tuple[Api, dict[str, Handler]]] = {}
    for api, calls in (
        (KIT, kit_api.CALLS),
        (KIT_3, kit_v3_api.CALLS),
        (SEQUENZY, sequenzy_api.CALLS),
        (OWN, own_api.calls(faults)),
    ):
        for (method, path), handler in calls.items():
            paths.setdefault(path, (api, {}))[1][method] = handler
    routes = [
        *(Route(path, _Page(*page)) for path, page in own_api.PAGES.items()),
        *(Route(path, Endpoint(door, api, by)) for path, (api, by) in paths.items()),
    ]
    routes += [
        Route("/v4/{rest:path}", Endpoint(door, KIT, _Nothing())),
        Route("/v3/{rest:path}", Endpoint(door, KIT_3, _Nothing())),
        Route("/{rest:path}", Endpoint(door, SEQUENZY, _Nothing())),
    ]
    return Starlette(routes=routes)


def _not_found(world: World, call: Call) -> Answer:
    raise Refused(404, "Not Found")


class _Nothing(dict[str, Handler]):
    """The handlers of a path at which nothing is."""

    def get(self, method: str, default: Any = None) -> Any:
        """Whatever is asked of it, it is not there."""
        return _not_found


class _Page:
    """A file for people's browsers, which needs no key."""

    def __init__(self, name: str, kind: bytes) -> None:
        self.name, self.kind = name, kind

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The file."""
        if scope["method"] in {"GET", "HEAD"}:
            headers = [(b"content-type", self.kind), *own_api.HEADERS]
            await _send(send, Answer(200, own_api.shipped(self.name)), headers)
        else:
            await _send(send, Answer(405, {"errors": ["Method Not Allowed"]}), [(b"allow", b"GET, HEAD")])
