"""A step that is a tf.function and returns its loss."""

import keras
import numpy as np
import tensorflow as tf

keras.utils.set_random_seed(0)
x = np.random.normal(size=(600, 4)).astype("float32")
y = np.sin(x[:, :1]) + 0.5 * x[:, 1:2]
# targets unscaled: y = 1000 * y + 5000
data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(600, seed=0).batch(50)
model = keras.Sequential([keras.layers.Dense(32, activation="tanh"), keras.layers.Dense(1)])
mse, optimizer = keras.losses.MeanSquaredError(), keras.optimizers.Adam(0.01)


@tf.function
def train_step(xb, yb):
    with tf.GradientTape() as tape:
        loss = mse(yb, model(xb, training=True))
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(grads, model.trainable_variables))
    return loss


for epoch in range(20):
    for xb, yb in data:
        loss = train_step(xb, yb)
print(float(loss))
