"""Command lines: commands × options × values × files, each in a folder of its own."""

import json
import re
import shlex
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from .apart import Ended, apart, warm
from .attempt import Outcome, traced, unfit
from .files import files

STATUSES = (0, 1, 2, 3, 10, 11, 12)  # as the README tells of them
NETS = """
import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor
rng = np.random.default_rng(0)
x, y = rng.normal(size=(40, 4)), rng.integers(0, 2, 40)
def model(): return MLPClassifier((4,))
def raw(): return MLPClassifier((4,)), 1e4 * x, y
def sound(): return {"model": MLPRegressor(hidden_layer_sizes=(4,)), "x": x, "y": x[:, 0]}
def odd(): return 3, x, y
def nothing(): pass
def fails(): return 1 / 0
def exits(): raise SystemExit(4)
def prints(): print("said"); return raw()
def wants(a): return raw()
def misspelt(): return {"model": model(), "X": x}
"""
OUTPUTS = ("--json", "--html", "--sarif", "--patch", "--markdown")
HOLDS = {  # what lies in the folder
    "nets.py": NETS,
    "s.py": "import sys\nprint(sys.argv[1:])\n",
    "fits.py": NETS + "model().fit(x, y)\n",
    "raw.py": NETS + "model().fit(1e4 * x, y)\n",
    "fails.py": "1 / 0\n",
    "exits.py": "import sys\nsys.exit(7)\n",
    "syntax.py": "def f(:\n",
    "n.ipynb": '{"cells": [{"cell_type": "code", "source": ["print(1)"], "metadata": {},'
    ' "outputs": [], "execution_count": null}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
    "bad.ipynb": "{",
    "null.json": "null",
    "list.json": "[1, 2]",
    "empty.json": "{}",
    "other.json": '{"schema": 99, "subjects": []}',
    "near.json": '{"schema": 2, "subjects": [{"framework": 3}]}',
    "deep.json": "[" * 5_000,
    "page.html": "<html><script>alert(1)</script></html>",
    "bad.keras": "no model",
    "empty.txt": "",
}
NAMES = (*HOLDS, "x.npy", "y.npy", "both.npz", "t.csv", "d", "link.json", "none.npy", "no/where.json", "-", "/dev/null",
    "/dev/stdout", "./x.npy", "d/../x.npy", "out.json", "out.html", "new.json", "new", "*.npy", "~", "ß.json", "a b.json", "x" * 300)  # fmt: skip
WORDS = ("", "0", "1", "-1", "3", "30", "1.5", "nan", "1e99", "inf", "x", "None", "adam", "sgd", "--", "-x", "full", "compact", "never", "always",
    "suspected", "improvable", "digits", "digit", "fashion-mnist", "\x1b[31m", "ß", "x.npy,y.npy", "y.npy,x.npy", "99999999999999999999")  # fmt: skip
TARGETS = ("nets:model", "nets:raw", "nets.py:sound", "nets:sound", "nets.py:raw", "nets:odd", "nets:nothing", "nets:fails", "nets:exits", "nets:prints",
    "nets:wants", "nets:misspelt", "nets:modle", "net:raw", "nets", ":", "", "syntax:f", "syntax.py:f", "bad.keras", "nets:x", "nets:np", "os:getcwd", "d:f", "s.py:", "..:x")  # fmt: skip
USUAL = {
    "diagnose": (
        "nets:model --x x.npy --y y.npy", "nets:raw", "nets.py:sound", "nets:model --data x.npy,y.npy", "nets:model --data both.npz", "nets:model --x t.csv --y y.npy",
        "nets:raw --json out.json", "nets:raw --html out.html --fail-on suspected", "nets:sound --format compact --examples 30", "nets:raw --json - --batch-size 8",
    ),
    "run": ("s.py", "s.py a --json b", "--json out.json fits.py", "fits.py", "--sarif out.sarif --fail-on never fits.py", "n.ipynb", "-m s", "--html out.html fits.py",
        "fails.py", "exits.py", "--stop --json out.json fits.py", "--format compact fits.py", "--compat s.py"),
    "batch": ("fits.py", "s.py", "--json out.json fits.py", "--html out.html fits.py", "--json - fits.py a", "n.ipynb", "-m fits", "fails.py", "exits.py"),
    # Two that learn are run three times and more: most of these end before that.
    "compare": ("fits.py fits.py", "fits.py none.py", "s.py fails.py", "syntax.py fits.py", "n.ipynb fits.py", "x.npy fits.py", "HEAD:fits.py fits.py",
        "--budget 1 fits.py raw.py", "--budget 1 --json out.json raw.py fits.py a b"),
    "show": ("null.json", "record.json", "page.html", "made.html"),
    "causes": ("", "input-spread", "none"),  # --markdown takes minutes
    "schema": ("",),
    "cases": ("list", "show relu-vs-sigmoid", "run --seeds 0", "show none", "run none", "run"),
    "demo": ("--none", "--seconds x", "extra"),
    "mcp": ("--none", "x y z"),
    "": ("", "--version", "--help", "none", "--none", "diagnos", "run --help", "diagnose --help"),
}  # fmt: skip
OPTIONS = {
    "diagnose": ("--x", "--y", "--data", "--data-dir", "--loss", "--optimizer", "--batch-size", "--shuffle", "--no-shuffle", "--examples", "--epochs",
        "--json", "--html", "--fail-on", "--format", "--help", "--none", "--jso"),
    "run": ("--json", "--html", "--sarif", "--fail-on", "--format", "--stop", "--compat", "-m", "--help", "--none"),
    "batch": ("--json", "--html", "-m", "--help", "--none"),
    "compare": ("--budget", "--json", "--help", "--none"),
    "show": ("--help", "--json"),
    "causes": ("--help", "--json"),
}  # fmt: skip
SCRIPTS = ("run", "batch", "compare")  # what they are followed by is a script, with its arguments
RUNS = (("run",), ("batch",))
FLAGS = ("--shuffle", "--no-shuffle", "--stop", "--compat", "--help", "--none")


@dataclass(frozen=True)
class CommandLine:
    """A command, given in a folder.

    Args:
        arguments: after `unstuck`.
        added: (name, content) of a file beside those of `HOLDS`.
    """

    arguments: tuple[str, ...]
    added: tuple[str, bytes] | None = None

    @property
    def text(self) -> str:
        """The command; the folder is that of `tests/fuzz/command_lines.py`."""
        made = "" if self.added is None else f"# {self.added[0]} holds {self.added[1]!r}\n"
        return f"{made}unstuck {shlex.join(self.arguments)}"

    def tried(self) -> Outcome:
        """Given in a child."""
        warm("sklearn")
        with tempfile.TemporaryDirectory() as home:
            folder = Path(home)
            _fill(folder)
            if self.added is not None:
                (folder / self.added[0]).write_bytes(self.added[1])
            before = _contents(folder)
            ended = apart(self._main, folder)
            broken = self._broken(ended, before, folder)
        told = f"{ended.status}\n{ended.out[-1_500:]}\n{ended.err[-3_000:]}"
        return Outcome("accepted" if ended.status in (0, 10) else "refused", broken, told)

    def _main(self) -> None:
        from unstuck.cli import main

        sys.argv = ["unstuck", *self.arguments]
        sys.path[0] = ""
        main()

    def _broken(self, ended: Ended, before: Mapping[str, bytes], folder: Path) -> str:
        if ended.crashed:
            return f"ended by {ended.crashed}"
        own = self.arguments[:1] in RUNS  # whose script may fail as it likes
        if "Traceback" in ended.err and not (own and _is_users(ended.err)):
            return traced(ended.err)
        if "the script goes on" in ended.err:
            return next(x for x in ended.err.splitlines() if "the script goes on" in x)
        if ended.status not in STATUSES and not (own and ended.status == 7):
            return f"exit status {ended.status}"
        usage = ended.out if "Usage:" in ended.out else ""  # of a group without a command
        told = ended.err or usage
        if ended.status == 2 and self.arguments and (len(told.splitlines()) > 25 or not told):
            return "a mistake that is not explained on one screen"
        after = _contents(folder)
        named = [a.partition("=")[2] or a for a in self.arguments]
        outputs = {Path(name).name for name in named}
        changed = {n for n in {*before, *after} if before.get(n) != after.get(n)}
        if ended.status == 2 and changed:
            return f"a mistake, and yet written: {sorted(changed)[0]}"
        if changed - outputs:
            return f"written and not named: {sorted(changed - outputs)[0]}"
        if changed & set(before) and not self._overwrites(changed & set(before)):
            return f"an input was changed: {sorted(changed & set(before))[0]}"
        return self._unwritten(ended, folder)

    def _overwrites(self, names: set[str]) -> bool:
        """Whether these stand right after options that write, and nowhere else."""
        whole = [part for a in self.arguments for part in a.split("=", 1)]
        given = [Path(a).name for a in whole]
        written = [given[i + 1] for i, a in enumerate(whole[:-1]) if a in OUTPUTS]
        return all(0 < given.count(n) == written.count(n) for n in names)

    def _unwritten(self, ended: Ended, folder: Path) -> str:
        """What was asked for and is not there, or not as the schema has it."""
        asked = self.arguments
        if ended.status not in (0, 10, 11, 12) or "--help" in asked or asked[0] not in OPTIONS:
            return ""
        options = asked[: asked.index("--")] if "--" in asked else asked
        if asked[0] in SCRIPTS:  # what follows the script is its own
            options = options[: next((i for i, a in enumerate(asked) if _is_script(asked, i)), 0)]
        if "--json" not in options[:-1]:
            return ""
        name = options[len(options) - 1 - options[::-1].index("--json") + 1]
        if name in ("-", "/dev/stdout"):
            made = ended.out[ended.out.index("{") :] if asked[0] in SCRIPTS else ended.out
        elif name == "/dev/null":
            return ""
        else:
            file = (folder / name).expanduser()
            if not file.is_file():
                return f"no record in {name}"
            made = file.read_text("utf-8")
        try:
            record = json.loads(made)
            return "" if asked[0] in ("batch", "compare") else unfit(record)
        except ValueError:
            return "a record that is no JSON"


def _is_script(arguments: tuple[str, ...], i: int) -> bool:
    before = arguments[i - 1] if i else ""
    valued = before.startswith("-") and before not in FLAGS and before != "-m"
    return i > 0 and not arguments[i].startswith("-") and not valued


def _is_users(err: str) -> bool:
    """Whether a traceback is of the script alone."""
    traceback = err[err.index("Traceback") :]
    return not re.search(r'File "[^"]*/unstuck/', traceback)


@cache
def _made() -> dict[str, bytes]:
    """Arrays, tables, a record and a page."""
    from sklearn.neural_network import MLPClassifier

    import unstuck
    from unstuck.report.as_json import text
    from unstuck.report.handed import run_record
    from unstuck.report.page.page import page

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 4)), rng.integers(0, 2, 40)
    record = run_record(unstuck.diagnose(MLPClassifier((4,)), 1e4 * x, y).record)
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/x.npy", x)
        np.save(f"{folder}/y.npy", y)
        np.savez(f"{folder}/both.npz", x=x, y=y)
        np.savetxt(f"{folder}/t.csv", x, delimiter=",", header="a,b,c,d", comments="")
        found = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
    return found | {"record.json": text(record).encode(), "made.html": page(record).encode()}


def _fill(folder: Path) -> None:
    for name, content in HOLDS.items():
        (folder / name).write_text(content, "utf-8")
    for name, content in _made().items():
        (folder / name).write_bytes(content)
    (folder / "d").mkdir()
    (folder / "link.json").symlink_to("null.json")


def _contents(folder: Path) -> dict[str, bytes]:
    """By name; of what is no file, its kind."""
    return {
        path.name: path.read_bytes() if path.is_file() else b"a folder"
        for path in folder.rglob("*")
        if "__pycache__" not in path.parts
    }


@st.composite
def command_lines(draw) -> CommandLine:
    """A usual command with something put in, taken out or exchanged."""
    command = draw(st.sampled_from([*["diagnose"] * 6, *["run"] * 4, *USUAL]))
    arguments = draw(st.sampled_from(USUAL[command])).split()
    anything = st.one_of(st.sampled_from(NAMES), st.sampled_from(WORDS))
    added = None
    if draw(st.integers(0, 3)) == 0 and command in ("diagnose", "show"):
        file = draw(files())
        added = file.name, file.content
        given = ["--x", file.name, "--y", "y.npy"] if draw(st.booleans()) else ["--data", file.name]
        arguments = ["nets:model", *given] if command == "diagnose" else [file.name]
    for _ in range(draw(st.integers(0, 2))):
        how = draw(
            st.sampled_from(["option", "option", "exchange", "take out", "double", "target"])
        )
        i = draw(st.integers(0, max(0, len(arguments) - 1)))
        if how == "option" and command in OPTIONS:
            option = draw(st.sampled_from(OPTIONS[command]))
            value = [] if option in FLAGS else [draw(anything)]
            if value and option.startswith("--") and draw(st.integers(0, 5)) == 0:
                option, value = f"{option}={value[0]}", []
            at = 0 if command in SCRIPTS else draw(st.integers(0, len(arguments)))
            arguments[at:at] = [option, *value]
        elif how == "exchange" and arguments:
            arguments[i] = draw(anything)
        elif how == "take out" and arguments:
            del arguments[i]
        elif how == "double" and arguments:
            arguments.insert(i, arguments[i])
        elif how == "target" and command == "diagnose" and arguments:
            arguments[0] = draw(st.sampled_from(TARGETS))
    whole = (command, *arguments) if command else tuple(arguments)
    if whole[:1] in [("demo",), ("mcp",)] and not {"--none", "x", "extra"} & set(whole):
        whole += ("--none",)  # the one trains for a minute, the other waits for its input
    if whole[:2] == ("cases", "run") and not {"0", "none"} & set(whole):
        whole += ("none",)
    return CommandLine(tuple(a.replace("\0", "") for a in whole), added)
