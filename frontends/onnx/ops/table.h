// The families of operators: each is a table dlcOnnx<Family>, ended by a null type, in one file of this folder.
#pragma once
#include "frontends/onnx/op.h"

#define ONNX_FAMILIES \
  ONNX_FAMILY(Elementwise) \
  ONNX_FAMILY(Shape)

#define ONNX_FAMILY(name) extern const OnnxOperator dlcOnnx##name[];
ONNX_FAMILIES
#undef ONNX_FAMILY
