"""Every Python block of the guide for authors of platforms runs, and gives what it says."""

import doctest
import re
import sys
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest
from outside import as_shipped

import simcore
import simcore.platform
from simcore.plan import platform as room

GUIDE = Path(simcore.__file__).parent / "plan/PLATFORMS.md"
BLOCK = re.compile(r"^```(python|pycon)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def postcards(monkeypatch):
    """A module for what the guide writes, as a package would have it."""
    module = ModuleType("postcards")
    monkeypatch.setitem(sys.modules, "postcards", module)
    with as_shipped() as known:
        known.broken = {}
        yield module


def test_the_guide_runs(postcards):
    blocks = BLOCK.findall(GUIDE.read_text("utf-8"))
    runner, parser = doctest.DocTestRunner(), doctest.DocTestParser()
    for number, (kind, code) in enumerate(blocks):
        if kind == "python":
            exec(compile(code, f"{GUIDE.name}, block {number}", "exec"), postcards.__dict__)
        else:
            test = parser.get_doctest(code, postcards.__dict__, GUIDE.name, str(GUIDE), 0)
            assert runner.run(test, clear_globs=False).failed == 0
    assert {kind for kind, _ in blocks} == {"python", "pycon"}
    assert [*room.platforms()] == ["kit", "sequenzy", "postcards"]
    moon = postcards.NextFullMoon("Atlantic/Azores")
    step = room.platform_of(postcards.islands).plan(postcards.islands, postcards.Assumptions()).steps[1]
    assert step.delay != moon == postcards.NextFullMoon("Atlantic/Azores")
    anchors = simcore.arrivals(20, "2026-01-01", "2026-04-01", seed=1)["entered_at"]
    us = pd.DatetimeIndex(anchors).as_unit("us").asi8
    found, steps = moon.earliest(us), moon.steps_us(int(us.min()), int(us.max()))
    for first, end in pairwise(steps):
        assert len({*found[(us >= first) & (us < end)].tolist()}) <= 1


def test_the_guide_names_what_there_is():
    offered = GUIDE.read_text("utf-8").partition("# What else a platform can have")[2].partition("```")[0]
    named = set(re.findall(r"`(\w+)`", offered))
    optional = {"key", "options", "changes", "after", "findings", "codes", "controls", "words", "schema"}
    assert optional <= named
    for name in optional:
        assert hasattr(room.Platform, name)
    tables = re.findall(r"^\| `(\w+)\(", GUIDE.read_text("utf-8"), re.MULTILINE)
    assert len(tables) == 9
    assert {*tables} <= {*simcore.platform.__all__}
