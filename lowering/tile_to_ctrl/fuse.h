// The nodes of a tiled graph, pulled into the tiles of its root.
#pragma once
#include "lowering/tile_to_ctrl/strips.h"

typedef struct {
  MlirOperation *ops;
  intptr_t n;
  bool *isStored; // kept in the tiles and stored: read behind the graph as well
} DlcNodes;

// Tiles `root`, which is no longer one of the nodes, by `sizes` over its loops into an scf.forall, with what it needs
// of the nodes. step: of the reductions nearest to the root (tile.fit), one of which is cut: the operands are then made
// part by part; empty: at once. strips: each tile strip by strip, with what is kept between them. Null: it cannot be
// tiled so.
MlirOperation dlcFuseNodes(DlcBuilder *b, MlirOperation root, DlcNodes nodes, intptr_t nLoops, const int64_t *sizes,
                           DlcI64s step, DlcStrips *strips);
