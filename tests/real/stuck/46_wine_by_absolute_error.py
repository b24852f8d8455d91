# Thirteen features of different sizes, softmax under an absolute error, SGD.
import numpy as np
from keras.models import Sequential
from keras.layers import Dense, Dropout
from sklearn.datasets import load_wine
x, y = load_wine(return_X_y=True)
p = np.random.RandomState(0).permutation(len(x)); x, y = x[p], y[p]
Y = np.eye(3)[y]
model = Sequential()
model.add(Dense(8, activation='relu', input_dim=13))
model.add(Dropout(0.5))
model.add(Dense(3, activation='softmax'))
model.compile(loss='mean_absolute_error', optimizer='sgd', metrics=['accuracy'])
model.fit(x, Y, epochs=50, batch_size=8, verbose=0, validation_split=.2)
print(model.evaluate(x, Y, verbose=0))
