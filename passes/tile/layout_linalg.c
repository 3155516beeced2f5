// A linalg op in another order of dimensions: see passes/tile/layout.h. Any linalg
// op can read and write any order, since its maps say where each loop goes: no
// operand is moved for it, but for constants, which are permuted when compiling so
// that they are read in the order of the loops.
#include <stdlib.h>
#include <string.h>
#include "dlc/analysis.h"
#include "mlir-c/AffineExpr.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "passes/tile/layout.h"
#include "passes/tile/winograd.h"

typedef struct {
  MlirOperation op;
  intptr_t nLoops, nOperands, nResults;
  bool isReduction[DLC_LAYOUT_RANK];
  MlirAffineMap map[DLC_LAYOUT_OPERANDS];
  int order[DLC_LAYOUT_OPERANDS][DLC_LAYOUT_RANK]; // of each operand
  int loop[DLC_LAYOUT_RANK];                       // the new loops: which of the old ones
} Permuted;

static bool readOp(const DlcLayouts *layouts, MlirOperation op, Permuted *p) {
  *p = (Permuted){.op = op, .nOperands = mlirOperationGetNumOperands(op), .nResults = mlirOperationGetNumResults(op)};
  p->nLoops = dlcIteratorTypes(op, p->isReduction, DLC_LAYOUT_RANK);
  if (p->nLoops < 0 || p->nLoops > DLC_LAYOUT_RANK || p->nOperands > DLC_LAYOUT_OPERANDS) return false;
  for (intptr_t i = 0; i < p->nOperands; ++i) {
    MlirValue v = mlirOperationGetOperand(op, i);
    if (!dlcLinalgMap(op, i, &p->map[i])) return false;
    if (!mlirTypeIsARankedTensor(typeOf(v))) continue;
    if (mlirShapedTypeGetRank(typeOf(v)) > DLC_LAYOUT_RANK) return false;
    DlcLayout layout = dlcLayoutOf(layouts, v);
    memcpy(p->order[i], layout.order, sizeof layout.order);
  }
  return true;
}

// Adds the loops of a map's result that are not yet there, parallel or reducing ones.
static intptr_t addLoops(const Permuted *p, MlirAffineExpr e, bool reducing, int *loops, intptr_t n) {
  for (int l = 0; l < p->nLoops; ++l) {
    bool isNew = p->isReduction[l] == reducing && mlirAffineExprIsFunctionOfDim(e, l);
    for (intptr_t i = 0; i < n && isNew; ++i) isNew = loops[i] != l;
    if (isNew) loops[n++] = l;
  }
  return n;
}

static intptr_t traverse(const Permuted *p, intptr_t operand, bool reducing, int *loops, intptr_t n) {
  for (intptr_t i = 0; i < mlirAffineMapGetNumResults(p->map[operand]); ++i)
    n = addLoops(p, mlirAffineMapGetResult(p->map[operand], p->order[operand][i]), reducing, loops, n);
  return n;
}

intptr_t dlcTraversal(const DlcLayouts *layouts, MlirOperation op, intptr_t operand, int *loops) {
  Permuted p;
  return readOp(layouts, op, &p) ? traverse(&p, operand, false, loops, 0) : -1;
}

// Parallel loops as the results have them, then the reductions as the first input that is not constant has them.
static void orderLoops(Permuted *p) {
  intptr_t n = traverse(p, p->nOperands - p->nResults, false, p->loop, 0);
  for (int l = 0; l < p->nLoops; ++l) { // loops of no result
    bool isNew = !p->isReduction[l];
    for (intptr_t i = 0; i < n && isNew; ++i) isNew = p->loop[i] != l;
    if (isNew) p->loop[n++] = l;
  }
  for (int constants = 0; constants < 2; ++constants)
    for (intptr_t i = 0; i < p->nOperands; ++i)
      if (arith_constant_isa(opOf(mlirOperationGetOperand(p->op, i))) == constants)
        n = traverse(p, i, true, p->loop, n);
}

static intptr_t placeOf(const Permuted *p, MlirAffineExpr e) {
  for (intptr_t i = p->nLoops - 1; i >= 0; --i)
    if (mlirAffineExprIsFunctionOfDim(e, p->loop[i])) return i;
  return -1;
}

// A constant in the order of the loops; but what follows the last dimension of the results comes last, for vectors.
static void orderConstant(Permuted *p, intptr_t operand) {
  intptr_t rank = mlirAffineMapGetNumResults(p->map[operand]), key[DLC_LAYOUT_RANK];
  intptr_t nParallel = 0;
  for (intptr_t l = 0; l < p->nLoops; ++l) nParallel += !p->isReduction[l];
  int *order = p->order[operand];
  for (intptr_t i = 0; i < rank; ++i) {
    key[i] = placeOf(p, mlirAffineMapGetResult(p->map[operand], i));
    if (key[i] >= 0 && key[i] == nParallel - 1) key[i] = p->nLoops;
  }
  for (intptr_t i = 0; i < rank; ++i) { // by key, insertion sort: equal keys keep their order
    intptr_t j = i;
    for (; j > 0 && key[order[j - 1]] > key[i]; --j) order[j] = order[j - 1];
    order[j] = (int)i;
  }
}

static MlirAffineMap newMap(const Permuted *p, MlirContext ctx, intptr_t operand) {
  MlirAffineExpr dims[DLC_LAYOUT_RANK], results[DLC_LAYOUT_RANK];
  for (intptr_t l = 0; l < p->nLoops; ++l) dims[p->loop[l]] = mlirAffineDimExprGet(ctx, l);
  MlirAffineMap loops = mlirAffineMapGet(ctx, p->nLoops, 0, p->nLoops, dims);
  MlirAffineMap map = dlcMapCompose(p->map[operand], loops);
  intptr_t n = mlirAffineMapGetNumResults(map);
  for (intptr_t i = 0; i < n; ++i) results[i] = mlirAffineMapGetResult(map, p->order[operand][i]);
  return mlirAffineMapGet(ctx, p->nLoops, 0, n, results);
}

static MlirAttribute iteratorTypes(const Permuted *p, MlirContext ctx) {
  MlirAttribute types[DLC_LAYOUT_RANK];
  for (intptr_t l = 0; l < p->nLoops; ++l)
    types[l] = dlcs_utils_IteratorType_attr(ctx, p->isReduction[p->loop[l]] ? utils_IteratorType_reduction
                                                                            : utils_IteratorType_parallel);
  return mlirArrayAttrGet(ctx, p->nLoops, types);
}

static void cloneBody(DlcBuilder *b, const Permuted *p, MlirOperation made) {
  DlcMapping map = dlcMappingCreate();
  dlcCloneRegion(b, mlirOperationGetRegion(p->op, 0), linalg_generic_region(made), map);
  dlcMappingDestroy(map);
  DlcOps indices = dlcCollect(made, linalg_index_isa);
  for (intptr_t i = 0; i < indices.n; ++i)
    for (intptr_t l = 0; l < p->nLoops; ++l)
      if (p->loop[l] == linalg_index_dim(indices.data[i])) {
        linalg_index_set_dim(indices.data[i], mlirIntegerAttrGet(mlirIntegerTypeGet(b->ctx, 64), l));
        break;
      }
  free(indices.data);
}

MlirOperation dlcPermuteLinalg(DlcLayouts *layouts, MlirOperation op, const int *order) {
  DlcBuilder *b = layouts->b;
  Permuted p;
  MlirOperation none = {0};
  if (!readOp(layouts, op, &p) || mlirOperationGetNumRegions(op) != 1) return none;
  intptr_t nIn = p.nOperands - p.nResults;
  for (intptr_t i = nIn; i < p.nOperands; ++i)
    memcpy(p.order[i], order, (size_t)mlirAffineMapGetNumResults(p.map[i]) * sizeof *order);
  orderLoops(&p);
  MlirValue operands[DLC_LAYOUT_OPERANDS];
  MlirAffineMap maps[DLC_LAYOUT_OPERANDS];
  for (intptr_t i = 0; i < p.nOperands; ++i) {
    operands[i] = mlirOperationGetOperand(op, i);
    if (i < nIn && arith_constant_isa(opOf(operands[i]))) orderConstant(&p, i);
    if (mlirTypeIsARankedTensor(typeOf(operands[i]))) operands[i] = dlcInOrder(layouts, operands[i], p.order[i]);
    if (isNull(operands[i])) return none;
    maps[i] = newMap(&p, b->ctx, i);
  }
  MlirOperation made =
      linalg_generic(b, valsN(nIn, operands), valsN(p.nResults, operands + nIn), .indexing_maps = {maps, p.nOperands},
                     .iterator_types = iteratorTypes(&p, b->ctx));
  if (made.ptr) {
    cloneBody(b, &p, made);
    MlirAttribute winograd = mlirOperationGetDiscardableAttributeByName(op, dlcText(DLC_WINOGRAD_ATTRIBUTE));
    if (!mlirAttributeIsNull(winograd))
      mlirOperationSetDiscardableAttributeByName(made, dlcText(DLC_WINOGRAD_ATTRIBUTE), winograd);
  }
  return b->failed ? none : made;
}
