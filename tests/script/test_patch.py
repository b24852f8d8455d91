"""Cures put into scripts: what changes is what a colleague would have changed, and git takes it."""

import difflib
import shutil
import subprocess
from pathlib import Path

import pytest

from script import patch_blocks as b
from script.patch_pairs import PAIRS, SCRIPTS
from unstuck.changes.change import Role
from unstuck.cures.printed import Block, Names, Negate, TakeOff
from unstuck.patch.diffs import diff
from unstuck.patch.source import decoded, encoded
from unstuck.patch.tree import NotPlaced
from unstuck.patch.trying import better
from unstuck.patch.write import Site, patched

EXAMPLES = Path(__file__).parents[2] / "examples"
git = pytest.mark.skipif(shutil.which("git") is None, reason="git")


def cured(source: str, mark: str, framework: str, printer: b.Printer) -> str:
    line = source[: source.index(mark)].count("\n") + 1
    return patched(source, [Site(line, framework, printer)])


def source_of(name: str) -> str:
    return SCRIPTS.get(name) or (EXAMPLES / name).read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "mark", "framework", "printer", "expected"),
    PAIRS,
    ids=[f"{i}-{pair[0]}" for i, pair in enumerate(PAIRS)],
)
def test_what_changes(
    name: str, mark: str, framework: str, printer: b.Printer, expected: str
) -> None:
    source = source_of(name)
    new = cured(source, mark, framework, printer)
    lines = difflib.unified_diff(source.split("\n"), new.split("\n"), n=1, lineterm="")
    told = ["@@" if line.startswith("@@") else line for line in list(lines)[2:]]
    assert "\n".join(told) + "\n" == expected


def test_what_another_method_makes_is_made_anew_there() -> None:
    lines = "{o} = Adam({m}.parameters())"

    def printer(names: Names) -> tuple[Block, ...]:
        made = lines.format(o=names.optimizer, m=names.model)
        both = frozenset({"optimizer"})
        return (Block(Role.OPTIMIZER, (made,), (), frozenset({"model"}), both),)

    source = (EXAMPLES / "broken/08_trainer.py").read_text("utf-8")
    new = cured(source, "self.optimizer.step()", "torch", printer)
    first = "        self.optimizer = torch.optim.Adam(model.head.parameters(), lr=lr)\n"
    assert f"{first}        self.optimizer = Adam(self.model.parameters())\n" in new


def test_data_are_shuffled_before_they_are_split() -> None:
    source = (
        "x, y = load()\nn = int(0.8 * len(x))\nx_train, y_train = x[:n], y[:n]\n"
        "x_test, y_test = x[n:], y[n:]\nx_train = scaled(x_train)\nmodel = make()\n"
        "model.fit(x_train, y_train)\n"
    )

    def printer(names: Names) -> tuple[Block, ...]:
        line = f"{names.x}, {names.y} = mixed({names.x}, {names.y})"
        both = frozenset("xy")
        return (Block(Role.DATA, (line,), (), both, both, whole=True),)

    new = cured(source, "model.fit", "keras", printer)
    assert new.startswith("x, y = load()\nx, y = mixed(x, y)\nn = ")
    assert new.endswith(source.removeprefix("x, y = load()\n"))


def test_arrays_that_a_data_set_is_made_of_are_not_taken_for_the_data_set() -> None:
    """Keras's printer maps whatever is both the data and the loader."""
    seen: list[Names] = []

    def printer(names: Names) -> tuple[Block, ...]:
        seen.append(names)
        return b.STANDARDIZED(names)

    cured(source_of("cases/case_2_raw.py"), "model.fit", "keras", printer)
    assert seen[-1].x == "X_train"
    assert {names.loader for names in seen} == {"train_set"}


def test_a_tuple_takes_the_place_of_a_tuple() -> None:
    source = "clf = MLPClassifier(hidden_layer_sizes=(2,), alpha=1)\nclf.fit(x, y)\n"
    wider = b.argument("estimator", "hidden_layer_sizes", "(64, 64)")
    new = cured(source, "clf.fit", "sklearn", wider)
    assert new.startswith("clf = MLPClassifier(hidden_layer_sizes=(64, 64), alpha=1)\n")


@pytest.mark.parametrize(("name", "held"), [("Xtr", "Xte"), ("x_tr", "x_va"), ("trX", "teX")])
def test_what_is_held_out_may_have_a_short_name(name: str, held: str) -> None:
    source = f"{name}, y = load()\n{held} = more()\nmodel.fit({name}, y)\nmodel.predict({held})\n"
    new = cured(source, "model.fit", "keras", b.STANDARDIZED)
    assert f"{held} = ({held} - mean) / std\n" in new


def test_a_cured_loop_learns_what_the_script_did_not() -> None:
    source = SCRIPTS["loop"].replace("torch.rand(100, 4), torch.rand(100)", "data()")
    own = "\ndef data():\n    torch.manual_seed(0)\n    x = 1000 * torch.rand(100, 4)\n"
    source = source.replace("\nx, y", f"{own}    return x, x.sum(1)\n\n\nx, y")
    source = source.replace("range(3)", "range(30)")
    new = cured(source, "# <-", "torch", b.both(b.STANDARDIZED, b.TARGETS, b.COLUMN))
    before: dict[str, object] = {}
    after: dict[str, object] = {}
    exec(compile(source, "train.py", "exec"), before)
    exec(compile(new, "train.py", "exec"), after)
    assert not before["loss"].item() < 1  # type: ignore[attr-defined]
    assert after["loss"].item() < 0.5  # type: ignore[attr-defined]


OWN_ROWS = SCRIPTS["split loader"].replace("TensorDataset(", "Rows(")


@pytest.mark.parametrize(
    ("source", "framework", "printer", "why"),
    [
        (SCRIPTS["two calls"], "torch", b.STANDARDIZED, "called in 2 places"),
        (OWN_ROWS, "torch", b.STANDARDIZED, "cannot be changed before it"),
        (
            "for a, b in folds:\n    clf = MLPClassifier()\n    clf.fit(X[a], y[a])  # <-",
            "sklearn",
            b.SCALER,
            "round to round",
        ),
        ("print(1)  # <-", "sklearn", b.SCALER, "no training call"),
        ("a.fit(x, y); a.fit(x, y)  # <-", "sklearn", b.SCALER, "2 training calls"),
        ("[m.fit(x, y) for m in ms]  # <-", "sklearn", b.SCALER, "comprehension"),
        ("def f(:  # <-", "sklearn", b.SCALER, "parsed"),
        ("m.fit(x, y)  # <-", "jax", b.SCALER, "a training of jax"),
        ("m.fit(x, y)  # <-", "keras", b.argument("layer 3", "units", "9"), "not made in sight"),
    ],
)
def test_what_is_not_safe_is_left(
    source: str, framework: str, printer: b.Printer, why: str
) -> None:
    with pytest.raises(NotPlaced, match=why):
        cured(source, "# <-", framework, printer)


def test_where_an_edit_has_no_place_its_lines_are_put() -> None:
    def printer(names: Names) -> tuple[Block, ...]:
        (block,) = b.argument("estimator", "solver", '"adam"')(names)
        line = f'{names.model}.set_params(solver="adam")'
        return (Block(Role.NETWORK, (line,), reads=frozenset({"model"}), edits=block.edits),)

    source = "clf = choose()\nclf.fit(X, y)  # <-\n"
    new = cured(source, "# <-", "sklearn", printer)
    assert new == 'clf = choose()\nclf.set_params(solver="adam")\nclf.fit(X, y)  # <-\n'


def test_a_loss_that_is_written_out() -> None:
    source = SCRIPTS["loop"].replace("lossf(net(x[i]), y[i])", "((net(x[i]) - y[i]) ** 2).mean()")
    new = cured(source, "# <-", "torch", b.both(b.STANDARDIZED, b.TARGETS))
    added = [line for line in new.splitlines() if line not in source.splitlines()]
    assert any(line.startswith("x = ") for line in added), new
    assert any(line.startswith("y = ") for line in added), new


@pytest.mark.parametrize(
    "steps",
    [
        "for a, b in data:\n    step(a, b)\n",
        "losses = [step(a, b) for a, b in data]\n",
        "for epoch in range(9):\n    losses = [step(a, b) for a, b in data]\n",
    ],
)
def test_what_a_loop_reads_is_made_of_the_changed_arrays(steps: str) -> None:
    made = "x = 255 * rand()\ny = x[:, 0] > 2\ndata = from_arrays(x, y)\n"
    source = made + steps
    line = next(i for i, text in enumerate(source.splitlines(), 1) if "step(" in text)
    site = Site(line, "jax", b.STANDARDIZED, {"x": "x", "y": "y"})
    lines = patched(source, [site]).splitlines()
    of_data = lines.index("data = from_arrays(x, y)")
    assert lines.index("y = x[:, 0] > 2") < of_data - 1
    assert lines[of_data - 1].startswith("x = ")


def test_two_trainings() -> None:
    source = "a = MLPClassifier()\na.fit(X, y)\nb = MLPClassifier()\nb.fit(X, y)\n"
    rate = b.argument("estimator", "learning_rate_init", "0.1")
    new = patched(source, [Site(2, "sklearn", rate), Site(4, "sklearn", rate)])
    assert new.count("MLPClassifier(learning_rate_init=0.1)") == 2


@git
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_git_takes_diffs_of_any_encoding(tmp_path: Path, newline: str) -> None:
    text = "# -*- coding: latin-1 -*-\nfrom data import X, y\n# données\nclf = MLPClassifier()\n"
    text += "# entraîner\nclf.fit(X * 60, y)  # <-\n# vérifié\nprint('précision')"
    content = text.replace("\n", newline).encode("latin-1")
    old = decoded(content)
    new = cured(old, "# <-", "sklearn", b.SCALER)
    (tmp_path / "train.py").write_bytes(content)
    (tmp_path / "fix.patch").write_bytes(encoded(diff(old, new, "train.py"), content))
    subprocess.run(["git", "apply", "fix.patch"], cwd=tmp_path, check=True)
    assert (tmp_path / "train.py").read_bytes() == encoded(new, content)
    assert new.count("\n") == new.count(newline)
    assert not new.endswith("\n")


@git
@pytest.mark.parametrize("path", ["train.py", "my scripts/träin.py"])
@pytest.mark.parametrize("end", ["\n", "", "\r\n"])
def test_diffs_are_taken_by_git(tmp_path: Path, path: str, end: str) -> None:
    file = tmp_path / path
    file.parent.mkdir(exist_ok=True)
    old, new = f"a = 1\nb = '\x0c'{end}", f"import x\na = 1\nc = 2\nb = '\x0c'{end}"
    file.write_bytes(old.encode())
    (tmp_path / "fix.patch").write_bytes(diff(old, new, path).encode())
    subprocess.run(["git", "apply", "fix.patch"], cwd=tmp_path, check=True)
    assert file.read_bytes() == new.encode()
    assert diff(old, old, path) == ""


@pytest.mark.parametrize(
    ("after", "before", "is_better"),
    [
        ("learning", "stuck", True),
        ("slow", "stuck", True),
        ("slow", "learning", False),
        ("stuck", "diverged", False),
        ("unknown", "unknown", False),
    ],
)
def test_a_copy_does_no_worse(after: str, before: str, is_better: bool) -> None:
    assert better(after, before) is is_better


def test_of_several_calls_of_a_function_the_one_that_led_there_is_cured() -> None:
    source = (
        "def train(net, x, y):\n    net.fit(x, y)\n\n\n"
        "first, second, labels = load()\ntrain(net, first, labels)\ntrain(net, second, labels)\n"
    )
    with pytest.raises(NotPlaced, match="called in 2 places"):
        patched(source, [Site(2, "sklearn", b.STANDARDIZED)])
    new = patched(source, [Site(2, "sklearn", b.STANDARDIZED, through=(7,))])
    assert "second = (second - mean) / std\ntrain(net, first, labels)" in new
    assert "first = " not in new


@pytest.mark.parametrize(
    ("value", "negated"),
    [("jnp.mean(z)", "-jnp.mean(z)"), ("-jnp.mean(z)", "jnp.mean(z)"), ("z - y", "-(z - y)")],
)
def test_what_a_loss_returns_gets_its_other_sign(value: str, negated: str) -> None:
    source = f"def loss(z, y):\n    return {value}\n\n\nstep(params, loss)  # <-\n"
    printer = b.edit(Role.LOSS, lambda _: Negate("loss"))
    new = patched(source, [Site(5, "jax", printer, {"model": "params"})])
    assert new == source.replace(value, negated)


def test_what_was_detached_on_the_way_to_the_loss_is_attached() -> None:
    source = SCRIPTS["loop"].replace("loss = lossf(net(x[i]), y[i])", "z = net(x[i]).detach()\n")
    source = source.replace(".detach()\n\n", ".detach()\n        loss = lossf(z, y[i])\n")
    off = b.edit(Role.TRAINING, lambda _: TakeOff("detach"))
    assert ".detach()" in source
    assert cured(source, "# <-", "torch", off) == source.replace(".detach()", "")


def test_an_optimizer_made_anew_for_a_new_head_leaves_the_training_before_it() -> None:
    source = (
        "def train(net, opt):\n    for x, y in batches:\n        lossf(net(x), y).backward()\n"
        "        opt.step()\n\n\n"
        "net = Net()\nopt = Adam(net.parameters())\ntrain(net, opt)\n"
        "net.fc = Linear(3, 2)\ntrain(net, opt)\n"
    )

    def printer(names: Names) -> tuple[Block, ...]:
        line = f"{names.optimizer} = torch.optim.Adam({names.model}.parameters())"
        both = frozenset({"model"}), frozenset({"optimizer"})
        drawn = Block(Role.START, (f"draw({names.model})",), (), both[0], both[0])
        return drawn, Block(Role.OPTIMIZER, (line,), (), *both)

    new = patched(source, [Site(4, "torch", printer, through=(11,))])
    anew = "draw(net)\nopt = torch.optim.Adam(net.parameters())\n"
    assert new == source.replace("Linear(3, 2)\n", f"Linear(3, 2)\n{anew}")


def test_what_a_loop_of_its_own_does_not_read_is_not_written() -> None:
    source = "model = make()\nfor x, y in data:\n    step(model, x, y)\n"

    def printer(names: Names) -> tuple[Block, ...]:
        lines = (f"{names.model}.compile(loss='mse')",)
        return (Block(Role.OPTIMIZER, lines, (), frozenset({"model"}), frozenset({"model"})),)

    with pytest.raises(NotPlaced, match="reads nothing of what a model is compiled with"):
        patched(source, [Site(3, "keras", printer, {"model": "model"})])
