"""What type checkers say of a user's script, and that the types say what the code does."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import simcore

SCRIPT = Path(__file__).with_name("typed_script.py")
ROOT = Path(simcore.__file__).parents[1]


def mypy(folder: Path) -> set[int]:
    """The lines of the script that mypy reports."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--config-file=", "--output=json"),
            *(f"--cache-dir={folder}", SCRIPT.name),
        ],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"MYPYPATH": str(ROOT)},
        check=False,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert found, done.stderr
    return {each["line"] for each in found if each["file"] == SCRIPT.name and each["severity"] == "error"}


def pyright(folder: Path) -> set[int]:
    """The lines of the script that pyright reports."""
    settings = {"typeCheckingMode": "strict", "include": [SCRIPT.name], "extraPaths": [str(ROOT)]}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"},
        check=False,
    )
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)["generalDiagnostics"]
    return {each["range"]["start"]["line"] + 1 for each in found if each["severity"] == "error"}


@pytest.mark.slow
@pytest.mark.parametrize("checker", [mypy, pyright])
def test_wrong_lines_are_reported_and_right_ones_are_not(checker: Callable[[Path], set[int]], tmp_path):
    pytest.importorskip(checker.__name__, reason="the extra dev has it")
    lines = SCRIPT.read_text().splitlines()
    wrong = {number for number, line in enumerate(lines, 1) if line.endswith("# wrong")}
    assert len(wrong) > 60
    (tmp_path / SCRIPT.name).write_text(SCRIPT.read_text())
    found = checker(tmp_path)
    assert {number: lines[number - 1] for number in found ^ wrong} == {}
