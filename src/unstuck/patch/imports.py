"""A fix's imports by the script's own, or as new lines."""

from dataclasses import dataclass

import libcst as cst

from unstuck.patch.snippet import fresh
from unstuck.patch.tree import Tree


@dataclass(frozen=True, eq=False)
class Imports:
    """What a fix imports.

    Args:
        names: of the fix, as the script writes them.
        lines: to add.
        after: the script's statement they go behind; None for the top, or, where `inline`, with
            the fix: the script chooses its backend before it imports the framework.
        inline: with the fix.
    """

    names: dict[str, cst.BaseExpression]
    lines: list[str]
    after: cst.CSTNode | None
    inline: bool


_HEAVY = ("keras", "torch", "tensorflow")


def imports(tree: Tree, wanted: list[cst.Import | cst.ImportFrom], taken: set[str]) -> Imports:
    """How the fix's imports are had in a script.

    Args:
        taken: names of the script; new ones are added.
    """
    known, places = _known(tree)
    found: dict[str, cst.BaseExpression] = {}
    lines: list[str] = []
    roots: set[str] = set()
    code = tree.module.code_for_node
    for statement in wanted:
        home = "" if isinstance(statement, cst.Import) else code(statement.module) + "."  # type: ignore[arg-type]
        assert not isinstance(statement.names, cst.ImportStar)
        for alias in statement.names:
            full = home + code(alias.name)
            name = code(alias.asname.name) if alias.asname else code(alias.name)
            own = known.get(full)
            if own is None and full == "keras" and "tensorflow" in known:
                own = f"{known['tensorflow']}.keras"
            if own is None:
                own = fresh(name, taken)
                target = full.removeprefix(home)
                line = f"from {home[:-1]} import {target}" if home else f"import {target}"
                lines.append(line if own == target else f"{line} as {own}")
                roots.add(full.split(".")[0])
            if own != name:
                found[name] = cst.parse_expression(own)
    after = next((places[r] for r in (*sorted(roots), *_HEAVY) if r in places), None)
    heavy = roots & set(_HEAVY)
    if heavy and after is None:
        return Imports(found, lines, None, True)
    return Imports(found, lines, after if heavy or roots & set(places) else None, False)


def _known(tree: Tree) -> tuple[dict[str, str], dict[str, cst.CSTNode]]:
    """Dotted names that the script has, as it writes them; the last import of each package."""
    known: dict[str, str] = {}
    places: dict[str, cst.CSTNode] = {}
    code = tree.module.code_for_node
    for line in tree.module.body:
        for statement in line.body if isinstance(line, cst.SimpleStatementLine) else ():
            if isinstance(statement, cst.Import):
                for alias in statement.names:
                    full = code(alias.name)
                    places.setdefault(full.split(".")[0], line)
                    if alias.asname:
                        known[full] = code(alias.asname.name)
                    else:
                        known[full.split(".")[0]] = full.split(".")[0]
            elif isinstance(statement, cst.ImportFrom) and statement.module is not None:
                home = code(statement.module)
                places.setdefault(home.split(".")[0], line)
                if statement.relative or isinstance(statement.names, cst.ImportStar):
                    continue
                for alias in statement.names:
                    name = code(alias.asname.name) if alias.asname else code(alias.name)
                    known[f"{home}.{code(alias.name)}"] = name
    if "tensorflow.keras" in known:
        known.setdefault("keras", known["tensorflow.keras"])
    return known, places
