// Which tensors of one element are to be numbers: see passes/ctrl/detensorize.c.
#pragma once
#include "dlc/ir.h"

typedef struct {
  DlcPointerMap
      states; // of what is made by ops that could work on numbers, of carries and of results of branches: 1, 0
  DlcPointerMap needed; // one-element tensors that decide something
  DlcOps ops;           // all ops that could work on numbers, in program order
} DlcScalars;
DlcScalars dlcFindScalars(MlirOperation root);
void dlcScalarsDestroy(DlcScalars *n);
bool dlcIsNumber(const DlcScalars *n, MlirValue v); // v, of any type, is a tensor that is to be a number
bool dlcIsOneElement(MlirType type);                // a tensor of one number
bool dlcIsNumberFill(MlirOperation op);             // linalg.fill of one element with a number of its type
MlirValue dlcOneElementSource(MlirValue v);         // v behind reshapes of one element
