"""`simcore twin` on the command line (W3)."""

import os
import signal
import subprocess
import sys

import pytest
from twin_calls import Calls
from typer.testing import CliRunner

import simcore
from simcore import cli
from simcore.twin import running

pytest.importorskip("starlette", reason="the extra twin has it")
pytest.importorskip("uvicorn", reason="the extra twin has it")

WELCOME = str(simcore.example("welcome"))


@pytest.fixture
def run(monkeypatch):
    """Runs the command, which ends at once; gives what it printed, and the twin."""
    found = []

    def serve(twin):
        with Calls(twin) as calls:
            found.append((twin, calls.ok("GET", "/v4/sequences"), calls.ok("GET", "/api/v1/sequences")))

    monkeypatch.setattr(running.Twin, "serve", serve)

    def run(*given, status=0, env=None):
        done = CliRunner().invoke(cli.app, ["twin", *given], env=env or {})
        assert done.exit_code == status, done.output
        return done, found

    return run


def test_it_prints_its_address_and_its_key(run):
    done, [(twin, listed, _)] = run("--port", "0")
    assert done.stdout == f"{twin.url}\nkey: {twin.key}\n"
    assert listed["sequences"] == []
    assert str(twin.clock.now) == "2026-01-01 00:00:00+00:00"


def test_the_key_of_the_environment(run, monkeypatch):
    monkeypatch.setenv("SIMCORE_TWIN_KEY", "mine")
    done, [(twin, *_)] = run("--port", "0", "--start", "2026-03-06T00:00Z")
    assert done.stdout.endswith("\nkey: mine\n")
    assert "SIMCORE_TWIN_KEY" not in os.environ
    assert str(twin.clock.now) == "2026-03-06 00:00:00+00:00"


def test_files_and_a_state(run, tmp_path):
    account, onboarding = str(simcore.example("account")), str(simcore.example("onboarding"))
    state = str(tmp_path / "twin.db")
    _, [(_, listed, others)] = run(account, onboarding, "--port", "0", "--state", state)
    assert [each["name"] for each in listed["sequences"]] == ["Weekly letters", "Welcome series"]
    assert [each["status"] for each in others["sequences"]] == ["active"]
    _, [_, (_, again, _)] = run("--port", "0", "--state", state)
    assert again == listed


def test_what_is_wrong_is_one_message(run, tmp_path):
    done, _ = run("--start", "soon", status=2)
    assert done.stderr.startswith("Error: start: 'soon'")
    done, _ = run("--port", "-1", status=2)
    assert done.stderr == "Error: 127.0.0.1 port -1: bind(): port must be 0-65535.\n"
    (tmp_path / "x.json").write_text("{}")
    done, _ = run(str(tmp_path / "x.json"), status=2)
    assert done.stderr.startswith("Error: ")


@pytest.mark.slow
def test_it_runs_until_it_is_interrupted():
    command = [sys.executable, "-m", "simcore", "twin", WELCOME, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        url, key = process.stdout.readline().strip(), process.stdout.readline().strip()
        arguments = [*map(str, process.args)]
        assert key.partition(": ")[2] not in " ".join(arguments)

        class There:
            pass

        There.url, There.key = url, key.partition(": ")[2]
        with Calls(There) as calls:
            assert calls.ok("POST", "/_twin/clock", {"advance": "1 day"})
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 128 + signal.SIGTERM
        assert process.stderr.read() == ""
