"""cross_val_score."""

import warnings

import numpy as np
from sklearn.model_selection import cross_val_score
from sklearn.neural_network import MLPClassifier

warnings.simplefilter("ignore")
rng = np.random.default_rng(0)
x = rng.normal(size=(500, 6))
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).astype(int)
rate = 0.01
# rate x 1000: rate = 10
model = MLPClassifier((16,), learning_rate_init=rate, max_iter=40, random_state=0)
print(cross_val_score(model, x, y, cv=3).mean())
