// ptxas takes the kernels without warning, spill or local memory.
// REQUIRES: ptxas
// RUN: dl-translate --mlir-to-ptx --chip=sm_80 %S/../device/Inputs/kernels.mlir -o %t.80.ptx
// RUN: dl-translate --mlir-to-ptx --chip=sm_90a %S/../device/Inputs/kernels.mlir -o %t.90a.ptx
// RUN: dl-translate --mlir-to-ptx --chip=sm_80 %S/../device/numerics.mlir -o %t.numerics.ptx
// RUN: env DLC_PTXAS=%{ptxas} %{source}/utils/check-ptx sm_80 %t.80.ptx %t.numerics.ptx
// RUN: env DLC_PTXAS=%{ptxas} %{source}/utils/check-ptx sm_90a %t.90a.ptx
