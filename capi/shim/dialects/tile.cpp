//===- tile.cpp - the tile dialect: what mlir-tblgen makes, and its registration ----===//
// Verifiers, folds and canonicalisations are C, in dialects/tile/; the generated
// tile_hooks.inc holds the C++ methods that call them.
//===--------------------------------------------------------------------------===//
#include "Dialects.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/CAPI/AffineMap.h"
#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Support.h"
#include "llvm/ADT/TypeSwitch.h"
using namespace mlir;
#include "TileDialect.cpp.inc"
#include "TileEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "TileAttrs.cpp.inc"

void dlc::tile::TileDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "TileAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "Tile.cpp.inc"
      >();
}

#include "shim/tile_hooks.inc"

// at(level), in one word: a declarative format would print "at( register)".
namespace dlc::tile {
static ParseResult parseAt(OpAsmParser &p, LevelAttr &at) {
  StringRef word;
  SMLoc loc;
  if (p.parseKeyword("at") || p.parseLParen() || (loc = p.getCurrentLocation(), p.parseKeyword(&word)) ||
      p.parseRParen())
    return failure();
  std::optional<Level> level = symbolizeLevel(word);
  if (!level) return p.emitError(loc) << "unknown level '" << word << "'";
  at = LevelAttr::get(p.getContext(), *level);
  return success();
}
static void printAt(OpAsmPrinter &p, Operation *, LevelAttr at) { p << "at(" << stringifyLevel(at.getValue()) << ')'; }
} // namespace dlc::tile

#define GET_OP_CLASSES
#include "Tile.cpp.inc"
