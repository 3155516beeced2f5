// See metadata.h. All names and texts are ours: letters, digits, _ and blanks, so that nothing needs escaping.
#include "lowering/device/metadata.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "lowering/device/kernel.h"
#include "ods/gpu.h"

typedef struct {
  char *data;
  size_t length, capacity;
} Text;
static void say(Text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(Text *t, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int n = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (t->length + (size_t)n + 1 > t->capacity)
    t->data = realloc(t->data, t->capacity = (t->length + (size_t)n + 1) * 2);
  va_start(args, format);
  vsnprintf(t->data + t->length, (size_t)n + 1, format, args);
  va_end(args);
  t->length += (size_t)n;
}

static long number(MlirAttribute about, const char *key) {
  return (long)mlirIntegerAttrGetValueInt(mlirDictionaryAttrGetElementByName(about, dlcText(key)));
}

char *dlcDescribeKernels(MlirOperation kernels, const char *target, const char *chip) {
  Text t = {0};
  bool first = true;
  say(&t, "{\"target\": \"%s\", \"chip\": \"%s\", \"kernels\": [", target, chip);
  dlcForEachOp(func, bodyOf(gpu_module_bodyRegion(kernels))) {
    if (!gpu_func_isa(func)) continue;
    MlirAttribute about = mlirOperationGetDiscardableAttributeByName(func, dlcText(DLC_KERNEL_ATTR));
    if (mlirAttributeIsNull(about)) continue;
    MlirStringRef name = mlirStringAttrGetValue(mlirOperationGetAttributeByName(func, dlcText("sym_name")));
    say(&t, "%s\n  {\"name\": \"%.*s\", \"threads\": %ld, \"shared\": %ld, \"scratch\": %ld, \"arguments\": [",
        first ? "" : ",", (int)name.length, name.data, number(about, "threads"), number(about, "shared"),
        number(about, "scratch"));
    first = false;
    MlirAttribute list = mlirDictionaryAttrGetElementByName(about, dlcText("arguments"));
    for (intptr_t i = 0; i < mlirArrayAttrGetNumElements(list); ++i) {
      MlirStringRef s = mlirStringAttrGetValue(mlirArrayAttrGetElement(list, i));
      say(&t, "%s\"%.*s\"", i ? ", " : "", (int)s.length, s.data);
    }
    say(&t, "]");
    static const char *const persistent[] = {"blocks", "resident", "workspace"};
    for (size_t i = 0; i < 3; ++i)
      if (dlcKernelNumber(func, persistent[i]) >= 0)
        say(&t, ", \"%s\": %ld", persistent[i], (long)dlcKernelNumber(func, persistent[i]));
    say(&t, "}");
  }
  say(&t, "\n]}\n");
  return t.data;
}
