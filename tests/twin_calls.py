"""Calls of a twin by the standard library alone."""

import http.client
import json
from urllib.parse import urlsplit


class Calls:
    """A connection to a twin; an answer is its status and its body, as JSON where there is one."""

    def __init__(self, twin, key=None, *, bearer=False):
        self.twin, self.key, self.bearer = twin, twin.key if key is None else key, bearer
        self.headers = {}
        parts = urlsplit(twin.url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.connection.close()

    def __call__(self, method, path, body=None):
        headers = {"Authorization": f"Bearer {self.key}"} if self.bearer else {"X-Kit-Api-Key": self.key}
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        self.connection.request(method, path, data, headers)
        answer = self.connection.getresponse()
        self.headers = {name.lower(): value for name, value in answer.getheaders()}
        text = answer.read()
        return answer.status, json.loads(text) if text else None

    def ok(self, method, path, body=None):
        """The body of an answer that must be one of success."""
        status, found = self(method, path, body)
        assert status < 300, found
        return found
