// A plain interpreter of the program as it stands after import: func.func @main on tensors, of linalg, tensor, arith,
// math, affine, scf and ctrl. It is what compiled programs are compared with, so it shares no code with passes/ and
// lowering/, and does everything the obvious way: one element at a time, in the order of the loops.
//
//   module -> refProgramCreate: ops become steps, SSA values become numbered slots -> refProgramRun: steps in order
//
// Numbers. An integer of n bits is an int64_t that is sign-extended from bit n-1 (an i1 that is true is -1); index has
// 64 bits. A float is a double that holds a value of its type: each operation is computed in double and rounded once
// to the type, which for + - * / and sqrt of f32, f16 and bf16 is exactly IEEE's result. A sum therefore accumulates
// in the type and the order that the IR says; the compiler may reassociate, and the difference is far below the
// bounds that results are compared with. What IR leaves undefined (division by zero, an index out of bounds, sizes
// that contradict a type) is an error at its place, never a value; a float to integer conversion saturates.
// tensor.empty holds NaN, or a pattern, so that reading what nothing wrote shows.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "dlc/builder.h"
#include "dlc/ir.h"
#include "dlrt/dlrt.h"

enum { REF_MAX_RANK = 16 };

typedef enum { REF_INTEGER, REF_BF16, REF_F16, REF_F32, REF_F64 } RefKind;
typedef struct {
  RefKind kind;
  int bits; // as in the type; index: 64
} RefType;

typedef struct RefTensor RefTensor;
typedef union {
  double f;
  int64_t i;
  RefTensor *tensor;
} RefValue;

// Row-major, dense, counted.
struct RefTensor {
  int64_t uses;
  RefType type;
  int rank;
  int64_t sizes[REF_MAX_RANK], count;
  RefValue *elements;
};

// False: no number, or one that is not supported.
bool refTypeOf(MlirType type, RefType *out);
double refRound(RefType type, double value);
// While it is set, the whole process computes all float types in double: what that changes is the rounding error of the
// reference itself.
void refComputeWide(bool wide);
int64_t refWrap(RefType type, uint64_t value); // sign-extends the low bits
static inline uint64_t refUnsigned(RefType type, int64_t value) {
  return type.bits == 64 ? (uint64_t)value : (uint64_t)value & ((UINT64_C(1) << type.bits) - 1);
}
size_t refBytes(RefType type); // of an element in memory; i1 takes a byte
RefValue refLoad(RefType type, const void *bytes);
void refStore(RefType type, void *bytes, RefValue value);

RefTensor *refTensorCreate(RefType type, int rank, const int64_t *sizes); // one use; null: out of memory, or too large
RefTensor *refTensorCopy(const RefTensor *tensor);
void refTensorRelease(RefTensor *tensor);
// Steps an index through sizes in row-major order; false after the last.
bool refNextIndex(int rank, const int64_t *sizes, int64_t *idx);
// -1: out of bounds.
int64_t refOffset(const RefTensor *tensor, const int64_t *idx);

//===--- affine expressions -----------------------------------------------------------------===//
typedef struct RefAffine RefAffine;
struct RefAffine {
  enum { REF_DIM, REF_SYMBOL, REF_CONSTANT, REF_ADD, REF_MUL, REF_MOD, REF_FLOORDIV, REF_CEILDIV } kind;
  int64_t value; // constant, or number of dimension or symbol
  const RefAffine *lhs, *rhs;
};
// `failed` is set by a division by what is not positive.
int64_t refAffineEval(const RefAffine *e, const int64_t *dims, const int64_t *symbols, bool *failed);

//===--- programs ---------------------------------------------------------------------------===//
typedef struct RefProgram RefProgram;
typedef struct RefFunction RefFunction;
typedef struct RefFrame RefFrame;
typedef struct RefStep RefStep;
typedef struct RefBlock RefBlock;

typedef bool (*RefEval)(RefFrame *frame, const RefStep *step); // false: a diagnostic was emitted
// Of numbers; also run element by element when the op's operands are tensors.
typedef bool (*RefScalar)(const RefStep *step, const RefValue *in, RefValue *out);

struct RefBlock {
  int nArgs, nSteps, nYields;
  int *args;   // slots
  int *yields; // slots: the terminator's operands
  RefStep *steps;
  MlirOperation terminator;
};
struct RefStep {
  RefEval eval;
  RefScalar scalar;
  MlirOperation op;
  int nIn, nOut, nBlocks;
  int *in, *out; // slots
  RefBlock *blocks;
  RefType type, from; // of the first result's and the first operand's elements, where they have any
  int64_t predicate;
  void *data; // of the op
};

typedef struct {
  RefProgram *program;
  RefFunction *function;
} RefBuild;
typedef struct {
  const char *name;
  RefEval eval;
  RefScalar scalar;
  bool (*prepare)(RefBuild *build, RefStep *step); // may be NULL
} RefOpSpec;
extern const RefOpSpec refFloatOps[], refIntegerOps[], refTensorOps[], refSliceOps[], refLinalgOps[], refControlOps[];

void *refAllocate(RefProgram *program, size_t bytes); // zeroed; lives as long as the program
const RefAffine *refAffineOf(RefProgram *program, MlirAffineExpr e);
bool refPrepareStructured(RefBuild *build, RefStep *step); // a LinalgOp
bool refEvalStructured(RefFrame *frame, const RefStep *step);

struct RefFrame {
  RefProgram *program;
  RefFunction *function;
  RefValue *slots;
  const int64_t *iteration; // of the linalg op around
  int nIteration, depth;
};
static inline RefValue refIn(const RefFrame *f, const RefStep *s, int i) { return f->slots[s->in[i]]; }
static inline RefTensor *refTensorIn(const RefFrame *f, const RefStep *s, int i) { return refIn(f, s, i).tensor; }
MlirType refSlotType(const RefFrame *frame, int slot);
bool refIsTensorSlot(const RefFrame *frame, int slot);
void refSetNumber(RefFrame *frame, int slot, RefValue value);
// Takes the tensor's use. False, after a diagnostic: null, or its sizes contradict the slot's type.
bool refSetTensor(RefFrame *frame, const RefStep *step, int slot, RefTensor *tensor);
bool refCopySlot(RefFrame *frame, const RefStep *step, int to, int from);
bool refRunBlock(RefFrame *frame, const RefBlock *block);
// Runs a function on `in` (the uses of tensors stay the caller's); `out` gets owned values.
bool refCall(RefProgram *program, MlirStringRef name, MlirOperation caller, int depth, int nIn, const RefValue *in,
             int nOut, RefValue *out);
bool refFail(const RefStep *step, const char *format, ...) DLC_PRINTF(2, 3); // always false

// Of a verified module with a func.func @main. Null: a diagnostic was emitted; an op that it does not know is named
// with its place. The module must outlive the program.
RefProgram *refProgramCreate(MlirModule module);
void refProgramDestroy(RefProgram *program);
int refProgramInputs(const RefProgram *program);
int refProgramOutputs(const RefProgram *program);
// As dlrt_run: dense inputs; the caller releases the outputs. False: a diagnostic was emitted, no output is set.
bool refProgramRun(RefProgram *program, const DLTensor *const *inputs, DLManagedTensor **outputs);
