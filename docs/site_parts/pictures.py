"""Directives that draw from records of real runs while the site is built, and whole pages of them.

```{picture} RECORD NAME          one picture of a run, by its name on the page
```{pictures} RECORD              all of them
```{case} NAME staircase|figures  where seeds ended; published figures beside ours
```{case} NAME effects            explanations, chosen by :of:, under the judgement :title:
```{says} RECORD                  a run's finding in a sentence, with a link to its whole page
"""

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from jinja2 import Environment
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from site_parts import effects, records
from unstuck.report.page.cases import figures as published
from unstuck.report.page.cases import staircase
from unstuck.report.page.drawing import Picture
from unstuck.report.page.page import page
from unstuck.report.page.page import pictures as of_subject

FRAME = """<figure class="picture"><p class="title">{{ p.title }}</p>
{{ p.svg | safe }}
<figcaption>{{ p.note }}</figcaption></figure>"""
ELSEWHERE = ("all are in the table below", "all are on the next page")
WHOLE = "runs"  # folder of whole pages, in the site


def figure(picture: Picture) -> nodes.Node:
    """One picture with its title and note."""
    drawn = Environment(autoescape=True).from_string(FRAME).render(p=picture)
    return nodes.raw("", drawn, format="html")


def figures(several: list[Picture]) -> nodes.Node:
    """Side by side where there is room."""
    return nodes.container("", *map(figure, several), classes=["pictures"])


class OfRun(SphinxDirective):
    """`{picture} RECORD NAME`."""

    required_arguments = 2

    def run(self) -> list[nodes.Node]:
        """The picture of this name."""
        name, wanted = self.arguments
        (found,) = [p for p in of_subject(records.run(name).subjects[0]) if p.name == wanted]
        return [figure(found)]


class AllOfRun(SphinxDirective):
    """`{pictures} RECORD`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """All pictures of the run, side by side where there is room."""
        subject = records.run(self.arguments[0]).subjects[0]
        return [figures(of_subject(subject))]


class Says(SphinxDirective):
    """`{says} RECORD`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The sentence, quoted."""
        name = self.arguments[0]
        told = records.run(name)
        up = "../" * self.env.docname.count("/")
        link = nodes.reference("", "The whole page", refuri=f"{up}{WHOLE}/{name}.html")
        command = nodes.literal("", told.origin.command)
        quoted = nodes.paragraph("", told.subjects[0].says)
        whence = nodes.paragraph("", "", link, nodes.Text(" of "), command)
        return [nodes.block_quote("", quoted, whence)]


class OfCase(SphinxDirective):
    """`{case} NAME KIND`."""

    required_arguments = 2
    option_spec: ClassVar[dict[str, Any]] = {
        "of": directives.unchanged_required,
        "title": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """One picture, or the two of published figures."""
        name, kind = self.arguments
        if kind == "effects":
            made = [effects.picture(name, self.options["of"], self.options["title"])]
        elif kind == "figures":
            drawn_here = published.pictures(records.drawable(name))
            made = [replace(p, note=p.note.replace(*ELSEWHERE)) for p in drawn_here]
        else:
            drawn = staircase.picture(records.drawable(name))
            made = [] if drawn is None else [drawn]
        return [figure(one) for one in made]


def write_pages(app: Sphinx, error: Exception | None) -> None:
    """Every run's page as `--html` writes it."""
    if error is not None or app.builder.format != "html":
        return
    folder = Path(app.outdir) / WHOLE
    folder.mkdir(exist_ok=True)
    for file in sorted(records.RECORDS.glob("*.json.gz")):
        name = file.name.removesuffix(".json.gz")
        (folder / f"{name}.html").write_text(page(records.run(name)), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """See Sphinx."""
    app.add_directive("picture", OfRun)
    app.add_directive("pictures", AllOfRun)
    app.add_directive("says", Says)
    app.add_directive("case", OfCase)
    app.connect("build-finished", write_pages)
    return {"parallel_read_safe": True}
