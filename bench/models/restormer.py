"""Restormer for 256x256 images: width 48, [4, 6, 6, 8] blocks and 4 of refinement, 26 million parameters.

Source: Zamir et al., "Restormer: Efficient Transformer for High-Resolution Image
Restoration", CVPR 2022: attention between channels, whose matrix has the side of
one head, and a feed-forward part gated by GELU, 8/3 as wide.
"""

import torch
from torch import nn
from torch.nn import functional

from torch_model import TorchModel

WIDTH, BLOCKS, HEADS, REFINEMENT, SIZE = 48, (4, 6, 6, 8), (1, 2, 4, 8), 4, 256


class ChannelNorm(nn.Module):
    """LayerNorm over the channels of each pixel."""

    def __init__(self, channels):
        super().__init__()
        self.norm = nn.LayerNorm(channels)

    def forward(self, x):
        return self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class AttentionHalf(nn.Module):
    def __init__(self, channels, heads):
        super().__init__()
        self.heads, self.channels = heads, channels
        self.norm = ChannelNorm(channels)
        self.temperature = nn.Parameter(1 + 0.1 * torch.randn(heads, 1, 1))
        self.qkv = nn.Conv2d(channels, 3 * channels, 1, bias=False)
        self.depthwise = nn.Conv2d(3 * channels, 3 * channels, 3, padding=1, groups=3 * channels, bias=False)
        self.out = nn.Conv2d(channels, channels, 1, bias=False)

    def forward(self, x):
        height, width = x.shape[2:]
        parts = self.depthwise(self.qkv(self.norm(x))).chunk(3, 1)
        query, key, value = (p.reshape(-1, self.heads, self.channels // self.heads, height * width) for p in parts)
        query, key = functional.normalize(query, dim=-1), functional.normalize(key, dim=-1)
        weights = (query @ key.transpose(-2, -1) * self.temperature).softmax(-1)
        return x + self.out((weights @ value).reshape(-1, self.channels, height, width))


class FeedForwardHalf(nn.Module):
    """Norm, 1x1, depthwise 3x3, GELU gate, 1x1, residual."""

    def __init__(self, channels):
        super().__init__()
        hidden = channels * 8 // 3
        self.norm = ChannelNorm(channels)
        self.widen = nn.Conv2d(channels, 2 * hidden, 1, bias=False)
        self.depthwise = nn.Conv2d(2 * hidden, 2 * hidden, 3, padding=1, groups=2 * hidden, bias=False)
        self.narrow = nn.Conv2d(hidden, channels, 1, bias=False)

    def forward(self, x):
        first, second = self.depthwise(self.widen(self.norm(x))).chunk(2, 1)
        return x + self.narrow(functional.gelu(first) * second)


def blocks(count, channels, heads):
    halves = [half for _ in range(count) for half in (AttentionHalf(channels, heads), FeedForwardHalf(channels))]
    return nn.Sequential(*halves)


def down(channels):
    return nn.Sequential(nn.Conv2d(channels, channels // 2, 3, padding=1, bias=False), nn.PixelUnshuffle(2))


def up(channels):
    return nn.Sequential(nn.Conv2d(channels, 2 * channels, 3, padding=1, bias=False), nn.PixelShuffle(2))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        widths = [WIDTH << level for level in range(len(BLOCKS))]
        self.first = nn.Conv2d(3, WIDTH, 3, padding=1, bias=False)
        self.encoders = nn.ModuleList(blocks(*level) for level in zip(BLOCKS, widths, HEADS, strict=True))
        self.downs = nn.ModuleList(down(width) for width in widths[:-1])
        self.ups = nn.ModuleList(up(width) for width in widths[:0:-1])
        # The outermost level goes on with both halves of the joined channels.
        self.joins = nn.ModuleList(nn.Conv2d(2 * width, width, 1, bias=False) for width in widths[-2:0:-1])
        self.joins.append(nn.Identity())
        self.decoders = nn.ModuleList(
            blocks(BLOCKS[level], widths[level] if level else 2 * WIDTH, HEADS[level]) for level in (2, 1, 0)
        )
        self.refinement = blocks(REFINEMENT, 2 * WIDTH, HEADS[0])
        self.last = nn.Conv2d(2 * WIDTH, 3, 3, padding=1, bias=False)

    def forward(self, image):
        x, skipped = self.first(image), []
        for encoder, down in zip(self.encoders, self.downs, strict=False):
            x = encoder(x)
            skipped.append(x)
            x = down(x)
        x = self.encoders[-1](x)
        for up, join, decoder in zip(self.ups, self.joins, self.decoders, strict=True):
            x = decoder(join(torch.cat((up(x), skipped.pop()), 1)))
        return self.last(self.refinement(x)) + image


class Restormer(TorchModel):
    output_names = ("restored",)
    size = SIZE

    def build(self):
        return Network()
