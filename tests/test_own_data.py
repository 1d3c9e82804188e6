"""The page about one's own data: every call on it is made, to a server that gives the shipped examples."""

import doctest
import json
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

import simcore
from simcore import kit

PAGE = Path(__file__).parent.parent / "notebooks/own-data.md"
TEXT = PAGE.read_text("utf-8") if PAGE.is_file() else ""
HOSTS = ("https://api.kit.com", "https://api.sequenzy.com")
pytestmark = pytest.mark.skipif(not TEXT, reason="the page is in the checkout only")


def example(name):
    return json.loads(simcore.example(name).read_text("utf-8"))


PEOPLE, ENROLLED = example("kit_subscribers"), example("sequenzy_enrollments")
ALL = {
    "subscribers": [one for page in PEOPLE for one in page["subscribers"]],
    "pagination": PEOPLE[-1]["pagination"],
}
CURSOR = PEOPLE[0]["pagination"]["end_cursor"]


def answer_to(path, query, keys):
    """What the platforms answer; nothing where the key is not there."""
    if keys[path.startswith("/api/")] != ("Bearer sequenzy-key" if path.startswith("/api/") else "kit-key"):
        return None
    found = {
        "/v4/sequences": example("kit_sequences"),
        "/v4/sequences/30": example("kit_sequence"),
        "/v4/sequences/30/emails": example("kit_emails"),
        "/v4/sequences/30/subscribers": PEOPLE[query.get("after") == [CURSOR]],
        "/api/v1/sequences/seq_onboarding/enrollments": ENROLLED[query.get("offset") == ["2"]],
    }
    return found.get(path)


class Platforms(BaseHTTPRequestHandler):
    """Both APIs, on loopback."""

    def do_GET(self):
        at = urlsplit(self.path)
        keys = self.headers["X-Kit-Api-Key"], self.headers["Authorization"]
        found = answer_to(at.path, parse_qs(at.query), keys)
        if "curl" in self.headers["User-Agent"] and at.path.endswith("/subscribers"):
            found = ALL  # which fit one page
        body = json.dumps(found).encode()
        self.send_response(401 if found is None else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nothing is told."""


@pytest.fixture
def text(tmp_path, monkeypatch):
    """The page, its calls turned to the server; the calls of the shell are made already."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KIT_API_KEY", "kit-key")
    monkeypatch.setenv("SEQUENZY_API_KEY", "sequenzy-key")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Platforms)
    threading.Thread(target=server.serve_forever, args=(0.01,)).start()
    found = TEXT
    for host in HOSTS:
        assert host in found
        found = found.replace(host, f"http://127.0.0.1:{server.server_port}")
    yield found
    server.shutdown()
    server.server_close()


def by_curl(text):
    """Makes the shell's calls."""
    (block,) = text.split("```sh\n")[1:]
    subprocess.run(["sh", "-euc", block.partition("```")[0]], check=True, timeout=60)


def test_every_call_of_the_page(text, tmp_path):
    if shutil.which("curl"):
        by_curl(text)
    else:  # the same files
        for name in ("sequences", "sequence", "emails"):
            shutil.copy(simcore.example(f"kit_{name}"), tmp_path / f"{name}.json")
        (tmp_path / "subscribers.json").write_text(json.dumps(ALL), "utf-8")
    test = doctest.DocTestParser().get_doctest(text, {}, PAGE.name, str(PAGE), 0)
    result = doctest.DocTestRunner().run(test)
    assert result.attempted > 20
    assert result.failed == 0


def test_the_examples_are_the_welcome_series():
    """In the shapes of the single calls: a list, one, its emails."""
    welcome = kit.load(simcore.example("welcome"))
    apart = kit.load(simcore.example("kit_sequence"), emails=simcore.example("kit_emails"))
    assert apart.replace(envelope={}) == welcome.replace(envelope={})
    assert [one.id for one in kit.load_all(simcore.example("kit_sequences"))] == [30, 31]
