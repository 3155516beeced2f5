// See passes/tile/softmax_mask.h. The body is evaluated with the comparison of the two indices decided, constants known
// and everything else unknown but finite.
#include "passes/tile/softmax_mask.h"
#include <math.h>
#include <string.h>
#include "dlc/analysis.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/tensor.h"

enum { MOST_OPS = 64 };
typedef struct {
  MlirValue value;
  double known; // NaN: unknown
} Fact;
typedef struct {
  Fact fact[MOST_OPS + DLC_MAX_LOOPS];
  intptr_t n;
} Facts;

static void learn(Facts *f, MlirValue v, double known) {
  if (f->n < DLC_COUNT(f->fact)) f->fact[f->n++] = (Fact){v, known};
}

static double numberOf(MlirAttribute a) {
  if (mlirAttributeIsAFloat(a)) return mlirFloatAttrGetValueDouble(a);
  if (mlirAttributeIsAInteger(a)) return (double)mlirIntegerAttrGetValueInt(a);
  bool splat = mlirAttributeIsADenseElements(a) && mlirDenseElementsAttrIsSplat(a);
  if (!splat) return NAN;
  MlirType t = mlirShapedTypeGetElementType(mlirAttributeGetType(a));
  if (mlirTypeIsAF32(t)) return (double)mlirDenseElementsAttrGetFloatSplatValue(a);
  return NAN;
}

static double known(const Facts *f, MlirValue v) {
  for (intptr_t i = 0; i < f->n; ++i)
    if (mlirValueEqual(f->fact[i].value, v)) return f->fact[i].known;
  return arith_constant_isa(opOf(v)) ? numberOf(arith_constant_value(opOf(v))) : NAN;
}

static double compare(int64_t predicate, double a, double b) {
  if (isnan(a) || isnan(b)) return NAN;
  switch (predicate) {
  case arith_CmpFPredicate_OEQ:
  case arith_CmpFPredicate_UEQ:
    return a == b;
  case arith_CmpFPredicate_UNE:
  case arith_CmpFPredicate_ONE:
    return a != b;
  case arith_CmpFPredicate_OGT:
    return a > b;
  case arith_CmpFPredicate_OLT:
    return a < b;
  default:
    return NAN;
  }
}

static double evaluate(const Facts *f, MlirOperation op) {
  intptr_t n = mlirOperationGetNumOperands(op);
  double a = n > 0 ? known(f, mlirOperationGetOperand(op, 0)) : NAN,
         b = n > 1 ? known(f, mlirOperationGetOperand(op, 1)) : NAN;
  if (arith_select_isa(op)) return isnan(a) ? NAN : a != 0 ? b : known(f, mlirOperationGetOperand(op, 2));
  if (arith_cmpf_isa(op)) return compare((int64_t)arith_cmpf_predicate(op), a, b);
  if (arith_addf_isa(op)) return a == -INFINITY || b == -INFINITY ? -INFINITY : a + b;
  if (arith_mulf_isa(op)) return a * b;
  if (arith_subf_isa(op)) return a == -INFINITY ? a : a - b;
  return NAN;
}

// An index of the body plus a constant.
static bool readPlace(MlirValue v, const int *labels, int *label, int64_t *add) {
  MlirOperation op = opOf(v);
  *add = 0;
  if (arith_addi_isa(op)) {
    if (!dlcConstantIndex(mlirOperationGetOperand(op, 1), add)) return false;
    op = opOf(mlirOperationGetOperand(op, 0));
  }
  if (!linalg_index_isa(op)) return false;
  return *label = labels[linalg_index_dim(op)], true;
}

// For a comparison of a key with a row: what it gives for all keys >= row + *from.
static bool readComparison(MlirOperation op, const int *labels, int64_t *from, double *gives) {
  int left, right;
  int64_t addLeft, addRight;
  if (!arith_cmpi_isa(op) || !readPlace(mlirOperationGetOperand(op, 0), labels, &left, &addLeft) ||
      !readPlace(mlirOperationGetOperand(op, 1), labels, &right, &addRight))
    return false;
  int64_t predicate = (int64_t)arith_cmpi_predicate(op);
  bool keyFirst = left == DLC_KEYS && right == DLC_ROWS;
  if (!keyFirst && !(left == DLC_ROWS && right == DLC_KEYS)) return false;
  int64_t ahead = keyFirst ? addRight - addLeft : addLeft - addRight; // key ? row + ahead
  bool sle = predicate == arith_CmpIPredicate_sle, slt = predicate == arith_CmpIPredicate_slt,
       sge = predicate == arith_CmpIPredicate_sge, sgt = predicate == arith_CmpIPredicate_sgt;
  if (!keyFirst) { // row ? key: turn it around
    bool t = sle;
    sle = sge, sge = t, t = slt, slt = sgt, sgt = t;
  }
  if (!(sle || slt || sge || sgt)) return false;
  *from = ahead + (sle || sgt); // from there on key > row + ahead, or key >= row + ahead
  *gives = sge || sgt;
  return true;
}

int64_t dlcMaskedFrom(MlirOperation step, const int *loopLabels) {
  MlirBlock body = bodyOf(mlirOperationGetRegion(step, 0));
  int64_t best = INT64_MAX;
  dlcForEachOp(comparison, body) {
    int64_t from;
    double gives;
    if (!readComparison(comparison, loopLabels, &from, &gives)) continue;
    Facts f = {.n = 0};
    for (intptr_t k = 0; k + 1 < mlirOperationGetNumOperands(step); ++k) {
      MlirOperation c = opOf(mlirOperationGetOperand(step, k));
      if (arith_constant_isa(c)) learn(&f, argOf(body, k), numberOf(arith_constant_value(c)));
    }
    learn(&f, mlirOperationGetResult(comparison, 0), gives);
    dlcForEachOp(op, body)
      if (mlirOperationGetNumResults(op) == 1 && !mlirOperationEqual(op, comparison))
        learn(&f, mlirOperationGetResult(op, 0), evaluate(&f, op));
    if (known(&f, mlirOperationGetOperand(mlirBlockGetTerminator(body), 0)) == -INFINITY && from < best) best = from;
  }
  return best;
}
