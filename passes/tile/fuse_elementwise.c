// tile-fuse-elementwise: merges an elementwise linalg.generic into the
// linalg.generic that is its only user, so that the value stays in a register.
//
//   %p = generic(%a) { yield exp(a) }             %r = generic(%a, %x) {
//   %r = generic(%p, %x) { yield p + x }    ->      yield exp(a) + x }
//
// Refuses: buffers; a producer with a reduction, several results, another use or
// a body that reads its init; a linalg.index whose dimension is no longer a loop;
// a user that reads an element more than once, when it is itself a reduction or
// when the producer is not cheap (it would be computed again and again). Upstream: ElementwiseOpFusion.cpp.
#include <string.h>
#include "dlc/analysis.h"
#include "dlc/passes.h"
#include "dlc/ir.h"
#include "passes/tile/graph.h"
#include "ods/linalg.h"

enum { MAX_OPERANDS = 64 };

static bool isParallel(MlirOperation generic) {
  for (intptr_t i = 0; i < linalg_generic_iterator_types_n(generic); ++i)
    if (linalg_generic_iterator_types_at(generic, i) != utils_IteratorType_parallel) return false;
  return true;
}

static bool onTensors(MlirOperation generic) {
  return mlirOperationGetNumResults(generic) == linalg_generic_outputs(generic).n;
}

// From the loops of the consumer to those of the producer.
static MlirAffineMap loopMap(MlirOperation producer, MlirOperation consumer, intptr_t operand) {
  MlirAffineMap result = linalg_generic_indexing_maps_at(producer, linalg_generic_inputs(producer).n);
  return dlcMapCompose(dlcMapInverse(result), linalg_generic_indexing_maps_at(consumer, operand));
}

static bool canReindex(MlirOperation producer, MlirAffineMap loops) {
  dlcForEachOp(op, bodyOf(linalg_generic_region(producer)))
    if (linalg_index_isa(op) && !mlirAffineExprIsADim(mlirAffineMapGetResult(loops, linalg_index_dim(op))))
      return false;
  return true;
}

// Every loop must still be a plain dimension of some operand, or its bound is lost.
static bool boundsKnown(intptr_t nLoops, intptr_t nMaps, const MlirAffineMap *maps) {
  bool known[MAX_OPERANDS] = {false};
  for (intptr_t m = 0; m < nMaps; ++m)
    for (intptr_t i = 0; i < mlirAffineMapGetNumResults(maps[m]); ++i) {
      MlirAffineExpr e = mlirAffineMapGetResult(maps[m], i);
      if (mlirAffineExprIsADim(e)) known[mlirAffineDimExprGetPosition(e)] = true;
    }
  for (intptr_t i = 0; i < nLoops; ++i)
    if (!known[i]) return false;
  return true;
}

// Adds, multiplications, comparisons and casts: what costs no more than the load it saves.
static bool isCheap(MlirOperation producer) {
  dlcForEachOp(op, bodyOf(linalg_generic_region(producer))) {
    if (linalg_yield_isa(op) || linalg_index_isa(op)) continue;
    MlirStringRef name = mlirIdentifierStr(mlirOperationGetName(op));
    if (strncmp(name.data, "arith.", 6) || !strncmp(name.data, "arith.div", 9) || !strncmp(name.data, "arith.rem", 9))
      return false;
  }
  return true;
}

static bool isFusable(MlirOperation producer, MlirOperation consumer, intptr_t operand) {
  MlirValue fused = at(linalg_generic_inputs(consumer), operand);
  if (!linalg_generic_isa(producer) || !onTensors(producer) || !onTensors(consumer)) return false;
  if (!mlirBlockEqual(mlirOperationGetBlock(producer), mlirOperationGetBlock(consumer))) return false;
  if (linalg_generic_outputs(producer).n != 1 || !isParallel(producer) || !hasOneUse(fused)) return false;
  bool readsOnce = mlirAffineMapIsPermutation(linalg_generic_indexing_maps_at(consumer, operand));
  if (!readsOnce && (!isParallel(consumer) || !isCheap(producer))) return false;
  intptr_t nIn = linalg_generic_inputs(producer).n;
  if (!mlirAffineMapIsPermutation(linalg_generic_indexing_maps_at(producer, nIn))) return false;
  MlirValue init = argOf(bodyOf(linalg_generic_region(producer)), nIn);
  return mlirOpOperandIsNull(mlirValueGetFirstUse(init));
}

static void mergeBodies(DlcBuilder *b, MlirOperation producer, MlirOperation consumer, intptr_t operand,
                        MlirAffineMap loops, MlirOperation merged) {
  DlcMapping map = dlcMappingCreate();
  MlirBlock from = bodyOf(linalg_generic_region(producer)), to = bodyOf(linalg_generic_region(consumer));
  MlirBlock body = bodyOf(linalg_generic_region(merged));
  intptr_t nProducer = linalg_generic_inputs(producer).n, nConsumer = mlirBlockGetNumArguments(to);
  for (intptr_t i = 0; i < nProducer; ++i) dlcMap(map, argOf(from, i), argOf(body, operand + i));
  for (intptr_t i = 0; i < nConsumer; ++i)
    if (i != operand) dlcMap(map, argOf(to, i), argOf(body, i < operand ? i : i - 1 + nProducer));

  dlcAtEnd(b, body) {
    dlcForEachOp(op, from) {
      if (linalg_index_isa(op)) {
        MlirAffineExpr loop = mlirAffineMapGetResult(loops, linalg_index_dim(op));
        dlcMap(map, linalg_index_result(op), linalg_index(b, .dim = mlirAffineDimExprGetPosition(loop)));
      } else if (linalg_yield_isa(op))
        dlcMap(map, argOf(to, operand), dlcMapped(map, at(linalg_yield_values(op), 0)));
      else
        dlcClone(b, op, map);
    }
    dlcForEachOp(op, to) dlcClone(b, op, map);
  }
  dlcMappingDestroy(map);
}

static DlcTypes elementTypes(intptr_t n, const MlirValue *v, MlirType *out) {
  for (intptr_t i = 0; i < n; ++i)
    out[i] = mlirTypeIsAShaped(typeOf(v[i])) ? mlirShapedTypeGetElementType(typeOf(v[i])) : typeOf(v[i]);
  return typesN(n, out);
}

static MlirLogicalResult fuse(DlcBuilder *b, MlirOperation producer, MlirOperation consumer, intptr_t operand) {
  DlcValues inP = linalg_generic_inputs(producer), inC = linalg_generic_inputs(consumer),
            outs = linalg_generic_outputs(consumer);
  MlirAffineMap loops = loopMap(producer, consumer, operand), maps[MAX_OPERANDS];
  MlirValue ins[MAX_OPERANDS];
  intptr_t n = 0;
  if (inP.n + inC.n + outs.n > MAX_OPERANDS || !canReindex(producer, loops)) return mlirLogicalResultFailure();
  for (intptr_t i = 0; i < inC.n; ++i) {
    if (i != operand) {
      ins[n] = at(inC, i), maps[n++] = linalg_generic_indexing_maps_at(consumer, i);
      continue;
    }
    for (intptr_t j = 0; j < inP.n; ++j)
      ins[n] = at(inP, j), maps[n++] = dlcMapCompose(linalg_generic_indexing_maps_at(producer, j), loops);
  }
  for (intptr_t i = 0; i < outs.n; ++i) maps[n + i] = linalg_generic_indexing_maps_at(consumer, inC.n + i);
  if (!boundsKnown(mlirAffineMapGetNumDims(maps[n]), n + outs.n, maps)) return mlirLogicalResultFailure();

  MlirOperation merged = linalg_generic(b, valsN(n, ins), outs, .indexing_maps = {maps, n + outs.n},
                                        .iterator_types = linalg_generic_iterator_types(consumer));
  MlirValue all[MAX_OPERANDS];
  for (intptr_t i = 0; i < n + outs.n; ++i) all[i] = i < n ? ins[i] : at(outs, i - n);
  dlcAddBlock(b, linalg_generic_region(merged), elementTypes(n + outs.n, all, (MlirType[MAX_OPERANDS]){0}));
  mergeBodies(b, producer, consumer, operand, loops, merged);
  mlirRewriterBaseReplaceOpWithOperation(b->rewriter, consumer, merged);
  return dlcStatus(b);
}

static MlirLogicalResult fuseInto(DlcBuilder *b, MlirOperation consumer, void *pass) {
  DlcValues ins = linalg_generic_inputs(consumer);
  for (intptr_t i = 0; i < ins.n; ++i) {
    MlirOperation producer = opOf(at(ins, i));
    if (!isFusable(producer, consumer, i)) continue;
    if (mlirLogicalResultIsFailure(fuse(b, producer, consumer, i))) {
      if (b->failed) return mlirLogicalResultFailure();
      continue;
    }
    dlcPassCount(pass, DlcTileFuseElementwise_fused, 1);
    return mlirLogicalResultSuccess();
  }
  return mlirLogicalResultFailure();
}

MlirLogicalResult dlcRunTileFuseElementwise(MlirOperation root, DlcPass *pass,
                                            const DlcTileFuseElementwiseOptions *options) {
  DlcFusion fusion;
  if (!dlcFusionRead(options->fusion, &fusion))
    return dlcErrorAt(mlirOperationGetLocation(root),
                      "tile-fuse-elementwise: unknown fusion '%.*s'; known are none, register and all",
                      (int)options->fusion.length, options->fusion.data);
  if (fusion == DLC_FUSE_NONE) return mlirLogicalResultSuccess();
  static const DlcPattern patterns[] = {{"linalg.generic", 1, fuseInto}};
  return dlcApplyPatterns(root, DLC_COUNT(patterns), patterns, pass);
}
