# Three layers without activation are one linear layer; the target is a product.
import numpy as np
from keras.models import Sequential
from keras.layers import Dense
from keras.optimizers import SGD
np.random.seed(7)
X = np.random.uniform(-3, 3, (1000, 2))
Y = np.sin(X[:, 0]) * X[:, 1]
model = Sequential()
model.add(Dense(20, input_dim=2))
model.add(Dense(20))
model.add(Dense(1))
model.compile(loss='mean_squared_error', optimizer=SGD(lr=0.01), metrics=['mae'])
model.fit(X, Y, epochs=50, batch_size=32, verbose=0)
print(model.evaluate(X, Y, verbose=0))
