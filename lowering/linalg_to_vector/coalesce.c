// Makes one loop of two that run through memory as one: in every operand, a step of
// the outer one moves as far as all steps of the inner one, as the rows and columns
// of a whole image do, or the columns and channels of a convolution's window.
// Register tiles then cut the product of both sizes, and have fewer rests. The
// outer loop is left with a size of one.
#include <stdlib.h>
#include "nest.h"
#include "ods/linalg.h"

static bool runAsOne(const Operand *o, int outer, int inner, int64_t innerSize) {
  if (o->isScalar) return true;
  if ((o->nonlinear >> outer | o->nonlinear >> inner) & 1) return false;
  Size a = o->loopStride[outer], b = o->loopStride[inner];
  return isKnown(a) && isKnown(b) && a.known == innerSize * b.known;
}

static uint32_t indexedLoops(const Nest *nest) {
  uint32_t loops = 0;
  DlcOps indices = dlcCollect(nest->op, linalg_index_isa);
  for (intptr_t i = 0; i < indices.n; ++i) loops |= 1u << linalg_index_dim(indices.data[i]);
  free(indices.data);
  return loops;
}

static bool mayCoalesce(const Nest *nest, int outer, int inner, uint32_t indexed) {
  const Loop *a = &nest->loop[outer], *b = &nest->loop[inner];
  if (outer == inner || a->isReduction != b->isReduction || (indexed >> outer | indexed >> inner) & 1) return false;
  if (!isKnown(a->size) || !isKnown(b->size) || a->size.known < 2 || b->size.known < 2) return false;
  for (intptr_t i = 0; i < nest->nOperands + nest->nEdges; ++i)
    if (!runAsOne(&nest->operand[i], outer, inner, b->size.known)) return false;
  return true;
}

static void coalesce(Nest *nest, int outer, int inner) {
  int64_t times = nest->loop[outer].size.known;
  nest->loop[outer].size = known(1), nest->loop[inner].size.known *= times;
  for (intptr_t i = 0; i < nest->nOperands + nest->nEdges; ++i) { // what the inner loop runs over is as much longer
    Operand *o = &nest->operand[i];
    for (intptr_t r = 0; !o->isScalar && r < o->rank; ++r)
      if (o->coefficient[r][inner] && isKnown(o->size[r])) o->size[r].known *= times;
  }
}

void dlcCoalesceLoops(Nest *nest) {
  uint32_t indexed = indexedLoops(nest);
  for (bool changed = true; changed;) {
    changed = false;
    for (int outer = 0; outer < nest->nLoops; ++outer)
      for (int inner = 0; inner < nest->nLoops; ++inner)
        if (mayCoalesce(nest, outer, inner, indexed)) coalesce(nest, outer, inner), changed = true;
  }
}
