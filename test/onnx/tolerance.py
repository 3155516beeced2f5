"""How closely a result must match; the suite's own numbers, and where they are widened.

The suite asks |result - expected| <= atol + rtol * |expected| with rtol 1e-3 and
atol 1e-7, unless a case says otherwise. That is less than one unit of the last
place for the 16-bit types, and the suite's expected values were mostly computed in float32
and rounded once, so an output of such a type gets two units (as the suite's own
runner gives bfloat16) relative, and one unit of values near 1 absolute, which is
what rounding an intermediate result costs. A case is given the widest of its
outputs.
"""

import re

from onnx import TensorProto

WIDENED = {
    TensorProto.FLOAT16: (2**-9, 2**-10),  # rtol, atol: 10 bits of fraction
    TensorProto.BFLOAT16: (2**-6, 2**-7),  # 7 bits of fraction
}

# Fourier transforms sum signals of up to 100 values near 100, and most of the
# expected values are exact zeros, at which only the absolute tolerance counts: a float32 sum
# leaves 1e-4 there. test_backend_reference.py of onnx allows 1e-3 for them where
# numpy's own transform is not used. It widens the Celu case because each step of
# the function body rounds to bfloat16.
CASES = (
    (re.compile(r"^test_dft"), None, 1e-3),
    (re.compile(r"^test_stft"), None, 1e-4),
    (re.compile(r"^test_celu_bfloat16_expanded$"), 1e-2, 1e-2),
)


def of_case(case, model):
    """(rtol, atol)"""
    rtol, atol = case.rtol, case.atol
    for pattern, named_rtol, named_atol in CASES:
        if pattern.search(case.name):
            rtol, atol = max(rtol, named_rtol or 0), max(atol, named_atol or 0)
    for output in model.graph.output:
        wider = WIDENED.get(output.type.tensor_type.elem_type)
        if wider:
            rtol, atol = max(rtol, wider[0]), max(atol, wider[1])
    return rtol, atol
