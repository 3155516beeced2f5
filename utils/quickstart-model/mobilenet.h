/* MobileNetV2 1.0 at 224x224 as an ONNX model.
 *
 * Source: Sandler et al., "MobileNetV2: Inverted Residuals and Linear
 * Bottlenecks", CVPR 2018, table 2. Input "image" [batch, 3, 224, 224], output
 * "logits" [batch, 1000]; 3.5 million parameters.
 */
#ifndef QUICKSTART_MOBILENET_H
#define QUICKSTART_MOBILENET_H
#include "protobuf.h"

enum { MOBILENET_CHANNELS = 3, MOBILENET_SIZE = 224, MOBILENET_CLASSES = 1000 };

/* The serialised ModelProto; `failed` is set when memory ran out. The caller frees it. */
Bytes buildMobileNet(uint64_t seed);

#endif
