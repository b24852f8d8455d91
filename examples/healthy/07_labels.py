"""Handwritten digits as small images, labels one-hot: a convolutional network in Keras."""

import keras
import numpy as np
from keras import layers
from sklearn.datasets import load_digits

keras.utils.set_random_seed(0)
x, y = load_digits(return_X_y=True)
data = np.column_stack([x * 255 / 16, y]).astype("float32")
np.random.shuffle(data)
data[:, :-1] /= 255
x, y = data[:, :-1].reshape(-1, 8, 8, 1), keras.utils.to_categorical(data[:, -1])

model = keras.Sequential()
model.add(keras.Input((8, 8, 1)))
model.add(layers.Conv2D(8, 3, activation="relu"))
model.add(layers.Flatten())
model.add(layers.Dense(32, activation="relu"))
model.add(layers.Dense(10))
loss = keras.losses.CategoricalCrossentropy(from_logits=True)
model.compile(keras.optimizers.Adam(0.003), loss)
model.fit(x[:1400], y[:1400], epochs=8, verbose=0)

predicted = model.predict(x[1400:], verbose=0).argmax(1)
truth = y[1400:].argmax(1)
print(f"test accuracy: {(predicted == truth).mean():.3f}")
