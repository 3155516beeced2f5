// See passes/tile/span.h. Interval arithmetic on indexing expressions, as in Welder (OSDI'23), section 3, with the
// offsets kept: what tiles share is then known, and can be priced.
#include "passes/tile/span.h"
#include <string.h>
#include "mlir-c/AffineExpr.h"

static int64_t floorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0); }

DlcSpan dlcSpanOfRange(int64_t low, int64_t high) {
  return (DlcSpan){.low = low, .high = high, .divide = 1, .share = 1};
}
DlcSpan dlcSpanOfRoot(intptr_t dimension) {
  DlcSpan s = dlcSpanOfRange(0, 0);
  s.scale[dimension] = 1;
  return s;
}

//===--- arithmetic ---------------------------------------------------------------------------===//
bool dlcSpanEqual(const DlcSpan *a, const DlcSpan *b) {
  return !memcmp(a->scale, b->scale, sizeof a->scale) && a->low == b->low && a->high == b->high &&
         a->divide == b->divide;
}
bool dlcSpanMoves(const DlcSpan *span, intptr_t dimension) { return span->scale[dimension] != 0; }

static bool isFixed(const DlcSpan *span) {
  for (int d = 0; d < DLC_MAX_RANK; ++d)
    if (span->scale[d]) return false;
  return true;
}

DlcSpan dlcSpanJoin(const DlcSpan *a, const DlcSpan *b, int64_t extent) {
  DlcSpan r = *a;
  if (memcmp(a->scale, b->scale, sizeof a->scale) || a->divide != b->divide) return dlcSpanWhole(extent);
  if (b->low < r.low) r.low = b->low;
  if (b->high > r.high) r.high = b->high;
  if (b->share > r.share) r.share = b->share;
  return r;
}

bool dlcSpanScale(DlcSpan *span, int64_t by) {
  if (by < 0 || span->divide != 1) return by == 1;
  for (int d = 0; d < DLC_MAX_RANK; ++d) {
    int64_t scaled;
    if (__builtin_mul_overflow((int64_t)span->scale[d], by, &scaled) || scaled > INT32_MAX) return false;
    span->scale[d] = (int32_t)scaled;
  }
  return !__builtin_mul_overflow(span->low, by, &span->low) && !__builtin_mul_overflow(span->high, by, &span->high);
}

bool dlcSpanAdd(DlcSpan *span, const DlcSpan *other) {
  DlcSpan b = *other;
  if (span->divide != 1 && !isFixed(&b)) return false;
  if (b.divide != 1) {
    if (!isFixed(span)) return false;
    DlcSpan fixed = *span;
    *span = b, b = fixed;
  }
  for (int d = 0; d < DLC_MAX_RANK; ++d)
    if (__builtin_add_overflow(span->scale[d], b.scale[d], &span->scale[d])) return false;
  span->low += b.low * span->divide, span->high += b.high * span->divide, span->share *= b.share;
  return true;
}

bool dlcSpanDivide(DlcSpan *span, int64_t by) { // floor(floor(x / a) / b) = floor(x / ab)
  if (by > 0 && isFixed(span)) {                // divide stays one
    span->low = floorDivide(span->low, by), span->high = floorDivide(span->high, by);
    return true;
  }
  return by > 0 && !__builtin_mul_overflow(span->divide, by, &span->divide);
}

void dlcSpanModulo(DlcSpan *span, int64_t by) {
  bool stays = span->divide == 1 && floorDivide(span->low, by) == floorDivide(span->high, by);
  for (int d = 0; d < DLC_MAX_RANK; ++d) stays &= span->scale[d] % by == 0;
  // The part of a tile within a block of `by` only stays the same where the tile moves and grows by whole blocks.
  if (stays && isFixed(span))
    *span = dlcSpanOfRange(span->low - floorDivide(span->low, by) * by, span->high - floorDivide(span->low, by) * by);
  else
    *span = dlcSpanWhole(by);
}

static int64_t strideOf(const DlcSpan *span, intptr_t rank) {
  int64_t stride = 0;
  for (intptr_t d = 0; d < rank; ++d)
    if (span->scale[d]) stride = stride && stride < span->scale[d] ? stride : span->scale[d];
  return stride;
}

int64_t dlcSpanHalo(const DlcSpan *span, intptr_t rank, const int64_t *extent) {
  int64_t stride = strideOf(span, rank), width = span->high - span->low + 1;
  for (intptr_t d = rank; d < DLC_MAX_RANK; ++d)
    if (span->scale[d]) width += span->scale[d] * (extent[d] - 1);
  return stride && width > stride ? (width - stride + span->divide - 1) / span->divide : 0;
}

void dlcSpanDropHalo(DlcSpan *span, intptr_t rank) {
  int64_t stride = strideOf(span, rank);
  if (!stride) return; // the same for every tile
  for (intptr_t d = rank; d < DLC_MAX_RANK; ++d) span->scale[d] = 0;
  span->high = span->low + stride - 1;
}

//===--- expressions -------------------------------------------------------------------------===//
static bool ofExpression(MlirAffineExpr e, const DlcSpan *loops, intptr_t nLoops, DlcSpan *out) {
  if (mlirAffineExprIsADim(e)) {
    intptr_t p = mlirAffineDimExprGetPosition(e);
    if (p >= nLoops) return false;
    return *out = loops[p], true;
  }
  if (mlirAffineExprIsAConstant(e)) {
    int64_t v = mlirAffineConstantExprGetValue(e);
    return *out = dlcSpanOfRange(v, v), true;
  }
  if (!mlirAffineExprIsABinary(e)) return false; // a symbol
  DlcSpan right;
  if (!ofExpression(mlirAffineBinaryOpExprGetLHS(e), loops, nLoops, out) ||
      !ofExpression(mlirAffineBinaryOpExprGetRHS(e), loops, nLoops, &right))
    return false;
  if (mlirAffineExprIsAAdd(e)) return dlcSpanAdd(out, &right);
  if (mlirAffineExprIsAMul(e) && isFixed(out) && out->low == out->high && out->divide == 1) {
    int64_t by = out->low;
    return *out = right, dlcSpanScale(out, by);
  }
  if (!isFixed(&right) || right.low != right.high || right.divide != 1) return false;
  if (mlirAffineExprIsAMul(e)) return dlcSpanScale(out, right.low);
  if (right.low <= 0) return false;
  if (mlirAffineExprIsAMod(e)) return dlcSpanModulo(out, right.low), true;
  if (mlirAffineExprIsAFloorDiv(e)) return dlcSpanDivide(out, right.low);
  DlcSpan up = dlcSpanOfRange(right.low - 1, right.low - 1); // ceil(x / c) = floor((x + c - 1) / c)
  return dlcSpanAdd(out, &up) && dlcSpanDivide(out, right.low);
}

DlcSpan dlcSpanOfExpression(MlirAffineExpr expression, const DlcSpan *loops, intptr_t nLoops, int64_t extent) {
  DlcSpan s;
  return ofExpression(expression, loops, nLoops, &s) ? s : dlcSpanWhole(extent);
}

//===--- sizes ----------------------------------------------------------------------------------===//
int64_t dlcSpanSize(const DlcSpan *span, int64_t extent, const int64_t *tile) {
  int64_t width = span->high - span->low;
  bool aligned = floorDivide(span->low, span->divide) * span->divide == span->low;
  for (int d = 0; d < DLC_MAX_RANK; ++d) {
    if (!span->scale[d]) continue;
    width += span->scale[d] * (tile[d] - 1);
    aligned &= span->scale[d] * tile[d] % span->divide == 0;
  }
  int64_t size = width / span->divide + 1 + (span->divide > 1 && !aligned);
  if (isFixed(span)) size = floorDivide(span->high, span->divide) - floorDivide(span->low, span->divide) + 1;
  return size < 1 ? 1 : size > extent ? extent : size;
}

double dlcSpanMean(const DlcSpan *span, int64_t extent, const double *tile) {
  double width = (double)(span->high - span->low) + 1;
  for (int d = 0; d < DLC_MAX_RANK; ++d)
    if (span->scale[d]) width += span->scale[d] * (tile[d] - 1);
  double size = width / (double)span->divide;
  if (span->divide > 1 && size < 1) size = 1;
  size *= span->share;
  return size > (double)extent ? (double)extent : size;
}

int64_t dlcSpanStart(const DlcSpan *span, const int64_t *start) {
  int64_t at = span->low;
  for (int d = 0; d < DLC_MAX_RANK; ++d)
    if (span->scale[d]) at += span->scale[d] * start[d];
  return floorDivide(at, span->divide);
}
