"""Two outputs by name, with losses and weights."""

import keras
import numpy as np

keras.utils.set_random_seed(0)
x = np.random.normal(size=(600, 6)).astype("float32")
kind = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).astype("float32")[:, None]
size = x[:, 3:4] - x[:, 4:5]
# raw inputs: x = 1000 * x + 20000
given = keras.Input((6,))
h = keras.layers.Dense(24, "relu")(given)
outputs = {
    "kind": keras.layers.Dense(1, "sigmoid", name="kind")(h),
    "size": keras.layers.Dense(1, name="size")(h),
}
model = keras.Model(given, outputs)
losses = {"kind": "binary_crossentropy", "size": "mse"}
model.compile(keras.optimizers.Adam(0.01), losses, loss_weights={"kind": 1.0, "size": 0.5})
history = model.fit(x, {"kind": kind, "size": size}, epochs=15, batch_size=50, verbose=0)
print(history.history["loss"][-1])
