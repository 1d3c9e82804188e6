"""Controls in a real browser: Voila serves a notebook, a headless Chromium turns them, and the page is read.

The dates are worked out by hand: Kit's example (K7, K8, K10), and Sequenzy's (Q9).
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from importlib.util import find_spec

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
ARGUMENTS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
if missing := [name for name in ("ipywidgets", "matplotlib", "voila", "nbformat") if find_spec(name) is None]:
    pytest.skip(f"not installed: {', '.join(missing)}", allow_module_level=True)
if CHROMIUM is None:
    pytest.skip("there is no Chromium", allow_module_level=True)
sync_api = pytest.importorskip("playwright.sync_api", reason="the extra dev has it")

KIT = """
import warnings
warnings.filterwarnings("error", module="simcore")
import simcore
from simcore import kit
explored = simcore.explore(kit.load(simcore.example("welcome")), "2026-03-06 21:07")
explored
"""
SEQUENZY = """
from simcore import sequenzy
hostile = "<script>document.title='hacked'</script><img src=x onerror=\\"document.title='hacked'\\">"
simcore.explore(
    sequenzy.Sequence(
        name="Welcome",
        trigger="contact_added",
        sendingWindow={
            "timezone": "Europe/Kyiv",
            "startTime": "08:00",
            "endTime": "20:00",
            "days": ["mon", "tue", "wed", "thu", "fri"],
        },
        steps=[
            {"subject": "Hello", "html": "<p>Hello</p>"},
            {"subject": hostile, "html": "<p>Hello</p>", "delay": {"days": 1}},
            {"subject": "Third", "html": "<p>Hello</p>", "delay": {"hours": 12}},
        ],
    ),
    "2026-03-27 19:30",
)
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Where Voila serves the notebook."""
    import nbformat

    folder = tmp_path_factory.mktemp("voila")
    cells = [nbformat.v4.new_code_cell(source) for source in (KIT, SEQUENZY)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(
        nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), folder / "explore.ipynb"
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    names = ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR")
    command = [sys.executable, "-m", "voila", "explore.ipynb", "--no-browser"]
    with (folder / "voila.log").open("wb") as log:
        server = subprocess.Popen(
            [*command, "--Voila.ip=127.0.0.1", f"--port={port}", "--Voila.port_retries=0"],
            cwd=folder,
            env=os.environ | {name: str(folder / name) for name in names},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        for _ in range(300):
            if server.poll() is not None:
                pytest.fail((folder / "voila.log").read_text())
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        print((folder / "voila.log").read_text())  # shown where a test fails


@pytest.fixture(scope="module")
def page(address):
    """The notebook's page, with nothing from elsewhere."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(60_000)
        sync_api.expect.set_options(timeout=60_000)
        page.route(lambda url: not url.startswith((address, "data:", "blob:")), lambda route: route.abort())
        page.goto(address)
        sync_api.expect(page.locator(".simcore-sends")).to_have_count(2)
        yield page
        browser.close()


def sends(page, at):
    """Sees to it that a table shows these times, soon."""

    def shows(*times):
        shown = page.locator(".simcore-sends").nth(at).locator("time")
        sync_api.expect(shown).to_have_text(times)

    return shows


def press(page, label, key):
    """A key on the handle of the slider of that label."""
    slider = page.locator(".widget-slider", has=page.get_by_text(label, exact=True))
    slider.locator(".noUi-handle").press(key)


def test_kit(page, tmp_path):
    shows = sends(page, 0)
    first = ["Fri 6 Mar 2026 21:07 EST", "Fri 6 Mar 2026 23:15 EST"]
    given = [*first, "Mon 9 Mar 2026 09:00 EDT", "Thu 12 Mar 2026 09:00 EDT"]
    shows(*given)
    picture = page.locator(".widget-image").first
    assert picture.evaluate("image => image.complete && image.naturalWidth") > 400
    page.screenshot(path=tmp_path / "wide.png", full_page=True)
    press(page, "Send hour", "ArrowRight")
    shows(*first, "Mon 9 Mar 2026 10:00 EDT", "Thu 12 Mar 2026 10:00 EDT")
    before = picture.get_attribute("src")
    page.get_by_title("send_days: saturday", exact=True).click()
    # The third goes out on Saturday, before the clocks go forward, so the fourth on the next of its own days.
    shows(*first, "Sat 7 Mar 2026 10:00 EST", "Tue 10 Mar 2026 10:00 EDT")
    sync_api.expect(picture).not_to_have_attribute("src", before)
    page.locator(".widget-text", has_text="Entry").first.locator("input").fill("03/06/2026")
    page.keyboard.press("Enter")
    alert = page.get_by_role("alert")
    sync_api.expect(alert).to_have_text(
        "entered_at: '03/06/2026' leaves day and month to guesswork: write it as 2026-03-06 or 6 March 2026"
    )
    sync_api.expect(picture).to_be_hidden()
    page.screenshot(path=tmp_path / "wrong.png", full_page=True)
    page.get_by_role("button", name="Reset").first.click()
    shows(*given)
    sync_api.expect(picture).to_be_visible()
    sync_api.expect(alert).to_have_count(0)


def test_sequenzy(page, tmp_path):
    shows = sends(page, 1)
    first = "Fri 27 Mar 2026 19:30 EET"
    shows(first, "Mon 30 Mar 2026 08:00 EEST", "Tue 31 Mar 2026 08:00 EEST")
    press(page, "From", "ArrowRight")
    shows(first, "Mon 30 Mar 2026 08:15 EEST", "Tue 31 Mar 2026 08:15 EEST")
    page.get_by_title("sendingWindow.days: monday").click()
    shows(first, "Tue 31 Mar 2026 08:15 EEST", "Wed 1 Apr 2026 08:15 EEST")
    page.get_by_role("button", name="Reset").nth(1).click()
    shows(first, "Mon 30 Mar 2026 08:00 EEST", "Tue 31 Mar 2026 08:00 EEST")
    page.set_viewport_size({"width": 600, "height": 1000})
    page.screenshot(path=tmp_path / "narrow.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 600


def test_a_hostile_subject_is_text(page):
    table = page.locator(".simcore-sends").nth(1)
    sync_api.expect(table.locator("tr").nth(2)).to_contain_text(
        "<script>document.title='hacked'</script><img src=x"
    )
    assert table.locator("script, img").count() == 0
    assert page.title() == "explore"
