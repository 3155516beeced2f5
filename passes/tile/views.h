// Tensor ops that index or copy, as passes/tile/propagate sees them, and what the
// body of a linalg op does.
#pragma once
#include "passes/tile/propagate.h"

bool dlcIsView(MlirOperation op); // the same elements by other indices: slice, reshape, cast; operand 0 is the source
bool dlcIsMove(MlirOperation op); // a new value out of parts: insertion, concatenation, pad
// What of tensor operand k of a view or a move a box of its result needs; box comes in with the operand's sizes, all of
// it.
void dlcBoxOfSource(MlirOperation op, intptr_t k, const DlcBox *result, DlcBox *box);
// Sets operations, gathers and gatherBytes; contracts is known.
void dlcCountBody(MlirOperation op, DlcFlowNode *node);
