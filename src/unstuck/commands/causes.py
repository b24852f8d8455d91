"""`unstuck causes`: parse, call, print."""

from typing import Annotated

import typer

from unstuck.commands.options import MarkdownFile
from unstuck.commands.output import console, must_be_writable
from unstuck.errors import UsageError
from unstuck.report.writing import write


def causes(
    name: Annotated[str | None, typer.Argument(help="One cause by name.")] = None,
    markdown: MarkdownFile = None,
) -> None:
    """Name the causes that can be suspected, or tell of one.

    The page of --markdown tells of all of them, with what their examples measure here and now.
    """
    from rich.text import Text

    from unstuck.report import causes as told

    if name and markdown:
        raise UsageError("both a cause and --markdown", "one of them: the page is of all causes")
    must_be_writable({"--markdown": markdown})
    if markdown:
        write(markdown, _page())
    elif name:
        console().print(Text(told.outline(told.named(name))))
    else:
        console().print(told.table())


def _page() -> str:
    from unstuck.cases.run import provenance
    from unstuck.report.causes import measured, page

    with console(stderr=True).status("looking at the examples") as status:
        examples = measured(lambda name: status.update(f"looking at the examples of {name}"))
    return page(examples, provenance(), "unstuck causes --markdown docs/causes.md")
