// Reshape as tensor.collapse_shape and tensor.expand_shape: dimensions are
// grouped from the left so that both sides of a group have the same product.
#include "frontends/onnx/import.h"
#include "ods/tensor.h"
#include <string.h>

typedef struct {
  int fromStart, fromCount, toStart, toCount;
} Group;

static bool sameProduct(int n, const OnnxIndex *a, int m, const OnnxIndex *b) {
  // Multisets of dynamic sizes, and products of constants. Products in the IR count as one size here.
  int64_t x = 1, y = 1;
  bool used[ONNX_MAX_RANK] = {false};
  int dynamicB = 0, matched = 0, dynamicA = 0;
  for (int j = 0; j < m; ++j) {
    if (onnxIsConst(b[j])) {
      if (__builtin_mul_overflow(y, b[j].constant, &y)) return false;
    } else
      ++dynamicB;
  }
  for (int i = 0; i < n; ++i) {
    if (onnxIsConst(a[i])) {
      if (__builtin_mul_overflow(x, a[i].constant, &x)) return false;
      continue;
    }
    ++dynamicA;
    for (int j = 0; j < m; ++j)
      if (!used[j] && onnxSameIndex(a[i], b[j])) {
        used[j] = true, ++matched;
        break;
      }
  }
  return x == y && dynamicA == dynamicB && matched == dynamicA;
}

// The product's SSA value equals the other side's: B*S computed by a shape subgraph against [B, S].
static bool provablyEqual(OnnxContext *ctx, int n, const OnnxIndex *a, int m, const OnnxIndex *b) {
  if (sameProduct(n, a, m, b)) return true;
  bool dynamic = false;
  for (int i = 0; i < n; ++i) dynamic |= !onnxIsConst(a[i]);
  for (int i = 0; i < m; ++i) dynamic |= !onnxIsConst(b[i]);
  if (!dynamic || n * m == 0 || n > 4 || m > 4) return false;
  return onnxSameIndex(onnxProduct(ctx, n, a), onnxProduct(ctx, m, b));
}

// One more dimension on the side that is behind, until the products agree.
static int group(OnnxContext *ctx, int n, const OnnxIndex *from, int m, const OnnxIndex *to, Group *groups) {
  int count = 0, i = 0, j = 0;
  while (i < n && j < m) {
    Group best = {i, n - i, j, m - j};
    bool found = false;
    for (int total = 2; total <= n - i + m - j && !found; ++total)
      for (int a = total - 1; a >= 1 && !found; --a) {
        int c = total - a;
        if (a > n - i || c > m - j || (a > 1 && c > 1 && total > 6)) continue;
        if (provablyEqual(ctx, a, from + i, c, to + j)) best = (Group){i, a, j, c}, found = true;
      }
    groups[count++] = best;
    i += best.fromCount, j += best.toCount;
  }
  if (count) { // ones at the end, and whatever could not be matched
    groups[count - 1].fromCount = n - groups[count - 1].fromStart;
    groups[count - 1].toCount = m - groups[count - 1].toStart;
  }
  return count;
}

static MlirAttribute reassociation(OnnxContext *ctx, int count, const int *starts, const int *sizes) {
  MlirAttribute lists[ONNX_MAX_RANK], entries[ONNX_MAX_RANK];
  MlirContext c = ctx->builder.ctx;
  for (int g = 0; g < count; ++g) {
    for (int k = 0; k < sizes[g]; ++k) entries[k] = mlirIntegerAttrGet(mlirIntegerTypeGet(c, 64), starts[g] + k);
    lists[g] = mlirArrayAttrGet(c, sizes[g], entries);
  }
  return mlirArrayAttrGet(c, count, lists);
}
static MlirValue collapse(OnnxContext *ctx, MlirValue x, OnnxElement e, int count, const int *starts, const int *sizes,
                          const OnnxIndex *dims) {
  return tensor_collapse_shape(&ctx->builder, x, reassociation(ctx, count, starts, sizes),
                               onnxTypeOf(ctx, e, count, dims));
}
static MlirValue expand(OnnxContext *ctx, MlirValue x, OnnxElement e, int count, const int *starts, const int *sizes,
                        int rank, const OnnxIndex *dims) {
  MlirValue dynamic[ONNX_MAX_RANK];
  int64_t sizesOut[ONNX_MAX_RANK];
  int n = 0;
  for (int i = 0; i < rank; ++i) {
    sizesOut[i] = onnxStaticDim(dims[i]);
    if (!onnxIsConst(dims[i])) dynamic[n++] = dims[i].value;
  }
  MlirType type = onnxTypeOf(ctx, e, rank, dims);
  return tensor_expand_shape(&ctx->builder, x, reassociation(ctx, count, starts, sizes), valsN(n, dynamic),
                             (DlcI64s){sizesOut, rank}, type);
}

static int dynamicCount(int n, const OnnxIndex *dims) {
  int count = 0;
  for (int i = 0; i < n; ++i) count += !onnxIsConst(dims[i]);
  return count;
}
// The general form, for groups that expand to several dynamic sizes: upstream's lowering of expand_shape takes one.
static MlirValue reshapeByShape(OnnxContext *ctx, OnnxValue *x, int rank, const OnnxIndex *dims) {
  MlirValue sizes[ONNX_MAX_RANK], in = onnxTensor(ctx, x);
  for (int i = 0; i < rank; ++i) sizes[i] = onnxIndexValue(ctx, dims[i]);
  MlirType list = mlirRankedTensorTypeGet(1, (int64_t[]){rank}, indexType(&ctx->builder), mlirAttributeGetNull());
  MlirType type = onnxTypeOf(ctx, x->element, rank, dims);
  if (ctx->status) return in;
  return tensor_reshape(&ctx->builder, in, tensor_from_elements(&ctx->builder, valsN(rank, sizes), list), type);
}
static MlirValue reshapeTensor(OnnxContext *ctx, OnnxValue *x, int rank, const OnnxIndex *dims) {
  Group groups[ONNX_MAX_RANK];
  OnnxIndex middle[ONNX_MAX_RANK];
  int fromStarts[ONNX_MAX_RANK], fromSizes[ONNX_MAX_RANK], toStarts[ONNX_MAX_RANK], toSizes[ONNX_MAX_RANK];
  int count = group(ctx, x->rank, x->dims, rank, dims, groups);
  for (int g = 0; g < count; ++g)
    if (groups[g].toCount > 1 && dynamicCount(groups[g].toCount, dims + groups[g].toStart) > 1)
      return reshapeByShape(ctx, x, rank, dims);
  MlirValue v = onnxTensor(ctx, x);
  bool collapses = count < x->rank, expands = count < rank;
  for (int g = 0; g < count; ++g) {
    fromStarts[g] = groups[g].fromStart, fromSizes[g] = groups[g].fromCount;
    toStarts[g] = groups[g].toStart, toSizes[g] = groups[g].toCount;
    bool oneFrom = fromSizes[g] == 1, oneTo = toSizes[g] == 1;
    middle[g] = oneTo     ? dims[toStarts[g]]
                : oneFrom ? x->dims[fromStarts[g]]
                          : onnxProduct(ctx, fromSizes[g], x->dims + fromStarts[g]);
    // What collapses is dynamic exactly where a source dimension is; a cast follows where the target knows better or
    // less.
    if (fromSizes[g] > 1 && onnxIsConst(middle[g]) == (dynamicCount(fromSizes[g], x->dims + fromStarts[g]) > 0))
      middle[g] = onnxProduct(ctx, fromSizes[g], x->dims + fromStarts[g]);
    if (fromSizes[g] > 1 && onnxIsConst(middle[g]) && dynamicCount(fromSizes[g], x->dims + fromStarts[g]))
      return reshapeByShape(ctx, x, rank, dims);
  }
  if (ctx->status) return v;
  if (collapses || (!count && x->rank)) v = collapse(ctx, v, x->element, count, fromStarts, fromSizes, middle);
  if (ctx->status || isNull(v)) return v;
  if (!expands) return v;
  bool fixed = true; // expand_shape wants a dynamic source dimension exactly where the group has a dynamic one
  OnnxIndex wanted[ONNX_MAX_RANK];
  for (int g = 0; g < count; ++g) {
    wanted[g] = middle[g];
    OnnxIndex product = onnxProduct(ctx, toSizes[g], dims + toStarts[g]);
    if (onnxIsConst(product) != onnxIsConst(middle[g])) wanted[g] = product, fixed = false;
  }
  if (!fixed) v = tensor_cast(&ctx->builder, v, onnxTypeOf(ctx, x->element, count, wanted));
  return expand(ctx, v, x->element, count, toStarts, toSizes, rank, dims);
}

OnnxValue *onnxReshape(OnnxContext *ctx, OnnxValue *x, int rank, const OnnxIndex *dims) {
  if (ctx->status || !x) return NULL;
  if (rank > ONNX_MAX_RANK) return onnxRefuse(ctx, "rank %d is not supported", rank), NULL;
  bool same = rank == x->rank;
  for (int i = 0; same && i < rank; ++i) same = onnxSameIndex(x->dims[i], dims[i]);
  if (same) return x;
  onnxRequireEqual(ctx, onnxProduct(ctx, x->rank, x->dims), onnxProduct(ctx, rank, dims),
                   "element counts before and after the reshape");
  if (ctx->status) return NULL;
  if (x->data || (x->elements && rank <= 1)) {
    OnnxValue *v = onnxAllocate(ctx, sizeof *v);
    OnnxIndex *copy = onnxAllocate(ctx, (size_t)rank * sizeof *copy + 1);
    memcpy(copy, dims, (size_t)rank * sizeof *copy);
    *v = *x, v->rank = rank, v->dims = copy, v->tensor = (MlirValue){0}, v->name = "";
    if (x->elements || onnxIsStatic(v)) return v;
  }
  return onnxNewTensor(ctx, x->element, rank, dims, reshapeTensor(ctx, x, rank, dims));
}
