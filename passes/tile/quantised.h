// Tensors that stand for integers of eight bits: what dequantises them, constants and
// all that only moves elements, read back to the bytes.
#pragma once
#include "dlc/builder.h"

enum { DLC_QUANTISED_RANK = 16, DLC_MOST_MOVES = 12 };

// (bytes - zero) * scale, as floats; not scaled: bytes - zero, as i32.
typedef struct {
  MlirValue bytes;                     // of i8
  MlirOperation moves[DLC_MOST_MOVES]; // pads with zero, reshapes, transpositions behind it; the last one first
  intptr_t nMoves;
  bool isUnsigned, isScaled;
  int64_t zero;
  float scale;
} DlcQuantised;
bool dlcReadQuantised(MlirValue v, DlcQuantised *q);
// The moves, made on bytes; a pad's zero is the zero point.
MlirValue dlcMoveBytes(DlcBuilder *b, const DlcQuantised *q, MlirValue bytes);

// saturate(round(x / scale) + zero), elementwise.
typedef struct {
  MlirValue x;
  bool isUnsigned;
  int64_t zero;
  float scale;
} DlcQuantising;
bool dlcReadQuantising(MlirOperation op, DlcQuantising *q);

// A constant of integers, each with its scale where it is scaled.
typedef struct {
  intptr_t rank;
  int64_t shape[DLC_QUANTISED_RANK], n;
  int32_t *value; // owned
  float *scale;   // owned; null: none
} DlcIntegers;
bool dlcReadIntegers(MlirValue v, DlcIntegers *c); // true: destroy it
void dlcIntegersDestroy(DlcIntegers *c);
// What a constant is broadcast from, as f32 or i32 (v's element type); free() it. Null: v is no such value of n
// elements along its dimension `dim`.
void *dlcReadBroadcast(MlirValue v, intptr_t dim, int64_t n);

// Whether an op is a linalg.generic over parallel loops that reads input 0 and writes its result in their order.
bool dlcIsPlainElementwise(MlirOperation op);
// v is the same number everywhere.
bool dlcSplatFloat(MlirValue v, float *out);
bool dlcSplatInteger(MlirValue v, int64_t *out);
