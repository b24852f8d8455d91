# Fizz buzz by squared error on sigmoids, SGD at 0.01: always the commonest class.
import numpy as np
from keras.models import Sequential
from keras.layers import Dense, Dropout
from keras.optimizers import SGD
def enc(i): return [i >> d & 1 for d in range(10)]
def lab(i):
    if i % 15 == 0: return [0,0,0,1]
    if i % 5 == 0: return [0,0,1,0]
    if i % 3 == 0: return [0,1,0,0]
    return [1,0,0,0]
X = np.array([enc(i) for i in range(101, 1024)]); Y = np.array([lab(i) for i in range(101, 1024)])
model = Sequential()
model.add(Dense(100, input_dim=10, init='normal', activation='relu'))
model.add(Dense(4, activation='sigmoid'))
model.compile(loss='mean_squared_error', optimizer=SGD(lr=0.01), metrics=['accuracy'])
model.fit(X, Y, nb_epoch=30, batch_size=32, verbose=0)
print(model.evaluate(X, Y, verbose=0))
