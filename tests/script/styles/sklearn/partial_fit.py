"""partial_fit in a loop over batches."""

import numpy as np
from sklearn.neural_network import MLPClassifier

rng = np.random.default_rng(0)
x = rng.normal(size=(600, 6))
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).astype(int)
rate = 0.01
# rate x 1000: rate = 10
model = MLPClassifier((16,), learning_rate_init=rate, random_state=0)
for epoch in range(15):
    for i in range(0, 600, 60):
        model.partial_fit(x[i : i + 60], y[i : i + 60], classes=[0, 1])
print(model.loss_)
