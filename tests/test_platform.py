"""Platforms: how they become known and are found, what is said where none is, and that nobody else names one."""

import ast
import re
import tokenize
import warnings
from pathlib import Path

import pytest
from outside import as_shipped, installed, points_of
from typer.testing import CliRunner

import simcore
import simcore.platform
from simcore import cli, kit, sequenzy
from simcore.errors import SimcoreError
from simcore.plan import platform as room
from simcore.plan.platform import Platform, platform_named, platform_of, platforms, recognised, register

PACKAGE = Path(simcore.__file__).parent
TOP = Path(__file__).parent.parent
WELCOME = kit.load(simcore.example("welcome"))
ONBOARDING = sequenzy.load(simcore.example("onboarding"))
BOTH = "expected one as loaded by simcore.kit.load or simcore.sequenzy.load"
NOTHING = (
    "expected a simcore.platform.Platform; it has no name, title, package, look, sequence, assumptions, events, "
    "codes, words, options, rules, columns, standing, unchanging, recognises, load, plan, key, changes, after, "
    "own_steps, controls, findings, schema, live and load_snapshot"
)
LOOKS = (
    "expected a sequence as its platform's API gives it\n"
    '  Kit\'s: {"sequence": {...}, "emails": [...]}\n'
    '  Sequenzy\'s: {"name": ..., "trigger": ..., "steps": [...]}\n'
)


class Series:
    """A sequence of nobody's."""

    name, time_zone = "Series", "UTC"


class Postcards(Platform[Series]):
    """A platform with what it must have, and no more."""

    name, title, package, look = "postcards", "Postcards", "postcards", '{"series": ...}'
    sequence = Series
    assumptions = kit.Assumptions
    events = kit.platform.events

    def recognises(self, payload):
        return 2 * ("series" in payload)

    def load(self, payload, options):
        return Series()

    def plan(self, sequence, assumptions, *, include_drafts=False):
        return kit.platform.plan(WELCOME, assumptions, include_drafts=include_drafts)


@pytest.fixture(autouse=True)
def shipped():
    """What is registered here is forgotten, and no entry points are looked for."""
    with as_shipped() as known:
        known.broken = {}
        yield known


# ---------------------------------------------------------------- known


def test_those_that_are_shipped(text_of):
    assert platforms() == {"kit": kit.platform, "sequenzy": sequenzy.platform}
    assert platform_named("sequenzy") is sequenzy.platform
    for name in ("mailman", 7, ["kit"]):
        message = f"no platform {name!r}; there are: kit, sequenzy"
        assert text_of(SimcoreError, platform_named, name) == message
        assert text_of(SimcoreError, simcore.schema, name) == message


@pytest.mark.skipif(not (TOP / "CHANGELOG.md").is_file(), reason="pyproject.toml is that of the checkout")
def test_they_have_entry_points_too():
    assert points_of(TOP) == {"kit": "simcore.kit:platform", "sequenzy": "simcore.sequenzy:platform"}
    for name, point in points_of(TOP).items():
        module, _, attribute = point.partition(":")
        assert getattr(__import__(module, fromlist=["platform"]), attribute) is platforms()[name]


def test_one_is_registered():
    postcards = Postcards()
    register(postcards)
    register(postcards)
    assert [*platforms()] == ["kit", "sequenzy", "postcards"]
    assert platform_of(Series()) is postcards
    sends = simcore.project(Series(), ["2026-03-06T21:07-05:00"])
    assert sends.equals(simcore.project(WELCOME, ["2026-03-06T21:07-05:00"]))


def test_one_of_the_same_package_takes_its_place():
    first, second = Postcards(), Postcards()
    register(first)
    register(second)
    assert platforms()["postcards"] is second
    assert platform_of(Series()) is second


def test_a_subclass_is_a_sequence_of_the_same_platform():
    class Mine(kit.Sequence):
        pass

    assert platform_of(Mine(name="Mine")) is kit.platform
    assert room.known(Mine(name="Mine")) is kit.platform
    assert room.known(7) is None


def test_what_is_no_platform(text_of):
    assert text_of(SimcoreError, register, 7) == f"platform: found 7, {NOTHING}"
    postcards = Postcards()
    del Postcards.look
    try:
        assert text_of(SimcoreError, register, postcards) == (
            f"platform: found {postcards!r}, expected a simcore.platform.Platform; it has no look"
        )
    finally:
        Postcards.look = '{"series": ...}'


def test_a_name_or_a_class_is_taken_once(text_of):
    class Other(Postcards):
        name, package = "kit", "other"

    assert (
        text_of(SimcoreError, register, Other()) == "platform: simcore.kit is known by the name 'kit' already"
    )
    Other.name, Other.sequence = "other", kit.Sequence
    assert text_of(SimcoreError, register, Other()) == (
        "platform: simcore.kit is known for the class <class 'simcore.kit.model.Sequence'> already"
    )
    assert [*platforms()] == ["kit", "sequenzy"]


def test_what_is_left_out_has_a_default(text_of):
    postcards, series = Postcards(), Series()
    unchanging = (
        "changes of this platform's sequences are not modelled: make the changed sequence with with_fields(), and "
        "project each by itself"
    )
    assert postcards.key(series) == "Series"
    assert postcards.changes([]) == postcards.after(series, []) == postcards.controls(series) == []
    assert list(postcards.findings(series)) == []
    assert postcards.options == postcards.codes == {}
    assert postcards.words[:2] == ("send day", "published")
    assert postcards.rules is None
    assert text_of(SimcoreError, postcards.changes, [{"at": "2026-03-06"}]) == unchanging
    assert text_of(SimcoreError, postcards.after, series, iter([(0, "change")])) == unchanging
    assert text_of(SimcoreError, postcards.schema) == "Postcards gives no JSON Schema of its files"
    for call in (postcards.live, lambda: postcards.load_snapshot("folder")):
        assert text_of(SimcoreError, call) == "reading an account of Postcards is not possible yet"


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda found: simcore.project(found, []), id="project"),
        pytest.param(lambda found: simcore.preview(found, "2026-03-06 21:07"), id="preview"),
        pytest.param(lambda found: simcore.simulate(found, []), id="simulate"),
        pytest.param(lambda found: simcore.forecast(found, []), id="forecast"),
        pytest.param(lambda found: simcore.compare({"one": found}, []), id="compare"),
        pytest.param(lambda found: simcore.sweep(found, {"send_hour": [9]}, []), id="sweep"),
        pytest.param(lambda found: simcore.impact(found, [], []), id="impact"),
        pytest.param(lambda found: simcore.lint(found), id="lint"),
    ],
)
def test_what_is_no_sequence(call, text_of):
    assert text_of(SimcoreError, call, 42) == f"sequence: found 42, {BOTH}"
    register(Postcards())
    assert text_of(SimcoreError, call, None) == (
        "sequence: found None, expected one as loaded by simcore.kit.load, simcore.sequenzy.load or postcards.load"
    )


def test_assumptions_of_another_platform(text_of):
    wrong = sequenzy.Assumptions()
    message = f"assumptions: found {wrong!r}"[:80]
    found = text_of(SimcoreError, simcore.project, WELCOME, [], assumptions=wrong)
    assert found.startswith(message[:60])
    assert found.endswith(", expected simcore.kit.Assumptions")


def test_a_finding_has_one_of_the_codes(text_of):
    class Odd(Postcards):
        def findings(self, sequence, *, among=(), as_of_us=None):
            yield "odd", "name", "This is odd."

    register(Odd())
    assert (
        text_of(SimcoreError, simcore.lint, Series())
        == "Postcards finds 'odd', which is not one of its codes"
    )


# ---------------------------------------------------------------- recognised


def test_a_file_is_of_the_platform_that_is_surest(text_of):
    assert recognised({"sequence": {"name": "S"}}) is kit.platform
    assert recognised({"sequence": {"name": "S", "steps": []}}) is sequenzy.platform
    for payload in (None, 7, "text", [], {}, {"name": "S"}):
        assert text_of(SimcoreError, recognised, payload) == f"{LOOKS}  found: {payload!r}"
    register(Postcards())
    assert recognised({"series": 1, "sequence": {}}).name == "postcards"
    assert text_of(SimcoreError, recognised, {"series": 1, "trigger": 1}) == (
        "this may be a sequence of Sequenzy's or Postcards's: load it by simcore.sequenzy.load or postcards.load"
    )


# ---------------------------------------------------------------- entry points

BROKEN = {"gone": "not_there:platform", "seven": "sevenfold:number", "twin": "sevenfold:twin"}
SEVENFOLD = """
from simcore import kit
number = 7
class Twin(type(kit.platform)):
    package = "sevenfold"
twin = Twin()
raise_it = None
"""
TOLD = {
    "gone": "the platform 'gone' of outside 1.0 cannot be used: ModuleNotFoundError: No module named 'not_there'",
    "seven": (
        f"the platform 'seven' of outside 1.0 cannot be used: SimcoreError: platform: found 7, {NOTHING}"
    ),
    "twin": (
        "the platform 'twin' of outside 1.0 cannot be used: SimcoreError: platform: simcore.kit is known by the name "
        "'kit' already"
    ),
}


@pytest.fixture
def broken(tmp_path):
    (tmp_path / "sevenfold.py").write_text(SEVENFOLD)
    with installed(tmp_path, BROKEN):
        yield


@pytest.mark.usefixtures("broken")
def test_what_cannot_be_used_harms_no_other(text_of):
    with pytest.warns(UserWarning, match="cannot be used") as warned:
        assert [*platforms()] == ["kit", "sequenzy"]
    assert [str(each.message) for each in warned] == [TOLD["gone"], TOLD["seven"], TOLD["twin"]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [*platforms()] == ["kit", "sequenzy"]  # and is told once
    for name, told in TOLD.items():
        assert text_of(SimcoreError, platform_named, name) == told
    assert text_of(SimcoreError, simcore.project, 42, []) == f"sequence: found 42, {BOTH}"


@pytest.mark.usefixtures("broken")
def test_the_command_line_says_what_cannot_be_used():
    done = CliRunner().invoke(cli.app, ["lint", str(simcore.example("welcome"))])
    assert done.exit_code == 0
    assert done.stderr == "".join(f"Warning: {told}\n" for told in TOLD.values())
    again = CliRunner().invoke(cli.app, ["assumptions", "gone"])
    assert (again.exit_code, again.stderr) == (2, f"Error: {TOLD['gone']}\n")


@pytest.mark.usefixtures("broken")
def test_projections_look_for_no_entry_points():
    simcore.project(WELCOME, ["2026-03-06T21:07-05:00"])
    simcore.lint(ONBOARDING)
    assert room._known.broken is None


def test_an_error_without_a_text(tmp_path):
    (tmp_path / "silent.py").write_text("raise RuntimeError\n")
    told = "^the platform 'silent' of outside 1.0 cannot be used: RuntimeError$"
    with installed(tmp_path, {"silent": "silent:platform"}), pytest.warns(UserWarning, match=told):
        platforms()


def test_a_package_without_a_name(monkeypatch, shipped):
    from importlib import metadata

    point = metadata.EntryPoint("gone", "not_there:platform", room.GROUP)
    monkeypatch.setattr(metadata, "entry_points", lambda group: [point])
    shipped.broken = None
    with pytest.warns(UserWarning, match="cannot be used") as warned:
        platforms()
    assert str(warned[0].message) == TOLD["gone"].replace("outside 1.0", "a package")


def test_one_that_registers_nothing_is_found_by_its_entry_point(tmp_path):
    (tmp_path / "quiet.py").write_text("from test_platform import Postcards\nplatform = Postcards()\n")
    with installed(tmp_path, {"postcards": "quiet:platform"}):
        assert platform_of(Series()).name == "postcards"


# ---------------------------------------------------------------- rules

TOLD_IN = "/".join(("postcards", "RULES.md"))
ONE = "### {}. A name\n\nText.\n\n**Source:** a document\n"


def test_rules_of_another_package(tmp_path):
    class Ruled(Postcards):
        rules = tmp_path / "RULES.md"

    Ruled.rules.write_text(ONE.format("PC1") + ONE.format("PC2"))
    register(Ruled())
    assert [*simcore.rules()["name"]][-2:] == ["PC1", "PC2"]
    assert simcore.rules("PC2").file == TOLD_IN


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(None, r"\[Errno 2\] No such file or directory: '.*RULES.md'", id="none"),
        pytest.param(
            b"\xff", "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte", id="no text"
        ),
        pytest.param(
            b"### PC1. A name\n",
            rf"{TOLD_IN}: rule PC1 must have a text, and a \*\*Source:\*\* below it",
            id="no rule",
        ),
        pytest.param(
            ONE.format("K7").encode(),
            f"{TOLD_IN}: rule K7 stands in kit/RULES.md already",
            id="taken",
        ),
    ],
)
def test_rules_that_cannot_be_shown(tmp_path, text, told):
    """They harm no others, and are told once."""

    class Ruled(Postcards):
        rules = tmp_path / "RULES.md"

    if text is not None:
        Ruled.rules.write_bytes(text)
    register(Ruled())
    with pytest.warns(UserWarning, match=f"^rules that cannot be shown: {told}$"):
        assert simcore.rules("K7").file == "kit/RULES.md"
    assert "PC1" not in simcore.rules()["name"].tolist()


# ---------------------------------------------------------------- nobody names one

ALLOWED = {
    PACKAGE / "__init__.py",  # the public face
    PACKAGE
    / "testing"
    / "__init__.py",  # the same of what is for tests: strategies are named after what they draw
    PACKAGE / "testing" / "strategies.py",
    PACKAGE / "cli" / "twin.py",  # the twin is of two platforms, and so is its command
}
OTHERS = sorted(
    path
    for path in PACKAGE.rglob("*.py")
    if path not in ALLOWED and not {"kit", "sequenzy", "twin"} & {*path.relative_to(PACKAGE).parts}
)
NAMED = re.compile(r"\b(kit|sequenzy)\b", re.IGNORECASE)
EXAMPLE = re.compile(
    r">>> |\.\.\. |^ +\w+  +(Kit|Sequenzy): "
    r"|such as [`\[\"]*kit\b|simcore (assumptions|schema|pull) kit|sequenzy_events\.csv|kit/RULES\.md"
)


def test_nobody_names_a_platform():
    """But in examples, and in what documents say by rule."""
    told = [
        f"{path.relative_to(PACKAGE)}:{at}: {line.strip()}"
        for path in OTHERS
        for at, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if NAMED.search(line) and not EXAMPLE.search(line)
    ]
    assert told == []


def test_nobody_imports_a_platform():
    for path in OTHERS:
        names = [
            f"{node.module}.{each.name}" if isinstance(node, ast.ImportFrom) else each.name
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for each in node.names
        ]
        assert [f"{path}: {name}" for name in names if re.match(r"simcore\.(kit|sequenzy)\b", name)] == []


def test_the_door_for_authors_is_whole():
    assert sorted(simcore.platform.__all__) == sorted(set(simcore.platform.__all__))
    for name in simcore.platform.__all__:
        assert hasattr(simcore.platform, name)
    assert simcore.platform.Platform is Platform
    with tokenize.open(PACKAGE / "plan" / "plan.py") as file:
        public = {node.name for node in ast.parse(file.read()).body if isinstance(node, ast.ClassDef)}
    assert public - {"Epoch"} <= {*simcore.platform.__all__}
