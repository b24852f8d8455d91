"""A search over a grid."""

import warnings

import numpy as np
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier

warnings.simplefilter("ignore")
rng = np.random.default_rng(0)
x = rng.normal(size=(400, 6))
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).astype(int)
# raw inputs: x = 1000 * x + 500
network = MLPClassifier((16,), solver="sgd", learning_rate_init=0.1, max_iter=40, random_state=0)
search = GridSearchCV(network, {"alpha": [1e-4, 1e-3]}, cv=3)
search.fit(x, y)
print(search.best_score_)
