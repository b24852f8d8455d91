"""A fuzzer: odd files, calls, settings, command lines and training scripts, drawn from a seed.

`make fuzz` (`python -m fuzz`, with `tests` on the path) makes as many attempts as asked for and tells what it
found; `test_fuzz.py` makes some of each kind, the same at every run.
"""
