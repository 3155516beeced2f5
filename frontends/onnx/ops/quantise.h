// Quantised values, for operators made of integer sums: see quantise.c.
#pragma once
#include "frontends/onnx/op.h"

// A scale or zero point p, one for all of x or one for each index of `axis`, as broadcasting wants it.
OnnxValue *onnxAlongAxis(OnnxContext *ctx, const OnnxValue *x, OnnxValue *p, int axis);
// saturate(round(x / scale) + zero); scale and zero (or NULL) broadcast to x, which is a float or int32.
OnnxValue *onnxQuantise(OnnxContext *ctx, OnnxValue *x, OnnxValue *scale, OnnxValue *zero, OnnxElement to);
// x - zero in int32, for x of 8 bits; zero may be NULL.
OnnxValue *onnxCentre(OnnxContext *ctx, OnnxValue *x, OnnxValue *zero, int axis);
// A sum in int32 as a quantised value of zero's type; all broadcast to the sum.
OnnxValue *onnxRequantise(OnnxContext *ctx, OnnxValue *sum, OnnxValue *scaleA, OnnxValue *scaleB, OnnxValue *scaleY,
                          OnnxValue *zero);
