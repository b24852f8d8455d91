# Masked tokens in Keras: ignore_class; here the tokens can be learnt.
import keras
import numpy as np

keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
x = rng.integers(0, 10, (3000, 6))
y = (x * 3 + 1) % 10
y[:, :4] = -1
net = keras.Sequential([keras.Input((6,), dtype="int32"), keras.layers.Embedding(10, 16), keras.layers.Dense(10)])
net.compile(keras.optimizers.Adam(1e-2), keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1))
net.fit(x, y, batch_size=50, epochs=6, verbose=2)
