# requires_grad = False for all parameters but a bottleneck of one unit; the head is forgotten.
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
torch.manual_seed(0)
d = load_digits()
x = torch.tensor(d.data / 16).float(); y = torch.tensor(d.target)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(64, 32), nn.ReLU())
        self.classifier = nn.Linear(32, 10)
    def forward(self, x):
        return self.classifier(self.features(x))
net = Net()
for p in net.parameters():
    p.requires_grad = False
net.classifier.bias.requires_grad = True
opt = torch.optim.SGD(filter(lambda p: p.requires_grad, net.parameters()), lr=0.1)
for i in range(300):
    opt.zero_grad()
    loss = nn.functional.cross_entropy(net(x), y)
    loss.backward()
    opt.step()
print(loss.item())
