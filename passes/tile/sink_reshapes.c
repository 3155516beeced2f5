// tile-sink-reshapes: moves expansions of shapes behind the ops that read them.
//
//   %e = tensor.expand_shape %m [[0, 1], [2]] : tensor<?x768xf32> into tensor<?x128x768xf32>
//   %r = generic(%e, %bias) over (d0, d1, d2)
// ->
//   %c = generic(%m, %bias) over (d0, d1)
//   %r = tensor.expand_shape %c [[0, 1], [2]]
//
// Leaves contractions as they are: what they reuse is along the dimensions that
// they have. The patterns are upstream's (collapsing, and dropping of unit sizes).
#include "dlc/analysis.h"
#include "dlc/passes.h"
#include "ods/linalg.h"

static bool mayCollapse(MlirOperation generic) {
  bool reduces = false;
  for (intptr_t i = 0; i < linalg_generic_iterator_types_n(generic); ++i)
    reduces |= linalg_generic_iterator_types_at(generic, i) != utils_IteratorType_parallel;
  if (!reduces) return true;
  for (intptr_t i = 0; i < linalg_generic_inputs(generic).n; ++i)
    if (!mlirAffineMapIsPermutation(linalg_generic_indexing_maps_at(generic, i))) return false;
  return true;
}

MlirLogicalResult dlcRunTileSinkReshapes(MlirOperation root, DlcPass *pass, const DlcTileSinkReshapesOptions *options) {
  (void)pass, (void)options; // it has none
  return dlcSinkReshapes(root, mayCollapse);
}
