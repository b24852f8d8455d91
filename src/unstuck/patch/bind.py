"""A fix's names for the script's own expressions."""

from dataclasses import dataclass, field

import libcst as cst

from unstuck.patch.roles import Role, Training
from unstuck.patch.site import Site
from unstuck.patch.snippet import ROLES, Line, Snippet, fresh
from unstuck.patch.tree import Loop, NotPlaced, Tree, bound, nodes, parameters


@dataclass
class Bound:
    """What stands for the names of a fix.

    Args:
        names: of the fix, as expressions of the script.
        lines: that give names to expressions, before the fix.
        edits: what is exchanged in the script.
        comments: behind the fix.
    """

    names: dict[str, cst.BaseExpression] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    edits: dict[cst.CSTNode, cst.BaseExpression] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)


def bind(tree: Tree, training: Training, here: Site, fix: Snippet, taken: set[str]) -> Bound:
    """The script's expressions for model, x, y, loss, optimizer and loader.

    Raises:
        NotPlaced: one that the fix needs is not there.
    """
    told = Bound()
    for name in ROLES:
        role, assigned = here.roles.get(name), name in fix.assigned
        if name == "loader" and assigned:
            _loader(here, told)
        elif name not in fix.needed and not assigned:
            continue
        elif role is None:
            if name in fix.needed or (assigned and name == "model"):
                why = here.missing.get(name, "the training call does not name it")
                raise NotPlaced(f"the fix needs {name}: {why}")
            told.names[name] = cst.Name(fresh(name, taken))
        elif role.batch is not None:
            _batches(tree, training, role, name, assigned, fix, taken, told)
        else:
            _one(tree, here, role, name, assigned, taken, told)
    _say(tree, fix, told)
    return told


def _one(
    tree: Tree, here: Site, role: Role, name: str, assigned: bool, taken: set[str], told: Bound
) -> None:
    """In place where it can be assigned to; else under a new name that the call then takes."""
    borrowed = assigned and name == "loss" and _imported(tree, role.expression)
    apart = assigned and name in ("x", "y") and _again(tree, here, role)
    if role.assignable and not borrowed and not apart:
        told.names[name] = role.expression
        return
    if role.holder is None:
        raise NotPlaced(f"{tree.code(role.expression)!r} cannot be given a name where it is used")
    if (
        name == "loss"
        and here.function is not None
        and tree.function(role.holder) is not here.function
    ):
        raise NotPlaced(f"{tree.code(role.expression)} is used inside a function of its own")
    new = cst.Name(fresh(name, taken))
    told.names[name] = told.edits[role.holder] = new
    if not borrowed:
        line = cst.parse_statement(f"{new.value} = 0")
        assert isinstance(line, cst.SimpleStatementLine)
        assign = cst.Assign([cst.AssignTarget(new)], _inline(role.expression))
        told.lines.append(line.with_changes(body=[assign]))


def _inline(e: cst.BaseExpression) -> cst.BaseExpression:
    return e.deep_clone()


def _again(tree: Tree, here: Site, role: Role) -> bool:
    """Whether data changed in place would be changed more than once, or not be the function's."""
    for above in tree.above(here.statement):
        if isinstance(above, Loop):
            return True
        if isinstance(above, cst.FunctionDef):
            own = bound(above.body) | set(parameters(above))
            return tree.code(role.expression) not in own
    return isinstance(role.expression, cst.Subscript)


def _imported(tree: Tree, e: cst.BaseExpression) -> bool:
    """Whether an attribute belongs to a module, as F.cross_entropy does."""
    if not isinstance(e, cst.Attribute):
        return False
    base = tree.code(e).split(".")[0]
    return any(
        base == tree.code(a.asname.name if a.asname else a.name).split(".")[0]
        for n in nodes(tree.module)
        if isinstance(n, cst.Import | cst.ImportFrom) and not isinstance(n.names, cst.ImportStar)
        for a in n.names
    )


def _loader(here: Site, told: Bound) -> None:
    x = here.roles.get("x")
    if x is None or x.batch is None or not x.assignable:
        raise NotPlaced("examples are shuffled by a loader, and the training call takes none")
    told.names["loader"] = x.expression


def _batches(
    tree: Tree,
    training: Training,
    role: Role,
    name: str,
    assigned: bool,
    fix: Snippet,
    taken: set[str],
    told: Bound,
) -> None:
    """Inputs that come in batches, with the targets."""
    if assigned or name == "y":
        raise NotPlaced(
            f"the fix changes {name}, which {tree.code(role.expression)} gives in batches"
        )
    if not role.assignable:
        if role.holder is None:
            raise NotPlaced(f"{tree.code(role.expression)!r} cannot be given a name")
        new = cst.Name(fresh("data", taken))
        told.edits[role.holder] = new
        assign = cst.Assign([cst.AssignTarget(new)], _inline(role.expression))
        told.lines.append(cst.SimpleStatementLine([assign]))
        e: cst.BaseExpression = new
    else:
        e = role.expression
    text = "".join(map(tree.code, fix.body))
    if 'hasattr(x, "shape")' in text or 'getattr(x, "dataset", None)' in text:
        told.names["x"] = e
        return
    whole = text.count("x.shape") == _reads(fix)
    if training.kind == "fit" and not whole:
        raise NotPlaced(f"the fix computes with all inputs, which {tree.code(e)} gives in batches")
    new = cst.Name(fresh("x", taken))
    given = f"next(iter({tree.code(e)}))[0]"
    if not whole:
        given = f"torch.cat([batch[0] for batch in {tree.code(e)}])"
    told.lines.append(cst.parse_statement(f"{new.value} = {given}"))
    told.names["x"] = new


def _reads(fix: Snippet) -> int:
    return sum(isinstance(n, cst.Name) and n.value == "x" for s in fix.body for n in nodes(s))


def _say(tree: Tree, fix: Snippet, told: Bound) -> None:
    """What must happen to data that are predicted or evaluated later."""
    text = cst.Module(fix.body).code
    code = tree.code
    x, y = (told.names.get(k, cst.Name(k)) for k in ("x", "y"))
    if any(sign in text for sign in ("from_logits=True", "torch.nn.Identity()", "WithoutEnd(")):
        told.comments.append("# outputs are logits now; softmax or sigmoid makes probabilities")
    if "x[order]" in text:
        return
    if "x[sound]" in text or "x[keep]" in text:
        told.comments.append("# rows that are not finite must be left out of other data, too")
    elif "x" in fix.assigned:
        told.comments.append(
            f"# other inputs must be changed in the same way as {code(x)} is above"
        )
    if "y" in fix.assigned and "x[sound]" not in text and "x[keep]" not in text:
        told.comments.append(
            f"# other targets must be changed in the same way as {code(y)} is above"
        )
