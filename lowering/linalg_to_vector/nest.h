// A linalg op (or memref.copy) as a nest of loops over strided flat buffers, and
// how it is to be lowered. nest.c reads the op, coalesce.c joins loops, plan.c, block.c and order.c choose, emit.c
// writes the loops, tile.c the register tile inside them, body.c the scalar body.
#pragma once
#include "dlc/analysis.h"
#include "dlc/builder.h"

enum {
  maxLoops = 16,
  maxOperands = 24,
  maxRank = 16,
  maxLevels = 3,    // loops that are unrolled into the register tile, the vector loop included
  maxInstances = 64 // points of a register tile
};
#define DYNAMIC INT64_MIN

// A number that is known now, or a value of index type.
typedef struct {
  int64_t known; // DYNAMIC: see value
  MlirValue value;
} Size;

typedef struct {
  bool isReduction;
  Size size;
} Loop;

typedef struct {
  MlirValue source; // the operand of the op: a memref, or a scalar (then nothing else is set)
  bool isScalar, isOutput;
  MlirType element; // as the body sees it
  MlirType stored;  // as it lies in memory: i8 for i1
  MlirValue flat;   // memref<?xstored, strided<[1], offset: ?>>
  MlirAffineMap map;
  intptr_t rank;
  Size stride[maxRank]; // of the dimensions of the memref, in elements
  Size size[maxRank];
  bool linear;               // the map is linear in all loops
  uint32_t loops;            // that the map depends on
  uint32_t nonlinear;        // loops under a floordiv, ceildiv or mod
  Size loopStride[maxLoops]; // elements per step of a loop; not for loops in `nonlinear`
  int64_t coefficient[maxRank][maxLoops];
  int64_t constant[maxRank];
  bool resultIsLinear[maxRank];
  MlirValue initial; // an output's value before the op, from a folded linalg.fill
} Operand;

typedef struct {
  MlirOperation op;
  intptr_t nLoops, nOperands, nInputs;
  Loop loop[maxLoops];
  Operand operand[maxOperands];
  MlirBlock body; // null: copies operand 0 to operand 1
  // See edges.c. Operands from nOperands on, `nEdges` of them, are read before or behind the reductions only.
  intptr_t nEdges, start;              // start: the one that the accumulators start from; 0: none
  MlirBlock finish;                    // what is made of an accumulator before it is stored; null: nothing
  intptr_t finishOperand[maxOperands]; // of its arguments, the result's aside
  uint32_t parallel, reduction;
} Nest;

typedef enum { ACCESS_INVARIANT, ACCESS_UNIT, ACCESS_TWO, ACCESS_GATHER, ACCESS_NONE } Access;

typedef struct {
  int64_t vectorBits, registers, cacheBytes; // cacheBytes: of the L2, what may be counted on
} Target;

typedef struct {
  int vector; // the loop that is vectorised; -1: none
  int64_t lanes;
  intptr_t nLevels; // loops of the register tile, outermost first
  int level[maxLevels];
  int64_t factor[maxLevels]; // of the vector loop: in vectors
  intptr_t nOrder;
  int order[maxLoops]; // the parallel loops, outermost first
  int blocked;         // a reduction of which a part at a time is done for all parallel loops; -1: none
  int64_t block;       // iterations of such a part
  uint32_t streamed;   // operands of which the next block is fetched ahead
} Plan;

static inline bool isKnown(Size s) { return s.known != DYNAMIC; }
static inline bool isOne(Size s) { return s.known == 1; }
static inline Size known(int64_t n) { return (Size){.known = n}; }

// False: the op is no nest over memrefs (tensors, or too large): leave it alone.
bool dlcReadNest(DlcBuilder *b, MlirOperation op, Nest *nest);
bool dlcIsNest(MlirOperation op);
void dlcCoalesceLoops(Nest *nest); // see coalesce.c
// The op before a reduction that only gives its output a start, and the one behind it that finishes its result; null:
// there is none that may become part of it.
MlirOperation dlcStartOf(const Nest *nest);
MlirOperation dlcFinishOf(MlirOperation reduction);
MlirOperation dlcReductionBefore(MlirOperation finish); // whose dlcFinishOf it is
// False: not to be had; after dlcAddFinish the nest is then not to be used.
bool dlcAddStart(DlcBuilder *b, Nest *nest, MlirOperation start);
bool dlcAddFinish(DlcBuilder *b, Nest *nest, MlirOperation finish);
intptr_t dlcAddEdge(DlcBuilder *b, Nest *nest, MlirValue v, MlirAffineMap map); // its number; negative: it cannot be
bool dlcReadOutput(DlcBuilder *b, Nest *nest, MlirValue v, MlirAffineMap map,
                   MlirValue initial); // instead of the only one
// The flat view of any strided memref, with its sizes and strides, before the builder's insertion point.
bool dlcReadBuffer(DlcBuilder *b, MlirValue memref, Operand *o);
bool dlcIsStrided(MlirType t);
Size dlcLoopStride(const Operand *o, int loop);
Access dlcAccess(const Operand *o, int loop);
MlirValue dlcSizeValue(DlcBuilder *b, Size s);
// Whether the body may be evaluated on vectors along `loop`, and what its own loads then cost.
bool dlcBodyIsVectorisable(const Nest *nest, int loop, int64_t lanes, double *loadCost);
int64_t dlcBodyCost(const Nest *nest);
// The op that folds an output into its old value (addf, ...), if nothing else reads that value; null: none.
MlirOperation dlcCombiner(const Nest *nest, intptr_t output);
// Whether an output moves along all reductions, without its old value being read: what is reduced, stored as well.
bool dlcIsStored(const Nest *nest, intptr_t output);
// Whether an output's combiner is maxnumf or minnumf and starts from a constant that is no NaN: the accumulator then
// never is one, and `in > accumulator ? in : accumulator`, one instruction on x86, is the same.
bool dlcDropsNaN(const Nest *nest, intptr_t output);
void dlcPlanNest(const Nest *nest, Target target, Plan *plan);
void dlcBlockReduction(const Nest *nest, Target target, Plan *plan);
void dlcOrderLoops(const Nest *nest, Plan *plan); // the last step of a plan
void dlcEmitNest(DlcBuilder *b, const Nest *nest, const Plan *plan);
MlirLogicalResult dlcExpandDynamicShapes(MlirOperation root); // see expand_shapes.c
