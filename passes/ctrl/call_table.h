// The calls of a recursion as a table, made by the control part alone (passes/ctrl/call_paths.h) before any tensor is
// computed.
//
// A call has a number; the callers from outside have the first ones, and what a call calls has larger ones than itself,
// so that the table is its own queue and no stack is needed:
//
//   number := 0 .. roots - 1                          columns of a row: the arguments that vary, the path that the
//   for i in 0 .. count: path[i] = control(args[i]);  call takes, the numbers of the calls that it makes
//     its calls: number := count++, args
//   for i in count .. 0: height[i] = 1 + max height[its calls]         (0 where it makes none)
//
// Calls of one height are independent of each other, and need lower ones alone. They are put into the order of (height,
// path) by counting: `first` says where each such bin starts. Rows are as many as `capacity` and what one call may make
// more; when there are more calls, or the recursion is deeper than it says, `fits` is false, and only then.
#pragma once
#include "passes/ctrl/call_paths.h"

enum { DLC_MOST_ARGUMENTS = 30 };

// Where the recursion is called from outside: a call, or a counted loop that makes one in each iteration.
typedef struct {
  MlirOperation call;
  MlirOperation loop;      // null: the call alone
  DlcPointerMap arguments; // of a loop: the ops of its body that its call's arguments are made by
} DlcCallSite;

typedef struct {
  DlcBuilder *b;
  const DlcCallPaths *paths;
  DlcMapping map; // of shared values, and while code is written of the others
  int64_t capacity;
  MlirValue fits, count, height; // height: the largest one; -1 without calls
  MlirValue path, heights;
  MlirValue child[DLC_MOST_CALLS], argument[DLC_MOST_ARGUMENTS]; // first by number, then in order
  // In order:
  MlirValue place; // of a number
  MlirValue first; // of a bin, and of the one behind the last: number of the first place
  MlirValue bins;
} DlcCallTable;

intptr_t dlcCallTableColumns(const DlcCallPaths *p); // of arguments: one for each register, then the member's number
int64_t dlcCallTableRowBytes(const DlcCallPaths *p); // of all that a call takes in tables; -1: too many
int64_t dlcCallTableRows(const DlcCallTable *t);     // of each column: the last one stands for no call
MlirValue dlcCallTableSite(DlcCallTable *t, const DlcCallSite *site); // the number of root calls

// Writes at the insertion point what numbers the calls and finds heights; then, under `fits`, what puts them in order.
// maxDepth: of the recursion, where the call says nothing.
void dlcCallTableNumber(DlcCallTable *t, const DlcCallSite *site, int64_t maxDepth);
void dlcCallTableOrder(DlcCallTable *t);
