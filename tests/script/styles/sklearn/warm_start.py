"""fit again and again, with warm_start."""

import warnings

import numpy as np
from sklearn.neural_network import MLPRegressor

warnings.simplefilter("ignore")
rng = np.random.default_rng(0)
x = rng.normal(size=(500, 4))
y = np.sin(x[:, 0]) + 0.5 * x[:, 1]
# targets unscaled: y = 1000 * y + 5000
model = MLPRegressor(
    hidden_layer_sizes=(32,), warm_start=True, max_iter=5, learning_rate_init=0.01, random_state=0
)
for _ in range(10):
    model.fit(x, y)
    print(model.loss_)
