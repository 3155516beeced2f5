// What a tile graph is before and after it is one: its nodes, which dimension of
// the root result each of their loops follows, and which dimensions may be tiled.
//
// A producer may join when all uses of its result are in the graph, all of them
// read the same tile of it, and tiling the root computes none of its elements
// twice. `tileable` is what is left of the root's dimensions: an intermediate that
// does not vary along a dimension takes the dimension out of it, which
// contractions in the graph forbid (they need the parallelism and the reuse of all
// of theirs) unless `chains` is set: then a contraction may read whole rows of another,
// which pays or not (passes/tile/chain.h), or by windows. Without it, what cannot be said with plain dimensions (halos,
// strides) stays outside, but for borders (passes/tile/pad.h) that windows read: a tile makes the part that it needs.
// That costs copies, so whoever forms graphs is asked.
//
// With `stores` set, a producer may join whose value ops behind the root read as well: it is kept in the tile and
// stored (the graph yields it after the root's results). Each of its elements must be in the tile of one item alone.
#pragma once
#include "dlc/builder.h"

enum { DLC_MAX_RANK = 16, DLC_MAX_LOOPS = 24, DLC_MAX_NODES = 64, DLC_WHOLE = -1 };

// Which edges may be nearer than memory: none, those of elementwise ops whose values can stay in registers, or all.
typedef enum { DLC_FUSE_NONE, DLC_FUSE_REGISTER, DLC_FUSE_ALL } DlcFusion;
bool dlcFusionRead(MlirStringRef text, DlcFusion *fusion); // "none", "register" or "all"; false: none of them

// Of a pass's option; failure: a diagnostic at root.
MlirLogicalResult dlcFusionOption(MlirOperation root, const char *pass, MlirStringRef text, DlcFusion *fusion);

// An op of the graph. loopToRoot: the dimension of the root result that a loop
// follows; DLC_WHOLE: the loop runs over its whole extent in every tile.
typedef struct {
  MlirOperation op;
  intptr_t nLoops;
  int loopToRoot[DLC_MAX_LOOPS];
  bool isReduction[DLC_MAX_LOOPS];
  bool contracts; // a reduction with reuse: some operand does not vary along every loop
  bool overlaps;  // is read, or made for what is read, by windows
  bool isStored;  // is a result of the graph, and not the root
} DlcTileNode;

typedef struct DlcTileGraph {
  DlcTileNode nodes[DLC_MAX_NODES]; // [0]: the root
  intptr_t n;
  intptr_t rank;                // of the root result
  int64_t extent[DLC_MAX_RANK]; // -1: dynamic
  bool tileable[DLC_MAX_RANK];
  bool rigid;           // holds a contraction: no dimension may be given up
  bool chains;          // even so: contractions whose whole rows stay in a tile may follow each other
  bool stores;          // values may be kept and stored
  int64_t scratchBytes; // most bytes of the part of an intermediate that tiling does not cut
  DlcFusion fusion;     // what may join
  // Whether making tiles of a border in the tiles of the graph pays; NULL: it does.
  bool (*pays)(const struct DlcTileGraph *graph, MlirOperation pad, void *data);
  void *data;
} DlcTileGraph;

// Begins with the op that makes the graph's results. False: not something to tile.
bool dlcTileGraphStart(DlcTileGraph *graph, MlirOperation root, int64_t scratchBytes); // fusion: all
// Adds op, a producer of a node, if the rules allow; looks through tile.edge.
bool dlcTileGraphJoin(DlcTileGraph *graph, MlirOperation op);
// Joins producers until no more can.
void dlcTileGraphGrow(DlcTileGraph *graph);
// Which dimensions of the root result an operand of a node varies along.
void dlcTileVaries(const DlcTileNode *node, intptr_t operand, bool *varies);
// The root's dimension that the innermost border of a node follows, where tiles overlap in what windows read of it;
// DLC_WHOLE: there is none of known size. Tiles that are cut there are of many sizes, along the dimension that register
// tiles have their rows in, and computed twice at two more sides.
int dlcTileInnerBorder(const DlcTileGraph *graph);
// The results of a graph: those of the root, then what is kept and stored; at least DLC_MAX_RESULTS must fit.
enum { DLC_MAX_RESULTS = 16 };
intptr_t dlcTileGraphResults(const DlcTileGraph *graph, MlirValue *results);
const DlcTileNode *dlcTileGraphFind(const DlcTileGraph *graph, MlirOperation op);
