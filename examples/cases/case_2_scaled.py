"""Case 2, A: pixels divided by 255, the first kernel as drawn. Converges fast."""

import keras
import numpy as np
import tensorflow as tf

(X_train_full, y_train_full), (X_test, y_test) = keras.datasets.fashion_mnist.load_data()

X_train_full = X_train_full.reshape(-1, 784).astype(np.float32) / 255.0
X_test = X_test.reshape(-1, 784).astype(np.float32) / 255.0

X_train, X_valid = X_train_full[:-5000], X_train_full[-5000:]
y_train, y_valid = y_train_full[:-5000], y_train_full[-5000:]

train_set = tf.data.Dataset.from_tensor_slices((X_train, y_train))
train_set = train_set.shuffle(len(X_train)).batch(32, drop_remainder=True)
valid_set = tf.data.Dataset.from_tensor_slices((X_valid, y_valid)).batch(32)

stddev = np.sqrt(2.0 / (784 + 300))

model = keras.models.Sequential(
    [
        keras.layers.Input(shape=(784,)),
        keras.layers.Dense(
            300,
            activation="relu",
            kernel_initializer=keras.initializers.RandomNormal(stddev=stddev),
        ),
        keras.layers.Dense(100, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ]
)

model.compile(
    loss="sparse_categorical_crossentropy",
    optimizer=keras.optimizers.SGD(),
    metrics=["accuracy"],
)

history = model.fit(train_set, epochs=5, validation_data=valid_set, verbose=2)

print("Test loss and accuracy:", model.evaluate(X_test, y_test, verbose=0))
