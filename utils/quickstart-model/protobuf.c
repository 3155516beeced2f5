/* The wire format of protobuf; see protobuf.h. */
#include "protobuf.h"

#include <stdlib.h>
#include <string.h>

enum { WIRE_VARINT = 0, WIRE_LENGTH = 2, WIRE_32_BIT = 5 };

static bool reserveBytes(Bytes *bytes, size_t more) {
  if (bytes->failed) return false;
  if (more <= bytes->capacity - bytes->size) return true;
  size_t capacity = bytes->capacity ? bytes->capacity : 64;
  while (capacity - bytes->size < more) {
    if (capacity > SIZE_MAX / 2) return !(bytes->failed = true);
    capacity *= 2;
  }
  uint8_t *data = realloc(bytes->data, capacity);
  if (!data) return !(bytes->failed = true);
  bytes->data = data;
  bytes->capacity = capacity;
  return true;
}

void appendBytes(Bytes *bytes, const void *data, size_t size) {
  if (!size || !reserveBytes(bytes, size)) return;
  memcpy(bytes->data + bytes->size, data, size);
  bytes->size += size;
}

void appendFloats(Bytes *bytes, const float *values, size_t count) {
  if (!reserveBytes(bytes, count * 4)) return;
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, &values[i], sizeof bits);
    for (int shift = 0; shift < 32; shift += 8) bytes->data[bytes->size++] = (uint8_t)(bits >> shift);
  }
}

void freeBytes(Bytes *bytes) {
  free(bytes->data);
  *bytes = (Bytes){0};
}

static void appendVarint(Bytes *bytes, uint64_t value) {
  uint8_t encoded[10];
  size_t size = 0;
  do {
    encoded[size] = (uint8_t)(value & 0x7f);
    value >>= 7;
    if (value) encoded[size] |= 0x80;
    size++;
  } while (value);
  appendBytes(bytes, encoded, size);
}

static void appendKey(Bytes *message, uint32_t field, uint32_t wire) { appendVarint(message, field << 3 | wire); }

void appendIntField(Bytes *message, uint32_t field, int64_t value) {
  appendKey(message, field, WIRE_VARINT);
  appendVarint(message, (uint64_t)value);
}

void appendFloatField(Bytes *message, uint32_t field, float value) {
  appendKey(message, field, WIRE_32_BIT);
  appendFloats(message, &value, 1);
}

void beginField(Bytes *message, uint32_t field, size_t size) {
  appendKey(message, field, WIRE_LENGTH);
  appendVarint(message, size);
}

void appendStringField(Bytes *message, uint32_t field, const char *text) {
  beginField(message, field, strlen(text));
  appendBytes(message, text, strlen(text));
}

void appendMessage(Bytes *message, uint32_t field, Bytes *child) {
  if (child->failed) message->failed = true;
  beginField(message, field, child->size);
  appendBytes(message, child->data, child->size);
  freeBytes(child);
}
