"""Conformer encoder over 512 frames: 12 layers, width 512, 8 heads, depthwise convolutions of 31 frames.

Source: Gulati et al., "Conformer: Convolution-augmented Transformer for Speech
Recognition", Interspeech 2020; attention without relative positions. Feed-forward
parts of width 512.
"""

from torch import nn
from torch.nn import functional

from torch_model import Attention, TorchModel

FRAMES, WIDTH, HEADS, LAYERS, INNER, KERNEL = 512, 512, 8, 12, 512, 31


class FeedForward(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.inner, self.outer = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)

    def forward(self, x):
        return self.outer(functional.silu(self.inner(self.norm(x))))


class Convolution(nn.Module):
    """Norm, 1x1 to twice the width, GLU, depthwise over time, batch norm, SiLU, 1x1."""

    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.widen = nn.Conv1d(WIDTH, 2 * WIDTH, 1)
        self.depthwise = nn.Conv1d(WIDTH, WIDTH, KERNEL, padding=KERNEL // 2, groups=WIDTH)
        self.batch_norm = nn.BatchNorm1d(WIDTH)
        self.narrow = nn.Conv1d(WIDTH, WIDTH, 1)

    def forward(self, x):
        y = functional.glu(self.widen(self.norm(x).transpose(1, 2)), 1)
        return self.narrow(functional.silu(self.batch_norm(self.depthwise(y)))).transpose(1, 2)


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.before, self.after, self.convolution = FeedForward(), FeedForward(), Convolution()
        self.attention_norm, self.attention = nn.LayerNorm(WIDTH), Attention(WIDTH, HEADS)
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, x):
        x = x + 0.5 * self.before(x)
        x = x + self.attention(self.attention_norm(x))
        x = x + self.convolution(x)
        return self.norm(x + 0.5 * self.after(x))


class Conformer(TorchModel):
    input_names = ("frames",)
    output_names = ("encoded",)
    batches = (1, 2, 16)

    def build(self):
        return nn.Sequential(*(Layer() for _ in range(LAYERS)))

    def inputs(self, batch, variant=""):
        return {"frames": self.random(f"input{batch}").standard_normal((batch, FRAMES, WIDTH), "float32")}
