"""Case 1, the network that does learn raw pixels: sigmoid, squared error, SGD, 50 epochs."""

import sys

from keras.datasets import fashion_mnist
from keras.layers import Dense
from keras.models import Sequential
from keras.utils import to_categorical

(x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()

x_train = x_train.reshape(len(x_train), 784)
x_test = x_test.reshape(len(x_test), 784)
y_train = to_categorical(y_train, 10)
y_test = to_categorical(y_test, 10)

epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 50

model = Sequential()
model.add(Dense(128, activation="sigmoid", input_shape=(784,)))
model.add(Dense(128, activation="sigmoid"))
model.add(Dense(10, activation="softmax"))

model.compile(loss="mean_squared_error", optimizer="sgd", metrics=["accuracy"])

history = model.fit(x_train, y_train, epochs=epochs, validation_data=(x_test, y_test), verbose=2)

loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"Test loss: {loss:.4f}, test accuracy: {accuracy:.4f}")
