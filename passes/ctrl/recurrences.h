// The recurrences of a loop: which ops of its body need what the iteration before them made.
//
// The strongly connected components of the dependences between the ops of the body, values and carries. What an op of a
// component makes depends on what the component made an iteration earlier; ops that are in no such component can run
// for all iterations at once, once what they read is there for all iterations.
#pragma once
#include "dlc/ir.h"

typedef struct {
  intptr_t nOps, nGroups;
  MlirOperation *ops;  // of the body but for its terminator, in its order
  intptr_t *group;     // of each op: a group depends on those of smaller numbers alone
  bool *recurs;        // of each group
  bool *steady;        // of each op: pure, and decided by the iteration and what is outside alone
  DlcPointerMap index; // of ops
} DlcRecurrences;

// Of a ctrl.loop. A carry that something reads and what makes its next value are of one group. withScans: so are what a
// recurrence makes and its insertion into a tensor that is carried (a scan's output). False: a carry's next value is
// made outside of the body, or is another carry. To be destroyed in either case.
bool dlcRecurrencesOf(MlirOperation loop, bool withScans, DlcRecurrences *out);
void dlcRecurrencesDestroy(DlcRecurrences *r);
// The same of a value that the body makes, has as an argument or reads.
bool dlcRecurrencesAreSteady(const DlcRecurrences *r, MlirOperation loop, MlirValue v);
// Number of the op of the body that makes v; -1: it is made elsewhere.
intptr_t dlcRecurrencesFind(const DlcRecurrences *r, MlirValue v);
