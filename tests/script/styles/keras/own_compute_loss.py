"""A model with a compute_loss of its own."""

import keras
import numpy as np
from keras import ops


class Huber(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden, self.out = keras.layers.Dense(32, "tanh"), keras.layers.Dense(1)

    def call(self, x):
        return self.out(self.hidden(x))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return ops.mean(ops.log(ops.cosh(y_pred - y)))


keras.utils.set_random_seed(0)
x = np.random.normal(size=(600, 4)).astype("float32")
y = np.sin(x[:, :1]) + 0.5 * x[:, 1:2]
# raw inputs: x = 1000 * x + 20000
model = Huber()
model.compile(keras.optimizers.Adam(0.01))
history = model.fit(x, y, epochs=15, batch_size=50, verbose=0)
print(history.history["loss"][-1])
