"""A single sigmoid for ten digits."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"

from keras.layers import Dense, Input
from keras.models import Sequential
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

x, y = load_digits(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(x / 16, y, random_state=1)

model = Sequential()
model.add(Input((64,)))
model.add(Dense(32, activation="relu"))
model.add(Dense(1, activation="sigmoid"))
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, epochs=15, batch_size=32, verbose=0)
print("accuracy", model.evaluate(x_test, y_test, verbose=0)[1])
