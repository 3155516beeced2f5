// Line buffers: a work item is a band of rows of the root result, which is gone through strip by strip; of a value that
// windows read, the last rows of a strip are kept for the next one.
#pragma once
#include "passes/tile/lines.h"

// A value of the graph of which rows are kept.
typedef struct {
  MlirOperation op; // that makes it
  MlirLocation loc; // of the edge
  DlcLineRows rows;
  int64_t extent; // of the dimension of the rows
  bool isDone;
} DlcLine;

typedef struct {
  DlcLine lines[DLC_MAX_NODES];
  intptr_t n;                   // 0: there are none, and nothing else is set
  intptr_t rank, dimension;     // of the root: of all, that of the rows
  int64_t strip[DLC_MAX_RANK];  // 0 but along the rows
  int64_t band;                 // rows of an item
  bool divides;                 // strips divide all bands
  int64_t loops[DLC_MAX_LOOPS]; // strip, over the root's loops
  intptr_t bandIndex;           // of the items; -1: an item has all rows
} DlcStrips;

// Of a scheduled graph. Failure: one diagnostic.
MlirLogicalResult dlcStripsRead(MlirOperation graph, DlcStrips *strips);
// Whether rows of what op makes are to be kept, and what reads them is not finished.
bool dlcStripsWait(const DlcStrips *strips, MlirOperation op);
// Gives the value nearest to the results that waits a buffer in `loop`, which takes strips of `forall`'s items; what
// makes the new rows of it can then be pulled in. loop is replaced; so is `steps`, the loop in it over steps of the
// reduction, or null. False: none waits, or an error.
bool dlcStripsKeep(DlcBuilder *b, DlcStrips *strips, MlirOperation forall, MlirOperation *loop, MlirOperation *steps);
