// See passes/tile/propagate.h: the walk from the results to the inputs.
#include "passes/tile/propagate.h"
#include <stdlib.h>
#include <string.h>
#include "dlc/analysis.h"
#include "passes/tile/views.h"
#include "ods/linalg.h"
#include "ods/tensor.h"

// What is known of an SSA value while walking: edges and views have one too.
typedef struct {
  MlirValue value;
  DlcBox box;
  bool isNeeded, isRead;
  intptr_t node, nUses, nGathers;
  tile_Level level;
  tile_HaloKind halo;
  bool hasHalo;
} Slot;

typedef struct {
  DlcFlow *flow;
  Slot *slots;
  intptr_t nSlots, capacity, nodeCapacity, useCapacity;
  int64_t assumed; // for dynamic sizes
  MlirOperation streamed;
  bool inStep;          // of a tile.reduce: open sizes are those of its step
  DlcMapping arguments; // of a step: what they stand for
  intptr_t nStepIns;    // its further arguments are accumulators
  const MlirValue *results;
  const MlirOperation *ops;
  const DlcFlowLevels *levels;
  intptr_t nResults, nOps;
  bool failed;
} Walk;

static void *grow(void *data, intptr_t n, intptr_t *capacity, size_t size) {
  if (n < *capacity) return data;
  *capacity = *capacity ? 2 * *capacity : 16;
  return realloc(data, (size_t)*capacity * size);
}

static int64_t sizeOf(const Walk *w, MlirType type, intptr_t d) {
  return mlirShapedTypeIsDynamicDim(type, d) ? w->assumed : mlirShapedTypeGetDimSize(type, d);
}

static Slot *slotOf(Walk *w, MlirValue value) {
  int64_t at = dlcPointerMapGet(&w->flow->index, value.ptr);
  if (at >= 0) return &w->slots[at];
  w->slots = grow(w->slots, w->nSlots, &w->capacity, sizeof *w->slots);
  Slot *slot = &w->slots[w->nSlots];
  *slot = (Slot){.value = value, .node = -1};
  MlirType type = typeOf(value);
  if (mlirTypeIsARankedTensor(type)) {
    slot->box.rank = mlirShapedTypeGetRank(type);
    if (slot->box.rank > DLC_MAX_RANK) slot->box.rank = 0, w->failed = true;
    for (intptr_t d = 0; d < slot->box.rank; ++d) {
      w->flow->isDynamic |= !w->inStep && mlirShapedTypeIsDynamicDim(type, d);
      slot->box.extent[d] = sizeOf(w, type, d);
    }
  }
  dlcPointerMapSet(&w->flow->index, value.ptr, w->nSlots++);
  return slot;
}

static void need(Walk *w, MlirValue value, const DlcBox *box) {
  Slot *slot = slotOf(w, value);
  for (intptr_t d = 0; d < slot->box.rank; ++d)
    slot->box.span[d] =
        slot->isNeeded ? dlcSpanJoin(&slot->box.span[d], &box->span[d], slot->box.extent[d]) : box->span[d];
  slot->isNeeded = true;
}

static DlcBox wholeOf(Walk *w, MlirValue value) {
  DlcBox box = slotOf(w, value)->box;
  for (intptr_t d = 0; d < box.rank; ++d) box.span[d] = dlcSpanWhole(box.extent[d]);
  return box;
}

//===--- uses --------------------------------------------------------------------------------===//
static MlirValue sourceOf(Walk *w, MlirValue value) { // one step towards what holds the elements; null: this value does
  MlirOperation op = opOf(value);
  if (tile_edge_isa(op)) return tile_edge_value(op);
  if (op.ptr && dlcIsView(op)) return mlirOperationGetOperand(op, 0);
  MlirValue argument = w->arguments.ptr && !op.ptr ? dlcMapped(w->arguments, value) : value;
  return mlirValueEqual(argument, value) ? (MlirValue){0} : argument;
}

static bool isMadeHere(const Walk *w, MlirValue value) {
  for (intptr_t i = 0; i < w->nOps && opOf(value).ptr; ++i)
    if (mlirOperationEqual(w->ops[i], opOf(value))) return true;
  return false;
}

// What is stored as a whole is computed once, whatever its readers share.
static void needStored(Walk *w, MlirValue value, DlcBox box) {
  for (intptr_t d = 0; d < box.rank; ++d)
    if (dlcSpanHalo(&box.span[d], w->flow->rank, w->flow->extent)) dlcSpanDropHalo(&box.span[d], w->flow->rank);
  need(w, value, &box);
}

// Node `reader` needs `box` of value. isData: its elements are read.
static void addUse(Walk *w, intptr_t reader, MlirValue value, const DlcBox *box, bool isData) {
  DlcFlowUse use = {.value = -1, .node = reader, .level = tile_Level_global, .box = *box};
  MlirValue base = value;
  for (MlirValue next = value; !isNull(next); base = next, next = sourceOf(w, next)) {
    MlirOperation op = opOf(next);
    if (tile_edge_isa(op) && !use.edge.ptr) use.edge = op, use.level = tile_edge_level(op);
    if (w->inStep && op.ptr && !use.edge.ptr && isNull(sourceOf(w, next)))
      use.level = tile_Level_workgroup; // made in the step
    // An accumulator stays where it is.
    if (!op.ptr && !isNull(sourceOf(w, next)) && mlirBlockArgumentGetArgNumber(next) >= w->nStepIns) isData = false;
  }
  bool isInner = isData && isMadeHere(w, base);
  if (isInner && w->levels) use.level = w->levels->of(base, w->flow->nodes[reader].op, w->levels->data);
  if (isInner && use.level == tile_Level_global)
    needStored(w, value, *box);
  else
    need(w, value, box);
  Slot *slot = slotOf(w, base);
  if (!isData) return;
  slot->isRead = true, ++slot->nUses;
  if (use.level > slot->level) slot->level = use.level;
  DlcFlow *f = w->flow;
  f->uses = grow(f->uses, f->nUses, &w->useCapacity, sizeof *f->uses);
  use.value = slot - w->slots;
  f->uses[f->nUses++] = use;
}

//===--- nodes --------------------------------------------------------------------------------===//
static DlcFlowNode *addNode(Walk *w, MlirOperation op, DlcFlowKind kind) {
  DlcFlow *f = w->flow;
  f->nodes = grow(f->nodes, f->nNodes, &w->nodeCapacity, sizeof *f->nodes);
  DlcFlowNode *node = &f->nodes[f->nNodes++];
  *node = (DlcFlowNode){.op = op, .kind = kind};
  for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i)
    slotOf(w, mlirOperationGetResult(op, i))->node = f->nNodes - 1;
  return node;
}

static bool isNeeded(Walk *w, MlirOperation op) {
  for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i)
    if (slotOf(w, mlirOperationGetResult(op, i))->isNeeded) return true;
  return false;
}

// Whether the body of a linalg op looks at operand k.
static bool looksAt(MlirOperation op, intptr_t k) {
  MlirBlock body = bodyOf(mlirOperationGetRegion(op, 0));
  return !linalg_fill_isa(op) && k < mlirBlockGetNumArguments(body) &&
         !mlirOpOperandIsNull(mlirValueGetFirstUse(argOf(body, k)));
}

// The loops of a linalg op: those that index a result follow it, the others run whole, by steps in the streamed node.
static bool bindLoops(Walk *w, DlcFlowNode *node) {
  MlirOperation op = node->op;
  bool bound[DLC_MAX_LOOPS] = {false};
  intptr_t nResults = mlirOperationGetNumResults(op), nIn = mlirOperationGetNumOperands(op) - nResults,
           step = w->flow->rank;
  node->nLoops = dlcIteratorTypes(op, node->isReduction, DLC_MAX_LOOPS);
  if (node->nLoops < 0 || node->nLoops > DLC_MAX_LOOPS || !dlcStaticLoopRanges(op, node->extent, DLC_MAX_LOOPS))
    return false;
  for (intptr_t l = 0; l < node->nLoops; ++l) {
    bool open = mlirShapedTypeIsDynamicSize(node->extent[l]);
    if (open) node->extent[l] = w->assumed;
    // Of what windows read tiles are boxes of the root's dimensions alone, which two readers can share.
    bool streams =
        w->inStep ? open : node->isReduction[l] && mlirOperationEqual(op, w->streamed) && !dlcIsWindowLoop(op, l);
    node->loop[l] = streams ? dlcSpanOfRoot(w->inStep ? step : step++) : dlcSpanWhole(node->extent[l]);
  }
  for (intptr_t r = 0; r < nResults; ++r) {
    MlirAffineMap map;
    Slot *slot = slotOf(w, mlirOperationGetResult(op, r));
    if (!slot->isNeeded || !dlcLinalgMap(op, nIn + r, &map)) continue;
    for (intptr_t i = 0; i < mlirAffineMapGetNumResults(map) && i < slot->box.rank; ++i) {
      MlirAffineExpr e = mlirAffineMapGetResult(map, i);
      if (!mlirAffineExprIsADim(e)) continue;
      intptr_t l = mlirAffineDimExprGetPosition(e);
      node->loop[l] = bound[l] ? dlcSpanJoin(&node->loop[l], &slot->box.span[i], node->extent[l]) : slot->box.span[i];
      bound[l] = true;
    }
  }
  return true;
}

static DlcBox boxOfOperand(Walk *w, const DlcFlowNode *node, intptr_t k) {
  DlcBox box = slotOf(w, mlirOperationGetOperand(node->op, k))->box;
  MlirAffineMap map;
  bool known = dlcLinalgMap(node->op, k, &map);
  for (intptr_t d = 0; d < box.rank; ++d)
    box.span[d] = known ? dlcSpanOfExpression(mlirAffineMapGetResult(map, d), node->loop, node->nLoops, box.extent[d])
                        : dlcSpanWhole(box.extent[d]);
  return box;
}

static void walkLinalg(Walk *w, MlirOperation op) {
  DlcFlowNode made = {.op = op};
  if (!bindLoops(w, &made)) {
    w->failed = true;
    return;
  }
  DlcFlowNode *node = addNode(w, op, linalg_fill_isa(op) ? DLC_NODE_FILL : DLC_NODE_COMPUTE);
  made.kind = node->kind;
  intptr_t self = w->flow->nNodes - 1, nOperands = mlirOperationGetNumOperands(op);
  bool reduces = false;
  for (intptr_t l = 0; l < made.nLoops; ++l) reduces |= made.isReduction[l];
  for (intptr_t k = 0; k < nOperands; ++k) {
    MlirAffineMap map;
    if (!looksAt(op, k) || k >= nOperands - mlirOperationGetNumResults(op) || !dlcLinalgMap(op, k, &map)) continue;
    made.contracts |= reduces && mlirAffineMapGetNumResults(map) && !mlirAffineMapIsPermutation(map);
  }
  dlcCountBody(op, &made);
  *node = made;
  for (intptr_t k = 0; k < nOperands; ++k) {
    MlirValue v = mlirOperationGetOperand(op, k);
    MlirOperation maker = opOf(v);
    bool isInit = k >= nOperands - mlirOperationGetNumResults(op),
         fresh = linalg_fill_isa(maker) || tensor_empty_isa(maker);
    DlcBox box = boxOfOperand(w, &made, k);
    intptr_t before = w->flow->nUses;
    if (looksAt(op, k) || linalg_fill_isa(maker))
      addUse(w, self, v, &box, looksAt(op, k) && !(isInit && fresh) && !tensor_empty_isa(maker));
    if (w->flow->nUses > before) w->flow->uses[before].isInit = isInit;
  }
  DlcValueList captured = {0};
  dlcCaptures(op, &captured);
  for (intptr_t i = 0; i < captured.n; ++i) {
    bool isOperand = false;
    for (intptr_t k = 0; k < nOperands; ++k)
      isOperand |= mlirValueEqual(mlirOperationGetOperand(op, k), captured.data[i]);
    if (isOperand || !mlirTypeIsARankedTensor(typeOf(captured.data[i]))) continue;
    DlcBox box = wholeOf(w, captured.data[i]);
    addUse(w, self, captured.data[i], &box, true);
    ++slotOf(w, captured.data[i])->nGathers;
  }
  dlcValueListDestroy(&captured);
}

// Of an op that is not understood: all of every tensor.
static void walkOther(Walk *w, MlirOperation op) {
  DlcFlowNode *node = addNode(w, op, DLC_NODE_OTHER);
  intptr_t self = w->flow->nNodes - 1;
  DlcBox result = wholeOf(w, mlirOperationGetResult(op, 0));
  node->nLoops = result.rank;
  for (intptr_t d = 0; d < result.rank; ++d) node->extent[d] = result.extent[d], node->loop[d] = result.span[d];
  node->operations = 1;
  for (intptr_t k = 0; k < mlirOperationGetNumOperands(op); ++k) {
    MlirValue v = mlirOperationGetOperand(op, k);
    if (!mlirTypeIsARankedTensor(typeOf(v))) continue;
    DlcBox box = wholeOf(w, v);
    addUse(w, self, v, &box, !tensor_empty_isa(opOf(v)));
  }
}

static void walkView(Walk *w, MlirOperation op) {
  DlcBox result = slotOf(w, mlirOperationGetResult(op, 0))->box, box = wholeOf(w, mlirOperationGetOperand(op, 0));
  dlcBoxOfSource(op, 0, &result, &box);
  need(w, mlirOperationGetOperand(op, 0), &box);
}

// A chain of insertions is one op: a tile needs of each source what it covers of it, of the first tensor the rest.
static void walkInsertions(Walk *w, MlirOperation op, intptr_t self, const DlcBox *result) {
  double covered = 0;
  for (;;) {
    MlirValue source = tensor_insert_slice_source(op), dest = tensor_insert_slice_dest(op);
    MlirOperation inner = opOf(dest);
    DlcBox box = wholeOf(w, source);
    dlcBoxOfSource(op, 0, result, &box);
    covered += dlcBoxWholeBytes(&box, 1) / dlcBoxWholeBytes(result, 1);
    addUse(w, self, source, &box, !linalg_fill_isa(opOf(source)));
    if (tensor_insert_slice_isa(inner) && hasOneUse(dest)) {
      op = inner;
      continue;
    }
    if (tensor_empty_isa(inner) || covered >= 1 - 1e-9) return;
    box = *result;
    if (box.rank) box.span[0].share *= 1 - covered;
    addUse(w, self, dest, &box, !linalg_fill_isa(inner));
    return;
  }
}

static void walkMove(Walk *w, MlirOperation op) {
  DlcFlowNode *node = addNode(w, op, DLC_NODE_MOVE);
  intptr_t self = w->flow->nNodes - 1;
  DlcBox result = slotOf(w, mlirOperationGetResult(op, 0))->box;
  node->nLoops = result.rank;
  for (intptr_t d = 0; d < result.rank; ++d) node->extent[d] = result.extent[d], node->loop[d] = result.span[d];
  if (tensor_insert_slice_isa(op)) {
    walkInsertions(w, op, self, &result);
    return;
  }
  for (intptr_t k = 0; k < mlirOperationGetNumOperands(op); ++k) {
    MlirValue v = mlirOperationGetOperand(op, k);
    if (!mlirTypeIsARankedTensor(typeOf(v))) continue;
    DlcBox box = wholeOf(w, v);
    dlcBoxOfSource(op, k, &result, &box);
    addUse(w, self, v, &box, !linalg_fill_isa(opOf(v)) && !tensor_empty_isa(opOf(v)));
  }
}

// Whether the items are bands of rows that are gone through by strips: rows are kept within a band, and what a band
// needs of the one before it computes itself.
static bool hasBands(MlirOperation op) {
  MlirOperation graph = mlirOperationGetParentOperation(op);
  return graph.ptr && tile_graph_isa(graph) && !mlirAttributeIsNull(tile_graph_schedule(graph)) &&
         tile_schedule_fit_n(tile_graph_schedule(graph)) > 1;
}

// An edge hands its box on. Where neighbours keep or exchange the overlap, a tile computes only what is new.
static void walkEdge(Walk *w, MlirOperation op) {
  DlcBox box = slotOf(w, tile_edge_result(op))->box;
  MlirAttribute halo = tile_edge_halo(op);
  if (!mlirAttributeIsNull(halo)) {
    DlcI64s dims = tile_halo_dims(halo);
    bool keeps = tile_halo_kind(halo) == tile_HaloKind_line && hasBands(op);
    for (intptr_t i = 0; i < dims.n && tile_halo_kind(halo) != tile_HaloKind_recompute && !keeps; ++i) {
      DlcSpan *s = &box.span[dims.data[i]];
      if (dlcSpanHalo(s, w->flow->rank, w->flow->extent)) dlcSpanDropHalo(s, w->flow->rank);
    }
    MlirValue base = tile_edge_value(op);
    for (MlirValue next = base; !isNull(next); next = sourceOf(w, next)) base = next;
    Slot *slot = slotOf(w, base);
    slot->hasHalo = true, slot->halo = tile_halo_kind(halo);
  }
  need(w, tile_edge_value(op), &box);
}

static void walkOps(Walk *w, intptr_t n, const MlirOperation *ops);

// The step once, its open sizes as the steps of the graph; then what its arguments need.
static void walkReduce(Walk *w, MlirOperation op) {
  MlirBlock step = bodyOf(tile_reduce_step(op));
  DlcValues ins = tile_reduce_ins(op), inits = tile_reduce_inits(op);
  DlcI64s along = tile_reduce_along(op);
  int64_t assumed = w->assumed;
  if (w->inStep) {
    w->failed = true; // one in another: no tile has two streams
    return;
  }
  for (intptr_t i = 0; i < ins.n; ++i)
    if (along.data[i] >= 0) w->assumed = sizeOf(w, typeOf(at(ins, i)), along.data[i]);
  w->inStep = true, w->nStepIns = ins.n;
  for (intptr_t i = 0; i < ins.n + inits.n; ++i)
    dlcMap(w->arguments, argOf(step, i), i < ins.n ? at(ins, i) : at(inits, i - ins.n));
  MlirOperation yield = mlirBlockGetTerminator(step);
  for (intptr_t i = 0; i < inits.n; ++i) {
    DlcBox box = slotOf(w, mlirOperationGetResult(op, i))->box;
    MlirValue next = mlirOperationGetOperand(yield, i);
    if (!slotOf(w, mlirOperationGetResult(op, i))->isNeeded) {
      if (!hasOneUse(next)) continue; // only carried: the box is what the step itself reads of it
      box = wholeOf(w, mlirOperationGetResult(op, i));
    }
    need(w, next, &box);
    slotOf(w, mlirOperationGetResult(op, i))->node = w->flow->nNodes; // the last op of the step
  }
  intptr_t n = 0;
  dlcForEachOp(inner, step) n += !mlirOperationEqual(inner, yield);
  MlirOperation *ops = malloc((size_t)(n + 1) * sizeof *ops);
  n = 0;
  dlcForEachOp(inner, step)
    if (!mlirOperationEqual(inner, yield)) ops[n++] = inner;
  walkOps(w, n, ops);
  free(ops);
  w->inStep = false, w->assumed = assumed;
  for (intptr_t i = 0; i < ins.n + inits.n; ++i) {
    Slot argument = *slotOf(w, argOf(step, i));
    if (argument.isNeeded) need(w, i < ins.n ? at(ins, i) : at(inits, i - ins.n), &argument.box);
  }
}

// What a tile of the root is of a result that no other one needs: the same dimensions where their sizes agree, else
// all.
static void seedResult(Walk *w, MlirValue result) {
  if (slotOf(w, result)->isNeeded) return;
  DlcBox box = wholeOf(w, result);
  for (intptr_t d = 0; d < box.rank && d < w->flow->rank; ++d)
    if (box.extent[d] == w->flow->extent[d]) box.span[d] = dlcSpanOfRoot(d);
  need(w, result, &box);
}

static void walkOps(Walk *w, intptr_t n, const MlirOperation *ops) {
  for (intptr_t i = n - 1; i >= 0 && !w->failed; --i) {
    MlirOperation op = ops[i];
    for (intptr_t k = 0; k < w->nResults; ++k) // all users have been met
      if (mlirOperationEqual(opOf(w->results[k]), op)) seedResult(w, w->results[k]);
    if (!mlirOperationGetNumResults(op) || !mlirTypeIsARankedTensor(typeOf(mlirOperationGetResult(op, 0))) ||
        !isNeeded(w, op))
      continue;
    if (tile_edge_isa(op))
      walkEdge(w, op);
    else if (dlcIsLinalgOp(op))
      walkLinalg(w, op);
    else if (tile_reduce_isa(op))
      walkReduce(w, op);
    else if (dlcIsView(op))
      walkView(w, op);
    else if (dlcIsMove(op))
      walkMove(w, op);
    else if (!tensor_empty_isa(op) && mlirOperationGetNumOperands(op))
      walkOther(w, op);
  }
}

//===--- the flow ------------------------------------------------------------------------------===//
static void findStreamed(Walk *w, intptr_t n, const MlirOperation *ops) {
  DlcFlow *f = w->flow;
  for (intptr_t i = n - 1; i >= 0 && !w->streamed.ptr; --i) {
    bool isReduction[DLC_MAX_LOOPS];
    int64_t extent[DLC_MAX_LOOPS];
    if (tile_reduce_isa(ops[i])) {
      w->streamed = ops[i];
      for (intptr_t k = 0; k < tile_reduce_ins(ops[i]).n; ++k)
        if (tile_reduce_along(ops[i]).data[k] >= 0)
          f->extent[f->nDims] = sizeOf(w, typeOf(at(tile_reduce_ins(ops[i]), k)), tile_reduce_along(ops[i]).data[k]);
      ++f->nDims;
    } else if (dlcIsLinalgOp(ops[i])) {
      intptr_t loops = dlcIteratorTypes(ops[i], isReduction, DLC_MAX_LOOPS);
      if (loops < 0 || loops > DLC_MAX_LOOPS || !dlcStaticLoopRanges(ops[i], extent, DLC_MAX_LOOPS)) continue;
      for (intptr_t l = 0; l < loops && f->nDims < DLC_MAX_RANK; ++l) {
        if (isReduction[l]) w->streamed = ops[i];
        if (isReduction[l] && !dlcIsWindowLoop(ops[i], l))
          f->extent[f->nDims++] = mlirShapedTypeIsDynamicSize(extent[l]) ? w->assumed : extent[l];
      }
    }
  }
}

// Whether the boxes of all tiles together are the whole value: then it can be stored out of them.
static bool covers(const DlcFlow *flow, const DlcBox *box) {
  for (intptr_t d = 0; d < box->rank; ++d) {
    const DlcSpan *s = &box->span[d];
    int64_t last = s->high, moving = 0;
    for (intptr_t r = 0; r < flow->rank; ++r) last += s->scale[r] * (flow->extent[r] - 1), moving += s->scale[r] != 0;
    for (intptr_t r = 0; r < flow->rank; ++r)
      if (s->scale[r] > s->high - s->low + 1) return false; // gaps between elements
    if (s->share < 1 || moving > 1 || s->low > 0 || last / s->divide < box->extent[d] - 1) return false;
  }
  return true;
}

// Nodes and uses were found backwards; slots of edges and views are no values.
static void finish(Walk *w, intptr_t nResults, const MlirValue *results) {
  DlcFlow *f = w->flow;
  int64_t *number = malloc((size_t)(w->nSlots + 1) * sizeof *number);
  f->values = calloc((size_t)w->nSlots + 1, sizeof *f->values), f->streamed = -1;
  memset(number, -1, (size_t)(w->nSlots + 1) * sizeof *number);
  for (intptr_t pass = 0; pass < 2; ++pass)
    for (intptr_t i = 0; i < (pass ? w->nSlots : nResults); ++i) {
      MlirValue v = pass ? w->slots[i].value : results[i];
      for (MlirValue next = v; !pass && !isNull(next); next = sourceOf(w, next)) v = next;
      intptr_t at = slotOf(w, v) - w->slots;
      Slot *slot = &w->slots[at];
      bool isBase = isNull(sourceOf(w, v)) && !tensor_empty_isa(opOf(v));
      if (number[at] >= 0 || !slot->isNeeded || (!isBase && pass)) continue;
      number[at] = f->nValues;
      f->values[f->nValues++] = (DlcFlowValue){
          v,
          slot->node < 0 ? -1 : f->nNodes - 1 - slot->node,
          slot->box,
          mlirTypeIsARankedTensor(typeOf(v)) ? dlcElementBytes(mlirShapedTypeGetElementType(typeOf(v))) : 0,
          slot->isRead,
          !pass,
          slot->nUses > 1,
          slot->nGathers && slot->nGathers == slot->nUses,
          slot->nUses ? slot->level : tile_Level_global,
          slot->halo,
          slot->hasHalo,
          false,
          covers(f, &slot->box)};
    }
  intptr_t kept = 0;
  for (intptr_t i = 0; i < f->nUses; ++i) {
    DlcFlowUse use = f->uses[i];
    use.value = number[use.value], use.node = f->nNodes - 1 - use.node;
    if (use.value >= 0) f->uses[kept++] = use;
  }
  f->nUses = kept;
  for (intptr_t i = 0; i < f->nNodes / 2; ++i) {
    DlcFlowNode node = f->nodes[i];
    f->nodes[i] = f->nodes[f->nNodes - 1 - i], f->nodes[f->nNodes - 1 - i] = node;
  }
  for (intptr_t i = 0; i < f->nUses / 2; ++i) {
    DlcFlowUse use = f->uses[i];
    f->uses[i] = f->uses[f->nUses - 1 - i], f->uses[f->nUses - 1 - i] = use;
  }
  for (intptr_t i = 0; i < f->nNodes; ++i)
    if (mlirOperationEqual(f->nodes[i].op, w->streamed)) f->streamed = i;
  free(number);
}

bool dlcFlowOfOps(DlcFlow *flow, intptr_t n, const MlirOperation *ops, intptr_t nResults, const MlirValue *results,
                  const DlcFlowLevels *levels, int64_t assumed) {
  *flow = (DlcFlow){.nResults = nResults};
  if (!nResults || !mlirTypeIsARankedTensor(typeOf(results[0])) ||
      mlirShapedTypeGetRank(typeOf(results[0])) > DLC_MAX_RANK - 4)
    return false;
  Walk w = {.flow = flow,
            .assumed = assumed,
            .arguments = dlcMappingCreate(),
            .results = results,
            .nResults = nResults,
            .ops = ops,
            .nOps = n,
            .levels = levels};
  MlirType type = typeOf(results[0]);
  flow->rank = flow->nDims = mlirShapedTypeGetRank(type);
  for (intptr_t d = 0; d < flow->rank; ++d) flow->extent[d] = sizeOf(&w, type, d);
  findStreamed(&w, n, ops);
  walkOps(&w, n, ops);
  for (intptr_t i = 0; i < nResults; ++i) seedResult(&w, results[i]); // that no op here makes
  if (!w.failed) finish(&w, nResults, results);
  free(w.slots);
  dlcMappingDestroy(w.arguments);
  if (w.failed) dlcFlowDestroy(flow);
  return !w.failed;
}

// Made by an op that computes, through ops that only index.
static bool isComputed(MlirValue value) {
  for (MlirOperation op = opOf(value); op.ptr; op = opOf(mlirOperationGetOperand(op, 0))) {
    if (tile_graph_isa(op) || dlcIsLinalgOp(op) || dlcIsMove(op)) return true;
    if (!dlcIsView(op) || !mlirOperationGetNumOperands(op)) return false;
  }
  return false;
}

static void markProduced(DlcFlow *flow, MlirOperation graph) {
  MlirBlock body = bodyOf(tile_graph_body(graph));
  for (intptr_t i = 0; i < flow->nValues; ++i) {
    DlcFlowValue *v = &flow->values[i];
    if (v->node >= 0 || !mlirValueIsABlockArgument(v->value) ||
        !mlirBlockEqual(mlirBlockArgumentGetOwner(v->value), body))
      continue;
    v->isProduced = isComputed(mlirOperationGetOperand(graph, mlirBlockArgumentGetArgNumber(v->value)));
  }
}

bool dlcFlowOfGraph(DlcFlow *flow, MlirOperation graph, int64_t assumed) {
  MlirBlock body = bodyOf(tile_graph_body(graph));
  MlirOperation yield = mlirBlockGetTerminator(body);
  intptr_t n = 0, nResults = mlirOperationGetNumOperands(yield);
  dlcForEachOp(op, body) n += !mlirOperationEqual(op, yield);
  MlirOperation *ops = malloc((size_t)(n + 1) * sizeof *ops);
  MlirValue *results = malloc((size_t)(nResults + 1) * sizeof *results);
  n = 0;
  dlcForEachOp(op, body)
    if (!mlirOperationEqual(op, yield)) ops[n++] = op;
  for (intptr_t i = 0; i < nResults; ++i) results[i] = mlirOperationGetOperand(yield, i);
  bool ok = dlcFlowOfOps(flow, n, ops, nResults, results, NULL, assumed);
  if (ok) markProduced(flow, graph);
  free(ops), free(results);
  return ok;
}

void dlcFlowDestroy(DlcFlow *flow) {
  free(flow->nodes), free(flow->values), free(flow->uses);
  dlcPointerMapDestroy(&flow->index);
  *flow = (DlcFlow){0};
}

//===--- sizes ----------------------------------------------------------------------------------===//
int64_t dlcBoxBytes(const DlcBox *box, int64_t elementBytes, const int64_t *tile) {
  int64_t bytes = elementBytes;
  for (intptr_t d = 0; d < box->rank; ++d)
    if (__builtin_mul_overflow(bytes, dlcSpanSize(&box->span[d], box->extent[d], tile), &bytes)) return INT64_MAX;
  return bytes;
}
double dlcBoxMeanBytes(const DlcBox *box, int64_t elementBytes, const double *tile) {
  double bytes = (double)elementBytes;
  for (intptr_t d = 0; d < box->rank; ++d) bytes *= dlcSpanMean(&box->span[d], box->extent[d], tile);
  return bytes;
}
double dlcBoxWholeBytes(const DlcBox *box, int64_t elementBytes) {
  double bytes = (double)elementBytes;
  for (intptr_t d = 0; d < box->rank; ++d) bytes *= (double)box->extent[d];
  return bytes;
}
double dlcNodeMeanPoints(const DlcFlowNode *node, const double *tile) {
  double points = 1;
  for (intptr_t l = 0; l < node->nLoops; ++l) points *= dlcSpanMean(&node->loop[l], node->extent[l], tile);
  return points;
}
double dlcNodePoints(const DlcFlowNode *node) {
  double points = 1;
  for (intptr_t l = 0; l < node->nLoops; ++l) points *= (double)node->extent[l];
  return points;
}
