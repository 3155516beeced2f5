"""MobileViT-S at 256x256: inverted residuals, and attention between the pixels at the same place of 2x2 patches.

Source: Mehta and Rastegari, "MobileViT: Light-weight, General-purpose, and
Mobile-friendly Vision Transformer", ICLR 2022; 4 heads of 8 as in the
implementation that the tile-graph paper took (without the norm after the last layer).
"""

import torch
from torch import nn

from torch_model import TorchModel

SIZE, PATCH, HEADS, HEAD_WIDTH, EXPANSION, CLASSES = 256, 2, 4, 8, 4, 1000
CHANNELS = (16, 32, 64, 96, 128, 160, 640)
# channels, width of the transformer, layers, factor of the inner width
TRANSFORMERS = ((96, 144, 2, 2), (128, 192, 4, 4), (160, 240, 3, 4))


def convolution(inputs, outputs, kernel=1, stride=1, groups=1, activate=True):
    conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu" if activate else "linear")
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), *([nn.SiLU()] if activate else []))


class Bottleneck(nn.Module):
    def __init__(self, inputs, outputs, stride=1):
        super().__init__()
        hidden = inputs * EXPANSION
        self.add = stride == 1 and inputs == outputs
        self.body = nn.Sequential(
            convolution(inputs, hidden),
            convolution(hidden, hidden, 3, stride, hidden),
            convolution(hidden, outputs, activate=False),
        )

    def forward(self, x):
        return x + self.body(x) if self.add else self.body(x)


class Layer(nn.Module):
    """x: [batch, places in a patch, patches, width]"""

    def __init__(self, width, inner):
        super().__init__()
        self.attention_norm, self.norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * HEADS * HEAD_WIDTH, bias=False), nn.Linear(HEADS * HEAD_WIDTH, width)
        self.inner, self.outer = nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self, x):
        places, tokens = x.shape[1:3]
        qkv = self.qkv(self.attention_norm(x)).reshape(-1, places, tokens, 3, HEADS, HEAD_WIDTH)
        query, key, value = qkv.permute(3, 0, 1, 4, 2, 5).unbind(0)
        weights = (query @ key.transpose(-2, -1) * HEAD_WIDTH**-0.5).softmax(-1)
        x = x + self.out((weights @ value).transpose(2, 3).reshape(-1, places, tokens, HEADS * HEAD_WIDTH))
        return x + self.outer(nn.functional.silu(self.inner(self.norm(x))))


class Mixer(nn.Module):
    def __init__(self, channels, width, layers, factor):
        super().__init__()
        self.local = nn.Sequential(convolution(channels, channels, 3), convolution(channels, width))
        self.layers = nn.Sequential(*(Layer(width, factor * width) for _ in range(layers)))
        self.back, self.join = convolution(width, channels), convolution(2 * channels, channels, 3)

    def forward(self, x):
        y = self.local(x)
        width, rows, columns = y.shape[1], y.shape[2] // PATCH, y.shape[3] // PATCH
        y = y.reshape(-1, width, rows, PATCH, columns, PATCH).permute(0, 3, 5, 2, 4, 1)
        y = self.layers(y.reshape(-1, PATCH * PATCH, rows * columns, width))
        y = y.reshape(-1, PATCH, PATCH, rows, columns, width).permute(0, 5, 3, 1, 4, 2)
        y = self.back(y.reshape(-1, width, rows * PATCH, columns * PATCH))
        return self.join(torch.cat((x, y), 1))


class MobileVit(TorchModel):
    batches = (1, 2, 16)
    size = SIZE

    def build(self):
        first, second, third, *_, last = CHANNELS
        layers = [convolution(3, first, 3, 2), Bottleneck(first, second), Bottleneck(second, third, 2),
                  Bottleneck(third, third), Bottleneck(third, third)]  # fmt: skip
        channels = third
        for outputs, width, depth, factor in TRANSFORMERS:
            layers += [Bottleneck(channels, outputs, 2), Mixer(outputs, width, depth, factor)]
            channels = outputs
        layers += [convolution(channels, last), nn.AvgPool2d(SIZE // 32), nn.Flatten(), nn.Linear(last, CLASSES, bias=False)]
        return nn.Sequential(*layers)
