// tile-winograd: marks the convolutions for which Winograd's algorithm is predicted
// to take less time than the sum itself.
//
//   %r = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<1x64x58x58xf32>, tensor<64x64x3x3xf32>) ..
// ->
//   %r = linalg.conv_2d_nchw_fchw {tile.winograd = 4 : i64} ..
//
// The op keeps its meaning: tile-choose-layouts, tile-form-graphs and tile-to-tasks treat it as any other,
// tile-schedule cuts work items for it, and tile-lower-winograd writes its tiles. Marked are 3 x 3 filters that are
// constants of float32, with stride, dilation and group of one and channels in multiples of 16; only the number of
// images may be dynamic. An item transforms its part of the image, multiplies it point by point with the filters,
// transformed when compiling, and transforms back, all of it in the core's caches. What that takes is summed from the
// device's peak and bandwidths; it has to be less than `margin` times the sum's.
#include "passes/tile/winograd.h"
#include <stdlib.h>
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "ods/arith.h"

bool dlcWinogradApplies(MlirOperation op, DlcConvolution *c) {
  if (!dlcConvolutionRead(op, c) || c->height != 3 || c->width != 3) return false;
  for (intptr_t i = 0; i < 3; ++i) {
    MlirType type = typeOf(mlirOperationGetOperand(op, i));
    int imageDimension = i == 0 ? c->input.image : i == 2 ? c->output.image : -1;
    if (!mlirTypeIsAF32(mlirShapedTypeGetElementType(type))) return false;
    for (int k = 0; k < mlirShapedTypeGetRank(type); ++k)
      if (mlirShapedTypeIsDynamicDim(type, k) && k != imageDimension) return false;
  }
  return c->channels % DLC_WINOGRAD_UNIT == 0 && c->filters % DLC_WINOGRAD_UNIT == 0 && c->images && c->rows > 0 &&
         c->columns > 0 && c->channels > 0 && c->filters > 0;
}

int64_t dlcWinogradOf(MlirOperation op) {
  MlirAttribute attr = mlirOperationGetDiscardableAttributeByName(op, dlcText(DLC_WINOGRAD_ATTRIBUTE));
  return mlirAttributeIsNull(attr) || !mlirAttributeIsAInteger(attr) ? 0 : mlirIntegerAttrGetValueInt(attr);
}

int64_t dlcWinogradPanel(int64_t filters) { return filters % 64 == 0 ? 64 : filters % 32 == 0 ? 32 : 16; }

//===--- the price ----------------------------------------------------------------------------===//
typedef struct {
  const DlcConvolution *c;
  const DlcDevice *device;
  double peak, l2, l3, memory; // operations/s, bytes/s of one unit
  double l2Bytes, l3Bytes;
} Model;

static double unitBandwidth(const DlcDevice *device, DlcMemory level, double otherwise) {
  const DlcMemoryLevel *m = &device->memory[level];
  if (!m->present) return otherwise;
  return m->unitBandwidth > 0 ? m->unitBandwidth : m->bandwidth / (double)(device->units > 0 ? device->units : 1);
}

static Model modelOf(const DlcConvolution *c, const DlcDevice *device) {
  Model m = {.c = c, .device = device};
  m.peak = device->vectorPeak[DLC_F32] / (double)(device->units > 0 ? device->units : 1);
  m.memory = unitBandwidth(device, DLC_GLOBAL, 1e10);
  m.l3 = unitBandwidth(device, DLC_L3, m.memory), m.l2 = unitBandwidth(device, DLC_L2, m.l3);
  m.l2Bytes = device->memory[DLC_L2].present ? (double)device->memory[DLC_L2].capacity : 1 << 20;
  m.l3Bytes = device->memory[DLC_L3].present ? (double)device->memory[DLC_L3].capacity : m.l2Bytes;
  return m;
}

// Operations that a transform of one tile takes the time of, for each channel: its additions, and its loads and stores
// at one a cycle, 32 operations each for 16 channels.
static double inputWork(int64_t outputs) { return outputs == 4 ? 2.0 * (144 + 72) : 2.0 * (32 + 32); }
static double outputWork(int64_t outputs) { return outputs == 4 ? 2.0 * (100 + 52) : 2.0 * (24 + 20); }

static double ceilDivide(int64_t a, int64_t b) { return (double)((a + b - 1) / b); }

// A core hides most of the shorter one behind the longer one, as in passes/cost.
static double overlap(double compute, double traffic) {
  return compute > traffic ? compute + traffic / 3 : traffic + compute / 3;
}

// The filters come from memory once, whatever follows: seconds of each unit.
static double firstRead(const Model *m, double points) {
  return points * (double)m->c->channels * (double)m->c->filters * 4 / m->memory / (double)m->device->units;
}

typedef struct {
  double compute, traffic, working; // seconds, bytes
} Item;

static Item priceItem(const Model *m, const DlcWinograd *w) {
  double points = (double)((w->outputs + 2) * (w->outputs + 2)), channels = (double)m->c->channels;
  double tiles = (double)w->images * ceilDivide(w->rows, w->outputs) * ceilDivide(w->columns, w->outputs);
  double filters = (double)w->filters, all = points * channels * (double)m->c->filters * 4;
  double filterBytes = points * channels * filters * 4;
  double filterBandwidth = filterBytes < m->l2Bytes * 0.6 ? m->l2 : all < m->l3Bytes * 0.6 ? m->l3 : m->memory;
  double working = points * tiles * (channels + filters) * 4;
  double multiply = 2 * points * tiles * channels * filters / m->peak * (1.08 + 1.5 / tiles);
  double transform = tiles * (channels * inputWork(w->outputs) + filters * outputWork(w->outputs)) / m->peak;
  double traffic = filterBytes / filterBandwidth + 2 * working / (working < m->l2Bytes * 0.6 ? m->l2 : m->l3);
  return (Item){multiply + transform, traffic, working};
}

static double directSeconds(const Model *m) {
  const DlcConvolution *c = m->c;
  double operations = 2.0 * 9 * (double)(c->images * c->rows * c->columns) * (double)(c->channels * c->filters);
  return overlap(operations / m->peak / (double)m->device->units * 1.1, firstRead(m, 9));
}

static void consider(const Model *m, DlcWinograd w, DlcWinograd *best) {
  const DlcConvolution *c = m->c;
  Item item = priceItem(m, &w);
  double share = m->l3Bytes / 4 / (double)m->device->units;
  if (item.working > (share > m->l2Bytes ? share : m->l2Bytes)) return;
  int64_t items = c->images / w.images * (c->rows / w.rows) * (c->columns / w.columns) * (c->filters / w.filters);
  double waves = ceilDivide(items, m->device->units), points = (double)((w.outputs + 2) * (w.outputs + 2));
  w.seconds = overlap(waves * item.compute, waves * item.traffic + firstRead(m, points));
  if (best->seconds <= 0 || w.seconds < best->seconds * 0.999) *best = w;
}

bool dlcWinogradPrice(const DlcConvolution *convolution, const DlcDevice *device, int64_t outputs, DlcWinograd *out) {
  DlcConvolution one = *convolution, *c = &one;
  if (c->images < 0) c->images = 1; // a dynamic number: one by one
  Model m = modelOf(c, device);
  *out = (DlcWinograd){.outputs = outputs};
  int64_t panel = dlcWinogradPanel(c->filters);
  for (int64_t rows = 1; rows <= c->rows; ++rows) // parts that leave no rest: all items are equal
    for (int64_t columns = 1; columns <= c->columns && c->rows % rows == 0; ++columns)
      for (int64_t images = 1; images <= c->images && c->columns % columns == 0; ++images) {
        bool isWhole = rows == c->rows && columns == c->columns;
        if (c->images % images || (images > 1 && !isWhole)) continue;
        for (int64_t filters = panel; filters <= c->filters; filters += panel)
          if (c->filters % filters == 0)
            consider(&m, (DlcWinograd){outputs, images, rows, columns, filters, 0, 0}, out);
      }
  out->direct = directSeconds(&m);
  return out->seconds > 0;
}

//===--- the pass -----------------------------------------------------------------------------===//
static bool isCandidate(MlirOperation op) {
  DlcConvolution c;
  return dlcIsLinalgOp(op) && mlirOperationGetNumResults(op) == 1 && dlcWinogradApplies(op, &c) &&
         arith_constant_isa(opOf(mlirOperationGetOperand(op, 1)));
}

// What `outputs` says, or else the cheaper one if it is cheap enough; 0: the plain sum.
static int64_t choose(MlirOperation op, const DlcDevice *device, const DlcTileWinogradOptions *options) {
  DlcConvolution c;
  DlcWinograd two, four;
  if (!dlcWinogradApplies(op, &c)) return 0;
  bool hasTwo = options->outputs != 4 && dlcWinogradPrice(&c, device, 2, &two);
  bool hasFour = options->outputs != 2 && dlcWinogradPrice(&c, device, 4, &four);
  if (!hasTwo && !hasFour) return 0;
  const DlcWinograd *best = hasFour && (!hasTwo || four.seconds < two.seconds) ? &four : &two;
  return options->outputs || best->seconds < options->margin * best->direct ? best->outputs : 0;
}

MlirLogicalResult dlcRunTileWinograd(MlirOperation root, DlcPass *pass, const DlcTileWinogradOptions *options) {
  bool isOff = mlirStringRefEqual(options->mode, dlcText("off"));
  if (!isOff && !mlirStringRefEqual(options->mode, dlcText("auto")))
    return dlcErrorAt(mlirOperationGetLocation(root), "tile-winograd: mode=%.*s is neither auto nor off",
                      (int)options->mode.length, options->mode.data);
  if (options->outputs != 0 && options->outputs != 2 && options->outputs != 4)
    return dlcErrorAt(mlirOperationGetLocation(root), "tile-winograd: outputs=%lld is neither 0, 2 nor 4",
                      (long long)options->outputs);
  DlcDevice device;
  if (isOff) return mlirLogicalResultSuccess();
  if (mlirLogicalResultIsFailure(dlcDeviceOf(root, &device))) return mlirLogicalResultFailure();
  DlcOps ops = dlcCollect(root, isCandidate);
  for (intptr_t i = 0; i < ops.n; ++i) {
    int64_t outputs = choose(ops.data[i], &device, options);
    if (!outputs) continue;
    MlirAttribute attr = mlirIntegerAttrGet(mlirIntegerTypeGet(mlirOperationGetContext(root), 64), outputs);
    mlirOperationSetDiscardableAttributeByName(ops.data[i], dlcText(DLC_WINOGRAD_ATTRIBUTE), attr);
    dlcPassCount(pass, DlcTileWinograd_marked, 1);
  }
  free(ops.data);
  return mlirLogicalResultSuccess();
}
