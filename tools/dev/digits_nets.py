"""digits_nets.py: the networks of models/, small ones of the kinds people deploy

SPDX-License-Identifier: Apache-2.0
"""

import math

import torch
from torch import nn


def conv_norm(n_in, n_out, size, stride=1, groups=1):
    """Convolution without a bias and the normalization that follows it."""
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, size, stride, size // 2, groups=groups, bias=False),
        nn.BatchNorm2d(n_out),
    )


class Residual(nn.Module):
    """Two 3x3 convolutions beside a shortcut, which is a 1x1 convolution where sizes change."""

    def __init__(self, n_in, n_out, stride=1):
        super().__init__()
        self.first = conv_norm(n_in, n_out, 3, stride)
        self.second = conv_norm(n_out, n_out, 3)
        same = n_in == n_out and stride == 1
        self.shortcut = nn.Identity() if same else conv_norm(n_in, n_out, 1, stride)

    def forward(self, x):
        y = self.second(torch.relu(self.first(x)))
        return torch.relu(y + self.shortcut(x))


class Cnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = conv_norm(1, 16, 3)
        self.blocks = nn.Sequential(Residual(16, 16), Residual(16, 32, 2))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(32, 10)

    def forward(self, x):
        x = self.blocks(torch.relu(self.stem(x)))
        return self.head(torch.flatten(self.pool(x), 1))


class DsNet(nn.Module):
    """Depthwise-separable convolutions with ReLU6, as in MobileNet."""

    def __init__(self):
        super().__init__()
        layers = [conv_norm(1, 16, 3), nn.ReLU6()]
        for n_in, n_out, stride in ((16, 32, 1), (32, 48, 2), (48, 64, 1)):
            layers += [conv_norm(n_in, n_in, 3, stride, groups=n_in), nn.ReLU6()]
            layers += [conv_norm(n_in, n_out, 1), nn.ReLU6()]
        self.features = nn.Sequential(*layers)
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        return self.head(self.features(x).mean((2, 3)))


class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.out = nn.Linear(dim, dim)

    def forward(self, x):
        tokens, dim = x.shape[1], x.shape[2]
        parts = self.qkv(x).reshape(-1, tokens, 3, self.heads, dim // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4).unbind(0)
        weights = (q @ k.transpose(-2, -1) / math.sqrt(dim // self.heads)).softmax(-1)
        return self.out((weights @ v).transpose(1, 2).reshape(-1, tokens, dim))


class Block(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attention = Attention(dim, heads)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Vit(nn.Module):
    """Sixteen patches of 2x2 pixels, two blocks, the mean of the tokens."""

    def __init__(self, dim=32, heads=4):
        super().__init__()
        self.patches = nn.Conv2d(1, dim, 2, 2)
        self.place = nn.Parameter(torch.randn(1, 16, dim) * 0.5)
        self.blocks = nn.Sequential(Block(dim, heads), Block(dim, heads))
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, 10)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2) + self.place
        return self.head(self.norm(self.blocks(x)).mean(1))


class Gru(nn.Module):
    """Reads the rows from top to bottom; the last state is classified."""

    def __init__(self, hidden=48):
        super().__init__()
        self.rnn = nn.GRU(8, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 10)

    def forward(self, x):
        states, _ = self.rnn(x.squeeze(1))
        return self.head(states[:, -1])
