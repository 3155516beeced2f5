// See passes/ctrl/rows.h.
#include "passes/ctrl/rows.h"
#include <stdlib.h>
#include "dlc/analysis.h"
#include "passes/ctrl/control.h"
#include "passes/tile/number.h"
#include "ods/ctrl.h"
#include "ods/linalg.h"
#include "ods/tensor.h"

enum { MOST_LOOPS = 15, MOST_DEPTH = 64 };

static intptr_t rankOf(MlirValue v) { return mlirShapedTypeGetRank(typeOf(v)); }
static bool isTensor(MlirValue v) { return mlirTypeIsARankedTensor(typeOf(v)); }

void dlcRowsDestroy(DlcRows *rows) {
  dlcMappingDestroy(rows->map);
  dlcPointerMapDestroy(&rows->index);
  dlcValueListDestroy(&rows->made);
}

//===--- places -------------------------------------------------------------------------------===//
// The offsets and sizes of a slice of `whole`: one row, that of the iteration, whole. Sizes that are not known must be
// those of `whole` as an op says it.
static bool isRow(MlirValue whole, MlirValue iteration, DlcI64s offsets, DlcValues dynamic, DlcI64s sizes,
                  DlcValues dynamicSizes, DlcI64s strides) {
  intptr_t next = 0;
  bool ok = offsets.n == rankOf(whole) && offsets.n > 0 && mlirShapedTypeIsDynamicSize(offsets.data[0]) &&
            dynamic.n == 1 && mlirValueEqual(at(dynamic, 0), iteration) && sizes.data[0] == 1;
  for (intptr_t d = 0; d < offsets.n && ok; ++d) {
    DlcNumber size = dlcNumberTake(sizes, dynamicSizes, d, &next);
    int64_t is = mlirShapedTypeGetDimSize(typeOf(whole), d);
    ok = strides.data[d] == 1 && (!d || (offsets.data[d] == 0 && dlcIsKnown(size) && size.known == is));
  }
  return ok;
}

MlirOperation dlcScanOf(MlirOperation loop, intptr_t carry) {
  MlirBlock body = bodyOf(ctrl_loop_body(loop));
  MlirValue argument = argOf(body, carry + 1);
  MlirOperation put = opOf(dlcYielded(loop, 0, carry)), none = {0};
  if (!put.ptr || !tensor_insert_slice_isa(put) || !mlirBlockEqual(mlirOperationGetBlock(put), body) ||
      !mlirValueEqual(tensor_insert_slice_dest(put), argument) || !hasOneUse(argument) ||
      !hasOneUse(mlirOperationGetResult(put, 0)))
    return none;
  bool ok = isRow(argument, argOf(body, 0), tensor_insert_slice_static_offsets(put), tensor_insert_slice_offsets(put),
                  tensor_insert_slice_static_sizes(put), tensor_insert_slice_sizes(put),
                  tensor_insert_slice_static_strides(put));
  return ok ? put : none;
}

bool dlcIsRowOf(MlirOperation loop, MlirOperation op) {
  if (!tensor_extract_slice_isa(op)) return false;
  MlirValue whole = tensor_extract_slice_source(op);
  return !dlcIsMadeInside(whole, loop) &&
         isRow(whole, argOf(bodyOf(ctrl_loop_body(loop)), 0), tensor_extract_slice_static_offsets(op),
               tensor_extract_slice_offsets(op), tensor_extract_slice_static_sizes(op), tensor_extract_slice_sizes(op),
               tensor_extract_slice_static_strides(op));
}

//===--- shapes -----------------------------------------------------------------------------------===//
static MlirType typeOfRow(MlirValue v, bool keepsOne) {
  int64_t shape[DLC_MAX_NUMBERS] = {1};
  intptr_t from = keepsOne ? 0 : 1;
  for (intptr_t d = 1; d < rankOf(v); ++d) shape[d - from] = mlirShapedTypeGetDimSize(typeOf(v), d);
  return mlirRankedTensorTypeGet(rankOf(v) - from, shape, mlirShapedTypeGetElementType(typeOf(v)),
                                 mlirAttributeGetNull());
}

// Groups of dimensions by which the sizes of `larger` become those of `smaller`: ones join what is behind them, those
// at the end what is before them. Null: they do not.
static MlirAttribute groupsFor(DlcBuilder *b, MlirType larger, MlirType smaller) {
  MlirAttribute groups[DLC_MAX_NUMBERS], members[DLC_MAX_NUMBERS];
  intptr_t n = mlirShapedTypeGetRank(larger), m = mlirShapedTypeGetRank(smaller), d = 0, ones = n - m;
  MlirType i64 = mlirIntegerTypeGet(b->ctx, 64);
  for (intptr_t g = 0; g < m; ++g) {
    intptr_t count = 0;
    int64_t wanted = mlirShapedTypeGetDimSize(smaller, g);
    for (; ones > 0 && d + 1 < n && mlirShapedTypeGetDimSize(larger, d) == 1 &&
           (wanted != 1 || mlirShapedTypeGetDimSize(larger, d + 1) == 1);
         --ones)
      members[count++] = mlirIntegerAttrGet(i64, d++);
    if (d == n || mlirShapedTypeGetDimSize(larger, d) != wanted) return mlirAttributeGetNull();
    members[count++] = mlirIntegerAttrGet(i64, d++);
    for (; g == m - 1 && d < n && mlirShapedTypeGetDimSize(larger, d) == 1; --ones)
      members[count++] = mlirIntegerAttrGet(i64, d++);
    groups[g] = mlirArrayAttrGet(b->ctx, count, members);
  }
  return d == n || !m ? mlirArrayAttrGet(b->ctx, m, groups) : mlirAttributeGetNull();
}

// What v is a reshape of that only ones come to or go from, as far as ops say it.
static MlirValue baseOf(MlirValue v) {
  for (MlirOperation op = opOf(v); op.ptr && (tensor_expand_shape_isa(op) || tensor_collapse_shape_isa(op));
       op = opOf(v)) {
    MlirValue from = mlirOperationGetOperand(op, 0);
    int64_t many[2][DLC_MAX_NUMBERS];
    intptr_t n[2] = {0};
    for (int k = 0; k < 2; ++k)
      for (intptr_t d = 0; d < rankOf(k ? from : v); ++d) {
        int64_t size = mlirShapedTypeGetDimSize(typeOf(k ? from : v), d);
        if (size != 1) many[k][n[k]++] = size;
      }
    bool same = n[0] == n[1];
    for (intptr_t d = 0; d < n[0] && same; ++d) same = many[0][d] == many[1][d];
    if (!same) break;
    v = from;
  }
  return v;
}

MlirValue dlcRowAs(DlcRows *rows, MlirValue row, MlirType type) {
  DlcBuilder *b = rows->b;
  MlirValue base = baseOf(row);
  if (mlirTypeEqual(typeOf(base), type)) return base;
  bool grows = rankOf(base) < mlirShapedTypeGetRank(type);
  if (!dlcIsStatic(type) || rankOf(base) == mlirShapedTypeGetRank(type)) return (MlirValue){0};
  MlirAttribute groups = grows ? groupsFor(b, type, typeOf(base)) : groupsFor(b, typeOf(base), type);
  if (mlirAttributeIsNull(groups)) return (MlirValue){0};
  if (!grows) return tensor_collapse_shape(b, base, groups, type);
  int64_t shape[DLC_MAX_NUMBERS];
  for (intptr_t d = 0; d < mlirShapedTypeGetRank(type); ++d) shape[d] = mlirShapedTypeGetDimSize(type, d);
  return tensor_expand_shape(b, base, groups, (DlcValues){0}, {shape, mlirShapedTypeGetRank(type)}, type);
}

//===--- rows -----------------------------------------------------------------------------------===//
static MlirValue rowOf(DlcRows *rows, MlirValue v, intptr_t products, intptr_t depth);

// Of a tensor that is there before the loop: as a stage has what the one before it makes, without the first size.
static MlirValue readRow(DlcRows *rows, MlirValue v) {
  DlcNumbers offsets = {0}, sizes = {0};
  for (intptr_t d = 0; d < rankOf(v); ++d) {
    dlcNumbersAdd(&offsets, d ? dlcKnown(0) : dlcDynamic(rows->step));
    dlcNumbersAdd(&sizes, d ? dlcSizeOf(rows->b, typeOf(v), v, d) : dlcKnown(1));
  }
  MlirValue row = dlcSliceAs(rows->b, v, &offsets, &sizes, typeOfRow(v, false));
  return dlcRowAs(rows, row, typeOfRow(v, true));
}

// The loop of a linalg op that goes over the rows of its only result; -1: there is none.
static intptr_t loopOfRows(MlirOperation op) {
  bool isReduction[MOST_LOOPS];
  intptr_t n = mlirOperationGetNumOperands(op);
  MlirAffineMap map;
  if (!dlcIsLinalgOp(op) || mlirOperationGetNumResults(op) != 1 || dlcIteratorTypes(op, isReduction, MOST_LOOPS) < 1 ||
      dlcIteratorTypes(op, isReduction, MOST_LOOPS) > MOST_LOOPS || !dlcLinalgMap(op, n - 1, &map) ||
      mlirAffineMapGetNumResults(map) < 1 || !mlirAffineExprIsADim(mlirAffineMapGetResult(map, 0)))
    return -1;
  intptr_t loop = mlirAffineDimExprGetPosition(mlirAffineMapGetResult(map, 0));
  if (isReduction[loop]) return -1;
  for (intptr_t k = 0; k < n; ++k) {
    dlcLinalgMap(op, k, &map);
    for (intptr_t i = 0; i < mlirAffineMapGetNumResults(map); ++i) {
      MlirAffineExpr e = mlirAffineMapGetResult(map, i);
      if (mlirAffineExprIsFunctionOfDim(e, loop) && (i || !mlirAffineExprIsADim(e))) return -1;
    }
  }
  return loop;
}

static MlirWalkResult findIndex(MlirOperation op, void *found) {
  if (linalg_index_isa(op)) *(bool *)found = true;
  return MlirWalkResultAdvance;
}

static MlirValue rowOfLinalg(DlcRows *rows, MlirOperation op, intptr_t loop, intptr_t products, intptr_t depth) {
  MlirValue operands[MOST_LOOPS + 1];
  intptr_t n = mlirOperationGetNumOperands(op);
  bool hasIndex = false;
  mlirOperationWalk(op, findIndex, &hasIndex, MlirWalkPreOrder);
  if (hasIndex || n > DLC_COUNT(operands)) return (MlirValue){0};
  DlcValueList read = {0};
  bool ok = true;
  dlcCaptures(op, &read);
  for (intptr_t i = 0; i < read.n && ok; ++i) {
    bool isOperand = false;
    for (intptr_t k = 0; k < n; ++k) isOperand |= mlirValueEqual(mlirOperationGetOperand(op, k), read.data[i]);
    ok = isOperand || !rows->depends(read.data[i], rows->data);
  }
  dlcValueListDestroy(&read);
  bool depends = rows->depends(dlcResult(op, 0), rows->data);
  for (intptr_t k = 0; k < n && ok; ++k) {
    MlirValue v = mlirOperationGetOperand(op, k);
    MlirAffineMap map;
    dlcLinalgMap(op, k, &map);
    bool hasRows =
        mlirAffineMapGetNumResults(map) && mlirAffineExprIsFunctionOfDim(mlirAffineMapGetResult(map, 0), loop);
    // Beyond the products only what fills rows with the same moves.
    if (hasRows && !depends && !products && k < n - 1) return (MlirValue){0};
    operands[k] = hasRows ? rowOf(rows, v, products > 0 ? products - dlcReduces(op) : 0, depth + 1) : v;
    ok = !isNull(operands[k]) && (hasRows || !rows->depends(v, rows->data));
  }
  if (!ok || rows->b->failed) return (MlirValue){0};
  MlirOperation copy = dlcCloneAlone(rows->b, op);
  if (!copy.ptr) return (MlirValue){0};
  for (intptr_t k = 0; k < n; ++k) mlirOperationSetOperand(copy, k, operands[k]);
  MlirValue result = dlcResult(copy, 0);
  mlirValueSetType(result, typeOfRow(dlcResult(op, 0), true));
  return result;
}

// Of the results of a joined loop: what it put into them.
static MlirValue rowOfScan(DlcRows *rows, MlirValue v) {
  MlirOperation put = dlcScanOf(opOf(v), mlirOpResultGetResultNumber(v));
  if (!put.ptr) return (MlirValue){0};
  return dlcRowAs(rows, dlcMapped(rows->map, tensor_insert_slice_source(put)), typeOfRow(v, true));
}

static bool isJoined(const DlcRows *rows, MlirOperation op) {
  for (intptr_t q = 0; q < rows->n; ++q)
    if (op.ptr && mlirOperationEqual(rows->loops[q], op)) return true;
  return false;
}

static bool keepsRows(MlirOperation reshape) {
  MlirAttribute first = tensor_collapse_shape_isa(reshape) ? tensor_collapse_shape_reassociation(reshape)
                                                           : tensor_expand_shape_reassociation(reshape);
  return mlirArrayAttrGetNumElements(first) && mlirArrayAttrGetNumElements(mlirArrayAttrGetElement(first, 0)) == 1;
}

static MlirValue makeRow(DlcRows *rows, MlirValue v, intptr_t products, intptr_t depth) {
  MlirOperation op = opOf(v);
  bool depends = rows->depends(v, rows->data),
       isLocal = op.ptr && mlirBlockEqual(mlirOperationGetBlock(op), mlirOperationGetBlock(rows->loops[0]));
  if (!isTensor(v) || rankOf(v) < 1 || !dlcIsStatic(typeOfRow(v, true))) return (MlirValue){0};
  if (isJoined(rows, op)) return rowOfScan(rows, v);
  if (depth < MOST_DEPTH && op.ptr && (depends || isLocal)) {
    if (tensor_empty_isa(op)) return tensor_empty(rows->b, (DlcValues){0}, typeOfRow(v, true));
    intptr_t loop = depends || products > 0 || !dlcIsLinalgOp(op) || !dlcReduces(op) ? loopOfRows(op) : -1;
    MlirValue row = loop >= 0 ? rowOfLinalg(rows, op, loop, products, depth) : (MlirValue){0};
    bool isReshape = tensor_collapse_shape_isa(op) || tensor_expand_shape_isa(op);
    if (isReshape && keepsRows(op) && (depends || products > 0)) {
      row = rowOf(rows, mlirOperationGetOperand(op, 0), products, depth + 1);
      if (!isNull(row)) row = dlcRowAs(rows, row, typeOfRow(v, true));
    }
    if (depends || !isNull(row)) return row;
  }
  return depends ? (MlirValue){0} : readRow(rows, v);
}

static MlirValue rowOf(DlcRows *rows, MlirValue v, intptr_t products, intptr_t depth) {
  int64_t known = dlcPointerMapGet(&rows->index, v.ptr);
  if (known >= 0) return rows->made.data[known];
  MlirValue row = makeRow(rows, v, products, depth);
  if (isNull(row)) return row;
  dlcPointerMapSet(&rows->index, v.ptr, rows->made.n);
  dlcValueListAppend(&rows->made, row);
  return row;
}

MlirValue dlcRowOf(DlcRows *rows, MlirValue v) { return rowOf(rows, v, 1, 0); }
