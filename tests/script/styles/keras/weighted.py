"""fit with a weight for each example."""

import keras
import numpy as np

keras.utils.set_random_seed(0)
x = np.random.normal(size=(600, 6)).astype("float32")
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).astype("float32")
weights = np.where(y > 0, 2.0, 1.0)
rate = 0.01
# rate x 1000: rate = 10
model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(1, "sigmoid")])
model.compile(keras.optimizers.Adam(rate), "binary_crossentropy")
history = model.fit(x, y, sample_weight=weights, epochs=15, batch_size=50, verbose=0)
print(history.history["loss"][-1])
