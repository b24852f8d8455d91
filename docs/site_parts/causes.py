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
        made = examples.pictures(section[0].astext())
        if made:
            section += figures(made)
    page = next(doctree.findall(nodes.section))
    page.insert(1, nodes.paragraph("", _whence()))


def _whence() -> str:
    made = examples.origin()
    versions = ", ".join(f"{name} {version}" for name, version in made.versions.items())
    return (
        f"Pictures are of the same examples, from runs of docs/causes.py: {made.date},"
        f" {made.machine}, Python {made.python}, {versions}."
    )


def setup(app: Sphinx) -> dict[str, bool]:
    """See Sphinx."""
    app.connect("doctree-read", add)
    return {"parallel_read_safe": True}
