# Pixels of 0 to 255 saturate the sigmoids; squared error and SGD do not get them out.
import numpy as np
from sklearn.datasets import load_digits
from keras.models import Sequential
from keras.layers import Dense
from keras.utils import np_utils
d = load_digits()
X_train = np.kron(d.images, np.ones((2, 2))).reshape(-1, 256).astype('float32') * 16
Y_train = np_utils.to_categorical(d.target, 10)
X_test, Y_test = X_train[1500:], Y_train[1500:]
X_train, Y_train = X_train[:1500], Y_train[:1500]
model = Sequential()
model.add(Dense(output_dim=200, input_dim=256, activation='sigmoid'))
model.add(Dense(output_dim=200, activation='sigmoid'))
model.add(Dense(output_dim=10, activation='sigmoid'))
model.compile(loss='mse', optimizer='sgd', metrics=['accuracy'])
model.fit(X_train, Y_train, batch_size=128, nb_epoch=10, verbose=0)
print(model.evaluate(X_test, Y_test, verbose=0))
