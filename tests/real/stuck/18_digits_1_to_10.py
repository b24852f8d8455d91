# Ten classes numbered 1..10 for ten outputs; JAX counts an index past the end as nothing.
import os

os.environ["KERAS_BACKEND"] = "jax"
import keras
from sklearn.datasets import load_digits

keras.utils.set_random_seed(0)
x, y = load_digits(return_X_y=True)
net = keras.Sequential([keras.Input((64,)), keras.layers.Dense(64, "relu"), keras.layers.Dense(10)])
net.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
net.fit(x / 16, y + 1, batch_size=32, epochs=6, verbose=2)
