// ctrl.task: its parts, and the rules that its verifier checks.
#include <string.h>
#include "dialects/ctrl/ctrl.h"
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "ods/tile.h"

intptr_t dlcTaskRank(MlirOperation task) { return ctrl_task_static_ubs(task).n; }
MlirBlock dlcTaskBody(MlirOperation task) { return bodyOf(ctrl_task_body(task)); }
MlirValue dlcTaskIndexArgument(MlirOperation task, intptr_t i) { return argOf(dlcTaskBody(task), i); }
MlirValue dlcTaskInArgument(MlirOperation task, intptr_t i) { return argOf(dlcTaskBody(task), dlcTaskRank(task) + i); }
MlirValue dlcTaskOutArgument(MlirOperation task, intptr_t i) {
  return argOf(dlcTaskBody(task), dlcTaskRank(task) + ctrl_task_ins(task).n + i);
}
MlirValue dlcTaskToken(MlirOperation task) {
  intptr_t n = mlirOperationGetNumResults(task);
  MlirValue last = n ? mlirOperationGetResult(task, n - 1) : (MlirValue){0};
  return n && ctrl_token_isa(typeOf(last)) ? last : (MlirValue){0};
}

static MlirLogicalResult success(void) { return mlirLogicalResultSuccess(); }
#define CHECK(rule)                                                                                                    \
  if (mlirLogicalResultIsFailure(rule)) return mlirLogicalResultFailure()

//===--- the grid ---
static MlirLogicalResult verifyGrid(MlirOperation op) {
  DlcI64s lower = ctrl_task_static_lbs(op), upper = ctrl_task_static_ubs(op);
  if (lower.n != upper.n)
    return dlcError(op, "lower and upper bounds differ in rank: %d and %d", (int)lower.n, (int)upper.n);
  intptr_t dynamicLower = 0, dynamicUpper = 0;
  for (intptr_t i = 0; i < lower.n; ++i) {
    bool isDynamic = lower.data[i] == mlirShapedTypeGetDynamicSize(),
         endIsDynamic = upper.data[i] == mlirShapedTypeGetDynamicSize();
    dynamicLower += isDynamic, dynamicUpper += endIsDynamic;
    if ((!isDynamic && lower.data[i] < 0) || (!endIsDynamic && upper.data[i] < 0))
      return dlcError(op, "bounds of grid dimension %d must not be negative", (int)i);
  }
  if (dynamicLower != ctrl_task_lbs(op).n || dynamicUpper != ctrl_task_ubs(op).n)
    return dlcError(op, "dynamic bounds do not match the static ones");
  return success();
}

//===--- operands and results ---
static bool isTensor(MlirType t) { return mlirTypeIsATensor(t); }
static bool isBuffer(MlirType t) { return mlirTypeIsAMemRef(t) || mlirTypeIsAUnrankedMemRef(t); }
static MlirLogicalResult verifyOperands(MlirOperation op) {
  bool tensors = false, buffers = false;
  DlcValues ins = ctrl_task_ins(op), outs = ctrl_task_outs(op);
  for (intptr_t i = 0; i < ins.n; ++i) {
    MlirType t = typeOf(at(ins, i));
    if (ctrl_token_isa(t)) return dlcError(op, "in #%d is a token: a token goes in 'after'", (int)i);
    tensors |= isTensor(t), buffers |= isBuffer(t);
  }
  intptr_t nResults = 0;
  for (intptr_t i = 0; i < outs.n; ++i) {
    MlirType t = typeOf(at(outs, i));
    if (!mlirTypeIsARankedTensor(t) && !mlirTypeIsAMemRef(t))
      return dlcError(op, "out #%d is %s: an out is a ranked tensor or a memref", (int)i, dlcShowType(t).text);
    tensors |= isTensor(t), buffers |= isBuffer(t);
    nResults += isTensor(t);
  }
  if (tensors && buffers) return dlcError(op, "mixes tensors and buffers: bufferise all or none");
  MlirValue token = dlcTaskToken(op);
  if (tensors && (!isNull(token) || ctrl_task_after(op).n))
    return dlcError(op, "on tensors is ordered by its values; tokens come with buffers");
  if (mlirOperationGetNumResults(op) != nResults + !isNull(token))
    return dlcError(op, "results must be the tensor outs, then at most a token");
  for (intptr_t i = 0; i < nResults; ++i) // all outs are tensors then
    if (!mlirTypeEqual(typeOf(mlirOperationGetResult(op, i)), typeOf(at(outs, i))))
      return dlcError(op, "result #%d is %s, its out %s", (int)i,
                      dlcShowType(typeOf(mlirOperationGetResult(op, i))).text, dlcShowType(typeOf(at(outs, i))).text);
  return success();
}

//===--- dependences ---
static MlirLogicalResult verifyDependence(MlirOperation op, MlirValue token, MlirAttribute dep) {
  ctrl_DepKind kind = ctrl_dep_kind(dep);
  if (kind == ctrl_DepKind_all) return success();
  MlirOperation producer = opOf(token);
  if (producer.ptr && !ctrl_task_isa(producer))
    return dlcError(op, "'%s' needs a token that one task yields; a token of a join, a move or a branch takes 'all'",
                    ctrl_DepKind_str(kind));
  intptr_t rank = dlcTaskRank(op);
  if (kind == ctrl_DepKind_same) {
    MlirAffineMap pin = ctrl_task_pin(op);
    if (mlirAffineMapIsNull(pin)) return dlcError(op, "'same' needs a pin: only then the worker is the same");
    if (producer.ptr && (dlcTaskRank(producer) != rank || mlirAffineMapIsNull(ctrl_task_pin(producer)) ||
                         !mlirAffineMapEqual(ctrl_task_pin(producer), pin)))
      return dlcError(op, "'same' needs producer and consumer of equal rank and pin");
    return success();
  }
  MlirAffineMap from = ctrl_dep_from(dep);
  if (mlirAffineMapGetNumDims(from) != rank || mlirAffineMapGetNumSymbols(from))
    return dlcError(op, "window map takes %d indices, the grid has %d", (int)mlirAffineMapGetNumInputs(from),
                    (int)rank);
  if (!producer.ptr) return success(); // carried by a loop: checked when synchronisation is placed
  MlirAffineMap signal = ctrl_task_signal(producer);
  intptr_t counters = mlirAffineMapIsNull(signal) ? dlcTaskRank(producer) : mlirAffineMapGetNumResults(signal);
  if (mlirAffineMapGetNumResults(from) != counters)
    return dlcError(op, "window has %d dimensions, the producer signals %d", (int)mlirAffineMapGetNumResults(from),
                    (int)counters);
  return success();
}
static MlirLogicalResult verifyDependences(MlirOperation op) {
  DlcValues after = ctrl_task_after(op);
  intptr_t n = ctrl_task_deps_n(op);
  if (after.n != n)
    return dlcError(op, "needs one dependence a token: %d tokens, %d dependences", (int)after.n, (int)n);
  for (intptr_t i = 0; i < n; ++i) CHECK(verifyDependence(op, at(after, i), ctrl_task_deps_at(op, i)));
  return success();
}

//===--- maps, sizes, predicate ---
static MlirLogicalResult verifyMaps(MlirOperation op) {
  intptr_t rank = dlcTaskRank(op);
  MlirAffineMap signal = ctrl_task_signal(op), pin = ctrl_task_pin(op);
  if (!mlirAffineMapIsNull(signal) && (mlirAffineMapGetNumDims(signal) != rank || mlirAffineMapGetNumSymbols(signal)))
    return dlcError(op, "signal map takes %d indices, the grid has %d", (int)mlirAffineMapGetNumInputs(signal),
                    (int)rank);
  if (!mlirAffineMapIsNull(pin) &&
      (mlirAffineMapGetNumDims(pin) != rank || mlirAffineMapGetNumSymbols(pin) || mlirAffineMapGetNumResults(pin) != 1))
    return dlcError(op, "pin maps the %d indices to one worker", (int)rank);
  DlcOptI64 threads = ctrl_task_threads(op);
  if (threads.has && threads.value < 1) return dlcError(op, "threads must be positive");
  DlcI64s cluster = ctrl_task_cluster(op);
  if (cluster.n && cluster.n != rank)
    return dlcError(op, "cluster needs one size a grid dimension: %d sizes for %d", (int)cluster.n, (int)rank);
  for (intptr_t i = 0; i < cluster.n; ++i)
    if (cluster.data[i] < 1) return dlcError(op, "cluster sizes must be positive");
  return success();
}
static bool isI1(MlirType t) { return mlirTypeIsAInteger(t) && mlirIntegerTypeGetWidth(t) == 1; }
static MlirLogicalResult verifyPredicate(MlirOperation op) {
  if (isNull(ctrl_task_pred(op))) return success();
  MlirType t = typeOf(ctrl_task_pred(op));
  if (isI1(t)) return success();
  bool shaped = (mlirTypeIsARankedTensor(t) || mlirTypeIsAMemRef(t)) && isI1(mlirShapedTypeGetElementType(t));
  intptr_t rank = shaped ? mlirShapedTypeGetRank(t) : 0;
  if (rank < 1 || rank > dlcTaskRank(op))
    return dlcError(op, "'if' is an i1, or i1 by the leading grid dimensions, not %s", dlcShowType(t).text);
  DlcI64s upper = ctrl_task_static_ubs(op);
  for (intptr_t i = 0; i < rank; ++i) {
    if (mlirShapedTypeIsDynamicDim(t, i) || upper.data[i] == mlirShapedTypeGetDynamicSize()) continue;
    if (mlirShapedTypeGetDimSize(t, i) < upper.data[i])
      return dlcError(op, "'if' has %lld predicates for %lld indices of grid dimension %d",
                      (long long)mlirShapedTypeGetDimSize(t, i), (long long)upper.data[i], (int)i);
  }
  return success();
}

//===--- keep ---
// The outermost loop between the task and its region in which v is defined; null where v does not change there.
static MlirOperation loopThatChanges(MlirOperation op, MlirOperation region, MlirValue v) {
  for (MlirOperation p = mlirOperationGetParentOperation(op); p.ptr && !mlirOperationEqual(p, region);
       p = mlirOperationGetParentOperation(p)) {
    if (!ctrl_loop_isa(p)) continue;
    MlirOperation owner = mlirValueIsABlockArgument(v) ? mlirBlockGetParentOperation(mlirBlockArgumentGetOwner(v))
                                                       : mlirOpResultGetOwner(v);
    bool inside =
        mlirValueIsABlockArgument(v) ? dlcIsInside(owner, p) : dlcIsInside(owner, p) && !mlirOperationEqual(owner, p);
    if (inside) return p;
  }
  return (MlirOperation){0};
}
static MlirLogicalResult verifyKeep(MlirOperation op) {
  MlirAttribute keep = ctrl_task_keep(op);
  intptr_t nIns = ctrl_task_ins(op).n, n = nIns + ctrl_task_outs(op).n;
  if (mlirAttributeIsNull(keep)) return success();
  if (dlcArraySize(keep) != n)
    return dlcError(op, "'keep' needs one entry an operand: %d for %d", (int)dlcArraySize(keep), (int)n);
  MlirOperation region = dlcParentNamed(op, "ctrl.region");
  for (intptr_t i = 0; i < n; ++i) {
    MlirAttribute entry = mlirArrayAttrGetElement(keep, i);
    if (!tile_level_isa(entry)) {
      if (!mlirAttributeIsAUnit(entry)) return dlcError(op, "'keep' entry #%d is neither a level nor unit", (int)i);
      continue;
    }
    if (tile_level_value(entry) >= tile_Level_l2)
      return dlcError(op, "keeps only on chip: register, workgroup or cluster, not %s",
                      tile_Level_str(tile_level_value(entry)));
    if (!region.ptr)
      return dlcError(op, "keeps across executions only inside a ctrl.region: residency ends with the kernel");
    if (mlirAffineMapIsNull(ctrl_task_pin(op))) return dlcError(op, "keeps only when its items are pinned");
    if (i >= nIns) continue;
    MlirOperation loop = loopThatChanges(op, region, at(ctrl_task_ins(op), i));
    if (!loop.ptr) continue;
    DlcDiagnostic *d = dlcErrorBegin(op, "keeps operand #%d, which changes in the loop", (int)i);
    dlcNote(d, mlirOperationGetLocation(loop), "this loop; keep what is defined outside of it, or an out");
    return dlcReport(d);
  }
  return success();
}

MlirLogicalResult dlcCtrlTaskVerify(MlirOperation op) {
  CHECK(verifyGrid(op));
  CHECK(verifyOperands(op));
  CHECK(verifyDependences(op));
  CHECK(verifyMaps(op));
  CHECK(verifyPredicate(op));
  CHECK(verifyKeep(op));
  if (dlcCtrlScopeOf(op) >= ctrl_Level_block) return dlcError(op, "a task cannot run inside a task");
  return success();
}

//===--- the body ---
static bool isWorkgroupMemory(MlirType t) {
  if (!mlirTypeIsAMemRef(t) || mlirShapedTypeGetRank(t) != 1 || !mlirTypeIsAInteger(mlirShapedTypeGetElementType(t)) ||
      mlirIntegerTypeGetWidth(mlirShapedTypeGetElementType(t)) != 8)
    return false;
  MlirAttribute space = mlirMemRefTypeGetMemorySpace(t);
  return !mlirAttributeIsNull(space) && !strcmp(dlcShowAttribute(space).text, "#gpu.address_space<workgroup>");
}
MlirLogicalResult dlcCtrlTaskVerifyRegions(MlirOperation op) {
  MlirBlock body = dlcTaskBody(op);
  DlcValues ins = ctrl_task_ins(op), outs = ctrl_task_outs(op);
  intptr_t rank = dlcTaskRank(op), n = mlirBlockGetNumArguments(body);
  bool good = n == rank + ins.n + outs.n + ctrl_task_workgroup(op);
  for (intptr_t i = 0; i < rank && good; ++i) good = mlirTypeIsAIndex(typeOf(argOf(body, i)));
  for (intptr_t i = 0; i < ins.n && good; ++i) good = mlirTypeEqual(typeOf(argOf(body, rank + i)), typeOf(at(ins, i)));
  for (intptr_t i = 0; i < outs.n && good; ++i)
    good = mlirTypeEqual(typeOf(argOf(body, rank + ins.n + i)), typeOf(at(outs, i)));
  if (!good) return dlcError(op, "body arguments must be the grid indices, the ins, the outs, then workgroup memory");
  if (ctrl_task_workgroup(op) && !isWorkgroupMemory(typeOf(argOf(body, n - 1))))
    return dlcError(op, "workgroup memory is a memref<Nxi8, #gpu.address_space<workgroup>>, not %s",
                    dlcShowType(typeOf(argOf(body, n - 1))).text);
  if (!dlcEndOf(body, "ctrl.in_parallel").ptr) return dlcError(op, "body must end in ctrl.in_parallel");
  return success();
}

MlirLogicalResult dlcCtrlInParallelVerify(MlirOperation op) {
  MlirOperation task = mlirOperationGetParentOperation(op);
  intptr_t first = dlcTaskRank(task) + ctrl_task_ins(task).n;
  dlcForEachOp(inner, bodyOf(ctrl_in_parallel_body(op))) {
    MlirValue into;
    if (!dlcCombinesInto(inner, &into)) return dlcError(inner, "only combining ops may stand in ctrl.in_parallel");
    bool isArgument =
        mlirValueIsABlockArgument(into) && mlirBlockEqual(mlirBlockArgumentGetOwner(into), dlcTaskBody(task));
    intptr_t i = isArgument ? mlirBlockArgumentGetArgNumber(into) : -1;
    if (i < first || i >= first + ctrl_task_outs(task).n) return dlcError(inner, "must insert into an out of the task");
  }
  return success();
}
