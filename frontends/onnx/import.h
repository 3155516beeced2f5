// The importer's own state; operators use op.h only.
#pragma once
#include "frontends/onnx/op.h"

enum { ONNX_NEWEST_OPSET = 28, ONNX_OLDEST_OPSET = 1, ONNX_MAX_DEPTH = 64 };

// Bytes of constants, shared by values and by the context's resources, which outlive the import.
typedef struct OnnxData {
  void *bytes;             // malloc'ed, or NULL
  Onnx__ModelProto *model; // owned too, when values look into it; else NULL
  int references;          // changed only while importing, and by the context's destruction
} OnnxData;
OnnxData *onnxDataTake(OnnxContext *ctx, void *bytes, Onnx__ModelProto *model); // the import holds one reference
void onnxDataRelease(OnnxData *data);

typedef struct OnnxArenaChunk {
  struct OnnxArenaChunk *next;
  size_t used, size;
} OnnxArenaChunk;

// Names to values; a scope for each graph or function body.
typedef struct OnnxScope {
  struct OnnxScope *outer; // NULL: the main graph or a function's body
  struct OnnxEntry **buckets;
  size_t bucketCount, count;
  intptr_t cacheMark, materialisedMark;
} OnnxScope;

// The node that calls a model-local function: where its attributes come from.
typedef struct OnnxFrame {
  const struct OnnxFrame *outer;
  const Onnx__FunctionProto *function;
  OnnxNode *call;
} OnnxFrame;

typedef struct {
  int kind;
  OnnxIndex a, b;
  MlirValue result;
} OnnxCached;

struct OnnxContext {
  DlcBuilder builder;
  DlcImportStatus status;
  const char *path;
  int directory; // descriptor for external data, or -1
  bool warnings;
  Onnx__ModelProto *model;
  OnnxData *modelData; // owner of model
  size_t opsetCount;   // of the graph or function at hand
  Onnx__OperatorSetIdProto **opsets;
  OnnxNode *node; // being lowered, or NULL
  OnnxScope *scope;
  const OnnxFrame *frame;
  int depth; // of graphs and functions
  MlirBlock entry;
  MlirOperation lastConstant; // constants stand at the start of the entry block, in this order
  OnnxArenaChunk *arena;
  OnnxData **datas;
  intptr_t dataCount, dataCapacity;
  OnnxCached *cache;
  intptr_t cacheCount, cacheCapacity;
  OnnxValue **materialised; // whose tensor was made in the current region
  intptr_t materialisedCount, materialisedCapacity;
  int64_t foldedBytes;
  int resourceCount, nodesLowered;
};

// load.c
Onnx__ModelProto *onnxLoad(OnnxContext *ctx, const void *data, size_t size); // NULL after a diagnostic
void onnxUnload(Onnx__ModelProto *model);
// tensor.c: the constant of an initialiser or attribute; takes the bytes out of the model.
OnnxValue *onnxReadTensor(OnnxContext *ctx, Onnx__TensorProto *t, const char *what);
// scope.c
void onnxEnterScope(OnnxContext *ctx, OnnxScope *scope, bool seesOuter);
void onnxLeaveScope(OnnxContext *ctx, OnnxScope *scope, OnnxScope *previous);
bool onnxDefine(OnnxContext *ctx, const char *name, OnnxValue *v); // false after a diagnostic: defined twice
OnnxValue *onnxLookup(const OnnxContext *ctx, const char *name);
// graph.c
void onnxLowerNodes(OnnxContext *ctx, size_t n, Onnx__NodeProto **nodes);
// Lowers a subgraph's body at the insertion point; `inputs` are bound to the graph's inputs in order. `finish` gets its
// outputs while its values are still in scope, and ends the region with them.
typedef void (*OnnxFinish)(OnnxContext *ctx, OnnxValue *const *outputs, void *data);
void onnxLowerSubgraph(OnnxContext *ctx, const Onnx__GraphProto *graph, int n, OnnxValue *const *inputs, int m,
                       OnnxFinish finish, void *data);
// A subgraph without inputs whose nodes stand in the region at hand.
void onnxLowerInline(OnnxContext *ctx, const Onnx__GraphProto *graph, int m, OnnxFinish finish, void *data);
void onnxReadInitializers(OnnxContext *ctx, const Onnx__GraphProto *graph);
bool onnxReadType(OnnxContext *ctx, const Onnx__ValueInfoProto *info, OnnxElement *element,
                  const Onnx__TensorShapeProto **shape);
// ops/table.c
const OnnxOperator *onnxFindOperator(const char *type, int64_t opset, bool *known);
void onnxRemember(OnnxContext *ctx, OnnxValue *v); // its tensor was made here; forgotten when the scope ends
