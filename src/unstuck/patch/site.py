"""Where a fix goes: before the loops that train one model, where that model is a name."""

from dataclasses import dataclass, replace

import libcst as cst

from unstuck.patch.loops import batch
from unstuck.patch.roles import Role, Training, argument, called
from unstuck.patch.tree import (
    Loop,
    NotPlaced,
    Statement,
    Tree,
    bound,
    names,
    nodes,
    parameters,
    targets,
)

_KEPT = ("model", "optimizer")  # must be the same object throughout all that a fix stands before


@dataclass(frozen=True, eq=False)
class Site:
    """A place for a fix.

    Args:
        statement: before which it goes.
        roles: of the training, as they read there.
        missing: why a role is not there.
        declared: names that a function must declare global, with that function.
        node: what the fix goes before, as it was found in the statement.
    """

    statement: Statement
    roles: dict[str, Role]
    missing: dict[str, str]
    declared: tuple[str, ...] = ()
    function: cst.FunctionDef | None = None
    node: cst.CSTNode | None = None


def site(tree: Tree, training: Training, replaced: set[str]) -> Site:
    """The place for a fix.

    Args:
        replaced: roles that the fix gives a new object.

    Raises:
        NotPlaced: none that is safe.
    """
    node, roles, missing = training.node, training.roles, dict(training.missing)
    kept = [r for r in _KEPT if r == "model" or r in replaced & set(roles)]
    for _ in range(8):
        here = _settled(tree, node, roles, missing, kept)
        function = tree.function(here.statement)
        if function is None or not _reaches_out(tree, here, function, kept):
            break
        called_by = _calls(tree, function)
        free = all(_base(roles[r].expression) not in parameters(function) for r in kept)
        if not called_by and free:
            break
        if len(called_by) != 1:
            if _given_back(tree, function, roles["model"]):
                return here
            raise NotPlaced(
                f"{tree.code(roles['model'].expression)!r} comes from outside"
                f" {function.name.value}(), which is called in {len(called_by)} places",
                "one call, before which the fix can stand",
            )
        node = called_by[0]
        roles, missing = _lifted(tree, function, node, here.roles, dict(here.missing))
    return _ordered(tree, _declaring(tree, here, replaced), replaced)


def _settled(
    tree: Tree, node: cst.CSTNode, roles: dict[str, Role], missing: dict[str, str], kept: list[str]
) -> Site:
    """Before the outermost loop that trains one and the same model."""
    for r in kept:
        if r not in roles:
            raise NotPlaced(f"{r} cannot be read: {missing.get(r, 'it is not there')}")
    statement = tree.statement(node)
    crossed: list[cst.CSTNode] = []
    for above in tree.above(statement):
        if isinstance(above, cst.FunctionDef | cst.ClassDef):
            break
        if not isinstance(above, Loop):
            continue
        made = [r for r in kept if _changed(tree, roles[r].expression, above)]
        if made:
            if isinstance(above, cst.For) and any(
                names(roles[r].expression) & set(map(tree.code, targets(above))) for r in made
            ):
                raise NotPlaced(
                    f"{tree.code(roles['model'].expression)!r} comes from what a loop goes through",
                    "a name or attribute that holds the model",
                )
            if len(made) < len(kept):
                raise NotPlaced(f"a loop makes a new {made[0]}, but not a new {kept[0]}")
            break
        statement = above
        crossed.append(above)
    own, gone = {}, dict(missing)
    for name, role in roles.items():
        free = _freed(tree, role, crossed)
        if free is None:
            gone[name] = f"{tree.code(role.expression)!r} differs from step to step"
        else:
            own[name] = free
    return Site(statement, own, gone, node=node)


def _changed(tree: Tree, e: cst.BaseExpression, loop: cst.CSTNode) -> bool:
    names_bound = bound(loop)
    return bool(names(e) & names_bound) or tree.code(e) in names_bound


def _freed(tree: Tree, role: Role, crossed: list[cst.CSTNode]) -> Role | None:
    """A role as it reads outside loops: of `x[a:b]`, x; of a batch, what the loop goes through."""
    if not crossed or not any(_changed(tree, role.expression, loop) for loop in crossed):
        return role if not crossed or role.assignable or role.holder else None
    whole = batch(crossed[-1], role.expression)
    if whole is None or any(_changed(tree, whole.expression, loop) for loop in crossed):
        return None
    return whole


def _base(e: cst.BaseExpression) -> str:
    while isinstance(e, (cst.Attribute, cst.Subscript)):
        e = e.value
    return e.value if isinstance(e, cst.Name) else ""


def _reaches_out(tree: Tree, here: Site, function: cst.FunctionDef, kept: list[str]) -> bool:
    """Whether a new object would be made in each call of the function, or would not leave it."""
    own = bound(function.body)
    for role in (here.roles[r] for r in kept):
        if not role.assignable:
            continue
        code, base = tree.code(role.expression), _base(role.expression)
        if isinstance(role.expression, cst.Name):
            if code not in own:
                return True
        elif base not in own and code not in own:
            calls = _calls(tree, function)
            loops = [n for c in calls for n in tree.above(c) if isinstance(n, Loop)]
            if loops or len(calls) > 1:
                return True
    return False


def _calls(tree: Tree, function: cst.FunctionDef) -> list[cst.Call]:
    """Calls of a function by its name; of a method on self or on an object made in the file."""
    home = next((n for n in tree.above(function) if isinstance(n, cst.ClassDef)), None)
    calls = [
        c
        for c in nodes(tree.module)
        if isinstance(c, cst.Call) and called(c) == function.name.value
    ]
    if home is None:
        return [c for c in calls if isinstance(c.func, cst.Name)]
    objects = {
        tree.code(t)
        for n in nodes(tree.module)
        if isinstance(n, cst.Assign)
        and isinstance(n.value, cst.Call)
        and called(n.value) == home.name.value
        for t in targets(n)
    }
    own = parameters(function)[:1]
    return [
        c
        for c in calls
        if isinstance(c.func, cst.Attribute)
        and (
            tree.code(c.func.value) in objects
            or (home in set(tree.above(c)) and [tree.code(c.func.value)] == own)
        )
    ]


def _given_back(tree: Tree, function: cst.FunctionDef, model: Role) -> bool:
    wanted = tree.code(model.expression)
    returned = [n for n in nodes(function.body, inner=False) if isinstance(n, cst.Return)]
    values = [r.value for r in returned if r.value is not None]
    return bool(values) and all(
        wanted == tree.code(v)
        or (isinstance(v, cst.Tuple) and any(wanted == tree.code(e.value) for e in v.elements))
        for v in values
    )


def _lifted(
    tree: Tree,
    function: cst.FunctionDef,
    call: cst.Call,
    roles: dict[str, Role],
    missing: dict[str, str],
) -> tuple[dict[str, Role], dict[str, str]]:
    """The roles as they read where the function is called."""
    takes = parameters(function)
    given: dict[str, cst.Arg | None] = {}
    if isinstance(call.func, cst.Attribute) and takes:
        given[takes[0]] = cst.Arg(call.func.value)
        takes = takes[1:]
    given |= {name: argument(call, i, name) for i, name in enumerate(takes)}
    own = bound(function.body)
    lifted: dict[str, Role] = {}
    for name, role in roles.items():
        base = _base(role.expression)
        arg = given.get(base)
        if base in own or not base or not role.assignable:
            missing[name] = f"{tree.code(role.expression)!r} is made inside {function.name.value}()"
        elif base not in given:
            lifted[name] = role if name == "loss" else replace(role, holder=None)
        elif arg is None:
            missing[name] = f"{function.name.value}() is called without {base!r}"
        elif isinstance(role.expression, cst.Name):
            lifted[name] = Role(arg.value, arg, role.batch)
        else:
            lifted[name] = Role(_rebased(role.expression, arg.value), None, role.batch)
    return lifted, missing


def _rebased(e: cst.BaseExpression, base: cst.BaseExpression) -> cst.BaseExpression:
    if isinstance(e, cst.Attribute | cst.Subscript):
        return e.with_changes(value=_rebased(e.value, base))
    return base


def _declaring(tree: Tree, here: Site, replaced: set[str]) -> Site:
    """With the names that the function around must declare global to give them new objects."""
    function = tree.function(here.statement)
    if function is None:
        return here
    own = bound(function.body) | set(parameters(function))
    wanted = {
        code
        for r in (replaced - {"x", "y"}) & set(here.roles)
        if isinstance(here.roles[r].expression, cst.Name)
        and (code := tree.code(here.roles[r].expression)) not in own
    }
    already = {
        n.name.value
        for g in nodes(function.body)
        if isinstance(g, cst.Global | cst.Nonlocal)
        for n in g.names
    }
    if wanted and any(isinstance(n, cst.FunctionDef) for n in tree.above(function)):
        raise NotPlaced(f"{', '.join(sorted(wanted))} belongs to a function around the training")
    return replace(here, declared=tuple(sorted(wanted - already)), function=function)


def _ordered(tree: Tree, here: Site, replaced: set[str]) -> Site:
    """Before what takes hold of an object that the fix replaces, such as a schedule."""
    block = next(tree.above(here.statement))
    body = getattr(block, "body", None)
    if not isinstance(body, list | tuple) or here.statement not in body:
        return here
    mine = {r: tree.code(here.roles[r].expression) for r in replaced & set(here.roles)}
    gone = {r: c for r, c in mine.items() if r in _KEPT}
    everything = {tree.code(r.expression) for r in here.roles.values()}
    first, statement = body.index(here.statement), here.statement
    for place in range(first - 1, -1, -1):
        s = body[place]
        holders = [
            n for n in nodes(s, False) if isinstance(n, cst.Assign) and _holds(tree, n, gone)
        ]
        if holders and isinstance(s, cst.SimpleStatementLine):
            between = [b for b in body[place:first] if bound(b) & everything]
            if between or any(_compiles(tree, b, gone) for b in body[place:first]):
                raise NotPlaced(
                    f"line {tree.line(s)} keeps hold of what the fix replaces, and what the fix"
                    " needs is made later"
                )
            statement = s
        if bound(s) & set(gone.values()):
            break
    return replace(here, statement=statement)


def _holds(tree: Tree, node: cst.Assign, gone: dict[str, str]) -> bool:
    """Whether an assignment gives an object to be replaced to another: Schedule(optimizer)."""
    if {tree.code(t) for t in targets(node)} & set(gone.values()):
        return False
    return any(
        isinstance(c, cst.Call) and any(tree.code(a.value) in gone.values() for a in c.args)
        for c in nodes(node.value)
    )


def _compiles(tree: Tree, node: cst.CSTNode, gone: dict[str, str]) -> bool:
    return any(
        isinstance(c, cst.Call)
        and called(c) in ("compile", "build", "load_state_dict", "load_weights")
        and isinstance(c.func, cst.Attribute)
        and tree.code(c.func.value) in gone.values()
        for c in nodes(node)
    )
