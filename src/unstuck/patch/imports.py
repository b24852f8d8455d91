"""What new code imports: had from the script's own imports where they are, else added to them."""

import re
from collections.abc import Iterable

import libcst as cst

from unstuck.patch.text import Text
from unstuck.patch.tree import NotPlaced, Tree, names


class Imports:
    """A script's imports, and those that new code still needs."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._taken = names(tree.module)
        self._known: dict[str, str] = {}  # dotted name -> as the script writes it
        self._places: dict[str, cst.CSTNode] = {}  # package -> its last import
        self._last: cst.CSTNode | None = None
        for line in tree.module.body:
            for statement in line.body if isinstance(line, cst.SimpleStatementLine) else ():
                if isinstance(statement, cst.Import | cst.ImportFrom):
                    self._last = line
                    self._read(statement, line)
        self._new: dict[str, str] = {}  # name in the code -> statement

    def _read(self, statement: cst.Import | cst.ImportFrom, line: cst.CSTNode) -> None:
        code = self._tree.code
        home = ""
        if isinstance(statement, cst.ImportFrom):
            if statement.module is None or statement.relative:
                return
            home = code(statement.module) + "."
            self._places[home.split(".")[0]] = line
        if isinstance(statement.names, cst.ImportStar):
            return
        for alias in statement.names:
            full = home + code(alias.name)
            self._places[full.split(".")[0]] = line
            if alias.asname:
                self._known[full] = code(alias.asname.name)
            elif home:
                self._known[full] = code(alias.name)
            else:
                self._known[full.split(".")[0]] = full.split(".")[0]
            if home and full.startswith("tensorflow.keras"):  # which is Keras itself
                self._known.setdefault(full.removeprefix("tensorflow."), self._known[full])

    def own(self, code: str, imports: Iterable[str]) -> str:
        """New code in the script's own terms.

        Args:
            code: of an expression or statements.
            imports: statements that it may need.

        Raises:
            NotPlaced: the script uses an imported name for something else.
        """
        for statement in imports:
            name, full = _imported(statement)
            if not re.search(rf"(?<![\w.]){re.escape(name)}\b", code):
                continue
            for known in sorted(self._known, key=len, reverse=True):
                inside = known == full or known.startswith(f"{full}.")
                if inside and known != self._known[known]:
                    said = name + known.removeprefix(full)
                    code = re.sub(rf"(?<![\w.]){re.escape(said)}\b", self._known[known], code)
            if full not in self._known and re.search(rf"(?<![\w.]){re.escape(name)}\b", code):
                above = next((k for k in self._known if full.startswith(f"{k}.")), None)
                if above is None and full == "keras" and "tensorflow" in self._known:
                    above, full = "tensorflow", "tensorflow.keras"
                if above and name == full:
                    continue
                if above and not statement.startswith("from "):
                    own = self._known[above] + full.removeprefix(above)
                    code = re.sub(rf"(?<![\w.]){re.escape(name)}\b", own, code)
                    continue
                if name.split(".")[0] in self._taken:
                    raise NotPlaced(f"the script uses the name {name!r} for something else")
                self._new[name] = statement
        return code

    def write(self, text: Text) -> None:
        """Puts what is missing among the script's imports."""
        for statement in sorted(set(self._new.values())):
            package = re.split(r"[ .]", statement)[1]
            near = self._places.get(package) or self._last
            if near is not None:
                text.behind(near, [statement])  # type: ignore[arg-type]
            else:
                text.at_line(self._top(), [statement])

    def _top(self) -> int:
        """The line of the first statement behind the docstring and comments at the top."""
        for s in self._tree.module.body:
            first = s.body[0] if isinstance(s, cst.SimpleStatementLine) else None
            if not (isinstance(first, cst.Expr) and isinstance(first.value, cst.SimpleString)):
                return self._tree.line(s)
        return 1


def _imported(statement: str) -> tuple[str, str]:
    """The name that an import binds, and what it stands for."""
    parts = statement.split()
    full = f"{parts[1]}.{parts[3]}" if parts[0] == "from" else parts[1]
    if "as" in parts:
        return parts[-1], full
    return (parts[3] if parts[0] == "from" else full), full
