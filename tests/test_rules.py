"""The rules: how they are read, found and shown; and that code, tests, switches and texts name the same ones."""

import json
import re
from collections import defaultdict
from pathlib import Path

import pandas as pd
import pytest
from conftest import TEXT
from typer.testing import CliRunner

import simcore
from simcore import cli, kit, sequenzy
from simcore.errors import SimcoreError
from simcore.plan import rules as room

PACKAGE = Path(simcore.__file__).parent
TESTS = Path(__file__).parent
TOP = TESTS.parent
RULES = room.shipped()
BUILT = {name: rule for name, rule in RULES.items() if rule.status != "not built"}
ANY = re.compile(r"\b[A-Z][1-9]\d?\b")
# In tests also the ids of tags and lists look so, in quotes, and the T of ISO 8601 before a time.
IN_TESTS = re.compile(
    r"(?<!-)\b(?!(?<=[\"'])\w+[\"'])[AKLQTW][1-9]\d?\b(?!:\d)|(?<=test_)[aklqtw][1-9]\d?(?=_)"
)


def named(paths, pattern=ANY):
    """The rules that files name, each with where it is."""
    found = defaultdict(list)
    for path in paths:
        for at, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            for name in pattern.findall(line):
                found[name.upper()].append(f"{path.name}:{at}")
    return found


# ---------------------------------------------------------------- the same rules everywhere


def test_every_rule_is_there_once_and_in_order():
    numbers = {"A": range(1, 10), "T": range(1, 27), "K": range(1, 31), "L": range(1, 6), "Q": range(1, 42)}
    numbers["W"] = range(1, 7)
    assert list(RULES) == [f"{letter}{number}" for letter, those in numbers.items() for number in those]
    assert {rule.file: rule.name[0] for rule in RULES.values()} == {
        "account/RULES.md": "A",
        "clock/RULES.md": "T",
        "kit/RULES.md": "K",
        "live/RULES.md": "L",
        "sequenzy/RULES.md": "Q",
        "twin/RULES.md": "W",
    }


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(named(PACKAGE.rglob("*.py")), id="code"),
        pytest.param(named(PACKAGE.rglob("RULES.md")), id="rules"),
        pytest.param(named(TESTS.rglob("*.py"), IN_TESTS), id="tests"),
    ],
)
def test_no_rule_is_named_that_is_not_there(found):
    assert {name: where for name, where in found.items() if name not in RULES} == {}


def test_every_rule_that_is_built_is_named_by_a_test():
    others = set(TESTS.glob("test_*.py")) - {Path(__file__)}
    assert [*BUILT.keys() - named(others, IN_TESTS).keys()] == []


def test_the_code_names_no_rule_that_is_not_built():
    """Who builds one takes its Status away."""
    found = named(PACKAGE.rglob("*.py"))
    assert {name: where for name, where in found.items() if name in RULES.keys() - BUILT.keys()} == {}


@pytest.mark.parametrize("platform", [kit, sequenzy], ids=["kit", "sequenzy"])
def test_switches_are_those_of_their_rules(platform):
    """Both ways; and each value of a switch stands in the text of its rule."""
    listed = platform.assumptions()
    pairs = set(zip(listed["name"], listed["rule"], strict=True))
    letter = listed["rule"].iloc[0][0]
    told = {(name, rule.name) for rule in RULES.values() if rule.name[0] == letter for name in rule.switches}
    missing = {(name, rule) for name, rule in told if "not built" in RULES[rule].status} - pairs
    assert told - missing == pairs
    for name, rule in missing:
        assert RULES[rule].status in {"not built", f"not built: `{name}`"}
    for name, rule, values in listed[["name", "rule", "values"]].itertuples(index=False):
        for value in [name, *values.split(" | ")]:
            code = (
                f"`{ {'true': 'True', 'false': 'False'}.get(value, value) }`"
                if value.isidentifier()
                else f"`{value.split()[1]}`"
            )
            assert code in RULES[rule].text, f"{rule} does not say what {name}={value} does"


@pytest.mark.parametrize("rule", [rule for rule in RULES.values() if rule.status], ids=lambda rule: rule.name)
def test_what_is_not_built_is_not_there(rule):
    """A Status that is out of date: a switch that there is, in a rule that says it is not built."""
    switches = {*kit.assumptions()["name"], *sequenzy.assumptions()["name"]}
    gone = set(rule.switches if rule.status == "not built" else re.findall(r"`(\w+)`", rule.status))
    assert re.fullmatch(r"not built(: .+)?", rule.status)
    assert gone & switches == set()


@pytest.mark.parametrize("file", sorted({rule.file for rule in RULES.values()}))
def test_every_source_is_explained_at_the_top(file):
    """Each document by the name and the title that a source gives."""
    head, _, _ = (PACKAGE / file).read_text("utf-8").partition("\n## ")
    documents = {
        line.split("|")[1].strip().partition(":")[0] for line in head.splitlines() if line[:2] == "| "
    }
    for rule in RULES.values():
        if rule.file != file:
            continue
        for source in re.split(r"; (?![^(]*\))", re.sub(r" \([^)]*\)", "", rule.source)):
            document, _, titles = source.partition(": ")
            assert document in documents | {"not documented"}, rule.name
            for title in filter(None, titles.split(", ")):
                form = re.sub(r"^(Update|Delete|Create)(?= a sequence email)", "", title).strip()
                assert form in head or re.fullmatch(r"\d{4}-\d\d-\d\d", title), f"{rule.name}: {title}"


# ---------------------------------------------------------------- no pointer leads out

CHECKOUT = (TOP / "CHANGELOG.md").is_file()
PROSE = sorted(
    {
        *PACKAGE.rglob("*.py"),
        *PACKAGE.rglob("*.md"),
        *(
            each
            for folder in ("tests", "benchmarks")
            for kind in ("py", "md")
            for each in TOP.glob(f"{folder}/*.{kind}")
        ),
        *TOP.glob("*.md"),
        *TOP.glob("notebooks/*.ipynb"),
    }
    - {Path(__file__)}
)
OUT = re.compile(
    r"\bspec/|\bthe spec\b|\bspec,? [\"A-Z(]"
    r"|(?<!/)\b(account|api|kit|sequenzy|sequenzy-fields|timing|twin)\.md\b"
    r"|\bshared/|\bseeds?/"
    r"|(?<![\"'])\bS[1-5]\b(?![\"'])|\((?:P|R)\)"
)
DOCUMENT = re.compile(r"(?<![\w/.*])[\w.-]+(?:/[\w.-]+)*\.md\b")


def prose(path):
    """A file's text; of a notebook what is written and what is shown, without pictures."""
    text = path.read_text("utf-8")
    if path.suffix != ".ipynb":
        return text
    cells = json.loads(text)["cells"]
    shown = [each for cell in cells for each in cell.get("outputs", [])]
    texts = [each.get("text", []) for each in shown]
    texts += [
        each["data"].get(kind, []) for each in shown if "data" in each for kind in ("text/plain", "text/html")
    ]
    return "\n".join("".join(each) for each in [*(cell["source"] for cell in cells), *texts])


@pytest.mark.parametrize("path", PROSE, ids=lambda path: path.name)
def test_nothing_points_to_a_document_that_is_not_here(path):
    lines = prose(path).splitlines()
    assert [f"{path}:{at}: {line.strip()}" for at, line in enumerate(lines, 1) if OUT.search(line)] == []


@pytest.mark.skipif(not CHECKOUT, reason="the README's own links lead to files of the checkout")
def test_every_document_that_is_named_is_here():
    links = {(path, name) for path in PROSE for name in DOCUMENT.findall(prose(path)) if name != "RULES.md"}
    assert ("README.md", "tests/RELIABILITY.md") in {(path.name, name) for path, name in links}
    for path, name in links:
        assert any((folder / name).is_file() for folder in (TOP, PACKAGE, path.parent)), f"{path}: {name}"


# ---------------------------------------------------------------- reading, finding, showing

ONE = """\
# What it is about

### X1. A *name*

The `first` paragraph
goes on, **bold** & <so>.

- An item
  of two lines.
- Another.

| a | b |
| --- | --- |
| 1 | `c` |

    as it is

**Source:** a document;
another

**Switches:** `one`, `two`

**Status:** not built: `two`

## No rule

### X2. Short

Text.

**Source:** simcore
"""


def test_read():
    first, second = room.read(ONE, "x/RULES.md")
    assert (first.name, first.title, first.file) == ("X1", "A *name*", "x/RULES.md")
    assert first.text.startswith("The `first` paragraph\ngoes on")
    assert first.text.endswith("\n\n    as it is")
    assert first.source == "a document; another"
    assert first.switches == ("one", "two")
    assert first.status == "not built: `two`"
    assert second == room.Rule(name="X2", title="Short", text="Text.", source="simcore", file="x/RULES.md")


def test_shown_as_text():
    first, second = room.read(ONE, "x/RULES.md")
    assert repr(first) == (
        "X1. A *name*\n"
        "\n"
        "The `first` paragraph goes on, **bold** & <so>.\n"
        "\n"
        "- An item of two lines.\n"
        "- Another.\n"
        "\n"
        "| a | b |\n"
        "| --- | --- |\n"
        "| 1 | `c` |\n"
        "\n"
        "    as it is\n"
        "\n"
        "Source: a document; another\n"
        "Switches: one, two\n"
        "Status: not built: `two`\n"
        "File: x/RULES.md"
    )
    assert repr(second) == "X2. Short\n\nText.\n\nSource: simcore\nFile: x/RULES.md"


def test_shown_in_a_notebook():
    first, _ = room.read(ONE, "x/RULES.md")
    assert first._repr_html_() == (
        "<p><b>X1. A <i>name</i></b></p>"
        "<p>The <code>first</code> paragraph\ngoes on, <b>bold</b> &amp; &lt;so&gt;.</p>"
        "<ul><li>An item\n  of two lines.</li><li>Another.</li></ul>"
        "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td><code>c</code></td></tr></table>"
        "<pre>as it is</pre>"
        "<p><b>Source:</b> a document; another<br><b>Switches:</b> one, two<br>"
        "<b>Status:</b> not built: <code>two</code><br><b>File:</b> x/RULES.md</p>"
    )


@pytest.mark.parametrize("width", [80])
def test_every_rule_fits_a_terminal(width):
    """But for tables, which are as they are."""
    for rule in RULES.values():
        assert all(len(line) <= width for line in repr(rule).split("\n") if not line.startswith("|")), (
            rule.name
        )


@pytest.mark.parametrize(
    "text", ["### X1. A name\n\nText.\n\n**Switches:** `one`\n", "### X1. A name\n\n**Source:** a document\n"]
)
def test_a_rule_has_a_text_and_a_source(text_of, text):
    assert text_of(SimcoreError, room.read, text, "x/RULES.md") == (
        "x/RULES.md: rule X1 must have a text, and a **Source:** below it"
    )


def test_a_rule_stands_once(text_of, monkeypatch):
    text = "### X1. A name\n\nText.\n\n**Source:** a document\n"
    monkeypatch.setattr(room, "_files", lambda: {"x/RULES.md": text, "y/RULES.md": text})
    assert text_of(SimcoreError, room.shipped.__wrapped__) == (
        "y/RULES.md: rule X1 stands in x/RULES.md already"
    )


def test_one_rule():
    found = simcore.rules("K14")
    assert found is RULES["K14"]
    assert found.switches == ("restart_via",)
    assert "Restart a sequence" in found.source
    assert found.file == "kit/RULES.md"
    assert (PACKAGE / found.file).is_file()


def test_all_rules():
    found = simcore.rules()
    assert list(found) == ["name", "title", "text", "source", "switches", "status", "file"]
    assert {str(dtype) for dtype in found.dtypes} == {TEXT}
    assert isinstance(found.index, pd.RangeIndex)
    assert found["name"].tolist() == list(RULES)
    assert found.set_index("name")["switches"].loc[["K7", "K8", "K14"]].tolist() == [
        "day_count",
        "poll_every, poll_phase",
        "restart_via",
    ]
    assert found[["name", "title", "text", "source", "file"]].ne("").all(axis=None)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("K99", "no rule 'K99'; the nearest is K9"),
        ("k14", "no rule 'k14'; the nearest is K14"),
        (14, "no rule 14; the nearest is T14"),
        (["K7"], "no rule ['K7']; the nearest is K7"),
    ],
)
def test_a_rule_that_there_is_not(text_of, name, text):
    assert text_of(SimcoreError, simcore.rules, name) == text


# ---------------------------------------------------------------- on the command line


def run(*arguments):
    return CliRunner().invoke(cli.app, ["rules", *arguments])


def test_listed_on_the_command_line():
    lines = run().stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(RULES)
    assert max(map(len, lines)) <= 80
    assert "K8   Hours (poll_every, poll_phase)" in lines
    assert "K6   One after another" in lines
    assert "K25  Moving an email (position_taken)" in lines
    listed = json.loads(run("--json").stdout)
    assert [each["name"] for each in listed] == list(RULES)


def test_one_on_the_command_line():
    assert run("K8").stdout == f"{simcore.rules('K8')!r}\n"
    found = json.loads(run("K8", "--json").stdout)
    assert list(found) == ["name", "title", "text", "source", "switches", "status", "file"]
    assert found["switches"] == ["poll_every", "poll_phase"]
    wrong = run("K88")
    assert (wrong.exit_code, wrong.stdout, wrong.stderr) == (
        2,
        "",
        "Error: no rule 'K88'; the nearest is K8\n",
    )
