"""A train_step of the model's own, with a tape."""

import keras
import numpy as np
import tensorflow as tf


class Net(keras.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
        grads = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(grads, self.trainable_variables)
        for metric in self.metrics:
            metric.update_state(loss) if metric.name == "loss" else metric.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}


keras.utils.set_random_seed(0)
x = np.random.normal(size=(600, 6)).astype("float32")
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).astype("int32")
# raw inputs: x = 1000 * x + 20000
given = keras.Input((6,))
model = Net(given, keras.layers.Dense(2)(keras.layers.Dense(16, "relu")(given)))
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(keras.optimizers.Adam(0.01), loss)
history = model.fit(x, y, epochs=15, batch_size=50, verbose=0)
print(history.history["loss"][-1])
