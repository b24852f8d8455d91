"""A notebook's cell, executed: its last value is shown."""

import ast
import asyncio
import inspect
import linecache
from collections.abc import Callable
from typing import Any


def run_cell(source: str, name: str, names: dict[str, Any], show: Callable[[Any], None]) -> None:
    """Executes a cell.

    Args:
        source: Python alone.
        name: what it is compiled as, for tracebacks and for where trainings are.
        names: in which it is executed.
        show: shows the last value, where the cell ends with one and not with a semicolon.
    """
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    tree = ast.parse(source, name)
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr) and not source.rstrip().endswith(";"):
        last = ast.Expression(tree.body.pop().value)  # type: ignore[attr-defined]
    _execute(tree, name, "exec", names)
    if last is not None:
        show(_execute(last, name, "eval", names))


def _execute(tree: Any, name: str, mode: str, names: dict[str, Any]) -> Any:
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    code = compile(tree, name, mode, flags=flags, dont_inherit=True)
    value = eval(code, names)
    if code.co_flags & inspect.CO_COROUTINE:
        return asyncio.run(value)
    return value
