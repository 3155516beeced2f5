// tile-set-device: gives a module the description of a device, dlti.target_system_spec. Refuses a name that is not
// built in, a file that cannot be read and a description that lacks something.
#include <stdlib.h>
#include <string.h>
#include "dlc/passes.h"
#include "passes/cost/device.h"

MlirLogicalResult dlcRunTileSetDevice(MlirOperation root, DlcPass *pass, const DlcTileSetDeviceOptions *options) {
  (void)pass;
  char *name = strndup(options->device.data, options->device.length);
  MlirLogicalResult result = dlcDeviceAttach(root, name);
  free(name);
  return result;
}
