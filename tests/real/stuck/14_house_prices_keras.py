# Features of very different sizes, targets of 50,000, the usual Adam.
import keras
import numpy as np

keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
n = 4000
x = np.column_stack([rng.normal(50000, 15000, n), rng.normal(30, 8, n), rng.integers(0, 5, n), rng.normal(1980, 15, n)])
y = x[:, 0] * 3 + x[:, 1] * 1000 - x[:, 2] * 20000 + rng.normal(0, 5000, n)
net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(64, "relu"), keras.layers.Dense(64, "relu"), keras.layers.Dense(1)])
net.compile("adam", "mse")
net.fit(x, y, batch_size=32, epochs=20, verbose=0)
print(net.evaluate(x, y, verbose=0) ** 0.5, y.std())
