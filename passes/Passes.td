// The passes of DLC: name, options, statistics, documentation. ods2c makes the
// option structs, the prototypes and the table from this file (see dlc/pass.h).
// dependentDialects holds dialect names. An option is bool, int64_t, double,
// std::string, or a ListOption of int64_t. One file passes/<dialect>/<pass>.c each.
#ifndef DLC_PASSES_TD
#define DLC_PASSES_TD
include "mlir/Pass/PassBase.td"

def TileCleanup : Pass<"tile-cleanup", "::mlir::func::FuncOp"> {
  let summary = "placeholder";
}
#endif
