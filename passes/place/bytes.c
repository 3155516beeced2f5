// See passes/place/bytes.h.
#include "passes/place/bytes.h"
#include "ods/arith.h"

MlirValue dlcBytesOf(DlcBuilder *b, int64_t unit, DlcValues sizes) {
  MlirValue product = constIndex(b, unit), limit = constIndex(b, DLC_TOO_MANY_BYTES);
  for (intptr_t i = 0; i < sizes.n; ++i) {
    MlirOperation wide = arith_mului_extended(b, product, at(sizes, i));
    MlirValue fits = arith_cmpi(b, arith_CmpIPredicate_eq, dlcResult(wide, 1), constIndex(b, 0));
    product = arith_select(b, fits, arith_minui(b, dlcResult(wide, 0), limit), limit);
  }
  return product;
}

MlirValue dlcAddBytes(DlcBuilder *b, MlirValue x, MlirValue y) {
  return arith_minui(b, arith_addi(b, x, y), constIndex(b, DLC_TOO_MANY_BYTES));
}
