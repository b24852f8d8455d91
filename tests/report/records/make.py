"""Makes the records beside this file anew, by real runs of the repository's examples:

    python tests/report/records/make.py [NAME ...]

Pages are tested on them; a minute each on two cores. They are the records that `--json` writes, on
one line, compressed.
"""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
RUNS = {  # name: seconds of --prove, none for a diagnosis alone; script
    "stuck": ("40", "examples/broken/01_pixels.py"),
    "improvable": ("40", "examples/healthy/01_pixels.py"),
    "healthy": ("40", "examples/healthy/02_adam.py"),
    "diverged": ("40", "examples/broken/03_sgd.py"),
    "undecided": ("4", "examples/broken/01_pixels.py"),
    "regression": ("40", "examples/broken/05_prices.py"),
    "two-parts": ("40", "examples/broken/06_wine.py"),
    "rate": ("60", "examples/broken/04_patience.py"),
    "diagnosed": ("", "examples/broken/01_pixels.py"),
}


def made(name: str) -> bytes:
    """One record."""
    seconds, script = RUNS[name]
    out = Path("record.json")
    options = ["--prove", seconds] if seconds else []
    done = subprocess.run(
        [
            *(sys.executable, "-c", "from unstuck.cli import main; main()"),
            *("run", *options, "--json", str(out), script),
        ],
        cwd=ROOT,
        env=os.environ | {"KERAS_BACKEND": "torch"},
        capture_output=True,
        text=True,
    )
    try:
        record = json.loads((ROOT / out).read_text("utf-8"))
    except FileNotFoundError:
        sys.exit(f"{name}: {done.stderr[-2000:]}")
    finally:
        (ROOT / out).unlink(missing_ok=True)
    print(f"{name}: {record['subjects'][0]['says']}")
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(text.encode(), 9, mtime=0)


if __name__ == "__main__":
    for name in sys.argv[1:] or RUNS:
        (HERE / f"{name}.json.gz").write_bytes(made(name))
