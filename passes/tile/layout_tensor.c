// Ops of tensors that are no linalg ops, in another order of dimensions: see
// passes/tile/layout.h. They follow what they read: pads, slices and sizes of any
// order; reshapes too, once the dimensions that are joined or split lie together.
#include "ods/linalg.h"
#include "ods/tensor.h"
#include "passes/tile/layout.h"
#include "passes/tile/number.h"

//===--- pads and slices --------------------------------------------------------------------===//
static void rewritePad(DlcLayouts *layouts, MlirOperation op) {
  DlcBuilder *b = layouts->b;
  DlcLayout in = dlcLayoutOf(layouts, tensor_pad_source(op));
  if (isNull(in.stored)) return;
  DlcNumbers low = dlcNumbersPermuted(tensor_pad_static_low(op), tensor_pad_low(op), in.order),
             high = dlcNumbersPermuted(tensor_pad_static_high(op), tensor_pad_high(op), in.order);
  MlirType type = dlcPermutedType(typeOf(tensor_pad_result(op)), in.order);
  MlirValue made = tensor_pad(b, in.stored, dlcNumbersValues(&low), dlcNumbersValues(&high), dlcNumbersFixed(&low),
                              dlcNumbersFixed(&high), type, .nofold = tensor_pad_nofold(op));
  if (isNull(made)) return;
  MlirBlock from = bodyOf(tensor_pad_region(op));
  MlirType indices[DLC_LAYOUT_RANK];
  for (intptr_t i = 0; i < in.rank; ++i) indices[i] = indexType(b);
  MlirBlock body = dlcAddBlock(b, tensor_pad_region(opOf(made)), typesN(in.rank, indices));
  DlcMapping map = dlcMappingCreate();
  for (intptr_t i = 0; i < in.rank; ++i) dlcMap(map, argOf(from, in.order[i]), argOf(body, i));
  dlcAtEnd(b, body) dlcForEachOp(inner, from) dlcClone(b, inner, map);
  dlcMappingDestroy(map);
  dlcLayoutsStore(layouts, tensor_pad_result(op), made, in.order);
}

// A part of the same number of dimensions.
static void rewriteExtract(DlcLayouts *layouts, MlirOperation op) {
  DlcLayout in = dlcLayoutOf(layouts, tensor_extract_slice_source(op));
  MlirType type = typeOf(tensor_extract_slice_result(op));
  if (isNull(in.stored) || mlirShapedTypeGetRank(type) != in.rank) return;
  DlcNumbers offsets = dlcNumbersPermuted(tensor_extract_slice_static_offsets(op), tensor_extract_slice_offsets(op),
                                          in.order),
             sizes =
                 dlcNumbersPermuted(tensor_extract_slice_static_sizes(op), tensor_extract_slice_sizes(op), in.order),
             strides = dlcNumbersPermuted(tensor_extract_slice_static_strides(op), tensor_extract_slice_strides(op),
                                          in.order);
  MlirValue made = tensor_extract_slice(layouts->b, in.stored, dlcNumbersValues(&offsets), dlcNumbersValues(&sizes),
                                        dlcNumbersValues(&strides), dlcNumbersFixed(&offsets), dlcNumbersFixed(&sizes),
                                        dlcNumbersFixed(&strides), dlcPermutedType(type, in.order));
  dlcLayoutsStore(layouts, tensor_extract_slice_result(op), made, in.order);
}

// Holds nothing that another order would have to move.
static bool isFresh(MlirValue v) {
  MlirOperation op = opOf(v);
  return op.ptr && (tensor_empty_isa(op) || linalg_fill_isa(op));
}

// In the order of what is written into, which is larger, unless that is fresh.
static void rewriteInsert(DlcLayouts *layouts, MlirOperation op) {
  DlcLayout source = dlcLayoutOf(layouts, tensor_insert_slice_source(op)),
            dest = dlcLayoutOf(layouts, tensor_insert_slice_dest(op));
  if ((isNull(source.stored) && isNull(dest.stored)) || source.rank != dest.rank) return;
  if (isNull(dest.stored) && !isFresh(dest.value)) return;
  const int *order = isNull(dest.stored) ? source.order : dest.order;
  DlcNumbers offsets =
                 dlcNumbersPermuted(tensor_insert_slice_static_offsets(op), tensor_insert_slice_offsets(op), order),
             sizes = dlcNumbersPermuted(tensor_insert_slice_static_sizes(op), tensor_insert_slice_sizes(op), order),
             strides =
                 dlcNumbersPermuted(tensor_insert_slice_static_strides(op), tensor_insert_slice_strides(op), order);
  MlirValue from = dlcInOrder(layouts, source.value, order), to = dlcInOrder(layouts, dest.value, order);
  MlirValue made = tensor_insert_slice(layouts->b, from, to, dlcNumbersValues(&offsets), dlcNumbersValues(&sizes),
                                       dlcNumbersValues(&strides), dlcNumbersFixed(&offsets), dlcNumbersFixed(&sizes),
                                       dlcNumbersFixed(&strides));
  dlcLayoutsStore(layouts, tensor_insert_slice_result(op), made, order);
}

static void rewriteDim(DlcLayouts *layouts, MlirOperation op) {
  MlirValue tensor = tensor_dim_source(op);
  int64_t idx;
  if (!mlirTypeIsARankedTensor(typeOf(tensor)) || !dlcConstantIndex(tensor_dim_index(op), &idx)) return;
  DlcLayout in = dlcLayoutOf(layouts, tensor);
  for (intptr_t i = 0; !isNull(in.stored) && i < in.rank; ++i)
    if (in.order[i] == idx) {
      MlirValue made = tensor_dim(layouts->b, in.stored, constIndex(layouts->b, i));
      if (!isNull(made)) mlirValueReplaceAllUsesOfWith(tensor_dim_result(op), made);
      return;
    }
}

//===--- reshapes ---------------------------------------------------------------------------===//
// The groups of a reassociation: dimensions [first, first + n) each, of the longer side.
typedef struct {
  intptr_t n, first[DLC_LAYOUT_RANK + 1];
} Groups;
static Groups readGroups(MlirAttribute reassociation) {
  Groups g = {.n = dlcArraySize(reassociation)};
  for (intptr_t i = 0; i < g.n; ++i)
    g.first[i + 1] = g.first[i] + dlcArraySize(mlirArrayAttrGetElement(reassociation, i));
  return g;
}

static MlirAttribute groupsInOrder(DlcBuilder *b, const Groups *g, const int *order) {
  MlirAttribute groups[DLC_LAYOUT_RANK], members[DLC_LAYOUT_RANK];
  int64_t next = 0;
  for (intptr_t i = 0; i < g->n; ++i) {
    intptr_t n = g->first[order[i] + 1] - g->first[order[i]];
    for (intptr_t k = 0; k < n; ++k) members[k] = mlirIntegerAttrGet(mlirIntegerTypeGet(b->ctx, 64), next++);
    groups[i] = mlirArrayAttrGet(b->ctx, n, members);
  }
  return mlirArrayAttrGet(b->ctx, g->n, groups);
}

// The order of the longer side: groups in `order`, each whole.
static void unfold(const Groups *g, const int *order, int *out) {
  intptr_t n = 0;
  for (intptr_t i = 0; i < g->n; ++i)
    for (intptr_t d = g->first[order[i]]; d < g->first[order[i] + 1]; ++d) out[n++] = (int)d;
}

static void rewriteExpand(DlcLayouts *layouts, MlirOperation op) {
  DlcLayout in = dlcLayoutOf(layouts, tensor_expand_shape_src(op));
  if (isNull(in.stored)) return;
  Groups g = readGroups(tensor_expand_shape_reassociation(op));
  int order[DLC_LAYOUT_RANK];
  unfold(&g, in.order, order);
  DlcNumbers shape =
      dlcNumbersPermuted(tensor_expand_shape_static_output_shape(op), tensor_expand_shape_output_shape(op), order);
  MlirValue made =
      tensor_expand_shape(layouts->b, in.stored, groupsInOrder(layouts->b, &g, in.order), dlcNumbersValues(&shape),
                          dlcNumbersFixed(&shape), dlcPermutedType(typeOf(tensor_expand_shape_result(op)), order));
  dlcLayoutsStore(layouts, tensor_expand_shape_result(op), made, order);
}

// Groups in the order of their first stored dimensions; the source is moved where a group is not stored whole.
static void rewriteCollapse(DlcLayouts *layouts, MlirOperation op) {
  DlcLayout in = dlcLayoutOf(layouts, tensor_collapse_shape_src(op));
  if (isNull(in.stored)) return;
  Groups g = readGroups(tensor_collapse_shape_reassociation(op));
  int order[DLC_LAYOUT_RANK], whole[DLC_LAYOUT_RANK];
  intptr_t n = 0;
  for (intptr_t i = 0; i < in.rank; ++i)
    for (int k = 0; k < g.n; ++k)
      if (g.first[k] == in.order[i] && g.first[k + 1] > g.first[k]) order[n++] = k;
  if (n != g.n) return; // to no dimension at all
  unfold(&g, order, whole);
  MlirValue source = dlcInOrder(layouts, in.value, whole);
  MlirValue made = tensor_collapse_shape(layouts->b, source, groupsInOrder(layouts->b, &g, order),
                                         dlcPermutedType(typeOf(tensor_collapse_shape_result(op)), order));
  dlcLayoutsStore(layouts, tensor_collapse_shape_result(op), made, order);
}

//===--- all of them ------------------------------------------------------------------------===//
typedef struct {
  bool (*isa)(MlirOperation op);
  void (*permute)(DlcLayouts *layouts, MlirOperation op);
} Kind;
static const Kind kinds[] = {{tensor_pad_isa, rewritePad},
                             {tensor_extract_slice_isa, rewriteExtract},
                             {tensor_insert_slice_isa, rewriteInsert},
                             {tensor_dim_isa, rewriteDim},
                             {tensor_expand_shape_isa, rewriteExpand},
                             {tensor_collapse_shape_isa, rewriteCollapse}};

bool dlcIsPermutableTensorOp(MlirOperation op) {
  for (intptr_t i = 0; i < DLC_COUNT(kinds); ++i)
    if (kinds[i].isa(op)) return true;
  return false;
}

void dlcPermuteTensorOp(DlcLayouts *layouts, MlirOperation op) {
  for (intptr_t i = 0; i < DLC_COUNT(kinds); ++i)
    if (kinds[i].isa(op)) {
      kinds[i].permute(layouts, op);
      return;
    }
}
