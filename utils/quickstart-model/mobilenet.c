/* The layers of MobileNetV2, in order, as ONNX nodes; see mobilenet.h.
 *
 * Every convolution has no bias and is followed by a BatchNormalization node,
 * kept as a node so that folding it is the compiler's work, and, except where a
 * block ends, by ReLU6 (Clip with constant bounds). Weights are uniform with He's
 * variance (gain 2 behind a ReLU6, 1 behind a linear bottleneck), statistics stay
 * near those of the activations, so that values keep their scale through all 53
 * convolutions.
 */
#include "mobilenet.h"

#include "onnx.h"
#include "random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAME_SIZE = 64 };

typedef struct Network {
  Graph graph;
  uint64_t seed;
  bool failed;
  bool rectified;        /* whether `value` came through a ReLU6 */
  char value[NAME_SIZE]; /* the newest activation */
  int64_t channels;      /* of `value` */
} Network;

typedef struct Convolution {
  int64_t outputs, kernel, stride, groups;
  bool rectify;
} Convolution;

static void addWeights(Network *network, const char *name, const int64_t *shape, size_t rank, float centre,
                       float radius) {
  size_t count = 1;
  for (size_t i = 0; i < rank; i++) count *= (size_t)shape[i];
  float *values = malloc(count * sizeof *values);
  if (!values) {
    network->failed = true;
    return;
  }
  fillUniform(network->seed, name, centre, radius, values, count);
  addInitializer(&network->graph, name, shape, rank, values);
  free(values);
}

static void nameValue(char out[NAME_SIZE], const char *layer, const char *what) {
  snprintf(out, NAME_SIZE, "%s.%s", layer, what);
}

static void addNormalization(Network *network, const char *layer) {
  static const struct {
    const char *name;
    float centre, radius;
  } parameters[4] = {{"scale", 1.0f, 0.125f}, {"bias", 0.0f, 0.25f}, {"mean", 0.0f, 0.125f}, {"variance", 1.0f, 0.25f}};
  char names[4][NAME_SIZE], name[NAME_SIZE];
  for (int i = 0; i < 4; i++) {
    nameValue(names[i], layer, parameters[i].name);
    addWeights(network, names[i], &network->channels, 1, parameters[i].centre, parameters[i].radius);
  }
  nameValue(name, layer, "norm");
  Bytes attributes = {0};
  addFloatAttribute(&attributes, "epsilon", 1e-5f);
  const char *inputs[5] = {network->value, names[0], names[1], names[2], names[3]};
  addNode(&network->graph, "BatchNormalization", name, inputs, name, &attributes);
  snprintf(network->value, NAME_SIZE, "%s", name);
}

static void addConvolution(Network *network, const char *layer, Convolution conv) {
  char weights[NAME_SIZE], name[NAME_SIZE];
  nameValue(weights, layer, "weight");
  nameValue(name, layer, "conv");
  int64_t perGroup = network->channels / conv.groups, pad = conv.kernel / 2;
  int64_t shape[4] = {conv.outputs, perGroup, conv.kernel, conv.kernel};
  float gain = network->rectified ? 2.0f : 1.0f;
  /* A uniform distribution over [-r, r) has variance r * r / 3. */
  float radius = sqrtf(3.0f * gain / (float)(perGroup * conv.kernel * conv.kernel));
  addWeights(network, weights, shape, 4, 0.0f, radius);

  Bytes attributes = {0};
  addIntAttribute(&attributes, "group", conv.groups);
  addIntsAttribute(&attributes, "kernel_shape", (int64_t[]){conv.kernel, conv.kernel}, 2);
  addIntsAttribute(&attributes, "pads", (int64_t[]){pad, pad, pad, pad}, 4);
  addIntsAttribute(&attributes, "strides", (int64_t[]){conv.stride, conv.stride}, 2);
  addNode(&network->graph, "Conv", name, (const char *[5]){network->value, weights}, name, &attributes);
  snprintf(network->value, NAME_SIZE, "%s", name);
  network->channels = conv.outputs;

  addNormalization(network, layer);
  if (conv.rectify) {
    nameValue(name, layer, "relu6");
    addNode(&network->graph, "Clip", name, (const char *[5]){network->value, "zero", "six"}, name, NULL);
    snprintf(network->value, NAME_SIZE, "%s", name);
  }
  network->rectified = conv.rectify;
}

/* Expand with 1x1, filter each channel with 3x3, project with 1x1 without ReLU6; the
 * input is added where the shapes agree. */
static void addBottleneck(Network *network, int index, int64_t expansion, int64_t outputs, int64_t stride) {
  char layer[NAME_SIZE], input[NAME_SIZE];
  int64_t inputs = network->channels, hidden = inputs * expansion;
  snprintf(input, NAME_SIZE, "%s", network->value);
  if (expansion != 1) {
    snprintf(layer, NAME_SIZE, "block%d.expand", index);
    addConvolution(network, layer, (Convolution){hidden, 1, 1, 1, true});
  }
  snprintf(layer, NAME_SIZE, "block%d.depthwise", index);
  addConvolution(network, layer, (Convolution){hidden, 3, stride, hidden, true});
  snprintf(layer, NAME_SIZE, "block%d.project", index);
  addConvolution(network, layer, (Convolution){outputs, 1, 1, 1, false});
  if (stride == 1 && inputs == outputs) {
    snprintf(layer, NAME_SIZE, "block%d.add", index);
    addNode(&network->graph, "Add", layer, (const char *[5]){input, network->value}, layer, NULL);
    snprintf(network->value, NAME_SIZE, "%s", layer);
  }
}

static void addClassifier(Network *network) {
  int64_t inputs = network->channels;
  addNode(&network->graph, "GlobalAveragePool", "pool", (const char *[5]){network->value}, "pool", NULL);
  Bytes attributes = {0};
  addIntAttribute(&attributes, "axis", 1);
  addNode(&network->graph, "Flatten", "flatten", (const char *[5]){"pool"}, "flatten", &attributes);
  addWeights(network, "classifier.weight", (int64_t[]){MOBILENET_CLASSES, inputs}, 2, 0.0f,
             sqrtf(6.0f / (float)inputs));
  addWeights(network, "classifier.bias", (int64_t[]){MOBILENET_CLASSES}, 1, 0.0f, 0.25f);
  addIntAttribute(&attributes, "transB", 1);
  addNode(&network->graph, "Gemm", "classifier", (const char *[5]){"flatten", "classifier.weight", "classifier.bias"},
          "logits", &attributes);
}

Bytes buildMobileNet(uint64_t seed) {
  static const struct {
    int64_t expansion, outputs, repeats, stride;
  } stages[] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
  Network network = {.seed = seed, .channels = MOBILENET_CHANNELS, .value = "image"};
  Graph *graph = &network.graph;
  addInput(graph, "image", (int64_t[]){0, MOBILENET_CHANNELS, MOBILENET_SIZE, MOBILENET_SIZE}, 4);
  addOutput(graph, "logits", (int64_t[]){0, MOBILENET_CLASSES}, 2);
  addInitializer(graph, "zero", NULL, 0, (float[]){0.0f});
  addInitializer(graph, "six", NULL, 0, (float[]){6.0f});

  addConvolution(&network, "stem", (Convolution){32, 3, 2, 1, true});
  int index = 0;
  for (size_t i = 0; i < sizeof stages / sizeof *stages; i++)
    for (int64_t repeat = 0; repeat < stages[i].repeats; repeat++)
      addBottleneck(&network, index++, stages[i].expansion, stages[i].outputs, repeat ? 1 : stages[i].stride);
  addConvolution(&network, "head", (Convolution){1280, 1, 1, 1, true});
  addClassifier(&network);

  Bytes model = finishModel(graph, "mobilenet_v2");
  model.failed |= network.failed;
  return model;
}
