//===- ctrl.cpp - the ctrl dialect: what mlir-tblgen makes, and its registration ----===//
// Verifiers, folds and canonicalisations are C, in dialects/ctrl/; the generated
// ctrl_hooks.inc holds the C++ methods that call them.
//===--------------------------------------------------------------------------===//
#include "Dialects.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Transforms/InliningUtils.h"
#include "mlir/CAPI/AffineMap.h"
#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Support.h"
#include "llvm/ADT/TypeSwitch.h"
using namespace mlir;
#include "CtrlDialect.cpp.inc"
#include "CtrlEnums.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "CtrlTypes.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "CtrlAttrs.cpp.inc"

namespace {
// Functions may be inlined into bodies of ctrl, and may hold ctrl themselves.
struct CtrlInliner : DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;
  bool isLegalToInline(Region *, Region *, bool, IRMapping &) const final { return true; }
  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const final { return true; }
};
} // namespace

void dlc::ctrl::CtrlDialect::initialize() {
  addInterfaces<CtrlInliner>();
  addTypes<
#define GET_TYPEDEF_LIST
#include "CtrlTypes.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "CtrlAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "Ctrl.cpp.inc"
      >();
}

void dlcInsertOurDialects(DialectRegistry &registry) {
  registry.insert<dlc::ctrl::CtrlDialect, dlc::tile::TileDialect, dlc::place::PlaceDialect>();
}

#include "shim/ctrl_hooks.inc"

// at(level), in one word: a declarative format would print "at( grid)".
namespace dlc::ctrl {
static ParseResult parseOptionalAt(OpAsmParser &p, LevelAttr &at) {
  if (failed(p.parseOptionalKeyword("at"))) return success();
  StringRef word;
  SMLoc loc;
  if (p.parseLParen() || (loc = p.getCurrentLocation(), p.parseKeyword(&word)) || p.parseRParen()) return failure();
  std::optional<Level> level = symbolizeLevel(word);
  if (!level) return p.emitError(loc) << "unknown level '" << word << "'";
  at = LevelAttr::get(p.getContext(), *level);
  return success();
}
static void printOptionalAt(OpAsmPrinter &p, Operation *, LevelAttr at) {
  if (at) p << "at(" << stringifyLevel(at.getValue()) << ')';
}
static ParseResult parseAt(OpAsmParser &p, LevelAttr &at) {
  auto loc = p.getCurrentLocation();
  if (parseOptionalAt(p, at)) return failure();
  if (!at) return p.emitError(loc) << "expected 'at(level)'";
  return success();
}
static void printAt(OpAsmPrinter &p, Operation *op, LevelAttr at) { printOptionalAt(p, op, at); }
} // namespace dlc::ctrl

#define GET_OP_CLASSES
#include "Ctrl.cpp.inc"
