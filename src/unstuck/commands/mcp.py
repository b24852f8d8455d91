"""`unstuck mcp`: parse, call."""

from pathlib import Path

from unstuck.errors import UsageError


def mcp() -> None:
    """Serve the tools to a coding assistant, by the Model Context Protocol over stdio.

    Scripts under the folder that this is started in can be run, with your rights; nothing is
    written. Tools: diagnose_script, prove_script, apply_patch_preview, show_record, list_causes.
    """
    try:
        from unstuck.serving.server import server
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("mcp", "mcp_types"):
            raise
        raise UsageError(
            "the Python SDK of the Model Context Protocol is not installed, or is older than 2",
            "mcp 2 or later",
            "pip install 'unstuck[mcp]'",
        ) from error
    server(Path.cwd()).run("stdio")
