// A scheduled tile.graph with a tile.reduce, as an scf.forall over the tiles of its root.
#pragma once
#include "dlc/builder.h"

// Replaces the graph by an scf.forall of which each iteration makes one tile: every op on the part of its loops that
// the tile needs, the reduction as an scf.for over steps of the stream, with code of its own for what is left behind
// whole steps. tile: of the root (0: whole dimensions); step: of the stream. Failure: one diagnostic.
MlirLogicalResult dlcStreamToForall(DlcBuilder *b, MlirOperation graph, DlcI64s tile, int64_t step,
                                    MlirOperation *forall);
