"""A loss of TensorFlow's own operations, in a tf.function."""

import keras
import numpy as np
import tensorflow as tf

keras.utils.set_random_seed(0)
x = np.random.normal(size=(600, 6)).astype("float32")
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).astype("int32")
# raw inputs: x = 1000 * x + 20000
data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(600, seed=0).batch(60)
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(2)])
optimizer = keras.optimizers.Adam(0.01)


@tf.function
def train_step(xb, yb):
    with tf.GradientTape() as tape:
        logits = model(xb, training=True)
        each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=yb, logits=logits)
        loss = tf.reduce_mean(each)
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply(grads, model.trainable_variables)
    return loss


for epoch in range(15):
    for xb, yb in data:
        loss = train_step(xb, yb)
print(float(loss))
