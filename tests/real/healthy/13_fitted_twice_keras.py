# A second fit of a model that the first one has brought to its end, at a small rate.
import keras
import numpy as np

keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
x = rng.normal(size=(1000, 6)).astype("float32")
y = x @ rng.normal(size=(6, 1)) + 0.1 * rng.normal(size=(1000, 1))
net = keras.Sequential([keras.Input((6,)), keras.layers.Dense(1)])
net.compile(keras.optimizers.Adam(0.02), "mse")
net.fit(x, y, epochs=30, verbose=0)
net.compile(keras.optimizers.SGD(1e-4), "mse")
net.fit(x, y, epochs=5, verbose=2)
