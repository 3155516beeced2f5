// The ways through the functions of a recursion, and the control part: what decides which calls are made, with which
// arguments.
//
//   func @f(%i) {                                  two paths: the leaf's, without calls,
//     %l = tensor.extract %left[%i]                and the node's, with two.
//     ctrl.branch (%l < 0) { leaf(%i) } else {     In control: %l, %l < 0, %r.
//       %r = tensor.extract %right[%i]
//       %a = call @f(%l)  %b = call @f(%r)
//       node(%a, %b) } }
//
// The control part must be computable before any call has run: from arguments and shared values by pure ops on numbers.
// That is also what makes the calls of a path independent of each other, so that all of them may run at once.
#pragma once
#include "passes/ctrl/flatten.h"

enum { DLC_MOST_PATHS = 16, DLC_MOST_CALLS = 8 };

typedef struct {
  intptr_t member;        // of the DlcFlat
  DlcOps steps;           // branches, then the ops of the arm taken, its ctrl.yield included, then what follows
  DlcOps calls;           // those among them that recurse
  DlcPointerMap isNeeded; // steps (none of them a branch or a terminator) that the results depend on
} DlcCallPath;

typedef struct {
  const DlcFlat *f;
  DlcCallPath paths[DLC_MOST_PATHS]; // by member, then depth first
  intptr_t nPaths, mostCalls;
  DlcPointerMap inControl; // ops
  const char *refusal;     // why there are no such paths
  MlirOperation refusedAt;
} DlcCallPaths;

// Of f, which has its registers. False: see refusal. To be destroyed in either case.
bool dlcCallPathsOf(const DlcFlat *f, DlcCallPaths *out);
void dlcCallPathsDestroy(DlcCallPaths *p);
