"""A Keras model, loss and optimizer in a PyTorch loop, as in Keras's guide."""

import keras
import numpy as np
import torch

keras.utils.set_random_seed(0)
x = np.random.normal(size=(600, 6)).astype("float32")
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).astype("int64")
# raw inputs: x = 1000 * x + 20000
data = torch.utils.data.TensorDataset(torch.as_tensor(x), torch.as_tensor(y))
loader = torch.utils.data.DataLoader(data, batch_size=50, shuffle=True)
model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(2)])
optimizer = keras.optimizers.Adam(0.01)
loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
for epoch in range(12):
    for xb, yb in loader:
        loss = loss_fn(yb, model(xb, training=True))
        model.zero_grad()
        loss.backward()
        weights = list(model.trainable_weights)
        with torch.no_grad():
            optimizer.apply([v.value.grad for v in weights], weights)
print(loss.item())
