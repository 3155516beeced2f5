// See lowering/host/parts.h.
#include "lowering/host/parts.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dlc/ir.h"
#include "ods/llvm.h"

enum { LEAST_OPS = 3000 }; // of a part: less is made faster than a module costs

//===--- sizes ----------------------------------------------------------------------------===//
typedef struct {
  MlirOperation task, entry;
  intptr_t ops, index;
} Group;

static MlirWalkResult countOp(MlirOperation op, void *n) {
  (void)op;
  ++*(intptr_t *)n;
  return MlirWalkResultAdvance;
}

static MlirOperation lookUp(MlirSymbolTable table, MlirStringRef name) { return mlirSymbolTableLookup(table, name); }

static Group *collectGroups(MlirOperation module, MlirSymbolTable table, intptr_t *n, intptr_t *total) {
  static const char prefix[] = "dlc_task_";
  Group *groups = NULL;
  intptr_t capacity = 0;
  dlcForEachOp(op, bodyOf(mlirOperationGetRegion(module, 0))) {
    MlirStringRef name = llvm_func_isa(op) ? llvm_func_sym_name(op) : (MlirStringRef){0};
    if (name.length < sizeof prefix || strncmp(name.data, prefix, sizeof prefix - 1)) continue;
    char entry[64];
    snprintf(entry, sizeof entry, "dlc_entry_%.*s", (int)(name.length - sizeof prefix + 1),
             name.data + sizeof prefix - 1);
    Group g = {.task = op, .entry = lookUp(table, dlcText(entry)), .index = *n};
    if (!g.entry.ptr || !bodyOf(llvm_func_body(op)).ptr) continue;
    mlirOperationWalk(op, countOp, &g.ops, MlirWalkPreOrder);
    if (*n == capacity) groups = realloc(groups, (size_t)(capacity = 2 * capacity + 64) * sizeof *groups);
    groups[(*n)++] = g;
    *total += g.ops;
  }
  return groups;
}

static int bySize(const void *x, const void *y) {
  const Group *a = x, *b = y;
  if (a->ops != b->ops) return a->ops > b->ops ? -1 : 1;
  return a->index < b->index ? -1 : a->index > b->index;
}

//===--- what modules use of each other -----------------------------------------------------===//
typedef struct {
  DlcBuilder *b;
  MlirSymbolTable table; // of the whole program, as it was
  MlirOperation module;
  MlirAttribute external; // the linkage
  DlcPointerMap declared; // in this module, by their definitions
} Uses;

static void declare(Uses *u, MlirOperation definition) {
  if (!mlirAttributeEqual(dlcAttr(definition, "linkage"), u->external)) { // internal or private
    dlcSetAttr(definition, "linkage", u->external);
    dlcSetAttr(definition, "visibility_",
               mlirIntegerAttrGet(mlirIntegerTypeGet(u->b->ctx, 64), LLVM_Visibility_Hidden));
  }
  DlcMapping map = dlcMappingCreate();
  dlcAtStart(u->b, bodyOf(mlirOperationGetRegion(u->module, 0))) {
    MlirOperation declaration = dlcCloneShell(u->b, definition, map);
    if (llvm_mlir_global_isa(declaration)) mlirOperationRemoveAttributeByName(declaration, dlcText("value"));
  }
  dlcMappingDestroy(map);
}

static MlirWalkResult visitUse(MlirOperation op, void *data) {
  Uses *u = data;
  MlirStringRef name = llvm_call_isa(op)             ? llvm_call_callee(op)
                       : llvm_mlir_addressof_isa(op) ? llvm_mlir_addressof_global_name(op)
                                                     : (MlirStringRef){0};
  MlirOperation definition = name.length ? lookUp(u->table, name) : (MlirOperation){0};
  if (!definition.ptr || mlirOperationEqual(mlirOperationGetParentOperation(definition), u->module) ||
      dlcPointerMapGet(&u->declared, definition.ptr) >= 0)
    return MlirWalkResultAdvance;
  dlcPointerMapSet(&u->declared, definition.ptr, 1);
  declare(u, definition);
  return MlirWalkResultAdvance;
}

static void declareUsed(DlcBuilder *b, MlirSymbolTable table, MlirOperation module) {
  Uses u = {.b = b,
            .table = table,
            .module = module,
            .external = mlirAttributeParseGet(b->ctx, dlcText("#llvm.linkage<external>"))};
  mlirOperationWalk(module, visitUse, &u, MlirWalkPreOrder);
  dlcPointerMapDestroy(&u.declared);
}

//===--- splitting ----------------------------------------------------------------------------===//
static MlirModule emptyLike(MlirOperation module) {
  MlirModule m = mlirModuleCreateEmpty(mlirOperationGetLocation(module));
  for (intptr_t i = 0; i < mlirOperationGetNumDiscardableAttributes(module); ++i) {
    MlirNamedAttribute a = mlirOperationGetDiscardableAttribute(module, i);
    mlirOperationSetDiscardableAttributeByName(mlirModuleGetOperation(m), mlirIdentifierStr(a.name), a.attribute);
  }
  return m;
}

static void moveTo(MlirModule module, MlirOperation op) {
  mlirOperationRemoveFromParent(op);
  mlirBlockAppendOwnedOperation(mlirModuleGetBody(module), op);
}

void dlcHostSplit(MlirOperation module, DlcHostParts *parts) {
  *parts = (DlcHostParts){0};
  MlirSymbolTable table = mlirSymbolTableCreate(module);
  intptr_t n = 0, total = 0, load[DLC_MOST_PARTS] = {0};
  Group *groups = collectGroups(module, table, &n, &total);
  if (total / LEAST_OPS > 1) {
    parts->n = total / LEAST_OPS < DLC_MOST_PARTS ? total / LEAST_OPS : DLC_MOST_PARTS;
    if (parts->n > n) parts->n = n;
    qsort(groups, (size_t)n, sizeof *groups, bySize);
    for (intptr_t i = 0; i < parts->n; ++i) parts->modules[i] = emptyLike(module);
    for (intptr_t i = 0; i < n; ++i) { // the largest ones first, each to where there is least
      intptr_t least = 0;
      for (intptr_t k = 1; k < parts->n; ++k)
        if (load[k] < load[least]) least = k;
      load[least] += groups[i].ops;
      moveTo(parts->modules[least], groups[i].task), moveTo(parts->modules[least], groups[i].entry);
    }
    MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(module));
    DlcBuilder b = {rewriter, mlirOperationGetContext(module), mlirOperationGetLocation(module), false};
    for (intptr_t i = 0; i < parts->n; ++i) declareUsed(&b, table, mlirModuleGetOperation(parts->modules[i]));
    declareUsed(&b, table, module);
    mlirIRRewriterDestroy(rewriter);
  }
  free(groups);
  mlirSymbolTableDestroy(table);
}

void dlcHostPartsDestroy(DlcHostParts *parts) {
  for (intptr_t i = 0; i < parts->n; ++i) mlirModuleDestroy(parts->modules[i]);
  *parts = (DlcHostParts){0};
}
