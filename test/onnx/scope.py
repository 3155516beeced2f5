"""Which cases of the ONNX backend suite are ours to pass.

`classify` gives one of

    in         every value is a tensor of float, double, float16, bfloat16, an
               integer type of at least 8 bits, or bool: the case counts
    quantised  the same, with an operator of the quantised family: it counts too,
               and is shown in a line of its own, since it may be refused
    training   the same, with an operator that differentiates or updates weights:
               counts, shown and may be refused likewise
    type       some value is a string, sequence, optional, map, sparse or complex
               tensor, or of a float8, float4, float6, int4 or int2 type: not counted
    random     the outcome is drawn at random, so no expected value can be right;
               the suite's own runs leave these out too: not counted
    disputed   the expected value contradicts the operator's definition, and the
               suite's own run leaves it out for that reason; or the values given
               have not the shape that the model declares: not counted

with a few words that say why.
"""

import re

import onnx
from onnx import AttributeProto, TensorProto

COUNTED = ("in", "quantised", "training")

TYPES = {
    TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.BOOL,
    TensorProto.INT8, TensorProto.INT16, TensorProto.INT32, TensorProto.INT64,
    TensorProto.UINT8, TensorProto.UINT16, TensorProto.UINT32, TensorProto.UINT64,
}  # fmt: skip

QUANTISED = {
    "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "QLinearConv", "QLinearMatMul", "ConvInteger",
    "MatMulInteger",
}  # fmt: skip

TRAINING_DOMAIN = "ai.onnx.preview.training"

# Operators whose values are sequences, optionals or strings even where the
# inputs and outputs of the whole model are plain tensors.
NOT_TENSOR = re.compile(
    r"^(Sequence.*|SplitToSequence|ConcatFromSequence|Optional.*|String.*|RegexFullMatch|CastMap|DictVectorizer|ZipMap)$"
)

# onnx/test/test_backend_reference.py and test_backend_onnxruntime.py leave these
# out; the masks of a training Dropout come from numpy's generator.
RANDOM = re.compile(r"^test_(bernoulli|training_dropout(?!.*zero_ratio)|random|multinomial)")

# An Attention function body ignores is_causal when a mask is given; the expected
# values do not. test_backend_reference.py leaves out exactly these.
DISPUTED = {
    "test_attention_4d_with_past_and_present_qk_matmul_bias_4d_mask_causal_expanded",
    "test_attention_4d_with_past_and_present_qk_matmul_bias_3d_mask_causal_expanded",
    "test_attention_4d_attn_mask_4d_causal_expanded",
    "test_attention_4d_attn_mask_3d_causal_expanded",
}


def operators(model):
    """Every (domain, operator) of the model, those in subgraphs and functions too."""
    found = set()

    def visit(nodes):
        for node in nodes:
            found.add((node.domain if node.domain != "ai.onnx" else "", node.op_type))
            for attribute in node.attribute:
                for graph in _graphs(attribute):
                    visit(graph.node)

    visit(model.graph.node)
    for function in model.functions:
        visit(function.node)
    local = {(f.domain, f.name) for f in model.functions}
    return found - local


def classify(name, model):
    """(scope, reason) of one case."""
    if RANDOM.search(name):
        return "random", "drawn at random"
    if name in DISPUTED:
        return "disputed", "expected value contradicts the function body"
    ops = operators(model)
    for _, op in sorted(ops):
        if NOT_TENSOR.match(op):
            return "type", f"{op} works on strings, sequences or optionals"
    reason = _foreign_type(model)
    if reason:
        return "type", reason
    for domain, op in sorted(ops):
        if domain == TRAINING_DOMAIN:
            return "training", op
    for _, op in sorted(ops):
        if op in QUANTISED:
            return "quantised", op
    return "in", ""


def contradiction(model, data_set):
    """A few words on the first input whose given value the model's declared shape forbids; empty if none."""
    for index, info in enumerate(model.graph.input):
        path = data_set / f"input_{index}.pb"
        if not info.type.tensor_type.HasField("shape") or not path.exists():
            continue
        declared = [d.dim_value if d.HasField("dim_value") else None for d in info.type.tensor_type.shape.dim]
        given = list(TensorProto.FromString(path.read_bytes()).dims)
        if len(given) != len(declared) or any(d is not None and d != g for d, g in zip(declared, given, strict=True)):
            return f"{info.name} is declared {declared}, the value given is {given}"
    return ""


def _foreign_type(model):
    """A few words on the first value whose type is out of scope; empty if none."""
    try:
        model = onnx.shape_inference.infer_shapes(model)
    except Exception:  # an older opset that inference knows no more: what is declared must do
        pass
    reason = _foreign_in_graph(model.graph)
    for function in model.functions:
        reason = reason or _foreign_in_nodes(function.node)
    return reason


def _foreign_in_graph(graph):
    for info in [*graph.input, *graph.output, *graph.value_info]:
        reason = _foreign_value_type(info.type)
        if reason:
            return f"{info.name} is {reason}"
    if graph.sparse_initializer:
        return "a sparse initialiser"
    for tensor in graph.initializer:
        if tensor.data_type not in TYPES:
            return f"{tensor.name} is {_type_name(tensor.data_type)}"
    return _foreign_in_nodes(graph.node)


def _foreign_in_nodes(nodes):
    for node in nodes:
        for attribute in node.attribute:
            reason = _foreign_in_attribute(node, attribute)
            if reason:
                return f"{node.op_type}: {attribute.name} is {reason}"
    return ""


def _foreign_in_attribute(node, attribute):
    if attribute.type in (AttributeProto.SPARSE_TENSOR, AttributeProto.SPARSE_TENSORS):
        return "a sparse tensor"
    for tensor in [attribute.t] if attribute.type == AttributeProto.TENSOR else attribute.tensors:
        if tensor.data_type not in TYPES:
            return _type_name(tensor.data_type)
    if attribute.name in ("to", "dtype", "output_dtype") and attribute.type == AttributeProto.INT:
        if attribute.i and attribute.i not in TYPES:
            return _type_name(attribute.i)
    if node.domain == "ai.onnx.ml" and attribute.strings and attribute.name.endswith("s_strings"):
        return "strings"
    for graph in _graphs(attribute):
        reason = _foreign_in_graph(graph)
        if reason:
            return reason
    return ""


def _foreign_value_type(type_proto):
    kind = type_proto.WhichOneof("value")
    if kind is None:
        return ""
    if kind != "tensor_type":
        return "a " + kind.removesuffix("_type")
    element = type_proto.tensor_type.elem_type
    return "" if element in TYPES or element == TensorProto.UNDEFINED else _type_name(element)


def _type_name(element):
    return TensorProto.DataType.Name(element).lower()


def _graphs(attribute):
    if attribute.type == AttributeProto.GRAPH:
        return [attribute.g]
    return list(attribute.graphs)
