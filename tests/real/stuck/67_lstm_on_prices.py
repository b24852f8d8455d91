# An LSTM on prices of tens of thousands, targets as large: mse stays in the millions.
import numpy as np, keras
from keras.models import Sequential
from keras.layers import LSTM, Dense
np.random.seed(0); keras.utils.set_random_seed(0)
t = np.arange(600)
price = 30000 + 5000 * np.sin(t / 20) + 200 * np.random.randn(600)
X = np.array([price[i:i + 10] for i in range(590)])[..., None]
y = price[10:]
model = Sequential()
model.add(LSTM(16, input_shape=(10, 1)))
model.add(Dense(1))
model.compile(loss='mean_squared_error', optimizer='adam')
model.fit(X, y, epochs=10, batch_size=16, verbose=2)
print(model.predict(X[:3], verbose=0), y[:3])
