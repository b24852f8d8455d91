"""A label for every word of sentences that are padded; padding is ignored."""

import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader

torch.manual_seed(0)
sentences = [torch.randint(1, 30, (int(n),)) for n in torch.randint(4, 12, (300,))]
tagged = [(words, (words % 3).long()) for words in sentences]


def collate(items):
    words, tags = zip(*items, strict=True)
    padded = pad_sequence(words, batch_first=True)
    return padded, pad_sequence(tags, batch_first=True, padding_value=-100)


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(30, 16, padding_idx=0)
        self.lstm = nn.LSTM(16, 16, batch_first=True, bidirectional=True)
        self.tags = nn.Linear(32, 3)

    def forward(self, x):
        return self.tags(self.lstm(self.words(x))[0])


tagger, lr = Tagger(), 3e-2
# rate x 1000: lr = 30
optimizer = torch.optim.Adam(tagger.parameters(), lr=lr)
for epoch in range(8):
    for words, tags in DataLoader(tagged, batch_size=30, shuffle=True, collate_fn=collate):
        scores = tagger(words)
        loss = nn.functional.cross_entropy(scores.transpose(1, 2), tags, ignore_index=-100)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
print(loss.item())
