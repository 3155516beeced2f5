// Arithmetic on sizes: constants fold, and the same operation on the same
// operands gives the same SSA value, so that equal dimensions stay recognisable.
#include "frontends/onnx/import.h"
#include "ods/arith.h"
#include "ods/cf.h"
#include "ods/tensor.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ADD, SUB, MUL, DIV, FLOORDIV, CEILDIV, REM, MIN, MAX, CONSTANT, CACHE_WINDOW = 512 };

OnnxIndex onnxConst(int64_t c) { return (OnnxIndex){.constant = c}; }
bool onnxIsConst(OnnxIndex a) { return !a.value.ptr; }
bool onnxIs(OnnxIndex a, int64_t c) { return onnxIsConst(a) && a.constant == c; }
bool onnxSameIndex(OnnxIndex a, OnnxIndex b) {
  if (onnxIsConst(a) || onnxIsConst(b)) return onnxIsConst(a) && onnxIsConst(b) && a.constant == b.constant;
  return mlirValueEqual(a.value, b.value);
}

static MlirValue *findCached(OnnxContext *ctx, int kind, OnnxIndex a, OnnxIndex b) {
  intptr_t oldest = ctx->cacheCount > CACHE_WINDOW ? ctx->cacheCount - CACHE_WINDOW : 0;
  for (intptr_t i = ctx->cacheCount; i-- > oldest;) {
    OnnxCached *c = &ctx->cache[i];
    if (c->kind == kind && onnxSameIndex(c->a, a) && onnxSameIndex(c->b, b)) return &c->result;
  }
  return NULL;
}
static void addCached(OnnxContext *ctx, int kind, OnnxIndex a, OnnxIndex b, MlirValue result) {
  if (ctx->cacheCount == ctx->cacheCapacity) {
    intptr_t capacity = ctx->cacheCapacity ? 2 * ctx->cacheCapacity : 64;
    OnnxCached *cache = realloc(ctx->cache, (size_t)capacity * sizeof *cache);
    if (!cache) return; // a cache may forget
    ctx->cache = cache, ctx->cacheCapacity = capacity;
  }
  ctx->cache[ctx->cacheCount++] = (OnnxCached){kind, a, b, result};
}

MlirValue onnxIndexValue(OnnxContext *ctx, OnnxIndex a) {
  if (!onnxIsConst(a)) return a.value;
  MlirValue *cached = findCached(ctx, CONSTANT, a, onnxConst(0));
  if (cached) return *cached;
  MlirValue v = constIndex(&ctx->builder, a.constant);
  addCached(ctx, CONSTANT, a, onnxConst(0), v);
  return v;
}

static int64_t floorDivide(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a % b < 0) != (b < 0)); }

static bool foldConstants(OnnxContext *ctx, int kind, int64_t a, int64_t b, int64_t *r) {
  switch (kind) {
  case ADD:
    return !__builtin_add_overflow(a, b, r);
  case SUB:
    return !__builtin_sub_overflow(a, b, r);
  case MUL:
    return !__builtin_mul_overflow(a, b, r);
  case MIN:
    return *r = a < b ? a : b, true;
  case MAX:
    return *r = a > b ? a : b, true;
  default:
    break;
  }
  if (!b || (b == -1 && a == INT64_MIN)) {
    onnxInvalid(ctx, "a size is divided by zero or overflows");
    return *r = 0, true;
  }
  *r = kind == DIV ? a / b : kind == FLOORDIV ? floorDivide(a, b) : kind == CEILDIV ? -floorDivide(-a, b) : a % b;
  return true;
}

static MlirValue buildArithmetic(DlcBuilder *b, int kind, MlirValue x, MlirValue y) {
  switch (kind) {
  case ADD:
    return arith_addi(b, x, y);
  case SUB:
    return arith_subi(b, x, y);
  case MUL:
    return arith_muli(b, x, y);
  case DIV:
    return arith_divsi(b, x, y);
  case FLOORDIV:
    return arith_floordivsi(b, x, y);
  case CEILDIV:
    return arith_ceildivsi(b, x, y);
  case REM:
    return arith_remsi(b, x, y);
  case MIN:
    return arith_minsi(b, x, y);
  default:
    return arith_maxsi(b, x, y);
  }
}

static OnnxIndex calculate(OnnxContext *ctx, int kind, OnnxIndex a, OnnxIndex b) {
  if (ctx->status) return onnxConst(0);
  if (onnxIsConst(a) && onnxIsConst(b)) {
    int64_t r = 0;
    if (!foldConstants(ctx, kind, a.constant, b.constant, &r)) onnxInvalid(ctx, "a size overflows 64 bits");
    return onnxConst(r);
  }
  if ((kind == ADD || kind == SUB) && onnxIs(b, 0)) return a;
  if (kind == ADD && onnxIs(a, 0)) return b;
  if (kind == SUB && onnxSameIndex(a, b)) return onnxConst(0);
  if (kind == MUL && (onnxIs(a, 0) || onnxIs(b, 1))) return a;
  if (kind == MUL && (onnxIs(b, 0) || onnxIs(a, 1))) return b;
  if ((kind == DIV || kind == FLOORDIV || kind == CEILDIV) && onnxIs(b, 1)) return a;
  if ((kind == MIN || kind == MAX) && onnxSameIndex(a, b)) return a;
  if ((kind == ADD || kind == MUL || kind == MIN || kind == MAX) && onnxIsConst(a)) {
    OnnxIndex swapped = a;
    a = b, b = swapped;
  }
  MlirValue *cached = findCached(ctx, kind, a, b);
  if (cached) return (OnnxIndex){.value = *cached};
  MlirValue v = buildArithmetic(&ctx->builder, kind, onnxIndexValue(ctx, a), onnxIndexValue(ctx, b));
  addCached(ctx, kind, a, b, v);
  return (OnnxIndex){.value = v};
}
OnnxIndex onnxAdd(OnnxContext *ctx, OnnxIndex a, OnnxIndex b) { return calculate(ctx, ADD, a, b); }
OnnxIndex onnxSub(OnnxContext *ctx, OnnxIndex a, OnnxIndex b) { return calculate(ctx, SUB, a, b); }
OnnxIndex onnxMul(OnnxContext *ctx, OnnxIndex a, OnnxIndex b) { return calculate(ctx, MUL, a, b); }
OnnxIndex onnxDiv(OnnxContext *ctx, OnnxIndex a, OnnxIndex b) { return calculate(ctx, DIV, a, b); }
OnnxIndex onnxFloorDiv(OnnxContext *ctx, OnnxIndex a, OnnxIndex b) { return calculate(ctx, FLOORDIV, a, b); }
OnnxIndex onnxCeilDiv(OnnxContext *ctx, OnnxIndex a, OnnxIndex b) { return calculate(ctx, CEILDIV, a, b); }
OnnxIndex onnxRem(OnnxContext *ctx, OnnxIndex a, OnnxIndex b) { return calculate(ctx, REM, a, b); }
OnnxIndex onnxMin(OnnxContext *ctx, OnnxIndex a, OnnxIndex b) { return calculate(ctx, MIN, a, b); }
OnnxIndex onnxMax(OnnxContext *ctx, OnnxIndex a, OnnxIndex b) { return calculate(ctx, MAX, a, b); }

static bool compareConstants(int predicate, int64_t a, int64_t b) {
  switch (predicate) {
  case arith_CmpIPredicate_eq:
    return a == b;
  case arith_CmpIPredicate_ne:
    return a != b;
  case arith_CmpIPredicate_slt:
    return a < b;
  case arith_CmpIPredicate_sle:
    return a <= b;
  case arith_CmpIPredicate_sgt:
    return a > b;
  default:
    return a >= b;
  }
}
// Sizes and loop counters, and what comes from them by sums, products and quotients.
bool onnxIsNonNegative(OnnxIndex a, int depth) {
  if (onnxIsConst(a)) return a.constant >= 0;
  if (mlirValueIsABlockArgument(a.value)) return mlirTypeIsAIndex(typeOf(a.value));
  MlirOperation op = opOf(a.value);
  if (tensor_dim_isa(op)) return true;
  if (arith_constant_isa(op)) return mlirIntegerAttrGetValueInt(arith_constant_value(op)) >= 0;
  bool both = arith_addi_isa(op) || arith_muli_isa(op) || arith_divsi_isa(op) || arith_floordivsi_isa(op) ||
              arith_ceildivsi_isa(op) || arith_remsi_isa(op) || arith_minsi_isa(op),
       either = arith_maxsi_isa(op);
  if (!depth || (!both && !either)) return false;
  bool x = onnxIsNonNegative((OnnxIndex){.value = mlirOperationGetOperand(op, 0)}, depth - 1);
  bool y = onnxIsNonNegative((OnnxIndex){.value = mlirOperationGetOperand(op, 1)}, depth - 1);
  return both ? x && y : x || y;
}
// What comparing a size with a constant below it says already: 0 no, 1 yes, -1 unknown.
static int compareSize(int predicate, OnnxIndex a, OnnxIndex b) {
  if (!onnxIsConst(b) || b.constant > 0 || !onnxIsNonNegative(a, 8)) return -1;
  switch (predicate) {
  case arith_CmpIPredicate_eq:
    return b.constant < 0 ? 0 : -1;
  case arith_CmpIPredicate_ne:
    return b.constant < 0 ? 1 : -1;
  case arith_CmpIPredicate_slt:
    return 0;
  case arith_CmpIPredicate_sge:
    return 1;
  default:
    return -1;
  }
}
OnnxIndex onnxSelectIndex(OnnxContext *ctx, int predicate, OnnxIndex a, OnnxIndex b, OnnxIndex x, OnnxIndex y) {
  if (ctx->status) return onnxConst(0);
  if (onnxIsConst(a) && onnxIsConst(b)) return compareConstants(predicate, a.constant, b.constant) ? x : y;
  if (onnxSameIndex(a, b)) return compareConstants(predicate, 0, 0) ? x : y;
  if (onnxSameIndex(x, y)) return x;
  int known = compareSize(predicate, a, b);
  if (known < 0 && (predicate == arith_CmpIPredicate_eq || predicate == arith_CmpIPredicate_ne))
    known = compareSize(predicate, b, a);
  if (known >= 0) return known ? x : y;
  MlirValue condition =
      arith_cmpi(&ctx->builder, (arith_CmpIPredicate)predicate, onnxIndexValue(ctx, a), onnxIndexValue(ctx, b));
  return (OnnxIndex){.value = arith_select(&ctx->builder, condition, onnxIndexValue(ctx, x), onnxIndexValue(ctx, y))};
}

OnnxIndex onnxProduct(OnnxContext *ctx, int n, const OnnxIndex *dims) {
  OnnxIndex r = onnxConst(1);
  for (int i = 0; i < n; ++i) r = onnxMul(ctx, r, dims[i]);
  return r;
}

// A product taken apart: a constant and SSA factors; multiplications in the IR are followed.
typedef struct {
  int64_t constant;
  MlirValue values[64];
  int count;
  bool overflow;
} Factors;
static void addFactor(Factors *f, OnnxIndex a, int depth) {
  if (onnxIsConst(a)) {
    f->overflow |= __builtin_mul_overflow(f->constant, a.constant, &f->constant);
    return;
  }
  MlirOperation op = opOf(a.value);
  if (depth < 8 && arith_muli_isa(op)) {
    addFactor(f, (OnnxIndex){.value = arith_muli_lhs(op)}, depth + 1);
    addFactor(f, (OnnxIndex){.value = arith_muli_rhs(op)}, depth + 1);
    return;
  }
  if (arith_constant_isa(op)) {
    addFactor(f, onnxConst(mlirIntegerAttrGetValueInt(arith_constant_value(op))), depth);
    return;
  }
  if (f->count == 64)
    f->overflow = true;
  else
    f->values[f->count++] = a.value;
}
static Factors factorise(int n, const OnnxIndex *dims) {
  Factors f = {.constant = 1};
  for (int i = 0; i < n; ++i) addFactor(&f, dims[i], 0);
  return f;
}
static bool cancel(Factors *a, MlirValue v) {
  for (int i = 0; i < a->count; ++i)
    if (mlirValueEqual(a->values[i], v)) return a->values[i] = a->values[--a->count], true;
  return false;
}
OnnxIndex onnxQuotient(OnnxContext *ctx, int n, const OnnxIndex *dims, int m, const OnnxIndex *by) {
  Factors a = factorise(n, dims), b = factorise(m, by);
  if (a.overflow || b.overflow) return onnxDiv(ctx, onnxProduct(ctx, n, dims), onnxProduct(ctx, m, by));
  for (int i = 0; i < b.count;) {
    if (cancel(&a, b.values[i]))
      b.values[i] = b.values[--b.count];
    else
      ++i;
  }
  if (b.constant && a.constant % b.constant == 0) a.constant /= b.constant, b.constant = 1;
  OnnxIndex above = onnxConst(1), below = onnxConst(1);
  for (int i = 0; i < a.count; ++i) above = onnxMul(ctx, above, (OnnxIndex){.value = a.values[i]});
  for (int i = 0; i < b.count; ++i) below = onnxMul(ctx, below, (OnnxIndex){.value = b.values[i]});
  above = onnxMul(ctx, above, onnxConst(a.constant)), below = onnxMul(ctx, below, onnxConst(b.constant));
  return onnxDiv(ctx, above, below);
}

void onnxAssert(OnnxContext *ctx, MlirValue condition, const char *what) {
  if (ctx->status) return;
  char message[512];
  if (ctx->node)
    snprintf(message, sizeof message, "node \"%s\" (%s): %s", ctx->node->name, ctx->node->type, what);
  else
    snprintf(message, sizeof message, "%s", what);
  cf_assert(&ctx->builder, .arg = condition, .msg = mlirStringRefCreateFromCString(message));
}
void onnxRequireEqual(OnnxContext *ctx, OnnxIndex a, OnnxIndex b, const char *what) {
  if (ctx->status || onnxSameIndex(a, b)) return;
  if (onnxIsConst(a) && onnxIsConst(b)) {
    onnxInvalid(ctx, "%s: %lld and %lld differ", what, (long long)a.constant, (long long)b.constant);
    return;
  }
  Factors x = factorise(1, &a), y = factorise(1, &b);
  while (y.count && cancel(&x, y.values[y.count - 1])) --y.count;
  if (!x.count && !y.count && x.constant == y.constant && !x.overflow && !y.overflow) return;
  char text[256];
  snprintf(text, sizeof text, "%s must be equal", what);
  MlirValue equal = arith_cmpi(&ctx->builder, arith_CmpIPredicate_eq, onnxIndexValue(ctx, a), onnxIndexValue(ctx, b));
  onnxAssert(ctx, equal, text);
}
