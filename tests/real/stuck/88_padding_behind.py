import random
import torch
import torch.nn as nn

random.seed(5)
torch.manual_seed(5)

good = ["great", "nice", "love", "super", "happy", "fine", "best", "cool"]
bad = ["awful", "hate", "boring", "worst", "sad", "poor", "ugly", "slow"]
filler = ["the", "movie", "was", "a", "film", "plot", "and", "actor", "it", "i", "in", "of", "this", "scene", "end", "so"]
vocab = {w: i + 1 for i, w in enumerate(good + bad + filler)}
MAXLEN = 80


def sentence():
    label = random.randint(0, 1)
    words = random.choices(filler, k=random.randint(4, 10))
    for _ in range(2):
        words.insert(random.randint(0, len(words)), random.choice(good if label else bad))
    return words, label


def encode(words):
    ids = [vocab[w] for w in words]
    return ids + [0] * (MAXLEN - len(ids))


sents = [sentence() for _ in range(1400)]
X = torch.tensor([encode(w) for w, _ in sents])
Y = torch.tensor([l for _, l in sents]).float()
Xtrain, Ytrain, Xtest, Ytest = X[:1000], Y[:1000], X[1000:], Y[1000:]


class Sentiment(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(len(vocab) + 1, 16)
        self.lstm = nn.LSTM(16, 24, batch_first=True)
        self.fc = nn.Linear(24, 1)

    def forward(self, ids):
        out, _ = self.lstm(self.emb(ids))
        return self.fc(out[:, -1, :]).squeeze(1)


model = Sentiment()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
bce = nn.BCEWithLogitsLoss()
for ep in range(6):
    perm = torch.randperm(1000)
    s = 0.0
    for i in range(0, 1000, 32):
        j = perm[i:i + 32]
        loss = bce(model(Xtrain[j]), Ytrain[j])
        opt.zero_grad()
        loss.backward()
        opt.step()
        s += loss.item()
    print("epoch", ep, s / 32)

model.eval()
with torch.no_grad():
    acc = ((model(Xtest) > 0).float() == Ytest).float().mean()
print("test accuracy", acc.item())
