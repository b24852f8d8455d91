"""No model: tf.Variables and updates written out."""

import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
x = rng.normal(size=(400, 4)).astype("float32")
y = (np.sin(x[:, :1]) + x[:, 1:2]).astype("float32")
lr = 0.1
# rate x 1000: lr = 100
w1 = tf.Variable(rng.normal(size=(4, 24)).astype("float32") / 2)
b1 = tf.Variable(tf.zeros(24))
w2 = tf.Variable(rng.normal(size=(24, 1)).astype("float32") / 5)
b2 = tf.Variable(tf.zeros(1))
for _ in range(200):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((tf.tanh(x @ w1 + b1) @ w2 + b2 - y) ** 2)
    for v, g in zip((w1, b1, w2, b2), tape.gradient(loss, (w1, b1, w2, b2)), strict=True):
        v.assign_sub(lr * g)
print(float(loss))
