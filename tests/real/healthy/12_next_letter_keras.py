# A language model in Keras: a target at every position, and it learns.
import keras
import numpy as np

keras.utils.set_random_seed(0)
text = np.arange(4000) * 7 % 26
x = np.stack([text[i : i + 16] for i in range(0, 3900, 4)])
y = np.stack([text[i + 1 : i + 17] for i in range(0, 3900, 4)])
net = keras.Sequential([keras.Input((16,), dtype="int32"), keras.layers.Embedding(26, 16), keras.layers.GRU(32, return_sequences=True), keras.layers.Dense(26)])
net.compile(keras.optimizers.Adam(1e-2), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
net.fit(x, y, batch_size=32, epochs=6, verbose=2)
