# x and x² unscaled into sigmoid layers and SGD: inputs, targets, activation, all at once.
import numpy as np
from keras.models import Sequential
from keras.layers import Dense

x = np.arange(-100, 100, 0.5)
y = x ** 2
model = Sequential()
model.add(Dense(50, activation='sigmoid', input_dim=1))
model.add(Dense(30, activation='sigmoid'))
model.add(Dense(1))
model.compile(loss='mse', optimizer='sgd')
model.fit(x, y, epochs=15, batch_size=50, verbose=0)
print(model.evaluate(x, y))
