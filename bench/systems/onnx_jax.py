"""The models of bench/models as JAX functions, node by node.

Knows the operators of those models, in the forms in which they occur. Values
that only depend on shapes and integer constants stay numpy arrays while JAX
traces, so that XLA sees static shapes; a Loop becomes fori_loop and an If becomes
cond. Weights are arguments of the function, not constants in it.
"""

import functools

import jax
import jax.numpy as jnp
import numpy
import onnx
from jax import lax
from onnx import helper, numpy_helper

from systems import Unsupported


class Graph:
    """`function(weights, *inputs)` computes the outputs of the model."""

    def __init__(self, path):
        self.graph = onnx.load(path).graph
        self.opset = max(o.version for o in onnx.load(path, load_external_data=False).opset_import if not o.domain)
        self.weights, self.shapes = {}, {}
        for initializer in self.graph.initializer:
            array = numpy_helper.to_array(initializer)
            (self.weights if array.dtype.kind == "f" and array.size > 1 else self.shapes)[initializer.name] = array

    def function(self, weights, *inputs):
        values = {"": None, **self.shapes, **weights}
        values.update(zip((i.name for i in self.graph.input), inputs, strict=True))
        return evaluate(self.graph, values, self.opset)


def evaluate(graph, outer, opset):
    """The outputs of a graph, given the values it sees."""
    values = dict(outer)
    values.update((i.name, numpy_helper.to_array(i)) for i in graph.initializer if i.name not in values)
    for node in graph.node:
        inputs = [values[name] for name in node.input]
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type == "If":
            results = _if(inputs[0], values, opset, **attributes)
        elif node.op_type == "Loop":
            results = _loop(inputs, values, opset, **attributes)
        elif node.op_type == "Split" and len(inputs) == 1 and "split" not in attributes:
            results = _split(*inputs, **{**attributes, "num_outputs": len(node.output)})
        elif node.op_type == "Softmax" and opset < 13:
            results = _old_softmax(*inputs, **attributes)
        elif node.op_type == "ScatterElements" and ("one", node.input[1]) in values:
            results = _update_slice(*inputs, values["one", node.input[1]], **attributes)
        elif node.op_type in OPERATORS:
            results = OPERATORS[node.op_type](*inputs, **attributes)
        else:
            raise Unsupported(f"operator {node.op_type} is none of those that onnx_jax.py knows")
        results = results if isinstance(results, (tuple, list)) else (results,)
        values.update(zip(node.output, results, strict=False))
        if node.op_type == "Expand" and inputs[0].size == 1:
            values["one", node.output[0]] = inputs[0]  # it holds one value throughout
    return tuple(values[o.name] for o in graph.output)


def _if(condition, values, opset, then_branch, else_branch):
    if isinstance(condition, numpy.ndarray):
        return evaluate(then_branch if condition else else_branch, values, opset)
    branches = [lambda g=g: tuple(map(jnp.asarray, evaluate(g, values, opset))) for g in (then_branch, else_branch)]
    return lax.cond(jnp.reshape(condition, ()), *branches)


def _loop(inputs, values, opset, body):
    """fori_loop where the body hands its condition on, else while_loop; without scan outputs."""
    count, condition, *carried = inputs
    names = [i.name for i in body.input]
    if len(body.output) != len(names) - 1:
        raise Unsupported("a Loop with scan outputs")
    carried = tuple(jnp.asarray(value) for value in carried)
    last = next((node for node in body.node if body.output[0].name in node.output), None)
    counts = last is not None and last.op_type == "Identity" and last.input[0] == names[1]

    def run(index, state):
        inner = {**values, names[0]: index, names[1]: numpy.bool_(True), **dict(zip(names[2:], state, strict=True))}
        go_on, *results = evaluate(body, inner, opset)
        results = tuple(jnp.asarray(new, old.dtype) for new, old in zip(results, state, strict=True))
        return jnp.reshape(jnp.asarray(go_on), ()), results

    if counts and condition is None and count is not None:
        return lax.fori_loop(0, _scalar(count), lambda index, state: run(index, state)[1], carried)
    most = jnp.iinfo(jnp.int32).max if count is None else _scalar(count)
    start = (jnp.int32(0), jnp.asarray(True if condition is None else _scalar(condition)), carried)
    return lax.while_loop(lambda s: (s[0] < most) & s[1], lambda s: (s[0] + 1, *run(s[0], s[2])), start)[2]


def _scalar(value):
    return value.item() if isinstance(value, (numpy.ndarray, numpy.generic)) else jnp.reshape(value, ())


def _module(*values):
    """numpy while everything is known, else JAX."""
    return numpy if all(isinstance(v, (numpy.ndarray, numpy.generic)) for v in values if v is not None) else jnp


def _by_name(name):
    return lambda *inputs: getattr(_module(*inputs), name)(*inputs)


def _pairs(pads):
    half = len(pads) // 2
    return list(zip(pads[:half], pads[half:], strict=True))


def _conv(x, weight, bias=None, kernel_shape=None, strides=(1, 1), pads=(0, 0, 0, 0), dilations=(1, 1), group=1):
    y = lax.conv_general_dilated(x, weight, strides, _pairs(pads), rhs_dilation=dilations, feature_group_count=group)
    return y if bias is None else y + _by_channel(bias, y)


def _by_channel(values, x):
    """A vector over the channels of [batch, channels, ...]."""
    return values.reshape(-1, *[1] * (x.ndim - 2))


def _pool(x, start, function, kernel, strides, pads):
    window, steps = (1, 1, *kernel), (1, 1, *strides)
    return lax.reduce_window(x, start, function, window, steps, [(0, 0), (0, 0), *_pairs(pads)])


def _max_pool(x, kernel_shape, strides=(1, 1), pads=(0, 0, 0, 0), dilations=(1, 1), auto_pad=b"NOTSET",
              storage_order=0, ceil_mode=0):  # fmt: skip
    if any(step != 1 for step in dilations) or ceil_mode:
        raise Unsupported("a MaxPool with dilations or ceil_mode")
    return _pool(x, -jnp.inf, lax.max, kernel_shape, strides, pads)


def _average_pool(x, kernel_shape, strides=(1, 1), pads=(0, 0, 0, 0), count_include_pad=0, auto_pad=b"NOTSET",
                  ceil_mode=0):  # fmt: skip
    total = _pool(x, 0.0, lax.add, kernel_shape, strides, pads)
    if count_include_pad:
        return total / (kernel_shape[0] * kernel_shape[1])
    return total / _pool(jnp.ones_like(x[:1, :1]), 0.0, lax.add, kernel_shape, strides, pads)


def _gemm(a, b, c=None, alpha=1.0, beta=1.0, transA=0, transB=0):  # noqa: N803 (ONNX's names)
    y = alpha * ((a.T if transA else a) @ (b.T if transB else b))
    return y if c is None else y + beta * c


def _batch_norm(x, scale, bias, mean, variance, epsilon=1e-5, momentum=0.9, spatial=1):
    factor = scale * lax.rsqrt(variance + epsilon)
    return x * _by_channel(factor, x) + _by_channel(bias - mean * factor, x)


def _layer_norm(x, scale, bias, axis=-1, epsilon=1e-5):
    centred = x - x.mean(-1, keepdims=True)
    return centred * lax.rsqrt((centred * centred).mean(-1, keepdims=True) + epsilon) * scale + bias


def _local_response_norm(x, size, alpha=1e-4, beta=0.75, bias=1.0):
    before = (size - 1) // 2
    pads = [(0, 0), (before, size - 1 - before), (0, 0), (0, 0)]
    total = lax.reduce_window(x * x, 0.0, lax.add, (1, size, 1, 1), (1, 1, 1, 1), pads)
    return x / (bias + alpha / size * total) ** beta


def _old_softmax(x, axis=1):
    flat = x.reshape(*x.shape[:axis], -1)
    return jax.nn.softmax(flat, axis=-1).reshape(x.shape)


def _reshape(x, shape, allowzero=0):
    return x.reshape([x.shape[i] if size == 0 else int(size) for i, size in enumerate(shape)])


def _flatten(x, axis=1):
    return x.reshape(int(numpy.prod(x.shape[:axis], dtype=numpy.int64)), -1)


def _slice(x, starts, ends, axes=None, steps=None):
    window = [slice(None)] * x.ndim
    axes = range(len(starts)) if axes is None else axes
    for i, axis in enumerate(axes):
        step = 1 if steps is None else int(steps[i])
        window[int(axis)] = slice(int(starts[i]), int(ends[i]), step)
    return x[tuple(window)]


def _split(x, split=None, axis=0, num_outputs=None):
    if split is None:
        return _module(x).split(x, num_outputs, axis)
    return _module(x).split(x, numpy.cumsum(split)[:-1].tolist(), axis)


def _squeeze(x, axes):
    return _module(x).squeeze(x, tuple(int(a) for a in axes))


def _unsqueeze(x, axes):
    return _module(x).expand_dims(x, tuple(int(a) for a in axes))


def _reduce(name):
    def reduce(x, axes=None, keepdims=1, noop_with_empty_axes=0):
        axes = None if axes is None else tuple(int(a) for a in axes)
        return getattr(jnp, name)(x, axis=axes, keepdims=bool(keepdims))

    return reduce


def _update_slice(data, indices, updates, index, axis=0):
    """ScatterElements where all indices are equal: a slice in one piece, where it is a whole one."""
    if any(a != b for i, (a, b) in enumerate(zip(data.shape, updates.shape, strict=True)) if i != axis % data.ndim):
        return _scatter_elements(data, indices, updates, axis)
    return lax.dynamic_update_slice_in_dim(data, updates, jnp.reshape(jnp.asarray(index), ()), axis)


def _scatter_elements(data, indices, updates, axis=0):
    return jnp.put_along_axis(jnp.asarray(data), indices, updates, axis, inplace=False)


def _scatter_nd(data, indices, updates):
    if indices.size == 1:
        return lax.dynamic_update_slice_in_dim(data, updates.astype(data.dtype), jnp.reshape(indices, ()), 0)
    return jnp.asarray(data).at[tuple(jnp.moveaxis(indices, -1, 0))].set(updates)


def _arg_max(x, axis=0, keepdims=1):
    return jnp.argmax(x, axis, keepdims=bool(keepdims))


def _top_k(x, count, axis=-1):
    if axis not in (-1, x.ndim - 1):
        raise Unsupported("a TopK that is not along the last dimension")
    return lax.top_k(x, int(count.item()))


def _depth_to_space(x, blocksize, mode=b"DCR"):
    batch, channels, height, width = x.shape
    depth = channels // blocksize**2
    if mode == b"DCR":
        x = x.reshape(batch, blocksize, blocksize, depth, height, width).transpose(0, 3, 4, 1, 5, 2)
    else:
        x = x.reshape(batch, depth, blocksize, blocksize, height, width).transpose(0, 1, 4, 2, 5, 3)
    return x.reshape(batch, depth, height * blocksize, width * blocksize)


def _resize(x, roi=None, scales=None, sizes=None, mode=b"nearest", coordinate_transformation_mode=b"half_pixel",
            cubic_coeff_a=-0.75, nearest_mode=b"round_prefer_floor"):  # fmt: skip
    if mode != b"linear" or coordinate_transformation_mode not in (b"half_pixel", b"pytorch_half_pixel") or sizes is None:
        raise Unsupported("a Resize that is not linear between pixel centres, to given sizes")
    return jax.image.resize(x, [int(size) for size in sizes], "linear", antialias=False)


def _reduce_l2(x, axes=None, keepdims=1):
    return jnp.sqrt((x * x).sum(None if axes is None else tuple(axes), keepdims=bool(keepdims)))


def _constant_of_shape(shape, value=None):
    fill = numpy_helper.to_array(value) if value is not None else numpy.zeros(1, numpy.float32)
    return numpy.full([int(size) for size in shape], fill.item(), fill.dtype)


def _clip(x, low=None, high=None):
    return jnp.clip(x, low, high)


def _div(a, b):
    return a // b if a.dtype.kind in "iu" else a / b


OPERATORS = {
    "Add": _by_name("add"),
    "ArgMax": _arg_max,
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_norm,
    "Cast": lambda x, to: x.astype(helper.tensor_dtype_to_np_dtype(to)),
    "Clip": _clip,
    "Concat": lambda *parts, axis: _module(*parts).concatenate(parts, axis),
    "Constant": lambda value: numpy_helper.to_array(value),
    "ConstantOfShape": _constant_of_shape,
    "Conv": _conv,
    "DepthToSpace": _depth_to_space,
    "Div": _div,
    "Dropout": lambda x, ratio=0.5: x,
    "Equal": _by_name("equal"),
    "Erf": lax.erf,
    "Expand": lambda x, shape: jnp.broadcast_to(x, numpy.broadcast_shapes(x.shape, tuple(int(s) for s in shape))),
    "Flatten": _flatten,
    "Gather": lambda x, index, axis=0: _module(x, index).take(x, index, axis),
    "GatherElements": lambda x, indices, axis=0: jnp.take_along_axis(x, indices, axis),
    "Gemm": _gemm,
    "GlobalAveragePool": lambda x: x.mean((2, 3), keepdims=True),
    "Greater": _by_name("greater"),
    "Identity": lambda x: x,
    "LRN": _local_response_norm,
    "LayerNormalization": _layer_norm,
    "LogSoftmax": lambda x, axis=-1: jax.nn.log_softmax(x, axis),
    "MatMul": _by_name("matmul"),
    "MaxPool": _max_pool,
    "Min": lambda *parts: functools.reduce(_by_name("minimum"), parts),
    "Mul": _by_name("multiply"),
    "Not": _by_name("logical_not"),
    "Or": _by_name("logical_or"),
    "Pow": _by_name("power"),
    "Range": lambda start, end, step: numpy.arange(start, end, step),
    "ReduceL2": _reduce_l2,
    "ReduceMax": _reduce("max"),
    "ReduceMean": _reduce("mean"),
    "ReduceSum": _reduce("sum"),
    "Relu": jax.nn.relu,
    "Resize": _resize,
    "Reshape": _reshape,
    "ScatterElements": _scatter_elements,
    "ScatterND": _scatter_nd,
    "Shape": lambda x: numpy.array(x.shape, numpy.int64),
    "Sigmoid": jax.nn.sigmoid,
    "Slice": _slice,
    "Softmax": lambda x, axis=-1: jax.nn.softmax(x, axis),
    "Split": _split,
    "Sqrt": _by_name("sqrt"),
    "Squeeze": _squeeze,
    "Sub": _by_name("subtract"),
    "Sum": lambda *parts: sum(parts[1:], parts[0]),
    "Tanh": jnp.tanh,
    "TopK": _top_k,
    "Transpose": lambda x, perm: _module(x).transpose(x, perm),
    "Unsqueeze": _unsqueeze,
    "Where": _by_name("where"),
}
