"""scikit-learn: the network inside the estimator that a script fits."""

from dataclasses import replace

import libcst as cst

from unstuck.patch.roles import Training, argument, called
from unstuck.patch.snippet import Line, Renamed, Snippet
from unstuck.patch.tree import NotPlaced, Tree, nodes

_OWN = ("coefs_", "intercepts_", "loss_curve_", "loss_", "best_loss_", "n_iter_", "n_layers_")


def placed(tree: Tree, training: Training, fix: Snippet) -> Snippet:
    """A fix of the network, for the estimator around it.

    Raises:
        NotPlaced: what the estimator is cannot be read, or the fix would change its parameters.
    """
    made = _made(tree, training.roles["model"].expression)
    kind = _kind(made)
    replaces = "model" in fix.assigned
    if kind == "network":
        if replaces:
            _same_face(tree, training)
        return fix
    inside = "model"
    if kind == "search":
        first = argument(made, 0, "estimator")
        kind = _kind(_made(tree, first.value)) if first else ""
        inside = "model.estimator"
        if replaces and kind == "network":
            raise NotPlaced(
                "the search names parameters of the network, which a step in front would rename",
                "a search over a pipeline",
            )
    network = inside if kind == "network" else f"{inside}.steps[-1][1]"
    own = Renamed({"model": cst.Name("network")})
    body = own.lines(fix.body)
    first_line = cst.parse_statement(f"network = {network}")
    last: list[Line] = []
    if replaces:
        flat = "TransformedTargetRegressor" not in "".join(map(tree.code, fix.body))
        if not flat and inside != "model":
            raise NotPlaced("the search names parameters that a wrapper would rename")
        if flat:
            text = (
                f"{inside}.steps[-1:] = [\n"
                '    *((f"new-{name}", step) for name, step in network.steps[:-1]),\n'
                f"    ({inside}.steps[-1][0], network.steps[-1][1]),\n]"
            )
        else:
            text = f"{inside}.steps[-1] = ({inside}.steps[-1][0], network)"
        last = [cst.parse_statement(text)]
    return replace(fix, body=[first_line, *body, *last])


def _made(tree: Tree, e: cst.BaseExpression) -> cst.Call:
    """The call that makes an estimator."""
    wanted = tree.code(e)
    calls = [e] if isinstance(e, cst.Call) else []
    if not calls:
        for node in nodes(tree.module):
            if isinstance(node, cst.Assign) and wanted in [
                tree.code(t.target) for t in node.targets
            ]:
                if not isinstance(node.value, cst.Call):
                    raise NotPlaced(f"what {wanted!r} is cannot be read in line {tree.line(node)}")
                calls.append(node.value)
    if len({_kind(c) for c in calls}) != 1:
        raise NotPlaced(f"what {wanted!r} is cannot be read", "an estimator made in this file")
    return calls[-1]


def _kind(made: cst.Call) -> str:
    name = called(made)
    if name in ("MLPClassifier", "MLPRegressor"):
        return "network"
    if name in ("make_pipeline", "Pipeline"):
        return "pipeline"
    if name.endswith("SearchCV"):
        return "search"
    raise NotPlaced(f"{name or 'this'}() is no network, pipeline or search")


def _same_face(tree: Tree, training: Training) -> None:
    """Raises where the script asks the network for what a pipeline does not have."""
    wanted = tree.code(training.roles["model"].expression)
    if isinstance(training.node, cst.Call) and called(training.node) == "partial_fit":
        raise NotPlaced("a pipeline has no partial_fit")
    for node in nodes(tree.module):
        if not isinstance(node, cst.Attribute) or node.attr.value not in _OWN:
            continue
        if tree.code(node.value) == wanted:
            read = f"line {tree.line(node)} reads {tree.code(node)}"
            raise NotPlaced(f"{read}, which a pipeline does not have")
