// RUN: dl-opt %s --tile-set-device=device=a100 | FileCheck %s
// RUN: dl-opt %s --tile-set-device=device=%{source}/devices/mi300x.mlir | FileCheck %s --check-prefix=FILE
// RUN: not dl-opt %s --tile-set-device=device=abacus 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not dl-opt %s --tile-set-device=device=%t.absent.mlir 2>&1 | FileCheck %s --check-prefix=ABSENT
// RUN: not dl-opt %s --tile-set-device=device=%s 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: sed 's/"l2"/"l9"/' %{source}/devices/h100.mlir > %t.l9.mlir
// RUN: not dl-opt %s --tile-set-device=device=%t.l9.mlir 2>&1 | FileCheck %s --check-prefix=LEVEL
// RUN: sed 's/bandwidth/bandwith/' %{source}/devices/h100.mlir > %t.typo.mlir
// RUN: not dl-opt %s --tile-set-device=device=%t.typo.mlir 2>&1 | FileCheck %s --check-prefix=TYPO
// RUN: sed 's/"capacity" = [0-9]*/"capacity" = 0/' %{source}/devices/h100.mlir > %t.zero.mlir
// RUN: not dl-opt %s --tile-set-device=device=%t.zero.mlir 2>&1 | FileCheck %s --check-prefix=ZERO
// RUN: sed 's/"warp" = 32 : i64/"warp" = "many"/' %{source}/devices/h100.mlir > %t.kind.mlir
// RUN: not dl-opt %s --tile-set-device=device=%t.kind.mlir 2>&1 | FileCheck %s --check-prefix=KIND
// What reads a description that is there already refuses it as well, once.
// RUN: not dl-opt %t.typo.mlir --tile-report 2>&1 | FileCheck %s --check-prefix=TYPO

// Every description in devices/ can be read.
// RUN: dl-opt %s --tile-set-device=device=v100 --tile-set-device=device=a100 --tile-set-device=device=h100 --tile-set-device=device=h200 --tile-set-device=device=mi300x --tile-set-device=device=host-avx2 --tile-set-device=device=host-avx512 | FileCheck %s --check-prefix=ALL

// CHECK: module attributes {dlti.target_system_spec = #dlti.target_system_spec<"GPU" = #dlti.target_device_spec<"name" = "NVIDIA A100-SXM4-80GB"
// FILE: "AMD Instinct MI300X"
// ALL: generic AVX-512 host
// UNKNOWN: error: unknown device 'abacus'; known are a100, h100, h200, host-avx2, host-avx512, mi300x, v100, and files that end in .mlir
// UNKNOWN-NOT: error
// ABSENT: error: {{.*}}absent.mlir
// NONE: error: {{.*}} has no device with 'memory' in a dlti.target_system_spec
// LEVEL: error: {{.*}}the device description: 'memory' has an unknown entry 'l9'
// TYPO: error: {{.*}}the device description: 'register' has an unknown entry 'bandwith'
// TYPO-NOT: error:
// ZERO: error: {{.*}}the device description: register 'capacity' must be positive
// KIND: error: {{.*}}the device description: 'warp' must be an integer
func.func @main() { return }
