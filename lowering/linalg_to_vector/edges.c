// What stands around a reduction becomes part of it, so that the accumulators go through memory once:
//
//   linalg.generic [parallel]  ins(%bias) outs(%o) { yield }          the accumulators start from %bias
//   linalg.generic [.. reduction] ins(%a, %b) outs(%o) { + * }
//   linalg.generic [parallel]  ins(%o, %r) outs(%d) { max, min, + }   they are finished in registers and stored to %d
//
// A depthwise convolution of nine products an element would otherwise store and load each element twice more.
//
// The start: a copy, whatever it repeats, just before the reduction. The finish: an elementwise op of a few operations
// just behind it that reads the result once. Its result may have another place: then nothing else may use %o, a part of
// the task's scratch memory, and %d is an argument of the task that the reduction does not read. (Scratch memory is
// not: %d may lie where an input lay that dies with the reduction.)
#include "nest.h"
#include "vary.h"
#include <string.h>
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/memref.h"

enum { MOST_FINISHING = 8 };

//===--- neighbours ---
static MlirOperation nextOf(MlirOperation op) {
  do op = mlirOperationGetNextInBlock(op);
  while (op.ptr && dlcIsPure(op));
  return op;
}
static MlirOperation previousOf(MlirOperation op) {
  MlirOperation before = {0};
  dlcForEachOp(other, mlirOperationGetBlock(op)) {
    if (mlirOperationEqual(other, op)) break;
    if (!dlcIsPure(other)) before = other;
  }
  return before;
}
static MlirValue outOf(MlirOperation op) { return mlirOperationGetOperand(op, mlirOperationGetNumOperands(op) - 1); }
// A generic on buffers with one output.
static bool isGeneric(MlirOperation op, bool isReduction) {
  bool reduces[maxLoops], any = false;
  if (!linalg_generic_isa(op) || mlirOperationGetNumOperands(op) > maxOperands || linalg_generic_outputs(op).n != 1 ||
      !mlirTypeIsAMemRef(typeOf(outOf(op))))
    return false;
  intptr_t n = dlcIteratorTypes(op, reduces, maxLoops);
  for (intptr_t d = 0; d < n && d < maxLoops; ++d) any |= reduces[d];
  return n >= 0 && n <= maxLoops && any == isReduction;
}
static MlirValue rootOf(MlirValue v) {
  for (MlirOperation op; op = opOf(v), op.ptr && (memref_subview_isa(op) || memref_view_isa(op) ||
                                                  memref_cast_isa(op) || memref_memory_space_cast_isa(op));)
    v = mlirOperationGetOperand(op, 0);
  return v;
}
static bool isArgument(MlirValue root) {
  return mlirValueIsABlockArgument(root) && !mlirTypeIsAInteger(mlirShapedTypeGetElementType(typeOf(root)));
}

//===--- maps ---
// Which loop of the reduction a dimension of its output follows; false: not each of them one, or not all loops.
static bool readOutput(const Nest *nest, int *loops) {
  const Operand *o = &nest->operand[nest->nInputs];
  uint32_t seen = 0;
  for (intptr_t r = 0; r < o->rank; ++r) {
    MlirAffineExpr e = mlirAffineMapGetResult(o->map, r);
    if (!mlirAffineExprIsADim(e)) return false;
    loops[r] = (int)mlirAffineDimExprGetPosition(e);
    if (seen >> loops[r] & 1) return false;
    seen |= 1u << loops[r];
  }
  return seen == nest->parallel;
}
// Operand k of an op beside the reduction, whose operand `like` is the reduction's output: by the reduction's loops.
static bool mapByLoops(const Nest *nest, MlirOperation op, intptr_t like, intptr_t k, MlirAffineMap *out) {
  int ofOutput[maxLoops], ofLoop[maxLoops] = {0};
  MlirAffineMap seen, map;
  if (!readOutput(nest, ofOutput) || !dlcLinalgMap(op, like, &seen) || !dlcLinalgMap(op, k, &map) ||
      !mlirAffineMapIsPermutation(seen))
    return false;
  for (intptr_t r = 0; r < mlirAffineMapGetNumResults(seen); ++r)
    ofLoop[mlirAffineDimExprGetPosition(mlirAffineMapGetResult(seen, r))] = ofOutput[r];
  MlirContext ctx = mlirOperationGetContext(op);
  MlirAffineExpr results[maxRank];
  intptr_t n = mlirAffineMapGetNumResults(map);
  for (intptr_t r = 0; r < n; ++r) {
    MlirAffineExpr e = mlirAffineMapGetResult(map, r);
    if (!mlirAffineExprIsADim(e) && !mlirAffineExprIsAConstant(e)) return false;
    results[r] = mlirAffineExprIsADim(e) ? mlirAffineDimExprGet(ctx, ofLoop[mlirAffineDimExprGetPosition(e)]) : e;
  }
  *out = mlirAffineMapGet(ctx, nest->nLoops, 0, n, results);
  return true;
}

//===--- the start ---
MlirOperation dlcStartOf(const Nest *nest) {
  MlirOperation none = {0}, op = previousOf(nest->op);
  if (!op.ptr || !isGeneric(nest->op, true) || !isGeneric(op, false) || mlirOperationGetNumOperands(op) != 2)
    return none;
  MlirBlock body = bodyOf(mlirOperationGetRegion(op, 0));
  MlirValue from = mlirOperationGetOperand(op, 0), out = outOf(nest->op);
  if (!mlirValueEqual(outOf(op), out) || !mlirTypeIsAMemRef(typeOf(from)) || !dlcIsStrided(typeOf(from)) ||
      !mlirValueEqual(mlirOperationGetOperand(mlirBlockGetTerminator(body), 0), argOf(body, 0)) ||
      !isNull(nest->operand[nest->nInputs].initial) || mlirValueEqual(rootOf(from), rootOf(out)))
    return none;
  for (intptr_t i = 0; i < nest->nInputs; ++i)
    if (mlirValueEqual(nest->operand[i].source, out)) return none;
  MlirAffineMap map;
  return mapByLoops(nest, op, 1, 0, &map) && nest->nOperands + nest->nEdges < maxOperands ? op : none;
}
bool dlcAddStart(DlcBuilder *b, Nest *nest, MlirOperation op) {
  MlirAffineMap map;
  intptr_t i = mapByLoops(nest, op, 1, 0, &map) ? dlcAddEdge(b, nest, mlirOperationGetOperand(op, 0), map) : -1;
  if (i >= 0) nest->start = i;
  return i >= 0;
}

//===--- the finish ---
static bool isShort(MlirBlock body) {
  intptr_t n = 0;
  dlcForEachOp(op, body) {
    if (linalg_yield_isa(op)) continue;
    MlirStringRef name = mlirIdentifierStr(mlirOperationGetName(op));
    if (mlirOperationGetNumRegions(op) || name.length < 6 || memcmp(name.data, "arith.", 6) != 0) return false;
    n += !arith_constant_isa(op);
  }
  return n <= MOST_FINISHING;
}
static bool isUsedOnlyBy(MlirValue v, MlirOperation x, MlirOperation y, MlirOperation start) {
  dlcForEachUse(use, v) {
    MlirOperation user = mlirOpOperandGetOwner(use);
    bool isStart =
        mlirOperationEqual(user, start) || (linalg_fill_isa(user) && mlirOperationEqual(previousOf(x), user));
    if (!mlirOperationEqual(user, x) && !mlirOperationEqual(user, y) && !isStart) return false;
  }
  return true;
}
// Whether the finish may write its place while the reduction still reads.
static bool mayStoreTo(MlirValue to, MlirOperation reduction, MlirOperation finish) {
  MlirValue out = outOf(reduction), root = rootOf(to);
  if (mlirValueEqual(to, out)) return true;
  if (!memref_view_isa(opOf(out)) || !isArgument(root) || !isUsedOnlyBy(out, reduction, finish, previousOf(reduction)))
    return false;
  for (intptr_t i = 0; i + 1 < mlirOperationGetNumOperands(reduction); ++i)
    if (mlirValueEqual(rootOf(mlirOperationGetOperand(reduction, i)), root)) return false;
  MlirOperation start = previousOf(reduction);
  for (intptr_t i = 0; start.ptr && dlcIsLinalgOp(start) && i + 1 < mlirOperationGetNumOperands(start); ++i)
    if (mlirValueEqual(rootOf(mlirOperationGetOperand(start, i)), root)) return false;
  for (intptr_t i = 0; i + 1 < mlirOperationGetNumOperands(finish); ++i) {
    MlirValue v = mlirOperationGetOperand(finish, i);
    if (mlirValueEqual(rootOf(v), root) && !mlirValueEqual(v, to)) return false;
  }
  return true;
}
MlirOperation dlcFinishOf(MlirOperation reduction) {
  MlirOperation none = {0};
  if (!isGeneric(reduction, true)) return none;
  MlirOperation op = nextOf(reduction);
  if (!op.ptr || !isGeneric(op, false)) return none;
  MlirBlock body = bodyOf(mlirOperationGetRegion(op, 0));
  MlirValue out = outOf(reduction);
  intptr_t n = mlirOperationGetNumOperands(op), reads = 0;
  for (intptr_t i = 0; i + 1 < n; ++i) {
    MlirType t = typeOf(mlirOperationGetOperand(op, i));
    reads += mlirValueEqual(mlirOperationGetOperand(op, i), out);
    if (mlirTypeIsAShaped(t) && !dlcIsStrided(t)) return none;
  }
  bool isSame =
      mlirTypeEqual(mlirShapedTypeGetElementType(typeOf(out)), mlirShapedTypeGetElementType(typeOf(outOf(op))));
  if (reads != 1 || !isSame || !dlcIsStrided(typeOf(outOf(op))) || !isShort(body) ||
      !mlirOpOperandIsNull(mlirValueGetFirstUse(argOf(body, n - 1))))
    return none;
  return mayStoreTo(outOf(op), reduction, op) ? op : none;
}
MlirOperation dlcReductionBefore(MlirOperation finish) {
  MlirOperation none = {0}, op = isGeneric(finish, false) ? previousOf(finish) : none;
  if (!op.ptr) return none;
  MlirOperation of = dlcFinishOf(op);
  return of.ptr && mlirOperationEqual(of, finish) ? op : none;
}
bool dlcAddFinish(DlcBuilder *b, Nest *nest, MlirOperation op) {
  intptr_t n = mlirOperationGetNumOperands(op), like = -1;
  MlirValue out = nest->operand[nest->nInputs].source;
  MlirAffineMap map;
  Operand old = nest->operand[nest->nInputs];
  bool isStarted = nest->start || !isNull(old.initial) || mlirValueEqual(out, outOf(op));
  for (intptr_t i = 0; i + 1 < n; ++i)
    if (mlirValueEqual(mlirOperationGetOperand(op, i), out)) like = i;
  if (like < 0 || !isStarted || nest->nOperands + nest->nEdges + n > maxOperands) return false;
  for (intptr_t i = 0; i < n; ++i)
    if (mlirTypeIsAShaped(typeOf(mlirOperationGetOperand(op, i))) && !mapByLoops(nest, op, like, i, &map)) return false;
  for (intptr_t i = 0; i + 1 < n; ++i) {
    MlirValue v = mlirOperationGetOperand(op, i);
    if (mlirTypeIsAShaped(typeOf(v))) mapByLoops(nest, op, like, i, &map);
    nest->finishOperand[i] = i == like ? nest->nInputs : dlcAddEdge(b, nest, v, map);
    if (nest->finishOperand[i] < 0) return false;
  }
  mapByLoops(nest, op, like, n - 1, &map);
  nest->finish = bodyOf(mlirOperationGetRegion(op, 0));
  return dlcReadOutput(b, nest, outOf(op), map, old.initial);
}
