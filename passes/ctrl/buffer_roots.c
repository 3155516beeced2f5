// See buffer_roots.h. Sets grow until no op adds to one.
#include "passes/ctrl/buffer_roots.h"
#include <stdlib.h>
#include <string.h>
#include "ods/arith.h"
#include "ods/ctrl.h"
#include "ods/memref.h"

void dlcBufferRootsDestroy(DlcBufferRoots *r) {
  dlcPointerMapDestroy(&r->ids);
  free(r->roots);
  free(r->sets);
  *r = (DlcBufferRoots){0};
}
static bool isBuffer(MlirValue v) { return mlirTypeIsAMemRef(typeOf(v)); }
static bool isView(MlirOperation op) {
  return memref_subview_isa(op) || memref_cast_isa(op) || memref_reinterpret_cast_isa(op) ||
         memref_expand_shape_isa(op) || memref_collapse_shape_isa(op) || memref_view_isa(op) ||
         memref_memory_space_cast_isa(op) || memref_transpose_isa(op) || memref_assume_alignment_isa(op);
}

//===--- numbers ---
static void addRoot(DlcBufferRoots *r, MlirValue v) {
  if (r->nRoots == r->capacity)
    r->roots = realloc(r->roots, (size_t)(r->capacity = r->capacity * 2 + 64) * sizeof *r->roots);
  r->roots[r->nRoots++] = v;
}
static bool isDerived(MlirValue v) {
  if (mlirValueIsABlockArgument(v)) return ctrl_loop_isa(mlirBlockGetParentOperation(mlirBlockArgumentGetOwner(v)));
  MlirOperation op = opOf(v);
  return isView(op) || arith_select_isa(op) || ctrl_loop_isa(op) || ctrl_branch_isa(op) || ctrl_region_isa(op);
}
static void addValue(DlcBufferRoots *r, MlirValue v) {
  if (!isBuffer(v) || dlcPointerMapGet(&r->ids, v.ptr) >= 0) return;
  dlcPointerMapSet(&r->ids, v.ptr, r->nValues++);
  if (!isDerived(v)) {
    addRoot(r, v);
    return;
  }
  MlirOperation op = opOf(v); // what is made before root is followed up, too
  if (op.ptr && !mlirOperationGetNumRegions(op))
    for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i) addValue(r, mlirOperationGetOperand(op, i));
}
static void addAll(DlcBufferRoots *r, MlirOperation op) {
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i) addValue(r, mlirOperationGetOperand(op, i));
  for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i) addValue(r, mlirOperationGetResult(op, i));
  if (ctrl_task_isa(op)) return;
  for (intptr_t g = 0; g < mlirOperationGetNumRegions(op); ++g)
    for (MlirBlock block = bodyOf(mlirOperationGetRegion(op, g)); block.ptr; block = mlirBlockGetNextInRegion(block)) {
      for (intptr_t i = 0; i < mlirBlockGetNumArguments(block); ++i) addValue(r, mlirBlockGetArgument(block, i));
      dlcForEachOp(inner, block) addAll(r, inner);
    }
}

//===--- sets ---
static uint64_t *setOf(const DlcBufferRoots *r, MlirValue v) {
  int64_t id = dlcPointerMapGet(&r->ids, v.ptr);
  return id < 0 ? NULL : r->sets + id * r->words;
}
static bool join(DlcBufferRoots *r, MlirValue into, MlirValue from) {
  if (!isBuffer(into) || !isBuffer(from)) return false;
  uint64_t *a = setOf(r, into), *b = setOf(r, from), changed = 0;
  for (intptr_t i = 0; i < r->words; ++i) {
    changed |= b[i] & ~a[i];
    a[i] |= b[i];
  }
  return changed != 0;
}
static bool growLoop(DlcBufferRoots *r, MlirOperation loop) {
  MlirBlock body = bodyOf(ctrl_loop_body(loop));
  DlcValues inits = ctrl_loop_init_args(loop), next = ctrl_next_values(mlirBlockGetTerminator(body));
  bool changed = false;
  for (intptr_t i = 0; i < inits.n; ++i) {
    changed |= join(r, argOf(body, i + 1), at(inits, i));
    changed |= join(r, argOf(body, i + 1), at(next, i));
    changed |= join(r, mlirOperationGetResult(loop, i), argOf(body, i + 1));
  }
  return changed;
}
static bool grow(DlcBufferRoots *r, MlirOperation op);
static bool growRegions(DlcBufferRoots *r, MlirOperation op) {
  bool changed = false;
  for (intptr_t g = 0; g < mlirOperationGetNumRegions(op); ++g)
    for (MlirBlock block = bodyOf(mlirOperationGetRegion(op, g)); block.ptr; block = mlirBlockGetNextInRegion(block)) {
      dlcForEachOp(inner, block) changed |= grow(r, inner);
      if (!ctrl_branch_isa(op) && !ctrl_region_isa(op)) continue;
      MlirOperation end = mlirBlockGetTerminator(block);
      for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i)
        changed |= join(r, mlirOperationGetResult(op, i), mlirOperationGetOperand(end, i));
    }
  return changed;
}
static bool growView(DlcBufferRoots *r, MlirOperation op) {
  MlirValue v = mlirOperationGetResult(op, 0);
  bool isSelect = arith_select_isa(op), changed = join(r, v, mlirOperationGetOperand(op, isSelect ? 1 : 0));
  if (isSelect) changed |= join(r, v, mlirOperationGetOperand(op, 2));
  return changed;
}
static bool grow(DlcBufferRoots *r, MlirOperation op) {
  if (ctrl_task_isa(op)) return false;
  bool changed = growRegions(r, op);
  if (ctrl_loop_isa(op)) changed |= growLoop(r, op);
  if (isView(op) || (arith_select_isa(op) && isBuffer(mlirOperationGetResult(op, 0)))) changed |= growView(r, op);
  return changed;
}

DlcBufferRoots dlcFindBufferRoots(MlirOperation root) {
  DlcBufferRoots r = {0};
  addAll(&r, root);
  r.words = (r.nRoots + 63) / 64;
  r.sets = calloc((size_t)(r.nValues * r.words) + 1, sizeof *r.sets);
  for (intptr_t i = 0; i < r.nRoots; ++i) setOf(&r, r.roots[i])[i / 64] |= (uint64_t)1 << (i % 64);
  while (grow(&r, root)) {}
  return r;
}
const uint64_t *dlcRootsOf(const DlcBufferRoots *r, MlirValue buffer) { return setOf(r, buffer); }
intptr_t dlcRootNumber(const DlcBufferRoots *r, MlirValue root) {
  for (intptr_t i = 0; i < r->nRoots; ++i)
    if (mlirValueEqual(r->roots[i], root)) return i;
  return -1;
}
bool dlcMayBe(const DlcBufferRoots *r, MlirValue buffer, MlirValue root) {
  intptr_t n = dlcRootNumber(r, root);
  const uint64_t *set = setOf(r, buffer);
  return n < 0 || !set || (set[n / 64] >> (n % 64) & 1);
}
bool dlcRootsMeet(const DlcBufferRoots *r, const uint64_t *a, const uint64_t *b) {
  for (intptr_t i = 0; i < r->words; ++i)
    if (a[i] & b[i]) return true;
  return false;
}
