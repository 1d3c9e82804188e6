"""The hook of pre-commit, run by pre-commit itself in a repository that has sequences."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from test_cli import MAIN

import simcore

HERE = Path(__file__).parents[1]
if find_spec("pre_commit") is None or shutil.which("git") is None:
    pytest.skip("pre-commit and git are tools of development", allow_module_level=True)
pytestmark = pytest.mark.slow
# The commands are this machine's: pip would fetch what simcore needs into an environment of the hook's own.
CONFIG = """\
repos:
  - repo: {hook}
    rev: {rev}
    hooks:
      - id: simcore-lint
        files: ^sequences/
        language: unsupported
        additional_dependencies: []
        verbose: true
"""


def ran(*typed, cwd, more=()):
    named = {
        f"GIT_{who}_{what}": "a@b.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | named
    return subprocess.run(typed, cwd=cwd, env=env | dict(more), capture_output=True, text=True, check=False)


def committed(folder):
    ran("git", "init", "--quiet", cwd=folder)
    ran("git", "add", "--all", cwd=folder)
    assert ran("git", "commit", "--quiet", "--message", "All", cwd=folder).returncode == 0
    return ran("git", "rev-parse", "HEAD", cwd=folder).stdout.strip()


@pytest.fixture
def linted(tmp_path):
    """What pre-commit says about some sequences of a repository: its status, and its words."""
    for name in ("hook", "bin", "own/sequences"):
        (tmp_path / name).mkdir(parents=True)
    shutil.copy(HERE / ".pre-commit-hooks.yaml", tmp_path / "hook")
    command = tmp_path / "bin" / "simcore"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{MAIN}" "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    rev = committed(tmp_path / "hook")

    def words(**sequences):
        own = tmp_path / "own"
        for name, text in sequences.items():
            (own / "sequences" / f"{name}.json").write_text(text, encoding="utf-8")
        (own / "package.json").write_text('{"name": "no sequence"}', encoding="utf-8")
        config = CONFIG.format(hook=tmp_path / "hook", rev=rev)
        (own / ".pre-commit-config.yaml").write_text(config, encoding="utf-8")
        committed(own)
        more = {"PRE_COMMIT_HOME": f"{tmp_path / 'home'}", "PATH": f"{command.parent}:{os.environ['PATH']}"}
        done = ran(sys.executable, "-m", "pre_commit", "run", "--all-files", cwd=own, more=more)
        return done.returncode, done.stdout

    return words


def test_a_repository_with_sequences(linted):
    welcome = simcore.example("welcome").read_text(encoding="utf-8")
    onboarding = simcore.example("onboarding").read_text(encoding="utf-8")
    status, shown = linted(welcome=welcome, onboarding=onboarding)
    assert status == 0, shown
    assert "simcore lint..." in shown
    assert "sequences/onboarding.json: Onboarding, Europe/Kyiv\nnothing to say\n" in shown
    assert "sequences/welcome.json: Welcome series, America/New_York\n" in shown


def test_an_error_fails(linted):
    welcome = simcore.example("welcome").read_text(encoding="utf-8")
    status, shown = linted(welcome=welcome.replace('"active": true', '"active": false'))
    assert status == 1
    assert "exit code: 1" in shown
    assert "error  active  inactive\n" in shown


def test_what_its_environment_needs():
    """pre-commit installs the clone with the extra that the command line needs."""
    hook = (HERE / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    assert 'language: python\n  additional_dependencies: [".[cli]"]\n' in hook
    done = ran(sys.executable, "-m", "pre_commit", "validate-manifest", ".pre-commit-hooks.yaml", cwd=HERE)
    assert done.returncode == 0, done.stdout
