"""A squared error written out, eagerly, on slices of arrays."""

import keras
import numpy as np
import tensorflow as tf

keras.utils.set_random_seed(0)
x = np.random.normal(size=(600, 4)).astype("float32")
y = np.sin(x[:, :1]) + 0.5 * x[:, 1:2]
rate = 0.01
# rate x 1000: rate = 10
model = keras.Sequential([keras.layers.Dense(32, activation="tanh"), keras.layers.Dense(1)])
optimizer = keras.optimizers.Adam(rate)
for epoch in range(15):
    for i in range(0, 600, 60):
        with tf.GradientTape() as tape:
            out = model(x[i : i + 60])
            loss = tf.reduce_mean(tf.square(out - y[i : i + 60]))
        grads = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(grads, model.trainable_variables, strict=True))
print(float(loss))
