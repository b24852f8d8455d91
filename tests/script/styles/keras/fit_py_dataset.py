"""fit on a PyDataset."""

import keras
import numpy as np


class Data(keras.utils.PyDataset):
    def __init__(self, x, y):
        super().__init__()
        self.x, self.y = x, y

    def __len__(self):
        return len(self.x) // 50

    def __getitem__(self, index):
        rows = slice(50 * index, 50 * index + 50)
        return self.x[rows], self.y[rows]


keras.utils.set_random_seed(0)
x = np.random.normal(size=(600, 4)).astype("float32")
y = np.sin(x[:, :1]) + 0.5 * x[:, 1:2]
# targets unscaled: y = 1000 * y + 5000
model = keras.Sequential([keras.layers.Dense(32, activation="tanh"), keras.layers.Dense(1)])
model.compile(keras.optimizers.Adam(0.01), "mse")
history = model.fit(Data(x, y), epochs=15, verbose=0)
print(history.history["loss"][-1])
