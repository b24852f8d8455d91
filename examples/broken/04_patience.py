"""Breast cancer from 30 measurements: a small Keras network with a learning rate of its own."""

import keras
from keras import layers
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

keras.utils.set_random_seed(0)
x, y = load_breast_cancer(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(x, y, stratify=y, random_state=0)
scaler = StandardScaler()
x_train, x_test = scaler.fit_transform(x_train), scaler.transform(x_test)

inputs = keras.Input(shape=(30,))
hidden = layers.Dense(32, activation="tanh")(inputs)
outputs = layers.Dense(1, activation="sigmoid")(hidden)
model = keras.Model(inputs, outputs)
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=1e-7),
    loss="binary_crossentropy",
    metrics=["accuracy"],
)
history = model.fit(x_train, y_train, epochs=30, verbose=0)

print("last loss:", round(history.history["loss"][-1], 3))
print("test accuracy:", round(model.evaluate(x_test, y_test, verbose=0)[1], 3))
