"""Makes docs/page.png, the README's picture of a page, in headless Chromium:

    python docs/page.py

The page is that of a real run, examples/broken/06_wine.py under `unstuck run --prove 40`, whose
record is tests/report/records/two-parts.json.gz. Needs the test extra, and Chromium.
"""

import gzip
import io
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from unstuck.report.page.page import page
from unstuck.report.reading import record

ROOT = Path(__file__).parents[1]
RECORD = ROOT / "tests" / "report" / "records" / "two-parts.json.gz"
SIZE = {"width": 1240, "height": 1400}
ROOM = 24  # pixels, of what is below the pictures, left out
COLOURS = 48  # enough for a page of few colours; a fifth of the bytes


def shot(source: str) -> bytes:
    """The page as PNG, down to its pictures."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("docs/page.py: no Chromium; install the package chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as started:
        file = Path(folder) / "page.html"
        file.write_text(source, encoding="utf-8")
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        shown = browser.new_page(viewport=SIZE, color_scheme="light")
        shown.goto(file.as_uri())
        below = shown.locator(".folds").bounding_box()
        assert below is not None
        return shown.screenshot(
            clip={"x": 0, "y": 0, "width": SIZE["width"], "height": below["y"] - ROOM}
        )


if __name__ == "__main__":
    text = gzip.decompress(RECORD.read_bytes()).decode()
    picture = Image.open(io.BytesIO(shot(page(record(text, RECORD.name))))).convert("RGB")
    target = ROOT / "docs" / "page.png"
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)
    print(f"{target.relative_to(ROOT)}: {target.stat().st_size // 1_000} KB")
