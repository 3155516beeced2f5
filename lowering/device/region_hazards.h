// Which ops of a region need a barrier of the whole grid before them.
//
// Who does what: the items of a task are spread over the blocks; a task of one
// item, a store, and control flow that holds stores but no task are the first
// block's; everything else is done by every block alike. A barrier stands before
// an op that touches what another block may have touched since the last one, where
// one of the two writes, in this iteration or an earlier one; never for its own
// sake. A conflict of a loop with what comes before it has its barrier before the
// loop, where the iterations need none.
#pragma once
#include "dlc/builder.h"
#include "passes/ctrl/buffer_roots.h"

typedef struct {
  DlcBufferRoots roots;
  uint64_t *replicas;   // roots that every block has its own copy of
  DlcPointerMap before; // op -> 1: a barrier stands before it
  int64_t barriers;
} DlcHazards;
// `mayCopy`: roots that are nobody else's and may be replicated. A replica is written by stores of the region alone.
DlcHazards dlcFindHazards(MlirOperation function, MlirOperation region, bool (*mayCopy)(MlirValue root));
void dlcHazardsDestroy(DlcHazards *h);
bool dlcIsReplica(const DlcHazards *h, MlirValue buffer);
// Control flow that the first block runs alone.
bool dlcIsSerial(const DlcHazards *h, MlirOperation op);
