"""Where a fix that is no diff goes: before training, where the names exist that it takes for
granted."""

import ast
import builtins


def place(code: str) -> str:
    """In a sentence."""
    try:
        needed, made = _names(ast.parse(code))
    except SyntaxError:
        return "Put it before training."
    instead = ", in place of your own optimizer" if "optimizer" in made else ""
    if not needed:
        return f"Put it before training{instead}."
    *first, last = needed
    listed = f"{', '.join(first)} and {last}" if first else last
    return f"Put it before training{instead}, where your own {listed} exist{'' if first else 's'}."


def _names(module: ast.Module) -> tuple[list[str], set[str]]:
    """What it reads without having made it, in their order; and what it makes."""
    needed, made = list[str](), set(dir(builtins))
    for statement in module.body:
        names = [n for n in ast.walk(statement) if isinstance(n, ast.Name)]
        stored = {n.id for n in names if isinstance(n.ctx, ast.Store)}
        inner = {n.arg for n in ast.walk(statement) if isinstance(n, ast.arg)}
        if not isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign):
            inner |= stored
        loaded = sorted(
            (n for n in names if isinstance(n.ctx, ast.Load)),
            key=lambda n: (n.lineno, n.col_offset),
        )
        needed += [n.id for n in loaded if n.id not in made | inner]
        made |= stored
        for node in ast.walk(statement):
            if isinstance(node, ast.alias):
                made.add((node.asname or node.name).partition(".")[0])
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                made.add(node.name)
    return list(dict.fromkeys(needed)), made
