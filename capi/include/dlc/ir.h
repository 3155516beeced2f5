// Small questions about IR that several passes ask.
#pragma once
#include "dlc/builder.h"

int64_t dlcElementBytes(MlirType element);                  // in memory: i1 takes a byte, index eight; 0: not a number
bool dlcIsScalarConstant(MlirOperation op);                 // arith.constant of no tensor and no vector
bool dlcConstantIndex(MlirValue v, int64_t *out);           // an arith.constant integer or index
bool dlcIsInside(MlirOperation op, MlirOperation ancestor); // or ancestor itself
bool dlcBlockIsInside(MlirBlock block, MlirOperation ancestor);
// The op of `block` that op is or stands in; null: none.
MlirOperation dlcAncestorIn(MlirOperation op, MlirBlock block);
bool dlcIsMadeInside(MlirValue v, MlirOperation ancestor); // by an op in it, or as an argument of a block of it
// Whether op may run where the program would not have come yet: it is pure, and neither it nor what it holds reads or
// writes a tensor by index, which may be one that the tensor has only where the program comes.
bool dlcMayRunEarly(MlirOperation op);
bool dlcIsStatic(MlirType shaped);                                // ranked, all sizes known
int64_t dlcStaticBytes(MlirType shaped);                          // of a static shape; -1: overflow
MlirOperation dlcCloneAlone(DlcBuilder *b, MlirOperation op);     // with the operands it has
bool dlcIsUnused(MlirOperation op);                               // no result has a use
MlirOperation dlcPreviousInBlock(MlirOperation op);               // null before the first
MlirOperation dlcParentNamed(MlirOperation op, const char *name); // nearest enclosing op of that name, or null
static inline MlirStringRef dlcText(const char *s) { return mlirStringRefCreateFromCString(s); }

// A name for what op computes: that of the model's node where the location has one, else the op's. Lives as long as the
// context.
MlirStringRef dlcLabelOf(MlirOperation op);

// A list of values, in the order of addition.
typedef struct {
  MlirValue *data;
  intptr_t n, capacity;
} DlcValueList;
void dlcValueListAdd(DlcValueList *list, MlirValue v);    // unless it is in it
void dlcValueListAppend(DlcValueList *list, MlirValue v); // even so
void dlcValueListDestroy(DlcValueList *list);
intptr_t dlcValueListFind(const DlcValueList *list, MlirValue v); // -1: not in it
static inline DlcValues dlcValuesOf(const DlcValueList *list) { return valsN(list->n, list->data); }

// The values that op or what it holds uses and that are defined outside of op.
void dlcCaptures(MlirOperation op, DlcValueList *list);

// Pointers to numbers, for the side tables of a pass. Absent keys read as -1.
typedef struct {
  const void **keys;
  int64_t *values;
  size_t n, capacity;
} DlcPointerMap;
int64_t dlcPointerMapGet(const DlcPointerMap *map, const void *key);
void dlcPointerMapSet(DlcPointerMap *map, const void *key, int64_t value);
void dlcPointerMapDestroy(DlcPointerMap *map);

// The type of memref.subview (rank kept) of a buffer of type `source`.
MlirType dlcSubviewType(MlirType source, intptr_t rank, const int64_t *offsets, const int64_t *sizes,
                        const int64_t *strides);
MlirOperation dlcFill(DlcBuilder *b, MlirValue scalar, MlirValue buffer); // linalg.fill, of a tensor or a buffer
// Whether an operand of a LinalgOp has this loop as a place in a window (d0 + 2 * d2), not as an index of its own.
bool dlcIsWindowLoop(MlirOperation op, intptr_t loop);
// Whether one of the loops of a TilingInterface op is no parallel one. False for other ops.
bool dlcReduces(MlirOperation op);
// iterator_types of n loops; isReduction: NULL: all are parallel.
MlirAttribute dlcIterators(DlcBuilder *b, intptr_t n, const bool *isReduction);
bool dlcIsLinalgOut(MlirOperation op, MlirValue v); // an out operand of a LinalgOp
bool dlcIsRegionAlike(MlirRegion a, MlirRegion b);  // the same ops on the same values from outside, locations aside
// Parses text that refers to symbols which its place is going to have: not verified. Null: a diagnostic was emitted.
MlirModule dlcParseUnverified(MlirContext ctx, MlirStringRef text);
MlirOperation dlcLookupSymbol(MlirOperation table, const char *name); // null: none
// Splits the block of op before op; the part from op on is given back.
MlirBlock dlcSplitBlock(DlcBuilder *b, MlirOperation op);
// Replaces the memory space of every memref type under root by none.
void dlcEraseMemorySpaces(MlirOperation root);
// The bytes of a dense or dense_resource constant as they lie in memory (i1: one byte each). False: not such a
// constant.
bool dlcForConstantBytes(MlirAttribute attr, void (*take)(const void *bytes, size_t n, void *data), void *data);
// A dense_resource constant of a static type, from bytes as they lie in memory; takes them over, to be freed with
// free(). Equal bytes of one name are one constant: the name gets the hash of them behind it.
MlirAttribute dlcConstantOfBytes(MlirType type, const char *name, void *bytes);
