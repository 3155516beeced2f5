// GridSample, AffineGrid, RoiAlign: gathers at places that are computed, one
// generic each. Places are clamped before they are read, so that no value of the
// data reads foreign memory.
#include "frontends/onnx/generate.h"
#include "frontends/onnx/ops/table.h"
#include "mlir-c/AffineExpr.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/math.h"
#include <string.h>

#define B onnxBuilder(ctx)

static MlirValue op2(OnnxContext *ctx, OnnxArithmetic kind, OnnxElement e, MlirValue a, MlirValue b) {
  return onnxArithmetic(ctx, kind, e, a, b);
}
static MlirValue literal(OnnxContext *ctx, OnnxElement e, double x) { return onnxConstantScalar(ctx, e, x); }
static MlirValue both(OnnxContext *ctx, MlirValue a, MlirValue b) { return isNull(a) ? b : arith_andi(B, a, b); }
static MlirValue sizeOf(OnnxContext *ctx, OnnxIndex size, OnnxElement e) {
  if (onnxIsConst(size)) return literal(ctx, e, (double)size.constant);
  return arith_sitofp(B, arith_index_cast(B, onnxIndexValue(ctx, size), mlirIntegerTypeGet(B->ctx, 64)),
                      onnxElementType(ctx, e));
}
// A float as an index between 0 and last; NaN gives 0.
static MlirValue clampPlace(OnnxContext *ctx, OnnxElement e, MlirValue x, MlirValue last) {
  x = arith_minnumf(B, arith_maxnumf(B, x, literal(ctx, e, 0)), last);
  return arith_index_cast(B, arith_fptosi(B, x, mlirIntegerTypeGet(B->ctx, 64)), indexType(B));
}
static MlirValue within(OnnxContext *ctx, MlirValue x, MlirValue low, MlirValue high) {
  return arith_andi(B, arith_cmpf(B, arith_CmpFPredicate_OGE, x, low), arith_cmpf(B, arith_CmpFPredicate_OLE, x, high));
}

//===--- GridSample ---
typedef enum { NEAREST, LINEAR, CUBIC } Mode;
typedef enum { ZEROS, BORDER, REFLECTION } Padding;
enum { MAX_SPATIAL = 3, MAX_TAPS = 4 };
typedef struct {
  Mode mode;
  Padding padding;
  bool corners;
  OnnxValue *x, *grid;
  OnnxElement element, place; // of the sum, of coordinates
} GridData;
typedef struct {
  MlirValue at, weight, valid; // valid null: always
} Tap;

static MlirValue reflect(OnnxContext *ctx, const GridData *d, MlirValue x, MlirValue size) {
  OnnxElement e = d->place;
  MlirValue low = literal(ctx, e, d->corners ? 0 : -0.5),
            high = op2(ctx, ONNX_SUB, e, size, literal(ctx, e, d->corners ? 1 : 0.5));
  MlirValue range = op2(ctx, ONNX_SUB, e, high, low), half = literal(ctx, e, 0.5);
  MlirValue away = math_absf(B, op2(ctx, ONNX_SUB, e, x, low)),
            times = math_floor(B, op2(ctx, ONNX_DIV, e, away, range));
  MlirValue rest = op2(ctx, ONNX_SUB, e, away, op2(ctx, ONNX_MUL, e, times, range));
  MlirValue halves = op2(ctx, ONNX_MUL, e, times, half),
            even = arith_cmpf(B, arith_CmpFPredicate_OEQ, math_floor(B, halves), halves);
  MlirValue r = arith_select(B, even, op2(ctx, ONNX_ADD, e, low, rest), op2(ctx, ONNX_SUB, e, high, rest));
  MlirValue empty = arith_cmpf(B, arith_CmpFPredicate_OEQ, range, literal(ctx, e, 0));
  return arith_select(B, within(ctx, x, low, high), x, arith_select(B, empty, low, r));
}
static MlirValue sourceOf(OnnxContext *ctx, const GridData *d, MlirValue n, MlirValue size) {
  OnnxElement e = d->place;
  MlirValue one = literal(ctx, e, 1), half = literal(ctx, e, 0.5), last = op2(ctx, ONNX_SUB, e, size, one), x;
  MlirValue shifted = op2(ctx, ONNX_ADD, e, n, one);
  if (d->corners)
    x = op2(ctx, ONNX_MUL, e, op2(ctx, ONNX_MUL, e, shifted, half), last);
  else
    x = op2(ctx, ONNX_MUL, e, op2(ctx, ONNX_SUB, e, op2(ctx, ONNX_MUL, e, shifted, size), one), half);
  if (d->mode == NEAREST) x = math_roundeven(B, x);
  if (d->padding == REFLECTION) return reflect(ctx, d, x, size);
  if (d->padding == ZEROS) return x;
  MlirValue low = literal(ctx, e, d->corners ? 0 : -0.5),
            high = op2(ctx, ONNX_SUB, e, size, literal(ctx, e, d->corners ? 1 : 0.5));
  return arith_select(B, within(ctx, x, low, high), x, arith_minnumf(B, arith_maxnumf(B, x, literal(ctx, e, 0)), last));
}
static MlirValue cubicWeight(OnnxContext *ctx, OnnxElement e, MlirValue t, int tap) {
  const double a = -0.75;
  bool outer = tap == 0 || tap == 3;
  MlirValue x = tap == 0   ? op2(ctx, ONNX_ADD, e, t, literal(ctx, e, 1))
                : tap == 1 ? t
                           : op2(ctx, ONNX_SUB, e, literal(ctx, e, tap - 1), t);
  double c[4] = {outer ? a : a + 2, outer ? -5 * a : -(a + 3), outer ? 8 * a : 0, outer ? -4 * a : 1};
  MlirValue r = literal(ctx, e, c[0]);
  for (int i = 1; i < 4; ++i) r = op2(ctx, ONNX_ADD, e, op2(ctx, ONNX_MUL, e, r, x), literal(ctx, e, c[i]));
  return r;
}
static int findTaps(OnnxContext *ctx, const GridData *d, MlirValue n, OnnxIndex length, Tap *taps) {
  OnnxElement e = d->place;
  MlirValue size = sizeOf(ctx, length, e), x = sourceOf(ctx, d, n, size),
            last = op2(ctx, ONNX_SUB, e, size, literal(ctx, e, 1));
  int count = d->mode == NEAREST ? 1 : d->mode == LINEAR ? 2 : 4, before = d->mode == CUBIC;
  MlirValue floor = d->mode == NEAREST ? x : math_floor(B, x), t = op2(ctx, ONNX_SUB, e, x, floor);
  for (int i = 0; i < count; ++i) {
    MlirValue at = op2(ctx, ONNX_ADD, e, floor, literal(ctx, e, i - before));
    MlirValue w = d->mode == NEAREST ? literal(ctx, e, 1)
                  : d->mode == CUBIC ? cubicWeight(ctx, e, t, i)
                  : i                ? t
                                     : op2(ctx, ONNX_SUB, e, literal(ctx, e, 1), t);
    if (d->padding == REFLECTION) at = reflect(ctx, d, at, size);
    taps[i] = (Tap){.weight = onnxConvert(ctx, w, e, d->element)};
    if (d->padding == ZEROS) taps[i].valid = within(ctx, at, literal(ctx, e, 0), last);
    taps[i].at = clampPlace(ctx, e, at, last);
  }
  return count;
}
static MlirValue gridBody(OnnxContext *ctx, const MlirValue *at, void *data) { // at: batch, channel, place
  GridData *d = data;
  int n = d->x->rank - 2, count = 0, total = 1;
  Tap taps[MAX_SPATIAL][MAX_TAPS];
  for (int i = 0; i < n; ++i) {
    MlirValue where[ONNX_MAX_RANK] = {at[0]};
    for (int k = 0; k < n; ++k) where[1 + k] = at[2 + k];
    where[1 + n] = constIndex(B, n - 1 - i); // the last dimension comes first
    MlirValue coordinate = onnxConvert(ctx, onnxAt(ctx, d->grid, where), d->grid->element, d->place);
    count = findTaps(ctx, d, coordinate, d->x->dims[2 + i], taps[i]);
    total *= count;
  }
  MlirValue sum = literal(ctx, d->element, 0), zero = sum;
  for (int k = 0; k < total; ++k) {
    MlirValue where[ONNX_MAX_RANK] = {at[0], at[1]}, weight = {0}, valid = {0};
    for (int i = n - 1, rest = k; i >= 0; --i, rest /= count) {
      const Tap *tap = &taps[i][rest % count];
      where[2 + i] = tap->at;
      weight = isNull(weight) ? tap->weight : op2(ctx, ONNX_MUL, d->element, weight, tap->weight);
      if (!isNull(tap->valid)) valid = both(ctx, valid, tap->valid);
    }
    MlirValue v = onnxConvert(ctx, onnxAt(ctx, d->x, where), d->x->element, d->element);
    if (!isNull(valid)) v = arith_select(B, valid, v, zero);
    sum = total == 1 ? v : op2(ctx, ONNX_ADD, d->element, sum, op2(ctx, ONNX_MUL, d->element, weight, v));
  }
  return onnxConvert(ctx, sum, d->element, d->x->element);
}
static int choose(OnnxContext *ctx, const char *attribute, const char *text, int n, const char *const *names) {
  for (int i = 0; i < n; ++i)
    if (!strcmp(text, names[i])) return i;
  onnxRefuse(ctx, "attribute %s = \"%s\" is not supported", attribute, text);
  return 0;
}
static void lowerGridSample(OnnxContext *ctx, OnnxNode *node) {
  static const char *const oldModes[] = {"nearest", "bilinear", "bicubic"}, *const modes[] = {"nearest", "linear",
                                                                                              "cubic"};
  static const char *const paddings[] = {"zeros", "border", "reflection"};
  OnnxValue *x = node->inputs[0], *grid = node->inputs[1];
  bool old = node->opset < 20;
  GridData d = {.x = x, .grid = grid, .element = onnxWide(x->element), .place = onnxWide(grid->element)};
  d.mode =
      (Mode)choose(ctx, "mode", onnxString(ctx, node, "mode", old ? "bilinear" : "linear"), 3, old ? oldModes : modes);
  d.padding = (Padding)choose(ctx, "padding_mode", onnxString(ctx, node, "padding_mode", "zeros"), 3, paddings);
  d.corners = onnxInt(ctx, node, "align_corners", 0) != 0;
  if (!onnxIsFloat(x->element) || !onnxIsFloat(grid->element))
    return onnxRefuseElement(ctx, onnxIsFloat(x->element) ? grid : x);
  if (x->rank < 3 || grid->rank != x->rank) return onnxInvalid(ctx, "operands of rank %d and %d", x->rank, grid->rank);
  if (x->rank > 2 + MAX_SPATIAL) return onnxRefuse(ctx, "rank %d is not supported", x->rank);
  onnxRequireEqual(ctx, x->dims[0], grid->dims[0], "batch sizes"),
      onnxRequireEqual(ctx, grid->dims[grid->rank - 1], onnxConst(x->rank - 2), "the grid's last dimension");
  OnnxIndex dims[ONNX_MAX_RANK] = {x->dims[0], x->dims[1]};
  for (int i = 2; i < x->rank; ++i) {
    dims[i] = grid->dims[i - 1];
    if (onnxIs(x->dims[i], 0)) return onnxInvalid(ctx, "dimension %d is empty", i);
  }
  onnxTensor(ctx, x), onnxTensor(ctx, grid);
  onnxSetOutput(ctx, node, 0, onnxGenerate(ctx, x->element, x->rank, dims, gridBody, &d));
}

//===--- AffineGrid ---
typedef struct {
  OnnxValue *theta;
  int n;
  OnnxIndex sizes[MAX_SPATIAL];
  bool corners;
} AffineData;
static MlirValue affineBody(OnnxContext *ctx, const MlirValue *at, void *data) { // at: batch, place, row of theta
  AffineData *d = data;
  const OnnxElement e = ONNX_DOUBLE;
  MlirValue sum = {0}, one = literal(ctx, e, 1);
  for (int i = 0; i <= d->n; ++i) {
    MlirValue where[] = {at[0], at[1 + d->n], constIndex(B, i)}, x = one;
    MlirValue t = onnxConvert(ctx, onnxAt(ctx, d->theta, where), d->theta->element, e);
    if (i < d->n) { // the last spatial dimension is x
      MlirValue size = sizeOf(ctx, d->sizes[d->n - 1 - i], e);
      MlirValue twice = op2(
          ctx, ONNX_MUL, e,
          arith_sitofp(B, arith_index_cast(B, at[d->n - i], mlirIntegerTypeGet(B->ctx, 64)), mlirF64TypeGet(B->ctx)),
          literal(ctx, e, 2));
      if (d->corners)
        x = op2(ctx, ONNX_DIV, e, twice, op2(ctx, ONNX_MAX, e, op2(ctx, ONNX_SUB, e, size, one), one));
      else
        x = op2(ctx, ONNX_DIV, e, op2(ctx, ONNX_ADD, e, twice, one), size);
      x = op2(ctx, ONNX_SUB, e, x, one);
    }
    MlirValue term = op2(ctx, ONNX_MUL, e, t, x);
    sum = isNull(sum) ? term : op2(ctx, ONNX_ADD, e, sum, term);
  }
  return onnxConvert(ctx, sum, e, d->theta->element);
}
static void lowerAffineGrid(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *theta = node->inputs[0];
  AffineData d = {.theta = theta, .corners = onnxInt(ctx, node, "align_corners", 0) != 0};
  const OnnxIndex *size;
  int count = onnxElements(ctx, node->inputs[1], &size, true);
  if (onnxFailed(ctx)) return;
  if (!onnxIsFloat(theta->element)) return onnxRefuseElement(ctx, theta);
  if (theta->rank != 3 || (count != 4 && count != 5))
    return onnxInvalid(ctx, "theta of rank %d, a size of %d numbers", theta->rank, count);
  d.n = count - 2;
  OnnxIndex dims[5] = {size[0]};
  for (int i = 0; i < d.n; ++i) dims[1 + i] = d.sizes[i] = size[2 + i];
  dims[1 + d.n] = onnxConst(d.n);
  onnxRequireEqual(ctx, theta->dims[0], size[0], "batch sizes"),
      onnxRequireEqual(ctx, theta->dims[1], onnxConst(d.n), "the rows of theta");
  onnxRequireEqual(ctx, theta->dims[2], onnxConst(d.n + 1), "the columns of theta");
  onnxTensor(ctx, theta);
  onnxSetOutput(ctx, node, 0, onnxGenerate(ctx, theta->element, d.n + 2, dims, affineBody, &d));
}

//===--- RoiAlign ---
typedef struct {
  OnnxValue *x, *rois, *batches;
  OnnxElement element;
  double scale;
  int64_t samples, height, width;
  bool shifted, max;
} RoiData;
// Place `sample` of bin `bin` along one side of a region.
static MlirValue samplePlace(OnnxContext *ctx, const RoiData *d, int side, int64_t bins, MlirValue bin,
                             MlirValue sample) { // side: 0 x, 1 y
  OnnxElement e = d->element;
  MlirValue ends[2], one = literal(ctx, e, 1);
  for (int i = 0; i < 2; ++i) {
    MlirValue where[] = {linalg_index(B, .dim = 0), constIndex(B, side + 2 * i)};
    ends[i] = op2(ctx, ONNX_MUL, e, onnxConvert(ctx, onnxAt(ctx, d->rois, where), d->rois->element, e),
                  literal(ctx, e, d->scale));
    if (d->shifted) ends[i] = op2(ctx, ONNX_SUB, e, ends[i], literal(ctx, e, 0.5));
  }
  MlirValue extent = op2(ctx, ONNX_SUB, e, ends[1], ends[0]);
  if (!d->shifted) extent = op2(ctx, ONNX_MAX, e, extent, one);
  MlirValue binSize = op2(ctx, ONNX_DIV, e, extent, literal(ctx, e, (double)bins)), i64[2] = {bin, sample}, number[2];
  for (int i = 0; i < 2; ++i)
    number[i] = arith_sitofp(B, arith_index_cast(B, i64[i], mlirIntegerTypeGet(B->ctx, 64)), onnxElementType(ctx, e));
  MlirValue offset = op2(ctx, ONNX_DIV, e, op2(ctx, ONNX_ADD, e, number[1], literal(ctx, e, 0.5)),
                         literal(ctx, e, (double)d->samples));
  return op2(ctx, ONNX_ADD, e, ends[0], op2(ctx, ONNX_MUL, e, binSize, op2(ctx, ONNX_ADD, e, number[0], offset)));
}
// Neighbours and weights of a place; a place further than 1 outside counts as nothing.
static MlirValue neighbours(OnnxContext *ctx, const RoiData *d, MlirValue x, OnnxIndex length, Tap taps[2]) {
  OnnxElement e = d->element;
  MlirValue zero = literal(ctx, e, 0), one = literal(ctx, e, 1), size = sizeOf(ctx, length, e),
            last = op2(ctx, ONNX_SUB, e, size, one);
  MlirValue valid = within(ctx, x, literal(ctx, e, -1), size);
  x = arith_minnumf(B, arith_maxnumf(B, x, zero), last);
  MlirValue floor = math_floor(B, x), t = op2(ctx, ONNX_SUB, e, x, floor);
  taps[0] = (Tap){clampPlace(ctx, e, floor, last), op2(ctx, ONNX_SUB, e, one, t), {0}};
  taps[1] = (Tap){clampPlace(ctx, e, op2(ctx, ONNX_ADD, e, floor, one), last), t, {0}};
  return valid;
}
static void roiBody(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data) { // batch, window, acc
  RoiData *d = data;
  OnnxElement e = d->element;
  MlirValue loop[6], count = onnxIndexValue(ctx, d->x->dims[0]), zero = literal(ctx, e, 0), value = {0};
  for (int i = 0; i < 6; ++i) loop[i] = linalg_index(B, .dim = i);
  Tap y[2], x[2];
  MlirValue valid = neighbours(ctx, d, samplePlace(ctx, d, 1, d->height, loop[2], loop[4]), d->x->dims[2], y);
  valid =
      arith_andi(B, valid, neighbours(ctx, d, samplePlace(ctx, d, 0, d->width, loop[3], loop[5]), d->x->dims[3], x));
  MlirValue batch = arith_index_cast(B, onnxConvert(ctx, args[0], d->batches->element, ONNX_INT64), indexType(B));
  batch = arith_select(B, arith_cmpi(B, arith_CmpIPredicate_ult, batch, count), batch, constIndex(B, 0));
  for (int k = 0; k < 4; ++k) {
    MlirValue where[] = {batch, loop[1], y[k / 2].at, x[k % 2].at};
    MlirValue v = onnxConvert(ctx, onnxAt(ctx, d->x, where), d->x->element, e);
    v = op2(ctx, ONNX_MUL, e, op2(ctx, ONNX_MUL, e, y[k / 2].weight, x[k % 2].weight), v);
    value = isNull(value) ? v : op2(ctx, d->max ? ONNX_MAX : ONNX_ADD, e, value, v);
  }
  results[0] = op2(ctx, d->max ? ONNX_MAX : ONNX_ADD, e, args[2], arith_select(B, valid, value, zero));
}
static void lowerRoiAlign(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *x = node->inputs[0], *rois = node->inputs[1], *batches = node->inputs[2];
  const char *mode = onnxString(ctx, node, "mode", "avg"), *form = "output_half_pixel";
  RoiData d = {x,
               rois,
               batches,
               onnxWide(x->element),
               onnxFloat(ctx, node, "spatial_scale", 1),
               onnxInt(ctx, node, "sampling_ratio", 0),
               onnxInt(ctx, node, "output_height", 1),
               onnxInt(ctx, node, "output_width", 1),
               false,
               !strcmp(mode, "max")};
  if (node->opset >= 16) form = onnxString(ctx, node, "coordinate_transformation_mode", "half_pixel");
  d.shifted = !strcmp(form, "half_pixel");
  if (!d.shifted && strcmp(form, "output_half_pixel"))
    return onnxInvalid(ctx, "attribute coordinate_transformation_mode = \"%s\"", form);
  if (!d.max && strcmp(mode, "avg")) return onnxInvalid(ctx, "attribute mode = \"%s\"", mode);
  if (d.samples < 1)
    return onnxRefuse(ctx, "attribute sampling_ratio = %lld is not supported: the number of samples must be known",
                      (long long)d.samples);
  if (d.samples > 1024 || d.height < 1 || d.width < 1) return onnxInvalid(ctx, "an attribute of impossible size");
  if (!onnxIsFloat(x->element) || !onnxIsFloat(rois->element))
    return onnxRefuseElement(ctx, onnxIsFloat(x->element) ? rois : x);
  if (x->rank != 4 || rois->rank != 2 || batches->rank != 1 || !onnxIsInteger(batches->element))
    return onnxInvalid(ctx, "an input of the wrong rank or type");
  onnxRequireEqual(ctx, rois->dims[1], onnxConst(4), "the numbers of a region"),
      onnxRequireEqual(ctx, rois->dims[0], batches->dims[0], "the numbers of regions");
  OnnxIndex dims[] = {rois->dims[0], x->dims[1], onnxConst(d.height), onnxConst(d.width)},
            window[] = {onnxConst(d.samples), onnxConst(d.samples)};
  onnxTensor(ctx, x), onnxTensor(ctx, rois), onnxIndexValue(ctx, x->dims[0]);
  if (onnxFailed(ctx)) return;
  MlirValue start = d.max ? arith_constant(B, onnxLowest(ctx, d.element)) : literal(ctx, d.element, 0), r;
  OnnxAccess ins[] = {{onnxTensor(ctx, batches), onnxMap(ctx, 6, 1, (int[]){0})},
                      {onnxEmpty(ctx, ONNX_INT8, 2, window), onnxMap(ctx, 6, 2, (int[]){4, 5})}};
  OnnxAccess out = {onnxFill(ctx, d.element, 4, dims, start), onnxMap(ctx, 6, 4, (int[]){0, 1, 2, 3})};
  onnxGeneric(ctx, "pppprr", 2, ins, 1, &out, roiBody, &d, &r);
  OnnxValue *y = onnxNewTensor(ctx, d.element, 4, dims, r);
  if (!d.max) y = onnxBinary(ctx, ONNX_DIV, y, onnxScalarConstant(ctx, d.element, (double)(d.samples * d.samples)));
  onnxSetOutput(ctx, node, 0, onnxCast(ctx, y, x->element));
}

const OnnxOperator dlcOnnxSample[] = {{"GridSample", 16, 0, 2, 2, lowerGridSample},
                                      {"AffineGrid", 20, 0, 2, 2, lowerAffineGrid},
                                      {"RoiAlign", 10, 0, 3, 3, lowerRoiAlign},
                                      {0}};
