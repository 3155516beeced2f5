// Tensors with a border: a fill, with the source inserted in its middle (what tile-decompose-pads makes of tensor.pad).
// In a graph, a tile of one is made in the tile: filled, with the part of the source that it covers.
#pragma once
#include "passes/tile/number.h"

// A tensor.insert_slice of full rank into a linalg.fill, by steps of one, at known offsets.
bool dlcIsPad(MlirOperation op);
// Its sizes, by dimension. known: those of the padded tensor are.
typedef struct {
  intptr_t rank;
  int64_t low[DLC_MAX_NUMBERS];
  DlcNumber source[DLC_MAX_NUMBERS], padded[DLC_MAX_NUMBERS];
  bool known;
} DlcPadShape;
void dlcPadRead(MlirOperation pad, DlcPadShape *shape);
bool dlcPadHasBorder(const DlcPadShape *shape, intptr_t dimension);
// Whether it is better to fill the border alone than all of it, where no graph makes it.
bool dlcPadIsLarge(MlirOperation pad);

// A tensor of `whole` sizes around one of `source` sizes; low + source + high = whole.
typedef struct {
  intptr_t rank;
  DlcNumber low[DLC_MAX_NUMBERS], source[DLC_MAX_NUMBERS], high[DLC_MAX_NUMBERS], whole[DLC_MAX_NUMBERS];
} DlcSides;
// One side of a dimension: dimensions before it as long as the source, those behind it whole. False: of no thickness.
bool dlcSideOf(DlcBuilder *b, const DlcSides *sides, intptr_t dimension, bool isHigh, DlcNumbers *offsets,
               DlcNumbers *sizes);
// Fills what is outside of the source, everything once.
MlirValue dlcFillSides(DlcBuilder *b, MlirValue number, MlirValue into, const DlcSides *sides);

// Replaces a tensor.extract_slice of a pad by a pad of a slice of the source; false: it is no such slice.
//
//   %p = insert_slice %x into %fill[0, 1]          %lo = max(%o - 1, 0)  %n = max(min(%o + 16 - 1, 64) - %lo, 0)
//   %t = extract_slice %p[0, %o] [8, 16]    ->     %e = empty 8x16, its columns left and right of the source filled
//                                                  %s = extract_slice %x[0, %lo] [8, %n]
//                                                  %t = insert_slice %s into %e[0, min(%lo + 1 - %o, 16)] [8, %n]
//
// ofSource: %s; null where the tile has no part in the source.
bool dlcPadOfSlice(DlcBuilder *b, MlirOperation slice, MlirOperation *ofSource);

// A tensor.pad of `fill` around v, sizes as the op has them, to a tensor of `type`.
MlirValue dlcPadWith(DlcBuilder *b, MlirValue v, DlcI64s low, DlcValues lows, DlcI64s high, DlcValues highs,
                     bool nofold, MlirType type, MlirAttribute fill);
// The tensor.pad `like` around another tensor, with another element type.
MlirValue dlcPadLike(DlcBuilder *b, MlirOperation like, MlirValue v, MlirAttribute fill);
MlirType dlcWithElement(MlirType tensor, MlirType element);
