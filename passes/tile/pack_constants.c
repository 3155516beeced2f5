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
// Left alone, and so copied when the program runs: what is no constant, what is
// read otherwise as well, panels that do not divide the columns.
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

// A copy of columns [width * index, width * (index + 1)) of a constant.
typedef struct {
  MlirOperation task, copy, slice, constant;
  MlirValue argument, index; // of the task's body
  intptr_t operand;          // of the task
  int64_t rows, columns, width;
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
static bool isMultipleOfIndex(MlirValue v, int64_t width, MlirValue *index) {
  MlirOperation op = opOf(v);
  if (!affine_apply_isa(op) || mlirOperationGetNumOperands(op) != 1) return false;
  MlirAffineMap map = affine_apply_map(op);
  MlirContext ctx = mlirOperationGetContext(op);
  MlirAffineExpr wanted = mlirAffineMulExprGet(mlirAffineDimExprGet(ctx, 0), mlirAffineConstantExprGet(ctx, width));
  *index = mlirOperationGetOperand(op, 0);
  return mlirAffineMapGetNumDims(map) == 1 && mlirAffineExprEqual(mlirAffineMapGetResult(map, 0), wanted) &&
         mlirValueIsABlockArgument(*index);
}

static bool readPacking(MlirOperation copy, Packing *p) {
  *p = (Packing){.copy = copy, .task = dlcParentNamed(copy, "ctrl.task")};
  p->slice = opOf(mlirOperationGetOperand(copy, 0));
  if (!tensor_extract_slice_isa(p->slice)) return false;
  p->argument = tensor_extract_slice_source(p->slice);
  DlcI64s offsets = tensor_extract_slice_static_offsets(p->slice), sizes = tensor_extract_slice_static_sizes(p->slice);
  MlirType type = typeOf(p->argument);
  if (!mlirValueIsABlockArgument(p->argument) || !hasOneUse(p->argument) || !dlcIsStatic(type)) return false;
  if (mlirShapedTypeGetRank(type) != 2 || mlirShapedTypeGetRank(typeOf(tensor_extract_slice_result(p->slice))) != 2)
    return false;
  p->rows = mlirShapedTypeGetDimSize(type, 0), p->columns = mlirShapedTypeGetDimSize(type, 1), p->width = sizes.data[1];
  if (!mlirBlockEqual(mlirBlockArgumentGetOwner(p->argument), bodyOf(ctrl_task_body(p->task)))) return false;
  if (offsets.data[0] != 0 || sizes.data[0] != p->rows || p->width <= 0 || p->columns % p->width) return false;
  DlcValues dynamic = tensor_extract_slice_offsets(p->slice);
  if (dynamic.n != 1 || !isMultipleOfIndex(at(dynamic, 0), p->width, &p->index)) return false;
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
  if (n != row * (size_t)p->rows || !(b->out = malloc(n))) return;
  char *to = b->out;
  for (size_t panel = 0; panel < row / width; ++panel)
    for (size_t r = 0; r < (size_t)p->rows; ++r, to += width)
      memcpy(to, (const char *)bytes + r * row + panel * width, width);
}

static void freeBytes(void *userData, const void *data, size_t size, size_t align) {
  (void)data, (void)size, (void)align;
  free(userData);
}

// The constant in panels; null where its bytes cannot be read.
static MlirAttribute packAttribute(const Packing *p) {
  MlirType type = typeOf(p->argument), element = mlirShapedTypeGetElementType(type);
  Bytes bytes = {p, (size_t)dlcElementBytes(element), NULL};
  MlirAttribute value = arith_constant_value(p->constant);
  if (mlirAttributeIsADenseElements(value) && mlirDenseElementsAttrIsSplat(value)) return mlirAttributeGetNull();
  if (!dlcForConstantBytes(value, packBytes, &bytes) || !bytes.out) return mlirAttributeGetNull();
  int64_t shape[] = {p->columns / p->width, p->rows, p->width};
  MlirType packed = mlirRankedTensorTypeGet(3, shape, element, mlirAttributeGetNull());
  size_t n = (size_t)p->rows * (size_t)p->columns * bytes.element;
  return mlirUnmanagedDenseResourceElementsAttrGet(packed, dlcText("packed"), bytes.out, n, bytes.element, false,
                                                   freeBytes, bytes.out);
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

static bool packOne(DlcBuilder *b, PackedList *list, MlirOperation copy, MlirBlock entry) {
  Packing p;
  if (!readPacking(copy, &p)) return false;
  MlirValue packed = packedConstant(b, list, &p, entry), panel = {0};
  if (isNull(packed)) return false;
  MlirType tile = typeOf(mlirOperationGetResult(copy, 0));
  mlirOperationSetOperand(p.task, p.operand, packed);
  mlirValueSetType(p.argument, typeOf(packed));
  int64_t offsets[] = {mlirShapedTypeGetDynamicSize(), 0, 0}, sizes[] = {1, p.rows, p.width}, ones[] = {1, 1, 1};
  dlcBefore(b, copy) panel = tensor_extract_slice(b, p.argument, vals(p.index), (DlcValues){0}, (DlcValues){0},
                                                  {offsets, 3}, {sizes, 3}, {ones, 3}, tile);
  if (b->failed) return false;
  mlirRewriterBaseReplaceOpWithValues(b->rewriter, copy, 1, &panel);
  mlirRewriterBaseEraseOp(b->rewriter, p.slice);
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
