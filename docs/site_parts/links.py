"""Links from one file of the repository to another, where the site has a page of it.

Pages link to README and to other files beside `docs/`, as readers of the repository need it. On
the site these links lead to the page that includes the file; a file that is on no page stays a
download, or words.
"""

import posixpath
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

PAGES = {
    "README": "start",
    "examples/README": "examples",
    "CONTRIBUTING": "contributing",
    "CHANGELOG": "changes",
    "SKILL": "guards",
}


def lead_to_pages(app: Sphinx, doctree: nodes.document) -> None:
    """Turns links to such files into links to their pages."""
    root = Path(app.srcdir).parent
    for kind in (addnodes.pending_xref, addnodes.download_reference):
        for node in list(doctree.findall(kind)):
            page = PAGES.get(_file(node["reftarget"], root))
            if page is not None:
                up = "../" * app.env.current_document.docname.count("/")
                node.replace_self(
                    nodes.reference("", "", *node.children, refuri=f"{up}{page}.html")
                )


def _file(target: str, root: Path) -> str:
    """A link's target as a path in the repository, without its suffix."""
    inside = target.removeprefix(f"{root.as_posix()}/").removesuffix(".md")
    return posixpath.normpath(inside.removeprefix("../"))


def setup(app: Sphinx) -> dict[str, bool]:
    """See Sphinx."""
    app.connect("doctree-read", lead_to_pages)
    return {"parallel_read_safe": True}
