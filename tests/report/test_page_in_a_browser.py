"""Pages in real headless Chromium: nothing on the console, nothing fetched, nothing that runs over
the edge of a phone or a desk, nothing serious that axe-core finds, by light and by dark."""

import shutil

import pytest
from test_batch import images
from test_case_pages import COMMAND
from test_case_pages import MADE as MACHINE
from test_page import MADE, REAL, page, real

from synthetic import as_published, told
from unstuck.report.page.batch import page as batch_page
from unstuck.report.page.cases import page as cases
from unstuck.report.page.page import fragment

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
api = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
VIEWS = {"phone, dark": (380, "dark"), "desk, light": (1400, "light")}
SHOWN = {
    **{name: lambda name=name: page(real(name)) for name in REAL},
    **{name: lambda name=name: page(MADE[name]) for name in ("hostile", "two", "none", "refused")},
    **{
        case: lambda case=case: cases.page(told(as_published)[case], MACHINE, COMMAND)
        for case in ("relu-adam-raw", "divide-by-255-or-1000")
    },
    "batch": lambda: batch_page(images()),
    "cases": lambda: cases.overview(list(told(as_published).values()), MACHINE, COMMAND),
    "notebook": lambda: (
        "<!doctype html><html lang=en><meta charset=utf-8><title>cell</title><h1>Notebook</h1>"
        + fragment(MADE["fixed"]).replace("h1", "h2")
    ),
}


@pytest.fixture(scope="module")
def browser():
    with api.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser
        browser.close()


def width(shown):
    return shown.evaluate("document.documentElement.scrollWidth")


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", SHOWN)
def test_a_page_as_people_see_it(name, view, browser, tmp_path):
    file = tmp_path / "page.html"
    file.write_text(SHOWN[name](), encoding="utf-8")
    wide, scheme = VIEWS[view]
    shown = browser.new_page(viewport={"width": wide, "height": 900}, color_scheme=scheme)
    told, asked = [], []
    shown.on("console", lambda message: told.append(message.text))
    shown.on("pageerror", lambda error: told.append(str(error)))
    shown.on("dialog", lambda dialog: told.append(dialog.message))
    shown.on("request", lambda request: asked.append(request.url))
    try:
        shown.goto(file.as_uri())
        assert width(shown) == wide
        shown.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert width(shown) == wide
        cut = "[...document.querySelectorAll('h1, h2, h3, p, dd, summary')]"
        cut += ".filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)"
        assert shown.evaluate(cut) == []
        found = axe.Axe().run(shown).response["violations"]
        serious = [v for v in found if v["impact"] in ("serious", "critical")]
        assert [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in serious] == []
        assert told == []
        assert asked == [file.as_uri()]
    finally:
        shown.close()


def test_what_a_browser_would_say_is_heard(browser, tmp_path):
    file = tmp_path / "page.html"
    bad = '<script>alert(1)</script><img src="https://example.org/a.png" onerror="alert(2)">'
    file.write_text(page(MADE["none"]).replace("<main>", f"<main>{bad}"), encoding="utf-8")
    shown = browser.new_page(viewport={"width": 380, "height": 900})
    told = []
    shown.on("console", lambda message: told.append(message.text))
    shown.goto(file.as_uri())
    assert any("Content Security Policy" in words for words in told)
    found = axe.Axe().run(shown).response["violations"]
    assert "image-alt" in {v["id"] for v in found}
    shown.close()
