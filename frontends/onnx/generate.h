// For operators on positions: tensors computed from their own indices, counted loops, and indices that come from data.
#pragma once
#include "frontends/onnx/op.h"

// The scalar at `at` (rank values of type index), of exactly the tensor's element type.
typedef MlirValue (*OnnxAtIndex)(OnnxContext *ctx, const MlirValue *at, void *data);
// A tensor from its indices: one parallel linalg.generic without inputs. Tensors that the body reads with
// onnxAt must have been made before (onnxTensor).
OnnxValue *onnxGenerate(OnnxContext *ctx, OnnxElement e, int rank, const OnnxIndex *dims, OnnxAtIndex body, void *data);
MlirValue onnxAt(OnnxContext *ctx, OnnxValue *x, const MlirValue *at); // the scalar of x at these indices

// A ctrl.loop of `bound` iterations that carries n values; `body` writes their next ones.
typedef void (*OnnxLoopBody)(OnnxContext *ctx, MlirValue iteration, const MlirValue *carried, MlirValue *next,
                             void *data);
void onnxCountedLoop(OnnxContext *ctx, OnnxIndex bound, int n, const MlirValue *carried, OnnxLoopBody body, void *data,
                     MlirValue *results);
// tensor[at] = scalar
MlirValue onnxPutAt(OnnxContext *ctx, MlirValue tensor, MlirValue scalar, int rank, const MlirValue *at);

// Integers and indices, as SSA values.
MlirValue onnxToIndex(OnnxContext *ctx, MlirValue scalar, OnnxElement e);
MlirValue onnxFromIndex(OnnxContext *ctx, MlirValue at, OnnxElement e);
// An index in -size..size-1 as one in 0..size-1; what lies outside is clamped, so that it reads no foreign memory.
MlirValue onnxWrapIndex(OnnxContext *ctx, MlirValue at, OnnxIndex size);
// Checks that integers of a tensor lie in -size..size-1, or 0..size-1: at import if they are known, else by an
// assertion. With n > 1 sizes, column j of the last dimension goes with sizes[j].
void onnxRequireIndices(OnnxContext *ctx, OnnxValue *indices, int n, const OnnxIndex *sizes, bool negative);

// The positions 0 <= i < n, in order, for which `holds` gives true (i1): a vector of int64 with room for n, and how
// many.
typedef MlirValue (*OnnxHolds)(OnnxContext *ctx, MlirValue i, void *data);
OnnxValue *onnxPositions(OnnxContext *ctx, OnnxIndex n, OnnxHolds holds, void *data, OnnxIndex *count);
