"""Fixes put into Keras scripts, run by test_patch.py where the backend can be chosen."""

import numpy as np
import pytest

from script import patch_scripts as scripts
from unstuck.changes.finite import FINITE
from unstuck.changes.input_clipping import CLIP
from unstuck.changes.input_scaling import PER_FEATURE, SPREAD
from unstuck.changes.loss_from_logits import LOGITS
from unstuck.changes.optimizer import ADAM
from unstuck.changes.shuffling import SHUFFLED
from unstuck.changes.target_scaling import TARGETS
from unstuck.patch import NotPlaced, diff, patched


def line_of(source):
    return source[: source.index("# <-")].count("\n") + 1


def run(source):
    names = {"__name__": "__main__"}
    exec(compile(source, "train.py", "exec"), names)
    return names


def code_of(model, x, y, *changes):
    from unstuck.frameworks.keras.cure import built
    from unstuck.frameworks.recognize import recognize
    from unstuck.setups.subject import Given

    return built(recognize(model, Given(x, y)), changes).code


def refused(source, code, why):
    with pytest.raises(NotPlaced, match=why):
        patched(source, line_of(source), "keras", code)


def fitted(names):
    """Accuracy on held-out data, by `evaluate` as the script would."""
    return names["done"].evaluate(names["x_test"], names["y_test"], verbose=0)[1]


def check_scripts():
    start = run(scripts.KERAS_HEAD)
    model, x, y = start["build"](), start["x_train"], start["y_train"]
    scaled = code_of(model, x, y, PER_FEATURE, ADAM)
    clipped = code_of(model, x, y, CLIP, SPREAD, LOGITS, ADAM)
    for name, body in scripts.KERAS.items():
        source = scripts.KERAS_HEAD + body
        for code, layer in ((scaled, "Normalization"), (clipped, "Rescaling")):
            if code is clipped and name not in ("one line", "method", "loop over seeds"):
                continue
            new = patched(source, line_of(source), "keras", code)
            lines = diff(source, new, "train.py").splitlines()
            gone = [x for x in lines if x[0] == "-" and x[:3] != "---"]
            assert len(gone) <= (name in ("one line", "suite", "expression", "cast")), (name, gone)
            names = run(new)
            kinds = {type(x).__name__ for x in names["done"].layers}
            assert layer in kinds, (name, kinds)
            assert fitted(names) > 0.7, (name, layer, fitted(names))
            refused(new, code, "already")


def check_imports():
    source = scripts.KERAS_HEAD + scripts.KERAS["plain"]
    start = run(scripts.KERAS_HEAD)
    code = code_of(start["build"](), start["x_train"], start["y_train"], PER_FEATURE)
    tf = source.replace(
        "import keras\nfrom keras import", "import tensorflow as tf\nfrom keras import"
    )
    tf = tf.replace("keras.utils", "tf.keras.utils").replace(" keras.S", " tf.keras.S")
    tf = tf.replace("keras.Input", "tf.keras.Input").replace(
        "import numpy as np\n", "import numpy\n"
    )
    new = patched(tf, line_of(tf), "keras", code)
    assert "tf.keras.layers.Normalization(" in new
    assert "numpy.ptp(" in new
    assert "import keras\n" not in new
    run(new)
    from_keras = source.replace("import keras\n", "from tensorflow import keras as K\n")
    from_keras = from_keras.replace("keras.", "K.").replace("from K.", "from keras.")
    assert "K.layers.Normalization" in patched(from_keras, line_of(from_keras), "keras", code)
    bare = "import os\nos.environ['KERAS_BACKEND'] = 'jax'\nfrom keras.layers import Dense\n"
    bare += "model = make()\nmodel.fit(x, y)  # <-\n"
    new = patched(bare, line_of(bare), "keras", code)
    lines = new.splitlines()
    assert lines.index("import keras") == lines.index("from keras.layers import Dense") + 1
    assert "import numpy as np" in lines
    taken = bare.replace("make()", "make(np=1); np = 2; keras = 3")
    new = patched(taken, line_of(taken), "keras", code)
    assert "import keras as keras_1" in new
    assert "import numpy as np_1" in new
    inside = (
        "def main():\n    from keras import layers\n    model = f()\n    model.fit(x, y)  # <-\n"
    )
    new = patched(inside, line_of(inside), "keras", code)
    assert "\n    import keras\n" in new


def check_changed_data():
    import keras

    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 4)).astype("float32")
    y = (x @ np.ones((4, 1)) * 1e4).astype("float32")
    head = "import numpy as np, keras\nrng = np.random.default_rng(0)\n"
    head += "x = rng.normal(size=(400, 4)).astype('float32')\n"
    head += "t = (x @ np.ones((4, 1)) * 1e4).astype('float32')\n"
    head += "net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])\n"
    head += "net.compile('sgd', 'mse')\n"
    net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    net.compile("sgd", "mse")
    source = head + "net.fit(x, t, epochs=9, verbose=0)  # <-\n"
    new = patched(source, line_of(source), "keras", code_of(net, x, y, TARGETS))
    assert "# other targets must be changed in the same way as t is above" in new
    assert "# in the old units: net.predict(x) * " in new
    names = run(new)
    assert abs(names["t"].std() - 1) < 0.1
    assert names["net"].evaluate(names["x"], names["t"], verbose=0) < 0.1
    seeds = head.replace("net = ", "for _ in range(2):\n    net = ").replace("net.c", "    net.c")
    seeds += "    net.fit(x, t, epochs=9, verbose=0)  # <-\n"
    new = patched(seeds, line_of(seeds), "keras", code_of(net, x, y, TARGETS))
    names = run(new)
    assert abs(names["y"].std() - 1) < 0.1  # changed once a turn, from what the script has
    assert names["t"].std() > 1e3
    x[3, 2] = np.nan
    source = head + "x[3, 2] = np.nan\nnet.fit(x, t, verbose=0)  # <-\n"
    new = patched(source, line_of(source), "keras", code_of(net, x, y, FINITE))
    assert "must be left out of other data, too" in new
    assert len(run(new)["t"]) == 399
    source = head + "net.fit(x, t, shuffle=False, verbose=0)  # <-\n"
    new = patched(source, line_of(source), "keras", code_of(net, x[4:], y[4:], SHUFFLED))
    assert "net.fit(x, t, shuffle=True, verbose=0)" in new
    run(new)


def check_datasets():
    start = run(scripts.KERAS_HEAD)
    head = scripts.KERAS_HEAD + "import torch\n"
    head += "ds = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(\n"
    head += "    torch.tensor(x_train).float(), torch.tensor(y_train)), 32, shuffle=True)\n"
    source = head + "net = build()\nnet.fit(ds, epochs=3, verbose=0)  # <-\ndone = net\n"
    model, x, y = start["build"](), start["x_train"], start["y_train"]
    new = patched(source, line_of(source), "keras", code_of(model, x, y, SPREAD, ADAM))
    assert fitted(run(new)) > 0.7
    refused(source, code_of(model, x, y, PER_FEATURE), "in batches")


UNSAFE = {
    "def f(model):\n    model.fit(x, y)  # <-\nf(a)\nf(b)\n": "called in 2 places",
    "for model in models:\n    model.fit(x, y)  # <-\n": "what a loop goes through",
    "f = lambda: model.fit(x, y)  # <-\n": "lambda",
    "while model.fit(x, y):  # <-\n    pass\n": "condition",
    "a = model.fit(x, y) if c else None  # <-\n": "conditional",
    "model.fit(*data)  # <-\n": "the fix needs x",
    "model = f()\nc = C(model)\nx = 3\nmodel.fit(x, y)  # <-\n": "keeps hold",
    "class M(keras.Model):\n    def fit(self, x, y):\n        super().fit(x, y)  # <-\n": "parent",
}


def check_refusals():
    start = run(scripts.KERAS_HEAD)
    code = code_of(start["build"](), start["x_train"], start["y_train"], SPREAD)
    for source, why in UNSAFE.items():
        refused(source, code, why)


if __name__ == "__main__":
    for name, check in list(globals().items()):
        if name.startswith("check_"):
            check()
