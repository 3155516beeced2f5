// What an operator's lowering is written with. To add an operator:
//
//  1. Write `static void lowerFoo(OnnxContext *ctx, OnnxNode *node)` in the file of its family under ops/, and a row in
//     that file's table: {"Foo", since, until, least inputs, most inputs, lowerFoo}. `since` and `until` are opset
//     versions of the default domain, inclusive; until 0: newest. Several rows of one name cover ranges of versions.
//     A new file's table is listed in ops/table.c.
//  2. Read inputs: node->inputs[i] (required ones are never NULL; omitted optional ones are), attributes with
//     onnxInt(), onnxFloat(), onnxInts(), ... An attribute that no getter asked for makes the import fail, so
//     nothing is ignored silently: ask for all of them, and refuse the values that are not supported with onnxRefuse().
//  3. Build the result with the helpers below, which infer shapes, and end with onnxSetOutput(ctx, node, 0, value).
//
// Errors are sticky: onnxRefuse (valid but unsupported) and onnxInvalid (broken model) emit the one diagnostic, which
// names node, operator and opset by itself; after that every helper returns NULL and accepts NULL. So a lowering needs
// no checks of its own except before it looks into a value that a helper returned (`if (!y) return;`).
//
// Shapes are lists of OnnxIndex: a constant, or an SSA value of type index. Two dynamic dimensions are equal when they
// are the same SSA value; arithmetic on them (onnxAdd, onnxMul, ...) folds, and gives the same value for the same
// operands. A value is one of
//  - a tensor in the IR;
//  - a constant (v->data): the helpers marked "folds" compute on constants at import;
//  - a small integer tensor whose elements are known one by one (v->elements), each a constant or an index value:
//    this is how shape computations (Shape -> Gather -> Concat -> Reshape) vanish. onnxElements() gives them, for
//    constants too. Operators on shapes try elements first and fall back to tensors.
// onnxTensor() gives the IR value of any of them, making it where necessary.
//
// float16 and bfloat16 are computed in float32: onnxElementwise widens its inputs and narrows the result around the
// body, unless ONNX_EXACT_TYPES is asked for (selection, copies).
#pragma once
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include "dlc/builder.h"
#include "frontends/onnx/onnx.h"
#include "onnx/onnx.pb-c.h"

enum { ONNX_MAX_RANK = 16, ONNX_MAX_ELEMENTS = 4096 };

// Numbers of TensorProto.DataType.
typedef enum {
  ONNX_UNDEFINED = 0,
  ONNX_FLOAT = 1,
  ONNX_UINT8 = 2,
  ONNX_INT8 = 3,
  ONNX_UINT16 = 4,
  ONNX_INT16 = 5,
  ONNX_INT32 = 6,
  ONNX_INT64 = 7,
  ONNX_STRING = 8,
  ONNX_BOOL = 9,
  ONNX_FLOAT16 = 10,
  ONNX_DOUBLE = 11,
  ONNX_UINT32 = 12,
  ONNX_UINT64 = 13,
  ONNX_COMPLEX64 = 14,
  ONNX_COMPLEX128 = 15,
  ONNX_BFLOAT16 = 16,
} OnnxElement;

typedef struct {
  int64_t constant; // when value is null
  MlirValue value;  // of type index
} OnnxIndex;

typedef struct OnnxValue {
  const char *name;
  OnnxElement element;
  int rank;
  const OnnxIndex *dims;
  MlirValue tensor;          // null until onnxTensor asks for it
  const void *data;          // constant: little-endian elements (bool: a byte each), else NULL
  const OnnxIndex *elements; // known elements, else NULL
  struct OnnxData *owner;    // of data
  struct OnnxValue *spread;  // the tensor of one element that onnxExpand made it of, else NULL
} OnnxValue;

typedef struct OnnxContext OnnxContext;

typedef struct {
  const Onnx__NodeProto *proto;
  const char *name, *type; // never NULL
  int64_t opset;           // of its domain
  int inputCount, outputCount;
  OnnxValue **inputs;
  OnnxValue **outputs; // set by the lowering
  bool *attributesRead;
} OnnxNode;

typedef struct {
  const char *type;
  int since, until;         // inclusive; until 0: newest
  int minInputs, maxInputs; // -1: any number
  void (*lower)(OnnxContext *ctx, OnnxNode *node);
} OnnxOperator;

//===--- errors ---
bool onnxFailed(const OnnxContext *ctx);
void onnxRefuse(OnnxContext *ctx, const char *format, ...) __attribute__((format(printf, 2, 3)));
void onnxInvalid(OnnxContext *ctx, const char *format, ...) __attribute__((format(printf, 2, 3)));
void onnxRefuseElement(OnnxContext *ctx, const OnnxValue *v); // "element type X is not supported"
DlcBuilder *onnxBuilder(OnnxContext *ctx);
void *onnxAllocate(OnnxContext *ctx, size_t size); // zeroed, lives as long as the import

//===--- attributes ---
bool onnxHasAttribute(OnnxNode *node, const char *name); // does not count as read
int64_t onnxInt(OnnxContext *ctx, OnnxNode *node, const char *name, int64_t initial);
double onnxFloat(OnnxContext *ctx, OnnxNode *node, const char *name, double initial);
const char *onnxString(OnnxContext *ctx, OnnxNode *node, const char *name, const char *initial);
// The list's length, 0 when absent; *out points into the model or is NULL.
int onnxInts(OnnxContext *ctx, OnnxNode *node, const char *name, const int64_t **out);
int onnxFloats(OnnxContext *ctx, OnnxNode *node, const char *name, const float **out);
int onnxStrings(OnnxContext *ctx, OnnxNode *node, const char *name, const char *const **out);
OnnxValue *onnxAttributeTensor(OnnxContext *ctx, OnnxNode *node, const char *name); // NULL when absent
const Onnx__GraphProto *onnxGraph(OnnxContext *ctx, OnnxNode *node, const char *name);
int64_t onnxAxis(OnnxContext *ctx, int64_t axis, int rank); // -rank..rank-1 to 0..rank-1, or an error
// Axes from an attribute (or from input `input` when it is >= 0) as a mask over `rank`; *given tells whether there were
// any.
bool onnxAxesMask(OnnxContext *ctx, OnnxNode *node, const char *name, int input, int rank, bool *mask, bool *given);

// Axes from an input that is no constant: the mask holds 0 or 1 for each of `rank` dimensions. Their number, or -1.
int onnxRuntimeAxes(OnnxContext *ctx, OnnxValue *axes, int rank, OnnxIndex *mask);
void onnxDropMasked(OnnxContext *ctx, int rank, const OnnxIndex *dims, const OnnxIndex *mask, int kept, OnnxIndex *out);
void onnxSpreadUnmasked(OnnxContext *ctx, int rank, const OnnxIndex *mask, int n, const OnnxIndex *dims,
                        OnnxIndex *out); // 1 where masked
// x as a tensor of twice the rank: sizes are 1 where masked, then 1 where not masked.
OnnxValue *onnxSeparateMasked(OnnxContext *ctx, OnnxValue *x, const OnnxIndex *mask);

//===--- elements and types ---
MlirType onnxElementType(OnnxContext *ctx, OnnxElement e); // null after onnxRefuse for unsupported ones
const char *onnxElementName(OnnxElement e);                // "float32", "uint8", ...
size_t onnxElementSize(OnnxElement e);                     // bytes; 0: unsupported
bool onnxIsFloat(OnnxElement e);
bool onnxIsInteger(OnnxElement e);   // not bool
bool onnxIsUnsigned(OnnxElement e);  // unsigned integers and bool
OnnxElement onnxWide(OnnxElement e); // float for half types, else itself

//===--- indices ---
OnnxIndex onnxConst(int64_t c);
bool onnxIsConst(OnnxIndex a);
bool onnxIs(OnnxIndex a, int64_t c);          // known to be c
bool onnxSameIndex(OnnxIndex a, OnnxIndex b); // known to be equal
OnnxIndex onnxAdd(OnnxContext *ctx, OnnxIndex a, OnnxIndex b);
OnnxIndex onnxSub(OnnxContext *ctx, OnnxIndex a, OnnxIndex b);
OnnxIndex onnxMul(OnnxContext *ctx, OnnxIndex a, OnnxIndex b);
OnnxIndex onnxDiv(OnnxContext *ctx, OnnxIndex a, OnnxIndex b); // towards zero; a constant zero divisor is invalid
OnnxIndex onnxFloorDiv(OnnxContext *ctx, OnnxIndex a, OnnxIndex b);
OnnxIndex onnxCeilDiv(OnnxContext *ctx, OnnxIndex a, OnnxIndex b);
OnnxIndex onnxRem(OnnxContext *ctx, OnnxIndex a, OnnxIndex b); // sign of a
OnnxIndex onnxMin(OnnxContext *ctx, OnnxIndex a, OnnxIndex b);
OnnxIndex onnxMax(OnnxContext *ctx, OnnxIndex a, OnnxIndex b);
// a if a == b is `equal`, lazily typed: cond ? x : y for cond = (a PRED b); predicate as arith_CmpIPredicate.
OnnxIndex onnxSelectIndex(OnnxContext *ctx, int predicate, OnnxIndex a, OnnxIndex b, OnnxIndex x, OnnxIndex y);
MlirValue onnxIndexValue(OnnxContext *ctx, OnnxIndex a); // as SSA value of type index
bool onnxIsNonNegative(OnnxIndex a, int depth);          // provably, following at most `depth` operations
OnnxIndex onnxProduct(OnnxContext *ctx, int n, const OnnxIndex *dims);
OnnxIndex onnxQuotient(OnnxContext *ctx, int n, const OnnxIndex *dims, int m,
                       const OnnxIndex *by); // cancels equal factors
// Checks a == b: by proof, else with a cf.assert at run time; a known difference is an error. `what` is for the
// message.
void onnxRequireEqual(OnnxContext *ctx, OnnxIndex a, OnnxIndex b, const char *what);
void onnxAssert(OnnxContext *ctx, MlirValue condition, const char *what); // message names the node

//===--- values ---
OnnxValue *onnxNewTensor(OnnxContext *ctx, OnnxElement e, int rank, const OnnxIndex *dims,
                         MlirValue tensor); // casts to the type of dims if needed
OnnxValue *onnxNewConstant(OnnxContext *ctx, OnnxElement e, int rank, const int64_t *dims,
                           void **data); // fills *data with zeroed writable memory
OnnxValue *onnxNewElements(OnnxContext *ctx, OnnxElement e, int rank, const OnnxIndex *elements, int n); // rank 0 or 1
OnnxValue *onnxScalarConstant(OnnxContext *ctx, OnnxElement e, double x);                                // rank 0
MlirValue onnxTensor(OnnxContext *ctx, OnnxValue *v);
MlirType onnxTensorType(OnnxContext *ctx, const OnnxValue *v);
MlirType onnxTypeOf(OnnxContext *ctx, OnnxElement e, int rank, const OnnxIndex *dims);
bool onnxIsStatic(const OnnxValue *v);
int64_t onnxCount(const OnnxValue *v); // of elements; -1: dynamic
int64_t onnxStaticDim(OnnxIndex d);    // or MLIR's "dynamic"
// Element i of a constant, converted.
double onnxGetFloat(const OnnxValue *v, int64_t i);
int64_t onnxGetInt(const OnnxValue *v, int64_t i);
void onnxPutFloat(OnnxElement e, void *data, int64_t i, double x);
void onnxPutInt(OnnxElement e, void *data, int64_t i, int64_t x);
// The elements of an integer value, one by one, when they are known or can be extracted: a rank-1 tensor of static
// length at most ONNX_MAX_ELEMENTS is read with tensor.extract when `extract`. The count, or -1.
int onnxElements(OnnxContext *ctx, OnnxValue *v, const OnnxIndex **out, bool extract);
MlirValue onnxExtractScalar(OnnxContext *ctx, OnnxValue *v); // of a tensor with one element, as a scalar of its type
OnnxIndex onnxScalarIndex(OnnxContext *ctx, OnnxValue *v);   // of an integer tensor with one element

//===--- emission ---
typedef MlirValue (*OnnxBody)(OnnxContext *ctx, const MlirValue *in, void *data); // scalars in, the scalar result
typedef enum { ONNX_WIDEN = 0, ONNX_EXACT_TYPES = 1 } OnnxElementwiseFlags;
// One linalg.generic over the broadcast shape of the inputs (folds nothing). `data` is handed to the body.
OnnxValue *onnxElementwise(OnnxContext *ctx, int n, OnnxValue *const *inputs, OnnxElement result, OnnxBody body,
                           void *data, int flags);
// NumPy broadcasting of shapes: the rank, dims in `out`; inputs may be replaced by values with refined static types.
int onnxBroadcastShape(OnnxContext *ctx, int n, OnnxValue **inputs, OnnxIndex *out);

typedef struct {
  MlirValue tensor;
  MlirAffineMap map;
} OnnxAccess;
// Before opset 7: b as NumPy's broadcasting would want it, by the attributes broadcast and axis.
OnnxValue *onnxAlignOld(OnnxContext *ctx, OnnxNode *node, OnnxValue *a, OnnxValue *b);
// The general form: iterators is one letter a loop, p(arallel) or r(eduction); `body` gets the scalars of ins, then of
// outs, and writes one scalar an out to `results`. Results' types are those of the outs.
typedef void (*OnnxGenericBody)(OnnxContext *ctx, const MlirValue *args, MlirValue *results, void *data);
void onnxGeneric(OnnxContext *ctx, const char *iterators, int n, const OnnxAccess *ins, int m, const OnnxAccess *outs,
                 OnnxGenericBody body, void *data, MlirValue *results);
MlirAffineMap onnxMap(OnnxContext *ctx, int loops, int n,
                      const int *dims); // results: loop dims[i], or constant 0 where dims[i] < 0
MlirAffineMap onnxIdentity(OnnxContext *ctx, int loops);
// Reduces the masked dims. The accumulator has type `accumulator` and starts at `init`; `body` combines (acc, x) with x
// widened to float when the accumulator is float. Dims stay as 1 with keepDims. `result` is the final element type.
typedef MlirValue (*OnnxCombine)(OnnxContext *ctx, MlirValue acc, MlirValue x, void *data);
OnnxValue *onnxReduce(OnnxContext *ctx, OnnxValue *x, const bool *mask, bool keepDims, OnnxElement accumulator,
                      MlirAttribute init, OnnxCombine combine, void *data);

// out[mapOut] += a[mapA] * b[mapB], as one generic; scalars are converted to the accumulator's type first.
MlirValue onnxContract(OnnxContext *ctx, const char *iterators, OnnxValue *a, MlirAffineMap mapA, OnnxValue *b,
                       MlirAffineMap mapB, OnnxElement accumulator, MlirValue init, MlirAffineMap mapOut);

MlirValue onnxEmpty(OnnxContext *ctx, OnnxElement e, int rank, const OnnxIndex *dims);
MlirValue onnxFill(OnnxContext *ctx, OnnxElement e, int rank, const OnnxIndex *dims, MlirValue scalar);
MlirValue onnxZeros(OnnxContext *ctx, OnnxElement e, int rank, const OnnxIndex *dims);
MlirValue onnxConstantScalar(OnnxContext *ctx, OnnxElement e, double x); // arith.constant; integers are taken as given
MlirValue onnxConstantInt(OnnxContext *ctx, OnnxElement e, int64_t x);
MlirAttribute onnxScalarAttribute(OnnxContext *ctx, OnnxElement e, double x);
// Numeric conversion of a scalar between element types (ONNX Cast without saturation rules for float8).
MlirValue onnxConvert(OnnxContext *ctx, MlirValue x, OnnxElement from, OnnxElement to);

OnnxValue *onnxReshape(OnnxContext *ctx, OnnxValue *x, int rank, const OnnxIndex *dims); // folds; counts must agree
OnnxValue *onnxTranspose(OnnxContext *ctx, OnnxValue *x, const int64_t *permutation);    // folds
OnnxValue *onnxCast(OnnxContext *ctx, OnnxValue *x, OnnxElement to);                     // folds
OnnxValue *onnxExpand(OnnxContext *ctx, OnnxValue *x, int rank,
                      const OnnxIndex *dims); // materialised broadcast to exactly dims
// Positive steps only; sizes are the caller's.
OnnxValue *onnxSlice(OnnxContext *ctx, OnnxValue *x, const OnnxIndex *offsets, const OnnxIndex *sizes,
                     const OnnxIndex *steps);
MlirValue onnxInsertSlice(OnnxContext *ctx, MlirValue source, MlirValue dest, int rank, const OnnxIndex *offsets,
                          const OnnxIndex *sizes);
OnnxValue *onnxPad(OnnxContext *ctx, OnnxValue *x, const OnnxIndex *low, const OnnxIndex *high,
                   MlirValue scalar);                                               // constant padding
OnnxValue *onnxConcat(OnnxContext *ctx, int n, OnnxValue *const *inputs, int axis); // folds
// Common elementwise steps, for lowerings made of several ops.
typedef enum { ONNX_ADD, ONNX_SUB, ONNX_MUL, ONNX_DIV, ONNX_MAX, ONNX_MIN } OnnxArithmetic;
double onnxFoldFloat(OnnxArithmetic kind, double a, double b); // a NaN is handed on
MlirValue onnxArithmetic(OnnxContext *ctx, OnnxArithmetic kind, OnnxElement e, MlirValue a,
                         MlirValue b); // on scalars, with ONNX's semantics
// Reductions of floats (in float or double) or integers (in their own type).
typedef enum { ONNX_REDUCE_SUM, ONNX_REDUCE_PROD, ONNX_REDUCE_MAX, ONNX_REDUCE_MIN } OnnxReduction;
OnnxValue *onnxReduceWith(OnnxContext *ctx, OnnxReduction kind, OnnxValue *x, const bool *mask,
                          bool keepDims);                   // result in onnxWide type
MlirAttribute onnxLowest(OnnxContext *ctx, OnnxElement e);  // -inf, or the least integer
MlirAttribute onnxHighest(OnnxContext *ctx, OnnxElement e); // inf, or the greatest integer
OnnxValue *onnxBinary(OnnxContext *ctx, OnnxArithmetic kind, OnnxValue *a, OnnxValue *b);

void onnxSetOutput(OnnxContext *ctx, OnnxNode *node, int i, OnnxValue *v); // does nothing when the output is not wanted
bool onnxWantsOutput(const OnnxNode *node, int i);
