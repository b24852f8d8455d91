"""A block's edits, made where the script makes things."""

import libcst as cst

from unstuck.cures.printed import (
    Argument,
    Behind,
    Block,
    Call,
    Clear,
    Edit,
    Insert,
    Itself,
    Move,
    Negate,
    Rate,
    TakeOff,
    TakeOut,
    Unwrap,
)
from unstuck.patch.descent import cleared, rates
from unstuck.patch.ends import Plan, negated, unwrapped
from unstuck.patch.imports import Imports
from unstuck.patch.losses import unmade
from unstuck.patch.makers import function_of_loss, maker
from unstuck.patch.roles import Training, called
from unstuck.patch.text import Text
from unstuck.patch.tree import Tree, nodes

_KERAS = {
    "sgd": "SGD", "adam": "Adam", "rmsprop": "RMSprop", "adamw": "AdamW", "nadam": "Nadam",
    "adagrad": "Adagrad", "adadelta": "Adadelta", "adamax": "Adamax",
}  # fmt: skip


class Edits:
    """The edits of all blocks for one training, gathered so that each call is written once."""

    def __init__(self, tree: Tree, found: Training, imports: Imports, text: Text) -> None:
        self._tree, self._found, self._imports, self._text = tree, found, imports, text

    def make(self, block: Block) -> bool:
        """Makes all of a block's edits; none, where the place of one is not in sight."""
        plans = [self._plan(edit, block) for edit in block.edits]
        if not plans or any(plan is None for plan in plans):
            return False
        for plan in plans:
            assert plan is not None
            for what, node, code in plan:
                match what:
                    case "replace":
                        self._text.replace(node, code)
                    case "put":
                        self._text.put(node, code)
                    case "behind":
                        self._text.put(node, code, behind=True)
                    case "line":
                        self._text.before(node, [code])  # type: ignore[arg-type]
                    case "line behind":
                        self._text.behind(node, [code])  # type: ignore[arg-type]
                    case "argument out":
                        self._text.argument_out(node)  # type: ignore[arg-type]
                    case "out":
                        self._text.out(node)  # type: ignore[arg-type]
        return True

    def _plan(self, edit: Edit, block: Block) -> Plan | None:
        match edit:
            case Argument():
                return self._argument(edit, block)
            case Call():
                return self._call(edit, block)
            case Insert():
                return self._insert(edit, block)
            case TakeOut():
                return self._take_out(edit)
            case Behind():
                return self._behind(edit)
            case Unwrap():
                return unwrapped(self._tree, edit)
            case TakeOff():
                return self._take_off(edit)
            case Rate():
                return self._rate(edit, block)
            case Itself():
                return self._itself()
            case Move():
                return self._move(edit)
            case Clear():
                tree = self._tree
                return [
                    ("line behind", tree.statement(node), f"{owner}.grad.zero_()")
                    for node, owner in cleared(tree)
                ] or None
            case Negate():
                return negated(self._tree, edit)

    def _argument(self, edit: Argument, block: Block) -> Plan | None:
        node = maker(self._tree, self._found, edit.of)
        own = self._imports.own
        if isinstance(node, cst.SimpleString) and edit.of == "optimizer" and edit.value:
            name = _KERAS.get(str(node.evaluated_value).lower())
            if name is None:
                return None
            code = f"keras.optimizers.{name}({edit.name}={edit.value})"
            return [("replace", node, own(code, ("import keras", *block.imports)))]
        if not isinstance(node, cst.Call):
            return None
        if any(a.star for a in node.args):
            return None
        plain = [a for a in node.args if a.keyword is None]
        by_name = [a for a in node.args if a.keyword and a.keyword.value == edit.name]
        at = edit.position
        there = by_name or (plain[at : at + 1] if at is not None else [])
        if edit.value and there:
            value = there[0].value
            code = own(edit.value, block.imports)
            if isinstance(value, cst.Tuple) and value.lpar and code[0] == "(":
                code = code[1:-1]  # the script's own parentheses stay
            return [("replace", value, code)]
        code = own(edit.value, block.imports)
        if edit.value:
            if not node.args:
                inside = self._tree.code(node)[:-1].rstrip()
                return [("replace", node, f"{inside}{edit.name}={code})")]
            last = node.args[-1]
            return [("behind", last, f", {edit.name}={code}")]
        if not there:
            return []
        if there[0].keyword is None and there[0] is not plain[-1]:
            return None
        return [("argument out", there[0], "")]

    def _rate(self, edit: Rate, block: Block) -> Plan | None:
        if "optimizer" in self._found.roles:
            return None if edit.optimizer is None else self._argument(edit.optimizer, block)
        return [
            ("replace", n, f"{n.evaluated_value * edit.factor:.3g}") for n in rates(self._tree)
        ] or None

    def _call(self, edit: Call, block: Block) -> Plan | None:
        node = maker(self._tree, self._found, edit.of)
        if node is None and edit.of == "loss":
            node = function_of_loss(self._tree, self._found)
        if node is None:
            return None
        return [("replace", node, self._imports.own(edit.code, block.imports))]

    def _step(self, name: str, of: str = "") -> cst.Call | None:
        """The call of a method in the loop around the training step."""
        step = self._found.step
        if step is None:
            return None
        if name == called(step) and not of:
            return step
        around = list(self._tree.above(step))
        stop = (cst.FunctionDef, cst.Module)
        region = next(a for a in around if isinstance(a, stop))
        calls = [
            c
            for c in nodes(region, inner=False)
            if isinstance(c, cst.Call)
            and isinstance(c.func, cst.Attribute)
            and called(c) == name
            and (not of or self._is_called(c.func.value, of))
        ]
        loops = [a for a in around if isinstance(a, cst.For | cst.While)]
        near = [c for c in calls if loops and loops[0] in self._tree.above(c)] or calls
        return near[0] if len(near) == 1 else None

    def _is_called(self, owner: cst.BaseExpression, name: str) -> bool:
        """Whether an object is the one of this name; "scheduler" is any whose name says so."""
        code = self._tree.code(owner)
        return code == name or (name == "scheduler" and "sched" in code.lower())

    def _insert(self, edit: Insert, block: Block) -> Plan | None:
        call = self._step(edit.call)
        if call is None:
            return None
        code = self._imports.own(edit.line, block.imports)
        around = [call, *self._tree.above(call)]
        small = next(a for a in around if isinstance(a, cst.BaseSmallStatement))
        line = self._tree.statement(call)
        if len(getattr(line, "body", ())) > 1 or isinstance(line, cst.SimpleStatementSuite):
            return [("behind", small, f"; {code}") if edit.behind else ("put", small, f"{code}; ")]
        return [("line behind" if edit.behind else "line", line, code)]

    def _behind(self, edit: Behind) -> Plan | None:
        moved, first = self._step(edit.call), self._step(edit.of)
        if moved is None or first is None:
            return None
        lines = self._tree.statement(moved), self._tree.statement(first)
        if any(not isinstance(s, cst.SimpleStatementLine) or len(s.body) > 1 for s in lines):
            return None
        return [("out", lines[0], ""), ("line behind", lines[1], self._tree.code(moved))]

    def _called_in_loop(self, node: cst.CSTNode) -> bool:
        """Whether the function around a node is called in a loop alone: over the epochs."""
        function = self._tree.function(node)
        if function is None:
            return False
        calls = [
            c for c in nodes(self._tree.module)
            if isinstance(c, cst.Call) and self._tree.code(c.func) == function.name.value
        ]  # fmt: skip
        loop = cst.For | cst.While
        return bool(calls) and all(
            any(isinstance(a, loop) for a in self._tree.above(c)) for c in calls
        )

    def _take_off(self, edit: TakeOff) -> Plan | None:
        backward = self._step("backward")
        if backward is None:
            return None
        loops = [a for a in self._tree.above(backward) if isinstance(a, cst.For | cst.While)]
        loss = self._tree.line(backward)
        found = [
            c
            for c in (nodes(loops[0]) if loops else ())
            if isinstance(c, cst.Call)
            and isinstance(c.func, cst.Attribute)
            and called(c) == edit.call
            and not isinstance(next(self._tree.above(c)), cst.Attribute)  # .detach().numpy()
            and self._tree.line(c) < loss
        ]
        if len(found) != 1 or not isinstance(found[0].func, cst.Attribute):
            return None
        return [("replace", found[0], self._tree.code(found[0].func.value))]

    def _move(self, edit: Move) -> Plan | None:
        calls = [
            c.func
            for c in nodes(self._tree.module)
            if isinstance(c, cst.Call)
            and isinstance(c.func, cst.Attribute)
            and called(c) in ("view", "reshape")
            and self._tree.covers(c, edit.line)
        ]
        if len(calls) != 1:
            return None
        moved = "transpose(0, 1)" if edit.axis == 1 else f"movedim({edit.axis}, 0)"
        return [("replace", calls[0], f"{self._tree.code(calls[0].value)}.{moved}.reshape")]

    def _itself(self) -> Plan | None:
        backward = self._step("backward")
        if backward is None or not isinstance(backward.func, cst.Attribute):
            return None
        return unmade(self._tree, backward.func.value, backward)

    def _take_out(self, edit: TakeOut) -> Plan | None:
        if edit.to_epoch and (interval := self._interval()) is not None:
            quote = interval.value[-1]
            return [("replace", interval, f"{quote}epoch{quote}")]
        call = self._step(edit.call, edit.of)
        if call is None:
            return None
        line = self._tree.statement(call)
        if not isinstance(line, cst.SimpleStatementLine) or len(line.body) > 1:
            return None
        block = next(self._tree.above(line))
        if len(getattr(block, "body", ())) < 2:
            return None
        plan: Plan = [("out", line, "")]
        if edit.to_epoch:
            loops = [a for a in self._tree.above(line) if isinstance(a, cst.For | cst.While)]
            if len(loops) < 2 and not (loops and self._called_in_loop(line)):
                return None
            plan.append(("line behind", loops[0], self._tree.code(call)))
        return plan

    def _interval(self) -> cst.SimpleString | None:
        """What tells Lightning to move its schedule with each batch: {"interval": "step"}."""
        found = [
            n.value
            for n in nodes(self._tree.module)
            if isinstance(n, cst.DictElement)
            and isinstance(n.key, cst.SimpleString)
            and isinstance(n.value, cst.SimpleString)
            and (n.key.evaluated_value, n.value.evaluated_value) == ("interval", "step")
        ]
        lightning = self._found.kind == "lightning" and len(found) == 1
        return found[0] if lightning else None
