"""BERT-base over 128 tokens, or any number up to 512 (bert-dynamic): 12 layers, 12 heads, width 768, 110 million
parameters; its feed-forward parts have ReLU, as in the tile-graph paper, where the published checkpoints have GELU.

Source: Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers",
NAACL 2019. Inputs as of the published checkpoints: token ids, attention mask,
segment ids; outputs: the last hidden state and the pooled first token.
"""

import numpy
import torch
from torch import nn

from torch_model import Attention, TorchModel

VOCABULARY, TOKENS, WIDTH, HEADS, LAYERS, INNER = 30522, 128, 768, 12, 12, 3072
MOST_TOKENS = 512
EPSILON = 1e-12
MASKED = -10000.0


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = Attention(WIDTH, HEADS)
        self.attention_norm = nn.LayerNorm(WIDTH, EPSILON)
        self.inner, self.outer = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, EPSILON)

    def forward(self, x, mask):
        x = self.attention_norm(x + self.attention(x, mask))
        return self.norm(x + self.outer(nn.functional.relu(self.inner(x))))


class Network(nn.Module):
    def __init__(self, tokens=TOKENS):
        super().__init__()
        self.is_dynamic = tokens > TOKENS
        self.words = nn.Embedding(VOCABULARY, WIDTH)
        self.positions = nn.Embedding(MOST_TOKENS, WIDTH)
        self.segments = nn.Embedding(2, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, EPSILON)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.pooler = nn.Linear(WIDTH, WIDTH)
        self.register_buffer("position_ids", torch.arange(tokens).unsqueeze(0), persistent=False)

    def forward(self, input_ids, attention_mask, token_type_ids):
        places = self.position_ids[:, : input_ids.shape[1]] if self.is_dynamic else self.position_ids
        x = self.norm(self.words(input_ids) + self.segments(token_type_ids) + self.positions(places))
        mask = (1.0 - attention_mask[:, None, None, :].to(x.dtype)) * MASKED
        for layer in self.layers:
            x = layer(x, mask)
        return x, torch.tanh(self.pooler(x[:, 0]))


class Bert(TorchModel):
    input_names = ("input_ids", "attention_mask", "token_type_ids")
    output_names = ("last_hidden_state", "pooler_output")
    batches = (1, 2, 16)

    def build(self):
        return Network()

    def inputs(self, batch, variant=""):
        random = self.random(f"input{batch}{variant}")
        tokens = int(variant.removeprefix("tokens")) if variant else TOKENS
        lengths = random.integers(tokens // 2, tokens + 1, batch)
        place = numpy.arange(tokens)
        mask = place < lengths[:, None]
        return {
            "input_ids": numpy.where(mask, random.integers(1, VOCABULARY, (batch, tokens)), 0),
            "attention_mask": mask.astype(numpy.int64),
            "token_type_ids": (mask & (place >= lengths[:, None] // 2)).astype(numpy.int64),
        }


class DynamicBert(Bert):
    """The same with a dynamic number of tokens."""

    batches = (1, 4)
    variants = {1: ("tokens5", "tokens32", "tokens100", "tokens384"), 4: ("tokens40",)}
    dynamic_axes = {
        **{name: {1: "tokens"} for name in Bert.input_names},
        "last_hidden_state": {1: "tokens"},
    }

    def build(self):
        return Network(MOST_TOKENS)
