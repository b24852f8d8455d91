# Targets of 50 in size, SGD with momentum: the optimizer's clipnorm makes it train.
import keras
import numpy as np

keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
x = rng.normal(size=(2000, 20)).astype("float32")
y = x[:, -3:].sum(1, keepdims=True) * 30
net = keras.Sequential([keras.Input((20,)), keras.layers.Dense(64, "relu"), keras.layers.Dense(64, "relu"), keras.layers.Dense(1)])
net.compile(keras.optimizers.SGD(0.05, momentum=0.9, global_clipnorm=1.0), "mse")
net.fit(x, y, batch_size=40, epochs=8, verbose=2)
