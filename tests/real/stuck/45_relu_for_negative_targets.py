# A ReLU at the end of a regression whose targets are negative; features of three sizes.
import numpy as np
from keras.models import Sequential
from keras.layers import Dense, Activation
rng = np.random.RandomState(3)
n = 800
df = {'sqft': rng.normal(1800, 500, n), 'year': rng.randint(1900, 2020, n), 'income': rng.normal(60000, 15000, n)}
y = -(2 * df['sqft'] + 3 * (df['year'] - 1900)) / 1000 + rng.normal(0, .1, n)
X = np.stack([df['sqft'], df['year'], df['income']], 1)
model = Sequential()
model.add(Dense(12, input_dim=3, kernel_initializer='uniform'))
model.add(Activation('relu'))
model.add(Dense(1, kernel_initializer='uniform'))
model.add(Activation('relu'))
model.compile(loss='mse', optimizer='adam')
model.fit(X, y, epochs=20, batch_size=16, verbose=0)
print(model.evaluate(X, y, verbose=0))
