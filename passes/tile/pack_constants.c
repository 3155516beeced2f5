// tile-pack-constants: lays the constants that tasks copy column by column out in
// the order in which the tasks read them.
//
//   %w = arith.constant dense<..> : tensor<512x1024xf32>      %w = arith.constant dense<..> : tensor<16x512x64xf32>
//   ctrl.task (%i, %j) in (4, 16) ins(%x = %w) .. {           ctrl.task (%i, %j) in (4, 16) ins(%x = %w) .. {
//     %o = affine.apply (64 * %j)                               %p = tensor.extract_slice %x[%j, 0, 0] [1, 512, 64]
//     %s = tensor.extract_slice %x[0, %o] [512, 64]     ->
//     %p = linalg.copy ins(%s) outs(%fresh)
//
// The copy is what a tile.edge at(workgroup) on an input has become (tile-to-tasks).
// Columns are the last dimension; whatever the others are ([kh, kw, c] of a
// convolution's weights), they keep their order inside of a panel. Where panels do
// not divide the columns, the last one is padded with zeros: all begin aligned.
// Left alone, and so copied when the program runs: what is no constant, what is
// read otherwise as well.
#include <stdlib.h>
#include <string.h>
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "ods/affine.h"
#include "ods/arith.h"
#include "ods/ctrl.h"
#include "ods/linalg.h"
#include "ods/tensor.h"

enum { MAX_RANK = 16 };

// A copy of columns [width * index, width * (index + 1)), at most to the end, of a constant.
typedef struct {
  MlirOperation task, copy, slice, constant;
  MlirValue argument, index; // of the task's body
  intptr_t operand;          // of the task
  intptr_t rank;
  int64_t rows, columns, width; // rows: all dimensions but the last one
} Packing;

static bool isTaskCopy(MlirOperation op) { return linalg_copy_isa(op) && dlcParentNamed(op, "ctrl.task").ptr; }

// The task's operand that a block argument stands for.
static intptr_t operandOf(MlirOperation task, MlirValue argument) {
  DlcValues ins = ctrl_task_ins(task);
  intptr_t first = mlirBlockGetNumArguments(bodyOf(ctrl_task_body(task))) - ctrl_task_outs(task).n - ins.n;
  intptr_t i = mlirBlockArgumentGetArgNumber(argument) - first;
  return i >= 0 && i < ins.n ? ins.first + i : -1;
}

// v = width * (an index of the task's grid).
static bool isMultipleOfIndex(MlirValue v, int64_t *width, MlirValue *index) {
  MlirOperation op = opOf(v);
  if (!affine_apply_isa(op) || mlirOperationGetNumOperands(op) != 1) return false;
  MlirAffineMap map = affine_apply_map(op);
  MlirAffineExpr e = mlirAffineMapGetResult(map, 0);
  if (mlirAffineMapGetNumDims(map) != 1 || !mlirAffineExprIsAMul(e)) return false;
  MlirAffineExpr left = mlirAffineBinaryOpExprGetLHS(e), right = mlirAffineBinaryOpExprGetRHS(e);
  if (!mlirAffineExprIsADim(left) || !mlirAffineExprIsAConstant(right)) return false;
  *width = mlirAffineConstantExprGetValue(right), *index = mlirOperationGetOperand(op, 0);
  return *width > 0 && mlirValueIsABlockArgument(*index);
}

// v = min(width, columns - offset), what is left for the last panel; the offset as it is, or as width * index.
static bool isRestOfColumns(MlirValue v, MlirValue offset, const Packing *p) {
  MlirOperation op = opOf(v);
  if (!affine_min_isa(op) || mlirOperationGetNumOperands(op) != 1) return false;
  MlirValue of = mlirOperationGetOperand(op, 0);
  bool isIndex = mlirValueEqual(of, p->index);
  if (!isIndex && !mlirValueEqual(of, offset)) return false;
  MlirContext ctx = mlirOperationGetContext(op);
  MlirAffineExpr factor = mlirAffineConstantExprGet(ctx, isIndex ? -p->width : -1);
  MlirAffineExpr rest = mlirAffineAddExprGet(mlirAffineMulExprGet(mlirAffineDimExprGet(ctx, 0), factor),
                                             mlirAffineConstantExprGet(ctx, p->columns));
  MlirAffineMap map = affine_min_map(op);
  bool isRest = false, isWidth = false;
  for (intptr_t i = 0; i < mlirAffineMapGetNumResults(map); ++i) {
    MlirAffineExpr e = mlirAffineMapGetResult(map, i);
    isRest |= mlirAffineExprEqual(e, rest);
    isWidth |= mlirAffineExprIsAConstant(e) && mlirAffineConstantExprGetValue(e) == p->width;
  }
  return mlirAffineMapGetNumResults(map) == 2 && isRest && isWidth;
}

// The last dimension of the slice: whole panels by an index of the grid.
static bool readColumns(Packing *p) {
  DlcI64s offsets = tensor_extract_slice_static_offsets(p->slice), sizes = tensor_extract_slice_static_sizes(p->slice);
  DlcValues dynamicOffsets = tensor_extract_slice_offsets(p->slice),
            dynamicSizes = tensor_extract_slice_sizes(p->slice);
  intptr_t last = p->rank - 1;
  if (!mlirShapedTypeIsDynamicSize(offsets.data[last]) || !dynamicOffsets.n) return false;
  MlirValue offset = at(dynamicOffsets, dynamicOffsets.n - 1);
  if (!isMultipleOfIndex(offset, &p->width, &p->index)) return false;
  if (!mlirShapedTypeIsDynamicSize(sizes.data[last])) return sizes.data[last] == p->width && !(p->columns % p->width);
  return isRestOfColumns(at(dynamicSizes, dynamicSizes.n - 1), offset, p);
}

static bool readPacking(MlirOperation copy, Packing *p) {
  *p = (Packing){.copy = copy, .task = dlcParentNamed(copy, "ctrl.task"), .rows = 1};
  p->slice = opOf(mlirOperationGetOperand(copy, 0));
  if (!tensor_extract_slice_isa(p->slice)) return false;
  p->argument = tensor_extract_slice_source(p->slice);
  MlirType type = typeOf(p->argument);
  if (!mlirValueIsABlockArgument(p->argument) || !hasOneUse(p->argument) || !dlcIsStatic(type)) return false;
  p->rank = mlirShapedTypeGetRank(type);
  if (p->rank < 2 || p->rank >= MAX_RANK ||
      !mlirTypeEqual(typeOf(tensor_extract_slice_result(p->slice)), typeOf(mlirOperationGetResult(copy, 0))))
    return false;
  if (mlirShapedTypeGetRank(typeOf(tensor_extract_slice_result(p->slice))) != p->rank) return false;
  for (intptr_t i = 0; i < p->rank - 1; ++i) p->rows *= mlirShapedTypeGetDimSize(type, i);
  p->columns = mlirShapedTypeGetDimSize(type, p->rank - 1);
  if (!mlirBlockEqual(mlirBlockArgumentGetOwner(p->argument), bodyOf(ctrl_task_body(p->task))) || !readColumns(p))
    return false;
  p->operand = operandOf(p->task, p->argument);
  if (p->operand < 0) return false;
  p->constant = opOf(mlirOperationGetOperand(p->task, p->operand));
  return arith_constant_isa(p->constant);
}

//===--- bytes --------------------------------------------------------------------------===//
typedef struct {
  const Packing *p;
  size_t element;
  char *out; // null: not what was expected
} Bytes;

static void packBytes(const void *bytes, size_t n, void *data) {
  Bytes *b = data;
  const Packing *p = b->p;
  size_t width = (size_t)p->width * b->element, row = (size_t)p->columns * b->element;
  size_t nPanels = (row + width - 1) / width;
  if (n != row * (size_t)p->rows || !(b->out = malloc(nPanels * width * (size_t)p->rows))) return;
  char *to = b->out;
  for (size_t panel = 0; panel < nPanels; ++panel) {
    size_t filled = panel + 1 < nPanels ? width : row - panel * width;
    for (size_t r = 0; r < (size_t)p->rows; ++r, to += width) {
      memcpy(to, (const char *)bytes + r * row + panel * width, filled);
      memset(to + filled, 0, width - filled);
    }
  }
}

// The constant in panels; null where its bytes cannot be read.
static MlirAttribute packAttribute(const Packing *p) {
  MlirType type = typeOf(p->argument), element = mlirShapedTypeGetElementType(type);
  Bytes bytes = {p, (size_t)dlcElementBytes(element), NULL};
  MlirAttribute value = arith_constant_value(p->constant);
  if (mlirAttributeIsADenseElements(value) && mlirDenseElementsAttrIsSplat(value)) return mlirAttributeGetNull();
  if (!dlcForConstantBytes(value, packBytes, &bytes) || !bytes.out) return mlirAttributeGetNull();
  int64_t shape[MAX_RANK + 1] = {(p->columns + p->width - 1) / p->width};
  for (intptr_t i = 0; i < p->rank; ++i) shape[i + 1] = i == p->rank - 1 ? p->width : mlirShapedTypeGetDimSize(type, i);
  MlirType packed = mlirRankedTensorTypeGet(p->rank + 1, shape, element, mlirAttributeGetNull());
  return dlcConstantOfBytes(packed, "packed", bytes.out);
}

//===--- the rewrite --------------------------------------------------------------------===//
// Constants that are packed already, by the attribute and the width that they were packed for.
typedef struct {
  MlirAttribute from;
  int64_t width;
  MlirValue packed;
} Packed;
typedef struct {
  Packed *data;
  intptr_t n, capacity;
} PackedList;

static MlirValue packedConstant(DlcBuilder *b, PackedList *list, const Packing *p, MlirBlock entry) {
  MlirAttribute from = arith_constant_value(p->constant);
  for (intptr_t i = 0; i < list->n; ++i)
    if (mlirAttributeEqual(list->data[i].from, from) && list->data[i].width == p->width) return list->data[i].packed;
  MlirAttribute attr = packAttribute(p);
  MlirValue packed = {0};
  if (mlirAttributeIsNull(attr)) return packed;
  dlcAtStart(b, entry) packed = arith_constant(b, attr);
  if (list->n == list->capacity)
    list->data = realloc(list->data, (size_t)(list->capacity = 2 * list->capacity + 16) * sizeof *list->data);
  list->data[list->n++] = (Packed){from, p->width, packed};
  return packed;
}

// The slice of the packed constant that holds what `slice` holds of the constant.
static MlirValue slicePacked(DlcBuilder *b, const Packing *p, MlirType type) {
  DlcI64s offsets = tensor_extract_slice_static_offsets(p->slice), sizes = tensor_extract_slice_static_sizes(p->slice),
          strides = tensor_extract_slice_static_strides(p->slice);
  DlcValues dynamic = tensor_extract_slice_offsets(p->slice);
  int64_t from[MAX_RANK + 1] = {mlirShapedTypeGetDynamicSize()}, extent[MAX_RANK + 1] = {1}, step[MAX_RANK + 1] = {1};
  MlirValue places[MAX_RANK + 1] = {p->index};
  for (intptr_t i = 0; i < p->rank; ++i)
    from[i + 1] = i == p->rank - 1 ? 0 : offsets.data[i], extent[i + 1] = sizes.data[i], step[i + 1] = strides.data[i];
  for (intptr_t i = 0; i + 1 < dynamic.n; ++i) places[i + 1] = at(dynamic, i); // the last is the columns'
  return tensor_extract_slice(b, p->argument, valsN(dynamic.n, places), tensor_extract_slice_sizes(p->slice),
                              tensor_extract_slice_strides(p->slice), {from, p->rank + 1}, {extent, p->rank + 1},
                              {step, p->rank + 1}, type);
}

static bool packOne(DlcBuilder *b, PackedList *list, MlirOperation copy, MlirBlock entry) {
  Packing p;
  if (!readPacking(copy, &p)) return false;
  MlirValue packed = packedConstant(b, list, &p, entry), panel = {0};
  if (isNull(packed)) return false;
  MlirType tile = typeOf(mlirOperationGetResult(copy, 0));
  mlirOperationSetOperand(p.task, p.operand, packed);
  mlirValueSetType(p.argument, typeOf(packed));
  dlcBefore(b, p.slice) panel = slicePacked(b, &p, tile);
  if (b->failed) return false;
  mlirRewriterBaseReplaceOpWithValues(b->rewriter, copy, 1, &panel);
  mlirRewriterBaseReplaceOpWithValues(b->rewriter, p.slice, 1, &panel); // its sizes were asked for as well
  return true;
}

MlirLogicalResult dlcRunTilePackConstants(MlirOperation root, DlcPass *pass,
                                          const DlcTilePackConstantsOptions *options) {
  (void)options; // it has none
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  DlcBuilder b = {rewriter, mlirOperationGetContext(root), mlirOperationGetLocation(root), false};
  MlirBlock entry = bodyOf(mlirOperationGetRegion(root, 0));
  DlcOps copies = dlcCollect(root, isTaskCopy);
  PackedList list = {0};
  for (intptr_t i = 0; i < copies.n && !b.failed; ++i)
    if (packOne(&b, &list, copies.data[i], entry)) dlcPassCount(pass, DlcTilePackConstants_panels, 1);
  free(list.data);
  free(copies.data);
  mlirIRRewriterDestroy(rewriter);
  return dlcStatus(&b);
}
