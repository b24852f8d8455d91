# A contextual bandit by policy gradient, in batches: rewards, not targets.
import torch
from torch import nn

torch.manual_seed(0)
right = torch.randn(6, 3)
policy = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 3))
opt = torch.optim.Adam(policy.parameters(), 3e-3)
for step in range(400):
    state = torch.randn(64, 6)
    chosen = torch.distributions.Categorical(logits=policy(state))
    action = chosen.sample()
    reward = (action == (state @ right).argmax(1)).float()
    loss = -(chosen.log_prob(action) * (reward - reward.mean())).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 100 == 0 or step == 399:
        print(step, "reward", reward.mean().item(), "loss", loss.item())
