// What ctrl-report finds out of a piece of program before it shows it.
#pragma once
#include "dlc/builder.h"

// What the ops of a block, and of what it holds, cost in synchronisation when they run once.
typedef struct {
  int64_t least, most; // tasks of several items, or of a number not known: by the shorter and the longer arms
  int64_t single;      // tasks of one item, at most
  int64_t waits;       // tasks that wait for tokens, at most
  int64_t loops;       // loops inside, whose iterations come on top
  int64_t kept;        // tasks that keep an operand on chip
  int64_t unscheduled; // linalg ops and tile.graphs: no tasks yet
} DlcControlWork;
DlcControlWork dlcControlWork(MlirBlock block);

// What a loop reads in its iterations that was made before it, and what they write into again and again.
typedef struct {
  int64_t constants, made, inputs, scratch; // how many
  double constantBytes, madeBytes;          // of static sizes
  int64_t dynamic;                          // of constants and made: of sizes that are not known
  MlirOperation example;                    // one that makes such a value, or null
} DlcControlReads;
DlcControlReads dlcControlReads(MlirOperation loop);

// What becomes of a carried value.
typedef enum {
  DLC_CARRY_NUMBER,   // not in memory
  DLC_CARRY_SAME,     // not changed
  DLC_CARRY_IN_PLACE, // written into where it is
  DLC_CARRY_MOVED,    // changes places with `other`
  DLC_CARRY_COPIED,   // into the buffer that the next iteration reads
  DLC_CARRY_BUFFER,   // made in a buffer of its own, not copied
  DLC_CARRY_TENSOR    // not known before bufferisation
} DlcCarryKind;
DlcCarryKind dlcCarryKind(MlirOperation loop, intptr_t i, intptr_t *other);
