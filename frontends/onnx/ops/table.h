// The families of operators: each is a table dlcOnnx<Family>, ended by a null type, in one file of this folder,
// listed in families.def.
#pragma once
#include "frontends/onnx/op.h"

<<<<<<< HEAD
#define ONNX_FAMILIES \
  ONNX_FAMILY(Elementwise) \
  ONNX_FAMILY(Logic) \
  ONNX_FAMILY(Pad) \
  ONNX_FAMILY(Index) \
  ONNX_FAMILY(Shape) \
  ONNX_FAMILY(Reduce) \
  ONNX_FAMILY(MatMul) \
  ONNX_FAMILY(Conv) \
  ONNX_FAMILY(Pool) \
  ONNX_FAMILY(Normalize) \
  ONNX_FAMILY(Move) \
  ONNX_FAMILY(Numeric) \
  ONNX_FAMILY(Statistics) \
  ONNX_FAMILY(Loss)

=======
>>>>>>> 852ad9d ([onnx] List the family of Pad where families are listed now)
#define ONNX_FAMILY(name) extern const OnnxOperator dlcOnnx##name[];
#include "frontends/onnx/ops/families.def"
#undef ONNX_FAMILY

// Operators that other lowerings are made of.
OnnxValue *onnxMatMul(OnnxContext *ctx, OnnxValue *a, OnnxValue *b);
OnnxValue *onnxSoftmax(OnnxContext *ctx, OnnxValue *x, int axis, bool logarithm);
