# Warm-up by a LearningRateScheduler: the first epoch's rate is next to nothing.
import keras
from sklearn.datasets import load_digits

keras.utils.set_random_seed(0)
x, y = load_digits(return_X_y=True)
net = keras.Sequential([keras.Input((64,)), keras.layers.Dense(64, "relu"), keras.layers.Dense(10)])
net.compile(keras.optimizers.SGD(0.1, momentum=0.9), keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
warm = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 * min(1.0, (epoch + 1e-4) / 4))
net.fit(x / 16, y, batch_size=32, epochs=12, callbacks=[warm], verbose=2)
