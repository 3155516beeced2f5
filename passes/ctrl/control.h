// Questions about ops of control flow, ctrl's and scf's, and about what stands in them.
#pragma once
#include "dlc/builder.h"

bool dlcIsControl(MlirOperation op);          // a loop or a branch
MlirOperation dlcControlOf(MlirOperation op); // the nearest loop or branch around op in its function, or null
bool dlcIsHostCode(MlirOperation op);         // in no task, graph or body of a linalg op
bool dlcHasOneItem(MlirOperation task);       // or none, for certain
// What region number `region` of a ctrl.loop or a ctrl.branch gives for result i.
MlirValue dlcYielded(MlirOperation op, intptr_t region, intptr_t i);
// A fresh tensor, filled or not, that `loop` makes, the same in every iteration.
bool dlcIsFreshIn(MlirValue v, MlirOperation loop);
