/* Writes protobuf's wire format into growing memory: just enough for ONNX.
 *
 * A message is built on its own, then appended to its parent with appendMessage.
 * Exhausted memory is remembered in `failed` and makes every later append a
 * no-op, so that only the end has to look. Source: protobuf.dev, "Encoding".
 */
#ifndef QUICKSTART_PROTOBUF_H
#define QUICKSTART_PROTOBUF_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero-initialise; freeBytes releases it and makes it empty again. */
typedef struct Bytes {
  uint8_t *data;
  size_t size, capacity;
  bool failed;
} Bytes;

void appendBytes(Bytes *bytes, const void *data, size_t size);
/* `count` floats, little-endian whatever this machine is. */
void appendFloats(Bytes *bytes, const float *values, size_t count);
void freeBytes(Bytes *bytes);

void appendIntField(Bytes *message, uint32_t field, int64_t value);
void appendFloatField(Bytes *message, uint32_t field, float value);
void appendStringField(Bytes *message, uint32_t field, const char *text);
/* Announces a field of `size` bytes; the caller appends them. */
void beginField(Bytes *message, uint32_t field, size_t size);
/* Appends `child` as a field and frees it. */
void appendMessage(Bytes *message, uint32_t field, Bytes *child);

#endif
