"""What shells complete: asked as their scripts ask, and once by a real bash."""

import json
import os
import pty
import re
import select
import shutil
import sys
import time
import warnings

import pytest
from test_cli import ACCOUNT, MAIN

import simcore
from simcore import cli

FREQUENCIES = ["15min", "h", "D", "W", "M"]
KEYS = [f"{ACCOUNT}#30", f"{ACCOUNT}#31"]


@pytest.fixture
def completed(monkeypatch, capsys):
    """What is offered for the last word of a line, in a shell."""

    def offered(line, shell="bash"):
        monkeypatch.setenv("_SIMCORE_COMPLETE", f"complete_{shell}")
        # bash breaks words at these signs, which are words of their own then.
        words = [part for word in line.split(" ") for part in re.split("([=:]+)", word) if part or not word]
        monkeypatch.setenv("COMP_WORDS", "\n".join(words))
        monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
        monkeypatch.setenv("_TYPER_COMPLETE_ARGS", line)
        monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code in {0, None}
        found = capsys.readouterr()
        assert found.err == ""
        return [line for line in found.out.splitlines() if line]

    return offered


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("simcore forec", ["forecast"]),
        ("simcore lint --li", ["--list"]),
        ("simcore forecast w.json --freq ", FREQUENCIES),
        ("simcore forecast w.json --freq=", FREQUENCIES),
        ("simcore forecast w.json --by t", ["total"]),
        ("simcore project w.json e.csv --on-error ", ["stop", "quarantine"]),
        ("simcore project w.json e.csv --order e", ["entry", "email"]),
        ("simcore project w.json e.csv --unit ", ["s", "ms"]),
        ("simcore simulate w.json --format p", ["parquet"]),
        ("simcore account folder --on-excess ", ["defer", "skip"]),
        ("simcore example sequenzy", ["sequenzy_enrollments", "sequenzy_events"]),
        ("simcore schema ", ["kit", "sequenzy"]),
        ("simcore assumptions k", ["kit"]),
        ("simcore pull s", ["sequenzy"]),
        ("simcore rules K14", ["K14"]),
        ("simcore optimize w.json --minimize p", ["p95_days"]),
        ("simcore sweep w.json --metrics p95_days,n", ["p95_days,night_share"]),
        ("simcore preview w.json --time-zone Europe/Berl", ["Europe/Berlin"]),
        ("simcore preview w.json --time-zone=Europe/Berl", ["Europe/Berlin"]),
        ("simcore preview w.json --assume day_co", ["day_count=calendar", "day_count=elapsed"]),
        ("simcore preview w.json --assume day_count=", ["calendar", "elapsed"]),
        ("simcore preview w.json --assume day_count=e", ["elapsed"]),
        ("simcore preview w.json --assume=day_count=e", ["elapsed"]),
        ("simcore preview w.json --assume poll_ev", ["poll_every="]),
        (f"simcore preview {ACCOUNT}#", KEYS),
        (f"simcore compare {ACCOUNT}#30 {ACCOUNT}#31", KEYS[1:]),
        (f"simcore lint {simcore.example('welcome')}#", []),
        (f"simcore lint {simcore.example('entries')}#", []),
        ("simcore lint none.json#", []),
        ("simcore lint wel", []),  # the shell's own files
    ],
)
def test_bash(line, expected, completed):
    assert completed(line) == expected


def test_zsh_and_fish_have_words_of_explanation(completed):
    title = simcore.rules("K14").title
    assert completed("simcore rules K14", "fish") == [f"K14\t{title}"]
    assert completed("simcore rules K14", "zsh") == [f'_arguments \'*: :(("K14":"{title}"))\'']
    assert completed("simcore preview w.json --assume day_count=e", "fish")[0].startswith(
        "day_count=elapsed\t"
    )
    assert completed("simcore preview wel", "zsh") == ["_files"]


def test_every_switch_and_example_is_offered(completed):
    offered = {each.partition("=")[0] for each in completed("simcore preview w.json --assume ")}
    kit, sequenzy = (simcore.kit.assumptions(), simcore.sequenzy.assumptions())
    assert offered == {*kit["name"], *sequenzy["name"]}
    assert completed("simcore example ") == simcore.example()


def test_platforms_of_others_that_cannot_be_used_say_nothing(completed, monkeypatch):
    def platforms():
        warnings.warn("a platform cannot be used", stacklevel=2)
        return {}

    monkeypatch.setattr(cli.completing, "platforms", platforms)
    assert completed("simcore schema ") == []


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_a_real_bash(tmp_path):
    """Tab, pressed in an interactive bash that has the script of --show-completion."""
    command = tmp_path / "simcore"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{MAIN}" "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    (tmp_path / "own.json").write_text(json.dumps({}), encoding="utf-8")
    more = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "TERM": "dumb", "PS1": "$ ", "INPUTRC": "/dev/null"}
    asked = "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION=1 simcore --show-completion bash"
    script = f'eval "$({asked})"; echo so"urced"\n'
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], os.environ | more)
    try:
        os.write(terminal, script.encode())
        shown_until(terminal, "sourced\r\n")
        for typed, rest in {
            "simcore forec": "ast ",
            "simcore preview own.json --assume day_count=e": "lapsed ",
            "simcore preview ow": "n.json ",
        }.items():
            os.write(terminal, f"{typed}\t".encode())
            shown_until(terminal, typed + rest)
            os.write(terminal, b"\x15")  # an empty line again
    finally:
        os.close(terminal)
        os.waitpid(pid, 0)


def shown_until(terminal, text, seconds=60):
    """Reads what a terminal shows until that text is there."""
    shown, end = "", time.monotonic() + seconds
    while text not in shown:
        assert time.monotonic() < end, shown
        if select.select([terminal], [], [], 0.1)[0]:
            shown += os.read(terminal, 1 << 16).decode()
