// The flow of a tile graph: which box of every value, and of the loops of every
// op, a tile of the root result needs. Boxes go from the results backwards:
//
//   result box -> loop box, by inverting the output map; loops that no result
//   follows (reductions) run whole; operand box = the interval that the operand's
//   map takes on the loop box; several users: the hull
//
// so a halo (an overlap of neighbouring tiles) is just a box that is larger than
// the tile. It handles structured linalg ops (any stride, dilation, group, several
// results), tile.edge, tile.reduce, tensor.extract_slice, insert_slice, concat,
// pad, expand_shape, collapse_shape and cast. Of what it does not know, and of what
// a body reads by index (gather), the whole value is needed.
//
// The forms of passes/tile/span.h are over the root's dimensions, followed by the
// steps: the reduction loops of the streamed node (the one with reductions nearest
// the root) that are no places in a window, which a schedule may cut as well.
#pragma once
#include "dlc/ir.h"
#include "passes/tile/span.h"
#include "ods/tile.h"

typedef enum { DLC_NODE_COMPUTE, DLC_NODE_FILL, DLC_NODE_VIEW, DLC_NODE_MOVE, DLC_NODE_OTHER } DlcFlowKind;

// An op. VIEW: the same elements by other indices (slice, reshape, cast); MOVE: copies (insertion, concatenation, pad).
typedef struct {
  MlirOperation op;
  DlcFlowKind kind;
  intptr_t nLoops; // of COMPUTE and FILL; else the dimensions of the result
  int64_t extent[DLC_MAX_LOOPS];
  bool isReduction[DLC_MAX_LOOPS];
  DlcSpan loop[DLC_MAX_LOOPS];
  bool contracts;      // a reduction with reuse
  double operations;   // a point of the loop box
  double gathers;      // elements read by index, a point of the loop box
  int64_t gatherBytes; // of one of them
  bool gathersRows;    // neighbours, along the last loop
} DlcFlowNode;

// A value. Edges and views are not values of their own: a use names what they come from.
typedef struct {
  MlirValue value;
  intptr_t node; // that makes it; -1: an input
  DlcBox box;    // hull of what the uses need; rank 0 for scalars
  int64_t elementBytes;
  bool isRead;              // as data: not only as the start of an accumulation that does not exist before
  bool isYielded, isShared; // isShared: more than one use
  bool isGathered;          // only by index: its box is all of it, and what is read is counted at the nodes
  tile_Level level;         // highest level at which a use reads it; global: stored as a whole
  tile_HaloKind halo;
  bool hasHalo;    // an edge says how overlaps are met
  bool isProduced; // an input that another op computes while the program runs: it was written not long before
  bool isCovered;  // the boxes of all tiles together are all of it
} DlcFlowValue;

typedef struct {
  intptr_t value, node; // node: the COMPUTE, FILL, MOVE or OTHER that reads
  bool isInit;          // as where an accumulation starts: its result can take the place of the value
  tile_Level level;
  MlirOperation edge; // or null
  DlcBox box;         // as the reader indexes it: behind views
} DlcFlowUse;

typedef struct {
  intptr_t rank, nDims;                                // of the root; with the steps
  int64_t extent[DLC_MAX_RANK];                        // of each; dynamic ones as assumed
  bool isDynamic;                                      // some extent is assumed
  DlcFlowNode *nodes;                                  // in program order
  DlcFlowValue *values;                                // yielded ones in order of the results first: [0] is the root
  DlcFlowUse *uses;                                    // in order of the users
  intptr_t nNodes, nValues, nUses, nResults, streamed; // streamed: node, or -1
  DlcPointerMap index;                                 // of values
} DlcFlow;

// Of a tile.graph. A dynamic size counts as `assumed` elements. False: not static enough or too large (more than
// DLC_MAX_RANK dimensions, no result); the flow is then empty, and no diagnostic is given.
bool dlcFlowOfGraph(DlcFlow *flow, MlirOperation graph, int64_t assumed);
// Of n ops, in program order, that a graph may be made of, with the values that would be its results. `levels` says at
// which level `reader` would read a value that another of the ops makes; NULL: as the edges say, and where there is
// none at global.
typedef struct {
  tile_Level (*of)(MlirValue value, MlirOperation reader, void *data);
  void *data;
} DlcFlowLevels;
bool dlcFlowOfOps(DlcFlow *flow, intptr_t n, const MlirOperation *ops, intptr_t nResults, const MlirValue *results,
                  const DlcFlowLevels *levels, int64_t assumed);
void dlcFlowDestroy(DlcFlow *flow);

// Bytes of a value's box for a root tile (bound), and mean over all tiles.
int64_t dlcBoxBytes(const DlcBox *box, int64_t elementBytes, const int64_t *tile);
double dlcBoxMeanBytes(const DlcBox *box, int64_t elementBytes, const double *tile);
double dlcBoxWholeBytes(const DlcBox *box, int64_t elementBytes);
// Points of a node's loop box; mean over all tiles, and of its whole loop space.
double dlcNodeMeanPoints(const DlcFlowNode *node, const double *tile);
double dlcNodePoints(const DlcFlowNode *node);
