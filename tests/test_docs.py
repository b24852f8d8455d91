"""Every Python snippet of the documentation is run, as the file that its first line names; and
every page and public name is on the site, which `make site` builds with warnings as errors."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

import unstuck
from unstuck.causes import LOOP, TRIED, causes
from unstuck.cli import app
from unstuck.records.quantity import quantity

ROOT = Path(__file__).parents[1]
GUARDS = ROOT / "docs" / "guards.md"  # its snippets are run by tests/guards/test_docs.py
NAMED = re.compile(r"```python\n# (\w+\.py)\b[^\n]*\n(.*?)```", re.DOTALL)
PAGES = [p for p in sorted((ROOT / "docs").rglob("*.md")) if p != GUARDS]
SNIPPETS = {
    name: text for page in PAGES for name, text in NAMED.findall(page.read_text(encoding="utf-8"))
}
SCRIPTS = ["train.py"]  # run under `unstuck run`
# One process runs them all: what they import is imported once.
ONE_BY_ONE = "import runpy, sys\nfor name in sys.argv[1:]:\n    runpy.run_path(name)"


def ran(folder, *command):
    for name, text in SNIPPETS.items():
        (folder / name).write_text(text, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        env=environment,
    )


def test_every_snippet_names_its_file() -> None:
    made = [page.read_text(encoding="utf-8").count("```python\n") for page in PAGES]
    assert sum(made) == len(SNIPPETS) > len(SCRIPTS)


def test_the_snippets_run(tmp_path) -> None:
    done = ran(tmp_path, "-c", ONE_BY_ONE, *(name for name in SNIPPETS if name not in SCRIPTS))
    assert done.returncode == 0, done.stderr
    assert "features on different scales" in done.stdout
    assert "the same answers on raw inputs: True" in done.stdout


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_first_script_is_suspected(tmp_path, name: str) -> None:
    done = ran(tmp_path, "-c", "from unstuck.cli import main; main()", "run", name)
    assert done.returncode == 10, done.stderr
    assert "Suspected, not tested yet: features on different scales" in done.stderr


def test_every_page_is_in_the_navigation() -> None:
    docs = ROOT / "docs"
    index = (docs / "index.md").read_text(encoding="utf-8")
    entries = "\n".join(re.findall(r"```{toctree}\n(.*?)```", index, re.DOTALL)).split()
    pages = {p.relative_to(docs).with_suffix("").as_posix() for p in docs.rglob("*.md")}
    assert pages - {"index"} <= set(entries)


def test_every_public_name_is_described() -> None:
    text = "".join((ROOT / "docs" / f"{name}.md").read_text("utf-8") for name in ("api", "records"))
    described = set(re.findall(r"^\.\. auto\w+:: (\w+)$", text, re.MULTILINE))
    assert set(unstuck.__all__) - {"__version__"} <= described


def commands(command, context, name):
    """Every command by its full name, with what it takes."""
    yield name, [one for one in command.params if not getattr(one, "hidden", False)]
    for below in command.list_commands(context) if hasattr(command, "list_commands") else ():
        yield from commands(command.get_command(context, below), context, f"{name} {below}")


def test_every_command_and_option_is_on_the_page_of_the_command_line(monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    from site_parts.reference import markdown

    assert "```{commands}\n" in (ROOT / "docs" / "commands.md").read_text("utf-8")
    section = re.compile(r"^#+ `([^`\n]+)`\n(.*?)(?=^#+ `|\Z)", re.MULTILINE | re.DOTALL)
    told = dict(section.findall(f"# `unstuck`\n{markdown()}"))
    root = get_command(app)
    context = root.make_context("unstuck", [], resilient_parsing=True)
    taken = dict(commands(root, context, "unstuck"))
    assert set(told) == set(taken)
    assert sum(map(len, taken.values())) > 40
    for name, takes in taken.items():
        listed = re.findall(r"^\* `([^`]+)`: \S", told[name], re.MULTILINE)
        words = set(re.findall(r"[\w-]+", " ".join(listed)))
        for one in takes:
            option = one.param_type_name == "option"
            assert {*one.opts, *one.secondary_opts} <= words if option else listed[0], name


def test_every_cause_has_pictures_of_what_its_page_tells(monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    from site_parts import examples

    page = (ROOT / "docs" / "causes.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## ([\w-]+)\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    missing = "make it: python docs/causes.py NAME"
    assert examples.names() == [cause.name for cause in causes()], missing
    for cause in causes():
        drawn = examples.pictures(cause.name)
        assert all(p.title and p.note and 500 < len(p.svg) < 20_000 for p in drawn)
        if cause.shows is None:
            assert [p.name for p in drawn] == ["curves"]
            continue
        assert drawn[0].name == "signs", cause.name
        report = examples.run(cause.name).subjects[0].report
        (suspect,) = [s for s in report.suspects if s.name == cause.name]
        for sign in suspect.evidence:
            told = quantity(sign.value, report.units.get(sign.probe, ""))
            assert f"| {told} |" in sections[cause.name], (cause.name, sign.probe)
        first = suspect.evidence[0]
        assert quantity(first.value, report.units.get(first.probe, "")) in drawn[0].svg


@pytest.mark.parametrize("name", ["loss-detached", "training-short", "hidden-activation"])
def test_a_loop_with_its_fault_does_worse(monkeypatch, name: str) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    import loops

    assert set(loops.PAIRS) == {*LOOP, *TRIED}
    told = loops.measured(name, seeds=[0])
    assert told["sound"][0][-1] > told["fault"][0][-1] + 0.2
