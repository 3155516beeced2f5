// State of ctrl-flatten-recursion, shared by its files. See passes/ctrl/flatten_recursion.c.
#pragma once
#include "passes/ctrl/calls.h"

// Where code of a function starts: at its beginning, behind a recursive call, or behind a branch that holds one and
// that much follows.
typedef enum { DLC_SEGMENT_ENTRY, DLC_SEGMENT_RETURN, DLC_SEGMENT_JOIN } DlcSegmentKind;
typedef struct {
  DlcSegmentKind kind;
  MlirOperation op;    // the call or the branch
  intptr_t member;     // whose code it is
  DlcValueList live;   // values of before that are read from here on: they lie in the frame
  DlcValueList remade; // tensor.empty of before that are used from here on
} DlcSegment;

typedef struct {
  MlirOperation function;
  MlirBlock body;
  int64_t *entryArgument; // of each argument: the argument of the entry that it always is, or -1
  intptr_t *registers;    // of each argument that varies: where it is passed; else -1
  intptr_t *results;      // of each result: where it is passed
  intptr_t nArguments, nResults;
} DlcMember;

// What travels: arguments and results in registers, the rest in frames. A list of types; members share entries.
typedef struct {
  MlirType *types;
  intptr_t n;
} DlcPool;

typedef struct {
  DlcBuilder *b;
  const DlcCallGraph *graph;
  intptr_t component;
  DlcMember *members;
  intptr_t nMembers, entry; // the member that is called from outside
  DlcSegment *segments;     // first the entries of the members
  intptr_t nSegments;
  DlcPool arguments, results, slots;
  DlcPointerMap slotOf;    // of a value that is kept in frames
  DlcOps hoisted;          // ops that depend on nothing but what all calls share; in order
  DlcPointerMap isHoisted; // their results: 1
  bool hasStack;           // some call is no tail call
  bool storesReturn;       // ... and several places may be returned to
} DlcFlat;

// Of a call: whether it is one within the component. Of any op: whether it is or holds one.
bool dlcIsInnerCall(const DlcFlat *f, MlirOperation op);
bool dlcHoldsInnerCall(const DlcFlat *f, MlirOperation op);
bool dlcIsTailCall(MlirOperation call);                    // nothing happens between it and the return of its results
bool dlcIsJoin(MlirOperation branch);                      // what follows is a segment of its own
intptr_t dlcSegmentAt(const DlcFlat *f, MlirOperation op); // behind op; -1: none
bool dlcIsSavedInSlices(MlirType type);                    // a tensor of static shape: lies in a part of a larger one

MlirType dlcRowsType(MlirType part, int64_t rows);                       // a tensor of rows, each a tensor or a number
bool dlcIsRecursiveScalar(MlirType type);                                // a number
bool dlcFlatIsShared(const DlcFlat *f, const DlcMember *m, MlirValue v); // it is the same in all calls

// Fills in the members, what all calls share, and what is hoisted, from graph and component. False: a member has
// several blocks.
bool dlcFlatShare(DlcFlat *f, MlirOperation entry);
// Behind it: places for what varies. Failure: a diagnostic was emitted, about a type that can have none.
MlirLogicalResult dlcFlatTakeRegisters(DlcFlat *f);
// Behind it: clones what is hoisted, and maps it and what is shared to what it is for a call of the entry.
void dlcFlatMapShared(const DlcFlat *f, DlcBuilder *b, DlcMapping map, DlcValues arguments);
intptr_t dlcFlatMemberOf(const DlcFlat *f, MlirOperation function); // -1: none

// Fills in everything of f from graph, component and entry. Failure: a diagnostic was emitted.
MlirLogicalResult dlcFlatPlan(DlcFlat *f, MlirOperation entry);
void dlcFlatDestroy(DlcFlat *f);

// Emits the loop before the insertion point, for a call of the entry with `arguments`. Frames: bound + 1. `bound` may
// be dynamic. results: of the entry, nResults of them.
void dlcFlatEmit(DlcFlat *f, DlcValues arguments, MlirValue bound, MlirValue *results);
int64_t dlcFlatFrameBytes(const DlcFlat *f); // -1: too many
