// The families of operators: each is a table dlcOnnx<Family>, ended by a null type, in one file of this folder,
// listed in families.def.
#pragma once
#include "frontends/onnx/op.h"

#define ONNX_FAMILY(name) extern const OnnxOperator dlcOnnx##name[];
#include "frontends/onnx/ops/families.def"
#undef ONNX_FAMILY

// Operators that other lowerings are made of.
OnnxValue *onnxMatMul(OnnxContext *ctx, OnnxValue *a, OnnxValue *b);
OnnxValue *onnxSoftmax(OnnxContext *ctx, OnnxValue *x, int axis, bool logarithm);
