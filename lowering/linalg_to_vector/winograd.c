// tile-lower-winograd: writes the convolutions on buffers that tile-winograd has
// marked, in the work items that tile-to-tasks has made of them.
//
//   ctrl.task .. ins(%w = %filter : memref<64x3x3x64xf32>) {
//     %f = memref.subview %w[0, 0, 0, %c] [64, 3, 3, 64]
//     linalg.generic {tile.winograd = 4} ins(%x, %f) outs(%o : memref<1x8x56x64xf32>)
// ->
//   ctrl.task .. ins(%w = %transformed : memref<1x36x64x64xf32>) {
//     %v = memref.alloc                    the input's points: [36][tiles][channels]
//     loops of vectors: %x to %v           (winograd_transform.c)
//     linalg.generic: 36 products of %v with the panels of %w, to %m
//     loops of vectors: %m to %o
//
// The filter, a constant, is transformed now (winograd_filter.c). What an output starts from, zeros or a bias by
// channel, is taken over from the op before it. A marked convolution that is not in the form that this needs (sizes of
// tiles that are not static, channels that are not the last dimension, a filter that is no constant of the task's)
// stays what it is.
#include "lowering/linalg_to_vector/winograd.h"
#include <stdio.h>
#include <stdlib.h>
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "ods/arith.h"
#include "ods/ctrl.h"
#include "ods/linalg.h"
#include "ods/memref.h"

enum { PART_PADDING = 16 }; // elements: parts do not begin at the same place of every cache set

//===--- the filter -------------------------------------------------------------------------------===//
// Where a task's body reads a constant filter.
typedef struct {
  MlirOperation task, view, global; // view: the slice of it; null: it is read whole
  MlirValue argument;
  intptr_t operand;
  MlirValue start; // the first filter, where it is not known
  int64_t first;
} Source;

// The slice takes whole filters.
static bool readSlice(MlirOperation view, const DlcConvolution *c, Source *s) {
  DlcI64s offsets = memref_subview_static_offsets(view), sizes = memref_subview_static_sizes(view),
          strides = memref_subview_static_strides(view);
  DlcValues dynamic = memref_subview_offsets(view);
  MlirType from = typeOf(memref_subview_source(view));
  if (offsets.n != 4 || mlirShapedTypeGetRank(typeOf(memref_subview_result(view))) != 4) return false;
  for (int i = 0; i < 4; ++i) {
    bool isDynamic = mlirShapedTypeIsDynamicSize(offsets.data[i]);
    if (strides.data[i] != 1 || mlirShapedTypeIsDynamicSize(sizes.data[i])) return false;
    if (i == c->filter.image) {
      s->first = isDynamic ? 0 : offsets.data[i];
      if (isDynamic) s->start = at(dynamic, 0);
    } else if (isDynamic || offsets.data[i] || sizes.data[i] != mlirShapedTypeGetDimSize(from, i)) {
      return false;
    }
  }
  return true;
}

static MlirOperation globalOf(MlirOperation module, MlirValue buffer) {
  MlirOperation get = opOf(buffer), none = {0};
  char name[256];
  if (!memref_get_global_isa(get)) return none;
  MlirStringRef symbol = memref_get_global_name(get);
  if (symbol.length >= sizeof name) return none;
  snprintf(name, sizeof name, "%.*s", (int)symbol.length, symbol.data);
  return dlcLookupSymbol(module, name);
}

static bool findFilter(MlirOperation module, MlirOperation op, const DlcConvolution *c, Source *s) {
  *s = (Source){.task = dlcParentNamed(op, "ctrl.task"), .argument = mlirOperationGetOperand(op, 1)};
  if (!s->task.ptr || mlirOperationGetNumResults(s->task)) return false;
  if (memref_subview_isa(opOf(s->argument))) {
    s->view = opOf(s->argument);
    if (!readSlice(s->view, c, s) || !hasOneUse(s->argument)) return false;
    s->argument = memref_subview_source(s->view);
  }
  MlirBlock body = bodyOf(ctrl_task_body(s->task));
  if (!mlirValueIsABlockArgument(s->argument) || !hasOneUse(s->argument) ||
      !mlirBlockEqual(mlirBlockArgumentGetOwner(s->argument), body))
    return false;
  DlcValues ins = ctrl_task_ins(s->task);
  intptr_t i = mlirBlockArgumentGetArgNumber(s->argument) - ctrl_task_static_ubs(s->task).n;
  if (i < 0 || i >= ins.n) return false;
  s->operand = ins.first + i;
  s->global = globalOf(module, at(ins, i));
  return memref_global_isa(s->global) && !mlirAttributeIsNull(memref_global_initial_value(s->global));
}

//===--- what the output starts from --------------------------------------------------------------===//
static bool isZero(MlirValue v) {
  MlirAttribute value = arith_constant_isa(opOf(v)) ? arith_constant_value(opOf(v)) : mlirAttributeGetNull();
  return !mlirAttributeIsNull(value) && mlirAttributeIsAFloat(value) && mlirFloatAttrGetValueDouble(value) == 0;
}

// A generic that writes a vector, one element for each channel of the output, all over the output.
static MlirValue broadcastVector(MlirOperation op, MlirValue output, const DlcConvolution *c) {
  MlirValue none = {0};
  MlirAffineMap from, to;
  if (!linalg_generic_isa(op) || mlirOperationGetNumOperands(op) != 2 ||
      !mlirValueEqual(mlirOperationGetOperand(op, 1), output) || !dlcLinalgMap(op, 0, &from) ||
      !dlcLinalgMap(op, 1, &to) || !mlirAffineMapIsIdentity(to))
    return none;
  MlirBlock body = bodyOf(linalg_generic_region(op));
  MlirValue yielded = mlirOperationGetOperand(mlirBlockGetTerminator(body), 0), source = mlirOperationGetOperand(op, 0);
  if (!mlirValueEqual(yielded, argOf(body, 0)) || !mlirTypeIsAMemRef(typeOf(source))) return none;
  intptr_t rank = mlirAffineMapGetNumResults(from);
  for (intptr_t i = 0; i < rank; ++i) {
    MlirAffineExpr e = mlirAffineMapGetResult(from, i);
    bool isChannel = mlirAffineExprIsADim(e) && mlirAffineDimExprGetPosition(e) == c->output.channel;
    if (isChannel != (i == rank - 1) || (!isChannel && mlirShapedTypeGetDimSize(typeOf(source), i) != 1)) return none;
  }
  return rank ? source : none;
}

static bool hasUnitStride(MlirValue buffer, int dimension) {
  int64_t strides[16], offset;
  return mlirShapedTypeGetRank(typeOf(buffer)) <= 16 &&
         mlirLogicalResultIsSuccess(mlirMemRefTypeGetStridesAndOffset(typeOf(buffer), strides, &offset)) &&
         strides[dimension] == 1;
}

// Takes over the op just before, pure ones aside, that writes all of the output.
static void takeStart(DlcWinogradTile *w, MlirOperation op) {
  for (MlirOperation before = dlcPreviousInBlock(op); before.ptr; before = dlcPreviousInBlock(before)) {
    if (dlcIsPure(before) || memref_alloc_isa(before)) continue;
    if (linalg_fill_isa(before) && mlirValueEqual(mlirOperationGetOperand(before, 1), w->output)) {
      if (!isZero(mlirOperationGetOperand(before, 0))) return;
      w->isZero = true;
      mlirRewriterBaseEraseOp(w->b->rewriter, before);
      return;
    }
    MlirValue vector = broadcastVector(before, w->output, &w->tile);
    if (isNull(vector) || !hasUnitStride(vector, (int)mlirShapedTypeGetRank(typeOf(vector)) - 1)) return;
    w->initial = vector;
    mlirRewriterBaseEraseOp(w->b->rewriter, before);
    return;
  }
}

//===--- the products -----------------------------------------------------------------------------===//
static MlirValue viewOf(DlcBuilder *b, MlirValue flat, intptr_t rank, const int64_t *sizes, const int64_t *strides) {
  int64_t zero = 0;
  MlirAttribute layout = mlirStridedLayoutAttrGet(b->ctx, 0, rank, strides);
  MlirType type = mlirMemRefTypeGet(mlirF32TypeGet(b->ctx), rank, sizes, layout, mlirAttributeGetNull());
  return memref_reinterpret_cast(b, flat, (DlcValues){0}, (DlcValues){0}, (DlcValues){0}, {&zero, 1}, {sizes, rank},
                                 {strides, rank}, type);
}

static MlirAffineMap mapOf(MlirContext ctx, intptr_t n, const int *loops) {
  MlirAffineExpr e[5];
  for (intptr_t i = 0; i < n; ++i) e[i] = mlirAffineDimExprGet(ctx, loops[i]);
  return mlirAffineMapGet(ctx, 5, 0, n, e);
}

// Loops: panel, point, tile, filter of the panel, channel.
static void multiply(const DlcWinogradTile *w, MlirValue filter, int64_t panels, int64_t panel) {
  DlcBuilder *b = w->b;
  int64_t points = w->points * w->points, channels = w->tile.channels;
  MlirValue in = viewOf(b, w->transformed, 3, (int64_t[]){points, w->tiles, channels},
                        (int64_t[]){w->transformedStride, channels, 1});
  MlirValue out = viewOf(b, w->product, 4, (int64_t[]){points, w->tiles, panels, panel},
                         (int64_t[]){w->productStride, w->tile.filters, panel, 1});
  MlirAttribute parallel = dlcs_utils_IteratorType_attr(b->ctx, utils_IteratorType_parallel),
                reduction = dlcs_utils_IteratorType_attr(b->ctx, utils_IteratorType_reduction);
  MlirAttribute iterators[] = {parallel, parallel, parallel, parallel, reduction};
  MlirAffineMap maps[] = {mapOf(b->ctx, 3, (int[]){1, 2, 4}), mapOf(b->ctx, 4, (int[]){0, 1, 4, 3}),
                          mapOf(b->ctx, 4, (int[]){1, 2, 0, 3})};
  MlirType f32 = mlirF32TypeGet(b->ctx);
  dlcFill(b, arith_constant(b, mlirFloatAttrDoubleGet(b->ctx, f32, 0)), out);
  MlirOperation product = linalg_generic(b, vals(in, filter), vals(out), .indexing_maps = {maps, 3},
                                         .iterator_types = mlirArrayAttrGet(b->ctx, 5, iterators));
  if (mlirOperationIsNull(product)) return;
  MlirBlock body = dlcAddBlock(b, linalg_generic_region(product), types(f32, f32, f32));
  dlcAtEnd(b, body) linalg_yield(b, vals(arith_addf(b, argOf(body, 2), arith_mulf(b, argOf(body, 0), argOf(body, 1)))));
}

// The panels of the item, of the transformed filter.
static MlirValue panelsOf(DlcBuilder *b, const Source *s, const DlcWinogradTile *w, int64_t panel) {
  MlirType type = typeOf(s->argument);
  int64_t sizes[4], offsets[4] = {0}, strides[] = {1, 1, 1, 1};
  for (int i = 0; i < 4; ++i) sizes[i] = mlirShapedTypeGetDimSize(type, i);
  sizes[0] = w->tile.filters / panel;
  bool isDynamic = !isNull(s->start);
  offsets[0] = isDynamic ? mlirShapedTypeGetDynamicSize() : s->first / panel;
  MlirValue start = isDynamic ? arith_divui(b, s->start, constIndex(b, panel)) : (MlirValue){0};
  return memref_subview(b, s->argument, isDynamic ? vals(start) : (DlcValues){0}, (DlcValues){0}, (DlcValues){0},
                        {offsets, 4}, {sizes, 4}, {strides, 4}, dlcSubviewType(type, 4, offsets, sizes, strides));
}

//===--- the pass ---------------------------------------------------------------------------------===//
static bool isMarked(MlirOperation op) { return dlcWinogradOf(op) != 0 && dlcIsLinalgOp(op); }

static MlirValue flatBuffer(DlcBuilder *b, int64_t elements) {
  MlirType type = mlirMemRefTypeContiguousGet(mlirF32TypeGet(b->ctx), 1, &elements, mlirAttributeGetNull());
  return memref_alloc(b, (DlcValues){0}, (DlcValues){0}, type, .alignment = SOME(64));
}

static bool begin(DlcBuilder *b, MlirOperation op, int64_t lanes, DlcWinogradTile *w) {
  *w = (DlcWinogradTile){.b = b, .outputs = dlcWinogradOf(op), .lanes = lanes};
  if ((w->outputs != 2 && w->outputs != 4) || mlirOperationGetNumResults(op) || !dlcWinogradApplies(op, &w->tile) ||
      w->tile.images < 0)
    return false;
  w->input = mlirOperationGetOperand(op, 0), w->output = mlirOperationGetOperand(op, 2);
  w->points = w->outputs + 2;
  w->tileRows = (w->tile.rows + w->outputs - 1) / w->outputs;
  w->tileColumns = (w->tile.columns + w->outputs - 1) / w->outputs;
  w->tiles = w->tile.images * w->tileRows * w->tileColumns;
  w->transformedStride = w->tiles * w->tile.channels + PART_PADDING;
  w->productStride = w->tiles * w->tile.filters + PART_PADDING;
  return w->tile.channels % lanes == 0 && w->tile.filters % lanes == 0 &&
         hasUnitStride(w->input, w->tile.input.channel) && hasUnitStride(w->output, w->tile.output.channel);
}

// The task reads the transformed constant instead.
static bool replaceFilter(DlcBuilder *b, MlirOperation module, const Source *s, const DlcWinogradTile *w, int *nMade) {
  MlirType type, from = memref_global_type(s->global);
  MlirAttribute value = dlcWinogradFilter(memref_global_initial_value(s->global), from, &w->tile, w->outputs, &type);
  char name[32];
  if (mlirAttributeIsNull(value)) return false;
  do snprintf(name, sizeof name, "__winograd_%d", (*nMade)++);
  while (dlcLookupSymbol(module, name).ptr);
  dlcAtStart(b, bodyOf(mlirOperationGetRegion(module, 0)))
      memref_global(b, dlcText(name), type, .sym_visibility = dlcText("private"), .initial_value = value,
                    .constant = true, .alignment = SOME(64));
  dlcBefore(b, s->task) mlirOperationSetOperand(s->task, s->operand, memref_get_global(b, dlcText(name), type));
  mlirValueSetType(s->argument, type);
  return !b->failed;
}

static bool lower(DlcBuilder *b, MlirOperation module, MlirOperation op, int64_t lanes, int *nMade) {
  DlcWinogradTile w;
  Source s;
  if (!begin(b, op, lanes, &w) || !findFilter(module, op, &w.tile, &s)) return false;
  int64_t panel = dlcWinogradPanel(mlirShapedTypeGetDimSize(memref_global_type(s.global), w.tile.filter.image));
  if (w.tile.filters % panel || s.first % panel || !replaceFilter(b, module, &s, &w, nMade)) return false;
  dlcBefore(b, op) {
    takeStart(&w, op);
    w.transformed = flatBuffer(b, w.points * w.points * w.transformedStride);
    w.product = flatBuffer(b, w.points * w.points * w.productStride);
    dlcWinogradTransformInput(&w);
    multiply(&w, panelsOf(b, &s, &w, panel), w.tile.filters / panel, panel);
    dlcWinogradTransformOutput(&w);
  }
  if (b->failed) return false;
  mlirRewriterBaseEraseOp(b->rewriter, op);
  if (s.view.ptr) mlirRewriterBaseEraseOp(b->rewriter, s.view);
  return true;
}

// Constants that nothing reads any more.
static void eraseUnread(DlcBuilder *b, MlirOperation module) {
  DlcOps gets = dlcCollect(module, memref_get_global_isa), globals = dlcCollect(module, memref_global_isa);
  for (intptr_t i = 0; i < gets.n; ++i)
    if (mlirOpOperandIsNull(mlirValueGetFirstUse(mlirOperationGetResult(gets.data[i], 0)))) {
      mlirRewriterBaseEraseOp(b->rewriter, gets.data[i]);
      gets.data[i--] = gets.data[--gets.n];
    }
  for (intptr_t i = 0; i < globals.n; ++i) {
    MlirStringRef name = memref_global_sym_name(globals.data[i]);
    bool isRead = false;
    for (intptr_t k = 0; k < gets.n && !isRead; ++k)
      isRead = mlirStringRefEqual(memref_get_global_name(gets.data[k]), name);
    if (!isRead) mlirRewriterBaseEraseOp(b->rewriter, globals.data[i]);
  }
  free(gets.data), free(globals.data);
}

MlirLogicalResult dlcRunTileLowerWinograd(MlirOperation root, DlcPass *pass,
                                          const DlcTileLowerWinogradOptions *options) {
  int64_t lanes = options->vectorBits / 32;
  if (lanes < 1 || lanes > DLC_WINOGRAD_UNIT || lanes & (lanes - 1) || options->vectorBits % 32)
    return dlcErrorAt(mlirOperationGetLocation(root),
                      "tile-lower-winograd: vector-bits must be a power of two from 32 to 512");
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  DlcBuilder b = {rewriter, mlirOperationGetContext(root), mlirOperationGetLocation(root), false};
  DlcOps ops = dlcCollect(root, isMarked);
  int nMade = 0, nLowered = 0;
  for (intptr_t i = 0; i < ops.n && !b.failed; ++i) nLowered += lower(&b, root, ops.data[i], lanes, &nMade);
  if (nLowered && !b.failed) eraseUnread(&b, root);
  dlcPassCount(pass, DlcTileLowerWinograd_lowered, (uint64_t)nLowered);
  free(ops.data);
  mlirIRRewriterDestroy(rewriter);
  return dlcStatus(&b);
}
