"""The documentation site: `make site` builds it with Sphinx, its warnings as errors, offline.

The pages that README links to are pages of the site as they stand; the others include what is
written elsewhere in the repository. `site/` beside this file holds the site's own directives and
checks.
"""

import sys
from pathlib import Path

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

import unstuck

sys.path.insert(0, str(Path(__file__).parent))

project = "unstuck"
author = "The unstuck authors"
copyright = author
release = version = unstuck.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "site_parts.pictures",
    "site_parts.causes",
    "site_parts.commands",
    "site_parts.whole",
    "site_parts.links",
    "site_parts.llms",
]
exclude_patterns = ["site_parts"]
nitpicky = True
smartquotes_action = "qe"  # no dashes made of the two hyphens of an option

# Markdown: headings are link targets; definition lists and fences with colons are not needed.
myst_heading_anchors = 3
myst_all_links_external = False
suppress_warnings = ["myst.header"]  # included parts begin at the level they have where they stand

# Docstrings: Google's form; single backticks are code, as everywhere in the repository.
default_role = "code"
napoleon_use_ivar = True
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
autodoc_mock_imports = ["keras", "lightning", "skorch", "transformers", "torch"]
python_display_short_literal_types = True
# What is not ours is not linked, since nothing is fetched; of ours, what users do not hold.
nitpick_ignore_regex = [
    (r"py:.*", r"(?!unstuck\.).*"),
    (r"py:.*", r"unstuck\.(sessions\.R|diagnosis\.Diagnosed|script\..*)"),
]

html_theme = "furo"
html_title = "unstuck"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": False}


def setup(app: Sphinx) -> None:
    """The block of design.md that a test reads is no language."""
    app.add_lexer("order", TextLexer)
