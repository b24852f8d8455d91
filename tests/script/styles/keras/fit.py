"""fit on arrays, with a validation split."""

import keras
import numpy as np

keras.utils.set_random_seed(0)
x = np.random.normal(size=(600, 6)).astype("float32")
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).astype("int32")
# raw inputs: x = 1000 * x + 500
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(2)])
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(keras.optimizers.SGD(0.1), loss, metrics=["accuracy"])
history = model.fit(x, y, epochs=12, batch_size=30, validation_split=0.1, verbose=0)
print(history.history["loss"][-1])
