"""Held-out targets get a fix where they meet outputs as the model gives them, and only there."""

import pytest

from unstuck.patch.held import meets_outputs, names_classes
from unstuck.patch.tree import Tree

MEETS = [
    ("print(loss_fn(model(x_test), y_test))", True),
    ("loader = DataLoader(TensorDataset(x_test, y_test))", True),
    ("error = ((model(x_test) - y_test) ** 2).mean()", True),
    ("print(criterion(model(x_test).squeeze(), y_test))", False),
    ("truth = y_test.numpy()", False),
    ("pred = model(x_test)[:, 0]\nerror = ((pred - y_test) ** 2).mean() / y_test.var()", False),
    (
        "p = net(x_test).ravel()\nrest = (y_test - p) ** 2\nall = (y_test - y_test.mean()) ** 2",
        False,
    ),
    ("pred = model(x_test)[:, 0]\nerror = ((pred - y_test) ** 2).mean() / np.var(y_test)", False),
    ("print(r2_score(y_test, model(x_test)))", False),
    ("print(len(y_test))", False),
    ("x_train, x_test, y_train, y_test = train_test_split(x, y)", False),
]


@pytest.mark.parametrize(("script", "meets"), MEETS)
def test_what_meets_the_outputs(script, meets):
    assert meets_outputs(Tree(script), "y_test") is meets


NAMED = [
    ("guess = np.where(p > 0.5, 1, -1)", True),
    ("guess = np.sign(model.predict(x_test))", True),
    ("guess = [1 if q > 0 else -1 for q in p]", True),
    ("guess = model.predict(x_test).argmax(axis=1) + 1", True),
    ("guess = (model.predict(x_test) > 0.5).astype(int)", False),
    ("guess = np.where(p > 0.5, yes, no)", False),
    ("guess = model.predict(x_test).argmax(axis=1)", False),
]


@pytest.mark.parametrize(("script", "own"), NAMED)
def test_who_names_classes_behind_the_training(script, own):
    tree = Tree(f"y = np.where(x > 0, 1, -1)\nmodel.fit(x, y)\n{script}\n")
    assert names_classes(tree, tree.module.body[1]) is own
