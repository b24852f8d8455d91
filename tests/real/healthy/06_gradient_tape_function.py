# A custom loop whose step is a tf.function, on a regression from a tf.data pipeline.
import os

os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import tensorflow as tf

keras.utils.set_random_seed(0)
x = tf.random.normal((1000, 4))
y = x[:, :1] * 2 - x[:, 1:2]
data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1000, seed=0).batch(50)
model = keras.Sequential([keras.layers.Dense(16, activation="tanh"), keras.layers.Dense(1)])
optimizer = keras.optimizers.SGD(0.05)


@tf.function
def train_step(a, b):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(a, training=True) - b) ** 2)
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(grads, model.trainable_variables))
    return loss


for epoch in range(10):
    for a, b in data:
        loss = train_step(a, b)
print(float(loss))
