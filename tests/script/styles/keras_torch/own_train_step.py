"""A train_step of the model's own, on PyTorch."""

import keras
import numpy as np
import torch


class Net(keras.Model):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.loss_tracker = keras.metrics.Mean(name="loss")

    @property
    def metrics(self):
        return [self.loss_tracker]

    def train_step(self, data):
        x, y = data
        self.zero_grad()
        loss = self.compute_loss(y=y, y_pred=self(x, training=True))
        loss.backward()
        weights = list(self.trainable_weights)
        with torch.no_grad():
            self.optimizer.apply([v.value.grad for v in weights], weights)
        self.loss_tracker.update_state(loss)
        return {"loss": self.loss_tracker.result()}


keras.utils.set_random_seed(0)
x = np.random.normal(size=(600, 4)).astype("float32")
y = np.sin(x[:, :1]) + 0.5 * x[:, 1:2]
# targets unscaled: y = 1000 * y + 5000
given = keras.Input((4,))
model = Net(given, keras.layers.Dense(1)(keras.layers.Dense(32, "tanh")(given)))
model.compile(keras.optimizers.Adam(0.01), "mse")
history = model.fit(x, y, epochs=15, batch_size=50, verbose=0)
print(history.history["loss"][-1])
