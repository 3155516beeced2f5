"""Networks of any depth, to see how compile time grows with the number of layers.

    residual   blocks of two 3x3 convolutions with batch norm and a residual sum, 32 channels
    encoder    transformer encoder layers, width 128, 4 heads, 64 tokens, GELU
"""

import math

import numpy

from builder import Builder, floats

CHANNELS, SIZE = 32, 16
WIDTH, HEADS, TOKENS = 128, 4, 64


def write(path, kind, layers):
    random = numpy.random.default_rng(layers)
    graph = Builder()
    layer, shape = {"residual": (_residual, ["batch", CHANNELS, SIZE, SIZE]), "encoder": (_encoder, ["batch", TOKENS, WIDTH])}[kind]
    value = "x"
    for _ in range(layers):
        value = layer(graph, random, value)
    graph.rename(value, "y")
    graph.save(path, f"{kind}_{layers}", [floats("x", shape)], [floats("y", shape)])


def _draw(graph, random, *shape, scale, mean=0.0):
    return graph.constant((mean + scale * random.standard_normal(shape)).astype(numpy.float32), "weight")


def _residual(graph, random, x):
    y = x
    for _ in range(2):
        weight = _draw(graph, random, CHANNELS, CHANNELS, 3, 3, scale=(9 * CHANNELS) ** -0.5)
        y = graph.add("Conv", y, weight, kernel_shape=[3, 3], pads=[1] * 4)
        scale, bias, mean = (_draw(graph, random, CHANNELS, mean=m, scale=0.1) for m in (1.0, 0.0, 0.0))
        variance = graph.constant(numpy.full(CHANNELS, 1.1, numpy.float32), "weight")
        y = graph.add("Relu", graph.add("BatchNormalization", y, scale, bias, mean, variance))
    return graph.add("Add", x, y)


def _linear(graph, random, x, inputs, outputs):
    weight = _draw(graph, random, inputs, outputs, scale=inputs**-0.5)
    return graph.add("Add", graph.add("MatMul", x, weight), _draw(graph, random, outputs, scale=0.1))


def _norm(graph, random, x):
    scale, bias = (_draw(graph, random, WIDTH, mean=m, scale=0.1) for m in (1.0, 0.0))
    return graph.add("LayerNormalization", x, scale, bias, axis=-1)


def _encoder(graph, random, x):
    heads = graph.constant(numpy.array([0, TOKENS, HEADS, WIDTH // HEADS]))
    query, key, value = (
        graph.add("Transpose", graph.add("Reshape", _linear(graph, random, x, WIDTH, WIDTH), heads), perm=perm)
        for perm in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3])
    )
    scale = graph.constant(numpy.float32((WIDTH // HEADS) ** -0.5))
    weights = graph.add("Softmax", graph.add("Mul", graph.add("MatMul", query, key), scale), axis=-1)
    mixed = graph.add("Transpose", graph.add("MatMul", weights, value), perm=[0, 2, 1, 3])
    joined = graph.add("Reshape", mixed, graph.constant(numpy.array([0, TOKENS, WIDTH])))
    x = _norm(graph, random, graph.add("Add", x, _linear(graph, random, joined, WIDTH, WIDTH)))
    inner = _linear(graph, random, x, WIDTH, 4 * WIDTH)
    erf = graph.add("Erf", graph.add("Mul", inner, graph.constant(numpy.float32(math.sqrt(0.5)))))
    gelu = graph.add("Mul", graph.add("Mul", inner, graph.constant(numpy.float32(0.5))),
                     graph.add("Add", erf, graph.constant(numpy.float32(1))))  # fmt: skip
    return _norm(graph, random, graph.add("Add", x, _linear(graph, random, gelu, 4 * WIDTH, WIDTH)))
