// Loops of one block as one loop.
//
//   %Y = ctrl.loop %t to %n carry(%h, %y) { .. put %h1 into %y[%t] .. }
//   %P = %Y * W                                        // row by row
//   %Z = ctrl.loop %t to %n carry(%g, %z) { .. %P[%t] .. put %g1 into %z[%t] .. }
// becomes
//   ctrl.loop %t to %n carry(%h, %g, %z) { ..  %p = %h1 * W  .. put %g1 into %z[%t] .. }
//
// Loop fusion: iteration t of a later loop may read of an earlier one what iteration t put away, be it through ops that
// work row by row, which move into the loop. So do the products of what the first loop reads: stages then look alike.
#pragma once
#include "dlc/ir.h"

enum { DLC_JOINED_LOOPS = 64 };

typedef struct {
  intptr_t n;
  MlirOperation loops[DLC_JOINED_LOOPS]; // in order
  MlirOperation loop;                    // of all of them, before the last one
  intptr_t *results; // the number of each of their results in it, one after the other; -1: nobody reads it
} DlcJoinedLoops;

// The counted loops from `first` on that can be joined, as one more loop. False: there is none beside it. isCounted:
// which may.
bool dlcJoinLoops(DlcBuilder *b, MlirOperation first, bool (*isCounted)(MlirOperation), DlcJoinedLoops *out);
// Either the one loop takes the place of the others, or it goes.
void dlcTakeJoined(DlcBuilder *b, DlcJoinedLoops *joined);
void dlcDropJoined(DlcBuilder *b, DlcJoinedLoops *joined);
