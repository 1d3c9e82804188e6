"""The way out: GET and nothing else, to one host, paced; and only here is the key (L1 to L4)."""

from ipaddress import ip_address

import httpx2

from simcore.errors import SimcoreError, shown
from simcore.live.key import Key
from simcore.live.pace import Pace


class ReadOnly(httpx2.BaseTransport):
    """Lets GET to one host through, and nothing else; each call waits its turn, and only here gets the key.

    So the key stands in no request that an error or an answer leads to, and never goes where a redirection points.
    """

    def __init__(
        self, inner: httpx2.BaseTransport, base: httpx2.URL, header: tuple[str, str], key: Key, pace: Pace
    ):
        self._inner, self._base, self._header, self._key, self._pace = inner, base, header, key, pace

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Sends a call. Raises SimcoreError for one that is not to be sent."""
        if request.method != "GET":
            raise SimcoreError(
                f"{request.method} {request.url.path}: an account is only read, so only GET is sent"
            )
        if _origin(request.url) != _origin(self._base):
            raise SimcoreError(
                f"{self._base.host} redirects to {shown(_origin(request.url))}: refused, the key goes to no other host"
            )
        self._pace.wait()
        name, form = self._header
        headers = [*request.headers.raw, (name.encode(), self._key.header(form).encode())]
        return self._inner.handle_request(
            httpx2.Request("GET", request.url, headers=headers, extensions=request.extensions)
        )

    def close(self) -> None:
        """Closes the connections."""
        self._inner.close()


def _origin(url: httpx2.URL) -> str:
    port = url.port or {"https": 443, "http": 80}.get(url.scheme)
    return f"{url.scheme}://{url.host}:{port}"


def checked(text: str, own: str) -> httpx2.URL:
    """The address of an API, from what was given: its own path is added where there is none.

    `own`: the platform's address. Raises SimcoreError where the key should not be sent there.
    """
    try:
        url = httpx2.URL(text)
    except (httpx2.InvalidURL, TypeError):
        url = httpx2.URL("")
    if url.userinfo or url.query or url.fragment:  # which may be secret, and are not shown
        raise SimcoreError(f"base_url: expected no user, query or fragment in it, as in {own}")
    if url.scheme not in {"https", "http"} or not url.host:
        raise SimcoreError(f"base_url: found {shown(text)}, expected an address such as {own}")
    if url.scheme == "http" and not _is_loopback(url.host):
        raise SimcoreError(
            f"base_url: found {shown(text)}: without https the key would be readable on the way: plain http is for "
            "loopback only, such as http://127.0.0.1:8000"
        )
    return url.copy_with(path=url.path.rstrip("/") or httpx2.URL(own).path)  # so that one API has one address


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
