// Walks a graph's nodes in order: binds inputs, finds the operator or the
// model-local function, lowers, and binds outputs.
#include "frontends/onnx/import.h"
#include <stdlib.h>
#include <string.h>

enum { MAX_NODES = 4000000 };

static bool isDefaultDomain(const char *domain) { return !domain || !domain[0] || !strcmp(domain, "ai.onnx"); }
static bool sameDomain(const char *a, const char *b) {
  return isDefaultDomain(a) ? isDefaultDomain(b) : b && !strcmp(a, b);
}
static int64_t opsetOf(const OnnxContext *ctx, const char *domain) {
  for (size_t i = 0; i < ctx->opsetCount; ++i)
    if (sameDomain(domain, ctx->opsets[i]->domain)) return ctx->opsets[i]->version;
  return 0;
}

//===--- inputs and outputs of a node ---
static bool isProducedLater(size_t n, Onnx__NodeProto **nodes, const char *name) {
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < nodes[i]->n_output; ++j)
      if (!strcmp(nodes[i]->output[j], name)) return true;
  return false;
}
static void bindInputs(OnnxContext *ctx, OnnxNode *node, size_t n, Onnx__NodeProto **rest) {
  for (int i = 0; i < node->inputCount; ++i) {
    const char *name = node->proto->input[i];
    if (!name[0]) continue;
    node->inputs[i] = onnxLookup(ctx, name);
    if (node->inputs[i]) continue;
    bool later = isProducedLater(n, rest, name);
    return onnxInvalid(ctx,
                       later ? "input \"%.200s\" comes from this or a later node: a cycle, or nodes out of order"
                             : "input \"%.200s\" is defined nowhere",
                       name);
  }
  while (node->inputCount && !node->proto->input[node->inputCount - 1][0]) --node->inputCount;
}
static void bindOutputs(OnnxContext *ctx, OnnxNode *node) {
  for (int i = 0; i < node->outputCount && !ctx->status; ++i) {
    const char *name = node->proto->output[i];
    if (!name[0]) continue;
    if (!node->outputs[i]) return onnxRefuse(ctx, "output %d is not supported", i);
    onnxDefine(ctx, name, node->outputs[i]);
  }
}
static void checkAttributes(OnnxContext *ctx, OnnxNode *node) {
  for (size_t i = 0; i < node->proto->n_attribute && !ctx->status; ++i) {
    const Onnx__AttributeProto *a = node->proto->attribute[i];
    if (!node->attributesRead[i])
      onnxRefuse(ctx, "attribute %.100s is not supported", a->name ? a->name : "without a name");
  }
}

//===--- model-local functions ---
static const Onnx__FunctionProto *findFunction(const OnnxContext *ctx, const Onnx__NodeProto *node) {
  const Onnx__ModelProto *m = ctx->model;
  const char *overload = node->overload ? node->overload : "";
  for (size_t i = 0; i < m->n_functions; ++i) {
    const Onnx__FunctionProto *f = m->functions[i];
    if (f->name && !strcmp(f->name, node->op_type ? node->op_type : "") && sameDomain(f->domain, node->domain) &&
        !strcmp(f->overload ? f->overload : "", overload))
      return f;
  }
  return NULL;
}
static bool isBeingInlined(const OnnxContext *ctx, const Onnx__FunctionProto *f) {
  for (const OnnxFrame *frame = ctx->frame; frame; frame = frame->outer)
    if (frame->function == f) return true;
  return false;
}
static void inlineFunction(OnnxContext *ctx, OnnxNode *node, const Onnx__FunctionProto *f) {
  if (isBeingInlined(ctx, f)) return onnxInvalid(ctx, "function %.100s calls itself", f->name);
  if (ctx->depth >= ONNX_MAX_DEPTH)
    return onnxRefuse(ctx, "functions and subgraphs nested deeper than %d", ONNX_MAX_DEPTH);
  if ((size_t)node->inputCount > f->n_input)
    return onnxInvalid(ctx, "%d inputs, function %.100s has %zu", node->inputCount, f->name, f->n_input);
  OnnxScope scope, *previous = ctx->scope;
  OnnxFrame frame = {ctx->frame, f, node};
  size_t opsetCount = ctx->opsetCount;
  Onnx__OperatorSetIdProto **opsets = ctx->opsets;
  onnxEnterScope(ctx, &scope, false);
  ++ctx->depth;
  for (int i = 0; i < node->inputCount; ++i)
    if (node->inputs[i]) onnxDefine(ctx, f->input[i], node->inputs[i]);
  ctx->frame = &frame, ctx->opsets = f->opset_import, ctx->opsetCount = f->n_opset_import;
  onnxLowerNodes(ctx, f->n_node, f->node);
  ctx->frame = frame.outer, ctx->opsets = opsets, ctx->opsetCount = opsetCount;
  ctx->node = node;
  for (int i = 0; i < node->outputCount && (size_t)i < f->n_output && !ctx->status; ++i) {
    node->outputs[i] = onnxLookup(ctx, f->output[i]);
    if (!node->outputs[i] && onnxWantsOutput(node, i))
      onnxInvalid(ctx, "function %.100s does not define its output \"%.100s\"", f->name, f->output[i]);
  }
  --ctx->depth;
  scope.cacheMark = ctx->cacheCount,
  scope.materialisedMark = ctx->materialisedCount; // the same region: nothing to forget
  onnxLeaveScope(ctx, &scope, previous);
}

//===--- nodes ---
static void lowerOperator(OnnxContext *ctx, OnnxNode *node) {
  const char *domain = node->proto->domain;
  if (!isDefaultDomain(domain)) return onnxRefuse(ctx, "operators of domain %.100s are not supported", domain);
  if (!node->opset) return onnxInvalid(ctx, "the model imports no opset");
  if (node->opset < ONNX_OLDEST_OPSET || node->opset > ONNX_NEWEST_OPSET)
    return onnxRefuse(ctx, "this opset is not supported: %d to %d are", ONNX_OLDEST_OPSET, ONNX_NEWEST_OPSET);
  bool known;
  const OnnxOperator *op = onnxFindOperator(node->type, node->opset, &known);
  if (!op)
    return known ? onnxRefuse(ctx, "this operator is not supported at this opset")
                 : onnxRefuse(ctx, "this operator is not supported");
  if (node->inputCount < op->minInputs || (op->maxInputs >= 0 && node->inputCount > op->maxInputs))
    return onnxInvalid(ctx, "%d inputs, it needs %d to %d", node->inputCount, op->minInputs, op->maxInputs);
  for (int i = 0; i < op->minInputs; ++i)
    if (!node->inputs[i]) return onnxInvalid(ctx, "input %d is missing", i);
  op->lower(ctx, node);
  if (ctx->builder.failed && !ctx->status) ctx->status = DLC_IMPORT_INVALID;
  checkAttributes(ctx, node);
}
static void lowerNode(OnnxContext *ctx, Onnx__NodeProto *proto, size_t n, Onnx__NodeProto **rest) {
  OnnxNode *node = onnxAllocate(ctx, sizeof *node);
  *node =
      (OnnxNode){.proto = proto, .type = proto->op_type ? proto->op_type : "", .opset = opsetOf(ctx, proto->domain)};
  node->name = proto->name && proto->name[0] ? proto->name : proto->n_output ? proto->output[0] : "";
  node->inputCount = (int)proto->n_input, node->outputCount = (int)proto->n_output;
  node->inputs = onnxAllocate(ctx, proto->n_input * sizeof *node->inputs + 1);
  node->outputs = onnxAllocate(ctx, proto->n_output * sizeof *node->outputs + 1);
  node->attributesRead = onnxAllocate(ctx, proto->n_attribute + 1);
  MlirLocation file = mlirLocationFileLineColGet(ctx->builder.ctx, mlirStringRefCreateFromCString(ctx->path), 0, 0);
  OnnxNode *outer = ctx->node;
  MlirLocation outerLoc = ctx->builder.loc;
  ctx->node = node;
  ctx->builder.loc = mlirLocationNameGet(ctx->builder.ctx, mlirStringRefCreateFromCString(node->name), file);
  bindInputs(ctx, node, n, rest);
  if (!ctx->status) {
    const Onnx__FunctionProto *f = findFunction(ctx, proto);
    if (f)
      inlineFunction(ctx, node, f);
    else
      lowerOperator(ctx, node);
  }
  bindOutputs(ctx, node);
  ctx->node = outer, ctx->builder.loc = outerLoc;
}
void onnxLowerNodes(OnnxContext *ctx, size_t n, Onnx__NodeProto **nodes) {
  for (size_t i = 0; i < n && !ctx->status; ++i) {
    // Functions that call functions, and loops built again for their types, could multiply without end.
    if (++ctx->nodesLowered > MAX_NODES)
      return onnxRefuse(ctx, "more than %d nodes once functions are inlined", MAX_NODES);
    lowerNode(ctx, nodes[i], n - i, nodes + i);
  }
}

//===--- graphs ---
bool onnxReadType(OnnxContext *ctx, const Onnx__ValueInfoProto *info, OnnxElement *element,
                  const Onnx__TensorShapeProto **shape) {
  const char *name = info->name ? info->name : "";
  *shape = NULL;
  if (!info->type || !info->type->tensor_type) {
    if (info->type && (info->type->sequence_type || info->type->map_type || info->type->optional_type ||
                       info->type->sparse_tensor_type))
      onnxRefuse(ctx, "\"%.200s\" is no dense tensor: sequences, maps, optionals and sparse tensors are not supported",
                 name);
    else
      onnxInvalid(ctx, "\"%.200s\" has no type", name);
    return false;
  }
  *element = (OnnxElement)info->type->tensor_type->elem_type;
  *shape = info->type->tensor_type->shape;
  if (!onnxElementSize(*element))
    onnxRefuse(ctx, "\"%.200s\": element type %s is not supported", name, onnxElementName(*element));
  if (*shape && (*shape)->n_dim > ONNX_MAX_RANK)
    onnxRefuse(ctx, "\"%.200s\": rank %zu is not supported", name, (*shape)->n_dim);
  return !ctx->status;
}
void onnxReadInitializers(OnnxContext *ctx, const Onnx__GraphProto *graph) {
  if (graph->n_sparse_initializer) return onnxRefuse(ctx, "sparse initialisers are not supported");
  for (size_t i = 0; i < graph->n_initializer && !ctx->status; ++i) {
    Onnx__TensorProto *t = graph->initializer[i];
    if (!t->name || !t->name[0]) return onnxInvalid(ctx, "initialiser %zu has no name", i);
    OnnxValue *v = onnxReadTensor(ctx, t, t->name);
    if (v) onnxDefine(ctx, t->name, v);
  }
}
static void lowerBody(OnnxContext *ctx, const Onnx__GraphProto *graph, int n, OnnxValue *const *inputs, int m,
                      OnnxFinish finish, void *data) {
  OnnxValue **outputs = onnxAllocate(ctx, (size_t)m * sizeof *outputs + 1);
  ++ctx->depth;
  for (int i = 0; i < n && !ctx->status; ++i)
    onnxDefine(ctx, graph->input[i]->name ? graph->input[i]->name : "", inputs[i]);
  onnxReadInitializers(ctx, graph);
  onnxLowerNodes(ctx, graph->n_node, graph->node);
  for (int i = 0; i < m && !ctx->status; ++i) {
    const char *name = graph->output[i]->name ? graph->output[i]->name : "";
    outputs[i] = onnxLookup(ctx, name);
    if (!outputs[i]) onnxInvalid(ctx, "its subgraph does not define its output \"%.200s\"", name);
  }
  if (!ctx->status) finish(ctx, outputs, data);
  --ctx->depth;
}
static bool checkSubgraph(OnnxContext *ctx, const Onnx__GraphProto *graph, int n, int m) {
  if (ctx->status) return false;
  if (graph->n_input != (size_t)n || graph->n_output != (size_t)m)
    return onnxInvalid(ctx, "its subgraph has %zu inputs and %zu outputs, not %d and %d", graph->n_input,
                       graph->n_output, n, m),
           false;
  if (ctx->depth >= ONNX_MAX_DEPTH)
    return onnxRefuse(ctx, "functions and subgraphs nested deeper than %d", ONNX_MAX_DEPTH), false;
  return true;
}
void onnxLowerSubgraph(OnnxContext *ctx, const Onnx__GraphProto *graph, int n, OnnxValue *const *inputs, int m,
                       OnnxFinish finish, void *data) {
  if (!checkSubgraph(ctx, graph, n, m)) return;
  OnnxScope scope, *previous = ctx->scope;
  onnxEnterScope(ctx, &scope, true);
  lowerBody(ctx, graph, n, inputs, m, finish, data);
  onnxLeaveScope(ctx, &scope, previous);
}
void onnxLowerInline(OnnxContext *ctx, const Onnx__GraphProto *graph, int m, OnnxFinish finish, void *data) {
  if (!checkSubgraph(ctx, graph, 0, m)) return;
  OnnxScope scope, *previous = ctx->scope;
  onnxEnterScope(ctx, &scope, true);
  lowerBody(ctx, graph, 0, NULL, m, finish, data);
  scope.cacheMark = ctx->cacheCount,
  scope.materialisedMark = ctx->materialisedCount; // the same region: nothing to forget
  onnxLeaveScope(ctx, &scope, previous);
}
