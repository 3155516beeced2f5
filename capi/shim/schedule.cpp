// Reading #tile.schedule from C.
#include "Dialects.h"
#include "dlc/analysis.h"
#include "mlir/CAPI/IR.h"
using namespace mlir;

DlcI64s dlcScheduleTile(MlirAttribute schedule) {
  auto tile = cast<dlc::tile::ScheduleAttr>(unwrap(schedule)).getFit().front().getTile();
  return {tile.data(), intptr_t(tile.size())};
}
