"""python installed.py FILE: a wheel or sdist, installed by itself in a new environment, and tried.

Run by `make package`. Nothing of this repository is on the path, and no framework beside what the
package itself needs is there.
"""

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

NETS = """
import numpy as np
from sklearn.neural_network import MLPClassifier
rng = np.random.default_rng(0)
x, y = rng.normal(size=(200, 4)), rng.integers(0, 2, 200)
def raw(): return MLPClassifier((8,)), 1e4 * x, y
"""


def main(file: Path) -> None:
    """Installs and tries it; ends with what went wrong."""
    with tempfile.TemporaryDirectory() as home:
        venv.create(Path(home, "env"), with_pip=True)
        python, unstuck = (Path(home, "env", "bin", name) for name in ("python", "unstuck"))
        _run([python, "-m", "pip", "install", "--quiet", file.absolute()], home)
        folder = Path(home, "folder")
        folder.mkdir()
        (folder / "nets.py").write_text(NETS, "utf-8")
        version = _run([unstuck, "--version"], folder).split()[1]
        assert version in file.name, (version, file.name)
        for asked in ("--help", "diagnose --help", "run --help", "schema", "causes", "cases list"):
            assert _run([unstuck, *asked.split()], folder)
        options = ["--json", "out.json", "--html", "out.html", "--fail-on", "suspected"]
        _run([unstuck, "diagnose", "nets.py:raw", *options], folder, status=10)
        record = json.loads((folder / "out.json").read_text("utf-8"))
        assert record["subjects"][0]["report"]["suspects"]
        assert "input" in _run([unstuck, "show", "out.html"], folder)
        if file.suffix == ".whl":
            assert "unstuck diagnosis" in _run([unstuck, "demo"], folder)
    print(f"{file.name}: installed alone, {version}")


def _run(command: list[object], folder: object, status: int = 0) -> str:
    done = subprocess.run([*map(str, command)], cwd=folder, capture_output=True, text=True)
    if done.returncode != status:
        sys.exit(f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr


if __name__ == "__main__":
    main(Path(sys.argv[1]))
