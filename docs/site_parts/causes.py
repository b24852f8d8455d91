"""Below each cause on the page of the causes, the pictures of its own example."""

from docutils import nodes
from sphinx.application import Sphinx

from site_parts import examples
from site_parts.pictures import figures

PAGE = "causes"


def add(app: Sphinx, doctree: nodes.document) -> None:
    """At the end of each cause's section; and at the top, whence they are."""
    if app.env.current_document.docname != PAGE:
        return
    app.env.note_dependency(str(examples.FILE))
    for section in doctree.findall(nodes.section):
        name = section[0].astext()
        if name in examples.names():
            section += figures(examples.pictures(name))
    page = next(doctree.findall(nodes.section))
    page.insert(1, nodes.paragraph("", _whence()))


def _whence() -> str:
    made = examples.origin()
    versions = ", ".join(f"{name} {version}" for name, version in made.versions.items())
    dates = " and ".join(examples.dates())
    return (
        "Pictures are of the same examples, and of loops where only a script shows a cause, from"
        f" runs of docs/causes.py: {dates}, {made.machine}, Python {made.python},"
        f" {versions}, torch {examples.torch()}."
    )


def setup(app: Sphinx) -> dict[str, bool]:
    """See Sphinx."""
    app.connect("doctree-read", add)
    return {"parallel_read_safe": True}
