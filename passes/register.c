// Registration of all passes and named pipelines.
#include <stdatomic.h>
#include "dlc/pass.h"
#include "lowering/pipelines.h"

void dlcRegisterAllPasses(void) {
  static atomic_flag done = ATOMIC_FLAG_INIT;
  if (atomic_flag_test_and_set(&done)) return;
  for (const DlcPassSpec *spec = dlcPassSpecs; spec->argument; ++spec) dlcRegisterPass(spec);
  dlcRegisterPipelines();
}
