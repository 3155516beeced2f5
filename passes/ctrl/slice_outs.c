// ctrl-slice-outs: an item that makes the whole of an out makes it in place.
//
//   ctrl.task (%i) in (1) outs(%o = %e) {                  ctrl.task (%i) in (1) outs(%o = %e) {
//                                                            %s = tensor.extract_slice %o[0] [n] [1]
//     %t = linalg.generic .. outs(%o)                  ->    %t = linalg.generic .. outs(%s)
//     ctrl.in_parallel { tensor.parallel_insert_slice        ctrl.in_parallel { tensor.parallel_insert_slice
//         %t into %o[0] [n] [1] }                                %t into %o[0] [n] [1] }
//
// One-shot bufferisation takes the insertion for a read of %o, which %t has overwritten, and so gives %t a buffer of
// its own, and copies; where n is dynamic, no place could be planned for that buffer. It knows better where %t is
// made in the slice that is inserted, as items that make a part of an out do. To run just before it: anything that
// folds would undo this. Left alone: outs that are inserted in parts, or that nothing but slices uses.
#include <stdlib.h>
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "ods/ctrl.h"
#include "ods/tensor.h"

enum { MAX_RANK = 16 };

// v = tensor.dim %out, axis.
static bool isDimOf(MlirValue v, MlirValue out, int64_t axis) {
  MlirOperation op = opOf(v);
  int64_t idx;
  return tensor_dim_isa(op) && mlirValueEqual(tensor_dim_source(op), out) &&
         dlcConstantIndex(tensor_dim_index(op), &idx) && idx == axis;
}

static bool insertsWhole(MlirOperation insert, MlirValue out) {
  MlirType type = typeOf(out);
  DlcI64s offsets = tensor_parallel_insert_slice_static_offsets(insert);
  DlcI64s sizes = tensor_parallel_insert_slice_static_sizes(insert);
  DlcI64s strides = tensor_parallel_insert_slice_static_strides(insert);
  DlcValues dynamic = tensor_parallel_insert_slice_sizes(insert);
  if (!mlirTypeEqual(typeOf(tensor_parallel_insert_slice_source(insert)), type) || sizes.n > MAX_RANK) return false;
  for (intptr_t i = 0, n = 0; i < sizes.n; ++i) {
    if (offsets.data[i] != 0 || strides.data[i] != 1) return false;
    bool isDynamic = mlirShapedTypeIsDynamicSize(sizes.data[i]);
    if (isDynamic ? !isDimOf(at(dynamic, n++), out, i) : sizes.data[i] != mlirShapedTypeGetDimSize(type, i))
      return false;
  }
  return true;
}

// Whether a use is to be of the slice.
static bool isMade(MlirOperation user, MlirOperation slice) {
  return !tensor_dim_isa(user) && !tensor_extract_slice_isa(user) && !tensor_parallel_insert_slice_isa(user) &&
         !mlirOperationEqual(user, slice);
}

static bool isMadeWhole(MlirValue out) {
  dlcForEachUse(use, out)
    if (isMade(mlirOpOperandGetOwner(use), (MlirOperation){0})) return true;
  return false;
}

static void sliceOut(DlcBuilder *b, MlirOperation insert, MlirValue out) {
  MlirType type = typeOf(out);
  int64_t zeros[MAX_RANK] = {0}, sizes[MAX_RANK], ones[MAX_RANK];
  MlirValue dynamic[MAX_RANK];
  intptr_t rank = mlirShapedTypeGetRank(type), n = 0;
  MlirValue whole = {0};
  dlcAtStart(b, mlirBlockArgumentGetOwner(out)) {
    b->loc = mlirOperationGetLocation(insert);
    for (intptr_t i = 0; i < rank; ++i) {
      sizes[i] = mlirShapedTypeGetDimSize(type, i), ones[i] = 1;
      if (mlirShapedTypeIsDynamicDim(type, i)) dynamic[n++] = tensor_dim(b, out, constIndex(b, i));
    }
    whole = tensor_extract_slice(b, out, .sizes = valsN(n, dynamic), .static_offsets = {zeros, rank},
                                 .static_sizes = {sizes, rank}, .static_strides = {ones, rank}, .result_type = type);
  }
  if (b->failed) return;
  // The same values in both, or they are not known to be the same slice.
  for (intptr_t i = 0; i < n; ++i) setValue(tensor_parallel_insert_slice_sizes(insert), i, dynamic[i]);
  MlirOperation slice = opOf(whole);
  for (MlirOpOperand use = mlirValueGetFirstUse(out), next; !mlirOpOperandIsNull(use); use = next) {
    next = mlirOpOperandGetNextUse(use);
    MlirOperation user = mlirOpOperandGetOwner(use);
    if (isMade(user, slice)) mlirOperationSetOperand(user, mlirOpOperandGetOperandNumber(use), whole);
  }
}

MlirLogicalResult dlcRunCtrlSliceOuts(MlirOperation root, DlcPass *pass, const DlcCtrlSliceOutsOptions *options) {
  (void)options;
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  DlcBuilder b = {rewriter, mlirOperationGetContext(root), mlirOperationGetLocation(root), false};
  DlcOps inserts = dlcCollect(root, tensor_parallel_insert_slice_isa);
  for (intptr_t i = 0; i < inserts.n && !b.failed; ++i) {
    MlirOperation parent = mlirOperationGetParentOperation(inserts.data[i]);
    MlirValue out = tensor_parallel_insert_slice_dest(inserts.data[i]);
    if (!ctrl_in_parallel_isa(parent) || !mlirValueIsABlockArgument(out)) continue;
    if (!insertsWhole(inserts.data[i], out) || !isMadeWhole(out)) continue;
    sliceOut(&b, inserts.data[i], out);
    dlcPassCount(pass, DlcCtrlSliceOuts_outs, 1);
  }
  free(inserts.data);
  mlirIRRewriterDestroy(rewriter);
  return dlcStatus(&b);
}
