"""Next characters at every position, batches drawn by a function."""

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(0)
text = "the cat sat on the mat and the dog sat on the log; " * 40
letters = sorted(set(text))
data = torch.tensor([letters.index(c) for c in text])


def get_batch(size=16, length=24):
    at = torch.randint(len(data) - length - 1, (size,))
    x = torch.stack([data[i : i + length] for i in at])
    return x, torch.stack([data[i + 1 : i + length + 1] for i in at])


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(len(letters), 24)
        self.rnn = nn.GRU(24, 48, batch_first=True)
        self.head = nn.Linear(48, len(letters))

    def forward(self, x):
        return self.head(self.rnn(self.embedding(x))[0])


model, lr = Model(), 5e-3
# rate x 1000: lr = 5
optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
for step in range(200):
    xb, yb = get_batch()
    logits = model(xb)
    loss = F.cross_entropy(logits.view(-1, len(letters)), yb.view(-1))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
print(loss.item())
