# An LSTM over 40 steps in Keras.
import keras
import numpy as np

keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
x = rng.integers(0, 500, (2000, 40))
y = (x[:, ::8] < 60).any(1).astype("int64")
net = keras.Sequential([keras.Input((40,), dtype="int32"), keras.layers.Embedding(500, 32), keras.layers.Bidirectional(keras.layers.LSTM(32, return_sequences=True)), keras.layers.GlobalMaxPooling1D(), keras.layers.Dense(2, "softmax")])
net.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
net.fit(x, y, batch_size=50, epochs=4, verbose=2)
