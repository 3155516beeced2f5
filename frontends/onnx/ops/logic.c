// Comparisons, logic, selection and bits, one linalg.generic each. Equal, Less,
// Where, And, Not, ... also work on known elements, since shape computations
// choose sizes with them.
#include "frontends/onnx/ops/table.h"
#include "ods/arith.h"
#include "ods/math.h"
#include <string.h>

#define B onnxBuilder(ctx)

//===--- comparisons ---
typedef struct {
  const char *type;
  arith_CmpFPredicate floats;
  arith_CmpIPredicate integers, naturals; // signed, unsigned
} Comparison;
static const Comparison comparisons[] = {
    {"Equal", arith_CmpFPredicate_OEQ, arith_CmpIPredicate_eq, arith_CmpIPredicate_eq},
    {"Less", arith_CmpFPredicate_OLT, arith_CmpIPredicate_slt, arith_CmpIPredicate_ult},
    {"LessOrEqual", arith_CmpFPredicate_OLE, arith_CmpIPredicate_sle, arith_CmpIPredicate_ule},
    {"Greater", arith_CmpFPredicate_OGT, arith_CmpIPredicate_sgt, arith_CmpIPredicate_ugt},
    {"GreaterOrEqual", arith_CmpFPredicate_OGE, arith_CmpIPredicate_sge, arith_CmpIPredicate_uge}};
typedef struct {
  const Comparison *comparison;
  OnnxElement element;
} CompareData;
static MlirValue compareBody(OnnxContext *ctx, const MlirValue *in, void *data) {
  CompareData *d = data;
  if (onnxIsFloat(d->element)) return arith_cmpf(B, d->comparison->floats, in[0], in[1]);
  return arith_cmpi(B, onnxIsUnsigned(d->element) ? d->comparison->naturals : d->comparison->integers, in[0], in[1]);
}

// Known elements of two operands, broadcast; the count of the result or -1.
static bool countsAsIndex(const OnnxValue *v) {
  return v->element == ONNX_INT64 || v->element == ONNX_INT32 || v->element == ONNX_BOOL;
}
static int pairElements(OnnxContext *ctx, OnnxValue *a, OnnxValue *b, const OnnxIndex **x, int *n, const OnnxIndex **y,
                        int *m) {
  if (!countsAsIndex(a) || !countsAsIndex(b)) return -1;
  *n = onnxElements(ctx, a, x, false), *m = onnxElements(ctx, b, y, false);
  if (*n < 0 || *m < 0 || (*n != *m && *n != 1 && *m != 1)) return -1;
  return *n == 1 ? *m : *n;
}
static int higherRank(const OnnxValue *a, const OnnxValue *b) { return a->rank > b->rank ? a->rank : b->rank; }

static OnnxValue *compareElements(OnnxContext *ctx, const Comparison *c, OnnxValue *a, OnnxValue *b) {
  const OnnxIndex *x, *y;
  int n, m, count = pairElements(ctx, a, b, &x, &n, &y, &m);
  if (count < 0) return NULL;
  OnnxIndex *r = onnxAllocate(ctx, (size_t)count * sizeof *r + 1);
  for (int i = 0; i < count; ++i)
    r[i] = onnxSelectIndex(ctx, (int)c->integers, x[n == 1 ? 0 : i], y[m == 1 ? 0 : i], onnxConst(1), onnxConst(0));
  return onnxNewElements(ctx, ONNX_BOOL, higherRank(a, b), r, count);
}
static void lowerCompare(OnnxContext *ctx, OnnxNode *node) {
  size_t i = 0;
  while (strcmp(comparisons[i].type, node->type)) ++i;
  OnnxValue *a = node->inputs[0], *b = node->inputs[1];
  if (a->element != b->element)
    return onnxInvalid(ctx, "operands of %s and %s", onnxElementName(a->element), onnxElementName(b->element));
  if (a->element == ONNX_BOOL && i > 0) return onnxRefuseElement(ctx, a);
  OnnxValue *r = compareElements(ctx, &comparisons[i], a, b);
  CompareData d = {&comparisons[i], onnxWide(a->element)};
  if (!r) r = onnxElementwise(ctx, 2, (OnnxValue *[]){a, b}, ONNX_BOOL, compareBody, &d, ONNX_WIDEN);
  onnxSetOutput(ctx, node, 0, r);
}

//===--- logic and bits ---
typedef enum { AND, OR, XOR } Bits;
static MlirValue bitsBody(OnnxContext *ctx, const MlirValue *in, void *data) {
  switch (*(Bits *)data) {
  case AND:
    return arith_andi(B, in[0], in[1]);
  case OR:
    return arith_ori(B, in[0], in[1]);
  default:
    return arith_xori(B, in[0], in[1]);
  }
}
static OnnxValue *bitsOfElements(OnnxContext *ctx, Bits kind, OnnxValue *a, OnnxValue *b) {
  const OnnxIndex *x, *y;
  int n, m, count = a->element == ONNX_BOOL ? pairElements(ctx, a, b, &x, &n, &y, &m) : -1;
  if (count < 0) return NULL;
  OnnxIndex *r = onnxAllocate(ctx, (size_t)count * sizeof *r + 1);
  for (int i = 0; i < count; ++i) {
    OnnxIndex p = x[n == 1 ? 0 : i], q = y[m == 1 ? 0 : i];
    if (kind == XOR)
      r[i] = onnxSelectIndex(ctx, arith_CmpIPredicate_ne, p, q, onnxConst(1), onnxConst(0));
    else
      r[i] = kind == AND ? onnxMin(ctx, p, q) : onnxMax(ctx, p, q);
  }
  return onnxNewElements(ctx, ONNX_BOOL, higherRank(a, b), r, count);
}
static void lowerBits(OnnxContext *ctx, OnnxNode *node) {
  bool bitwise = !strncmp(node->type, "Bitwise", 7);
  const char *name = bitwise ? node->type + 7 : node->type;
  Bits kind = !strcmp(name, "And") ? AND : !strcmp(name, "Or") ? OR : XOR;
  OnnxValue *a = node->inputs[0], *b = node->inputs[1];
  if (a->element != b->element)
    return onnxInvalid(ctx, "operands of %s and %s", onnxElementName(a->element), onnxElementName(b->element));
  if (bitwise ? !onnxIsInteger(a->element) : a->element != ONNX_BOOL) return onnxRefuseElement(ctx, a);
  OnnxValue *r = bitsOfElements(ctx, kind, a, b);
  if (!r) r = onnxElementwise(ctx, 2, (OnnxValue *[]){a, b}, a->element, bitsBody, &kind, ONNX_EXACT_TYPES);
  onnxSetOutput(ctx, node, 0, r);
}

static MlirValue notBody(OnnxContext *ctx, const MlirValue *in, void *data) {
  return arith_xori(B, in[0], onnxConstantInt(ctx, *(OnnxElement *)data, -1));
}
static void lowerNot(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  bool bitwise = strcmp(node->type, "Not") != 0;
  if (bitwise ? !onnxIsInteger(x->element) : x->element != ONNX_BOOL) return onnxRefuseElement(ctx, x);
  const OnnxIndex *elements;
  int n = bitwise ? -1 : onnxElements(ctx, x, &elements, false);
  if (n >= 0) {
    OnnxIndex *r = onnxAllocate(ctx, (size_t)n * sizeof *r + 1);
    for (int i = 0; i < n; ++i) r[i] = onnxSub(ctx, onnxConst(1), elements[i]);
    return onnxSetOutput(ctx, node, 0, onnxNewElements(ctx, ONNX_BOOL, x->rank, r, n));
  }
  onnxSetOutput(ctx, node, 0, onnxElementwise(ctx, 1, &x, x->element, notBody, &x->element, ONNX_EXACT_TYPES));
}

typedef struct {
  OnnxElement element;
  bool left;
} ShiftData;
// Shifting by the width or more (or by a negative number) is undefined in LLVM. Here nothing but the sign is left.
static MlirValue shiftBody(OnnxContext *ctx, const MlirValue *in, void *data) {
  ShiftData *d = data;
  int64_t bits = (int64_t)onnxElementSize(d->element) * 8;
  MlirValue zero = onnxConstantInt(ctx, d->element, 0), most = onnxConstantInt(ctx, d->element, bits - 1);
  MlirValue inside = arith_cmpi(B, arith_CmpIPredicate_ule, in[1], most), by = arith_select(B, inside, in[1], most);
  if (!d->left && !onnxIsUnsigned(d->element)) return arith_shrsi(B, in[0], by);
  return arith_select(B, inside, d->left ? arith_shli(B, in[0], by) : arith_shrui(B, in[0], by), zero);
}
static void lowerBitShift(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *a = node->inputs[0];
  const char *direction = onnxString(ctx, node, "direction", "");
  ShiftData d = {a->element, !strcmp(direction, "LEFT")};
  if (!d.left && strcmp(direction, "RIGHT"))
    return onnxInvalid(ctx, "attribute direction is \"%s\", not LEFT or RIGHT", direction);
  if (!onnxIsInteger(a->element) || (node->opset < 28 && !onnxIsUnsigned(a->element))) return onnxRefuseElement(ctx, a);
  if (node->inputs[1]->element != a->element)
    return onnxInvalid(ctx, "operands of %s and %s", onnxElementName(a->element),
                       onnxElementName(node->inputs[1]->element));
  onnxSetOutput(ctx, node, 0, onnxElementwise(ctx, 2, node->inputs, a->element, shiftBody, &d, ONNX_EXACT_TYPES));
}

typedef struct {
  OnnxElement from, to;
} BitCastData;
static MlirValue bitCastBody(OnnxContext *ctx, const MlirValue *in, void *data) {
  BitCastData *d = data;
  MlirType to = onnxElementType(ctx, d->to);
  if (onnxFailed(ctx) || mlirTypeEqual(to, typeOf(in[0]))) return in[0];
  if (d->from == ONNX_BOOL) return arith_extui(B, in[0], to);
  return arith_bitcast(B, in[0], to);
}
static void lowerBitCast(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  BitCastData d = {x->element, (OnnxElement)onnxInt(ctx, node, "to", 0)};
  if (!onnxElementSize(d.to)) return onnxRefuse(ctx, "element type %s is not supported", onnxElementName(d.to));
  if (onnxElementSize(d.from) != onnxElementSize(d.to))
    return onnxInvalid(ctx, "%s and %s differ in width", onnxElementName(d.from), onnxElementName(d.to));
  if (d.to == ONNX_BOOL && d.from != ONNX_BOOL) return onnxRefuse(ctx, "bytes that are read as bool are not supported");
  onnxSetOutput(ctx, node, 0, onnxElementwise(ctx, 1, &x, d.to, bitCastBody, &d, ONNX_EXACT_TYPES));
}

//===--- kinds of numbers ---
typedef struct {
  OnnxElement element;
  bool negative, positive;
} InfinityData;
static MlirValue isNanBody(OnnxContext *ctx, const MlirValue *in, void *data) {
  (void)data;
  return arith_cmpf(B, arith_CmpFPredicate_UNO, in[0], in[0]);
}
static MlirValue isInfBody(OnnxContext *ctx, const MlirValue *in, void *data) {
  InfinityData *d = data;
  MlirValue high = onnxConstantScalar(ctx, d->element, __builtin_inf()),
            low = onnxConstantScalar(ctx, d->element, -__builtin_inf());
  if (d->negative && d->positive) return arith_cmpf(B, arith_CmpFPredicate_OEQ, math_absf(B, in[0]), high);
  if (d->negative) return arith_cmpf(B, arith_CmpFPredicate_OEQ, in[0], low);
  if (d->positive) return arith_cmpf(B, arith_CmpFPredicate_OEQ, in[0], high);
  return onnxConstantInt(ctx, ONNX_BOOL, 0);
}
static void lowerIsNaN(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  if (!onnxIsFloat(x->element)) return onnxRefuseElement(ctx, x);
  onnxSetOutput(ctx, node, 0, onnxElementwise(ctx, 1, &x, ONNX_BOOL, isNanBody, NULL, ONNX_WIDEN));
}
static void lowerIsInf(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  if (!onnxIsFloat(x->element)) return onnxRefuseElement(ctx, x);
  InfinityData d = {onnxWide(x->element), onnxInt(ctx, node, "detect_negative", 1) != 0,
                    onnxInt(ctx, node, "detect_positive", 1) != 0};
  onnxSetOutput(ctx, node, 0, onnxElementwise(ctx, 1, &x, ONNX_BOOL, isInfBody, &d, ONNX_WIDEN));
}

//===--- selection ---
static MlirValue whereBody(OnnxContext *ctx, const MlirValue *in, void *data) {
  (void)data;
  return arith_select(B, in[0], in[1], in[2]);
}
static OnnxValue *whereElements(OnnxContext *ctx, OnnxValue *const *in) {
  const OnnxIndex *lists[3];
  int counts[3], count = 1, rank = 0;
  for (int k = 0; k < 3; ++k) {
    counts[k] = countsAsIndex(in[k]) ? onnxElements(ctx, in[k], &lists[k], false) : -1;
    if (counts[k] < 0) return NULL;
    if (counts[k] != 1) count = counts[k];
    if (in[k]->rank > rank) rank = in[k]->rank;
  }
  for (int k = 0; k < 3; ++k)
    if (counts[k] != 1 && counts[k] != count) return NULL;
  OnnxIndex *r = onnxAllocate(ctx, (size_t)count * sizeof *r + 1);
  for (int i = 0; i < count; ++i) {
    OnnxIndex at[3];
    for (int k = 0; k < 3; ++k) at[k] = lists[k][counts[k] == 1 ? 0 : i];
    r[i] = onnxSelectIndex(ctx, arith_CmpIPredicate_ne, at[0], onnxConst(0), at[1], at[2]);
  }
  return onnxNewElements(ctx, in[1]->element, rank, r, count);
}
static void lowerWhere(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue **in = node->inputs;
  if (in[0]->element != ONNX_BOOL)
    return onnxInvalid(ctx, "the condition is %s, not bool", onnxElementName(in[0]->element));
  if (in[1]->element != in[2]->element)
    return onnxInvalid(ctx, "operands of %s and %s", onnxElementName(in[1]->element), onnxElementName(in[2]->element));
  OnnxValue *r = whereElements(ctx, in);
  if (!r) r = onnxElementwise(ctx, 3, in, in[1]->element, whereBody, NULL, ONNX_EXACT_TYPES);
  onnxSetOutput(ctx, node, 0, r);
}

const OnnxOperator dlcOnnxLogic[] = {{"Equal", 7, 0, 2, 2, lowerCompare},
                                     {"Less", 7, 0, 2, 2, lowerCompare},
                                     {"LessOrEqual", 12, 0, 2, 2, lowerCompare},
                                     {"Greater", 7, 0, 2, 2, lowerCompare},
                                     {"GreaterOrEqual", 12, 0, 2, 2, lowerCompare},
                                     {"And", 7, 0, 2, 2, lowerBits},
                                     {"Or", 7, 0, 2, 2, lowerBits},
                                     {"Xor", 7, 0, 2, 2, lowerBits},
                                     {"BitwiseAnd", 18, 0, 2, 2, lowerBits},
                                     {"BitwiseOr", 18, 0, 2, 2, lowerBits},
                                     {"BitwiseXor", 18, 0, 2, 2, lowerBits},
                                     {"Not", 1, 0, 1, 1, lowerNot},
                                     {"BitwiseNot", 18, 0, 1, 1, lowerNot},
                                     {"BitShift", 11, 0, 2, 2, lowerBitShift},
                                     {"BitCast", 26, 0, 1, 1, lowerBitCast},
                                     {"IsNaN", 9, 0, 1, 1, lowerIsNaN},
                                     {"IsInf", 10, 0, 1, 1, lowerIsInf},
                                     {"Where", 9, 0, 3, 3, lowerWhere},
                                     {0}};
