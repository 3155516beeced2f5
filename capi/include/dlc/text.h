// A growing, zero-terminated string.
#pragma once
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include "mlir-c/Support.h"

typedef struct {
  char *data;
  size_t n, capacity;
} DlcText;
void dlcTextAppend(DlcText *t, const char *bytes, size_t n);
void dlcTextPrint(DlcText *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void dlcTextJson(DlcText *t, MlirStringRef s);     // quoted and escaped
void dlcTextCallback(MlirStringRef s, void *text); // for MLIR's print functions
void dlcTextDestroy(DlcText *t);
// FNV-1a (Fowler, Noll, Vo), 64 bits.
uint64_t dlcHashBytes(const char *bytes, size_t n);
