/* Fuzzer of the ONNX importer: a model of any bytes becomes a module, or is refused with exactly one error.
 *
 *   cmake --preset fuzz && ninja -C build-fuzz fuzz-onnx-importer
 *   build-fuzz/test/bin/fuzz-onnx-importer -max_total_time=600 -max_len=4096 -timeout=20 CORPUS test/fuzz/onnx_importer
 *
 * CORPUS: a directory of your own; models of ONNX's backend suite are good to begin with
 * (test/fuzz/onnx_importer/README). Half of the mutations change bytes; the others take the model apart and change what
 * it says: sizes, types, attributes, names, operators, the order of nodes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dlc/tools.h"
#include "frontends/onnx/onnx.h"
#include "mlir-c/Diagnostics.h"
#include "mlir-c/Support.h"
#include "onnx/onnx.pb-c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t maxSize, unsigned seed);

// What a context has made unique (types, attributes, resources) stays until it ends.
enum { INPUTS_PER_CONTEXT = 64 };

static MlirLogicalResult countErrors(MlirDiagnostic diagnostic, void *count) {
  if (mlirDiagnosticGetSeverity(diagnostic) == MlirDiagnosticError) ++*(int *)count;
  return mlirLogicalResultSuccess();
}

static void must(bool condition, const char *what) {
  if (condition) return;
  fprintf(stderr, "broken promise: %s\n", what);
  abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static MlirContext ctx;
  static int used, errors;
  if (used++ % INPUTS_PER_CONTEXT == 0) {
    if (ctx.ptr) mlirContextDestroy(ctx);
    MlirDialectRegistry registry = mlirDialectRegistryCreate();
    dlcInsertAllDialects(registry);
    ctx = mlirContextCreateWithRegistry(registry, false);
    mlirDialectRegistryDestroy(registry);
    mlirContextAttachDiagnosticHandler(ctx, countErrors, &errors, NULL);
  }
  errors = 0;
  MlirModule module;
  DlcImportStatus status = dlcImportOnnxMemory(ctx, data, size, "model", NULL, NULL, &module);
  must((status == DLC_IMPORT_OK) == !mlirModuleIsNull(module), "a module comes exactly where the import succeeds");
  must(errors == (status != DLC_IMPORT_OK), "an import that fails says why, once");
  if (!mlirModuleIsNull(module)) mlirModuleDestroy(module);
  return 0;
}

//===--- mutations of the model -------------------------------------------------===//
static unsigned draws;
static unsigned draw(unsigned n) {
  draws = draws * 1664525u + 1013904223u;
  return n ? (draws >> 8) % n : 0;
}
static int64_t drawNumber(int64_t old) {
  static const int64_t numbers[] = {0,         1,        2, 3, 7, -1, -2, 16, 255, 4096, 1 << 20, (int64_t)1 << 31,
                                    INT64_MAX, INT64_MIN};
  unsigned k = draw(20);
  uint64_t bits = (uint64_t)old; // wraps around
  return k < 14 ? numbers[k] : (int64_t)(k < 16 ? bits + 1 : k < 18 ? bits - 1 : bits ^ ((uint64_t)1 << draw(63)));
}
#define PICK(message, list) (message)->list[draw((unsigned)(message)->n_##list)]
static void swapNames(char **a, char **b) {
  char *old = *a;
  if (*a && *b) *a = *b, *b = old; // what a list holds must be there
}
static void swapNodes(Onnx__NodeProto **a, Onnx__NodeProto **b) {
  Onnx__NodeProto *old = *a;
  *a = *b, *b = old;
}

static void changeTensor(Onnx__TensorProto *t) {
  if (t->n_dims && draw(2))
    t->dims[draw((unsigned)t->n_dims)] = drawNumber(t->dims[0]);
  else if (draw(2))
    t->data_type = (int32_t)draw(24), t->has_data_type = true;
  else if (t->n_int64_data)
    t->int64_data[draw((unsigned)t->n_int64_data)] = drawNumber(t->int64_data[0]);
  else if (t->has_raw_data && t->raw_data.len >= 8) {
    int64_t x = drawNumber(2);
    memcpy(t->raw_data.data + draw((unsigned)(t->raw_data.len / 8)) * 8, &x, 8);
  } else
    t->data_location = (int32_t)draw(2), t->has_data_location = true;
}
static void changeShape(Onnx__ValueInfoProto *info) {
  Onnx__TypeProto__Tensor *type = info->type ? info->type->tensor_type : NULL;
  if (!type) return;
  if (!type->shape || !type->shape->n_dim || !draw(4))
    type->elem_type = (int32_t)draw(24), type->has_elem_type = true;
  else {
    Onnx__TensorShapeProto__Dimension *d = PICK(type->shape, dim);
    if (draw(2))
      d->has_dim_value = !d->has_dim_value; // dynamic
    else
      d->dim_value = drawNumber(d->dim_value), d->has_dim_value = true;
  }
}
static void changeAttribute(Onnx__AttributeProto *a) {
  if (a->n_ints)
    a->ints[draw((unsigned)a->n_ints)] = drawNumber(a->ints[0]);
  else if (a->t)
    changeTensor(a->t);
  else if (a->s.len)
    a->s.data[draw((unsigned)a->s.len)] ^= (uint8_t)(1u << draw(8));
  else if (draw(4))
    a->i = drawNumber(a->i), a->f = (float)drawNumber((int64_t)a->f);
  else
    a->type = (int32_t)draw(15);
}
static void changeNode(Onnx__GraphProto *g, Onnx__NodeProto *node) {
  Onnx__NodeProto *other = PICK(g, node);
  unsigned k = draw(6);
  if (k == 0)
    swapNames(&node->op_type, &other->op_type);
  else if (k == 1 && node->n_input && other->n_input)
    swapNames(&PICK(node, input), &PICK(other, input));
  else if (k == 2 && node->n_input && other->n_output)
    swapNames(&PICK(node, input), &PICK(other, output));
  else if (k == 3 && node->n_input && g->n_input)
    swapNames(&PICK(node, input), &PICK(g, input)->name);
  else if (k == 4 && node->n_attribute > 1)
    swapNames(&PICK(node, attribute)->name, &PICK(node, attribute)->name);
  else if (node->n_attribute)
    changeAttribute(PICK(node, attribute));
}
static void changeGraph(Onnx__GraphProto *g, int depth) {
  unsigned k = draw(8);
  if (g->n_node && k < 4) {
    Onnx__NodeProto *node = PICK(g, node);
    for (size_t i = 0; depth && i < node->n_attribute; ++i)
      if (node->attribute[i]->g && draw(2)) return changeGraph(node->attribute[i]->g, depth - 1);
    changeNode(g, node);
  } else if (g->n_initializer && k == 4)
    changeTensor(PICK(g, initializer));
  else if (g->n_input && k == 5)
    changeShape(PICK(g, input));
  else if (g->n_output && k == 6)
    changeShape(PICK(g, output));
  else if (g->n_node > 1)
    swapNodes(&PICK(g, node), &PICK(g, node));
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t maxSize, unsigned seed) {
  draws = seed;
  Onnx__ModelProto *model = draw(2) ? onnx__model_proto__unpack(NULL, size, data) : NULL;
  if (!model || !model->graph) {
    if (model) onnx__model_proto__free_unpacked(model, NULL);
    return LLVMFuzzerMutate(data, size, maxSize);
  }
  if (model->n_opset_import && !draw(16))
    PICK(model, opset_import)->version = draw(30);
  else
    changeGraph(model->graph, 4);
  size_t packed = onnx__model_proto__get_packed_size(model);
  if (packed <= maxSize) onnx__model_proto__pack(model, data);
  onnx__model_proto__free_unpacked(model, NULL);
  return packed <= maxSize ? packed : LLVMFuzzerMutate(data, size, maxSize);
}
