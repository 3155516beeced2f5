// Frames, calls, and tensors that come in and go out: see reference.h.
#include <stdlib.h>
#include <string.h>
#include "program.h"

enum { MAX_DEPTH = 2000 }; // of ctrl.call

MlirType refSlotType(const RefFrame *frame, int slot) { return frame->function->types[slot]; }
bool refIsTensorSlot(const RefFrame *frame, int slot) { return frame->function->isTensor[slot]; }

void refSetNumber(RefFrame *frame, int slot, RefValue value) { frame->slots[slot] = value; }

bool refSetTensor(RefFrame *frame, const RefStep *step, int slot, RefTensor *tensor) {
  MlirType type = refSlotType(frame, slot);
  if (!tensor) return refFail(step, "its result does not fit into memory, or a size is negative");
  bool fits = tensor->rank == mlirShapedTypeGetRank(type);
  for (int i = 0; fits && i < tensor->rank; ++i)
    fits = mlirShapedTypeIsDynamicDim(type, i) || mlirShapedTypeGetDimSize(type, i) == tensor->sizes[i];
  if (!fits) {
    char sizes[256] = "";
    for (int i = 0, n = 0; i < tensor->rank && n < 200; ++i)
      n += snprintf(sizes + n, sizeof sizes - (size_t)n, "%s%lld", i ? "x" : "", (long long)tensor->sizes[i]);
    refTensorRelease(tensor);
    return refFail(step, "a value of type %s has sizes %s", dlcShowType(type).text, sizes);
  }
  refTensorRelease(frame->slots[slot].tensor);
  frame->slots[slot].tensor = tensor;
  return true;
}

bool refCopySlot(RefFrame *frame, const RefStep *step, int to, int from) {
  if (!refIsTensorSlot(frame, to)) return refSetNumber(frame, to, frame->slots[from]), true;
  RefTensor *t = frame->slots[from].tensor;
  if (t) ++t->uses;
  return refSetTensor(frame, step, to, t);
}

bool refRunBlock(RefFrame *frame, const RefBlock *block) {
  for (int i = 0; i < block->nSteps; ++i)
    if (!block->steps[i].eval(frame, &block->steps[i])) return false;
  return true;
}

bool refCall(RefProgram *program, MlirStringRef name, MlirOperation caller, int depth, int nIn, const RefValue *in,
             int nOut, RefValue *out) {
  if (depth > MAX_DEPTH) return (void)dlcError(caller, "recurses more than %d deep", MAX_DEPTH), false;
  RefFunction *f = refFunctionOf(program, name, caller);
  if (!f) return false;
  if (!f->sound || f->body.nArgs != nIn || f->body.nYields != nOut)
    return (void)dlcError(caller, "calls @%s, which has another number of arguments or results", f->name), false;
  RefFrame frame = {program, f, calloc((size_t)f->nSlots + 1, sizeof(RefValue)), NULL, 0, depth};
  if (!frame.slots) abort();
  RefStep step = {.op = caller};
  bool ok = true;
  for (int i = 0; ok && i < nIn; ++i) {
    int slot = f->body.args[i];
    if (!refIsTensorSlot(&frame, slot)) {
      refSetNumber(&frame, slot, in[i]);
    } else {
      ++in[i].tensor->uses;
      ok = refSetTensor(&frame, &step, slot, in[i].tensor);
    }
  }
  ok = ok && refRunBlock(&frame, &f->body);
  for (int i = 0; ok && i < nOut; ++i) {
    out[i] = frame.slots[f->body.yields[i]];
    if (refIsTensorSlot(&frame, f->body.yields[i])) ++out[i].tensor->uses;
  }
  for (int i = 0; i < f->nSlots; ++i)
    if (f->isTensor[i]) refTensorRelease(frame.slots[i].tensor);
  free(frame.slots);
  return ok;
}

//===--- tensors of the caller --------------------------------------------------------------===//
static bool takeInput(const RefProgram *p, int i, const DLTensor *given, RefTensor **out) {
  RefType type;
  MlirType want = p->main->types[p->main->body.args[i]];
  RefStep step = {.op = p->main->op};
  if (!mlirTypeIsARankedTensor(want) || !refTypeOf(want, &type))
    return refFail(&step, "input %d has a type that the interpreter does not know", i);
  dlrt_dtype_t dtype;
  if (dlrt_dtype_from_dlpack(given->dtype, &dtype)) return refFail(&step, "input %d has a strange data type", i);
  bool isFloat = dtype <= DLRT_FLOAT64, isBrain = dtype == DLRT_BFLOAT16;
  if (dlrt_dtype_size(dtype) != refBytes(type) || isFloat != (type.kind != REF_INTEGER) ||
      isBrain != (type.kind == REF_BF16) || (dtype == DLRT_BOOL) != (type.bits == 1))
    return refFail(&step, "input %d is %s, not %s", i, dlrt_dtype_name(dtype), dlcShowType(want).text);
  *out = refTensorCreate(type, given->ndim, given->shape);
  if (!*out) return refFail(&step, "input %d does not fit into memory", i);
  const char *bytes = (const char *)given->data + given->byte_offset;
  for (int64_t k = 0; k < (*out)->count; ++k) (*out)->elements[k] = refLoad(type, bytes + (size_t)k * refBytes(type));
  return true;
}

// dlc.dtype of a result, which knows what is unsigned; else from the type.
static dlrt_dtype_t dtypeOf(const RefProgram *p, int i, RefType type) {
  char name[64] = "";
  MlirAttribute all = dlcAttr(p->main->op, "res_attrs");
  MlirAttribute one = !mlirAttributeIsNull(all) && i < dlcArraySize(all)
                          ? mlirDictionaryAttrGetElementByName(mlirArrayAttrGetElement(all, i), dlcText("dlc.dtype"))
                          : (MlirAttribute){0};
  dlrt_dtype_t dtype;
  if (!mlirAttributeIsNull(one) && mlirAttributeIsAString(one)) {
    MlirStringRef s = mlirStringAttrGetValue(one);
    snprintf(name, sizeof name, "%.*s", (int)s.length, s.data);
  }
  if (!dlrt_dtype_from_name(name, &dtype) && dlrt_dtype_size(dtype) == refBytes(type)) return dtype;
  return type.kind == REF_BF16  ? DLRT_BFLOAT16
         : type.kind == REF_F16 ? DLRT_FLOAT16
         : type.kind == REF_F32 ? DLRT_FLOAT32
         : type.kind == REF_F64 ? DLRT_FLOAT64
         : type.bits == 1       ? DLRT_BOOL
         : type.bits <= 8       ? DLRT_INT8
         : type.bits <= 16      ? DLRT_INT16
         : type.bits <= 32      ? DLRT_INT32
                                : DLRT_INT64;
}

static bool giveOutput(const RefProgram *p, int i, const RefTensor *t, DLManagedTensor **out) {
  dlrt_status_t status = dlrt_tensor_create(dtypeOf(p, i, t->type), t->rank, t->sizes, out);
  RefStep step = {.op = p->main->op};
  if (status.code) return refFail(&step, "output %d: %s", i, status.message);
  char *bytes = (*out)->dl_tensor.data;
  for (int64_t k = 0; k < t->count; ++k) refStore(t->type, bytes + (size_t)k * refBytes(t->type), t->elements[k]);
  return true;
}

bool refProgramRun(RefProgram *program, const DLTensor *const *inputs, DLManagedTensor **outputs) {
  int nIn = refProgramInputs(program), nOut = refProgramOutputs(program);
  RefValue *in = calloc((size_t)nIn + 1, sizeof *in), *out = calloc((size_t)nOut + 1, sizeof *out);
  if (!in || !out) abort();
  RefStep step = {.op = program->main->op};
  bool ok = true;
  for (int i = 0; i < nOut; ++i) outputs[i] = NULL;
  for (int i = 0; ok && i < nOut; ++i)
    if (!program->main->isTensor[program->main->body.yields[i]]) ok = refFail(&step, "result #%d is no tensor", i);
  for (int i = 0; ok && i < nIn; ++i) ok = takeInput(program, i, inputs[i], &in[i].tensor);
  ok = ok && refCall(program, dlcText("main"), program->main->op, 0, nIn, in, nOut, out);
  for (int i = 0; ok && i < nOut; ++i) ok = giveOutput(program, i, out[i].tensor, &outputs[i]);
  for (int i = 0; i < nIn; ++i) refTensorRelease(in[i].tensor);
  for (int i = 0; i < nOut; ++i) {
    refTensorRelease(out[i].tensor);
    if (!ok) dlrt_tensor_release(outputs[i]), outputs[i] = NULL;
  }
  free(in), free(out);
  return ok;
}
