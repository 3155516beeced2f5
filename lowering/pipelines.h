// The stages of the compiler, each a pipeline of a builtin.module, all in one
// place. dl-opt knows each as --dlc-NAME.
#pragma once

typedef struct {
  const char *name, *summary, *text;
} DlcStage;

#define DLC_CONTROL_STAGE "control" // a compilation may leave it out

// From linalg on tensors and ctrl, in the order in which they run. Both targets share the first ones.
extern const DlcStage dlcCommonStages[]; // ends with a null name
extern const DlcStage dlcHostStages[];   // after the common ones: to the LLVM dialect, before ctrl-host-glue
extern const DlcStage dlcDeviceStages[]; // after the common ones: tasks that lowering/device takes

void dlcRegisterPipelines(void);
