"""Scripts behave under `unstuck run` as under `python`; no framework is needed here."""

import json
import os
import shlex
import signal
import subprocess
import time

import pytest

from unstuck.errors import UsageError
from unstuck.script.running import script

from .running import COMMAND, PATIENCE_S, bootstrapped, python, unstuck_run, without_ours

SCRIPTS = {
    "argv": "import sys; print(sys.argv, sys.path[0])",
    "main": (
        "import sys\n"
        "print(__name__, __file__, __spec__, __package__, __doc__, __builtins__, __cached__)\n"
        "print(sorted(globals()), type(__loader__), sys.modules['__main__'].__dict__ is globals())"
    ),
    "exit-number": "import sys; sys.exit(3)",
    "exit-text": "import sys; sys.exit('gone')",
    "exit-text-own-print": (
        "import builtins, sys\nbuiltins.print = lambda *a, **k: sys.stdout.write('own')\n"
        "sys.exit('gone')\n"
    ),
    "exit-no-text": (
        "import sys\nclass Bye:\n    def __str__(self): raise ValueError\nsys.exit(Bye())\n"
    ),
    "hook-raises": (
        "import sys\ndef hook(*told): raise ValueError('of the hook')\n"
        "sys.excepthook = hook\n1 / 0\n"
    ),
    "hook-exits": "import sys\nsys.excepthook = lambda *told: sys.exit(7)\n1 / 0\n",
    "hook-gone": "import sys\ndel sys.excepthook\n1 / 0\n",
    "exit-none": "import sys; sys.exit()",
    "exit-beyond": "import sys; sys.exit(256 + 7)",
    "os-exit": "import os; print('x', flush=True); os._exit(4)",
    "crash": "def f():\n    raise ValueError('no')\n\nf()\n",
    "chained": (
        "try:\n    {}['a']\nexcept KeyError as error:\n    raise RuntimeError('b') from error\n"
    ),
    "group": "raise ExceptionGroup('several', [ValueError(1), TypeError(2)])",
    "syntax": "x = 1\nif x\n    pass\n",
    "encoding": "# -*- coding: latin-1 -*-\nprint(len('\xe4'))",
    "hook": "import sys\nsys.excepthook = lambda *told: print('mine', told[0])\n1 / 0\n",
    "stdin": "print(input(), input())",
    "chdir": "import os; os.chdir('/'); print(os.getcwd())",
    "atexit": "import atexit; atexit.register(print, 'last'); print('first')",
    "helper": "import helper; print(helper.told())",
    "helper-crash": "import helper; helper.crash()",
    "broken-import": "import numpy.nothing_there",
    "thread": (
        "import threading, time\n"
        "threading.Thread(target=lambda: (time.sleep(0.3), print('thread'))).start()\n"
        "print('main')"
    ),
    "exit-far-beyond": "import sys; sys.exit(2**70)",
    "pools-left-open": (
        "import multiprocessing as m\n"
        "from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor\n"
        "from joblib import Parallel, delayed\n"
        "threads = ThreadPoolExecutor(2)\n"
        "print(list(threads.map(abs, [1, -2])))\n"
        "processes = ProcessPoolExecutor(2, m.get_context('fork'))\n"
        "print(list(processes.map(abs, [3, -4])))\n"
        "print(Parallel(n_jobs=2)(delayed(abs)(-i) for i in range(4)))\n"
    ),
    "spawn": (
        "import multiprocessing as m\n"
        "def f(i):\n    return i * i\n"
        "if __name__ == '__main__':\n"
        "    with m.get_context('spawn').Pool(2) as pool:\n        print(pool.map(f, range(4)))\n"
    ),
    "fork": (
        "import multiprocessing as m\n"
        "def f(i):\n    return i * i\n"
        "with m.get_context('fork').Pool(2) as pool:\n    print(pool.map(f, range(4)))\n"
    ),
    "raw-fork": "import os\nif os.fork():\n    os.wait()\nelse:\n    print('child')\n",
    "pickle": (
        "import pickle\nclass A:\n    pass\n"
        "print(type(pickle.loads(pickle.dumps(A()))) is A, A.__module__)"
    ),
    "stderr": "import sys\nprint('told', file=sys.stderr)\nsys.stderr.close()",
    "closed": "import sys\nsys.stdout.close()",
    "warning": "import warnings\nwarnings.warn('careful')",
    "imports": "import sys\nprint(sorted({'numpy', 'jax', 'sklearn', 'rich'} & set(sys.modules)))",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "helper.py").write_text(
        "def told():\n    return __name__\n\n\ndef crash():\n    raise KeyError('deep')\n"
    )
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "__init__.py").write_text("")
    (tmp_path / "part" / "__main__.py").write_text("print('package', __name__, __package__)")
    (tmp_path / "part" / "tool.py").write_text(
        "import sys\nfrom . import __name__ as package\n"
        "print(package, __name__, __spec__.name, sys.argv, sys.path[0])\n"
    )
    return tmp_path


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_does_what_it_does_under_python(name, folder):
    (folder / "s.py").write_bytes(SCRIPTS[name].encode("latin-1"))
    arguments = ["s.py", "--prove", "-x", "--json", "a b"]
    wanted = python(folder, *arguments, stdin="one\ntwo\n")
    seen = unstuck_run(folder, *arguments, stdin="one\ntwo\n")
    assert (seen.status, seen.out) == (wanted.status, wanted.out)
    assert without_ours(seen.err) == wanted.err
    assert "unstuck: could not" not in seen.err
    if name not in ("os-exit", "stderr"):
        assert seen.err.count("no training seen") == 1


def test_a_script_that_python_cannot_read(folder):
    (folder / "s.py").write_bytes(b"\x93NUMPY")
    wanted, seen = python(folder, "s.py"), unstuck_run(folder, "s.py")
    assert (seen.status, seen.out) == (wanted.status, wanted.out) == (1, "")
    assert "SyntaxError" in seen.err
    assert "unstuck: could not" not in seen.err


@pytest.mark.parametrize("module", ["part", "part.tool"])
def test_a_module(module, folder):
    wanted = python(folder, "-m", module, "-a", "1")
    seen = unstuck_run(folder, "-m", module, "-a", "1")
    assert (seen.status, seen.out) == (wanted.status, wanted.out) == (0, wanted.out)


def test_a_notebook(folder):
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("IPython")
    cells = [
        "%matplotlib inline\nx = 1",
        "!echo begins\nx += 1\n{'x': x}",
        "%time y = x\n%env N=1\nx;",
        "%%time\nx += 1\nprint(x, __name__)\nNone",
        "def f():\n    1 / 0\n\nf()",
    ]
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("# Title"), *map(nbformat.v4.new_code_cell, cells)]
    )
    nbformat.write(made, folder / "n.ipynb")
    seen = unstuck_run(folder, "n.ipynb")
    told = [line for line in seen.out.splitlines() if "time" not in line.lower()]
    assert (seen.status, told) == (1, ["begins", "{'x': 2}", "env: N=1", "3 __main__"])
    assert "n.ipynb, cell 5" in seen.err
    assert not list(folder.glob("**/.ipython"))
    assert "ZeroDivisionError" in seen.err


def test_files_are_written_where_asked_for(folder):
    (folder / "s.py").write_text("import os\nos.mkdir('d')\nos.chdir('d')\n1 / 0\n")
    seen = unstuck_run(folder, "--json", "o.json", "--sarif", "o.sarif", "s.py")
    assert seen.status == 1
    assert json.loads((folder / "o.json").read_text())["subjects"] == []
    assert json.loads((folder / "o.sarif").read_text())["runs"][0]["results"] == []


MISTAKES = {
    "no-file": (["none.py"], "none.py"),
    "name-of-300": (["n" * 300], "File name too long"),
    "no-end": (["--prove", "inf", "helper.py"], "--prove inf"),
    "folder": (["part"], "is a folder"),
    "no-module": (["-m", "not_there_at_all"], "not_there_at_all"),
    "module-in-no-package": (["-m", "helper.more"], "helper.more"),
    "no-script": ([], "Missing argument"),
    "option": (["--sop", "helper.py"], "--sop"),
    "seconds": (["--prove", "0", "helper.py"], "greater than or equal to 1"),
    "json": (["--json", "no/a.json", "helper.py"], "is not a folder"),
    "no-notebook": (["bad.ipynb"], "bad.ipynb cannot be read"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_before_anything_is_run(name, folder):
    (folder / "bad.ipynb").write_text("{")
    arguments, told = MISTAKES[name]
    seen = unstuck_run(folder, *arguments)
    assert (seen.status, seen.out) == (2, "")
    assert told in seen.err
    assert "Traceback" not in seen.err


@pytest.mark.skipif(os.name != "posix", reason="sends signals to a process group")
def test_an_interruption(folder):
    (folder / "s.py").write_text("import time\nopen('began', 'w').close()\ntime.sleep(600)\n")
    process = subprocess.Popen(
        [*COMMAND, "s.py"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    until = time.monotonic() + PATIENCE_S
    while not (folder / "began").exists():
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert without_ours(err).endswith('s.py", line 3, in <module>\n    time.sleep(600)\n'
                                      "KeyboardInterrupt\n")  # fmt: skip
    assert "no training seen" in err


def test_a_script_is_found_through_a_link(folder):
    (folder / "link.py").symlink_to(folder / "part" / "tool.py")
    assert script(str(folder / "link.py")).folder == str(folder / "part")
    with pytest.raises(UsageError, match="no file"):
        script("none.py")


HOOK_BREAKS = """
import sys, types
import unstuck.script.hooks as hooks
from unstuck.frameworks.known import Framework
hooks.FRAMEWORKS = (Framework("broken", (), {"json.tool": "broken"}),)
broken = types.ModuleType("unstuck.frameworks.broken")
broken.__spec__ = types.SimpleNamespace()
def install(_):
    raise RuntimeError("ours")
broken.install = install
sys.modules["unstuck.frameworks.broken"] = broken
sys.modules["unstuck.frameworks.broken.broken"] = broken
"""


def test_an_error_of_ours_is_told_once_and_the_script_goes_on(folder):
    (folder / "s.py").write_text("import json.tool\nprint('still here')")
    seen = bootstrapped(folder, HOOK_BREAKS, "s.py")
    assert (seen.status, seen.out) == (0, "still here\n")
    assert seen.err.count("RuntimeError: ours; the script goes on") == 1


def test_a_working_folder_that_is_gone(tmp_path):
    """The script runs as it does under python; what needs the folder says so."""
    (tmp_path / "s.py").write_text("print('here')\n")
    gone = f"cd {tmp_path}; mkdir gone; cd gone; rmdir ../gone;"
    command = shlex.join(COMMAND)

    def shell(line):
        return subprocess.run(f"{gone} {line}", shell=True, capture_output=True, text=True)

    ran = shell(f"{command} {tmp_path}/s.py")
    assert (ran.returncode, ran.stdout) == (0, "here\n")
    refused = shell(f"{command} --json a.json {tmp_path}/s.py")
    assert refused.returncode == 2
    assert refused.stderr.startswith("unstuck: the working folder is no longer there\nexpected: ")
