"""Models written as plain torch modules and exported through TorchScript.

TorchScript's exporter is taken because it writes the operators of the module as
they stand, one node each, with a dynamic first dimension called "batch".
"""

import warnings

import torch
from torch import nn

from model import Model

OPSET = 17


class TorchModel(Model):
    """`build` makes the module; its parameters are drawn after the seed is set."""

    input_names = ("image",)
    output_names = ("logits",)
    size = 224  # of the image's sides
    dynamic = True  # the first dimension of inputs and outputs
    dynamic_axes = {}  # name -> {dimension: name} of further ones

    def build(self):
        raise NotImplementedError

    def module(self):
        self.seed_torch()
        module = self.build()
        randomise_vectors(module)
        return module.eval()

    def write(self, path):
        example = tuple(torch.from_numpy(value) for value in self.inputs(1).values())
        names = (*self.input_names, *self.output_names)
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # the exporter warns that it is not the newest one
            torch.onnx.export(
                self.module(),
                example,
                str(path),
                dynamo=False,
                opset_version=OPSET,
                input_names=list(self.input_names),
                output_names=list(self.output_names),
                dynamic_axes={name: {0: "batch"} | self.dynamic_axes.get(name, {}) for name in names}
                if self.dynamic
                else {},
            )

    def inputs(self, batch, variant=""):
        return {"image": self.random(f"input{batch}").standard_normal((batch, 3, self.size, self.size), "float32")}


def randomise_vectors(module):
    """Draws biases and the parameters of norms, which torch leaves at 0 and 1: values that
    would hide a forgotten addition or multiplication."""
    for part in module.modules():
        if isinstance(part, (nn.LayerNorm, nn.BatchNorm1d, nn.BatchNorm2d)):
            nn.init.normal_(part.weight, 1.0, 0.1)
            nn.init.normal_(part.bias, 0.0, 0.1)
        elif isinstance(part, (nn.Linear, nn.Conv1d, nn.Conv2d)) and part.bias is not None:
            nn.init.normal_(part.bias, 0.0, 0.05)
        if isinstance(part, (nn.BatchNorm1d, nn.BatchNorm2d)):
            nn.init.normal_(part.running_mean, 0.0, 0.1)
            nn.init.uniform_(part.running_var, 0.75, 1.25)


class Attention(nn.Module):
    """Self-attention of several heads over [batch, tokens, width]."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.width = heads, width
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))

    def split(self, x):
        return x.reshape(x.shape[0], x.shape[1], self.heads, self.width // self.heads).transpose(1, 2)

    def forward(self, x, mask=None):
        query, key, value = self.split(self.query(x)), self.split(self.key(x)), self.split(self.value(x))
        scale = (self.width // self.heads) ** -0.5
        mixed = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=scale)
        return self.out(mixed.transpose(1, 2).reshape(x.shape[0], x.shape[1], self.width))
