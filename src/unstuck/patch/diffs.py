"""A unified diff that `git apply` and `patch -p1` take."""

import difflib


def diff(old: str, new: str, path: str) -> str:
    """What changed between two texts of one file; "" for nothing.

    Args:
        path: of the file, from the folder where the diff will be applied, with "/".
    """
    end = "\t" if " " in path else ""
    lines = difflib.unified_diff(
        _lines(old), _lines(new), f"a/{path}{end}", f"b/{path}{end}", lineterm="\n"
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _lines(text: str) -> list[str]:
    """Split at line feeds only, which is what git and patch call a line."""
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
