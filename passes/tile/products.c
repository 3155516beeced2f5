// See passes/tile/products.h.
#include "passes/tile/products.h"
#include "ods/arith.h"
#include "ods/linalg.h"

bool dlcAddsProducts(MlirOperation op) {
  MlirBlock body = bodyOf(mlirOperationGetRegion(op, 0));
  MlirOperation sum = opOf(mlirOperationGetOperand(mlirBlockGetTerminator(body), 0));
  if (!sum.ptr || (!arith_addf_isa(sum) && !arith_addi_isa(sum))) return false;
  for (intptr_t i = 0; i < 2; ++i) {
    MlirOperation product = opOf(mlirOperationGetOperand(sum, 1 - i));
    if (!mlirValueEqual(mlirOperationGetOperand(sum, i), argOf(body, 2))) continue;
    if (!product.ptr || (!arith_mulf_isa(product) && !arith_muli_isa(product))) continue;
    MlirValue x = mlirOperationGetOperand(product, 0), y = mlirOperationGetOperand(product, 1);
    for (intptr_t k = 0; k < 2; ++k)
      if (mlirValueEqual(x, argOf(body, k)) && mlirValueEqual(y, argOf(body, 1 - k))) return true;
  }
  return false;
}

bool dlcFloatFilled(MlirValue v, double *number) {
  MlirOperation fill = opOf(v);
  if (!fill.ptr || !linalg_fill_isa(fill)) return false;
  MlirOperation constant = opOf(mlirOperationGetOperand(fill, 0));
  if (!constant.ptr || !arith_constant_isa(constant) || !mlirAttributeIsAFloat(arith_constant_value(constant)))
    return false;
  *number = mlirFloatAttrGetValueDouble(arith_constant_value(constant));
  return true;
}
