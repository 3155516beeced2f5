"""NAFNet for 256x256 images: width 16, one block a level: 16, 32, 64 and, in the middle, 128 channels.

Source: Chen et al., "Simple Baselines for Image Restoration", ECCV 2022: LayerNorm
over channels, gates that multiply two halves, no other activation.
"""

import torch
from torch import nn

from torch_model import TorchModel

WIDTH, LEVELS, SIZE, EPSILON = 16, 3, 256, 1e-6


class ChannelNorm(nn.Module):
    """LayerNorm over the channels of each pixel, as the published code writes it."""

    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(1 + 0.1 * torch.randn(channels))
        self.bias = nn.Parameter(0.1 * torch.randn(channels))

    def forward(self, x):
        mean = x.mean(1, keepdim=True)
        variance = (x - mean).pow(2).mean(1, keepdim=True)
        y = (x - mean) / (variance + EPSILON).sqrt()
        return self.weight.view(1, -1, 1, 1) * y + self.bias.view(1, -1, 1, 1)


def gate(x):
    first, second = x.chunk(2, 1)
    return first * second


class MixingHalf(nn.Module):
    """Norm, 1x1, depthwise 3x3, gate, channel attention, 1x1, residual."""

    def __init__(self, channels):
        super().__init__()
        self.norm = ChannelNorm(channels)
        self.widen = nn.Conv2d(channels, 2 * channels, 1)
        self.depthwise = nn.Conv2d(2 * channels, 2 * channels, 3, padding=1, groups=2 * channels)
        self.attention = nn.Conv2d(channels, channels, 1)
        self.narrow = nn.Conv2d(channels, channels, 1)
        self.scale = nn.Parameter(0.5 + 0.1 * torch.randn(1, channels, 1, 1))

    def forward(self, x):
        y = gate(self.depthwise(self.widen(self.norm(x))))
        y = y * self.attention(y.mean((2, 3), keepdim=True))
        return x + self.narrow(y) * self.scale


class FeedForwardHalf(nn.Module):
    """Norm, 1x1, gate, 1x1, residual."""

    def __init__(self, channels):
        super().__init__()
        self.norm = ChannelNorm(channels)
        self.widen, self.narrow = nn.Conv2d(channels, 2 * channels, 1), nn.Conv2d(channels, channels, 1)
        self.scale = nn.Parameter(0.5 + 0.1 * torch.randn(1, channels, 1, 1))

    def forward(self, x):
        return x + self.narrow(gate(self.widen(self.norm(x)))) * self.scale


def block(channels):
    return nn.Sequential(MixingHalf(channels), FeedForwardHalf(channels))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        widths = [WIDTH << level for level in range(LEVELS)]
        self.first, self.last = nn.Conv2d(3, WIDTH, 3, padding=1), nn.Conv2d(WIDTH, 3, 3, padding=1)
        self.encoders = nn.ModuleList(block(width) for width in widths)
        self.downs = nn.ModuleList(nn.Conv2d(width, 2 * width, 2, 2) for width in widths)
        self.middle = block(WIDTH << LEVELS)
        self.ups = nn.ModuleList(
            nn.Sequential(nn.Conv2d(2 * width, 4 * width, 1, bias=False), nn.PixelShuffle(2)) for width in reversed(widths)
        )
        self.decoders = nn.ModuleList(block(width) for width in reversed(widths))

    def forward(self, image):
        x, skipped = self.first(image), []
        for encoder, down in zip(self.encoders, self.downs, strict=True):
            x = encoder(x)
            skipped.append(x)
            x = down(x)
        x = self.middle(x)
        for up, decoder in zip(self.ups, self.decoders, strict=True):
            x = decoder(up(x) + skipped.pop())
        return self.last(x) + image


class NafNet(TorchModel):
    output_names = ("restored",)
    batches = (1, 2, 16)
    size = SIZE

    def build(self):
        return Network()
