"""Small torch models and data."""

import numpy as np
from torch import nn


def mlp(activation=nn.ReLU, outputs=3):
    return nn.Sequential(nn.Linear(5, 7), activation(), nn.Linear(7, outputs))


def examples(n=24, d=5, classes=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)).astype(np.float32), rng.integers(0, classes, n)


def observed(subject):
    return subject.observe(subject.sample.x, subject.sample.y)
