import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split

torch.manual_seed(5)
X, y = load_wine(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=5, stratify=y)
X_train, X_test = torch.tensor(X_train).float(), torch.tensor(X_test).float()
y_train, y_test = torch.tensor(y_train), torch.tensor(y_test)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inp = nn.BatchNorm1d(13, affine=False)
        self.fc1 = nn.Linear(13, 24)
        self.ln = nn.LayerNorm(24)
        self.fc2 = nn.Linear(24, 3)

    def forward(self, x):
        x = F.gelu(self.ln(self.fc1(self.inp(x))))
        return F.log_softmax(self.fc2(x), dim=1)


net = Net()
opt = torch.optim.AdamW(net.parameters(), lr=5e-3, weight_decay=0.01)
accum = 4
epochs = 40
bs = 19
best = 0
opt.zero_grad()
for ep in range(epochs):
    net.train()
    idx = torch.randperm(len(X_train))
    chunks = [idx[i:i + bs] for i in range(0, len(idx), bs)]
    ep_loss = 0.0
    for step, c in enumerate(chunks):
        nll = F.nll_loss(net(X_train[c]), y_train[c])
        (nll / accum).backward()
        ep_loss += nll.item()
        if (step + 1) % accum == 0 or step + 1 == len(chunks):
            opt.step()
            opt.zero_grad()
    net.eval()
    with torch.no_grad():
        out = net(X_test)
        acc = (out.argmax(1) == y_test).float().mean().item()
    best = max(best, acc)
    if ep % 8 == 0 or ep == epochs - 1:
        print(ep, 'train nll', round(ep_loss / len(chunks), 4), 'test nll', round(F.nll_loss(out, y_test).item(), 4), 'test acc', round(acc, 4))
print('best acc', best)
