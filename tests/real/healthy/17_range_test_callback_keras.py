# A range test by a callback, then the real training of a fresh model.
import keras
import numpy as np

keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
x = rng.normal(size=(2000, 10)).astype("float32")
y = (x[:, :3].sum(1) > 0).astype("int64")


class Range(keras.callbacks.Callback):
    def on_train_batch_begin(self, batch, logs=None):
        self.model.optimizer.learning_rate = 1e-4 * 1.2**batch


def fit(rate, epochs, callbacks):
    net = keras.Sequential([keras.Input((10,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(2)])
    net.compile(keras.optimizers.SGD(rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return net.fit(x, y, batch_size=20, epochs=epochs, callbacks=callbacks, verbose=0).history


fit(1e-4, 1, [Range()])
print(fit(0.1, 10, [])["accuracy"][-1])
