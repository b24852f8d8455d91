"""llms.txt (llmstxt.org): what is on the site, a page a line, for language models to read."""

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

HEAD = """# unstuck

> Find out why a neural network isn't learning, prove it, fix it: a Python package and command for
> Keras 3, PyTorch, scikit-learn and JAX.

`unstuck run --prove --format compact train.py` runs a script and says in at most 2,000 characters
what keeps its networks from learning, with the evidence, a diff and how to verify it.

## Pages
"""
WHENCE = ("Made by ", "Pictures are ")  # how a paragraph begins that tells where a page comes from


def lines(app: Sphinx) -> list[str]:
    """A line a page, in the order of the navigation: title, address, its first sentence."""
    env, made = app.env, list[str]()
    for page in _in_order(app, env.config.root_doc):
        said = (
            " ".join(p.astext().split()) for p in env.get_doctree(page).findall(nodes.paragraph)
        )
        told = next((words for words in said if not words.startswith(WHENCE)), "")
        sentence = told.partition(". ")[0].rstrip(".:")
        made.append(f"- [{env.titles[page].astext()}]({page}.html): {sentence}.")
    return made


def _in_order(app: Sphinx, page: str) -> list[str]:
    inside = app.env.toctree_includes.get(page, [])
    return [page, *(below for child in inside for below in _in_order(app, child))]


def write(app: Sphinx, error: Exception | None) -> None:
    """Beside the pages."""
    if error is None and app.builder.format == "html":
        told = HEAD + "\n".join(["", *lines(app), ""])
        (Path(app.outdir) / "llms.txt").write_text(told, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """See Sphinx."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True}
