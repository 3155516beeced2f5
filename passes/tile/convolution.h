// A linalg op that is a two-dimensional convolution, of tensors or of buffers and
// with its dimensions in any order: which dimension of which operand is what.
#pragma once
#include "dlc/builder.h"

// Dimensions of an operand.
typedef struct {
  int image, row, column, channel; // of the filter: image is the output channel
} DlcConvolutionDims;

typedef struct {
  DlcConvolutionDims input, filter, output;
  int64_t images, rows, columns, channels, filters; // rows, columns: of the output; a dynamic one is negative
  int64_t height, width;                            // of the filter
} DlcConvolution;

// True: op sums input(n, r + i, q + j, c) * filter(f, i, j, c) into output(n, r, q, f); stride and dilation are one.
bool dlcConvolutionRead(MlirOperation op, DlcConvolution *convolution);
