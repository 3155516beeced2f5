// All operators, family by family.
#include "frontends/onnx/import.h"
#include "frontends/onnx/ops/table.h"
#include <string.h>

#define ONNX_FAMILY(name) dlcOnnx##name,
static const OnnxOperator *const families[] = {
#include "frontends/onnx/ops/families.def"
};
#undef ONNX_FAMILY

const OnnxOperator *onnxFindOperator(const char *type, int64_t opset, bool *known) {
  *known = false;
  for (size_t f = 0; f < sizeof families / sizeof *families; ++f)
    for (const OnnxOperator *op = families[f]; op->type; ++op) {
      if (strcmp(op->type, type)) continue;
      *known = true;
      if (opset >= op->since && (!op->until || opset <= op->until)) return op;
    }
  return NULL;
}
