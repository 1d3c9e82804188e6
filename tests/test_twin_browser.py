"""The twin's page in a real browser: headless Chromium moves the clock, and what the page shows is read (W2, W3)."""

import shutil

import pytest
from twin_calls import Calls

import simcore
from simcore import kit

pytest.importorskip("starlette", reason="the extra twin has it")
pytest.importorskip("uvicorn", reason="the extra twin has it")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
if CHROMIUM is None:
    pytest.skip("there is no Chromium", allow_module_level=True)
sync_api = pytest.importorskip("playwright.sync_api", reason="the extra dev has it")

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
ARGUMENTS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
HOSTILE = "<img src=x onerror=\"document.title='hacked'\"><script>document.title='hacked'</script>"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def twin():
    hostile = kit.load(simcore.example("welcome")).replace_email(0, subject=HOSTILE)
    with simcore.twin(kit=hostile, start="2026-03-07T02:07:30Z") as found, Calls(found) as calls:
        for number in range(60):
            calls.ok("POST", "/v4/subscribers", {"email_address": f"p{number}@example.com"})
            calls.ok("POST", f"/v4/sequences/30/subscribers/{number + 1}")
        yield found


@pytest.fixture(scope="module")
def page(twin):
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1000, "height": 900})
        page.set_default_timeout(20_000)
        page.wrong = []
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.route(lambda url: not url.startswith(twin.url), lambda route: route.abort())
        page.goto(twin.url)
        yield page
        browser.close()


def test_it_asks_for_the_key(page, twin):
    assert twin.key not in page.content()
    sync_api.expect(page.locator("#room")).to_be_hidden()
    page.locator("#key").fill("wrong")
    page.get_by_role("button", name="Open").click()
    sync_api.expect(page.get_by_role("alert")).to_have_text(
        "The key is wrong: give the one that the twin has"
    )
    page.locator("#key").fill(twin.key)
    page.get_by_role("button", name="Open").click()
    sync_api.expect(page.locator("#room")).to_be_visible()
    sync_api.expect(page.get_by_role("alert")).to_have_text("")
    assert twin.key not in page.content()


def test_the_clock_has_buttons(page, twin, tmp_path):
    sync_api.expect(page.locator("#now")).to_have_text("2026-03-07T02:07:30Z")
    sync_api.expect(page.locator("#sent-count")).to_have_text("60")
    for name, shown, sent in (
        ("15 minutes", "2026-03-07T02:22:30Z", "60"),
        ("1 hour", "2026-03-07T03:22:30Z", "60"),
        ("1 day", "2026-03-08T03:22:30Z", "120"),
        ("1 week", "2026-03-15T03:22:30Z", "240"),
    ):
        page.get_by_role("button", name=name, exact=True).click()
        sync_api.expect(page.locator("#now")).to_have_text(shown)
        sync_api.expect(page.locator("#sent-count")).to_have_text(sent)
        assert twin.clock.now.isoformat() == shown.replace("Z", "+00:00")
    page.locator("#instant").fill("2026-03-14T00:00Z")
    page.get_by_role("button", name="Go").click()
    sync_api.expect(page.get_by_role("alert")).to_contain_text("the clock only goes forward")
    page.locator("#instant").fill("2026-03-16T00:00Z")
    page.get_by_role("button", name="Go").click()
    sync_api.expect(page.locator("#now")).to_have_text("2026-03-16T00:00:00Z")
    page.screenshot(path=tmp_path / "twin.png", full_page=True)


def test_the_outbox_and_the_people(page):
    sent, people = page.locator("#sent"), page.locator("#people")
    sync_api.expect(sent.locator("tr")).to_have_count(51)
    sync_api.expect(sent.locator("tr").nth(1)).to_contain_text("A coupon for the cooking class")
    sync_api.expect(people.locator("tr").nth(1)).to_contain_text("completed")
    pages = page.locator("#sent-pages")
    for _ in range(4):
        pages.get_by_role("button", name="later in the list").click()
    sync_api.expect(sent.locator("tr")).to_have_count(41)
    sync_api.expect(pages.get_by_role("button", name="later in the list")).to_be_disabled()
    sync_api.expect(sent.locator("tr").last).to_contain_text("2026-03-07T02:07:30Z")
    page.locator("#people-pages").get_by_role("button", name="later in the list").click()
    sync_api.expect(people.locator("tr")).to_have_count(11)


def test_a_hostile_subject_is_text(page):
    sync_api.expect(page.locator("#sent tr").last).to_contain_text(HOSTILE)
    assert page.locator("#sent img, #sent script").count() == 0
    assert page.title() == "simcore twin"
    assert page.wrong == []


def test_it_fits_a_narrow_screen(page):
    page.set_viewport_size({"width": 400, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
