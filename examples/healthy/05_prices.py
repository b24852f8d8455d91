"""House prices from eight features, on a logarithmic scale: a bare MLPRegressor."""

import warnings

import numpy as np
from sklearn.datasets import make_regression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPRegressor

warnings.filterwarnings("ignore")  # of convergence
X, y = make_regression(n_samples=600, n_features=8, noise=5.0, random_state=0)
y = np.log(400_000 * np.exp(y / 300) / 1e6)  # of prices in millions
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

model = MLPRegressor(
    hidden_layer_sizes=(64,), learning_rate_init=0.01, max_iter=200, random_state=0
)
model.fit(X_train, y_train)
print(f"R2 on the test set: {model.score(X_test, y_test):.3f}")
