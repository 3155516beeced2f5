"""BSRN, four times the resolution of a 256x256 image: 64 channels, 8 blocks, 0.35 million parameters.

Source: Li et al., "Blueprint Separable Residual Network for Efficient Image
Super-Resolution", CVPR 2022 workshops: blueprint-separable convolutions (1x1, then
depthwise 3x3) in distilling blocks with spatial and channel attention.
"""

import torch
from torch import nn
from torch.nn import functional

from torch_model import TorchModel

CHANNELS, BLOCKS, SCALE, SIZE = 64, 8, 4, 256


class Blueprint(nn.Module):
    """1x1 without a bias, then depthwise 3x3."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.pointwise = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.depthwise = nn.Conv2d(outputs, outputs, 3, padding=1, groups=outputs)

    def forward(self, x):
        return self.depthwise(self.pointwise(x))


class SpatialAttention(nn.Module):
    """A mask from a coarse grid, stretched over the image."""

    def __init__(self, channels):
        super().__init__()
        few = channels // 4
        self.reduce, self.same, self.widen = nn.Conv2d(channels, few, 1), nn.Conv2d(few, few, 1), nn.Conv2d(few, channels, 1)
        self.stride = nn.Conv2d(few, few, 3, 2)
        self.coarse = nn.ModuleList(Blueprint(few, few) for _ in range(3))

    def forward(self, x):
        few = self.reduce(x)
        coarse = functional.max_pool2d(self.stride(few), 7, 3)
        coarse = functional.gelu(self.coarse[0](coarse))
        coarse = functional.gelu(self.coarse[1](coarse))
        fine = functional.interpolate(self.coarse[2](coarse), (SIZE, SIZE), mode="bilinear", align_corners=False)
        return x * torch.sigmoid(self.widen(fine + self.same(few)))


class ChannelAttention(nn.Module):
    """A mask from each channel's mean and standard deviation."""

    def __init__(self, channels):
        super().__init__()
        self.reduce, self.widen = nn.Conv2d(channels, channels // 16, 1), nn.Conv2d(channels // 16, channels, 1)

    def forward(self, x):
        mean = x.mean((2, 3), keepdim=True)
        deviation = ((x - mean) ** 2).mean((2, 3), keepdim=True).sqrt()
        return x * torch.sigmoid(self.widen(self.reduce(mean + deviation).relu()))


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        half = channels // 2
        self.distil = nn.ModuleList(nn.Conv2d(channels, half, 1) for _ in range(3))
        self.refine = nn.ModuleList(Blueprint(channels, channels) for _ in range(3))
        self.last, self.join = Blueprint(channels, half), nn.Conv2d(4 * half, channels, 1)
        self.spatial, self.channel = SpatialAttention(channels), ChannelAttention(channels)

    def forward(self, x):
        parts, rest = [], x
        for distil, refine in zip(self.distil, self.refine, strict=True):
            parts.append(functional.gelu(distil(rest)))
            rest = functional.gelu(refine(rest) + rest)
        parts.append(functional.gelu(self.last(rest)))
        return x + self.channel(self.spatial(self.join(torch.cat(parts, 1))))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = Blueprint(4 * 3, CHANNELS)
        self.blocks = nn.ModuleList(Block(CHANNELS) for _ in range(BLOCKS))
        self.join, self.last = nn.Conv2d(BLOCKS * CHANNELS, CHANNELS, 1), Blueprint(CHANNELS, CHANNELS)
        self.enlarge = nn.Sequential(nn.Conv2d(CHANNELS, 3 * SCALE**2, 3, padding=1), nn.PixelShuffle(SCALE))

    def forward(self, image):
        first = self.first(torch.cat([image] * 4, 1))
        outputs, x = [], first
        for block in self.blocks:
            x = block(x)
            outputs.append(x)
        joined = functional.gelu(self.join(torch.cat(outputs, 1)))
        return self.enlarge(self.last(joined) + first)


class Bsrn(TorchModel):
    output_names = ("enlarged",)
    size = SIZE

    def build(self):
        return Network()
