# autoencoder for digits, encoder + decoder as two modules. Reconstruction stays blurry
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

torch.manual_seed(0)
imgs = torch.tensor(load_digits().data, dtype=torch.float32) / 16
train, test = imgs[:1500], imgs[1500:]


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(64, 48)
        self.fc2 = nn.Linear(48, 10)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(10, 48)
        self.fc2 = nn.Linear(48, 64)

    def forward(self, z):
        return self.fc2(torch.relu(self.fc1(z)))


enc, dec = Encoder(), Decoder()
optimizer = torch.optim.Adam(list(enc.parameters()) + list(dec.parameters()), lr=1e-3)
mse = nn.MSELoss()

codes = {}
for epoch in range(60):
    perm = torch.randperm(len(train))
    for i in range(0, len(train), 50):
        x = train[perm[i:i + 50]]
        z = enc(x)
        codes[i] = z = z.detach()  # keep the codes for the plot
        out = dec(z)
        loss = mse(out, x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 15 == 0:
        print(epoch, loss.item())

with torch.no_grad():
    err = mse(dec(enc(test)), test).item()
    base = ((test - train.mean(0)) ** 2).mean().item()
print("explained:", 1 - err / base)
