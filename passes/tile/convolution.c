// See passes/tile/convolution.h.
#include "passes/tile/convolution.h"
#include "dlc/analysis.h"
#include "passes/tile/products.h"

enum { LOOPS = 7, RANK = 4 };

// The dimension of a map that is this loop and nothing else; -1: none.
static int placeOf(MlirAffineMap map, intptr_t loop) {
  for (int i = 0; i < RANK; ++i) {
    MlirAffineExpr e = mlirAffineMapGetResult(map, i);
    if (mlirAffineExprIsADim(e) && mlirAffineDimExprGetPosition(e) == loop) return i;
  }
  return -1;
}

// The dimension that is the sum of an output's loop and one of the filter's: the window's place.
static bool readWindow(MlirAffineMap input, int at, const bool *isReduction, intptr_t *outer, intptr_t *inner) {
  MlirAffineExpr e = mlirAffineMapGetResult(input, at);
  if (!mlirAffineExprIsAAdd(e)) return false;
  MlirAffineExpr left = mlirAffineBinaryOpExprGetLHS(e), right = mlirAffineBinaryOpExprGetRHS(e);
  if (!mlirAffineExprIsADim(left) || !mlirAffineExprIsADim(right)) return false;
  intptr_t x = mlirAffineDimExprGetPosition(left), y = mlirAffineDimExprGetPosition(right);
  if (isReduction[x] == isReduction[y]) return false;
  *outer = isReduction[x] ? y : x, *inner = isReduction[x] ? x : y;
  return true;
}

// Windows, in the order of the input's dimensions: rows, then columns.
static bool readPlaces(const MlirAffineMap *maps, const bool *isReduction, DlcConvolution *c) {
  bool hasRow = false, hasColumn = false;
  c->input = (DlcConvolutionDims){-1, -1, -1, -1}, c->filter = c->output = c->input;
  for (int i = 0; i < RANK; ++i) {
    intptr_t outer, inner;
    MlirAffineExpr e = mlirAffineMapGetResult(maps[0], i);
    if (mlirAffineExprIsADim(e)) {
      intptr_t loop = mlirAffineDimExprGetPosition(e);
      if (isReduction[loop])
        c->input.channel = i, c->filter.channel = placeOf(maps[1], loop);
      else
        c->input.image = i, c->output.image = placeOf(maps[2], loop);
    } else if (!hasColumn && readWindow(maps[0], i, isReduction, &outer, &inner)) {
      *(hasRow ? &c->input.column : &c->input.row) = i;
      *(hasRow ? &c->output.column : &c->output.row) = placeOf(maps[2], outer);
      *(hasRow ? &c->filter.column : &c->filter.row) = placeOf(maps[1], inner);
      hasColumn = hasRow, hasRow = true;
    } else {
      return false;
    }
  }
  for (int i = 0; i < RANK; ++i) { // what is left: the output channel
    MlirAffineExpr e = mlirAffineMapGetResult(maps[2], i);
    if (!mlirAffineExprIsADim(e)) return false;
    intptr_t loop = mlirAffineDimExprGetPosition(e);
    if (placeOf(maps[0], loop) < 0 && placeOf(maps[1], loop) >= 0)
      c->output.channel = i, c->filter.image = placeOf(maps[1], loop);
  }
  return true;
}

static bool isComplete(const DlcConvolutionDims *d) {
  return d->image >= 0 && d->row >= 0 && d->column >= 0 && d->channel >= 0;
}

static int64_t sizeOf(MlirValue v, int dimension) {
  return mlirShapedTypeIsDynamicDim(typeOf(v), dimension) ? -1 : mlirShapedTypeGetDimSize(typeOf(v), dimension);
}

bool dlcConvolutionRead(MlirOperation op, DlcConvolution *c) {
  bool isReduction[LOOPS];
  MlirAffineMap maps[3];
  if (!dlcIsLinalgOp(op) || mlirOperationGetNumOperands(op) != 3 || mlirOperationGetNumRegions(op) != 1 ||
      dlcIteratorTypes(op, isReduction, LOOPS) != LOOPS)
    return false;
  for (intptr_t i = 0; i < 3; ++i) {
    MlirType type = typeOf(mlirOperationGetOperand(op, i));
    if (!mlirTypeIsAShaped(type) || !mlirShapedTypeHasRank(type) || mlirShapedTypeGetRank(type) != RANK ||
        !dlcLinalgMap(op, i, &maps[i]) || mlirAffineMapGetNumResults(maps[i]) != RANK)
      return false;
  }
  *c = (DlcConvolution){0};
  if (!readPlaces(maps, isReduction, c) || !isComplete(&c->input) || !isComplete(&c->filter) ||
      !isComplete(&c->output) || !dlcAddsProducts(op) ||
      !mlirTypeIsAFloat(mlirShapedTypeGetElementType(typeOf(mlirOperationGetOperand(op, 2)))))
    return false;
  MlirValue filter = mlirOperationGetOperand(op, 1), output = mlirOperationGetOperand(op, 2);
  c->images = sizeOf(output, c->output.image), c->rows = sizeOf(output, c->output.row);
  c->columns = sizeOf(output, c->output.column), c->filters = sizeOf(output, c->output.channel);
  c->channels = sizeOf(filter, c->filter.channel);
  c->height = sizeOf(filter, c->filter.row), c->width = sizeOf(filter, c->filter.column);
  return true;
}
