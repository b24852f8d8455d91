"""A fuzzer: odd files, calls, settings, command lines and training scripts, drawn from a seed.

`python -m fuzz` in `tests` (or `make fuzz`) makes as many attempts as asked for and tells what it
found; `test_fuzz.py` makes some of each kind, the same at every run.
"""
