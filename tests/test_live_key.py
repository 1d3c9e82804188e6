"""The key is found nowhere (L4), the extra is imported only when it is used (L5); and `simcore pull`."""

import copy
import json
import logging
import os
import pickle
import signal
import subprocess
import sys
import threading
import traceback
from pathlib import Path

import pytest
from account_server import KEY, Reply, as_json, of_kit, of_sequenzy, serving
from typer.testing import CliRunner

from simcore import cli, kit, sequenzy
from simcore.errors import SimcoreError
from simcore.live.key import Key


@pytest.fixture
def server():
    with serving(of_kit()) as found:
        yield found


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "account"


def shown(error):
    """Everything that a traceback can show: what led to it, and the variables of every frame but the test's."""
    found = traceback.TracebackException.from_exception(error, capture_locals=True)
    found.stack = traceback.StackSummary.from_list([
        each for each in found.stack if not each.filename.startswith(str(Path(__file__).parent))
    ])
    return "".join(found.format())


ECHO = f"The API Key {KEY} is invalid"


# ---------------------------------------------------------------- what a key is


def test_a_key(monkeypatch, text_of):
    monkeypatch.delenv("KIT_API_KEY", raising=False)
    monkeypatch.delenv("SEQUENZY_API_KEY", raising=False)
    for variable, live in {"KIT_API_KEY": kit.live, "SEQUENZY_API_KEY": sequenzy.live}.items():
        missing = f"no key: set {variable} in the environment, or give api_key="
        assert text_of(SimcoreError, live) == missing
        assert text_of(SimcoreError, live, "") == missing
        assert text_of(SimcoreError, live, 5) == "api_key: expected a text, found int"
        for wrong in ("two words", "two\nlines", "schl\u00fcssel", "\x00"):
            told = "not a key: it has a blank, a line break or a letter that no key has"
            assert text_of(SimcoreError, live, wrong) == f"api_key: {told}"
            if wrong != "\x00":
                monkeypatch.setenv(variable, wrong)
                assert text_of(SimcoreError, live) == f"{variable}: {told}"
        monkeypatch.setenv(variable, f"{KEY}\n")
        assert live()._calls._key.header("Bearer {}") == f"Bearer {KEY}"


def test_a_key_shows_nothing():
    key = Key(KEY, "KIT_API_KEY")
    assert repr(key) == str(key) == f"{key}" == "Key(***)"
    for write in (pickle.dumps, copy.copy, copy.deepcopy, json.dumps):
        with pytest.raises(TypeError, match=r"^a key is not written anywhere$|not JSON serializable"):
            write(key)
    assert key == Key(f" {KEY}", "SEQUENZY_API_KEY")
    assert key != Key("another", "KIT_API_KEY")
    assert key != KEY
    assert key.out_of(ECHO) == "The API Key *** is invalid"
    assert key.stands_in(ECHO)
    assert not Key("Key", "KIT_API_KEY").stands_in(ECHO)
    slashed = Key("kit/0123456789abcdef/", "KIT_API_KEY")
    assert slashed.stands_in(r'{"note": "kit\/0123456789abcdef\/"}')
    assert not slashed.stands_in(r'{"note": "kit\/0123456789abcde\/"}')


# ---------------------------------------------------------------- where it does not stand


@pytest.mark.parametrize("oauth", [False, True])
def test_in_no_repr_log_or_file(server, folder, caplog, capfd, monkeypatch, oauth):
    monkeypatch.setattr("simcore.live.pace.MachineClock.sleep", lambda *_: None)
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpcore2").setLevel(logging.DEBUG)
    server.faults["/tags"] = [Reply(500, ECHO.encode()), Reply(429), Reply(200, b"{", cut=0)]
    live = kit.live(KEY, oauth=oauth, base_url=server.url)
    found = live.snapshot(folder)
    assert any("key" in name for *_, headers in server.calls for name in headers) != oauth
    assert len(caplog.records) > 20
    texts = [
        caplog.text,
        *capfd.readouterr(),
        repr(live),
        str(vars(live)),
        repr(found),
        str(vars(live._calls)),
    ]
    texts += [repr(record.__dict__) for record in caplog.records]
    texts += [path.read_text("utf-8") + str(path) for path in folder.rglob("*") if path.is_file()]
    assert [text for text in texts if KEY in text] == []
    with pytest.raises(TypeError):
        pickle.dumps(live)


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param([as_json({"errors": [ECHO]}, 401)], id="401"),
        pytest.param([as_json({"error": {"message": ECHO}}, 403)], id="403"),
        pytest.param([Reply(422, ECHO.encode())], id="text"),
        pytest.param([Reply(429, ECHO.encode(), {"Retry-After": "9999"})], id="429"),
        pytest.param([Reply(302, headers={"Location": "http://localhost:1/"})], id="redirection"),
        pytest.param([Reply(302, headers={"Location": f"http://x:{KEY}/"})] * 6, id="to nowhere"),
        pytest.param([Reply(200, b"{", whole_length=False)] * 6, id="no JSON"),
        pytest.param([Reply(200, b"{}", cut=1)] * 6, id="cut"),
        pytest.param([Reply(200, b"{}", {"Content-Encoding": "gzip"})] * 6, id="badly packed"),
        pytest.param([as_json({"tags": "none"})], id="no list"),
        pytest.param([as_json({"tags": [], "note": ECHO})], id="the key in an answer"),
    ],
)
def test_in_no_error(server, folder, monkeypatch, faults):
    """Nor in what led to it, nor in the variables of any frame; an answer that has it is not kept."""
    monkeypatch.setattr("simcore.live.pace.MachineClock.sleep", lambda *_: None)
    server.faults["/tags"] = faults
    live = kit.live(KEY, base_url=server.url)
    with pytest.raises(SimcoreError) as caught:
        live.snapshot(folder, progress=False)
    error = caught.value
    assert KEY not in shown(error)
    assert error.__cause__ is error.__context__ is None
    assert not (folder / "pages/tags").exists()
    assert KEY not in "".join(path.read_text("utf-8") for path in folder.rglob("*.json"))


def test_what_an_answer_with_the_key_is_told(server, folder, text_of):
    server.faults["/tags"] = [as_json({"tags": [], "note": ECHO})]
    live = kit.live(KEY, base_url=server.url)
    assert text_of(SimcoreError, live.snapshot, folder) == (
        "Kit, GET /tags: the answer has the key in it, which is not written to a file"
    )


@pytest.mark.parametrize("live", [kit.live, sequenzy.live])
def test_in_no_error_of_live_itself(live):
    for key, base_url in ((KEY, "nowhere"), (f"{KEY} {KEY}", None), (f"{KEY}\u00fc", None)):
        with pytest.raises(SimcoreError) as caught:
            live(key, base_url=base_url)
        told = shown(caught.value)
        assert KEY not in told
        assert "to be read only>" in told  # what is half made can be shown, too


def test_where_the_environment_would_lead(server, folder, monkeypatch, tmp_path):
    """Proxies and .netrc files, which would see the key or put another in its place, are not looked at."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HOME", str(tmp_path))
    kit.live(KEY, base_url=server.url).snapshot(folder, progress=False)
    assert not any("authorization" in headers for *_, headers in server.calls)


# ---------------------------------------------------------------- on the command line


def pull(*arguments):
    return CliRunner().invoke(cli.app, ["pull", *map(str, arguments)])


def test_pull(server, folder, monkeypatch, tmp_path):
    monkeypatch.setenv("KIT_API_KEY", KEY)
    done = pull("kit", folder, "--base-url", server.url)
    assert (done.exit_code, done.stdout, done.stderr) == (
        0,
        f"2 sequences, 5 entries, 3 events, in {folder}\n",
        "",
    )
    server.lists["/sequences/30/subscribers"][1][0]["state"] = "bounced"
    server.objects["/sequences/31"]["sequence"]["send_hour"] = 25
    other = tmp_path / "other"
    done = pull("kit", other, "--base-url", server.url, "--json")
    told = json.loads(done.stdout)
    kept = json.loads((other / "snapshot.json").read_text("utf-8"))
    for name in ("taken_at", "finished_at"):
        assert told.pop(name) == kept[name]
    refused = told.pop("refused")
    assert told == {
        "folder": str(other),
        "platform": "kit",
        "sequences": 1,
        "entries": 5,
        "events": 3,
        "differences": [],
    }
    assert list(refused) == ["31"]
    assert refused["31"].startswith("1 problem\n  send_hour: ")
    lines = " ".join(done.stderr.split())
    assert "1 of 5 subscribers are not active (1 bounced)" in lines
    assert "sequence 31 is left out, with its entries" in lines


def test_pull_sequenzy(folder, monkeypatch):
    monkeypatch.setenv("SEQUENZY_API_KEY", KEY)
    with serving(of_sequenzy()) as server:
        done = pull("sequenzy", folder, "--base-url", server.url)
    assert (done.exit_code, done.stdout) == (0, f"2 sequences, 3 entries, 0 events, in {folder}\n")


def test_one_message_for_each_failure(server, folder, monkeypatch):
    monkeypatch.delenv("KIT_API_KEY", raising=False)
    server.faults["/tags"] = [as_json({"errors": [ECHO]}, 403)]
    messages = {
        ("other", folder): "no platform 'other'; there are: kit, sequenzy",
        ("kit", folder): "no key: set KIT_API_KEY in the environment, or give api_key=",
        (
            "kit",
            folder,
            "--base-url",
            server.url,
        ): 'Kit, GET /tags: 403: the key may not read this (it says "The API Key *** is invalid")',
    }
    for arguments, message in messages.items():
        done = pull(*arguments)
        assert (done.exit_code, done.stdout) == (2, "")
        assert " ".join(done.stderr.split()) == f"Error: {message}"
        monkeypatch.setenv("KIT_API_KEY", KEY)
        if len(arguments) == 2 and arguments[0] == "other":
            monkeypatch.delenv("KIT_API_KEY")
    assert "key" not in [
        option.strip("-") for option in pull("--help").stdout.split() if option.startswith("--")
    ]


def started(server, folder):
    return subprocess.Popen(
        [sys.executable, "-m", "simcore", "pull", "kit", str(folder), "--base-url", server.url],
        env=os.environ | {"KIT_API_KEY": KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.skipif(
    not Path("/proc/self/cmdline").exists(), reason="the list of processes is read from /proc"
)
@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGKILL, -9), (signal.SIGTERM, 143), (signal.SIGINT, 130)],
    ids=["kill", "term", "int"],
)
def test_killed_and_started_again(server, folder, number, status):
    """In the middle of a call; meanwhile the key is not in the list of processes; then no page is read twice."""
    asked, go_on = threading.Event(), threading.Event()

    def held():
        asked.set()
        go_on.wait(30)

    server.faults["/sequences/30/subscribers"] = [None, held]
    process = started(server, folder)
    assert asked.wait(60)
    listed = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline")]
    assert any(b"simcore\0pull" in each for each in listed)
    assert not any(KEY.encode() in each for each in listed)
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    go_on.set()  # not before: the answer might be quicker than the signal
    assert process.returncode == status
    assert KEY not in output + errors
    with pytest.raises(SimcoreError, match="not finished"):
        kit.load_snapshot(folder)
    before = {call for call in server.paths if call != ("/sequences/30/subscribers", "1002")}
    server.calls.clear()
    again = started(server, folder)
    output, errors = again.communicate(timeout=60)
    assert (again.returncode, output, errors) == (0, f"2 sequences, 5 entries, 3 events, in {folder}\n", "")
    assert before & server.paths.keys() == {("/sequences", "")}
    assert set(server.paths.values()) == {1}


@pytest.mark.slow
def test_the_extra_is_imported_only_when_it_is_used():
    code = (
        "import sys; from simcore import kit, sequenzy\n"
        "def told(): print(*sorted({each.partition('.')[0] for each in sys.modules} & {*sys.argv}))\n"
        "kit.load_snapshot, sequenzy.load_snapshot, kit.live; told(); kit.live('a-key'); told()"
    )
    others = ["httpx", "requests", "stamina", "aiohttp"]
    done = subprocess.run(
        [sys.executable, "-c", code, "httpx2", "tenacity", *others],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "\nhttpx2 tenacity\n"
