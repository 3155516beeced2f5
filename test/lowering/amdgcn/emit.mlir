// Tasks to AMDGCN: assembly, and code objects that ld.lld links, without spills.
// RUN: dl-translate --mlir-to-gcn --chip=gfx90a %S/../device/Inputs/kernels.mlir -o %t.s
// RUN: FileCheck %s < %t.s
// CHECK: .amdgcn_target "amdgcn-amd-amdhsa--gfx90a"
// CHECK-LABEL: task_0:
// CHECK: s_barrier
// CHECK: v_pk_fma_f32
// CHECK: s_endpgm
// CHECK-LABEL: task_1:
// CHECK: ds_bpermute_b32
//
// RUN: dl-translate --mlir-to-hsaco --chip=gfx906 %S/../device/Inputs/kernels.mlir -o %t.906.hsaco
// RUN: dl-translate --mlir-to-hsaco --chip=gfx90a %S/../device/Inputs/kernels.mlir -o %t.90a.hsaco
// RUN: dl-translate --mlir-to-hsaco --chip=gfx942 %S/../device/Inputs/kernels.mlir -o %t.942.hsaco
// RUN: dl-translate --mlir-to-hsaco --chip=gfx950 %S/../device/Inputs/kernels.mlir -o %t.950.hsaco
// RUN: dl-translate --mlir-to-hsaco %S/../device/numerics.mlir -o %t.numerics.hsaco
// RUN: %{source}/utils/check-hsaco %t.906.hsaco %t.90a.hsaco %t.942.hsaco %t.950.hsaco %t.numerics.hsaco
// RUN: llvm-readelf --file-header --symbols %t.942.hsaco | FileCheck %s --check-prefix=ELF
// ELF: Type: DYN
// ELF: task_0.kd
//
// RUN: not dl-translate --mlir-to-hsaco --chip=sm_80 %S/../device/Inputs/kernels.mlir -o %t.none 2>&1 | FileCheck %s --check-prefix=CHIP
// CHIP: error: amdgcn: unknown chip 'sm_80'; known are gfx906
// RUN: not env DLC_LLD=/nowhere/ld.lld dl-translate --mlir-to-hsaco %S/../device/Inputs/kernels.mlir -o %t.none 2>&1 | FileCheck %s --check-prefix=LLD
// LLD: error: cannot run ld.lld (set DLC_LLD to its path): No such file or directory
