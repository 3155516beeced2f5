// Questions about ctrl ops that verifiers, passes and lowerings ask. The
// accessors and builders of each op are generated: ods/ctrl.h.
#pragma once
#include "ods/ctrl.h"
#include "dlc/builder.h"

// The level at which whoever encloses op evaluates it; host outside of all.
ctrl_Level dlcCtrlScopeOf(MlirOperation op);
// Checks `at` of op against its scope: it never rises, and between host, graph
// and grid only a ctrl.region changes it. Emits the error.
MlirLogicalResult dlcCtrlVerifyAt(MlirOperation op, ctrl_Level_opt at);

// Of a ctrl.task: the rank of its grid, the body's arguments, its token (null without).
intptr_t dlcTaskRank(MlirOperation task);
MlirBlock dlcTaskBody(MlirOperation task);
MlirValue dlcTaskIndexArgument(MlirOperation task, intptr_t i);
MlirValue dlcTaskInArgument(MlirOperation task, intptr_t i);
MlirValue dlcTaskOutArgument(MlirOperation task, intptr_t i);
MlirValue dlcTaskToken(MlirOperation task);

// The last op of a block, when it is of that name; else null. Safe on blocks that a verifier meets first.
MlirOperation dlcEndOf(MlirBlock block, const char *name);
bool dlcSameTypes(DlcValues a, DlcValues b);
