// Unary and binary arithmetic, one linalg.generic each. Bodies see float16 and
// bfloat16 as float32.
#include "frontends/onnx/ops/table.h"
#include "ods/arith.h"
#include "ods/math.h"
#include <math.h>
#include <string.h>

typedef struct {
  OnnxElement element; // as seen by the body
  double alpha, beta;
} UnaryData;
typedef MlirValue (*UnaryBody)(OnnxContext *ctx, MlirValue x, const UnaryData *d);
#define B onnxBuilder(ctx)
#define FLOATING(x) onnxConstantScalar(ctx, d->element, x)

static MlirValue constantLike(OnnxContext *ctx, const UnaryData *d, int64_t x) {
  return onnxConstantInt(ctx, d->element, x);
}
static MlirValue greater(OnnxContext *ctx, MlirValue a, MlirValue b) {
  return arith_cmpf(B, arith_CmpFPredicate_OGT, a, b);
}
static MlirValue less(OnnxContext *ctx, MlirValue a, MlirValue b) {
  return arith_cmpf(B, arith_CmpFPredicate_OLT, a, b);
}

static MlirValue bodyAbs(OnnxContext *ctx, MlirValue x, const UnaryData *d) {
  if (onnxIsFloat(d->element)) return math_absf(B, x);
  return onnxIsUnsigned(d->element) ? x : math_absi(B, x);
}
static MlirValue bodyNeg(OnnxContext *ctx, MlirValue x, const UnaryData *d) {
  return onnxIsFloat(d->element) ? arith_negf(B, x) : arith_subi(B, constantLike(ctx, d, 0), x);
}
static MlirValue bodySign(OnnxContext *ctx, MlirValue x, const UnaryData *d) {
  MlirValue zero = constantLike(ctx, d, 0), one = constantLike(ctx, d, 1);
  if (onnxIsFloat(d->element)) {
    MlirValue negative = arith_select(B, less(ctx, x, zero), FLOATING(-1), x); // zero and NaN give themselves
    return arith_select(B, greater(ctx, x, zero), one, negative);
  }
  if (onnxIsUnsigned(d->element)) return arith_minui(B, x, one);
  return arith_maxsi(B, arith_minsi(B, x, one), constantLike(ctx, d, -1));
}
static MlirValue bodyCeil(OnnxContext *ctx, MlirValue x, const UnaryData *d) { return (void)d, math_ceil(B, x); }
static MlirValue bodyFloor(OnnxContext *ctx, MlirValue x, const UnaryData *d) { return (void)d, math_floor(B, x); }
static MlirValue bodyRound(OnnxContext *ctx, MlirValue x, const UnaryData *d) { return (void)d, math_roundeven(B, x); }
static MlirValue bodySqrt(OnnxContext *ctx, MlirValue x, const UnaryData *d) { return (void)d, math_sqrt(B, x); }
static MlirValue bodyExp(OnnxContext *ctx, MlirValue x, const UnaryData *d) { return (void)d, math_exp(B, x); }
static MlirValue bodyLog(OnnxContext *ctx, MlirValue x, const UnaryData *d) { return (void)d, math_log(B, x); }
static MlirValue bodySin(OnnxContext *ctx, MlirValue x, const UnaryData *d) { return (void)d, math_sin(B, x); }
static MlirValue bodyCos(OnnxContext *ctx, MlirValue x, const UnaryData *d) { return (void)d, math_cos(B, x); }
static MlirValue bodyTan(OnnxContext *ctx, MlirValue x, const UnaryData *d) { return (void)d, math_tan(B, x); }
static MlirValue bodyAsin(OnnxContext *ctx, MlirValue x, const UnaryData *d) { return (void)d, math_asin(B, x); }
static MlirValue bodyAcos(OnnxContext *ctx, MlirValue x, const UnaryData *d) { return (void)d, math_acos(B, x); }
static MlirValue bodyAtan(OnnxContext *ctx, MlirValue x, const UnaryData *d) { return (void)d, math_atan(B, x); }
static MlirValue bodySinh(OnnxContext *ctx, MlirValue x, const UnaryData *d) { return (void)d, math_sinh(B, x); }
static MlirValue bodyCosh(OnnxContext *ctx, MlirValue x, const UnaryData *d) { return (void)d, math_cosh(B, x); }
static MlirValue bodyAsinh(OnnxContext *ctx, MlirValue x, const UnaryData *d) { return (void)d, math_asinh(B, x); }
static MlirValue bodyAcosh(OnnxContext *ctx, MlirValue x, const UnaryData *d) { return (void)d, math_acosh(B, x); }
static MlirValue bodyAtanh(OnnxContext *ctx, MlirValue x, const UnaryData *d) { return (void)d, math_atanh(B, x); }
static MlirValue bodyTanh(OnnxContext *ctx, MlirValue x, const UnaryData *d) { return (void)d, math_tanh(B, x); }
static MlirValue bodyErf(OnnxContext *ctx, MlirValue x, const UnaryData *d) { return (void)d, math_erf(B, x); }
static MlirValue bodyReciprocal(OnnxContext *ctx, MlirValue x, const UnaryData *d) {
  return arith_divf(B, FLOATING(1), x);
}
static MlirValue bodySigmoid(OnnxContext *ctx, MlirValue x, const UnaryData *d) {
  MlirValue one = FLOATING(1);
  return arith_divf(B, one, arith_addf(B, one, math_exp(B, arith_negf(B, x))));
}
static MlirValue bodyRelu(OnnxContext *ctx, MlirValue x, const UnaryData *d) {
  MlirValue zero = constantLike(ctx, d, 0);
  return onnxIsFloat(d->element) ? arith_maximumf(B, x, zero) : arith_maxsi(B, x, zero);
}
static MlirValue bodyLeakyRelu(OnnxContext *ctx, MlirValue x, const UnaryData *d) {
  return arith_select(B, less(ctx, x, FLOATING(0)), arith_mulf(B, x, FLOATING(d->alpha)), x);
}
static MlirValue bodyElu(OnnxContext *ctx, MlirValue x, const UnaryData *d) {
  MlirValue below = arith_mulf(B, FLOATING(d->alpha), math_expm1(B, x));
  return arith_select(B, less(ctx, x, FLOATING(0)), below, x);
}
static MlirValue bodyCelu(OnnxContext *ctx, MlirValue x, const UnaryData *d) {
  MlirValue zero = FLOATING(0), alpha = FLOATING(d->alpha);
  MlirValue below = arith_mulf(B, alpha, math_expm1(B, arith_divf(B, x, alpha)));
  return arith_addf(B, arith_maximumf(B, x, zero), arith_minimumf(B, below, zero));
}
static MlirValue bodySelu(OnnxContext *ctx, MlirValue x, const UnaryData *d) {
  MlirValue below = arith_mulf(B, FLOATING(d->alpha), math_expm1(B, x));
  return arith_mulf(B, FLOATING(d->beta), arith_select(B, greater(ctx, x, FLOATING(0)), x, below));
}
static MlirValue bodyHardSigmoid(OnnxContext *ctx, MlirValue x, const UnaryData *d) {
  MlirValue y = arith_addf(B, arith_mulf(B, x, FLOATING(d->alpha)), FLOATING(d->beta));
  return arith_maximumf(B, FLOATING(0), arith_minimumf(B, FLOATING(1), y));
}
static MlirValue bodyHardSwish(OnnxContext *ctx, MlirValue x, const UnaryData *d) {
  UnaryData sixth = {d->element, 1.0 / 6, 0.5};
  return arith_mulf(B, x, bodyHardSigmoid(ctx, x, &sixth));
}
static MlirValue bodyThresholdedRelu(OnnxContext *ctx, MlirValue x, const UnaryData *d) {
  return arith_select(B, greater(ctx, x, FLOATING(d->alpha)), x, FLOATING(0));
}
// log(1 + exp(x)), without overflow: max(x, 0) + log1p(exp(-|x|))
static MlirValue bodySoftplus(OnnxContext *ctx, MlirValue x, const UnaryData *d) {
  MlirValue rest = math_log1p(B, math_exp(B, arith_negf(B, math_absf(B, x))));
  return arith_addf(B, arith_maximumf(B, x, FLOATING(0)), rest);
}
static MlirValue bodySoftsign(OnnxContext *ctx, MlirValue x, const UnaryData *d) {
  return arith_divf(B, x, arith_addf(B, FLOATING(1), math_absf(B, x)));
}
static MlirValue bodyMish(OnnxContext *ctx, MlirValue x, const UnaryData *d) {
  return arith_mulf(B, x, math_tanh(B, bodySoftplus(ctx, x, d)));
}
static MlirValue bodySwish(OnnxContext *ctx, MlirValue x, const UnaryData *d) {
  return arith_mulf(B, x, bodySigmoid(ctx, arith_mulf(B, FLOATING(d->alpha), x), d));
}
static MlirValue bodyGelu(OnnxContext *ctx, MlirValue x, const UnaryData *d) {
  MlirValue inner = math_erf(B, arith_mulf(B, x, FLOATING(M_SQRT1_2)));
  return arith_mulf(B, arith_mulf(B, FLOATING(0.5), x), arith_addf(B, FLOATING(1), inner));
}
static MlirValue bodyGeluTanh(OnnxContext *ctx, MlirValue x, const UnaryData *d) {
  MlirValue cube = arith_mulf(B, arith_mulf(B, x, x), x);
  MlirValue inner =
      arith_mulf(B, FLOATING(0.7978845608028654), arith_addf(B, x, arith_mulf(B, FLOATING(0.044715), cube)));
  return arith_mulf(B, arith_mulf(B, FLOATING(0.5), x), arith_addf(B, FLOATING(1), math_tanh(B, inner)));
}
static MlirValue bodyShrink(OnnxContext *ctx, MlirValue x, const UnaryData *d) { // alpha: lambd, beta: bias
  MlirValue above =
      arith_select(B, greater(ctx, x, FLOATING(d->alpha)), arith_subf(B, x, FLOATING(d->beta)), FLOATING(0));
  return arith_select(B, less(ctx, x, FLOATING(-d->alpha)), arith_addf(B, x, FLOATING(d->beta)), above);
}

static const struct {
  const char *type;
  UnaryBody body;
  bool integers; // defined on integers as well
  const char *alphaName, *betaName;
  double alpha, beta;
} unary[] = {{.type = "Abs", .body = bodyAbs, .integers = true},
             {.type = "Neg", .body = bodyNeg, .integers = true},
             {.type = "Sign", .body = bodySign, .integers = true},
             {.type = "Ceil", .body = bodyCeil},
             {.type = "Floor", .body = bodyFloor},
             {.type = "Round", .body = bodyRound},
             {.type = "Sqrt", .body = bodySqrt},
             {.type = "Exp", .body = bodyExp},
             {.type = "Log", .body = bodyLog},
             {.type = "Sin", .body = bodySin},
             {.type = "Cos", .body = bodyCos},
             {.type = "Tan", .body = bodyTan},
             {.type = "Asin", .body = bodyAsin},
             {.type = "Acos", .body = bodyAcos},
             {.type = "Atan", .body = bodyAtan},
             {.type = "Sinh", .body = bodySinh},
             {.type = "Cosh", .body = bodyCosh},
             {.type = "Asinh", .body = bodyAsinh},
             {.type = "Acosh", .body = bodyAcosh},
             {.type = "Atanh", .body = bodyAtanh},
             {.type = "Tanh", .body = bodyTanh},
             {.type = "Erf", .body = bodyErf},
             {.type = "Reciprocal", .body = bodyReciprocal},
             {.type = "Sigmoid", .body = bodySigmoid},
             {.type = "Relu", .body = bodyRelu, .integers = true},
             {.type = "LeakyRelu", .body = bodyLeakyRelu, .alphaName = "alpha", .alpha = 0.01},
             {.type = "Elu", .body = bodyElu, .alphaName = "alpha", .alpha = 1},
             {.type = "Celu", .body = bodyCelu, .alphaName = "alpha", .alpha = 1},
             {.type = "Selu",
              .body = bodySelu,
              .alphaName = "alpha",
              .betaName = "gamma",
              .alpha = 1.67326319217681884765625,
              .beta = 1.05070102214813232421875},
             {.type = "HardSigmoid",
              .body = bodyHardSigmoid,
              .alphaName = "alpha",
              .betaName = "beta",
              .alpha = 0.2,
              .beta = 0.5},
             {.type = "HardSwish", .body = bodyHardSwish},
             {.type = "ThresholdedRelu", .body = bodyThresholdedRelu, .alphaName = "alpha", .alpha = 1},
             {.type = "Softplus", .body = bodySoftplus},
             {.type = "Softsign", .body = bodySoftsign},
             {.type = "Mish", .body = bodyMish},
             {.type = "Swish", .body = bodySwish, .alphaName = "alpha", .alpha = 1},
             {.type = "Shrink",
              .body = bodyShrink,
              .integers = true,
              .alphaName = "lambd",
              .betaName = "bias",
              .alpha = 0.5,
              .beta = 0}};

typedef struct {
  UnaryBody body;
  UnaryData data;
} UnaryCall;
static MlirValue callUnary(OnnxContext *ctx, const MlirValue *in, void *data) {
  UnaryCall *call = data;
  return call->body(ctx, in[0], &call->data);
}
// On constants, and on sizes as far as integers go: shape computations negate and round.
static double calculate(const char *type, double x) {
  if (!strcmp(type, "Neg")) return -x;
  if (!strcmp(type, "Abs")) return fabs(x);
  if (!strcmp(type, "Ceil")) return ceil(x);
  if (!strcmp(type, "Floor")) return floor(x);
  if (!strcmp(type, "Sqrt")) return sqrt(x);
  return 1 / x;
}
static OnnxValue *foldUnary(OnnxContext *ctx, const char *type, OnnxValue *x) {
  static const char *const foldable[] = {"Neg", "Abs", "Ceil", "Floor", "Sqrt", "Reciprocal"};
  bool negates = !strcmp(type, "Neg"), known = false;
  for (int i = 0; i < 6; ++i) known |= !strcmp(type, foldable[i]);
  if (!known || (!x->data && !x->elements) || onnxCount(x) > ONNX_MAX_ELEMENTS) return NULL;
  int64_t n = onnxCount(x), sizes[ONNX_MAX_RANK];
  if (x->elements) {
    const OnnxIndex *list;
    if (!negates || onnxElements(ctx, x, &list, false) < 0) return NULL;
    OnnxIndex *negated = onnxAllocate(ctx, (size_t)n * sizeof *negated + 1);
    for (int64_t i = 0; i < n; ++i) negated[i] = onnxSub(ctx, onnxConst(0), list[i]);
    return onnxNewElements(ctx, x->element, x->rank, negated, (int)n);
  }
  for (int i = 0; i < x->rank; ++i) sizes[i] = x->dims[i].constant;
  void *data;
  OnnxValue *v = onnxNewConstant(ctx, x->element, x->rank, sizes, &data);
  for (int64_t i = 0; v && i < n; ++i) {
    if (onnxIsFloat(x->element))
      onnxPutFloat(x->element, data, i, calculate(type, onnxGetFloat(x, i)));
    else {
      int64_t value = onnxGetInt(x, i);
      bool flip = negates || (value < 0 && !onnxIsUnsigned(x->element));
      onnxPutInt(x->element, data, i, flip ? (int64_t)(0 - (uint64_t)value) : value);
    }
  }
  return v;
}
static void lowerUnary(OnnxContext *ctx, OnnxNode *node) {
  size_t i = 0;
  while (strcmp(unary[i].type, node->type)) ++i;
  OnnxValue *x = node->inputs[0];
  if (x->element == ONNX_BOOL || !(unary[i].integers || onnxIsFloat(x->element))) return onnxRefuseElement(ctx, x);
  if (!strcmp(node->type, "Shrink") && !onnxIsFloat(x->element)) return onnxRefuseElement(ctx, x);
  OnnxValue *folded = foldUnary(ctx, node->type, x);
  if (folded || onnxFailed(ctx)) return onnxSetOutput(ctx, node, 0, folded);
  UnaryCall call = {unary[i].body, {onnxWide(x->element), unary[i].alpha, unary[i].beta}};
  if (unary[i].alphaName) call.data.alpha = onnxFloat(ctx, node, unary[i].alphaName, unary[i].alpha);
  if (unary[i].betaName) call.data.beta = onnxFloat(ctx, node, unary[i].betaName, unary[i].beta);
  onnxSetOutput(ctx, node, 0, onnxElementwise(ctx, 1, &x, x->element, callUnary, &call, ONNX_WIDEN));
}
static void lowerGelu(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  const char *form = onnxString(ctx, node, "approximate", "none");
  bool tanh = !strcmp(form, "tanh");
  if (!tanh && strcmp(form, "none")) return onnxRefuse(ctx, "attribute approximate = \"%s\" is not supported", form);
  if (!onnxIsFloat(x->element)) return onnxRefuseElement(ctx, x);
  UnaryCall call = {tanh ? bodyGeluTanh : bodyGelu, {.element = onnxWide(x->element)}};
  onnxSetOutput(ctx, node, 0, onnxElementwise(ctx, 1, &x, x->element, callUnary, &call, ONNX_WIDEN));
}
static void lowerIdentity(OnnxContext *ctx, OnnxNode *node) { onnxSetOutput(ctx, node, 0, node->inputs[0]); }

//===--- two and more inputs ---
static void lowerBinary(OnnxContext *ctx, OnnxNode *node) {
  static const char *const types[] = {"Add", "Sub", "Mul", "Div"};
  int kind = 0;
  while (strcmp(types[kind], node->type)) ++kind;
  if (node->inputs[0]->element == ONNX_BOOL) return onnxRefuseElement(ctx, node->inputs[0]);
  OnnxValue *b = node->opset < 7 ? onnxAlignOld(ctx, node, node->inputs[0], node->inputs[1]) : node->inputs[1];
  onnxSetOutput(ctx, node, 0, onnxBinary(ctx, (OnnxArithmetic)kind, node->inputs[0], b));
}
// Max, Min, Sum, Mean of any number of inputs.
static void lowerVariadic(OnnxContext *ctx, OnnxNode *node) {
  bool mean = !strcmp(node->type, "Mean");
  OnnxArithmetic kind = !strcmp(node->type, "Max") ? ONNX_MAX : !strcmp(node->type, "Min") ? ONNX_MIN : ONNX_ADD;
  OnnxValue *r = node->inputs[0];
  if (r->element == ONNX_BOOL) return onnxRefuseElement(ctx, r);
  for (int i = 1; i < node->inputCount; ++i) r = onnxBinary(ctx, kind, r, node->inputs[i]);
  if (mean && r) r = onnxBinary(ctx, ONNX_DIV, r, onnxScalarConstant(ctx, r->element, node->inputCount));
  onnxSetOutput(ctx, node, 0, r);
}

#define UNARY(name, since) {name, since, 0, 1, 1, lowerUnary}
const OnnxOperator dlcOnnxElementwise[] = {UNARY("Abs", 1),
                                           UNARY("Neg", 1),
                                           UNARY("Sign", 9),
                                           UNARY("Ceil", 1),
                                           UNARY("Floor", 1),
                                           UNARY("Round", 11),
                                           UNARY("Sqrt", 1),
                                           UNARY("Exp", 1),
                                           UNARY("Log", 1),
                                           UNARY("Sin", 7),
                                           UNARY("Cos", 7),
                                           UNARY("Tan", 7),
                                           UNARY("Asin", 7),
                                           UNARY("Acos", 7),
                                           UNARY("Atan", 7),
                                           UNARY("Sinh", 9),
                                           UNARY("Cosh", 9),
                                           UNARY("Asinh", 9),
                                           UNARY("Acosh", 9),
                                           UNARY("Atanh", 9),
                                           UNARY("Tanh", 1),
                                           UNARY("Erf", 9),
                                           UNARY("Reciprocal", 1),
                                           UNARY("Sigmoid", 1),
                                           UNARY("Relu", 1),
                                           UNARY("LeakyRelu", 1),
                                           UNARY("Elu", 1),
                                           UNARY("Celu", 12),
                                           UNARY("Selu", 6),
                                           UNARY("HardSigmoid", 1),
                                           UNARY("HardSwish", 14),
                                           UNARY("ThresholdedRelu", 10),
                                           UNARY("Softplus", 1),
                                           UNARY("Softsign", 1),
                                           UNARY("Mish", 18),
                                           UNARY("Swish", 24),
                                           UNARY("Shrink", 9),
                                           {"Gelu", 20, 0, 1, 1, lowerGelu},
                                           {"Identity", 1, 0, 1, 1, lowerIdentity},
                                           {"Add", 6, 0, 2, 2, lowerBinary},
                                           {"Sub", 6, 0, 2, 2, lowerBinary},
                                           {"Mul", 6, 0, 2, 2, lowerBinary},
                                           {"Div", 6, 0, 2, 2, lowerBinary},
                                           {"Max", 6, 0, 1, -1, lowerVariadic},
                                           {"Min", 6, 0, 1, -1, lowerVariadic},
                                           {"Sum", 6, 0, 1, -1, lowerVariadic},
                                           {"Mean", 6, 0, 1, -1, lowerVariadic},
                                           {0}};
