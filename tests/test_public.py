"""The public face: names, versions, examples, what an import brings in."""

import ast
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import simcore
from simcore import kit, sequenzy
from simcore.errors import SimcoreError

WELCOME = kit.load(simcore.example("welcome"))

NAMES = [
    "Account",
    "AccountSimulation",
    "Cap",
    "EntryError",
    "Optimum",
    "SimcoreError",
    "Simulation",
    "ValidationError",
    "arrivals",
    "compare",
    "example",
    "explore",
]
NAMES += [
    "forecast",
    "impact",
    "kit",
    "lint",
    "optimize",
    "plot_calendar",
    "plot_capacity",
    "plot_load",
    "plot_pressure",
    "plot_shift",
    "plot_timeline",
    "preview",
]
NAMES += [
    "project",
    "read_entries",
    "read_events",
    "records",
    "rules",
    "schema",
    "sequenzy",
    "shift",
    "simulate",
]
NAMES += ["split_entries", "sweep", "to_ics", "twin", "versions", "write_csv", "write_report"]


def test_names():
    assert sorted(simcore.__all__) == NAMES
    assert all(hasattr(simcore, name) for name in NAMES)
    assert sorted(kit.__all__) == [
        "Assumptions",
        "Change",
        "Email",
        "Sequence",
        "assumptions",
        "calibrate",
        "create_email",
        "delete_email",
        "experiment",
        "from_api",
        "live",
        "load",
        "load_all",
        "load_snapshot",
        "platform",
        "subscribers",
        "update",
        "update_email",
    ]
    assert all(hasattr(kit, name) for name in kit.__all__)
    assert sorted(sequenzy.__all__) == [
        "Assumptions",
        "Change",
        "Sequence",
        "assumptions",
        "disable",
        "enable",
        "enrollments",
        "from_api",
        "live",
        "load",
        "load_snapshot",
        "platform",
        "reconcile",
        "update",
    ]
    assert all(hasattr(sequenzy, name) for name in sequenzy.__all__)


def test_all_that_is_public_says_what_it_is():
    for name in NAMES:
        assert getattr(simcore, name).__doc__
    for platform in (kit, sequenzy):
        for name in platform.__all__:
            assert getattr(platform, name).__doc__


def test_versions():
    found = simcore.versions()
    assert list(found) == ["simcore", "Python", "pandas", "numpy", "tzdata"]
    assert found["Python"] == ".".join(map(str, sys.version_info[:3]))
    for name in ("simcore", "pandas", "numpy", "tzdata"):
        assert found[name] == metadata.version(name)


def test_example(text_of):
    assert simcore.example() == [
        *("account", "changes", "entries", "events"),
        *("kit_emails", "kit_sequence", "kit_sequences", "kit_subscribers", "letters", "onboarding"),
        *("replenish", "sequenzy_enrollments", "sequenzy_events", "three_sequences", "welcome", "winback"),
    ]
    for name in simcore.example():
        path = simcore.example(name)
        assert isinstance(path, Path)
        assert path.is_dir() if name == "three_sequences" else path.is_file()
        assert path.stem == name
    expected = f"no example 'welcom'; there are: {', '.join(simcore.example())}"
    assert text_of(SimcoreError, simcore.example, "welcom") == expected


@pytest.mark.slow
def test_an_import_brings_in_no_extra():
    """Neither the command line, nor what the extras bring; pandas itself may look for pyarrow."""
    code = (
        "import sys, pandas; before = set(sys.modules); "
        "import simcore, simcore.kit; print(*set(sys.modules) - before); "
        "from simcore.scale import parquet; print(*set(sys.modules) - before)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    names, with_parquet = (set(line.split()) for line in done.stdout.splitlines())
    assert "simcore.scale.parquet" in with_parquet
    roots = {name.split(".")[0] for name in with_parquet}
    assert roots.isdisjoint({"typer", "rich", "pyarrow", "click", "hypothesis", "pytest", "matplotlib"})
    assert roots.isdisjoint({"icalendar", "ipywidgets", "IPython", "dask", "pyspark"})
    assert with_parquet.isdisjoint({"simcore.cli", "simcore.testing"})
    # What loading a sequence does without comes when it is asked for: an import is to take little longer than pandas'.
    rooms = {name.split(".")[1] for name in names if name.startswith("simcore.")}
    assert rooms == {"clock", "errors", "files", "kit", "plan", "text"}
    assert not names & {
        "simcore.kit.calibration",
        "simcore.kit.schema",
        "simcore.files.tabular",
        "html",
        "difflib",
    }


@pytest.mark.parametrize(
    ("package", "eager"),
    [(simcore, "SimcoreError"), (kit, "Sequence"), (sequenzy, "Sequence")],
    ids=["simcore", "kit", "sequenzy"],
)
def test_names_come_when_they_are_asked_for(package, eager, monkeypatch, text_of):
    name = {simcore: "project", kit: "calibrate", sequenzy: "live"}[package]
    known = getattr(package, name)
    monkeypatch.delitem(vars(package), name)
    assert {name, eager, "__doc__"} <= {*dir(package)}
    assert getattr(package, name) is known
    assert vars(package)[name] is known
    text = f"module {package.__name__!r} has no attribute 'projekt'"
    assert text_of(AttributeError, getattr, package, "projekt") == text


def test_checkers_and_the_interpreter_find_the_same_names():
    """The imports that type checkers read are those that are made when a name is asked for."""
    source = Path(simcore.__file__).read_text()
    branch = next(each for each in ast.parse(source).body if isinstance(each, ast.If))
    read = {each.module: tuple(name.name for name in each.names) for each in branch.body}
    assert read.pop("simcore") == simcore._PLATFORMS
    assert read == {f"simcore.{room}": names for room, names in simcore._ROOMS.items()}


def test_it_is_typed():
    assert Path(simcore.__file__).with_name("py.typed").is_file()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: simcore.project(WELCOME, [], order=["entry"]),
            "order: found ['entry'], expected 'entry' or 'email'",
        ),
        (lambda: simcore.example(["x"]), "no example ['x']; there are: "),
        (
            lambda: simcore.project(WELCOME, [], naive_time_zone=["UTC"]),
            "\"['UTC']\" is not a time zone: expected ",
        ),
    ],
)
def test_arguments_of_a_wrong_kind(call, message):
    with pytest.raises(simcore.SimcoreError) as caught:
        call()
    assert str(caught.value).startswith(message)
