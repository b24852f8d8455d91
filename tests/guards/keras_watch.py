"""What the Keras callback does, on the backend of this process; run by `test_keras_watch.py`."""

import keras
import numpy as np

import unstuck

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(320, 6)).astype("float32")
Y = (X[:, 0] * X[:, 1] > 0).astype("int64")
HEARD = []


def fitted(scale, *callbacks, epochs=2, rate=1e-2):
    """A network, trained."""
    keras.utils.set_random_seed(3)
    layers = [keras.Input((6,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(2, "softmax")]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    model.fit(X * scale, Y, epochs=epochs, verbose=0, callbacks=list(callbacks))
    return model


def main():
    """Every check."""
    watch = unstuck.keras.Watch(X, Y, tell=HEARD.append)
    seen = fitted(1.0, watch).get_weights()
    for mine, theirs in zip(seen, fitted(1.0).get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert watch.report.suspects == (), watch.report
    assert watch.report.setup["batch size"] == "32"
    assert watch.state.startswith(("learning", "stuck", "slow")), watch.state
    assert any("keras_watch.py, line" in str(line) for line in HEARD)

    raw = unstuck.keras.Watch(X * 3000, Y, tell=HEARD.append)
    fitted(3000.0, raw)
    names = [s.name for s in raw.report.suspects]
    assert "input-spread" in names, names
    proof = raw.report.prove(5)
    assert proof.record.agreement is not None

    stopping = unstuck.keras.Watch(X * 1e20, Y, stop=True, tell=HEARD.append)
    model = fitted(1e20, stopping, epochs=20, rate=1e30)
    assert len(model.history.epoch) < 20, stopping.state
    assert stopping.state.startswith(("diverged", "stuck")), stopping.state


if __name__ == "__main__":
    main()
