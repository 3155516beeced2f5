// See dlc/analysis.h: the entries of DLTI attributes.
#include "dlc/analysis.h"
#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Support.h"
#include "mlir/Dialect/DLTI/DLTI.h"
using namespace mlir;

static ArrayRef<DataLayoutEntryInterface> entriesOf(MlirAttribute attr) {
  Attribute a = unwrap(attr);
  if (auto map = dyn_cast_or_null<MapAttr>(a)) return map.getEntries();
  if (auto spec = dyn_cast_or_null<TargetDeviceSpecAttr>(a)) return spec.getEntries();
  if (auto system = dyn_cast_or_null<TargetSystemSpecAttr>(a)) return system.getEntries();
  return {};
}
bool dlcIsDlti(MlirAttribute attr) {
  return isa_and_nonnull<MapAttr, TargetDeviceSpecAttr, TargetSystemSpecAttr>(unwrap(attr));
}
intptr_t dlcDltiSize(MlirAttribute attr) { return intptr_t(entriesOf(attr).size()); }
MlirAttribute dlcDltiAt(MlirAttribute attr, intptr_t i, MlirStringRef *key) {
  DataLayoutEntryInterface entry = entriesOf(attr)[size_t(i)];
  auto name = dyn_cast<StringAttr>(entry.getKey());
  *key = name ? wrap(name.getValue()) : MlirStringRef{nullptr, 0};
  return wrap(entry.getValue());
}
