"""Small networks that are worth fusing, for the suite fused: each is what the named models spend their time on.

Sizes are static, the batch is 1.
"""

import torch
from torch import nn
from torch.nn import functional

import nafnet
import restormer
from nerf import LAYERS as NERF_LAYERS
from nerf import WIDTH as NERF_WIDTH
from torch_model import TorchModel

HEADS, HEAD_WIDTH = 12, 64
NERF_RAYS = 1 << 18


class Softmax(nn.Module):
    def forward(self, x):
        return x.softmax(-1)


class Attention(nn.Module):
    def __init__(self, causal):
        super().__init__()
        self.causal = causal

    def forward(self, query, key, value):
        return functional.scaled_dot_product_attention(query, key, value, is_causal=self.causal)


class FeedForward(nn.Module):
    def __init__(self, width, inner):
        super().__init__()
        self.inner, self.outer = nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self, x):
        return self.outer(functional.gelu(self.inner(x)))


def separable(inputs, outputs, stride):
    """Depthwise 3x3 and 1x1 as in MobileNetV2, the batch norms folded."""
    depthwise = nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs)
    return nn.Sequential(depthwise, nn.ReLU6(), nn.Conv2d(inputs, outputs, 1))


def nerf_network():
    layers = [part for _ in range(NERF_LAYERS) for part in (nn.Linear(NERF_WIDTH, NERF_WIDTH, bias=False), nn.ReLU())]
    return nn.Sequential(*layers, nn.Linear(NERF_WIDTH, 3, bias=False))


class Pattern(TorchModel):
    """`shapes` are those of the inputs."""

    batches = (1,)
    dynamic = False
    module_name = True  # torch runs the module itself
    output_names = ("y",)

    def __init__(self, name, build, *shapes):
        super().__init__(name)
        self.build, self.shapes = build, shapes
        is_image = len(shapes) == 1 and len(shapes[0]) == 4
        self.without = () if is_image else ("pytorch_channels_last",)
        self.input_names = tuple(f"x{i}" for i in range(len(shapes)))

    def inputs(self, batch, variant=""):
        draw = self.random("input")
        return {name: draw.standard_normal(shape, "float32") for name, shape in zip(self.input_names, self.shapes, strict=True)}


def image(channels, side):
    return (1, channels, side, side)


def _attention(length):
    shape = (1, HEADS, length, HEAD_WIDTH)
    for causal in (False, True):
        name = f"attention/{length}" + ("-causal" if causal else "")
        yield Pattern(name, lambda causal=causal: Attention(causal), shape, shape, shape)


def all_patterns():
    """Every pattern, in the order of the suite's table."""
    for rows, columns in ((1536, 128), (6144, 512), (4096, 1024), (128, 30522)):
        yield Pattern(f"softmax/{rows}x{columns}", Softmax, (rows, columns))
    for rows, columns in ((128, 768), (512, 512), (3136, 96), (4096, 1024)):
        yield Pattern(f"layer_norm/{rows}x{columns}", lambda columns=columns: nn.LayerNorm(columns), (rows, columns))
    for length in (128, 256, 512, 1024, 2048, 4096):
        yield from _attention(length)
    for rows, width, inner in ((128, 768, 3072), (50, 384, 1536), (3136, 96, 384)):
        yield Pattern(f"mlp_gelu/{rows}x{width}x{inner}", lambda w=width, i=inner: FeedForward(w, i), (rows, width))
    for inputs, outputs, side, stride in ((32, 16, 112, 1), (144, 24, 56, 1), (144, 32, 56, 2), (576, 96, 14, 1)):
        name = f"separable/{inputs}x{side}-{outputs}" + (f"-s{stride}" if stride > 1 else "")
        yield Pattern(name, lambda i=inputs, o=outputs, s=stride: separable(i, o, s), image(inputs, side))
    for channels, side in ((16, 256), (32, 128), (64, 64), (128, 32)):
        yield Pattern(f"nafnet_mixing/{channels}x{side}", lambda c=channels: nafnet.MixingHalf(c), image(channels, side))
    for channels, side in ((16, 256), (64, 64)):
        yield Pattern(f"nafnet_feed_forward/{channels}x{side}", lambda c=channels: nafnet.FeedForwardHalf(c), image(channels, side))
    for channels, side in ((48, 256), (96, 128), (192, 64)):
        yield Pattern(f"restormer_feed_forward/{channels}x{side}", lambda c=channels: restormer.FeedForwardHalf(c),
                      image(channels, side))  # fmt: skip
    yield Pattern("restormer_attention/48x256", lambda: restormer.AttentionHalf(48, 1), image(48, 256))
    yield Pattern(f"nerf/{NERF_RAYS}", nerf_network, (NERF_RAYS, NERF_WIDTH))


def find(name):
    return next((pattern for pattern in all_patterns() if pattern.name == name), None)
