# A series around 500 predicted by an LSTM that ends in a sigmoid.
import numpy as np
from keras.models import Sequential
from keras.layers import LSTM, Dense
rng = np.random.RandomState(0)
t = np.arange(1200)
series = 500 + 200 * np.sin(t / 8.) + rng.normal(0, 5, t.size)
W = 10
X = np.array([series[i:i + W] for i in range(len(series) - W)])[:, :, None]
y = series[W:]
model = Sequential()
model.add(LSTM(16, input_shape=(W, 1)))
model.add(Dense(1, activation='sigmoid'))
model.compile(loss='mse', optimizer='adam')
model.fit(X, y, epochs=5, batch_size=32, verbose=0)
print(model.predict(X[:5]), y[:5])
