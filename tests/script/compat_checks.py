"""Old scripts really run on Keras 3, and as they are rewritten; run by test_compat.py."""

import warnings

from script.compat_scripts import ADVISED, LEFT, RENAMED
from unstuck.script.compat import explained, renamed

warnings.simplefilter("ignore")


def error_of(source):
    try:
        exec(compile(source, "old/train.py", "exec"), {})
    except Exception as error:
        return error
    return None


for source, line in RENAMED.items():
    number, old = source.count("\n") + 1, source.splitlines()[-1]
    error = error_of(source)
    assert error is not None, source
    told = explained(error, source, "old/train.py")
    assert told == f"train.py, line {number}: {old}\nwrite: {line}", (source, error, told)
    new, found = renamed(source)
    assert new.splitlines()[-1] == line, (source, new)
    assert {r.line for r in found} == {number}, found
    assert error_of(new) is None, (new, error_of(new))
    assert renamed(new) == (new, []), new

for source, words in ADVISED.items():
    error = error_of(source)
    assert error is not None, source
    told = explained(error, source, "old/train.py")
    assert told is not None, (source, error)
    assert words in told, (source, told)
    assert f"line {source.count(chr(10)) + 1}: " in told

for source in LEFT:
    assert renamed(source) == (source, []), source
    assert error_of(source) is None, source
