// Sliding windows: what Conv and the pools share.
#pragma once
#include "frontends/onnx/op.h"

typedef struct {
  int n; // spatial dimensions
  OnnxIndex kernel[ONNX_MAX_RANK];
  int64_t strides[ONNX_MAX_RANK], dilations[ONNX_MAX_RANK];
  OnnxIndex low[ONNX_MAX_RANK], high[ONNX_MAX_RANK]; // padding that the model asks for
  OnnxIndex extra[ONNX_MAX_RANK];                    // more padding at the end, which ceil_mode needs
  OnnxIndex out[ONNX_MAX_RANK];
} OnnxWindow;

// Reads strides, dilations, pads, auto_pad (and ceil_mode when asked) and computes the output sizes over the spatial
// dimensions x->dims[2..]. `kernel` is set by the caller before. False after an error.
bool onnxReadWindow(OnnxContext *ctx, OnnxNode *node, const OnnxValue *x, bool ceilMode, bool dilations, OnnxWindow *w);
// Pads the spatial dimensions of x as the window asks.
OnnxValue *onnxPadWindow(OnnxContext *ctx, OnnxValue *x, const OnnxWindow *w, MlirValue scalar);
// out * stride + k * dilation as an expression of loops `out` and `k`.
MlirAffineExpr onnxWindowExpr(OnnxContext *ctx, const OnnxWindow *w, int dim, int outLoop, int kernelLoop);
// The convolution of a window (its padding included), in float32 at least; x [batch, channel, ...], weight [filter,
// channel of the group, ...]. In conv.c.
OnnxValue *onnxConvolve(OnnxContext *ctx, OnnxValue *x, OnnxValue *weight, OnnxValue *bias, int64_t groups,
                        const OnnxWindow *w);
