/* ONNX messages out of their fields; the numbers are those of onnx.proto. See onnx.h. */
#include "onnx.h"

enum { TYPE_FLOAT = 1 };                                             /* TensorProto.DataType */
enum { ATTRIBUTE_FLOAT = 1, ATTRIBUTE_INT = 2, ATTRIBUTE_INTS = 7 }; /* AttributeProto.AttributeType */
enum { MODEL_IR_VERSION = 1, MODEL_PRODUCER = 2, MODEL_GRAPH = 7, MODEL_OPSET_IMPORT = 8 };
enum { OPSET_DOMAIN = 1, OPSET_VERSION = 2 };
enum { GRAPH_NODE = 1, GRAPH_NAME = 2, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OP_TYPE = 4, NODE_ATTRIBUTE = 5 };
enum { ATTRIBUTE_NAME = 1, ATTRIBUTE_F = 2, ATTRIBUTE_I = 3, ATTRIBUTE_INT_LIST = 8, ATTRIBUTE_TYPE = 20 };
enum { TENSOR_DIMS = 1, TENSOR_DATA_TYPE = 2, TENSOR_NAME = 8, TENSOR_RAW_DATA = 9 };
enum { VALUE_NAME = 1, VALUE_TYPE = 2, TYPE_TENSOR = 1, TENSOR_TYPE_ELEMENT = 1, TENSOR_TYPE_SHAPE = 2 };
enum { SHAPE_DIM = 1, DIM_VALUE = 1, DIM_PARAM = 2 };

void freeGraph(Graph *graph) {
  freeBytes(&graph->nodes);
  freeBytes(&graph->initializers);
  freeBytes(&graph->inputs);
  freeBytes(&graph->outputs);
}

static void addValueInfo(Bytes *list, uint32_t field, const char *name, const int64_t *shape, size_t rank) {
  Bytes dims = {0}, tensor = {0}, type = {0}, info = {0};
  for (size_t i = 0; i < rank; i++) {
    Bytes dim = {0};
    if (shape[i])
      appendIntField(&dim, DIM_VALUE, shape[i]);
    else
      appendStringField(&dim, DIM_PARAM, "batch");
    appendMessage(&dims, SHAPE_DIM, &dim);
  }
  appendIntField(&tensor, TENSOR_TYPE_ELEMENT, TYPE_FLOAT);
  appendMessage(&tensor, TENSOR_TYPE_SHAPE, &dims);
  appendMessage(&type, TYPE_TENSOR, &tensor);
  appendStringField(&info, VALUE_NAME, name);
  appendMessage(&info, VALUE_TYPE, &type);
  appendMessage(list, field, &info);
}

void addInput(Graph *graph, const char *name, const int64_t *shape, size_t rank) {
  addValueInfo(&graph->inputs, GRAPH_INPUT, name, shape, rank);
}

void addOutput(Graph *graph, const char *name, const int64_t *shape, size_t rank) {
  addValueInfo(&graph->outputs, GRAPH_OUTPUT, name, shape, rank);
}

void addInitializer(Graph *graph, const char *name, const int64_t *shape, size_t rank, const float *values) {
  Bytes tensor = {0};
  size_t count = 1;
  for (size_t i = 0; i < rank; i++) {
    appendIntField(&tensor, TENSOR_DIMS, shape[i]);
    count *= (size_t)shape[i];
  }
  appendIntField(&tensor, TENSOR_DATA_TYPE, TYPE_FLOAT);
  appendStringField(&tensor, TENSOR_NAME, name);
  beginField(&tensor, TENSOR_RAW_DATA, count * 4);
  appendFloats(&tensor, values, count);
  appendMessage(&graph->initializers, GRAPH_INITIALIZER, &tensor);
}

void addNode(Graph *graph, const char *op, const char *name, const char *const inputs[5], const char *output,
             Bytes *attributes) {
  Bytes node = {0};
  for (int i = 0; i < 5 && inputs[i]; i++) appendStringField(&node, NODE_INPUT, inputs[i]);
  appendStringField(&node, NODE_OUTPUT, output);
  appendStringField(&node, NODE_NAME, name);
  appendStringField(&node, NODE_OP_TYPE, op);
  if (attributes) {
    node.failed |= attributes->failed;
    appendBytes(&node, attributes->data, attributes->size);
    freeBytes(attributes);
  }
  appendMessage(&graph->nodes, GRAPH_NODE, &node);
}

static void finishAttribute(Bytes *attributes, Bytes *attribute, const char *name, int64_t type) {
  appendStringField(attribute, ATTRIBUTE_NAME, name);
  appendIntField(attribute, ATTRIBUTE_TYPE, type);
  appendMessage(attributes, NODE_ATTRIBUTE, attribute);
}

void addIntAttribute(Bytes *attributes, const char *name, int64_t value) {
  Bytes attribute = {0};
  appendIntField(&attribute, ATTRIBUTE_I, value);
  finishAttribute(attributes, &attribute, name, ATTRIBUTE_INT);
}

void addIntsAttribute(Bytes *attributes, const char *name, const int64_t *values, size_t count) {
  Bytes attribute = {0};
  for (size_t i = 0; i < count; i++) appendIntField(&attribute, ATTRIBUTE_INT_LIST, values[i]);
  finishAttribute(attributes, &attribute, name, ATTRIBUTE_INTS);
}

void addFloatAttribute(Bytes *attributes, const char *name, float value) {
  Bytes attribute = {0};
  appendFloatField(&attribute, ATTRIBUTE_F, value);
  finishAttribute(attributes, &attribute, name, ATTRIBUTE_FLOAT);
}

static void moveFields(Bytes *message, Bytes *fields) {
  message->failed |= fields->failed;
  appendBytes(message, fields->data, fields->size);
  freeBytes(fields);
}

Bytes finishModel(Graph *graph, const char *name) {
  Bytes body = {0}, opset = {0}, model = {0};
  moveFields(&body, &graph->nodes);
  appendStringField(&body, GRAPH_NAME, name);
  moveFields(&body, &graph->initializers);
  moveFields(&body, &graph->inputs);
  moveFields(&body, &graph->outputs);
  appendStringField(&opset, OPSET_DOMAIN, "");
  appendIntField(&opset, OPSET_VERSION, ONNX_OPSET);
  appendIntField(&model, MODEL_IR_VERSION, ONNX_IR_VERSION);
  appendStringField(&model, MODEL_PRODUCER, "quickstart-model");
  appendMessage(&model, MODEL_GRAPH, &body);
  appendMessage(&model, MODEL_OPSET_IMPORT, &opset);
  return model;
}
