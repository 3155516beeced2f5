// A memref.expand_shape of a group into several dynamic sizes, as the memref.reinterpret_cast that it stands for:
// expand-strided-metadata of LLVM 22 counts on one dynamic size a group, and crashes
// (https://github.com/llvm/llvm-project/issues/186830).
//
//   memref.expand_shape %m [[0, 1], [2]] output_shape [%b, %t, 768] : memref<?x768xf32> into memref<?x?x768xf32>
// ->
//   %s = %t * 768
//   memref.reinterpret_cast %m to offset: [0], sizes: [%b, %t, 768], strides: [%s, 768, 1]
#include "dlc/ir.h"
#include "nest.h"
#include "ods/arith.h"
#include "ods/memref.h"

static bool hasSeveral(MlirOperation op) {
  if (!memref_expand_shape_isa(op) || mlirShapedTypeGetRank(typeOf(dlcResult(op, 0))) > maxRank) return false;
  DlcI64s sizes = memref_expand_shape_static_output_shape(op);
  for (intptr_t g = 0; g < memref_expand_shape_reassociation_n(op); ++g) {
    MlirAttribute group = memref_expand_shape_reassociation_at(op, g);
    intptr_t dynamic = 0;
    for (intptr_t i = 0; i < dlcArraySize(group); ++i) {
      int64_t d = mlirIntegerAttrGetValueInt(mlirArrayAttrGetElement(group, i));
      dynamic += sizes.data[d] == mlirShapedTypeGetDynamicSize();
    }
    if (dynamic > 1) return true;
  }
  return false;
}

typedef struct {
  int64_t known[maxRank]; // dynamic: the next of values
  MlirValue value[maxRank];
  intptr_t n;
} Numbers;

static DlcValues valuesOf(const Numbers *x, MlirValue *out) {
  intptr_t n = 0;
  for (intptr_t i = 0; i < x->n; ++i)
    if (!isNull(x->value[i])) out[n++] = x->value[i];
  return valsN(n, out);
}

static void readSizes(MlirOperation op, Numbers *sizes) {
  DlcI64s fixed = memref_expand_shape_static_output_shape(op);
  DlcValues given = memref_expand_shape_output_shape(op);
  intptr_t next = 0;
  sizes->n = fixed.n;
  for (intptr_t i = 0; i < fixed.n; ++i) {
    sizes->known[i] = fixed.data[i];
    if (fixed.data[i] == mlirShapedTypeGetDynamicSize()) sizes->value[i] = at(given, next++);
  }
}

// Within a group a stride is that of the next dimension times its size, as a constant where the type says so.
static void readStrides(DlcBuilder *b, MlirOperation op, MlirOperation metadata, const Numbers *sizes, Numbers *out) {
  int64_t offset;
  MlirValue source = memref_expand_shape_src(op);
  intptr_t rank = mlirShapedTypeGetRank(typeOf(source));
  out->n = sizes->n;
  mlirMemRefTypeGetStridesAndOffset(typeOf(dlcResult(op, 0)), out->known, &offset);
  for (intptr_t g = 0; g < memref_expand_shape_reassociation_n(op); ++g) {
    MlirAttribute group = memref_expand_shape_reassociation_at(op, g);
    MlirValue stride = dlcResult(metadata, 2 + rank + g);
    for (intptr_t i = dlcArraySize(group) - 1; i >= 0; --i) {
      int64_t d = mlirIntegerAttrGetValueInt(mlirArrayAttrGetElement(group, i));
      if (mlirShapedTypeIsDynamicStrideOrOffset(out->known[d])) out->value[d] = stride;
      if (!i) break;
      MlirValue size = isNull(sizes->value[d]) ? constIndex(b, sizes->known[d]) : sizes->value[d];
      stride = arith_muli(b, stride, size);
    }
  }
}

static bool rewrite(DlcBuilder *b, MlirOperation op) {
  MlirValue source = memref_expand_shape_src(op), used[3][maxRank];
  Numbers sizes = {0}, strides = {0}, offset = {.n = 1};
  MlirType type = typeOf(dlcResult(op, 0));
  int64_t unused[maxRank];
  MlirOperation metadata = memref_extract_strided_metadata(b, source);
  if (b->failed) return false;
  readSizes(op, &sizes);
  readStrides(b, op, metadata, &sizes, &strides);
  mlirMemRefTypeGetStridesAndOffset(type, unused, &offset.known[0]);
  if (mlirShapedTypeIsDynamicStrideOrOffset(offset.known[0])) offset.value[0] = dlcResult(metadata, 1);
  MlirValue cast = memref_reinterpret_cast(b, source, valuesOf(&offset, used[0]), valuesOf(&sizes, used[1]),
                                           valuesOf(&strides, used[2]), {offset.known, 1}, {sizes.known, sizes.n},
                                           {strides.known, strides.n}, type);
  if (!b->failed) mlirRewriterBaseReplaceOpWithValues(b->rewriter, op, 1, &cast);
  return !b->failed;
}

MlirLogicalResult dlcExpandDynamicShapes(MlirOperation root) { return dlcRewriteEach(root, hasSeveral, rewrite, NULL); }
