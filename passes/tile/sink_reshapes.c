// tile-sink-reshapes: moves expansions of shapes behind the ops that read them.
//
//   %e = tensor.expand_shape %m [[0, 1], [2]] : tensor<?x768xf32> into tensor<?x128x768xf32>
//   %r = generic(%e, %bias) over (d0, d1, d2)
// ->
//   %c = generic(%m, %bias) over (d0, d1)
//   %r = tensor.expand_shape %c [[0, 1], [2]]
//
// Leaves contractions as they are: what they reuse is along the dimensions that they have; but rows that lie in several
// dynamic dimensions, [batch, tokens], are made one, since a register tile cannot be chosen for sizes of which any may
// be one. The patterns are upstream's (collapsing, and dropping of unit sizes).
#include "dlc/analysis.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "ods/linalg.h"

enum { MAX_LOOPS = 16 };

static bool mayCollapse(MlirOperation generic) {
  bool reduces = false;
  for (intptr_t i = 0; i < linalg_generic_iterator_types_n(generic); ++i)
    reduces |= linalg_generic_iterator_types_at(generic, i) != utils_IteratorType_parallel;
  if (!reduces) return true;
  for (intptr_t i = 0; i < linalg_generic_inputs(generic).n; ++i)
    if (!mlirAffineMapIsPermutation(linalg_generic_indexing_maps_at(generic, i))) return false;
  return true;
}

// Whether loops d and d + 1 stand side by side in every operand that has either, and some input has neither.
static bool standsBeside(MlirOperation op, intptr_t d) {
  bool isReused = false;
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i) {
    MlirAffineMap map;
    if (!dlcLinalgMap(op, i, &map) || !mlirAffineMapIsProjectedPermutation(map)) return false;
    intptr_t n = mlirAffineMapGetNumResults(map), at = -1, next = -1;
    for (intptr_t r = 0; r < n; ++r) {
      intptr_t loop = mlirAffineDimExprGetPosition(mlirAffineMapGetResult(map, r));
      if (loop == d) at = r;
      if (loop == d + 1) next = r;
    }
    if (at < 0 && next < 0)
      isReused = true;
    else if (at < 0 || next != at + 1)
      return false;
  }
  return isReused;
}

static intptr_t joinedRows(MlirOperation op, intptr_t *first) {
  bool reduces[MAX_LOOPS];
  int64_t size[MAX_LOOPS];
  if (!linalg_generic_isa(op) || linalg_generic_outputs(op).n != 1 || linalg_generic_inputs(op).n != 2) return 0;
  intptr_t n = dlcIteratorTypes(op, reduces, MAX_LOOPS);
  if (n < 3 || n > MAX_LOOPS || !reduces[n - 1] || !dlcStaticLoopRanges(op, size, MAX_LOOPS)) return 0;
  for (intptr_t d = 0; d + 1 < n; ++d) {
    intptr_t end = d;
    while (end + 1 < n && !reduces[end] && !reduces[end + 1] && standsBeside(op, end)) ++end;
    bool isDynamic = size[end] < 0; // the innermost of them
    if (end > d && isDynamic) return *first = d, end - d + 1;
  }
  return 0;
}

MlirLogicalResult dlcRunTileSinkReshapes(MlirOperation root, DlcPass *pass, const DlcTileSinkReshapesOptions *options) {
  (void)pass, (void)options; // it has none
  return dlcSinkReshapes(root, (DlcReshapeControl){mayCollapse, joinedRows});
}
