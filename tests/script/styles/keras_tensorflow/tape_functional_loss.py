"""keras.losses as a function, its mean taken by hand."""

import keras
import numpy as np
import tensorflow as tf

keras.utils.set_random_seed(0)
x = np.random.normal(size=(600, 6)).astype("float32")
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).astype("float32")[:, None]
rate = 0.01
# rate x 1000: rate = 10
data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(600, seed=0).batch(50)
model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(1, "sigmoid")])
optimizer = keras.optimizers.Adam(rate)
for epoch in range(12):
    for xb, yb in data:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(keras.losses.binary_crossentropy(yb, model(xb)))
        grads = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(grads, model.trainable_variables, strict=True))
print(float(loss))
