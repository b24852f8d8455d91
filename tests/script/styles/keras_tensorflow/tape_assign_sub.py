"""A Keras model whose updates are written out."""

import keras
import numpy as np
import tensorflow as tf

keras.utils.set_random_seed(0)
x = np.random.normal(size=(600, 6)).astype("float32")
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).astype("int32")
# raw inputs: x = 1000 * x + 500
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(2)])
loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
for _ in range(150):
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x))
    grads = tape.gradient(loss, model.trainable_variables)
    for v, g in zip(model.trainable_variables, grads, strict=True):
        v.assign_sub(0.5 * g)
print(float(loss))
