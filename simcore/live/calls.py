"""Calls to a platform's API, tried again where that helps, and what is said of those that fail (L2 to L4).

Imports what the extra `live` brings; so it is imported only where an account is read.
"""

import json
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, NamedTuple

import httpx2
import tenacity

from simcore.errors import SimcoreError, shown
from simcore.files.json_file import MOST_BYTES, once, too_deep
from simcore.live.api import Api
from simcore.live.key import Key
from simcore.live.pace import Clock, Pace
from simcore.live.transport import ReadOnly, checked

_TRIES, _TRIES_LIMITED = 6, 8
"""How often a call is made at most: where the platform or the line fails, and where there were too many calls. The
pauses double: from half a second they come to 15 seconds together, from a second to two minutes, twice what a limit
counts."""
_LONGEST_PAUSE_S = 600.0
_TIMEOUT_S = 30.0
_LONGEST_ANSWER_S = 300.0
_MOST_BYTES = MOST_BYTES - (1 << 12)  # with room for what is written around it


class _Answer(NamedTuple):
    """What a call came to: JSON, as a text and as a value; or a status and its reason; or what went wrong on the way.

    `pause_s`: how long it asks to wait. `final`: whether trying again is of no use.
    """

    found: tuple[str, Any] | None = None
    status: int = 0
    reason: str = ""
    pause_s: float | None = None
    fault: str = ""
    final: bool = False

    @property
    def limited(self) -> bool:
        return self.status == HTTPStatus.TOO_MANY_REQUESTS

    @property
    def again(self) -> bool:
        """Whether to try again."""
        if self.final or (self.pause_s or 0) > _LONGEST_PAUSE_S:
            return False
        return bool(self.fault) or self.limited or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR


class Calls:
    """Calls to one API with one key."""

    def __init__(self, api: Api[Any], key: Key, base_url: str, clock: Clock) -> None:
        self._api, self._key, self._clock = api, key, clock
        self.base = checked(base_url, api.base_url)
        self._retrying = tenacity.Retrying(
            sleep=clock.sleep,
            retry=tenacity.retry_if_result(lambda answer: answer.again),
            stop=_enough,
            wait=_pause_s,
            retry_error_callback=_last,
        )

    def client(self, pace: Pace) -> httpx2.Client:
        """What makes the calls, at this pace; its connections are to be closed."""
        return httpx2.Client(
            base_url=self.base,
            transport=ReadOnly(httpx2.HTTPTransport(), self.base, self._api.header, self._key, pace),
            headers={"Accept": "application/json", "User-Agent": "simcore"},
            timeout=_TIMEOUT_S,
            follow_redirects=True,
            max_redirects=3,
            trust_env=False,  # no netrc, no proxies
        )

    def get(self, client: httpx2.Client, path: str, query: Mapping[str, str]) -> tuple[str, Any]:
        """The JSON that a path answers with, as it came (without what may stand around it) and as a value.

        Raises SimcoreError where there is none to be had.
        """
        answer = self._retrying(self._call, client, path, query)
        if answer.found is None:  # raised out here, where no other error is at hand that it could lead to
            raise SimcoreError(f"{self._api.title}, GET {path}: {self._wrong(answer)}")
        return answer.found

    def _call(self, client: httpx2.Client, path: str, query: Mapping[str, str]) -> _Answer:
        begun_s, body = self._clock.seconds(), bytearray()
        try:
            with client.stream("GET", path.lstrip("/"), params=query) as response:
                for piece in response.iter_bytes():
                    body += piece
                    if len(body) > _MOST_BYTES:
                        return _Answer(fault=f"an answer of more than {_MOST_BYTES:,} bytes", final=True)
                    if self._clock.seconds() - begun_s > _LONGEST_ANSWER_S:
                        return _Answer(fault=f"no whole answer within {_LONGEST_ANSWER_S:.0f} seconds")
        except httpx2.TooManyRedirects:
            return _Answer(fault="it redirects again and again", final=True)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            told = self._key.out_of(" ".join(str(error).split())) or "no answer in time"
            return _Answer(fault=f"{told} ({type(error).__name__})", final="CERTIFICATE_VERIFY" in told)
        found = _json(body) or ("", None)
        succeeded = response.status_code == HTTPStatus.OK
        if succeeded and not found[0]:  # as where it was cut
            return _Answer(fault="the answer is no JSON that can be read")
        if not succeeded or (isinstance(found[1], Mapping) and found[1].get("success") is False):
            reason = self._key.out_of(_reason(body))
            asked_s = self._asked_s(response.headers.get("Retry-After"))
            return _Answer(status=response.status_code, reason=reason, pause_s=asked_s)
        if self._key.stands_in(found[0]):
            return _Answer(fault="the answer has the key in it, which is not written to a file", final=True)
        return _Answer(found=found)

    def _asked_s(self, text: str | None) -> float | None:
        """How many seconds a Retry-After asks to wait (RFC 9110 section 10.2.3), or None."""
        if text is None:
            return None
        if text.strip().isdecimal():
            return float(text)
        try:
            at = parsedate_to_datetime(text)
        except ValueError:
            return None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return max((at - self._clock.now()).total_seconds(), 0.0)

    def _wrong(self, answer: _Answer) -> str:
        """What is wrong with the last answer, as a person is told it."""
        if answer.fault:
            return answer.fault if answer.final else f"{answer.fault}, {_TRIES} times: try again later"
        said = f'it says "{shown(answer.reason, 300)[1:-1]}"' if answer.reason else "it gives no reason"
        if answer.pause_s is not None and answer.pause_s > _LONGEST_PAUSE_S:
            return f"{answer.status}: it asks to wait {answer.pause_s:,.0f} seconds: start again after that"
        if answer.limited:
            return f"429: too many calls, {_TRIES_LIMITED} times ({said}): does something else use this key?"
        if answer.again:
            return f"{answer.status}: it fails, {_TRIES} times ({said}): try again later"
        told = {
            401: self._refused(answer.reason),
            403: "the key may not read this",
            404: "there is no such thing, or no longer; to read the account as it is now, choose another folder",
            422: "the call is refused",
        }
        return f"{answer.status}: {told.get(answer.status, 'not the answer that was expected')} ({said})"

    def _refused(self, reason: str) -> str:
        """Whether the key or the plan is at fault, as far as the text tells."""
        words = reason.lower()
        plan = any(each in words for each in ("plan", "trial", "upgrade", "payment", "billing"))
        key = any(each in words for each in ("key", "token", "credential", "bearer"))
        if plan and not key:
            return "the account's plan gives no access to the API; the key may be right"
        if key and not plan:
            return f"the key is not accepted: check {self._key.variable}"
        return f"either the key is not accepted (check {self._key.variable}), or the account's plan gives no access"


def _enough(state: tenacity.RetryCallState) -> bool:
    return state.attempt_number >= (_TRIES_LIMITED if _last(state).limited else _TRIES)


def _pause_s(state: tenacity.RetryCallState) -> float:
    """Grows from try to try, and is no shorter than what was asked for."""
    answer = _last(state)
    first = 1.0 if answer.limited else 0.5
    return max(first * 2.0 ** (state.attempt_number - 1), answer.pause_s or 0.0)


def _last(state: tenacity.RetryCallState) -> _Answer:
    assert state.outcome is not None
    found: _Answer = state.outcome.result()
    return found


def _json(body: bytearray) -> tuple[str, Any] | None:
    """JSON as a text, and as a value; None for what is no such thing."""
    try:
        text = body.decode("utf-8-sig").strip()
        value = json.loads(text, object_pairs_hook=once)
        return None if too_deep(value) else (text, value)
    except (ValueError, RecursionError):
        return None


def _reason(body: bytearray) -> str:
    """What an answer that is no success says: `errors`, `error` (a text or an object) or `message`, or its text."""
    found = _json(body)
    value = found[1] if found else body.decode("utf-8", "replace").strip()
    if isinstance(value, Mapping):
        given = [value.get(name) for name in ("errors", "error", "message")]
        value = next((each for each in given if each), "")
    if isinstance(value, Mapping):
        value = value.get("message") or value.get("code") or ""
    texts = value if isinstance(value, list) else [value]
    return "; ".join(" ".join(str(each).split()) for each in texts)
