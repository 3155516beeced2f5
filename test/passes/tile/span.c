// RUN: passes-span | FileCheck %s
// Spans against what they stand for: random indexing expressions over tiled loops and windows, evaluated point by point
// for every tile. Nothing that a tile reads is outside of its span; where the expression is a sum of scaled loops the
// span is exact; hulls hold both. CHECK: 4000 expressions, 0 wrong
#include <stdio.h>
#include <stdlib.h>
#include "dlc/tools.h"
#include "passes/tile/span.h"
#include "mlir-c/AffineExpr.h"

enum { TILED = 2, LOOPS = 4, EXPRESSIONS = 4000 };
static const int64_t extents[LOOPS] = {12, 10, 3, 5}; // two that are tiled, two windows

static uint64_t state = 1;
static int64_t randomBelow(int64_t n) { // xorshift64*
  state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
  return (int64_t)((state * 2685821657736338717ULL) >> 33) % n;
}

static MlirAffineExpr constant(MlirContext ctx, int64_t v) { return mlirAffineConstantExprGet(ctx, v); }

static MlirAffineExpr makeExpression(MlirContext ctx, int depth, bool linear) {
  int64_t kind = depth ? randomBelow(linear ? 4 : 7) : randomBelow(4) ? 0 : 1;
  if (kind == 0) return mlirAffineDimExprGet(ctx, randomBelow(LOOPS));
  if (kind == 1) return constant(ctx, randomBelow(4));
  MlirAffineExpr inner = makeExpression(ctx, depth - 1, linear);
  if (kind == 2) return mlirAffineAddExprGet(inner, makeExpression(ctx, depth - 1, linear));
  if (kind == 3) return mlirAffineMulExprGet(inner, constant(ctx, 1 + randomBelow(3)));
  if (kind == 4) return mlirAffineFloorDivExprGet(inner, constant(ctx, 1 + randomBelow(4)));
  if (kind == 5) return mlirAffineCeilDivExprGet(inner, constant(ctx, 1 + randomBelow(4)));
  return mlirAffineModExprGet(inner, constant(ctx, 2 + randomBelow(4)));
}

static int64_t evaluate(MlirAffineExpr e, const int64_t *at) {
  if (mlirAffineExprIsADim(e)) return at[mlirAffineDimExprGetPosition(e)];
  if (mlirAffineExprIsAConstant(e)) return mlirAffineConstantExprGetValue(e);
  int64_t a = evaluate(mlirAffineBinaryOpExprGetLHS(e), at), b = evaluate(mlirAffineBinaryOpExprGetRHS(e), at);
  if (mlirAffineExprIsAAdd(e)) return a + b;
  if (mlirAffineExprIsAMul(e)) return a * b;
  if (mlirAffineExprIsAMod(e)) return a % b;
  return mlirAffineExprIsAFloorDiv(e) ? a / b : (a + b - 1) / b;
}

// The least and the largest value in the box from[l] .. from[l] + size[l] - 1.
static void bounds(MlirAffineExpr e, const int64_t *from, const int64_t *size, int64_t *least, int64_t *most) {
  *least = INT64_MAX, *most = INT64_MIN;
  int64_t at[LOOPS];
  for (at[0] = from[0]; at[0] < from[0] + size[0]; ++at[0])
    for (at[1] = from[1]; at[1] < from[1] + size[1]; ++at[1])
      for (at[2] = 0; at[2] < size[2]; ++at[2])
        for (at[3] = 0; at[3] < size[3]; ++at[3]) {
          int64_t v = evaluate(e, at);
          if (v < *least) *least = v;
          if (v > *most) *most = v;
        }
}

typedef struct {
  int64_t least, most;
} Range;

// False: for some tile, an element outside of the span, or an exact one that is too large.
static bool holds(const DlcSpan *span, MlirAffineExpr a, MlirAffineExpr b, int64_t extent, const int64_t *tile,
                  bool exact) {
  for (int64_t i = 0; i < extents[0]; i += tile[0])
    for (int64_t j = 0; j < extents[1]; j += tile[1]) {
      int64_t from[LOOPS] = {i, j}, start[DLC_MAX_RANK] = {i, j};
      int64_t size[LOOPS] = {tile[0], tile[1], extents[2], extents[3]}; // of a last tile too: a bound for all
      bool isLast = i + tile[0] > extents[0] || j + tile[1] > extents[1];
      if (i + size[0] > extents[0]) size[0] = extents[0] - i;
      if (j + size[1] > extents[1]) size[1] = extents[1] - j;
      Range x, y;
      bounds(a, from, size, &x.least, &x.most), bounds(b, from, size, &y.least, &y.most);
      if (y.least < x.least) x.least = y.least;
      if (y.most > x.most) x.most = y.most;
      int64_t first = dlcSpanStart(span, start), n = dlcSpanSize(span, extent, tile);
      if (x.least < first || x.most >= first + n) return false;
      if (exact && !isLast && (x.least != first || x.most != first + n - 1)) return false;
    }
  return true;
}

int main(void) {
  MlirContext ctx = mlirContextCreate();
  DlcSpan loops[LOOPS];
  for (int l = 0; l < LOOPS; ++l) loops[l] = l < TILED ? dlcSpanOfRoot(l) : dlcSpanOfRange(0, extents[l] - 1);
  int wrong = 0;
  for (int n = 0; n < EXPRESSIONS; ++n) {
    bool linear = n % 2;
    MlirAffineExpr a = makeExpression(ctx, 3, linear), b = makeExpression(ctx, 2, linear);
    int64_t zero[LOOPS] = {0}, least, mostA, mostB, tile[DLC_MAX_RANK];
    bounds(a, zero, extents, &least, &mostA), bounds(b, zero, extents, &least, &mostB);
    int64_t extent = (mostA > mostB ? mostA : mostB) + 1;
    for (int d = 0; d < DLC_MAX_RANK; ++d) tile[d] = 1 + (d < TILED ? randomBelow(extents[d]) : 0);
    DlcSpan x = dlcSpanOfExpression(a, loops, LOOPS, extent), y = dlcSpanOfExpression(b, loops, LOOPS, extent),
            hull = dlcSpanJoin(&x, &y, extent);
    if (holds(&x, a, a, extent, tile, linear) && holds(&hull, a, b, extent, tile, false)) continue;
    if (++wrong > 5) continue;
    printf("tile %d x %d of ", (int)tile[0], (int)tile[1]), fflush(stdout);
    mlirAffineExprDump(a);
  }
  printf("%d expressions, %d wrong\n", EXPRESSIONS, wrong);
  mlirContextDestroy(ctx);
  return wrong > 0;
}
