// The CPUs that host code can be made for.
#pragma once
#include <stdbool.h>
#include <stddef.h>

typedef struct {
  char *cpu, *features; // for LLVM; owned
  char required[2048];  // what code may use: comma-separated, LLVM's names
  int vectorBits, registers;
  const char *dots; // of bytes: a form of tile-lower-dots
} DlcHostCpu;

// "native", "x86-64-v2", "x86-64-v3" or "x86-64-v4"; false: another name.
bool dlcHostCpu(const char *name, DlcHostCpu *out);
void dlcHostCpuDestroy(DlcHostCpu *cpu);
