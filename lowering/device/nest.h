// A structured op (linalg on memrefs, or memref.copy) as a loop nest that the
// threads of a block share.
//
// The outer loops (parallel, and in the map of every output) are collapsed into
// one linear space in row-major order; thread t of T takes t, t + T, ... so
// that neighbours read neighbours. The inner loops run serially, with one
// register for each output element. Two refinements:
//  - a register tile: a thread takes f0 x f1 outputs a stride apart, where
//    inner loops reuse operands (matrix products, convolutions);
//  - shuffles: `warp` threads share the inner loops of one output and combine
//    their parts, where one known operator does it (row sums, maxima).
#pragma once
#include "dlc/builder.h"
#include "lowering/device/kernel.h"

enum { DLC_MAX_OPERANDS = 64, DLC_MAX_TILE = 4 };
typedef enum { DLC_NEST_PLAIN, DLC_NEST_TILED, DLC_NEST_SHUFFLED } DlcNestKind;
typedef struct {
  MlirOperation op;
  bool isCopy;
  intptr_t operands, ins;
  MlirValue values[DLC_MAX_OPERANDS];
  MlirAffineMap maps[DLC_MAX_OPERANDS];
  bool used[DLC_MAX_OPERANDS];     // read by the body
  bool inMemory[DLC_MAX_OPERANDS]; // an output whose element changes with the inner loops
  intptr_t loops;
  MlirValue extents[DLC_KERNEL_RANK];
  int64_t known[DLC_KERNEL_RANK];  // static extent, or -1
  int64_t bounds[DLC_KERNEL_RANK]; // inclusive bound, or -1
  intptr_t outer[DLC_KERNEL_RANK], nOuter, inner[DLC_KERNEL_RANK], nInner;
  DlcNestKind kind;
  int64_t tile[DLC_KERNEL_RANK]; // by outer position
  MlirOperation combiner;        // of a shuffled nest
} DlcThreadNest;
typedef struct {
  DlcBuilder *b;
  MlirValue thread;
  int64_t threads, warp;
} DlcTeam;

// Reads op, whose operands' extents are computed at the insertion point. False: one diagnostic.
bool dlcReadThreadNest(const DlcTeam *team, MlirOperation op, DlcThreadNest *nest);
// True: element e (row-major) of operand k is touched by thread e mod T only.
bool dlcNestIsPrivate(const DlcThreadNest *nest, intptr_t k);
// At the insertion point. The op itself stays.
void dlcEmitThreadNest(const DlcTeam *team, DlcThreadNest *nest);
