// Nodes as their lowerings see them: attributes with types and defaults, and
// the one diagnostic of an import that fails.
#include "frontends/onnx/import.h"
#include "mlir-c/Diagnostics.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool onnxFailed(const OnnxContext *ctx) { return ctx->status != DLC_IMPORT_OK; }

static void report(OnnxContext *ctx, DlcImportStatus status, const char *format, va_list arguments) {
  if (ctx->status) return;
  ctx->status = status;
  if (ctx->builder.failed) return; // the builder has said it already
  ctx->builder.failed = true;
  char what[1024], text[1400];
  vsnprintf(what, sizeof what, format, arguments);
  if (ctx->node)
    snprintf(text, sizeof text, "node \"%.200s\" (%.60s, opset %lld): %s", ctx->node->name, ctx->node->type,
             (long long)ctx->node->opset, what);
  else
    snprintf(text, sizeof text, "%s", what);
  mlirEmitError(ctx->builder.loc, text);
}
void onnxRefuse(OnnxContext *ctx, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  report(ctx, DLC_IMPORT_REFUSED, format, arguments);
  va_end(arguments);
}
void onnxInvalid(OnnxContext *ctx, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  report(ctx, DLC_IMPORT_INVALID, format, arguments);
  va_end(arguments);
}
void onnxRefuseElement(OnnxContext *ctx, const OnnxValue *v) {
  onnxRefuse(ctx, "element type %s is not supported", onnxElementName(v->element));
}

//===--- attributes ---
enum { FLOAT = 1, INT, STRING, TENSOR, GRAPH, FLOATS, INTS, STRINGS };

static const Onnx__AttributeProto *findIn(size_t n, Onnx__AttributeProto **list, const char *name) {
  for (size_t i = 0; i < n; ++i)
    if (list[i]->name && !strcmp(list[i]->name, name)) return list[i];
  return NULL;
}
// Inside a model-local function an attribute may stand for one of the calling node.
static const Onnx__AttributeProto *resolve(const Onnx__AttributeProto *a, const OnnxFrame *frame) {
  while (a && a->ref_attr_name && a->ref_attr_name[0] && frame) {
    const char *name = a->ref_attr_name;
    const Onnx__NodeProto *call = frame->call->proto;
    a = findIn(call->n_attribute, call->attribute, name);
    const OnnxFrame *next = frame->outer;
    if (!a) a = findIn(frame->function->n_attribute_proto, frame->function->attribute_proto, name), next = NULL;
    frame = next;
  }
  return a;
}
static const Onnx__AttributeProto *find(OnnxContext *ctx, OnnxNode *node, const char *name, int type) {
  if (ctx->status) return NULL;
  for (size_t i = 0; i < node->proto->n_attribute; ++i) {
    const Onnx__AttributeProto *a = node->proto->attribute[i];
    if (!a->name || strcmp(a->name, name)) continue;
    node->attributesRead[i] = true;
    a = resolve(a, ctx->frame);
    if (a && a->has_type && a->type && a->type != type)
      return onnxInvalid(ctx, "attribute %s has type %d, not %d", name, a->type, type), NULL;
    return a;
  }
  return NULL;
}
bool onnxHasAttribute(OnnxNode *node, const char *name) {
  return findIn(node->proto->n_attribute, node->proto->attribute, name) != NULL;
}

int64_t onnxInt(OnnxContext *ctx, OnnxNode *node, const char *name, int64_t initial) {
  const Onnx__AttributeProto *a = find(ctx, node, name, INT);
  return a ? a->i : initial;
}
double onnxFloat(OnnxContext *ctx, OnnxNode *node, const char *name, double initial) {
  const Onnx__AttributeProto *a = find(ctx, node, name, FLOAT);
  return a ? (double)a->f : initial;
}
static const char *copyText(OnnxContext *ctx, ProtobufCBinaryData s) {
  char *text = onnxAllocate(ctx, s.len + 1);
  if (s.len) memcpy(text, s.data, s.len);
  return text;
}
const char *onnxString(OnnxContext *ctx, OnnxNode *node, const char *name, const char *initial) {
  const Onnx__AttributeProto *a = find(ctx, node, name, STRING);
  return a ? copyText(ctx, a->s) : initial;
}
int onnxInts(OnnxContext *ctx, OnnxNode *node, const char *name, const int64_t **out) {
  const Onnx__AttributeProto *a = find(ctx, node, name, INTS);
  *out = a ? a->ints : NULL;
  return a ? (int)a->n_ints : 0;
}
int onnxFloats(OnnxContext *ctx, OnnxNode *node, const char *name, const float **out) {
  const Onnx__AttributeProto *a = find(ctx, node, name, FLOATS);
  *out = a ? a->floats : NULL;
  return a ? (int)a->n_floats : 0;
}
int onnxStrings(OnnxContext *ctx, OnnxNode *node, const char *name, const char *const **out) {
  const Onnx__AttributeProto *a = find(ctx, node, name, STRINGS);
  *out = NULL;
  if (!a) return 0;
  const char **list = onnxAllocate(ctx, a->n_strings * sizeof *list + 1);
  for (size_t i = 0; i < a->n_strings; ++i) list[i] = copyText(ctx, a->strings[i]);
  *out = list;
  return (int)a->n_strings;
}
OnnxValue *onnxAttributeTensor(OnnxContext *ctx, OnnxNode *node, const char *name) {
  const Onnx__AttributeProto *a = find(ctx, node, name, TENSOR);
  return a && a->t ? onnxReadTensor(ctx, a->t, name) : NULL;
}
const Onnx__GraphProto *onnxGraph(OnnxContext *ctx, OnnxNode *node, const char *name) {
  const Onnx__AttributeProto *a = find(ctx, node, name, GRAPH);
  if (!ctx->status && (!a || !a->g)) onnxInvalid(ctx, "attribute %s is missing", name);
  return ctx->status ? NULL : a->g;
}

int64_t onnxAxis(OnnxContext *ctx, int64_t axis, int rank) {
  if (axis < -rank || axis >= rank)
    return onnxInvalid(ctx, "axis %lld does not exist in a tensor of rank %d", (long long)axis, rank), 0;
  return axis < 0 ? axis + rank : axis;
}
bool onnxAxesMask(OnnxContext *ctx, OnnxNode *node, const char *name, int input, int rank, bool *mask, bool *given) {
  memset(mask, 0, (size_t)rank);
  const int64_t *axes = NULL;
  int n = 0;
  if (input < 0) {
    n = onnxInts(ctx, node, name, &axes);
    *given = axes != NULL || n;
  } else if ((*given = input < node->inputCount && node->inputs[input])) {
    OnnxValue *v = node->inputs[input];
    if (!v->data) return onnxRefuse(ctx, "%s that are no constant are not supported", name), false;
    n = (int)onnxCount(v);
    int64_t *list = onnxAllocate(ctx, (size_t)n * sizeof *list + 1);
    for (int i = 0; i < n; ++i) list[i] = onnxGetInt(v, i);
    axes = list;
  }
  for (int i = 0; i < n && !ctx->status; ++i) mask[onnxAxis(ctx, axes[i], rank)] = true;
  return !ctx->status;
}
