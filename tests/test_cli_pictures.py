"""The command line's pictures: one for each option `--plot-…`, whole files or none."""

import json
import sys
from pathlib import Path

import pytest
from test_cli import CHANGES, ENTRIES, HEADER, WELCOME, files, refused, run, write
from test_cli_account import SHIPPED

import simcore
from simcore.cli import pictures

matplotlib = pytest.importorskip("matplotlib", reason='pictures are an extra: pip install "simcore[plot]"')
matplotlib.use("agg")
from matplotlib import pyplot  # noqa: E402  after the backend

ENTERED = ["--entered", "2026-03-06 21:07"]
BEGINS = {".png": b"\x89PNG\r\n", ".svg": b"<?xml", ".pdf": b"%PDF-"}
LETTERS = str(simcore.example("letters"))


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture
def drawn(monkeypatch):
    """The labels of the pictures that are drawn: of the x axis, and of the y axis."""
    found = []

    def noted(self, name, plot, given, **options):
        draw(self, name, plot, given, **options)
        if name in self.paths:
            ax = self._drawn[name]
            found.append((name, ax.get_xlabel(), ax.get_ylabel()))

    draw = pictures.Pictures.draw
    monkeypatch.setattr(pictures.Pictures, "draw", noted)
    return found


def evening():
    whole = json.loads(Path(WELCOME).read_text(encoding="utf-8"))
    whole["sequence"]["send_hour"] = 18
    return write("evening.json", json.dumps(whole))


TIME = "America/New_York"
COMMANDS = {
    "preview": (["preview", WELCOME, *ENTERED], {"timeline": (f"send time, {TIME}", "subscriber")}),
    "project": (
        ["project", WELCOME, ENTRIES, "-o", "sends.csv"],
        {"timeline": (f"send time, {TIME}", "200 subscribers, by their first send")},
    ),
    "forecast": (
        ["forecast", WELCOME, ENTRIES],
        {
            "load": (f"time, {TIME}", "sends a day"),
            "calendar": (f"weeks of each month, days in {TIME}", ""),
        },
    ),
    "a forecast's file": (
        ["forecast", WELCOME, ENTRIES, "-o", "load.csv"],
        {"load": (f"time, {TIME}", "sends a day")},
    ),
    "capacity": (
        ["forecast", WELCOME, ENTRIES, "--capacity", "15/D"],
        {
            "load": (f"time, {TIME}", "sends a day\n(line: waiting)"),
            "calendar": (f"weeks of each month, days in {TIME}", ""),
        },
    ),
    "compare": (
        ["compare", WELCOME, "evening.json", ENTRIES],
        {
            "timeline": (f"send time, {TIME}", "200 subscribers, by their first send"),
            "shift": ("later by (hours; below 0: earlier)", ""),
        },
    ),
    "a comparison's file": (
        ["compare", WELCOME, "evening.json", ENTRIES, "-o", "sends.csv"],
        {"shift": ("later by (hours; below 0: earlier)", "")},
    ),
    "account": (
        ["account", SHIPPED, "-o", "mails.csv"],
        {
            "pressure": (
                f"week, {TIME}",
                "subscribers with a mail that week,\nby their mails within 7 days up to it",
            )
        },
    ),
    "cap": (
        ["account", SHIPPED, "--cap", "2/3D"],
        {
            "pressure": (
                f"week, {TIME}",
                "subscribers with a mail that week,\nby their mails within 3 days up to it",
            )
        },
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("typed", "expected"), COMMANDS.values(), ids=COMMANDS)
def test_each_picture(typed, expected, drawn):
    evening()
    asked = [word for name in expected for word in (f"--plot-{name}", f"{name}.png")]
    before = pyplot.get_fignums()  # of other tests
    shown = run(*typed, *asked).stdout
    assert shown.endswith("".join(f"picture of the {name}: {name}.png\n" for name in expected))
    assert drawn == [(name, *labels) for name, labels in expected.items()]
    assert {f"{name}.png" for name in expected} < {*files()}
    assert pyplot.get_fignums() == before
    told = json.loads(run(*typed, *asked, "--json").stdout)
    if typed[0] != "preview":  # whose answer is a list
        assert told["pictures"] == {name: f"{name}.png" for name in expected}


@pytest.mark.parametrize(("suffix", "begins"), BEGINS.items())
def test_the_same_picture_is_the_same_file(suffix, begins):
    pages = []
    for name in ("one", "two"):
        run("preview", WELCOME, *ENTERED, "--plot-timeline", f"{name}{suffix}")
        pages.append(Path(f"{name}{suffix}").read_bytes())
    assert pages[0].startswith(begins)
    assert pages[0] == pages[1]


def test_without_pictures_nothing_is_drawn(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert "picture" not in run("forecast", WELCOME, ENTRIES).stdout
    assert "pictures" not in json.loads(run("forecast", WELCOME, ENTRIES, "--json").stdout)


def test_sends_on_standard_output():
    found = run("project", WELCOME, ENTRIES, "--plot-timeline", "a.png")
    assert found.stdout.startswith("subscriber_id,")
    assert found.stderr == "picture of the timeline: a.png\n"
    found = run("project", WELCOME, ENTRIES, "--plot-timeline", "a.png", "--json")
    assert json.loads(found.stderr) == {"note": "picture of the timeline: a.png"}


def test_no_sends(drawn):
    write("e.csv", HEADER)
    shown = run("project", WELCOME, "e.csv", "-o", "s.csv", "--plot-timeline", "a.png").stdout
    assert shown == "no sends, in s.csv: there are no entries\npicture of the timeline: a.png\n"
    assert drawn == [("timeline", f"send time, {TIME}", "subscribers")]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (
            ["preview", WELCOME, *ENTERED, "--plot-timeline", "a.gif"],
            "--plot-timeline: found a.gif, expected a name that ends in .png, .svg or .pdf",
        ),
        (
            ["forecast", WELCOME, ENTRIES, "--plot-load", "a.png", "--plot-calendar", "a.png"],
            "--plot-calendar: a.png is given for two pictures, expected a file for each",
        ),
        (
            ["forecast", WELCOME, ENTRIES, "--freq", "W", "-o", "load.csv", "--plot-calendar", "a.png"],
            "forecast: found weeks, expected days or shorter periods: use --freq D",
        ),
        (
            ["compare", WELCOME, LETTERS, "evening.json", ENTRIES, "--plot-shift", "a.png"],
            "--plot-shift: found 3 sequences, expected two",
        ),
        (
            ["project", WELCOME, "e.parquet", "-o", "folder", "--plot-timeline", "a.png"],
            "--plot-timeline: not possible if -o is a folder, as folder is: give -o a name that ends in .csv or "
            ".parquet",
        ),
        (
            ["preview", "in.png", *ENTERED, "--plot-timeline", "in.png"],
            "in.png: cannot be written: it is an input",
        ),
        (
            ["preview", WELCOME, *ENTERED, "--plot-timeline", "no/a.png"],
            "no/a.png: cannot be written: No such file or directory",
        ),
    ],
)
def test_what_is_refused(typed, expected):
    evening()
    write("in.png", Path(WELCOME).read_text(encoding="utf-8"))
    assert refused(*typed) == expected
    assert files() == ["evening.json", "in.png"]


def test_without_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    typed = ["forecast", WELCOME, ENTRIES, "--changes", CHANGES, "-o", "load.csv", "--plot-load", "a.png"]
    assert refused(*typed) == 'pictures need matplotlib: pip install "simcore[plot]"'
    assert files() == []
