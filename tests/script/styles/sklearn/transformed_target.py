"""A TransformedTargetRegressor around a pipeline."""

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(0)
x = rng.normal(size=(500, 4))
y = 1000 * (np.sin(x[:, 0]) + 0.5 * x[:, 1]) + 5000
# raw inputs: x = 1000 * x + 500
network = MLPRegressor(
    hidden_layer_sizes=(32,), learning_rate_init=0.01, max_iter=60, random_state=0
)
model = TransformedTargetRegressor(network, transformer=StandardScaler())
model.fit(x, y)
print(model.regressor_.loss_)
