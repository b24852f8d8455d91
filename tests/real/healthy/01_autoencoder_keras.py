# An autoencoder in Keras: the target is the input; the labels are only there to look at the codes.
import keras
import numpy as np
from sklearn.datasets import load_digits

keras.utils.set_random_seed(0)
x, labels = load_digits(return_X_y=True)
x = (x / 16).astype("float32")
net = keras.Sequential([keras.Input((64,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(8), keras.layers.Dense(32, "relu"), keras.layers.Dense(64, "sigmoid")])
net.compile(keras.optimizers.Adam(3e-3), "mse")
net.fit(x, x, batch_size=32, epochs=15, verbose=0)
print(np.mean((net.predict(x, verbose=0) - x) ** 2) / x.var(0).mean(), len(np.unique(labels)))
