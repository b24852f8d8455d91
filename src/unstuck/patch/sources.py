"""Where an expression of a script comes from: its assignments, and the calls that hand it over."""

from collections.abc import Iterator

import libcst as cst

from unstuck.patch.roles import argument, called
from unstuck.patch.tree import NotPlaced, Tree, nodes, parameters, targets

MADE = frozenset((
    "tensor", "from_numpy", "as_tensor", "FloatTensor", "LongTensor", "Tensor", "array", "asarray",
))  # fmt: skip
"""What makes an array or tensor of numbers that leaves them as they are."""
_TURNED = frozenset((
    "float", "double", "long", "int", "to", "type", "astype", "numpy", "to_numpy", "clone", "copy",
))  # fmt: skip


def base(e: cst.BaseExpression) -> str:
    """The name that an expression starts with: of `self.net[0]`, self."""
    while isinstance(e, cst.Attribute | cst.Subscript):
        e = e.value
    return e.value if isinstance(e, cst.Name) else ""


def bindings(tree: Tree, e: cst.BaseExpression, node: cst.CSTNode) -> list[cst.CSTNode]:
    """What binds a name or attribute where a node sees it, in the order of the text."""
    wanted = tree.code(e)
    found = [n for n in nodes(tree.module) if wanted in map(tree.code, targets(n))]
    if not isinstance(e, cst.Name):
        return found
    for scope in (tree.function(node), None):
        here = [n for n in found if tree.function(n) is scope]
        if here:
            return here
    return []


def lifted(
    tree: Tree, e: cst.BaseExpression, node: cst.CSTNode
) -> tuple[cst.BaseExpression, cst.CSTNode]:
    """An expression as it reads where a function is handed it, and the call there.

    Raises:
        NotPlaced: the function is called in several places.
    """
    for _ in range(8):
        function = tree.function(node)
        name = base(e)
        if function is None or not name or bindings_in(tree, name, function):
            return e, node
        if name == "self" and isinstance(e, cst.Attribute):
            given = [b for b in bindings(tree, e, node) if isinstance(b, cst.Assign)]
            if len(given) != 1 or not isinstance(given[0].value, cst.Name):
                return e, node
            home = tree.function(given[0])
            if home is None or given[0].value.value not in parameters(home):
                return e, node
            e, node = given[0].value, given[0]
            continue
        if name not in parameters(function):
            return e, node
        calls = list(_calls(tree, function))
        if len(calls) > 1:  # the one that led there
            calls = [c for c in calls if any(tree.covers(c, n) for n in tree.through)] or calls
        if len(calls) != 1:
            raise NotPlaced(
                f"{name!r} is handed to {function.name.value}(), which is called in"
                f" {len(calls)} places",
                "one call, before which the fix can stand",
            )
        method = any(isinstance(a, cst.ClassDef) for a in tree.above(function))
        given_arg = argument(calls[0], parameters(function).index(name) - method, name)
        if given_arg is None:
            raise NotPlaced(f"{name!r} of {function.name.value}() cannot be read from its call")
        if isinstance(e, cst.Name):
            e = given_arg.value
        elif isinstance(given_arg.value, cst.Name | cst.Attribute):
            code = tree.code(given_arg.value) + tree.code(e).removeprefix(name)
            e = cst.parse_expression(code)
        else:
            return e, node
        node = calls[0]
    return e, node


def bindings_in(tree: Tree, name: str, function: cst.FunctionDef) -> bool:
    """Whether a function binds a name itself."""
    return any(tree.code(t) == name for n in nodes(function.body, inner=False) for t in targets(n))


def _calls(tree: Tree, function: cst.FunctionDef) -> Iterator[cst.Call]:
    """Calls of a function by name; of a method, of its class or on any object."""
    home = next((n for n in tree.above(function) if isinstance(n, cst.ClassDef)), None)
    name = function.name.value
    for c in nodes(tree.module):
        if not isinstance(c, cst.Call):
            continue
        if home is not None and name == "__init__":
            if isinstance(c.func, cst.Name) and c.func.value == home.name.value:
                yield c
        elif home is not None:
            if isinstance(c.func, cst.Attribute) and c.func.attr.value == name:
                yield c
        elif isinstance(c.func, cst.Name) and c.func.value == name:
            yield c


def made(
    tree: Tree, e: cst.BaseExpression, node: cst.CSTNode
) -> tuple[cst.BaseExpression, cst.CSTNode]:
    """The expression that makes a value, with names followed; and the node it stands in."""
    for _ in range(12):
        if not isinstance(e, cst.Name | cst.Attribute):
            return e, node
        e, node = lifted(tree, e, node)
        if not isinstance(e, cst.Name | cst.Attribute):
            return e, node
        found = [b for b in bindings(tree, e, node) if isinstance(b, cst.Assign) and b is not node]
        same = [b for b in found if tree.function(b) is tree.function(node)]
        found = [b for b in found if b not in same or tree.line(b) <= tree.line(node)] or found
        if not found:
            return e, node
        last = found[-1]
        value = part(tree, last, e)
        if value is None:
            return e, node
        e, node = value, last
    return e, node


def part(tree: Tree, assign: cst.Assign, e: cst.BaseExpression) -> cst.BaseExpression | None:
    """What an assignment gives to a name or attribute; None where that is not to be read off."""
    wanted = tree.code(e)
    for target in (t.target for t in assign.targets):
        if tree.code(target) == wanted:
            return assign.value
        if isinstance(target, cst.Tuple) and isinstance(assign.value, cst.Tuple):
            for left, right in zip(target.elements, assign.value.elements, strict=False):
                if tree.code(left.value) == wanted:
                    return right.value
    return None


def converted(tree: Tree, e: cst.BaseExpression) -> cst.BaseExpression | None:
    """What an expression makes an array of the same numbers of, by a library's function or by one
    of the script's own that does no more; None where it does anything else."""
    plain = _converted(e)
    if plain is not None or not isinstance(e, cst.Call) or len(e.args) != 1:
        return plain
    own = [
        n
        for n in tree.module.body
        if isinstance(n, cst.FunctionDef) and isinstance(e.func, cst.Name)
        and n.name.value == e.func.value and len(parameters(n)) == 1
    ]  # fmt: skip
    returned = [n.value for f in own for n in nodes(f.body) if isinstance(n, cst.Return)]
    if len(returned) != 1:
        return None
    inner = returned[0]
    while inner is not None and not isinstance(inner, cst.Name):
        inner = _converted(inner)
    same = inner is not None and inner.value == parameters(own[0])[0]
    return e.args[0].value if same else None


def _converted(e: cst.BaseExpression) -> cst.BaseExpression | None:
    """The same by a library's function."""
    if isinstance(e, cst.Attribute):
        return e.value if e.attr.value == "values" else None
    if not isinstance(e, cst.Call):
        return None
    if called(e) in MADE and e.args:
        return e.args[0].value
    if called(e) in _TURNED and isinstance(e.func, cst.Attribute):
        return e.func.value
    return None
