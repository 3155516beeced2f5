// See dlc/ir.h: what only C++ can ask.
extern "C" {
#include "dlc/ir.h"
}
#include "mlir/CAPI/IR.h"
using namespace mlir;

extern "C" MlirOperation dlcPreviousInBlock(MlirOperation op) { return wrap(unwrap(op)->getPrevNode()); }
