"""Loops over TensorFlow's `GradientTape`: python -m runs all and prints a digest of their ends.

Those of `RAW` are fed raw features, the others standardized ones.
"""

import hashlib
import os

os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
import numpy as np
import tensorflow as tf

ROWS, FEATURES, BATCH, EPOCHS = 240, 6, 40, 6
RAW = {"plain", "own_model"}


def data(name):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, FEATURES)).astype(np.float32)
    y = (x[:, :3].sum(axis=1) > 0).astype(np.int32)
    return (x * np.float32(1000) + 500 if name in RAW else x), y


def network(dropout=0.0):
    layers = [keras.layers.Dense(16, activation="relu"), keras.layers.Dropout(dropout, seed=3)]
    return keras.Sequential(
        [keras.Input((FEATURES,)), *(layers if dropout else layers[:1]), keras.layers.Dense(2)]
    )


def plain():
    x, y = data("plain")
    model, optimizer = network(), keras.optimizers.SGD(0.1)
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    for _ in range(EPOCHS):
        for i in range(0, ROWS, BATCH):
            with tf.GradientTape() as tape:
                logits = model(x[i : i + BATCH], training=True)
                loss = loss_fn(y[i : i + BATCH], logits)
            gradients = tape.gradient(loss, model.trainable_weights)
            optimizer.apply_gradients(zip(gradients, model.trainable_weights, strict=True))
    return model


def in_a_function():
    x, y = data("in_a_function")
    model, optimizer = network(dropout=0.2), keras.optimizers.Adam(1e-2)
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    accuracy = keras.metrics.SparseCategoricalAccuracy()

    @tf.function
    def train_step(images, labels):
        with tf.GradientTape() as tape:
            logits = model(images, training=True)
            loss = loss_fn(labels, logits)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        accuracy.update_state(labels, logits)
        return loss

    batches = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(ROWS, seed=1).batch(BATCH)
    for _ in range(EPOCHS):
        for images, labels in batches:
            train_step(images, labels)
    return model


class Own(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden, self.out = keras.layers.Dense(8, activation="tanh"), keras.layers.Dense(1)
        self.norm = keras.layers.BatchNormalization()

    def call(self, x, training=False):
        return self.out(self.norm(self.hidden(x), training=training))


def own_model():
    x, y = data("own_model")
    model, optimizer = Own(), keras.optimizers.SGD(0.05)
    mse, mean = keras.losses.MeanSquaredError(), keras.metrics.Mean()

    @tf.function
    def train_step(x, y):
        with tf.GradientTape() as tape:
            loss = mse(y, model(x, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        mean(loss)

    for i in range(EPOCHS * 6):
        rows = slice(i * BATCH % ROWS, i * BATCH % ROWS + BATCH)
        train_step(tf.constant(x[rows]), tf.constant(y[rows, None].astype(np.float32)))
    return model


def written_out():
    """No loss of Keras's is called: what is compared is told by its value."""
    x, y = data("written_out")
    model, optimizer = network(), keras.optimizers.Adam(1e-2)
    for _ in range(EPOCHS):
        with tf.GradientTape() as tape:
            log_p = tf.nn.log_softmax(model(x))
            loss = -tf.reduce_mean(tf.gather(log_p, y, batch_dims=1))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
    return model


def negated():
    """Written out, and its minus lost."""
    x, y = data("negated")
    model, optimizer = network(), keras.optimizers.Adam(1e-2)
    for _ in range(EPOCHS):
        with tf.GradientTape() as tape:
            log_p = tf.nn.log_softmax(model(x))
            loss = tf.reduce_mean(tf.gather(log_p, y, batch_dims=1))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
    return model


def spread():
    """Each output is held against all targets; within a function, whose arrays are its own."""
    x, y = data("spread")
    y = x[:, 0] + x[:, 1]
    model = keras.Sequential([keras.Input((FEATURES,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.Adam(1e-2)

    @tf.function
    def train_step(xb, yb):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(xb, training=True) - yb))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        return loss

    for _ in range(EPOCHS):
        for i in range(0, ROWS, BATCH):
            train_step(x[i : i + BATCH], y[i : i + BATCH])
    return model


LOOPS = (plain, in_a_function, own_model, written_out, negated, spread)


def main():
    for loop in LOOPS:
        keras.utils.set_random_seed(0)
        weights = loop().get_weights()
        digest = hashlib.sha256(b"".join(w.tobytes() for w in weights)).hexdigest()
        print(loop.__name__, digest)


if __name__ == "__main__":
    main()
