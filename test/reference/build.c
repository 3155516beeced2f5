// Functions become steps and slots: see reference.h.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "program.h"
#include "dlc/analysis.h"

typedef struct Chunk {
  struct Chunk *next;
} Chunk;

void *refAllocate(RefProgram *program, size_t bytes) {
  Chunk *c = calloc(1, sizeof *c + 16 + bytes);
  if (!c) abort();
  c->next = program->memory;
  program->memory = c;
  return (char *)c + 16;
}

bool refFail(const RefStep *step, const char *format, ...) {
  char text[512];
  va_list list;
  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  (void)dlcError(step->op, "%s", text);
  return false;
}

const RefAffine *refAffineOf(RefProgram *program, MlirAffineExpr e) {
  RefAffine *a = refAllocate(program, sizeof *a);
  if (mlirAffineExprIsADim(e)) {
    a->kind = REF_DIM, a->value = mlirAffineDimExprGetPosition(e);
  } else if (mlirAffineExprIsASymbol(e)) {
    a->kind = REF_SYMBOL, a->value = mlirAffineSymbolExprGetPosition(e);
  } else if (mlirAffineExprIsAConstant(e)) {
    a->kind = REF_CONSTANT, a->value = mlirAffineConstantExprGetValue(e);
  } else {
    a->kind = mlirAffineExprIsAAdd(e)        ? REF_ADD
              : mlirAffineExprIsAMul(e)      ? REF_MUL
              : mlirAffineExprIsAMod(e)      ? REF_MOD
              : mlirAffineExprIsAFloorDiv(e) ? REF_FLOORDIV
                                             : REF_CEILDIV;
    a->lhs = refAffineOf(program, mlirAffineBinaryOpExprGetLHS(e));
    a->rhs = refAffineOf(program, mlirAffineBinaryOpExprGetRHS(e));
  }
  return a;
}

//===--- slots ------------------------------------------------------------------------------===//
static int addSlot(RefFunction *f, MlirValue v) {
  if (f->nSlots == f->capacity) {
    f->capacity = f->capacity ? 2 * f->capacity : 64;
    f->types = realloc(f->types, (size_t)f->capacity * sizeof *f->types);
    f->isTensor = realloc(f->isTensor, (size_t)f->capacity * sizeof *f->isTensor);
    if (!f->types || !f->isTensor) abort();
  }
  f->types[f->nSlots] = mlirValueGetType(v);
  f->isTensor[f->nSlots] = mlirTypeIsARankedTensor(f->types[f->nSlots]);
  dlcPointerMapSet(&f->slots, v.ptr, f->nSlots);
  return f->nSlots++;
}

// Values are numbered in order, so an operand has a slot already.
static int *operandSlots(RefBuild *b, MlirOperation op, int *n) {
  *n = (int)mlirOperationGetNumOperands(op);
  int *slots = refAllocate(b->program, (size_t)(*n + 1) * sizeof *slots);
  for (int i = 0; i < *n; ++i)
    slots[i] = (int)dlcPointerMapGet(&b->function->slots, mlirOperationGetOperand(op, i).ptr);
  return slots;
}

//===--- steps ------------------------------------------------------------------------------===//
static const RefOpSpec *findSpec(MlirOperation op) {
  static const RefOpSpec *const tables[] = {refFloatOps, refIntegerOps, refTensorOps,
                                            refSliceOps, refLinalgOps,  refControlOps};
  MlirStringRef name = mlirIdentifierStr(mlirOperationGetName(op));
  for (size_t i = 0; i < sizeof tables / sizeof *tables; ++i)
    for (const RefOpSpec *s = tables[i]; s->name; ++s)
      if (strlen(s->name) == name.length && !memcmp(s->name, name.data, name.length)) return s;
  return NULL;
}

static bool evalScalar(RefFrame *frame, const RefStep *s) {
  RefValue in[4], out;
  for (int i = 0; i < s->nIn; ++i) in[i] = refIn(frame, s, i);
  if (!s->scalar(s, in, &out)) return false;
  refSetNumber(frame, s->out[0], out);
  return true;
}

// The same op on tensors of one shape. arith.select may have one number for all.
static bool evalElements(RefFrame *frame, const RefStep *s) {
  const RefTensor *shape = NULL;
  for (int i = 0; i < s->nIn; ++i)
    if (refIsTensorSlot(frame, s->in[i])) shape = refTensorIn(frame, s, i);
  if (!shape) return refFail(s, "no operand is a tensor");
  for (int i = 0; i < s->nIn; ++i) {
    const RefTensor *t = refTensorIn(frame, s, i);
    if (!refIsTensorSlot(frame, s->in[i])) continue;
    if (t->rank != shape->rank || memcmp(t->sizes, shape->sizes, (size_t)t->rank * sizeof *t->sizes))
      return refFail(s, "operands differ in shape");
  }
  RefTensor *out = refTensorCreate(s->type, shape->rank, shape->sizes);
  for (int64_t at = 0; out && at < out->count; ++at) {
    RefValue in[4];
    for (int i = 0; i < s->nIn; ++i)
      in[i] = refIsTensorSlot(frame, s->in[i]) ? refTensorIn(frame, s, i)->elements[at] : refIn(frame, s, i);
    if (!s->scalar(s, in, &out->elements[at])) return refTensorRelease(out), false;
  }
  return refSetTensor(frame, s, s->out[0], out);
}

// The types that calculate; false after a diagnostic.
static bool setTypes(RefStep *s) {
  for (int i = 0; i < s->nIn; ++i) {
    RefType type;
    if (!refTypeOf(mlirValueGetType(mlirOperationGetOperand(s->op, i)), &type))
      return refFail(s, "operand #%d has a type that the interpreter does not know", i);
    if (!i) s->from = type;
  }
  for (int i = 0; i < s->nOut; ++i) {
    RefType type;
    if (!refTypeOf(mlirValueGetType(mlirOperationGetResult(s->op, i)), &type))
      return refFail(s, "result #%d has a type that the interpreter does not know", i);
    if (!i) s->type = type;
  }
  return true;
}

static bool prepareBlock(RefBuild *b, MlirBlock block, RefBlock *out);

static bool prepareRegions(RefBuild *b, RefStep *s) {
  s->nBlocks = (int)mlirOperationGetNumRegions(s->op);
  s->blocks = refAllocate(b->program, (size_t)(s->nBlocks + 1) * sizeof *s->blocks);
  for (int i = 0; i < s->nBlocks; ++i) {
    MlirBlock block = mlirRegionGetFirstBlock(mlirOperationGetRegion(s->op, i));
    if (!mlirBlockIsNull(block) && !mlirBlockIsNull(mlirBlockGetNextInRegion(block)))
      return refFail(s, "has a region of several blocks, which the interpreter does not know");
    if (!mlirBlockIsNull(block) && !prepareBlock(b, block, &s->blocks[i])) return false;
  }
  return true;
}

static bool prepareStep(RefBuild *b, MlirOperation op, RefStep *s) {
  s->op = op;
  const RefOpSpec *spec = findSpec(op);
  bool structured = !spec && dlcIsLinalgOp(op);
  if (!spec && !structured) return refFail(s, "is not known to the interpreter");
  s->in = operandSlots(b, op, &s->nIn);
  s->nOut = (int)mlirOperationGetNumResults(op);
  if (!setTypes(s)) return false;
  bool scalar = spec && spec->scalar;
  if (scalar && (s->nIn > 4 || s->nOut != 1)) return refFail(s, "has a form that the interpreter does not know");
  // Results come before regions, which cannot see them, but whose slots may then be told apart from them.
  s->out = refAllocate(b->program, (size_t)(s->nOut + 1) * sizeof *s->out);
  for (int i = 0; i < s->nOut; ++i) s->out[i] = addSlot(b->function, mlirOperationGetResult(op, i));
  if (!prepareRegions(b, s)) return false;
  s->scalar = scalar ? spec->scalar : NULL;
  s->eval = structured                         ? refEvalStructured
            : !scalar                          ? spec->eval
            : b->function->isTensor[s->out[0]] ? evalElements
                                               : evalScalar;
  if (structured) return refPrepareStructured(b, s);
  return !spec->prepare || spec->prepare(b, s);
}

static bool prepareBlock(RefBuild *b, MlirBlock block, RefBlock *out) {
  out->nArgs = (int)mlirBlockGetNumArguments(block);
  out->args = refAllocate(b->program, (size_t)(out->nArgs + 1) * sizeof *out->args);
  for (int i = 0; i < out->nArgs; ++i) out->args[i] = addSlot(b->function, mlirBlockGetArgument(block, i));
  out->terminator = mlirBlockGetTerminator(block);
  int n = 0;
  dlcForEachOp(op, block) ++n;
  out->steps = refAllocate(b->program, (size_t)(n + 1) * sizeof *out->steps);
  dlcForEachOp(op, block) {
    if (mlirOperationEqual(op, out->terminator)) break;
    if (!prepareStep(b, op, &out->steps[out->nSteps++])) return false;
  }
  if (!mlirOperationIsNull(out->terminator)) out->yields = operandSlots(b, out->terminator, &out->nYields);
  return true;
}

//===--- functions --------------------------------------------------------------------------===//
static void destroyFunction(RefFunction *f) {
  dlcPointerMapDestroy(&f->slots);
  free(f->types);
  free(f->isTensor);
}

RefFunction *refFunctionOf(RefProgram *program, MlirStringRef name, MlirOperation caller) {
  char text[256];
  snprintf(text, sizeof text, "%.*s", (int)name.length, name.data);
  for (RefFunction *f = program->functions; f; f = f->next)
    if (!strcmp(f->name, text)) return f;
  MlirOperation op = dlcLookupSymbol(program->module, text);
  if (mlirOperationIsNull(op) || !dlcOpIs(op, "func.func", 9) || !mlirOperationGetNumRegions(op) ||
      mlirBlockIsNull(mlirRegionGetFirstBlock(mlirOperationGetRegion(op, 0))))
    return (void)dlcError(caller, "there is no func.func @%s with a body", text), NULL;
  RefFunction *f = refAllocate(program, sizeof *f);
  f->next = program->functions;
  program->functions = f;
  memcpy(f->name, text, sizeof text);
  f->op = op;
  RefBuild b = {program, f};
  f->sound = prepareBlock(&b, mlirRegionGetFirstBlock(mlirOperationGetRegion(op, 0)), &f->body);
  return f->sound ? f : NULL;
}

RefProgram *refProgramCreate(MlirModule module) {
  RefProgram *p = calloc(1, sizeof *p);
  if (!p) abort();
  p->module = mlirModuleGetOperation(module);
  p->main = refFunctionOf(p, dlcText("main"), p->module);
  if (!p->main) return refProgramDestroy(p), NULL;
  return p;
}

void refProgramDestroy(RefProgram *program) {
  if (!program) return;
  for (RefFunction *f = program->functions; f; f = f->next) destroyFunction(f);
  for (Chunk *c = program->memory, *next; c; c = next) next = c->next, free(c);
  free(program);
}

int refProgramInputs(const RefProgram *program) { return program->main->body.nArgs; }
int refProgramOutputs(const RefProgram *program) { return program->main->body.nYields; }
