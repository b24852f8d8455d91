# XOR with two ReLU units and SGD at 0.01: four rows are the whole function.
import numpy as np
from keras.models import Sequential
from keras.layers.core import Dense, Activation
from keras.optimizers import SGD

X = np.array([[0,0],[0,1],[1,0],[1,1]])
y = np.array([[0],[1],[1],[0]])

model = Sequential()
model.add(Dense(2, input_dim=2))
model.add(Activation('relu'))
model.add(Dense(1))
model.add(Activation('sigmoid'))
sgd = SGD(lr=0.01)
model.compile(loss='mean_squared_error', optimizer=sgd)
model.fit(X, y, nb_epoch=500, batch_size=4, verbose=0)
print(model.predict(X))
