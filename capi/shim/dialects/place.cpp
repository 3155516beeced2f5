//===- place.cpp - the place dialect: what mlir-tblgen makes, and its registration ----===//
// Verifiers, folds and canonicalisations are C, in dialects/place/; the generated
// place_hooks.inc holds the C++ methods that call them.
//===--------------------------------------------------------------------------===//
#include "Dialects.h"
#include "mlir/Dialect/DLTI/DLTI.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/CAPI/AffineMap.h"
#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Support.h"
#include "llvm/ADT/TypeSwitch.h"
using namespace mlir;
#include "PlaceDialect.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "PlaceAttrs.cpp.inc"

void dlc::place::PlaceDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "PlaceAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "Place.cpp.inc"
      >();
}

// #place.pool<name>. By hand: a declarative format would quote the name.
namespace dlc::place {
Attribute PoolAttr::parse(AsmParser &p, Type) {
  StringRef name;
  if (p.parseLess() || p.parseKeyword(&name) || p.parseGreater()) return {};
  return p.getChecked<PoolAttr>(p.getContext(), name);
}
void PoolAttr::print(AsmPrinter &p) const { p << '<' << getName() << '>'; }
} // namespace dlc::place

#include "shim/place_hooks.inc"
#define GET_OP_CLASSES
#include "Place.cpp.inc"

// See dlc/analysis.h.
extern "C" MlirAttribute dlcDeviceQuery(MlirOperation op, intptr_t n, const MlirStringRef *keys) {
  SmallVector<StringRef> path;
  for (intptr_t i = 0; i < n; ++i) path.push_back(unwrap(keys[i]));
  FailureOr<Attribute> found = dlti::query(unwrap(op), path);
  return wrap(failed(found) ? Attribute() : *found);
}
