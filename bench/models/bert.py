"""BERT-base over 128 tokens: 12 layers, 12 heads, width 768, 110 million parameters; its feed-forward
parts have ReLU, as in the tile-graph paper, where the published checkpoints have GELU.

Source: Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers",
NAACL 2019. Inputs as of the published checkpoints: token ids, attention mask,
segment ids; outputs: the last hidden state and the pooled first token.
"""

import numpy
import torch
from torch import nn

from torch_model import Attention, TorchModel

VOCABULARY, TOKENS, WIDTH, HEADS, LAYERS, INNER = 30522, 128, 768, 12, 12, 3072
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
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(VOCABULARY, WIDTH)
        self.positions = nn.Embedding(512, WIDTH)
        self.segments = nn.Embedding(2, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, EPSILON)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.pooler = nn.Linear(WIDTH, WIDTH)
        self.register_buffer("position_ids", torch.arange(TOKENS).unsqueeze(0), persistent=False)

    def forward(self, input_ids, attention_mask, token_type_ids):
        x = self.norm(self.words(input_ids) + self.segments(token_type_ids) + self.positions(self.position_ids))
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
        random = self.random(f"input{batch}")
        lengths = random.integers(TOKENS // 2, TOKENS + 1, batch)
        place = numpy.arange(TOKENS)
        mask = place < lengths[:, None]
        return {
            "input_ids": numpy.where(mask, random.integers(1, VOCABULARY, (batch, TOKENS)), 0),
            "attention_mask": mask.astype(numpy.int64),
            "token_type_ids": (mask & (place >= lengths[:, None] // 2)).astype(numpy.int64),
        }
