"""`{commands}`: the reference of all commands, written while the site is built."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from site_parts.reference import markdown


class Commands(SphinxDirective):
    """All of them, from the commands themselves."""

    def run(self) -> list[nodes.Node]:
        """Sections below the page's title."""
        return self.parse_text_to_nodes(markdown(), allow_section_headings=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """See Sphinx."""
    app.add_directive("commands", Commands)
    return {"parallel_read_safe": True}
