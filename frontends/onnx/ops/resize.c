// Resize and Upsample. Interpolation is separable: one dimension after another,
// each as a table of weights and one of places [size, taps], and a generic that
// gathers by them. Taking the nearest element is one gather for all dimensions.
// Coordinates are in float64; scales, sizes and the region may come from data.
#include "frontends/onnx/generate.h"
#include "frontends/onnx/ops/table.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/math.h"
#include <math.h>
#include <string.h>

#define B onnxBuilder(ctx)

static OnnxValue *optional(const OnnxNode *node, int i) { return i < node->inputCount ? node->inputs[i] : NULL; }

//===--- float64 numbers, known at import or computed ---
typedef struct {
  double known; // when value is null
  MlirValue value;
} Real;
static Real known(double x) { return (Real){.known = x}; }
static MlirValue number(OnnxContext *ctx, Real x) {
  return isNull(x.value) ? onnxConstantScalar(ctx, ONNX_DOUBLE, x.known) : x.value;
}
static MlirValue literal(OnnxContext *ctx, double x) { return onnxConstantScalar(ctx, ONNX_DOUBLE, x); }
static Real calculate(OnnxContext *ctx, OnnxArithmetic kind, Real a, Real b) {
  if (isNull(a.value) && isNull(b.value)) return known(onnxFoldFloat(kind, a.known, b.known));
  return (Real){.value = onnxArithmetic(ctx, kind, ONNX_DOUBLE, number(ctx, a), number(ctx, b))};
}
static MlirValue toReal(OnnxContext *ctx, MlirValue idx) {
  return arith_sitofp(B, arith_index_cast(B, idx, mlirIntegerTypeGet(B->ctx, 64)), mlirF64TypeGet(B->ctx));
}
static Real ofIndex(OnnxContext *ctx, OnnxIndex a) {
  return onnxIsConst(a) ? known((double)a.constant) : (Real){.value = toReal(ctx, onnxIndexValue(ctx, a))};
}
static OnnxIndex floorOf(OnnxContext *ctx, Real x) {
  if (isNull(x.value)) return onnxConst(x.known >= 0 && x.known < 1e15 ? (int64_t)x.known : -1);
  MlirValue n = arith_fptosi(B, math_floor(B, x.value), mlirIntegerTypeGet(B->ctx, 64));
  return (OnnxIndex){.value = arith_index_cast(B, n, indexType(B))};
}
// The elements of a small vector of floats; false when there is none, or it is empty.
static bool readReals(OnnxContext *ctx, OnnxValue *v, int n, Real *out) {
  if (!v || onnxFailed(ctx) || (v->rank == 1 && onnxIs(v->dims[0], 0))) return false;
  if (v->rank != 1 || !onnxIsFloat(v->element)) return onnxInvalid(ctx, "scales or roi are no vector of floats"), false;
  onnxRequireEqual(ctx, v->dims[0], onnxConst(n), "the length of scales or roi and what the axes need");
  for (int i = 0; i < n && !onnxFailed(ctx); ++i) {
    if (v->data) {
      out[i] = known(onnxGetFloat(v, i));
      continue;
    }
    MlirValue at = onnxIndexValue(ctx, onnxConst(i));
    out[i] = (Real){.value = onnxConvert(ctx, onnxAt(ctx, v, &at), v->element, ONNX_DOUBLE)};
  }
  return !onnxFailed(ctx);
}

//===--- what the node asks for ---
typedef enum {
  HALF_PIXEL,
  HALF_PIXEL_SYMMETRIC,
  PYTORCH_HALF_PIXEL,
  ALIGN_CORNERS,
  ASYMMETRIC,
  CROP_AND_RESIZE,
  TF_HALF_PIXEL
} Transformation;
typedef enum { ROUND_PREFER_FLOOR, ROUND_PREFER_CEIL, FLOOR, CEIL } Rounding;
typedef enum { NEAREST, LINEAR, CUBIC } Mode;
typedef struct {
  OnnxIndex in, out;
  Real scale, start, end; // the region, for CROP_AND_RESIZE
} Side;
typedef struct {
  Transformation transformation;
  Rounding rounding;
  Mode mode;
  bool antialias, excludeOutside;
  double cubic, extrapolation;
  int rank;
  Side side[ONNX_MAX_RANK];
} Resize;
static int choose(OnnxContext *ctx, const char *attribute, const char *text, int n, const char *const *names) {
  for (int i = 0; i < n; ++i)
    if (!strcmp(text, names[i])) return i;
  onnxRefuse(ctx, "attribute %s = \"%s\" is not supported", attribute, text);
  return 0;
}
static void readAttributes(OnnxContext *ctx, OnnxNode *node, Resize *r) {
  static const char *const transformations[] = {"half_pixel",          "half_pixel_symmetric", "pytorch_half_pixel",
                                                "align_corners",       "asymmetric",           "tf_crop_and_resize",
                                                "tf_half_pixel_for_nn"}; // the last one until opset 12
  static const char *const roundings[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
  static const char *const modes[] = {"nearest", "linear", "cubic"};
  const char *mode = onnxString(ctx, node, "mode", "nearest");
  if (!strcmp(mode, "bilinear") && node->opset < 9) mode = "linear";
  r->mode = (Mode)choose(ctx, "mode", mode, 3, modes);
  if (node->opset < 11) {
    r->transformation = ASYMMETRIC, r->rounding = FLOOR;
    return;
  }
  r->transformation = (Transformation)choose(ctx, "coordinate_transformation_mode",
                                             onnxString(ctx, node, "coordinate_transformation_mode", "half_pixel"),
                                             node->opset < 13 ? 7 : 6, transformations);
  r->rounding =
      (Rounding)choose(ctx, "nearest_mode", onnxString(ctx, node, "nearest_mode", "round_prefer_floor"), 4, roundings);
  r->cubic = onnxFloat(ctx, node, "cubic_coeff_a", -0.75),
  r->extrapolation = onnxFloat(ctx, node, "extrapolation_value", 0);
  r->excludeOutside = onnxInt(ctx, node, "exclude_outside", 0) != 0;
  r->antialias = node->opset >= 18 && onnxInt(ctx, node, "antialias", 0);
}
// The dimensions that scales, sizes and roi speak of.
static int readAxes(OnnxContext *ctx, OnnxNode *node, int rank, int *axes) {
  const int64_t *given = NULL;
  int n = node->opset >= 18 ? onnxInts(ctx, node, "axes", &given) : 0;
  if (n > rank) return onnxInvalid(ctx, "%d axes for rank %d", n, rank), 0;
  for (int i = 0; i < (n ? n : rank); ++i) axes[i] = n ? (int)onnxAxis(ctx, given[i], rank) : i;
  return n ? n : rank;
}
static void setSizes(OnnxContext *ctx, OnnxNode *node, Resize *r, OnnxValue *sizes, int n, const int *axes) {
  static const char *const policies[] = {"stretch", "not_larger", "not_smaller"};
  int policy = node->opset >= 18 ? choose(ctx, "keep_aspect_ratio_policy",
                                          onnxString(ctx, node, "keep_aspect_ratio_policy", "stretch"), 3, policies)
                                 : 0;
  const OnnxIndex *list;
  int count = onnxElements(ctx, sizes, &list, true);
  if (onnxFailed(ctx)) return;
  if (count != n) return onnxInvalid(ctx, "%d sizes for %d axes", count, n);
  Real common = known(0);
  for (int i = 0; i < n; ++i) {
    Side *s = &r->side[axes[i]];
    if (onnxIsConst(list[i]) && list[i].constant < 0) return onnxInvalid(ctx, "a size is negative");
    s->out = list[i], s->scale = calculate(ctx, ONNX_DIV, ofIndex(ctx, s->out), ofIndex(ctx, s->in));
    common = i ? calculate(ctx, policy == 1 ? ONNX_MIN : ONNX_MAX, common, s->scale) : s->scale;
  }
  for (int i = 0; i < n && policy; ++i) {
    Side *s = &r->side[axes[i]];
    s->scale = common,
    s->out = floorOf(ctx, calculate(ctx, ONNX_ADD, calculate(ctx, ONNX_MUL, common, ofIndex(ctx, s->in)), known(0.5)));
  }
}
static void readSides(OnnxContext *ctx, OnnxNode *node, OnnxValue *x, Resize *r) {
  int axes[ONNX_MAX_RANK], n = readAxes(ctx, node, x->rank, axes);
  const float *list;
  Real reals[2 * ONNX_MAX_RANK];
  r->rank = x->rank;
  for (int i = 0; i < x->rank; ++i) r->side[i] = (Side){x->dims[i], x->dims[i], known(1), known(0), known(1)};
  bool old = node->opset < 11, given;
  OnnxValue *sizes = old ? NULL : optional(node, 3), *roi = old ? NULL : optional(node, 1);
  if (sizes && onnxIs(sizes->rank ? sizes->dims[0] : onnxConst(1), 0)) sizes = NULL;
  if (node->opset < 9) {
    given = onnxFloats(ctx, node, "scales", &list) == n;
    for (int i = 0; i < n && given; ++i) reals[i] = known(list[i]);
  } else
    given = readReals(ctx, optional(node, old ? 1 : 2), n, reals);
  if (onnxFailed(ctx)) return;
  if (given == (sizes != NULL)) return onnxInvalid(ctx, "it needs either scales or sizes");
  if (sizes)
    setSizes(ctx, node, r, sizes, n, axes);
  else if (node->opset >= 18)
    onnxString(ctx, node, "keep_aspect_ratio_policy", "stretch"); // of sizes only
  for (int i = 0; i < n && given; ++i) {
    Side *s = &r->side[axes[i]];
    s->scale = reals[i], s->out = floorOf(ctx, calculate(ctx, ONNX_MUL, reals[i], ofIndex(ctx, s->in)));
    if (isNull(reals[i].value) && !(reals[i].known > 0)) return onnxInvalid(ctx, "a scale is not positive");
  }
  if (r->transformation != CROP_AND_RESIZE || onnxFailed(ctx)) return;
  if (!readReals(ctx, roi, 2 * n, reals)) return onnxInvalid(ctx, "tf_crop_and_resize needs roi");
  for (int i = 0; i < n; ++i) r->side[axes[i]].start = reals[i], r->side[axes[i]].end = reals[n + i];
}

//===--- coordinates ---
typedef struct {
  const Resize *resize;
  const Side *side;
  OnnxIndex radius; // taps are at floor(x) - radius ...
  OnnxElement element;
} TapData;
static MlirValue op2(OnnxContext *ctx, OnnxArithmetic kind, MlirValue a, MlirValue b) {
  return onnxArithmetic(ctx, kind, ONNX_DOUBLE, a, b);
}
// The place in the input of element `at` of the output.
static MlirValue sourceOf(OnnxContext *ctx, const Resize *r, const Side *s, MlirValue at) {
  MlirValue y = toReal(ctx, at), scale = number(ctx, s->scale), in = number(ctx, ofIndex(ctx, s->in)),
            one = literal(ctx, 1), half = literal(ctx, 0.5);
  MlirValue width = op2(ctx, ONNX_MUL, scale, in), last = op2(ctx, ONNX_SUB, in, one),
            steps = op2(ctx, ONNX_SUB, width, one);
  MlirValue isOne = arith_cmpf(B, arith_CmpFPredicate_OEQ, width, one);
  MlirValue halfPixel = op2(ctx, ONNX_SUB, op2(ctx, ONNX_DIV, op2(ctx, ONNX_ADD, y, half), scale), half);
  switch (r->transformation) {
  case HALF_PIXEL:
    return halfPixel;
  case PYTORCH_HALF_PIXEL:
    return arith_select(B, isOne, literal(ctx, -0.5), halfPixel);
  case ASYMMETRIC:
    return op2(ctx, ONNX_DIV, y, scale);
  case TF_HALF_PIXEL:
    return op2(ctx, ONNX_DIV, op2(ctx, ONNX_ADD, y, half), scale);
  case ALIGN_CORNERS:
    return arith_select(B, isOne, literal(ctx, 0), op2(ctx, ONNX_DIV, op2(ctx, ONNX_MUL, y, last), steps));
  case HALF_PIXEL_SYMMETRIC: {
    MlirValue adjustment = op2(ctx, ONNX_DIV, number(ctx, ofIndex(ctx, s->out)), width);
    MlirValue offset = op2(ctx, ONNX_MUL, op2(ctx, ONNX_MUL, in, half), op2(ctx, ONNX_SUB, one, adjustment));
    return op2(ctx, ONNX_ADD, offset, halfPixel);
  }
  default:
    break;
  }
  MlirValue start = number(ctx, s->start),
            extent = op2(ctx, ONNX_MUL, op2(ctx, ONNX_SUB, number(ctx, s->end), start), last);
  MlirValue x = arith_select(B, isOne, op2(ctx, ONNX_MUL, extent, half),
                             op2(ctx, ONNX_DIV, op2(ctx, ONNX_MUL, y, extent), steps));
  return op2(ctx, ONNX_ADD, x, op2(ctx, ONNX_MUL, start, last));
}
static MlirValue isOutside(OnnxContext *ctx, const Side *s, MlirValue x) {
  MlirValue last = op2(ctx, ONNX_SUB, number(ctx, ofIndex(ctx, s->in)), literal(ctx, 1));
  return arith_ori(B, arith_cmpf(B, arith_CmpFPredicate_OLT, x, literal(ctx, 0)),
                   arith_cmpf(B, arith_CmpFPredicate_OGT, x, last));
}
// Clamped to the input; as an index.
static MlirValue clampPlace(OnnxContext *ctx, const Side *s, MlirValue x) {
  MlirValue last = op2(ctx, ONNX_SUB, number(ctx, ofIndex(ctx, s->in)), literal(ctx, 1));
  x = arith_minnumf(B, arith_maxnumf(B, x, literal(ctx, 0)), last); // NaN gives 0
  return arith_index_cast(B, arith_fptosi(B, x, mlirIntegerTypeGet(B->ctx, 64)), indexType(B));
}
static bool isWhole(const Resize *r, const Side *s) {
  bool one = isNull(s->scale.value) && s->scale.known == 1 && onnxSameIndex(s->in, s->out);
  bool all = isNull(s->start.value) && isNull(s->end.value) && s->start.known == 0 && s->end.known == 1;
  return one && (r->transformation != CROP_AND_RESIZE || all);
}

//===--- nearest ---
typedef struct {
  const Resize *resize;
  OnnxValue *x;
} NearestData;
static MlirValue nearestBody(OnnxContext *ctx, const MlirValue *at, void *data) {
  NearestData *d = data;
  const Resize *r = d->resize;
  MlirValue where[ONNX_MAX_RANK], outside = {0};
  for (int i = 0; i < r->rank; ++i) {
    const Side *s = &r->side[i];
    where[i] = at[i];
    if (isWhole(r, s)) continue;
    MlirValue x = sourceOf(ctx, r, s, at[i]), near;
    switch (r->rounding) {
    case ROUND_PREFER_FLOOR:
      near = math_ceil(B, op2(ctx, ONNX_SUB, x, literal(ctx, 0.5)));
      break;
    case ROUND_PREFER_CEIL:
      near = math_floor(B, op2(ctx, ONNX_ADD, x, literal(ctx, 0.5)));
      break;
    case FLOOR:
      near = math_floor(B, x);
      break;
    default:
      near = math_ceil(B, x);
      break;
    }
    where[i] = clampPlace(ctx, s, near);
    if (r->transformation != CROP_AND_RESIZE) continue;
    MlirValue here = isOutside(ctx, s, x);
    outside = isNull(outside) ? here : arith_ori(B, outside, here);
  }
  MlirValue v = onnxAt(ctx, d->x, where);
  return isNull(outside) ? v : arith_select(B, outside, onnxConstantScalar(ctx, d->x->element, r->extrapolation), v);
}

//===--- linear and cubic ---
static MlirValue tapPlace(OnnxContext *ctx, const TapData *d, MlirValue x, MlirValue tap) {
  MlirValue first = op2(ctx, ONNX_SUB, math_floor(B, x), number(ctx, ofIndex(ctx, d->radius)));
  return op2(ctx, ONNX_ADD, first, toReal(ctx, tap));
}
static MlirValue placeBody(OnnxContext *ctx, const MlirValue *at, void *data) {
  TapData *d = data;
  MlirValue place = tapPlace(ctx, d, sourceOf(ctx, d->resize, d->side, at[0]), at[1]);
  return arith_index_cast(B, clampPlace(ctx, d->side, place), mlirIntegerTypeGet(B->ctx, 64));
}
static MlirValue polynomial(OnnxContext *ctx, MlirValue x, double a, double b, double c,
                            double d) { // a x^3 + b x^2 + c x + d
  MlirValue r = op2(ctx, ONNX_ADD, op2(ctx, ONNX_MUL, literal(ctx, a), x), literal(ctx, b));
  r = op2(ctx, ONNX_ADD, op2(ctx, ONNX_MUL, r, x), literal(ctx, c));
  return op2(ctx, ONNX_ADD, op2(ctx, ONNX_MUL, r, x), literal(ctx, d));
}
static MlirValue kernelAt(OnnxContext *ctx, const Resize *r, MlirValue distance) {
  MlirValue zero = literal(ctx, 0), one = literal(ctx, 1);
  if (r->mode == LINEAR) return op2(ctx, ONNX_MAX, op2(ctx, ONNX_SUB, one, distance), zero);
  double a = r->cubic;
  MlirValue inner = polynomial(ctx, distance, a + 2, -(a + 3), 0, 1),
            outer = polynomial(ctx, distance, a, -5 * a, 8 * a, -4 * a);
  MlirValue far = arith_select(B, arith_cmpf(B, arith_CmpFPredicate_OLT, distance, literal(ctx, 2)), outer, zero);
  return arith_select(B, arith_cmpf(B, arith_CmpFPredicate_OLE, distance, one), inner, far);
}
static MlirValue weightBody(OnnxContext *ctx, const MlirValue *at, void *data) {
  TapData *d = data;
  MlirValue x = sourceOf(ctx, d->resize, d->side, at[0]), place = tapPlace(ctx, d, x, at[1]);
  MlirValue distance = math_absf(B, op2(ctx, ONNX_SUB, place, x));
  if (d->resize->antialias)
    distance = op2(ctx, ONNX_MUL, distance, op2(ctx, ONNX_MIN, number(ctx, d->side->scale), literal(ctx, 1)));
  MlirValue w = kernelAt(ctx, d->resize, distance);
  if (d->resize->excludeOutside) w = arith_select(B, isOutside(ctx, d->side, place), literal(ctx, 0), w);
  return onnxConvert(ctx, w, ONNX_DOUBLE, d->element);
}
static MlirValue shareBody(OnnxContext *ctx, const MlirValue *in, void *data) {
  OnnxElement e = *(OnnxElement *)data;
  MlirValue empty = arith_cmpf(B, arith_CmpFPredicate_OEQ, in[1], onnxConstantScalar(ctx, e, 0));
  return arith_divf(B, in[0], arith_select(B, empty, onnxConstantScalar(ctx, e, 1), in[1]));
}
typedef struct {
  OnnxValue *x;
  OnnxElement element;
  int axis;
} GatherData;
static void gatherBody(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) { // weight, place, sum
  GatherData *d = data;
  MlirValue at[ONNX_MAX_RANK];
  for (int i = 0; i < d->x->rank; ++i)
    at[i] = i == d->axis ? arith_index_cast(B, args[1], indexType(B)) : linalg_index(B, .dim = i);
  MlirValue v = onnxConvert(ctx, onnxAt(ctx, d->x, at), d->x->element, d->element);
  results[0] =
      onnxArithmetic(ctx, ONNX_ADD, d->element, args[2], onnxArithmetic(ctx, ONNX_MUL, d->element, args[0], v));
}
static MlirValue cropBody(OnnxContext *ctx, const MlirValue *at, void *data) {
  GatherData *g = ((void **)data)[0];
  const Resize *r = ((void **)data)[1];
  MlirValue outside = isOutside(ctx, &r->side[g->axis], sourceOf(ctx, r, &r->side[g->axis], at[g->axis]));
  return arith_select(B, outside, onnxConstantScalar(ctx, g->element, r->extrapolation), onnxAt(ctx, g->x, at));
}
// How far taps reach to the left of floor(x), and how many there are.
static bool findTaps(OnnxContext *ctx, const Resize *r, const Side *s, OnnxIndex *radius, OnnxIndex *taps) {
  int64_t support = r->mode == CUBIC ? 2 : 1;
  if (!r->antialias) return *radius = onnxConst(support - 1), *taps = onnxConst(2 * support), true;
  int64_t reach;
  if (isNull(s->scale.value)) {
    double least = fmin(s->scale.known, 1);
    if (least < 1e-6) return onnxRefuse(ctx, "an antialiased scale of %g is not supported", least), false;
    reach = (int64_t)ceil((double)support / least);
  } else if (onnxIsConst(s->in))
    reach = support * (s->in.constant + 1); // at least one element is left
  else
    return onnxRefuse(ctx,
                      "attribute antialias = 1 on a dynamic size with a scale that is not constant is not supported"),
           false;
  return *radius = onnxConst(reach), *taps = onnxConst(2 * reach + 2), true;
}
static OnnxValue *resizeAxis(OnnxContext *ctx, const Resize *r, OnnxValue *x, int axis) {
  const Side *s = &r->side[axis];
  OnnxIndex radius, taps, dims[ONNX_MAX_RANK];
  if (onnxFailed(ctx) || !x || isWhole(r, s) || !findTaps(ctx, r, s, &radius, &taps)) return x;
  if (x->rank >= ONNX_MAX_RANK) return onnxRefuse(ctx, "rank %d is not supported", x->rank), NULL;
  OnnxElement e = onnxWide(x->element);
  TapData d = {r, s, radius, e};
  onnxTensor(ctx, x);
  OnnxValue *places = onnxGenerate(ctx, ONNX_INT64, 2, (OnnxIndex[]){s->out, taps}, placeBody, &d);
  OnnxValue *weights = onnxGenerate(ctx, e, 2, (OnnxIndex[]){s->out, taps}, weightBody, &d);
  if (r->antialias || r->excludeOutside) {
    OnnxValue *sum = onnxReduceWith(ctx, ONNX_REDUCE_SUM, weights, (bool[]){false, true}, true);
    weights = onnxElementwise(ctx, 2, (OnnxValue *[]){weights, sum}, e, shareBody, &e, ONNX_EXACT_TYPES);
  }
  char iterators[ONNX_MAX_RANK + 2] = {0};
  int same[ONNX_MAX_RANK], table[] = {axis, x->rank};
  memset(iterators, 'p', (size_t)x->rank);
  iterators[x->rank] = 'r';
  for (int i = 0; i < x->rank; ++i) dims[i] = i == axis ? s->out : x->dims[i], same[i] = i;
  MlirAffineMap map = onnxMap(ctx, x->rank + 1, 2, table);
  OnnxAccess ins[] = {{onnxTensor(ctx, weights), map}, {onnxTensor(ctx, places), map}};
  OnnxAccess out = {onnxZeros(ctx, e, x->rank, dims), onnxMap(ctx, x->rank + 1, x->rank, same)};
  GatherData g = {x, e, axis};
  MlirValue sum;
  onnxGeneric(ctx, iterators, 2, ins, 1, &out, gatherBody, &g, &sum);
  OnnxValue *y = onnxNewTensor(ctx, e, x->rank, dims, sum);
  if (r->transformation != CROP_AND_RESIZE || !y) return y;
  g.x = y;
  return onnxGenerate(ctx, e, x->rank, dims, cropBody, (void *[]){&g, (void *)r});
}

static void lowerResize(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0];
  Resize *r = onnxAllocate(ctx, sizeof *r);
  readAttributes(ctx, node, r);
  if (onnxFailed(ctx)) return;
  if (r->mode == NEAREST && r->antialias)
    return onnxRefuse(ctx, "attribute antialias = 1 with mode = \"nearest\" is not supported");
  if (r->mode != NEAREST && !onnxIsFloat(x->element)) return onnxRefuseElement(ctx, x);
  readSides(ctx, node, x, r);
  if (onnxFailed(ctx)) return;
  OnnxIndex dims[ONNX_MAX_RANK];
  for (int i = 0; i < x->rank; ++i) {
    dims[i] = r->side[i].out;
    if (onnxIs(x->dims[i], 0) && !onnxIs(dims[i], 0)) return onnxInvalid(ctx, "dimension %d is empty", i);
  }
  if (r->mode == NEAREST) {
    NearestData d = {r, x};
    onnxTensor(ctx, x);
    return onnxSetOutput(ctx, node, 0, onnxGenerate(ctx, x->element, x->rank, dims, nearestBody, &d));
  }
  OnnxValue *y = x;
  for (int i = 0; i < x->rank; ++i) y = resizeAxis(ctx, r, y, i);
  onnxSetOutput(ctx, node, 0, onnxCast(ctx, y, x->element));
}

const OnnxOperator dlcOnnxResize[] = {{"Resize", 10, 10, 2, 2, lowerResize},
                                      {"Resize", 11, 0, 1, 4, lowerResize},
                                      {"Upsample", 7, 8, 1, 1, lowerResize},
                                      {"Upsample", 9, 9, 2, 2, lowerResize},
                                      {0}};
