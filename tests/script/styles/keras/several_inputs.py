"""Two inputs by name, one of them a category."""

import keras
import numpy as np

keras.utils.set_random_seed(0)
size = np.random.normal(size=(600, 3)).astype("float32")
kind = np.random.randint(0, 5, size=(600, 1))
y = size[:, :1] + 0.5 * (kind - 2).astype("float32")
# targets unscaled: y = 1000 * y + 5000
a, b = keras.Input((3,), name="size"), keras.Input((1,), name="kind")
embedded = keras.layers.Flatten()(keras.layers.Embedding(5, 4)(b))
h = keras.layers.Dense(32, "relu")(keras.layers.Concatenate()([a, embedded]))
model = keras.Model({"size": a, "kind": b}, keras.layers.Dense(1)(h))
model.compile(keras.optimizers.Adam(0.01), "mse")
history = model.fit({"size": size, "kind": kind}, y, epochs=15, batch_size=50, verbose=0)
print(history.history["loss"][-1])
