// NonMaxSuppression: for each batch and class the best box that is left is taken, and the boxes that overlap it too
// much fall away. A loop over batches and classes around a loop over the boxes to take; the search for the best box and
// the suppression see all boxes.
#include "frontends/onnx/generate.h"
#include "frontends/onnx/ops/table.h"
#include "ods/arith.h"

#define B onnxBuilder(ctx)

typedef struct {
  OnnxValue *boxes, *scores;
  bool centred;
  OnnxIndex classes, n, most; // boxes of a batch, and to take of them
  MlirValue overlap, least;   // thresholds; least: null where there is none
  OnnxIndex capacity;
  MlirValue batch, klass, best; // at hand
  OnnxValue *left;              // which boxes are left
} Suppression;

static MlirValue scoreOf(OnnxContext *ctx, const Suppression *s, MlirValue i) {
  return onnxAt(ctx, s->scores, (MlirValue[]){s->batch, s->klass, i});
}
static MlirValue coordinate(OnnxContext *ctx, const Suppression *s, MlirValue box, int k) {
  return onnxAt(ctx, s->boxes, (MlirValue[]){s->batch, box, onnxIndexValue(ctx, onnxConst(k))});
}
// Low and high edge along x or y (axis 0 or 1 of the four numbers).
static void edgesOf(OnnxContext *ctx, const Suppression *s, MlirValue box, int axis, MlirValue *low, MlirValue *high) {
  MlirValue a = coordinate(ctx, s, box, axis), b = coordinate(ctx, s, box, axis + 2);
  if (!s->centred) { // two opposite corners, in any order
    *low = arith_minimumf(B, a, b), *high = arith_maximumf(B, a, b);
    return;
  }
  MlirValue half = arith_mulf(B, b, onnxConstantScalar(ctx, ONNX_FLOAT, 0.5));
  *low = arith_subf(B, a, half), *high = arith_addf(B, a, half);
}
static MlirValue overlaps(OnnxContext *ctx, const Suppression *s, MlirValue p, MlirValue q) {
  MlirValue zero = onnxConstantScalar(ctx, ONNX_FLOAT, 0), common = {0}, areaP = {0}, areaQ = {0};
  for (int axis = 0; axis < 2 && !onnxFailed(ctx); ++axis) {
    MlirValue lowP, highP, lowQ, highQ;
    edgesOf(ctx, s, p, axis, &lowP, &highP), edgesOf(ctx, s, q, axis, &lowQ, &highQ);
    MlirValue shared = arith_subf(B, arith_minimumf(B, highP, highQ), arith_maximumf(B, lowP, lowQ));
    shared = arith_maximumf(B, shared, zero);
    MlirValue sideP = arith_subf(B, highP, lowP), sideQ = arith_subf(B, highQ, lowQ);
    common = axis ? arith_mulf(B, common, shared) : shared;
    areaP = axis ? arith_mulf(B, areaP, sideP) : sideP, areaQ = axis ? arith_mulf(B, areaQ, sideQ) : sideQ;
  }
  MlirValue whole = arith_subf(B, arith_addf(B, areaP, areaQ), common);
  MlirValue some = arith_andi(B, arith_cmpf(B, arith_CmpFPredicate_OGT, common, zero),
                              arith_cmpf(B, arith_CmpFPredicate_OGT, whole, zero));
  return arith_andi(B, some, arith_cmpf(B, arith_CmpFPredicate_OGT, arith_divf(B, common, whole), s->overlap));
}

static MlirValue initiallyLeft(OnnxContext *ctx, const MlirValue *at, void *data) {
  Suppression *s = data;
  if (isNull(s->least)) return onnxConstantInt(ctx, ONNX_BOOL, 1);
  return arith_cmpf(B, arith_CmpFPredicate_OGT, scoreOf(ctx, s, at[0]), s->least);
}
static MlirValue stillLeft(OnnxContext *ctx, const MlirValue *at, void *data) {
  Suppression *s = data;
  MlirValue other = arith_cmpi(B, arith_CmpIPredicate_ne, at[0], s->best), yes = onnxConstantInt(ctx, ONNX_BOOL, 1);
  MlirValue apart = arith_xori(B, overlaps(ctx, s, s->best, at[0]), yes);
  return arith_andi(B, onnxAt(ctx, s->left, at), arith_andi(B, other, apart));
}
// carried: the best box so far, or -1, and its score
static void searchBody(OnnxContext *ctx, MlirValue i, const MlirValue *carried, MlirValue *next, void *data) {
  Suppression *s = data;
  MlirValue score = scoreOf(ctx, s, i), zero = onnxIndexValue(ctx, onnxConst(0));
  MlirValue none = arith_cmpi(B, arith_CmpIPredicate_slt, carried[0], zero),
            more = arith_cmpf(B, arith_CmpFPredicate_OGT, score, carried[1]);
  MlirValue better = arith_andi(B, onnxAt(ctx, s->left, &i), arith_ori(B, none, more));
  next[0] = arith_select(B, better, i, carried[0]), next[1] = arith_select(B, better, score, carried[1]);
}
// carried: the boxes taken (capacity x 3), how many, which are left
static void takeBody(OnnxContext *ctx, MlirValue m, const MlirValue *carried, MlirValue *next, void *data) {
  (void)m;
  Suppression *s = data;
  s->left = onnxNewTensor(ctx, ONNX_BOOL, 1, &s->n, carried[2]);
  MlirValue zero = onnxIndexValue(ctx, onnxConst(0)), found[2];
  MlirValue start[2] = {onnxIndexValue(ctx, onnxConst(-1)), onnxConstantScalar(ctx, ONNX_FLOAT, 0)};
  onnxCountedLoop(ctx, s->n, 2, start, searchBody, s, found);
  if (onnxFailed(ctx)) return;
  MlirValue any = arith_cmpi(B, arith_CmpIPredicate_sge, found[0], zero);
  s->best = arith_maxsi(B, found[0], zero);
  // Written whether a box was found or not; it counts only if one was, so there is always room.
  MlirValue row[3] = {s->batch, s->klass, s->best}, taken = carried[0];
  for (int k = 0; k < 3; ++k) {
    MlirValue at[2] = {carried[1], onnxIndexValue(ctx, onnxConst(k))};
    taken = onnxPutAt(ctx, taken, onnxFromIndex(ctx, row[k], ONNX_INT64), 2, at);
  }
  next[0] = taken, next[1] = arith_addi(B, carried[1], arith_index_castui(B, any, indexType(B)));
  next[2] = onnxTensor(ctx, onnxGenerate(ctx, ONNX_BOOL, 1, &s->n, stillLeft, s));
}
static void classBody(OnnxContext *ctx, MlirValue p, const MlirValue *carried, MlirValue *next, void *data) {
  Suppression *s = data;
  OnnxIndex at = {.value = p};
  s->batch = onnxIndexValue(ctx, onnxDiv(ctx, at, s->classes)),
  s->klass = onnxIndexValue(ctx, onnxRem(ctx, at, s->classes));
  MlirValue start[3] = {carried[0], carried[1],
                        onnxTensor(ctx, onnxGenerate(ctx, ONNX_BOOL, 1, &s->n, initiallyLeft, s))},
            r[3];
  onnxCountedLoop(ctx, s->most, 3, start, takeBody, s, r);
  next[0] = r[0], next[1] = r[1];
}
static OnnxValue *inputOrNull(const OnnxNode *node, int i) { return node->inputCount > i ? node->inputs[i] : NULL; }
static void lowerNonMaxSuppression(OnnxContext *ctx, OnnxNode *node) {
  Suppression s = {
      .boxes = node->inputs[0], .scores = node->inputs[1], .centred = onnxInt(ctx, node, "center_point_box", 0) != 0};
  OnnxValue *most = inputOrNull(node, 2), *overlap = inputOrNull(node, 3), *least = inputOrNull(node, 4);
  if (s.boxes->rank != 3 || s.scores->rank != 3)
    return onnxInvalid(ctx, "boxes and scores of rank %d and %d, not 3", s.boxes->rank, s.scores->rank);
  for (int i = 0; i < node->inputCount; ++i) {
    if (i == 2 || !node->inputs[i]) continue;
    if (node->inputs[i]->element != ONNX_FLOAT) return onnxRefuseElement(ctx, node->inputs[i]);
  }
  onnxRequireEqual(ctx, s.boxes->dims[2], onnxConst(4), "the numbers of a box and 4");
  onnxRequireEqual(ctx, s.boxes->dims[0], s.scores->dims[0], "the batches of boxes and scores");
  onnxRequireEqual(ctx, s.boxes->dims[1], s.scores->dims[2], "the boxes and their scores");
  s.classes = onnxMax(ctx, s.scores->dims[1], onnxConst(1)), s.n = s.boxes->dims[1];
  OnnxIndex limit = most ? onnxScalarIndex(ctx, most) : onnxConst(0);
  s.most = onnxMax(ctx, onnxMin(ctx, limit, s.n), onnxConst(0));
  s.overlap = overlap ? onnxExtractScalar(ctx, overlap) : onnxConstantScalar(ctx, ONNX_FLOAT, 0);
  if (least) s.least = onnxExtractScalar(ctx, least);
  onnxTensor(ctx, s.boxes), onnxTensor(ctx, s.scores); // outside the bodies
  OnnxIndex pairs = onnxMul(ctx, s.scores->dims[0], s.scores->dims[1]),
            dims[2] = {onnxMul(ctx, pairs, s.most), onnxConst(3)};
  MlirValue start[2] = {onnxZeros(ctx, ONNX_INT64, 2, dims), onnxIndexValue(ctx, onnxConst(0))}, r[2];
  onnxCountedLoop(ctx, pairs, 2, start, classBody, &s, r);
  OnnxValue *taken = onnxNewTensor(ctx, ONNX_INT64, 2, dims, r[0]);
  OnnxIndex zeros[2] = {onnxConst(0), onnxConst(0)}, ones[2] = {onnxConst(1), onnxConst(1)};
  OnnxIndex sizes[2] = {onnxIs(dims[0], 0) ? onnxConst(0) : (OnnxIndex){.value = r[1]}, onnxConst(3)};
  onnxSetOutput(ctx, node, 0, onnxSlice(ctx, taken, zeros, sizes, ones));
}

const OnnxOperator dlcOnnxSuppress[] = {{"NonMaxSuppression", 10, 0, 2, 5, lowerNonMaxSuppression}, {0}};
