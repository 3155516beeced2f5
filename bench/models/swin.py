"""Swin-T at 224x224: windows of 7x7, shifted by 3 in every second layer.

Source: Liu et al., "Swin Transformer: Hierarchical Vision Transformer using
Shifted Windows", ICCV 2021: width 96, depths 2, 2, 6, 2, heads 3, 6, 12, 24.
"""

import torch
from torch import nn

from torch_model import TorchModel

WIDTH, DEPTHS, HEADS, WINDOW, PATCH, SIZE, CLASSES = 96, (2, 2, 6, 2), (3, 6, 12, 24), 7, 4, 224, 1000
MASKED = -100.0


def to_windows(x, side):
    """[batch, side, side, width] -> [batch * windows, WINDOW * WINDOW, width]"""
    count = side // WINDOW
    x = x.reshape(-1, count, WINDOW, count, WINDOW, x.shape[-1])
    return x.permute(0, 1, 3, 2, 4, 5).reshape(-1, WINDOW * WINDOW, x.shape[-1])


def from_windows(x, side):
    count = side // WINDOW
    x = x.reshape(-1, count, count, WINDOW, WINDOW, x.shape[-1])
    return x.permute(0, 1, 3, 2, 4, 5).reshape(-1, side, side, x.shape[-1])


def relative_index():
    """[tokens, tokens] of a window: the row of the bias table for each pair."""
    place = torch.stack(torch.meshgrid(torch.arange(WINDOW), torch.arange(WINDOW), indexing="ij")).flatten(1)
    offset = place[:, :, None] - place[:, None, :] + WINDOW - 1
    return offset[0] * (2 * WINDOW - 1) + offset[1]


def shift_mask(side, shift):
    """[windows, 1, tokens, tokens]: MASKED between tokens that a roll brought together."""
    regions = torch.zeros(1, side, side, 1)
    bands = (slice(0, -WINDOW), slice(-WINDOW, -shift), slice(-shift, None))
    for i, rows in enumerate(bands):
        for j, columns in enumerate(bands):
            regions[:, rows, columns] = 3 * i + j
    regions = to_windows(regions, side).squeeze(-1)
    return torch.where(regions[:, :, None] != regions[:, None, :], MASKED, 0.0)[:, None]


class WindowAttention(nn.Module):
    def __init__(self, width, heads, side, shift):
        super().__init__()
        self.heads, self.side, self.shift = heads, side, shift
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.bias_table = nn.Parameter(torch.randn((2 * WINDOW - 1) ** 2, heads) * 0.5)
        self.register_buffer("index", relative_index().flatten(), persistent=False)
        self.register_buffer("mask", shift_mask(side, shift) if shift else None, persistent=False)

    def forward(self, x):
        """x: [batch, side, side, width]"""
        width, tokens = x.shape[-1], WINDOW * WINDOW
        if self.shift:
            x = torch.roll(x, (-self.shift, -self.shift), (1, 2))
        qkv = self.qkv(to_windows(x, self.side)).reshape(-1, tokens, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        scores = (query * (width // self.heads) ** -0.5) @ key.transpose(-2, -1)
        scores = scores + self.bias_table[self.index].reshape(tokens, tokens, self.heads).permute(2, 0, 1)
        if self.shift:
            windows = (self.side // WINDOW) ** 2
            scores = scores.reshape(-1, windows, self.heads, tokens, tokens) + self.mask
            scores = scores.reshape(-1, self.heads, tokens, tokens)
        mixed = (scores.softmax(-1) @ value).transpose(1, 2).reshape(-1, tokens, width)
        x = from_windows(self.out(mixed), self.side)
        return torch.roll(x, (self.shift, self.shift), (1, 2)) if self.shift else x


class Layer(nn.Module):
    def __init__(self, width, heads, side, shift):
        super().__init__()
        self.attention_norm, self.norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = WindowAttention(width, heads, side, shift)
        self.inner, self.outer = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        x = x + self.attention(self.attention_norm(x))
        return x + self.outer(nn.functional.gelu(self.inner(self.norm(x))))


class Merge(nn.Module):
    """Four neighbours become one token of twice the width."""

    def __init__(self, width):
        super().__init__()
        self.norm, self.reduce = nn.LayerNorm(4 * width), nn.Linear(4 * width, 2 * width, bias=False)

    def forward(self, x):
        parts = (x[:, 0::2, 0::2], x[:, 1::2, 0::2], x[:, 0::2, 1::2], x[:, 1::2, 1::2])
        return self.reduce(self.norm(torch.cat(parts, -1)))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches, self.patch_norm = nn.Conv2d(3, WIDTH, PATCH, PATCH), nn.LayerNorm(WIDTH)
        width, side, layers = WIDTH, SIZE // PATCH, []
        for stage, (depth, heads) in enumerate(zip(DEPTHS, HEADS, strict=True)):
            for index in range(depth):
                shift = WINDOW // 2 if index % 2 and side > WINDOW else 0
                layers.append(Layer(width, heads, side, shift))
            if stage + 1 < len(DEPTHS):
                layers.append(Merge(width))
                width, side = 2 * width, side // 2
        self.layers = nn.Sequential(*layers)
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, CLASSES)

    def forward(self, image):
        x = self.patch_norm(self.patches(image).permute(0, 2, 3, 1))
        return self.head(self.norm(self.layers(x)).mean((1, 2)))


class SwinTransformer(TorchModel):
    batches = (1, 2, 16)

    def build(self):
        return Network()
