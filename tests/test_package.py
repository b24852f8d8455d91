"""The package as a whole: what importing it costs, what it shows, what its files must not name."""

import importlib.metadata
import re
import subprocess
import sys
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

import unstuck
from unstuck.errors import UnstuckError

ROOT = Path(__file__).parents[1]
FACE = {
    "Equivalence", "Fix", "Proof", "Report", "UnstuckError", "__version__", "diagnose",
    "equivalence", "fold", "noted", "watch",
}  # fmt: skip
HEAVY = ("jax", "sklearn", "scipy", "optax", "keras", "tensorflow", "torch", "pandas", "uniplot")


def loaded_by(code):
    """Top-level modules that a fresh process has loaded after the code."""
    last = "import sys; print('MODULES', *{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{last}"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].removeprefix("MODULES ").split())


HELP = """
import contextlib, sys
from unstuck.cli import main
sys.argv = ["unstuck", *ARGUMENTS]
with contextlib.suppress(SystemExit):
    main()
"""


@pytest.mark.parametrize(
    "code",
    [
        "import unstuck",
        "import unstuck; unstuck.UnstuckError; unstuck.Report; dir(unstuck)",
        HELP.replace("ARGUMENTS", "['--help']"),
        HELP.replace("ARGUMENTS", "['cases', 'run', '--help']"),
        HELP.replace("ARGUMENTS", "['diagnose', '--help']"),
        HELP.replace("ARGUMENTS", "['--version']"),
    ],
    ids=["import", "errors", "help", "cases-run-help", "diagnose-help", "version"],
)
def test_nothing_heavy_is_loaded(code):
    loaded = loaded_by(code)
    assert "unstuck" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_the_import_alone_loads_nothing_but_python():
    assert loaded_by("import unstuck") - loaded_by("pass") <= {
        "unstuck",
        "importlib",
        "typing",
        "warnings",
        "_abc",
        *sys.stdlib_module_names,
    }


def test_a_framework_loaded_first_would_be_seen():
    assert "scipy" in loaded_by("import scipy")


def test_the_public_face():
    assert set(unstuck.__all__) == set(dir(unstuck)) == FACE
    assert list(unstuck.__all__) == sorted(unstuck.__all__)
    for name in unstuck.__all__:
        assert getattr(unstuck, name) is not None
    assert unstuck.UnstuckError is UnstuckError
    namespace = {}
    exec("from unstuck import *", namespace)
    assert namespace.keys() - {"__builtins__"} == FACE


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'unstuck' has no attribute 'nonsense'"):
        _ = unstuck.nonsense


def test_every_error_is_an_unstuck_error():
    import unstuck.errors as errors

    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    assert len(kinds) >= 8
    assert all(issubclass(kind, UnstuckError) for kind in kinds)
    # The tree at the head of the file is the tree.
    drawn = re.findall(r"^[│├└─ ]*(\w+)", errors.__doc__.split("\n\n", 1)[1], re.MULTILINE)
    assert drawn == [kind.__name__ for kind in kinds]


def test_types_are_shipped():
    assert files("unstuck").joinpath("py.typed").is_file()


def test_the_version_is_that_of_the_distribution():
    assert re.fullmatch(r"\d+\.\d+\.\d+", unstuck.__version__)
    try:
        installed = importlib.metadata.version("unstuck")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("not installed: run from its source")
    assert installed == unstuck.__version__


def ours():
    """The text files of the repository, without what tools leave in it."""
    for folder in ("src", "tests", "benchmarks", "docs", ".ci", "."):
        for path in (ROOT / folder).glob("*" if folder == "." else "**/*"):
            if path.is_file() and path.suffix in {".py", ".md", ".toml", ".j2", ".json", ""}:
                yield path


def test_no_file_names_a_place_of_somebodys_machine():
    # Put together here, so that this file does not name one.
    places = [f"/{name}/" for name in ("home", "Users", "root", "work")]
    pattern = re.compile(rf"(?<![\w.}}])({'|'.join(places)})\w")
    found, seen = [], 0
    for path in ours():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        seen += 1
        found += [f"{path.relative_to(ROOT)}: {hit.group()}" for hit in pattern.finditer(text)]
    assert found == []
    assert seen > 50


def test_the_citation_is_of_this_package():
    text = (ROOT / "CITATION.cff").read_text("utf-8")
    told = dict(re.findall(r'^([a-z-]+): "?(.+?)"?$', text, re.MULTILINE))
    about = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert told["version"] == unstuck.__version__
    assert told["license"] == about["license"]
    assert told["title"] == f"unstuck: f{about['description'].rstrip('.')[1:]}"
    assert [f"- name: {a['name']}" in text for a in about["authors"]] == [True]
    assert {"cff-version", "message", "type"} <= set(told)
