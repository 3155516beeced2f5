// place: pools, and the verifiers of alloc, release and move.
#include <ctype.h>
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "ods/place.h"

bool dlcPlacePoolVerify(const struct place_pool *a, DlcMessage *why) {
  bool good = a->name.length && (isalpha((unsigned char)a->name.data[0]) || a->name.data[0] == '_');
  for (size_t i = 0; i < a->name.length && good; ++i)
    good = isalnum((unsigned char)a->name.data[i]) || a->name.data[i] == '_' || a->name.data[i] == '.';
  return good ? true : dlcExplain(why, "the name of a pool is a word: letters, digits, '_' and '.'");
}

// A buffer without a memory space is in the target's default pool. Where a device description is in scope, a pool must
// be in it. Without one any name stands, so that a fragment parses.
static MlirLogicalResult verifyPool(MlirOperation op, const char *what, MlirType t) {
  MlirAttribute space = mlirTypeIsAMemRef(t) ? mlirMemRefTypeGetMemorySpace(t) : mlirUnrankedMemrefGetMemorySpace(t);
  if (mlirAttributeIsNull(space)) return mlirLogicalResultSuccess();
  if (!place_pool_isa(space)) return dlcError(op, "needs %s in a #place.pool, has %s", what, dlcShowType(t).text);
  MlirStringRef keys[] = {dlcText("pools"), place_pool_name(space)};
  if (mlirAttributeIsNull(dlcDeviceQuery(op, 1, keys)) || !mlirAttributeIsNull(dlcDeviceQuery(op, 2, keys)))
    return mlirLogicalResultSuccess();
  return dlcError(op, "the device description has no pool '%.*s'", (int)keys[1].length, keys[1].data);
}

MlirLogicalResult dlcPlaceAllocVerify(MlirOperation op) {
  MlirType t = typeOf(place_alloc_buffer(op));
  if (!mlirTypeIsAMemRef(t)) return dlcError(op, "allocates ranked buffers");
  intptr_t dynamic = 0;
  for (int64_t d = 0; d < mlirShapedTypeGetRank(t); ++d) dynamic += mlirShapedTypeIsDynamicDim(t, d);
  DlcOptI64 offset = place_alloc_offset(op), max = place_alloc_max_bytes(op);
  if (place_alloc_sizes(op).n != dynamic)
    return dlcError(op, "needs %d sizes, one a dynamic dimension, has %d", (int)dynamic, (int)place_alloc_sizes(op).n);
  if (offset.has && offset.value < 0) return dlcError(op, "offset must not be negative");
  if (max.has && max.value < 0) return dlcError(op, "'max' bytes must not be negative");
  if (offset.has && dynamic && !max.has) return dlcError(op, "a planned buffer of dynamic shape needs 'max' bytes");
  return verifyPool(op, "a buffer", t);
}
MlirLogicalResult dlcPlaceReleaseVerify(MlirOperation op) {
  return verifyPool(op, "a buffer", typeOf(place_release_buffer(op)));
}

static bool sameShape(MlirType s, MlirType t) {
  if (mlirShapedTypeGetRank(s) != mlirShapedTypeGetRank(t)) return false;
  for (int64_t d = 0; d < mlirShapedTypeGetRank(s); ++d)
    if (!mlirShapedTypeIsDynamicDim(s, d) && !mlirShapedTypeIsDynamicDim(t, d) &&
        mlirShapedTypeGetDimSize(s, d) != mlirShapedTypeGetDimSize(t, d))
      return false;
  return true;
}
MlirLogicalResult dlcPlaceMoveVerify(MlirOperation op) {
  MlirType s = typeOf(place_move_source(op)), t = typeOf(place_move_target(op));
  if (!mlirTypeIsAMemRef(s) || !mlirTypeIsAMemRef(t) ||
      !mlirTypeEqual(mlirShapedTypeGetElementType(s), mlirShapedTypeGetElementType(t)) || !sameShape(s, t))
    return dlcError(op, "moves between buffers of one shape and element type, not %s to %s", dlcShowType(s).text,
                    dlcShowType(t).text);
  if (mlirLogicalResultIsFailure(verifyPool(op, "a source", s)) ||
      mlirLogicalResultIsFailure(verifyPool(op, "a target", t)))
    return mlirLogicalResultFailure();
  if (mlirAttributeEqual(mlirMemRefTypeGetMemorySpace(s), mlirMemRefTypeGetMemorySpace(t)))
    return dlcError(op, "stays in its pool: use memref.copy");
  return mlirLogicalResultSuccess();
}
