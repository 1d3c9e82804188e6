"""The documentation's site: every example on its pages runs, and nothing that is public is missing from it."""

import dataclasses
import doctest
import functools
import http.server
import inspect
import os
import re
import shutil
import subprocess
import sys
import threading
from html.parser import HTMLParser
from importlib import import_module, metadata
from pathlib import Path

import pytest

import simcore
from simcore.account.lint import CODES
from simcore.plan.platform import platforms
from simcore.plan.rules import shipped

TOP = Path(__file__).parent.parent
SITE = TOP / "notebooks/site"
PAGES = sorted((SITE / "pages").rglob("*.md"))
BLOCK = re.compile(r"^```(pycon|python|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOT_FRAMES = {
    "simcore.read_entries": "what is in the file",
    "simcore.read_events": "what is in the file",
    "simcore.kit.load_snapshot": "its tables are entries and events",
    "simcore.sequenzy.assumptions": "named with those of Kit",
    "Account.project": "named with Account.simulate",
}
FOUND = {str(page.relative_to(SITE / "pages").with_suffix("")): page.read_text("utf-8") for page in PAGES}
pytestmark = pytest.mark.skipif(not FOUND, reason="the pages are in the checkout only")


# ---------------------------------------------------------------- the examples run


def blocks(*kinds):
    """The pages that have blocks of some kinds, with these blocks, in order."""
    some = {page: [each for each in BLOCK.findall(text) if each[0] in kinds] for page, text in FOUND.items()}
    return {page: found for page, found in some.items() if found}


@pytest.mark.slow
@pytest.mark.parametrize(("page", "found"), blocks("pycon").items(), ids=blocks("pycon"))
def test_sessions(page, found, tmp_path, monkeypatch):
    for name in ("matplotlib", "hypothesis", "pyarrow"):
        pytest.importorskip(name, reason="the extra test has it")
    if "import dask" in "".join(block for _, block in found):
        pytest.importorskip("dask", reason="the extra dask has it")
    monkeypatch.chdir(tmp_path)
    # A blank line in an answer, other than before the next prompt, would end it.
    text = "\n\n".join(re.sub(r"\n\n(?!>>> )", "\n<BLANKLINE>\n", block) for _, block in found)
    test = doctest.DocTestParser().get_doctest(text, {}, page, page, 0)
    result = doctest.DocTestRunner().run(test)
    assert result.attempted
    assert result.failed == 0


@pytest.mark.slow
@pytest.mark.parametrize(("page", "found"), blocks("console").items(), ids=blocks("console"))
def test_commands(page, found, tmp_path):
    """What the page says to type ends well; the tests that it says to write are there."""
    pytest.importorskip("typer", reason="the extra cli has it")
    for kind, code in blocks("python").get(page, []):
        name = re.match(r"# (test_\w+\.py)\n", code)
        assert name, f"{page}: a block of {kind} that says no name"
        (tmp_path / name[1]).write_text(code)
    lines = [line for _, block in found for line in block.splitlines()]
    assert all(line.startswith("$ ") for line in lines)
    installed = any(each.name == "simcore" for each in metadata.entry_points(group="pytest11"))
    plugin = "-p no:cacheprovider" + ("" if installed else " -p pytest_simcore")
    script = [
        f'simcore() {{ "{sys.executable}" -m simcore "$@"; }}',
        f'pytest() {{ "{sys.executable}" -m pytest {plugin} "$@"; }}',
        *(line[2:] for line in lines),
    ]
    done = subprocess.run(
        ["bash", "-euc", "\n".join(script)],
        cwd=tmp_path,
        env=os.environ
        | {"PYTHONPATH": os.pathsep.join(filter(None, [str(TOP), os.environ.get("PYTHONPATH")]))},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert done.stdout


def test_python_blocks_are_tests_beside_commands():
    assert {*blocks("python")} <= {*blocks("console")}


# ---------------------------------------------------------------- what is public is there


class Page(HTMLParser):
    """What a built page has: its ids, what it loads from elsewhere, and its text."""

    def __init__(self, html):
        super().__init__()
        self.ids, self.loads, self.text = set(), set(), html
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids.add(given.get("id"))
        loaded = {"script": "src", "img": "src", "link": "href", "iframe": "src"}.get(tag)
        self.loads |= {given.get(loaded)} - {None}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The site, built as README says."""
    pytest.importorskip("material", reason="the extra docs has it")
    pytest.importorskip("pyspark", reason="the extra docs has it")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--config-file"]
    command += [str(SITE / "mkdocs.yml"), "--site-dir", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=TOP, timeout=300)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def site(built):
    """Its pages, by their paths."""
    return {
        str(path.parent.relative_to(built)): Page(path.read_text("utf-8"))
        for path in built.rglob("index.html")
    }


def public():
    """Every public name, and what it is."""
    modules = ["simcore", "simcore.kit", "simcore.sequenzy", "simcore.testing", "simcore.platform"]
    for module in map(import_module, modules):
        yield from ((f"{module.__name__}.{name}", getattr(module, name)) for name in module.__all__)
    for name in ("parquet", "dask", "spark"):
        module = import_module(f"simcore.scale.{name}")
        for verb in ("project", "simulate"):
            if hasattr(module, verb):
                yield f"{module.__name__}.{verb}", getattr(module, verb)


@pytest.mark.slow
def test_every_public_name(site):
    ids = set().union(*(page.ids for where, page in site.items() if where.startswith("reference/names")))
    names = dict(public())
    assert len(names) > 140
    modules = {name for name, thing in names.items() if inspect.ismodule(thing)}
    assert modules == {"simcore.kit", "simcore.sequenzy", "simcore.twin"}  # the twin is called, too
    assert {*names} - {"simcore.kit", "simcore.sequenzy"} - ids == set()
    methods = {f"simcore.Account.{name}" for name in vars(simcore.Account) if not name.startswith("_")}
    assert len(methods) > 6
    assert methods - ids == set()
    assert {"pytest.golden", "pytest.kit_twin", "pytest.simcore-update", "simcore.twin.Twin.fork"} <= ids


@pytest.mark.slow
def test_every_event_finding_switch_and_rule(site):
    ids = {where: page.ids for where, page in site.items()}
    for name in ("kit", "sequenzy"):
        platform = platforms()[name]
        events = platform.events.vocabulary
        assert {f"{name}-{each}" for each in events.names | events.may} - ids["reference/events"] == set()
        assert {f"{name}-{each}" for each in platform.codes} - ids["reference/findings"] == set()
        switches = {f"{name}-{each.name}" for each in dataclasses.fields(platform.assumptions)}
        assert switches - ids["reference/switches"] == set()
    assert {f"account-{each}" for each in CODES} - ids["reference/findings"] == set()
    for rule in shipped().values():
        assert rule.name in ids[f"reference/rules/{rule.file.partition('/')[0]}"]
        assert f"#{rule.name}" in site["reference/rules"].text


@pytest.mark.slow
def test_every_command_and_option(site):
    import typer

    from simcore import cli

    page = site["reference/command-line"]
    commands = typer.main.get_command(cli.app).commands
    assert {*commands} - page.ids == set()
    for name, command in commands.items():
        _, _, mine = page.text.partition(f'id="{name}"')
        mine = mine.partition("<h2")[0]
        for option in (each for parameter in command.params for each in parameter.opts):
            if option.startswith("-"):
                assert option in mine, f"{name} {option}"


@pytest.mark.slow
def test_every_frame(site):
    """Of each function that gives one; the page itself cannot be made if a column has no meaning."""
    page = site["reference/frames"]
    account = [(f"Account.{name}", thing) for name, thing in vars(simcore.Account).items()]
    giving = [
        name
        for name, thing in [*public(), *account]
        if inspect.isfunction(thing)
        and re.search(
            r"DataFrame|Preview|Optimum|Simulation|Table|Calibration|Findings|Experiment",
            str(inspect.signature(thing).return_annotation),
        )
        and not name.startswith(("simcore.platform.", "simcore.scale.", "simcore.plot_", "Account._"))
    ]
    assert len(giving) > 20
    anchors = {name: re.sub(r"\W+", "-", name) for name in giving if name not in NOT_FRAMES}
    missing = [
        name
        for name, anchor in anchors.items()
        if not any((each or "").startswith(anchor) for each in page.ids)
    ]
    assert missing == []


@pytest.mark.slow
def test_nothing_is_loaded_from_elsewhere(site):
    assert len(site) > 50
    for where, page in site.items():
        assert {each for each in page.loads if re.match(r"(https?:)?//", each)} == set(), where


@pytest.mark.slow
def test_every_number_of_a_rule_is_a_link(site):
    """On a page of ours, one that was written here, and one of a notebook."""
    assert 'href="../../reference/rules/kit/#K8"' in site["tutorial/why-then"].text
    assert 'href="../../reference/rules/clock/#T11"' in site["explanation/clock-changes"].text
    assert 'href="../../reference/rules/kit/#K14"' in site["notebooks/lifecycle"].text


# ---------------------------------------------------------------- in a browser

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Nothing is told."""


@pytest.fixture(scope="module")
def page(built):
    """A browser on a narrow screen that prefers dark colours; nothing but the site may be asked for anything."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="the extra dev has it")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=built))
    threading.Thread(target=server.serve_forever, args=(0.01,)).start()
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 400, "height": 900}, color_scheme="dark")
        page.set_default_timeout(30_000)
        page.home = f"http://127.0.0.1:{server.server_port}/"
        page.wrong = []
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.on("request", lambda asked: _only(page, asked.url))
        yield page
        browser.close()
    server.shutdown()
    server.server_close()


def _only(page, url):
    if not url.startswith((page.home, "data:", "blob:")):
        page.wrong.append(url)


def test_it_is_read_on_a_narrow_screen_in_the_dark(page):
    for where in ("", "tutorial/first-answer/", "notebooks/1-first-preview/", "reference/switches/"):
        page.goto(page.home + where)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), where
        assert page.evaluate("document.body.dataset.mdColorScheme") == "slate"
    assert page.wrong == []


def test_search_finds_a_name(page):
    page.goto(page.home)
    page.locator("label[for=__search]").first.click()
    page.locator(".md-search__input").fill("assert_for_all_entries")
    first = page.locator(".md-search-result__item").first
    first.wait_for()
    found = [each.get_attribute("href") for each in first.locator("a").all()]
    assert any(each.endswith("#simcore.testing.assert_for_all_entries") for each in found)
    assert page.wrong == []
