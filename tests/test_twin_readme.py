"""The README's tutorial of the twin, run as it stands: its commands in a shell, and its test by pytest."""

import re
import shutil
import socket
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="the extra twin has it")
pytest.importorskip("typer", reason="the extra cli has it")

README = Path(__file__).parent.parent / "README.md"
SECTION = README.read_text("utf-8").partition("## A twin to test against")[2].partition("\n## ")[0]
MARK = "-- the next command --"
STARTED = "until grep -q '^key: ' told; do sleep 0.05; done"
"""Waits until the twin has printed its key, however long it takes to start."""


def blocks(kind):
    return re.findall(rf"^```{kind}\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_the_commands_give_what_they_say(tmp_path):
    port = str(free_port())
    # What runs in the background is that very process, which ends with the shell.
    script = [f'simcore() {{ exec "{sys.executable}" -m simcore "$@"; }}', "trap 'kill $!' EXIT"]
    expected = []
    for line in "".join(blocks("console")).replace("8765", port).splitlines():
        if line.startswith("$ "):
            script += [line[2:], *([STARTED] if line.endswith("&") else []), f"echo; echo '{MARK}'"]
            expected.append("")
        else:
            expected[-1] += line + "\n"
    with open(tmp_path / "told", "w") as told:
        done = subprocess.run(
            ["bash", "-uc", "\n".join(script)],
            cwd=tmp_path,
            stdout=told,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    found = (tmp_path / "told").read_text("utf-8").split(f"{MARK}\n")[:-1]
    assert len(found) == len(expected) > 8, done.stderr
    for given, wanted in zip(found, expected, strict=True):
        pattern = ".*".join(map(re.escape, wanted.strip().split("...")))
        assert re.fullmatch(pattern, given.strip(), re.DOTALL), f"{given}\n{wanted}\n{done.stderr}"


@pytest.mark.slow
def test_the_test_passes(tmp_path):
    [code] = blocks("python")
    (tmp_path / "test_tutorial.py").write_text(code)
    installed = any(each.name == "simcore" for each in metadata.entry_points(group="pytest11"))
    plugin = [] if installed else ["-p", "pytest_simcore"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugin, "test_tutorial.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout
