# y = 3x + 7 with x up to 100: the loss explodes to nan within a few steps.
import torch
torch.manual_seed(0)
x = torch.rand(200, 1) * 100
y = 3 * x + 7 + torch.randn(200, 1)
model = torch.nn.Linear(1, 1)
criterion = torch.nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range(200):
    y_pred = model(x)
    loss = criterion(y_pred, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item(), model.weight.item(), model.bias.item())
