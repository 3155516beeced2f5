// See lowering/host/cpu.h. The levels are those of the x86-64 psABI.
#include "lowering/host/cpu.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "llvm-c/Core.h"
#include "llvm-c/TargetMachine.h"

static const char level2[] = "+sse4.2", level3[] = "+sse4.2,+avx,+avx2,+fma,+f16c,+bmi,+bmi2",
                  level4[] =
                      "+sse4.2,+avx,+avx2,+fma,+f16c,+bmi,+bmi2,+avx512f,+avx512bw,+avx512cd,+avx512dq,+avx512vl";

static bool hasFeature(const char *features, const char *name) {
  size_t n = strlen(name);
  for (const char *at = features; (at = strstr(at, name)); ++at)
    if (at > features && at[-1] == '+' && (at[n] == ',' || !at[n])) return true;
  return false;
}

// The features that are on, without their signs.
static void listRequired(const char *features, char *out, size_t size) {
  size_t n = 0;
  for (const char *at = features; *at;) {
    size_t length = strcspn(at, ",");
    if (*at == '+' && n + length + 1 < size)
      n += (size_t)snprintf(out + n, size - n, "%s%.*s", n ? "," : "", (int)length - 1, at + 1);
    at += length + (at[length] == ',');
  }
}

bool dlcHostCpu(const char *name, DlcHostCpu *out) {
  *out = (DlcHostCpu){0};
  const char *features = NULL;
  if (!strcmp(name, "native")) {
    char *cpu = LLVMGetHostCPUName(), *all = LLVMGetHostCPUFeatures();
    out->cpu = strdup(cpu), out->features = strdup(all);
    LLVMDisposeMessage(cpu), LLVMDisposeMessage(all);
    features = out->features;
  } else {
    features = !strcmp(name, "x86-64-v2")   ? level2
               : !strcmp(name, "x86-64-v3") ? level3
               : !strcmp(name, "x86-64-v4") ? level4
                                            : NULL;
    if (!features) return false;
    out->cpu = strdup(name), out->features = strdup("");
  }
  listRequired(features, out->required, sizeof out->required);
  bool wide = hasFeature(features, "avx512f") && hasFeature(features, "avx512vl");
  out->vectorBits = wide ? 512 : hasFeature(features, "avx2") ? 256 : 128;
  out->registers = wide ? 32 : 16;
  out->dots = wide                              ? hasFeature(features, "avx512vnni") ? "vnni" : "madd"
              : hasFeature(features, "avxvnni") ? "vnni"
                                                : "madd"; // SSE2 is always there
  return true;
}

void dlcHostCpuDestroy(DlcHostCpu *cpu) {
  free(cpu->cpu), free(cpu->features);
  *cpu = (DlcHostCpu){0};
}
