// See passes/tile/prices.h.
#include "passes/tile/prices.h"
#include <stdlib.h>
#include <string.h>
#include "dlc/analysis.h"
#include "dlc/ir.h"

//===--- keys ---------------------------------------------------------------------------------===//
typedef struct {
  DlcText key;
  DlcPointerMap numbers; // of the values met so far
  int64_t next;
} Writer;

static void writeBytes(Writer *w, const void *bytes, size_t n) { dlcTextAppend(&w->key, bytes, n); }
static void writeNumber(Writer *w, int64_t number) { writeBytes(w, &number, sizeof number); }
static void writePointer(Writer *w, const void *pointer) {
  writeBytes(w, &pointer, sizeof pointer);
} // of what is unique

static void writeNew(Writer *w, MlirValue v) {
  dlcPointerMapSet(&w->numbers, v.ptr, w->next++);
  writePointer(w, typeOf(v).ptr);
}

// By its number; one that is met for the first time comes from outside.
static void writeUse(Writer *w, MlirValue v) {
  int64_t number = dlcPointerMapGet(&w->numbers, v.ptr);
  writeNumber(w, number);
  if (number >= 0) return;
  writeNew(w, v);
  MlirOperation maker = opOf(v);
  writePointer(w, maker.ptr ? mlirOperationGetName(maker).ptr : NULL);
}

static void writeOp(Writer *w, MlirOperation op) {
  writePointer(w, mlirOperationGetName(op).ptr);
  writeNumber(w, mlirOperationGetNumOperands(op));
  for (intptr_t i = 0; i < mlirOperationGetNumOperands(op); ++i) writeUse(w, mlirOperationGetOperand(op, i));
  writeNumber(w, mlirOperationGetNumAttributes(op));
  for (intptr_t i = 0; i < mlirOperationGetNumAttributes(op); ++i) {
    MlirNamedAttribute attr = mlirOperationGetAttribute(op, i);
    writePointer(w, attr.name.ptr), writePointer(w, attr.attribute.ptr);
  }
  for (intptr_t r = 0; r < mlirOperationGetNumRegions(op); ++r) {
    MlirBlock block = bodyOf(mlirOperationGetRegion(op, r));
    for (intptr_t i = 0; block.ptr && i < mlirBlockGetNumArguments(block); ++i) writeNew(w, argOf(block, i));
    if (block.ptr)
      dlcForEachOp(inner, block) writeOp(w, inner);
    writeNumber(w, -2);
  }
  for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i) {
    writeNew(w, mlirOperationGetResult(op, i));
    writeNumber(w, hasOneUse(mlirOperationGetResult(op, i)));
  }
}

DlcText dlcPriceKeyOf(const DlcTileGraph *graph, intptr_t n, const MlirOperation *ops, MlirOperation root) {
  Writer w = {.next = 0};
  for (intptr_t i = 0; i < n; ++i) writeOp(&w, ops[i]);
  MlirValue results[DLC_MAX_RESULTS] = {mlirOperationGetResult(root, 0)};
  intptr_t nResults = graph ? dlcTileGraphResults(graph, results) : 1;
  for (intptr_t i = 0; i < nResults; ++i) writeUse(&w, results[i]);
  if (graph) {
    writeBytes(&w, graph->tileable, sizeof graph->tileable);
    writeNumber(&w, dlcTileInnerBorder(graph));
  }
  dlcPointerMapDestroy(&w.numbers);
  return w.key;
}

//===--- prices -------------------------------------------------------------------------------===//
bool dlcPricesFind(const DlcPrices *prices, const DlcText *key, double *seconds) {
  uint64_t hash = dlcHashBytes(key->data, key->n);
  for (intptr_t i = 0; i < prices->n; ++i) {
    const DlcPrice *p = &prices->data[i];
    if (p->hash != hash || p->key.n != key->n || memcmp(p->key.data, key->data, key->n) != 0) continue;
    *seconds = p->seconds;
    return true;
  }
  return false;
}

void dlcPricesAdd(DlcPrices *prices, DlcText key, double seconds) {
  prices->data = realloc(prices->data, (size_t)(prices->n + 1) * sizeof *prices->data);
  prices->data[prices->n++] = (DlcPrice){dlcHashBytes(key.data, key.n), key, seconds};
}

void dlcPricesDestroy(DlcPrices *prices) {
  for (intptr_t i = 0; i < prices->n; ++i) dlcTextDestroy(&prices->data[i].key);
  free(prices->data);
  *prices = (DlcPrices){0};
}
