// The memory of a persistent kernel: the word of its barrier, the buffers that
// are its own, and each block's copies of replicas, in one operand.
#pragma once
#include "dlc/builder.h"
#include "dlc/ir.h"
#include "lowering/device/region_hazards.h"

// A buffer that a region alone uses, allocated before it.
bool dlcIsLocalBuffer(MlirValue v);

typedef struct {
  MlirValue buffer;
  int64_t offset;  // static, or -1
  MlirValue start; // at the launch, where it is not static,
  MlirValue at;    // and its first byte: a pointer that a kernel need not compute, and keep
  int64_t bytes;   // of a replica
  bool replica;
} DlcWorkspacePiece;
typedef struct {
  DlcWorkspacePiece *data;
  intptr_t n;
  MlirValue memory; // at the launch: memref<?xi8>
} DlcWorkspace;
// Allocates it before the region, with its barrier's word cleared.
DlcWorkspace dlcMakeWorkspace(DlcBuilder *b, MlirOperation region, const DlcHazards *h, const DlcValueList *captured,
                              int64_t blocks);
void dlcWorkspaceDestroy(DlcWorkspace *w);
