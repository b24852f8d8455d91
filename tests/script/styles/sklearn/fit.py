"""fit of a classifier."""

import numpy as np
from sklearn.neural_network import MLPClassifier

rng = np.random.default_rng(0)
x = rng.normal(size=(500, 6))
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).astype(int)
# raw inputs: x = 1000 * x + 500
model = MLPClassifier((16,), solver="sgd", learning_rate_init=0.1, max_iter=40, random_state=0)
model.fit(x, y)
print(model.loss_)
