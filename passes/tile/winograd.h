// Winograd's convolution: F(m x m, 3 x 3) makes m x m outputs of (m + 2) x (m + 2)
// inputs by as many multiplications, where the plain sum takes 9 m m. Whether that
// pays, and which work items it wants: shared by who chooses it (tile-winograd),
// who tiles it (tile-schedule) and who writes it (tile-lower-winograd).
// Source: Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2015.
#pragma once
#include "passes/cost/device.h"
#include "passes/tile/convolution.h"

// On the linalg op: outputs of a transform, 2 or 4.
#define DLC_WINOGRAD_ATTRIBUTE "tile.winograd"
enum { DLC_WINOGRAD_UNIT = 16 }; // channels and filters come in multiples

typedef struct {
  int64_t outputs;                        // m
  int64_t images, rows, columns, filters; // of a work item
  double seconds, direct;                 // predicted; direct: of the plain sum
} DlcWinograd;

// Float32, 3 x 3, channels and filters in whole units, all sizes static but for the number of images.
bool dlcWinogradApplies(MlirOperation op, DlcConvolution *convolution);
// The cheapest work items for this many outputs; false: none fits the caches.
bool dlcWinogradPrice(const DlcConvolution *convolution, const DlcDevice *device, int64_t outputs, DlcWinograd *out);
// Filters that lie side by side in the transformed filter.
int64_t dlcWinogradPanel(int64_t filters);
int64_t dlcWinogradOf(MlirOperation op); // the attribute; 0: none
