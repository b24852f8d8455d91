"""train_on_batch in a loop."""

import keras
import numpy as np

keras.utils.set_random_seed(0)
x = np.random.normal(size=(600, 6)).astype("float32")
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).astype("float32")[:, None]
rate = 0.01
# rate x 1000: rate = 10
model = keras.Sequential(
    [keras.Input((6,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(1, "sigmoid")]
)
model.compile(keras.optimizers.Adam(rate), "binary_crossentropy")
for epoch in range(15):
    order = np.random.permutation(600)
    for i in range(0, 600, 50):
        loss = model.train_on_batch(x[order[i : i + 50]], y[order[i : i + 50]])
print(float(loss))
