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


REFUSED = {  # what a tool is called with -> what is said
    ("prove_script", "budget"): (
        {"script": "train.py", "budget": 1e99},
        ["no argument of prove_script is called 'budget'", "script, arguments, seconds"],
    ),
    ("prove_script", "second"): (
        {"script": "train.py", "second": 5},
        ["called 'second'", "did you mean seconds?"],
    ),
    ("prove_script", "too long"): (
        {"script": "train.py", "seconds": 1e99},
        ["seconds=1e+99 for prove_script", "a number from 1 to 3600: of trials"],
    ),
    ("prove_script", "text"): (
        {"script": "train.py", "seconds": "60"},
        ["seconds='60'", "a number from 1 to 3600"],
    ),
    ("diagnose_script", "no script"): ({}, ["diagnose_script without 'script'", "text: path"]),
    ("diagnose_script", "a number"): ({"script": 5}, ["script=5", "text: path"]),
    ("diagnose_script", "one text"): (
        {"script": "train.py", "arguments": "--epochs 3"},
        ["arguments='--epochs 3'", "a list of text, or null: what follows the script"],
    ),
    ("diagnose_script", "numbers"): (
        {"script": "train.py", "arguments": [3]},
        ["arguments=[3]", "a list of text"],
    ),
    ("list_causes", "any"): ({"name": "x"}, ["list_causes was given 'name'", "no arguments"]),
}


def test_what_a_tool_cannot_be_called_with_is_said(folder: Path) -> None:
    async def talk(client):
        return [await client.call_tool(tool, given) for (tool, _), (given, _) in REFUSED.items()]

    for result, (_, words) in zip(talked(folder, talk), REFUSED.values(), strict=True):
        assert result.is_error, words
        for part in words:
            assert part in said(result)
        assert "expected: " in said(result)
        assert "pydantic" not in said(result)


def test_how_a_script_fails_is_told(folder: Path) -> None:
    text = (folder / "train.py").read_text()
    (folder / "before.py").write_text("import json\njson.loads('{')\n")
    (folder / "after.py").write_text(text + "raise ValueError('no more')\n")
    (folder / "exits.py").write_text("import sys\nsys.exit('give --data')\n")

    async def talk(client):
        before = await client.call_tool("diagnose_script", {"script": "before.py"})
        exits = await client.call_tool("diagnose_script", {"script": "exits.py"})
        after = await client.call_tool("prove_script", {"script": "after.py", "seconds": 1})
        return before, exits, after

    before, exits, after = map(said, talked(folder, talk))
    assert before.startswith("verdict: the script failed (exit status 1) before a training was")
    assert 'before.py", line 2' in before
    assert "JSONDecodeError: Expecting property name" in before
    assert "give --data" in exits
    assert "no training was seen" not in before + exits
    assert after.startswith("the script failed (exit status 1): ValueError: no more\nverdict: ")
    assert "evidence: " in after
    assert all(len(told) <= 2_000 for told in (before, exits, after))


def test_a_call_can_be_given_up(folder: Path) -> None:
    async def talk(client):
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.call_tool("prove_script", {"script": "slow.py"}), 4)
        return await client.call_tool("list_causes", {})

    assert "input-spread" in said(talked(folder, talk))
