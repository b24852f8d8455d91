"""The tree is as `docs/design.md` has it: imports run down the order that stands there, and no
files import each other in a circle. Syntax trees are read: an import for types alone, or inside a
function, counts as any other."""

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "unstuck"
DESIGN = ROOT / "docs" / "design.md"


def order() -> list[str]:
    """Nouns from the bottom, from the block that the design calls `order`."""
    return re.search(r"```order\n(.*?)```", DESIGN.read_text("utf-8"), re.DOTALL)[1].split()


def modules(folder: Path) -> dict[str, Path]:
    """Files by dotted name; a package is its `__init__.py`."""
    return {
        ".".join((folder.name, *path.relative_to(folder).with_suffix("").parts)).removesuffix(
            ".__init__"
        ): path
        for path in sorted(folder.rglob("*.py"))
    }


def imported(name: str, path: Path, known: dict[str, Path]) -> Iterator[str]:
    """Which of the known modules a file imports, wherever in it that stands.

    What the package says of itself (`__version__`) is no import of what else it holds.
    """
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        wanted: list[tuple[str, str]] = []
        if isinstance(node, ast.Import):
            wanted = [(alias.name, "") for alias in node.names if "." in alias.name]
        elif isinstance(node, ast.Attribute):
            if getattr(node.value, "id", "") == name.partition(".")[0]:
                wanted = [(node.value.id, node.attr)]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            origin = ".".join(above if node.level else []) + "." * bool(node.level and node.module)
            origin += node.module or ""
            wanted = [(origin, alias.name) for alias in node.names]
        elif isinstance(node, ast.Call) and node.args:
            called = node.func
            by = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            what = node.args[0]
            if by == "import_module" and isinstance(what, ast.Constant):
                wanted = [(str(what.value), "")]
        for origin, member in wanted:
            inside = f"{origin}.{member}"
            if inside in known:
                yield inside
            elif member.startswith("__"):
                continue
            elif origin in known and origin != name:
                yield origin


def uses(folder: Path) -> dict[str, set[str]]:
    """Which modules each one imports."""
    known = modules(folder)
    return {name: set(imported(name, path, known)) for name, path in known.items()}


def noun(module: str) -> str:
    """The folder or file right under the package; "" for the package itself."""
    return [*module.split("."), ""][1]


def against(order: list[str], uses: dict[str, set[str]]) -> list[str]:
    """Imports that point up the order, and nouns that are not in it.

    The package itself holds the public names: it may import all, and is no one's to import.
    """
    rank = {name: i for i, name in enumerate(order)}
    found = [f"{m}: not in the order" for m in uses if noun(m) and noun(m) not in rank]
    for module, others in sorted(uses.items()):
        for other in sorted(others):
            lower, upper = rank.get(noun(module), len(order)), rank.get(noun(other), len(order))
            if noun(module) and upper > lower:
                found.append(f"{module} imports {other}")
    return found


def circle(uses: dict[str, set[str]]) -> list[str]:
    """One circle of imports, its first module repeated at the end; none if there is none."""
    try:
        TopologicalSorter(uses).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def tree(folder: Path, files: dict[str, str]) -> Path:
    """A made-up package."""
    root = folder / "unstuck"
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        (path.parent / "__init__.py").touch()
    (root / "__init__.py").touch()
    return root


UP = {
    "at the top": "from unstuck.high.a import x",
    "of a module": "from unstuck.high import a",
    "of a folder": "import unstuck.high",
    "of types alone": "if TYPE_CHECKING:\n    from unstuck.high.a import X",
    "inside a function": "def f():\n    from unstuck.high.a import x",
    "relative": "from ..high.a import x",
    "relative, of a module": "from ..high import a",
    "by name": 'import importlib\na = importlib.import_module("unstuck.high.a")',
}


@pytest.mark.parametrize("text", UP.values(), ids=UP)
def test_an_import_that_points_up_is_found_wherever_it_stands(tmp_path, text):
    root = tree(tmp_path, {"low/b.py": text, "high/a.py": "x = 1"})
    assert len(against(["low", "high"], uses(root))) == 1
    assert against(["high", "low"], uses(root)) == []


@pytest.mark.parametrize("text", ["import unstuck\nunstuck.f()", "from unstuck import f"])
def test_the_public_names_are_no_ones_to_import(tmp_path, text):
    found = uses(tree(tmp_path, {"low/b.py": text}))
    assert against(["low"], found) == ["unstuck.low.b imports unstuck"]


CIRCLES = {
    "two files": {"low/a.py": "from unstuck.low import b", "low/b.py": "import unstuck.low.a"},
    "three files": {
        "low/a.py": "from unstuck.low.b import x",
        "low/b.py": "def f():\n    from .c import x",
        "low/c.py": "if TYPE_CHECKING:\n    from unstuck.low.a import x",
    },
    "a folder and its file": {"low/__init__.py": "from .a import x", "low/a.py": "from . import x"},
}


@pytest.mark.parametrize("files", CIRCLES.values(), ids=CIRCLES)
def test_a_circle_is_found_however_its_imports_stand(tmp_path, files):
    found = circle(uses(tree(tmp_path, files)))
    assert found
    assert found[0] == found[-1]


def test_what_runs_down_is_no_circle_and_a_new_noun_is_told(tmp_path):
    files = {
        "high/a.py": "from unstuck.low.b import x",
        "high/c.py": "from .a import x\nfrom unstuck.low import b",
        "low/b.py": "import ast\nimport unstuck\nunstuck.__version__",
        "new.py": "",
    }
    found = uses(tree(tmp_path, files))
    assert circle(found) == []
    assert against(["low", "high"], found) == ["unstuck.new: not in the order"]
    assert found["unstuck.high.c"] == {"unstuck.high.a", "unstuck.low.b"}


def test_the_order_names_all_that_is_there_and_nothing_else():
    there = {noun(module) for module in modules(SOURCE)} - {""}
    assert sorted(order()) == sorted(there)


def test_imports_run_down_the_order():
    assert against(order(), uses(SOURCE)) == []


# A subject makes its own trainer, when it is asked for one, and a trainer knows its subject. Two
# halves of one search read each other. No other pair does, and none across folders.
MADE = {
    "unstuck.setups.subject": {"unstuck.setups.trainer"},
    "unstuck.frameworks.torch.subject": {"unstuck.frameworks.torch.training"},
    "unstuck.frameworks.keras.subject": {
        "unstuck.frameworks.keras.training",
        "unstuck.frameworks.keras.copies",
    },
    "unstuck.frameworks.sklearn.perceptron": {"unstuck.frameworks.sklearn.training"},
    "unstuck.frameworks.jax.subject": {"unstuck.frameworks.jax.training"},
    "unstuck.patch.loops": {"unstuck.patch.roles"},
}


def test_no_circle_is_among_the_files():
    known = {used: into - MADE.get(used, set()) for used, into in uses(SOURCE).items()}
    assert circle(known) == []
