// ctrl-protect-inputs: bufferization.writable = false on every tensor argument of a function.
//
//   func.func @main(%x: tensor<4xf32>)  ->  func.func @main(%x: tensor<4xf32> {bufferization.writable = false})
//
// One-shot bufferisation takes the arguments of functions for its own, and would let a loop's carry that begins as an
// argument live there: the caller would find its input overwritten. Arguments that say already are left alone.
#include <stdlib.h>
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "ods/func.h"

static const char writable[] = "bufferization.writable";

static MlirAttribute protect(MlirContext ctx, MlirAttribute attributes) {
  intptr_t n = mlirAttributeIsNull(attributes) ? 0 : mlirDictionaryAttrGetNumElements(attributes);
  if (n && !mlirAttributeIsNull(mlirDictionaryAttrGetElementByName(attributes, dlcText(writable)))) return attributes;
  MlirNamedAttribute *all = malloc((size_t)(n + 1) * sizeof *all);
  for (intptr_t i = 0; i < n; ++i) all[i] = mlirDictionaryAttrGetElement(attributes, i);
  all[n] = mlirNamedAttributeGet(mlirIdentifierGet(ctx, dlcText(writable)), mlirBoolAttrGet(ctx, 0));
  MlirAttribute made = mlirDictionaryAttrGet(ctx, n + 1, all);
  free(all);
  return made;
}

MlirLogicalResult dlcRunCtrlProtectInputs(MlirOperation root, DlcPass *pass,
                                          const DlcCtrlProtectInputsOptions *options) {
  (void)pass, (void)options; // it has none
  MlirContext ctx = mlirOperationGetContext(root);
  MlirType type = func_func_function_type(root);
  intptr_t n = mlirFunctionTypeGetNumInputs(type);
  MlirAttribute old = func_func_arg_attrs(root), *attributes = malloc((size_t)(n + 1) * sizeof *attributes);
  for (intptr_t i = 0; i < n; ++i) {
    attributes[i] = mlirAttributeIsNull(old) ? mlirDictionaryAttrGet(ctx, 0, NULL) : mlirArrayAttrGetElement(old, i);
    if (mlirTypeIsATensor(mlirFunctionTypeGetInput(type, i))) attributes[i] = protect(ctx, attributes[i]);
  }
  if (n) func_func_set_arg_attrs(root, mlirArrayAttrGet(ctx, n, attributes));
  free(attributes);
  return mlirLogicalResultSuccess();
}
