// See passes/tile/moves.h.
#include "passes/tile/moves.h"
#include "ods/arith.h"
#include "ods/linalg.h"
#include "ods/tensor.h"

static bool isDynamic(MlirType t, intptr_t d) { return mlirShapedTypeIsDynamicDim(t, d); }
static int64_t sizeOf(MlirType t, intptr_t d) { return mlirShapedTypeGetDimSize(t, d); }
static intptr_t rankOf(MlirValue v) { return mlirShapedTypeGetRank(typeOf(v)); }

//===--- one move ---------------------------------------------------------------------------------===//
// Of a reshape: in a group only the outermost size may be dynamic, and the last dimension is a group of its own.
static bool isReshape(MlirOperation op, MlirType many, MlirType few) {
  MlirAttribute groups = dlcAttr(op, "reassociation");
  intptr_t n = dlcArraySize(groups), d = 0;
  if (!n || mlirShapedTypeGetRank(many) > DLC_MOVE_RANK || n != mlirShapedTypeGetRank(few)) return false;
  for (intptr_t i = 0; i < n; ++i) {
    intptr_t size = dlcArraySize(mlirArrayAttrGetElement(groups, i));
    for (intptr_t k = 0; k < size; ++k, ++d)
      if (k && isDynamic(many, d)) return false;
    if (i == n - 1 && size != 1) return false;
  }
  return true;
}

static bool isUnit(DlcI64s x) {
  for (intptr_t i = 0; i < x.n; ++i)
    if (x.data[i] != 1) return false;
  return true;
}
// A part of `whole` that differs from it along one axis of known size; or one that is put into `whole`.
typedef struct {
  intptr_t axis;
  int64_t offset, size;
} Part;
static bool readPart(MlirType whole, MlirType part, DlcI64s offsets, DlcI64s strides, Part *out) {
  *out = (Part){-1, 0, 0};
  if (mlirShapedTypeGetRank(part) != mlirShapedTypeGetRank(whole) || !isUnit(strides)) return false;
  for (intptr_t d = 0; d < offsets.n; ++d) {
    if (isDynamic(whole, d) && isDynamic(part, d) && offsets.data[d] == 0) continue;
    if (isDynamic(whole, d) || isDynamic(part, d) || offsets.data[d] < 0) return false;
    if (sizeOf(whole, d) == sizeOf(part, d)) continue;
    if (out->axis >= 0) return false;
    *out = (Part){d, offsets.data[d], sizeOf(part, d)};
  }
  return out->axis >= 0;
}

// One of the two halves of a roll: a slice of `source`, read by this insertion only.
static bool readHalf(MlirOperation insert, MlirValue *source, Part *from, Part *to) {
  MlirOperation cut = tensor_insert_slice_isa(insert) ? opOf(tensor_insert_slice_source(insert)) : (MlirOperation){0};
  if (!tensor_extract_slice_isa(cut) || !hasOneUse(dlcResult(cut, 0))) return false;
  *source = tensor_extract_slice_source(cut);
  MlirType part = typeOf(dlcResult(cut, 0));
  return readPart(typeOf(*source), part, tensor_extract_slice_static_offsets(cut),
                  tensor_extract_slice_static_strides(cut), from) &&
         readPart(typeOf(dlcResult(insert, 0)), part, tensor_insert_slice_static_offsets(insert),
                  tensor_insert_slice_static_strides(insert), to) &&
         from->axis == to->axis && from->size == to->size;
}

static bool readRoll(MlirOperation op, DlcMove *out) {
  Part from[2], to[2];
  MlirValue source[2];
  if (!readHalf(op, &source[0], &from[0], &to[0]) || !hasOneUse(tensor_insert_slice_dest(op)) ||
      !readHalf(opOf(tensor_insert_slice_dest(op)), &source[1], &from[1], &to[1]))
    return false;
  MlirType type = typeOf(dlcResult(op, 0));
  intptr_t axis = to[0].axis;
  if (!mlirValueEqual(source[0], source[1]) || !mlirTypeEqual(typeOf(source[0]), type) || axis != to[1].axis ||
      axis == mlirShapedTypeGetRank(type) - 1 || to[0].size + to[1].size != sizeOf(type, axis))
    return false;
  int first = to[0].offset != 0; // the half that comes to lie at 0
  if (to[first].offset || to[!first].offset != to[first].size || from[first].offset != to[!first].size ||
      from[!first].offset)
    return false;
  *out = (DlcMove){DLC_MOVE_ROLL, op, source[0], axis, from[first].offset};
  return true;
}

bool dlcReadMove(MlirValue v, DlcMove *out) {
  MlirOperation op = opOf(v);
  if (!op.ptr || !mlirTypeIsARankedTensor(typeOf(v)) || !rankOf(v) || rankOf(v) > DLC_MOVE_RANK) return false;
  if (tensor_expand_shape_isa(op)) {
    *out = (DlcMove){.kind = DLC_MOVE_EXPAND, .op = op, .source = tensor_expand_shape_src(op)};
    return isReshape(op, typeOf(v), typeOf(out->source));
  }
  if (tensor_collapse_shape_isa(op)) {
    *out = (DlcMove){.kind = DLC_MOVE_COLLAPSE, .op = op, .source = tensor_collapse_shape_src(op)};
    return isReshape(op, typeOf(out->source), typeOf(v));
  }
  if (linalg_transpose_isa(op)) {
    *out = (DlcMove){.kind = DLC_MOVE_TRANSPOSE, .op = op, .source = linalg_transpose_input(op)};
    DlcI64s order = linalg_transpose_permutation(op);
    return order.data[order.n - 1] == order.n - 1;
  }
  return readRoll(op, out);
}

//===--- chains -----------------------------------------------------------------------------------===//
static bool isReadByMoveOnly(const DlcMove *move) {
  intptr_t uses = 0;
  dlcForEachUse(use, move->source) ++uses;
  return uses == (move->kind == DLC_MOVE_ROLL ? 2 : 1);
}

bool dlcReadMoves(MlirValue v, DlcMoves *out) {
  *out = (DlcMoves){.source = v, .result = v};
  while (out->n < DLC_MOST_MOVES && dlcReadMove(out->source, &out->move[out->n])) {
    const DlcMove *move = &out->move[out->n++];
    out->source = move->source;
    out->rolls += move->kind == DLC_MOVE_ROLL;
    out->copies += move->kind == DLC_MOVE_ROLL ? 2 : move->kind == DLC_MOVE_TRANSPOSE;
    if (!(out->ownsSource = isReadByMoveOnly(move))) break;
  }
  return out->copies > 0;
}

//===--- arithmetic -------------------------------------------------------------------------------===//
// An index; null: 0, the only one.
static MlirValue times(DlcBuilder *b, MlirValue x, int64_t by) {
  return isNull(x) || by == 1 ? x : arith_muli(b, x, constIndex(b, by));
}
static MlirValue plus(DlcBuilder *b, MlirValue x, MlirValue y) {
  return isNull(x) ? y : isNull(y) ? x : arith_addi(b, x, y);
}

static void joinIndices(DlcBuilder *b, const DlcMove *move, const MlirValue *from, MlirValue *to) {
  MlirAttribute groups = dlcAttr(move->op, "reassociation");
  MlirType many = typeOf(dlcResult(move->op, 0));
  for (intptr_t i = 0, d = 0; i < dlcArraySize(groups); ++i) {
    intptr_t n = dlcArraySize(mlirArrayAttrGetElement(groups, i));
    to[i] = from[d++];
    for (intptr_t k = 1; k < n; ++k, ++d) to[i] = plus(b, times(b, to[i], sizeOf(many, d)), from[d]);
  }
}

static void splitIndices(DlcBuilder *b, const DlcMove *move, const MlirValue *from, MlirValue *to) {
  MlirAttribute groups = dlcAttr(move->op, "reassociation");
  MlirType many = typeOf(move->source);
  for (intptr_t i = 0, first = 0; i < dlcArraySize(groups); ++i) {
    intptr_t n = dlcArraySize(mlirArrayAttrGetElement(groups, i));
    MlirValue rest = from[i];
    intptr_t outer = first; // the outermost one of more than one element
    while (outer < first + n - 1 && sizeOf(many, outer) == 1) to[outer++] = (MlirValue){0};
    for (intptr_t d = first + n - 1; d > outer; --d) {
      int64_t size = sizeOf(many, d);
      bool isZero = isNull(rest) || size == 1;
      to[d] = isZero ? (MlirValue){0} : arith_remui(b, rest, constIndex(b, size));
      if (!isZero) rest = arith_divui(b, rest, constIndex(b, size));
    }
    to[outer] = rest, first += n;
  }
}

// (x + by) mod size, x and by being less than size: what would be negative is larger than anything as unsigned.
static MlirValue rolled(DlcBuilder *b, MlirValue x, int64_t by, int64_t size) {
  MlirValue ahead = plus(b, x, constIndex(b, by));
  return arith_minui(b, ahead, arith_subi(b, ahead, constIndex(b, size)));
}

MlirValue dlcExtractMoved(DlcBuilder *b, const DlcMoves *moves, MlirValue source) {
  MlirValue idx[2][DLC_MOVE_RANK], *from = idx[0], *to = idx[1];
  for (intptr_t d = 0; d < rankOf(moves->result); ++d)
    from[d] = sizeOf(typeOf(moves->result), d) == 1 ? (MlirValue){0} : linalg_index(b, .dim = d);
  for (intptr_t i = 0; i < moves->n; ++i) {
    const DlcMove *move = &moves->move[i];
    intptr_t rank = rankOf(move->source);
    DlcI64s order = move->kind == DLC_MOVE_TRANSPOSE ? linalg_transpose_permutation(move->op) : (DlcI64s){0};
    if (move->kind == DLC_MOVE_EXPAND) joinIndices(b, move, from, to);
    if (move->kind == DLC_MOVE_COLLAPSE) splitIndices(b, move, from, to);
    for (intptr_t d = 0; d < order.n; ++d) to[order.data[d]] = from[d];
    for (intptr_t d = 0; d < rank && move->kind == DLC_MOVE_ROLL; ++d)
      to[d] = d == move->axis ? rolled(b, from[d], move->by, sizeOf(typeOf(move->source), d)) : from[d];
    MlirValue *swap = from;
    from = to, to = swap;
  }
  for (intptr_t d = 0; d < rankOf(source); ++d)
    if (isNull(from[d])) from[d] = constIndex(b, 0);
  return tensor_extract(b, source, valsN(rankOf(source), from));
}
