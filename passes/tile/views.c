// See passes/tile/views.h.
#include "passes/tile/views.h"
#include <string.h>
#include "dlc/analysis.h"
#include "passes/tile/graph.h"
#include "ods/linalg.h"
#include "ods/tensor.h"

bool dlcIsView(MlirOperation op) {
  return tensor_extract_slice_isa(op) || tensor_expand_shape_isa(op) || tensor_collapse_shape_isa(op) ||
         tensor_cast_isa(op);
}
bool dlcIsMove(MlirOperation op) { return tensor_insert_slice_isa(op) || tensor_concat_isa(op) || tensor_pad_isa(op); }

//===--- slices ----------------------------------------------------------------------------------===//
// A dynamic offset counts as 0: sizes are right, and what two such slices share is overstated.
static int64_t staticOr(DlcI64s values, intptr_t i, int64_t otherwise) {
  return i >= values.n || mlirShapedTypeIsDynamicSize(values.data[i]) ? otherwise : values.data[i];
}

// The dimension of the slice that dimension i of the whole becomes; -1: of size one, dropped.
static void matchDims(MlirType slice, DlcI64s sizes, intptr_t *dims) {
  intptr_t rank = mlirShapedTypeGetRank(slice), next = 0, drop = sizes.n - rank;
  for (intptr_t i = 0; i < sizes.n; ++i) {
    bool isOne = staticOr(sizes, i, 0) == 1;
    bool stays =
        next < rank &&
        (!isOne || !drop || (!mlirShapedTypeIsDynamicDim(slice, next) && mlirShapedTypeGetDimSize(slice, next) == 1));
    dims[i] = stays ? next++ : -1;
    drop -= !stays;
  }
}

static void ofExtract(MlirOperation op, const DlcBox *result, DlcBox *box) {
  intptr_t dims[DLC_MAX_RANK];
  matchDims(typeOf(tensor_extract_slice_result(op)), tensor_extract_slice_static_sizes(op), dims);
  for (intptr_t i = 0; i < box->rank; ++i) {
    int64_t offset = staticOr(tensor_extract_slice_static_offsets(op), i, 0),
            stride = staticOr(tensor_extract_slice_static_strides(op), i, 1);
    DlcSpan s = dims[i] < 0 ? dlcSpanOfRange(0, 0) : result->span[dims[i]], at = dlcSpanOfRange(offset, offset);
    if (dlcSpanScale(&s, stride) && dlcSpanAdd(&s, &at)) box->span[i] = s;
  }
}

// A part at `offset` of a dimension: what tiles ask for of it, on average its share.
static DlcSpan ofPart(const DlcSpan *whole, int64_t offset, int64_t part, int64_t extent) {
  DlcSpan s = *whole, at = dlcSpanOfRange(-offset, -offset);
  if (!dlcSpanAdd(&s, &at)) return dlcSpanWhole(part);
  bool fixed = true;
  for (int d = 0; d < DLC_MAX_RANK; ++d) fixed &= !s.scale[d];
  if (fixed) { // the same for every tile: cut it
    if (s.low < 0) s.low = 0;
    if (s.high >= part) s.high = part - 1;
    return s.low > s.high ? dlcSpanOfRange(0, 0) : s;
  }
  s.share *= (double)part / (double)extent;
  return s;
}

static void ofInsert(MlirOperation op, intptr_t k, const DlcBox *result, DlcBox *box) {
  MlirType source = typeOf(tensor_insert_slice_source(op));
  DlcI64s sizes = tensor_insert_slice_static_sizes(op), offsets = tensor_insert_slice_static_offsets(op),
          strides = tensor_insert_slice_static_strides(op);
  intptr_t dims[DLC_MAX_RANK];
  double part = 1;
  matchDims(source, sizes, dims);
  for (intptr_t i = 0; i < result->rank; ++i) {
    int64_t size = dims[i] < 0 ? 1 : k ? staticOr(sizes, i, result->extent[i]) : box->extent[dims[i]];
    part *= (double)size / (double)result->extent[i];
    if (k)
      box->span[i] = result->span[i];
    else if (dims[i] >= 0 && staticOr(strides, i, 1) == 1)
      box->span[dims[i]] = ofPart(&result->span[i], staticOr(offsets, i, 0), size, result->extent[i]);
  }
  if (k && result->rank) box->span[0].share *= part < 1 ? 1 - part : 0;
}

static void ofConcat(MlirOperation op, intptr_t k, const DlcBox *result, DlcBox *box) {
  int64_t dim = tensor_concat_dim(op), offset = 0;
  for (intptr_t i = 0; i < k; ++i) {
    MlirType t = typeOf(mlirOperationGetOperand(op, i));
    offset += mlirShapedTypeIsDynamicDim(t, dim) ? 0 : mlirShapedTypeGetDimSize(t, dim);
  }
  for (intptr_t i = 0; i < box->rank; ++i)
    box->span[i] = i == dim ? ofPart(&result->span[i], offset, box->extent[i], result->extent[i]) : result->span[i];
}

static void ofPad(MlirOperation op, const DlcBox *result, DlcBox *box) {
  for (intptr_t i = 0; i < box->rank; ++i)
    box->span[i] =
        ofPart(&result->span[i], staticOr(tensor_pad_static_low(op), i, 0), box->extent[i], result->extent[i]);
}

//===--- reshapes ----------------------------------------------------------------------------------===//
// `merged` is the dimension of the shorter shape that dimensions from .. from+n-1 of the longer one make.
typedef struct {
  intptr_t merged, from, n;
} Group;
static Group groupAt(MlirOperation op, intptr_t i) {
  MlirAttribute dims = mlirArrayAttrGetElement(dlcAttr(op, "reassociation"), i);
  return (Group){i, mlirIntegerAttrGetValueInt(mlirArrayAttrGetElement(dims, 0)), mlirArrayAttrGetNumElements(dims)};
}

// The source is shorter: its index is the sum of index * inner size.
static void ofExpand(Group g, const DlcBox *result, DlcBox *box) {
  DlcSpan sum = dlcSpanOfRange(0, 0);
  int64_t inner = 1;
  for (intptr_t i = g.from + g.n - 1; i >= g.from; --i) {
    DlcSpan s = result->span[i];
    if (!dlcSpanScale(&s, inner) || !dlcSpanAdd(&sum, &s)) return; // all of it
    inner *= result->extent[i];
  }
  box->span[g.merged] = sum;
}

// The source is longer: its indices are index / inner size, modulo their own.
static void ofCollapse(Group g, const DlcBox *result, DlcBox *box) {
  int64_t inner = 1;
  intptr_t outermost = g.from;
  while (outermost < g.from + g.n - 1 && box->extent[outermost] == 1) ++outermost;
  for (intptr_t i = g.from + g.n - 1; i >= g.from; --i) {
    DlcSpan s = result->span[g.merged];
    double share = s.share;
    if (box->extent[i] == 1)
      s = dlcSpanOfRange(0, 0);
    else if (!dlcSpanDivide(&s, inner))
      s = dlcSpanWhole(box->extent[i]);
    else if (i > outermost)
      dlcSpanModulo(&s, box->extent[i]);
    s.share = i == outermost ? share : 1; // once
    box->span[i] = s;
    inner *= box->extent[i];
  }
}

void dlcBoxOfSource(MlirOperation op, intptr_t k, const DlcBox *result, DlcBox *box) {
  if (tensor_extract_slice_isa(op))
    ofExtract(op, result, box);
  else if (tensor_insert_slice_isa(op))
    ofInsert(op, k, result, box);
  else if (tensor_concat_isa(op))
    ofConcat(op, k, result, box);
  else if (tensor_pad_isa(op))
    ofPad(op, result, box);
  else if (tensor_expand_shape_isa(op) || tensor_collapse_shape_isa(op))
    for (intptr_t i = 0; i < dlcArraySize(dlcAttr(op, "reassociation")); ++i)
      (tensor_expand_shape_isa(op) ? ofExpand : ofCollapse)(groupAt(op, i), result, box);
  else
    for (intptr_t i = 0; i < box->rank; ++i) box->span[i] = result->span[i];
}

//===--- bodies --------------------------------------------------------------------------------------===//
// Operations that an op of a body costs: what a polynomial of its accuracy takes.
static double operationsOf(MlirOperation op) {
  static const struct {
    const char *name;
    double operations;
  } known[] = {{"math.exp", 16},      {"math.exp2", 14},   {"math.log", 20},    {"math.tanh", 20},
               {"math.erf", 24},      {"math.sin", 20},    {"math.cos", 20},    {"math.powf", 40},
               {"math.sqrt", 8},      {"math.rsqrt", 8},   {"math.fma", 2},     {"arith.divf", 8},
               {"arith.divsi", 20},   {"arith.divui", 20}, {"arith.remsi", 20}, {"arith.remui", 20},
               {"arith.constant", 0}, {"linalg.yield", 0}, {"linalg.index", 0}, {"tensor.extract", 1},
               {"tensor.dim", 0}};
  MlirStringRef name = mlirIdentifierStr(mlirOperationGetName(op));
  for (size_t i = 0; i < sizeof known / sizeof *known; ++i)
    if (strlen(known[i].name) == name.length && !memcmp(known[i].name, name.data, name.length))
      return known[i].operations;
  return name.length > 5 && !memcmp(name.data, "math.", 5) ? 20 : 1;
}

// Units that multiply and add take narrow operands as they are.
static bool isWidening(MlirOperation op) {
  MlirStringRef name = mlirIdentifierStr(mlirOperationGetName(op));
  return name.length >= 9 && !memcmp(name.data, "arith.ext", 9);
}

// Whether a value of a body is the same for all points of the last loop: it costs nothing a point.
static bool isSame(MlirValue v, intptr_t last) {
  MlirOperation op = opOf(v);
  if (!op.ptr) return false;
  if (linalg_index_isa(op)) return linalg_index_dim(op) != last;
  if (!strncmp(mlirIdentifierStr(mlirOperationGetName(op)).data, "arith.", 6)) {
    bool same = true;
    for (intptr_t i = 0; i < mlirOperationGetNumOperands(op) && same; ++i)
      same = isSame(mlirOperationGetOperand(op, i), last);
    return same;
  }
  return dlcOpIs(op, "tensor.dim", 10);
}
// Reads neighbours for neighbouring points of the last loop.
static bool readsRows(MlirOperation extract, intptr_t last) {
  DlcValues places = tensor_extract_indices(extract);
  for (intptr_t i = 0; i + 1 < places.n; ++i)
    if (!isSame(at(places, i), last)) return false;
  MlirOperation column = places.n ? opOf(at(places, places.n - 1)) : (MlirOperation){0};
  return linalg_index_isa(column) && linalg_index_dim(column) == last;
}

static void countBlock(MlirBlock block, intptr_t last, DlcFlowNode *node) {
  dlcForEachOp(op, block) {
    bool same = mlirOperationGetNumResults(op) == 1 && isSame(mlirOperationGetResult(op, 0), last);
    if (!same && (!node->contracts || !isWidening(op))) node->operations += operationsOf(op);
    if (tensor_extract_isa(op)) {
      node->gathersRows = readsRows(op, last) && (node->gathers == 0 || node->gathersRows);
      ++node->gathers;
      node->gatherBytes = dlcElementBytes(typeOf(mlirOperationGetResult(op, 0)));
    }
    for (intptr_t r = 0; r < mlirOperationGetNumRegions(op); ++r)
      if (bodyOf(mlirOperationGetRegion(op, r)).ptr) countBlock(bodyOf(mlirOperationGetRegion(op, r)), last, node);
  }
}

void dlcCountBody(MlirOperation op, DlcFlowNode *node) {
  bool reduces[DLC_MAX_LOOPS];
  node->operations = node->gathers = 0, node->gathersRows = false;
  if (node->kind != DLC_NODE_COMPUTE) return;
  intptr_t loops = dlcIteratorTypes(op, reduces, DLC_MAX_LOOPS);
  countBlock(bodyOf(mlirOperationGetRegion(op, 0)), loops - 1, node);
}
