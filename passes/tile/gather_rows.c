// tile-gather-rows: what only puts rows into another order becomes arithmetic on the indices of what reads them.
//
//   %e = tensor.expand_shape %x, %t = linalg.transpose ins(%e), %y = tensor.collapse_shape %t
//   %r = linalg.generic(%y, %z) { yield %y + %z }
// ->
//   %y = linalg.generic { %i = linalg.index 0; yield tensor.extract %x[f(%i), ..] }      which fuses:
//   %r = linalg.generic(%z) { %i = linalg.index 0; yield tensor.extract %x[f(%i), ..] + %z }
//
// A row is contiguous and its place is computed once a row, so that vectors are loaded as before. This is done
// - where an elementwise op reads the rows and joins them with something of the same size;
// - where the rows were made row by row by ops of which one reduces them, a LayerNorm say, and nothing else reads them:
//   these ops are made again on the rows in their new order, and read what they read before by that arithmetic;
// - where a chain has a roll, or copies more than once, in place of the copies.
// Left alone: other transpositions, of which a contraction or an attention makes better use; moves along the last
// dimension; sizes that are dynamic other than in the outermost dimension of a reshaped group.
#include <stdlib.h>
#include "dlc/analysis.h"
#include "dlc/passes.h"
#include "passes/tile/graph.h"
#include "passes/tile/moves.h"
#include "ods/linalg.h"
#include "ods/tensor.h"

enum { MOST_OPS = 32, MOST_LOOPS = 16, MOST_OPERANDS = 32, LEAST_ROW = 16 };

static MlirValue resultOf(MlirOperation op) { return mlirOperationGetResult(op, 0); }
static MlirValue operand(MlirOperation op, intptr_t i) { return mlirOperationGetOperand(op, i); }
static intptr_t rankOf(MlirValue v) { return mlirShapedTypeGetRank(typeOf(v)); }

//===--- what reads the rows ----------------------------------------------------------------------===//
static bool isGeneric(MlirOperation op) {
  return linalg_generic_isa(op) && mlirOperationGetNumResults(op) == 1 && linalg_generic_outputs(op).n == 1 &&
         mlirOperationGetNumOperands(op) <= MOST_OPERANDS && mlirTypeIsARankedTensor(typeOf(resultOf(op)));
}
static bool isElementwise(MlirOperation op) {
  bool reduces[MOST_LOOPS];
  intptr_t n = dlcIteratorTypes(op, reduces, MOST_LOOPS);
  for (intptr_t i = 0; i < n; ++i)
    if (reduces[i]) return false;
  return n >= 0 && n <= MOST_LOOPS;
}
// An elementwise op that reads v and another input, both whole and in the order of its result.
static bool isJoined(MlirValue v) {
  MlirOperation op = hasOneUse(v) ? mlirOpOperandGetOwner(mlirValueGetFirstUse(v)) : (MlirOperation){0};
  intptr_t whole = 0;
  if (!isGeneric(op) || !isElementwise(op)) return false;
  for (intptr_t i = 0; i + 1 < mlirOperationGetNumOperands(op); ++i) {
    MlirAffineMap map;
    if (!dlcLinalgMap(op, i, &map)) return false;
    bool isWhole = mlirAffineMapIsIdentity(map);
    if (mlirValueEqual(operand(op, i), v) && !isWhole) return false;
    whole += isWhole;
  }
  return whole > 1;
}

//===--- what makes the rows ----------------------------------------------------------------------===//
// Ops that each make rows of rows of the same number, whose results nothing else reads.
typedef struct {
  MlirOperation op[MOST_OPS]; // from the last one upwards
  intptr_t n, rows;           // dimensions of the rows' order
  bool reduces;
} Makers;

static bool isIn(const Makers *m, MlirOperation op) {
  for (intptr_t i = 0; i < m->n; ++i)
    if (mlirOperationEqual(m->op[i], op)) return true;
  return false;
}

typedef enum { NO_ROWS, OTHER_ROWS, SAME_ROWS } Rows;
// How an operand moves with the loops 0 .. rows - 1: with none of them, with each in a dimension of its own, the first
// ones, or in another way.
static Rows rowsOf(MlirOperation op, intptr_t i, intptr_t rows) {
  MlirAffineMap map;
  if (!dlcLinalgMap(op, i, &map)) return mlirTypeIsAShaped(typeOf(operand(op, i))) ? OTHER_ROWS : NO_ROWS;
  intptr_t n = mlirAffineMapGetNumResults(map), same = 0, moves = 0;
  for (intptr_t r = 0; r < n; ++r) {
    MlirAffineExpr e = mlirAffineMapGetResult(map, r);
    same += r < rows && mlirAffineExprIsADim(e) && mlirAffineDimExprGetPosition(e) == r;
    for (intptr_t d = 0; d < rows; ++d) moves += mlirAffineExprIsFunctionOfDim(e, d);
  }
  return !moves ? NO_ROWS : same == rows && moves == rows ? SAME_ROWS : OTHER_ROWS;
}

// The scalar that a reduction starts from; null: it starts from something else.
static MlirValue startOf(MlirValue init) {
  while (tensor_collapse_shape_isa(opOf(init)) || tensor_expand_shape_isa(opOf(init))) init = operand(opOf(init), 0);
  return linalg_fill_isa(opOf(init)) ? operand(opOf(init), 0) : (MlirValue){0};
}

static bool isMaker(MlirOperation op, intptr_t rows, bool *reduces) {
  bool isReduction[MOST_LOOPS];
  if (!isGeneric(op)) return false;
  intptr_t n = dlcIteratorTypes(op, isReduction, MOST_LOOPS), out = mlirOperationGetNumOperands(op) - 1;
  if (n < rows || n > MOST_LOOPS || rankOf(resultOf(op)) < rows) return false;
  *reduces = false;
  for (intptr_t d = 0; d < n; ++d) {
    if (d < rows && isReduction[d]) return false;
    *reduces |= isReduction[d];
  }
  for (intptr_t i = 0; i <= out; ++i) {
    Rows moves = rowsOf(op, i, rows);
    if (moves == OTHER_ROWS || (i == out && moves != SAME_ROWS)) return false;
  }
  MlirBlock body = bodyOf(linalg_generic_region(op));
  dlcForEachOp(inner, body)
    if (linalg_index_isa(inner) || tensor_extract_isa(inner)) return false;
  bool reads = !mlirOpOperandIsNull(mlirValueGetFirstUse(argOf(body, out)));
  return !reads || !isNull(startOf(operand(op, out)));
}

static bool isReadByOnly(const Makers *m, MlirValue v) {
  dlcForEachUse(use, v)
    if (!isIn(m, mlirOpOperandGetOwner(use))) return false;
  return true;
}

// Of the rows of v, which a chain of moves reads.
static bool readMakers(MlirValue v, Makers *m) {
  bool reduces;
  *m = (Makers){.rows = rankOf(v) - 1};
  if (!isMaker(opOf(v), m->rows, &reduces) || reduces) return false;
  m->op[m->n++] = opOf(v);
  for (bool grows = true; grows;) {
    grows = false;
    for (intptr_t i = 0; i < m->n; ++i)
      for (intptr_t k = 0; k < mlirOperationGetNumOperands(m->op[i]) - 1; ++k) {
        MlirOperation op = opOf(operand(m->op[i], k));
        if (rowsOf(m->op[i], k, m->rows) != SAME_ROWS || isIn(m, op) || !isMaker(op, m->rows, &reduces) ||
            !mlirBlockEqual(mlirOperationGetBlock(op), mlirOperationGetBlock(m->op[0])) ||
            !isReadByOnly(m, resultOf(op)))
          continue;
        if (m->n == MOST_OPS) return false;
        m->op[m->n++] = op, m->reduces |= reduces, grows = true;
      }
  }
  return m->reduces;
}

// Whether what they read from outside of rows are whole rows.
static bool readsWholeRows(const Makers *m) {
  for (intptr_t i = 0; i < m->n; ++i)
    for (intptr_t k = 0; k < mlirOperationGetNumOperands(m->op[i]) - 1; ++k) {
      MlirValue v = operand(m->op[i], k);
      if (rowsOf(m->op[i], k, m->rows) != SAME_ROWS || isIn(m, opOf(v))) continue;
      if (rankOf(v) != m->rows + 1 || mlirShapedTypeGetDimSize(typeOf(v), m->rows) < LEAST_ROW) return false;
    }
  return true;
}

//===--- writing ----------------------------------------------------------------------------------===//
typedef struct {
  DlcBuilder *b;
  const DlcMoves *moves;
  MlirValue *sizes; // of the result's dynamic dimensions
} Writer;

// A fresh tensor of the rows of the result, in their order, with the dimensions of `like` from `from` on.
static MlirValue freshRows(Writer *w, MlirType like, intptr_t from) {
  int64_t shape[MOST_LOOPS];
  MlirValue sizes[MOST_LOOPS];
  MlirType result = typeOf(w->moves->result);
  intptr_t rows = mlirShapedTypeGetRank(result) - 1, rank = 0, n = 0;
  for (intptr_t d = 0; d < rows; ++d) {
    shape[rank++] = mlirShapedTypeGetDimSize(result, d);
    if (mlirShapedTypeIsDynamicDim(result, d)) sizes[n] = w->sizes[n], ++n;
  }
  for (intptr_t d = from; d < mlirShapedTypeGetRank(like); ++d) shape[rank++] = mlirShapedTypeGetDimSize(like, d);
  return tensor_empty(
      w->b, valsN(n, sizes),
      mlirRankedTensorTypeGet(rank, shape, mlirShapedTypeGetElementType(like), mlirRankedTensorTypeGetEncoding(like)));
}

// The rows of `source` in their new order.
static MlirValue gather(Writer *w, MlirValue source, MlirValue fresh) {
  DlcBuilder *b = w->b;
  MlirAffineMap map = mlirAffineMapMultiDimIdentityGet(b->ctx, rankOf(fresh));
  MlirOperation op = linalg_generic(b, (DlcValues){0}, vals(fresh), .indexing_maps = {&map, 1},
                                    .iterator_types = dlcIterators(b, rankOf(fresh), NULL),
                                    .result_tensors_type = types(typeOf(fresh)));
  if (mlirOperationIsNull(op)) return fresh;
  MlirBlock body = dlcAddBlock(b, linalg_generic_region(op), types(mlirShapedTypeGetElementType(typeOf(fresh))));
  dlcAtEnd(b, body) linalg_yield(b, vals(dlcExtractMoved(b, w->moves, source)));
  return dlcResult(op, 0);
}

// The map of an operand over the loops of the moved rows, in place of `from` loops.
static MlirAffineMap movedMap(Writer *w, MlirOperation op, intptr_t i, intptr_t from) {
  MlirAffineMap map;
  MlirAffineExpr exprs[MOST_LOOPS], loops[MOST_LOOPS];
  dlcLinalgMap(op, i, &map);
  intptr_t to = rankOf(w->moves->result) - 1, n = mlirAffineMapGetNumDims(map), rank = 0;
  bool moves = rowsOf(op, i, from) == SAME_ROWS;
  for (intptr_t d = 0; d < n; ++d) loops[d] = mlirAffineDimExprGet(w->b->ctx, d < from ? d : d - from + to);
  for (intptr_t d = 0; d < to && moves; ++d) exprs[rank++] = mlirAffineDimExprGet(w->b->ctx, d);
  for (intptr_t r = moves ? from : 0; r < mlirAffineMapGetNumResults(map); ++r)
    exprs[rank++] =
        mlirAffineExprCompose(mlirAffineMapGetResult(map, r), mlirAffineMapGet(w->b->ctx, n - from + to, 0, n, loops));
  return mlirAffineMapGet(w->b->ctx, n - from + to, 0, rank, exprs);
}

static MlirValue remake(Writer *w, MlirOperation op, intptr_t rows, DlcMapping map) {
  DlcBuilder *b = w->b;
  MlirAffineMap maps[MOST_OPERANDS];
  MlirValue operands[MOST_OPERANDS];
  bool reduces[MOST_LOOPS], all[2 * MOST_LOOPS] = {false};
  intptr_t n = mlirOperationGetNumOperands(op) - 1, loops = dlcIteratorTypes(op, reduces, MOST_LOOPS);
  intptr_t to = rankOf(w->moves->result) - 1;
  for (intptr_t i = 0; i <= n; ++i) {
    operands[i] = dlcMapped(map, operand(op, i));
    maps[i] = movedMap(w, op, i, rows);
  }
  MlirValue start = startOf(operand(op, n));
  operands[n] = freshRows(w, typeOf(resultOf(op)), rows);
  if (!isNull(start)) operands[n] = dlcResult(dlcFill(b, start, operands[n]), 0);
  for (intptr_t d = rows; d < loops; ++d) all[d - rows + to] = reduces[d];
  MlirOperation made = linalg_generic(b, valsN(n, operands), vals(operands[n]), .indexing_maps = {maps, n + 1},
                                      .iterator_types = dlcIterators(b, loops - rows + to, all),
                                      .result_tensors_type = types(typeOf(operands[n])));
  if (mlirOperationIsNull(made)) return operands[n];
  MlirType elements[MOST_OPERANDS];
  MlirBlock from = bodyOf(linalg_generic_region(op));
  for (intptr_t i = 0; i <= n; ++i) elements[i] = typeOf(argOf(from, i));
  MlirBlock body = dlcAddBlock(b, linalg_generic_region(made), typesN(n + 1, elements));
  DlcMapping inner = dlcMappingCreate();
  for (intptr_t i = 0; i <= n; ++i) dlcMap(inner, argOf(from, i), argOf(body, i));
  dlcAtEnd(b, body) dlcForEachOp(each, from) dlcClone(b, each, inner);
  dlcMappingDestroy(inner);
  return dlcResult(made, 0);
}

static int compareOrder(const void *a, const void *b) {
  MlirOperation x = *(const MlirOperation *)a, y = *(const MlirOperation *)b;
  return mlirOperationEqual(x, y) ? 0 : mlirOperationIsBeforeInBlock(x, y) ? -1 : 1;
}

// The makers again, on moved rows.
static MlirValue hoist(Writer *w, Makers *m) {
  DlcMapping map = dlcMappingCreate();
  DlcValueList read = {0};
  qsort(m->op, (size_t)m->n, sizeof *m->op, compareOrder);
  MlirValue made = {0};
  for (intptr_t i = 0; i < m->n && !w->b->failed; ++i) {
    for (intptr_t k = 0; k < mlirOperationGetNumOperands(m->op[i]) - 1; ++k) {
      MlirValue v = operand(m->op[i], k);
      if (rowsOf(m->op[i], k, m->rows) != SAME_ROWS || isIn(m, opOf(v)) || dlcValueListFind(&read, v) >= 0) continue;
      dlcValueListAdd(&read, v);
      dlcMap(map, v, gather(w, v, freshRows(w, typeOf(v), m->rows)));
    }
    made = remake(w, m->op[i], m->rows, map);
    dlcMap(map, resultOf(m->op[i]), made);
  }
  dlcValueListDestroy(&read);
  dlcMappingDestroy(map);
  return made;
}

//===--- the pass ---------------------------------------------------------------------------------===//
static bool isMoved(MlirOperation op) {
  DlcMove move;
  return mlirOperationGetNumResults(op) == 1 && dlcReadMove(resultOf(op), &move);
}
// Whether the only reader of v is a move of the same chain.
static bool isMovedOn(MlirValue v) {
  if (mlirOpOperandIsNull(mlirValueGetFirstUse(v))) return true; // of a chain that is gone
  MlirOperation user = mlirOpOperandGetOwner(mlirValueGetFirstUse(v));
  return hasOneUse(v) && isMoved(user);
}

typedef struct {
  MlirOperation user[MOST_OPERANDS];
  intptr_t operand[MOST_OPERANDS], n;
} Uses;
static bool readUses(MlirValue v, Uses *uses) {
  uses->n = 0;
  dlcForEachUse(use, v) {
    if (uses->n == MOST_OPERANDS) return false;
    uses->user[uses->n] = mlirOpOperandGetOwner(use);
    uses->operand[uses->n++] = mlirOpOperandGetOperandNumber(use);
  }
  return true;
}

static MlirValue write(DlcBuilder *b, const DlcMoves *moves, Makers *makers) {
  MlirValue sizes[DLC_MOVE_RANK], v = moves->result;
  intptr_t n = 0;
  for (intptr_t d = 0; d + 1 < rankOf(v); ++d)
    if (mlirShapedTypeIsDynamicDim(typeOf(v), d)) sizes[n++] = tensor_dim(b, v, constIndex(b, d));
  Writer w = {b, moves, sizes};
  return makers ? hoist(&w, makers) : gather(&w, moves->source, freshRows(&w, typeOf(v), rankOf(v) - 1));
}

static bool rewrite(DlcBuilder *b, MlirOperation op, DlcPass *pass) {
  DlcMoves moves;
  Makers makers;
  Uses uses;
  MlirValue v = resultOf(op), made = {0};
  if (isMovedOn(v) || !dlcReadMoves(v, &moves) || rankOf(v) < 2 || rankOf(moves.source) < 2 || !readUses(v, &uses))
    return false;
  if (mlirShapedTypeGetDimSize(typeOf(v), rankOf(v) - 1) < LEAST_ROW) return false; // dynamic: negative
  bool isRead = isJoined(v);
  bool isMade = !isRead && moves.ownsSource && readMakers(moves.source, &makers) && readsWholeRows(&makers);
  if (!isRead && !isMade && !moves.rolls && moves.copies < 2) return false;
  dlcAfter(b, op) { made = write(b, &moves, isMade ? &makers : NULL); }
  if (b->failed) return false;
  for (intptr_t i = 0; i < uses.n; ++i)
    dlcModify(b, uses.user[i]) mlirOperationSetOperand(uses.user[i], uses.operand[i], made);
  dlcPassCount(pass, DlcTileGatherRows_gathered, 1);
  dlcPassCount(pass, DlcTileGatherRows_hoisted, isMade);
  return true;
}

MlirLogicalResult dlcRunTileGatherRows(MlirOperation root, DlcPass *pass, const DlcTileGatherRowsOptions *options) {
  DlcFusion fusion;
  if (mlirLogicalResultIsFailure(dlcFusionOption(root, "tile-gather-rows", options->fusion, &fusion)))
    return mlirLogicalResultFailure();
  if (fusion == DLC_FUSE_NONE) return mlirLogicalResultSuccess();
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  DlcBuilder b = {rewriter, mlirOperationGetContext(root), mlirOperationGetLocation(root), false};
  DlcOps ops = dlcCollect(root, isMoved);
  for (intptr_t i = ops.n - 1; i >= 0 && !b.failed; --i) rewrite(&b, ops.data[i], pass); // the ends of chains first
  free(ops.data);
  mlirIRRewriterDestroy(rewriter);
  return dlcStatus(&b);
}
