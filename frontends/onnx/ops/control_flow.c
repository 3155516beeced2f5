// Loop, If and Scan become ctrl.loop and ctrl.branch.
//
//   If:   ctrl.branch %cond : i1 -> (joined types) { then; ctrl.yield } else { else; ctrl.yield }
//   Loop: ctrl.loop %i to %M carry(values, scan outputs) while(%cond) { body; ctrl.next while(%go) ... }
//   Scan: ctrl.loop %i to %length carry(states, scan outputs) { slices of the scan inputs; body; ctrl.next ... }
//
// Regions are built before their op, whose types depend on them. A carried value is first assumed to keep its shape;
// where the body contradicts that, the dimension is made dynamic and the body built again. Scan outputs of a counted
// loop are allocated whole and filled slice by slice; where the count or the shape is not known before, they grow.
#include "frontends/onnx/import.h"
#include "frontends/onnx/ops/table.h"
#include "ods/arith.h"
#include "ods/ctrl.h"
#include "ods/tensor.h"
#include <string.h>

#define B onnxBuilder(ctx)

static OnnxIndex dimOf(OnnxContext *ctx, MlirValue tensor, int i) {
  return (OnnxIndex){.value = tensor_dim(B, tensor, onnxIndexValue(ctx, onnxConst(i)))};
}

//===--- If ---
typedef struct {
  MlirBlock block;
  int n;
  OnnxValue *values; // as the arm leaves them
} Arm;
static void finishArm(OnnxContext *ctx, OnnxValue *const *outputs, void *data) {
  Arm *arm = data;
  for (int i = 0; i < arm->n && !onnxFailed(ctx); ++i) {
    MlirValue tensor = onnxTensor(ctx, outputs[i]);
    arm->values[i] = *outputs[i], arm->values[i].tensor = tensor;
  }
}
static MlirRegion buildArm(OnnxContext *ctx, const Onnx__GraphProto *graph, Arm *arm) {
  MlirRegion region = mlirRegionCreate();
  arm->block = dlcAddBlock(B, region, types());
  arm->values = onnxAllocate(ctx, (size_t)arm->n * sizeof *arm->values + 1);
  dlcAtEnd(B, arm->block) onnxLowerSubgraph(ctx, graph, 0, NULL, arm->n, finishArm, arm);
  return region;
}
static bool joinTypes(OnnxContext *ctx, const Arm *a, const Arm *b, int i, OnnxIndex *dims, MlirType *type) {
  const OnnxValue *x = &a->values[i], *y = &b->values[i];
  if (x->element != y->element)
    return onnxInvalid(ctx, "output %d is %s in one branch and %s in the other", i, onnxElementName(x->element),
                       onnxElementName(y->element)),
           false;
  if (x->rank != y->rank)
    return onnxRefuse(ctx, "output %d has rank %d in one branch and %d in the other", i, x->rank, y->rank), false;
  for (int d = 0; d < x->rank; ++d) // null marks a size that only the result knows
    dims[d] = onnxSameIndex(x->dims[d], y->dims[d]) ? x->dims[d] : (OnnxIndex){.value = a->values[i].tensor};
  *type = onnxTypeOf(ctx, x->element, x->rank, dims);
  return !onnxFailed(ctx);
}
static void yieldArm(OnnxContext *ctx, const Arm *arm, const MlirType *list) {
  MlirValue *values = onnxAllocate(ctx, (size_t)arm->n * sizeof *values + 1);
  dlcAtEnd(B, arm->block) {
    for (int i = 0; i < arm->n; ++i) {
      values[i] = arm->values[i].tensor;
      if (!mlirTypeEqual(typeOf(values[i]), list[i])) values[i] = tensor_cast(B, values[i], list[i]);
    }
    ctrl_yield(B, valsN(arm->n, values));
  }
}
static void inlineBranch(OnnxContext *ctx, OnnxValue *const *outputs, void *data) {
  OnnxNode *node = data;
  for (int i = 0; i < node->outputCount; ++i) onnxSetOutput(ctx, node, i, outputs[i]);
}
static void lowerIf(OnnxContext *ctx, OnnxNode *node) {
  OnnxValue *condition = node->inputs[0];
  const Onnx__GraphProto *graphs[] = {onnxGraph(ctx, node, "then_branch"), onnxGraph(ctx, node, "else_branch")};
  if (onnxFailed(ctx)) return;
  if (condition->element != ONNX_BOOL)
    return onnxInvalid(ctx, "a condition of element type %s", onnxElementName(condition->element));
  if (condition->data && onnxCount(condition) == 1)
    return onnxLowerInline(ctx, graphs[!onnxGetInt(condition, 0)], node->outputCount, inlineBranch, node);
  int n = node->outputCount;
  MlirValue selector = onnxExtractScalar(ctx, condition);
  Arm arms[2] = {{.n = n}, {.n = n}};
  MlirRegion regions[2] = {buildArm(ctx, graphs[0], &arms[0]), buildArm(ctx, graphs[1], &arms[1])};
  MlirType *list = onnxAllocate(ctx, (size_t)n * sizeof *list + 1);
  OnnxIndex(*dims)[ONNX_MAX_RANK] = onnxAllocate(ctx, (size_t)n * sizeof *dims + 1);
  for (int i = 0; i < n && !onnxFailed(ctx); ++i) joinTypes(ctx, &arms[0], &arms[1], i, dims[i], &list[i]);
  if (onnxFailed(ctx) || B->failed) {
    mlirRegionDestroy(regions[0]), mlirRegionDestroy(regions[1]);
    return;
  }
  yieldArm(ctx, &arms[0], list), yieldArm(ctx, &arms[1], list);
  MlirOperation op = ctrl_branch(B, selector, (DlcI64s){0}, typesN(n, list), .arms = {regions, 2});
  for (int i = 0; i < n; ++i) {
    const OnnxValue *x = &arms[0].values[i];
    MlirValue r = dlcResult(op, i);
    if (isNull(r)) return;
    for (int d = 0; d < x->rank; ++d)
      if (!onnxSameIndex(x->dims[d], arms[1].values[i].dims[d])) dims[i][d] = dimOf(ctx, r, d);
    onnxSetOutput(ctx, node, i, onnxNewTensor(ctx, x->element, x->rank, dims[i], r));
  }
}

//===--- loops ---
typedef struct {
  OnnxElement element;
  int rank;                      // of one slice
  OnnxIndex dims[ONNX_MAX_RANK]; // of one slice
  bool outside[ONNX_MAX_RANK];   // the size is known before the loop
  int axis;
  bool reverse, grows;
} ScanOutput;
typedef struct {
  OnnxValue *x;
  int axis;
  bool reverse;
} ScanInput;
typedef struct {
  const Onnx__GraphProto *graph;
  bool isLoop; // else Scan
  bool bounded;
  OnnxIndex bound;
  OnnxValue *condition; // or NULL
  int carried, scanned, collected;
  OnnxValue **initial;
  bool (*changes)[ONNX_MAX_RANK];
  ScanInput *scanInputs;
  ScanOutput *scanOutputs;
  // of one try
  MlirBlock block;
  MlirType *types;
  bool stable, flagged;
} Loop;

static bool isInside(MlirValue v, MlirBlock body) {
  MlirBlock block =
      mlirValueIsABlockArgument(v) ? mlirBlockArgumentGetOwner(v) : mlirOperationGetBlock(mlirOpResultGetOwner(v));
  while (!mlirBlockIsNull(block)) {
    if (mlirBlockEqual(block, body)) return true;
    MlirOperation parent = mlirBlockGetParentOperation(block);
    block = mlirOperationIsNull(parent) ? (MlirBlock){0} : mlirOperationGetBlock(parent);
  }
  return false;
}
static void carriedDims(const Loop *loop, int i, OnnxIndex *dims) {
  for (int d = 0; d < loop->initial[i]->rank; ++d) {
    dims[d] = loop->initial[i]->dims[d];
    if (loop->changes[i][d]) dims[d] = (OnnxIndex){.value = loop->initial[i]->tensor}; // dynamic; the value is not used
  }
}
static OnnxValue *carriedArgument(OnnxContext *ctx, const Loop *loop, int i) {
  const OnnxValue *x = loop->initial[i];
  OnnxIndex dims[ONNX_MAX_RANK];
  MlirValue arg = argOf(loop->block, 1 + i);
  for (int d = 0; d < x->rank; ++d) dims[d] = loop->changes[i][d] ? dimOf(ctx, arg, d) : x->dims[d];
  return onnxNewTensor(ctx, x->element, x->rank, dims, arg);
}
static OnnxValue *sliceOf(OnnxContext *ctx, const Loop *loop, const ScanInput *in, OnnxIndex step) {
  OnnxValue *x = in->x;
  OnnxIndex offsets[ONNX_MAX_RANK], sizes[ONNX_MAX_RANK], steps[ONNX_MAX_RANK], dims[ONNX_MAX_RANK];
  int n = 0;
  for (int i = 0; i < x->rank; ++i) {
    offsets[i] = onnxConst(0), sizes[i] = x->dims[i], steps[i] = onnxConst(1);
    if (i != in->axis) dims[n++] = x->dims[i];
  }
  offsets[in->axis] = in->reverse ? onnxSub(ctx, onnxSub(ctx, loop->bound, onnxConst(1)), step) : step;
  sizes[in->axis] = onnxConst(1);
  return onnxReshape(ctx, onnxSlice(ctx, x, offsets, sizes, steps), n, dims);
}

// Puts this iteration's slice into the accumulator, which becomes a new argument of the body.
static MlirValue collect(OnnxContext *ctx, const Loop *loop, ScanOutput *s, OnnxValue *value, OnnxIndex step) {
  OnnxIndex whole[ONNX_MAX_RANK], offsets[ONNX_MAX_RANK], sizes[ONNX_MAX_RANK];
  s->element = value->element, s->rank = value->rank;
  if (s->rank + 1 > ONNX_MAX_RANK || s->axis > s->rank)
    return onnxInvalid(ctx, "a scan output's axis does not exist"), (MlirValue){0};
  s->grows = loop->flagged || !loop->bounded;
  for (int d = 0; d < s->rank; ++d) {
    s->dims[d] = value->dims[d];
    s->outside[d] = onnxIsConst(s->dims[d]) || !isInside(s->dims[d].value, loop->block);
    s->grows |= !s->outside[d];
  }
  if (s->grows && s->axis)
    return onnxRefuse(ctx, "a scan output of changing shape along axis %d is not supported", s->axis), (MlirValue){0};
  OnnxIndex size = s->grows ? onnxAdd(ctx, step, onnxConst(1)) : loop->bound;
  for (int d = 0, from = 0; d <= s->rank; ++d) {
    bool isAxis = d == s->axis;
    whole[d] = isAxis ? size : s->dims[from];
    sizes[d] = isAxis ? onnxConst(1) : s->dims[from++];
    offsets[d] = onnxConst(0);
  }
  MlirType type = onnxTypeOf(ctx, s->element, s->rank + 1, whole);
  MlirValue slice = onnxTensor(ctx, value);
  if (onnxFailed(ctx)) return (MlirValue){0};
  MlirValue accumulator = mlirBlockAddArgument(loop->block, type, B->loc);
  if (s->grows) {
    MlirValue larger = onnxEmpty(ctx, s->element, s->rank + 1, whole);
    OnnxIndex before[ONNX_MAX_RANK];
    memcpy(before, sizes, sizeof before);
    before[0] = step;
    accumulator = onnxInsertSlice(ctx, accumulator, larger, s->rank + 1, offsets, before);
  }
  offsets[s->axis] = s->reverse ? onnxSub(ctx, onnxSub(ctx, loop->bound, onnxConst(1)), step) : step;
  return onnxInsertSlice(ctx, slice, accumulator, s->rank + 1, offsets, sizes);
}

static bool checkCarried(OnnxContext *ctx, Loop *loop, OnnxValue *const *outputs) {
  loop->stable = true;
  for (int i = 0; i < loop->carried; ++i) {
    const OnnxValue *x = loop->initial[i], *y = outputs[i];
    if (x->element != y->element)
      return onnxInvalid(ctx, "carried value %d is %s before and %s after an iteration", i, onnxElementName(x->element),
                         onnxElementName(y->element)),
             false;
    if (x->rank != y->rank)
      return onnxRefuse(ctx, "carried value %d has rank %d before and %d after an iteration", i, x->rank, y->rank),
             false;
    for (int d = 0; d < x->rank; ++d)
      if (!loop->changes[i][d] && !onnxSameIndex(x->dims[d], y->dims[d]))
        loop->changes[i][d] = true, loop->stable = false;
  }
  return loop->stable;
}
static void finishBody(OnnxContext *ctx, OnnxValue *const *outputs, void *data) {
  Loop *loop = data;
  MlirValue go = {0}, *next = onnxAllocate(ctx, (size_t)(loop->carried + loop->collected) * sizeof *next + 1);
  if (!checkCarried(ctx, loop, outputs + loop->isLoop)) return;
  loop->flagged = false;
  if (loop->isLoop) {
    OnnxValue *out = outputs[0];
    if (out->element != ONNX_BOOL)
      return onnxInvalid(ctx, "a condition of element type %s", onnxElementName(out->element));
    bool always = out->data && onnxCount(out) == 1 && onnxGetInt(out, 0);
    loop->flagged = !always || loop->condition;
    if (loop->flagged) go = onnxExtractScalar(ctx, out);
    outputs += 1;
  }
  OnnxIndex step = {.value = argOf(loop->block, 0)};
  for (int i = 0; i < loop->carried && !onnxFailed(ctx); ++i) {
    next[i] = onnxTensor(ctx, outputs[i]);
    if (!onnxFailed(ctx) && !mlirTypeEqual(typeOf(next[i]), loop->types[i]))
      next[i] = tensor_cast(B, next[i], loop->types[i]);
  }
  for (int i = 0; i < loop->collected && !onnxFailed(ctx); ++i)
    next[loop->carried + i] = collect(ctx, loop, &loop->scanOutputs[i], outputs[loop->carried + i], step);
  if (!onnxFailed(ctx)) ctrl_next(B, valsN(loop->carried + loop->collected, next), .go = go);
}

static MlirRegion buildBody(OnnxContext *ctx, Loop *loop) {
  int n = loop->isLoop ? 2 + loop->carried : loop->carried + loop->scanned;
  OnnxValue **inputs = onnxAllocate(ctx, (size_t)n * sizeof *inputs + 1);
  MlirType *args = onnxAllocate(ctx, (size_t)(loop->carried + 1) * sizeof *args);
  args[0] = indexType(B);
  for (int i = 0; i < loop->carried; ++i) {
    OnnxIndex dims[ONNX_MAX_RANK];
    carriedDims(loop, i, dims);
    args[1 + i] = loop->types[i] = onnxTypeOf(ctx, loop->initial[i]->element, loop->initial[i]->rank, dims);
  }
  if (onnxFailed(ctx)) return (MlirRegion){0};
  MlirRegion region = mlirRegionCreate();
  loop->block = dlcAddBlock(B, region, typesN(loop->carried + 1, args));
  OnnxIndex step = {.value = argOf(loop->block, 0)};
  OnnxScope scope, *previous = ctx->scope;
  onnxEnterScope(ctx, &scope, true); // the arguments' sizes are known inside only
  dlcAtEnd(B, loop->block) {
    int k = 0;
    if (loop->isLoop) {
      inputs[k++] = onnxNewElements(ctx, ONNX_INT64, 0, &step, 1);
      OnnxIndex yes = onnxConst(1);
      inputs[k++] = onnxNewElements(ctx, ONNX_BOOL, 0, &yes, 1); // the body runs only when the condition holds
    }
    for (int i = 0; i < loop->carried; ++i) inputs[k++] = carriedArgument(ctx, loop, i);
    for (int i = 0; i < loop->scanned; ++i) inputs[k++] = sliceOf(ctx, loop, &loop->scanInputs[i], step);
    onnxLowerSubgraph(ctx, loop->graph, n, inputs, loop->isLoop + loop->carried + loop->collected, finishBody, loop);
  }
  onnxLeaveScope(ctx, &scope, previous);
  return region;
}
static MlirValue initialOf(OnnxContext *ctx, const Loop *loop, int i) {
  MlirValue v = onnxTensor(ctx, loop->initial[i]);
  if (onnxFailed(ctx) || mlirTypeEqual(typeOf(v), loop->types[i])) return v;
  return tensor_cast(B, v, loop->types[i]);
}
// Where an accumulator grows: nothing yet, of the type that the body's argument has.
static MlirValue initialScan(OnnxContext *ctx, const Loop *loop, int i, OnnxIndex *whole) {
  const ScanOutput *s = &loop->scanOutputs[i];
  OnnxIndex now[ONNX_MAX_RANK];
  for (int d = 0, from = 0; d <= s->rank; ++d) {
    if (d == s->axis) {
      whole[d] = s->grows ? onnxConst(0) : onnxMax(ctx, loop->bound, onnxConst(0));
      now[d] = whole[d];
      continue;
    }
    whole[d] = s->dims[from], now[d] = s->outside[from] ? s->dims[from] : onnxConst(0), ++from;
  }
  MlirValue empty = onnxEmpty(ctx, s->element, s->rank + 1, now);
  MlirType type = typeOf(argOf(loop->block, 1 + loop->carried + i));
  if (onnxFailed(ctx) || mlirTypeEqual(typeOf(empty), type)) return empty;
  return tensor_cast(B, empty, type);
}
static void setScanOutput(OnnxContext *ctx, OnnxNode *node, const Loop *loop, int i, MlirValue r, OnnxIndex *whole) {
  const ScanOutput *s = &loop->scanOutputs[i];
  for (int d = 0, from = 0; d <= s->rank; ++d) {
    if (d == s->axis) {
      if (s->grows) whole[d] = dimOf(ctx, r, d);
    } else if (!s->outside[from++])
      whole[d] = dimOf(ctx, r, d);
  }
  onnxSetOutput(ctx, node, loop->carried + i, onnxNewTensor(ctx, s->element, s->rank + 1, whole, r));
}

static void lowerLoopOp(OnnxContext *ctx, OnnxNode *node, Loop *loop) {
  int n = loop->carried + loop->collected;
  loop->types = onnxAllocate(ctx, (size_t)n * sizeof *loop->types + 1);
  loop->changes = onnxAllocate(ctx, (size_t)loop->carried * sizeof *loop->changes + 1);
  MlirRegion region = {0};
  for (int i = 0; i < loop->carried; ++i) onnxTensor(ctx, loop->initial[i]); // here, not inside
  for (int attempt = 0; !loop->stable && !onnxFailed(ctx); ++attempt) {
    if (region.ptr) mlirRegionDestroy(region);
    region = (MlirRegion){0};
    for (int i = 0; i < loop->carried && attempt == 3; ++i) memset(loop->changes[i], 1, sizeof *loop->changes);
    region = buildBody(ctx, loop);
  }
  if (!onnxFailed(ctx) && !loop->bounded && !loop->flagged)
    onnxInvalid(ctx, "a loop without trip count and condition never ends");
  if (onnxFailed(ctx) || B->failed) {
    if (region.ptr) mlirRegionDestroy(region);
    return;
  }
  MlirValue *init = onnxAllocate(ctx, (size_t)n * sizeof *init + 1), go = {0};
  OnnxIndex(*whole)[ONNX_MAX_RANK] = onnxAllocate(ctx, (size_t)loop->collected * sizeof *whole + 1);
  for (int i = 0; i < loop->carried; ++i) init[i] = initialOf(ctx, loop, i);
  for (int i = 0; i < loop->collected; ++i) {
    init[loop->carried + i] = initialScan(ctx, loop, i, whole[i]);
    loop->types[loop->carried + i] = typeOf(argOf(loop->block, 1 + loop->carried + i));
  }
  if (loop->flagged)
    go = loop->condition ? onnxExtractScalar(ctx, loop->condition) : onnxConstantInt(ctx, ONNX_BOOL, 1);
  MlirValue bound = loop->bounded ? onnxIndexValue(ctx, loop->bound) : (MlirValue){0};
  MlirOperation op = ctrl_loop(B, valsN(n, init), typesN(n, loop->types), .bound = bound, .go = go, .body = region);
  if (!op.ptr) return;
  for (int i = 0; i < loop->carried; ++i) {
    const OnnxValue *x = loop->initial[i];
    OnnxIndex dims[ONNX_MAX_RANK];
    for (int d = 0; d < x->rank; ++d) dims[d] = loop->changes[i][d] ? dimOf(ctx, dlcResult(op, i), d) : x->dims[d];
    onnxSetOutput(ctx, node, i, onnxNewTensor(ctx, x->element, x->rank, dims, dlcResult(op, i)));
  }
  for (int i = 0; i < loop->collected; ++i)
    setScanOutput(ctx, node, loop, i, dlcResult(op, loop->carried + i), whole[i]);
}

static void lowerLoop(OnnxContext *ctx, OnnxNode *node) {
  Loop loop = {.graph = onnxGraph(ctx, node, "body"), .isLoop = true, .initial = node->inputs + 2};
  if (onnxFailed(ctx)) return;
  OnnxValue *count = node->inputCount > 0 ? node->inputs[0] : NULL,
            *condition = node->inputCount > 1 ? node->inputs[1] : NULL;
  loop.carried = node->inputCount > 2 ? node->inputCount - 2 : 0;
  loop.collected = (int)loop.graph->n_output - 1 - loop.carried;
  if (loop.collected < 0)
    return onnxInvalid(ctx, "%d carried values, but the body has %zu outputs", loop.carried, loop.graph->n_output);
  for (int i = 0; i < loop.carried; ++i)
    if (!loop.initial[i]) return onnxInvalid(ctx, "input %d is missing", 2 + i);
  if (condition && condition->element != ONNX_BOOL)
    return onnxInvalid(ctx, "a condition of element type %s", onnxElementName(condition->element));
  bool always = condition && condition->data && onnxCount(condition) == 1 && onnxGetInt(condition, 0);
  loop.condition = always ? NULL : condition;
  loop.scanOutputs = onnxAllocate(ctx, (size_t)loop.collected * sizeof *loop.scanOutputs + 1);
  if (count) loop.bound = onnxScalarIndex(ctx, count), loop.bounded = true;
  lowerLoopOp(ctx, node, &loop);
}

static int64_t entryOf(const int64_t *list, int n, int i) { return i < n ? list[i] : 0; }
static void lowerScan(OnnxContext *ctx, OnnxNode *node) {
  const int64_t *inAxes, *outAxes, *inDirections, *outDirections;
  int nIn = onnxInts(ctx, node, "scan_input_axes", &inAxes), nOut = onnxInts(ctx, node, "scan_output_axes", &outAxes);
  int nInD = onnxInts(ctx, node, "scan_input_directions", &inDirections),
      nOutD = onnxInts(ctx, node, "scan_output_directions", &outDirections);
  int64_t scanned = onnxInt(ctx, node, "num_scan_inputs", 0);
  Loop loop = {.graph = onnxGraph(ctx, node, "body"), .initial = node->inputs, .bounded = true};
  if (onnxFailed(ctx)) return;
  if (scanned < 1 || scanned > node->inputCount)
    return onnxInvalid(ctx, "attribute num_scan_inputs = %lld", (long long)scanned);
  loop.scanned = (int)scanned, loop.carried = node->inputCount - loop.scanned,
  loop.collected = (int)loop.graph->n_output - loop.carried;
  if (loop.collected < 0)
    return onnxInvalid(ctx, "%d states, but the body has %zu outputs", loop.carried, loop.graph->n_output);
  loop.scanInputs = onnxAllocate(ctx, (size_t)loop.scanned * sizeof *loop.scanInputs);
  loop.scanOutputs = onnxAllocate(ctx, (size_t)loop.collected * sizeof *loop.scanOutputs + 1);
  for (int i = 0; i < node->inputCount; ++i)
    if (!node->inputs[i]) return onnxInvalid(ctx, "input %d is missing", i);
  for (int i = 0; i < loop.scanned && !onnxFailed(ctx); ++i) {
    OnnxValue *x = node->inputs[loop.carried + i];
    int axis = (int)onnxAxis(ctx, entryOf(inAxes, nIn, i), x->rank);
    if (onnxFailed(ctx)) return;
    loop.scanInputs[i] = (ScanInput){x, axis, entryOf(inDirections, nInD, i) == 1};
    if (i)
      onnxRequireEqual(ctx, loop.bound, x->dims[axis], "the lengths of the scan inputs");
    else
      loop.bound = x->dims[axis];
    onnxTensor(ctx, x);
  }
  for (int i = 0; i < loop.collected; ++i) {
    int64_t axis = entryOf(outAxes, nOut, i);
    if (axis < 0) return onnxRefuse(ctx, "attribute scan_output_axes = %lld is not supported", (long long)axis);
    loop.scanOutputs[i].axis = axis > ONNX_MAX_RANK ? ONNX_MAX_RANK : (int)axis,
    loop.scanOutputs[i].reverse = entryOf(outDirections, nOutD, i) == 1;
  }
  lowerLoopOp(ctx, node, &loop);
}

const OnnxOperator dlcOnnxControlFlow[] = {
    {"If", 1, 0, 1, 1, lowerIf}, {"Loop", 1, 0, 0, -1, lowerLoop}, {"Scan", 9, 0, 1, -1, lowerScan}, {0}};
