// A softmax between two contractions, as linalg ops on tensors: what tile-online-softmax rewrites.
//
//   S = sum_d Q[b, q, d] * K[b, k, d]           the first contraction
//   S = f(S, ..)                                elementwise: scales, masks
//   M = max_k S; E = exp(S - M); L = sum_k E; P = E / L
//   O = sum_k P[b, q, k] * V[b, k, n]           the second one
//
// A step may see one batch dimension as two, between a tensor.expand_shape and a tensor.collapse_shape, as where a mask
// is the same for every image but not for every window of it. The dimension then has two labels everywhere.
//
// Dimensions have labels that are the same in all of them, so that any order of dimensions, transpositions of what is
// read and written, and factors of Q and K are seen through.
#pragma once
#include "dlc/ir.h"
#include "passes/tile/graph.h"

enum { DLC_MOST_BATCH = 4, DLC_MOST_FACTORS = 4, DLC_MOST_STEPS = 4 };
// Labels: batch dimensions from 0 on; one of size one that no loop moves along has DLC_NO_LABEL.
enum { DLC_NO_LABEL = -1, DLC_ROWS = DLC_MOST_BATCH, DLC_DEPTH, DLC_KEYS, DLC_COLUMNS, DLC_LABELS };

typedef struct {
  MlirValue value;
  intptr_t rank;
  int label[DLC_MAX_RANK]; // of each dimension
} DlcLabelled;

typedef struct {
  intptr_t nBatch;
  DlcLabelled query, key, value, result; // result: what the graph makes
  intptr_t nFactors;
  MlirValue factor[DLC_MOST_FACTORS]; // scalars, as tensors of rank 0, that Q and K are multiplied with
  MlirOperation scores, output;       // the contractions
  intptr_t nSteps;
  MlirOperation step[DLC_MOST_STEPS]; // the elementwise ops of the scores, in order
  MlirOperation max, exponent, sum, divide;
  int stepLabel[DLC_MOST_STEPS][DLC_MAX_LOOPS]; // of the loops of the steps
  MlirOperation expand;                         // what makes two dimensions of one; null: nothing does
  int outer, inner;                             // then, their labels
  int64_t until; // of a row r no key from r + until on counts: it is masked; INT64_MAX: not known
} DlcSoftmax;

// `output`: what may be the second contraction. False: it is not.
bool dlcSoftmaxMatch(MlirOperation output, DlcSoftmax *out);
// Whether op is the P = E / L of a softmax, whoever reads it; the second contraction and the scores are left empty.
bool dlcSoftmaxMatchDivision(MlirOperation op, DlcSoftmax *out);
// What a step reads as the scores before it.
MlirValue dlcSoftmaxBefore(const DlcSoftmax *softmax, intptr_t step);
// Where the outer one of the two dimensions is that one was made; negative: not in v.
intptr_t dlcSoftmaxSplitAt(const DlcSoftmax *softmax, const DlcLabelled *v);
// The same of the tensor that the step reads.
intptr_t dlcSoftmaxSplitGroup(const DlcSoftmax *softmax);
// The labels of what a step reads as operand k.
bool dlcSoftmaxOperand(const DlcSoftmax *softmax, intptr_t step, intptr_t k, DlcLabelled *out);
