// Tasks to PTX: entries, bounds of the block, shuffles, barriers, workgroup memory; no call of a library.
// RUN: dl-translate --mlir-to-ptx --chip=sm_80 %S/../device/Inputs/kernels.mlir -o %t.ptx
// RUN: FileCheck %s < %t.ptx
// RUN: FileCheck %s --check-prefix=NOCALL < %t.ptx
// CHECK: .target sm_80
// CHECK: .visible .entry task_0(
// CHECK: .maxntid 256, 1, 1
// CHECK: bar.sync 0;
// CHECK: fma.rn.f32
// CHECK: .visible .entry task_1(
// CHECK: shfl.sync.bfly.b32
// CHECK: ld.shared
// NOCALL-NOT: call
// NOCALL-NOT: .extern
// NOCALL-NOT: .local
//
// RUN: dl-translate --mlir-to-ptx %S/../device/Inputs/kernels.mlir | FileCheck %s --check-prefix=HOPPER
// HOPPER: .target sm_90a
//
// RUN: not dl-translate --mlir-to-ptx --chip=gfx942 %S/../device/Inputs/kernels.mlir -o %t.none 2>&1 | FileCheck %s --check-prefix=CHIP
// CHIP: error: nvptx: unknown chip 'gfx942'; known are sm_80
