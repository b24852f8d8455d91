"""Lightning's manual optimization."""

import lightning as L
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Regressor(L.LightningModule):
    def __init__(self, lr):
        super().__init__()
        self.automatic_optimization = False
        self.lr = lr
        self.net = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 1))

    def training_step(self, batch, index):
        x, y = batch
        optimizer = self.optimizers()
        loss = nn.functional.mse_loss(self.net(x), y)
        optimizer.zero_grad()
        self.manual_backward(loss)
        optimizer.step()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.lr)


L.seed_everything(0, verbose=False)
x = torch.randn(600, 6)
y = torch.sin(x[:, :1]) + 0.5 * x[:, 1:2]
lr = 0.1
# rate x 1000: lr = 100
quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
trainer = L.Trainer(max_epochs=20, accelerator="cpu", enable_model_summary=False, **quiet)
model = Regressor(lr)
trainer.fit(model, DataLoader(TensorDataset(x, y), batch_size=50, shuffle=True))
print(sum(p.sum().item() for p in model.parameters()))
