// Tensors with a border: a fill, with the source inserted in its middle (what tile-decompose-pads makes of tensor.pad).
// In a graph, a tile of one is made in the tile: filled, with the part of the source that it covers.
#pragma once
#include "dlc/builder.h"

// A tensor.insert_slice of full rank into a linalg.fill, by steps of one, at known offsets.
bool dlcIsPad(MlirOperation op);
// Replaces a tensor.extract_slice of a pad by a pad of a slice of the source; false: it is no such slice.
//
//   %p = insert_slice %x into %fill[0, 1]          %lo = max(%o - 1, 0)  %n = max(min(%o + 16 - 1, 64) - %lo, 0)
//   %t = extract_slice %p[0, %o] [8, 16]    ->     %s = extract_slice %x[0, %lo] [8, %n]
//                                                  %f = fill of [8, %n < 16 ? 16 : 0] of an empty 8x16
//                                                  %t = insert_slice %s into %f[0, %lo + 1 - %o] [8, %n]
bool dlcPadOfSlice(DlcBuilder *b, MlirOperation slice);

// A tensor.pad of `fill` around v, sizes as the op has them, to a tensor of `type`.
MlirValue dlcPadWith(DlcBuilder *b, MlirValue v, DlcI64s low, DlcValues lows, DlcI64s high, DlcValues highs,
                     bool nofold, MlirType type, MlirAttribute fill);
// The tensor.pad `like` around another tensor, with another element type.
MlirValue dlcPadLike(DlcBuilder *b, MlirOperation like, MlirValue v, MlirAttribute fill);
MlirType dlcWithElement(MlirType tensor, MlirType element);
