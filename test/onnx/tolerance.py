"""How closely a result must match; the suite's own numbers, and where they are widened.

The suite asks |result - expected| <= atol + rtol * |expected| with rtol 1e-3 and
atol 1e-7, unless a case says otherwise. That is less than one unit of the last
place for the 16-bit types, and the suite's expected values were mostly computed in float32
and rounded once, so an output of such a type gets two units (as the suite's own
runner gives bfloat16) relative, and one unit of values near 1 absolute, which is
what rounding an intermediate result costs. A case is given the widest of its
outputs.
"""

from onnx import TensorProto

WIDENED = {
    TensorProto.FLOAT16: (2**-9, 2**-10),  # rtol, atol: 10 bits of fraction
    TensorProto.BFLOAT16: (2**-6, 2**-7),  # 7 bits of fraction
}

# As test_backend_reference.py of onnx does, where float32 transforms of longer signals
# are summed in another order than the expected values were, and where every step of
# a function body rounds to bfloat16.
CASES = {
    "test_dft": (None, 1e-6),
    "test_dft_axis": (None, 1e-6),
    "test_dft_axis_opset19": (None, 1e-6),
    "test_dft_inverse": (None, 1e-6),
    "test_dft_inverse_opset19": (None, 1e-6),
    "test_dft_opset19": (None, 1e-6),
    "test_celu_bfloat16_expanded": (1e-2, 1e-2),
}


def of_case(case, model):
    """(rtol, atol)"""
    rtol, atol = case.rtol, case.atol
    named = CASES.get(case.name, (None, None))
    rtol, atol = max(rtol, named[0] or 0), max(atol, named[1] or 0)
    for output in model.graph.output:
        wider = WIDENED.get(output.type.tensor_type.elem_type)
        if wider:
            rtol, atol = max(rtol, wider[0]), max(atol, wider[1])
    return rtol, atol
