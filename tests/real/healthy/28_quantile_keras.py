# Pinball loss for the 90th percentile, as a function of the script's own.
import keras
import numpy as np

keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
x = rng.uniform(size=(5000, 4)).astype("float32")
y = (x[:, :1] + rng.exponential(3, (5000, 1))).astype("float32")


def pinball(y_true, y_pred):
    e = y_true - y_pred
    return keras.ops.mean(keras.ops.maximum(0.9 * e, -0.1 * e))


net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)])
net.compile(keras.optimizers.Adam(3e-3), pinball)
net.fit(x, y, batch_size=50, epochs=12, verbose=0)
print((y < net.predict(x, verbose=0)).mean())
