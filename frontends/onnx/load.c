// Bytes to a model. protobuf-c parses nested messages by recursion without a
// limit and allocates whatever the bytes ask for, so the bytes are walked once
// before, with a limit, and its allocations are counted.
#include "frontends/onnx/import.h"
#include <stdlib.h>
#include <string.h>

enum { MAX_NESTING = 128 };

static bool readVarint(const uint8_t **p, const uint8_t *end, uint64_t *out) {
  *out = 0;
  for (int shift = 0; shift < 64 && *p < end; shift += 7) {
    uint8_t byte = *(*p)++;
    *out |= (uint64_t)(byte & 127) << shift;
    if (byte < 128) return true;
  }
  return false;
}
static const ProtobufCFieldDescriptor *messageField(const ProtobufCMessageDescriptor *type, uint64_t number) {
  for (unsigned i = 0; i < type->n_fields; ++i)
    if (type->fields[i].id == number && type->fields[i].type == PROTOBUF_C_TYPE_MESSAGE) return &type->fields[i];
  return NULL;
}
static bool walk(const ProtobufCMessageDescriptor *type, const uint8_t *p, const uint8_t *end, int depth) {
  while (p < end) {
    uint64_t key, length;
    if (!readVarint(&p, end, &key)) return false;
    switch (key & 7) {
    case 0:
      if (!readVarint(&p, end, &length)) return false;
      break;
    case 1:
      if (end - p < 8) return false;
      p += 8;
      break;
    case 5:
      if (end - p < 4) return false;
      p += 4;
      break;
    case 2: {
      if (!readVarint(&p, end, &length) || length > (uint64_t)(end - p)) return false;
      const ProtobufCFieldDescriptor *field = messageField(type, key >> 3);
      if (field && (!depth || !walk(field->descriptor, p, p + length, depth - 1))) return false;
      p += length;
      break;
    }
    default:
      return false;
    }
  }
  return true;
}

typedef struct {
  size_t left;
} Budget;
static void *allocate(void *data, size_t size) {
  Budget *budget = data;
  if (size + 64 > budget->left) return NULL;
  budget->left -= size + 64;
  return malloc(size);
}
static void release(void *data, void *p) {
  (void)data;
  free(p);
}
Onnx__ModelProto *onnxLoad(OnnxContext *ctx, const void *data, size_t size) {
  const uint8_t *bytes = data;
  if (!walk(&onnx__model_proto__descriptor, bytes, bytes + size, MAX_NESTING))
    return onnxInvalid(ctx, "not an ONNX model, or truncated"), NULL;
  Budget budget = {.left = 32 * size + (64u << 20)};
  ProtobufCAllocator allocator = {allocate, release, &budget};
  Onnx__ModelProto *model = onnx__model_proto__unpack(&allocator, size, data);
  if (!model) return onnxInvalid(ctx, "not an ONNX model, or damaged"), NULL;
  return model;
}
void onnxUnload(Onnx__ModelProto *model) {
  static ProtobufCAllocator allocator = {allocate, release, NULL};
  if (model) onnx__model_proto__free_unpacked(model, &allocator);
}
