// See passes/tile/byte_products.h.
#include "passes/tile/byte_products.h"
#include "ods/arith.h"
#include "ods/linalg.h"

static bool isInteger(MlirType t, unsigned width) {
  return mlirTypeIsAInteger(t) && mlirIntegerTypeGetWidth(t) == width;
}

bool dlcIsByteProduct(MlirOperation op) {
  if (!linalg_generic_isa(op) || linalg_generic_inputs(op).n != 2 || linalg_generic_outputs(op).n != 1) return false;
  MlirBlock body = bodyOf(linalg_generic_region(op));
  for (intptr_t i = 0; i < 3; ++i)
    if (!isInteger(typeOf(argOf(body, i)), i < 2 ? 8 : 32)) return false;
  MlirOperation sum = opOf(mlirOperationGetOperand(mlirBlockGetTerminator(body), 0));
  if (!arith_addi_isa(sum) || !mlirValueEqual(mlirOperationGetOperand(sum, 0), argOf(body, 2))) return false;
  MlirOperation product = opOf(mlirOperationGetOperand(sum, 1));
  if (!arith_muli_isa(product)) return false;
  MlirOperation x = opOf(mlirOperationGetOperand(product, 0)), y = opOf(mlirOperationGetOperand(product, 1));
  return arith_extui_isa(x) && arith_extsi_isa(y) && mlirValueEqual(mlirOperationGetOperand(x, 0), argOf(body, 0)) &&
         mlirValueEqual(mlirOperationGetOperand(y, 0), argOf(body, 1));
}
