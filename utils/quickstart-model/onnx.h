/* Builds an ONNX model (onnx/onnx.proto) node by node.
 *
 * Values are named by strings, which are copied. All tensors are float32.
 */
#ifndef QUICKSTART_ONNX_H
#define QUICKSTART_ONNX_H
#include "protobuf.h"

enum { ONNX_IR_VERSION = 8, ONNX_OPSET = 17 };

/* Zero-initialise; freeGraph releases it. Each member holds finished fields of GraphProto. */
typedef struct Graph {
  Bytes nodes, initializers, inputs, outputs;
} Graph;

void freeGraph(Graph *graph);

/* A dimension is a size, or 0 for the dynamic one, which is called "batch". */
void addInput(Graph *graph, const char *name, const int64_t *shape, size_t rank);
void addOutput(Graph *graph, const char *name, const int64_t *shape, size_t rank);
/* A constant; `values` holds the product of `shape` floats (one for rank 0). */
void addInitializer(Graph *graph, const char *name, const int64_t *shape, size_t rank, const float *values);
/* `attributes` comes from the functions below and is freed here; null for none. Absent
 * inputs at the end are null. */
void addNode(Graph *graph, const char *op, const char *name, const char *const inputs[5], const char *output,
             Bytes *attributes);

void addIntAttribute(Bytes *attributes, const char *name, int64_t value);
void addIntsAttribute(Bytes *attributes, const char *name, const int64_t *values, size_t count);
void addFloatAttribute(Bytes *attributes, const char *name, float value);

/* The whole ModelProto; frees the graph's members as it takes them over. */
Bytes finishModel(Graph *graph, const char *name);

#endif
