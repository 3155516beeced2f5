// QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear, QLinearMatMul and
// MatMulInteger on integers of 8 and 16 bits: y = saturate(round(x / scale) + zero
// point), with halves rounded to even. Scales are computed with in float32.
#include "frontends/onnx/ops/quantise.h"
#include "frontends/onnx/ops/table.h"
#include "ods/arith.h"
#include "ods/math.h"

#define B onnxBuilder(ctx)

static OnnxValue *optional(const OnnxNode *node, int i) { return i < node->inputCount ? node->inputs[i] : NULL; }
static bool isQuantised(OnnxElement e) { return onnxIsInteger(e) && onnxElementSize(e) <= 2; }

//===--- scales and zero points ---
// Blocks of `block` elements along `axis` share an element of p.
static OnnxValue *spreadBlocks(OnnxContext *ctx, const OnnxValue *x, OnnxValue *p, int axis, int64_t block) {
  if (p->rank != x->rank || p->rank == ONNX_MAX_RANK)
    return onnxInvalid(ctx, "scales of rank %d for blocks of a tensor of rank %d", p->rank, x->rank), NULL;
  OnnxIndex dims[ONNX_MAX_RANK], offsets[ONNX_MAX_RANK], ones[ONNX_MAX_RANK];
  for (int i = 0; i < p->rank; ++i) {
    dims[i + (i > axis)] = p->dims[i], offsets[i] = onnxConst(0), ones[i] = onnxConst(1);
    if (i != axis) onnxRequireEqual(ctx, p->dims[i], x->dims[i], "sizes of the scale and the input");
  }
  onnxRequireEqual(ctx, p->dims[axis], onnxCeilDiv(ctx, x->dims[axis], onnxConst(block)), "the number of blocks");
  dims[axis + 1] = onnxConst(1);
  OnnxValue *spread = onnxReshape(ctx, p, p->rank + 1, dims);
  dims[axis + 1] = onnxConst(block);
  spread = onnxExpand(ctx, spread, p->rank + 1, dims);
  for (int i = 0; i < p->rank; ++i) dims[i] = p->dims[i];
  dims[axis] = onnxMul(ctx, dims[axis], onnxConst(block));
  return onnxSlice(ctx, onnxReshape(ctx, spread, p->rank, dims), offsets, x->dims, ones);
}
OnnxValue *onnxAlongAxis(OnnxContext *ctx, const OnnxValue *x, OnnxValue *p, int axis) {
  if (onnxFailed(ctx) || !p) return NULL;
  if (p->rank == 0 || (p->rank == 1 && onnxIs(p->dims[0], 1))) return onnxReshape(ctx, p, 0, NULL);
  if (p->rank != 1 || axis >= x->rank)
    return onnxRefuse(ctx, "a scale or zero point of rank %d is not supported", p->rank), NULL;
  onnxRequireEqual(ctx, p->dims[0], x->dims[axis], "the size of a scale or zero point and that of the axis");
  OnnxIndex dims[ONNX_MAX_RANK];
  for (int i = 0; i < x->rank; ++i) dims[i] = i == axis ? p->dims[0] : onnxConst(1);
  return onnxReshape(ctx, p, x->rank, dims);
}
// By the attributes axis and block_size.
typedef struct {
  int axis;
  int64_t block;
} Granularity;
static bool readGranularity(OnnxContext *ctx, OnnxNode *node, const OnnxValue *x, const OnnxValue *scale,
                            Granularity *g) {
  *g = (Granularity){0};
  int64_t axis = node->opset >= 13 ? onnxInt(ctx, node, "axis", 1) : 0;
  if (node->opset >= 21) g->block = onnxInt(ctx, node, "block_size", 0);
  if (g->block < 0) return onnxInvalid(ctx, "attribute block_size = %lld", (long long)g->block), false;
  if (scale->rank && !(scale->rank == 1 && onnxIs(scale->dims[0], 1)))
    g->axis = (int)onnxAxis(ctx, axis, x->rank);
  else
    g->block = 0;
  return !onnxFailed(ctx);
}
static OnnxValue *align(OnnxContext *ctx, const OnnxValue *x, OnnxValue *p, Granularity g) {
  if (onnxFailed(ctx) || !p) return NULL;
  return g.block ? spreadBlocks(ctx, x, p, g.axis, g.block) : onnxAlongAxis(ctx, x, p, g.axis);
}

//===--- quantise, dequantise ---
typedef struct {
  OnnxElement x, scale, quantised;
} Types;
static MlirValue toFloat(OnnxContext *ctx, MlirValue v, OnnxElement e) {
  return e == ONNX_FLOAT ? v : onnxConvert(ctx, v, e, ONNX_FLOAT);
}
static MlirValue quantiseBody(OnnxContext *ctx, const MlirValue *in,
                              void *data) { // x, scale, zero point if there is one
  Types *t = data;
  bool isSigned = !onnxIsUnsigned(t->quantised);
  int bits = 8 * (int)onnxElementSize(t->quantised);
  double low = isSigned ? -(double)(1 << (bits - 1)) : 0, high = low + (double)((1 << bits) - 1);
  MlirValue y = math_roundeven(B, arith_divf(B, toFloat(ctx, in[0], t->x), toFloat(ctx, in[1], t->scale)));
  if (!isNull(in[2])) y = arith_addf(B, y, toFloat(ctx, in[2], t->quantised));
  y = arith_minnumf(B, arith_maxnumf(B, y, onnxConstantScalar(ctx, ONNX_FLOAT, low)),
                    onnxConstantScalar(ctx, ONNX_FLOAT, high));
  return onnxConvert(ctx, y, ONNX_FLOAT, t->quantised);
}
static MlirValue quantisePlainBody(OnnxContext *ctx, const MlirValue *in, void *data) {
  return quantiseBody(ctx, (MlirValue[]){in[0], in[1], {0}}, data);
}
OnnxValue *onnxQuantise(OnnxContext *ctx, OnnxValue *x, OnnxValue *scale, OnnxValue *zero, OnnxElement to) {
  if (onnxFailed(ctx) || !x || !scale) return NULL;
  Types t = {x->element, scale->element, to};
  return onnxElementwise(ctx, zero ? 3 : 2, (OnnxValue *[]){x, scale, zero}, to,
                         zero ? quantiseBody : quantisePlainBody, &t, ONNX_EXACT_TYPES);
}
static MlirValue dequantiseBody(OnnxContext *ctx, const MlirValue *in, void *data) { // x - zero point in int32, scale
  Types *t = data;
  return onnxConvert(ctx, arith_mulf(B, toFloat(ctx, in[0], t->x), toFloat(ctx, in[1], t->scale)), ONNX_FLOAT,
                     t->quantised);
}

//===--- the operators ---
static OnnxElement readType(OnnxContext *ctx, OnnxNode *node, int since, OnnxElement initial) {
  int64_t e = node->opset >= since ? onnxInt(ctx, node, "output_dtype", 0) : 0;
  return e ? (OnnxElement)e : initial;
}
static void lowerQuantizeLinear(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0], *scale = node->inputs[1], *zero = optional(node, 2);
  OnnxElement to = readType(ctx, node, 21, zero ? zero->element : ONNX_UINT8);
  if (node->opset >= 19) onnxInt(ctx, node, "saturate", 1); // of float8 only
  int64_t precision = node->opset >= 23 ? onnxInt(ctx, node, "precision", 0) : 0;
  if (precision && precision != ONNX_FLOAT)
    return onnxRefuse(ctx, "attribute precision = %s is not supported", onnxElementName((OnnxElement)precision));
  if (!onnxIsFloat(scale->element) || scale->element == ONNX_DOUBLE) return onnxRefuseElement(ctx, scale);
  if ((!onnxIsFloat(x->element) && x->element != ONNX_INT32) || x->element == ONNX_DOUBLE)
    return onnxRefuseElement(ctx, x);
  if (!isQuantised(to)) return onnxRefuse(ctx, "quantisation to %s is not supported", onnxElementName(to));
  if (zero && zero->element != to)
    return onnxInvalid(ctx, "a zero point of type %s for an output of %s", onnxElementName(zero->element),
                       onnxElementName(to));
  Granularity g;
  if (!readGranularity(ctx, node, x, scale, &g)) return;
  onnxSetOutput(ctx, node, 0, onnxQuantise(ctx, x, align(ctx, x, scale, g), align(ctx, x, zero, g), to));
}
static void lowerDequantizeLinear(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0], *scale = node->inputs[1], *zero = optional(node, 2);
  OnnxElement to = readType(ctx, node, 23, scale->element);
  if (!onnxIsFloat(scale->element) || scale->element == ONNX_DOUBLE) return onnxRefuseElement(ctx, scale);
  if (!isQuantised(x->element) && x->element != ONNX_INT32) return onnxRefuseElement(ctx, x);
  if (!onnxIsFloat(to) || to == ONNX_DOUBLE)
    return onnxRefuse(ctx, "attribute output_dtype = %s is not supported", onnxElementName(to));
  if (zero && zero->element != x->element) return onnxInvalid(ctx, "a zero point of another type than the input");
  Granularity g;
  if (!readGranularity(ctx, node, x, scale, &g)) return;
  OnnxValue *centred = onnxCast(ctx, x, ONNX_INT32);
  if (zero) centred = onnxBinary(ctx, ONNX_SUB, centred, align(ctx, x, onnxCast(ctx, zero, ONNX_INT32), g));
  OnnxValue *factor = align(ctx, x, scale, g);
  Types t = {ONNX_INT32, scale->element, to};
  if (centred && factor)
    onnxSetOutput(ctx, node, 0,
                  onnxElementwise(ctx, 2, (OnnxValue *[]){centred, factor}, to, dequantiseBody, &t, ONNX_EXACT_TYPES));
}
static MlirValue rangeBody(OnnxContext *ctx, const MlirValue *in, void *data) { // least, greatest: the scale
  (void)data;
  MlirValue range = arith_subf(B, in[1], in[0]), zero = onnxConstantScalar(ctx, ONNX_FLOAT, 0);
  MlirValue scale = arith_divf(B, range, onnxConstantScalar(ctx, ONNX_FLOAT, 255));
  return arith_select(B, arith_cmpf(B, arith_CmpFPredicate_OEQ, range, zero), onnxConstantScalar(ctx, ONNX_FLOAT, 1),
                      scale);
}
static MlirValue negateBody(OnnxContext *ctx, const MlirValue *in, void *data) {
  (void)data;
  return arith_negf(B, in[0]);
}
static void lowerDynamicQuantizeLinear(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0], *nought = onnxScalarConstant(ctx, ONNX_FLOAT, 0);
  bool mask[ONNX_MAX_RANK];
  for (int i = 0; i < x->rank; ++i) mask[i] = true;
  if (x->element != ONNX_FLOAT) return onnxRefuseElement(ctx, x);
  OnnxValue *least = onnxBinary(ctx, ONNX_MIN, onnxReduceWith(ctx, ONNX_REDUCE_MIN, x, mask, false), nought);
  OnnxValue *greatest = onnxBinary(ctx, ONNX_MAX, onnxReduceWith(ctx, ONNX_REDUCE_MAX, x, mask, false), nought);
  if (onnxFailed(ctx)) return;
  OnnxValue *scale =
      onnxElementwise(ctx, 2, (OnnxValue *[]){least, greatest}, ONNX_FLOAT, rangeBody, NULL, ONNX_EXACT_TYPES);
  OnnxValue *zero = onnxQuantise(ctx, onnxElementwise(ctx, 1, &least, ONNX_FLOAT, negateBody, NULL, ONNX_EXACT_TYPES),
                                 scale, NULL, ONNX_UINT8);
  onnxSetOutput(ctx, node, 0, onnxQuantise(ctx, x, scale, zero, ONNX_UINT8));
  onnxSetOutput(ctx, node, 1, scale);
  onnxSetOutput(ctx, node, 2, zero);
}

//===--- products ---
OnnxValue *onnxCentre(OnnxContext *ctx, OnnxValue *x, OnnxValue *zero, int axis) {
  if (onnxFailed(ctx) || !x) return NULL;
  if (onnxElementSize(x->element) != 1 || x->element == ONNX_BOOL) return onnxRefuseElement(ctx, x), NULL;
  OnnxValue *wide = onnxCast(ctx, x, ONNX_INT32);
  if (!zero) return wide;
  if (zero->element != x->element) return onnxInvalid(ctx, "a zero point of another type"), NULL;
  return onnxBinary(ctx, ONNX_SUB, wide, onnxAlongAxis(ctx, x, onnxCast(ctx, zero, ONNX_INT32), axis));
}
OnnxValue *onnxRequantise(OnnxContext *ctx, OnnxValue *sum, OnnxValue *scaleA, OnnxValue *scaleB, OnnxValue *scaleY,
                          OnnxValue *zero) {
  OnnxValue *scales[] = {scaleA, scaleB, scaleY};
  for (int i = 0; i < 3; ++i)
    if (scales[i] && (!onnxIsFloat(scales[i]->element) || scales[i]->element == ONNX_DOUBLE))
      return onnxRefuseElement(ctx, scales[i]), NULL;
  for (int i = 0; i < 3; ++i) scales[i] = onnxCast(ctx, scales[i], ONNX_FLOAT);
  OnnxValue *factor = onnxBinary(ctx, ONNX_DIV, onnxBinary(ctx, ONNX_MUL, scales[0], scales[1]), scales[2]);
  OnnxValue *y = onnxBinary(ctx, ONNX_MUL, onnxCast(ctx, sum, ONNX_FLOAT), factor);
  return y ? onnxQuantise(ctx, y, onnxScalarConstant(ctx, ONNX_FLOAT, 1), zero, zero->element) : NULL;
}
static OnnxValue *multiplyCentred(OnnxContext *ctx, OnnxValue *a, OnnxValue *zeroA, OnnxValue *b, OnnxValue *zeroB) {
  if (a->rank < 2 || b->rank < 2)
    return onnxRefuse(ctx, "operands of rank %d and %d are not supported", a->rank, b->rank), NULL;
  return onnxMatMul(ctx, onnxCentre(ctx, a, zeroA, a->rank - 2), onnxCentre(ctx, b, zeroB, b->rank - 1));
}
static void lowerMatMulInteger(OnnxContext *ctx, OnnxNode *node) {
  onnxSetOutput(ctx, node, 0,
                multiplyCentred(ctx, node->inputs[0], optional(node, 2), node->inputs[1], optional(node, 3)));
}
static void lowerQLinearMatMul(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *const *in = node->inputs;
  if (!isQuantised(in[7]->element) || onnxElementSize(in[7]->element) != 1) return onnxRefuseElement(ctx, in[7]);
  OnnxValue *sum = multiplyCentred(ctx, in[0], in[2], in[3], in[5]);
  if (!sum) return;
  OnnxValue *scaleA = onnxAlongAxis(ctx, sum, in[1], sum->rank - 2),
            *scaleB = onnxAlongAxis(ctx, sum, in[4], sum->rank - 1);
  OnnxValue *scaleY = onnxAlongAxis(ctx, sum, in[6], sum->rank - 2),
            *zero = onnxAlongAxis(ctx, sum, in[7], sum->rank - 2);
  if (!onnxFailed(ctx)) onnxSetOutput(ctx, node, 0, onnxRequantise(ctx, sum, scaleA, scaleB, scaleY, zero));
}

const OnnxOperator dlcOnnxQuantise[] = {{"QuantizeLinear", 10, 0, 2, 3, lowerQuantizeLinear},
                                        {"DequantizeLinear", 10, 0, 2, 3, lowerDequantizeLinear},
                                        {"DynamicQuantizeLinear", 11, 0, 1, 1, lowerDynamicQuantizeLinear},
                                        {"MatMulInteger", 10, 0, 2, 4, lowerMatMulInteger},
                                        {"QLinearMatMul", 10, 0, 8, 8, lowerQLinearMatMul},
                                        {0}};
