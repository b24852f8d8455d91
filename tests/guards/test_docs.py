"""Every snippet of docs/guards.md is run, as the file that its first line names."""

import re
import subprocess
import sys

import pytest

from guards.test_plugin import NAMED, ROOT, environment

PAGE = (ROOT / "docs" / "guards.md").read_text(encoding="utf-8")
SNIPPETS = dict(re.findall(r"```python\n# (\w+\.py)\n(.*?)```", PAGE, re.DOTALL))


def test_every_snippet_names_its_file() -> None:
    assert len(SNIPPETS) == PAGE.count("```python")


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_snippet_runs(tmp_path, name: str) -> None:
    (tmp_path / name).write_text(SNIPPETS[name], encoding="utf-8")
    command = [sys.executable, name]
    if name.startswith("test_"):
        command = [sys.executable, "-m", "pytest", "-q", "--strict-markers", *NAMED, name]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=300, env=environment()
    )
    assert done.returncode == 0, done.stdout + done.stderr
