"""fit on a Python generator."""

import keras
import numpy as np

keras.utils.set_random_seed(0)
x = np.random.normal(size=(600, 6)).astype("float32")
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).astype("int32")
# raw inputs: x = 1000 * x + 20000


def batches():
    order = np.random.default_rng(0)
    while True:
        rows = order.integers(0, 600, 50)
        yield x[rows], y[rows]


model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(2)])
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(keras.optimizers.Adam(0.01), loss)
history = model.fit(batches(), epochs=10, steps_per_epoch=12, verbose=0)
print(history.history["loss"][-1])
