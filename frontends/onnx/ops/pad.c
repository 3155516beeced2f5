// Pad, CenterCropPad, Tile, DepthToSpace, SpaceToDepth, ReverseSequence.
#include "frontends/onnx/generate.h"
#include "frontends/onnx/ops/table.h"
#include "ods/arith.h"
#include <string.h>

#define B onnxBuilder(ctx)

static void requireSizes(OnnxContext *ctx, int rank, const OnnxIndex *dims) {
  for (int i = 0; i < rank && !onnxFailed(ctx); ++i) {
    if (onnxIsConst(dims[i])) continue; // checked when the type is made
    MlirValue zero = onnxIndexValue(ctx, onnxConst(0));
    onnxAssert(ctx, arith_cmpi(B, arith_CmpIPredicate_sge, dims[i].value, zero),
               "a dimension of the result has a negative size");
  }
}
// The window of size `dims` of an endless plane of `scalar` on which x lies at `low` (negative: cut off).
static OnnxValue *placeInWindow(OnnxContext *ctx, OnnxValue *x, const OnnxIndex *low, const OnnxIndex *dims,
                                MlirValue scalar) {
  OnnxIndex high[ONNX_MAX_RANK], from[ONNX_MAX_RANK], to[ONNX_MAX_RANK], sizes[ONNX_MAX_RANK], steps[ONNX_MAX_RANK],
      zero = onnxConst(0);
  bool padsOnly = true, cutsOnly = true;
  for (int i = 0; i < x->rank; ++i) {
    high[i] = onnxSub(ctx, onnxSub(ctx, dims[i], x->dims[i]), low[i]);
    padsOnly &= onnxIsConst(low[i]) && onnxIsConst(high[i]) && low[i].constant >= 0 && high[i].constant >= 0;
    cutsOnly &= onnxIsConst(low[i]) && onnxIsConst(high[i]) && low[i].constant <= 0 && high[i].constant <= 0;
    from[i] = onnxMin(ctx, onnxMax(ctx, onnxSub(ctx, zero, low[i]), zero), x->dims[i]);
    to[i] = onnxMin(ctx, onnxMax(ctx, low[i], zero), dims[i]);
    OnnxIndex room = onnxMin(ctx, onnxSub(ctx, x->dims[i], from[i]), onnxSub(ctx, dims[i], to[i]));
    sizes[i] = onnxMax(ctx, room, zero), steps[i] = onnxConst(1);
  }
  if (onnxFailed(ctx)) return NULL;
  if (padsOnly) return onnxPad(ctx, x, low, high, scalar);
  OnnxValue *part = onnxSlice(ctx, x, from, sizes, steps);
  if (cutsOnly) return part;
  requireSizes(ctx, x->rank, dims);
  MlirValue plane = onnxFill(ctx, x->element, x->rank, dims, scalar);
  return onnxNewTensor(ctx, x->element, x->rank, dims,
                       onnxInsertSlice(ctx, onnxTensor(ctx, part), plane, x->rank, to, sizes));
}

//===--- Pad ---
typedef enum { CONSTANT, REFLECT, EDGE, WRAP } PadMode;
typedef struct {
  PadMode mode;
  OnnxValue *x;
  const OnnxIndex *low;
} PadData;
// x modulo n, in 0..n-1
static MlirValue wrapAround(OnnxContext *ctx, MlirValue x, OnnxIndex n) {
  MlirValue size = onnxIndexValue(ctx, n), rest = arith_remsi(B, x, size);
  MlirValue negative = arith_cmpi(B, arith_CmpIPredicate_slt, rest, onnxIndexValue(ctx, onnxConst(0)));
  return arith_select(B, negative, arith_addi(B, rest, size), rest);
}
static MlirValue padBody(OnnxContext *ctx, const MlirValue *at, void *data) {
  PadData *d = data;
  MlirValue from[ONNX_MAX_RANK];
  OnnxIndex zero = onnxConst(0), one = onnxConst(1);
  for (int i = 0; i < d->x->rank; ++i) {
    OnnxIndex n = d->x->dims[i], last = onnxSub(ctx, n, one);
    MlirValue k = arith_subi(B, at[i], onnxIndexValue(ctx, d->low[i]));
    if (d->mode == EDGE)
      k = arith_minsi(B, arith_maxsi(B, k, onnxIndexValue(ctx, zero)), onnxIndexValue(ctx, last));
    else if (d->mode == WRAP)
      k = wrapAround(ctx, k, n);
    else { // there and back again
      OnnxIndex period = onnxMax(ctx, onnxMul(ctx, last, onnxConst(2)), one);
      k = wrapAround(ctx, k, period);
      k = arith_minsi(B, k, arith_subi(B, onnxIndexValue(ctx, period), k));
      k = arith_minsi(B, k, onnxIndexValue(ctx, last)); // of one element: always 0
    }
    from[i] = k;
  }
  return onnxAt(ctx, d->x, from);
}
static OnnxValue *padWithData(OnnxContext *ctx, OnnxValue *x, PadMode mode, const OnnxIndex *low,
                              const OnnxIndex *dims) {
  for (int i = 0; i < x->rank && !onnxFailed(ctx); ++i) {
    if (onnxIs(x->dims[i], 0))
      return onnxInvalid(ctx, "dimension %d is empty: there is nothing to pad it with", i), NULL;
    if (onnxIsConst(x->dims[i])) continue;
    MlirValue zero = onnxIndexValue(ctx, onnxConst(0));
    onnxAssert(ctx, arith_cmpi(B, arith_CmpIPredicate_sgt, x->dims[i].value, zero),
               "an empty dimension has nothing to pad it with");
  }
  requireSizes(ctx, x->rank, dims);
  onnxTensor(ctx, x); // outside the body
  PadData d = {mode, x, low};
  return onnxGenerate(ctx, x->element, x->rank, dims, padBody, &d);
}

// The padding of each dimension, from lists that may be known at run time only.
static void assignPads(OnnxContext *ctx, int rank, int n, const OnnxIndex *pads, const OnnxIndex *axes, OnnxIndex *low,
                       OnnxIndex *high) {
  for (int i = 0; i < rank; ++i) low[i] = high[i] = onnxConst(0);
  for (int k = 0; k < n; ++k) {
    OnnxIndex axis = axes ? axes[k] : onnxConst(k);
    if (onnxIsConst(axis)) {
      int64_t i = onnxAxis(ctx, axis.constant, rank);
      if (onnxFailed(ctx)) return;
      low[i] = pads[k], high[i] = pads[n + k];
      continue;
    }
    axis = onnxSelectIndex(ctx, arith_CmpIPredicate_slt, axis, onnxConst(0), onnxAdd(ctx, axis, onnxConst(rank)), axis);
    for (int i = 0; i < rank; ++i) {
      low[i] = onnxSelectIndex(ctx, arith_CmpIPredicate_eq, axis, onnxConst(i), pads[k], low[i]);
      high[i] = onnxSelectIndex(ctx, arith_CmpIPredicate_eq, axis, onnxConst(i), pads[n + k], high[i]);
    }
  }
}
static bool readPads(OnnxContext *ctx, OnnxNode *node, OnnxIndex *low, OnnxIndex *high) {
  OnnxValue *x = node->inputs[0];
  const OnnxIndex *pads = NULL, *axes = NULL;
  int n = 0, m = x->rank;
  if (node->opset < 11) {
    const int64_t *given;
    n = onnxInts(ctx, node, "pads", &given);
    OnnxIndex *list = onnxAllocate(ctx, (size_t)n * sizeof *list + 1);
    for (int i = 0; i < n; ++i) list[i] = onnxConst(given[i]);
    pads = list;
  } else {
    if (!node->inputs[1]) return onnxInvalid(ctx, "input pads is missing"), false;
    n = onnxElements(ctx, node->inputs[1], &pads, true);
    if (node->inputCount > 3 && node->inputs[3]) m = onnxElements(ctx, node->inputs[3], &axes, true);
  }
  if (onnxFailed(ctx)) return false;
  if (n < 0 || m < 0) return onnxRefuse(ctx, "pads or axes of dynamic length are not supported"), false;
  if (n != 2 * m) return onnxInvalid(ctx, "%d pads for %d axes", n, m), false;
  assignPads(ctx, x->rank, m, pads, axes, low, high);
  return !onnxFailed(ctx);
}
static MlirValue padScalar(OnnxContext *ctx, OnnxNode *node) {
  OnnxElement e = node->inputs[0]->element;
  if (node->opset < 11) return onnxConstantScalar(ctx, e, onnxFloat(ctx, node, "value", 0));
  OnnxValue *v = node->inputCount > 2 ? node->inputs[2] : NULL;
  if (!v) return onnxConstantInt(ctx, e, 0);
  if (v->element != e)
    return onnxInvalid(ctx, "constant_value is %s, data is %s", onnxElementName(v->element), onnxElementName(e)),
           (MlirValue){0};
  return onnxExtractScalar(ctx, v);
}
static void lowerPad(OnnxContext *ctx, OnnxNode *node) {
  static const char *const modes[] = {"constant", "reflect", "edge", "wrap"};
  OnnxValue *x = node->inputs[0];
  OnnxIndex low[ONNX_MAX_RANK], high[ONNX_MAX_RANK], dims[ONNX_MAX_RANK];
  const char *name = onnxString(ctx, node, "mode", "constant");
  int mode = 0;
  while (mode <= WRAP && strcmp(modes[mode], name)) ++mode;
  if (mode > WRAP) return onnxRefuse(ctx, "attribute mode = \"%s\" is not supported", name);
  MlirValue scalar = padScalar(ctx, node);
  if (onnxFailed(ctx) || !readPads(ctx, node, low, high)) return;
  for (int i = 0; i < x->rank; ++i) dims[i] = onnxAdd(ctx, onnxAdd(ctx, x->dims[i], low[i]), high[i]);
  if (mode == CONSTANT)
    onnxSetOutput(ctx, node, 0, placeInWindow(ctx, x, low, dims, scalar));
  else
    onnxSetOutput(ctx, node, 0, padWithData(ctx, x, (PadMode)mode, low, dims));
}

static void lowerCenterCropPad(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  const int64_t *axes;
  const OnnxIndex *sizes;
  OnnxIndex low[ONNX_MAX_RANK], dims[ONNX_MAX_RANK];
  int n = onnxElements(ctx, node->inputs[1], &sizes, true), m = onnxInts(ctx, node, "axes", &axes);
  if (n < 0 && !onnxFailed(ctx)) return onnxRefuse(ctx, "a shape of dynamic length is not supported");
  if (n != (m ? m : x->rank)) return onnxInvalid(ctx, "a shape of %d sizes", n);
  for (int i = 0; i < x->rank; ++i) low[i] = onnxConst(0), dims[i] = x->dims[i];
  for (int k = 0; k < n && !onnxFailed(ctx); ++k) {
    int64_t i = m ? onnxAxis(ctx, axes[k], x->rank) : k;
    dims[i] = sizes[k];
    low[i] = onnxDiv(ctx, onnxSub(ctx, sizes[k], x->dims[i]), onnxConst(2)); // towards zero, whether it cuts or pads
  }
  onnxSetOutput(ctx, node, 0, placeInWindow(ctx, x, low, dims, onnxConstantInt(ctx, x->element, 0)));
}

//===--- Tile ---
static OnnxValue *tileElements(OnnxContext *ctx, OnnxValue *x, OnnxIndex times) {
  const OnnxIndex *list;
  int n = x->rank == 1 && onnxIsConst(times) ? onnxElements(ctx, x, &list, false) : -1;
  if (n < 0 || times.constant < 0 || times.constant > ONNX_MAX_ELEMENTS || n * times.constant > ONNX_MAX_ELEMENTS)
    return NULL;
  int count = n * (int)times.constant;
  OnnxIndex *all = onnxAllocate(ctx, (size_t)count * sizeof *all + 1);
  for (int i = 0; i < count; ++i) all[i] = list[i % n];
  return onnxNewElements(ctx, x->element, 1, all, count);
}
// x, with a dimension of 1 before each one that is repeated; expanded there; and merged again.
static void lowerTile(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  const OnnxIndex *times;
  OnnxIndex split[2 * ONNX_MAX_RANK], expanded[2 * ONNX_MAX_RANK], dims[ONNX_MAX_RANK];
  int n = onnxElements(ctx, node->inputs[1], &times, true), rank = 0;
  if (n < 0 && !onnxFailed(ctx)) return onnxRefuse(ctx, "repeats of dynamic length are not supported");
  if (n != x->rank) return onnxInvalid(ctx, "%d repeats for a tensor of rank %d", n, x->rank);
  OnnxValue *known = n == 1 ? tileElements(ctx, x, times[0]) : NULL;
  if (known) return onnxSetOutput(ctx, node, 0, known);
  requireSizes(ctx, n, times);
  for (int i = 0; i < n; ++i) {
    if (!onnxIs(times[i], 1)) split[rank] = onnxConst(1), expanded[rank++] = times[i];
    split[rank] = expanded[rank] = x->dims[i], ++rank;
    dims[i] = onnxMul(ctx, times[i], x->dims[i]);
  }
  if (rank > ONNX_MAX_RANK)
    return onnxRefuse(ctx, "repeating %d dimensions of a tensor of rank %d is not supported", rank - n, n);
  OnnxValue *r = onnxExpand(ctx, onnxReshape(ctx, x, rank, split), rank, expanded);
  onnxSetOutput(ctx, node, 0, onnxReshape(ctx, r, n, dims));
}

//===--- blocks of depth and space ---
// -1 after an error; else whether the depth is the outer part of the channels (DCR).
static int readBlocks(OnnxContext *ctx, OnnxNode *node, bool modes, int64_t *size) {
  const char *mode = modes ? onnxString(ctx, node, "mode", "DCR") : "DCR";
  *size = onnxInt(ctx, node, "blocksize", 0);
  bool depthFirst = !strcmp(mode, "DCR");
  if (!depthFirst && strcmp(mode, "CRD"))
    onnxRefuse(ctx, "attribute mode = \"%s\" is not supported", mode);
  else if (*size < 1 || *size > 1 << 15)
    onnxInvalid(ctx, "attribute blocksize = %lld", (long long)*size);
  else if (node->inputs[0]->rank != 4)
    onnxInvalid(ctx, "an input of rank %d, not 4", node->inputs[0]->rank);
  return onnxFailed(ctx) ? -1 : depthFirst;
}
static OnnxIndex divideExactly(OnnxContext *ctx, OnnxIndex a, int64_t by) {
  OnnxIndex q = onnxDiv(ctx, a, onnxConst(by));
  onnxRequireEqual(ctx, onnxMul(ctx, q, onnxConst(by)), a, "a size and the multiple of the block size in it");
  return q;
}
static void lowerDepthToSpace(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  int64_t size;
  int depthFirst = readBlocks(ctx, node, node->opset >= 11, &size);
  if (depthFirst < 0) return;
  const OnnxIndex *d = x->dims, s = onnxConst(size), depth = divideExactly(ctx, d[1], size * size);
  OnnxIndex blocks[] = {d[0], depthFirst ? s : depth, s, depthFirst ? depth : s, d[2], d[3]};
  OnnxIndex dims[] = {d[0], depth, onnxMul(ctx, d[2], s), onnxMul(ctx, d[3], s)};
  const int64_t *order = depthFirst ? (const int64_t[]){0, 3, 4, 1, 5, 2} : (const int64_t[]){0, 1, 4, 2, 5, 3};
  onnxSetOutput(ctx, node, 0, onnxReshape(ctx, onnxTranspose(ctx, onnxReshape(ctx, x, 6, blocks), order), 4, dims));
}
static void lowerSpaceToDepth(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  int64_t size;
  int depthFirst = readBlocks(ctx, node, node->opset >= 28, &size);
  if (depthFirst < 0) return;
  const OnnxIndex *d = x->dims, s = onnxConst(size), h = divideExactly(ctx, d[2], size),
                  w = divideExactly(ctx, d[3], size);
  OnnxIndex blocks[] = {d[0], d[1], h, s, w, s}, dims[] = {d[0], onnxMul(ctx, d[1], onnxConst(size * size)), h, w};
  const int64_t *order = depthFirst ? (const int64_t[]){0, 3, 5, 1, 2, 4} : (const int64_t[]){0, 1, 3, 5, 2, 4};
  onnxSetOutput(ctx, node, 0, onnxReshape(ctx, onnxTranspose(ctx, onnxReshape(ctx, x, 6, blocks), order), 4, dims));
}

//===--- ReverseSequence ---
typedef struct {
  OnnxValue *x, *lengths;
  int batch, time;
} ReverseData;
static MlirValue reverseBody(OnnxContext *ctx, const MlirValue *at, void *data) {
  ReverseData *d = data;
  MlirValue from[ONNX_MAX_RANK], length = onnxToIndex(ctx, onnxAt(ctx, d->lengths, &at[d->batch]), d->lengths->element),
                                 t = at[d->time];
  MlirValue mirrored = arith_subi(B, arith_subi(B, length, onnxIndexValue(ctx, onnxConst(1))), t);
  MlirValue inside = arith_cmpi(B, arith_CmpIPredicate_slt, t, length);
  for (int i = 0; i < d->x->rank; ++i) from[i] = at[i];
  from[d->time] = onnxWrapIndex(ctx, arith_select(B, inside, mirrored, t), d->x->dims[d->time]);
  return onnxAt(ctx, d->x, from);
}
static void lowerReverseSequence(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0], *lengths = node->inputs[1];
  int64_t batch = onnxInt(ctx, node, "batch_axis", 1), time = onnxInt(ctx, node, "time_axis", 0);
  if (x->rank < 2 || lengths->rank != 1)
    return onnxInvalid(ctx, "an input of rank %d and lengths of rank %d", x->rank, lengths->rank);
  if (batch < 0 || batch > 1 || time < 0 || time > 1 || batch == time)
    return onnxInvalid(ctx, "batch_axis and time_axis must be 0 and 1");
  if (!onnxIsInteger(lengths->element)) return onnxRefuseElement(ctx, lengths);
  onnxRequireEqual(ctx, lengths->dims[0], x->dims[batch], "the number of lengths and the batch");
  OnnxIndex above = onnxAdd(ctx, x->dims[time], onnxConst(1));
  onnxRequireIndices(ctx, lengths, 1, &above, false);
  onnxTensor(ctx, x), onnxTensor(ctx, lengths); // outside the body
  ReverseData d = {x, lengths, (int)batch, (int)time};
  onnxSetOutput(ctx, node, 0, onnxGenerate(ctx, x->element, x->rank, x->dims, reverseBody, &d));
}

const OnnxOperator dlcOnnxPad[] = {{"Pad", 2, 10, 1, 1, lowerPad},
                                   {"Pad", 11, 0, 2, 4, lowerPad},
                                   {"CenterCropPad", 18, 0, 2, 2, lowerCenterCropPad},
                                   {"Tile", 6, 0, 2, 2, lowerTile},
                                   {"DepthToSpace", 1, 0, 1, 1, lowerDepthToSpace},
                                   {"SpaceToDepth", 1, 0, 1, 1, lowerSpaceToDepth},
                                   {"ReverseSequence", 10, 0, 2, 2, lowerReverseSequence},
                                   {0}};
