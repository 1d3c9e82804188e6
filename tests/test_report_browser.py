"""A report in a real browser: headless Chromium opens the file, wide and narrow, light and dark, and prints it."""

import shutil

import pandas as pd
import pytest

import simcore
from simcore import kit

pytest.importorskip("matplotlib", reason="the extra plot has it")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
if CHROMIUM is None:
    pytest.skip("there is no Chromium", allow_module_level=True)
sync_api = pytest.importorskip("playwright.sync_api", reason="the extra dev has it")

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
ARGUMENTS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
HOSTILE = "<img src=x onerror=\"document.title='hacked'\"><script>document.title='hacked'</script>"
NAME = "x" * 300
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A comparison with texts that are meant to harm, and one without a place to break its line."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    welcome = (
        kit.load(simcore.example("welcome")).replace_email(0, subject=HOSTILE).replace_email(1, subject=NAME)
    )
    entries = pd.read_csv(simcore.example("entries")).iloc[54:58]
    simcore.write_report({"as it is": welcome, "18:00": welcome.replace(send_hour=18)}, path, entries)
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.asked, page.wrong = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.on("console", lambda message: page.wrong.append(message.text))
        page.goto(path.as_uri())
        yield page
        browser.close()


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_follows_the_scheme(page, width, scheme, tmp_path):
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.screenshot(path=tmp_path / "report.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    seen = "main *:not(.unseen, thead, thead *)"  # heads of columns are seen on wide screens only
    ends = page.locator(seen).evaluate_all("all => all.map(each => each.getBoundingClientRect().right)")
    assert max(ends) <= width
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(23, 25, 30)"}[scheme]
    pictures = page.locator("figure img")
    assert pictures.count() == 6
    for at in range(6):
        shown = pictures.nth(at)
        assert shown.evaluate("image => image.complete && image.naturalWidth") > 200
        assert shown.evaluate("image => image.getBoundingClientRect().width") > 0.5 * min(width, 640)
    # Which of the four pictures is shown: what is behind it is the page's own paper.
    behind = pictures.first.evaluate(
        """image => {
          const canvas = document.createElement("canvas");
          canvas.width = canvas.height = 40;
          const context = canvas.getContext("2d");
          context.drawImage(image, 0, 0, 40, 40);
          return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3).join(", ");
        }"""
    )
    assert f"rgb({behind})" == paper


def test_the_heads_of_columns_are_said_on_narrow_screens(page):
    page.set_viewport_size({"width": 400, "height": 900})
    cell = page.locator("td[data-head='Why then']").first
    assert cell.evaluate("cell => getComputedStyle(cell, '::before').content") == '"Why then"'
    assert cell.evaluate("cell => getComputedStyle(cell).display") == "flow-root"
    # A head of several lines has room: the next cell begins below it.
    long = page.locator("td[data-head='At night (22:00 to 07:00)']").first
    assert long.bounding_box()["height"] > 60
    assert page.get_by_role("columnheader", name="Why then").count() > 0
    assert page.get_by_role("table").count() == page.locator("table[role=table]").count() > 5


def test_a_link_opens_its_rule(page):
    page.set_viewport_size({"width": 1280, "height": 900})
    rule = page.locator("#rule-K10")
    sync_api.expect(rule).to_be_hidden()
    page.get_by_role("link", name="K10").first.click()
    sync_api.expect(rule).to_be_visible()
    page.reload()


def test_it_can_be_printed(page):
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("#rule-K10").bounding_box()["height"] > 50
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.emulate_media(media="screen")


def test_texts_are_texts_and_nothing_is_fetched(page):
    sync_api.expect(page.locator("td", has_text=HOSTILE).first).to_be_attached()
    assert page.locator("script, img:not([alt])").count() == 0
    assert page.title() == "as it is and 18:00, compared"
    assert page.wrong == []
    assert [url for url in page.asked if not url.startswith(("data:", "file:"))] == []
