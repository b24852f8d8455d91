"""A train_step of the model's own, on JAX."""

import jax
import keras
import numpy as np


class Net(keras.Model):
    def compute(self, trainable, non_trainable, x, y):
        y_pred, non_trainable = self.stateless_call(trainable, non_trainable, x, training=True)
        return self.compute_loss(x, y, y_pred), non_trainable

    def train_step(self, state, data):
        trainable, non_trainable, opt, metrics = state
        grad_fn = jax.value_and_grad(self.compute, has_aux=True)
        (loss, non_trainable), grads = grad_fn(trainable, non_trainable, *data)
        trainable, opt = self.optimizer.stateless_apply(opt, grads, trainable)
        return {"own_loss": loss}, (trainable, non_trainable, opt, metrics)


keras.utils.set_random_seed(0)
x = np.random.normal(size=(600, 6)).astype("float32")
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).astype("int32")
rate = 0.01
# rate x 1000: rate = 10
given = keras.Input((6,))
model = Net(given, keras.layers.Dense(2)(keras.layers.Dense(16, "relu")(given)))
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(keras.optimizers.Adam(rate), loss)
history = model.fit(x, y, epochs=15, batch_size=50, verbose=0)
print(history.history["own_loss"][-1])
