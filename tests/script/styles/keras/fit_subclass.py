"""fit of a subclassed model with its settings by name, and callbacks."""

import keras
import numpy as np


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = keras.layers.Dense(16, activation="relu")
        self.drop, self.out = keras.layers.Dropout(0.1), keras.layers.Dense(3, "softmax")

    def call(self, x, training=False):
        return self.out(self.drop(self.hidden(x), training=training))


keras.utils.set_random_seed(0)
x = np.random.normal(size=(600, 6)).astype("float32")
y = np.argmax(x[:, :3], axis=1)
# raw inputs: x = 1000 * x + 20000
model = Net()
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
stop = keras.callbacks.EarlyStopping(monitor="loss", patience=5)
history = model.fit(x, y, epochs=25, batch_size=16, callbacks=[stop], verbose=0)
print(history.history["loss"][-1])
