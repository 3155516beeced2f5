// The call graph of a module's functions: who calls whom, and what recurses.
#pragma once
#include "dlc/builder.h"
#include "dlc/ir.h"

typedef struct {
  MlirOperation function; // a func.func with a body
  intptr_t component;     // of functions that call each other; those that are called have lower numbers
  bool recurses;
} DlcCallNode;
typedef struct {
  DlcCallNode *nodes; // in the order of their components
  intptr_t n, nComponents;
  DlcPointerMap index; // from func.func to the place in nodes
} DlcCallGraph;

bool dlcIsCall(MlirOperation op);                                             // func.call or ctrl.call
MlirStringRef dlcCallee(MlirOperation call);                                  // its name
DlcValues dlcCallArguments(MlirOperation call);                               // those of the callee
MlirOperation dlcCalledFunction(MlirOperation call);                          // null: not found
MlirOperation dlcFunctionOf(MlirOperation op);                                // the func.func around it
const char *dlcFunctionName(MlirOperation function, char *text, size_t size); // cut to size

// Snapshot of the functions in the body of `module`.
DlcCallGraph dlcCallGraphCreate(MlirOperation module);
void dlcCallGraphDestroy(DlcCallGraph *g);
// Calls `each` for every component that recurses, callees first, until one fails.
MlirLogicalResult dlcForEachRecursion(const DlcCallGraph *g, MlirLogicalResult (*each)(void *data, intptr_t component),
                                      void *data);
DlcCallNode *dlcCallNodeOf(const DlcCallGraph *g, MlirOperation function); // NULL: null, or no body

// Whether the calls in `function` that are marked `siblings` are independent of each other; else one diagnostic.
MlirLogicalResult dlcCheckSiblings(MlirOperation function);
