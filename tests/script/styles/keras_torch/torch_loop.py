"""A Keras model in a PyTorch loop."""

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
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
criterion = torch.nn.CrossEntropyLoss()
for epoch in range(12):
    for xb, yb in loader:
        loss = criterion(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
print(loss.item())
