// dlcImportOnnx: a model becomes a module with func.func @main.
//
// The model is parsed (load.c), its opsets checked, its inputs become arguments
// of @main, its nodes are lowered in order (graph.c, ops/), its outputs are
// returned. An import that fails destroys the module it had begun.
#include "frontends/onnx/import.h"
#include "mlir-c/Diagnostics.h"
#include "ods/func.h"
#include "ods/tensor.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static MlirStringRef str(const char *s) { return mlirStringRefCreateFromCString(s); }

//===--- the interface of @main ---
typedef struct {
  MlirType *types;
  MlirAttribute *attrs;
  intptr_t n;
} Signature;

static MlirNamedAttribute named(MlirContext c, const char *name, MlirAttribute a) {
  return mlirNamedAttributeGet(mlirIdentifierGet(c, str(name)), a);
}
static MlirAttribute describe(OnnxContext *ctx, const char *name, OnnxElement e, int rank, const char *const *symbols) {
  MlirContext c = ctx->builder.ctx;
  MlirAttribute dims[ONNX_MAX_RANK];
  for (int i = 0; i < rank; ++i) dims[i] = mlirStringAttrGet(c, str(symbols[i]));
  MlirNamedAttribute list[] = {named(c, "dlc.dims", mlirArrayAttrGet(c, rank, dims)),
                               named(c, "dlc.dtype", mlirStringAttrGet(c, str(onnxElementName(e)))),
                               named(c, "dlc.name", mlirStringAttrGet(c, str(name)))};
  return mlirDictionaryAttrGet(c, 3, list);
}
static const char *symbolOf(const Onnx__TensorShapeProto *shape, int i) {
  const Onnx__TensorShapeProto__Dimension *d = shape->dim[i];
  return !d->has_dim_value && d->dim_param ? d->dim_param : "";
}
static bool isInitializer(const Onnx__GraphProto *graph, const char *name) {
  for (size_t i = 0; i < graph->n_initializer; ++i)
    if (graph->initializer[i]->name && !strcmp(graph->initializer[i]->name, name)) return true;
  return false;
}

// The first dimension of a name is read from its argument; later ones are the same value, and asserted to be equal.
typedef struct {
  const char *name;
  OnnxIndex size;
} Symbol;
typedef struct {
  Symbol *list;
  size_t n, capacity;
} Symbols;
static OnnxIndex sizeOf(OnnxContext *ctx, Symbols *symbols, const char *name, MlirValue tensor, int dim) {
  OnnxIndex size = {.value = tensor_dim(&ctx->builder, tensor, onnxIndexValue(ctx, onnxConst(dim)))};
  if (!name[0]) return size;
  for (size_t i = 0; i < symbols->n; ++i)
    if (!strcmp(symbols->list[i].name, name)) {
      char what[200];
      snprintf(what, sizeof what, "the sizes of dimension \"%.100s\" of the inputs", name);
      onnxRequireEqual(ctx, symbols->list[i].size, size, what);
      return symbols->list[i].size;
    }
  if (symbols->n < symbols->capacity) symbols->list[symbols->n++] = (Symbol){name, size};
  return size;
}

static bool addArgument(OnnxContext *ctx, const Onnx__ValueInfoProto *info, Signature *in, OnnxElement *element) {
  const Onnx__TensorShapeProto *shape;
  OnnxIndex dims[ONNX_MAX_RANK];
  const char *symbols[ONNX_MAX_RANK];
  if (!onnxReadType(ctx, info, element, &shape)) return false;
  if (!shape) return onnxRefuse(ctx, "input \"%.200s\" has no rank", info->name), false;
  int rank = (int)shape->n_dim;
  for (int i = 0; i < rank; ++i) {
    const Onnx__TensorShapeProto__Dimension *d = shape->dim[i];
    dims[i] = d->has_dim_value ? onnxConst(d->dim_value)
                               : (OnnxIndex){.value = {(void *)d}}; // only its being dynamic counts here
    symbols[i] = symbolOf(shape, i);
  }
  in->types[in->n] = onnxTypeOf(ctx, *element, rank, dims);
  if (ctx->status) return false;
  in->attrs[in->n++] = describe(ctx, info->name, *element, rank, symbols);
  return true;
}
static void defineArgument(OnnxContext *ctx, const Onnx__ValueInfoProto *info, MlirValue argument, OnnxElement e,
                           Symbols *symbols) {
  const Onnx__TensorShapeProto *shape = info->type->tensor_type->shape;
  OnnxIndex dims[ONNX_MAX_RANK];
  for (int i = 0; i < (int)shape->n_dim; ++i)
    dims[i] = shape->dim[i]->has_dim_value ? onnxConst(shape->dim[i]->dim_value)
                                           : sizeOf(ctx, symbols, symbolOf(shape, i), argument, i);
  OnnxValue *v = onnxNewTensor(ctx, e, (int)shape->n_dim, dims, argument);
  if (v) onnxDefine(ctx, info->name, v);
}

static MlirOperation beginMain(OnnxContext *ctx, const Onnx__GraphProto *graph) {
  Signature in = {onnxAllocate(ctx, graph->n_input * sizeof(MlirType) + 1),
                  onnxAllocate(ctx, graph->n_input * sizeof(MlirAttribute) + 1), 0};
  OnnxElement *elements = onnxAllocate(ctx, graph->n_input * sizeof *elements + 1);
  size_t *which = onnxAllocate(ctx, graph->n_input * sizeof *which + 1), dims = 0;
  for (size_t i = 0; i < graph->n_input; ++i) {
    const char *name = graph->input[i]->name;
    if (!name || !name[0]) return onnxInvalid(ctx, "input %zu has no name", i), (MlirOperation){0};
    if (isInitializer(graph, name)) continue;
    which[in.n] = i;
    if (!addArgument(ctx, graph->input[i], &in, &elements[in.n])) return (MlirOperation){0};
    dims += graph->input[i]->type->tensor_type->shape->n_dim;
  }
  DlcBuilder *b = &ctx->builder;
  MlirOperation main = func_func(b, str("main"), mlirFunctionTypeGet(b->ctx, in.n, in.types, 0, NULL),
                                 .arg_attrs = mlirArrayAttrGet(b->ctx, in.n, in.attrs));
  if (!main.ptr) return main;
  ctx->entry = dlcAddBlock(b, func_func_body(main), typesN(in.n, in.types));
  Symbols symbols = {onnxAllocate(ctx, dims * sizeof(Symbol) + 1), 0, dims};
  dlcAtEnd(b, ctx->entry) for (intptr_t i = 0; i < in.n && !ctx->status; ++i)
      defineArgument(ctx, graph->input[which[i]], argOf(ctx->entry, i), elements[i], &symbols);
  return main;
}

// The declared element type of an output is a promise about the model; of its shape only the names of dynamic
// dimensions are taken, since exporters get its sizes wrong.
static void checkOutput(OnnxContext *ctx, const Onnx__ValueInfoProto *info, const OnnxValue *v, const char **symbols) {
  OnnxElement declared = v->element;
  const Onnx__TensorShapeProto *shape = NULL;
  for (int i = 0; i < v->rank; ++i) symbols[i] = "";
  if (!info->type || !onnxReadType(ctx, info, &declared, &shape)) return;
  if (declared != v->element)
    return onnxInvalid(ctx, "output \"%.200s\" is declared %s but is %s", info->name, onnxElementName(declared),
                       onnxElementName(v->element));
  if (!shape || (int)shape->n_dim != v->rank) return;
  for (int i = 0; i < v->rank; ++i)
    if (!onnxIsConst(v->dims[i])) symbols[i] = symbolOf(shape, i);
}
static void endMain(OnnxContext *ctx, const Onnx__GraphProto *graph, MlirOperation main) {
  MlirContext c = ctx->builder.ctx;
  size_t n = graph->n_output;
  MlirValue *values = onnxAllocate(ctx, n * sizeof *values + 1);
  MlirType *types = onnxAllocate(ctx, n * sizeof *types + 1);
  MlirAttribute *attrs = onnxAllocate(ctx, n * sizeof *attrs + 1);
  for (size_t i = 0; i < n && !ctx->status; ++i) {
    const Onnx__ValueInfoProto *info = graph->output[i];
    OnnxValue *v = info->name ? onnxLookup(ctx, info->name) : NULL;
    if (!v) return onnxInvalid(ctx, "output \"%.200s\" is defined nowhere", info->name ? info->name : "");
    const char *symbols[ONNX_MAX_RANK];
    checkOutput(ctx, info, v, symbols);
    values[i] = onnxTensor(ctx, v);
    if (ctx->status) return;
    types[i] = typeOf(values[i]);
    attrs[i] = describe(ctx, info->name, v->element, v->rank, symbols);
  }
  if (ctx->status) return;
  func_return(&ctx->builder, valsN((intptr_t)n, values));
  MlirType old = func_func_function_type(main);
  intptr_t count = mlirFunctionTypeGetNumInputs(old);
  MlirType *inputs = onnxAllocate(ctx, (size_t)count * sizeof *inputs + 1);
  for (intptr_t i = 0; i < count; ++i) inputs[i] = mlirFunctionTypeGetInput(old, i);
  dlcSetAttr(main, "function_type", mlirTypeAttrGet(mlirFunctionTypeGet(c, count, inputs, (intptr_t)n, types)));
  dlcSetAttr(main, "res_attrs", mlirArrayAttrGet(c, (intptr_t)n, attrs));
}

//===--- the model ---
static void checkModel(OnnxContext *ctx) {
  const Onnx__ModelProto *m = ctx->model;
  if (!m->graph) return onnxInvalid(ctx, "the model has no graph");
  if (!m->graph->n_output) return onnxInvalid(ctx, "the graph has no outputs");
}
static void lowerModel(OnnxContext *ctx, MlirBlock body) {
  const Onnx__GraphProto *graph = ctx->model->graph;
  OnnxScope scope;
  ctx->opsets = ctx->model->opset_import, ctx->opsetCount = ctx->model->n_opset_import;
  onnxEnterScope(ctx, &scope, false);
  dlcAtEnd(&ctx->builder, body) {
    MlirOperation main = beginMain(ctx, graph);
    if (main.ptr && !ctx->status) {
      dlcAtEnd(&ctx->builder, ctx->entry) {
        onnxReadInitializers(ctx, graph);
        onnxLowerNodes(ctx, graph->n_node, graph->node);
        if (!ctx->status) endMain(ctx, graph, main);
      }
    }
  }
  onnxLeaveScope(ctx, &scope, NULL);
}
static void releaseContext(OnnxContext *ctx) {
  for (intptr_t i = 0; i < ctx->dataCount; ++i) onnxDataRelease(ctx->datas[i]);
  free(ctx->datas), free(ctx->cache), free(ctx->materialised);
  for (OnnxArenaChunk *c = ctx->arena, *next; c; c = next) next = c->next, free(c);
}

static const char *const dialects[] = {"arith", "cf", "ctrl", "func", "linalg", "math", "tensor", "affine", "scf"};

static DlcImportStatus import(MlirContext c, const void *data, size_t size, const char *path, int directory,
                              const DlcImportOptions *options, MlirModule *out) {
  for (intptr_t i = 0; i < DLC_COUNT(dialects); ++i) mlirContextGetOrLoadDialect(c, str(dialects[i]));
  MlirLocation loc = mlirLocationFileLineColGet(c, str(path), 0, 0);
  OnnxContext ctx = {.path = path, .directory = directory, .warnings = options && options->warnings};
  ctx.builder = (DlcBuilder){.ctx = c, .loc = loc};
  ctx.model = onnxLoad(&ctx, data, size);
  if (ctx.model) ctx.modelData = onnxDataTake(&ctx, NULL, ctx.model), checkModel(&ctx);
  if (!ctx.status) {
    const char *name = options && options->name ? options->name : ctx.model->graph->name;
    MlirModule module = mlirModuleCreateEmpty(loc);
    MlirOperation op = mlirModuleGetOperation(module);
    if (name && name[0]) mlirOperationSetAttributeByName(op, str("sym_name"), mlirStringAttrGet(c, str(name)));
    ctx.builder.rewriter = mlirIRRewriterCreate(c);
    lowerModel(&ctx, mlirModuleGetBody(module));
    mlirIRRewriterDestroy(ctx.builder.rewriter);
    if (!ctx.status && (ctx.builder.failed || !mlirOperationVerify(op))) ctx.status = DLC_IMPORT_INVALID;
    if (ctx.status)
      mlirModuleDestroy(module);
    else
      *out = module;
  }
  releaseContext(&ctx);
  return ctx.status;
}

static int openDirectory(const char *path) { return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC); }

DlcImportStatus dlcImportOnnxMemory(MlirContext c, const void *data, size_t size, const char *path,
                                    const char *directory, const DlcImportOptions *options, MlirModule *out) {
  *out = (MlirModule){0};
  int folder = directory ? openDirectory(directory) : -1;
  DlcImportStatus status = import(c, data, size, path, folder, options, out);
  if (folder >= 0) close(folder);
  return status;
}

static DlcImportStatus failOn(MlirContext c, const char *path, const char *what) {
  char text[512];
  snprintf(text, sizeof text, "%s: %s", what, strerror(errno));
  mlirEmitError(mlirLocationFileLineColGet(c, str(path), 0, 0), text);
  return DLC_IMPORT_INVALID;
}
DlcImportStatus dlcImportOnnx(MlirContext c, const char *path, const DlcImportOptions *options, MlirModule *out) {
  *out = (MlirModule){0};
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return failOn(c, path, "cannot open the model");
  struct stat info;
  if (fstat(file, &info) || !S_ISREG(info.st_mode))
    return close(file), errno = EINVAL, failOn(c, path, "the model must be a regular file");
  size_t size = (size_t)info.st_size;
  void *data = size ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0) : NULL;
  close(file);
  if (data == MAP_FAILED) return failOn(c, path, "cannot map the model");
  const char *slash = strrchr(path, '/');
  char *directory = slash ? strndup(path, (size_t)(slash - path + 1)) : strdup(".");
  DlcImportStatus status =
      directory ? dlcImportOnnxMemory(c, data, size, path, directory, options, out) : failOn(c, path, "no memory");
  free(directory);
  if (data) munmap(data, size);
  return status;
}
