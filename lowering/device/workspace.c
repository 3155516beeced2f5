// See workspace.h. Static pieces come first, then the blocks' copies, then what
// has a size that the launch knows.
#include "lowering/device/workspace.h"
#include <stdlib.h>
#include "dlc/analysis.h"
#include "lowering/device/kernel.h"
#include "ods/arith.h"
#include "ods/ctrl.h"
#include "ods/memref.h"
#include "passes/place/bytes.h"

enum { ALIGNMENT = 256 };

static MlirOperation regionOf(MlirOperation op) {
  while (op.ptr && !ctrl_region_isa(op)) op = mlirOperationGetParentOperation(op);
  return op;
}
bool dlcIsLocalBuffer(MlirValue v) {
  if (!memref_alloc_isa(opOf(v))) return false;
  MlirOperation region = {0};
  if (!mlirAffineMapIsIdentity(mlirMemRefTypeGetAffineMap(typeOf(v)))) return false;
  dlcForEachUse(use, v) {
    MlirOperation user = mlirOpOperandGetOwner(use), in = regionOf(user);
    if (memref_dealloc_isa(user)) continue;
    if (!in.ptr || (region.ptr && !mlirOperationEqual(in, region))) return false;
    region = in;
  }
  return region.ptr != NULL;
}
static int64_t alignUp(int64_t n) { return (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }
static bool isStatic(MlirType t) {
  for (intptr_t d = 0; d < mlirShapedTypeGetRank(t); ++d)
    if (mlirShapedTypeIsDynamicDim(t, d)) return false;
  return true;
}
static int64_t unitOf(MlirType t) {
  int64_t bytes = dlcElementBytes(mlirShapedTypeGetElementType(t));
  for (intptr_t d = 0; d < mlirShapedTypeGetRank(t); ++d)
    if (!mlirShapedTypeIsDynamicDim(t, d) && __builtin_mul_overflow(bytes, mlirShapedTypeGetDimSize(t, d), &bytes))
      return DLC_TOO_MANY_BYTES;
  return bytes < DLC_TOO_MANY_BYTES ? bytes : DLC_TOO_MANY_BYTES;
}

// Where dynamic pieces begin, one after another; the end of the last.
static MlirValue addDynamic(DlcBuilder *b, DlcWorkspace *w, int64_t from) {
  MlirValue end = constIndex(b, from);
  for (intptr_t i = 0; i < w->n; ++i) {
    DlcWorkspacePiece *p = &w->data[i];
    MlirType t = typeOf(p->buffer);
    if (isStatic(t)) continue;
    p->start = end;
    MlirValue bytes = dlcBytesOf(b, unitOf(t), memref_alloc_dynamicSizes(opOf(p->buffer)));
    MlirValue lines = arith_divui(b, arith_addi(b, bytes, constIndex(b, ALIGNMENT - 1)), constIndex(b, ALIGNMENT));
    end = dlcAddBytes(b, end, arith_muli(b, lines, constIndex(b, ALIGNMENT)));
  }
  return end;
}
static void clearBarrier(DlcBuilder *b, MlirValue memory) {
  int64_t zero = 0, one = 1, n = DLC_BARRIER_BYTES;
  MlirType t = dlcSubviewType(typeOf(memory), 1, &zero, &n, &one);
  MlirValue head =
      memref_subview(b, memory, (DlcValues){0}, (DlcValues){0}, (DlcValues){0}, {&zero, 1}, {&n, 1}, {&one, 1}, t);
  MlirValue nothing = arith_constant(b, .value = mlirIntegerAttrGet(mlirIntegerTypeGet(b->ctx, 8), 0));
  if (!isNull(head)) dlcFill(b, nothing, head);
}

DlcWorkspace dlcMakeWorkspace(DlcBuilder *b, MlirOperation region, const DlcHazards *h, const DlcValueList *captured,
                              int64_t blocks) {
  DlcWorkspace w = {.data = calloc((size_t)captured->n + 1, sizeof(DlcWorkspacePiece))};
  int64_t end = DLC_BARRIER_BYTES;
  for (int copies = 0; copies < 2; ++copies)
    for (intptr_t i = 0; i < captured->n; ++i) {
      MlirValue v = captured->data[i];
      if (!mlirTypeIsAMemRef(typeOf(v)) || !dlcIsLocalBuffer(v)) continue;
      bool replica = dlcIsReplica(h, v);
      if (replica != (copies == 1)) continue;
      DlcWorkspacePiece p = {.buffer = v, .offset = -1, .replica = replica};
      if (isStatic(typeOf(v))) {
        p.offset = end;
        p.bytes = alignUp(unitOf(typeOf(v)));
        end += p.bytes * (replica ? blocks : 1);
      }
      w.data[w.n++] = p;
    }
  if (!w.n && !h->barriers) return w;
  dlcBefore(b, region) {
    MlirValue bytes = addDynamic(b, &w, end);
    int64_t open = mlirShapedTypeGetDynamicSize();
    MlirType t = mlirMemRefTypeContiguousGet(mlirIntegerTypeGet(b->ctx, 8), 1, &open, (MlirAttribute){0});
    w.memory = memref_alloc(b, .memref_type = t, .dynamicSizes = valsN(1, &bytes), .alignment = SOME(ALIGNMENT));
    if (!isNull(w.memory) && h->barriers) clearBarrier(b, w.memory);
    int64_t one = 1;
    MlirType byte = mlirMemRefTypeContiguousGet(mlirIntegerTypeGet(b->ctx, 8), 1, &one, (MlirAttribute){0});
    for (intptr_t i = 0; i < w.n && !b->failed; ++i)
      if (w.data[i].offset < 0) w.data[i].at = memref_view(b, w.memory, w.data[i].start, (DlcValues){0}, byte);
  }
  return w;
}
void dlcWorkspaceDestroy(DlcWorkspace *w) {
  free(w->data);
  *w = (DlcWorkspace){0};
}
