# Ten classes, sigmoid outputs and mse with SGD: accuracy climbs to 20 % at most.
import keras
from keras.datasets import mnist
import numpy as np
from sklearn.datasets import load_digits
keras.utils.set_random_seed(7)
d = load_digits()
x_train = d.images.reshape(-1, 64).astype('float32')
y_train = keras.utils.to_categorical(d.target, 10)
model = keras.models.Sequential()
model.add(keras.layers.Dense(32, activation='sigmoid', input_dim=64))
model.add(keras.layers.Dense(10, activation='sigmoid'))
model.compile(loss='mse', optimizer=keras.optimizers.SGD(0.01), metrics=['accuracy'])
model.fit(x_train, y_train, epochs=10, batch_size=100, verbose=2)
