// Chains of ops that only move data: reshapes, transpositions and rolls, of which the last dimension stays what it is.
//
//   %e = tensor.expand_shape %x  [[0], [1, 2], [3, 4], [5]] : tensor<?x56x56x96xf32> into tensor<?x8x7x8x7x96xf32>
//   %t = linalg.transpose ins(%e) permutation = [0, 1, 3, 2, 4, 5]
//   %y = tensor.collapse_shape %t [[0, 1, 2, 3, 4], [5]]
//
// Row i of %y is row f(i) of %x, and f is arithmetic.
#pragma once
#include "dlc/ir.h"

enum { DLC_MOST_MOVES = 16, DLC_MOVE_RANK = 16 };

typedef enum { DLC_MOVE_EXPAND, DLC_MOVE_COLLAPSE, DLC_MOVE_TRANSPOSE, DLC_MOVE_ROLL } DlcMoveKind;
typedef struct {
  DlcMoveKind kind;
  MlirOperation op; // its result is what the move makes
  MlirValue source; // of what
  intptr_t axis;    // of a roll: element i is that at i + by, modulo the size
  int64_t by;
} DlcMove;

typedef struct {
  DlcMove move[DLC_MOST_MOVES]; // from the last one upwards
  intptr_t n, copies, rolls;    // copies: ops that write what they move; a roll writes its two parts
  MlirValue source, result;
  bool ownsSource; // nothing else reads it
} DlcMoves;

// Whether v is made by a move.
bool dlcReadMove(MlirValue v, DlcMove *out);
// The longest chain that ends in v, of values that nothing else reads. False: there is none.
bool dlcReadMoves(MlirValue v, DlcMoves *out);
// In the body of a linalg.generic with a loop for each dimension of the result: what stands in the source for it.
MlirValue dlcExtractMoved(DlcBuilder *b, const DlcMoves *moves, MlirValue source);
