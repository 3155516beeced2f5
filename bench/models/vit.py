"""ViT-S/32 at 224x224: 12 layers, 6 heads, width 384, patches of 32x32, 49 of them.

Sources: Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021; the small
size is that of Touvron et al., "Training data-efficient image transformers",
ICML 2021.
"""

import torch
from torch import nn

from torch_model import Attention, TorchModel

WIDTH, HEADS, LAYERS, PATCH, SIZE, CLASSES = 384, 6, 12, 32, 224, 1000
EPSILON = 1e-6


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention_norm, self.norm = nn.LayerNorm(WIDTH, EPSILON), nn.LayerNorm(WIDTH, EPSILON)
        self.attention = Attention(WIDTH, HEADS)
        self.inner, self.outer = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x):
        x = x + self.attention(self.attention_norm(x))
        return x + self.outer(nn.functional.gelu(self.inner(self.norm(x))))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, WIDTH, PATCH, PATCH)
        self.first = nn.Parameter(torch.randn(1, 1, WIDTH) * 0.5)
        self.positions = nn.Parameter(torch.randn(1, (SIZE // PATCH) ** 2 + 1, WIDTH) * 0.5)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.norm = nn.LayerNorm(WIDTH, EPSILON)
        self.head = nn.Linear(WIDTH, CLASSES)

    def forward(self, image):
        x = self.patches(image).flatten(2).transpose(1, 2)
        x = torch.cat((self.first.expand(x.shape[0], -1, -1), x), dim=1) + self.positions
        for layer in self.layers:
            x = layer(x)
        return self.head(self.norm(x)[:, 0])


class VisionTransformer(TorchModel):
    batches = (1, 2, 16)

    def build(self):
        return Network()
