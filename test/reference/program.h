// What build.c makes and run.c runs: see reference.h.
#pragma once
#include "reference.h"

struct RefFunction {
  RefFunction *next;
  char name[256];
  MlirOperation op;
  bool sound; // false: preparing it failed, with a diagnostic
  RefBlock body;
  DlcPointerMap slots; // of values
  MlirType *types;     // of slots
  bool *isTensor;
  int nSlots, capacity;
};
struct RefProgram {
  MlirOperation module;
  RefFunction *functions, *main;
  void *memory; // chunks
};

// Prepared on the first call. Null: a diagnostic was emitted.
RefFunction *refFunctionOf(RefProgram *program, MlirStringRef name, MlirOperation caller);
