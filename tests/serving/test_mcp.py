"""`unstuck mcp` as an assistant meets it: the official SDK's client, over stdio."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from guards.test_action import SCRIPT
from guards.test_plugin import environment

mcp = pytest.importorskip("mcp")
pytest.importorskip("mcp.server.mcpserver")
SERVER = "import sys; from unstuck.cli import main; sys.argv = ['unstuck', 'mcp']; main()"


def talked(folder: Path, talk):
    """What a conversation with the server gives."""
    from mcp.client.stdio import StdioServerParameters

    async def conversation():
        where = StdioServerParameters(
            command=sys.executable, args=["-c", SERVER], cwd=folder, env=environment()
        )
        async with mcp.Client(where) as client:
            return await talk(client)

    return asyncio.run(asyncio.wait_for(conversation(), 280))


def said(result) -> str:
    return "".join(part.text for part in result.content)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "project"
    inside.mkdir()
    (inside / "train.py").write_text(SCRIPT.replace("SCALE", "1000.0"))
    (inside / "slow.py").write_text("import time\ntime.sleep(600)\n")
    (tmp_path / "outside.py").write_text("raise SystemExit('was run')\n")
    return inside


def test_a_script_is_diagnosed_and_its_record_can_be_had(folder: Path) -> None:
    heard = []

    async def progress(spent, total, message):
        heard.append(spent)

    async def talk(client):
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        told = await client.call_tool(
            "diagnose_script", {"script": "train.py"}, progress_callback=progress
        )
        record = await client.call_tool("show_record", {"record": "run-1"})
        resource = await client.read_resource("unstuck://record/run-1")
        patch = await client.call_tool("apply_patch_preview", {"record": "run-1"})
        causes = await client.call_tool("list_causes", {})
        outside = await client.call_tool("diagnose_script", {"script": "../outside.py"})
        unknown = await client.call_tool("show_record", {"record": "run-9"})
        return tools, told, record, resource, patch, causes, outside, unknown

    tools, told, record, resource, patch, causes, outside, unknown = talked(folder, talk)
    names = ["apply_patch_preview", "diagnose_script", "list_causes", "prove_script", "show_record"]
    assert sorted(tools) == names
    assert "your user's rights" in " ".join(tools["diagnose_script"].description.split())
    assert said(told).startswith("verdict: train.py:1")
    assert "evidence: input-spread (suspected)" in said(told)
    assert len(said(told)) <= 2_000
    assert json.loads(said(record)) == json.loads(resource.contents[0].text)
    assert json.loads(said(record))["schema"] == 2
    assert said(patch).startswith("no patch")
    assert "input-spread" in said(causes)
    assert outside.is_error
    assert "outside" in said(outside)
    assert "one of: run-1" in said(unknown)
    assert sorted(p.name for p in folder.iterdir()) == ["slow.py", "train.py"]  # nothing written


def test_a_call_can_be_given_up(folder: Path) -> None:
    async def talk(client):
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.call_tool("prove_script", {"script": "slow.py"}), 4)
        return await client.call_tool("list_causes", {})

    assert "input-spread" in said(talked(folder, talk))
