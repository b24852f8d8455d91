"""The server of `unstuck mcp`: tools and resources of the Model Context Protocol, over stdio."""

from pathlib import Path
from typing import Annotated, Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

import unstuck
from unstuck.errors import UnstuckError
from unstuck.serving.arguments import must_fit
from unstuck.serving.runs import Found, Runs

INSTRUCTIONS = """\
Finds out why a neural network in a Python script isn't learning, proves it by trials, and fixes it.
Call diagnose_script first (seconds beyond the script's own start), then prove_script where
something is suspected: its trials decide, and its diff was seen to work on a copy of the script.
The script is run with your user's rights, as `python script.py` would run it: it reads, writes and
sends whatever it does by itself. unstuck reads only scripts under the folder it was started in, and
writes nothing there."""

Script = Annotated[str, Field(description="Path from the folder the server was started in.")]
Arguments = Annotated[list[str], Field(description="What follows the script on its command line.")]
Name = Annotated[str, Field(description='As diagnose_script or prove_script told: "run-1".')]


class _Server(MCPServer[Any]):  # type: ignore[misc]  # untyped where it is not installed
    """Says in words of ours what a tool cannot be called with."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> Any:
        """See `MCPServer`; nothing but what the tool's schema has gets to it."""
        for tool in await self.list_tools():
            if tool.name == name:
                try:
                    must_fit(name, arguments, tool.input_schema)
                except UnstuckError as error:
                    raise ToolError(str(error)) from error
        return await super().call_tool(name, arguments, context)


def server(folder: Path) -> MCPServer[Any]:
    """The server for scripts under one folder."""
    made = _Server("unstuck", instructions=INSTRUCTIONS, version=unstuck.__version__)
    runs = Runs(folder)

    async def asked(
        ctx: Context[Any, Any], script: str, arguments: list[str], seconds: float | None
    ) -> str:
        async def progress(spent: float, says: str) -> None:
            await ctx.report_progress(spent, None, says)

        try:
            name, found = await runs.run(script, arguments, seconds, progress)
        except UnstuckError as error:
            raise ToolError(str(error)) from error
        return answer(name, found)

    async def diagnose_script(
        script: Script, ctx: Context[Any, Any], arguments: Arguments | None = None
    ) -> str:
        """Run a training script until its first training starts, look at that set-up without
        training it, and end the script. Says what is suspected, with measured evidence. Runs the
        script with your user's rights."""
        return await asked(ctx, script, arguments or [], None)

    async def prove_script(
        script: Script,
        ctx: Context[Any, Any],
        arguments: Arguments | None = None,
        seconds: Annotated[float, Field(ge=1, le=3600, description="Of trials.")] = 60.0,
    ) -> str:
        """Run a training script to its end, then decide by trials on copies what keeps its network
        from learning, and try a diff on a copy of the script. Takes as long as the script, and the
        seconds of trials. Runs the script with your user's rights; writes nothing itself."""
        return await asked(ctx, script, arguments or [], seconds)

    def apply_patch_preview(record: Name) -> str:
        """Show the whole diff that prove_script tried on a copy. Nothing is written: apply it with
        `git apply`, or edit the script."""
        found = _found(runs, record)
        return found.patch or "no patch: nothing was proven that a diff of this script cures"

    def show_record(record: Name) -> str:
        """Show the full record of a run as JSON: every probe, suspect, trial and interval."""
        return _found(runs, record).record or "no record: the run ended before one was drawn up"

    def list_causes() -> list[dict[str, str]]:
        """List every cause that can be suspected: its name, and the fault in a few words."""
        from unstuck.causes import NAMES, load

        return [{"name": name, "title": load(name).title} for name in NAMES]

    def record(name: str) -> str:
        """The full record of a run, as JSON."""
        return _found(runs, name).record

    for tool in (diagnose_script, prove_script, apply_patch_preview, show_record, list_causes):
        made.add_tool(tool)
    made.resource("unstuck://record/{name}", mime_type="application/json")(record)
    return made


def answer(name: str, found: Found) -> str:
    """The compact answer, and where the rest of it is; at most 2,000 characters."""
    more = f"\nfull record: show_record({name!r}), or the resource unstuck://record/{name}"
    return found.answer[: 2_000 - len(more)] + more


def _found(runs: Runs, name: str) -> Found:
    try:
        return runs.of(name)
    except UnstuckError as error:
        raise ToolError(str(error)) from error
