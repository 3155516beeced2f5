// One tile of a convolution by Winograd's algorithm, as tile-lower-winograd writes it: see winograd.c.
#pragma once
#include "dlc/builder.h"
#include "passes/tile/winograd.h"

typedef struct {
  DlcBuilder *b;
  int64_t outputs, points, lanes; // points: along one axis, outputs + 2
  DlcConvolution tile;            // of the buffers that the op works on
  int64_t tileRows, tileColumns, tiles;
  MlirValue input, output;
  MlirValue transformed, product;           // flat buffers of points * points parts
  int64_t transformedStride, productStride; // of one part
  MlirValue initial; // its last dimension, by filter, starts the output (the others are one); null: the output itself
  bool isZero;       // the output starts from zero
} DlcWinogradTile;

// The scf loops and vector operations of the transforms: input to `transformed`, `product` to output.
void dlcWinogradTransformInput(const DlcWinogradTile *w);
void dlcWinogradTransformOutput(const DlcWinogradTile *w);

// The transformed filter as [filters / panel][points * points][channels][panel]; null: the bytes cannot be read.
// `filter` has the order that `convolution` says; `type`: of the result.
MlirAttribute dlcWinogradFilter(MlirAttribute filter, MlirType filterType, const DlcConvolution *convolution,
                                int64_t outputs, MlirType *type);
