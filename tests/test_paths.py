"""What is given for a path, and is none: one error that names the argument, wherever a path is taken."""

import os
from pathlib import Path

import pytest

import simcore
from simcore import kit, sequenzy
from simcore.errors import SimcoreError, shown
from simcore.live.folder import Folder
from simcore.scale import parquet
from simcore.testing import check_golden

pytest.importorskip("pyarrow", reason="the extra parquet has it")
pytest.importorskip("icalendar", reason="the extra calendar has it")

WELCOME = kit.load(simcore.example("welcome"))
SENDS = simcore.project(WELCOME, ["2026-03-06T21:07-05:00"])
FILE, FOLDER = "a file", "a folder"
TAKES = {
    "kit.load": (lambda path: kit.load(path), "path", FILE),
    "kit.load emails": (lambda path: kit.load(simcore.example("kit_sequence"), emails=path), "path", FILE),
    "kit.load_all": (lambda path: kit.load_all(path), "path", FILE),
    "kit.load_snapshot": (lambda path: kit.load_snapshot(path), "folder", FOLDER),
    "sequenzy.load": (lambda path: sequenzy.load(path), "path", FILE),
    "sequenzy.load_snapshot": (lambda path: sequenzy.load_snapshot(path), "folder", FOLDER),
    "snapshot": (lambda path: Folder(path), "folder", FOLDER),
    "Account.load": (lambda path: simcore.Account.load(path), "folder", FOLDER),
    "to_ics": (lambda path: simcore.to_ics(SENDS, path), "path", FILE),
    "write_report": (lambda path: simcore.write_report(WELCOME, path, None), "path", FILE),
    "check_golden": (lambda path: check_golden(SENDS, path), "path", FILE),
    "check_golden, update": (lambda path: check_golden(SENDS, path, update=True), "path", FILE),
    "twin": (lambda path: simcore.twin(state=path), "state", FILE),
    "parquet, in": (lambda path: parquet.project(path, "out", WELCOME), "path_in", FILE),
    "parquet, out": (lambda path: parquet.project("in.parquet", path, WELCOME), "path_out", FOLDER),
}
NONE_OF_THESE = [None, 0, 1, 1.5, True, "", b"file", ["file"], "a\0b"]


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


NO_FILE_IS_RIGHT = {("kit.load emails", None), ("twin", None)}


@pytest.mark.parametrize(
    ("name", "given"),
    [
        (name, given)
        for name in TAKES
        for given in NONE_OF_THESE
        if given or (name, given) not in NO_FILE_IS_RIGHT
    ],
    ids=repr,
)
def test_what_is_no_path(name, given, text_of):
    call, argument, what = TAKES[name]
    expected = f"{argument}: found {shown(given)}, expected the path of {what}"
    assert text_of(SimcoreError, call, given) == expected
    os.fstat(1)  # Python takes a whole number for an open file, and would have closed it
    assert not [*Path().iterdir()]


@pytest.mark.parametrize(
    "call",
    [kit.load, kit.load_all, sequenzy.load, kit.subscribers, sequenzy.enrollments],
    ids=["load", "load_all", "sequenzy", "subscribers", "enrollments"],
)
def test_a_folder_that_is_no_file(call, text_of):
    Path("own").mkdir()
    assert text_of(SimcoreError, call, "own") == "own: a folder, expected a JSON file"


@pytest.mark.parametrize("call", [kit.subscribers, sequenzy.enrollments])
def test_a_folder_that_is_no_csv(call, text_of):
    Path("own.csv").mkdir()
    assert text_of(SimcoreError, call, "own.csv") == "own.csv: a folder, expected a file"


def test_a_folder_that_is_no_golden_file(text_of):
    Path("own").mkdir()
    assert text_of(SimcoreError, check_golden, SENDS, "own") == "own: a folder, expected a CSV file"
    assert (
        text_of(SimcoreError, simcore.to_ics, SENDS, "own") == "own: cannot be written: not an ordinary file"
    )


@pytest.mark.parametrize("call", [kit.load, sequenzy.load, kit.subscribers])
def test_a_file_that_is_not_there_is_pythons_own_error(call):
    with pytest.raises(FileNotFoundError):
        call("none.json")
