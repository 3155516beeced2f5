// See dlc/text.h.
#include "dlc/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void reserve(DlcText *t, size_t more) {
  if (t->n + more + 1 <= t->capacity) return;
  t->capacity = 2 * (t->n + more + 1);
  t->data = realloc(t->data, t->capacity);
}

void dlcTextAppend(DlcText *t, const char *bytes, size_t n) {
  reserve(t, n);
  if (n) memcpy(t->data + t->n, bytes, n);
  t->data[t->n += n] = 0;
}

void dlcTextPrint(DlcText *t, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (n > 0) {
    reserve(t, (size_t)n);
    vsnprintf(t->data + t->n, (size_t)n + 1, format, again);
    t->n += (size_t)n;
  }
  va_end(again);
}

// Bytes above 0x7f are kept: the text is UTF-8 where the source was.
void dlcTextJson(DlcText *t, MlirStringRef s) {
  dlcTextAppend(t, "\"", 1);
  for (size_t i = 0; i < s.length; ++i) {
    unsigned char c = (unsigned char)s.data[i];
    if (c < 0x20)
      dlcTextPrint(t, "\\u%04x", c);
    else {
      if (c == '"' || c == '\\') dlcTextAppend(t, "\\", 1);
      dlcTextAppend(t, s.data + i, 1);
    }
  }
  dlcTextAppend(t, "\"", 1);
}

void dlcTextCallback(MlirStringRef s, void *text) { dlcTextAppend(text, s.data, s.length); }

void dlcTextDestroy(DlcText *t) {
  free(t->data);
  *t = (DlcText){0};
}

uint64_t dlcHashBytes(const char *bytes, size_t n) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < n; ++i) hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
  return hash;
}
