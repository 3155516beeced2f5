// From the output of tile-lower-to-vector (scf, vector, memref, arith, math) to
// the LLVM dialect, as a pipeline of a builtin.module. In this order because:
// - loop-invariant-code-motion takes address arithmetic out of the reductions;
//   LLVM alone would do it too, but then needs more than O1;
// - convert-vector-to-scf is left out: all vectors are one-dimensional;
// - expand-strided-metadata then lower-affine: the former makes affine.apply;
// - reconcile-unrealized-casts also folds the views of i1 memory as i8.
// - convert-math-to-libm before convert-vector-to-llvm: it takes vectors apart with vector.extract.
// LLVM then needs O1 (SROA, GVN); O3 gives the same speed.
#pragma once
// What can runs function by function, and so on several threads.
#define DLC_VECTOR_TO_LLVM                                                                                             \
  "func.func(canonicalize,cse,loop-invariant-code-motion,expand-strided-metadata,lower-affine,convert-scf-to-cf,"      \
  "convert-math-to-llvm),convert-math-to-libm,func.func(convert-vector-to-llvm),finalize-memref-to-llvm,"              \
  "func.func(convert-arith-to-llvm,convert-index-to-llvm),convert-func-to-llvm,convert-cf-to-llvm,"                    \
  "llvm.func(reconcile-unrealized-casts,canonicalize,cse)"
