#pragma once
#include "dlc/builder.h"

// What ctrl-form-tasks does, for lowerings that make copies of their own.
void dlcFormTasks(DlcBuilder *b, MlirOperation root);
