// The input's and the output's transforms of one tile of a convolution, as loops
// around straight code on vectors of channels:
//
//   for images, for rows of tiles, for columns of tiles, for channels by `lanes`
//     6 x 6 loads; B' d B; 36 stores         or        36 loads; A' m A; 4 x 4 stores
//
// Where the output's sides are no multiples of a tile the last row and column are
// written of their own, without what would lie outside.
#include "lowering/linalg_to_vector/winograd.h"
#include "ods/arith.h"
#include "ods/scf.h"
#include "ods/vector.h"

enum { MAX_POINTS = 6, MAX_RANK = 16 };

//===--- sums of vectors; null is zero ----------------------------------------------------------===//
static MlirType vectorType(const DlcWinogradTile *w) {
  return mlirVectorTypeGet(1, &w->lanes, mlirF32TypeGet(w->b->ctx));
}
static MlirValue splat(const DlcWinogradTile *w, double v) {
  MlirAttribute scalar = mlirFloatAttrDoubleGet(w->b->ctx, mlirF32TypeGet(w->b->ctx), v);
  return arith_constant(w->b, mlirDenseElementsAttrSplatGet(vectorType(w), scalar));
}
static MlirValue add(const DlcWinogradTile *w, MlirValue x, MlirValue y) {
  return isNull(x) ? y : isNull(y) ? x : arith_addf(w->b, x, y);
}
static MlirValue subtract(const DlcWinogradTile *w, MlirValue x, MlirValue y) {
  return isNull(y) ? x : isNull(x) ? arith_negf(w->b, y) : arith_subf(w->b, x, y);
}
// k * x + y
static MlirValue addScaled(const DlcWinogradTile *w, double k, MlirValue x, MlirValue y) {
  if (isNull(x)) return y;
  return isNull(y) ? arith_mulf(w->b, x, splat(w, k)) : vector_fma(w->b, x, splat(w, k), y);
}
static MlirValue orZero(const DlcWinogradTile *w, MlirValue v) { return isNull(v) ? splat(w, 0) : v; }

// B' x: B' of F(4, 3) has the rows 4 0 -5 0 1 0, 0 -4 -4 1 1 0, 0 4 -4 -1 1 0, 0 -2 -1 2 1 0, 0 2 -1 -2 1 0, 0 4 0 -5 0
// 1; of F(2, 3) 1 0 -1 0, 0 1 1 0, 0 -1 1 0, 0 1 0 -1.
static void toPoints(const DlcWinogradTile *w, const MlirValue *x, MlirValue *to) {
  if (w->outputs == 2) {
    to[0] = subtract(w, x[0], x[2]), to[1] = add(w, x[1], x[2]);
    to[2] = subtract(w, x[2], x[1]), to[3] = subtract(w, x[1], x[3]);
    return;
  }
  MlirValue even = addScaled(w, -4, x[2], x[4]), odd = addScaled(w, -4, x[1], x[3]);
  MlirValue evenHalf = subtract(w, x[4], x[2]), oddHalf = subtract(w, x[3], x[1]);
  to[0] = addScaled(w, 4, x[0], addScaled(w, -5, x[2], x[4]));
  to[1] = add(w, even, odd), to[2] = subtract(w, even, odd);
  to[3] = addScaled(w, 2, oddHalf, evenHalf), to[4] = addScaled(w, -2, oddHalf, evenHalf);
  to[5] = addScaled(w, 4, x[1], addScaled(w, -5, x[3], x[5]));
}

// A' x: A' of F(4, 3) has the rows 1 1 1 1 1 0, 0 1 -1 2 -2 0, 0 1 1 4 4 0, 0 1 -1 8 -8 1; of F(2, 3) 1 1 1 0, 0 1 -1
// -1.
static void fromPoints(const DlcWinogradTile *w, const MlirValue *x, MlirValue *to) {
  MlirValue sum = add(w, x[1], x[2]), difference = subtract(w, x[1], x[2]);
  if (w->outputs == 2) {
    to[0] = add(w, x[0], sum), to[1] = subtract(w, difference, x[3]);
    return;
  }
  MlirValue farSum = add(w, x[3], x[4]), farDifference = subtract(w, x[3], x[4]);
  to[0] = add(w, add(w, x[0], sum), farSum), to[1] = addScaled(w, 2, farDifference, difference);
  to[2] = addScaled(w, 4, farSum, sum), to[3] = addScaled(w, 8, farDifference, add(w, difference, x[5]));
}

//===--- places -----------------------------------------------------------------------------------===//
// A tile, some of its channels, and how many rows and columns of the output there are of it.
typedef struct {
  MlirValue image, row, column, channel;
  int64_t rows, columns;
} At;

static MlirValue scale(DlcBuilder *b, MlirValue v, int64_t by) {
  return by == 1 ? v : arith_muli(b, v, constIndex(b, by));
}
static MlirValue shift(DlcBuilder *b, MlirValue v, int64_t by) { return by ? arith_addi(b, v, constIndex(b, by)) : v; }

// Indices of the image's row and column at this distance from the tile's first.
static void indicesAt(const DlcWinogradTile *w, const At *at_, const DlcConvolutionDims *d, int64_t row, int64_t column,
                      MlirValue *indices) {
  indices[d->image] = at_->image, indices[d->channel] = at_->channel;
  indices[d->row] = shift(w->b, scale(w->b, at_->row, w->outputs), row);
  indices[d->column] = shift(w->b, scale(w->b, at_->column, w->outputs), column);
}

// Of the tile's channel in the first part of a flat buffer.
static MlirValue flatPlace(const DlcWinogradTile *w, const At *at_, int64_t channels) {
  DlcBuilder *b = w->b;
  MlirValue row = arith_addi(b, scale(b, at_->image, w->tileRows), at_->row);
  MlirValue tile = arith_addi(b, scale(b, row, w->tileColumns), at_->column);
  return arith_addi(b, scale(b, tile, channels), at_->channel);
}

//===--- one tile ---------------------------------------------------------------------------------===//
static void transformInput(const DlcWinogradTile *w, const At *at_) {
  MlirValue half[MAX_POINTS][MAX_POINTS] = {{{0}}}; // by row point, column
  MlirValue place = flatPlace(w, at_, w->tile.channels);
  for (int64_t x = 0; x < at_->columns + 2; ++x) {
    MlirValue from[MAX_POINTS] = {{0}}, to[MAX_POINTS], indices[4];
    for (int64_t y = 0; y < at_->rows + 2; ++y) {
      indicesAt(w, at_, &w->tile.input, y, x, indices);
      from[y] = vector_load(w->b, w->input, valsN(4, indices), vectorType(w));
    }
    toPoints(w, from, to);
    for (int64_t i = 0; i < w->points; ++i) half[i][x] = to[i];
  }
  for (int64_t i = 0; i < w->points; ++i) {
    MlirValue to[MAX_POINTS];
    toPoints(w, half[i], to);
    for (int64_t j = 0; j < w->points; ++j)
      vector_store(w->b, orZero(w, to[j]), w->transformed,
                   vals(shift(w->b, place, (i * w->points + j) * w->transformedStride)));
  }
}

static MlirValue startOf(const DlcWinogradTile *w, const At *at_, DlcValues indices) {
  if (w->isZero) return (MlirValue){0};
  if (!isNull(w->initial)) {
    MlirValue places[MAX_RANK];
    intptr_t rank = mlirShapedTypeGetRank(typeOf(w->initial));
    for (intptr_t i = 0; i < rank; ++i) places[i] = i == rank - 1 ? at_->channel : constIndex(w->b, 0);
    return vector_load(w->b, w->initial, valsN(rank, places), vectorType(w));
  }
  return vector_load(w->b, w->output, indices, vectorType(w));
}

static void transformOutput(const DlcWinogradTile *w, const At *at_) {
  MlirValue half[MAX_POINTS][MAX_POINTS]; // by row, column point
  MlirValue place = flatPlace(w, at_, w->tile.filters);
  for (int64_t j = 0; j < w->points; ++j) {
    MlirValue from[MAX_POINTS], to[MAX_POINTS];
    for (int64_t i = 0; i < w->points; ++i)
      from[i] = vector_load(w->b, w->product, vals(shift(w->b, place, (i * w->points + j) * w->productStride)),
                            vectorType(w));
    fromPoints(w, from, to);
    for (int64_t y = 0; y < w->outputs; ++y) half[y][j] = to[y];
  }
  for (int64_t y = 0; y < at_->rows; ++y) {
    MlirValue to[MAX_POINTS], indices[4];
    fromPoints(w, half[y], to);
    for (int64_t x = 0; x < at_->columns; ++x) {
      indicesAt(w, at_, &w->tile.output, y, x, indices);
      vector_store(w->b, add(w, to[x], startOf(w, at_, valsN(4, indices))), w->output, valsN(4, indices));
    }
  }
}

//===--- all tiles --------------------------------------------------------------------------------===//
typedef void (*Transform)(const DlcWinogradTile *w, const At *at_);
typedef struct {
  const DlcWinogradTile *w;
  Transform transform;
  int64_t from[4], to[4], step[4]; // images, rows, columns, channels
  MlirValue iv[4];
  int64_t rows, columns;
} Nest;

static void emitFrom(Nest *n, int level) {
  DlcBuilder *b = n->w->b;
  if (level == 4) {
    At at_ = {n->iv[0], n->iv[1], n->iv[2], n->iv[3], n->rows, n->columns};
    n->transform(n->w, &at_);
    return;
  }
  if (n->to[level] - n->from[level] <= n->step[level]) {
    n->iv[level] = constIndex(b, n->from[level]);
    emitFrom(n, level + 1);
    return;
  }
  MlirOperation loop = scf_for(b, constIndex(b, n->from[level]), constIndex(b, n->to[level]),
                               constIndex(b, n->step[level]), (DlcValues){0});
  if (mlirOperationIsNull(loop)) return;
  MlirBlock body = dlcAddBlock(b, scf_for_region(loop), types(indexType(b)));
  n->iv[level] = argOf(body, 0);
  dlcAtEnd(b, body) {
    emitFrom(n, level + 1);
    scf_yield(b, (DlcValues){0});
  }
}

// Whole tiles, then those at the ends.
static void emitTiles(const DlcWinogradTile *w, int64_t channels, Transform transform) {
  int64_t m = w->outputs, fullRows = w->tile.rows / m, fullColumns = w->tile.columns / m;
  for (int atEnd = 0; atEnd < 4; ++atEnd) {
    bool lastRow = atEnd & 1, lastColumn = atEnd & 2;
    Nest n = {
        .w = w,
        .transform = transform,
        .from = {0, lastRow ? fullRows : 0, lastColumn ? fullColumns : 0, 0},
        .to = {w->tile.images, lastRow ? w->tileRows : fullRows, lastColumn ? w->tileColumns : fullColumns, channels},
        .step = {1, 1, 1, w->lanes},
        .rows = lastRow ? w->tile.rows % m : m,
        .columns = lastColumn ? w->tile.columns % m : m};
    if (n.from[1] < n.to[1] && n.from[2] < n.to[2]) emitFrom(&n, 0);
  }
}

void dlcWinogradTransformInput(const DlcWinogradTile *w) { emitTiles(w, w->tile.channels, transformInput); }
void dlcWinogradTransformOutput(const DlcWinogradTile *w) { emitTiles(w, w->tile.filters, transformOutput); }
