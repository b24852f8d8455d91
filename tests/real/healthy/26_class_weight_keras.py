# 3 % positives and class_weight: accuracy goes down, recall is what it is after.
import keras
import numpy as np

keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
x = rng.normal(size=(6000, 10)).astype("float32")
y = (x[:, :3].sum(1) + rng.normal(size=6000) > 3.9).astype("float32")
net = keras.Sequential([keras.Input((10,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1, "sigmoid")])
net.compile(keras.optimizers.Adam(3e-3), "binary_crossentropy")
net.fit(x, y, batch_size=64, epochs=6, class_weight={0: 1.0, 1: 1 / y.mean()}, verbose=0)
said = net.predict(x, verbose=0)[:, 0] > 0.5
print([(said[y == c] == c).mean() for c in (0, 1)], y.mean())
