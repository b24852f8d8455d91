"""Two outputs and two losses under one tape."""

import keras
import numpy as np
import tensorflow as tf

keras.utils.set_random_seed(0)
x = np.random.normal(size=(600, 6)).astype("float32")
kind = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).astype("int32")
size = x[:, 3:4] - x[:, 4:5]
# raw inputs: x = 1000 * x + 20000
given = keras.Input((6,))
h = keras.layers.Dense(24, "relu")(given)
model = keras.Model(given, [keras.layers.Dense(2)(h), keras.layers.Dense(1)(h)])
cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
mse, optimizer = keras.losses.MeanSquaredError(), keras.optimizers.Adam(0.01)
for epoch in range(12):
    for i in range(0, 600, 50):
        rows = slice(i, i + 50)
        with tf.GradientTape() as tape:
            kinds, sizes = model(x[rows], training=True)
            loss = cross_entropy(kind[rows], kinds) + 0.5 * mse(size[rows], sizes)
        grads = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(grads, model.trainable_variables, strict=True))
print(float(loss))
