// See dlc/ir.h.
#include "dlc/ir.h"
#include <stdlib.h>
#include <string.h>
#include "dlc/analysis.h"
#include "ods/arith.h"
#include "ods/tensor.h"

int64_t dlcElementBytes(MlirType t) {
  if (mlirTypeIsAIndex(t)) return 8;
  if (mlirTypeIsAInteger(t)) return (mlirIntegerTypeGetWidth(t) + 7) / 8;
  if (mlirTypeIsAFloat(t)) return (mlirFloatTypeGetWidth(t) + 7) / 8;
  if (mlirTypeIsAComplex(t)) return 2 * dlcElementBytes(mlirComplexTypeGetElementType(t));
  return 0;
}

bool dlcIsScalarConstant(MlirOperation op) {
  return arith_constant_isa(op) && !mlirTypeIsAShaped(typeOf(mlirOperationGetResult(op, 0)));
}

bool dlcIsWindowLoop(MlirOperation op, intptr_t loop) {
  for (intptr_t k = 0; k < mlirOperationGetNumOperands(op); ++k) {
    MlirAffineMap map;
    for (intptr_t i = 0; dlcLinalgMap(op, k, &map) && i < mlirAffineMapGetNumResults(map); ++i) {
      MlirAffineExpr e = mlirAffineMapGetResult(map, i);
      if (mlirAffineExprIsFunctionOfDim(e, loop) && !mlirAffineExprIsADim(e)) return true;
    }
  }
  return false;
}

bool dlcReduces(MlirOperation op) {
  enum { MOST_LOOPS = 64 };
  bool isReduction[MOST_LOOPS], any = false;
  intptr_t n = dlcIteratorTypes(op, isReduction, MOST_LOOPS);
  for (intptr_t l = 0; l < n && l < MOST_LOOPS; ++l) any |= isReduction[l];
  return any;
}

bool dlcIsMadeInside(MlirValue v, MlirOperation ancestor) {
  if (mlirValueIsABlockArgument(v)) return dlcBlockIsInside(mlirBlockArgumentGetOwner(v), ancestor);
  return dlcIsInside(mlirOpResultGetOwner(v), ancestor);
}

static MlirWalkResult findIndexed(MlirOperation op, void *found) {
  *(bool *)found |=
      tensor_extract_isa(op) || tensor_extract_slice_isa(op) || tensor_insert_isa(op) || tensor_insert_slice_isa(op);
  return *(bool *)found ? MlirWalkResultInterrupt : MlirWalkResultAdvance;
}
bool dlcMayRunEarly(MlirOperation op) {
  bool isIndexed = false;
  if (!dlcIsPure(op)) return false;
  mlirOperationWalk(op, findIndexed, &isIndexed, MlirWalkPreOrder);
  return !isIndexed;
}

MlirAttribute dlcIterators(DlcBuilder *b, intptr_t n, const bool *isReduction) {
  MlirAttribute *list = malloc((size_t)(n + 1) * sizeof *list);
  for (intptr_t i = 0; i < n; ++i)
    list[i] = mlirAttributeParseGet(b->ctx, dlcText(isReduction && isReduction[i] ? "#linalg.iterator_type<reduction>"
                                                                                  : "#linalg.iterator_type<parallel>"));
  MlirAttribute iterators = mlirArrayAttrGet(b->ctx, n, list);
  free(list);
  return iterators;
}

bool dlcConstantIndex(MlirValue v, int64_t *out) {
  if (!arith_constant_isa(opOf(v))) return false;
  MlirAttribute a = arith_constant_value(opOf(v));
  if (!mlirAttributeIsAInteger(a)) return false;
  *out = mlirIntegerAttrGetValueInt(a);
  return true;
}

MlirOperation dlcAncestorIn(MlirOperation op, MlirBlock block) {
  while (op.ptr && !mlirBlockEqual(mlirOperationGetBlock(op), block)) op = mlirOperationGetParentOperation(op);
  return op;
}
bool dlcIsInside(MlirOperation op, MlirOperation ancestor) {
  for (; op.ptr; op = mlirOperationGetParentOperation(op))
    if (mlirOperationEqual(op, ancestor)) return true;
  return false;
}
bool dlcBlockIsInside(MlirBlock block, MlirOperation ancestor) {
  return dlcIsInside(mlirBlockGetParentOperation(block), ancestor);
}

bool dlcIsStatic(MlirType t) {
  if (!mlirTypeIsAShaped(t) || !mlirShapedTypeHasRank(t)) return false;
  for (intptr_t i = 0; i < mlirShapedTypeGetRank(t); ++i)
    if (mlirShapedTypeIsDynamicDim(t, i)) return false;
  return true;
}
int64_t dlcStaticBytes(MlirType t) {
  int64_t bytes = dlcElementBytes(mlirShapedTypeGetElementType(t));
  for (intptr_t i = 0; i < mlirShapedTypeGetRank(t); ++i)
    if (__builtin_mul_overflow(bytes, mlirShapedTypeGetDimSize(t, i), &bytes)) return -1;
  return bytes;
}

MlirOperation dlcCloneAlone(DlcBuilder *b, MlirOperation op) {
  DlcMapping map = dlcMappingCreate();
  MlirOperation clone = dlcClone(b, op, map);
  dlcMappingDestroy(map);
  return clone;
}

MlirOperation dlcParentNamed(MlirOperation op, const char *name) {
  size_t n = strlen(name);
  for (op = mlirOperationGetParentOperation(op); op.ptr; op = mlirOperationGetParentOperation(op))
    if (dlcOpIs(op, name, n)) return op;
  return (MlirOperation){0};
}

// The name in a location: of a named location, or of the first part of a fused one that has one.
static MlirStringRef nameIn(MlirLocation loc) {
  if (mlirLocationIsAName(loc)) return mlirIdentifierStr(mlirLocationNameGetName(loc));
  if (mlirLocationIsAFused(loc)) {
    unsigned n = mlirLocationFusedGetNumLocations(loc);
    MlirLocation *parts = malloc(n * sizeof *parts);
    mlirLocationFusedGetLocations(loc, parts);
    MlirStringRef name = {0};
    for (unsigned i = 0; i < n && !name.length; ++i) name = nameIn(parts[i]);
    free(parts);
    return name;
  }
  return (MlirStringRef){0};
}

MlirStringRef dlcLabelOf(MlirOperation op) {
  MlirStringRef name = nameIn(mlirOperationGetLocation(op));
  if (name.length) return name;
  name = mlirIdentifierStr(mlirOperationGetName(op));
  const char *dot = memchr(name.data, '.', name.length);
  return dot ? mlirStringRefCreate(dot + 1, name.length - (size_t)(dot + 1 - name.data)) : name;
}

intptr_t dlcValueListFind(const DlcValueList *list, MlirValue v) {
  for (intptr_t i = 0; i < list->n; ++i)
    if (mlirValueEqual(list->data[i], v)) return i;
  return -1;
}
void dlcValueListAdd(DlcValueList *list, MlirValue v) {
  if (dlcValueListFind(list, v) < 0) dlcValueListAppend(list, v);
}
void dlcValueListAppend(DlcValueList *list, MlirValue v) {
  if (list->n == list->capacity) {
    list->capacity = 2 * list->capacity + 16;
    list->data = realloc(list->data, (size_t)list->capacity * sizeof v);
  }
  list->data[list->n++] = v;
}
void dlcValueListDestroy(DlcValueList *list) {
  free(list->data);
  *list = (DlcValueList){0};
}

typedef struct {
  MlirOperation root;
  DlcValueList *list;
} Captures;
static MlirWalkResult capture(MlirOperation op, void *data) {
  Captures *c = data;
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i) {
    MlirValue v = mlirOperationGetOperand(op, i);
    MlirOperation producer = opOf(v);
    bool inside = producer.ptr ? !mlirOperationEqual(producer, c->root) && dlcIsInside(producer, c->root)
                               : dlcBlockIsInside(mlirBlockArgumentGetOwner(v), c->root);
    if (!inside) dlcValueListAdd(c->list, v);
  }
  return MlirWalkResultAdvance;
}
void dlcCaptures(MlirOperation op, DlcValueList *list) {
  Captures c = {op, list};
  mlirOperationWalk(op, capture, &c, MlirWalkPreOrder);
}
