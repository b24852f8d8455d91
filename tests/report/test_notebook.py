"""Diagnoses in a notebook: well-formed, escaped, self-contained, readable by light and dark."""

import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

from hand_made import BARE, BEYOND, CLIPPING, HOSTILE, MARKUP, SOUND, SPREAD, STUCK
from unstuck.report.diagnosis import NO_PROMISE, NO_PROOF
from unstuck.report.notebook import html
from unstuck.sessions import Session

ALL = {"sound": SOUND, "stuck": STUCK, "hostile": HOSTILE, "bare": BARE, "beyond": BEYOND}
VOID = {"br"}


class Page(HTMLParser):
    """The elements that are open, all that were opened, and the text outside of styles."""

    def __init__(self, source):
        super().__init__(convert_charrefs=True)
        self.open, self.seen, self.attributes, self.words = [], [], [], []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.seen.append(tag)
        self.attributes += attributes
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.words))


@pytest.mark.parametrize("name", ALL)
def test_a_fragment_that_needs_nothing_else(name):
    source = html(ALL[name])
    page = Page(source)
    assert {"html", "body", "script", "link", "img", "iframe"}.isdisjoint(page.seen)
    assert {key for key, _ in page.attributes} <= {"class", "open"}
    style = re.search(r"<style>(.*?)</style>", source, re.DOTALL).group(1)
    assert not re.search(r"url\(|@import|http", style)
    # Every rule stays within the fragment.
    assert all(rule.startswith(".unstuck-diagnosis") for rule in style.strip().splitlines())


def test_no_colour_is_set_that_only_one_background_bears():
    style = re.search(r"<style>(.*?)</style>", html(STUCK), re.DOTALL).group(1)
    assert set(re.findall(r"(?<![-\w])color: ([^;]+);", style)) == {"inherit"}
    backgrounds = set(re.findall(r"background: ([^;]+);", style))
    assert all(b == "transparent" or "rgba" in b for b in backgrounds)


def test_it_tells_what_the_terminal_tells():
    told = Page(html(STUCK)).text
    for part in (
        "keras on tensorflow",
        "looked at 2,048 of 60,000 examples in 0.9 s",
        "suspected: 2 causes",
        SPREAD.title,
        SPREAD.mechanism,
        CLIPPING.mechanism,
        "LeCun 1998",
        "149 → 1.6",
        "Goes away: frozen examples, rate above critical",
        SPREAD.cure,
        "hooks are left out",
        NO_PROOF,
        "All 9 probes",
        "dense_1: 0.00112",
        "ids 0 to 9",
        "not measured",
    ):
        assert part in told, part
    assert told.index(SPREAD.title) < told.index(CLIPPING.title)


def test_a_sound_set_up():
    told = Page(html(SOUND)).text
    assert "nothing suspicious" in told
    assert "7 of 9 probes" in told
    assert NO_PROMISE in told
    assert "suspected:" not in told


def test_names_of_the_user_are_escaped():
    source = html(HOSTILE)
    assert "<script" not in source
    assert Page(source).text.count(MARKUP) >= 8


def test_a_report_displays_itself():
    assert Session(STUCK)._repr_html_() == html(STUCK)


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
@pytest.mark.parametrize(("paper", "ink"), [("#fff", "#111"), ("#111", "#ddd")])
def test_a_browser_draws_it_by_light_and_dark(paper, ink, tmp_path):
    page = tmp_path / "page.html"
    page.write_text(
        "<!doctype html><meta charset=utf-8>"
        f"<body style='background:{paper};color:{ink}'>{html(STUCK)}"
        "<script>document.title = [...document.querySelectorAll('.unstuck-diagnosis *')]"
        ".filter(e => e.tagName != 'STYLE')"
        ".map(e => getComputedStyle(e).color).filter((c, i, all) => all.indexOf(c) == i)"
        ".join('|')</script>",
        encoding="utf-8",
    )
    done = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
    )
    title = re.search(r"<title>(.*?)</title>", done.stdout).group(1)
    channels = "".join(f"{int(c * 2, 16)}, " for c in ink[1:]).removesuffix(", ")
    assert title == f"rgb({channels})"
